"""The year's end: the ranking is frozen and published; what it costs and brings is posted, appealed against, approved."""

import re
from decimal import Decimal
from types import SimpleNamespace

import openpyxl
import pytest
from django.urls import reverse
from playwright.sync_api import expect

from deadlines.services import sweep
from inspections.models import Inspection
from ledger import checks
from rankings.choices import Board, Cause
from rankings.models import Award, AwardNotice, Policy, Ranking, RankingEntry, Settlement
from rankings.tasks import issue_award_notices
from staff.choices import Role
from staff.models import Post, User
from tests.conftest import LONG_AGO, PASSWORD, _assign, _discipline, _project, _project_of_cast
from tests.inspections import kit
from tests.journeys.inspecting import done, pdf_text, sign
from tests.journeys.people import PHONE, Person, unread
from tests.rankings import awards_kit, policy_kit, years
from tests.rankings.years import YEAR

pytestmark = pytest.mark.django_db(transaction=True)

WON, MIDDLE, FAILED = "城东学校", "滨江会展中心", "滨江花园二期"
REASON = "申诉成立：第 3 项扣分依据不足，复核后改分。"
APPEAL = "检查所指三级签署不全系签发前系统升级所致，纸质签署齐全。"
DECISION = "经核查纸质签署原件，部分采纳，减轻处罚。"


# ── The world ───────────────────────────────────────────────────────────────
def colleague(cast, name: str, unit, **post) -> User:
    number = f"Y{User.objects.count():03}"
    user = User.objects.create(employee_number=number, name=name, unit=unit, password=cast.executive.password)
    if post:
        Post.objects.create(user=user, unit=None, starts_on=LONG_AGO, **post)
    return user


def inspected(cast, project, **found) -> Inspection:
    """Inspected step by step, put right, closed."""
    of = kit.rectifying_one(cast, project, **found)
    if of.findings.exists():
        kit.recheck(cast, kit.reply(cast, of))
    return Inspection.objects.get(pk=of.pk)


def inspected_year(cast, project) -> SimpleNamespace:
    """城东学校, led by one of 管理层, is first with 100; 滨江会展中心 has 76; of 滨江花园二期 not all levels signed: 59."""
    won = _project("2026-ZJ2-009", cast.zj2, cast.executive, name=WON)
    _assign(won, cast.executive, Role.PROJECT_MANAGER)
    _assign(won, cast.outsider, Role.COST_ENGINEER, _discipline("TJ", "土建"))
    inspected(SimpleNamespace(**vars(cast) | {"verifier": cast.executive}), won, findings=0)
    inspected(cast, _project_of_cast(cast, "2026-ZJ1-008", name=MIDDLE), findings=15)
    failed = inspected(cast, project, veto=True)
    return SimpleNamespace(inspection=failed, won=won, other=colleague(cast, "副总", cast.hq, role=Role.EXECUTIVE))


def row_of(page, *words: str):
    rows = page.get_by_role("row")
    for each in words:
        rows = rows.filter(has_text=each)
    return rows.first


# ── The ranking ─────────────────────────────────────────────────────────────
def drill_down(executive: Person, inspection: Inspection, screenshot, path) -> None:
    """From the first screen to the paper of what was found, in three clicks."""
    page = executive.page
    executive.go_to("管理看板")
    board = page.locator("article").filter(has=page.get_by_role("heading", name=f"{YEAR} 年度项目排名"))
    expect(board).to_be_visible()
    page.wait_for_load_state()
    screenshot(page, "dashboard")
    board.get_by_role("link", name=FAILED).click()
    expect(page.get_by_text(inspection.number).first).to_be_visible()
    screenshot(page, "inspection")
    assert "三级签署不全即出具成果" in pdf_text(page, "下载 PDF", path)


def freeze(executive: Person, screenshot) -> None:
    """The draft, what if, then 冻结; at first with a wrong password."""
    page = executive.page
    executive.go_to("年度排名")
    screenshot(page, "rankings")
    executive.press(f"{YEAR} 年度测算", "link")
    expect(row_of(page, FAILED)).to_contain_text("不合格")
    screenshot(page, "draft")
    executive.press(f"冻结 {YEAR} 年度排名", "link")
    page.get_by_label("登录密码").fill("不是我的密码")
    executive.press("签署并冻结")
    expect(page.get_by_text("密码").filter(has_text="不正确").first).to_be_visible()
    screenshot(page, "wrong-password")
    assert not RankingEntry.objects.exists()
    sign(executive, "签署并冻结")
    done(executive, "已冻结")
    screenshot(page, "frozen")


