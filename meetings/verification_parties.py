"""Are participating units, their contacts and the series what the ledger says? Asked by `verify_ledger`: what was registered and
changed is done again on paper, in its order, and compared with the rows."""

import json
from collections.abc import Iterator

from ledger.models import Entry
from ledger.rules import canonical_json
from meetings.models import Contact, Party, Series
from meetings.services.parties import CONTACT_FACTS, PARTY_FACTS
from meetings.services.series import facts_of

BATCH = 200
PARTY, CONTACT, SERIES = (model._meta.label_lower for model in (Party, Contact, Series))
PARTY_WORDS = {"project": "项目", "kind": "单位性质", "name": "名称", "is_active": "在册"}
CONTACT_WORDS = {"party": "单位", "name": "姓名", "position": "职务", "phone": "电话", "email": "邮箱", "is_main": "单位联系人",
                 "is_active": "在册"}  # fmt: skip
SERIES_WORDS = {
    "project": "项目", "kind": "种类", "title": "名称", "frequency": "周期", "interval": "间隔", "weekday": "星期", "month_day": "日期",
    "off_day": "遇非工作日", "starts_on": "开始日期", "ends_on": "截止日期", "begins_at": "开始时间", "minutes_long": "时长",
    "room_id": "会议室", "place": "地点", "organiser_id": "组织者", "host": "主持人", "guests": "参加人", "ended_by": "终止",
}  # fmt: skip


def parties_match() -> Iterator[str]:
    """One sentence for each unit or contact that is not as it was recorded, was never recorded, or is gone."""
    told = _Told()
    for row in Party.objects.order_by("pk").iterator(chunk_size=BATCH):
        now = {"project": row.project_id, **{name: getattr(row, name) for name in PARTY_FACTS}}
        yield from _compared(f"参建单位 {row.pk}（{row.name}）", now, told.parties.get(row.pk), PARTY_WORDS)
    yield from gone(Party, "参建单位", told.parties)
    for row in Contact.objects.order_by("pk").iterator(chunk_size=BATCH):
        now = {"party": row.party_id, **{name: getattr(row, name) for name in CONTACT_FACTS}}
        yield from _compared(f"参建单位联系人 {row.pk}（{row.name}）", now, told.contacts.get(row.pk), CONTACT_WORDS)
    yield from gone(Contact, "参建单位联系人", told.contacts)


def series_match() -> Iterator[str]:
    """The same of series: rule, place, host, organiser, guests, and whether they were ended."""
    told = _told_of_series()
    rows = Series.objects.select_related("kind", "organiser", "room").prefetch_related("guests")
    for row in rows.order_by("pk").iterator(chunk_size=BATCH):
        facts = facts_of(row) | {"kind": row.kind.code, "project": row.project_id}
        guests = sorted([each.user_id or 0, each.contact_id or 0] for each in row.guests.all())
        ended = row.ended_by_id if row.ended_at else None
        now = {name: facts.get(name) for name in SERIES_WORDS} | {"guests": guests, "ended_by": ended}
        yield from _compared(f"例会 {row.pk}（{row.title}）", now, told.get(row.pk), SERIES_WORDS)
    yield from gone(Series, "例会", told)


class _Told:
    """What the ledger tells: `parties` and `contacts` by number. A contact's row names the unit as it was called then."""

    def __init__(self):
        self.parties: dict[int, dict] = {}
        self.contacts: dict[int, dict] = {}
        self._called: dict[tuple[int, str], int] = {}
        self._main: dict[int, int] = {}
        rows = Entry.objects.filter(subject_type__in=[PARTY, CONTACT]).order_by("number")
        for action, pk, project, data in rows.values_list("action", "subject_id", "scope_id", "data").iterator(
            chunk_size=BATCH
        ):
            (self._party if action.startswith("party.") else self._contact)(action, pk, project, json.loads(data))

    def _party(self, action: str, pk: int, project: int, data: dict) -> None:
        now = self.parties.setdefault(pk, {"project": project, "is_active": True})
        changes = {name: values[1] for name, values in data.get("changes", {}).items()}
        self._called.pop((project, now.get("name")), None)
        now |= changes if action == "party.update" else {name: data[name] for name in ("kind", "name")}
        self._called[project, now.get("name")] = pk

    def _contact(self, action: str, pk: int, project: int, data: dict) -> None:
        now = self.contacts.setdefault(pk, {"party": self._called.get((project, data["party"]))})
        if action == "contact.create":
            now |= {name: data[name] for name in CONTACT_FACTS}
        else:
            now |= {name: values[1] for name, values in data["changes"].items()}
        if now.get("is_main") and now.get("is_active"):
            before = self._main.get(now["party"])
            if before not in (None, pk):
                self.contacts[before]["is_main"] = False
            self._main[now["party"]] = pk


def _told_of_series() -> dict[int, dict]:
    found: dict[int, dict] = {}
    rows = Entry.objects.filter(subject_type=SERIES).order_by("number")
    for action, pk, by, project, data in rows.values_list(
        "action", "subject_id", "actor_id", "scope_id", "data"
    ).iterator(chunk_size=BATCH):
        facts, now = json.loads(data), found.setdefault(pk, {})
        match action:
            case "series.create":
                now |= facts | {"project": project, "ended_by": None}
            case "series.change":
                now |= {name: values[1] for name, values in facts["changes"].items()}
            case "series.end":
                now["ended_by"] = by
        if "guest_ids" in facts:
            ids = facts["guest_ids"]
            now["guests"] = sorted([[pk, 0] for pk in ids["users"]] + [[0, pk] for pk in ids["contacts"]])
        elif action == "series.create":
            now.pop("guests")  # names, which may change
    return found


def _compared(what: str, now: dict, known: dict | None, words: dict[str, str]) -> Iterator[str]:
    """What the rows of earlier versions did not tell is not asked."""
    if known is None:
        yield f"{what}未见于证据链"
        return
    now = json.loads(canonical_json(now))
    if wrong := [words[name] for name in now if name in known and now[name] != known[name]]:
        yield f"{what}的{'、'.join(wrong)}与证据链所记不符"


def gone(model, word: str, known) -> Iterator[str]:
    """One sentence for each record of `known` (its numbers) that is no longer there."""
    there = set(model.objects.filter(pk__in=known).values_list("pk", flat=True)) if known else set()
    yield from (f"证据链所记的{word} {pk} 已不存在" for pk in sorted(set(known) - there))
