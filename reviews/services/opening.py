"""Opening a chain and saying who sits where in it."""

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from ledger.services import record
from notices.choices import Kind
from projects import services as project_services
from projects.models import Deliverable, Project
from projects.queries import roles_on
from reviews import queries
from reviews.chain import move, open_round
from reviews.choices import Act, LevelKind, State
from reviews.models import Exemption, Level, ProjectRoute, Round, Route, Seat
from reviews.telling import tell
from staff import permissions
from staff.choices import Action, Role
from staff.confirmation import Confirmation, require_confirmation

Seats = Mapping[tuple[int, int], object]


@transaction.atomic
def open_deliverable(*, actor, project: Project, seats: Seats | None = None, **fields) -> Deliverable:
    """A new deliverable with its first version, its seats (the default ones unless given) and its first round."""
    deliverable = project_services.create_deliverable(actor=actor, project=project, **fields)
    route = queries.route_of(project)
    _write_seats(deliverable, route, queries.default_seats(deliverable, route) if seats is None else seats, actor)
    open_round(deliverable=deliverable, route=route, version=deliverable.versions.get(number=1), actor=actor)
    return deliverable


@transaction.atomic
def update_deliverable(*, actor, deliverable: Deliverable, **fields) -> Deliverable:
    """Change the facts of a deliverable that is being prepared. Raises ValidationError once it is under review."""
    permissions.require(actor, Action.CREATE_DELIVERABLE, queries.roles_for(actor, deliverable))
    # Locked: a submission at the same moment goes first or waits.
    if deliverable.rounds.select_for_update().filter(state=State.PREPARING).first() is None:
        raise ValidationError("成果文件已进入审签，不能修改基本信息。")
    return project_services.update_deliverable(actor=actor, deliverable=deliverable, **fields)


def _may_sit(person, deliverable: Deliverable, level: Level) -> None:
    """Raise ValidationError unless `person` may hold a seat at all (rule 6, 三员分立)."""
    if not person.is_active:
        raise ValidationError(f"{person.name} 已停用，不能担任{level.title}。")
    if queries.has_prepared(person, deliverable):
        raise ValidationError(f"{person.name} 是本成果的编制人，不能担任{level.title}。编制与各级审签须为不同人员。")
    if permissions.is_set_apart(role for role, _ in person.posts_today):
        raise ValidationError(f"{person.name} 是系统管理员或审计员，不能参与审签（三员分立）。")


def _write_seats(deliverable: Deliverable, route: Route, seats: Seats, actor) -> None:
    """Put people into the seats of a route. Raises ValidationError for one person in two seats."""
    levels = {level.pk: level for level in route.levels.all()}
    people = [person.pk for person in seats.values()]
    if len(people) != len(set(people)):
        raise ValidationError("同一人不能担任两级审签，请为各级指定不同人员。")
    deliverable.seats.all().delete()
    Seat.objects.create(deliverable=deliverable, level=route.levels.get(order=0), holder=deliverable.preparer)
    for (level_id, number), person in seats.items():
        level = levels[level_id]
        _may_sit(person, deliverable, level)
        allowed = queries.candidates(deliverable, level) if number == 0 else queries.panel_candidates(deliverable)
        if person not in allowed:
            raise ValidationError(f"{person.name} 不具备{level.title}的岗位或项目角色。")
        seat = Seat.objects.create(deliverable=deliverable, level=level, number=number, holder=person)
        if number > 0:
            _appoint_to_seat(actor, deliverable, seat, person, f"担任 {deliverable.number} {level.title}专家")


