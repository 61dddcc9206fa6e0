"""The managers' dashboard as a page, its exports, and what it costs."""

import io
import re

import openpyxl
import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils.module_loading import import_string

import dashboards.board as dashboard_module
from dashboards.board import dashboard, filters_for
from dashboards.views.board import SECTIONS
from inspections.choices import State
from inspections.models import Finding
from staff.choices import Role
from staff.models import Post, User
from tests.conftest import _project_of_cast
from tests.dashboards import board_kit as kit
from tests.inspections import records
from tests.rankings import years

pytestmark = pytest.mark.django_db
PAGE = "/management/"
YEAR = kit.YEAR


def fill(cast, prefix: str, count: int) -> None:
    """Something for every chart, `count` times."""
    for number in range(count):
        project = _project_of_cast(cast, f"{prefix}-{number}", name=f"滨江花园 {prefix}{number} 期")
        years.inspected(cast, project, 60 + number)
        records.inspection(cast, project, state=State.RECTIFYING)
        done = kit.issued(cast, project, amounts=("1000", "1000", "1000"), score="90")
        kit.remark(done, 1, cast.checker)
        inspection = records.inspection(cast, project)
        Finding.objects.create(
            inspection=inspection, number=1, deliverable=done, problem="漏项", raised_by=cast.quality_office
        )
        kit.clock(cast, project, "bid_analysis", due=kit.at(3, 1))


def sheet(response):
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response) if response.streaming else response.content))
    return [[cell.value for cell in row] for row in book.active.iter_rows()]


@pytest.mark.parametrize("who", ["executive", "chief_engineer", "quality_office"])
def test_managers_find_the_dashboard_in_the_menu_and_open_it(who, cast, log_in):
    response = log_in(getattr(cast, who)).get(PAGE)
    assert response.status_code == 200
    assert f'href="{PAGE}"' in response.content.decode()


@pytest.mark.parametrize("who", ["preparer", "approver", "archivist", "auditor", "administrator"])
def test_nobody_else_opens_it_or_exports_from_it(who, cast, log_in):
    client = log_in(getattr(cast, who))
    for url in (PAGE, f"{PAGE}kpis.xlsx", f"{PAGE}grades_by_unit.xlsx"):
        assert client.get(url).status_code == 403
    assert f'href="{PAGE}"' not in client.get("/").content.decode()


def test_page_says_what_would_fill_each_empty_card(cast, log_in):
    html = log_in(cast.executive).get(PAGE).content.decode()
    assert "检查出具书面意见后计入。" in html
    assert "委托人满意度调查尚未开展，收回答卷后显示。" in html
    assert "data-chart" not in html


def test_each_chart_has_its_table_its_formula_its_export_and_its_data(cast, log_in):
    fill(cast, "A", 1)
    client = log_in(cast.executive)
    response = client.get(PAGE)
    html = response.content.decode()
    shown = {key for _, keys in SECTIONS for key in keys}
    for chart in response.context["dashboard"].charts:
        assert chart.key in shown
        assert chart.formula in html
        if not chart.rows:
            continue
        assert f'id="data-{chart.key}"' in html
        assert len({len(row.values) for row in chart.rows} | {len(chart.columns)}) == 1
        assert all(len(each.values) == len(chart.plot.categories) for each in chart.plot.series)
        assert sheet(client.get(f"{PAGE}{chart.key}.xlsx?year={YEAR}"))
    assert not re.search(r"\sstyle=|\son\w+=", html)


def test_every_link_of_the_page_leads_somewhere(cast, log_in):
    fill(cast, "A", 1)
    client = log_in(cast.executive)
    charts = client.get(PAGE).context["dashboard"].charts
    urls = {url for chart in charts for row in chart.rows for url in row.urls.values()}
    urls |= {url for chart in charts if chart.plot for each in chart.plot.series for url in each.urls}
    urls |= {chart.url for chart in charts}
    assert len(urls) > 20
    for url in filter(None, urls):
        assert client.get(url).status_code == 200, url


def test_export_has_the_filters_of_the_page_and_says_no_data(cast, project, log_in):
    records.inspection(cast, project, score="90")
    client = log_in(cast.executive)
    query = f"year={YEAR}&unit={cast.zj1.pk}&business_line=settlement_review"
    page = client.get(f"{PAGE}?{query}").content.decode()
    assert f"grades_by_unit.xlsx?{query}".replace("&", "&amp;") in page
    rows = sheet(client.get(f"{PAGE}grades_by_unit.xlsx?{query}"))
    assert rows[0][0] == "各单位检查等级"
    assert rows[1][0] == f"筛选条件：年度：{YEAR} 年；单位：造价一所；业务类型：结算审核"
    assert ["造价一所", 1, 1, 0, 0, 100, 0] in rows
    kpis = sheet(client.get(f"{PAGE}kpis.xlsx?{query}"))
    assert next(row[:3] for row in kpis if row[0] == "委托人满意度") == ["委托人满意度", "无数据", 90]
    assert client.get(f"{PAGE}complaint.xlsx").status_code == 404


def test_complaints_are_no_export_for_whoever_handles_none(cast, log_in):
    assert log_in(cast.chief_engineer).get(f"{PAGE}complaints.xlsx").status_code == 404


