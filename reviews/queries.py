"""Reads of the chain that are used in more than one place."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch

from ledger.models import Entry
from projects.choices import RiskStatus
from projects.models import Deliverable, Project
from projects.queries import holders_of, roles_on
from projects.services import damaged_files
from reviews import rules
from reviews.choices import Act, ChecklistResult, LevelKind, RemarkEventKind, RemarkState, State
from reviews.models import (
    ChecklistAnswer,
    Level,
    ProjectRoute,
    Remark,
    RemarkEvent,
    Round,
    Route,
    RouteDefault,
    Seat,
    Signature,
    Waiting,
)
from scoring.rules import FAIL
from staff.choices import Action, Role
from staff.duties import Duty
from staff.permissions import allows, may_replace


def route_of(project: Project) -> Route:
    """The route chosen for a project; else the firm's default.

    A route without the expert panel, chosen before the project became 重大, does not count any more."""
    chosen = ProjectRoute.objects.filter(project=project).select_related("route").first()
    default = default_route(project)
    return default if chosen is None or lacks_panel(chosen.route, default) else chosen.route


def lacks_panel(route: Route, default: Route) -> bool:
    """Whether the project's default route passes the expert panel and `route` does not."""
    panels = Level.objects.filter(kind=LevelKind.PANEL).order_by()
    if not panels.filter(route=default).exists():
        return False
    return not panels.filter(route=route).exists()


def default_route(project: Project) -> Route:
    """The route that the firm's defaults give a project of this importance and business line."""
    defaults = RouteDefault.objects.filter(
        importance=project.importance, business_line__in=["", project.business_line]
    )
    return defaults.select_related("route").order_by("-business_line")[0].route


def candidates(deliverable, level: Level) -> list:
    """The people who may hold a seat of `level`: by role on the project, the preparer left out. Nearest first."""
    action = Action.ISSUE if level.kind == LevelKind.ISSUE else Action.SIGN_LEVEL
    found: list = []
    for role in level.roles:
        if allows(action, {role}):
            found += [p for p in holders_of(deliverable.project, role, deliverable.discipline) if p not in found]
    return [person for person in found if person.pk != deliverable.preparer_id]


def panel_candidates(deliverable) -> list:
    """The experts (评审专家) who may sit on a panel."""
    experts = holders_of(deliverable.project, Role.EXPERT)
    return [person for person in experts if person.pk != deliverable.preparer_id]


def default_seats(deliverable, route: Route) -> dict[tuple[int, int], object]:
    """(level id, seat number) → person, the first free candidate for each; what cannot be filled is left out."""
    taken = {deliverable.preparer_id}
    seats: dict[tuple[int, int], object] = {}

    def take(level, number, people):
        person = next((p for p in people if p.pk not in taken), None)
        if person is not None:
            taken.add(person.pk)
            seats[level.pk, number] = person

    for level in route.levels.exclude(kind=LevelKind.PREPARE):
        take(level, 0, candidates(deliverable, level))
        if level.kind == LevelKind.PANEL:
            experts = panel_candidates(deliverable)
            for number in range(1, level.panel_size + 1):
                take(level, number, experts)
    return seats


def missing_seats(round: Round) -> list[str]:
    """The places of the chain that nobody holds, or that somebody holds who has left, in words."""
    held = {(s.level_id, s.number): s.holder for s in round.deliverable.seats.select_related("holder")}
    missing = []
    for level in round.route.levels.exclude(kind=LevelKind.PREPARE):
        for number in range(level.panel_size + 1):
            name = level.title if number == 0 else f"{level.title}专家 {number}"
            holder = held.get((level.pk, number))
            if holder is None:
                missing.append(f"{name}：尚未指定")
            elif not holder.is_active:
                missing.append(f"{name}：{holder.name} 已停用")
    return missing


def exempted_levels(deliverable) -> set[int]:
    """The levels that are exempted: none, whatever was signed, once the deliverable has calculation work (rule 1 [S])."""
    return set() if deliverable.has_calculation else set(deliverable.exemptions.values_list("level", flat=True))


def levels_to_pass(round: Round) -> list[Level]:
    """The route's levels in order, the exempted ones left out."""
    exempt = exempted_levels(round.deliverable)
    return [level for level in round.route.levels.all() if level.pk not in exempt]