def publish(executive: Person, screenshot) -> None:
    executive.press("公布", "link")
    screenshot(executive.page, "publish")
    sign(executive, "签署并公布")
    done(executive, "已公布")


def correct(concerned: Person, executive: Person, screenshot) -> None:
    """Not by whose own project is on the board, but by another of 管理层."""
    page = concerned.page
    page.get_by_role("link", name=MIDDLE, exact=True).first.click()
    expect(page.get_by_text("您须回避更正")).to_be_visible()
    expect(page.get_by_role("link", name="更正本行")).to_have_count(0)
    screenshot(page, "stands-back")
    page = executive.page
    executive.go_to("年度排名")
    executive.press(f"{YEAR} 年度质量检查排名", "link")
    page.get_by_role("link", name=MIDDLE, exact=True).first.click()
    executive.press("更正本行", "link")
    page.get_by_label("更正得分").check()
    page.get_by_label("更正后得分").fill("78.5")
    page.get_by_label("更正理由").fill(REASON)
    screenshot(page, "correct")
    sign(executive, "签署更正")
    done(executive, "更正")
    screenshot(page, "corrected-line")
    page.goto(reverse("rankings:ranking", args=[YEAR]))
    expect(row_of(page, MIDDLE)).to_contain_text("76.00")
    expect(row_of(page, MIDDLE)).to_contain_text("78.50")
    screenshot(page, "corrected")


def test_year_is_frozen_published_corrected_and_read_by_everybody(cast, project, person, screenshot, tmp_path):
    world = inspected_year(cast, project)
    executive = person(cast.executive)
    screenshot(executive.page, "first-screen")
    drill_down(executive, world.inspection, screenshot, tmp_path / "opinion.pdf")
    freeze(executive, screenshot)
    publish(executive, screenshot)
    correct(executive, person(world.other), screenshot)
    line = RankingEntry.objects.get(board=Board.PROJECT, label=MIDDLE)
    assert (line.score, line.corrections.get().score) == (Decimal("76.00"), Decimal("78.50"))

    engineer = person(cast.preparer, PHONE)
    told = unread(engineer)
    assert any(f"{YEAR} 年度质量检查排名已公布" in title for title in told)
    page = engineer.page
    page.get_by_role("link", name=f"{YEAR} 年度质量检查排名已公布").first.click()
    screenshot(page, "engineer-reads")
    for words in (WON, MIDDLE, FAILED, REASON):
        expect(page.get_by_text(words).first).to_be_visible()
    text = "".join(pdf_text(page, "公布文件 PDF", tmp_path / "ranking.pdf").split())
    for words in (WON, "100.00", MIDDLE, "76.00", FAILED, "59.00"):
        assert words in text, words
    assert page.goto(reverse("rankings:ranking_draft")).status == 403
    assert checks.verify().problems == []


# ── The settlement ──────────────────────────────────────────────────────────
def is_refused(office: Person, screenshot) -> None:
    """As the 制度 has it, every amount is blank: the trial names what is unset and leads there."""
    page = office.page
    office.go_to("奖惩结算")
    screenshot(page, "settlement-empty")
    office.press("试算", "link")
    expect(page.get_by_text("尚不能结算")).to_be_visible()
    for words in (
        "全公司优良评价第一名",
        "质量检查不合格 · 项目经理（项目负责人）",
        "质量检查问题严重 · 单位技术负责人",
    ):
        expect(page.get_by_role("status")).to_contain_text(words)
    expect(page.get_by_role("button", name="提出结算并公示")).to_have_count(0)
    screenshot(page, "amounts-unset")
    office.press("设定金额", "link")


def set_amounts(office: Person, screenshot) -> None:
    page = office.page
    screenshot(page, "policies")
    office.press("编制新版本")
    for (cause, party), amount in awards_kit.AMOUNTS.items():
        page.get_by_label(f"{Cause(cause).label} · {party.label}：金额").fill(amount)
    for party, percent in awards_kit.SHARES.items():
        page.get_by_label(party.label, exact=True).fill(percent)
    expect(page.get_by_text("已满 100%")).to_be_visible()
    screenshot(page, "amounts")
    office.press("保存草稿")
    done(office, "已保存")
    screenshot(page, "amounts-saved")


def publish_policy(executive: Person, screenshot) -> None:
    page = executive.page
    executive.go_to("奖惩标准")
    page.get_by_role("row").filter(has_text="草稿").get_by_role("link").first.click()
    executive.press("核对并发布", "link")
    screenshot(page, "publish-policy")
    sign(executive, "签署并发布")
    done(executive, "已发布")
    assert Policy.objects.in_force().version == 2