@pytest.mark.parametrize("query", ["year=abc", "year=1999", "unit=x", "unit=999999", "business_line=nonsense"])
def test_nonsense_in_the_address_shows_the_newest_year_of_the_firm(query, cast, log_in):
    response = log_in(cast.executive).get(f"{PAGE}?{query}")
    assert response.status_code == 200
    assert response.context["filters"].year == YEAR


def test_dashboard_costs_the_same_queries_for_one_and_for_many(cast, log_in, count_queries):
    log_in(cast.executive)
    fill(cast, "A", 1)
    count_queries(PAGE)
    one = count_queries(PAGE)
    fill(cast, "B", 6)
    assert count_queries(PAGE) == one
    assert one < 60


def test_what_was_much_to_reckon_is_kept_and_what_is_little_is_not(cast, project, monkeypatch):
    filters = filters_for(YEAR)
    records.inspection(cast, project)
    assert dashboard(filters, cast.executive).as_of < dashboard(filters, cast.executive).as_of
    monkeypatch.setattr(dashboard_module, "LONG", 1)
    kept = dashboard(filters, cast.executive)
    records.inspection(cast, project)
    again = dashboard(filters, cast.quality_office)
    assert again.as_of == kept.as_of
    assert again.charts[:-1] == kept.charts[:-1]
    assert dashboard(filters_for(YEAR, cast.zj1), cast.executive).as_of > kept.as_of
    cache.clear()
    assert dashboard(filters, cast.executive).as_of > kept.as_of


def test_worker_keeps_the_boards_of_a_large_firm_as_the_rows_say_and_of_a_small_one_none(cast, project, monkeypatch):
    filters, task = filters_for(YEAR), settings.CELERY_BEAT_SCHEDULE["boards"]["task"]
    years.inspected(cast, project, "90")
    assert dashboard_module.keep_boards() == []
    records.inspection(cast, project, year=YEAR - 1)
    monkeypatch.setattr(dashboard_module, "LONG", 1)
    import_string(task)()
    kept = {year: dashboard(filters_for(year), cast.executive) for year in (YEAR, YEAR - 1)}
    cache.clear()
    for year, found in kept.items():
        fresh = dashboard(filters_for(year), cast.executive)
        assert (found.charts, found.kpis) == (fresh.charts, fresh.kpis)
        assert found.as_of < fresh.as_of
    dashboard_module.keep_boards()
    kept = dashboard(filters, cast.executive)
    years.inspected(cast, project, "50")
    assert dashboard(filters, cast.executive).as_of == kept.as_of
    assert dashboard_module.keep_boards() == [filters, filters_for(YEAR - 1)]
    (row,) = next(each for each in dashboard(filters, cast.executive).charts if each.key == "ranking_projects").rows
    assert row.values[3] == 50
    assert settings.BOARD_SECONDS * 2 <= dashboard_module.SECONDS_KEPT


def test_filter_that_a_chart_set_shows_in_words_and_stays_while_others_change(cast, project, log_in):
    client = log_in(cast.executive)
    html = client.get(f"/deliverables/?issued_in={YEAR}&signer={cast.checker.pk}&error=3-5").content.decode()
    for words in ("签发年度", "签署人", "校核人", "误差率", "3%–5%"):
        assert words in html
    assert f'<input type="hidden" name="issued_in" value="{YEAR}"' in html
    html = client.get(f"/inspections/?state=concluded&scored={YEAR}-02").content.decode()
    assert f"{YEAR}-02" in html
    assert "filter-fixed" not in client.get("/inspections/").content.decode()
    assert client.get("/deadlines/?due_year=x").status_code == 200


@pytest.mark.parametrize("nonsense", ["99999", "0", "-5", "1.5", "1e400", "x"])
@pytest.mark.parametrize(
    "address", [
        "/deliverables/?passed=审核&took=1&issued_in=", "/deliverables/?signed_in=", "/inspections/?found_past=审核&found_in=",
        "/deliverables/?passed=审核&took=", "/inspections/?found_unit=", "/deadlines/?due_year=", "/projects/?finished=",
        "/feedback/complaints/?year=",
    ],
)  # fmt: skip
def test_nonsense_in_the_address_of_a_list_breaks_nothing(address, nonsense, cast, log_in):
    assert log_in(cast.executive).get(f"{address}{nonsense}").status_code == 200


def test_secret_project_has_no_name_for_a_manager_who_may_not_read_it(cast, other_project, log_in):
    secret = _project_of_cast(cast, "2026-ZJ1-009", name="绝密工程", confidentiality="secret")
    years.inspected(cast, secret, "90")
    years.inspected(cast, other_project, "80")
    Post.objects.create(
        user=cast.outsider, role=Role.QUALITY_OFFICE, unit=cast.zj2, starts_on=kit.at(1, 1, year=2025).date()
    )
    reader = User.objects.get(pk=cast.outsider.pk)
    assert "绝密工程" in log_in(cast.executive).get(PAGE).content.decode()
    response = log_in(reader).get(PAGE)
    assert response.status_code == 200
    assert "绝密工程" not in response.content.decode()
    (chart,) = (each for each in response.context["dashboard"].charts if each.key == "ranking_projects")
    assert [row.values[0] for row in chart.rows] == [1, 2]
    assert chart.rows[0].urls == {}
