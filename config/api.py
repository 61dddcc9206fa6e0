"""/api/v1: each app brings its own view sets; this file puts them under one address."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from dashboards.api import InboxViewSet
from projects.api import (
    AttachmentViewSet,
    ClientViewSet,
    DisciplineViewSet,
    ProjectViewSet,
    UnitViewSet,
    VersionViewSet,
)
from reviews.api import DeliverableViewSet, RemarkViewSet, RoundViewSet, SignatureViewSet

router = SimpleRouter()
router.register("projects", ProjectViewSet)
router.register("clients", ClientViewSet)
router.register("units", UnitViewSet)
router.register("disciplines", DisciplineViewSet)
router.register("deliverables", DeliverableViewSet)
router.register("versions", VersionViewSet)
router.register("attachments", AttachmentViewSet)
router.register("rounds", RoundViewSet)
router.register("remarks", RemarkViewSet)
router.register("signatures", SignatureViewSet)
router.register("inbox", InboxViewSet, basename="inbox")

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    *router.urls,
]
