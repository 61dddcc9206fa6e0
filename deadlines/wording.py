"""The time standards in words: what a rule says, what a change would alter, what it would do to the clocks that run."""

from dataclasses import dataclass

from django.utils import timezone

from deadlines import scopes
from deadlines.choices import Measure, State, StepKind
from deadlines.models import DeadlineRule
from deadlines.rules import after_words, minutes_words, step_words
from deadlines.services.time_rules import FIELDS, Move
from staff.choices import Role

NOTHING = "—"


# ── What a rule says ────────────────────────────────────────────────────────
def reminder_words(rule: DeadlineRule) -> str:
    """T-7、T-3、T-1、当日; for a limit in hours 到期前 30 分钟、到期时."""
    ahead = sorted(set(rule.reminders), reverse=True)
    if not ahead:
        return "不提前提醒"
    if rule.is_in_hours:
        return "、".join(step_words(True, StepKind.AHEAD if each else StepKind.DUE, -each) for each in ahead)
    return "、".join(f"T-{each}" if each else "当日" for each in ahead)


def ladder(rule: DeadlineRule) -> list[tuple[str, str]]:
    """(逾期第 1 天, 单位技术负责人), rung by rung."""
    return [(after_words(rule.is_in_hours, after), Role(role).label) for after, role in rule.escalation]


def ladder_words(rule: DeadlineRule) -> str:
    return "；".join(f"{after} → {role}" for after, role in ladder(rule)) or "不升级"


def repeat_words(rule: DeadlineRule) -> str:
    if not rule.repeat_every:
        return "不再提醒"
    unit = f"{minutes_words(rule.repeat_every)}（作业时间内）" if rule.is_in_hours else f"{rule.repeat_every} 天"
    return f"每 {unit}提醒一次"


def _labels(choices_name: str, values: list[str], empty: str) -> str:
    names = dict(scopes.choices(choices_name))
    return "、".join(names.get(value, value) for value in values) or empty


def scope_words(rule: DeadlineRule) -> str:
    """The business lines and contracts that a rule is meant for."""
    lines = _labels("business_lines", rule.business_lines, "全部业务类型")
    return f"{lines}；{contract_words(rule)}合同" if rule.contract_kind else lines


def contract_words(rule: DeadlineRule) -> str:
    return _labels("contract_kinds", [rule.contract_kind] if rule.contract_kind else [], "全部合同类别")


def fulfilled_words(rule: DeadlineRule) -> str:
    return _labels("deliverable_kinds", rule.fulfilled_by, "由责任人登记完成")


_WORDS = {
    "amount": lambda rule: rule.amount_words,
    "measure": lambda rule: Measure(rule.measure).label,
    "moves_to_working_day": lambda rule: "是" if rule.moves_to_working_day else "否",
    "is_active": lambda rule: "启用" if rule.is_active else "停用",
    "business_lines": lambda rule: _labels("business_lines", rule.business_lines, "全部业务类型"),
    "contract_kind": contract_words,
    "owed_by": lambda rule: Role(rule.owed_by).label,
    "reminders": reminder_words,
    "escalation": ladder_words,
    "repeat_every": repeat_words,
    "fulfilled_by": fulfilled_words,
    "max_times": lambda rule: f"{rule.max_times} 次" if rule.max_times else "不限",
}


@dataclass(frozen=True)
class Change:
    """One field of a rule as it was and as it is to be, in words."""

    label: str
    before: str
    after: str


def changed_rule(rule: DeadlineRule, values: dict) -> DeadlineRule:
    """The next version of a rule, not saved: for showing what `values` would make of it."""
    kept = {name: getattr(rule, name) for name in FIELDS}
    return DeadlineRule(code=rule.code, event=rule.event, version=rule.version + 1, **{**kept, **values})


def changes(before: DeadlineRule, after: DeadlineRule) -> list[Change]:
    """What differs between two versions, field by field."""
    found = []
    for name in FIELDS:
        if getattr(before, name) != getattr(after, name):
            words = _WORDS.get(name, lambda rule, name=name: str(getattr(rule, name)))
            label = str(DeadlineRule._meta.get_field(name).verbose_name)
            found.append(Change(label, words(before) or NOTHING, words(after) or NOTHING))
    return found


# ── What a change would do to the clocks that run ───────────────────────────
@dataclass(frozen=True)
class MoveRow:
    """One clock with its old and its new end."""

    move: Move
    before: str
    after: str
    shift: str
    kind: str  # later, earlier, same, paused
    is_late: bool  # over as soon as it moves


@dataclass(frozen=True)
class Moves:
    """The clocks that a change would touch: how many, and the first of them, those that move in front."""

    rows: list[MoveRow]
    listed: int
    total: int
    moved: int
    late: int
    suspended: int

    @property
    def more(self) -> int:
        return self.listed - len(self.rows)


SHOWN = 50


def moves_words(moves: list[Move], *, only_moved: bool = False) -> Moves:
    """What is told about moves before they are confirmed: each clock, or those alone that would end on another day."""
    rows = sorted(map(_row, moves), key=lambda row: (not row.move.is_moved, row.move.due_at, row.move.deadline.pk))
    listed = [row for row in rows if row.move.is_moved or not only_moved]
    return Moves(
        listed[:SHOWN],
        listed=len(listed),
        total=len(rows),
        moved=sum(move.is_moved for move in moves),
        late=sum(row.is_late for row in rows),
        suspended=sum(move.deadline.state == State.SUSPENDED for move in moves),
    )


def _end_words(is_in_hours: bool, due_on, due_at) -> str:
    if is_in_hours:
        return f"{timezone.localtime(due_at):%Y-%m-%d %H:%M}"
    return f"{due_on:%Y-%m-%d} 周{'一二三四五六日'[due_on.weekday()]}"


def _row(move: Move) -> MoveRow:
    deadline, now = move.deadline, timezone.now()
    # The new rule may count in hours where the old one counted days: then the hour matters at both ends.
    in_hours = deadline.rule.is_in_hours or (move.is_moved and not move.days)
    before = _end_words(in_hours, deadline.due_on, deadline.due_at)
    after = _end_words(in_hours, move.due_on, move.due_at)
    if deadline.state == State.SUSPENDED:
        return MoveRow(move, NOTHING, NOTHING, "中止中，恢复计时时重新计算", "paused", is_late=False)
    if not move.is_moved:
        return MoveRow(move, before, after, "不变", "same", is_late=False)
    is_later = move.due_at > deadline.due_at
    far = f"{abs(move.days)} 天"
    if not move.days:
        far = minutes_words(int(abs(move.due_at - deadline.due_at).total_seconds() // 60))
    is_late = move.due_at <= now < deadline.due_at
    return MoveRow(
        move, before, after, f"{'推迟' if is_later else '提前'} {far}", "later" if is_later else "earlier", is_late
    )
