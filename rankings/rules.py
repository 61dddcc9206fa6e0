"""Pure rules of the annual ranking (§7): who stands where, and in what words the page says why. No ORM, no clock.

The texts below stand on the page, in the frozen basis and on paper word for word."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby, pairwise
from typing import NamedTuple

from inspections.rules import UNIT_RULE
from rankings.choices import PEOPLE_BOARDS, Board, Measure
from reviews.choices import Severity
from scoring.rules import FAIL, GOOD, PASS

CENT = Decimal("0.01")
FULL_MARK = Decimal(100)
# A person loses so many points for one weighted missed problem in each deliverable signed.
POINTS_LOST = 20
MISSED_WEIGHTS = {Severity.ORDINARY.value: 1, Severity.SERIOUS.value: 3, Severity.MAJOR.value: 5}
WORST_FIRST = (FAIL, PASS, GOOD)
# More problems than any inspection has.
UNKNOWN = 1_000_000
# So many of the projects that set a unit's score are named.
MOST_NAMED = 3

_PERSON_FORMULA = (
    "得分 = 100 − 20 × 加权漏检数 ÷ 本年度签署并已签发的成果份数（不低于 0，四舍五入保留两位小数）。"
    "漏检 = 本年度已出具书面意见的检查，在其本年度签署并已签发的成果中发现的问题；一般计 1，严重计 3，重大计 5。"
)
FORMULAS = {
    Board.PROJECT: "得分 = 项目本年度已关闭的检查中，最低一次的检查总分；样本数 = 已关闭的检查次数。",
    Board.UNIT: f"{UNIT_RULE}得分 = 所属被检项目中最低的项目得分；旁列各项目得分的平均值；样本数 = 被检项目数。",
    **dict.fromkeys(PEOPLE_BOARDS, _PERSON_FORMULA),
}
TIE_RULES = {
    Board.PROJECT: "得分相同的，依次比较：最低评分项得分率高者在前；检查问题少者在前；整改按时回复者在前；仍相同的，名次并列。",
    Board.UNIT: "得分相同的，依次比较：平均得分高者在前；检查问题合计少者在前；仍相同的，名次并列。",
    **dict.fromkeys(PEOPLE_BOARDS, "得分相同的，签署份数多者在前；仍相同的，名次并列。"),
}
SHARED_PLACES = "名次并列的，其后名次顺延（1、1、3）。"
POPULATION = "列入范围：所属年度为本年度、已关闭的项目检查。整改未关闭、尚未出具书面意见的检查不计入；已撤销的检查、对单位本身的检查不进入排名。"
_PEOPLE_POPULATION = (
    "列入范围：本年度签发的成果上，编制自校和各复核级的有效签署；已撤回的签署、专家评审、签发不计入。"
    "漏检只计已出具书面意见的检查所发现、且指明了成果文件的问题。"
)
POPULATIONS = {
    Board.PROJECT: POPULATION,
    Board.UNIT: POPULATION,
    **dict.fromkeys(PEOPLE_BOARDS, _PEOPLE_POPULATION),
}
NOT_CLOSED = "整改未关闭"
NOT_CONCLUDED = "检查尚未出具书面意见"
TAKEN_OUT = "更正：不再列入排名"

# [S] 咨询误差率 is to stay at or below its target; all other measures are to reach theirs.
AT_MOST = frozenset({Measure.ERROR_RATE})


class Row(NamedTuple):
    """What one board says of one project, unit or person: figures only. A tuple, for a year may have 100,000.

    `score` None: nothing that counts yet. `sample` n of the formula. `facts` by board:
    PROJECT lowest_share (%), findings, on_time, serious, set_by (number of the inspection), unit (id);
    UNIT mean, findings, lowest ([id, name] of the first MOST_NAMED projects that set the score), lowest_count;
    people missed ({severity: count}), weighted, and once frozen missed_ids (findings).
    `evidence` ids: of the inspections, that which set the score first; of people's boards, of the deliverables signed."""

    subject: int
    label: str
    unit: str
    score: Decimal | None
    sample: int
    grade: str = ""
    facts: Mapping = {}
    evidence: tuple = ()


class Placed(NamedTuple):
    """A row with its place, or without one and why (`excluded`)."""

    row: Row
    place: int | None
    excluded: str = ""

    # So that lists read `placed.label`, as they read it of a frozen line.
    subject = property(lambda self: self.row.subject)
    label = property(lambda self: self.row.label)
    unit_name = property(lambda self: self.row.unit)
    score = property(lambda self: self.row.score)
    grade = property(lambda self: self.row.grade)
    sample = property(lambda self: self.row.sample)
    facts = property(lambda self: self.row.facts)
    evidence = property(lambda self: self.row.evidence)


