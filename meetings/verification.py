"""Are issued minutes, their papers, receipts and objections what the ledger says? Asked by `verify_ledger`."""

import json
from collections.abc import Iterator

from ledger.models import Entry
from ledger.rules import canonical_json
from meetings.choices import Act
from meetings.models import Distribution, Meeting, Minutes, Objection
from meetings.services.minutes import digest_of
from printing.papers import stored_pdf

BATCH = 200
LABEL = Meeting._meta.label_lower
ACTIONS = (f"meeting.{Act.ISSUE}", "minutes.supplement", "minutes.receive", "minutes.object", "minutes.answer")


def minutes_match() -> Iterator[str]:
    """One sentence for each thing that is not as it was recorded, and for each that is gone."""
    told = _told()
    yield from _papers(told["issued"])
    yield from _receipts(told["copies"], told["received"])
    yield from _objections(told["objected"], told["answered"])


def _told() -> dict[str, dict]:
    """issued: number → facts; copies: ids of copies; received, objected, answered: id → facts; each with `by`."""
    found: dict[str, dict] = {"issued": {}, "copies": {}, "received": {}, "objected": {}, "answered": {}}
    rows = Entry.objects.filter(subject_type=LABEL, action__in=ACTIONS).order_by("number")
    for action, by, pk, data in rows.values_list("action", "actor_id", "subject_id", "data").iterator(
        chunk_size=BATCH
    ):
        facts = {**json.loads(data), "by": by, "meeting": pk}
        match action:
            case "minutes.receive":
                found["received"].setdefault(facts["distribution"], facts)
            case "minutes.object":
                found["objected"][facts["objection"]] = facts
            case "minutes.answer":
                found["answered"][facts["objection"]] = facts
            case _:
                found["issued"][facts["minutes"]] = facts
                found["copies"] |= {copy: [facts["minutes"], kind, whom] for copy, kind, whom in facts["to"]}
    return found


def _plain(values: list) -> list:
    return json.loads(canonical_json(values))


def _papers(issued: dict) -> Iterator[str]:
    seen = set()
    for row in Minutes.objects.order_by("pk").iterator(chunk_size=BATCH):
        seen.add(row.number)
        told = issued.get(row.number)
        if told is None:
            yield f"会议纪要 {row.number} 未见于证据链"
            continue
        now = [row.digest, row.pdf_sha256, row.issued_by_id, row.issued_at, row.objections_until, row.meeting_id]
        if _plain(now) != [told[name] for name in ("digest", "pdf_sha256", "by", "at", "objections_until", "meeting")]:
            yield f"会议纪要 {row.number} 与证据链所记不符"
        if digest_of(row, told["head"]) != row.digest:
            yield f"会议纪要 {row.number} 的内容与签署摘要不符（内容被改动）"
        if stored_pdf(row.pdf, row.pdf_sha256) is None:
            yield f"会议纪要 {row.number} 的文件缺失，或与签发时的哈希不符"
    yield from (f"证据链所记的会议纪要 {number} 已不存在" for number in sorted(issued.keys() - seen))


def _receipts(copies: dict, received: dict) -> Iterator[str]:
    seen = set()
    for row in Distribution.objects.select_related("minutes").order_by("pk").iterator(chunk_size=BATCH):
        seen.add(row.pk)
        name = f"纪要 {row.minutes.number} 的分发 {row.pk}"
        whom = ["party", row.party_id] if row.party_id else ["user", row.user_id]
        if copies.get(row.pk) != [row.minutes.number, *whom]:
            yield f"{name}与证据链所记不符，或未见于证据链"
        told = received.get(row.pk, {})
        now = [row.received_at, row.received_by, row.receiver_name, row.receipt_note]
        if _plain(now) != [told.get("at"), *(told.get(key, "") for key in ("how", "name", "note"))]:
            yield f"{name}的签收与证据链不符"
    yield from (f"证据链所记的纪要分发 {pk} 已不存在" for pk in sorted(copies.keys() - seen))


def _objections(objected: dict, answered: dict) -> Iterator[str]:
    seen = set()
    for row in Objection.objects.select_related("supplement").order_by("pk").iterator(chunk_size=BATCH):
        seen.add(row.pk)
        told, answer = objected.get(row.pk, {}), answered.get(row.pk, {})
        if _plain([row.distribution_id, row.by_name, row.text, row.made_at]) != [
            told.get(key) for key in ("distribution", "name", "text", "at")
        ]:
            yield f"纪要异议 {row.pk} 与证据链不符"
        now = [row.is_accepted, row.answer, row.answered_by_id, row.answered_at]
        supplement = row.supplement.number if row.supplement_id else ""
        if _plain(now) != [answer.get(key) for key in ("accepted", "answer", "by", "at")] or supplement != answer.get(
            "supplement", ""
        ):
            yield f"纪要异议 {row.pk} 的答复与证据链不符"
    yield from (f"证据链所记的纪要异议 {pk} 已不存在" for pk in sorted(objected.keys() - seen))
