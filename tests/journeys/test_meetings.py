"""Meetings as people hold them: a series and its invitations, a meeting with people of other units until its supplement, a thing
to be done until it is done."""

import hashlib
import re
import subprocess
from datetime import date, timedelta

import pytest
import vobject
from playwright.sync_api import expect

from deadlines.models import Deadline
from deadlines.services import sweep
from ledger import checks
from meetings.choices import ActionState, PartyKind, State
from meetings.models import ActionItem, Distribution, Meeting, Minutes, Series
from meetings.services import action_items, agenda
from meetings.services import minutes as minutes_services
from notices.models import Delivery
from tests.journeys.inspecting import done, files, sign
from tests.journeys.people import PHONE, Person, morning_of, unread
from tests.meetings import kit, minutes_kit
from tests.reviews.flow import confirmed

pytestmark = pytest.mark.django_db(transaction=True)
OCTOBER = "/meetings/calendar/?month=2026-10"
CONTRACTOR, CLIENT, SUBCONTRACTOR = PartyKind.MAIN_CONTRACTOR, PartyKind.CLIENT, PartyKind.SUBCONTRACTOR


@pytest.fixture
def mail(settings, live_server):
    """Letters go out: to the outbox, from which nobody fetches them here."""
    settings.EMAIL_IS_CONFIGURED = True
    settings.SITE_URL = live_server.url


# ── A series ────────────────────────────────────────────────────────────────
def set_up_series(manager: Person, screenshot) -> Series:
    """月例会 on the 25th, from the project's page; what the 制度 asks for and is not there is told before it is saved."""
    page = manager.page
    manager.go_to("项目")
    manager.press("滨江花园二期", "link")
    page.locator(".record-tabs").get_by_role("link", name="会议").click()
    manager.press("设立例会", "link")
    page.get_by_label("会议种类").select_option(label="月例会")
    screenshot(page, "which-kind")
    manager.press("下一步")
    page.get_by_label("会议名称").fill("月例会")
    page.get_by_label("每月几日").fill("25")
    page.get_by_label("地点").fill("项目部会议室")
    page.get_by_label("编制人（造价一所）").check()
    expect(page.get_by_label("周建国")).to_be_checked()
    screenshot(page, "series-form")
    manager.press("设立例会")
    expect(page.get_by_text("供应单位：本项目未登记")).to_be_visible()
    screenshot(page, "what-is-missing")
    manager.press("确认并设立例会")
    done(manager, "例会已设立")
    screenshot(page, "series")
    return Series.objects.get()


def change_calendar(office: Person, screenshot) -> None:
    """调休: the Sunday on which the 25th of October falls is worked."""
    page = office.page
    page.goto("/work-calendar/2026/")
    page.locator('[name=day][value="2026-10-25"]').check(force=True)
    page.locator("#adjust").get_by_label("工作日", exact=True).check()
    page.locator("#adjust").get_by_label("调整依据").fill("公司调休通知第 3 号")
    office.press("查看影响")
    office.press("确认调整")
    done(office, "已调整 2026 年工作日历")


def day_of(page, day: int):
    """A cell of the month."""
    return page.locator("td.month-day:not(.is-outside)").filter(
        has=page.locator(".month-number").get_by_text(str(day), exact=True)
    )


def events_of(delivery: Delivery) -> list:
    """(method, event) of each, as a library reads them that did not write them."""
    calendar = vobject.readOne(delivery.calendar)
    return [(calendar.method.value, event) for event in calendar.vevent_list]


def invitations_of(meeting: Meeting, **whose) -> list:
    rows = Delivery.objects.filter(**whose).exclude(calendar="").order_by("pk")
    found = [each for row in rows for each in events_of(row)]
    return [(method, event) for method, event in found if event.uid.value.startswith(str(meeting.uid))]