# ── Places ──────────────────────────────────────────────────────────────────
def project_key(row: Row) -> tuple:
    """Higher is better: score, the weakest criterion, fewer findings, answered on time. What a frozen line does not have (it
    had no place then) stands after all that do."""
    facts = row.facts
    return (
        row.score, Decimal(facts.get("lowest_share") or 0), -facts.get("findings", UNKNOWN), facts.get("on_time", False)
    )  # fmt: skip


def unit_key(row: Row) -> tuple:
    """Higher is better: score, mean, fewer findings; as `project_key`."""
    return (row.score, Decimal(row.facts.get("mean") or 0), -row.facts.get("findings", UNKNOWN))


def person_key(row: Row) -> tuple:
    """Higher is better: score, more signed."""
    return (row.score, row.sample)


KEYS = {Board.PROJECT: project_key, Board.UNIT: unit_key, **dict.fromkeys(PEOPLE_BOARDS, person_key)}


def ranked(board: Board, rows: Iterable[Row]) -> list[Placed]:
    """The rows with their places, best first; equal keys share a place and the next one is left out (1, 1, 3). Those who
    share one stand by name. Every row has a score. Does not depend on the order in which the rows come."""
    key, placed, place = KEYS[board], [], 1
    best_first = sorted(((key(row), row) for row in rows), key=_key_of, reverse=True)
    for _, group in groupby(best_first, _key_of):
        together = sorted((row for _, row in group), key=_by_name)
        placed += [Placed(row, place) for row in together]
        place += len(together)
    return placed


def _by_name(row: Row) -> tuple:
    return row.label, row.subject


def _key_of(pair) -> tuple:
    return pair[0]


def shares_place(rows: list[Placed]) -> set[int]:
    """The places that several share."""
    return {one.place for one, other in pairwise(rows) if one.place is not None and one.place == other.place}


# ── Figures ─────────────────────────────────────────────────────────────────
def weighted(missed: Mapping[str, int]) -> int:
    """The weighted number of missed problems: 一般 1, 严重 3, 重大 5."""
    return sum(MISSED_WEIGHTS[severity] * count for severity, count in missed.items())


def person_score(weighted_missed: int, signed: int) -> Decimal:
    """The score of a person in one role, by FORMULAS. Raises ValueError where nothing was signed."""
    if signed <= 0:
        raise ValueError("没有签署，不计得分")
    found = FULL_MARK - Decimal(POINTS_LOST * weighted_missed) / signed
    return max(Decimal(0), found).quantize(CENT, rounding=ROUND_HALF_UP)


def mean(scores: Iterable[Decimal]) -> Decimal | None:
    """Half up to two places; None (无数据) of nothing."""
    scores = list(scores)
    if not scores:
        return None
    return (sum(scores, Decimal(0)) / len(scores)).quantize(CENT, rounding=ROUND_HALF_UP)


def unit_row(subject: int, label: str, projects: list[Row]) -> Row:
    """The row of a unit from those of its projects, which all have a score: UNIT_RULE [S]. Of several at the lowest score the
    worse grade counts, and all are named."""
    lowest = min(row.score for row in projects)
    setting = [row for row in projects if row.score == lowest]
    return Row(
        subject=subject, label=label, unit=label, score=lowest, sample=len(projects),
        grade=min((row.grade for row in setting), key=WORST_FIRST.index),
        facts={
            "mean": mean(row.score for row in projects),
            "findings": sum(row.facts["findings"] for row in projects),
            "lowest": sorted(([row.subject, row.label] for row in setting), key=lambda pair: pair[::-1])[:MOST_NAMED],
            "lowest_count": len(setting),
        },
        evidence=tuple(row.evidence[0] for row in sorted(projects, key=lambda row: (row.score, row.label))),
    )  # fmt: skip


# ── Words ───────────────────────────────────────────────────────────────────
def too_few(board: Board, least: int) -> str:
    """Why somebody with a smaller sample is not ranked."""
    return f"被检项目少于 {least} 个" if board == Board.UNIT else f"签署少于 {least} 份"


def sample_rule(board: Board, least: int) -> str:
    """The minimum sample, as the page says it."""
    if board == Board.PROJECT:
        return "最少样本：已关闭的检查 1 次。"
    unit = f"被检项目 {least} 个" if board == Board.UNIT else f"签署并已签发的成果 {least} 份"
    return f"最少样本：{unit}，不足的不列入排名。"


def change_words(now: int | None, before: int | None) -> str:
    """The place against the former year's: ↑2, ↓1, 持平, 新列入; empty for whoever has no place now."""
    if now is None:
        return ""
    if before is None:
        return "新列入"
    if now == before:
        return "持平"
    return f"↑{before - now}" if now < before else f"↓{now - before}"
