"""Lists: search, filters, sorting, paging, export, and a number of queries that does not grow with the rows."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from projects import services
from projects.choices import Confidentiality, Degree, InquiryChannel
from projects.models import Project
from staff.models import Unit

pytestmark = pytest.mark.django_db

LIST = reverse("projects:list")
EXPORT = reverse("projects:export")


def numbers(response) -> list[str]:
    return [row.number for row in response.context["page"]]


def queries_of(browser, url) -> int:
    browser.get(url)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert browser.get(url).status_code == 200
    return len(captured)


def test_search_finds_number_name_client_and_contract(log_in, cast, project, major_project):
    Project.objects.filter(pk=major_project.pk).update(contract_number="HT-77")
    browser = log_in(cast.quality_office)
    assert numbers(browser.get(LIST, {"q": "花园"})) == [project.number]
    assert numbers(browser.get(LIST, {"q": "ZJ1-002"})) == [major_project.number]
    assert numbers(browser.get(LIST, {"q": "HT-77"})) == [major_project.number]
    assert len(numbers(browser.get(LIST, {"q": "滨江城市建设"}))) == 2


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"importance": "major"}, 1),
        ({"confidentiality": "secret"}, 0),
        ({"stage": "initiation", "business_line": "settlement_review"}, 3),
        ({"year": "1999"}, 3),  # nonsense is told and does not filter
        ({"unit": "nonsense"}, 3),
        ({"page": "99"}, 3),
        ({"sort": "password"}, 3),
    ],
)
def test_filters_live_in_the_url(log_in, cast, project, major_project, other_project, filters, count):
    assert len(numbers(log_in(cast.quality_office).get(LIST, filters))) == count


def test_unit_stands_for_the_units_below(log_in, cast, project, other_project):
    browser = log_in(cast.quality_office)
    assert len(numbers(browser.get(LIST, {"unit": cast.hq.pk}))) == 2
    assert numbers(browser.get(LIST, {"unit": cast.zj2.pk})) == [other_project.number]


def test_client_filter_and_year(log_in, cast, project):
    year = project.created_at.year
    assert len(numbers(log_in(cast.preparer).get(LIST, {"client": project.client_id, "year": year}))) == 1


def test_sorting_puts_rows_without_value_last_both_ways(log_in, cast, project, many_projects):
    many_projects(3)
    browser = log_in(cast.verifier)
    assert numbers(browser.get(LIST, {"sort": "amount"}))[0] == "2026-ZJ1-900"
    assert numbers(browser.get(LIST, {"sort": "-amount"}))[0] == "2026-ZJ1-902"
    assert numbers(browser.get(LIST, {"sort": "amount"}))[-1] == project.number
    assert numbers(browser.get(LIST, {"sort": "-amount"}))[-1] == project.number


def test_pages_of_25_keep_the_filters_in_their_links(log_in, cast, many_projects):
    many_projects(30)
    response = log_in(cast.verifier).get(LIST, {"business_line": "budget"})
    assert len(numbers(response)) == 25
    assert "business_line=budget&amp;page=2" in response.text


@pytest.mark.parametrize("name", ["list", "clients"])
def test_list_costs_the_same_with_1_and_with_30_rows(log_in, cast, project, many_projects, name):
    browser, url = log_in(cast.verifier), reverse(f"projects:{name}")
    before = queries_of(browser, url)
    many_projects(24)
    assert queries_of(browser, url) == before
    assert before <= 14


@pytest.mark.parametrize("name", ["detail", "team", "risks", "inquiries"])
def test_project_page_costs_the_same_with_1_and_with_20_rows(log_in, cast, project, name):
    browser, url = log_in(cast.verifier), reverse(f"projects:{name}", args=[project.pk])

    def fill(index):
        services.register_risk(
            actor=cast.verifier, project=project, description=f"风险{index}", probability=Degree.LOW,
            impact=Degree.LOW, owner=cast.preparer,
        )  # fmt: skip
        services.register_inquiry(
            actor=cast.verifier, project=project, question=f"问{index}", asked_by="王工",
            asked_at=project.created_at, channel=InquiryChannel.PHONE,
        )  # fmt: skip

    fill(0)
    before = queries_of(browser, url)
    for index in range(1, 20):
        fill(index)
    services.assign(actor=cast.verifier, project=project, user=cast.expert1, role="expert")
    services.assign(actor=cast.verifier, project=project, user=cast.expert2, role="expert")
    assert queries_of(browser, url) == before
    assert before <= 14


def sheet_of(response) -> list[tuple]:
    return list(load_workbook(BytesIO(response.getvalue())).active.iter_rows(values_only=True))


def test_export_holds_what_is_filtered_and_says_so(log_in, cast, project, major_project):
    Project.objects.filter(pk=project.pk).update(submitted_amount="1234567.89", planned_finish_on="2026-06-30")
    response = log_in(cast.verifier).get(EXPORT, {"q": "花园", "unit": cast.zj1.pk})
    title, note, head, *rows = sheet_of(response)
    assert load_workbook(BytesIO(response.getvalue())).sheetnames == ["清单"]
    assert title[0] == "项目清单"
    assert note[0] == "筛选条件：搜索：花园；承办单位：造价一所"
    assert head[:3] == ("项目编号", "项目名称", "委托人")
    (row,) = rows
    assert row[0] == project.number
    assert row[8] == "复核人"
    assert float(row[14]) == 1234567.89
    assert row[16].strftime("%Y-%m-%d") == "2026-06-30"


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(1)", '=HYPERLINK("http://a")', "http://a.example"])
def test_export_writes_text_never_formulas(log_in, cast, project, evil):
    Project.objects.filter(pk=project.pk).update(name=evil)
    response = log_in(cast.verifier).get(EXPORT)
    cell = load_workbook(BytesIO(response.getvalue())).active["B4"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (evil, "s", None)


def test_export_holds_only_what_is_visible(log_in, cast, project, other_project):
    rows = sheet_of(log_in(cast.outsider).get(EXPORT))[3:]
    assert [row[0] for row in rows] == [other_project.number]


# ── Visibility ──────────────────────────────────────────────────────────────
EVERYBODY = {
    "preparer", "checker", "verifier", "approver", "chief_engineer", "executive", "quality_office", "administrator",
    "auditor", "archivist", "expert1", "outsider", "disabled",
}  # fmt: skip
TEAM = {"preparer", "checker", "verifier"}
LEADERS = {"approver", "chief_engineer", "executive", "quality_office"}
SEES = {
    Confidentiality.PUBLIC: EVERYBODY - {"administrator", "disabled"},
    Confidentiality.INTERNAL: TEAM | LEADERS | {"auditor", "archivist"},
    Confidentiality.SECRET: TEAM | LEADERS,
}


@pytest.mark.parametrize("confidentiality", Confidentiality)
def test_who_sees_a_project(cast, project, confidentiality):
    Project.objects.filter(pk=project.pk).update(confidentiality=confidentiality)
    seen_by = {name for name in EVERYBODY if Project.objects.visible_to(getattr(cast, name)).exists()}
    assert seen_by == SEES[confidentiality]


def test_former_member_does_not_see_a_secret_project(cast, project):
    Project.objects.filter(pk=project.pk).update(confidentiality=Confidentiality.SECRET)
    project.assignments.filter(user=cast.checker).update(ends_on="2025-01-01")
    assert not Project.objects.visible_to(cast.checker).exists()


def test_post_at_a_unit_above_opens_the_projects_below(cast, project):
    below = Unit.objects.create(code="ZJ11", name="造价一所一室", parent=cast.zj1)
    Project.objects.filter(pk=project.pk).update(unit=below, confidentiality=Confidentiality.SECRET)
    assert Project.objects.visible_to(cast.approver).exists()
