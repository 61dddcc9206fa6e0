"""Starting and ending clocks. The floors above start them by an event of their own, which they have permitted; what people
do to a clock by hand is permitted here."""

import json
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from deadlines import queries, rules, scopes
from deadlines.choices import ENDED_BY_ACT, Decision, Event, Measure, State
from deadlines.models import Deadline, Suspension
from ledger.models import Entry
from ledger.services import record
from notices.choices import Kind
from notices.services import notify
from staff import permissions
from staff.choices import Action, Role


def told_scope(deadline: Deadline):
    """What the ledger files a clock's rows under: the record that it belongs to."""
    return _Named(deadline.scope_type, deadline.scope_id)


class _Named:
    """A record that is known by name only, because it stands on a floor above."""

    def __init__(self, label: str, pk: int):
        self._meta = type("_Meta", (), {"label_lower": label})
        self.pk = pk


def locked(deadline: Deadline) -> Deadline:
    """The clock as it is now, held until the transaction ends (SQLite holds the whole database)."""
    # Held first, read afterwards: PostgreSQL would join the row that it has waited for to the rule and the person from
    # before the wait.
    Deadline.objects.select_for_update().values_list("pk").get(pk=deadline.pk)
    return Deadline.objects.select_related("rule", "responsible").get(pk=deadline.pk)


def require_open(deadline: Deadline) -> None:
    """Raise ValidationError, with who ended it and when, for a clock that is over."""
    if deadline.is_open:
        return
    at = timezone.localtime(deadline.stopped_at)
    raise ValidationError(
        f"该时限已于 {at:%Y-%m-%d %H:%M} {'作废' if deadline.state == State.CANCELLED else '完成'}，请查看最新状态。"
    )


def place_of(deadline: Deadline, role: str) -> scopes.Place:
    # Only the roles of one discipline are looked for within it; everybody else answers for the whole.
    own = role in (Role.DISCIPLINE_LEAD, Role.COST_ENGINEER)
    return scopes.Place(deadline.scope_id, role, deadline.discipline_id if own else None)


def ends(deadline: Deadline, before=None) -> dict:
    """The end of a clock for the ledger; with the day on which it ended `before`, if it may have moved."""
    return {"due_on": deadline.due_on if before is None else [before, deadline.due_on], "due_at": deadline.due_at}


def owners(deadline: Deadline) -> set[int]:
    """The ids of all who owe the clock or have owed it since it started. None of them decides about it: a role can be
    handed away for as long as a decision takes."""
    found = {deadline.responsible_id}
    told = Entry.objects.about(deadline).filter(action__in=("deadline.start", "deadline.reassign"))
    for data in map(json.loads, told.values_list("data", flat=True)):
        found |= {data.get("responsible"), data.get("from"), data.get("to")}
    return found - {None}


def course(term: rules.Term, *given, **more) -> rules.Course:
    """As `rules.course`, for what people have asked for: ValidationError where no end is found."""
    try:
        return rules.course(term, *given, **more)
    except ValueError as error:
        raise ValidationError("按此计算，时限十年内不会届满，请核对。") from error


def reckon(deadline: Deadline, calendar: rules.Calendar, *, now: datetime, pauses=None, since=None) -> None:
    """Set end and next step of a clock anew. Steps that lie behind are not said any more, but for those from `since` on
    (None: now). The caller saves."""
    pauses = queries.pauses_of([deadline])[deadline.pk] if pauses is None else pauses
    found = course(deadline.term, deadline.started_at, pauses, calendar, now=now)
    deadline.due_on, deadline.due_at = found.due_on, found.due_at
    deadline.next_at = None
    if deadline.state == State.RUNNING:
        after = now if since is None else min(since, now)
        _, following = rules.steps_between(deadline.plan(pauses), calendar, after, after)
        deadline.next_at = following.at if following else None


# An event that lies further back was mistyped.
EARLIEST = timedelta(days=3 * 366)


