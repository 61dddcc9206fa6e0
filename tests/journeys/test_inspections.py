"""An inspection from the plan to the re-inspection of next year, and a complaint that becomes a 专项稽查, as people do them."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from deadlines.models import Deadline
from deadlines.services import sweep
from feedback.models import Complaint
from inspections.choices import State
from inspections.models import Consequence, Inspection
from tests.journeys.inspecting import (
    Problem,
    by_tap,
    done,
    files,
    finish,
    issue,
    open_drawn,
    pdf_text,
    plan_and_draw,
    score,
    sign,
    talk,
    total_of,
)
from tests.journeys.people import PHONE, TABLET, Person, morning_of, unread

pytestmark = pytest.mark.django_db(transaction=True)

# 20 + 8 + 8 + 6 = 42 points: 58 are left, below the 59 at which the veto caps.
PROBLEMS = [
    Problem("流程单缺签名", 4, "四份成果的流程单缺审核人签名。", "补签并说明缺签原因。", "重大"),
    Problem("工程量计算有误", 8, "土方、垫层等 8 处工程量多计。", "逐处更正并附计算底稿。", "严重"),
    Problem("漏项或重复计项", 4, "脚手架等 4 项重复计取。", "扣减重复计项。"),
    Problem("清单项目设置或取费不符合规定或合同约定", 3, "规费费率与合同约定不一致。", "按合同约定调整。"),
]


def fill_answers(manager: Person, round: str, screenshot) -> None:
    """整改意见, 整改情况 and a photo for each problem that waits for an answer."""
    page = manager.page
    for number in range(1, len(PROBLEMS) + 1):
        card = page.locator("section.answering").filter(has=page.get_by_role("heading", name=f"问题 {number}"))
        if not card.locator("form.answering-form").count():
            continue
        card.locator("[name=plan]").fill(f"由项目经理负责，{round}逐项更正问题 {number}。")
        card.locator("[name=result]").fill(f"{round}已更正，底稿和签名齐全。")
        card.locator("[name=files]").set_input_files(files(f"整改{number}-{round}.png"))
        screenshot(page, f"answer-{number}")
        manager.press(f"保存问题 {number}")
        done(manager, f"问题 {number} 的整改回复已保存")


def hand_in(manager: Person, screenshot) -> None:
    page = manager.page
    manager.press("提交整改回复", "link")
    screenshot(page, "reply")
    sign(manager, "签署并提交")
    done(manager, "整改回复已提交")
    screenshot(page, "replied")


def open_work(person: Person, inspection: Inspection) -> None:
    """From the first screen, by what waits there."""
    person.log_in()
    person.page.get_by_role("row").filter(has_text=inspection.number).get_by_role("link", name="办理").first.click()


def test_inspection_of_58_points_is_put_right_late_and_asks_for_the_next_one(
    cast, project, major_project, other_project, person, screenshot, time_machine, tmp_path
):
    today = timezone.localdate() + timedelta(days=1)
    time_machine(morning_of(today))
    office = person(cast.quality_office)
    plan_and_draw(office, title=f"{today.year} 年度定期检查", year=today.year, size=3, screenshot=screenshot)
    inspection = open_drawn(office, project, major_project, other_project, screenshot=screenshot)

    # Scored at the desk: 58 points, with a veto.
    open_work(office, inspection)
    screenshot(office.page, "score-sheet")
    score(office, inspection, PROBLEMS, screenshot)
    expect(office.page.locator(".score-total")).to_contain_text("58")
    expect(office.page.locator(".score-total")).to_contain_text("不合格")
    finish(office, "三级复核流于形式，成果准确性差。", screenshot)
    assert total_of(inspection) == 58

    # Both sides speak, the project manager on a phone.
    talk(office, "已逐条说明扣分依据和证据。", screenshot)
    manager = person(cast.verifier, PHONE)
    screenshot(manager.page, "manager-first-screen")
    manager.page.get_by_role("link", name=inspection.number).first.click()
    screenshot(manager.page, "manager-looks")
    talk(manager, "情况属实，按要求整改。", screenshot, agrees="无异议")
    screenshot(manager.page, "talked")

    issue(office, screenshot)
    text = pdf_text(office.page, "下载 PDF", tmp_path / "opinion.pdf")
    for words in (
        Inspection.objects.get(pk=inspection.pk).opinion.number,
        "58",
        "不合格",
        *(each.problem for each in PROBLEMS),
    ):
        assert "".join(words.split()) in "".join(text.split()), words

    open_work(manager, inspection)
    screenshot(manager.page, "receive")
    manager.press("确认收到")
    done(manager, "已确认收到书面意见")
    screenshot(manager.page, "received")
    clock = Deadline.objects.of(inspection).get()
    assert clock.due_on == today + timedelta(days=10)
    manager.page.locator(".rectification-clock a").first.click()
    expect(manager.page.get_by_text("第 10 天，到期")).to_be_visible()
    screenshot(manager.page, "why-this-date")

    # The reply on the ninth day; one answer does not pass on the tenth, and the day between is not counted.
    time_machine(morning_of(today + timedelta(days=9)))
    sweep()
    open_work(manager, inspection)
    fill_answers(manager, "第一次", screenshot)
    hand_in(manager, screenshot)
    time_machine(morning_of(today + timedelta(days=10)))
    office.log_in()
    screenshot(office.page, "office-first-screen")
    recheck(office, inspection, screenshot, refused=2)
    assert Inspection.objects.get(pk=inspection.pk).state == State.RECTIFYING
    clock.refresh_from_db()
    assert clock.due_on == today + timedelta(days=11)

    # The days pass: each day the next one up.
    superiors = [person(cast.approver), office, person(cast.executive)]
    for days, superior in enumerate(superiors, start=1):
        time_machine(morning_of(clock.due_on + timedelta(days=days)))
        sweep()
        assert any(f"逾期 {days} 天" in title for title in unread(superior)), days
        screenshot(superior.page, f"overdue-{days}")
    office.log_in()
    expect(office.page.get_by_text("逾期 3 天").first).to_be_visible()
    screenshot(office.page, "office-sees-it-late")

    open_work(manager, inspection)
    screenshot(manager.page, "sent-back")
    fill_answers(manager, "第二次", screenshot)
    hand_in(manager, screenshot)
    recheck(office, inspection, screenshot)
    inspection.refresh_from_db()
    assert (inspection.state, inspection.was_on_time) == (State.CLOSED, False)

    # What follows: confirmed, and in next year's sample in any case.
    confirm_reinspection(office, today.year + 1, screenshot)
    page = plan_and_draw(
        office, title=f"{today.year + 1} 年度定期检查", year=today.year + 1, size=1, screenshot=screenshot
    )
    drawn = page.get_by_role("row").filter(has_text=project.number)
    expect(drawn).to_contain_text("上年度检查不合格或问题严重，须复查")
    again = open_drawn(office, project, screenshot=screenshot)
    assert (again.reinspection_of, again.year) == (inspection, today.year + 1)
    office.page.goto("/inspections/consequences/")
    expect(office.page.get_by_role("link", name=again.number)).to_be_visible()
    screenshot(office.page, "next-one-exists")


def recheck(office: Person, inspection: Inspection, screenshot, refused: int = 0) -> None:
    """From the list of what waits for the re-check; `refused` is the number of the problem that does not pass."""
    page = office.page
    office.log_in()
    page.get_by_role("link", name="待复查").first.click()
    page.get_by_role("link", name=inspection.number).first.click()
    office.press("复查整改", "link")
    if refused:
        row = page.locator("section.recheck").filter(has=page.get_by_role("heading", name=f"问题 {refused} "))
        row.get_by_label("不通过", exact=True).check()
        row.get_by_label("复查意见").fill("垫层仍按原工程量计取，请重新计算。")
    office.press("未选的均为“通过”")
    screenshot(page, "recheck")
    sign(office, "签署复查结论")
    done(office, "已退回整改" if refused else "检查已关闭")
    screenshot(page, "rechecked")


def confirm_reinspection(office: Person, year: int, screenshot) -> None:
    """From the first screen to the decision."""
    page = office.page
    office.log_in()
    page.get_by_role("link", name="待确认后续事项").click()
    screenshot(page, "consequences")
    expect(page.get_by_text(f"{year} 年度复查")).to_be_visible()
    office.press("处理", "link")
    page.get_by_label(f"列入 {year} 年度复查").check()
    screenshot(page, "decide")
    office.press("提交处理")
    done(office, "下一年度复查已处理")
    screenshot(page, "confirmed")


# ── A complaint becomes a 专项稽查 ────────────────────────────────────────────
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
    number, code = page.locator(".telling-keys dd").all_inner_texts()
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
    office.press("关闭此件")
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
    executive.log_in()
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