def test_monthly_series_follows_a_changed_working_calendar_and_tells_everybody(
    cast, project, person, mail, screenshot, time_machine
):
    time_machine(morning_of(date(2026, 9, 1)))
    cast.preparer.email = "preparer@example.cn"
    cast.preparer.save()
    kit.all_parties(cast, project, (CLIENT, CONTRACTOR, SUBCONTRACTOR))
    manager = person(cast.verifier)
    page = manager.page
    series = set_up_series(manager, screenshot)
    # 25 September is 中秋, 25 October a Sunday: both are held on the next working day.
    days = [f"{row.starts_at:%m-%d}" for row in series.meetings.order_by("occurrence_on")]
    assert days == ["09-28", "10-26"]

    page.goto(OCTOBER)
    expect(day_of(page, 26)).to_contain_text("月例会")
    screenshot(page, "october")
    change_calendar(person(cast.quality_office), screenshot)
    page.goto(f"/meetings/series/{series.pk}/")
    expect(page.get_by_text("工作日历已调整，以下会议须随之变动")).to_be_visible()
    screenshot(page, "calendar-has-changed")
    manager.press("按工作日历调整并通知")
    expect(page.get_by_text("工作日历已调整，以下会议须随之变动")).to_have_count(0)
    screenshot(page, "followed")
    page.goto(OCTOBER)
    expect(day_of(page, 25)).to_contain_text("月例会")
    expect(day_of(page, 26)).not_to_contain_text("月例会")
    screenshot(page, "october-moved")

    meeting = series.meetings.get(occurrence_on=date(2026, 10, 25))
    for whose, address in (
        ({"recipient": cast.preparer}, "preparer@example.cn"),
        ({"address": "client@example.cn"}, "client@example.cn"),
    ):
        # The dates of the series came in one message; the one that moved, in its own.
        assert Delivery.objects.filter(**whose).exclude(calendar="").count() == 2
        (asked, first), (moved, second) = invitations_of(meeting, **whose)
        assert (asked, moved) == ("PUBLISH", "REQUEST")
        assert first.uid.value == second.uid.value
        assert (first.sequence.value, second.sequence.value) == ("0", "1")
        assert first.dtstart.value == kit.at(date(2026, 10, 26), 9, 30)
        assert second.dtstart.value == kit.at(date(2026, 10, 25), 9, 30)
        assert second.summary.value == "滨江花园二期：月例会"
        assert [each.value for each in second.attendee_list] == [f"mailto:{address}"]

    guest = person(cast.preparer, PHONE)
    assert any("会议改期" in title for title in unread(guest))
    screenshot(guest.page, "phone-told")
    guest.page.goto(OCTOBER)
    screenshot(guest.page, "phone-october")
    guest.page.get_by_role("link", name="月例会").first.click()
    screenshot(guest.page, "phone-meeting")
    assert checks.verify().problems == []


# ── A meeting ───────────────────────────────────────────────────────────────
MONDAY = date(2026, 11, 30)
ITEMS = ("3# 楼地下室防水签证的计量口径", "甲供材料结算资料移交")


@pytest.fixture
def meeting(cast, project, mail, time_machine) -> Meeting:
    """Monday, 9:30: it has just begun."""
    time_machine(morning_of(MONDAY - timedelta(days=3)))
    parties = kit.all_parties(cast, project, (CLIENT, CONTRACTOR, SUBCONTRACTOR))
    made = kit.meeting(cast, project, starts_at=kit.at(MONDAY, 9, 30), title="第 8 次周例会", recorder=cast.preparer,
                       contacts=[kit.main_contact(each) for each in parties.values()], users=[cast.checker])  # fmt: skip
    for title in ITEMS:
        agenda.add_item(actor=cast.verifier, meeting=made, title=title, owner=cast.checker, minutes_long=20)
    time_machine(kit.at(MONDAY, 9, 35))
    return made


def sign_in(guest, door: str, screenshot) -> None:
    """By the QR code, without an account."""
    guest.goto(door)
    guest.locator("summary", has_text="宏远建设集团有限公司").click()
    screenshot(guest, "phone-sign-in")
    guest.get_by_role("button", name="孙总包").click()
    expect(guest.get_by_text("签到成功")).to_be_visible()
    screenshot(guest, "phone-signed-in")