@transaction.atomic
def start(*, actor, event: Event, subject: models.Model, scope: models.Model, url: str, event_at: datetime,
          label: str = "", business_line: str = "", contract_kind: str = "", discipline_id: int | None = None,
          beyond_reason: str = "", due_on: date | None = None) -> list[Deadline]:  # fmt: skip
    """Start every rule in force for `event` that covers such a project; one that runs for the subject already goes on.

    `url` is the page of the subject. `due_on` is a day that was agreed upon (会议待办): the clock ends with it, whatever the
    rule's amount; only rules in calendar days can be told so. A clock that is late already when its event is registered says at once what it
    should have said since its end. Raises ValidationError for an event in the future or more than three years ago, and
    when the project has used up a rule's usual number of times (标函分析 at most 3 rounds) and `beyond_reason` is empty."""
    now = timezone.now()
    if event_at > now:
        raise ValidationError("起算时间不能晚于现在。")
    if now - event_at > EARLIEST:
        raise ValidationError("起算时间在三年以前，请核对日期。")
    started = []
    calendar = None
    for rule in queries.rules_in_force(event):
        if not rule.covers(business_line, contract_kind):
            continue
        if Deadline.objects.open().of(subject).filter(rule__code=rule.code).exists():
            continue
        _require_times_left(rule, scope, beyond_reason)
        calendar = calendar or queries.working_calendar()
        deadline = Deadline(
            rule=rule, subject_type=subject._meta.label_lower, subject_id=subject.pk,
            subject_label=(label or str(subject))[:200], url=url, scope_type=scope._meta.label_lower,
            scope_id=scope.pk, scope_label=str(scope)[:200], discipline_id=discipline_id, started_at=event_at,
            started_by=actor, registered_at=now,
        )  # fmt: skip
        deadline.extra = _extra_to(due_on, deadline) if due_on else 0
        place = place_of(deadline, rule.owed_by)
        deadline.responsible = next(iter(scopes.holders(deadline.scope_type, [place])[place]), None)
        reckon(deadline, calendar, now=now, pauses=[])
        if deadline.due_at <= now:
            reckon(deadline, calendar, now=now, pauses=[], since=deadline.due_at)
        if _insert(deadline):
            started.append(deadline)
    # After the last insert, which may wait for whoever changes the rule and needs the ledger for that.
    for deadline in started:
        rule = deadline.rule
        data = {"rule": rule.code, "version": rule.version, "event_at": event_at, **ends(deadline),
                "of": [deadline.subject_type, deadline.subject_id], "responsible": deadline.responsible_id}  # fmt: skip
        if beyond_reason:
            data["beyond_reason"] = beyond_reason
        if deadline.extra:
            data["extra"] = deadline.extra
        record(actor=actor, action="deadline.start", subject=deadline, data=data, scope=scope)
        _tell_start(deadline, actor)
    return started


def _extra_to(due_on: date, deadline: Deadline) -> int:
    """By how many days the rule's amount must change for the clock to end with `due_on`."""
    if deadline.rule.measure != Measure.CALENDAR_DAYS:
        raise ValidationError("约定完成日期的时限只能按日历天计算。")
    days = (due_on - timezone.localdate(deadline.started_at)).days
    if days < 1:
        raise ValidationError("完成期限须晚于会议当日。")
    return days - deadline.rule.amount


def _insert(deadline: Deadline) -> bool:
    """Whether the clock is new: another may have been started for the same event in this very moment."""
    try:
        with transaction.atomic():
            deadline.save(force_insert=True)
    except IntegrityError:
        running = Deadline.objects.open().filter(rule=deadline.rule, subject_type=deadline.subject_type)
        if not running.filter(subject_id=deadline.subject_id).exists():
            raise
        return False
    return True


def _require_times_left(rule, scope, beyond_reason: str) -> None:
    if rule.max_times is None or beyond_reason.strip():
        return
    used = Deadline.objects.within(scope).filter(rule__code=rule.code).exclude(state=State.CANCELLED).count()
    if used >= rule.max_times:
        raise ValidationError(
            f"“{rule.title}”一般不超过 {rule.max_times} 次，本项目已有 {used} 次。如确需增加，请说明理由。"
        )


def when_words(deadline: Deadline) -> str:
    """2026-12-01 周二; for a limit in hours with the time of day."""
    day = f"{deadline.due_on:%Y-%m-%d} 周{'一二三四五六日'[deadline.due_on.weekday()]}"
    return f"{day} {timezone.localtime(deadline.due_at):%H:%M}" if deadline.rule.is_in_hours else day


def page_of(deadline: Deadline) -> str:
    return f"/deadlines/{deadline.pk}/"


def is_secret(deadline: Deadline) -> bool:
    """Whether nothing of a message about the clock may leave the house but that there is one (秘密)."""
    return deadline.scope_id in scopes.confidential(deadline.scope_type, [deadline.scope_id])


def tell(deadline: Deadline, people, **message) -> None:
    """Tell people what became of a clock."""
    notify(recipients=people, kind=Kind.CLOCK, url=page_of(deadline), is_confidential=is_secret(deadline), **message)


