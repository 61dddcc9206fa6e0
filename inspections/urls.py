from django.urls import path

from inspections import views

app_name = "inspections"

urlpatterns = [
    path("inspection-plans/", views.plan_list, name="plan_list"),
    path("inspection-plans/new/", views.plan_create, name="plan_create"),
    path("inspection-plans/<int:pk>/", views.plan_detail, name="plan_detail"),
    path("inspection-plans/<int:pk>/edit/", views.plan_edit, name="plan_edit"),
    path("inspection-plans/<int:pk>/move/", views.plan_move, name="plan_move"),
    path("inspection-plans/<int:pk>/draws/new/", views.draw_create, name="draw_create"),
    path("inspection-plans/<int:pk>/draws/<int:draw_pk>/", views.draw, name="draw"),
]
