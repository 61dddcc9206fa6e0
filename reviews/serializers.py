"""Shapes of the review chain in the API: deliverables, rounds, remarks, signatures, and what a preparer sends.

A docstring of a serializer would stand in the schema, for readers of Chinese; so comments tell about them here.
"""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from projects.choices import DeliverableKind
from projects.models import Deliverable, DeliverableVersion, Discipline, Project
from projects.serializers import DisciplineField, DisciplineSerializer, ProjectNameSerializer, VersionSerializer
from reviews.choices import ChecklistResult, Disposition
from reviews.models import (
    ChecklistAnswer,
    ChecklistItem,
    Issue,
    Level,
    Remark,
    RemarkEvent,
    Round,
    Route,
    Seat,
    Signature,
    Statement,
    Waiting,
)
from scoring.models import ScoreSheet
from staff.models import User
from staff.serializers import AmountField, ModelSerializer, PersonField, PersonSerializer


class LevelSerializer(ModelSerializer):
    class Meta:
        model = Level
        fields = ["id", "order", "kind", "title", "is_scored"]


class RouteSerializer(ModelSerializer):
    class Meta:
        model = Route
        fields = ["code", "title"]


class WaitingSerializer(ModelSerializer):
    user = PersonSerializer()

    class Meta:
        model = Waiting
        fields = ["user", "duty", "since"]


class SeatSerializer(ModelSerializer):
    level = LevelSerializer()
    holder = PersonSerializer()

    class Meta:
        model = Seat
        fields = ["level", "number", "holder"]


class IssueSerializer(ModelSerializer):
    issued_by = PersonSerializer()

    class Meta:
        model = Issue
        fields = ["number", "issued_by", "issued_at", "flow_sheet_sha256", "review_record_sha256"]


class DeliverableNameSerializer(ModelSerializer):
    class Meta:
        model = Deliverable
        fields = ["id", "number", "title"]


class VersionNameSerializer(ModelSerializer):
    class Meta:
        model = DeliverableVersion
        fields = ["id", "number", "sealed_at", "manifest_sha256"]


# ── Rounds ──────────────────────────────────────────────────────────────────
# A round as a deliverable shows it.
class RoundBriefSerializer(ModelSerializer):
    level = LevelSerializer()

    class Meta:
        model = Round
        fields = ["id", "number", "state", "level", "turn", "version", "opened_at", "submitted_at", "ended_at",
                  "end_reason", "last_acted_at"]  # fmt: skip
        read_only_fields = fields


# The round that counts, with whom it waits for.
class CurrentRoundSerializer(RoundBriefSerializer):
    waiting_for = WaitingSerializer(source="waitings", many=True)

    class Meta(RoundBriefSerializer.Meta):
        fields = [*RoundBriefSerializer.Meta.fields, "waiting_for"]
        read_only_fields = fields


class RoundSerializer(CurrentRoundSerializer):
    deliverable = DeliverableNameSerializer()
    route = RouteSerializer()
    version = VersionNameSerializer()
    last_actor = PersonSerializer(allow_null=True)
    issue = IssueSerializer(allow_null=True, help_text="签发信息；未签发时为空。")

    class Meta(CurrentRoundSerializer.Meta):
        fields = [*CurrentRoundSerializer.Meta.fields, "deliverable", "route", "last_actor", "last_act", "issue"]
        read_only_fields = fields


# ── Deliverables ────────────────────────────────────────────────────────────
# A deliverable as `queries.deliverable_rows` loads it.
class DeliverableSerializer(ModelSerializer):
    project = ProjectNameSerializer()
    discipline = DisciplineSerializer()
    preparer = PersonSerializer()
    current_round = serializers.SerializerMethodField(help_text="现行轮次：正在审签的，或已签发的。")

    class Meta:
        model = Deliverable
        fields = ["id", "number", "title", "project", "kind", "discipline", "preparer", "has_calculation",
                  "starts_on", "due_on", "created_at", "current_round"]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(CurrentRoundSerializer(allow_null=True))
    def get_current_round(self, deliverable) -> dict | None:
        return CurrentRoundSerializer(deliverable.current[0]).data if deliverable.current else None


# With all versions and their files, all rounds, and who sits where in the chain.
class DeliverableDetailSerializer(DeliverableSerializer):
    versions = VersionSerializer(many=True)
    rounds = RoundBriefSerializer(many=True)
    seats = SeatSerializer(many=True)

    class Meta(DeliverableSerializer.Meta):
        fields = [*DeliverableSerializer.Meta.fields, "versions", "rounds", "seats"]
        read_only_fields = fields


class VisibleProjectField(serializers.PrimaryKeyRelatedField):
    """A project that the caller may see."""

    def get_queryset(self):
        return Project.objects.visible_to(self.context["request"].user).select_related("unit")


class DeliverableUpdateSerializer(ModelSerializer):
    class Meta:
        model = Deliverable
        fields = ["title", "kind", "has_calculation", "starts_on", "due_on"]


# A new deliverable with its first version; its seats are the default ones of the project's route.
class DeliverableCreateSerializer(serializers.Serializer):
    project = VisibleProjectField(queryset=Project.objects.all())
    title = serializers.CharField(max_length=160)
    kind = serializers.ChoiceField(choices=DeliverableKind.choices)
    discipline = DisciplineField(queryset=Discipline.objects.all(), help_text="专业的代码。")
    preparer = PersonField(queryset=User.objects.active(), help_text="编制人的工号。")
    has_calculation = serializers.BooleanField(default=True, help_text="涉及计量或计算的成果必须经过校核。")
    starts_on = serializers.DateField(required=False, allow_null=True)
    due_on = serializers.DateField(required=False, allow_null=True)
    submitted_amount = AmountField(required=False, allow_null=True, help_text="送审金额（元）。")
    draft_amount = AmountField(required=False, allow_null=True, help_text="初稿金额（元）。")


