"""Shapes of the inbox in the API."""

from rest_framework import serializers

from projects.serializers import ProjectNameSerializer
from reviews.models import Round
from reviews.serializers import CurrentRoundSerializer, DeliverableNameSerializer
from staff.serializers import PersonSerializer


# A round as a line of the inbox.
class InboxRowSerializer(CurrentRoundSerializer):
    deliverable = DeliverableNameSerializer()
    project = ProjectNameSerializer(source="deliverable.project")
    preparer = PersonSerializer(source="deliverable.preparer")
    due_on = serializers.DateField(source="deliverable.due_on", allow_null=True)
    since = serializers.DateTimeField(help_text="待办自何时起；已办、我发起则为最近处理的时间。")

    class Meta:
        model = Round
        fields = [*CurrentRoundSerializer.Meta.fields, "deliverable", "project", "preparer", "due_on", "since"]
        read_only_fields = fields


class InboxCountsSerializer(serializers.Serializer):
    todo = serializers.IntegerField(help_text="待办。")
    handled = serializers.IntegerField(help_text="已办。")
    started = serializers.IntegerField(help_text="我发起。")
