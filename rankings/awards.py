"""Who gets or owes what at the year's end (§7). Pure: values in, lines out; no ORM, no clock.

RULES stand on the page word for word. Amounts are Decimal in 元, to the cent; a rule whose amount is None (未设定) is not applied."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from rankings.choices import KIND_OF, Cause, Kind, Party
from scoring.rules import FAIL, GOOD

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
LONGEST_TEXT = 300
# What the column of an award holds.
MOST = Decimal("9999999999.99")
# Of two lines of equal weight the higher role stands first, as cents that cannot be shared go to it.
RANK = (
    Party.PROJECT_MANAGER, Party.DISCIPLINE_LEAD, Party.COST_ENGINEER, Party.TECHNICAL_DIRECTOR, Party.PERSON, Party.LEFT_OUT,
)  # fmt: skip
# 项目组 [S]; the 单位技术负责人 is “单位相关负责人”, above it.
MEMBERS = (Party.PROJECT_MANAGER, Party.DISCIPLINE_LEAD, Party.COST_ENGINEER)
# [S] ①项目经理（项目负责人）②项目组专业造价工程师（造价员）③单位技术负责人.
PUNISHED = (Party.PROJECT_MANAGER, Party.COST_ENGINEER, Party.TECHNICAL_DIRECTOR)
RULES = (
    "奖励：排名（含更正）第一的优良项目，其项目组得奖励金额；并列第一的项目平分。按角色比例分配，同一角色多人平分；"
    "角色空缺的，其比例由其他角色按比例分得；除不尽的分，按余数大小、角色次序分配，合计与奖励金额分文不差。",
    "未列入分配：项目组成员的角色没有分配比例，或检查立项之日已不在任的，逐人列明，金额为 0，可以在申诉期内申诉；申诉未获变更的，不计入通知书、档案和工资用表。",
    "不合格与问题严重：对项目经理（项目负责人）、专业造价工程师（造价员，每人）、单位技术负责人处罚；同一项目两项并存的，只按金额高者计一次。",
    "同一人对同一事项只计一次：兼任多个角色的，按金额高的一项计。",
    "人员以检查立项之日在任者为准；只计排名（含更正）中有名次的项目。",
    "成果多次被退回：本年度内退回达到规定次数，对退回时签署编制的人，每份成果一次。整改逾期：整改回复迟于期限，或期限已过仍未回复的，对项目经理，每次检查一次。",
    "核查清单：检查发现的问题已经问责、决定维持或变更，且当事人签署时有关核查事项答“是”的，每项问题每人一次。",
)


@dataclass(frozen=True)
class Member:
    """Somebody with a role on a project on the day that its inspection was opened."""

    person: int
    party: str


@dataclass(frozen=True)
class Judged:
    """A project in the ranking, corrections included. `team` are those of the inspection that counts, `inspections` the ids of
    all that it rests on. `former`: whose time in the team ended before that inspection; `page`: where everybody reads of the place."""

    project: int
    title: str
    url: str
    place: int
    score: Decimal
    grade: str
    is_serious: bool
    team: tuple[Member, ...] = ()
    inspections: tuple[int, ...] = ()
    former: tuple[Member, ...] = ()
    page: str = ""


@dataclass(frozen=True)
class Matter:
    """Something else of the year: `key` names it, `people` answer for it, `text` tells it."""

    cause: str
    key: str
    people: tuple[int, ...]
    text: str
    url: str
    party: str = Party.PERSON
    # Of attendance: by which line of the policy, and how often.
    line: int | None = None
    count: int = 1


@dataclass(frozen=True)
class Rates:
    """What the policy says. `amounts` by (cause, party), `attendance` by line, `shares` in percent by party."""

    amounts: Mapping[tuple[str, str], Decimal | None]
    shares: Mapping[str, Decimal | None]
    attendance: Mapping[int, tuple[str, Decimal | None]] = field(default_factory=dict)
    sent_back_from: int = 3

    def of(self, cause: str, party: str) -> Decimal | None:
        return self.amounts.get((cause, party))


@dataclass(frozen=True)
class Line:
    """What one person gets (奖励) or owes (处罚) for one thing."""

    person: int
    cause: str
    key: str
    party: str
    text: str
    url: str
    amount: Decimal

    @property
    def kind(self) -> Kind:
        return KIND_OF[Cause(self.cause)]


@dataclass(frozen=True)
class Found:
    """The lines, what keeps them from being settled, and what should be known beside."""

    lines: tuple[Line, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


# ── Money ───────────────────────────────────────────────────────────────────
def apportion(total: Decimal, weights: Sequence) -> list[Decimal]:
    """`total` (≥ 0, to the cent) by weight, to the cent: by the largest remainder, of equal ones the first. Adds up exactly.

    Raises ValueError where all weights are zero, one is negative, or `total` has parts of a cent."""
    cents, parts = Fraction(total) * 100, [Fraction(weight) for weight in weights]
    whole = sum(parts, Fraction(0))
    if whole <= 0 or min(parts) < 0 or cents.denominator != 1:
        raise ValueError("没有可以分配的比例")
    exact = [cents * part / whole for part in parts]
    given = [int(each) for each in exact]
    by_remainder = sorted(range(len(parts)), key=lambda index: (given[index] - exact[index], index))
    for index in by_remainder[: int(cents) - sum(given)]:
        given[index] += 1
    return [Decimal(each).scaleb(-2) for each in given]


def _words(amount: Decimal) -> str:
    return f"{amount:,.2f} 元"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def _people(team: Iterable[Member], party: str) -> list[int]:
    """Everybody of one role, each once, in the order given."""
    return list(dict.fromkeys(member.person for member in team if member.party == party))


# ── All ─────────────────────────────────────────────────────────────────────
def compute(judged: Iterable[Judged], matters: Iterable[Matter], rates: Rates) -> Found:
    """The lines of a year, the rewards first; nobody has two for one `key`."""
    judged = list(judged)
    rewards, problems, notes = _rewards(judged, rates)
    charges: dict[tuple[int, str], Line] = {}
    candidates = [*_of_projects(judged, rates, notes), *_of_matters(matters, rates, notes)]
    for line in candidates:
        known = charges.get((line.person, line.key))
        if line.amount > 0 and (known is None or line.amount > known.amount):
            charges[line.person, line.key] = line
    problems += [
        f"金额过大，无法结算：{line.text}（{_words(line.amount)}）" for line in charges.values() if line.amount > MOST
    ]
    return Found((*rewards, *charges.values()), tuple(problems), tuple(dict.fromkeys(notes)))


# ── The first place ─────────────────────────────────────────────────────────
def first_places(judged: Iterable[Judged]) -> list[Judged]:
    """The best among the 优良: one, or several that share the place; none where no project is 优良."""
    good = [row for row in judged if row.grade == GOOD]
    best = min((row.place for row in good), default=None)
    return sorted((row for row in good if row.place == best), key=lambda row: row.project)


def _rewards(judged: list[Judged], rates: Rates) -> tuple[list[Line], list[str], list[str]]:
    amount, firsts = rates.of(Cause.FIRST_PLACE, Party.TEAM), first_places(judged)
    if not firsts:
        return [], [], ["本年度没有优良项目，不产生第一名奖励。"]
    if amount is None:
        return [], [], [f"“{Cause.FIRST_PLACE.label}”金额未设定，未计奖励。"]
    lines, problems, notes = [], [], []
    if len(firsts) > 1:
        notes.append(f"{len(firsts)} 个项目并列第一，平分奖励 {_words(amount)}。")
    notes += [
        f"项目“{row.title}”列优良第一名，又有问题严重，奖励与处罚并计，请核实。" for row in firsts if row.is_serious
    ]
    for row, part in zip(firsts, apportion(amount, [1] * len(firsts)), strict=True):
        try:
            lines += _reward(row, part, rates, len(firsts))
        except ValueError:
            problems.append(f"项目“{row.title}”立项检查之日没有可以分得奖励的项目组成员，或其角色比例未设定。")
    return lines, problems, notes


def _reward(row: Judged, amount: Decimal, rates: Rates, sharing: int) -> list[Line]:
    """The team's reward by role and person. ValueError where nobody can have it."""
    parties = [party for party in RANK if _people(row.team, party) and rates.shares.get(party) is not None]
    vacant = [party for party in RANK if (rates.shares.get(party) or 0) > 0 and party not in parties]
    if not parties:
        raise ValueError
    got: dict[int, Decimal] = defaultdict(lambda: ZERO)
    roles: dict[int, list[str]] = defaultdict(list)
    for party, part in zip(parties, apportion(amount, [rates.shares[party] for party in parties]), strict=True):
        people = _people(row.team, party)
        for person, share in zip(people, apportion(part, [1] * len(people)), strict=True):
            got[person] += share
            words = f"{Party(party).label} {rates.shares[party].normalize():f}%"
            roles[person].append(words if len(people) == 1 else f"{words}（{len(people)} 人平分）")
    head = (
        f"项目“{row.title}”{row.score} 分，全公司优良评价第一名{f'（{sharing} 个项目并列）' if sharing > 1 else ''}，"
    )
    tail = f"；{'、'.join(Party(party).label for party in vacant)}空缺，其比例由其他角色分得" if vacant else ""
    parties_of = {person: next(party for party in parties if person in _people(row.team, party)) for person in got}
    shared = [
        Line(person, Cause.FIRST_PLACE, f"first:{row.project}", parties_of[person],
             _cut(f"{head}项目组奖励 {_words(amount)}：{'、'.join(roles[person])}{tail}。"), row.url, share)
        for person, share in got.items()
    ]  # fmt: skip
    return [*shared, *_left_out(row, f"{head}项目组奖励 {_words(amount)}", set(got))]


