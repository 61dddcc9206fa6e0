from django.urls import path

from notices import views

app_name = "notices"

urlpatterns = [
    path("notices/", views.notice_list, name="list"),
    path("notices/<int:pk>/open/", views.notice_open, name="open"),
    path("notices/<int:pk>/read/", views.notice_read, name="read"),
    path("notices/read-all/", views.notice_read_all, name="read_all"),
    path("notices/settings/", views.preference_edit, name="settings"),
    path("notices/undeliverable/", views.undeliverable, name="undeliverable"),
    path("notices/undeliverable/<int:pk>/retry/", views.delivery_retry, name="retry"),
    path("notices/undeliverable/retry-all/", views.delivery_retry_all, name="retry_all"),
]
