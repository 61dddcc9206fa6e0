"""A problem that an inspection finds in a deliverable: traced to the level-2 signer who signed 无, who appeals, and decided."""

import pytest
from playwright.sync_api import expect

from inspections.models import Inspection, LiabilitySheet
from ledger import checks
from projects.models import Deliverable
from scoring.models import Deduction
from tests.inspections import kit
from tests.journeys.inspecting import done, files, pdf_text, sign
from tests.journeys.people import PHONE, Person, unread
from tests.reviews import flow

pytestmark = pytest.mark.django_db(transaction=True)

PROBLEM = "垫层工程量应为 128.64 m³，成果为 141.14 m³，多计 12.5 m³。"
PROPOSAL = "批评教育，扣减当月绩效；金额按公司制度执行。"
APPEAL = "复核时竣工图尚未提供，已口头提请重点复核垫层工程量。"
DECISION = "竣工图接收时间晚于复核签署时间，减轻处理：批评教育。"


def find_it(office: Person, inspection: Inspection, deliverable: Deliverable, screenshot) -> None:
    """On the score sheet: the problem, with the deliverable and the file that it was found in."""
    page = office.page
    office.page.get_by_role("row").filter(has_text=inspection.number).get_by_role("link", name="办理").click()
    expect(page.locator("[data-saved].is-saved")).to_be_visible()  # the script is there
    row = page.locator(f"#d{Deduction.objects.get(criterion__standard=inspection.standard, text='工程量计算有误').pk}")
    row.get_by_role("button", name="增加一处").click()
    expect(page.locator("[data-saved]")).to_contain_text("已全部保存")
    row.get_by_role("link", name="登记问题").click()
    page.locator("[name=problem]").fill(PROBLEM)
    page.get_by_label("涉及金额（元）").fill("86400")
    page.get_by_label("成果文件", exact=True).select_option(label=str(deliverable))
    page.get_by_label("成果附件").select_option(index=1)
    page.locator("[name=place]").fill("土建第 36 行")
    page.locator("[name=evidence]").set_input_files(files("竣工图.png"))
    screenshot(page, "problem")
    office.press("保存问题")
    done(office, "已登记问题")


def conclude(cast, inspection: Inspection) -> None:
    kit.finish(kit.now(inspection))
    kit.issue(cast, kit.discuss(cast, kit.now(inspection)))


def propose(office: Person, inspection: Inspection, screenshot) -> LiabilitySheet:
    """From the problem to the one sheet that is served."""
    page = office.page
    page.goto(f"/inspections/{inspection.pk}/")
    screenshot(page, "concluded")
    office.press("提起问责", "link")
    page.get_by_label("问题类别").select_option(label="工程量")
    screenshot(page, "open-case")
    office.press("提起并追溯签署")
    done(office, "已提起问责")
    screenshot(page, "walk")
    row = page.get_by_role("row").filter(has=page.get_by_role("cell").first.get_by_text("复核", exact=True))
    expect(row).to_contain_text("声明“无”，未作说明")
    expect(row).to_contain_text("直接责任（应说明而未说明）")
    office.press("出具问责单", "link")
    expect(page.get_by_role("button", name="签署并送达")).to_be_visible()  # the last thing on the page
    for part in page.locator("section.sheet-row").all():
        is_meant = part.get_by_role("heading", name="复核", exact=False).filter(has_text="复核人").count() > 0
        part.get_by_label("出具问责单").set_checked(is_meant)
        if is_meant:
            part.get_by_label("处理意见").fill(PROPOSAL)
    screenshot(page, "propose")
    sign(office, "签署并送达")
    done(office, "已出具并送达 1 份问责单")
    return LiabilitySheet.objects.get()


def appeal(signer: Person, sheet: LiabilitySheet, screenshot) -> None:
    """On a phone: the message, the sheet, the words, the proof."""
    page = signer.page
    assert any(sheet.number in title for title in unread(signer))
    page.get_by_role("link", name=sheet.number).first.click()
    screenshot(page, "sheet")
    signer.press("陈述申辩", "link")
    page.get_by_label("陈述申辩", exact=True).first.check()
    page.locator("textarea[name=text]").fill(APPEAL)
    page.locator("[name=files]").set_input_files(files("竣工图接收单.png"))
    screenshot(page, "appeal")
    sign(signer, "签署并提交")
    done(signer, "已提交")


def decide(executive: Person, sheet: LiabilitySheet, screenshot) -> None:
    page = executive.page
    screenshot(page, "executive-first-screen")
    executive.go_to("质量问责")
    screenshot(page, "cases")
    page.get_by_role("link", name=sheet.person.name).click()
    executive.press("作出处理决定", "link")
    expect(page.get_by_text(APPEAL)).to_be_visible()
    page.get_by_label("听证、核查情况").fill("已听取本人陈述，核查竣工图接收单原件，部分采纳。")
    page.get_by_label("变更处理意见").check()
    page.get_by_label("处理决定").fill(DECISION)
    screenshot(page, "decide")
    sign(executive, "签署决定")
    done(executive, "处理决定已签署")
    screenshot(page, "decided")


def test_finding_becomes_the_sheet_of_who_signed_none_who_appeals_and_is_told_the_decision(
    cast, project, person, screenshot, tmp_path
):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.sign_all(deliverable)
    flow.issue(deliverable)
    inspection = kit.inspection(cast, project)
    office = person(cast.quality_office)
    find_it(office, inspection, deliverable, screenshot)
    conclude(cast, inspection)

    sheet = propose(office, inspection, screenshot)
    assert (sheet.person, sheet.share) == (cast.verifier, "direct")
    signer = person(cast.verifier, PHONE)
    appeal(signer, sheet, screenshot)
    decide(person(cast.executive), sheet, screenshot)

    assert any("已作出决定：变更处理意见" in title for title in unread(signer))
    screenshot(signer.page, "told")
    signer.page.get_by_role("link", name=sheet.number).first.click()
    screenshot(signer.page, "signer-reads-the-decision")
    text = "".join(pdf_text(signer.page, "下载问责单（PDF）", tmp_path / "sheet.pdf").split())
    for words in (sheet.number, "复核人", "负直接责任", PROBLEM, APPEAL, "变更处理意见", DECISION):
        assert "".join(words.split()) in text, words

    colleague = person(cast.checker)
    for address in (
        f"/liability/sheets/{sheet.pk}/",
        f"/liability/sheets/{sheet.pk}/sheet.pdf",
        f"/liability/{sheet.case_id}/",
    ):
        assert colleague.page.goto(address).status == 404, address
    colleague.page.goto("/liability/mine/")
    expect(colleague.page.get_by_text("没有问责单")).to_be_visible()
    assert checks.verify().problems == []
