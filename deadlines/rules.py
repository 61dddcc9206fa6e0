"""When a limit ends, why on that day, and when it speaks up. Values in, answer out: no ORM, no clock (§6).

“Within N days of” D: day D is not counted, the limit ends with day D + N in the firm's time zone. A day counts unless
the clock stands still at its end (中止), or the rule counts working days and it is none. A limit in working hours runs
while the firm is at work and at no other time.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from itertools import count as counting
from zoneinfo import ZoneInfo

from deadlines.choices import Light, Measure, State, StepKind

DAY = timedelta(days=1)
# Ten years: a limit that has not ended by then will not end at all (no working day in the calendar).
LONGEST = 3660
NEAR_DAYS = 3
SHANGHAI = ZoneInfo("Asia/Shanghai")

# (from, until) of each time in which the clock stood still; until is None while it still does.
Pause = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Calendar:
    """The firm's working days and hours. A day that the table does not know is judged by its weekday."""

    days: Mapping[date, bool] = field(default_factory=dict)
    shifts: Sequence[tuple[time, time]] = ((time(8, 30), time(12)), (time(13, 30), time(17, 30)))
    zone: ZoneInfo = SHANGHAI

    def is_working(self, day: date) -> bool:
        known = self.days.get(day)
        return day.weekday() < 5 if known is None else known

    def knows(self, day: date) -> bool:
        return day in self.days

    @property
    def opens_at(self) -> time:
        """When work begins: the reminders of a day go out then."""
        return self.shifts[0][0]

    def midnight_after(self, day: date) -> datetime:
        return datetime.combine(day + DAY, time(), self.zone)

    def at(self, day: date, hour: time) -> datetime:
        return datetime.combine(day, hour, self.zone)

    def date_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()


@dataclass(frozen=True)
class Term:
    """How long a clock may run: so many days or working hours, and whether an end on a day off moves on."""

    amount: int
    measure: Measure
    moves_to_working_day: bool = False

    @property
    def is_in_hours(self) -> bool:
        return self.measure == Measure.WORKING_HOURS


@dataclass(frozen=True)
class Line:
    """One line of “why this date”: a day, or a stretch of working time. `number` counts days or working minutes."""

    day: date
    text: str
    number: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_guess: bool = False


@dataclass(frozen=True)
class Course:
    """A clock's way to its end. `due_at` is the first instant that is too late; `due_on` the last day in time."""

    due_on: date
    due_at: datetime
    lines: tuple[Line, ...]

    @property
    def is_guess(self) -> bool:
        """Whether a day on the way is not in the calendar, so that the weekday had to do."""
        return any(line.is_guess for line in self.lines)


def _stands_still(instant: datetime, pauses: Sequence[Pause]) -> bool:
    return any(begun < instant and (ended is None or ended >= instant) for begun, ended in pauses)


def course(term: Term, started_at: datetime, pauses: Sequence[Pause], calendar: Calendar, *, now: datetime) -> Course:
    """When a clock started at `started_at` ends, and why. A pause that still lasts counts until `now`: the answer is
    the end that the clock would have if it went on at this moment.

    Raises ValueError when no end is found within ten years."""
    pauses = [(begun, ended or now) for begun, ended in pauses]
    if term.is_in_hours:
        return _course_in_hours(term.amount * 60, started_at, pauses, calendar)
    return _course_in_days(term, started_at, pauses, calendar)


