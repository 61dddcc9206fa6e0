"""Time limits over HTTP: reading them with why they end on that day, and what the team does to them. Requests are decided,
rules and calendar are changed, and proofs are uploaded in the browser only."""

from django.core.exceptions import PermissionDenied
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from deadlines import queries, scopes, services
from deadlines.choices import State
from deadlines.filters import VIEWS
from deadlines.filters import DeadlineFilter as ListFilter
from deadlines.models import Deadline, DeadlineRule
from deadlines.serializers import (
    AskSerializer,
    DeadlineDetailSerializer,
    DeadlineSerializer,
    FulfilSerializer,
    NudgeWordsSerializer,
    ResumeSerializer,
    RuleSerializer,
)
from staff import permissions
from staff.choices import Action
from staff.serializers import IdFilter, checked

# What a project's clocks belong to, by name: projects stand on the floor above.
PROJECT = "projects.project"
ME = "me"


class DeadlineFilter(ListFilter):
    """That of the page, and by project and person."""

    q = filters.CharFilter(label="项目、事项、时限名称", method="search")
    rule = filters.CharFilter(label="时限规则的代码", field_name="rule__code")
    state = filters.ChoiceFilter(
        label="状态", choices=[(State.RUNNING.value, State.RUNNING.label), *VIEWS], method="in_state"
    )
    project = IdFilter(label="项目", method="in_project")
    responsible = filters.CharFilter(label="责任人的工号；me 为本人", method="of_person")
    mine = None

    def in_project(self, queryset, name, value):
        return queryset.filter(scope_type=PROJECT, scope_id=value)

    def of_person(self, queryset, name, value):
        if value == ME:
            return queryset.filter(responsible=self.request.user)
        return queryset.filter(responsible__employee_number=value)


@extend_schema_view(
    list=extend_schema(summary="时限列表", description="可见项目的时限，最急的在前。"),
    retrieve=extend_schema(summary="时限", description="连同逐日说明、申请与审批、中止、提醒、催办。"),
)
class DeadlineViewSet(viewsets.ReadOnlyModelViewSet):
    """时限：查询，登记完成，申请中止或延期，恢复计时，催办。审批、缩短、作废和上传证据在网页上进行。"""

    queryset = Deadline.objects.none()
    serializer_class = DeadlineSerializer
    filterset_class = DeadlineFilter
    ordering_fields = ["due_at", "started_at", "registered_at"]
    ordering = ["due_at"]
    lookup_value_regex = "[0-9]+"

    def get_serializer_class(self):
        return DeadlineSerializer if self.action == "list" else DeadlineDetailSerializer

    def get_queryset(self):
        rows = queries.deadline_rows(self.request.user)
        if self.action == "list":
            return rows
        return rows.select_related("rule", "responsible", "started_by", "stopped_by").prefetch_related(
            "requests__requested_by", "requests__decided_by", "requests__evidence", "suspensions__ended_by",
            "reminders", "nudges__nudged_by",
        )  # fmt: skip

    def _for(self, *actions: Action) -> Deadline:
        """The clock of the address, for whoever may do one of `actions` to it (403 otherwise, whatever the body says)."""
        deadline = self.get_object()
        roles = scopes.roles_on(self.request.user, deadline)
        if not any(permissions.allows(action, roles) for action in actions):
            permissions.require(self.request.user, actions[0], roles)
        return deadline

    def _shown(self) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="登记完成",
        description="时限停止计时。补记以前的完成时间，须由责任人以外的审批人登记。",
        request=FulfilSerializer,
        responses=DeadlineDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def fulfil(self, request, pk):
        deadline = self._for(Action.KEEP_TIME, Action.DECIDE_TIME)
        services.fulfil(actor=request.user, deadline=deadline, **checked(FulfilSerializer, request))
        return self._shown()

    @extend_schema(
        summary="申请中止或延期",
        description="由申请人和责任人以外的审批人在网页上审批；证据文件在网页上提交。",
        request=AskSerializer,
        responses=DeadlineDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def ask(self, request, pk):
        deadline = self._for(Action.KEEP_TIME)
        services.ask(actor=request.user, deadline=deadline, **checked(AskSerializer, request))
        return self._shown()

    @extend_schema(
        summary="恢复计时",
        description="中止期间的天数不计入，到期日相应顺延。",
        request=ResumeSerializer,
        responses=DeadlineDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def resume(self, request, pk):
        deadline = self._for(Action.KEEP_TIME)
        services.resume(actor=request.user, deadline=deadline, **checked(ResumeSerializer, request))
        return self._shown()

    @extend_schema(
        summary="催办",
        description="提醒责任人；四小时内不重复催办。",
        request=NudgeWordsSerializer,
        responses=DeadlineDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def nudge(self, request, pk):
        deadline = self._for(Action.NUDGE)
        services.nudge(actor=request.user, deadline=deadline, **checked(NudgeWordsSerializer, request))
        return self._shown()


@extend_schema_view(list=extend_schema(summary="时限规则", description="各条规则的现行版本，含停用的。"))
class TimeRuleViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """时限规则：查询。修订在网页上进行。"""

    queryset = DeadlineRule.objects.newest().order_by("pk")
    serializer_class = RuleSerializer
    pagination_class = None
    filter_backends = []

    def get_queryset(self):
        # As on the page: 三员分立.
        if self.request.user.may(Action.CONFIGURE):
            raise PermissionDenied("时限规则由业务人员和审计员查阅。")
        return super().get_queryset()
