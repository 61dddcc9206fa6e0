"""What minutes say: gathered from the meeting when they are issued, and kept so for ever."""

import hashlib

from django.utils import timezone

from ledger.rules import canonical_json
from meetings.choices import Attendance, PartyKind
from meetings.models import Distribution, Meeting, Minutes, Objection, Party
from meetings.queries.agenda import agenda_of
from meetings.secrecy import may_know


def writer_of(meeting: Meeting) -> Party | None:
    """The unit outside that writes the minutes by the 制度 (`MeetingKind.minutes_by`); None for our own. Where the kind leaves it to
    the organising unit, that one; otherwise of the named kind the one invited, or the first on the project's list."""
    wanted = meeting.kind.minutes_by
    if wanted == PartyKind.OWN or meeting.project_id is None:
        return None
    if not wanted or (meeting.called_by_id and meeting.called_by.kind == wanted):
        return meeting.called_by
    rows = Party.objects.filter(project=meeting.project_id, kind=wanted)
    return rows.filter(contacts__invitations__meeting=meeting).first() or rows.filter(is_active=True).first()


def place_of(meeting: Meeting) -> str:
    return meeting.place_words or "—"


def time_words(meeting: Meeting) -> str:
    """2026年11月27日 09:30 至 11:00."""
    begin, end = timezone.localtime(meeting.starts_at), timezone.localtime(meeting.ends_at)
    day = f"{begin.year}年{begin.month}月{begin.day}日"
    until = f"{end:%H:%M}" if end.date() == begin.date() else f"{end.year}年{end.month}月{end.day}日 {end:%H:%M}"
    return f"{day} {begin:%H:%M} 至 {until}"


def people_of(meeting: Meeting) -> list:
    """The invitations with all that a list shows; one query."""
    rows = meeting.invitations.select_related("user__unit", "contact__party", "party")
    return list(rows.order_by("pk"))


def unit_of(row) -> str:
    """The unit of somebody on the list; a walk-in of no participating unit told its name."""
    return row.unit_name or row.note


def by_unit(rows) -> list[tuple[str, list]]:
    """(unit, its people), our own first, then in the order in which they come."""
    found: dict[str, list] = {}
    for row in sorted(rows, key=lambda row: row.user_id is None):
        found.setdefault(unit_of(row), []).append(row)
    return list(found.items())


def position_of(row) -> str:
    return row.contact.position if row.contact_id else ""


def _person(row) -> dict:
    is_stranger = not row.unit_name
    return {
        "name": row.person_name, "position": position_of(row), "attendance": row.get_attendance_display(),
        "is_present": row.attendance == Attendance.PRESENT, "note": "" if is_stranger else row.note,
    }  # fmt: skip


def owner_words(row) -> str:
    """The person who owes or speaks to something, with the unit where it is none of us."""
    if row.owner_id:
        return row.owner.name
    return f"{row.owner_contact.name}（{row.owner_contact.party.name}）" if row.owner_contact_id else ""


def build(meeting: Meeting) -> dict:
    """Everything that the minutes say, in plain values; the same few queries whatever the number of items."""
    items = agenda_of(meeting)
    numbers = {item.pk: order for order, item in enumerate(items, start=1)}
    project, writer = meeting.project, writer_of(meeting)
    return {
        "kind": meeting.kind.title,
        "title": meeting.title,
        "topic": meeting.topic,
        "meeting": meeting.number,
        "project": {"name": project.name, "number": project.number} if project else None,
        "called_by": meeting.called_by.name if meeting.called_by_id else "",
        "written_by": writer.name if writer else "",
        "time": time_words(meeting),
        "place": place_of(meeting),
        "host": meeting.host or meeting.organiser.name,
        "organiser": meeting.organiser.name,
        "recorder": (meeting.recorder or meeting.organiser).name,
        "units": [{"unit": unit, "people": [_person(row) for row in rows]} for unit, rows in by_unit(people_of(meeting))],
        "items": [
            {"order": numbers[item.pk], "title": item.title, "owner": owner_words(item), "record": item.record,
             "decision": item.decision}
            for item in items
        ],
        "actions": [_action(row) | {"item": numbers.get(row.agenda_item_id)} for row in actions_of(meeting)],
        "carried": [_action(row.action_item) | {"state": row.action_item.get_state_display(), "note": row.note}
                    for row in carried_of(meeting)],
    }  # fmt: skip