@transaction.atomic
def appoint_seats(*, actor, round: Round, turn: int, seats: Seats) -> Round:
    """Set everybody's seat anew while the deliverable is being prepared, on the project's present route."""

    route = queries.route_of(round.deliverable.project)

    def write(round: Round) -> dict:
        _write_seats(round.deliverable, route, seats, actor)
        if route.pk != round.route_id:
            round.route = route
            Round.objects.filter(pk=round.pk).update(route=route)
            _carry_remarks(round)
        return {
            "route": route.code,
            "seats": [[level, number, person.pk] for (level, number), person in seats.items()],
        }

    first = route.levels.get(order=0)
    return move(round=round, act=Act.APPOINT, actor=actor, turn=turn, level=first, write=write)


def _carry_remarks(round: Round) -> None:
    """Remarks that are not closed go to the level of the new route that is called the same, else to the one in the same
    place: a level that is not on the route could never close them, and nothing could be signed any more."""
    levels = [level for level in queries.levels_to_pass(round) if level.kind != LevelKind.PREPARE]
    for remark in round.deliverable.remarks.unsettled().select_related("level"):
        namesake = next((level for level in levels if level.title == remark.level.title), None)
        not_above = [level for level in levels if level.order <= remark.level.order] or levels[:1]
        remark.level = namesake or not_above[-1]
        remark.save(update_fields=["level"])


@transaction.atomic
def choose_route(*, actor, project: Project, route: Route, reason: str) -> ProjectRoute:
    """Choose a project's route against the default, with a reason. Rounds under way finish on theirs or are voided."""
    permissions.require(actor, Action.SET_TEAM, roles_on(actor, project))
    if not route.is_active:
        raise ValidationError("该路线已停用。")
    if not reason.strip():
        raise ValidationError({"reason": "请填写选择该路线的理由。"})
    default = queries.default_route(project)
    if queries.lacks_panel(route, default):
        raise ValidationError("重大项目须经专家评审组评审，不能选用不含专家评审的路线。")
    if _lacks_checking(route, default) and not permissions.allows(Action.EXEMPT_LEVEL, roles_on(actor, project)):
        raise ValidationError("该路线不含校核，须由单位技术负责人选定。")
    chosen, _ = ProjectRoute.objects.update_or_create(project=project, defaults={"route": route, "reason": reason})
    record(actor=actor, action="project.route", subject=project, data={"route": route.code, "reason": reason},
           scope=project)  # fmt: skip
    return chosen


def _lacks_checking(route: Route, default: Route) -> bool:
    """Whether `route` leaves out the 校核 of the default one: an exception that the technical director signs (rule 1)."""
    return default.levels.filter(is_exemptible=True).exists() and not route.levels.filter(is_exemptible=True).exists()


@transaction.atomic
def hand_over(*, actor, round: Round, turn: int, seat: Seat, to, reason: str, ends_on: date | None = None) -> Round:
    """Give a seat to a deputy, on record (rule 6): by its holder, the project manager or somebody above.

    The deputy gets the seat's role on the project by a dated assignment (until `ends_on`, if told). The preparer's seat changes the preparer,
    while the ball is with the preparer. Raises ValidationError for a level that is signed already, for a person who
    may not sit, and for an empty reason."""

    def write(round: Round) -> dict:
        require_seat_to_give(actor, round, seat)
        if not reason.strip():
            raise ValidationError({"reason": "请填写移交原因。"})
        if ends_on is not None and ends_on < timezone.localdate():
            raise ValidationError({"ends_on": "代理截止日期不能早于今天。"})
        if round.deliverable.seats.filter(holder=to).exists():
            raise ValidationError(f"{to.name} 已担任本成果的编制或另一级审签，编制与各级审签须为不同人员。")
        if seat.level.kind == LevelKind.PREPARE:
            _change_preparer(round, to)
        else:
            _may_take_over(round, seat, to)
        _appoint_to_seat(actor, round.deliverable, seat, to, reason, ends_on)
        giver = seat.holder
        Seat.objects.filter(pk=seat.pk).update(holder=to)
        tell(round, recipients=[to, giver], kind=Kind.HANDED_OVER, body=reason,
             title=f"{round.deliverable.number} {seat.level.title}由 {giver.name} 移交 {to.name}")  # fmt: skip
        return {"seat": [seat.level.title, seat.number], "from": giver.pk, "to": to.pk, "until": ends_on}

    return move(round=round, act=Act.HAND_OVER, actor=actor, turn=turn, reason=reason, write=write)


