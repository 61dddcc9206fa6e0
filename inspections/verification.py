"""Do the draws come out again as they were kept, and are the inspections what the ledger says? Asked by `verify_ledger`: what
was edited in the database behind the application's back is named."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import Prefetch

from inspections.choices import CONCLUDED, Act, ConsequenceKind, State
from inspections.models import Consequence, Draw, Evidence, Inspection, Opinion, Plan, Rectification, Talk
from inspections.services import comes_out_again
from inspections.services.concluding import FLAGS, opinion_facts, sha256
from ledger.models import Entry
from ledger.rules import canonical_json
from printing.papers import stored_pdf

BATCH = 200
LABEL = Inspection._meta.label_lower


def draws_match() -> Iterator[str]:
    """One sentence for each draw that does not come out again, or is not the one on record."""
    rows = Entry.objects.filter(subject_type=Plan._meta.label_lower, action="plan.draw").order_by("number")
    told = {data["draw"]: data["digest"] for data in map(json.loads, rows.values_list("data", flat=True))}
    for draw in Draw.objects.order_by("pk").iterator():
        if told.get(draw.pk) != draw.digest:
            yield f"抽样 {draw.pk} 与证据链不符"
        elif not comes_out_again(draw):
            yield f"抽样 {draw.pk} 按原种子重抽，结果与记录不符"
    gone = told.keys() - set(Draw.objects.values_list("pk", flat=True))
    for pk in sorted(gone):
        yield f"抽样 {pk} 有记录，却不在数据库中"


# ── Inspections ─────────────────────────────────────────────────────────────
@dataclass
class Told:
    """What the ledger says of one inspection, as its rows add up. Whoever did something stands with it as `by`."""

    state: str = ""
    turn: int = -1
    finish: dict = field(default_factory=dict)
    issue: dict = field(default_factory=dict)
    receipt: dict = field(default_factory=dict)
    talks: dict[int, dict] = field(default_factory=dict)
    answers: dict[tuple[int, int], dict] = field(default_factory=dict)
    results: dict[tuple[int, int], dict] = field(default_factory=dict)
    decisions: dict[int, dict] = field(default_factory=dict)
    on_time: bool | None = None

    def add(self, act: str, by: int | None, data: dict) -> None:
        """One more row of the ledger."""
        self.state, self.turn = data.get("state", self.state), data.get("turn", self.turn)
        facts = {**data, "by": by}
        match act:
            case Act.FINISH_SCORING:
                self.finish = facts
            case Act.TALK:
                self.talks[data["talk"]] = facts
            case Act.ISSUE:
                self.issue = facts
            case Act.RECEIVE | Act.RECEIVE_CLEAN:
                self.receipt = facts
                self.on_time = True if act == Act.RECEIVE_CLEAN else None
            case Act.REPLY:
                rows = data["answers"]
                self.answers |= {(row["finding"], row["attempt"]): {**row, "by": by, "at": data["at"]} for row in rows}
            case Act.SEND_BACK | Act.CLOSE:
                self.results |= {(row["finding"], row["attempt"]): {**row, "by": by} for row in data["results"]}
                self.on_time = data.get("on_time")
            case "consequence" | "escalation":
                self.decisions[data["consequence"]] = facts


def inspections_match() -> Iterator[str]:
    """One sentence for each thing of an inspection that is not what is on record: state, score and what the lead concluded,
    what was said, opinion and its paper, receipt, answers and their re-check, consequences and decisions; and for each
    that is gone."""
    last = 0
    while rows := list(_inspections().filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = rows[-1].pk
        told = _told({row.pk for row in rows})
        for row in rows:
            known = told.get(row.pk)
            wrong = _problems(row, known) if known else ["没有立项记录"]
            yield from (f"检查 {row.number} {words}" for words in wrong)
    opened = Entry.objects.filter(subject_type=LABEL, action=f"inspection.{Act.OPEN}").order_by("number")
    gone = opened.exclude(subject_id__in=Inspection.objects.order_by().values("pk"))
    for label in gone.values_list("subject_label", flat=True):
        yield f"检查 {label} 有立项记录，却不在数据库中"


def _inspections():
    """With all that is looked at: the same number of queries, however many they are."""
    answers = Rectification.objects.submitted().select_related("finding").order_by("attempt")
    proofs = Prefetch("evidence", Evidence.objects.standing().order_by("pk"))
    return Inspection.objects.select_related("score_sheet", "opinion__receipt__evidence").prefetch_related(
        "findings",
        Prefetch("findings__rectifications", answers.prefetch_related(proofs)),
        "talks__evidence",
        "consequences",
    )


def _told(ids: set[int]) -> dict[int, Told]:
    found: dict[int, Told] = {}
    rows = Entry.objects.filter(subject_type=LABEL, subject_id__in=ids, action__startswith="inspection.")
    for pk, action, by, data in rows.order_by("number").values_list("subject_id", "action", "actor_id", "data"):
        found.setdefault(pk, Told()).add(action.removeprefix("inspection."), by, json.loads(data))
    return found


def _plain(values) -> list:
    """Values as they look once they have been in the ledger."""
    return json.loads(canonical_json(list(values)))


def _differ(facts: Iterable[tuple[str, object, object]]) -> str:
    """The words of those (word, as it is, as it was told) that are not the same, for one sentence."""
    facts = list(facts)
    now = _plain(is_ for _, is_, _ in facts)
    wrong = [word for (word, _, told), is_ in zip(facts, now, strict=True) if is_ != told]
    return f"{'、'.join(wrong)}与证据链不符" if wrong else ""


def _problems(row: Inspection, told: Told) -> list[str]:
    found = [
        _differ([("状态", row.state, told.state), ("办理次数", row.turn, told.turn)]),
        _wrong_score(row, told.finish),
        *_wrong_talks(row.talks.all(), told.talks),
        *_wrong_opinion(row, told),
        *_wrong_answers(row, told),
        *_wrong_consequences(row, told),
    ]
    if row.state == State.CLOSED:
        found.append(_differ([("整改按时回复", row.was_on_time, told.on_time)]))
    return [words for words in found if words]


def _wrong_score(row: Inspection, told: dict) -> str:
    sheet = row.score_sheet
    if not told or sheet is None:
        return "评分表与证据链不符" if bool(told) != bool(sheet) else ""
    words = {
        "is_serious": "问题严重",
        "touches_ethics": "职业道德",
        "causes_loss": "经济损失",
        "harms_reputation": "名誉损失",
    }
    return _differ([
        ("评分表", sheet.pk, told["sheet"]),
        ("得分", sheet.total, told["total"]),
        ("等级", sheet.grade, told["grade"]),
        ("一票否决", sheet.is_vetoed, told["vetoed"]),
        ("评分明细", sha256(sheet.snapshot), told["snapshot_sha256"]),
        ("综合意见", row.conclusion, told["conclusion"]),
        ("最低评分项得分率", row.lowest_share, told["lowest_share"]),
        ("问题数", row.finding_count, told["finding_count"]),
        *((words[name], getattr(row, name), told[name]) for name in FLAGS),
    ])  # fmt: skip


def _wrong_talks(rows: Iterable[Talk], told: dict[int, dict]) -> Iterator[str]:
    seen = set()
    for row in rows:
        seen.add(row.pk)
        known = told.get(row.pk, {})
        now = [
            row.side,
            row.text,
            row.agrees,
            row.is_recorded_by_office,
            row.evidence and row.evidence.sha256,
            row.said_by_id,
        ]
        if now != [known.get(name) for name in ("side", "text", "agrees", "by_office", "evidence_sha256", "by")]:
            yield f"沟通意见 {row.pk} 与证据链不符"
    yield from (f"沟通意见 {pk} 有记录，却不在数据库中" for pk in sorted(told.keys() - seen))


def _wrong_opinion(row: Inspection, told: Told) -> Iterator[str]:
    opinion: Opinion | None = getattr(row, "opinion", None)
    if opinion is None:
        if told.issue or row.state in CONCLUDED:
            yield "书面意见有记录，却不在数据库中"
        return
    if not told.issue:
        yield f"书面意见 {opinion.number} 未见于证据链"
        return
    issue = told.issue
    if wrong := _differ([
        ("编号", opinion.number, issue["opinion"]),
        ("签署摘要", opinion.digest, issue["digest"]),
        ("文件 SHA-256", opinion.pdf_sha256, issue["pdf_sha256"]),
        ("签发人", opinion.issued_by_id, issue["by"]),
        ("签发时间", opinion.issued_at, issue["at"]),
    ]):  # fmt: skip
        yield f"书面意见的{wrong}"
    facts = opinion_facts(row, opinion.number, opinion.issued_by_id, opinion.issued_at, issue["head"])
    if sha256(facts) != opinion.digest:
        yield f"书面意见 {opinion.number} 的评分、结论或检查问题与签署摘要不符（内容被改动）"
    if stored_pdf(opinion.pdf, opinion.pdf_sha256) is None:
        yield f"书面意见 {opinion.number} 的文件缺失，或与签发时的哈希不符"
    if wrong := _wrong_receipt(getattr(opinion, "receipt", None), told.receipt):
        yield wrong


def _wrong_receipt(receipt, told: dict) -> str:
    if receipt is None or not told:
        return "确认收到与证据链不符" if bool(receipt) != bool(told) else ""
    wrong = _differ([
        ("时间", receipt.received_at, told["received_at"]),
        ("确认人", receipt.confirmed_by_id, told["by"]),
        ("送达说明", receipt.note, told["note"]),
        ("登记方式", receipt.is_recorded_by_office, told["by_office"]),
        ("送达证据", receipt.evidence and receipt.evidence.sha256, told["evidence_sha256"]),
    ])  # fmt: skip
    return f"确认收到的{wrong}" if wrong else ""


def _wrong_answers(row: Inspection, told: Told) -> Iterator[str]:
    answers = {
        (finding.number, each.attempt): each for finding in row.findings.all() for each in finding.rectifications.all()
    }
    for key in sorted(answers.keys() | told.answers.keys()):
        name = f"问题 {key[0]} 第 {key[1]} 次整改回复"
        if key not in answers:
            yield f"{name}有记录，却不在数据库中"
        elif wrong := _wrong_answer(answers[key], told.answers.get(key, {}), told.results.get(key, {})):
            yield f"{name}的{wrong}"
    for finding in row.findings.all():
        passed = any(result["passed"] for (number, _), result in told.results.items() if number == finding.number)
        if (finding.settled_at is not None) != passed:
            yield f"{finding}的复查通过与证据链不符"


def _wrong_answer(row: Rectification, told: dict, result: dict) -> str:
    return _differ([
        ("整改意见", row.plan, told.get("plan")),
        ("整改情况", row.result, told.get("result")),
        ("整改证据", [each.sha256 for each in row.evidence.all()], told.get("files")),
        ("回复人", row.submitted_by_id, told.get("by")),
        ("回复时间", row.submitted_at, told.get("at")),
        ("复查结论", row.is_passed, result.get("passed")),
        ("复查意见", row.recheck_note, result.get("reason")),
        ("复查人", row.rechecked_by_id, result.get("by")),
    ])  # fmt: skip


def _wrong_consequences(row: Inspection, told: Told) -> Iterator[str]:
    proposed = {kind: [year, reason] for kind, year, reason in told.issue.get("consequences", [])}
    rows: dict[str, Consequence] = {each.kind: each for each in row.consequences.all()}
    for kind in sorted(proposed.keys() | rows.keys()):
        if kind not in rows:
            yield f"{ConsequenceKind(kind).label}有记录，却不在数据库中"
            continue
        each = rows[kind]
        decided = told.decisions.get(each.pk, {})
        year, reason = proposed.get(kind, [None, None])
        if wrong := _differ([
            ("年度", each.target_year, year),
            ("依据", each.reason, reason),
            ("处理", each.decision, decided.get("decision")),
            ("处置意见", each.note, decided.get("disposition", decided.get("reason"))),
            ("处理人", each.decided_by_id, decided.get("by")),
            ("处理时间", each.decided_at, decided.get("at")),
        ]):  # fmt: skip
            yield f"{each.get_kind_display()}的{wrong}"
