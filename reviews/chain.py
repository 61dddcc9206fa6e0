"""The state of a round, and the one door through which it changes.

    编制中 ──提交──▶ 审签中 ──签署──▶ 审签中 … ──末级签署──▶ 待签发 ──签发──▶ 已签发
      ▲               │ ▲                                  │
      │        提出意见│ │回复意见                           │退回
      │               ▼ │                                  ▼
      └─ 新的一轮 ◀─ 待回复意见 ── 新建版本 ─▶ 已作废   已退回 / 已撤回

TABLE says which act leads where. ACTORS says whose act it is. Every transition is one call of `move`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from ledger.services import record
from notices.choices import Kind
from projects.queries import roles_on
from reviews.choices import LIVE_STATES, Act, Duty, LevelKind, State
from reviews.models import Level, Round, Seat, Waiting
from reviews.telling import tell
from staff import permissions
from staff.choices import Action
from staff.models import User

S = State

TABLE: dict[tuple[State, Act], State] = {
    (S.PREPARING, Act.APPOINT): S.PREPARING,
    (S.PREPARING, Act.EXEMPT): S.PREPARING,
    (S.PREPARING, Act.REVISE): S.PREPARING,
    (S.PREPARING, Act.SUBMIT): S.REVIEWING,
    (S.REVIEWING, Act.RETURN_REMARKS): S.ANSWERING,
    (S.ANSWERING, Act.ANSWER): S.REVIEWING,
    (S.REVIEWING, Act.JOIN_OPINION): S.REVIEWING,
    (S.REVIEWING, Act.SIGN): S.REVIEWING,
    (S.REVIEWING, Act.SIGN_LAST): S.ISSUING,
    (S.REVIEWING, Act.REVOKE): S.REVIEWING,
    (S.ISSUING, Act.REVOKE): S.REVIEWING,
    (S.REVIEWING, Act.EXEMPT): S.REVIEWING,
    (S.REVIEWING, Act.WITHDRAW): S.WITHDRAWN,
    (S.REVIEWING, Act.SEND_BACK): S.SENT_BACK,
    (S.ISSUING, Act.SEND_BACK): S.SENT_BACK,
    (S.REVIEWING, Act.REVISE): S.VOIDED,
    (S.ANSWERING, Act.REVISE): S.VOIDED,
    (S.ISSUING, Act.REVISE): S.VOIDED,
    (S.ISSUING, Act.ISSUE): S.ISSUED,
    **{(state, Act.HAND_OVER): state for state in LIVE_STATES},
}


class Who(Enum):
    """Whose act it is, besides having the right to it."""

    PREPARER = "编制人"
    HOLDER = "当前环节审签人"
    MEMBER = "评审专家"
    ANYONE = "有权限的人"


@dataclass(frozen=True)
class Terms:
    """Who may do an act: the permission, and the place in the chain."""

    action: Action
    who: Who


ACTORS: dict[Act, Terms] = {
    Act.APPOINT: Terms(Action.CREATE_DELIVERABLE, Who.ANYONE),
    Act.REVISE: Terms(Action.PREPARE, Who.PREPARER),
    Act.SUBMIT: Terms(Action.PREPARE, Who.PREPARER),
    Act.ANSWER: Terms(Action.PREPARE, Who.PREPARER),
    Act.WITHDRAW: Terms(Action.PREPARE, Who.PREPARER),
    Act.RETURN_REMARKS: Terms(Action.SIGN_LEVEL, Who.HOLDER),
    Act.SIGN: Terms(Action.SIGN_LEVEL, Who.HOLDER),
    Act.SIGN_LAST: Terms(Action.SIGN_LEVEL, Who.HOLDER),
    Act.JOIN_OPINION: Terms(Action.SIGN_LEVEL, Who.MEMBER),
    Act.REVOKE: Terms(Action.SIGN_LEVEL, Who.ANYONE),  # the signer of the last signature; checked by the service
    Act.SEND_BACK: Terms(Action.SIGN_LEVEL, Who.HOLDER),
    Act.EXEMPT: Terms(Action.EXEMPT_LEVEL, Who.ANYONE),
    Act.HAND_OVER: Terms(Action.HAND_OVER, Who.ANYONE),
    Act.ISSUE: Terms(Action.ISSUE, Who.HOLDER),
}

# After these ends the preparer starts over: a new round opens at once.
STARTS_OVER = (State.SENT_BACK, State.WITHDRAWN, State.VOIDED)


class AlreadyHandled(Exception):
    """Somebody was faster, or the page is stale. The message says who and when, in Chinese."""

    status_code = 409

    def __init__(self, round: Round):
        self.actor = round.last_actor
        self.at = round.last_acted_at
        self.what = round.get_last_act_display()
        self.deliverable_id = round.deliverable_id
        when = timezone.localtime(self.at)
        day = "" if when.date() == timezone.localdate() else f"{when:%Y-%m-%d} "
        name = self.actor.name if self.actor else "系统"
        super().__init__(f"已由（{name}）于 {day}{when:%H:%M} 处理：{self.what}。请查看最新状态。")


def already_handled(round: Round) -> AlreadyHandled:
    """The refusal of a move that came too late, in the words of what is there now."""
    return AlreadyHandled(Round.objects.select_related("last_actor").get(pk=round.pk))


def _has_place(who: Who, round: Round, actor, seats: set[tuple[int, int]]) -> bool:
    """Whether `actor`, holding `seats` (level id, number), has the place that an act takes."""
    if who is Who.PREPARER:
        return actor.pk == round.deliverable.preparer_id
    if who is Who.HOLDER:
        return (round.level_id, 0) in seats
    if who is Who.MEMBER:
        return any(level == round.level_id and number > 0 for level, number in seats)
    return True


def _seats_of(actor, round: Round) -> set[tuple[int, int]]:
    mine = Seat.objects.filter(deliverable=round.deliverable_id, holder=actor).order_by()
    return set(mine.values_list("level_id", "number"))


def require_place(round: Round, act: Act, actor) -> None:
    """Raise PermissionDenied unless `actor` has the right to `act` and the place in the chain that it takes."""
    terms = ACTORS[act]
    deliverable = round.deliverable
    permissions.require(actor, terms.action, roles_on(actor, deliverable.project, deliverable.discipline))
    _require_seat(round, act, actor)


def _require_seat(round: Round, act: Act, actor) -> None:
    who = ACTORS[act].who
    if not _has_place(who, round, actor, _seats_of(actor, round)):
        raise PermissionDenied(f"只有{who.value}可以{act.label}。")


def possible_acts(round: Round, actor, seats: list[Seat] | None = None) -> set[Act]:
    """The acts that TABLE, permission and place leave open to `actor` now: which buttons a page offers.

    What an act asks for beyond that (a reason, closed remarks, nobody has acted since) is its service's business.
    `seats` are all those of the deliverable, where the caller has them already."""
    roles = roles_on(actor, round.deliverable.project, round.deliverable.discipline) if actor.is_active else set()
    if seats is None:
        places = _seats_of(actor, round)
    else:
        places = {(seat.level_id, seat.number) for seat in seats if seat.holder_id == actor.pk}
    return {
        act
        for state, act in TABLE
        if state == round.state
        and permissions.allows(ACTORS[act].action, roles)
        and _has_place(ACTORS[act].who, round, actor, places)
    }


def duties(round: Round) -> list[tuple[int, Duty]]:
    """Whom a round waits for and for what: (user id, duty). The inbox is this and nothing else."""
    if round.state in (State.PREPARING, State.ANSWERING):
        duty = Duty.PREPARE if round.state == State.PREPARING else Duty.ANSWER
        return [(round.deliverable.preparer_id, duty)]
    if round.state not in LIVE_STATES:
        return []
    held = round.deliverable.seats.filter(level=round.level_id).order_by("number")
    seats = dict(held.values_list("number", "holder_id"))
    if round.level.kind == LevelKind.ISSUE:
        return [(seats[0], Duty.ISSUE)]
    if round.level.kind == LevelKind.PANEL:
        signed = set(
            round.signatures.filter(level=round.level_id, revoked_at__isnull=True).values_list(
                "seat_number", flat=True
            )
        )
        missing = [(user, Duty.OPINION) for number, user in seats.items() if number > 0 and number not in signed]
        if missing:
            return missing
    return [(seats[0], Duty.SIGN)]


def rewrite_waiting(round: Round, actor=None) -> None:
    """Make the inbox say what the round waits for, and tell those for whom that is new; not `actor`, who knows."""
    wanted = dict(duties(round))
    for row in list(round.waitings.all()):
        if wanted.get(row.user_id) == row.duty:
            del wanted[row.user_id]
        else:
            row.delete()
    Waiting.objects.bulk_create(Waiting(round=round, user_id=user, duty=duty) for user, duty in wanted.items())
    if others := wanted.keys() - {getattr(actor, "pk", None)}:
        people = User.objects.filter(pk__in=others)
        tell(round, recipients=people, kind=Kind.TO_DO, title=f"{round.word}：{round.deliverable}")


def open_round(*, deliverable, route, version, actor, number: int = 1) -> Round:
    """A new round in 编制中 at the self-check level."""
    now = timezone.now()
    round = Round.objects.create(
        deliverable=deliverable, number=number, route=route, version=version, level=route.levels.get(order=0),
        last_actor=actor, last_act=Act.OPEN, opened_at=now, last_acted_at=now,
    )  # fmt: skip
    rewrite_waiting(round, actor)
    return round


@transaction.atomic
def move(
    *,
    round: Round,
    act: Act,
    actor,
    turn: int,
    level: Level | None = None,
    reason: str = "",
    write: Callable[[Round], dict] = lambda round: {},
) -> Round:
    """The only way in which a round changes. In order:

    1. permission and place of `actor`; 2. TABLE; 3. claim by compare-and-set on `turn` (0 rows: AlreadyHandled);
    4. `write(round)`, which checks and writes what belongs to the act and returns what the ledger keeps (it may set
       `round.version` to the version of the round that follows);
    5. a new round where the act ends this one early; 6. inbox; 7. ledger.

    `turn` is the one that the actor's page was drawn for; `level` where the round goes (None: it stays).
    Returns the live round afterwards (a new one after 退回, 撤回, 作废). Raises PermissionDenied, AlreadyHandled, and
    whatever `write` raises; then nothing has happened.
    """
    round = Round.objects.select_related(
        "deliverable__project", "deliverable__discipline", "route", "version", "level"
    ).get(pk=round.pk)
    permissions.require(
        actor, ACTORS[act].action, roles_on(actor, round.deliverable.project, round.deliverable.discipline)
    )
    target = TABLE.get((State(round.state), act))
    if target is None or round.turn != turn:
        raise already_handled(round)
    _require_seat(round, act, actor)
    claimed = _claim(round, act, actor, target, level, reason)
    facts = {"round": round.number, "version": round.version.number, "level": round.level.title, "state": target}
    for name, value in claimed.items():
        if name != "level":  # what belongs to the act is written at the level where it was done
            setattr(round, name, value)
    facts |= write(round)
    if level is not None:
        round.level = level
    live = _start_over(round, actor) if target in STARTS_OVER else round
    rewrite_waiting(round, actor)
    if reason:
        facts["reason"] = reason
    record(actor=actor, action=f"review.{act}", subject=round.deliverable, data=facts, scope=round.deliverable.project)
    return live


def _claim(round: Round, act: Act, actor, target: State, level: Level | None, reason: str) -> dict:
    """Compare-and-set: exactly one of those who try at the same turn gets the row. Returns what it holds now."""
    now = timezone.now()
    changes = {
        "state": target.value,
        "turn": round.turn + 1,
        "last_actor": actor,
        "last_act": act,
        "last_acted_at": now,
    }
    if level is not None:
        changes["level"] = level
    if act == Act.SUBMIT:
        changes["submitted_at"] = now
    if target not in LIVE_STATES:
        changes |= {"ended_at": now, "end_reason": reason}
    if not Round.objects.filter(pk=round.pk, state=round.state, turn=round.turn).update(**changes):
        raise already_handled(round)
    return changes


def _start_over(round: Round, actor) -> Round:
    return open_round(
        deliverable=round.deliverable, route=round.route, version=round.version, actor=actor, number=round.number + 1
    )


def touch(*, round: Round, actor, turn: int) -> Round:
    """Hold a round for a write that does not move it (a remark, a re-check): whoever moves it meanwhile waits or loses.

    The row is written as it is, which locks it; when it was last moved, and by whom, stays what it was.

    Must run in a transaction. Raises AlreadyHandled when the round has moved since `turn`."""
    if not Round.objects.filter(pk=round.pk, turn=turn, state__in=LIVE_STATES).update(turn=turn):
        raise already_handled(round)
    return Round.objects.select_related("deliverable__project__unit", "deliverable__discipline", "level").get(
        pk=round.pk
    )
