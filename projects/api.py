"""Projects, teams, clients, materials, versions and their files over HTTP: the same services, permissions and visibility as
the pages."""

from django.http import FileResponse, Http404
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from projects import queries, services
from projects.choices import BusinessLine, Confidentiality, HandoverKind, Importance, Stage
from projects.models import Attachment, Client, DeliverableVersion, Discipline, Handover, Project
from projects.serializers import (
    VERSION_FACTS,
    AssignmentSerializer,
    AttachmentSerializer,
    ClientSerializer,
    DisciplineSerializer,
    HandoverDetailSerializer,
    HandoverSerializer,
    ProjectCreateSerializer,
    ProjectSerializer,
    ProjectUpdateSerializer,
    UploadSerializer,
    VersionSerializer,
    VersionUpdateSerializer,
)
from staff.models import Unit, unit_and_descendants
from staff.serializers import IdFilter, UnitSerializer, checked

NUMBER = "[0-9]+"


class ProjectFilter(filters.FilterSet):
    q = filters.CharFilter(label="项目编号、名称、委托人、合同编号", method="search")
    unit = filters.ModelChoiceFilter(
        label="承办单位的代码，含其下属单位", queryset=Unit.objects.all(), to_field_name="code", method="in_unit"
    )
    client = IdFilter(label="委托人")
    business_line = filters.ChoiceFilter(label="业务类型", choices=BusinessLine.choices)
    stage = filters.ChoiceFilter(label="所处阶段", choices=Stage.choices)
    importance = filters.ChoiceFilter(label="重要程度", choices=Importance.choices)
    confidentiality = filters.ChoiceFilter(label="密级", choices=Confidentiality.choices)

    class Meta:
        model = Project
        fields = []

    def search(self, queryset, name, value):
        return queryset.search(value.strip())

    def in_unit(self, queryset, name, unit):
        return queryset.filter(unit__in=unit_and_descendants([unit.pk]))


@extend_schema_view(
    list=extend_schema(summary="项目列表", description="可见范围内的项目。"),
    retrieve=extend_schema(summary="项目"),
)
class ProjectViewSet(viewsets.ReadOnlyModelViewSet):
    """项目：查询、新建、修改。"""

    queryset = Project.objects.none()
    serializer_class = ProjectSerializer
    filterset_class = ProjectFilter
    ordering_fields = ["number", "name", "planned_finish_on", "created_at"]
    ordering = ["-number"]
    lookup_value_regex = NUMBER

    def get_queryset(self):
        return queries.project_rows(self.request.user).select_related("client", "unit", "created_by")

    @extend_schema(summary="新建项目", request=ProjectCreateSerializer, responses={201: ProjectSerializer})
    def create(self, request):
        project = services.create_project(actor=request.user, **checked(ProjectCreateSerializer, request))
        return Response(self._shown(project), status=status.HTTP_201_CREATED)

    @extend_schema(summary="修改项目", request=ProjectUpdateSerializer, responses=ProjectSerializer)
    def partial_update(self, request, pk):
        project = self.get_object()
        services.update_project(
            actor=request.user, project=project, **checked(ProjectUpdateSerializer, request, partial=True)
        )
        return Response(self._shown(project))

    def _shown(self, project) -> dict:
        return self.get_serializer(self.get_queryset().get(pk=project.pk)).data

    @extend_schema(summary="项目组", description="全部任职，含已结束的。", responses=AssignmentSerializer(many=True))
    @action(detail=True, pagination_class=None, filter_backends=[])
    def team(self, request, pk):
        assignments = self.get_object().assignments.select_related("user", "discipline")
        return Response(AssignmentSerializer(assignments, many=True).data)


class ClientFilter(filters.FilterSet):
    q = filters.CharFilter(label="名称、联系人、电话", method="search")

    class Meta:
        model = Client
        fields = []

    def search(self, queryset, name, value):
        return queryset.search(value.strip())


@extend_schema_view(list=extend_schema(summary="委托人列表"), retrieve=extend_schema(summary="委托人"))
class ClientViewSet(viewsets.ReadOnlyModelViewSet):
    """委托人：查询。新建项目时可一并登记。"""

    queryset = Client.objects.none()
    serializer_class = ClientSerializer
    filterset_class = ClientFilter
    ordering_fields = ["name"]
    ordering = ["name"]
    lookup_value_regex = NUMBER

    def get_queryset(self):
        return Client.objects.visible_to(self.request.user)


@extend_schema_view(list=extend_schema(summary="专业列表", description="各接口以代码指明专业。"))
class DisciplineViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """专业：查询。"""

    queryset = Discipline.objects.all()
    serializer_class = DisciplineSerializer
    pagination_class = None
    filter_backends = []