def require_seat_to_give(actor, round: Round, seat: Seat) -> None:
    """The holder gives away the own seat. Another's takes a role that does not stand below the seat's, and is never the
    preparer's to give where it looks over the preparer's work. Raises PermissionDenied."""
    if seat.deliverable_id != round.deliverable_id:
        raise PermissionDenied("该席位不属于本成果。")
    if seat.pk not in queries.may_give(actor, round.deliverable, [seat]):
        raise PermissionDenied("移交他人环节，须由职责不低于该环节的人员办理；编制人不能移交本成果的审签环节。")


def _may_take_over(round: Round, seat: Seat, to) -> None:
    if queries.signatures_of(round).filter(level=seat.level_id, seat_number=seat.number).exists():
        raise ValidationError(f"{seat.level.title}已签署，不能移交。")
    _may_sit(to, round.deliverable, seat.level)


def _change_preparer(round: Round, to) -> None:
    if round.state not in (State.PREPARING, State.ANSWERING):
        raise ValidationError("成果正在审签，退回编制人后才能更换编制人。")
    if not to.is_active or permissions.is_set_apart(role for role, _ in to.posts_today):
        raise ValidationError(f"{to.name} 不能担任编制人。")
    round.deliverable.preparer = to
    round.deliverable.save(update_fields=["preparer"])


def _appoint_to_seat(actor, deliverable: Deliverable, seat: Seat, to, reason: str, ends_on=None) -> None:
    role = queries.role_of_seat(seat)
    needs_discipline = role in (Role.DISCIPLINE_LEAD, Role.COST_ENGINEER)
    project_services.appoint_deputy(
        actor=actor, project=deliverable.project, user=to, role=role, reason=reason, ends_on=ends_on,
        discipline=deliverable.discipline if needs_discipline else None,
    )  # fmt: skip


@transaction.atomic
def exempt_level(*, actor, round: Round, turn: int, level: Level, reason: str, confirmation: Confirmation) -> Round:
    """The technical director's signed exception to 校核, for a deliverable without calculation work (rule 1).

    Raises ValidationError for a deliverable with calculation work [S], a level that may not be exempted, or no reason."""
    require_confirmation(confirmation, actor)

    def write(round: Round) -> dict:
        if round.deliverable.has_calculation:
            raise ValidationError("涉及计量或计算工作的成果文件必须经过校核，不能免除。")
        if not level.is_exemptible or level.route_id != round.route_id:
            raise ValidationError(f"{level.title}不能免除。")
        if queries.has_prepared(actor, round.deliverable):
            raise PermissionDenied("本人编制的成果不能由本人免除校核。")
        if not reason.strip():
            raise ValidationError({"reason": "请填写免除理由。"})
        if queries.signatures_of(round).filter(level=level).exists():
            raise ValidationError(f"{level.title}已签署，无须免除。")
        if round.deliverable.exemptions.filter(level=level).exists():
            raise ValidationError(f"{level.title}已免除。")
        if round.deliverable.remarks.unsettled().filter(level=level).exists():
            # Nobody else could ever close them.
            raise ValidationError(f"{level.title}还有未关闭的意见，不能免除。")
        exemption = Exemption(
            deliverable=round.deliverable, level=level, reason=reason, signed_by=actor, signed_at=timezone.now()
        )
        exemption.full_clean()
        exemption.save()
        return {"exempted": level.title}

    onward = None
    if round.state == State.REVIEWING and round.level_id == level.pk:
        onward = queries.next_level(round, level)
    return move(round=round, act=Act.EXEMPT, actor=actor, turn=turn, level=onward, reason=reason, write=write)