# ── Remarks ─────────────────────────────────────────────────────────────────
class RemarkEventSerializer(ModelSerializer):
    by = PersonSerializer()

    class Meta:
        model = RemarkEvent
        fields = ["kind", "disposition", "text", "by", "round", "at"]


class RemarkSerializer(ModelSerializer):
    level = LevelSerializer()
    raised_by = PersonSerializer()
    events = RemarkEventSerializer(many=True)

    class Meta:
        model = Remark
        fields = ["id", "deliverable", "number", "round", "level", "raised_by", "raised_at", "place", "problem",
                  "category", "severity", "amount_affected", "state", "events"]  # fmt: skip
        read_only_fields = fields


# ── Signatures ──────────────────────────────────────────────────────────────
class StatementSerializer(ModelSerializer):
    class Meta:
        model = Statement
        fields = ["kind", "text"]


class ChecklistAnswerSerializer(ModelSerializer):
    class Meta:
        model = ChecklistAnswer
        fields = ["order", "text", "result", "note"]


class ScoreSerializer(ModelSerializer):
    class Meta:
        model = ScoreSheet
        fields = ["total", "grade"]


class SignatureSerializer(ModelSerializer):
    level = LevelSerializer()
    signer = PersonSerializer()
    prompts_overridden = serializers.ListField(child=serializers.CharField(), help_text="声明“无”时系统给出的提示。")
    statements = StatementSerializer(many=True)
    checklist = ChecklistAnswerSerializer(source="answers", many=True)
    score = ScoreSerializer(source="score_sheet", allow_null=True)

    class Meta:
        model = Signature
        fields = ["id", "round", "level", "seat_number", "signer", "meaning", "opinion", "manifest_sha256", "amount",
                  "declares_no_unresolved", "declares_no_attention", "prompts_overridden", "statements", "checklist",
                  "score", "certificate", "signed_at", "digest", "revoked_at"]  # fmt: skip
        read_only_fields = fields


# ── What a preparer signs, and sends ────────────────────────────────────────
class ChecklistItemSerializer(ModelSerializer):
    class Meta:
        model = ChecklistItem
        fields = ["id", "order", "text", "clause"]


class PromptSerializer(serializers.Serializer):
    code = serializers.CharField()
    text = serializers.CharField()


# What the page of the self-check shows: what is signed, the checklist, prompts, remarks that wait for an answer.
class SelfCheckSerializer(serializers.Serializer):
    round = serializers.IntegerField(source="pk")
    turn = serializers.IntegerField(help_text="提交时原样带回；其间有人处理过则答复 409。")
    meaning = serializers.CharField(help_text="签署的含义。")
    manifest = serializers.CharField(help_text="文件清单 SHA-256，提交时原样带回。")
    version = VersionSerializer()
    checklist = ChecklistItemSerializer(many=True)
    prompts = PromptSerializer(many=True, help_text="系统提示；声明“无”须逐条确认。")
    remarks = RemarkSerializer(source="to_answer", many=True, help_text="待回复的意见；提交时须逐条回复。")
    missing_seats = serializers.ListField(child=serializers.CharField(), help_text="尚未指定的审签人，在网页上设置。")


class TurnSerializer(serializers.Serializer):
    turn = serializers.IntegerField(min_value=0, help_text="读取轮次时的步次；其间有人处理过则答复 409。")


class ReasonSerializer(TurnSerializer):
    reason = serializers.CharField(max_length=1000)


class NewVersionSerializer(TurnSerializer):
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="", help_text="版本说明。")


class AnswerSerializer(serializers.Serializer):
    remark = serializers.IntegerField(min_value=1)
    disposition = serializers.ChoiceField(choices=Disposition.choices)
    text = serializers.CharField(max_length=2000)


class AnswersSerializer(TurnSerializer):
    answers = AnswerSerializer(many=True, allow_empty=False)


class CheckedItemSerializer(serializers.Serializer):
    item = serializers.IntegerField(min_value=1, help_text="核查清单的条目。")
    result = serializers.ChoiceField(choices=ChecklistResult.choices)
    note = serializers.CharField(
        max_length=300, required=False, allow_blank=True, default="", help_text="“否”须说明。"
    )


class StatementTextField(serializers.ListField):
    """Rows of a statement, as long as a row may be."""

    child = serializers.CharField(max_length=500)

    def __init__(self, **kwargs):
        super().__init__(**{"required": False, "default": list, "max_length": 100, **kwargs})


# The self-check as signed: opinion, checklist, statements or an explicit 无, and the password.
class SubmitSerializer(TurnSerializer):
    manifest = serializers.CharField(max_length=64, help_text="自校内容中的 manifest。")
    opinion = serializers.CharField(max_length=2000, help_text="自校意见。")
    checklist = CheckedItemSerializer(many=True)
    unresolved = StatementTextField(help_text="未决事项。")
    attention = StatementTextField(help_text="提请重点复核事项。")
    declares_no_unresolved = serializers.BooleanField(default=False, help_text="声明无未决事项。")
    declares_no_attention = serializers.BooleanField(default=False, help_text="声明无提请重点复核事项。")
    acknowledged = StatementTextField(help_text="已确认的系统提示的代码。")
    answers = AnswerSerializer(many=True, required=False, default=list, help_text="对待回复意见的答复。")
    password = serializers.CharField(max_length=128, trim_whitespace=False, write_only=True, help_text="登录密码。")