def _course_in_days(term: Term, started_at: datetime, pauses, calendar: Calendar) -> Course:
    in_working_days = term.measure == Measure.WORKING_DAYS
    day = calendar.date_of(started_at)
    lines = [Line(day, "起算日，不计入")]
    counted = 0
    while counted < term.amount:
        day += DAY
        _check_length(lines)
        is_guess = in_working_days and not calendar.knows(day)
        if in_working_days and not calendar.is_working(day):
            lines.append(Line(day, "非工作日，不计入", is_guess=is_guess))
        elif _stands_still(calendar.midnight_after(day), pauses):
            lines.append(Line(day, "中止，不计入", is_guess=is_guess))
        else:
            counted += 1
            lines.append(Line(day, f"第 {counted} 天", counted, is_guess=is_guess))
    while term.moves_to_working_day and not calendar.is_working(day):
        day += DAY
        _check_length(lines)
        lines.append(Line(day, "期限届满日为非工作日，顺延", is_guess=not calendar.knows(day)))
    return Course(day, calendar.midnight_after(day), tuple(lines))


def _check_length(lines: list) -> None:
    if len(lines) > LONGEST:
        raise ValueError("no end of the limit within ten years")


def _without(begun: datetime, ended: datetime, pauses) -> Iterator[tuple[datetime, datetime]]:
    """The parts of begun–ended in which the clock runs."""
    parts = [(begun, ended)]
    for stop, go in pauses:
        parts = [
            piece
            for left, right in parts
            for piece in ((left, min(right, stop)), (max(left, go), right))
            if piece[0] < piece[1]
        ]
    return iter(parts)


def _working_time(started_at: datetime, pauses, calendar: Calendar) -> Iterator[tuple[date, datetime, datetime]]:
    """The stretches of working time from `started_at` on, without pauses: (day, from, until)."""
    first = calendar.date_of(started_at)
    for days in range(LONGEST):
        day = first + timedelta(days=days)
        if not calendar.is_working(day):
            continue
        for opens, closes in calendar.shifts:
            begun, ended = max(calendar.at(day, opens), started_at), calendar.at(day, closes)
            if begun < ended:
                for left, right in _without(begun, ended, pauses):
                    yield day, left, right
    raise ValueError("no end of the limit within ten years")


def _working_minutes_before(
    minutes: int, started_at: datetime, ended_at: datetime, pauses, calendar
) -> datetime | None:
    """When `minutes` of work were left until `ended_at`; None where there were never so many. An instant at which work
    begins is the end of the stretch before, as when counted forwards."""
    left, day = timedelta(minutes=minutes), calendar.date_of(ended_at)
    while day >= calendar.date_of(started_at):
        for opens, closes in reversed(calendar.shifts) if calendar.is_working(day) else ():
            begun, until = max(calendar.at(day, opens), started_at), min(calendar.at(day, closes), ended_at)
            for piece in reversed(list(_without(begun, until, pauses)) if begun < until else []):
                if left < piece[1] - piece[0]:
                    return piece[1] - left
                left -= piece[1] - piece[0]
        day -= DAY
    return None


