"""The main job, as people do it: a deliverable goes from its preparer through 校核 → 复核 → 审核 to its issue."""

import io
import subprocess

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from projects.models import Deliverable
from reviews.models import Issue
from tests.conftest import PASSWORD
from tests.journeys.people import DESK, PHONE, Person
from tests.reviews import flow

pytestmark = pytest.mark.django_db(transaction=True)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["序号", "项目编码", "项目名称", "单位", "送审工程量", "审定工程量", "审定合价"])
    for number in range(1, 30):
        sheet.append([number, f"0101010{number:05}", "挖一般土方", "m³", 120.5, 118.2, 3546.0])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


class Signer(Person):
    """A person of the chain."""

    def open(self, deliverable) -> Page:
        self.page.goto(f"/deliverables/{deliverable.pk}/")
        return self.page

    def fill_signature(self, opinion: str = "同意", amount: str | None = None) -> None:
        page = self.page
        page.wait_for_load_state()  # faster than the page's script nobody is
        rest = page.get_by_role("button", name="未答项均为“是”")
        if rest.count():
            rest.click()
        if amount:
            page.get_by_label("本级审定金额（元）").fill(amount)
        page.get_by_label("无未决事项").check()
        page.get_by_label("无提请重点复核事项").check()
        page.locator("[name=opinion]").fill(opinion)
        page.get_by_label("登录密码").fill(PASSWORD)

    def sign(self, deliverable, level: str, opinion: str = "同意", **fields) -> Page:
        """Open the deliverable, press 签署…, fill, sign."""
        self.open(deliverable)
        self.press(f"签署{level}" if level != "签发" else "签发", "link")
        self.fill_signature(opinion, **fields)
        self.press("签署" if level != "签发" else "签发")
        expect(self.page.get_by_text(f"{level}已签署。")).to_be_visible()
        return self.page


@pytest.fixture
def person(new_context, live_server):
    return lambda user, viewport=DESK: Signer(new_context, live_server, user, viewport)


def prepare_and_submit(preparer: Signer, project, screenshot, title="土建结算审核报告") -> Deliverable:
    """From the project's page to 已提交, with a workbook and a PDF."""
    page = preparer.page
    page.goto(f"/projects/{project.pk}/deliverables/")
    preparer.press("新建成果文件", "link")
    page.get_by_label("成果名称").fill(title)
    page.get_by_label("成果类别").select_option(label="结算审核报告")
    page.get_by_label("送审金额（元）").fill("1000000")
    page.get_by_label("初稿金额（元）").fill("960000")
    screenshot(page, "new-deliverable")
    preparer.press("保存")
    page.get_by_label("上传文件").set_input_files(
        [
            {"name": "结算审核对比表.xlsx", "mimeType": "application/octet-stream", "buffer": workbook()},
            {"name": "结算审核报告.pdf", "mimeType": "application/pdf", "buffer": flow.pdf_file().read()},
        ]
    )
    preparer.press("上传")
    expect(page.get_by_role("link", name="结算审核对比表.xlsx")).to_be_visible()
    screenshot(page, "files-uploaded")
    preparer.press("返回成果文件", "link")
    preparer.press("自校并提交", "link")
    preparer.fill_signature("已自校")
    screenshot(page, "self-check")
    preparer.press("签署并提交")
    expect(page.get_by_text("已提交，等待审签。")).to_be_visible()
    screenshot(page, "submitted")
    return Deliverable.objects.get(title=title)


def raise_remark(checker: Signer, place: str, problem: str, category: str = "工程量") -> None:
    page = checker.page
    page.locator("[name=place]").fill(place)
    page.locator("[name=problem]").fill(problem)
    page.locator("[name=category]").select_option(label=category)
    checker.press("记下这条意见")
    expect(page.get_by_text(problem)).to_be_visible()


def verify_file(page: Page, code: str, data: bytes, word: str) -> None:
    page.goto(f"/verify/{code}/")
    page.locator("input[type=file]").set_input_files(
        {"name": "流程单.pdf", "mimeType": "application/pdf", "buffer": data}
    )
    page.get_by_role("button", name="核对", exact=True).click()
    expect(page.get_by_text(word, exact=True).first).to_be_visible()


def score_13_5(approver: Signer) -> None:
    for pk, hits in flow.hits_losing(flow.Decimal("13.5")).items():
        approver.page.locator(f"[name=hits_{pk}]").fill(str(hits))
    expect(approver.page.locator("[data-score-total]")).to_have_text("86.5 分 · 优良")


