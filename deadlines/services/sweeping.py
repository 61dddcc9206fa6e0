"""The sweep: claims the clocks that have something to say, writes what was said and to whom, and tells them. Once.

Correctness lives in the database: a clock is claimed by a conditional update of `next_at`, each thing that is said has a
unique key, and both are in one transaction with the notices. A worker that is killed in mid-sweep has done nothing; two
that sweep at once share the rows; a sweep after a day's outage says what was missed, once.
"""

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from deadlines import queries, rules, scopes
from deadlines.choices import State, StepKind
from deadlines.models import Deadline, Heartbeat, Reminder
from deadlines.services.clocks import page_of, pass_on, place_of, told_scope, when_words
from ledger.services import record
from notices.choices import Kind
from notices.services import Message, notify_all
from staff.choices import Role

BATCH = 200
logger = logging.getLogger(__name__)
# Who hears of it where the role that should is vacant.
UPWARDS = (Role.TECHNICAL_DIRECTOR, Role.QUALITY_OFFICE, Role.EXECUTIVE)


@dataclass
class Swept:
    """What a sweep did: clocks that spoke up, things that were said, people who were told."""

    clocks: int = 0
    reminders: int = 0
    told: int = 0

    def add(self, other: "Swept") -> None:
        self.clocks += other.clocks
        self.reminders += other.reminders
        self.told += other.told


def sweep(*, batch: int = BATCH) -> Swept:
    """Say everything that is due by now, in transactions of `batch` clocks, and leave the heartbeat.

    A clock that fails does not silence the others: its batch is swept one by one, it is left out until the next sweep,
    and the heartbeat names it."""
    begun, now = monotonic(), timezone.now()
    total, failed = Swept(), {}
    try:
        while True:
            try:
                done = _sweep_batch(now, batch, failed)
            except (OperationalError, InterfaceError):
                raise
            except Exception:
                done = _sweep_singly(now, batch, failed)
            if not done.clocks:
                break
            total.add(done)
    except Exception as error:
        beat("sweep", error=error)
        raise
    beat("sweep", done={"clocks": total.clocks, "reminders": total.reminders, "told": total.told}, begun=begun)
    for pk, error in failed.items():
        logger.exception("deadline %s", pk, exc_info=error)
        beat("sweep", error=RuntimeError(f"时限 {pk}：{error}"))
    return total


def _sweep_singly(now: datetime, batch: int, failed: dict[int, Exception]) -> Swept:
    """The next `batch` clocks, each in a transaction of its own; those that fail are put down in `failed`."""
    total = Swept()
    for pk in _due_rows(now, failed).values_list("pk", flat=True)[:batch]:
        try:
            total.add(_sweep_batch(now, 1, failed, only=pk))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            failed[pk] = error
            total.clocks += 1
    return total


def beat(name: str, *, done: dict | None = None, begun: float | None = None, error: Exception | None = None) -> None:
    """Leave the heartbeat of a part of the clockwork."""
    if error is not None:
        values = {"failed_at": timezone.now(), "error": f"{type(error).__name__}: {error}"[:2000]}
    else:
        took = int((monotonic() - begun) * 1000) if begun else 0
        values = {"finished_at": timezone.now(), "took_ms": took, "done": done or {}, "error": ""}
    Heartbeat.objects.update_or_create(name=name, defaults=values)


def _due_rows(now: datetime, failed):
    """The clocks that have something to say, without those that have failed in this sweep."""
    rows = Deadline.objects.filter(state=State.RUNNING, next_at__lte=now).order_by("next_at", "pk")
    return rows.exclude(pk__in=list(failed)) if failed else rows


def _due(now: datetime, batch: int, failed, only: int | None) -> list[Deadline]:
    rows = _due_rows(now, failed)
    if only is not None:
        rows = rows.filter(pk=only)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    # SQLite: BEGIN IMMEDIATE has made us the only writer already. Held first, read afterwards, as in `clocks.locked`.
    held = list(rows.values_list("pk", flat=True)[:batch])
    found = Deadline.objects.filter(pk__in=held).select_related("rule", "responsible")
    return list(found.order_by("next_at", "pk")) if held else []


@transaction.atomic
def _sweep_batch(now: datetime, batch: int, failed=(), only: int | None = None) -> Swept:
    rows = _due(now, batch, failed, only)
    if not rows:
        return Swept()
    # Read when the clocks are held: whoever changes it holds them too, to set their steps by it.
    calendar = queries.working_calendar()
    pauses = queries.pauses_of(rows)
    said = set(Reminder.objects.filter(deadline__in=rows).values_list("deadline", "key"))
    claimed: list[tuple[Deadline, list[rules.Step]]] = []
    for row in rows:
        steps, following = rules.steps_between(row.plan(pauses[row.pk]), calendar, row.next_at, now)
        taken = Deadline.objects.filter(pk=row.pk, state=State.RUNNING, next_at=row.next_at)
        if taken.update(next_at=following.at if following else None):
            claimed.append((row, [step for step in steps if (row.pk, step.key) not in said]))
    told = _say(claimed, now)
    return Swept(len(rows), sum(len(steps) for _, steps in claimed), told)


