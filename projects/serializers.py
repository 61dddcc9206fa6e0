"""Shapes of projects, teams, versions and files in the API."""

from rest_framework import serializers

from projects.models import (
    Assignment,
    Attachment,
    Client,
    DeliverableVersion,
    Discipline,
    Handover,
    HandoverItem,
    Project,
)
from projects.queries import people_for_teams
from staff.models import Unit
from staff.serializers import ModelSerializer, PersonField, PersonSerializer, UnitField, UnitSerializer

PROJECT_FACTS = [
    "business_line", "importance", "confidentiality", "stage", "contract_number", "contract_kind", "contract_amount",
    "fee", "contract_signed_on", "submitted_amount", "goal", "scope", "planned_start_on", "planned_finish_on",
    "actual_start_on", "actual_finish_on",
]  # fmt: skip
VERSION_FACTS = ["note", "submitted_amount", "draft_amount"]


class DisciplineSerializer(ModelSerializer):
    class Meta:
        model = Discipline
        fields = ["code", "name"]


class DisciplineField(serializers.SlugRelatedField):
    """A discipline, named by its code."""

    default_error_messages = {"does_not_exist": "没有代码为“{value}”的专业。"}

    def __init__(self, **kwargs):
        super().__init__(slug_field="code", **kwargs)


class ClientSerializer(ModelSerializer):
    class Meta:
        model = Client
        fields = ["id", "name", "contact", "phone", "email", "address"]


class ClientNameSerializer(ModelSerializer):
    class Meta:
        model = Client
        fields = ["id", "name"]


class ProjectNameSerializer(ModelSerializer):
    class Meta:
        model = Project
        fields = ["id", "number", "name"]


# A project as `queries.project_rows` loads it.
class ProjectSerializer(ModelSerializer):
    client = ClientNameSerializer()
    unit = UnitSerializer()
    project_managers = serializers.SerializerMethodField(help_text="现任项目经理。")
    created_by = PersonSerializer()

    class Meta:
        model = Project
        fields = ["id", "number", "name", "client", "unit", "project_managers", *PROJECT_FACTS, "created_by",
                  "created_at"]  # fmt: skip
        read_only_fields = fields

    def get_project_managers(self, project) -> PersonSerializer(many=True):
        return PersonSerializer([assignment.user for assignment in project.managers], many=True).data


class VisibleClientField(serializers.PrimaryKeyRelatedField):
    """A client that the caller may see."""

    def get_queryset(self):
        return Client.objects.visible_to(self.context["request"].user)


# The facts of a project; the check of the whole is the service's.
class ProjectUpdateSerializer(ModelSerializer):
    unit = UnitField(queryset=Unit.objects.all(), help_text="承办单位的代码。")
    client = VisibleClientField(queryset=Client.objects.all())

    class Meta:
        model = Project
        fields = ["number", "name", "client", "unit", *PROJECT_FACTS]
        extra_kwargs = {"number": {"validators": []}}


# A new project: numbered by the system unless told, its client chosen or new, its manager named at once if known.
class ProjectCreateSerializer(ProjectUpdateSerializer):
    number = serializers.CharField(
        max_length=40, required=False, allow_blank=True, help_text="留空时按“年份-单位代码-序号”自动编号。"
    )
    client = VisibleClientField(queryset=Client.objects.all(), required=False, help_text="已登记的委托人。")
    new_client = serializers.CharField(
        max_length=120, required=False, help_text="新委托人的名称，与 client 二选一，将一并登记。"
    )
    project_manager = PersonField(queryset=people_for_teams(), required=False, help_text="项目经理的工号。")

    class Meta(ProjectUpdateSerializer.Meta):
        fields = [*ProjectUpdateSerializer.Meta.fields, "new_client", "project_manager"]

    def validate(self, data: dict) -> dict:
        if ("client" in data) == ("new_client" in data):
            raise serializers.ValidationError({"client": "请给出 client 或 new_client 之一。"})
        return data


class AssignmentSerializer(ModelSerializer):
    user = PersonSerializer()
    discipline = DisciplineSerializer(allow_null=True)

    class Meta:
        model = Assignment
        fields = ["id", "user", "role", "discipline", "is_deputy", "reason", "starts_on", "ends_on"]
        read_only_fields = fields


# ── Materials of the client ─────────────────────────────────────────────────
class HandoverItemSerializer(ModelSerializer):
    received_by = PersonSerializer(allow_null=True)
    returned_by = PersonSerializer(allow_null=True)

    class Meta:
        model = HandoverItem
        fields = ["id", "category", "name", "copies", "is_absent", "received_on", "received_by", "returned_on",
                  "returned_by", "returned_to", "kept_with_consent", "consent_basis"]  # fmt: skip
        read_only_fields = fields


class HandoverSerializer(ModelSerializer):
    project = ProjectNameSerializer()
    discipline = DisciplineSerializer(allow_null=True)
    created_by = PersonSerializer()
    completed_by = PersonSerializer(allow_null=True)

    class Meta:
        model = Handover
        fields = ["id", "project", "kind", "title", "discipline", "contract_kind", "handed_over_by", "note",
                  "created_by", "created_at", "completed_on", "completed_by", "completed_at", "returned_at"]  # fmt: skip
        read_only_fields = fields


class HandoverDetailSerializer(HandoverSerializer):
    items = HandoverItemSerializer(many=True)

    class Meta(HandoverSerializer.Meta):
        fields = [*HandoverSerializer.Meta.fields, "beyond_reason", "items"]
        read_only_fields = fields


# ── Versions and their files ────────────────────────────────────────────────
class AttachmentSerializer(ModelSerializer):
    class Meta:
        model = Attachment
        fields = ["id", "version", "name", "content_type", "size", "sha256", "uploaded_at"]
        read_only_fields = fields


class UploadSerializer(serializers.Serializer):
    # An empty file, or one with a long name, gets its own reason from uploads.
    file = serializers.FileField(allow_empty_file=True, help_text="成果文件；按内容检查，不按扩展名。")


class VersionSerializer(ModelSerializer):
    created_by = PersonSerializer()
    attachments = AttachmentSerializer(many=True)

    class Meta:
        model = DeliverableVersion
        fields = ["id", "deliverable", "number", *VERSION_FACTS, "created_by", "created_at", "sealed_at",
                  "manifest_sha256", "attachments"]  # fmt: skip
        read_only_fields = fields


class VersionUpdateSerializer(ModelSerializer):
    class Meta:
        model = DeliverableVersion
        fields = VERSION_FACTS
