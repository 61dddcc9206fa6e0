"""The review chain over HTTP: reading all of it, and the preparer's acts. Levels are signed, and deliverables issued,
in the browser only."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from projects.choices import DeliverableKind
from projects.models import Deliverable, Discipline
from projects.services import manifest
from reviews import queries, services
from reviews.chain import already_handled, require_place
from reviews.choices import Act, RemarkCategory, RemarkState, Severity, State
from reviews.models import ChecklistItem, Remark, Round, Seat, Signature
from reviews.serializers import (
    AnswersSerializer,
    DeliverableCreateSerializer,
    DeliverableDetailSerializer,
    DeliverableSerializer,
    DeliverableUpdateSerializer,
    NewVersionSerializer,
    ReasonSerializer,
    RemarkSerializer,
    RoundSerializer,
    SelfCheckSerializer,
    SignatureSerializer,
    SubmitSerializer,
)
from reviews.services.signing import SignContent, meaning_of
from staff.models import User
from staff.serializers import IdFilter, checked
from staff.services import confirm_password

NUMBER = "[0-9]+"
MOVED = {
    200: RoundSerializer,
    409: OpenApiResponse(description="已被他人处理，或 turn 已过期；detail 说明由谁、何时。"),
}


# ── Deliverables ────────────────────────────────────────────────────────────
class DeliverableFilter(filters.FilterSet):
    q = filters.CharFilter(label="成果编号、名称、项目、编制人", method="search")
    project = IdFilter(label="项目")
    kind = filters.ChoiceFilter(label="成果类别", choices=DeliverableKind.choices)
    discipline = filters.ModelChoiceFilter(label="专业的代码", queryset=Discipline.objects.all(), to_field_name="code")
    preparer = filters.ModelChoiceFilter(
        label="编制人的工号", queryset=User.objects.all(), to_field_name="employee_number"
    )
    state = filters.ChoiceFilter(label="现行轮次的状态", choices=State.choices, method="in_state")

    class Meta:
        model = Deliverable
        fields = []

    def search(self, queryset, name, value):
        return queryset.search(value.strip())

    def in_state(self, queryset, name, value):
        return queryset.filter(pk__in=Round.objects.current().filter(state=value).values("deliverable"))


@extend_schema_view(
    list=extend_schema(summary="成果文件列表", description="可见范围内的成果文件，连同现行轮次和待办人。"),
    retrieve=extend_schema(summary="成果文件", description="连同全部版本及文件、全部轮次、审签席位。"),
)
class DeliverableViewSet(viewsets.ReadOnlyModelViewSet):
    """成果文件：查询、新建、修改。"""

    queryset = Deliverable.objects.none()
    serializer_class = DeliverableSerializer
    filterset_class = DeliverableFilter
    ordering_fields = ["number", "title", "due_on", "created_at"]
    ordering = ["-created_at"]
    lookup_value_regex = NUMBER

    def get_serializer_class(self):
        return DeliverableSerializer if self.action == "list" else DeliverableDetailSerializer

    def get_queryset(self):
        rows = queries.deliverable_rows(self.request.user)
        if self.action == "list":
            return rows
        return rows.prefetch_related(
            "versions__attachments", "versions__created_by", "rounds__level", "seats__level", "seats__holder"
        )

    @extend_schema(
        summary="新建成果文件", request=DeliverableCreateSerializer, responses={201: DeliverableDetailSerializer}
    )
    def create(self, request):
        deliverable = services.open_deliverable(actor=request.user, **checked(DeliverableCreateSerializer, request))
        return Response(self._shown(deliverable.pk), status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="修改成果文件",
        description="只在编制中可以修改。",
        request=DeliverableUpdateSerializer,
        responses=DeliverableDetailSerializer,
    )
    def partial_update(self, request, pk):
        deliverable = self.get_object()
        facts = {name: getattr(deliverable, name) for name in DeliverableUpdateSerializer.Meta.fields}
        facts |= checked(DeliverableUpdateSerializer, request, partial=True)
        services.update_deliverable(actor=request.user, deliverable=deliverable, **facts)
        return Response(self._shown(pk))

    def _shown(self, pk) -> dict:
        return self.get_serializer(self.get_queryset().get(pk=pk)).data


# ── Rounds ──────────────────────────────────────────────────────────────────
class RoundFilter(filters.FilterSet):
    deliverable = IdFilter(label="成果文件")
    project = IdFilter(label="项目", field_name="deliverable__project")
    state = filters.ChoiceFilter(label="状态", choices=State.choices)

    class Meta:
        model = Round
        fields = []


@extend_schema_view(list=extend_schema(summary="审签轮次列表"), retrieve=extend_schema(summary="审签轮次"))
class RoundViewSet(viewsets.ReadOnlyModelViewSet):
    """审签轮次：查询，以及编制人的提交、回复意见、撤回、新建版本。各级签署和签发只在浏览器中进行。"""

    queryset = Round.objects.none()
    serializer_class = RoundSerializer
    filterset_class = RoundFilter
    ordering_fields = ["opened_at", "submitted_at", "last_acted_at"]
    ordering = ["-opened_at"]
    lookup_value_regex = NUMBER

    def get_queryset(self):
        rounds = Round.objects.visible_to(self.request.user)
        return rounds.select_related(
            "deliverable", "level", "route", "version", "last_actor", "issue__issued_by"
        ).prefetch_related("waitings__user")

    def _to(self, act: Act) -> Round:
        """The round of the address, for whoever may do `act` with it (403 otherwise, whatever the body says)."""
        round = self.get_object()
        require_place(round, act, self.request.user)
        return round

    def _moved(self, live: Round) -> Response:
        """The round as it stands after a move: the same one, or the next."""
        return Response(self.get_serializer(self.get_queryset().get(pk=live.pk)).data)

    @extend_schema(
        summary="自校内容",
        description="提交前须核对的内容：文件与清单哈希、核查清单、系统提示、待回复的意见。只在编制中提供。",
        responses={200: SelfCheckSerializer, 409: MOVED[409]},
    )
    @action(detail=True, url_path="self-check")
    def self_check(self, request, pk):
        round = self.get_object()
        if round.state != State.PREPARING:
            raise already_handled(round)
        round.manifest = round.version.manifest_sha256 or manifest(round.version)
        round.meaning = meaning_of(round.level)
        round.checklist = round.level.checklist.all()
        round.prompts = queries.prompts(round)
        round.to_answer = queries.remarks_to_answer(round.deliverable).prefetch_related("events__by")
        round.missing_seats = queries.missing_seats(round)
        return Response(SelfCheckSerializer(round).data)

    @extend_schema(
        summary="自校并提交",
        description="封存版本，签署自校，送第一级。须重新输入登录密码。",
        request=SubmitSerializer,
        responses=MOVED,
    )
    @action(detail=True, methods=["post"])
    def submit(self, request, pk):
        round = self._to(Act.SUBMIT)
        data = checked(SubmitSerializer, request)
        content, answers = _content(round, data), _answers(round, data["answers"])
        confirmation = _confirmed(request, data["password"])
        return self._moved(
            services.submit(
                actor=request.user, round=round, turn=data["turn"], content=content, confirmation=confirmation,
                answers=answers,
            )
        )  # fmt: skip

    @extend_schema(
        summary="回复意见",
        description="不改文件，逐条回复全部待回复的意见并送回。采纳并修改文件的，先新建版本，在提交时回复。",
        request=AnswersSerializer,
        responses=MOVED,
    )
    @action(detail=True, methods=["post"])
    def answer(self, request, pk):
        round = self._to(Act.ANSWER)
        data = checked(AnswersSerializer, request)
        answers = _answers(round, data["answers"])
        return self._moved(
            services.answer_remarks(actor=request.user, round=round, turn=data["turn"], answers=answers)
        )

    @extend_schema(summary="撤回", description="第一级处理之前可以撤回。", request=ReasonSerializer, responses=MOVED)
    @action(detail=True, methods=["post"])
    def withdraw(self, request, pk):
        round = self._to(Act.WITHDRAW)
        return self._moved(services.withdraw(actor=request.user, round=round, **checked(ReasonSerializer, request)))

    @extend_schema(
        summary="新建版本",
        description="正在审签的轮次因此作废，答复为从第一级开始的新一轮。",
        request=NewVersionSerializer,
        responses=MOVED,
    )
    @action(detail=True, methods=["post"], url_path="start-version")
    def start_version(self, request, pk):
        round = self._to(Act.REVISE)
        return self._moved(
            services.start_version(actor=request.user, round=round, **checked(NewVersionSerializer, request))
        )


def _content(round: Round, data: dict) -> SignContent:
    """What is signed, out of the body of a submission."""
    items = ChecklistItem.objects.filter(level__route=round.route_id, level__order=0).values_list("pk", flat=True)
    rows = [(row["item"], (row["result"], row["note"])) for row in data["checklist"]]
    return SignContent(
        opinion=data["opinion"],
        manifest=data["manifest"],
        checklist=_once_each(rows, items, "checklist", "核查条目"),
        unresolved=data["unresolved"],
        attention=data["attention"],
        declares_no_unresolved=data["declares_no_unresolved"],
        declares_no_attention=data["declares_no_attention"],
        acknowledged=data["acknowledged"],
    )


def _answers(round: Round, given: list[dict]) -> dict:
    """Remark id → (disposition, text)."""
    remarks = Remark.objects.filter(deliverable=round.deliverable_id).values_list("pk", flat=True)
    rows = [(row["remark"], (row["disposition"], row["text"])) for row in given]
    return _once_each(rows, remarks, "answers", "意见")


def _once_each(rows: list[tuple[int, tuple]], known: Iterable[int], field: str, noun: str) -> dict:
    """`rows` as a dict. Raises ValidationError for an id that is not one of `known`, or comes twice."""
    if foreign := {pk for pk, _ in rows} - set(known):
        raise ValidationError({field: f"{noun} {min(foreign)} 不属于本成果的这一环节。"})
    if len(dict(rows)) < len(rows):
        raise ValidationError({field: f"同一{noun}只能出现一次。"})
    return dict(rows)


def _confirmed(request, password: str):
    """The password re-entered; a wrong one is told beside its field."""
    try:
        return confirm_password(request._request, request.user, password)
    except ValidationError as error:
        raise ValidationError({"password": error}) from error


# ── Remarks and signatures ──────────────────────────────────────────────────
class RemarkFilter(filters.FilterSet):
    deliverable = IdFilter(label="成果文件")
    round = IdFilter(label="提出轮次")
    state = filters.ChoiceFilter(label="状态", choices=RemarkState.choices)
    category = filters.ChoiceFilter(label="类别", choices=RemarkCategory.choices)
    severity = filters.ChoiceFilter(label="严重程度", choices=Severity.choices)

    class Meta:
        model = Remark
        fields = []


@extend_schema_view(
    list=extend_schema(summary="校审意见列表", description="未发出的意见只有填写的级别看得到。"),
    retrieve=extend_schema(summary="校审意见"),
)
class RemarkViewSet(viewsets.ReadOnlyModelViewSet):
    """校审意见及其回复、复查：查询。"""

    queryset = Remark.objects.none()
    serializer_class = RemarkSerializer
    filterset_class = RemarkFilter
    ordering_fields = ["number", "raised_at"]
    ordering = ["-raised_at"]
    lookup_value_regex = NUMBER

    def get_queryset(self):
        user = self.request.user
        own_level = Seat.objects.filter(
            deliverable=OuterRef("deliverable"), level=OuterRef("level"), number=0, holder=user
        )
        return (
            Remark.objects.filter(deliverable__in=Deliverable.objects.visible_to(user))
            .filter(~Q(state=RemarkState.DRAFT) | Exists(own_level))
            .select_related("level", "raised_by")
            .prefetch_related("events__by")
        )


class SignatureFilter(filters.FilterSet):
    deliverable = IdFilter(label="成果文件", field_name="round__deliverable")
    round = IdFilter(label="轮次")
    signer = filters.ModelChoiceFilter(
        label="签署人的工号", queryset=User.objects.all(), to_field_name="employee_number"
    )

    class Meta:
        model = Signature
        fields = []


@extend_schema_view(
    list=extend_schema(summary="签署列表", description="含已撤回的，撤回的有撤回时间。"),
    retrieve=extend_schema(summary="签署"),
)
class SignatureViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """签署：只读。签署只在浏览器中进行。"""

    queryset = Signature.objects.none()
    serializer_class = SignatureSerializer
    filterset_class = SignatureFilter
    ordering_fields = ["signed_at"]
    ordering = ["-signed_at"]
    lookup_value_regex = NUMBER

    def get_queryset(self):
        return (
            Signature.objects.filter(round__in=Round.objects.visible_to(self.request.user))
            .select_related("level", "signer", "score_sheet")
            .prefetch_related("statements", "answers")
        )
