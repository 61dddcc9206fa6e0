"""Are meetings, attendance, action items, papers and links what the ledger says? Asked by `verify_ledger`: the acts are done
again on paper, in their order, and what comes out is compared with the rows."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from ledger.models import Entry
from ledger.rules import canonical_json
from meetings.choices import Act, ActionState, Attendance, State
from meetings.clocks import ITEM, MEETING
from meetings.models import AccessLink, ActionItem, Invitation, Meeting, Paper
from uploads import stored_sha256

BATCH = 200
MOVES = {f"meeting.{act.value}" for act in Act}
ITEM_FACTS = ("text", "owner", "owner_contact", "due_on", "agenda_item")


def course_matches() -> Iterator[str]:
    """One sentence for each row that is not as it was recorded, was never recorded, or is gone."""
    told = _Told()
    yield from _meetings(told)
    yield from _attendance(told)
    yield from _items(told)
    yield from _papers(told)
    yield from _links(told)


class _Told:
    """What the ledger tells, by the number of the record: `meetings`, `people` (attendance of each meeting by invitation),
    `items`, `papers`, `proofs` (item, name, SHA-256), `links`."""

    def __init__(self):
        self.meetings: dict[int, dict] = {}
        self.people: dict[int, dict[int, list]] = defaultdict(dict)
        self.items: dict[int, dict] = {}
        self.papers: dict[int, dict] = {}
        self.proofs: set[tuple] = set()
        self.links: dict[int, dict] = {}
        rows = Entry.objects.filter(Q(subject_type=MEETING, action__startswith="meeting.") | Q(subject_type=ITEM))
        for action, pk, data in (
            rows.order_by("number").values_list("action", "subject_id", "data").iterator(chunk_size=BATCH)
        ):
            self._read(action, pk, json.loads(data))

    def _read(self, action: str, pk: int, data: dict) -> None:
        if action in MOVES:
            self._move(action, pk, data)
        elif action == "meeting.attendance":
            self.people[pk] |= {
                each["invitation"]: [each["attendance"], each["by"], each["note"]] for each in data["people"]
            }
        elif action == "meeting.paper":
            self.papers[data["paper"]] = data | {"meeting": pk, "removed": False}
        elif action == "meeting.paper_remove":
            self.papers.setdefault(data["paper"], {})["removed"] = True
        elif action == "meeting.link":
            self.links[data["link"]] = data | {"meeting": pk, "revoked": False}
        elif action == "meeting.link_revoke":
            self.links.setdefault(data["link"], {})["revoked"] = True
        elif action.startswith("action_item.") and "turn" in data:
            self._item(action.removeprefix("action_item."), pk, data)

    def _move(self, action: str, pk: int, data: dict) -> None:
        now = self.meetings.setdefault(pk, {})
        if action == f"meeting.{Act.CALL}":
            now |= {name: data[name] for name in ("title", "starts_at", "ends_at")} | {
                "state": State.PLANNED,
                "turn": 0,
            }
            return
        now |= {"state": data["state"], "turn": data["turn"]}
        if "title" in data.get("changed", {}):
            now["title"] = data["changed"]["title"][1]
        if action == f"meeting.{Act.MOVE}":
            now["starts_at"], now["ends_at"] = data["to"]
            # Who had signed in for the former time was not at this one.
            self.people[pk] = {row: [Attendance.EXPECTED, "", note] for row, (_, _, note) in self.people[pk].items()}

    def _item(self, act: str, pk: int, data: dict) -> None:
        now = self.items.setdefault(pk, {"close_note": "", "done_note": ""})
        now |= {"state": data["state"], "turn": data["turn"]}
        match act:
            case "create":
                now |= {name: data[name] for name in ITEM_FACTS}
            case "change":
                now |= {name: values[1] for name, values in data["changed"].items()}
            case "done":
                now["done_note"] = data["note"]
                self.proofs |= {(pk, each["name"], each["sha256"]) for each in data["proofs"]}
            case "close" | "drop":
                now["close_note"] = data["note" if act == "close" else "reason"][:300]
            case "reopen":
                now |= {"due_on": data["due_on"][1], "close_note": ""}


def _plain(values: dict) -> dict:
    return json.loads(canonical_json(values))


def _gone(model, word: str, known) -> Iterator[str]:
    there = set(model.objects.filter(pk__in=known).values_list("pk", flat=True)) if known else set()
    yield from (f"证据链所记的{word} {pk} 已不存在" for pk in sorted(set(known) - there))


def _meetings(told: _Told) -> Iterator[str]:
    for row in Meeting.objects.order_by("pk").iterator(chunk_size=BATCH):
        known = told.meetings.get(row.pk)
        now = {
            "title": row.title,
            "starts_at": row.starts_at,
            "ends_at": row.ends_at,
            "state": row.state,
            "turn": row.turn,
        }
        if known is None:
            yield f"会议 {row.number} 未见于证据链"
        elif _times(_plain(now)) != _times(known):
            yield f"会议 {row.number} 与证据链所记不符"
    yield from _gone(Meeting, "会议", told.meetings)


def _times(facts: dict) -> dict:
    """Moments compared as moments, however they were written."""
    return facts | {
        name: datetime.fromisoformat(facts[name]).timestamp() for name in ("starts_at", "ends_at") if name in facts
    }


def _attendance(told: _Told) -> Iterator[str]:
    seen = set()
    for row in Invitation.objects.select_related("meeting").order_by("pk").iterator(chunk_size=BATCH):
        seen.add(row.pk)
        known = told.people[row.meeting_id].get(row.pk, [Attendance.EXPECTED, "", row.note])
        if row.meeting.state == State.ISSUED and known[0] == Attendance.EXPECTED:
            known = [Attendance.ABSENT, *known[1:]]
        if [row.attendance, row.signed_by, row.note] != known:
            yield f"会议 {row.meeting.number} 参会人员 {row.pk} 的出席与证据链不符"
    for people in told.people.values():
        lost = [pk for pk, (attendance, *_) in people.items() if attendance == Attendance.PRESENT and pk not in seen]
        yield from (f"证据链所记的到会人员 {pk} 已不存在" for pk in sorted(lost))


def _items(told: _Told) -> Iterator[str]:
    for row in ActionItem.objects.order_by("pk").iterator(chunk_size=BATCH):
        now = {
            "text": row.text, "owner": row.owner_id, "owner_contact": row.owner_contact_id, "due_on": row.due_on,
            "agenda_item": row.agenda_item_id, "state": row.state, "turn": row.turn,
            "close_note": row.close_note, "done_note": row.done_note,
        }  # fmt: skip
        if row.pk not in told.items:
            yield f"会议待办 {row.number} 未见于证据链"
        elif _plain(now) != told.items[row.pk]:
            yield f"会议待办 {row.number} 与证据链所记不符"
        elif row.state in (ActionState.CLOSED, ActionState.DROPPED) and row.closed_by_id is None:
            yield f"会议待办 {row.number} 没有关闭人"
    yield from _gone(ActionItem, "会议待办", told.items)


def _papers(told: _Told) -> Iterator[str]:
    for row in Paper.objects.order_by("pk").iterator(chunk_size=BATCH):
        name = f"会议文件 {row.pk}（{row.name}）"
        if row.meeting_id:
            known = told.papers.get(row.pk, {})
            same = [known.get(key) for key in ("meeting", "name", "sha256", "removed")]
            is_as_told = same == [row.meeting_id, row.name, row.sha256, row.removed_at is not None]
        else:
            is_as_told = (row.action_item_id, row.name, row.sha256) in told.proofs and row.removed_at is None
        if not is_as_told:
            yield f"{name}与证据链所记不符，或未见于证据链"
        if stored_sha256(row.file) != row.sha256:
            yield f"{name}的文件缺失，或与上传时的哈希不符"
    yield from _gone(Paper, "会议文件", told.papers)


def _links(told: _Told) -> Iterator[str]:
    for row in AccessLink.objects.order_by("pk").iterator(chunk_size=BATCH):
        known = told.links.get(row.pk, {})
        now = _plain({"purpose": row.purpose, "meeting": row.meeting_id, "distribution": row.distribution_id,
                      "expires_at": row.expires_at, "sha256": row.secret_sha256})  # fmt: skip
        if now != {name: known.get(name) for name in now}:
            yield f"外部链接 {row.pk} 与证据链所记不符，或未见于证据链"
        elif known["revoked"] and row.revoked_at is None:
            yield f"外部链接 {row.pk} 已撤销，却仍有效"
    yield from _gone(AccessLink, "外部链接", told.links)
