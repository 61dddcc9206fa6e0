from django.urls import path

from scoring import views

app_name = "scoring"

urlpatterns = [
    path("scoring/standards/", views.standard_list, name="standard_list"),
    path("scoring/standards/<int:pk>/", views.standard_detail, name="standard_detail"),
]
