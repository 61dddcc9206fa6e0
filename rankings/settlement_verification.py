"""Do settlements, their lines, appeals and notices say what the ledger says? Asked by `verify_ledger`."""

import json
from collections.abc import Iterator

from inspections.liability_digests import sha256_of
from ledger.models import Entry
from ledger.rules import canonical_json
from printing.papers import stored_pdf
from rankings.choices import SettlementState
from rankings.models import Appeal, AwardNotice, PromotionNote, Settlement
from rankings.queries.awards import digest_of
from rankings.queries.settlements import awards_of
from rankings.settlement_digests import appeal_digest, approval_digest, decision_digest, notes_digest, notice_digest

S = SettlementState
STATE_BY = {"settlement.approve": S.APPROVED, "settlement.withdraw": S.WITHDRAWN}


def settlements_match() -> Iterator[str]:
    """One sentence for each settlement, appeal or notice that is not what is on record, and for each that is gone."""
    told = _told(Settlement, ("settlement.propose", "settlement.approve", "settlement.withdraw"))
    for row in Settlement.objects.select_related("ranking", "policy"):
        if wrong := _wrong_settlement(row, told.pop(row.pk, {})):
            yield f"{row}（{row.pk}）{wrong}"
    for pk in told:
        yield f"奖惩结算 {pk} 有记录，却不在数据库中"
    yield from _unfounded_notes()
    yield from _appeals()
    yield from _notices()


def _told(model, actions) -> dict[int, dict]:
    found: dict[int, dict] = {}
    rows = Entry.objects.filter(subject_type=model._meta.label_lower, action__in=actions).order_by("number")
    for pk, action, by, data in rows.values_list("subject_id", "action", "actor_id", "data"):
        found.setdefault(pk, {})[action] = {**json.loads(data), "by": by}
    return found


def _wrong_settlement(row: Settlement, told: dict) -> str:
    if "settlement.propose" not in told:
        return "没有提出记录"
    proposed, approved = told["settlement.propose"], told.get("settlement.approve", {})
    state = next((STATE_BY[act] for act in STATE_BY if act in told), S.PROPOSED)
    awards = list(awards_of(row))
    if not row.digest == proposed["digest"] == digest_of(row.ranking, row.policy, awards):
        return "的明细与证据链不符"
    if row.state != state:
        return "的状态与证据链不符"
    if _plain([row.proposed_by_id, row.proposed_at, row.appeals_until]) != [
        proposed[key] for key in ("by", "at", "appeals_until")
    ]:
        return "的提出人、公示时间或申诉截止日与证据链不符"
    if _withdrawal(row) != _told_withdrawal(told.get("settlement.withdraw")):
        return "的撤回情况与证据链不符"
    if row.approval_digest != approved.get("approval"):
        return "的批准签署摘要与证据链不符"
    if row.state == S.APPROVED and approval_digest(row, awards) != row.approval_digest:
        return "批准后的金额与批准时不符"
    if row.state == S.APPROVED and notes_digest(row.ranking.promotion_notes.all()) != approved["notes_sha256"]:
        return "的晋升参考业绩与批准时不符"
    return ""


def _plain(values: list) -> list:
    """As they stand in the chain."""
    return json.loads(canonical_json({"values": values}))["values"]


def _withdrawal(row: Settlement) -> list:
    words = None if row.withdrawal is None else sha256_of(row.withdrawal)
    return _plain([row.withdrawn_by_id, row.withdrawn_at, words])


def _told_withdrawal(told: dict | None) -> list:
    return [told["by"], told["at"], told["reason_sha256"]] if told else [None, None, None]


def _unfounded_notes() -> Iterator[str]:
    """Notes for promotion of a year of which no settlement was approved."""
    approved = Settlement.objects.filter(state=S.APPROVED).order_by().values("ranking")
    for note in PromotionNote.objects.exclude(ranking__in=approved).order_by("pk"):
        yield f"晋升参考业绩（{note.pk}）没有经批准的奖惩结算"


def _appeals() -> Iterator[str]:
    told = _told(Appeal, ("award.appeal", "award.decide"))
    for row in Appeal.objects.select_related("award"):
        known = told.pop(row.pk, {})
        decided = decision_digest(row) if row.outcome else None
        if known.get("award.appeal", {}).get("digest") != appeal_digest(row):
            yield f"{row} 的内容与证据链不符"
        elif known.get("award.decide", {}).get("digest") != decided:
            yield f"{row} 的处理与证据链不符"
    for pk in told:
        yield f"奖惩申诉 {pk} 有记录，却不在数据库中"


def _notices() -> Iterator[str]:
    told = _told(AwardNotice, ("award.notice",))
    for row in AwardNotice.objects.all():
        if told.pop(row.pk, {}).get("award.notice", {}).get("digest") != notice_digest(row):
            yield f"奖惩通知书 {row.number} 与证据链不符"
        elif stored_pdf(row.pdf, row.pdf_sha256) is None:
            yield f"奖惩通知书 {row.number} 的 PDF 缺失，或与签发时的哈希不符"
    for pk in told:
        yield f"奖惩通知书（{pk}）有记录，却不在数据库中"