def write_record(recorder: Person, meeting: Meeting, screenshot) -> None:
    """Item by item, each saved by itself; two things to be done."""
    page = recorder.page
    page.goto(f"/meetings/{meeting.pk}/minutes/")
    first, second = meeting.agenda.order_by("order")
    page.locator(f"#i{first.pk}-record").fill(
        "总包提出按展开面积计量。\n经办人员说明：招标文件约定按图示尺寸，卷边不另计。"
    )
    page.locator(f"#i{first.pk}-decision").fill("地下室防水签证按图示尺寸计量，卷边不另计。")
    page.locator(f"#i{second.pk}-record").fill("甲供钢筋领用单尚缺 9 月份，分包单位承诺补齐。")
    for item in (first, second):
        expect(page.locator(f'[data-state-of="{item.pk}"]')).to_have_text("", timeout=10_000)
    for owner, text, days in (("编制人", "复核 3# 楼防水签证工程量", 3), ("李分包", "补交 9 月份钢筋领用单", 7)):
        page.get_by_label("待办事项*").fill(text)
        page.get_by_label("负责人*").select_option(label=owner)
        page.get_by_label("完成期限*").fill(f"{MONDAY + timedelta(days=days)}")
        recorder.press("登记待办")
        expect(page.get_by_text(text).first).to_be_visible()
    screenshot(page, "record")


def issue(organiser: Person, meeting: Meeting, screenshot) -> None:
    """Checked, then signed; a wrong password signs nothing."""
    page = organiser.page
    page.goto(f"/meetings/{meeting.pk}/minutes/")
    organiser.press("核对并签发", "link")
    page.get_by_label("登录密码").fill("not-it-2026")
    organiser.press("签署并签发")
    expect(page.locator(".alert-danger")).to_contain_text("密码不正确")
    assert not Minutes.objects.exists()
    screenshot(page, "wrong-password")
    sign(organiser, "签署并签发")
    expect(page.get_by_text("会议纪要已签发").first).to_be_visible()
    screenshot(page, "issued")


def link_in_letter(address: str) -> str:
    """The newest link that was written to a unit."""
    return Delivery.objects.filter(address=address, url__contains="/m/").order_by("-pk").first().url


def receive(guest, address: str) -> None:
    guest.goto(address)
    guest.get_by_role("button", name="签收", exact=True).click()
    expect(guest.get_by_text("已签收")).to_be_visible()


def paper_of(guest, path) -> bytes:
    with guest.expect_download() as download:
        guest.get_by_role("link", name="下载纪要（PDF）").click()
    download.value.save_as(path)
    return path.read_bytes()


def words_of(path) -> str:
    told = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    return "".join(told.split())


