"""Reads of inspections: rows of the list, how many stand where, who may inspect, who has to do something now."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from deadlines import queries as deadline_queries
from deadlines.choices import State as ClockState
from deadlines.models import Deadline
from deadlines.rules import NEAR_DAYS
from feedback.models import Complaint
from inspections.choices import CONCLUDED, SHOWN_TO_PROJECT, ConsequenceKind, Decision, Side, State
from inspections.models import Consequence, Draw, Inspection, Inspector
from projects.models import Project
from staff.choices import Action
from staff.models import Post, User
from staff.permissions import GRANTS

LABEL = "inspections.inspection"


# ── The list ────────────────────────────────────────────────────────────────
def inspection_rows(user) -> QuerySet[Inspection]:
    """The inspections that `user` sees, as a list shows them; the lead comes first among the inspectors."""
    return (
        Inspection.objects.visible_to(user)
        .select_related("project", "unit", "plan", "score_sheet__standard")
        .prefetch_related(Prefetch("inspectors", Inspector.objects.select_related("user")))
        .defer("score_sheet__snapshot")
    )


def clocks_of(inspections: Iterable[Inspection]) -> dict[int, Deadline]:
    """The clock of each inspection's rectification: the open one, else the last; one query."""
    found = deadline_queries.of_subjects(LABEL, [each.pk for each in inspections])
    return {pk: next((clock for clock in clocks if clock.is_open), clocks[-1]) for pk, clocks in found.items()}


def tell_clocks(inspections: Iterable[Inspection]) -> list[Inspection]:
    """Give each row its `clock` (or None) and its `score` (the sheet that counts, or None)."""
    rows = list(inspections)
    clocks = clocks_of(rows)
    for row in rows:
        row.clock = clocks.get(row.pk)
        row.score = row.score_sheet if row.state in SHOWN_TO_PROJECT else None
    return rows


def late() -> QuerySet:
    """The ids of the inspections whose rectification is overdue."""
    return Deadline.objects.overdue().filter(subject_type=LABEL).order_by().values("subject_id")


def due_soon() -> QuerySet:
    """The ids of the inspections whose rectification is due within three days."""
    last = timezone.localdate() + timedelta(days=NEAR_DAYS)
    running = Deadline.objects.filter(subject_type=LABEL, state=ClockState.RUNNING)
    return running.filter(due_at__gt=timezone.now(), due_on__lte=last).order_by().values("subject_id")


def condition(view: str) -> Q:
    """What a view of the list shows: live, concluded, due, near, overdue, or a state."""
    match view:
        case "live":
            return ~Q(state__in=(State.CLOSED, State.CANCELLED))
        case "concluded":
            return Q(state__in=CONCLUDED)
        case "due":
            return Q(state=State.SCORING, planned_on__lte=timezone.localdate())
        case "near":
            return Q(state=State.RECTIFYING, pk__in=due_soon())
        case "overdue":
            return Q(state=State.RECTIFYING, pk__in=late())
        case state:
            return Q(state=state)


# How an inspection stands to the ranking of its year: (key, words).
STANDINGS = [
    ("counted", "计入排名"), ("not_closed", "整改未关闭，未计入排名"), ("not_concluded", "未出具书面意见，未计入排名"),
    ("cancelled", "已撤销，不计入排名"), ("of_units", "对单位本身，不计入排名"),
]  # fmt: skip


def standing(key: str) -> Q:
    """The inspections of a year that stand so to its ranking (STANDINGS); each has one."""
    of_project, closed, cancelled = Q(project__isnull=False), Q(state=State.CLOSED), Q(state=State.CANCELLED)
    concluded = Q(state__in=CONCLUDED)
    return {
        "counted": of_project & closed,
        "not_closed": of_project & concluded & ~closed,
        "not_concluded": of_project & ~concluded & ~cancelled,
        "cancelled": cancelled,
        "of_units": ~of_project & ~cancelled,
    }[key]


