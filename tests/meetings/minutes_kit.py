"""A meeting from the list of guests to the issued minutes, written without the services that call it."""

from datetime import timedelta
from types import SimpleNamespace

from django.utils import timezone

from meetings.choices import Attendance, PartyKind
from meetings.models import AgendaItem, Contact, Invitation, Meeting, MeetingKind, Party
from meetings.services import attendance, minutes
from tests.reviews.flow import confirmed

PDF = b"%PDF-1.7 minutes"


def party(
    project, name="滨江建设集团", kind=PartyKind.MAIN_CONTRACTOR, *people, creator=None, email="contractor@example.com"
):
    """A participating unit with its main contact and `people`."""
    row = Party.objects.create(project=project, kind=kind, name=name, created_by=creator or project.created_by)
    Contact.objects.create(party=row, name=f"{name}联系人", phone="1", email=email, is_main=True)
    for number, person in enumerate(people):
        Contact.objects.create(party=row, name=person, position="工程师", phone=str(number + 2))
    return row


def meeting(cast, project=None, *, recorder=None, contacts=(), users=(), items=("进度", "签证"), hours=-3, **fields) -> Meeting:  # fmt: skip
    """Organised by the project manager (复核人), or by 质量办 for the firm; it began `hours` from now and takes one."""
    kind = MeetingKind.objects.get(code="weekly" if project else "quality_monthly")
    organiser = cast.verifier if project else cast.quality_office
    starts = timezone.now() + timedelta(hours=hours)
    count = Meeting.objects.count() + 1
    fields = {"place": "项目部会议室", "host": "", "title": "第 8 次周例会"} | fields
    row = Meeting.objects.create(
        number=f"HY-2026-{count:04}", project=project, kind=kind, starts_at=starts, ends_at=starts + timedelta(hours=1),
        organiser=organiser, recorder=recorder, **fields,
    )  # fmt: skip
    people = dict.fromkeys([organiser, *([recorder] if recorder else []), *users])
    Invitation.objects.bulk_create(Invitation(meeting=row, user=each) for each in people)
    Invitation.objects.bulk_create(Invitation(meeting=row, contact=each) for each in contacts)
    AgendaItem.objects.bulk_create(
        AgendaItem(meeting=row, order=order, title=title) for order, title in enumerate(items, start=1)
    )
    return row


def now(row):
    return type(row).objects.get(pk=row.pk)


def written(row: Meeting) -> Meeting:
    """Held, with words under each item, everybody invited present."""
    for item in row.agenda.all():
        minutes.save_item(
            actor=row.organiser, item=item, turn=item.turn, record=f"{item.title}的情况", decision="按计划执行"
        )
    rows = {each.pk: (Attendance.PRESENT, "") for each in row.invitations.all()}
    attendance.register(actor=row.organiser, meeting=row, rows=rows)
    return minutes.hold(actor=row.organiser, meeting=row, turn=now(row).turn)


def issued(row: Meeting, **more):
    """The minutes, signed by the organiser."""
    row = written(row)
    return minutes.issue(
        actor=row.organiser, meeting=row, turn=row.turn, confirmation=confirmed(row.organiser), **more
    )


def world(cast, project) -> SimpleNamespace:
    """Issued minutes of a meeting with the contractor and 编制人 on the list, and the client as a unit that must have them."""
    contractor = party(project, "滨江建设集团", PartyKind.MAIN_CONTRACTOR, "李工", "赵工")
    client = party(project, "滨江城投", PartyKind.CLIENT)
    made = meeting(cast, project, users=[cast.preparer], contacts=list(contractor.contacts.all()))
    paper = issued(made)
    return SimpleNamespace(
        contractor=contractor, client=client, meeting=now(made), minutes=paper,
        copy=paper.distributions.get(party=contractor), own=paper.distributions.get(user=cast.preparer),
    )  # fmt: skip


def no_papers(monkeypatch):
    """Papers are not the subject: they cost a second each."""
    monkeypatch.setattr(
        "meetings.printouts.minutes.minutes_paper", lambda minutes, **more: PDF + minutes.number.encode()
    )
