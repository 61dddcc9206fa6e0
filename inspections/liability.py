"""Who answers for a problem (质量问责制, §3): the walk along the signatures of a round. Values in, plain JSON out; no ORM, no clock.

[S] 咨询成果在三级复核范围内出现的问题，实行质量问题问责制，由复核人员承担责任。应说明而未说明的，视同对其已认同，负直接责任。

The rule, so that anybody can follow it (version 1):

1. A line of a checklist *covers* a category when it holds one of the category's words (COVERING), or says that everything was
   reviewed (WHOLE). A statement (未决事项, 提请重点复核) *speaks of* it when it holds one of these words or the category's name.
2. A signer *stated* the problem by a statement that speaks of it, by a covering line answered 否, or by a remark of the category
   (or the very remark that a finding names) to which the preparer answered 说明，不修改: it was raised and overruled. A remark
   that was put right and passed its re-check tells that the signer looked there; it relieves nobody of what was left.
3. Proposed is: nothing for who stated it; 直接责任 for a reviewer who did not, though a covering line was answered 是; 认同责任
   for any other reviewer who signed; 编制责任 for the preparer, unless stated and never refused; nothing for the issue, which
   is outside the three levels, and for an exempted level.
4. It is a proposal. A person decides, and may choose otherwise with grounds.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from inspections.choices import Share
from reviews.choices import ChecklistResult, Disposition, LevelKind, RemarkCategory
from staff.choices import Role

C = RemarkCategory
COVERING: dict[str, tuple[str, ...]] = {
    C.BASIS: ("法规", "计价依据", "等依据", "原则、依据", "规范、标准", "参数与标准", "经济标准"),
    C.QUANTITY: ("工程量", "计算式", "计算公式", "计算数量", "计算底稿"),
    C.UNIT_PRICE: ("定额", "综合单价", "技术经济参数"),
    C.FEES: ("取费", "费率", "计价依据", "价格", "综合单价", "技术经济参数"),
    C.OMISSION: ("漏项", "内容是否齐全", "范围和深度", "内容和深度", "内容与深度"),
    C.DATA: ("数据", "计量单位", "计算数字", "计算结果"),
    C.WORDING: ("文字", "论述", "说明是否规范", "说明规范"),
}
WHOLE = ("全面复核", "全面校核")

REVIEWERS = "咨询成果在三级复核范围内出现的问题，实行质量问题问责制，由复核人员承担责任。"
NOT_STATED = "应说明而未说明的，视同对其已认同"
CLAUSES: dict[str, str] = {
    Share.PREPARED: "专业造价工程师（或造价员）对自己承担的咨询初步成果质量负责，对支撑自己咨询结论的资料完整性和准确性负责。"
    "（岗位质量管理职责（5））",
    Share.DIRECT: f"{NOT_STATED}，负直接责任，并给予相应处罚。{REVIEWERS}",
    Share.ACCEPTED: f"{REVIEWERS}{NOT_STATED}。",
    Share.OTHER: REVIEWERS,
}
# The two levels for which the source says in whose name and where it should have been stated.
DIRECT_CLAUSES: dict[str, str] = {
    Role.DISCIPLINE_LEAD: "对未决事项和需要提请项目经理（或项目负责人）重点复核的问题，须在《工程造价咨询业务质量控制单》校核意见栏中加以说明，"
    f"{NOT_STATED}，由专业负责人负直接责任，并给予相应处罚。（专业负责人校核责任）{REVIEWERS}",
    Role.PROJECT_MANAGER: "对未决事项和需要提请单位技术负责人重点复核的问题，须在《工程造价咨询业务质量单》复核意见栏中加以说明，"
    f"{NOT_STATED}，由项目经理（或项目负责人）负直接责任，并给予相应处罚。（项目经理复核责任）{REVIEWERS}",
}  # fmt: skip
# How many of a kind the grounds list before they say 等 n 项.
LISTED = 4


@dataclass(frozen=True)
class Answered:
    """A line of the checklist as it was answered; `result` is a ChecklistResult."""

    order: int
    text: str
    result: str
    note: str = ""


@dataclass(frozen=True)
class Remarked:
    """A remark of the level on the category, with the last answer to it (a Disposition, or empty)."""

    number: int
    problem: str
    disposition: str
    answer: str = ""
    is_closed: bool = True

    @property
    def is_overruled(self) -> bool:
        return self.disposition == Disposition.EXPLAINED


@dataclass(frozen=True)
class Signing:
    """One signature of the round with all that it says; `signed_at` in the firm's time zone."""

    title: str
    kind: str
    role: str
    signature: int
    digest: str
    person: int
    name: str
    employee_number: str
    signed_at: datetime
    opinion: str = ""
    unresolved: Sequence[str] = ()
    attention: Sequence[str] = ()
    declares_no_unresolved: bool = True
    declares_no_attention: bool = True
    prompts: Sequence[str] = ()
    answers: Sequence[Answered] = ()
    remarks: Sequence[Remarked] = ()