def next_level(round: Round, level: Level) -> Level:
    """The level after `level`. The issue is the last one and has none."""
    return next(candidate for candidate in levels_to_pass(round) if candidate.order > level.order)


def signatures_of(round: Round):
    """The signatures of a round that stand, level by level in the order of signing (a panel's leader comes last)."""
    return (
        round.signatures.filter(revoked_at__isnull=True)
        .select_related("level", "signer", "score_sheet")
        .order_by("level__order", "signed_at", "pk")
    )


def rounds_of(deliverable) -> list[Round]:
    """Every round of a deliverable, oldest first, with all that its seals and its own page show of it: a page reads them
    once. Signatures that were taken back are among them."""
    signatures = Signature.objects.select_related("level", "signer", "score_sheet")
    rounds = (
        deliverable.rounds.select_related("level", "route", "version", "last_actor")
        .prefetch_related(
            "route__levels",
            Prefetch("signatures", signatures.order_by("level__order", "signed_at", "pk")),
            Prefetch("waitings", Waiting.objects.select_related("user__unit")),
        )
        .order_by("number")
    )
    return list(rounds)


def unsettled_up_to(round: Round, level: Level):
    """The remarks that keep `level` from being signed: not yet closed, raised at this level or below it."""
    return Remark.objects.unsettled().filter(deliverable=round.deliverable_id, level__order__lte=level.order)


def remarks_to_answer(deliverable):
    """The remarks that wait for the preparer."""
    return deliverable.remarks.filter(state=RemarkState.OPEN).select_related("level", "raised_by")


def amounts_of(round: Round, signatures=None) -> list[tuple[str, Decimal | None]]:
    """(step, amount in 元) in order: 送审, 初稿, then what each level signed for (rule 10).

    `signatures` are those of `signatures_of`, where the caller has them already."""
    kinds = (LevelKind.REVIEW, LevelKind.PANEL)
    if signatures is None:
        found = signatures_of(round).select_related(None).filter(seat_number=0, level__kind__in=kinds)
        signed = list(found.values_list("level__title", "amount"))
    else:
        signed = [(s.level.title, s.amount) for s in signatures if s.seat_number == 0 and s.level.kind in kinds]
    return [("送审", round.version.submitted_amount), ("初稿", round.version.draft_amount), *signed]


def is_about_money(round: Round) -> bool:
    return round.version.submitted_amount is not None or round.version.draft_amount is not None


def prompts(round: Round, amount: Decimal | None = None) -> list[rules.Prompt]:
    """What the system knows and the signer of the current level should look at (rule 4).

    `amount` is the one about to be signed (元): a swing over the route's threshold becomes a prompt."""
    project = round.deliverable.project
    found = [
        rules.Prompt(f"risk:{risk.pk}", f"未处理风险（{risk.owner.name}）：{risk}")
        for risk in project.risks.filter(status=RiskStatus.OPEN)
        .select_related("owner")
        .only("description", "owner__name")
    ]
    found += [
        rules.Prompt(f"inquiry:{inquiry.pk}", f"委托人询问尚未答复：{inquiry}")
        for inquiry in project.inquiries.filter(answered_at__isnull=True).only("question")
    ]
    amounts = amounts_of(round)
    if amount is not None:
        amounts.append((round.level.title, amount))
    for step in rules.amount_steps(amounts):
        if rules.is_swing(step, round.route.swing_percent):
            size = step.percent_words if step.percent is not None else "由零变动"
            found.append(
                rules.Prompt(
                    f"swing:{step.title}:{step.amount}",
                    f"{step.title}金额较上一级变动 {step.difference:,} 元（{size}）".replace("-", "−"),
                )
            )
    refused = ChecklistAnswer.objects.filter(
        signature__round=round, signature__revoked_at__isnull=True, result=ChecklistResult.NO
    ).order_by("signature__level__order", "signature__signed_at", "signature", "order")
    found += [
        rules.Prompt(f"answer:{pk}", f"{title}核查为“否”：{text}")
        for pk, title, text in refused.values_list("pk", "signature__level__title", "text")
    ]
    return found


def statements_before(round: Round):
    """What the levels before stated, for the next signer to see: signatures with their statements."""
    return signatures_of(round).prefetch_related("statements", "answers")