def _say(claimed, now: datetime) -> int:
    """Write the reminders of the claimed clocks and tell the people; returns how many messages were written."""
    people = _people(claimed)
    secret = _secret(claimed)
    reminders, messages, escalated = [], [], []
    for deadline, steps in claimed:
        if not steps:
            continue
        owners = people[deadline.scope_type, place_of(deadline, deadline.rule.owed_by)]
        pass_on(deadline, owners, actor=None)
        asides = _reported_to(deadline, steps, people)
        is_secret = (deadline.scope_type, deadline.scope_id) in secret
        messages += _messages(deadline, steps[-1], asides, is_secret)
        reminders += [_reminder(deadline, step, asides.get(step.role, []), now) for step in steps]
        escalated.append((deadline, steps, asides))
    Reminder.objects.bulk_create(reminders)
    told = notify_all(messages)
    for deadline, steps, asides in escalated:
        _record_escalation(deadline, steps, asides)
    return told


def _people(claimed) -> dict:
    """Who fills the places that the claimed clocks speak to: a constant number of queries for each kind of scope."""
    wanted = defaultdict(set)
    for deadline, steps in claimed:
        roles = {deadline.rule.owed_by, *UPWARDS, *(step.role for step in steps if step.role)}
        wanted[deadline.scope_type] |= {place_of(deadline, role) for role in roles}
    found = {}
    for label, places in wanted.items():
        holders = scopes.holders(label, places)
        found |= {(label, place): holders[place] for place in places}
    return found


def _secret(claimed) -> set[tuple[str, int]]:
    ids = defaultdict(set)
    for deadline, _ in claimed:
        ids[deadline.scope_type].add(deadline.scope_id)
    return {(label, pk) for label, pks in ids.items() for pk in scopes.confidential(label, pks)}


def _reported_to(deadline: Deadline, steps: list[rules.Step], people) -> dict[str, list]:
    """For each role on the ladder that is reached: its people, without who owes the clock. Where there are none, those of
    the next role up; a clock that nobody owes is reported upwards at each step (role “”)."""
    reached = {step.role for step in steps if step.role or deadline.responsible is None}
    return {role: _first_above(deadline, role, people) for role in reached}


def _first_above(deadline: Deadline, role: str, people) -> list:
    above = UPWARDS[UPWARDS.index(role) + 1 :] if role in UPWARDS else UPWARDS
    for each_role in (role, *above) if role else above:
        found = people[deadline.scope_type, place_of(deadline, each_role)]
        if others := [each for each in found if each.pk != deadline.responsible_id]:
            return others
    return []


def _messages(deadline: Deadline, last: rules.Step, asides: dict[str, list], is_secret: bool) -> list[Message]:
    """One message to who owes the clock, one to those it is reported to; however many steps were missed."""
    title = f"{deadline.rule.title}{deadline.left_words}：{deadline.scope_label} · {deadline.subject_label}"
    url, until = page_of(deadline), f"{when_words(deadline)} 到期。"
    is_overdue = last.kind == StepKind.OVERDUE
    shared = {"url": url, "is_confidential": is_secret, "is_urgent": is_overdue or deadline.rule.is_in_hours}
    found = []
    reported = {person.pk: person for people in asides.values() for person in people}
    if deadline.responsible:
        names = "、".join(person.name for person in reported.values())
        body = until + (f"已上报：{names}。" if names else "")
        kind = Kind.OVERDUE if is_overdue else Kind.REMINDER
        found.append(Message([deadline.responsible], kind, title, body, **shared))
    if reported:
        owner = f"责任人：{deadline.responsible.name}。" if deadline.responsible else "责任岗位暂缺人员，请安排。"
        found.append(Message(list(reported.values()), Kind.ESCALATION, title, until + owner, **shared))
    return found


def _reminder(deadline: Deadline, step: rules.Step, reported: list, now: datetime) -> Reminder:
    names = [deadline.responsible.name] if deadline.responsible else []
    names += [person.name for person in reported]
    return Reminder(
        deadline=deadline, key=step.key, kind=step.kind, offset=step.offset, role=step.role, planned_at=step.at,
        written_at=now, told="、".join(names)[:300] or "无人可告知",
    )  # fmt: skip


def _record_escalation(deadline: Deadline, steps: list[rules.Step], asides: dict[str, list]) -> None:
    """Being late and who was told of it is evidence; a reminder beforehand is not."""
    late = [step for step in steps if step.kind == StepKind.OVERDUE and step.role]
    if not late:
        return
    data = {
        "due_on": deadline.due_on,
        "responsible": deadline.responsible_id,
        "steps": [[step.offset, step.role, [person.pk for person in asides[step.role]]] for step in late],
    }
    record(actor=None, action="deadline.escalate", subject=deadline, data=data, scope=told_scope(deadline))