def actions_of(meeting: Meeting):
    """The action items that this meeting decided on, but those that were dropped again."""
    rows = meeting.action_items.exclude(state="dropped").select_related("owner", "owner_contact__party")
    return rows.order_by("pk")


def carried_of(meeting: Meeting):
    along = ("action_item__owner", "action_item__owner_contact__party")
    return meeting.carried_items.select_related(*along).order_by("pk")


def _action(row) -> dict:
    return {"number": row.number, "text": row.text, "owner": owner_words(row), "due_on": f"{row.due_on:%Y-%m-%d}"}


def supplement(root: Minutes, text: str, objections: list, adjusted: list[dict], reason: str) -> dict:
    """What a supplement says: what it corrects, the words, the objections that it accepts as [who, what], and the action items
    that have another owner or day by it, with what was and what is (`action_items.adjust`)."""
    head = {name: root.content[name] for name in ("kind", "title", "meeting", "project", "time", "place", "units")}
    told = {"supplement_to": root.number, "supplement": text, "objections": objections}
    return head | told | {"adjusted": adjusted, "adjusted_because": reason}


def seen(meeting: Meeting) -> str:
    """The fingerprint of what would be issued now."""
    return hashlib.sha256(canonical_json(build(meeting)).encode()).hexdigest()


def gaps(meeting: Meeting) -> list[str]:
    """What is missing before minutes can be handed in or issued, in words."""
    items = agenda_of(meeting)
    if not items:
        return ["还没有议题，请先在“议程”中添加。"]
    empty = [item for item in items if not item.record and not item.decision]
    found = [f"议题“{item.title}”没有会议内容，也没有会议决定。" for item in empty]
    if not meeting.invitations.filter(attendance=Attendance.PRESENT).exists():
        found.append("还没有登记任何人到会，请先登记出席。")
    return found


def text_of(content: dict) -> str:
    """The full text, for the search: everything that stands on the paper, line by line."""
    project = content.get("project")
    lines = [content["title"], content["kind"], project["name"] if project else ""]
    if "supplement" in content:
        lines += [
            f"补充 {content['supplement_to']}",
            content["supplement"],
            *(text for _, text in content["objections"]),
            *(f"{row['number']} {row['text']} {row['owner'][1]}" for row in content.get("adjusted", [])),
            content.get("adjusted_because", ""),
        ]
    for unit in content["units"]:
        lines.append("，".join([unit["unit"], *(person["name"] for person in unit["people"])]))
    for item in content.get("items", []):
        lines += [item["title"], item["record"], item["decision"]]
    lines += [
        f"{row['number']} {row['text']} {row['owner']}"
        for row in [*content.get("actions", []), *content.get("carried", [])]
    ]
    return "\n".join(line for line in lines if line)


# ── Issued ──────────────────────────────────────────────────────────────────
def issued_of(meeting: Meeting) -> list[Minutes]:
    """The minutes and their supplements, in the order of issue."""
    return list(meeting.minutes.select_related("issued_by", "supplement_to").order_by("issued_at", "pk"))


def copies_of(meeting: Meeting) -> list[Distribution]:
    """Every copy with where it went, and whether its receipt is awaited (`is_awaited`): not once it is there, nor of one of us
    to whom the project became secret. One query; of a secret project one more for each of us who has not received."""
    rows = Distribution.objects.filter(minutes__meeting=meeting)
    rows = rows.select_related("minutes", "party", "contact", "user__unit")
    copies = list(rows.order_by("minutes__issued_at", "minutes", "pk"))
    for copy in copies:
        copy.is_blind = copy.user_id is not None and not copy.received_at and not may_know(copy.user, meeting.project)
        copy.is_awaited = copy.received_at is None and not copy.is_blind
    return copies


def own_copy(user, minutes: Minutes) -> Distribution | None:
    return Distribution.objects.filter(minutes=minutes, user=user).select_related("minutes__meeting").first()


def objections_of(meeting: Meeting) -> list[Objection]:
    rows = Objection.objects.filter(distribution__minutes__meeting=meeting)
    along = ("distribution__minutes", "distribution__party", "distribution__user", "answered_by", "supplement")
    return list(rows.select_related(*along).order_by("made_at", "pk"))


def open_objections(meeting: Meeting):
    rows = Objection.objects.filter(distribution__minutes__meeting=meeting, answered_at__isnull=True)
    return rows.select_related("distribution__party", "distribution__minutes").order_by("pk")
