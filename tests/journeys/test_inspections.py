"""An inspection from the plan to the re-inspection of next year, as people do it."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from deadlines.models import Deadline
from deadlines.services import sweep
from inspections.choices import State
from inspections.models import Inspection
from ledger import checks
from tests.journeys.inspecting import (
    Problem,
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
    unseen,
)
from tests.journeys.people import PHONE, Person, morning_of, unread

pytestmark = pytest.mark.django_db(transaction=True)

# 20 + 20 + 2 = 42 points: 58 are left, below the 59 at which the vetoes cap.
PROBLEMS = [
    Problem("流程单缺签名", 4, "四份成果的流程单缺审核人签名。", "补签并说明缺签原因。", "重大"),
    Problem("咨询误差率超过允许值 3%", 4, "四份成果的误差率为 3.2% 至 4.6%。", "逐份更正并附计算底稿。", "严重"),
    Problem(
        "图纸、设计变更、现场签证、合同不完整而未书面提出",
        1,
        "设计变更 12 号缺附图，未书面催要。",
        "向委托人书面催要。",
    ),
]


def fill_answers(manager: Person, round: str) -> None:
    """整改意见, 整改情况 and a photo for each problem that waits for an answer."""
    page = manager.page
    expect(page.locator("form.answering-form").first).to_be_visible()
    for number in range(1, len(PROBLEMS) + 1):
        card = page.locator("section.answering").filter(has=page.get_by_role("heading", name=f"问题 {number}"))
        page.wait_for_load_state()
        if not card.locator("form.answering-form").count():
            continue
        card.locator("[name=plan]").fill(f"由项目经理负责，{round}逐项更正问题 {number}。")
        card.locator("[name=result]").fill(f"{round}已更正，底稿和签名齐全。")
        card.locator("[name=files]").set_input_files(files(f"整改{number}-{round}.png"))
        manager.press(f"保存问题 {number}")
        done(manager, f"问题 {number} 的整改回复已保存")


def hand_in(manager: Person, screenshot) -> None:
    page = manager.page
    screenshot(page, "answers")
    manager.press("提交整改回复", "link")
    screenshot(page, "reply")
    sign(manager, "签署并提交")
    done(manager, "整改回复已提交")
    screenshot(page, "replied")


def open_work(person: Person, inspection: Inspection) -> None:
    """From the first screen, by what waits there."""
    person.come_back()
    person.page.get_by_role("row").filter(has_text=inspection.number).get_by_role("link", name="办理").first.click()


def test_inspection_of_58_points_is_put_right_late_and_asks_for_the_next_one(
    cast, project, major_project, other_project, person, screenshot, time_machine, tmp_path, settings
):
    # A login each morning would take a tenth of the time and show nothing.
    settings.SESSION_COOKIE_AGE = settings.SESSION_IDLE_SECONDS = settings.SESSION_ABSOLUTE_SECONDS = 60 * 86_400
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

    issue(office, screenshot)
    text = pdf_text(office.page, "下载 PDF", tmp_path / "opinion.pdf")
    number = Inspection.objects.get(pk=inspection.pk).opinion.number
    for words in (number, "58", "不合格", *(each.problem for each in PROBLEMS)):
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
    fill_answers(manager, "第一次")
    hand_in(manager, screenshot)
    time_machine(morning_of(today + timedelta(days=10)))
    recheck(office, inspection, screenshot, refused=2)
    assert Inspection.objects.get(pk=inspection.pk).state == State.RECTIFYING
    clock.refresh_from_db()
    assert clock.due_on == today + timedelta(days=11)
    office.page.locator(".rectification-clock a").first.click()
    left_out = office.page.locator(".clock-days .is-left-out")
    expect(left_out).to_have_text([re.compile("起算日，不计入"), re.compile("中止，不计入")])
    screenshot(office.page, "why-a-day-later")

    # The days pass: each day the next one up.
    superiors = [person(cast.approver), office, person(cast.executive)]
    for days, superior in enumerate(superiors, start=1):
        time_machine(morning_of(clock.due_on + timedelta(days=days)))
        sweep()
        assert any(f"逾期 {days} 天" in title for title in unread(superior)), days
        screenshot(superior.page, f"overdue-{days}")
    office.come_back()
    expect(office.page.get_by_text("逾期 3 天").first).to_be_visible()
    screenshot(office.page, "office-sees-it-late")

    open_work(manager, inspection)
    screenshot(manager.page, "sent-back")
    fill_answers(manager, "第二次")
    hand_in(manager, unseen)
    recheck(office, inspection, unseen)
    screenshot(office.page, "closed")
    inspection.refresh_from_db()
    assert (inspection.state, inspection.was_on_time) == (State.CLOSED, False)

    # What follows: confirmed, and in next year's sample in any case.
    confirm_reinspection(office, today.year + 1, screenshot)
    page = plan_and_draw(
        office, title=f"{today.year + 1} 年度定期检查", year=today.year + 1, size=1, screenshot=unseen
    )
    drawn = page.get_by_role("row").filter(has_text=project.number)
    expect(drawn).to_contain_text("上年度检查不合格或问题严重，须复查")
    screenshot(page, "drawn-in-any-case")
    again = open_drawn(office, project, screenshot=unseen)
    assert (again.reinspection_of, again.year) == (inspection, today.year + 1)
    office.page.goto("/inspections/consequences/")
    expect(office.page.get_by_role("link", name=again.number)).to_be_visible()
    screenshot(office.page, "next-one-exists")
    assert checks.verify().problems == []


def recheck(office: Person, inspection: Inspection, screenshot, refused: int = 0) -> None:
    """From the list of what waits for the re-check; `refused` is the number of the problem that does not pass."""
    page = office.page
    office.come_back()
    screenshot(page, "office-first-screen")
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
    office.come_back()
    page.get_by_role("link", name="待确认后续事项").click()
    screenshot(page, "consequences")
    expect(page.get_by_text(f"{year} 年度复查")).to_be_visible()
    office.press("处理", "link")
    page.get_by_label(f"列入 {year} 年度复查").check()
    screenshot(page, "decide")
    office.press("提交处理")
    done(office, "下一年度复查已处理")
    screenshot(page, "confirmed")