# How long a rectification that is not answered yet runs: (key, words); the last two are told apart by the clock alone.
AGES = [("0-3", "0–3 天"), ("4-7", "4–7 天"), ("8-10", "8–10 天"), ("11-", "10 天以上（延期或中止）")]
_NO_END = 10_000


def of_age(age: str, today: date | None = None) -> Q:
    """Rectifications that wait for the reply, are not overdue, and whose opinion was received so many days ago (AGES)."""
    first, last = (int(day or _NO_END) for day in age.split("-"))
    today = today or timezone.localdate()
    received = "opinion__receipt__received_at"
    since, until = today - timedelta(days=last), today - timedelta(days=first)
    within = Q(**{f"{received}__gte": _midnight(since), f"{received}__lt": _midnight(until + timedelta(days=1))})
    return Q(state=State.RECTIFYING) & within & ~Q(pk__in=late())


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


VIEWS = ("due", State.DISCUSSING, State.ISSUED, State.RECTIFYING, "near", "overdue", State.RECHECKING)


def counts(rows) -> dict[str, int]:
    """How many of `rows` stand in each of VIEWS; one query."""
    return rows.order_by().aggregate(**{str(view): Count("pk", filter=condition(view)) for view in VIEWS})


# ── Opening ─────────────────────────────────────────────────────────────────
def people_who_inspect() -> QuerySet[User]:
    """The active people with a post that grants 检查评分 today."""
    roles = [role for role, actions in GRANTS.items() if Action.INSPECT in actions]
    posts = Post.objects.in_force().filter(role__in=roles).order_by().values("user")
    return User.objects.active().filter(pk__in=posts).select_related("unit").order_by("employee_number")


def complaints_on_file(user) -> QuerySet[Complaint]:
    """The complaints and reports that `user` sees and that may set off a 专项稽查 [S]."""
    return Complaint.objects.visible_to(user).on_file().select_related("project", "unit").order_by("-received_at")


def to_inspect_again(user, until: int | None = None) -> QuerySet[Inspection]:
    """The concluded inspections that `user` sees, that ask for another (§4), and whose re-inspection is not opened yet;
    with `until` those that ask for it in that year or before."""
    opened = Inspection.objects.exclude(state=State.CANCELLED).filter(reinspection_of__isnull=False)
    standing = Q(decision__isnull=True) | Q(decision=Decision.CONFIRMED)
    asked = Consequence.objects.filter(standing, kind=ConsequenceKind.REINSPECTION)
    if until is not None:
        asked = asked.filter(target_year__lte=until)
    rows = Inspection.objects.visible_to(user).filter(pk__in=asked.order_by().values("inspection"))
    rows = rows.exclude(pk__in=opened.order_by().values("reinspection_of"))
    return rows.select_related("project", "unit", "score_sheet").defer("score_sheet__snapshot").order_by("-opened_at")


def drawn_to_open(draw: Draw) -> list[Project]:
    """The drawn projects, in the order of the draw, that have no inspection in the plan yet; two queries."""
    order = {row["number"]: place for place, row in enumerate(draw.drawn)}
    opened = Inspection.objects.exclude(state=State.CANCELLED).filter(plan=draw.plan_id, project__isnull=False)
    rows = Project.objects.filter(number__in=order).exclude(pk__in=opened.order_by().values("project"))
    return sorted(rows.select_related("unit"), key=lambda project: order[project.number])


def opened_of(draw: Draw) -> dict[str, Inspection]:
    """Project number → its inspection in the draw's plan; one query."""
    numbers = [row["number"] for row in draw.drawn]
    rows = Inspection.objects.exclude(state=State.CANCELLED).filter(plan=draw.plan_id, project__number__in=numbers)
    return {row.project.number: row for row in rows.select_related("project")}


# ── One inspection ──────────────────────────────────────────────────────────
def sides_to_speak(inspection: Inspection) -> list[Side]:
    """Which side has not spoken about the score as it is now."""
    told = set(inspection.talks.filter(score_sheet=inspection.score_sheet_id).values_list("side", flat=True))
    return [side for side in Side if side not in told]
