"""Are meetings, their guests and attendance, action items, papers and links what the ledger says? Asked by `verify_ledger`: the acts are done
again on paper, in their order, and what comes out is compared with the rows."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from ledger.models import Entry
from ledger.rules import canonical_json
from meetings.chain import columns_of
from meetings.choices import Act, ActionState, Attendance, State
from meetings.clocks import ITEM, MEETING
from meetings.models import AccessLink, ActionItem, Invitation, Meeting, Paper
from meetings.verification_parties import gone
from uploads import stored_sha256

BATCH = 200
MOVES = {f"meeting.{act.value}" for act in Act}
# The invitation goes out anew.
RESEQUENCED = {f"meeting.{act.value}" for act in (Act.CHANGE, Act.MOVE, Act.CANCEL)}
# What a meeting is called with, and what of it is told in words when it is changed.
CALLED = ("kind", "title", "topic", "host", "note", "starts_at", "ends_at", "sequence")
TEXTS = ("title", "topic", "host", "note")
WORDS = {
    "title": "名称", "topic": "议题类别", "host": "主持人", "note": "说明", "starts_at": "开始时间", "ends_at": "结束时间",
    "sequence": "邀请序号", "kind": "种类", "project": "项目", "state": "状态", "turn": "办理次数", "reason": "原因", "room": "会议室",
    "place": "地点", "organiser": "组织者", "recorder": "记录人", "called_by": "组织单位", "series": "例会",
    "occurrence_on": "例会日期",
}  # fmt: skip
ITEM_FACTS = ("text", "owner", "owner_contact", "due_on", "agenda_item")


def course_matches() -> Iterator[str]:
    """One sentence for each row that is not as it was recorded, was never recorded, or is gone."""
    told = _Told()
    yield from _meetings(told)
    yield from _guests(told)
    yield from _attendance(told)
    yield from _items(told)
    yield from _papers(told)
    yield from _links(told)


class _Told:
    """What the ledger tells, by the number of the record: `meetings`, `people` (attendance of each meeting by invitation),
    `items`, `papers`, `proofs` (item, name, SHA-256), `links`."""

    def __init__(self):
        self.meetings: dict[int, dict] = {}
        self.guests: dict[int, set[tuple]] = {}
        self.people: dict[int, dict[int, list]] = defaultdict(dict)
        self.items: dict[int, dict] = {}
        self.papers: dict[int, dict] = {}
        self.proofs: set[tuple] = set()
        self.links: dict[int, dict] = {}
        rows = Entry.objects.filter(Q(subject_type=MEETING, action__startswith="meeting.") | Q(subject_type=ITEM))
        rows = rows.order_by("number").values_list("action", "subject_id", "scope_id", "data")
        for action, pk, scope, data in rows.iterator(chunk_size=BATCH):
            self._read(action, pk, json.loads(data) | {"scope": scope})

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
        now = self.meetings.setdefault(pk, {"reason": "", "sequence": 0})
        if action == f"meeting.{Act.CALL}":
            now |= {name: data[name] for name in CALLED} | {
                "project": data["scope"],
                "state": State.PLANNED,
                "turn": 0,
                "reason": "",
            }
            now |= data.get("columns", {})
            if "invited_ids" in data:
                self.guests[pk] = _people(data["invited_ids"])
            return
        now |= {"state": data["state"], "turn": data["turn"], **data.get("columns", {})}
        now |= {name: values[1] for name, values in data.get("changed", {}).items() if name in TEXTS}
        now["reason"] = data.get("reason", now["reason"])
        now["sequence"] += action in RESEQUENCED
        if pk in self.guests and "invited_ids" in data:
            self.guests[pk] = self.guests[pk] - _people(data["uninvited_ids"]) | _people(data["invited_ids"])
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


def _meetings(told: _Told) -> Iterator[str]:
    for row in Meeting.objects.select_related("kind").order_by("pk").iterator(chunk_size=BATCH):
        known = told.meetings.get(row.pk)
        if known is None or "starts_at" not in known:  # nobody called it
            yield f"会议 {row.number} 未见于证据链"
            continue
        now = {name: getattr(row, name) for name in ("title", "topic", "host", "note", "starts_at", "ends_at", "sequence", "state",
                                                     "turn", "reason")}  # fmt: skip
        now |= {"kind": row.kind.code, "project": row.project_id, **columns_of(row)}
        now, known = _times(_plain(now)), _times(known)
        # What the rows of earlier versions did not tell is not asked.
        if wrong := [WORDS[name] for name in now if name in known and now[name] != known[name]]:
            yield f"会议 {row.number} 的{'、'.join(wrong)}与证据链所记不符"
    yield from gone(Meeting, "会议", told.meetings)


def _people(ids: dict) -> set[tuple]:
    return {("user", pk) for pk in ids["users"]} | {("contact", pk) for pk in ids["contacts"]}


def _guests(told: _Told) -> Iterator[str]:
    """Who is invited; those who came along have a name and no account."""
    now: dict[int, set[tuple]] = defaultdict(set)
    rows = Invitation.objects.filter(meeting__in=told.guests).exclude(user=None, contact=None)
    for meeting, user, contact in rows.order_by().values_list("meeting", "user", "contact").iterator(chunk_size=BATCH):
        now[meeting].add(("user", user) if user else ("contact", contact))
    wrong = [pk for pk, known in told.guests.items() if now[pk] != known]
    numbers = Meeting.objects.filter(pk__in=wrong).order_by("pk").values_list("number", flat=True)
    yield from (f"会议 {number} 的受邀人员与证据链不符" for number in numbers)


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
    yield from gone(ActionItem, "会议待办", told.items)


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
    yield from gone(Paper, "会议文件", told.papers)


def _links(told: _Told) -> Iterator[str]:
    for row in AccessLink.objects.order_by("pk").iterator(chunk_size=BATCH):
        known = told.links.get(row.pk, {})
        now = _plain({"purpose": row.purpose, "meeting": row.meeting_id, "distribution": row.distribution_id,
                      "expires_at": row.expires_at, "sha256": row.secret_sha256})  # fmt: skip
        if now != {name: known.get(name) for name in now}:
            yield f"外部链接 {row.pk} 与证据链所记不符，或未见于证据链"
        elif known["revoked"] and row.revoked_at is None:
            yield f"外部链接 {row.pk} 已撤销，却仍有效"
    yield from gone(AccessLink, "外部链接", told.links)
