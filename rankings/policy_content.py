"""What a version of the policy says, as plain values: the form in which it is typed, checked, compared, hashed and written to
the ledger. Pure: no ORM, no clock."""

import hashlib
from dataclasses import asdict, dataclass
from decimal import Decimal

from ledger.rules import canonical_json
from rankings.choices import Cause, Measure, Party

WHOLE = Decimal(100)
MOST_ATTENDANCE_RULES = 40
UNSET_WORD = "未设定"
TEAM_CAUSE, TEAM_PARTY = Cause.FIRST_PLACE.value, Party.TEAM.value

# Amounts that the 制度 itself asks for: they cannot be made optional.
REQUIRED_CAUSES = (Cause.FIRST_PLACE, Cause.BELOW_PASS, Cause.SERIOUS)

# [S] word by word, the blanks as they are there; [D] where the 制度 says nothing.
CLAUSES = {
    Cause.FIRST_PLACE: "对获得全公司优良评价第一名的项目组奖励____元，其业绩作为执业人员晋升的参考依据。",
    Cause.BELOW_PASS: "对低于60分的项目组，对项目参与人员及单位相关负责人的处罚额度为：①项目经理（或项目负责人）____元；"
    "②项目组专业造价工程师（或造价员）____元/人；③单位技术负责人____元/人。",
    Cause.SERIOUS: "对低于60分和问题严重的下属项目，在下一年度质量检查中需进行复查，同时对其项目参与人员进行处罚。",
    Cause.SENT_BACK: "",
    Cause.CHECKLIST_MISSED: "",
    Cause.LATE_RECTIFICATION: "",
    Cause.ATTENDANCE: "请假一天扣____元；迟到或脱岗超过____小时的视同旷工一天对待；旷工一天视情节轻重扣____元，"
    "全年累计旷工____天扣发全年出勤奖。上班时严禁串岗或与非本单位其它人员闲聊，不得容留他人串岗，凡有违犯，一次扣____元。",
}


@dataclass(frozen=True)
class Line:
    """What one party gets or owes for one cause; None is 未设定. `number` stays the same through the versions; 0: a new one."""

    number: int
    cause: str
    party: str
    text: str
    amount: Decimal | None = None
    is_optional: bool = False

    @property
    def is_attendance(self) -> bool:
        return self.cause == Cause.ATTENDANCE

    @property
    def party_label(self) -> str:
        return "本人，每次（天）" if self.is_attendance else Party(self.party).label

    @property
    def name(self) -> str:
        """质量检查不合格 · 单位技术负责人; of an attendance rule its own words."""
        return f"{Cause(self.cause).label} · {self.text if self.is_attendance else Party(self.party).label}"


@dataclass(frozen=True)
class Content:
    """One version, whole. `shares` is party → percent of the team's reward (None: 未设定), `targets` measure → percent of
    those that have a target."""

    title: str
    note: str
    min_unit_sample: int
    min_person_sample: int
    sent_back_from: int
    lines: tuple[Line, ...]
    shares: tuple[tuple[str, Decimal | None], ...]
    targets: tuple[tuple[str, Decimal], ...]

    @property
    def share_sum(self) -> Decimal:
        return sum((percent for _, percent in self.shares if percent is not None), Decimal(0))

    @property
    def team_amount(self) -> Decimal | None:
        return next((row.amount for row in self.lines if row.cause == TEAM_CAUSE and row.party == TEAM_PARTY), None)

    def as_data(self) -> dict:
        """For the ledger: the same words and figures in plain types, every figure with two places."""
        return _plain(asdict(self))

    @property
    def digest(self) -> str:
        """SHA-256 of the whole."""
        return hashlib.sha256(canonical_json(self.as_data()).encode()).hexdigest()


def _plain(value):
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, str) else value


def unset(content: Content) -> list[str]:
    """What has to be set before a year can be settled and is not, in words: 未设定 is never 0."""
    found = [row.name for row in content.lines if row.amount is None and not row.is_optional]
    if content.team_amount is not None and content.share_sum != WHOLE:
        found.append("项目组奖励分配比例（合计须为 100%）")
    return found


