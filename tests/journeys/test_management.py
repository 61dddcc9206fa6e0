"""A manager reads the dashboard: drawings, tables, the way to the evidence, on a desk, on a phone, without JavaScript."""

import pytest
from playwright.sync_api import expect

from reviews.models import Signature
from tests.dashboards import board_kit as kit
from tests.inspections import records
from tests.journeys.people import DESK, PHONE
from tests.rankings import years

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firm(cast, project, other_project):
    years.inspected(cast, project, "92")
    low = years.inspected(cast, other_project, "55")
    records.inspection(cast, project, score="75", state="rectifying")
    for _ in range(10):
        kit.signed(cast, project)
    kit.issued(cast, project, amounts=("1000", "1000", "1040"), score="85")
    assert Signature.objects.exists()
    return low


def test_manager_drills_from_the_dashboard_to_the_evidence_in_three_clicks(cast, firm, person, screenshot):
    boss = person(cast.executive)
    page = boss.page
    boss.go_to("管理看板")
    expect(page.locator("#chart-ranking_projects")).to_be_visible()
    page.wait_for_load_state()
    # Each drawing is there, beside a table with the same figures.
    places = page.locator("[data-chart]").count()
    assert places >= 8
    expect(page.locator("[data-chart] > div > svg")).to_have_count(places)
    assert page.evaluate("document.documentElement.scrollWidth") == DESK["width"]
    # The 3 % line is drawn between the columns within and those over it.
    line = page.locator('[data-chart="data-error_rates"] svg text').filter(has_text="3% 线").bounding_box()
    within, over = (
        page.locator('[data-chart="data-error_rates"] svg text').filter(has_text=name).bounding_box()
        for name in ("2%–3%", "3%–5%")
    )
    middle = (within["x"] + within["width"] / 2 + over["x"] + over["width"] / 2) / 2
    assert abs(line["x"] + line["width"] / 2 - middle) < 3
    tables = page.locator(".chart-table")
    assert tables.evaluate_all("all => all.every(each => each.scrollWidth <= each.clientWidth)")
    screenshot(page, "dashboard")
    page.get_by_role("link", name="城北污水处理厂").click()
    page.wait_for_url(f"**/inspections/{firm.pk}/")
    page.go_back()
    # A click on a bar leads to the list behind it.
    failed = page.locator('[data-chart="data-grades_by_unit"] svg path[fill="#b3201f"]').first
    failed.click(force=True)
    page.wait_for_url("**/inspections/?**")
    assert "grade=" in page.url
    expect(page.locator("tbody tr")).to_have_count(1)
    page.go_back()
    page.get_by_label("单位", exact=True).select_option(label="造价一所")
    boss.press("筛选")
    expect(page.get_by_text("单位：造价一所")).to_be_visible()
    expect(page.get_by_role("link", name="城北污水处理厂")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="导出 Excel：各单位检查等级").click()
    assert download.value.suggested_filename.startswith("各单位检查等级")


def test_dashboard_fits_a_phone_and_says_all_without_javascript(cast, firm, person, screenshot):
    page = person(cast.quality_office, PHONE).page
    page.goto("/management/")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    tables = page.locator(".chart-table")
    assert all(tables.nth(number).bounding_box()["height"] > 40 for number in range(tables.count()))
    screenshot(page, "phone")
    plain = person(cast.quality_office, java_script_enabled=False).page
    plain.goto("/management/")
    expect(plain.locator(".chart-plot").first).to_be_hidden()
    expect(plain.locator("#chart-ranking_projects")).to_be_visible()
    assert plain.locator("article table").count() >= 8
