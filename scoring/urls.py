from django.urls import path

from scoring import views

app_name = "scoring"

urlpatterns = [
    path("scoring/standards/", views.standard_list, name="standard_list"),
    path("scoring/standards/<int:pk>/", views.standard_detail, name="standard_detail"),
    path("scoring/standards/<int:pk>/compare/", views.standard_compare, name="standard_compare"),
    path("scoring/standards/<int:pk>/print/", views.standard_print, name="standard_print"),
    path("scoring/standards/<int:pk>/copy/", views.standard_copy, name="standard_copy"),
    path("scoring/standards/<int:pk>/edit/", views.standard_edit, name="standard_edit"),
    path("scoring/standards/<int:pk>/publish/", views.standard_publish, name="standard_publish"),
    path("scoring/standards/<int:pk>/discard/", views.standard_discard, name="standard_discard"),
]