@dataclass(frozen=True)
class Gap:
    """A condition of the issue that does not hold, and who owes it."""

    text: str
    owed_by: str


def issue_gaps(round: Round) -> list[Gap]:
    """Rule 9: everything that stands between this round and its issue. Empty means that it may be issued."""
    return [
        *_signature_gaps(round),
        *_remark_gaps(round),
        *_score_gaps(round),
        *_version_gaps(round),
        *_project_gaps(round),
    ]


def _signature_gaps(round: Round) -> list[Gap]:
    signed = {(s.level_id, s.seat_number): s for s in signatures_of(round)}
    holders = {(s.level_id, s.number): s.holder for s in round.deliverable.seats.select_related("holder")}
    gaps = []
    for level in levels_to_pass(round):
        if level.kind == LevelKind.ISSUE:
            continue
        for number in range(level.panel_size + 1):
            signature = signed.get((level.pk, number))
            holder = holders.get((level.pk, number))
            name = level.title if number == 0 else f"{level.title}（专家 {number}）"
            owed_by = holder.name if holder else "项目经理"
            if level.kind == LevelKind.PREPARE:
                owed_by = round.deliverable.preparer.name
            if signature is None:
                gaps.append(Gap(f"{name}尚未签署", owed_by))
            elif signature.manifest_sha256 != round.version.manifest_sha256:
                gaps.append(Gap(f"{name}签署的文件与当前版本不一致", owed_by))
            elif (
                number == 0 and level.kind != LevelKind.PREPARE and is_about_money(round) and signature.amount is None
            ):
                gaps.append(Gap(f"{name}未填写本级金额", owed_by))
    return gaps


def _remark_gaps(round: Round) -> list[Gap]:
    gaps = []
    preparer = round.deliverable.preparer.name
    for remark in round.deliverable.remarks.unsettled().select_related("raised_by"):
        owed_by = preparer if remark.state == RemarkState.OPEN else remark.raised_by.name
        # A draft is its writer's alone: that there is one is told, not which.
        words = "有校审意见尚未发出" if remark.state == RemarkState.DRAFT else f"{remark}{remark.get_state_display()}"
        gaps.append(Gap(words, owed_by))
    return gaps


def _score_gaps(round: Round) -> list[Gap]:
    scored = [level for level in levels_to_pass(round) if level.is_scored]
    signed = {s.level_id: s for s in signatures_of(round) if s.seat_number == 0}
    gaps = []
    for level in scored:
        signature = signed.get(level.pk)
        if signature is None:
            continue  # told by the missing signature
        if signature.score_sheet is None:
            gaps.append(Gap(f"{level.title}未评分", signature.signer.name))
        elif signature.score_sheet.grade == FAIL:
            gaps.append(Gap(f"成果评分 {signature.score_sheet.total} 分，不合格", round.deliverable.preparer.name))
    return gaps


def _version_gaps(round: Round) -> list[Gap]:
    preparer = round.deliverable.preparer.name
    if round.version.sealed_at is None:
        return [Gap("成果文件尚未提交", preparer)]
    return [Gap(f"文件“{name}”与封存时的哈希不一致", preparer) for name in damaged_files(round.version)]


def _project_gaps(round: Round) -> list[Gap]:
    project = round.deliverable.project
    gaps = [
        Gap(f"风险未处理：{risk}", risk.owner.name)
        for risk in project.risks.filter(status=RiskStatus.OPEN).select_related("owner")
    ]
    if route_of(project) != round.route:
        gaps.append(
            Gap(
                f"项目现行路线为“{route_of(project)}”，本轮按“{round.route}”审签，须重新审签",
                round.deliverable.preparer.name,
            )
        )
    return gaps


def last_signature(round: Round) -> Signature | None:
    """The newest signature of a round that stands; from those that are loaded, where they are."""
    standing = [signature for signature in round.signatures.all() if signature.revoked_at is None]
    return max(standing, key=lambda signature: (signature.signed_at, signature.pk), default=None)


# What only a preparer does, by the words of the evidence chain. A preparer who took over a draft and gave it on again
# has left no other trace.
_ACTS_OF_PREPARERS = [
    "attachment.add", "attachment.remove", "version.update",
    *(f"review.{act}" for act in (Act.SUBMIT, Act.ANSWER, Act.REVISE, Act.WITHDRAW)),
]  # fmt: skip


