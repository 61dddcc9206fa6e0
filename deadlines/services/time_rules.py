"""Changing the time standards. A change is a new version; clocks that run keep theirs unless whoever changes it has seen
what would move and says that it shall (§6)."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from deadlines import queries, rules, scopes
from deadlines.choices import Event, State
from deadlines.models import Deadline, DeadlineRule
from deadlines.services.clocks import course, ends, reckon, tell, told_scope
from ledger.rules import canonical_json
from ledger.services import record
from staff import permissions
from staff.choices import Action, Role

FIELDS = (
    "title", "amount", "measure", "moves_to_working_day", "business_lines", "contract_kind", "owed_by", "reminders",
    "escalation", "repeat_every", "fulfilled_by", "max_times", "clause", "is_active",
)  # fmt: skip


MOST = 10_000
# Their clocks end with a day that people agreed upon: the length is no matter of the rule.
AGREED = (Event.ACTION_ITEM_SET,)
LENGTH = ("amount", "measure", "moves_to_working_day")


@dataclass(frozen=True)
class Move:
    """What a change would do to one clock that runs."""

    deadline: Deadline
    due_on: date
    due_at: datetime

    @property
    def is_moved(self) -> bool:
        return self.due_at != self.deadline.due_at

    @property
    def days(self) -> int:
        return (self.due_on - self.deadline.due_on).days


def digest_of(moves: list[Move]) -> str:
    """A mark of what was shown: if it differs when the change is confirmed, something has happened in between."""
    seen = [[move.deadline.pk, move.deadline.due_at, move.due_at, move.deadline.state] for move in moves]
    return hashlib.sha256(canonical_json(seen).encode()).hexdigest()


def _checked(rule: DeadlineRule, changes: dict) -> DeadlineRule:
    """The next version of `rule` with `changes`, not saved. Raises ValidationError for what makes no sense."""
    values = {name: changes.get(name, getattr(rule, name)) for name in FIELDS}
    following = DeadlineRule(code=rule.code, event=rule.event, version=rule.version + 1, **values)
    following.full_clean(exclude=["code"], validate_unique=False, validate_constraints=False)
    if rule.event in AGREED and any(values[name] != getattr(rule, name) for name in LENGTH):
        raise ValidationError(f"“{rule.title}”按约定的日期到期，期限、计量和顺延不能修改；可以调整提醒和逾期升级。")
    _check_plan(following)
    return following


def _check_plan(rule: DeadlineRule) -> None:
    days = rule.reminders
    if not isinstance(days, list) or not all(type(each) is int and 0 <= each <= MOST for each in days):
        raise ValidationError({"reminders": "提前提醒须为不小于 0 的整数。"})
    # No number of days or minutes that leaves the calendar: SQLite would keep any.
    if rule.repeat_every > MOST:
        raise ValidationError({"repeat_every": f"升级到顶后再提醒的间隔不能大于 {MOST}。"})
    ladder = rule.escalation
    known = set(Role.values)
    if not isinstance(ladder, list) or not all(
        isinstance(step, list | tuple)
        and len(step) == 2
        and type(step[0]) is int
        and 1 <= step[0] <= MOST
        and step[1] in known
        for step in ladder
    ):
        raise ValidationError({"escalation": "逾期升级每级须为大于 0 的整数和一个角色。"})
    after = [step[0] for step in ladder]
    if after != sorted(set(after)):
        raise ValidationError({"escalation": "逾期升级须按时间先后排列，每级一个时间。"})
    for name, label in (("business_lines", "business_lines"), ("fulfilled_by", "deliverable_kinds")):
        allowed = {value for value, _ in scopes.choices(label)}
        if not isinstance(getattr(rule, name), list) or not set(getattr(rule, name)) <= allowed:
            raise ValidationError({name: "含有未知的选项。"})
    if rule.contract_kind and rule.contract_kind not in {value for value, _ in scopes.choices("contract_kinds")}:
        raise ValidationError({"contract_kind": "未知的合同类别。"})


def preview_rule(rule: DeadlineRule, changes: dict) -> list[Move]:
    """What `changes` would do to each open clock of the rule, whichever version it runs by. A clock that stands still
    shows no move: its end is reckoned when it goes on. Raises ValidationError for changes that make no sense."""
    following = _checked(rule, changes)
    running = list(
        Deadline.objects.open().filter(rule__code=rule.code).select_related("rule", "responsible").order_by("pk")
    )
    return _moves(running, queries.working_calendar(), following)


def _moves(running: list[Deadline], calendar: rules.Calendar, following: DeadlineRule | None = None) -> list[Move]:
    pauses, now = queries.pauses_of(running), timezone.now()
    moves = []
    for deadline in running:
        if deadline.state == State.SUSPENDED:
            moves.append(Move(deadline, deadline.due_on, deadline.due_at))
            continue
        term = deadline.term
        if following is not None:
            term = rules.Term(
                max(following.amount + deadline.extra, 1), following.measure, following.moves_to_working_day
            )
        found = course(term, deadline.started_at, pauses[deadline.pk], calendar, now=now)
        moves.append(Move(deadline, found.due_on, found.due_at))
    return moves


@transaction.atomic
def change_rule(
    *, actor, rule: DeadlineRule, changes: dict, reason: str, move_running: bool, seen: str
) -> DeadlineRule:
    """Put the next version of a rule in force. `seen` is `digest_of` the moves that were shown; with `move_running` the
    open clocks go over to the new version, otherwise each keeps its own until it ends.

    Raises ValidationError for nonsense, no reason, nothing changed, a version that somebody else made meanwhile, and when
    what would move is no longer what was shown."""
    permissions.require_post(actor, Action.MANAGE_TIME_RULES)
    if not reason.strip():
        raise ValidationError({"reason": "请说明修订理由。"})
    # The version is held, then looked at: PostgreSQL would not find a row that was superseded while we waited. Its key stays
    # free for clocks that start meanwhile.
    DeadlineRule.objects.select_for_update(no_key=True).values_list("pk").get(pk=rule.pk)
    newest = DeadlineRule.objects.newest().get(code=rule.code)
    if newest.pk != rule.pk:
        raise ValidationError(f"该规则已修订为第 {newest.version} 版，请查看最新内容后再修改。")
    # Held before they are looked at: nobody moves a clock between the question and the answer.
    list(Deadline.objects.select_for_update(of=("self",)).open().filter(rule__code=rule.code).values_list("pk"))
    moves = preview_rule(rule, changes)
    if digest_of(moves) != seen:
        raise ValidationError("计时中的时限在您查看之后有变化，请重新核对受影响的时限。")
    following = _checked(rule, changes)
    changed = {name: [getattr(rule, name), getattr(following, name)] for name in FIELDS
               if getattr(rule, name) != getattr(following, name)}  # fmt: skip
    if not changed:
        raise ValidationError("没有修改任何内容。")
    now = timezone.now()
    DeadlineRule.objects.filter(pk=rule.pk).update(superseded_at=now)
    following.reason, following.created_at, following.created_by = reason.strip(), now, actor
    following.save(force_insert=True)
    record(actor=actor, action="time_rule.change", subject=following,
           data={"code": rule.code, "version": following.version, "changed": changed, "reason": reason.strip(),
                 "move_running": move_running, "open": len(moves), "moved": sum(each.is_moved for each in moves)})  # fmt: skip
    if move_running:
        _carry_over(moves, actor=actor, following=following, why=f"时限规则修订为第 {following.version} 版")
    return following


def _carry_over(moves: list[Move], *, actor, why: str, following: DeadlineRule | None = None, calendar=None) -> None:
    """Let the running clocks follow: each leaves its row, and who owes one that moved is told."""
    calendar, now = calendar or queries.working_calendar(), timezone.now()
    pauses = queries.pauses_of([move.deadline for move in moves])
    for move in moves:
        deadline, before = move.deadline, move.deadline.due_on
        if following is not None:
            deadline.rule = following
        if deadline.state == State.RUNNING:
            reckon(deadline, calendar, now=now, pauses=pauses[deadline.pk])
        deadline.save(update_fields=["rule", "due_on", "due_at", "next_at"])
        record(actor=actor, action="deadline.follow", subject=deadline, scope=told_scope(deadline),
               data={"why": why, "version": deadline.rule.version, **ends(deadline, before)})  # fmt: skip
        if deadline.due_on != before and deadline.responsible:
            tell(deadline, [deadline.responsible], body=f"{why}。",
                 title=f"到期日由 {before:%Y-%m-%d} 改为 {deadline.due_on:%Y-%m-%d}：{deadline}")  # fmt: skip
