"""A meeting is held with a guest who signs in on a phone; its record survives a lost connection and a colleague; the minutes are
issued, received through a link, objected to, and supplemented."""

import pytest
from playwright.sync_api import expect

from meetings.choices import PartyKind
from meetings.models import AgendaItem, Minutes
from meetings.queries import minutes as queries
from meetings.services import agenda, links
from tests.conftest import PASSWORD
from tests.journeys.inspecting import done
from tests.journeys.people import DESK, PHONE
from tests.meetings import minutes_kit as kit


@pytest.fixture
def meeting(cast, project):
    contractor = kit.party(project, "宏远建设集团有限公司", PartyKind.MAIN_CONTRACTOR, "李工", "赵工")
    client = kit.party(project, "滨江城市建设投资有限公司", PartyKind.CLIENT, "周处长")
    made = kit.meeting(
        cast, project, recorder=cast.preparer, users=[cast.checker], hours=-0.9, items=(),
        contacts=[*contractor.contacts.all(), *client.contacts.all()],
    )  # fmt: skip
    for title, minutes in (
        ("上周进度与本周计划", 15),
        ("3# 楼地下室防水签证的计量口径", 20),
        ("甲供材料结算资料移交", 10),
    ):
        agenda.add_item(actor=cast.verifier, meeting=made, title=title, owner=cast.checker, minutes_long=minutes)
    return made


def state_of(page, item, words: str = ""):
    return expect(page.locator(f'[data-state-of="{item.pk}"]')).to_have_text(words)


def test_a_record_survives_a_lost_connection_and_a_colleague(person, cast, meeting, screenshot):
    first, second, _ = meeting.agenda.all()
    recorder = person(cast.preparer)
    page = recorder.page
    page.goto(f"/meetings/{meeting.pk}/minutes/")
    page.locator(f"#i{first.pk}-record").fill("本周完成 3# 楼地下室顶板浇筑。")
    state_of(page, first)
    assert AgendaItem.objects.get(pk=first.pk).record.startswith("本周完成")

    page.context.set_offline(True)
    page.locator(f"#i{second.pk}-record").fill("断网时写下的内容。")
    state_of(page, second, "已存本机，待提交")
    screenshot(page, "offline")
    page.context.set_offline(False)
    state_of(page, second)
    assert AgendaItem.objects.get(pk=second.pk).record == "断网时写下的内容。"

    AgendaItem.objects.filter(pk=second.pk).update(
        record="组织者改过的内容。", turn=2, saved_by=cast.verifier, saved_at=meeting.starts_at
    )
    page.locator(f"#i{second.pk}-record").fill("记录人又改的内容。")
    expect(page.get_by_role("dialog")).to_contain_text("组织者改过的内容。")
    screenshot(page, "conflict")
    page.get_by_role("dialog").get_by_role("button", name="保留我的").click()
    state_of(page, second)
    assert AgendaItem.objects.get(pk=second.pk).record == "记录人又改的内容。"


def test_what_is_typed_offline_is_there_after_the_page_was_closed(person, cast, meeting):
    item = meeting.agenda.first()
    page = person(cast.preparer).page
    page.goto(f"/meetings/{meeting.pk}/minutes/")
    page.context.set_offline(True)
    page.locator(f"#i{item.pk}-decision").fill("12 月 5 日前完成。")
    state_of(page, item, "已存本机，待提交")
    page.context.set_offline(False)
    page.goto("about:blank")
    page.goto(f"/meetings/{meeting.pk}/minutes/")
    expect(page.locator(f"#i{item.pk}-decision")).to_have_value("12 月 5 日前完成。")
    state_of(page, item)
    assert AgendaItem.objects.get(pk=item.pk).decision == "12 月 5 日前完成。"


def test_what_a_colleague_saved_while_the_line_was_dead_is_compared_once(person, cast, meeting):
    item = meeting.agenda.first()
    page = person(cast.preparer).page
    page.goto(f"/meetings/{meeting.pk}/minutes/")
    page.context.set_offline(True)
    page.locator(f"#i{item.pk}-record").fill("断网时写下的内容。")
    state_of(page, item, "已存本机，待提交")
    told = {"record": "组织者写下的内容。", "turn": 1, "saved_by": cast.verifier, "saved_at": meeting.starts_at}
    AgendaItem.objects.filter(pk=item.pk).update(**told)
    refused = []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status == 409 else None)
    page.context.set_offline(False)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("组织者写下的内容。")
    dialog.get_by_role("button", name="保留我的").click()
    state_of(page, item)
    assert AgendaItem.objects.get(pk=item.pk).record == "断网时写下的内容。"
    assert len(refused) == 1


