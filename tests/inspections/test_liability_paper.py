"""《质量问责单》 on paper: everything of one person, nothing of what the others answer for, within its margins."""

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from inspections.printouts.liability import build, sheet_paper
from reviews.choices import RemarkCategory
from tests.inspections import blame
from tests.reviews import flow
from tests.reviews.papers import is_inside, poppler, squeezed, text_of

pytestmark = pytest.mark.django_db
HOSTILE = "<img src=file:///etc/hostname>&amp;\"'"
A4_WIDTH = 595.28


def assert_tells(text: str, *facts) -> None:
    assert [fact for fact in facts if squeezed(str(fact)) not in text] == []


@pytest.fixture
def sheet(cast, project):
    deliverable = blame.issued(cast, project)
    case = blame.opened(cast, deliverable)
    return blame.served(cast, case, cast.verifier, cast.checker)[0]


def test_paper_tells_facts_walk_proposal_answer_decision_and_digests(cast, project, sheet):
    picture = io.BytesIO()
    Image.new("RGB", (240, 90), "navy").save(picture, "PNG")
    cast.executive.signature_image.save("x.png", ContentFile(picture.getvalue()))
    blame.answered(sheet, "竣工图当时未提供。")
    decided = blame.decided(cast, sheet, outcome="changed", decision="减半处理。", hearing="底稿证实已口头提请。")
    with default_storage.open(decided.pdf) as file:
        content = file.read()
    text, case = text_of(content), decided.case
    assert_tells(
        text, "质量问责单", "华衡工程造价咨询有限公司", decided.number, case.number, project.name, project.number,
        case.deliverable.title, case.round.issue.number, "第 1 轮 · 第 1 版", case.problem, case.document, "工程量", "委托人反映",
        "复核人（T003）", "直接责任（应说明而未说明）", decided.grounds, decided.clause, blame.PROPOSAL, "竣工图当时未提供。",
        "底稿证实已口头提请。", "变更处理意见", "减半处理。", case.walk_sha256, decided.proposal_digest, decided.decision_digest,
        decided.signature.digest, "声明“无”，未作说明", "签发，不在三级复核范围内",
    )  # fmt: skip
    for step in case.walk:
        assert_tells(text, step["name"])
    assert is_inside(content, A4_WIDTH)
    assert "navy" not in text
    assert "image" in poppler("pdfimages", content, "-list")


def test_paper_says_nothing_of_what_colleagues_answer_for(cast, sheet):
    other = sheet.case.sheets.get(person=cast.checker)
    text = text_of(sheet_paper(blame.fresh(sheet)))
    assert other.number not in text
    assert squeezed("由专业负责人负直接责任") not in text
    assert text.count(squeezed("直接责任（应说明而未说明）")) == 1


def test_before_the_decision_it_is_a_draft_with_what_there_is(cast, sheet):
    text = text_of(sheet_paper(blame.fresh(sheet)))
    assert_tells(text, "草稿", "尚未陈述申辩", "尚未作出决定", "待陈述申辩，尚未决定")
    blame.answered(sheet)
    text = text_of(sheet_paper(blame.fresh(sheet)))
    assert_tells(text, "无异议", "本人对上述事实依据和处理意见无异议。", "本人无异议，尚未决定")


def test_same_record_gives_the_same_bytes_and_markup_is_text(cast, project):
    deliverable = flow.submit(flow.open_deliverable(cast, project, title=f"成果{HOSTILE}")).deliverable
    case = blame.opened(cast, deliverable, problem=HOSTILE * 40, document=HOSTILE[:20])
    (sheet,) = blame.served(cast, case, cast.preparer, grounds=HOSTILE * 100, clause=HOSTILE, proposal="长" * 3000)
    sheet = blame.fresh(sheet)
    content = sheet_paper(sheet)
    assert content == sheet_paper(sheet)
    assert squeezed(HOSTILE) in text_of(content)
    assert is_inside(content, A4_WIDTH)
    assert len(poppler("pdftotext", content).split("\f")) > 3


def test_every_category_explains_its_rule(cast, project):
    deliverable = flow.submit(flow.open_deliverable(cast, project)).deliverable
    for category in RemarkCategory:
        case = blame.opened(cast, deliverable, category=category, problem=category.label)
        (sheet,) = blame.served(cast, case, cast.preparer, share="prepared", clause="由复核人员承担责任。")
        assert f"涉及“{category.label}”的核查事项" in build(blame.fresh(sheet)).rule
