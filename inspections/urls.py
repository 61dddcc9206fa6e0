from django.urls import path

from inspections.views import accidents, evidence, plans

app_name = "inspections"

urlpatterns = [
    path("inspection-plans/", plans.plan_list, name="plan_list"),
    path("inspection-plans/new/", plans.plan_create, name="plan_create"),
    path("inspection-plans/<int:pk>/", plans.plan_detail, name="plan_detail"),
    path("inspection-plans/<int:pk>/edit/", plans.plan_edit, name="plan_edit"),
    path("inspection-plans/<int:pk>/move/", plans.plan_move, name="plan_move"),
    path("inspection-plans/<int:pk>/draws/new/", plans.draw_create, name="draw_create"),
    path("inspection-plans/<int:pk>/draws/<int:draw_pk>/", plans.draw, name="draw"),
    path("accidents/", accidents.accident_list, name="accident_list"),
    path("accidents/new/", accidents.accident_create, name="accident_create"),
    path("accidents/<int:pk>/", accidents.accident, name="accident"),
    path("inspections/evidence/<int:pk>/", evidence.evidence_download, name="evidence"),
]