def has_prepared(user, deliverable) -> bool:
    """Whether `user` is preparer of this deliverable or ever worked on it as such: that person signs no level (rule 6)."""
    return (
        deliverable.preparer_id == user.pk
        or deliverable.versions.filter(created_by=user).exists()
        or Entry.objects.about(deliverable).filter(actor=user, action__in=_ACTS_OF_PREPARERS).exists()
    )


def inbox(user):
    """待办: live rounds that wait for `user`, sent-back ones first, then by due date."""
    return user.waitings.select_related(
        "round__deliverable__project", "round__deliverable__preparer", "round__level", "round__version"
    ).order_by("round__deliverable__due_on", "since")


def deliverable_rows(user):
    """The deliverables that `user` may see, each with its one current round (`row.current[0]`) and whom it waits for."""
    waitings = Prefetch("waitings", Waiting.objects.select_related("user"))
    current = Round.objects.current().select_related("level").prefetch_related(waitings)
    return (
        Deliverable.objects.visible_to(user)
        .select_related("project__unit", "discipline", "preparer")
        .prefetch_related(Prefetch("rounds", queryset=current, to_attr="current"))
    )


def is_withdrawable(round: Round) -> bool:
    """Whether nobody has acted since the preparer submitted (rule 7)."""
    signed = signatures_of(round).exclude(signer=round.deliverable.preparer_id).exists()
    remarked = round.remarks.exclude(state=RemarkState.DRAFT).exists()
    return not signed and not remarked and not rechecks_in(round).exists()


def rechecks_in(round: Round):
    """The re-checks in this round, also of remarks that were raised in a round before."""
    return RemarkEvent.objects.filter(round=round).exclude(kind=RemarkEventKind.ANSWER)


def seats_of(round: Round, signatures) -> list[Seat]:
    """The seats of a round's deliverable in order; `seat.is_open` says whether it can still be handed over.

    `signatures` are those of `signatures_of`."""
    signed = {(signature.level_id, signature.seat_number) for signature in signatures}
    seats = list(round.deliverable.seats.select_related("level", "holder__unit").order_by("level__order", "number"))
    for seat in seats:
        if seat.level.kind == LevelKind.PREPARE:
            seat.is_open = round.state in (State.PREPARING, State.ANSWERING)
        else:
            seat.is_open = round.is_live and (seat.level_id, seat.number) not in signed
    return seats


def role_of_seat(seat: Seat) -> str:
    """The role that a seat takes."""
    return seat.level.role if seat.number == 0 else Role.EXPERT


def may_give(user, deliverable, seats: list[Seat]) -> set[int]:
    """Ids of the seats that `user` may hand over: the own ones; another's by a role that does not stand below the
    seat's, and never where the seat looks over the user's own work."""
    roles = roles_for(user, deliverable)
    prepared = has_prepared(user, deliverable)
    return {
        seat.pk
        for seat in seats
        if seat.holder_id == user.pk
        or (may_replace(roles, role_of_seat(seat)) and (seat.level.kind == LevelKind.PREPARE or not prepared))
    }


def exemptible_levels(round: Round) -> list[Level]:
    """The levels that the technical director might still exempt (rule 1): none where there is calculation work."""
    if round.deliverable.has_calculation:
        return []
    signed = set(signatures_of(round).values_list("level", flat=True))
    return [level for level in levels_to_pass(round) if level.is_exemptible and level.pk not in signed]


def open_seats(user):
    """Seats that `user` holds in chains which are still live: what has to be handed over before leaving."""
    live = Round.objects.live().values("deliverable")
    return Seat.objects.filter(holder=user, deliverable__in=live).select_related("deliverable", "level").order_by("pk")


def roles_for(user, deliverable) -> set[str]:
    return roles_on(user, deliverable.project, deliverable.discipline)


def duties_before_leaving(user) -> list[Duty]:
    """The seats that `user` still holds in live chains, as duties to hand over before the account is closed."""
    return [
        Duty(f"{seat.deliverable.number} {seat.level.title}", f"/deliverables/{seat.deliverable_id}/")
        for seat in open_seats(user)
    ]
