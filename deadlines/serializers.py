"""Shapes of time limits and their rules in the API, and what is sent to act on one.

A docstring of a serializer would stand in the schema, for readers of Chinese; so comments tell about them here.
"""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from deadlines import queries
from deadlines.choices import Light, RequestKind, State
from deadlines.models import Deadline, DeadlineRule, Evidence, Nudge, Reminder, Suspension, TimeRequest
from staff.choices import Role
from staff.serializers import ModelSerializer, PersonSerializer

FACTS_OF_RULE = ["code", "title", "version", "amount", "measure"]


# ── Rules ───────────────────────────────────────────────────────────────────
class RuleNameSerializer(ModelSerializer):
    class Meta:
        model = DeadlineRule
        fields = FACTS_OF_RULE
        read_only_fields = fields


class RungSerializer(serializers.Serializer):
    after = serializers.IntegerField(help_text="逾期第几天；以工作小时计的为作业时间内的分钟数。")
    role = serializers.ChoiceField(choices=Role.choices, help_text="上报的角色。")


class RuleSerializer(ModelSerializer):
    business_lines = serializers.ListField(child=serializers.CharField(), help_text="适用业务类型；空为全部。")
    reminders = serializers.ListField(
        child=serializers.IntegerField(), help_text="到期前第几天提醒；以工作小时计的为分钟；0 为到期时。"
    )
    escalation = serializers.SerializerMethodField(help_text="逾期升级，逐级列出。")
    fulfilled_by = serializers.ListField(
        child=serializers.CharField(), help_text="签发这些类别的成果文件时自动完成；空为由人员登记完成。"
    )

    class Meta:
        model = DeadlineRule
        fields = [*FACTS_OF_RULE, "event", "moves_to_working_day", "business_lines", "contract_kind", "owed_by",
                  "reminders", "escalation", "repeat_every", "fulfilled_by", "max_times", "clause", "is_active",
                  "created_at"]  # fmt: skip
        read_only_fields = fields

    def get_escalation(self, rule) -> RungSerializer(many=True):
        return [{"after": after, "role": role} for after, role in rule.escalation]


# ── Clocks ──────────────────────────────────────────────────────────────────
# What stands on a floor above is told by its name.
class ScopeSerializer(serializers.Serializer):
    id = serializers.IntegerField(source="scope_id")
    label = serializers.CharField(source="scope_label")


class SubjectSerializer(serializers.Serializer):
    type = serializers.CharField(source="subject_type")
    id = serializers.IntegerField(source="subject_id")
    label = serializers.CharField(source="subject_label")


# A clock as `queries.deadline_rows` loads it.
class DeadlineSerializer(ModelSerializer):
    rule = RuleNameSerializer()
    project = ScopeSerializer(source="*")
    subject = SubjectSerializer(source="*", help_text="计时的事项：资料清单、询问、紧急支援或项目。")
    responsible = PersonSerializer(allow_null=True)
    light = serializers.ChoiceField(choices=Light.choices)
    left = serializers.CharField(source="left_words", help_text="如“剩 12 天”“逾期 3 天”。")

    class Meta:
        model = Deadline
        fields = ["id", "rule", "project", "subject", "responsible", "started_at", "registered_at", "extra", "due_on",
                  "due_at", "state", "light", "left", "stopped_at", "stop_note"]  # fmt: skip
        read_only_fields = fields


class LineSerializer(serializers.Serializer):
    day = serializers.DateField()
    text = serializers.CharField()
    number = serializers.IntegerField(allow_null=True, help_text="计到第几天（作业时间内的第几分钟）；不计入的为空。")
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    is_guess = serializers.BooleanField(help_text="工作日历没有这一天，按星期推定。")


class CourseSerializer(serializers.Serializer):
    due_on = serializers.DateField()
    due_at = serializers.DateTimeField()
    is_guess = serializers.BooleanField(help_text="其中有工作日历未载的日期。")
    lines = LineSerializer(many=True)


class ReminderSerializer(ModelSerializer):
    class Meta:
        model = Reminder
        fields = ["kind", "offset", "role", "planned_at", "written_at", "told"]
        read_only_fields = fields
        extra_kwargs = {"kind": {"help_text": "ahead 到期前，due 到期，overdue 逾期。"}}


class EvidenceSerializer(ModelSerializer):
    class Meta:
        model = Evidence
        fields = ["id", "name", "content_type", "size", "sha256"]
        read_only_fields = fields


class TimeRequestSerializer(ModelSerializer):
    evidence = EvidenceSerializer(allow_null=True)
    requested_by = PersonSerializer()
    decided_by = PersonSerializer(allow_null=True)

    class Meta:
        model = TimeRequest
        fields = ["id", "kind", "amount", "reason", "basis", "evidence", "requested_by", "requested_at", "decision",
                  "decided_by", "decided_at", "decision_note"]  # fmt: skip
        read_only_fields = fields


class SuspensionSerializer(ModelSerializer):
    ended_by = PersonSerializer(allow_null=True)

    class Meta:
        model = Suspension
        fields = ["request", "started_at", "ended_at", "ended_by", "end_reason", "end_basis"]
        read_only_fields = fields


class NudgeSerializer(ModelSerializer):
    nudged_by = PersonSerializer()

    class Meta:
        model = Nudge
        fields = ["nudged_by", "nudged_at", "words"]
        read_only_fields = fields


class DeadlineDetailSerializer(DeadlineSerializer):
    started_by = PersonSerializer(allow_null=True)
    stopped_by = PersonSerializer(allow_null=True)
    explanation = serializers.SerializerMethodField(
        help_text="为什么是这一天：逐日（工作小时计的逐段）列出。中止中的，为此刻恢复计时的结果；已作废的为空。"
    )
    requests = TimeRequestSerializer(many=True, help_text="中止、延期的申请与审批，委托人的缩短。")
    suspensions = SuspensionSerializer(many=True)
    reminders = ReminderSerializer(many=True, help_text="已发出的提醒与上报。")
    nudges = NudgeSerializer(many=True)

    class Meta(DeadlineSerializer.Meta):
        fields = [*DeadlineSerializer.Meta.fields, "started_by", "stopped_by", "explanation", "requests", "suspensions",
                  "reminders", "nudges"]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(CourseSerializer(allow_null=True))
    def get_explanation(self, deadline) -> dict | None:
        if deadline.state == State.CANCELLED:
            return None
        return CourseSerializer(queries.course_of(deadline)).data


# ── What is sent ────────────────────────────────────────────────────────────
class FulfilSerializer(serializers.Serializer):
    note = serializers.CharField(max_length=300, help_text="完成情况。")
    at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="实际完成时间；不给出为现在。补记须由责任人以外的审批人登记。"
    )


class AskSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(
        choices=[(kind.value, kind.label) for kind in (RequestKind.SUSPENSION, RequestKind.EXTENSION)]
    )
    amount = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=365, help_text="延期的天数（小时数）；中止不填。"
    )
    reason = serializers.CharField(max_length=2000)
    basis = serializers.CharField(max_length=200, help_text="依据：函件名称与文号等。")


class ResumeSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=300)
    basis = serializers.CharField(max_length=200, help_text="依据，如资料补齐的交接记录。")


class NudgeWordsSerializer(serializers.Serializer):
    words = serializers.CharField(max_length=200, required=False, allow_blank=True, default="", help_text="附言。")