@extend_schema_view(list=extend_schema(summary="可新建项目的单位", description="各接口以代码指明单位。"))
class UnitViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """单位：本人可在其中新建项目的。"""

    queryset = Unit.objects.none()
    serializer_class = UnitSerializer
    pagination_class = None
    filter_backends = []

    def get_queryset(self):
        return queries.units_for_new_projects(self.request.user)


class HandoverFilter(filters.FilterSet):
    project = IdFilter(label="项目")
    kind = filters.ChoiceFilter(label="资料类别", choices=HandoverKind.choices)
    complete = filters.BooleanFilter(
        label="true 为已登记齐全", field_name="completed_on", lookup_expr="isnull", exclude=True
    )

    class Meta:
        model = Handover
        fields = []


@extend_schema_view(
    list=extend_schema(summary="资料交接清单列表", description="可见项目的委托人资料。"),
    retrieve=extend_schema(summary="资料交接清单", description="连同各项资料的接收、归还与留存。"),
)
class HandoverViewSet(viewsets.ReadOnlyModelViewSet):
    """资料交接清单：只读。登记、齐全、归还在网页上办理。"""

    queryset = Handover.objects.none()
    serializer_class = HandoverSerializer
    filterset_class = HandoverFilter
    ordering_fields = ["created_at", "completed_on"]
    ordering = ["-created_at"]
    lookup_value_regex = NUMBER

    def get_serializer_class(self):
        return HandoverSerializer if self.action == "list" else HandoverDetailSerializer

    def get_queryset(self):
        rows = Handover.objects.filter(project__in=Project.objects.visible_to(self.request.user))
        rows = rows.select_related("project", "discipline", "created_by", "completed_by")
        return rows if self.action == "list" else rows.prefetch_related("items__received_by", "items__returned_by")


class VersionFilter(filters.FilterSet):
    deliverable = IdFilter(label="成果文件")

    class Meta:
        model = DeliverableVersion
        fields = []


@extend_schema_view(list=extend_schema(summary="成果版本列表"), retrieve=extend_schema(summary="成果版本"))
class VersionViewSet(viewsets.ReadOnlyModelViewSet):
    """成果版本及其文件。未提交的版本由编制人修改；已提交的版本已封存，不再改变。"""

    queryset = DeliverableVersion.objects.none()
    serializer_class = VersionSerializer
    filterset_class = VersionFilter
    ordering_fields = ["created_at", "number"]
    ordering = ["-created_at"]
    lookup_value_regex = NUMBER

    def get_queryset(self):
        versions = DeliverableVersion.objects.visible_to(self.request.user)
        return versions.select_related("deliverable", "created_by").prefetch_related("attachments")

    @extend_schema(summary="修改版本说明和金额", request=VersionUpdateSerializer, responses=VersionSerializer)
    def partial_update(self, request, pk):
        version = self.get_object()
        facts = {name: getattr(version, name) for name in VERSION_FACTS}
        facts |= checked(VersionUpdateSerializer, request, partial=True)
        services.update_version(actor=request.user, version=version, **facts)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="上传文件",
        operation_id="versions_attachments_create",
        request={"multipart/form-data": UploadSerializer},
        responses={201: AttachmentSerializer},
    )
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser])
    def attachments(self, request, pk):
        version = self.get_object()
        services.require_own_draft(request.user, version)
        upload = checked(UploadSerializer, request)["file"]
        attachment = services.add_attachment(actor=request.user, version=version, upload=upload)
        return Response(AttachmentSerializer(attachment).data, status=status.HTTP_201_CREATED)


@extend_schema_view(retrieve=extend_schema(summary="成果附件"))
class AttachmentViewSet(mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """成果附件：查询、下载，从未提交的版本中移除。"""

    queryset = Attachment.objects.none()
    serializer_class = AttachmentSerializer
    lookup_value_regex = NUMBER

    def get_queryset(self):
        return Attachment.objects.visible_to(self.request.user).select_related("version__deliverable")

    @extend_schema(summary="移除文件")
    def destroy(self, request, pk):
        services.remove_attachment(actor=request.user, attachment=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="下载文件",
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "文件内容。")},
    )
    @action(detail=True)
    def content(self, request, pk):
        attachment = self.get_object()
        try:
            stored = attachment.file.open("rb")
        except FileNotFoundError as error:
            raise Http404("文件不在存储中，请联系系统管理员。") from error
        response = FileResponse(
            stored, as_attachment=True, filename=attachment.name, content_type=attachment.content_type
        )
        response["Cache-Control"] = "private, no-store"
        return response
