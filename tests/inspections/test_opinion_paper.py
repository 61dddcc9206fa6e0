"""质量检查书面意见 and 整改回复单 on paper: everything that they have to say, nothing of what is nobody's business, the same bytes."""

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from feedback import services as feedback_services
from inspections import printouts
from inspections.choices import AccidentSource, Kind, Side
from inspections.models import Accident, Opinion
from inspections.services import concluding
from scoring.content import figure
from tests.feedback import telling
from tests.inspections import kit
from tests.reviews.papers import is_inside, pages_of, poppler, squeezed, text_of

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year
A4 = 595.28
HOSTILE = "<img src=file:///etc/hostname>&amp;\"'"
LONG = "经抽查土建工程量计算底稿，第 3 层梁柱节点钢筋搭接长度按定额说明应取 35d，底稿取 48d，且未说明依据；"


def assert_tells(text: str, *facts) -> None:
    assert [fact for fact in facts if squeezed(str(fact)) not in text] == []


def stored(of) -> bytes:
    with default_storage.open(of.opinion.pdf) as file:
        return file.read()


# ── 书面意见 ─────────────────────────────────────────────────────────────────
def test_opinion_tells_everything(cast, project):
    second = kit.inspector(cast)
    of = kit.inspection(cast, project, cast.quality_office, second, note="查三级复核留痕")
    item = kit.deduction(of)
    kit.hit(of, item, "2", place="流程单 第 2 页", requirement="补齐复核签署", severity="serious")
    kit.hit(
        of, kit.deduction(of, is_veto=True), problem="签署为他人代签", severity="major", requirement="重新逐级审签"
    )
    kit.finding(of, problem="档案目录未编页码", needs_rectification=False, amount=None)
    of = kit.issue(
        cast, kit.discuss(cast, kit.finish(of, conclusion="三级复核流于形式", is_serious=True), agrees=False)
    )
    sheet, opinion, text = of.score_sheet, of.opinion, text_of(stored(of))
    assert_tells(
        text, "华衡工程造价咨询有限公司", "质量检查书面意见", f"意见编号：{opinion.number}", project.name, project.number, "造价一所",
        project.client.name, "结算审核", of.number, "不定期检查", "查三级复核留痕", "质量办（组长）、检查员乙", str(of.standard),
    )  # fmt: skip
    # The score with grade, marks, what set it, and what was hit.
    assert_tells(
        text, "59 分 不合格", "60", "80", "80 分以上（不含 80 分）为优良", "低于 60 分为不合格", "总分按上限 59 分计"
    )
    assert_tells(
        text,
        f"{item.text}：2 处，扣 {figure(2 * item.points)} 分",
        kit.deduction(of, is_veto=True).text,
        "评分人：质量办",
    )
    for row in sheet.snapshot:
        assert_tells(text, row["title"])
    # The problems.
    assert_tells(
        text, "共 3 条（一般 1 条，严重 1 条，重大 1 条），须整改 2 条；涉及金额合计 2,401.00 元", "流程单 第 2 页", "补齐复核签署", "签署为他人代签",
        "重新逐级审签", "档案目录未编页码", "不须整改", "1,200.50",
    )  # fmt: skip
    assert text.count("须整改") >= 3
    # Both sides, the conclusion, what follows, what is asked for.
    assert_tells(
        text, "检查方意见", "已逐条说明扣分依据。", "被检方意见", "对检查结果有异议", "情况属实，按要求整改。", "三级复核流于形式", "认定问题严重",
        f"列入 {YEAR + 1} 年度质量检查复查：检查结论为不合格、问题严重", "收到本意见之日起 10 日历天内", "逐条回复整改意见和整改情况",
    )  # fmt: skip
    # The signature.
    assert_tells(text, str(cast.quality_office.certificates.get()), opinion.digest[:12], "签收人")


