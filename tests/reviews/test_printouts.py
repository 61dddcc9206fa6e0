"""质量控制流程单 and 校审记录单 on paper: everything that §3 lists, drafts marked, issued ones kept."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image

from ledger.models import Entry
from printing import images
from reviews import printouts, services
from reviews.choices import RemarkCategory, Severity
from reviews.models import Round
from tests.reviews import flow
from tests.reviews.papers import is_inside, pages_of, poppler, squeezed, text_of

HOSTILE = "<img src=file:///etc/hostname>&amp;\"'"


def assert_tells(text: str, *facts) -> None:
    missing = [fact for fact in facts if squeezed(str(fact)) not in text]
    assert missing == []


@pytest.fixture
def signature_image(cast):
    """审核人 has a signature image."""
    buffer = io.BytesIO()
    Image.new("RGB", (240, 90), "navy").save(buffer, "PNG")
    cast.approver.signature_image.save("x.png", ContentFile(buffer.getvalue()))
    return buffer.getvalue()


@pytest.fixture
def issued(cast, project, signature_image):
    """A deliverable that was sent back once, remarked, answered twice, scored 86.5 and issued."""
    project.contract_number, project.contract_amount = "HT-2026-018", Decimal("125000000.00")
    project.planned_start_on, project.planned_finish_on = date(2026, 3, 1), date(2026, 12, 31)
    project.save()
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.send_back(deliverable, reason="送审资料缺竣工图")
    flow.start_version(deliverable, note="补充竣工图")
    flow.upload(deliverable, name="土建结算审核报告（第二稿）.pdf", mark="2")
    flow.submit(deliverable, unresolved=["甲供材未确认"], declares_no_unresolved=False)
    flow.draft_remark(deliverable, problem="垫层工程量应为 128.64 m³", severity=Severity.SERIOUS)
    flow.draft_remark(deliverable, problem="规费费率有误", category=RemarkCategory.FEES, amount_affected=None)
    flow.return_remarks(deliverable)
    flow.answer(deliverable)
    flow.recheck_all(deliverable, passed=False)
    flow.return_remarks(deliverable)
    flow.answer(deliverable)
    flow.recheck_all(deliverable)
    items = list(flow.live(deliverable).level.checklist.all())
    answers = {item.pk: ("yes", "") for item in items}
    answers[items[1].pk], answers[items[2].pk] = ("no", "缺 2026 年信息价"), ("na", "")
    flow.sign(deliverable, checklist=answers, amount=Decimal("948000.00"), opinion="校核无误，同意提交复核")
    flow.sign(deliverable, amount=Decimal("948000.00"), attention=["请看签证 QZ-014"], declares_no_attention=False)
    flow.sign(deliverable, amount=Decimal("945500.50"), hits=flow.hits_losing(Decimal("13.5")))
    flow.issue(deliverable)
    return deliverable.rounds.get(state="issued")


def stored(path: str) -> bytes:
    with default_storage.open(path) as file:
        return file.read()


# ── What the papers say ─────────────────────────────────────────────────────
def test_flow_sheet_tells_everything(cast, issued, project):
    content = stored(issued.issue.flow_sheet)
    text = text_of(content)
    assert_tells(
        text, "工程造价咨询业务质量控制流程单", "华衡工程造价咨询有限公司", project.number, project.name, project.client.name,
        "结算审核", "HT-2026-018", "125,000,000.00 元", "2026年3月1日 至 2026年12月31日", issued.deliverable.title, "第 2 版", "第 2 轮",
    )  # fmt: skip
    # Amounts per step, with differences.
    assert_tells(text, "1,000,000.00", "960,000.00", "−40,000.00", "−4.00%", "948,000.00", "945,500.50", "−2,499.50")
    # Each level: what was answered, said, stated and overridden, and who signed.
    assert_tells(
        text, "编制与自校", "是 5 项，否 1 项，不适用 1 项", "说明：缺 2026 年信息价", "校核无误，同意提交复核", "甲供材未确认", "请看签证 QZ-014",
        "无（签署人声明）", "已阅系统提示", "校核核查为“否”",
    )  # fmt: skip
    for person in (cast.preparer, cast.checker, cast.verifier, cast.approver, cast.chief_engineer):
        assert_tells(text, person.name)
    assert_tells(text, str(cast.checker.certificates.get()))
    # Score, issue, evidence.
    assert_tells(text, "86.5", "优良", "评分人：审核人", issued.issue.number, issued.issue.verification_code)
    for file in issued.version.attachments.all():
        assert_tells(text, file.name, file.sha256)
    assert_tells(text, issued.version.manifest_sha256)
    head = Entry.objects.about(issued.deliverable).exclude(action="review.issue").last()
    assert_tells(text, f"第 {head.number} 行", head.hash)
    assert_tells(text, "送审资料缺竣工图", "已退回（校核）")
    # The one signature image; the others' names in a letter of their own.
    listed = poppler("pdfimages", content, "-list").splitlines()[2:]
    assert [line.split()[3:5] for line in listed] == [["240", "90"]]
    assert "Noto-Serif-CJK-SC" in poppler("pdffonts", content)


def test_review_record_tells_every_remark_with_answers_and_rechecks(cast, issued):
    text = text_of(stored(issued.issue.review_record))
    assert_tells(
        text, "校审记录单", "垫层工程量应为 128.64 m³", "规费费率有误", "土建.xlsx 第 36 行", "工程量", "取费", "严重", "−12,000.00",
        "说明，不修改", "按合同约定计算，详见底稿", "复查未通过", "仍不符", "复查通过", "已关闭", "校核意见（2 条）", issued.issue.number,
    )  # fmt: skip
    assert text.count("按合同约定计算，详见底稿") == 4
    assert_tells(text, cast.preparer.name, cast.checker.name, cast.verifier.name, cast.approver.name)


def test_qr_code_of_both_papers_leads_to_the_verification_page(issued, settings, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "reviews.printouts.parts.qr_data_uri", lambda text: drawn.append(text) or images.qr_data_uri(text)
    )
    settings.SITE_URL = "https://qc.example.com"
    printouts.flow_sheet(issued, issued.issue)
    content = printouts.review_record(issued, issued.issue)
    address = "https://qc.example.com" + reverse("reviews:verify", args=[issued.issue.verification_code])
    assert drawn == [address, address]
    assert_tells(text_of(content), address)


def test_missing_signature_image_does_not_stop_the_issue(cast, project, signature_image):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    default_storage.delete(cast.approver.signature_image.name)
    flow.sign_all(deliverable)
    round = flow.issue(deliverable)
    assert_tells(text_of(stored(round.issue.flow_sheet)), cast.approver.name)


def test_exemption_is_told_with_its_reason(cast, project):
    deliverable = flow.open_deliverable(cast, project, has_calculation=False, submitted_amount=None, draft_amount=None)
    flow.submit(deliverable)
    round = flow.live(deliverable)
    services.exempt_level(
        actor=cast.approver, round=round, turn=round.turn, level=round.level, reason="仅为文字说明，无计量计算",
        confirmation=flow.confirmed(cast.approver),
    )  # fmt: skip
    text = text_of(printouts.flow_sheet(flow.live(deliverable)))
    assert_tells(text, "经批准免除本级", "仅为文字说明，无计量计算", cast.approver.name, "本成果不涉及金额", "免签")


def test_panel_opinions_stand_beside_the_conclusion(cast, major_project):
    deliverable = flow.open_deliverable(cast, major_project)
    flow.submit(deliverable)
    flow.sign_all(deliverable)
    text = text_of(printouts.flow_sheet(flow.live(deliverable)))
    assert_tells(
        text,
        "专家评审（专家 1）",
        "专家评审（专家 2）",
        "专家甲",
        "专家乙",
        "本人作为评审专家的意见",
        "专家评审组意见，以本意见为准",
    )


def test_revoked_signature_stays_on_paper(cast, project):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.sign(deliverable)
    round = flow.live(deliverable)
    services.revoke(actor=cast.checker, round=round, turn=round.turn, reason="漏看一处")
    assert_tells(text_of(printouts.flow_sheet(flow.live(deliverable))), "撤回的签署", "校核 校核人 于")


def test_unsent_remark_is_not_printed(cast, project):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.draft_remark(deliverable, problem="尚未发出的意见")
    text = text_of(printouts.review_record(flow.live(deliverable)))
    assert "尚未发出的意见" not in text
    assert "各级审签均未提出意见" in text


# ── How they are made ───────────────────────────────────────────────────────
def test_draft_is_marked_on_every_page_and_carries_no_code(cast, project):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    round = flow.live(deliverable)
    for content in (printouts.flow_sheet(round), printouts.review_record(round)):
        pages = pages_of(content)
        assert all("草稿，未签发，不得对外提供" in page for page in pages)
        assert all(page.count("草") >= 2 for page in pages)  # the footer's and the one across the page
        assert "verify" not in "".join(pages)


def test_issued_papers_embed_their_fonts_and_bear_no_draft_mark(issued):
    for path in (issued.issue.flow_sheet, issued.issue.review_record):
        fonts = poppler("pdffonts", stored(path)).splitlines()[2:]
        assert fonts
        assert all("yes yes yes" in font for font in fonts)
        assert "草稿" not in text_of(stored(path))


def test_same_record_gives_the_same_bytes(issued):
    fresh = Round.objects.get(pk=issued.pk)
    assert printouts.review_record(fresh, fresh.issue) == stored(issued.issue.review_record)
    assert printouts.flow_sheet(fresh, fresh.issue) == printouts.flow_sheet(fresh, fresh.issue)


def test_draft_of_an_unchanged_record_gives_the_same_bytes(cast, project):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    assert printouts.flow_sheet(flow.live(deliverable)) == printouts.flow_sheet(flow.live(deliverable))


def test_hostile_text_is_printed_and_nothing_is_fetched(cast, project, monkeypatch):
    opened = []
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *args, **kwargs: opened.append(args))
    project.name = project.contract_number = project.client.name = cast.verifier.name = HOSTILE
    for row in (project, project.client, cast.verifier):
        row.save()
    deliverable = flow.open_deliverable(cast, project, title=HOSTILE)
    flow.submit(deliverable, opinion=HOSTILE, unresolved=[HOSTILE], declares_no_unresolved=False)
    flow.draft_remark(deliverable, problem=HOSTILE, place=HOSTILE)
    flow.return_remarks(deliverable)
    round = flow.live(deliverable)
    answers = {remark.pk: ("explained", HOSTILE) for remark in deliverable.remarks.all()}
    services.answer_remarks(actor=cast.preparer, round=round, turn=round.turn, answers=answers)
    round, remark = flow.live(deliverable), deliverable.remarks.get()
    services.recheck_remark(actor=cast.checker, remark=remark, turn=round.turn, passed=True, text=HOSTILE)
    item = flow.live(deliverable).level.checklist.first()
    answered = {i.pk: ("yes", "") for i in item.level.checklist.all()} | {item.pk: ("no", HOSTILE)}
    flow.sign(deliverable, checklist=answered, attention=[HOSTILE], declares_no_attention=False)
    flow.send_back(deliverable, reason=HOSTILE)
    round = flow.live(deliverable)
    sheet = printouts.flow_sheet(round)
    former = printouts.flow_sheet(deliverable.rounds.get(number=1))
    record = printouts.review_record(round)
    assert opened == []
    # project name, contract, client, title and the reason for sending back
    assert text_of(sheet).count(squeezed(HOSTILE)) >= 5
    # … and opinion, unresolved, attention, checklist note
    assert text_of(former).count(squeezed(HOSTILE)) >= 8
    # project name, client, title, place, problem, answer, re-check
    assert text_of(record).count(squeezed(HOSTILE)) >= 7
    for content in (sheet, former, record):
        assert poppler("pdfimages", content, "-list").splitlines()[2:] == []


@pytest.mark.parametrize("character", ["工", "a"])
def test_very_long_text_wraps_and_keeps_the_layout(cast, project, character):
    long = character * 5000
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable, opinion=long)
    flow.draft_remark(deliverable, problem=long)
    flow.return_remarks(deliverable)
    round = flow.live(deliverable)
    for content, width in ((printouts.flow_sheet(round), 595.3), (printouts.review_record(round), 841.9)):
        assert text_of(content).count(character) >= 5000
        assert is_inside(content, width)


def test_rare_names_are_drawn(cast, project):
    cast.preparer.name, cast.checker.name = "陈䶮", "𠮷㛃𬭎"
    cast.preparer.save()
    cast.checker.save()
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.sign(deliverable)
    content = printouts.flow_sheet(flow.live(deliverable))
    assert_tells(text_of(content), "陈䶮", "𠮷㛃𬭎")
    names = [line.split()[0] for line in poppler("pdffonts", content).splitlines()[2:]]
    assert all("Noto-S" in name for name in names)


def test_many_remarks_repeat_the_table_head(cast, project):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    for number in range(30):
        flow.draft_remark(deliverable, problem=f"第 {number} 处工程量与图纸不符，计算底稿未附计算式")
    flow.return_remarks(deliverable)
    pages = pages_of(printouts.review_record(flow.live(deliverable)))
    with_remarks = [page for page in pages if "处工程量与图纸不符" in page]
    assert len(with_remarks) >= 3
    assert all("编制人处理与回复" in page for page in with_remarks)


# ── Who may have them ───────────────────────────────────────────────────────
@pytest.fixture
def kept(cast, project, monkeypatch):
    """An issued round whose papers were not worth drawing: what is stored is the subject here."""
    monkeypatch.setattr("printing.pdf.render", lambda template, *args, **kwargs: b"%PDF-1.7 " + template.encode() * 20)
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.sign_all(deliverable)
    return flow.issue(deliverable)


PAPERS = ["reviews:flow_sheet", "reviews:review_record"]


@pytest.mark.parametrize("name", PAPERS)
def test_draft_is_downloaded_by_whoever_sees_the_project(cast, project, log_in, name):
    deliverable = flow.open_deliverable(cast, project)
    response = log_in(cast.preparer).get(reverse(name, args=[flow.live(deliverable).pk]))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert "草稿" in text_of(response.content)


@pytest.mark.parametrize("name", PAPERS)
def test_paper_of_a_project_that_one_may_not_see_does_not_exist(cast, project, log_in, client, name):
    deliverable = flow.open_deliverable(cast, project)
    address = reverse(name, args=[flow.live(deliverable).pk])
    assert client.get(address).status_code == 302
    assert log_in(cast.outsider).get(address).status_code == 404
    assert log_in(cast.preparer).post(address).status_code == 405


def test_issued_paper_is_what_was_stored(cast, kept, log_in, monkeypatch):
    monkeypatch.setattr("printing.pdf.render", lambda *args, **kwargs: pytest.fail("rendered again"))
    client = log_in(cast.preparer)
    response = client.get(reverse("reviews:flow_sheet", args=[kept.pk]))
    assert response.content == stored(kept.issue.flow_sheet)
    response = client.get(reverse("reviews:review_record", args=[kept.pk]), {"inline": "1"})
    assert response.content == stored(kept.issue.review_record)
    assert response["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_issued_paper_that_is_no_longer_itself_is_not_given_out(cast, kept, log_in, damage):
    path = default_storage.path(kept.issue.flow_sheet)
    if damage == "changed":
        content = bytearray(stored(kept.issue.flow_sheet))
        content[200] ^= 1
        with open(path, "wb") as file:
            file.write(content)
    else:
        default_storage.delete(kept.issue.flow_sheet)
    response = log_in(cast.preparer).get(reverse("reviews:flow_sheet", args=[kept.pk]))
    assert response.status_code == 500
    assert "与签发时不一致" in response.content.decode()
    assert b"%PDF" not in response.content
