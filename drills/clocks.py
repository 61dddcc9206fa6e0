"""Clocks that have something to say, what exactly, and whether it was said. Django must be set up.

Everything that is due is counted here anew, day by day, without the product's `rules`.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from deadlines.choices import Event, Measure
from deadlines.models import Deadline, DeadlineRule, Reminder, Shift
from ledger.checks import verify
from ledger.models import Entry
from ledger.rules import canonical_json, entry_hash
from ledger.services import head
from notices.models import Notice
from projects.choices import BusinessLine
from projects.models import Assignment, Client, Project
from staff.choices import Role
from staff.models import Post, Unit, User

DAY = timedelta(days=1)
LONG_AGO = date(2020, 1, 1)
PROJECTS = 20
AMOUNT = 30
AHEAD = [7, 3, 1, 0]
LADDER = {1: Role.TECHNICAL_DIRECTOR, 3: Role.QUALITY_OFFICE}
TOP, REPEAT = 3, 7
BATCH = 1000


def speaks_on(offset: int) -> bool:
    """Whether a clock says something `offset` days after its end (negative: before)."""
    if offset <= 0:
        return -offset in AHEAD
    return offset <= TOP or (offset - TOP) % REPEAT == 0


def told_besides(offset: int) -> Role | None:
    """Who is told besides the one who owes."""
    return LADDER.get(min(offset, TOP)) if offset > 0 else None


@dataclass
class Firm:
    """Twenty projects with a manager each; work begins some hours before now, so no drill runs past the next beginning."""

    rule: DeadlineRule
    projects: list[Project]
    managers: list[User]
    holders: dict[str, User]
    opens: time

    def opening(self, day: date) -> datetime:
        return timezone.make_aware(datetime.combine(day, self.opens))

    @property
    def today(self) -> date:
        """The day of the last beginning of work."""
        now = timezone.localtime()
        return now.date() if self.opening(now.date()) <= now else now.date() - DAY


def _engage(number: str, unit: Unit, role: Role | None = None) -> User:
    user = User.objects.create(employee_number=number, name=number, unit=unit, password="!")
    if role:
        Post.objects.create(user=user, role=role, unit=None, starts_on=LONG_AGO)
    return user


@transaction.atomic
def found() -> Firm:
    opens = time((timezone.localtime() - timedelta(hours=6)).hour)
    Shift.objects.all().delete()
    Shift.objects.create(starts_at=opens, ends_at=opens.replace(minute=59))
    unit = Unit.objects.create(code="HQ", name="公司本部")
    holders = {role: _engage(f"H{number}", unit, role) for number, role in enumerate(LADDER.values())}
    client = Client.objects.create(name="滨江城市建设投资有限公司")
    managers = [_engage(f"M{number}", unit) for number in range(PROJECTS)]
    projects = [
        Project.objects.create(number=f"2026-HQ-{number:03}", name=f"第 {number} 标段", client=client, unit=unit,
                               created_by=manager, business_line=BusinessLine.SETTLEMENT_REVIEW)
        for number, manager in enumerate(managers)
    ]  # fmt: skip
    for project, manager in zip(projects, managers, strict=True):
        Assignment.objects.create(project=project, user=manager, role=Role.PROJECT_MANAGER, starts_on=LONG_AGO)
    rule = DeadlineRule.objects.create(
        code="drill", title="演练", event=Event.DRAWINGS_RECEIVED, amount=AMOUNT, measure=Measure.CALENDAR_DAYS,
        owed_by=Role.PROJECT_MANAGER, reminders=AHEAD, escalation=[[after, role] for after, role in LADDER.items()],
        repeat_every=REPEAT, clause="演练",
    )  # fmt: skip
    return Firm(rule, projects, managers, holders, opens)


@dataclass
class Expected:
    """What must have been said in the end: (clock, step) once, and (page, person) once."""

    steps: set[tuple[int, str]] = field(default_factory=set)
    messages: set[tuple[str, int]] = field(default_factory=set)


class Clocks:
    """The clocks of one drill, and everything that they must say."""

    def __init__(self, firm: Firm):
        self.firm, self.count, self.expected = firm, 0, Expected()

    def add_due_today(self, count: int) -> None:
        """`count` clocks with exactly one thing to say each, and everything that can be said among them."""
        offsets = [offset for offset in range(-max(AHEAD), TOP + REPEAT + 1) if speaks_on(offset)]
        today = self.firm.today
        since = self.firm.opening(today) - DAY / 2
        self._add([(today - timedelta(days=offsets[number % len(offsets)]), since) for number in range(count)])

    def add_after_outage(self, count: int) -> None:
        """Clocks of all ages; half of them were swept for the last time a day ago, half four days ago."""
        today = self.firm.today
        self._add([
            (today - timedelta(days=number % 24 - 10), self.firm.opening(today) + DAY / 6 - DAY * (1, 4)[number // 24 % 2])
            for number in range(count)
        ])  # fmt: skip

    def _add(self, plans: list[tuple[date, datetime]]) -> None:
        """(end, last sweep) of each new clock."""
        for start in range(0, len(plans), BATCH):
            with transaction.atomic():
                self._write(plans[start : start + BATCH])

    def _write(self, plans: list[tuple[date, datetime]]) -> None:
        firm = self.firm
        rows = Deadline.objects.bulk_create(
            Deadline(
                rule=firm.rule, subject_type="projects.project", subject_id=self.count + number, subject_label="图纸",
                url="/", scope_type="projects.project", scope_id=firm.projects[number % PROJECTS].pk,
                scope_label=f"第 {number % PROJECTS} 标段", responsible=firm.managers[number % PROJECTS],
                started_at=firm.opening(due_on - AMOUNT * DAY), due_on=due_on,
                due_at=timezone.make_aware(datetime.combine(due_on + DAY, time())),
                next_at=self._first_step(due_on, since),
            )
            for number, (due_on, since) in enumerate(plans)
        )  # fmt: skip
        self.count += len(rows)
        _record_starts(rows)
        for row, (_, since) in zip(rows, plans, strict=True):
            self._expect(row, since)

    def _days_after(self, since: datetime):
        day = timezone.localtime(since).date()
        while True:
            if self.firm.opening(day) > since:
                yield day
            day += DAY

    def _first_step(self, due_on: date, since: datetime) -> datetime:
        return next(self.firm.opening(day) for day in self._days_after(since) if speaks_on((day - due_on).days))

    def _expect(self, row: Deadline, since: datetime) -> None:
        page, steps, messages = f"/deadlines/{row.pk}/", self.expected.steps, self.expected.messages
        for day in self._days_after(since):
            if day > self.firm.today:
                return
            offset = (day - row.due_on).days
            if speaks_on(offset):
                steps.add((row.pk, f"{row.due_on:%Y%m%d}{offset:+d}"))
                messages.add((page, row.responsible_id))
                if role := told_besides(offset):
                    messages.add((page, self.firm.holders[role].pk))

    # ── Looking ─────────────────────────────────────────────────────────────
    def waiting(self) -> int:
        """How many clocks have still to speak; all of them while the database is away."""
        try:
            return Deadline.objects.filter(next_at__lte=timezone.now()).count()
        except DatabaseError:
            connection.close()
            return self.count

    @property
    def speaking(self) -> int:
        """How many clocks have something to say."""
        return len({pk for pk, _ in self.expected.steps})

    def verdict(self) -> dict[str, int]:
        """Steps and messages that are lost, doubled or unexpected, and problems of the evidence chain."""
        steps = Counter(Reminder.objects.values_list("deadline", "key"))
        messages = Counter(Notice.objects.filter(url__startswith="/deadlines/").values_list("url", "recipient"))
        waiting = Deadline.objects.filter(next_at__lte=timezone.now()).count()
        return {
            "steps": len(self.expected.steps),
            "messages": len(self.expected.messages),
            "lost": len(self.expected.steps - steps.keys()) + len(self.expected.messages - messages.keys()) + waiting,
            "doubled": sum(steps.values()) + sum(messages.values())
            - len(self.expected.steps & steps.keys()) - len(self.expected.messages & messages.keys()),
            "ledger problems": len(verify().problems),
        }  # fmt: skip


def _record_starts(rows: list[Deadline]) -> None:
    """Their beginning in the evidence chain, without which its verification would miss them."""
    number, previous = head()
    entries = []
    for row in rows:
        number += 1
        data = {"rule": row.rule.code, "version": row.rule.version, "event_at": row.started_at, "due_on": row.due_on,
                "due_at": row.due_at, "of": [row.subject_type, row.subject_id], "responsible": row.responsible_id}  # fmt: skip
        entry = Entry(
            number=number, at=timezone.now(), actor=None, actor_name="系统", action="deadline.start",
            subject_type="deadlines.deadline", subject_id=row.pk, subject_label="演练", scope_type=row.scope_type,
            scope_id=row.scope_id, data=canonical_json(data), previous_hash=previous,
        )  # fmt: skip
        previous = entry.hash = entry_hash(entry)
        entries.append(entry)
    Entry.objects.bulk_create(entries)