def test_meeting_with_other_units_is_signed_received_objected_to_and_supplemented(
    cast, person, new_context, live_server, meeting, screenshot, tmp_path
):
    guest = new_context(base_url=live_server.url, java_script_enabled=False).new_page()
    guest.set_viewport_size(PHONE)
    organiser, recorder = person(cast.verifier), person(cast.preparer)
    page = organiser.page

    # The door, and the record.
    page.goto(f"/meetings/{meeting.pk}/attendance/")
    organiser.press("生成签到二维码")
    sign_in(guest, page.locator("#link-address").input_value(), screenshot)
    page.goto(f"/meetings/{meeting.pk}/attendance/")
    expect(page.get_by_role("row").filter(has_text="孙总包")).to_contain_text("扫码")
    organiser.press("其余登记为到会")
    screenshot(page, "attendance")
    write_record(recorder, meeting, screenshot)
    recorder.press("会议结束")
    done(recorder, "会议已登记结束")
    recorder.press("提交纪要核定")
    done(recorder, "纪要已提交，等待组织者核定。")
    issue(organiser, meeting, screenshot)
    first = Minutes.objects.get()

    # The copies: inside by a click, outside by the link; one unit has to be reminded.
    receive(guest, link_in_letter("client@example.cn"))
    receive(guest, link_in_letter("main_contractor@example.cn"))
    screenshot(guest, "phone-receipt")
    before = paper_of(guest, tmp_path / "before.pdf")
    assert hashlib.sha256(before).hexdigest() == first.pdf_sha256
    told = words_of(tmp_path / "before.pdf")
    for words in ("按图示尺寸计量，卷边不另计", "补交9月份钢筋领用单", "孙总包", first.number):
        assert words in told
    for colleague in (recorder, person(cast.checker, PHONE)):
        colleague.page.goto(f"/meetings/{meeting.pk}/minutes/")
        colleague.press("签收")
        done(colleague, "签收")
    screenshot(colleague.page, "phone-colleague-received")
    page.goto(f"/meetings/{meeting.pk}/receipts/")
    screenshot(page, "one-is-missing")
    assert Distribution.objects.get(received_at=None).party.kind == SUBCONTRACTOR
    old = link_in_letter("subcontractor@example.cn")
    page.get_by_role("row").filter(has_text="捷安机电安装有限公司").get_by_role("button", name="催收").click()
    done(organiser, "催收")
    screenshot(page, "reminded")
    assert guest.goto(old).status == 404
    receive(guest, link_in_letter("subcontractor@example.cn"))
    assert not Distribution.objects.filter(received_at=None).exists()

    # An objection, and what follows from it.
    guest.goto(link_in_letter("main_contractor@example.cn"))
    guest.locator("summary", has_text="提出异议").click()
    guest.get_by_label("异议内容").fill("会上商定卷边部分按实测尺寸另行签认，请更正。")
    guest.get_by_role("button", name="提交异议").click()
    expect(guest.get_by_text("待答复", exact=True)).to_be_visible()
    screenshot(guest, "phone-objection")
    page.goto(f"/meetings/{meeting.pk}/receipts/")
    organiser.press("答复", "link")
    organiser.press("采纳并签发补充纪要", "link")
    page.get_by_label("补充（更正）内容").fill("第 1 项更正为：卷边部分按实测尺寸另行签认。")
    screenshot(page, "supplement")
    sign(organiser, "签署并签发")
    expect(page.get_by_text("补充纪要已签发").first).to_be_visible()
    screenshot(page, "supplemented")
    guest.reload()
    expect(guest.get_by_text("采纳", exact=True)).to_be_visible()
    screenshot(guest, "phone-answered")
    assert paper_of(guest, tmp_path / "after.pdf") == before
    who, _ = Minutes.objects.latest("pk").content["objections"][0]
    assert who == "宏远建设集团有限公司（孙总包）"
    again = Minutes.objects.get(pk=first.pk)
    assert (again.text, again.content, again.digest) == (first.text, first.content, first.digest)
    guest.goto(link_in_letter("main_contractor@example.cn"))
    paper_of(guest, tmp_path / "supplement.pdf")
    assert "卷边部分按实测尺寸另行签认" in words_of(tmp_path / "supplement.pdf")
    assert checks.verify().problems == []


# ── What is to be done ──────────────────────────────────────────────────────
@pytest.fixture
def item(cast, meeting, monkeypatch) -> ActionItem:
    """Set on Monday for Thursday, the minutes issued."""
    minutes_kit.no_papers(monkeypatch)
    made = action_items.create_item(actor=cast.verifier, meeting=meeting, text="复核 3# 楼防水签证工程量",
                                    owner=cast.preparer, due_on=MONDAY + timedelta(days=3))  # fmt: skip
    held = minutes_kit.written(meeting)
    held = minutes_services.submit(actor=cast.preparer, meeting=held, turn=held.turn)
    minutes_services.issue(actor=cast.verifier, meeting=held, turn=held.turn, confirmation=confirmed(cast.verifier))
    return made


