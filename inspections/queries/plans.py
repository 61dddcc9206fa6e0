"""Reads of plans and draws: the population, its risk, what was drawn before, how far the targets are reached."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.utils import timezone

from deadlines.models import Deadline
from feedback.queries import confirmed_projects
from inspections import rules
from inspections.choices import CONCLUDED, State
from inspections.models import Consequence, Draw, Inspection, Plan
from projects.clocks import LABEL
from projects.models import Project
from reviews.choices import LevelKind
from reviews.models import Remark, Signature

MILLION = Decimal(1_000_000)
# Why a project is drawn in any case (§4).
CONFIRMED = "投诉举报属实，必抽"
DUE_AGAIN = "上年度检查不合格或问题严重，须复查"


def plan_rows():
    """Plans as a list shows them, with the number of their draws (`draw_count`)."""
    return Plan.objects.select_related("created_by").annotate(draw_count=Count("draws"))


def always_drawn(year: int) -> dict[int, str]:
    """Project id → why it is drawn in any plan of the year: a complaint or report about it was found true, or last
    year's inspection asks for another (§4); both reasons where both hold. Two queries."""
    reasons: dict[int, list[str]] = {pk: [CONFIRMED] for pk in confirmed_projects(year)}
    for pk in reinspections_due(year):
        reasons.setdefault(pk, []).append(DUE_AGAIN)
    return {pk: "；".join(words) for pk, words in reasons.items()}


def reinspections_due(year: int) -> set[int]:
    """The ids of the projects to be inspected again in `year`, whose re-inspection has not been opened yet."""
    due = Consequence.objects.due_in(year).filter(inspection__project__isnull=False)
    return set(due.order_by().values_list("inspection__project", flat=True))


def projects_of(plan: Plan, always: Collection[int] | None = None):
    """The population: every project that was under way in the plan's year, and those that are drawn in any case, even if
    they are finished. `always` are the ids from `always_drawn`, where the caller has them."""
    always = always_drawn(plan.year) if always is None else always
    under_way = Q(actual_finish_on__isnull=True) | Q(actual_finish_on__year__gte=plan.year)
    return (
        Project.objects.filter(under_way | Q(pk__in=list(always)))
        .filter(created_at__year__lte=plan.year)
        .select_related("unit")
        .order_by("number")
    )


def stratum_of(project: Project) -> str:
    """Unit × business line: what a sample is spread over."""
    return f"{project.unit.name} · {project.get_business_line_display()}"


def drawn_before() -> Counter:
    """Project number → in how many draws it was drawn so far."""
    found: Counter = Counter()
    for drawn in Draw.objects.order_by().values_list("drawn", flat=True):
        found.update(row["number"] for row in drawn)
    return found


def risks_of(projects) -> dict[int, rules.Risk]:
    """What the weighting looks at, for each project; a constant number of queries."""
    ids = [project.pk for project in projects]
    late = Counter(
        Deadline.objects.overdue(timezone.now())
        .filter(scope_type=LABEL, scope_id__in=ids)
        .values_list("scope_id", flat=True)
    )
    remarks = Counter(
        Remark.objects.filter(deliverable__project__in=ids, raised_at__isnull=False).values_list(
            "deliverable__project", flat=True
        )
    )
    newest = (
        Signature.objects.filter(
            round__deliverable__project=OuterRef("pk"), score_sheet__isnull=False, revoked_at__isnull=True
        )
        .order_by("-signed_at")
        .values("score_sheet__total")[:1]
    )
    scores = dict(
        Project.objects.filter(pk__in=ids).annotate(score=Subquery(newest)).order_by().values_list("pk", "score")
    )
    errors = error_rates(ids)
    return {
        project.pk: rules.Risk(
            late[project.pk], _per_million(project, remarks), scores.get(project.pk), errors.get(project.pk)
        )
        for project in projects
    }


def error_rates(ids: Iterable[int]) -> dict[int, Decimal]:
    """Project id → the largest error rate of its issued deliverables with amounts, in percent: how far the amount of the
    first level was off that of the last. Projects without such a deliverable are left out. One query."""
    signed = Signature.objects.filter(
        round__issue__isnull=False, round__deliverable__project__in=list(ids), revoked_at__isnull=True, seat_number=0,
        level__kind__in=(LevelKind.REVIEW, LevelKind.PANEL), amount__isnull=False,
    ).order_by("round", "level__order")  # fmt: skip
    amounts = defaultdict(list)
    for project, round_pk, amount in signed.values_list("round__deliverable__project", "round", "amount"):
        amounts[project, round_pk].append(amount)
    found: dict[int, Decimal] = {}
    for (project, _), steps in amounts.items():
        rate = rules.error_rate(steps[0], steps[-1])
        if rate is not None:
            found[project] = max(rate, found.get(project, rate))
    return found


def _per_million(project: Project, remarks: Counter) -> Decimal:
    amount = project.submitted_amount
    return Decimal(remarks[project.pk]) * MILLION / amount if amount else Decimal(0)


def coverage_of(plan: Plan) -> list[dict]:
    """For each target of the plan: {target, whole, wanted, drawn, concluded, percent, is_reached}; `concluded` are the
    projects with a written opinion by this plan."""
    projects = list(projects_of(plan))
    taken = numbers_drawn(plan)
    done = set(Inspection.objects.concluded().filter(plan=plan).order_by().values_list("project", flat=True))
    rows = []
    for target in plan.targets.select_related("unit"):
        meant = [
            project
            for project in projects
            if (target.unit_id is None or project.unit_id == target.unit_id)
            and (not target.business_line or project.business_line == target.business_line)
        ]
        drawn = sum(project.number in taken for project in meant)
        wanted = rules.wanted(target.percent, len(meant))
        rows.append({"target": target, "whole": len(meant), "wanted": wanted, "drawn": drawn,
                     "concluded": sum(project.pk in done for project in meant),
                     "percent": rules.coverage(drawn, len(meant)), "is_reached": drawn >= wanted})  # fmt: skip
    return rows


def numbers_drawn(plan: Plan) -> set[str]:
    """The numbers of the projects that the draws of the plan drew."""
    return {row["number"] for drawn in plan.draws.values_list("drawn", flat=True) for row in drawn}


def progress_of(plan: Plan) -> dict[str, int]:
    """How far the plan is: projects drawn; inspections opened, with a written opinion, closed; two queries."""
    rows = Inspection.objects.exclude(state=State.CANCELLED).filter(plan=plan).order_by()
    counted = rows.aggregate(
        opened=Count("pk"),
        concluded=Count("pk", filter=Q(state__in=CONCLUDED)),
        closed=Count("pk", filter=Q(state=State.CLOSED)),
    )
    return {"drawn": len(numbers_drawn(plan)), **counted}


def suggested_size(plan: Plan) -> int:
    """What the targets still ask for; at least one."""
    return max(max((row["wanted"] - row["drawn"] for row in coverage_of(plan)), default=0), 1)


def newest_first():
    """For order_by of plans."""
    return [F("year").desc(), F("quarter").desc(nulls_last=True), "-pk"]