def figures(table) -> list[list[Decimal]]:
    """The figures of a table of sums, row by row; the last row is the whole."""
    rows = [row.locator("td.text-end").all_inner_texts() for row in table.locator("tbody tr, tfoot tr").all()]
    return [[Decimal(text.replace(",", "")) for text in row] for row in rows]


def post(office: Person, screenshot) -> Settlement:
    page = office.page
    office.go_to("奖惩结算")
    office.press("试算", "link")
    expect(page.get_by_role("button", name="提出结算并公示")).to_be_visible()
    page.wait_for_load_state()
    for table in page.locator("table.sums").all():
        *rows, whole = figures(table)
        assert [sum(column) for column in zip(*rows, strict=True)] == whole
    assert whole == [5, Decimal("10000.00"), Decimal("6000.00")]
    screenshot(page, "trial")
    office.press("提出结算并公示")
    done(office, "已公示")
    screenshot(page, "posted")
    return Settlement.objects.get()


def appeal(manager: Person, award: Award, screenshot) -> None:
    """项目经理, on a phone: from the message to the one line that is his."""
    page = manager.page
    assert any("奖惩结算与您有关" in title for title in unread(manager))
    page.get_by_role("link", name=re.compile("奖惩结算与您有关")).first.click()
    expect(page.locator(".award-table tbody tr")).to_have_count(1)
    expect(page.locator(".award-table")).to_contain_text("−3,000.00")
    expect(page.locator(".award-table")).to_contain_text(FAILED)
    screenshot(page, "my-line")
    manager.press("申诉", "link")
    page.get_by_label("申诉理由").fill(APPEAL)
    screenshot(page, "appeal")
    manager.press("提交申诉")
    done(manager, "申诉")
    screenshot(page, "appealed")


def sees_nothing_of(colleague: Person, award: Award) -> None:
    page = colleague.page
    colleague.go_to("我的奖惩")
    expect(page.get_by_text("没有奖惩", exact=True)).to_be_visible()
    for name, subject, status in (
        ("award_appeal", award.pk, 404),
        ("appeal", award.appeal.pk, 404),
        ("settlement", YEAR, 403),
        ("settlement_export", YEAR, 403),
    ):
        assert page.goto(reverse(f"rankings:{name}", args=[subject])).status == status, name


def decide(executive: Person, screenshot) -> None:
    page = executive.page
    executive.come_back()
    screenshot(page, "appeal-waits")
    row_of(page, "的申诉").get_by_role("link", name="处理").click()
    expect(page.get_by_text(APPEAL)).to_be_visible()
    page.get_by_label("变更金额", exact=True).check()
    page.get_by_label("变更后金额（元）").fill("1800")
    page.get_by_label("处理意见").fill(DECISION)
    screenshot(page, "decide")
    sign(executive, "签署处理意见")
    done(executive, "处理")
    screenshot(page, "decided")


def approve(executive: Person, screenshot) -> None:
    page = executive.page
    executive.come_back()
    screenshot(page, "approval-waits")
    row_of(page, "待批准").get_by_role("link", name="批准").click()
    screenshot(page, "approve")
    page.get_by_label("登录密码").fill(PASSWORD[:-1])
    executive.press("批准")
    expect(page.get_by_text("密码").filter(has_text="不正确").first).to_be_visible()
    sign(executive, "批准")
    done(executive, "已批准")
    screenshot(page, "approved")


def payroll(office: Person, path) -> list[tuple]:
    """The rows of the Excel for payroll, from the line of titles on."""
    office.come_back()
    office.go_to("奖惩结算")
    with office.page.expect_download() as download:
        office.press("导出工资用 Excel", "link")
    download.value.save_as(path)
    rows = list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))
    return rows[[row[0] for row in rows].index("工号") :]


