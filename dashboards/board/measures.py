"""The KPI board: the five measures of 质量目标 against their targets, each with formula, numerator, denominator."""

from decimal import Decimal

from django.db.models import Count, Exists, F, OuterRef, Q

from dashboards.board import links
from dashboards.board.rules import mean, percent
from dashboards.board.signed import Figures
from dashboards.board.values import Kpi
from feedback.choices import CONFIRMING
from feedback.models import Complaint
from inspections.models import Inspection
from inspections.rules import ERROR_TOLERANCE
from projects.models import Project
from rankings.choices import Measure
from rankings.queries.policies import targets
from rankings.rules import AT_MOST
from reviews.choices import ANY_ERROR
from reviews.models import Signature
from scoring.rules import FAIL

FORMULAS = {
    Measure.CLIENT_SATISFACTION: "满意的答卷 ÷ 收回的答卷。",
    Measure.PROJECT_SUCCESS: (
        "成功项目 ÷ 本年度完成的项目（填有计划完成日期的）。成功：不晚于计划完成日期完成，没有检查不合格，没有属实或部分属实的投诉、举报。"
    ),
    Measure.STAFF_SATISFACTION: "满意的答卷 ÷ 收回的答卷。",
    Measure.ERROR_RATE: "本年度签发、各级填有金额的成果的误差率（绝对值）的平均值。",
    Measure.CONFORMING: "评分达到合格线的成果 ÷ 本年度签发并评分的成果。",
}
WHAT_FILLS = {
    Measure.CLIENT_SATISFACTION: "委托人满意度调查尚未开展，收回答卷后显示。",
    Measure.PROJECT_SUCCESS: "项目登记实际完成日期后显示。",
    Measure.STAFF_SATISFACTION: "员工满意度调查尚未开展，收回答卷后显示。",
    Measure.ERROR_RATE: "填有金额的成果签发后显示。",
    Measure.CONFORMING: "评分的成果签发后显示。",
}


def kpis(of: Figures) -> list[Kpi]:
    """In the order of `Measure`; four or five queries."""
    wanted = targets()
    found = {
        Measure.PROJECT_SUCCESS: _success(of), Measure.ERROR_RATE: _error_rate(of), Measure.CONFORMING: _conforming(of)
    }  # fmt: skip
    return [_kpi(measure, wanted.get(measure), **found.get(measure, {})) for measure in Measure]


def _kpi(measure: Measure, target: Decimal | None, *, value=None, note: str = "", **more) -> Kpi:
    return Kpi(
        measure.value, measure.label, value, target, measure in AT_MOST, FORMULAS[measure],
        note=note or (WHAT_FILLS[measure] if value is None else ""), **more,
    )  # fmt: skip


def _success(of: Figures) -> dict:
    filters = of.filters
    failed = Inspection.objects.concluded().filter(project=OuterRef("pk"), score_sheet__grade=FAIL)
    confirmed = Complaint.objects.filter(project=OuterRef("pk"), verdict__in=CONFIRMING)
    is_success = Q(actual_finish_on__lte=F("planned_finish_on")) & ~Exists(failed) & ~Exists(confirmed)
    planned = Q(planned_finish_on__isnull=False)
    row = Project.objects.filter(filters.of_projects(), filters.on_days("actual_finish_on")).order_by().aggregate(
        every=Count("pk"), planned=Count("pk", filter=planned), good=Count("pk", filter=planned & is_success)
    )  # fmt: skip
    unplanned = row["every"] - row["planned"]
    note = f"另有 {unplanned} 个完成的项目未填计划完成日期，不计。" if unplanned else ""
    return {"value": percent(row["good"], row["planned"]), "numerator": row["good"], "denominator": row["planned"],
            "note": note, "url": links.finished_projects(filters)}  # fmt: skip


def _error_rate(of: Figures) -> dict:
    rates = list(of.error_rates.values())
    over = sum(rate > ERROR_TOLERANCE for rate in rates)
    note = f"其中 {over} 件超出 3%。" if over else ("均不超过 3%。" if rates else "")
    return {"value": mean(rates), "numerator": sum(rates, Decimal(0)) if rates else None, "denominator": len(rates),
            "note": note, "url": links.issued(of.filters, error=ANY_ERROR)}  # fmt: skip


def _conforming(of: Figures) -> dict:
    scored = Signature.objects.filter(round__in=of.issued_rounds, revoked_at__isnull=True, score_sheet__isnull=False)
    row = scored.order_by().aggregate(
        every=Count("round", distinct=True), failed=Count("round", filter=Q(score_sheet__grade=FAIL), distinct=True)
    )
    good = row["every"] - row["failed"]
    unscored = of.issued_count - row["every"]
    return {"value": percent(good, row["every"]), "numerator": good, "denominator": row["every"],
            "note": f"另有 {unscored} 件未评分，不计。" if unscored and row["every"] else "", "url": links.issued(of.filters)}  # fmt: skip