def _left_out(row: Judged, head: str, shared: set[int]) -> list[Line]:
    """A line of nothing for each member of the team who has no part in its reward, so that they know and can appeal."""
    why: dict[int, str] = {}
    for team, then, reason in ((row.team, "任", "该角色没有分配比例"), (row.former, "曾任", "检查立项之日已不在任")):
        for member in team:
            if member.party in MEMBERS and member.person not in shared:
                why.setdefault(member.person, f"{then}{Party(member.party).label}，{reason}")
    return [
        Line(person, Cause.FIRST_PLACE, f"first:{row.project}", Party.LEFT_OUT,
             _cut(f"{head}：{reason}，未列入分配。"), row.page, ZERO)
        for person, reason in why.items()
    ]  # fmt: skip


# ── 不合格, 问题严重 ──────────────────────────────────────────────────────────
def _of_projects(judged: list[Judged], rates: Rates, notes: list[str]) -> list[Line]:
    """For each person the candidates of a project, of which one will count."""
    found = []
    for row in judged:
        causes = [*([Cause.BELOW_PASS] if row.grade == FAIL else []), *([Cause.SERIOUS] if row.is_serious else [])]
        if not causes:
            continue
        notes += [
            f"项目“{row.title}”检查立项之日没有{party.label}，未计其处罚。"
            for party in PUNISHED
            if not _people(row.team, party)
        ]
        for person in dict.fromkeys(member.person for member in row.team):
            found += _of_person(row, person, causes, rates, notes)
    return found


