"""Do liability cases and sheets say what the ledger says? Asked by `verify_ledger`: a walk, a proposal, an answer, a decision or
a paper that was edited behind the application's back is named."""

import json
from collections.abc import Iterator

from inspections.choices import CaseState, LiabilityAct, SheetState
from inspections.liability_digests import answer_digest, case_digest, decision_digest, proposal_digest, walk_digest
from inspections.models import LiabilityCase, LiabilitySheet
from ledger.models import Entry
from printing.papers import stored_pdf

BATCH = 500
CASE, SHEET = LiabilityCase._meta.label_lower, LiabilitySheet._meta.label_lower
A = LiabilityAct
ANSWERS = (A.ACCEPT, A.APPEAL, A.LAPSE)


def liability_matches() -> Iterator[str]:
    """One sentence for each case or sheet that is not what is on record, and for each that is gone."""
    yield from _problems(LiabilityCase.objects.all(), CASE, A.OPEN, "问责", _wrong_case)
    sheets = LiabilitySheet.objects.select_related("case", "person")
    yield from _problems(sheets, SHEET, A.SERVE, "问责单", _wrong_sheet)


def _problems(rows, label: str, first: LiabilityAct, word: str, differs) -> Iterator[str]:
    last = 0
    while found := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = found[-1].pk
        told = _told(label, {row.pk for row in found})
        for row in found:
            if wrong := differs(row, told.get(row.pk, {})):
                yield f"{word} {row.number} {wrong}"
    begun = Entry.objects.filter(subject_type=label, action=f"liability.{first}").order_by("number")
    for gone in begun.exclude(subject_id__in=rows.model.objects.values("pk")).values_list("subject_label", flat=True):
        yield f"{word} {gone} 有记录，却不在数据库中"


def _told(label: str, ids: set[int]) -> dict[int, dict]:
    """What the ledger says of each: the facts of each act by its name, and the state as the last of them left it."""
    found: dict[int, dict] = {}
    rows = Entry.objects.filter(subject_type=label, subject_id__in=ids, action__startswith="liability.")
    for pk, action, data in rows.order_by("number").values_list("subject_id", "action", "data"):
        facts = json.loads(data)
        known = found.setdefault(pk, {})
        known[action.removeprefix("liability.")] = facts
        known["state"] = facts.get("state", known.get("state"))
    return found


def _first(facts: list[tuple[str, object, object]]) -> str:
    """The first of (word, as it is, as it was told) that differs."""
    wrong = next((word for word, is_, told in facts if is_ != told), "")
    return f"的{wrong}与证据链不符" if wrong else ""


def _wrong_case(case: LiabilityCase, told: dict) -> str:
    if A.OPEN not in told:
        return "没有提起记录"
    opened = told[A.OPEN]
    return _first([
        ("内容", case_digest(case), opened["content_sha256"]),
        ("签署追溯", walk_digest(case), opened["walk_sha256"]),
        ("签署追溯摘要", case.walk_sha256, opened["walk_sha256"]),
        ("状态", case.state, told["state"]),
        ("办结时间", case.closed_at is not None, told["state"] in (CaseState.DECIDED, CaseState.DROPPED)),
    ])  # fmt: skip


def _wrong_sheet(sheet: LiabilitySheet, told: dict) -> str:
    if A.SERVE not in told:
        return "没有送达记录"
    answered = next((told[act]["digest"] for act in ANSWERS if act in told), None)
    decided = told.get(A.DECIDE, {})
    return _first([
        ("提出内容", proposal_digest(sheet), told[A.SERVE]["digest"]),
        ("提出签署摘要", sheet.proposal_digest, told[A.SERVE]["digest"]),
        ("陈述申辩", answer_digest(sheet) if sheet.answer else None, answered),
        ("处理决定", decision_digest(sheet) if sheet.decision else None, decided.get("digest")),
        ("决定签署摘要", sheet.decision_digest, decided.get("digest")),
        ("PDF 摘要", sheet.pdf_sha256, decided.get("pdf_sha256")),
        ("状态", sheet.state, told["state"]),
    ]) or _wrong_paper(sheet)  # fmt: skip


def _wrong_paper(sheet: LiabilitySheet) -> str:
    if sheet.state != SheetState.DECIDED or stored_pdf(sheet.pdf, sheet.pdf_sha256) is not None:
        return ""
    return "的 PDF 缺失，或与决定时的哈希不符"