def _tell_start(deadline: Deadline, actor) -> None:
    if deadline.responsible is None or (actor and deadline.responsible_id == actor.pk):
        return
    tell(
        deadline, [deadline.responsible], is_urgent=deadline.rule.is_in_hours,
        title=f"{deadline.rule.title}开始计时：{deadline.scope_label} · {deadline.subject_label}",
        body=f"时限 {deadline.rule.amount_words}，{when_words(deadline)} 到期。",
    )  # fmt: skip


def _end(deadline: Deadline, *, actor, state: State, at: datetime, note: str, action: str, data: dict) -> Deadline:
    """The common part of every end: the clock is held, was open, and leaves its row; a request that waits is void."""
    deadline.requests.filter(decision=Decision.PENDING).update(
        decision=Decision.WITHDRAWN, decided_by=actor, decided_at=timezone.now(), decision_note="时限已结束"
    )
    deadline.state, deadline.stopped_at, deadline.stopped_by = state, at, actor
    deadline.stop_note, deadline.next_at = note[:300], None
    deadline.save(update_fields=["state", "stopped_at", "stopped_by", "stop_note", "next_at"])
    record(actor=actor, action=action, subject=deadline, scope=told_scope(deadline),
           data={"at": at, **ends(deadline), "note": note, **data})  # fmt: skip
    return deadline


def _end_pause(deadline: Deadline, *, actor, at: datetime, reason: str) -> None:
    Suspension.objects.filter(deadline=deadline, ended_at__isnull=True).update(
        ended_at=at, ended_by=actor, end_reason=reason
    )


@transaction.atomic
def stop(*, actor, deadline: Deadline, at: datetime | None = None, note: str = "") -> Deadline:
    """What was owed is done; `at` is when (now if not told). Called by the act that fulfils it. Raises ValidationError for
    a clock that is over already, and for an instant in the future or before the start."""
    now = timezone.now()
    at = at or now
    deadline = locked(deadline)
    require_open(deadline)
    if not deadline.started_at <= at <= now:
        raise ValidationError("完成时间不能早于起算时间，也不能晚于现在。")
    if deadline.state == State.SUSPENDED:
        _end_pause(deadline, actor=actor, at=now, reason="事项已完成")
        reckon(deadline, queries.working_calendar(), now=now)
        deadline.save(update_fields=["due_on", "due_at"])
    is_late = at >= deadline.due_at
    return _end(deadline, actor=actor, state=State.FULFILLED, at=at, note=note, action="deadline.stop",
                data={"late": is_late, "recorded_at": now})  # fmt: skip


def hold(*, scope: models.Model) -> None:
    """Hold the open clocks of a scope until the transaction ends. For acts that leave a row in the ledger and touch clocks
    afterwards: a sweep holds clocks and waits for the ledger, so nobody may do it the other way round."""
    list(Deadline.objects.select_for_update().open().within(scope).values_list("pk"))


def _held_of(subject: models.Model, events) -> list[Deadline]:
    """The open clocks of a subject, all held before the first one leaves its row."""
    running = Deadline.objects.open().of(subject)
    if events:
        running = running.filter(rule__event__in=events)
    found = list(running.order_by("due_at", "pk"))
    list(Deadline.objects.select_for_update().filter(pk__in=[each.pk for each in found]).values_list("pk"))
    return found


@transaction.atomic
def withdraw_of(*, actor, subject: models.Model, reason: str, events=()) -> list[Deadline]:
    """Cancel the open clocks of a subject, those started by `events` if any are named; see `withdraw`."""
    return [withdraw(actor=actor, deadline=each, reason=reason) for each in _held_of(subject, events)]


@transaction.atomic
def stop_of(*, actor, subject: models.Model, at: datetime | None = None, note: str = "", events=()) -> list[Deadline]:
    """Stop the open clocks of a subject, those started by `events` if any are named. None open: nothing happens."""
    return [stop(actor=actor, deadline=each, at=at, note=note) for each in _held_of(subject, events)]


@transaction.atomic
def fulfil(*, actor, deadline: Deadline, note: str, at: datetime | None = None) -> Deadline:
    """Register by hand that what was owed is done. An instant that lies back is registered by whoever decides about
    time, not by the team that owes it, and never by the one who owes it (§6 records decide disputes). What ends by an act
    of its own (an answer, a return, an arrival) is not registered by hand at all: ValidationError."""
    roles = scopes.roles_on(actor, deadline)
    if at is not None or not permissions.allows(Action.KEEP_TIME, roles):
        permissions.require(actor, Action.DECIDE_TIME, roles)
    if act := ENDED_BY_ACT.get(deadline.rule.event):
        raise ValidationError(f"该时限随“{act}”自动完成，请在“{deadline.subject_label}”所在的页面办理。")
    if not note.strip():
        raise ValidationError({"note": "请说明完成情况。"})
    if at is not None and actor.pk in owners(deadline):
        raise ValidationError({"at": "补记以前的完成时间须由责任人以外的审批人登记。"})
    return stop(actor=actor, deadline=deadline, at=at, note=note.strip())


