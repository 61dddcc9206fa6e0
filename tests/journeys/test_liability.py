"""A problem found later: traced to the level-2 signer who signed 无, proposed, appealed, decided, and on paper."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from inspections.choices import SheetState
from inspections.models import LiabilityCase, LiabilitySheet
from ledger import checks
from tests.conftest import PASSWORD
from tests.inspections import blame
from tests.journeys.people import DESK, PHONE, Person
from tests.reviews import flow
from tests.reviews.papers import text_of

pytestmark = pytest.mark.django_db(transaction=True)
APPEAL = "复核时竣工图尚未提供，已口头提请重点复核垫层工程量。"
DECISION = "鉴于竣工图接收时间晚于复核签署时间，减轻处理：批评教育。"


@pytest.fixture
def person(new_context, live_server):
    return lambda user, viewport=DESK: Person(new_context, live_server, user, viewport)


@pytest.fixture
def finding(cast, project):
    """校核人 had raised it and was overruled; 复核人 and 审核人 signed 无; an inspection found it afterwards."""
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.draft_remark(deliverable, problem="垫层工程量应为 128.64 m³")
    flow.return_remarks(deliverable)
    flow.answer(deliverable)
    flow.recheck_all(deliverable)
    flow.sign_all(deliverable)
    flow.issue(deliverable)
    return blame.finding(cast, project, deliverable)


def choose(page: Page, level: str, chosen: bool):
    """The part of the form that belongs to a level, with its box ticked or not."""
    part = page.locator("section.sheet-row").filter(has=page.get_by_role("heading", name=level))
    part.get_by_label("出具问责单").set_checked(chosen)
    return part


def keeps_to_its_width(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def propose(office: Person, finding, screenshot) -> LiabilitySheet:
    """From the finding to the sheet that is served to 复核人."""
    page = office.page
    page.goto(f"/inspections/{finding.inspection_id}/")
    office.press("提起问责", role="link")
    page.get_by_label("问题类别").select_option("quantity")
    office.press("提起并追溯签署")
    walk = page.locator("table.walk")

    def row(level: str):
        return walk.locator("tbody tr").filter(has=page.locator("td:first-child").get_by_text(level, exact=True))

    expect(row("复核")).to_contain_text("直接责任（应说明而未说明）")
    expect(row("校核")).to_contain_text("不提出问责")
    screenshot(page, "walk")
    office.press("出具问责单", role="link")
    for level in ("编制（自校）", "审核"):
        choose(page, level, False)
    part = choose(page, "复核", True)
    expect(part.get_by_label("事实依据")).to_have_value(
        "".join(blame.step_of(LiabilityCase.objects.get(), finding.deliverable.rounds.get().signatures.get(
            level__title="复核").signer)["grounds"])
    )  # fmt: skip
    page.get_by_label("登录密码").fill(PASSWORD)
    office.press("签署并送达")
    expect(page.get_by_role("alert").first).to_contain_text("没有保存")
    part.get_by_label("处理意见").fill(blame.PROPOSAL)
    page.get_by_label("登录密码").fill(PASSWORD)
    office.press("签署并送达")
    expect(page.get_by_text("已出具并送达 1 份问责单")).to_be_visible()
    screenshot(page, "served")
    return LiabilitySheet.objects.get()


def appeal(signer: Person, sheet: LiabilitySheet, proof: Path, screenshot) -> None:
    """On a phone, from the message to the signed answer."""
    page = signer.page
    page.goto("/notices/")
    page.get_by_role("link", name=f"您收到质量问责单 {sheet.number}").first.click()
    expect(page.get_by_text("请陈述申辩或确认无异议")).to_be_visible()
    keeps_to_its_width(page)
    screenshot(page, "sheet-on-a-phone")
    signer.press("陈述申辩", role="link")
    page.get_by_label("陈述申辩", exact=True).first.check()
    page.locator("textarea[name=text]").fill(APPEAL)
    page.set_input_files("input[name=files]", proof)
    page.get_by_label("登录密码").fill(PASSWORD)
    keeps_to_its_width(page)
    signer.press("签署并提交")
    expect(page.get_by_text("已申辩，待决定")).to_be_visible()


def decide(executive: Person, sheet: LiabilitySheet, screenshot) -> None:
    page = executive.page
    page.goto(f"/liability/sheets/{sheet.pk}/")
    executive.press("作出处理决定", role="link")
    expect(page.get_by_text(APPEAL)).to_be_visible()
    page.get_by_label("听证、核查情况").fill("已核查竣工图接收单原件，部分采纳。")
    page.get_by_label("变更处理意见").check()
    page.get_by_label("处理决定").fill(DECISION)
    page.get_by_label("登录密码").fill(PASSWORD)
    screenshot(page, "decision")
    executive.press("签署决定")
    expect(page.get_by_text("处理决定已签署")).to_be_visible()
    screenshot(page, "decided")


def test_a_finding_becomes_a_sheet_for_who_signed_none_and_is_appealed_and_decided(
    cast, finding, person, tmp_path, screenshot
):
    sheet = propose(person(cast.quality_office), finding, screenshot)
    assert (sheet.person, sheet.share) == (cast.verifier, "direct")
    proof = tmp_path / "竣工图接收单.pdf"
    proof.write_bytes(flow.pdf_file().read())
    signer = person(cast.verifier, PHONE)
    appeal(signer, sheet, proof, screenshot)
    decide(person(cast.executive), sheet, screenshot)
    sheet.refresh_from_db()
    assert (sheet.state, sheet.outcome) == (SheetState.DECIDED, "changed")
    signer.page.goto("/liability/mine/")
    signer.page.get_by_role("link", name=sheet.number).click()
    with signer.page.expect_download() as download:
        signer.press("下载问责单（PDF）", role="link")
    text = text_of(Path(download.value.path()).read_bytes())
    for words in (sheet.number, "直接责任（应说明而未说明）", APPEAL, "变更处理意见", DECISION):
        assert words in text
    colleague = person(cast.checker)
    colleague.page.goto(f"/liability/sheets/{sheet.pk}/")
    expect(colleague.page.get_by_text(sheet.number)).to_have_count(0)
    # The inspection was written straight into the database; everything of the case is on record.
    assert [problem for problem in checks.verify().problems if "问责" in problem] == []