def problems(content: Content) -> list[str]:
    """What stands in the way of publishing, in words. An amount that is unset does not: the settlement waits for it."""
    found = []
    if content.team_amount is not None and content.share_sum != WHOLE:
        found.append(f"项目组奖励分配比例合计为 {figure(content.share_sum)}%，应为 100%。")
    elif content.share_sum not in (0, WHOLE):
        found.append(f"项目组奖励分配比例合计为 {figure(content.share_sum)}%，应为 100% 或全部不设定。")
    found += [f"“{row.name}”的金额不能为负数。" for row in content.lines if row.amount is not None and row.amount < 0]
    found += [
        f"“{Party(party).label}”的分配比例应在 0 至 100% 之间。" for party, percent in content.shares if _off(percent)
    ]
    found += [
        f"“{Measure(name).label}”的目标值应在 0 至 100% 之间。" for name, percent in content.targets if _off(percent)
    ]
    texts = [row.text for row in content.lines if row.is_attendance]
    found += [f"考勤与纪律条款“{text}”重复。" for text in dict.fromkeys(texts) if texts.count(text) > 1]
    if any(row.is_optional and row.cause in REQUIRED_CAUSES for row in content.lines):
        found.append("制度规定的奖励和处罚金额须设定，不能列为可不设定。")
    return found


def _off(percent: Decimal | None) -> bool:
    return percent is not None and not 0 <= percent <= WHOLE


def figure(value: Decimal) -> str:
    """60.00 → “60”, 0.50 → “0.5”."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# ── Two versions ────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Change:
    """One thing that differs, before and after, in words; a rule that is new or gone has “—” on the other side."""

    where: str
    label: str
    before: str
    after: str


def compare(old: Content, new: Content) -> list[Change]:
    """What differs between two versions, in the order of the page."""
    found = _differences("标准", _head_words(old), _head_words(new))
    found += _line_changes({row.number: row for row in old.lines}, new.lines)
    found += _differences("项目组奖励分配", _percents(old.shares, Party), _percents(new.shares, Party))
    return found + _differences("质量目标", _target_words(old), _target_words(new))


def _line_changes(before: dict[int, Line], after: tuple[Line, ...]) -> list[Change]:
    found = []
    for row in after:
        old = before.pop(row.number, None) if row.number else None
        if old is None:
            found.append(Change(row.name, "新增条款", "—", money_words(row)))
        else:
            found += _differences(old.name, _line_words(old), _line_words(row))
    return found + [Change(row.name, "删除条款", money_words(row), "—") for row in before.values()]


def _differences(where: str, before: dict[str, str], after: dict[str, str]) -> list[Change]:
    labels = [*before, *(label for label in after if label not in before)]
    pairs = [(label, before.get(label, "—"), after.get(label, "—")) for label in labels]
    return [Change(where, label, one, two) for label, one, two in pairs if one != two]


def money_words(row: Line) -> str:
    return UNSET_WORD if row.amount is None else f"{row.amount:,.2f} 元"


def _line_words(row: Line) -> dict[str, str]:
    return {"条款": row.text, "金额": money_words(row), "可不设定": "是" if row.is_optional else "否"}


def _head_words(content: Content) -> dict[str, str]:
    return {
        "名称": content.title,
        "单位排名最少被检项目": f"{content.min_unit_sample} 个",
        "个人排名最少签署": f"{content.min_person_sample} 份",
        "成果被退回起罚次数": f"{content.sent_back_from} 次",
        "说明": content.note or "—",
    }


def _percents(pairs, words) -> dict[str, str]:
    return {words(name).label: UNSET_WORD if value is None else f"{figure(value)}%" for name, value in pairs}


def _target_words(content: Content) -> dict[str, str]:
    known = dict(content.targets)
    return _percents([(measure, known.get(measure)) for measure in Measure], Measure)