def test_deliverable_is_remarked_answered_signed_scored_issued_and_verified(
    cast, project, person, new_context, live_server, screenshot, tmp_path
):
    preparer, checker = person(cast.preparer), person(cast.checker)
    deliverable = prepare_and_submit(preparer, project, screenshot)

    page = checker.open(deliverable)
    screenshot(page, "checker-sees-it")
    checker.press("提意见", "link")
    for place, problem in [("对比表第 3 行", "土方量未扣减回填"), ("对比表第 8 行", "综合单价未按合同让利"),
                           ("报告第 2 页", "金额大写与小写不一致")]:  # fmt: skip
        raise_remark(checker, place, problem)
    screenshot(page, "three-remarks")
    checker.press("发出意见")
    expect(page.get_by_text("意见已发给编制人。")).to_be_visible()

    page = preparer.open(deliverable)
    preparer.press("回复意见", "link")
    boxes = page.locator("textarea[name^=answer_]")
    expect(boxes).to_have_count(3)
    for box in boxes.all():
        box.fill("已核对底稿，按合同专用条款第 23 条计算，详见附件。")
    screenshot(page, "answers")
    preparer.press("提交回复")
    expect(page.get_by_text("意见已回复，等待复查。")).to_be_visible()

    page = checker.page
    page.goto(f"/deliverables/{deliverable.pk}/remarks/")
    screenshot(page, "recheck")
    passed = page.get_by_role("button", name="复查通过")
    for left in (3, 2, 1):
        expect(passed).to_have_count(left)
        passed.first.click()
    expect(passed).to_have_count(0)
    checker.sign(deliverable, "校核", "工程量与单价核对无误")
    verifier = person(cast.verifier)
    verifier.sign(deliverable, "复核", "内容和深度符合合同要求")

    approver = person(cast.approver)
    page = approver.open(deliverable)
    approver.press("签署审核", "link")
    approver.fill_signature("同意出具")
    score_13_5(approver)
    screenshot(page, "scoring")
    approver.press("签署")
    expect(page.get_by_text("审核已签署。")).to_be_visible()

    page = person(cast.chief_engineer).sign(deliverable, "签发", "同意签发")
    screenshot(page, "issued")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载质量控制流程单").click()
    path = tmp_path / "sheet.pdf"
    download.value.save_as(path)
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    issue = Issue.objects.get()
    for expected in ("质量控制流程单", issue.number, "编制人", "校核人", "复核人", "审核人", "86.5", "优良"):
        assert expected in text
    assert "草稿" not in text

    stranger = new_context(base_url=live_server.url).new_page()
    data = path.read_bytes()
    verify_file(stranger, issue.verification_code, data, "一致")
    screenshot(stranger, "verified")
    verify_file(stranger, issue.verification_code, data[:-1] + bytes([data[-1] ^ 1]), "不一致")
    screenshot(stranger, "not-verified")
    assert "滨江" not in stranger.content()


def test_round_sent_back_at_the_third_level_starts_again_at_the_first(cast, project, person, screenshot):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.sign(deliverable)
    flow.sign(deliverable)
    approver = person(cast.approver)
    page = approver.open(deliverable)
    approver.press("退回", "link")
    page.get_by_label("原因").fill("取费标准与招标文件不一致，请按 2024 版定额调整。")
    screenshot(page, "reason")
    approver.press("退回")
    expect(page.get_by_text("已退回。")).to_be_visible()

    preparer = person(cast.preparer)
    page = preparer.open(deliverable)
    expect(page.get_by_text("取费标准与招标文件不一致").first).to_be_visible()
    screenshot(page, "sent-back")
    preparer.press("新建版本", "link")
    page.get_by_label("版本说明").fill("按 2024 版定额调整取费")
    preparer.press("新建版本")
    page.get_by_label("上传文件").set_input_files(
        [{"name": "结算审核报告.pdf", "mimeType": "application/pdf", "buffer": flow.pdf_file(mark="二版").read()}]
    )
    preparer.press("上传")
    expect(page.get_by_role("link", name="结算审核报告.pdf")).to_be_visible()
    preparer.press("返回成果文件", "link")
    preparer.press("自校并提交", "link")
    preparer.fill_signature("已按意见修改")
    preparer.press("签署并提交")
    expect(page.get_by_text("已提交，等待审签。")).to_be_visible()
    screenshot(page, "round-2")
    round = flow.live(deliverable)
    assert (round.number, round.level.title, round.version.number) == (2, "校核", 2)


def test_major_project_passes_the_expert_panel(cast, major_project, person, screenshot):
    deliverable = flow.open_deliverable(cast, major_project)
    flow.submit(deliverable)
    for _ in range(3):
        flow.sign(deliverable)
    for expert in (cast.expert1, cast.expert2):
        at_desk = person(expert)
        page = at_desk.open(deliverable)
        at_desk.press("签署评审意见", "link")
        at_desk.fill_signature("同意评审通过")
        screenshot(page, "expert")
        at_desk.press("签署")
        expect(page.get_by_text("专家评审已签署。")).to_be_visible()
    leader = person(cast.chief_engineer)
    page = leader.sign(deliverable, "专家评审", "专家评审组一致同意", amount="955000")
    screenshot(page, "panel-concluded")
    page = person(cast.executive).sign(deliverable, "签发", "同意签发")
    screenshot(page, "issued")
    assert Issue.objects.filter(round__deliverable=deliverable).exists()


def test_deliverable_passes_the_chain_on_a_phone(cast, project, person, screenshot):
    preparer = person(cast.preparer, PHONE)
    deliverable = prepare_and_submit(preparer, project, screenshot)
    for who, level in ((cast.checker, "校核"), (cast.verifier, "复核")):
        page = person(who, PHONE).sign(deliverable, level)
        screenshot(page, level)
    approver = person(cast.approver, PHONE)
    page = approver.open(deliverable)
    approver.press("签署审核", "link")
    approver.fill_signature("同意出具")
    score_13_5(approver)
    screenshot(page, "scoring")
    approver.press("签署")
    expect(page.get_by_text("审核已签署。")).to_be_visible()
    page = person(cast.chief_engineer, PHONE).sign(deliverable, "签发")
    screenshot(page, "issued")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
