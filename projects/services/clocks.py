"""Where the acts of a project start and end its clocks (§6). Which clocks, for how long and for whom: rules as data."""

from collections.abc import Collection
from datetime import date, datetime, time

from django.core.exceptions import ValidationError
from django.utils import timezone

from deadlines import services as deadlines
from deadlines.choices import Event
from deadlines.models import Deadline
from notices.choices import Kind
from notices.services import notify
from projects import clocks
from projects.models import HandoverItem, Project
from staff import permissions
from staff.choices import Action


def instant_of(day: date) -> datetime:
    """The instant that stands for a day: now for today, noon for an earlier one (the day is what counts)."""
    if day == timezone.localdate():
        return timezone.now()
    return datetime.combine(day, time(12), timezone.get_current_timezone())


def start(*, actor, event: Event, subject, project: Project, url: str, event_at: datetime, **terms) -> list[Deadline]:
    """Start the clocks of an event on a project."""
    terms = {"contract_kind": project.contract_kind, **terms}
    return deadlines.start(actor=actor, event=event, subject=subject, scope=project, url=url, event_at=event_at,
                           business_line=project.business_line, **terms)  # fmt: skip


# ── The end of the service ──────────────────────────────────────────────────
# Seven days after the service has ended everything of the client's is back, or kept by written consent.
def _outstanding(project: Project):
    return HandoverItem.objects.outstanding().filter(handover__project=project)


def _of_return(project: Project):
    return Deadline.objects.open().of(project).filter(rule__event=Event.SERVICE_ENDED)


def start_return(*, actor, project: Project) -> list[Deadline]:
    """Start the clock of the return if the service has ended and something is still with us. What came in after the
    end counts from its receipt."""
    received = _outstanding(project).order_by("received_on").values_list("received_on", flat=True).first()
    if project.actual_finish_on is None or received is None:
        return []
    day = max(project.actual_finish_on, received)
    return start(actor=actor, event=Event.SERVICE_ENDED, subject=project, project=project, event_at=instant_of(day),
                 url=f"/projects/{project.pk}/handovers/", label="委托人资料归还")  # fmt: skip


def restart_return(*, actor, project: Project) -> None:
    """The day on which the service ended was set, changed or taken back."""
    deadlines.withdraw_of(actor=actor, subject=project, reason="项目实际完成日期已更改", events=[Event.SERVICE_ENDED])
    start_return(actor=actor, project=project)


def stop_return(*, actor, project: Project) -> None:
    """End the clock of the return once nothing of the client's is with us any more."""
    if not _outstanding(project).exists():
        deadlines.stop_of(
            actor=actor, subject=project, events=[Event.SERVICE_ENDED], note="资料已全部归还或经书面同意留存"
        )


def require_no_return(project: Project) -> None:
    """Raise ValidationError while the clock of the return runs: what must go back is not taken off the list instead."""
    if _of_return(project).exists():
        raise ValidationError("资料返还时限已起算，请登记归还或留存。登记有误的，请审批人作废该时限后再更正。")


def may_move_return(actor, project: Project, roles) -> bool:
    """Whether `actor` may change the day on which the service ended: while the clock of the return runs, who decides about
    time and neither owes it nor has owed it."""
    running = list(_of_return(project))
    if not running:
        return True
    return permissions.allows(Action.DECIDE_TIME, roles) and not any(
        actor.pk in deadlines.owners(each) for each in running
    )


# ── The issue ───────────────────────────────────────────────────────────────
def fulfil_by_issue(*, actor, deliverable, number: str, unissued: Collection[int] = ()) -> list[Deadline]:
    """A deliverable was issued: the clock that it fulfils ends, unless others of its kind are still under way (`unissued`
    are their disciplines): what was owed is then not delivered yet. Where several clocks run, a person has to say which:
    their responsible people are told, and none ends."""
    running = clocks.clocks_for(deliverable)
    if len(running) == 1:
        own = running[0].discipline_id
        if unissued and (own is None or own in unissued):
            return []
        return [deadlines.stop(actor=actor, deadline=running[0], note=f"签发 {number}")]
    for person in {clock.responsible for clock in running if clock.responsible}:
        own = [clock for clock in running if clock.responsible == person]
        notify(recipients=[person], kind=Kind.CLOCK, title=f"请登记已签发成果对应的时限：{deliverable}",
               body=f"已签发 {number}，可能对应的时限：{'；'.join(str(clock) for clock in own)}。",
               url=f"/deadlines/{own[0].pk}/", is_confidential=deliverable.project.is_secret)  # fmt: skip
    return []
