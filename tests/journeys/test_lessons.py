"""What goes wrong again and again is asked of whoever signs next."""

import pytest
from playwright.sync_api import expect

from ledger import checks
from reviews.choices import RemarkCategory
from tests.journeys.inspecting import done
from tests.journeys.people import Person, unread
from tests.lessons import kit
from tests.reviews import flow

pytestmark = pytest.mark.django_db(transaction=True)

PROBLEM = "土方回填量未扣除基础所占体积"
LINE = "土方回填量是否扣除基础、垫层所占体积"


def propose(director: Person, screenshot) -> None:
    """From the menu to the category, an example in its place, and the line."""
    page = director.page
    director.go_to("错误库")
    screenshot(page, "library")
    director.press("工程量", "link")
    screenshot(page, "category")
    example = page.locator("article.example").filter(has_text=PROBLEM).first
    example.get_by_role("link").first.click()
    expect(page.get_by_text(PROBLEM).first).to_be_visible()
    screenshot(page, "example")
    page.go_back()
    example.get_by_role("link", name="建议补充核查清单").click()
    page.get_by_label("核查内容").fill(LINE)
    page.get_by_role("group", name="三级复核（校核 → 复核 → 审核 → 签发）").get_by_label("校核", exact=True).check()
    screenshot(page, "propose")
    director.press("提出建议")
    done(director, "建议")
    screenshot(page, "proposed")


def accept(office: Person, screenshot) -> None:
    page = office.page
    assert any(LINE in title for title in unread(office))
    page.get_by_role("link", name=LINE).first.click()
    office.press("审定", "link")
    page.get_by_label("采纳，增加到核查清单末尾").check()
    screenshot(page, "decide")
    office.press("提交审定")
    done(office, "建议已审定")
    expect(page.locator("#main")).to_contain_text("已采纳")
    screenshot(page, "accepted")


def test_frequent_error_becomes_a_line_that_the_next_signature_answers(cast, project, person, screenshot):
    former = flow.open_deliverable(cast, project, title="一期土建结算审核报告")
    flow.submit(former)
    for words in (PROBLEM, f"{PROBLEM}，第 12 行", "脚手架计算规则与定额不符"):
        kit.remark(former, RemarkCategory.QUANTITY, words)
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    director, office, checker = person(cast.approver), person(cast.quality_office), person(cast.checker)
    page = checker.page
    page.goto(f"/deliverables/{deliverable.pk}/")
    checker.press("签署校核", "link")
    expect(page.get_by_text("未答项均为“是”")).to_be_visible()
    expect(page.get_by_text(LINE)).to_have_count(0)

    propose(director, screenshot)
    accept(office, screenshot)
    assert any(LINE in title for title in unread(director))

    page.goto(f"/deliverables/{deliverable.pk}/")
    checker.press("签署校核", "link")
    expect(page.get_by_text(LINE)).to_be_visible()
    screenshot(page, "checker-is-asked")
    assert checks.verify().problems == []