def test_amounts_are_set_the_year_is_settled_appealed_against_and_approved(
    cast, project, person, screenshot, time_machine, tmp_path
):
    world = inspected_year(cast, project)
    years.published(cast)
    office, concerned, executive = person(cast.quality_office), person(cast.executive), person(world.other)
    is_refused(office, screenshot)
    set_amounts(office, screenshot)
    publish_policy(executive, screenshot)
    settlement = post(office, screenshot)
    award = Award.objects.get(person=cast.verifier)
    manager = person(cast.verifier, PHONE)
    appeal(manager, award, screenshot)
    sees_nothing_of(person(cast.expert1), Award.objects.get(pk=award.pk))

    # Who leads the first project has a line, so another of 管理层 approves.
    concerned.go_to("奖惩结算")
    expect(concerned.page.get_by_text("您须回避")).to_be_visible()
    screenshot(concerned.page, "stands-back")
    decide(executive, screenshot)
    time_machine(awards_kit.after_window(settlement))
    sweep()
    approve(executive, screenshot)

    issue_award_notices()  # the worker's bell
    executive.page.reload()
    expect(executive.page.get_by_text("已生成 5/5")).to_be_visible()
    screenshot(executive.page, "notices")
    head, *lines, whole = payroll(office, tmp_path / "payroll.xlsx")
    posted, final = head.index("公示金额（元）"), head.index("最终金额（元）")
    assert [round(sum(line[column] for line in lines), 2) for column in (posted, final)] == [4000, 5200]
    assert (whole[0], whole[posted], whole[final]) == ("合计", 4000, 5200)

    notice = AwardNotice.objects.get(person=cast.verifier)
    assert any(notice.number in title for title in unread(manager))
    manager.go_to("我的奖惩")
    screenshot(manager.page, "my-notice")
    text = "".join(pdf_text(manager.page, "奖惩通知书", tmp_path / "notice.pdf").split())
    for words in (notice.number, "复核人", "1,800.00", FAILED):
        assert words in text, words
    assert person(cast.expert1).page.goto(reverse("rankings:award_notice", args=[notice.pk])).status == 404
    assert checks.verify().problems == []


# ── Left out of the split ───────────────────────────────────────────────────
def appeal_from_the_first_screen(former: Person, screenshot) -> None:
    """On a phone: the one line tells that the reward exists and that they have no part in it; nobody else's amount."""
    page = former.page
    screenshot(page, "first-screen")
    former.press("查看", "link")
    line = page.locator(".award-table tbody tr")
    expect(line).to_have_count(1)
    expect(line).to_contain_text("项目组成员（未列入分配）")
    expect(line).to_contain_text("检查立项之日已不在任，未列入分配")
    expect(page.get_by_text("500.00").first).to_be_visible()
    for share in ("285.71", "214.29"):
        expect(page.get_by_text(share)).to_have_count(0)
    screenshot(page, "my-line")
    line.get_by_role("link", name="查看依据").click()
    expect(page.get_by_role("heading", name=f"{YEAR} 年度质量检查排名").first).to_be_visible()
    page.go_back()
    former.press("申诉", "link")
    page.get_by_label("申诉理由").fill("成果由本人编制，检查前一周才调离。")
    screenshot(page, "appeal")
    former.press("提交申诉")
    done(former, "申诉")


def give_a_part(executive: Person, screenshot) -> None:
    page = executive.page
    executive.come_back()
    row_of(page, "的申诉").get_by_role("link", name="处理").click()
    expect(page.get_by_label("维持", exact=True)).to_be_visible()
    expect(page.get_by_label("撤销", exact=True)).to_have_count(0)
    page.get_by_label("变更金额", exact=True).check()
    page.get_by_label("变更后金额（元）").fill("120")
    page.get_by_label("处理意见").fill("经核对任职记录和编制底稿，情况属实，给予部分奖励。")
    screenshot(page, "decide")
    sign(executive, "签署处理意见")
    done(executive, "处理")


def test_a_former_member_who_was_left_out_of_the_reward_is_heard(
    cast, project, person, screenshot, time_machine, tmp_path
):
    world = inspected_year(cast, project)
    user = colleague(cast, "前任编制人", cast.zj2)
    gone = _assign(world.won, user, Role.COST_ENGINEER, _discipline("TJ", "土建"))
    type(gone).objects.filter(pk=gone.pk).update(ends_on=LONG_AGO)
    years.published(cast)
    policy_kit.put_in_force(cast)
    settlement = awards_kit.proposed(cast, Ranking.objects.get())
    shares = {row.person: row.amount for row in settlement.awards.filter(cause=Cause.FIRST_PLACE)}
    assert shares == {cast.executive: Decimal("285.71"), cast.outsider: Decimal("214.29"), user: 0}

    former, executive = person(user, PHONE), person(world.other)
    appeal_from_the_first_screen(former, screenshot)
    sees_nothing_of(person(cast.expert1), Award.objects.get(person=user))
    give_a_part(executive, screenshot)
    former.go_to("我的奖惩")
    expect(former.page.locator(".award-table")).to_contain_text("+120.00")
    screenshot(former.page, "given")

    time_machine(awards_kit.after_window(settlement))
    sweep()
    approve(executive, screenshot)
    issue_award_notices()
    former.come_back()
    former.go_to("我的奖惩")
    text = "".join(pdf_text(former.page, "奖惩通知书", tmp_path / "notice.pdf").split())
    assert "120.00" in text
    assert "为项目组成员" in text
    assert checks.verify().problems == []