@dataclass(frozen=True)
class Exempted:
    """A level that was not passed, by whom and why."""

    title: str
    kind: str
    name: str
    signed_at: datetime
    reason: str


@dataclass(frozen=True)
class Proposal:
    """What the walk proposes for one signer; `share` is empty where it proposes nothing, and `grounds` say why."""

    share: str
    grounds: str
    clause: str = ""


# ── Words ───────────────────────────────────────────────────────────────────
def covering_words(category: str) -> tuple[str, ...]:
    """The words by which a line of a checklist covers the category, for the page that explains the rule."""
    return (*COVERING[category], *WHOLE)


def covers(text: str, category: str) -> bool:
    """Whether a line of a checklist covers the category."""
    return any(word in text for word in covering_words(category))


def speaks_of(text: str, category: str) -> bool:
    """Whether a statement speaks of the category: a covering word, or the category by its name."""
    names = re.split("[与、]", C(category).label)
    return covers(text, category) or any(name in text for name in names)


def stated(signing: Signing, category: str) -> list[str]:
    """The statements of a signer that speak of the category."""
    return [text for text in (*signing.unresolved, *signing.attention) if speaks_of(text, category)]


def covering(signing: Signing, category: str) -> list[Answered]:
    """The lines of the signer's checklist that cover the category."""
    return [each for each in signing.answers if covers(each.text, category)]


# ── The walk ────────────────────────────────────────────────────────────────
def walk(category: str, steps: Iterable[Signing | Exempted]) -> list[dict]:
    """Each step of the chain in order, with its facts and the proposal: plain JSON, kept in the case as it was found."""
    steps = list(steps)
    found = []
    for place, step in enumerate(steps):
        if isinstance(step, Exempted):
            found.append(_exempted(step))
            continue
        before = [each for each in steps[:place] if isinstance(each, Signing)]
        after = [each for each in steps[place + 1 :] if isinstance(each, Signing)]
        found.append(_signed(step, category, before, after))
    return found


def _exempted(step: Exempted) -> dict:
    words = f"本级经{step.name}于 {_at(step.signed_at)} 批准免除，没有签署。理由：{step.reason}"
    return {
        "title": step.title, "kind": step.kind, "signature": None, "person": None, "name": step.name,
        "signed_at": step.signed_at.isoformat(), "exempted": step.reason, **asdict(Proposal("", words)),
    }  # fmt: skip


def _signed(step: Signing, category: str, before: list[Signing], after: list[Signing]) -> dict:
    accepted = [f"{each.title}（{each.name}）" for each in after if each.kind in (LevelKind.REVIEW, LevelKind.PANEL)]
    return {
        "title": step.title, "kind": step.kind, "signature": step.signature, "digest": step.digest, "exempted": "",
        "person": step.person, "name": step.name, "employee_number": step.employee_number,
        "signed_at": step.signed_at.isoformat(), "opinion": step.opinion, "unresolved": list(step.unresolved),
        "attention": list(step.attention), "declares_no_unresolved": step.declares_no_unresolved,
        "declares_no_attention": step.declares_no_attention, "prompts": list(step.prompts),
        "stated": stated(step, category), "answers": [asdict(each) for each in covering(step, category)],
        "remarks": [asdict(each) for each in step.remarks], "accepted_by": accepted,
        **asdict(proposal(step, category, before, after)),
    }  # fmt: skip


