"""What the dashboard says of inspections: ranking, grades, open rectifications; each figure against a small world."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from dashboards.board import board, filters_for
from inspections.choices import State
from inspections.models import Opinion, Receipt
from inspections.queries.units import years as years_of_filter
from rankings.services import freezing
from scoring.models import ScoreSheet
from tests.dashboards import board_kit as kit
from tests.inspections import records
from tests.rankings import years
from tests.reviews.flow import confirmed

pytestmark = pytest.mark.django_db
YEAR = kit.YEAR


@pytest.fixture
def charts(cast):
    """`charts(unit, business_line)` → {key: chart} of this year, for 管理层."""

    def reckon(unit=None, business_line="", year=YEAR):
        return {each.key: each for each in board(filters_for(year, unit, business_line), cast.executive)}

    return reckon


def rows(chart):
    return [row.values for row in chart.rows]


def test_grades_are_counted_by_unit_with_their_shares(cast, project, other_project, charts):
    for score in ("90", "80", "59"):
        records.inspection(cast, project, score=score)
    records.inspection(cast, other_project, score="81", state=State.ISSUED)
    records.inspection(cast, other_project, score="81", state=State.DISCUSSING)
    records.inspection(cast, other_project, score="30", year=YEAR - 1)
    records.inspection(cast, None, unit=cast.zj2, score="95")
    chart = charts()["grades_by_unit"]
    assert rows(chart) == [
        ("造价一所", 3, 1, 1, 1, Decimal("33.3"), Decimal("33.3")),
        ("造价二所", 2, 2, 0, 0, Decimal("100.0"), Decimal("0.0")),
    ]
    assert chart.sample == 5
    good, _, failed = chart.plot.series
    assert (good.values, failed.values) == ((Decimal("33.3"), Decimal("100.0")), (Decimal("33.3"), Decimal("0.0")))
    by_year = charts()["grades_by_year"]
    assert [row[:2] for row in rows(by_year)] == [(f"{YEAR - 1} 年", 1), (f"{YEAR} 年", 5)]


def test_unit_of_the_filter_has_those_below_it_and_a_line_leaves_out_units_themselves(
    cast, project, other_project, charts
):
    records.inspection(cast, project, score="90")
    records.inspection(cast, other_project, score="90")
    records.inspection(cast, None, unit=cast.zj1, score="90")
    assert charts(cast.hq)["grades_by_unit"].sample == 3
    assert [row[:2] for row in rows(charts(cast.zj1)["grades_by_unit"])] == [("造价一所", 2)]
    assert charts(cast.zj1, project.business_line)["grades_by_unit"].sample == 1
    assert charts(cast.zj1, "bidding")["grades_by_unit"].rows == ()


def test_months_run_without_gaps_and_what_was_scored_in_another_year_stands_apart(cast, project, charts):
    for month, year in ((2, YEAR), (4, YEAR), (1, YEAR + 1)):
        found = records.inspection(cast, project, state=State.SCORING)
        sheet = ScoreSheet.objects.create(
            standard=found.standard, subject_type="x", subject_id=0, scorer=cast.quality_office, snapshot=[],
            total=90, grade="优良", scored_at=kit.at(month, 1, 0, year=year),
        )  # fmt: skip
        type(found).objects.filter(pk=found.pk).update(score_sheet=sheet, state=State.CLOSED)
    chart = charts()["grades_by_month"]
    assert [row[:2] for row in rows(chart)] == [("2 月", 1), ("3 月", 0), ("4 月", 1), ("本年度以外", 1)]
    assert rows(chart)[1][-2:] == (None, None)
    assert f"scored={YEAR}-02" in chart.rows[0].urls[1]
    assert chart.rows[1].urls == {}


def test_ranking_is_the_draft_until_it_is_frozen_and_places_are_those_of_the_firm(
    cast, project, other_project, charts
):
    years.inspected(cast, project, "92")
    low = years.inspected(cast, other_project, "55")
    chart = charts()["ranking_projects"]
    assert [row[:5] for row in rows(chart)] == [
        (1, project.name, "造价一所", Decimal(92), "优良"), (2, other_project.name, "造价二所", Decimal(55), "不合格"),
    ]  # fmt: skip
    assert "测算" in chart.note
    assert chart.rows[1].urls[1] == f"/inspections/{low.pk}/"
    assert [row[0] for row in rows(charts(cast.zj2)["ranking_projects"])] == [2]
    assert rows(charts()["ranking_units"])[0][:4] == (1, "造价一所", Decimal(92), Decimal(92))
    years.frozen(cast)
    years.inspected(cast, project, "10")
    chart = charts()["ranking_projects"]
    assert rows(chart)[0][3] == Decimal(92)
    assert "冻结" in chart.note


def _received(cast, project, days_ago: int, state=State.RECTIFYING):
    found = records.inspection(cast, project, score="75", state=state)
    opinion = Opinion.objects.create(
        inspection=found, number=f"Y-{found.pk}", issued_by=cast.executive, issued_at=timezone.now(), digest=f"{found.pk:064}",
        pdf="x", pdf_sha256="0" * 64,
    )  # fmt: skip
    when = timezone.now() - timedelta(days=days_ago)
    Receipt.objects.create(opinion=opinion, received_at=when, confirmed_by=cast.verifier)
    return found


def test_a_corrected_line_of_the_ranking_is_told_beside_the_figures(cast, project, other_project, charts):
    years.inspected(cast, project, "90")
    years.inspected(cast, other_project, "80.5")
    entry = years.frozen(cast).entries.get(board="project", place=2)
    assert "更正" not in charts()["ranking_projects"].note
    freezing.correct(
        actor=cast.executive,
        entry=entry,
        seen=0,
        score=Decimal(95),
        reason="申诉成立",
        confirmation=confirmed(cast.executive),
    )
    chart = charts()["ranking_projects"]
    assert rows(chart)[0][:4] == (1, other_project.name, "造价二所", Decimal(95))
    assert "列出的行中 1 行有更正，名次和得分为更正后的" in chart.note
    assert "更正" not in charts()["ranking_units"].note


def test_open_rectifications_stand_by_age_and_those_overdue_apart(cast, project, charts, log_in):
    for days in (0, 3, 4, 8, 11, 12):
        _received(cast, project, days)
    late = _received(cast, project, 12)
    clock = kit.clock(cast, project, "rectification_reply", due=timezone.now() - timedelta(days=2))
    type(clock).objects.filter(pk=clock.pk).update(subject_type="inspections.inspection", subject_id=late.pk)
    _received(cast, project, 5, State.RECHECKING)
    chart = charts()["open_rectifications"]
    assert [row[1] for row in rows(chart)] == [2, 1, 1, 2, 1, 1]
    assert chart.sample == 8
    client = log_in(cast.executive)
    for row in chart.rows:
        assert len(client.get(row.urls[1]).context["page"].object_list) == row.values[1]


def test_years_of_the_filter_are_those_with_inspections_and_this_one(cast, project):
    assert years_of_filter(YEAR) == [YEAR]
    for year in (YEAR - 6, YEAR - 2, YEAR - 2, YEAR + 1):
        records.inspection(cast, project, year=year)
    assert years_of_filter(YEAR) == [YEAR + 1, YEAR, YEAR - 2, YEAR - 6]
