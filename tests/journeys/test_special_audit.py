"""An anonymous report becomes a 专项稽查, and what it finds is reported upward, as people do it."""

import pytest
from playwright.sync_api import expect

from feedback.models import Complaint
from inspections.models import Consequence, Inspection
from ledger import checks
from tests.journeys.inspecting import Problem, by_tap, done, finish, issue, pdf_text, score, talk
from tests.journeys.people import PHONE, TABLET, Person

pytestmark = pytest.mark.django_db(transaction=True)

BRIBE = Problem(
    "违反独立、客观、公正、实事求是的执业原则和廉政规定",
    2,
    "对量期间收受施工单位礼金。",
    "退还礼金，更换经办人员。",
    "重大",
)


def complain(page, screenshot) -> tuple[str, str]:
    """Anonymously, without a login: the number and the query code."""
    page.goto("/feedback/complaints/new/")
    page.get_by_label("举报", exact=True).check()
    page.get_by_label("标题").fill("审核人员收受礼金")
    page.get_by_label("内容").fill("滨江花园二期结算对量期间，经办人员收受施工单位礼金。")
    page.get_by_label("涉及的项目、部门").fill("滨江花园二期，造价一所")
    screenshot(page, "public-form")
    page.get_by_role("button", name="提交").click()
    screenshot(page, "number-and-code")
    keys = page.locator(".telling-keys dd")
    expect(keys).to_have_count(2)
    number, code = keys.all_inner_texts()
    return number, code


def card(page, title: str):
    return page.locator(".card").filter(has=page.get_by_role("heading", name=title, exact=True))


def accept(office: Person, number: str, project, about, screenshot) -> None:
    """受理, 登记 which project and whom it is about."""
    page = office.page
    office.go_to("投诉举报")
    page.get_by_role("link", name=number).click()
    screenshot(page, "complaint")
    office.press("受理")
    done(office, "已受理")
    card(page, "涉及项目与单位").get_by_role("link", name="登记").click()
    page.get_by_label("项目编号").fill(project.number)
    screenshot(page, "place")
    office.press("登记涉及项目与单位")
    done(office, "已登记")
    card(page, "回避人员").get_by_role("link", name="登记").click()
    page.locator("#main").get_by_label("人员").select_option(
        label=f"{about.name}（{about.employee_number}，{about.unit.name}）"
    )
    screenshot(page, "about")
    office.press("登记")
    done(office, "该人员不再能看到此件")


def open_audit(office: Person, screenshot) -> Inspection:
    """From the complaint's page; what is known of it stands in the form."""
    page, user = office.page, office.user
    office.press("立项专项稽查", "link")
    page.get_by_label("检查组长").select_option(label=f"{user.name}（{user.employee_number}，{user.unit.name}）")
    page.get_by_label("检查内容").fill("核查结算对量期间的廉政情况。")
    screenshot(page, "open-audit")
    office.press("立项")
    done(office, "已立项")
    screenshot(page, "opened")
    return Inspection.objects.get()


def handle(office: Person, number: str, inspection: Inspection, screenshot) -> None:
    """From what was found to the answer and the end."""
    page = office.page
    office.go_to("投诉举报")
    page.get_by_role("link", name=number).click()
    expect(card(page, "专项稽查").get_by_role("link", name=inspection.number)).to_be_visible()
    screenshot(page, "audited")
    steps = (
        ("登记调查情况", {"调查情况": "专项稽查查实，见书面意见。", "原因": "廉政教育和监督不到位。"}),
        ("登记处理情况", {"处理情况": "已责令退还，更换经办人员。"}),
        ("反馈", {"给投诉举报人的反馈": "经查属实，已责令退还并更换经办人员，谢谢您的监督。"}),
    )
    for title, fields in steps:
        office.press(title, "link")
        for label, text in fields.items():
            page.get_by_label(label).fill(text)
        if title == "登记调查情况":
            page.get_by_label("属实", exact=True).check()
        screenshot(page, "handling")
        office.press(title)
    done(office, "反馈已登记")
    office.press("关闭此件", "link")
    expect(page.get_by_text("不能再改")).to_be_visible()
    screenshot(page, "closing")
    office.press("关闭")
    done(office, "已关闭")
    screenshot(page, "closed")


def dispose(executive: Person, inspection: Inspection, screenshot) -> None:
    """管理层, on a phone: what is reported upward stands on the first screen."""
    page = executive.page
    screenshot(page, "executive-first-screen")
    upward = card(page, "上报待处置")
    expect(upward).to_contain_text("涉及个人职业道德，须按规定程序上报处置")
    upward.get_by_role("link", name="处置").click()
    page.get_by_label("已按规定上报并处置").check()
    page.get_by_label("处置意见").fill("已报公司党委，按规定给予记过处分。")
    screenshot(page, "dispose")
    executive.press("提交处理")
    done(executive, "上报处置已处理")
    screenshot(page, "disposed")
    executive.come_back()
    expect(page.get_by_text("上报待处置")).to_have_count(0)


def sees_nothing_of(who: Person, complaint: Complaint, inspection: Inspection, screenshot) -> None:
    """Whom it is about reads of the inspection, for he belongs to the project; of the complaint and what was reported upward
    nothing."""
    page = who.page
    assert page.goto(f"/feedback/complaints/{complaint.pk}/").status == 404
    page.goto(f"/inspections/{inspection.pk}/")
    screenshot(page, "whom-it-is-about")
    expect(page.get_by_text("专项稽查").first).to_be_visible()
    for words in (complaint.number, "投诉", "举报", "上报处置", "职业道德", "记过"):
        expect(page.locator("#main")).not_to_contain_text(words)
    assert page.goto("/inspections/consequences/").status == 403


def test_anonymous_report_becomes_a_special_audit_that_the_executives_dispose_of(
    cast, project, person, new_context, live_server, screenshot, tmp_path
):
    sender = new_context(base_url=live_server.url).new_page()
    sender.set_viewport_size(PHONE)
    number, code = complain(sender, screenshot)
    office = person(cast.quality_office, TABLET, has_touch=True)
    accept(office, number, project, cast.preparer, screenshot)
    inspection = open_audit(office, screenshot)
    office.press("检查评分", "link")
    score(office, inspection, [BRIBE], screenshot, how=by_tap)
    finish(office, "结算对量期间存在违反廉政规定的情形。", screenshot, "涉及个人职业道德")
    talk(office, "已出示证据并说明扣分依据。", screenshot)
    manager = person(cast.verifier, PHONE)
    manager.page.get_by_role("link", name=inspection.number).first.click()
    talk(manager, "对事实无异议。", screenshot, agrees="无异议")
    issue(office, screenshot)
    text = "".join(pdf_text(office.page, "下载 PDF", tmp_path / "opinion.pdf").split())
    assert BRIBE.problem in text
    assert not any(words in text for words in (number, "举报", "职业道德"))

    dispose(person(cast.executive, PHONE), inspection, screenshot)
    assert Consequence.objects.get().note == "已报公司党委，按规定给予记过处分。"
    handle(office, number, inspection, screenshot)
    sees_nothing_of(person(cast.preparer), Complaint.objects.get(), inspection, screenshot)

    sender.goto("/feedback/complaints/query/")
    sender.get_by_label("编号").fill(number)
    sender.get_by_label("查询码").fill(code)
    sender.get_by_role("button", name="查询").click()
    expect(sender.get_by_text("经查属实，已责令退还并更换经办人员")).to_be_visible()
    screenshot(sender, "sender-reads-the-answer")
    assert checks.verify().problems == []
