"""质量管理月报 / 年报: the managers' page on paper, with the same figures."""

from dataclasses import replace

import pytest
from django.utils import timezone

from dashboards.board import dashboard, filters_for
from dashboards.printouts import report
from deadlines.models import Deadline
from staff.templatetags.ui import figure
from tests.dashboards import board_kit as kit
from tests.dashboards.test_board_pages import fill
from tests.inspections import records
from tests.reviews.papers import poppler, squeezed, text_of

pytestmark = pytest.mark.django_db
PAPER = "/management/report.pdf"
YEAR = kit.YEAR


@pytest.fixture
def no_ink(monkeypatch):
    """The paper's values instead of its bytes."""
    papers = []

    def render(template, context, **more):
        papers.append(context["paper"])
        return b"%PDF"

    monkeypatch.setattr(report.pdf, "render", render)
    return papers


def test_the_paper_has_every_figure_of_the_page(cast, log_in):
    fill(cast, "A", 2)
    response = log_in(cast.executive).get(f"{PAPER}?year={YEAR}")
    assert response["Content-Type"] == "application/pdf"
    text = text_of(response.content)
    found = dashboard(filters_for(YEAR), cast.executive)
    for chart in found.charts:
        assert squeezed(chart.title) in text
        assert squeezed(chart.formula) in text
        for line in chart.lines:
            for cell in line:
                assert squeezed(figure(cell.value, cell.unit)) in text
    for kpi in found.kpis:
        assert squeezed(f"{kpi.title}") in text
        assert squeezed(kpi.formula) in text
    for words in (
        "质量管理年报",
        f"{YEAR}年度",
        "打印件，不作为签发文件",
        "数据截至",
        "管理层",
        "单位：全部",
        "第1页共",
    ):
        assert words in text


def test_nothing_runs_over_the_edge_of_the_sheet(cast, log_in):
    fill(cast, "滨江会展中心及周边配套市政道路综合管廊工程施工总承包结算审核", 3)
    content = log_in(cast.executive).get(f"{PAPER}?year={YEAR}").content
    bounds = poppler("pdftotext", content, "-bbox")
    edges = [float(part.split('"')[0]) for part in bounds.split('xMax="')[1:]]
    assert edges
    assert max(edges) < 595 - 30


def test_filters_of_the_page_stand_on_the_paper_and_in_its_figures(cast, project, log_in, no_ink):
    records.inspection(cast, project, score="90")
    query = f"year={YEAR}&unit={cast.zj2.pk}&business_line=settlement_review"
    log_in(cast.executive).get(f"{PAPER}?{query}")
    (paper,) = no_ink
    assert paper.filters == "单位：造价二所，业务类型：结算审核"
    charts = {row.chart.key: row for _, rows in paper.sections for row in rows}
    assert not charts["grades_by_unit"].chart.rows


def test_a_monthly_paper_counts_the_month_and_says_so(cast, project):
    """Issued, due and received in the month count; places and runs stay those of the year."""
    kit.issued(cast, project, amounts=("1000", "1000", "1000"), score="90", issued_at=kit.at(3, 31, 23))
    kit.issued(cast, project, amounts=("1000", "1000", "1000"), score="90", issued_at=kit.at(4, 1, 0))
    kit.clock(cast, project, "bid_analysis", due=kit.at(3, 9))
    kit.clock(cast, project, "bid_analysis", due=kit.at(4, 1))
    assert Deadline.objects.count() == 2
    month = replace(filters_for(YEAR), month=3)
    paper = report.build(month, cast.executive, at=timezone.now())
    charts = {row.chart.key: row for _, rows in paper.sections for row in rows}
    assert (paper.title, paper.period) == ("质量管理月报", f"{YEAR} 年 3 月")
    assert charts["first_pass"].chart.sample == 1
    assert charts["overdue_by_rule"].chart.sample == 1
    assert charts["first_pass"].period == "本月"
    assert "本月签发的成果" in charts["first_pass"].formula
    assert charts["ranking_projects"].period == "全年"
    conforming = next(row for row in paper.kpis if row.now.measure == "conforming")
    assert (conforming.now.denominator, conforming.year.denominator) == (1, 2)
    assert not any("本年度" in row.formula for row in paper.kpis)
    of_month = [row for row in charts.values() if row.period == "本月"]
    assert "本月没有收到投诉、举报" in charts["complaints"].empty
    assert not any("本年度" in row.formula + row.empty for row in of_month)


def test_months_of_a_year_add_up_to_the_year(cast, project):
    for number in range(1, 13):
        kit.clock(cast, project, "bid_analysis", due=kit.at(number, 1, 0))
        kit.clock(cast, project, "bid_analysis", due=kit.at(number, 28, 23))
    kit.clock(cast, project, "bid_analysis", due=kit.at(12, 31, 23, 59))

    def sample(month: int) -> int:
        charts = dashboard(replace(filters_for(YEAR), month=month), cast.executive).charts
        return next(chart.sample for chart in charts if chart.key == "overdue_by_rule")

    assert [sample(month) for month in range(13)] == [25, *[2] * 11, 3]


def test_state_is_told_by_word_and_shape_for_grey_paper(cast, project):
    kit.issued(cast, project, amounts=("1000", "1000", "1000"), score="50")
    paper = report.build(filters_for(YEAR), cast.executive, at=timezone.now())
    told = {row.now.measure: (row.shape, row.now.result) for row in paper.kpis}
    assert told["conforming"] == ("▲", "未达标")
    assert told["error_rate"] == ("●", "达标")
    assert told["client_satisfaction"] == ("○", "无数据")


def test_complaints_are_on_no_paper_of_whoever_handles_none(cast, project):
    keys = {
        reader: {
            row.chart.key
            for _, rows in report.build(filters_for(YEAR), reader, at=timezone.now()).sections
            for row in rows
        }
        for reader in (cast.executive, cast.chief_engineer)
    }
    assert "complaints" in keys[cast.executive]
    assert "complaints" not in keys[cast.chief_engineer]


@pytest.mark.parametrize(
    ("month", "title"), [("", "质量管理年报"), ("13", "质量管理年报"), ("x", "质量管理年报"), ("12", "质量管理月报")]
)
def test_nonsense_for_a_month_is_the_year(month, title, cast, log_in, no_ink):
    assert log_in(cast.executive).get(f"{PAPER}?year={YEAR}&month={month}").status_code == 200
    assert no_ink[0].title == title


def test_page_leads_to_the_paper_with_its_filters_and_the_months_so_far(cast, log_in):
    query = f"year={YEAR}&unit={cast.zj1.pk}"
    html = log_in(cast.executive).get(f"/management/?{query}").content.decode()
    form = html.split('class="board-print"')[1].split("</form>")[0]
    assert f'action="{PAPER}"' in form
    assert f'name="unit" value="{cast.zj1.pk}"' in form
    assert form.count("月月报") == timezone.localdate().month
    assert "打印月报 / 年报" in form
    before = log_in(cast.executive).get(f"/management/?year={YEAR - 1}").content.decode()
    assert before.split('class="board-print"')[1].count("月月报") in (12, timezone.localdate().month)


def test_paper_costs_the_same_queries_for_one_and_for_many(cast, log_in, count_queries, no_ink):
    log_in(cast.executive)
    fill(cast, "A", 1)
    count_queries(f"{PAPER}?month=3")
    one = count_queries(f"{PAPER}?month=3")
    fill(cast, "B", 6)
    assert count_queries(f"{PAPER}?month=3") == one
