"""Do settlements, their lines, appeals and notices say what the ledger says? Asked by `verify_ledger`."""

import json
from collections.abc import Iterator

from ledger.models import Entry
from rankings.choices import SettlementState
from rankings.models import Appeal, AwardNotice, Settlement
from rankings.queries.awards import digest_of
from rankings.queries.settlements import awards_of
from rankings.settlement_digests import appeal_digest, approval_digest, decision_digest
from reviews.verification import stored_pdf

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
    yield from _appeals()
    yield from _notices()


def _told(model, actions) -> dict[int, dict]:
    found: dict[int, dict] = {}
    rows = Entry.objects.filter(subject_type=model._meta.label_lower, action__in=actions).order_by("number")
    for pk, action, data in rows.values_list("subject_id", "action", "data"):
        found.setdefault(pk, {})[action] = json.loads(data)
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
    if row.approval_digest != approved.get("approval"):
        return "的批准签署摘要与证据链不符"
    if row.state == S.APPROVED and approval_digest(row, awards) != row.approval_digest:
        return "批准后的金额与批准时不符"
    return ""


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
        if told.pop(row.pk, {}).get("award.notice", {}).get("pdf_sha256") != row.pdf_sha256:
            yield f"奖惩通知书 {row.number} 与证据链不符"
        elif stored_pdf(row.pdf, row.pdf_sha256) is None:
            yield f"奖惩通知书 {row.number} 的 PDF 缺失，或与签发时的哈希不符"
    for pk in told:
        yield f"奖惩通知书（{pk}）有记录，却不在数据库中"