def _of_person(row: Judged, person: int, causes: list[Cause], rates: Rates, notes: list[str]) -> list[Line]:
    parties = [party for party in PUNISHED if Member(person, party) in row.team]
    chances = []
    for cause in causes:
        for party in parties:
            amount = rates.of(cause, party)
            if amount is None:
                notes.append(f"“{cause.label} · {party.label}”金额未设定，未计。")
            else:
                chances.append((amount, cause, party))
    why = "、".join(cause.label for cause in causes)
    once = "（同一事项只计一次，取金额高者）" if len(chances) > 1 else ""
    return [
        Line(person, cause, f"project:{row.project}", party,
             _cut(f"项目“{row.title}”{row.score} 分，{why}：按“{cause.label}”对{party.label}处罚{once}。"), row.url, amount)
        for amount, cause, party in chances
    ]  # fmt: skip


# ── 退回, 核查清单, 整改, 考勤 ──────────────────────────────────────────────────
def _of_matters(matters: Iterable[Matter], rates: Rates, notes: list[str]) -> list[Line]:
    found = []
    for matter in matters:
        rate = (_attendance_rate if matter.cause == Cause.ATTENDANCE else _plain_rate)(matter, rates, notes)
        if rate is None:
            continue
        found += [
            Line(person, matter.cause, matter.key, matter.party, _cut(matter.text), matter.url, rate * matter.count)
            for person in matter.people
        ]
    return found


def _plain_rate(matter: Matter, rates: Rates, notes: list[str]) -> Decimal | None:
    amount = rates.of(matter.cause, matter.party)
    if amount is None:
        notes.append(f"“{Cause(matter.cause).label}”金额未设定，该条未适用。")
    return amount


def _attendance_rate(matter: Matter, rates: Rates, notes: list[str]) -> Decimal | None:
    if matter.line not in rates.attendance:
        notes.append(f"现行标准已无对应条款，未计：{matter.text}")
        return None
    text, amount = rates.attendance[matter.line]
    if amount is None:
        notes.append(f"考勤条款“{text}”金额未设定，该条未适用。")
    return amount


# ── Sums ────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Sum:
    """A line of a table of sums: rewards, penalties, and what remains (rewards less penalties)."""

    label: str
    count: int
    rewards: Decimal
    penalties: Decimal

    @property
    def net(self) -> Decimal:
        return self.rewards - self.penalties

    @property
    def words(self) -> str:
        """What `net` is the sum of; a kind that does not occur is not named."""
        if self.rewards and self.penalties:
            return f"奖励合计 {self.rewards:,.2f} 元，处罚合计 {self.penalties:,.2f} 元，两项相抵"
        return "处罚合计" if self.penalties else "奖励合计" if self.rewards else "合计"


def signed(kind: str, amount: Decimal) -> Decimal:
    """A reward as it is, a penalty below zero."""
    return amount if kind == Kind.REWARD else -amount


def sums(rows: Iterable, by: Callable, amount: Callable) -> list[Sum]:
    """The rows (with a `kind`) summed by `by(row)`, in the order in which its values first come."""
    groups: dict[str, list] = defaultdict(list)
    for row in rows:
        groups[by(row)].append(row)
    return [_sum(label, group, amount) for label, group in groups.items()]


def total(rows: Iterable, amount: Callable) -> Sum:
    return _sum("合计", list(rows), amount)


def _sum(label: str, group: list, amount: Callable) -> Sum:
    parts = {kind: sum((amount(row) for row in group if row.kind == kind), ZERO) for kind in Kind}
    return Sum(str(label), len(group), parts[Kind.REWARD], parts[Kind.PENALTY])
