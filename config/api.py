"""/api/v1: each app brings its own view sets; this file puts them under one address."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from dashboards.api import InboxViewSet
from deadlines.api import DeadlineViewSet, TimeRuleViewSet
from notices.api import NoticeViewSet
from projects.api import (
    AttachmentViewSet,
    ClientViewSet,
    DisciplineViewSet,
    HandoverViewSet,
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
router.register("handovers", HandoverViewSet)
router.register("deadlines", DeadlineViewSet)
router.register("time-rules", TimeRuleViewSet, basename="timerule")
router.register("deliverables", DeliverableViewSet)
router.register("versions", VersionViewSet)
router.register("attachments", AttachmentViewSet)
router.register("rounds", RoundViewSet)
router.register("remarks", RemarkViewSet)
router.register("signatures", SignatureViewSet)
router.register("inbox", InboxViewSet, basename="inbox")
router.register("notices", NoticeViewSet)

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    *router.urls,
]