def test_from_the_door_to_the_supplement(person, new_context, live_server, cast, meeting, screenshot, settings):
    settings.SITE_URL = live_server.url
    guest = new_context(base_url=live_server.url, java_script_enabled=False).new_page()
    guest.set_viewport_size(PHONE)
    organiser = person(cast.verifier)
    page = organiser.page

    # ── The door ──
    page.goto(f"/meetings/{meeting.pk}/agenda/")
    screenshot(page, "agenda")
    page.goto(f"/meetings/{meeting.pk}/attendance/")
    screenshot(page, "attendance")
    organiser.press("生成签到二维码")
    screenshot(page, "door")
    guest.goto(page.locator("#link-address").input_value())
    guest.locator("summary", has_text="宏远建设集团有限公司").click()
    screenshot(guest, "phone-sign-in")
    guest.get_by_role("button", name="李工 工程师 签到").click()
    expect(guest.get_by_text("签到成功")).to_be_visible()
    screenshot(guest, "phone-signed-in")
    guest.go_back()
    guest.locator("summary", has_text="名单中没有我").click()
    guest.get_by_label("姓名").fill("王监理")
    screenshot(guest, "phone-walk-in")
    guest.get_by_label("其他单位名称").fill("江北监理有限公司")
    guest.get_by_role("button", name="签到", exact=True).last.click()
    expect(guest.get_by_text("签到成功")).to_be_visible()

    # ── The record ──
    page.goto(f"/meetings/{meeting.pk}/attendance/")
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(300)
    screenshot(page, "attendance-phone")
    page.set_viewport_size(DESK)
    for row in queries.people_of(meeting):
        if row.user_id:
            page.locator(f'[name="a-{row.pk}"]').select_option("present")
    organiser.press("保存出席")
    done(organiser, "出席情况已登记")
    page.goto(f"/meetings/{meeting.pk}/minutes/")
    for item in meeting.agenda.all():
        page.locator(f"#i{item.pk}-record").fill(
            f"{item.title}：各方介绍了情况。\n施工单位说明现场条件，监理单位复核了工程量。"
        )
        page.locator(f"#i{item.pk}-decision").fill("按图纸尺寸计量，12 月 5 日前完成复核。")
        state_of(page, item)
    page.get_by_label("待办事项*").fill("补交 3# 楼防水签证单原件")
    page.get_by_label("负责人*").select_option(label="李工")
    page.get_by_label("完成期限*").fill(f"{meeting.starts_at.year + 1}-01-10")
    organiser.press("登记待办")
    done(organiser, "待办事项已登记")
    screenshot(page, "record")
    organiser.press("会议结束")
    done(organiser, "会议已登记结束")
    recorder = person(cast.preparer, PHONE)
    recorder.page.goto(f"/meetings/{meeting.pk}/minutes/")
    screenshot(recorder.page, "record-phone")
    recorder.press("提交纪要核定")
    done(recorder, "纪要已提交，等待组织者核定。")
    page.goto(f"/meetings/{meeting.pk}/minutes/")
    organiser.press("核对并签发", "link")
    screenshot(page, "issue")
    page.get_by_label("登录密码").fill(PASSWORD)
    organiser.press("签署并签发")
    expect(page.get_by_text("会议纪要已签发").first).to_be_visible()
    screenshot(page, "receipts")
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(300)
    screenshot(page, "receipts-phone")
    page.set_viewport_size(DESK)

    # ── A unit receives and objects ──
    row = page.get_by_role("row").filter(has_text="宏远建设集团有限公司")
    row.get_by_role("button", name="生成链接").click()
    guest.goto(page.locator("#link-address").input_value())
    screenshot(guest, "phone-receipt")
    guest.get_by_role("button", name="签收", exact=True).click()
    expect(guest.get_by_text("已签收")).to_be_visible()
    guest.locator("summary", has_text="提出异议").click()
    guest.get_by_label("异议内容").fill("第 2 项：我方当场说明应按实测尺寸计量，请更正。")
    guest.get_by_role("button", name="提交异议").click()
    expect(guest.get_by_text("待答复", exact=True)).to_be_visible()
    screenshot(guest, "phone-objection")
    page.goto(f"/meetings/{meeting.pk}/receipts/")
    organiser.press("答复", "link")
    screenshot(page, "answer")
    organiser.press("采纳并签发补充纪要", "link")
    page.get_by_label("补充（更正）内容").fill("第 2 项更正为：按现场实测尺寸计量，由双方共同签认。")
    page.get_by_label("登录密码").fill(PASSWORD)
    screenshot(page, "supplement")
    organiser.press("签署并签发")
    expect(page.get_by_text("补充纪要已签发").first).to_be_visible()
    screenshot(page, "supplemented")
    page.goto(f"/meetings/{meeting.pk}/minutes/")
    screenshot(page, "issued")
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(300)  # the menu slides away
    screenshot(page, "issued-phone")
    guest.reload()
    expect(guest.get_by_text("采纳", exact=True)).to_be_visible()

    assert Minutes.objects.count() == 2
    assert links.sign_in_link(meeting) is None or meeting.state != "issued"