def _course_in_hours(minutes: int, started_at: datetime, pauses, calendar: Calendar) -> Course:
    left = timedelta(minutes=minutes)
    lines = []
    for day, begun, ended in _working_time(started_at, pauses, calendar):
        used = min(ended - begun, left)
        left -= used
        spent = minutes - int(left.total_seconds() // 60)
        text = f"累计 {spent} 分钟"
        lines.append(Line(day, text, spent, begun, begun + used, is_guess=not calendar.knows(day)))
        if not left:
            return Course(day, begun + used, tuple(lines))
    raise AssertionError("working time never ends")  # the iterator raises first


def amount_words(amount: int, measure: str) -> str:
    """45 日历天, 1 工作小时."""
    return f"{amount} {Measure(measure).label}"


# ── What a sweep says, and when ─────────────────────────────────────────────
@dataclass(frozen=True)
class Step:
    """One thing to be said: `key` names it for good, `offset` is in days (working minutes for a limit in hours) from the
    end, negative before it. `role` is whom it is reported to besides the one who owes."""

    key: str
    at: datetime
    kind: StepKind
    offset: int
    role: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything that decides when a clock speaks up."""

    term: Term
    started_at: datetime
    due_on: date
    due_at: datetime
    ahead: Sequence[int]  # so many days (minutes) before the end
    ladder: Sequence[tuple[int, str]]  # (days or minutes overdue, role that is told)
    repeat_every: int = 0  # after the last rung; 0: silence
    pauses: Sequence[Pause] = ()


def steps(plan: Plan, calendar: Calendar) -> Iterator[Step]:
    """All steps of a clock in order of time; without an end where the rule repeats."""
    for offset in sorted({-abs(days) for days in plan.ahead} | {0}):
        if 0 in plan.ahead or offset:
            yield from _step(plan, offset, "", calendar)
    roles = dict(plan.ladder)
    top = max(roles, default=0)
    # In days the one who owes is told each day, in hours at each rung.
    overdue = sorted(roles) if plan.term.is_in_hours else range(1, top + 1)
    repeated = counting(top + plan.repeat_every, plan.repeat_every) if plan.repeat_every else ()
    late = None
    for offset in chain(overdue, repeated):
        late = next(_step(plan, offset, roles.get(min(offset, top), ""), calendar, late), None)
        if late is None:
            return  # beyond any calendar
        yield late


def _step(plan: Plan, offset: int, role: str, calendar: Calendar, before: Step | None = None) -> Iterator[Step]:
    """The step at `offset`, if there is one; `before` is an earlier step past the end, to count on from."""
    kind = StepKind.AHEAD if offset < 0 else StepKind.OVERDUE if offset else StepKind.DUE
    if plan.term.is_in_hours:
        # Counted from the end as it stands, not from the start: the firm's hours may have changed in between.
        at = plan.due_at
        if offset < 0:
            at = _working_minutes_before(-offset, plan.started_at, plan.due_at, plan.pauses, calendar)
        elif offset:
            spent, since = (before.offset, before.at) if before else (0, plan.due_at)
            at = _or_none(lambda: _course_in_hours(offset - spent, since, plan.pauses, calendar).due_at)
        if at is None:
            return
        key = f"{plan.due_at:%Y%m%dT%H%M}{offset:+d}m"
    else:
        day = _or_none(lambda: plan.due_on + timedelta(days=offset))
        if day is None or day <= calendar.date_of(plan.started_at):
            return  # a limit of two days has no T-7
        at = calendar.at(day, calendar.opens_at)
        key = f"{plan.due_on:%Y%m%d}{offset:+d}"
    yield Step(key, at, kind, offset, role)


def _or_none(reckon: Callable):
    """What `reckon` finds; None where it leaves the calendar: a clock must never stop a sweep over all the others."""
    try:
        return reckon()
    except (OverflowError, ValueError):
        return None


def by_calendar(plan: Plan, step: Step, calendar: Calendar) -> Step:
    """The same step by another calendar."""
    return next(_step(plan, step.offset, step.role, calendar), step)


def steps_between(plan: Plan, calendar: Calendar, after: datetime, until: datetime) -> tuple[list[Step], Step | None]:
    """The steps in [after, until], and the first one later than `until`."""
    due = []
    for step in steps(plan, calendar):
        if step.at > until:
            return due, step
        if step.at >= after:
            due.append(step)
    return due, None


def after_words(is_in_hours: bool, after: int) -> str:
    """逾期第 2 天; for a limit in hours 逾期 30 分钟（作业时间内）."""
    return f"逾期 {after} 分钟（作业时间内）" if is_in_hours else f"逾期第 {after} 天"


def step_words(is_in_hours: bool, kind: str, offset: int) -> str:
    """到期前 7 天, 到期当日, 逾期第 2 天."""
    if kind == StepKind.DUE:
        return "到期时" if is_in_hours else "到期当日"
    unit = "分钟" if is_in_hours else "天"
    return f"到期前 {-offset} {unit}" if offset < 0 else after_words(is_in_hours, offset)


# ── How a clock looks ───────────────────────────────────────────────────────
def light(state: str, due_on: date, due_at: datetime, stopped_at: datetime | None, *, now: datetime, today: date):
    """The traffic light: red past the end, amber on the last days, green before; when it is over, how it ended."""
    if state == State.CANCELLED:
        return Light.VOID
    if state == State.SUSPENDED:
        return Light.PAUSED
    if state == State.FULFILLED:
        return Light.LATE if stopped_at and stopped_at >= due_at else Light.DONE
    if now >= due_at:
        return Light.RED
    return Light.AMBER if (due_on - today).days <= NEAR_DAYS else Light.GREEN


def minutes_words(minutes: int) -> str:
    """“35 分钟”, “2 小时 5 分”."""
    hours, rest = divmod(max(minutes, 0), 60)
    if not hours:
        return f"{rest} 分钟"
    return f"{hours} 小时 {rest} 分" if rest else f"{hours} 小时"


def left_words(is_in_hours: bool, due_on: date, due_at: datetime, *, now: datetime, today: date) -> str:
    """“剩 12 天”, “今天到期”, “逾期 3 天”; for a limit in hours on its last day “剩 35 分钟”."""
    if is_in_hours and today == due_on:
        if now < due_at:
            return f"剩 {minutes_words(-(-int((due_at - now).total_seconds()) // 60))}"
        return f"逾期 {minutes_words(int((now - due_at).total_seconds()) // 60)}"
    days = (due_on - today).days
    if days < 0 or (days == 0 and now >= due_at):
        return f"逾期 {-days} 天" if days else "今天逾期"
    return f"剩 {days} 天" if days else "今天到期"


# ── How long something took ─────────────────────────────────────────────────
def to_tenth(days: float) -> Decimal:
    """Working days as they are shown: one place, half up."""
    return Decimal(str(days)).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


class WorkingTime:
    """How much working time lies between two instants, in working days. Reckoned once for each day of the span, so that
    100,000 questions are cheap."""

    def __init__(self, calendar: Calendar, first: date, last: date):
        self.calendar, self.first = calendar, first
        stretches = [
            (self._seconds(opens), self._seconds(closes)) for opens, closes in sorted(calendar.shifts)
        ]  # fmt: skip
        self.stretches = stretches
        self.whole_day = sum(closes - opens for opens, closes in stretches) or 1
        self.before = [0]
        self.works, self.midnights = [], []
        for number in range((last - first).days + 2):
            day = first + timedelta(days=number)
            works = calendar.is_working(day)
            self.midnights.append(int(datetime.combine(day, time.min, calendar.zone).timestamp()))
            self.works.append(works)
            self.before.append(self.before[-1] + (self.whole_day if works else 0))

    @staticmethod
    def _seconds(hour) -> int:
        return hour.hour * 3600 + hour.minute * 60 + hour.second

    def _until(self, second: int) -> int:
        """Working seconds from the beginning of the span."""
        number = bisect_right(self.midnights, second) - 1
        found = self.before[number]
        if self.works[number]:
            now = second - self.midnights[number]
            for opens, closes in self.stretches:
                if now > opens:
                    found += (now if now < closes else closes) - opens
        return found

    def days_between(self, begun: int, ended: int) -> float:
        """Working days between two instants in whole seconds since 1970; both within the span."""
        return max(self._until(ended) - self._until(begun), 0) / self.whole_day

    def days(self, begun: datetime, ended: datetime) -> float:
        """Working days from `begun` to `ended`; both within the span."""
        return self.days_between(int(begun.timestamp()), int(ended.timestamp()))


def working_days(calendar: Calendar, pairs: Sequence[tuple[int, int]]) -> list[float]:
    """Working days of each (begun, ended), in whole seconds since 1970."""
    if not pairs:
        return []
    first, last = min(begun for begun, _ in pairs), max(ended for _, ended in pairs)
    begins, ends = (datetime.fromtimestamp(second, calendar.zone).date() for second in (first, last))
    time = WorkingTime(calendar, begins, ends)
    return [time.days_between(begun, ended) for begun, ended in pairs]
