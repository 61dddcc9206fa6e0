"""What the dashboard says of the review chain: pass at first try, catch, time, habits, error rates, the measures."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import load_workbook

from dashboards.board import board, filters_for, habits, kpis
from inspections.choices import State as InspectionState
from inspections.models import Finding
from reviews.choices import RemarkState, State
from reviews.models import Exemption, Level, Remark, Round
from tests.dashboards import board_kit as kit
from tests.inspections import records

pytestmark = pytest.mark.django_db
YEAR = kit.YEAR


@pytest.fixture
def charts(cast):
    def reckon(unit=None, business_line="", year=YEAR):
        return {each.key: each for each in board(filters_for(year, unit, business_line), cast.executive)}

    return reckon


@pytest.fixture
def measures():
    def reckon(unit=None, year=YEAR):
        return {each.measure: each for each in kpis(filters_for(year, unit))}

    return reckon


def rows(chart):
    return [row.values for row in chart.rows]


def test_first_try_is_lost_by_a_remark_or_a_return_in_any_round(cast, project, charts, log_in):
    kit.issued(cast, project)
    remarked = kit.issued(cast, project)
    kit.remark(remarked, 1, cast.checker)
    kit.remark(remarked, 1, cast.checker)
    kit.remark(remarked, 2, cast.verifier, state=RemarkState.DRAFT)
    returned = kit.issued(cast, project)
    first = returned.rounds.get()
    Round.objects.create(
        deliverable=returned, number=2, route=first.route, version=first.version, level=kit.levels()[3], state=State.SENT_BACK
    )  # fmt: skip
    kit.issued(cast, project, issued_at=kit.at(1, 1, 0, year=YEAR + 1))
    kit.signed(cast, project)
    chart = charts()["first_pass"]
    assert rows(chart) == [
        ("校核", 3, 2, 1, Decimal("66.7")), ("复核", 3, 3, 0, Decimal("100.0")), ("审核", 3, 2, 1, Decimal("66.7")),
    ]  # fmt: skip
    assert chart.sample == 3
    page = log_in(cast.executive).get(chart.rows[0].urls[3]).context["page"]
    assert [row.pk for row in page.object_list] == [remarked.pk]


def test_catch_rate_sets_what_a_level_found_against_what_came_later(cast, project, charts):
    one = kit.issued(cast, project)
    for order, signer in ((1, cast.checker), (1, cast.checker), (2, cast.verifier)):
        kit.remark(one, order, signer)
    kit.remark(one, 3, cast.approver, state=RemarkState.DRAFT)
    for state in (InspectionState.ISSUED, InspectionState.SCORING):
        inspection = records.inspection(cast, project, state=state)
        Finding.objects.create(
            inspection=inspection, number=1, deliverable=one, problem="漏项", raised_by=cast.quality_office
        )
    assert rows(charts()["catch_rate"]) == [
        ("校核", 2, 1, 1, Decimal("50.0")), ("复核", 1, 0, 1, Decimal("50.0")), ("审核", 0, 0, 1, Decimal("0.0")),
    ]  # fmt: skip


def test_exempted_deliverable_does_not_count_against_the_level_that_it_skipped(cast, project, charts):
    kit.remark(kit.issued(cast, project), 1, cast.checker)
    skipped = kit.issued(cast, project, skip=(1,))
    Exemption.objects.create(deliverable=skipped, level=kit.levels()[1], reason="不涉及", signed_by=cast.approver)
    kit.remark(skipped, 2, cast.verifier)
    kit.remark(skipped, 3, cast.approver)
    inspection = records.inspection(cast, project)
    Finding.objects.create(
        inspection=inspection, number=1, deliverable=skipped, problem="漏项", raised_by=cast.quality_office
    )
    found = rows(charts()["catch_rate"])
    assert found[0] == ("校核", 1, 0, 0, Decimal("100.0"))
    assert found[1] == ("复核", 1, 1, 1, Decimal("33.3"))


def test_remark_from_a_route_that_was_left_is_its_levels_own_and_later_than_none_of_the_other_route(
    cast, project, charts, log_in
):
    done = kit.issued(cast, project)
    other = Level.objects.exclude(route__code="three_levels").filter(title="复核").first()
    Remark.objects.create(
        deliverable=done, round=done.rounds.get(), level=other, raised_by=cast.verifier, place="第 1 行", problem="不符",
        category="quantity", state=RemarkState.CLOSED, number=1,
    )  # fmt: skip
    chart = charts()["catch_rate"]
    assert [row[:3] for row in rows(chart)] == [("校核", 0, 0), ("复核", 1, 0), ("审核", 0, 0)]
    client = log_in(cast.executive)
    assert [len(client.get(chart.rows[1].urls[column]).context["page"].object_list) for column in (1, 2)] == [1, 0]
    assert len(client.get(chart.rows[0].urls[2]).context["page"].object_list) == 0


def test_page_says_where_a_list_shows_other_things_than_the_figure_counts(cast, project, charts, log_in):
    done = kit.issued(cast, project)
    kit.remark(done, 1, cast.checker)
    chart = charts()["catch_rate"]
    html = log_in(cast.executive).get(f"/management/?year={YEAR}").content.decode()
    assert chart.leads in html
    assert "成果清单" in chart.leads
    listed = log_in(cast.executive).get(chart.rows[0].urls[1]).content.decode()
    assert "提出意见的级别" in listed


def test_lists_behind_the_figures_cost_the_same_queries_for_one_and_for_many(
    cast, project, charts, log_in, count_queries
):
    def more(times: int) -> None:
        for _ in range(times):
            done = kit.issued(cast, project)
            for order, signer in ((1, cast.checker), (2, cast.verifier), (3, cast.approver)):
                kit.remark(done, order, signer)
            Finding.objects.create(
                inspection=records.inspection(cast, project), number=1, deliverable=done, problem="漏项",
                raised_by=cast.quality_office,
            )  # fmt: skip

    log_in(cast.executive)
    more(1)
    found = charts()
    urls = [found["catch_rate"].rows[0].urls[column] for column in (1, 2, 3)]
    urls += [found["days_per_level"].rows[0].urls[column] for column in (1, 4)]
    count_queries(urls[0])
    one = [count_queries(url) for url in urls]
    more(5)
    assert [count_queries(url) for url in urls] == one
    assert max(one) < 25


def test_days_of_a_level_run_from_the_signature_before_in_working_days(cast, project, charts):
    monday = kit.at(3, 2, 8, 30, year=2026)
    times = [monday, monday + timedelta(hours=9), monday + timedelta(days=2), monday + timedelta(days=2, hours=3.5)]
    kit.issued(cast, project, since=monday, times=times, issued_at=kit.at(3, 20, year=2026))
    chart = charts(year=2026)["days_per_level"]
    half = Decimal("0.5")
    assert rows(chart) == [
        ("校核", 1, *[Decimal("1.0")] * 3), ("复核", 1, *[Decimal("1.0")] * 3), ("审核", 1, *[half] * 3)
    ]  # fmt: skip
    assert chart.sample == 3


@pytest.fixture
def few(monkeypatch):
    """The limits of 审签习惯提示 set low: worlds stay small."""
    monkeypatch.setattr(habits, "LEAST_SIGNED", 3)
    monkeypatch.setattr(habits, "LONG_RUN", 3)
    monkeypatch.setattr(habits, "LEAST_QUICK", 2)


def test_long_runs_without_a_remark_and_quick_signatures_are_shown_with_their_counts(
    few, cast, project, charts, log_in
):
    for day in (2, 9, 16):
        monday = kit.at(3, day)
        # Two files: 校核 within five minutes is quick, 复核 after six is not.
        times = [monday, monday + timedelta(minutes=5), monday + timedelta(minutes=11), monday + timedelta(days=1)]
        done = kit.issued(cast, project, since=monday, times=times, files=2)
        if day == 9:
            kit.remark(done, 1, cast.checker)
            kit.remark(done, 3, cast.approver)
    chart = charts()["habits"]
    assert rows(chart) == [
        ("复核人", "造价一所", 3, 0, 3, 0, Decimal("0.0")), ("校核人", "造价一所", 3, 1, 1, 3, Decimal("100.0")),
    ]  # fmt: skip
    assert chart.sample == 3
    assert "不作为评价依据" in chart.note
    page = log_in(cast.executive).get(chart.rows[1].urls[2]).context["page"]
    assert len(page.object_list) == 3


def test_nobody_is_shown_with_fewer_signatures_than_the_minimum(cast, project, charts):
    for _ in range(9):
        kit.signed(cast, project)
    assert charts()["habits"].rows == ()
    assert charts()["habits"].sample == 0
    kit.signed(cast, project)
    assert [row[0] for row in rows(charts()["habits"])] == ["校核人", "复核人", "审核人"]
    assert charts(year=YEAR - 1)["habits"].sample == 0


def test_of_very_many_the_first_are_shown_and_the_export_has_all(few, monkeypatch, cast, project, charts, log_in):
    monkeypatch.setattr(habits, "MOST_SHOWN", 2)
    monkeypatch.setattr(habits, "MOST_DRAWN", 1)
    for _ in range(3):
        kit.signed(cast, project)
    chart = charts()["habits"]
    assert (len(chart.rows), len(chart.lines), chart.left_out, len(chart.plot.categories)) == (3, 2, 1, 1)
    client = log_in(cast.executive)
    assert "列出前 2 行，另有 1 行见导出的 Excel" in client.get(f"/management/?year={YEAR}").content.decode()
    book = load_workbook(BytesIO(client.get(f"/management/habits.xlsx?year={YEAR}").content))
    assert {"校核人", "复核人", "审核人"} <= {row[0] for row in book.active.iter_rows(values_only=True)}


def test_error_rates_stand_in_bins_against_the_line_and_each_bin_leads_to_its_list(
    cast, project, charts, measures, log_in
):
    for first in ("1000", "1030", "960", "1100"):
        kit.issued(cast, project, amounts=(first, "999", "1000"))
    kit.issued(cast, project)
    chart = charts()["error_rates"]
    assert [row[:3] for row in rows(chart)] == [
        ("0%–1%", 1, Decimal("25.0")), ("1%–2%", 0, Decimal("0.0")), ("2%–3%", 1, Decimal("25.0")),
        ("3%–5%", 1, Decimal("25.0")), ("5% 以上", 1, Decimal("25.0")),
    ]  # fmt: skip
    # The line stands after the columns that are within.
    within = [row.values[0] for row in chart.rows if row.values[3] == "以内"]
    assert chart.plot.as_json()["divide"] == {"name": "3% 线", "after": len(within)}
    assert list(chart.plot.categories[: len(within)]) == within == ["0%–1%", "1%–2%", "2%–3%"]
    client = log_in(cast.executive)
    for row in chart.rows:
        assert len(client.get(row.urls[1]).context["page"].object_list) == row.values[1]
    kpi = measures()["error_rate"]
    assert (kpi.value, kpi.numerator, kpi.denominator) == (Decimal("4.25"), Decimal("17.00"), 4)
    for url in (kpi.url, chart.url):
        assert len(client.get(url).context["page"].object_list) == 4
    assert (kpi.target, kpi.is_met, kpi.note) == (Decimal(3), False, "其中 2 件超出 3%。")


def test_measures_without_data_say_so_and_never_zero(cast, measures):
    found = measures()
    assert list(found) == ["client_satisfaction", "project_success", "staff_satisfaction", "error_rate", "conforming"]
    assert {each.value for each in found.values()} == {None}
    assert {each.result for each in found.values()} == {"无数据"}
    assert [each.target for each in found.values()] == [90, 80, 90, 3, 100]
    assert "收回答卷后显示" in found["client_satisfaction"].note


def test_conforming_counts_scored_deliverables_at_or_above_the_pass_mark(cast, project, other_project, measures):
    for score in ("60", "59.99", None):
        kit.issued(cast, project, score=score)
    kit.issued(cast, other_project, score="90")
    kpi = measures()["conforming"]
    assert (kpi.value, kpi.numerator, kpi.denominator, kpi.is_met) == (Decimal("66.7"), 2, 3, False)
    assert kpi.note == "另有 1 件未评分，不计。"
    assert measures(cast.zj2)["conforming"].is_met


def test_project_succeeds_in_time_without_failure_and_without_a_confirmed_complaint(cast, project, measures):
    from feedback.models import Complaint
    from tests.conftest import _project_of_cast

    done = {"planned_finish_on": kit.at(6, 1).date(), "actual_finish_on": kit.at(6, 1).date()}
    late = {**done, "actual_finish_on": kit.at(6, 2).date()}
    made = [
        _project_of_cast(cast, f"P-{number}", **fields) for number, fields in enumerate((done, done, done, done, late))
    ]
    _project_of_cast(cast, "P-X", actual_finish_on=kit.at(6, 1).date())
    records.inspection(cast, made[1], score="59", year=YEAR - 1)
    records.inspection(cast, made[0], score="60")
    for number, (of, verdict) in enumerate(((made[2], "partly"), (made[0], "unfounded"))):
        Complaint.objects.create(
            kind="complaint", number=f"TS-{number}", subject="x", body="x", channel="web", is_anonymous=True,
            code_sha256=f"{number:064}", received_at=kit.at(5, 1), project=of, verdict=verdict, verdict_on=kit.at(5, 9).date(),
            state="closed",
        )  # fmt: skip
    kpi = measures()["project_success"]
    assert (kpi.value, kpi.numerator, kpi.denominator) == (Decimal("40.0"), 2, 5)
    assert kpi.note == "另有 1 个完成的项目未填计划完成日期，不计。"
    assert kpi.is_met is False