@transaction.atomic
def cancel(*, actor, deadline: Deadline, reason: str) -> Deadline:
    """The event was registered in error: the clock ends without having been owed."""
    permissions.require(actor, Action.DECIDE_TIME, scopes.roles_on(actor, deadline))
    if actor.pk in owners(deadline):
        raise ValidationError("责任人不能作废自己的时限，请由其他审批人办理。")
    if not reason.strip():
        raise ValidationError({"reason": "请说明作废理由。"})
    return withdraw(actor=actor, deadline=deadline, reason=reason.strip())


@transaction.atomic
def withdraw(*, actor, deadline: Deadline, reason: str) -> Deadline:
    """Cancel a clock because the act that started it was undone; the floor above has permitted that."""
    deadline = locked(deadline)
    require_open(deadline)
    now = timezone.now()
    if deadline.state == State.SUSPENDED:
        _end_pause(deadline, actor=actor, at=now, reason="时限作废")
    deadline = _end(
        deadline, actor=actor, state=State.CANCELLED, at=now, note=reason, action="deadline.cancel", data={}
    )
    if deadline.responsible and deadline.responsible_id != getattr(actor, "pk", None):
        tell(deadline, [deadline.responsible], title=f"时限已作废：{deadline}", body=reason)
    return deadline


@transaction.atomic
def reopen(*, actor, deadline: Deadline, reason: str) -> Deadline:
    """Completion was registered in error: the clock goes on as if it had never stopped."""
    permissions.require(actor, Action.DECIDE_TIME, scopes.roles_on(actor, deadline))
    deadline = locked(deadline)
    if deadline.state != State.FULFILLED:
        raise ValidationError("只有已完成的时限可以恢复计时。")
    if actor.pk in owners(deadline):
        raise ValidationError("责任人不能恢复自己的时限，请由其他审批人办理。")
    if not reason.strip():
        raise ValidationError({"reason": "请说明理由。"})
    if Deadline.objects.open().filter(rule__code=deadline.rule.code, subject_type=deadline.subject_type,
                                      subject_id=deadline.subject_id).exists():  # fmt: skip
        raise ValidationError("该事项已有同一时限在计时。")
    before = {"stopped_at": deadline.stopped_at, "note": deadline.stop_note}
    deadline.state, deadline.stopped_at, deadline.stopped_by, deadline.stop_note = State.RUNNING, None, None, ""
    # What it should have said while it seemed to be done is said now.
    reckon(deadline, queries.working_calendar(), now=timezone.now(), since=before["stopped_at"])
    deadline.save()
    record(actor=actor, action="deadline.reopen", subject=deadline, scope=told_scope(deadline),
           data={"was": before, **ends(deadline), "reason": reason.strip()})  # fmt: skip
    if deadline.responsible:
        tell(deadline, [deadline.responsible], title=f"时限恢复计时（撤销完成登记）：{deadline}", body=reason.strip())
    return deadline


@transaction.atomic
def refresh_responsible(*, actor, scope: models.Model) -> int:
    """The team of a scope has changed: each open clock finds who owes it now. Returns how many changed hands."""
    held = list(Deadline.objects.select_for_update().open().within(scope).values_list("pk", flat=True))
    if not held:
        return 0
    running = list(Deadline.objects.filter(pk__in=held).select_related("rule", "responsible"))
    places = {each.pk: place_of(each, each.rule.owed_by) for each in running}
    holders = scopes.holders(scope._meta.label_lower, set(places.values()))
    return sum(pass_on(each, holders[places[each.pk]], actor=actor) for each in running)


def pass_on(deadline: Deadline, holders: list, *, actor) -> bool:
    """Give a clock to the first of those who hold its role, unless one of them has it already."""
    if deadline.responsible in holders or (deadline.responsible is None and not holders):
        return False
    before = deadline.responsible_id
    deadline.responsible = holders[0] if holders else None
    deadline.save(update_fields=["responsible"])
    record(actor=actor, action="deadline.reassign", subject=deadline, scope=told_scope(deadline),
           data={"from": before, "to": deadline.responsible_id})  # fmt: skip
    if deadline.responsible and deadline.responsible_id != getattr(actor, "pk", None):
        tell(deadline, [deadline.responsible], title=f"时限转由您负责：{deadline.scope_label} · {deadline}",
             body=f"{when_words(deadline)} 到期。")  # fmt: skip
    return True