def test_good_result_without_problems_asks_only_for_the_receipt(cast, project):
    text = text_of(stored(kit.concluded(cast, project, findings=0)))
    assert_tells(text, "100 分 优良", "未发现问题", "本次检查没有须整改的问题。请被检项目在系统中确认收到本意见。")
    assert "后续事项" not in text
    assert "总分按上限" not in text


def test_opinion_of_a_unit_speaks_of_the_unit(cast):
    text = text_of(stored(kit.concluded(cast, unit=cast.zj1)))
    assert_tells(
        text, "被检单位", "造价一所：", "对贵单位进行了质量检查", "请被检单位在系统中确认收到", "单位质量检查评分标准"
    )
    assert "项目编号" not in text


def test_what_is_reported_upward_is_not_on_the_paper(cast, project):
    flags = {"touches_ethics": True, "causes_loss": True, "harms_reputation": True}
    text = text_of(stored(kit.concluded(cast, project, flags=flags)))
    for word in ("职业道德", "经济损失", "名誉", "上报"):
        assert word not in text


def test_opinion_of_a_special_audit_tells_nothing_of_the_complaint(cast, project):
    complaint = telling.to_handling(cast, telling.complaint())
    complaint = feedback_services.place(
        actor=cast.quality_office, complaint=complaint, turn=complaint.turn, project=project
    )
    of = kit.concluded(cast, project, kind=Kind.SPECIAL_AUDIT, complaint=complaint, note="核查来件所述拖延")
    text = text_of(stored(of))
    assert_tells(text, "专项稽查", "稽查事由", "已登记在案")
    for secret in (complaint.number, complaint.subject, telling.BODY, telling.NAME, "投诉", "举报", "来件所述"):
        assert squeezed(secret) not in text


def test_opinion_of_a_special_audit_names_the_accident_by_number(cast, project):
    accident = Accident.objects.create(
        number="SG-2026-0009", project=project, title="结算错付", happened_on=timezone.localdate(),
        source=AccidentSource.AUDIT, description="多付工程款", registered_by=cast.quality_office,
    )  # fmt: skip
    text = text_of(stored(kit.concluded(cast, project, kind=Kind.SPECIAL_AUDIT, accident=accident)))
    assert_tells(text, "稽查事由", "重大质量事故 SG-2026-0009")
    assert "多付工程款" not in text


def test_rescored_and_recorded_talks_say_so(cast, project):
    of = kit.discuss(cast, kit.discussing(cast, project))
    of = concluding.score_again(actor=cast.quality_office, inspection=of, turn=of.turn, reason="核对后调整")
    of = kit.finish(of)
    concluding.talk(actor=cast.quality_office, inspection=of, turn=of.turn, side=Side.PROJECT, text="电话中表示认可",
                    agrees=True, evidence=kit.photo("通话记录.png"))  # fmt: skip
    concluding.talk(actor=cast.quality_office, inspection=of, turn=of.turn + 1, side=Side.OFFICE, text="已说明")
    text = text_of(stored(kit.issue(cast, kit.now(of))))
    assert text.count("就重新评分以前的结果") == 2
    assert_tells(text, "电话中表示认可", "检查方代为记录，沟通记录：通话记录.png")


def test_clock_that_is_switched_off_is_not_promised(cast, project):
    kit.switch_off_reply_clock(cast)
    text = text_of(stored(kit.concluded(cast, project)))
    assert_tells(text, "并于收到本意见后及时，就上列须整改的问题")
    assert "10日历天" not in text


def test_signature_image_stands_on_it(cast, project):
    buffer = io.BytesIO()
    Image.new("RGB", (240, 90), "navy").save(buffer, "PNG")
    cast.quality_office.signature_image.save("x.png", ContentFile(buffer.getvalue()))
    content = stored(kit.concluded(cast, project))
    listed = poppler("pdfimages", content, "-list").splitlines()[2:]
    assert [line.split()[3:5] for line in listed] == [["240", "90"]]