def report_done(owner: Person, item: ActionItem, screenshot) -> None:
    """On a phone, with a photo."""
    page = owner.page
    owner.come_back()
    screenshot(page, "phone-first-screen")
    page.locator("#main").get_by_role("link", name=item.text).first.click()
    page.wait_for_url(re.compile("/(actions|deadlines)/"))
    if "/actions/" not in page.url:  # the list of clocks leads to the clock, and on
        page.locator("#main").get_by_role("link", name=item.number).first.click()
    screenshot(page, "phone-item")
    owner.press("报完成", "link")
    page.get_by_label("完成情况").fill("已按图示尺寸复核，工程量 1,286.40 m²，差异 12.6 m²，见复核表。")
    page.locator("[name=files]").set_input_files(files("复核表.png"))
    screenshot(page, "phone-done-form")
    owner.press("报完成")
    done(owner, "报完成")
    screenshot(page, "phone-done")


def test_late_action_item_is_escalated_discussed_done_and_closed_in_the_next_meeting(
    cast, project, person, meeting, item, screenshot, time_machine
):
    organiser, owner = person(cast.verifier), person(cast.preparer, PHONE)
    page = organiser.page
    following = kit.meeting(cast, project, starts_at=kit.at(MONDAY + timedelta(days=7), 9, 30), title="第 9 次周例会",
                            users=[cast.preparer, cast.checker])  # fmt: skip

    time_machine(morning_of(item.due_on + timedelta(days=1)))
    sweep()
    for each in (owner, organiser):
        assert any("逾期 1 天" in title and item.number in title for title in unread(each))
    assert not Delivery.objects.filter(recipient=cast.approver, title__contains=item.number).exists()
    screenshot(page, "escalated")
    page.goto("/")
    screenshot(page, "manager-first-screen")
    organiser.go_to("会议待办")
    expect(page.get_by_role("row").filter(has_text=item.number)).to_contain_text("逾期")
    screenshot(page, "items")

    # On the agenda of the next meeting.
    page.goto(f"/meetings/{following.pk}/agenda/")
    screenshot(page, "proposed")
    page.get_by_role("button", name=f"列入议程：待办 {item.number}").click()
    expect(page.locator(".agenda")).to_contain_text(item.number)
    screenshot(page, "adopted")

    report_done(owner, item, screenshot)

    # Closed where it was talked about.
    time_machine(kit.at(MONDAY + timedelta(days=7), 9, 40))
    organiser.come_back()
    page.goto(f"/meetings/{following.pk}/actions/")
    row = page.get_by_role("row").filter(has_text=item.number)
    row.get_by_label("的进展").fill("会上出示复核表，各方确认。")
    row.get_by_role("button", name="保存").click()
    done(organiser, "的进展已保存")
    screenshot(page, "on-the-table")
    page.get_by_role("row").filter(has_text=item.number).get_by_role("link", name="关闭").click()
    page.get_by_label("关闭说明").fill("会上确认完成。")
    screenshot(page, "close")
    organiser.press("关闭待办")
    done(organiser, "已关闭")
    page.goto(f"/meetings/actions/{item.pk}/")
    expect(page.get_by_text("第 9 次周例会").first).to_be_visible()
    screenshot(page, "closed")
    item.refresh_from_db()
    assert item.state == ActionState.CLOSED
    assert Deadline.objects.get(subject_type="meetings.actionitem", subject_id=item.pk).light == "late"

    # Found again by its words: from the box in the head to the minutes.
    page.get_by_role("searchbox").first.fill("防水签证 计量")
    page.keyboard.press("Enter")
    found = page.get_by_role("row").filter(has_text="第 8 次周例会")
    expect(found).to_contain_text("防水签证的计量口径")
    screenshot(page, "searched")
    organiser.press("在纪要中查找", "link")
    expect(page.locator(".search-hits")).to_contain_text("第 8 次周例会")
    screenshot(page, "found")
    owner.come_back()
    owner.page.goto("/meetings/search/?q=防水签证")
    expect(owner.page.locator(".search-hits mark").first).to_have_text("防水签证")
    screenshot(owner.page, "phone-found")
    assert Meeting.objects.get(pk=meeting.pk).state == State.ISSUED
    assert checks.verify().problems == []