def proposal(step: Signing, category: str, before: Sequence[Signing] = (), after: Sequence[Signing] = ()) -> Proposal:
    """What is proposed for one signer; `before` and `after` are the other signers of the round."""
    facts = f"{_at(step.signed_at)} 签署{step.title}。"
    if step.kind == LevelKind.ISSUE:
        return Proposal("", f"{facts}签发不在三级复核范围内，问责制由复核人员承担责任。")
    reasons = _stated_words(step, category)
    if step.kind == LevelKind.PREPARE:
        return _of_preparer(facts, step, category, reasons, after)
    if reasons:
        return Proposal("", f"{facts}{reasons}已就该类问题作出说明，不提出问责。")
    share = Share.DIRECT if _vouched(step, category) else Share.ACCEPTED
    clause = DIRECT_CLAUSES.get(step.role, CLAUSES[share]) if share == Share.DIRECT else CLAUSES[share]
    grounds = f"{facts}{_silence(step, category)}{_passed_over(category, before)}"
    return Proposal(share, grounds, clause)


def _of_preparer(facts: str, step: Signing, category: str, reasons: str, after: Sequence[Signing]) -> Proposal:
    refused = [f"{each.title}第 {row.number} 条" for each in after for row in each.remarks if row.is_overruled]
    if reasons and not refused:
        return Proposal("", f"{facts}{reasons}编制人已就该类问题作出说明，不提出问责。")
    words = f"对{_listed(refused)}意见答复“说明，不修改”。" if refused else ""
    grounds = f"{facts}{reasons or _silence(step, category)}{words}该问题出自其编制的成果。"
    return Proposal(Share.PREPARED, grounds, CLAUSES[Share.PREPARED])


def _vouched(step: Signing, category: str) -> bool:
    return any(each.result == ChecklistResult.YES for each in covering(step, category))


def _stated_words(step: Signing, category: str) -> str:
    """How the signer stated the problem; empty when that did not happen."""
    parts = []
    if said := stated(step, category):
        parts.append(f"说明事项：{_listed([f'“{text}”' for text in said])}。")
    if refused := [each for each in covering(step, category) if each.result == ChecklistResult.NO]:
        parts.append(f"核查清单{_lines(refused)}答“否”。")
    if overruled := [each for each in step.remarks if each.is_overruled]:
        numbers = _listed([f"第 {each.number} 条" for each in overruled])
        parts.append(f"提出{numbers}校审意见，编制人答复“说明，不修改”。")
    return "".join(parts)


def _silence(step: Signing, category: str) -> str:
    """What the signer said and vouched for instead of stating it."""
    parts, label = [], C(category).label
    if step.declares_no_unresolved and step.declares_no_attention:
        parts.append("声明“无”未决事项、“无”提请重点复核事项")
    else:
        count = len(step.unresolved) + len(step.attention)
        parts.append(f"说明事项 {count} 条，均未涉及“{label}”")
    if yes := [each for each in covering(step, category) if each.result == ChecklistResult.YES]:
        parts.append(f"核查清单{_lines(yes)}答“是”")
    elif step.answers:
        parts.append(f"核查清单中没有涉及“{label}”并答“是”的事项")
    if passed := [f"第 {each.number} 条" for each in step.remarks]:
        parts.append(f"提出的同类意见{_listed(passed)}已复查通过，未就本问题提出意见")
    elif step.kind != LevelKind.PREPARE:
        parts.append(f"未就“{label}”提出校审意见")
    if step.prompts:
        parts.append(f"签署时系统提示{_listed(list(step.prompts))}，仍声明“无”")
    return "；".join(parts) + "。"


def _passed_over(category: str, before: Sequence[Signing]) -> str:
    """Who had stated it before, so that this signer knew."""
    earlier = [f"{each.title}（{each.name}）" for each in before if _stated_words(each, category)]
    return f"{_listed(earlier)}已就该类问题作出说明，本级未予处理。" if earlier else ""


def _lines(answers: Sequence[Answered]) -> str:
    return _listed([f"第 {each.order} 项“{each.text}”" for each in answers])


def _listed(words: Sequence[str]) -> str:
    shown = "、".join(words[:LISTED])
    return shown if len(words) <= LISTED else f"{shown}等 {len(words)} 项"


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"


# ── The answer ──────────────────────────────────────────────────────────────
# The first words of an answer tell what it is: a statement of one's own never begins with them.
ACCEPTED = "本人对上述事实依据和处理意见无异议。"
LAPSED = "逾期未提出陈述申辩，视为无异议。"


def answer_kind(answer: str | None) -> str:
    """accepted, lapsed or appealed; empty while there is none."""
    if not answer:
        return ""
    if answer.startswith(ACCEPTED):
        return "accepted"
    return "lapsed" if answer == LAPSED else "appealed"
