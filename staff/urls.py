from django.contrib.auth.views import LogoutView
from django.urls import path

from staff import views

app_name = "staff"

urlpatterns = [
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", views.password_change, name="password_change"),
    path("profile/", views.profile, name="profile"),
    path("profile/signature/", views.signature_image, name="signature_image"),
    path("profile/signature/upload/", views.signature_upload, name="signature_upload"),
    path("people/", views.people_list, name="people_list"),
    path("people/new/", views.person_create, name="person_create"),
    path("people/<int:pk>/", views.person_detail, name="person_detail"),
    path("people/<int:pk>/edit/", views.person_edit, name="person_edit"),
    path("people/<int:pk>/deactivate/", views.person_deactivate, name="person_deactivate"),
    path("people/<int:pk>/reactivate/", views.person_reactivate, name="person_reactivate"),
    path("people/<int:pk>/reset-password/", views.person_reset_password, name="person_reset_password"),
    path("people/<int:pk>/posts/new/", views.post_assign, name="post_assign"),
    path("people/<int:pk>/posts/<int:post_pk>/end/", views.post_end, name="post_end"),
    path("people/<int:pk>/posts/<int:post_pk>/withdraw/", views.post_withdraw, name="post_withdraw"),
    path("people/<int:pk>/certificates/new/", views.certificate_add, name="certificate_add"),
    path("people/<int:pk>/certificates/<int:certificate_pk>/edit/", views.certificate_edit, name="certificate_edit"),
    path(
        "people/<int:pk>/certificates/<int:certificate_pk>/remove/",
        views.certificate_remove,
        name="certificate_remove",
    ),
    path("units/", views.unit_list, name="unit_list"),
    path("units/new/", views.unit_create, name="unit_create"),
    path("units/<int:pk>/edit/", views.unit_edit, name="unit_edit"),
]
