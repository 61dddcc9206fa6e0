"""Pure decisions of the first screens: values in, words and colours out. No ORM, no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from deadlines.choices import Light as ClockLight
from reviews.choices import State

# A due date this near is worth a warning, as in the due badge.
NEAR = timedelta(days=3)


def chain_state(state: str, level_title: str, previous_state: str | None, is_mine: bool) -> tuple[str, str]:
    """(kind of badge, words) of a round: for whoever has it now a task, for everybody else a state."""
    match State(state):
        case State.PREPARING if previous_state == State.SENT_BACK:
            return "returned", "被退回"
        case State.PREPARING if previous_state == State.WITHDRAWN:
            return "draft", "已撤回，编制中"
        case State.PREPARING:
            return "draft", "编制中"
        case State.ANSWERING:
            return ("returned" if is_mine else "waiting"), "待回复意见"
        case State.REVIEWING | State.ISSUING:
            return ("todo" if is_mine else "waiting"), f"待{level_title}"
        case State.ISSUED:
            return "issued", "已签发"
        case State.SENT_BACK:
            return "returned", "已退回"
        case ended:
            return "void", ended.label


@dataclass(frozen=True)
class LiveWork:
    """What the light of a project looks at: one deliverable that is not issued yet."""

    due_on: date | None
    times_sent_back: int


@dataclass(frozen=True)
class Light:
    """Red, amber or green, with the word that goes with the colour, and why. `rank` 0 is the most urgent."""

    rank: int
    kind: str
    word: str
    reason: str = ""


def project_light(
    works: Iterable[LiveWork], planned_finish_on: date | None, today: date, clocks: Iterable[str] = ()
) -> Light:
    """Red: something is overdue. Amber: due within 3 days, or sent back. Green: neither. Grey: nothing under way.

    `clocks` are the lights of the project's open time limits."""
    works, clocks = list(works), list(clocks)
    due = [work.due_on for work in works if work.due_on]
    overdue = sum(day < today for day in due)
    late = clocks.count(ClockLight.RED)
    if overdue or late:
        reasons = [f"{late} 项时限逾期"] * bool(late) + [f"{overdue} 件成果逾期"] * bool(overdue)
        return Light(0, "overdue", "逾期", "，".join(reasons))
    if not works and not clocks:
        return Light(3, "draft", "无在办", "没有在办成果")
    if planned_finish_on and planned_finish_on < today:
        return Light(0, "overdue", "逾期", "项目已过计划完成日期")
    sent_back = sum(work.times_sent_back > 0 for work in works)
    near = sum(day - today <= NEAR for day in due)
    ending = clocks.count(ClockLight.AMBER)
    reasons = [f"{ending} 项时限 3 天内到期"] if ending else []
    if near:
        reasons.append(f"{near} 件 3 天内到期")
    if sent_back:
        reasons.append(f"{sent_back} 件曾被退回")
    if reasons:
        return Light(1, "returned", "预警", "，".join(reasons))
    return Light(2, "signed", "正常")


@dataclass(frozen=True)
class VersionChange:
    """What a version changed against the one before. Amounts in 元; None where there is nothing to compare."""

    added: int
    changed: int
    removed: int
    amount_before: Decimal | None = None
    amount_after: Decimal | None = None

    @property
    def files(self) -> str:
        """修改 2 个、新增 1 个文件."""
        counts = (("修改", self.changed), ("新增", self.added), ("删除", self.removed))
        told = [f"{word} {count} 个" for word, count in counts if count]
        return f"{'、'.join(told)}文件" if told else "文件未变"

    @property
    def difference(self) -> Decimal | None:
        if self.amount_before is None or self.amount_after is None:
            return None
        return self.amount_after - self.amount_before


def version_change(
    before: Mapping[str, str], after: Mapping[str, str], amount_before: Decimal | None, amount_after: Decimal | None
) -> VersionChange:
    """Compare two versions; `before` and `after` are file name → SHA-256."""
    common = before.keys() & after.keys()
    return VersionChange(
        added=len(after.keys() - common),
        changed=sum(before[name] != after[name] for name in common),
        removed=len(before.keys() - common),
        amount_before=amount_before,
        amount_after=amount_after,
    )


def share(part: int, whole: int) -> Decimal | None:
    """`part` of `whole` as a fraction; None (无数据) when there is nothing to share."""
    return Decimal(part) / Decimal(whole) if whole else None