def test_same_record_gives_the_same_bytes(cast, project):
    of = kit.concluded(cast, project, veto=True)
    again = printouts.opinion_paper(of, Opinion.objects.get(inspection=of))
    assert again == printouts.opinion_paper(of, Opinion.objects.get(inspection=of)) == stored(of)


def test_draft_lies_under_its_mark_and_has_no_number(cast, project):
    of = kit.discuss(cast, kit.discussing(cast, project))
    opinion = Opinion(inspection=of, number="（未签发）", issued_by=cast.quality_office, issued_at=timezone.now())
    text = text_of(printouts.opinion_paper(of, opinion, draft=True))
    assert_tells(text, "草稿", "意见编号：（未签发）")


def test_forty_long_problems_fill_pages_and_leave_none_out(cast, project):
    of = kit.inspection(cast, project)
    for item in (item for part in kit.criteria(of) for item in part.deductions.all()):
        kit.hit(of, item, problem=f"{LONG}{item.pk}号", requirement=LONG, place="土建.xlsx" + "B" * 100)
    while of.findings.count() < 40:
        kit.finding(of, problem="编制说明缺少依据")
    kit.finding(of, problem=f"{LONG * 60}完毕")
    content = stored(kit.issue(cast, kit.discuss(cast, kit.finish(of, conclusion=LONG * 20))))
    text, pages = text_of(content), pages_of(content)
    assert_tells(
        text,
        "共 41 条",
        "完毕",
        "六、签发与送达",
        *(f"{item.deduction_id}号" for item in of.findings.filter(deduction__isnull=False)),
    )
    assert len(pages) > 8
    assert all(f"共{len(pages)}页" in page for page in pages)
    assert is_inside(content, A4)


def test_hostile_words_are_words(cast, project):
    project.name = HOSTILE
    project.save()
    of = kit.inspection(cast, project)
    kit.hit(of, kit.deduction(of), problem=HOSTILE, requirement=HOSTILE, place=HOSTILE)
    of = kit.issue(cast, kit.discuss(cast, kit.finish(of, conclusion=HOSTILE)))
    content = stored(of)
    assert text_of(content).count(squeezed(HOSTILE)) >= 5
    assert poppler("pdfimages", content, "-list").splitlines()[2:] == []


# ── 整改回复单 ────────────────────────────────────────────────────────────────
def test_reply_paper_tells_every_attempt_with_its_recheck(cast, project):
    of = kit.recheck(cast, kit.reply(cast, kit.rectifying_one(cast, project)), failed=[2])
    of = kit.reply(cast, of, shade=150)
    content = printouts.rectification_paper(of)
    text = text_of(content)
    assert_tells(
        text, "整改回复单", of.opinion.number, of.number, project.name, "被检方确认收到", "须整改 2 条，复查通过 1 条", "补签问题 1", "问题 2 已补齐",
        "整改.png", "复核人", "不通过", "签署日期仍不一致", "第 2 次回复", "尚未复查", "按系统记录打印，内容截至",
    )  # fmt: skip
    assert text.count("第1次回复") == 2
    assert is_inside(content, A4)
    assert content == printouts.rectification_paper(kit.now(of))


def test_reply_paper_does_not_tell_what_is_not_handed_in(cast, project):
    of = kit.rectifying_one(cast, project)
    kit.fill(cast, of)
    text = text_of(printouts.rectification_paper(of))
    assert text.count("尚未回复") == 4  # head and line of each of the two
    assert "补签问题" not in text


def test_reply_paper_of_a_delivery_by_the_office_says_so(cast, project):
    of = kit.concluded(cast, project)
    of = kit.rectifying.receive(actor=cast.quality_office, inspection=of, turn=of.turn, received_at=timezone.now(),
                                note="邮件", evidence=kit.photo())  # fmt: skip
    assert_tells(text_of(printouts.rectification_paper(of)), "质量办登记送达")
