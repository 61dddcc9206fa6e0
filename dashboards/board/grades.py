"""Shares of 优良 / 合格 / 不合格: by unit, by month, by year. From the inspections with a written opinion."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Case, Count, IntegerField, Q, Value, When
from django.utils import timezone

from dashboards.board import links
from dashboards.board.filters import Filters
from dashboards.board.rules import percent
from dashboards.board.values import Chart, Column, Form, Plot, Row, Series, Unit
from inspections.models import Inspection
from scoring.rules import FAIL, GOOD, PASS
from staff.models import Unit as FirmUnit

GRADES = {GOOD: "signed", PASS: "info", FAIL: "overdue"}
SHOWN_YEARS = 5
OUTSIDE = 0
_FORMULA = "各等级占比 = 该等级的检查次数 ÷ 所属年度内已出具书面意见的检查次数（含对单位本身的检查）。"
EMPTY = "检查出具书面意见后计入。"
COLUMNS = tuple(Column(grade) for grade in GRADES)


def _part(filters: Filters) -> dict:
    found = {}
    if filters.units is not None:
        found["unit__in"] = filters.units
    if filters.business_line:
        found["project__business_line"] = filters.business_line
    return found


def _month(year: int) -> Case:
    """1–12 for what was scored in the year, OUTSIDE for the rest. Comparisons alone: SQLite knows no months of a zone."""
    starts = [datetime(year, month, 1) for month in range(1, 13)] + [datetime(year + 1, 1, 1)]  # noqa: DTZ001
    aware = [timezone.make_aware(each) for each in starts]
    field = "score_sheet__scored_at"
    cases = [When(**{f"{field}__lt": aware[0]}, then=Value(OUTSIDE))]
    cases += [When(**{f"{field}__lt": aware[month]}, then=Value(month)) for month in range(1, 13)]
    return Case(*cases, default=Value(OUTSIDE), output_field=IntegerField())


class Grades:
    """Two queries: the year by unit and month; the years before by year."""

    def __init__(self, filters: Filters):
        self.filters = filters
        concluded = Inspection.objects.concluded().filter(**_part(filters)).order_by()
        self.by_unit: Counter = Counter()
        self.by_month: Counter = Counter()
        self.by_year: Counter = Counter()
        of_period = Q(year=filters.year) & (filters.within("score_sheet__scored_at") if filters.month else Q())
        rows = concluded.filter(of_period).annotate(month=_month(filters.year))
        for unit, month, grade, count in rows.values_list("unit", "month", "score_sheet__grade").annotate(
            n=Count("pk")
        ):
            self.by_unit[unit, grade] += count
            self.by_month[month, grade] += count
            self.by_year[filters.year, grade] += count
        before = concluded.filter(year__lt=filters.year, year__gt=filters.year - SHOWN_YEARS)
        for year, grade, count in before.values_list("year", "score_sheet__grade").annotate(n=Count("pk")):
            self.by_year[year, grade] += count
        self.total = sum(self.by_unit.values())

    def charts(self) -> list[Chart]:
        return [self._units(), self._months(), self._years()]

    def _units(self) -> Chart:
        names = dict(FirmUnit.objects.order_by("code").values_list("pk", "name"))
        units = [unit for unit in names if any(key == unit for key, _ in self.by_unit)]
        return self._chart(
            "grades_by_unit", "各单位检查等级", "单位", Form.STACKED, units, self.by_unit, names,
            lambda unit, grade: links.inspections(self.filters, unit=unit, **_grade(grade)), formula=_FORMULA,
        )  # fmt: skip

    def _months(self) -> Chart:
        words = {month: f"{month} 月" for month in range(1, 13)} | {OUTSIDE: "本年度以外"}
        found = {month for month, _ in self.by_month}
        within = found - {OUTSIDE}
        # A month without a score is a gap in the run, not a step of it.
        months = [*range(min(within), max(within) + 1)] if within else []
        months += [OUTSIDE] if OUTSIDE in found else []

        def url(month: int, grade: str) -> str:
            scored = {"scored": f"{self.filters.year}-{month:02}"} if month else {}
            return links.inspections(self.filters, **scored, **_grade(grade)) if month else ""

        return self._chart(
            "grades_by_month", "检查等级走势", "评分定稿月份", Form.STACKED_COLUMNS, months, self.by_month, words, url,
            formula=f"{_FORMULA}按评分定稿的月份分列。",
        )  # fmt: skip

    def _years(self) -> Chart:
        years = sorted({year for year, _ in self.by_year})
        words = {year: f"{year} 年" for year in years}
        return self._chart(
            "grades_by_year", f"近 {SHOWN_YEARS} 年检查等级", "所属年度", Form.STACKED_COLUMNS, years, self.by_year, words,
            lambda year, grade: links.inspections(self.filters, year=year, **_grade(grade)), formula=_FORMULA,
            total=sum(self.by_year.values()),
        )  # fmt: skip

    def _chart(
        self, key, title, first, form, groups: Iterable, counts: Counter, names: Mapping, url, *, formula, total=None
    ) -> Chart:
        groups = list(groups)
        series = tuple(
            Series(
                grade,
                tuple(percent(counts[group, grade], _whole(counts, group)) for group in groups),
                kind,
                tuple(url(group, grade) for group in groups),
            )
            for grade, kind in GRADES.items()
        )
        rows = [_row(names[group], counts, group, url) for group in groups]
        columns = (
            Column(first, Unit.TEXT),
            Column("检查"),
            *COLUMNS,
            Column("优良率（%）", Unit.PERCENT),
            Column("不合格率（%）", Unit.PERCENT),
        )
        plot = Plot(form, tuple(names[group] for group in groups), series, "%", most=100) if groups else None
        sample = self.total if total is None else total
        return Chart(
            key,
            title,
            formula,
            sample,
            "次检查",
            columns,
            tuple(rows),
            plot,
            empty=EMPTY,
            url=links.inspections(self.filters),
        )


def _grade(grade: str) -> dict:
    return {"grade": grade} if grade else {}


def _whole(counts: Counter, group) -> int:
    return sum(counts[group, grade] for grade in GRADES)


def _row(name: str, counts: Counter, group, url) -> Row:
    whole = _whole(counts, group)
    shares = (percent(counts[group, GOOD], whole), percent(counts[group, FAIL], whole))
    values = (name, whole, *(counts[group, grade] for grade in GRADES), *shares)
    urls = {0: url(group, ""), 1: url(group, "")} if whole else {}
    urls |= {column: url(group, grade) for column, grade in enumerate(GRADES, start=2) if counts[group, grade]}
    return Row(values, {column: found for column, found in urls.items() if found})
