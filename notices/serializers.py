"""Shapes of messages in the API."""

from notices.models import Notice
from staff.serializers import ModelSerializer


class NoticeSerializer(ModelSerializer):
    class Meta:
        model = Notice
        fields = ["id", "kind", "title", "body", "url", "created_at", "read_at"]
        read_only_fields = fields
