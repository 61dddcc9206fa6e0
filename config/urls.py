"""The site map: one line for each app, the API under /api/v1/."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("dashboards.urls")),
    path("", include("staff.urls")),
    path("", include("notices.urls")),
    path("", include("deadlines.urls")),
    path("", include("ledger.urls")),
    path("", include("scoring.urls")),
    path("", include("projects.urls")),
    path("", include("reviews.urls")),
    path("", include("feedback.urls")),
    path("", include("inspections.urls")),
    path("", include("rankings.urls")),
    path("", include("lessons.urls")),
    path("", include("meetings.urls")),
    path("api/v1/", include("config.api")),
    path("admin/", admin.site.urls),
]
