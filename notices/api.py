"""One's own messages over HTTP: reading them, and marking one as read."""

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from notices import queries, services
from notices.choices import Kind
from notices.models import Notice
from notices.serializers import NoticeSerializer


class NoticeFilter(filters.FilterSet):
    unread = filters.BooleanFilter(label="true 为未读，false 为已读", field_name="read_at", lookup_expr="isnull")
    kind = filters.ChoiceFilter(label="类别", choices=Kind.choices)

    class Meta:
        model = Notice
        fields = []


@extend_schema_view(list=extend_schema(summary="消息列表", description="本人的站内消息，最新的在前。"))
class NoticeViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """消息：本人的。"""

    queryset = Notice.objects.none()
    serializer_class = NoticeSerializer
    filterset_class = NoticeFilter
    ordering_fields = ["created_at"]
    ordering = ["-created_at"]
    lookup_value_regex = "[0-9]+"

    def get_queryset(self):
        return queries.notices_of(self.request.user)

    @extend_schema(summary="标为已读", request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request, pk):
        services.mark_read(user=request.user, notice_ids=[self.get_object().pk])
        return Response(self.get_serializer(self.get_object()).data)
