"""The history of a project on a phone: the tab is in sight, a kind is one press, a line leads to what it is about."""

import pytest
from playwright.sync_api import expect

from tests.inspections import kit
from tests.journeys.people import PHONE, Person

pytestmark = pytest.mark.django_db(transaction=True)


def test_project_manager_finds_the_inspection_in_the_history_on_a_phone(
    cast, project, new_context, live_server, screenshot
):
    of = kit.rectifying_one(cast, project)
    person = Person(new_context, live_server, cast.verifier, PHONE)
    page = person.page
    page.goto(f"/projects/{project.pk}/history/")
    expect(page.locator(".tabs .is-active")).to_be_in_viewport(ratio=1)
    screenshot(page, "history")
    page.get_by_label("筛选").get_by_role("link", name="检查", exact=True).click()
    expect(page).to_have_url(f"{live_server.url}/projects/{project.pk}/history/?kind=inspection")
    expect(page.get_by_label("筛选").locator("[aria-current]")).to_have_text("检查")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    screenshot(page, "inspections")
    page.get_by_role("link", name="检查：出具书面意见").click()
    expect(page).to_have_url(f"{live_server.url}/inspections/{of.pk}/")
