"""Reads of clocks, rules and the calendar that are used in more than one place."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import islice

from django.db.models import Count, Q
from django.utils import timezone

from deadlines import rules
from deadlines.choices import OPEN_STATES, State
from deadlines.models import Deadline, DeadlineRule, Heartbeat, Shift, Suspension, WorkDay, firm_zone
from staff.choices import Role


def working_calendar(changes: dict[date, bool] | None = None) -> rules.Calendar:
    """The firm's calendar as the table has it; with `changes` as it would be."""
    days = dict(WorkDay.objects.values_list("day", "is_working"))
    shifts = tuple(Shift.objects.order_by("starts_at").values_list("starts_at", "ends_at"))
    days.update(changes or {})
    return rules.Calendar(days, shifts or rules.Calendar.shifts, firm_zone())


def known_years() -> set[int]:
    """The years of which the table knows at least one day."""
    return {day.year for day in WorkDay.objects.dates("day", "year")}


def missing_years(today: date | None = None) -> list[int]:
    """Of this year and, from October on, the next: those that the calendar does not know."""
    today = today or timezone.localdate()
    wanted = [today.year] + ([today.year + 1] if today.month >= 10 else [])
    known = known_years()
    return [year for year in wanted if year not in known]


def pauses_of(deadlines: Iterable[Deadline]) -> dict[int, list[rules.Pause]]:
    """For each clock the times in which it stood still; one query."""
    found = defaultdict(list)
    rows = Suspension.objects.filter(deadline__in=[each.pk for each in deadlines]).order_by("started_at")
    for pk, begun, ended in rows.values_list("deadline", "started_at", "ended_at"):
        found[pk].append((begun, ended))
    return found


def course_of(deadline: Deadline, now: datetime | None = None, calendar: rules.Calendar | None = None) -> rules.Course:
    """The way of a clock to its end, day by day: “why this date”."""
    pauses = pauses_of([deadline])[deadline.pk]
    now = now or timezone.now()
    return rules.course(deadline.term, deadline.started_at, pauses, calendar or working_calendar(), now=now)


def coming_steps(deadline: Deadline, most: int = 4) -> list[dict]:
    """What a running clock is going to say next: {words, at, role}."""
    if deadline.state != State.RUNNING:
        return []
    plan, now = deadline.plan(pauses_of([deadline])[deadline.pk]), timezone.now()
    ahead = islice((step for step in rules.steps(plan, working_calendar()) if step.at > now), most)
    return [
        {
            "words": rules.step_words(deadline.rule.is_in_hours, step.kind, step.offset),
            "at": step.at,
            "role": Role(step.role).label if step.role else "",
        }
        for step in ahead
    ]


def deadline_rows(user):
    """The clocks that `user` sees, as a list shows them."""
    return Deadline.objects.visible_to(user).select_related("rule", "responsible__unit")


def open_of_scopes(label: str, scope_ids: Iterable[int]) -> dict[int, list[Deadline]]:
    """The open clocks of each scope, the most urgent first; one query. For the lists of the floors above."""
    found = defaultdict(list)
    rows = Deadline.objects.open().filter(scope_type=label, scope_id__in=list(scope_ids))
    for each in rows.select_related("rule", "responsible").order_by("due_at", "pk"):
        found[each.scope_id].append(each)
    return found


def of_subjects(label: str, subject_ids: Iterable[int]) -> dict[int, list[Deadline]]:
    """The clocks of each subject that were not cancelled, the most urgent first; one query."""
    found = defaultdict(list)
    rows = Deadline.objects.filter(subject_type=label, subject_id__in=list(subject_ids))
    for each in rows.exclude(state=State.CANCELLED).select_related("rule", "responsible").order_by("due_at", "pk"):
        found[each.subject_id].append(each)
    return found


def counts(deadlines, now: datetime | None = None) -> dict[str, int]:
    """How many of the open clocks are overdue, due within three days, standing still, and open at all; one query."""
    now, today = now or timezone.now(), timezone.localdate()
    running = Q(state=State.RUNNING)
    near = running & Q(due_at__gt=now, due_on__lte=today + timedelta(days=rules.NEAR_DAYS))
    return deadlines.filter(state__in=OPEN_STATES).aggregate(
        open=Count("pk"),
        overdue=Count("pk", filter=running & Q(due_at__lte=now)),
        near=Count("pk", filter=near),
        suspended=Count("pk", filter=Q(state=State.SUSPENDED)),
    )


def rules_in_force(event: str) -> list[DeadlineRule]:
    return list(DeadlineRule.objects.in_force().filter(event=event))


SWEEP_LATE = timedelta(minutes=15)


def heartbeats() -> dict[str, Heartbeat]:
    """The last sign of life of each part of the clockwork: sweep, delivery, ledger."""
    return Heartbeat.objects.in_bulk()


def is_late(last: Heartbeat | None, now: datetime | None = None) -> bool:
    """Whether the sweep's last sign of life is older than 15 minutes, or there was none."""
    return last is None or last.finished_at is None or (now or timezone.now()) - last.finished_at > SWEEP_LATE
