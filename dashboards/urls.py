from django.urls import path

from dashboards import views

app_name = "dashboards"

urlpatterns = [
    path("", views.home, name="home"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/handled/", views.inbox_handled, name="inbox_handled"),
    path("inbox/started/", views.inbox_started, name="inbox_started"),
    path("search/", views.search, name="search"),
    path("help/", views.help_page, name="help"),
]
