"""The inbox over HTTP: what waits for the caller, what the caller dealt with, what the caller started."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from dashboards.queries import inbox
from dashboards.serializers import InboxCountsSerializer, InboxRowSerializer
from reviews.models import Round

ROWS = InboxRowSerializer(many=True)


class InboxViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """待办、已办、我发起。"""

    queryset = Round.objects.none()
    serializer_class = InboxRowSerializer
    filter_backends = []

    def get_queryset(self) -> QuerySet:
        tab = {"list": inbox.todo, "handled": inbox.handled, "started": inbox.started}[self.action]
        rows = tab(self.request.user).select_related("deliverable__project", "deliverable__preparer", "level")
        return rows.prefetch_related("waitings__user").order_by("-since", "-pk")

    @extend_schema(summary="待办", description="等待本人处理的轮次。")
    def list(self, request):
        return super().list(request)

    @extend_schema(summary="已办", description="本人签署、提出意见或退回过的轮次。", responses=ROWS)
    @action(detail=False)
    def handled(self, request):
        return super().list(request)

    @extend_schema(summary="我发起", description="本人编制或建档的成果文件的现行轮次。", responses=ROWS)
    @action(detail=False)
    def started(self, request):
        return super().list(request)

    @extend_schema(summary="各栏数量", responses=InboxCountsSerializer)
    @action(detail=False, pagination_class=None)
    def counts(self, request):
        return Response(InboxCountsSerializer(inbox.counts(request.user)).data)
