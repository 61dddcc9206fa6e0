"""Participating units, a meeting, a series: made through the services, by the people of the cast."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from meetings.choices import Frequency, PartyKind
from meetings.guests import Guests
from meetings.models import Contact, Meeting, MeetingKind, Party, Series
from meetings.services import calling, parties
from meetings.services import series as series_services

NAMES = {
    PartyKind.CLIENT: ("滨江城市建设投资有限公司", "周建国"),
    PartyKind.SUPERVISOR: ("江北监理有限公司", "钱监理"),
    PartyKind.MAIN_CONTRACTOR: ("宏远建设集团有限公司", "孙总包"),
    PartyKind.SUBCONTRACTOR: ("捷安机电安装有限公司", "李分包"),
    PartyKind.SUPPLIER: ("华东电梯有限公司", "吴供应"),
    PartyKind.DESIGNER: ("城建设计院", "郑设计"),
}
ALL = tuple(NAMES)


def party(cast, project, kind=PartyKind.CLIENT, name: str = "", contact: str = "", **more) -> Party:
    """A unit and its main contact with an address, registered by the project manager (cast.verifier)."""
    usual_name, usual_contact = NAMES.get(kind, ("其他单位", "其他人"))
    found = parties.create_party(actor=cast.verifier, project=project, kind=kind, name=name or usual_name)
    told = {"phone": "13800000000", "email": f"{kind}@example.cn", "position": "现场代表", "is_main": True} | more
    parties.add_contact(actor=cast.verifier, party=found, name=contact or usual_contact, **told)
    return found


def all_parties(cast, project, kinds=ALL) -> dict[str, Party]:
    """One unit of each kind."""
    return {kind: party(cast, project, kind) for kind in kinds}


def main_contact(of: Party) -> Contact:
    return of.contacts.select_related("party").get(is_main=True)


def kind(code: str = "weekly") -> MeetingKind:
    return MeetingKind.objects.get(code=code)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """An hour of a day in the firm's time zone."""
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


def tomorrow(days: int = 1) -> date:
    return timezone.localdate() + timedelta(days=days)


def meeting(
    cast, project=None, code: str = "weekly", *, actor=None, starts_at=None, minutes: int = 60, users=(), contacts=None,
    title: str = "", **content,
) -> Meeting:  # fmt: skip
    """Called by the project manager for tomorrow 9:30, with everybody whom the 制度 asks and who is registered; a meeting
    of the firm (no project, code "quality_monthly") by 质量办. `users` come besides; `contacts` in place of those."""
    actor = actor or (cast.verifier if project else cast.quality_office)
    kind_ = kind(code if project else ("quality_monthly" if code == "weekly" else code))
    starts_at = starts_at or at(tomorrow(), 9, 30)
    if contacts is None:
        rows = Contact.objects.filter(party__project=project, party__kind__in=kind_.invited_parties, is_main=True)
        contacts = list(rows.select_related("party")) if project else []
    content = {"organiser": actor, "place": "项目部会议室", "host": actor.name} | content
    return calling.call_meeting(
        actor=actor, kind=kind_, project=project, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes),
        content=calling.Content(title=title or kind_.title, **content), guests=Guests(list(users), list(contacts)),
        accepts_gaps=True,
    )  # fmt: skip


def plan(cast, **told) -> series_services.Plan:
    """Every Monday at 9:30, for an hour, by the project manager; moved on from a day off."""
    usual = {"title": "监理周例会", "frequency": Frequency.WEEKLY, "weekday": 1, "begins_at": time(9, 30),
             "organiser": cast.verifier, "place": "项目部会议室"}  # fmt: skip
    told = usual | told
    if told["frequency"] == Frequency.MONTHLY and "weekday" in usual and told["weekday"] == 1:
        told["weekday"] = None
    return series_services.Plan(**told)


def series(
    cast, project=None, *, code: str = "weekly", actor=None, starts_on=None, users=(), contacts=(), **told
) -> Series:
    """A series by `plan`, from today on; its meetings of the next 60 days are called."""
    return series_services.create_series(
        actor=actor or cast.verifier, kind=kind(code), project=project, starts_on=starts_on or timezone.localdate(),
        plan=plan(cast, **told), guests=Guests(list(users), list(contacts)), accepts_gaps=True,
    )  # fmt: skip


def now(of):
    """As it is in the database."""
    return type(of).objects.get(pk=of.pk)
