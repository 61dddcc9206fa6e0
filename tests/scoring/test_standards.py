"""The seeded standards, giving a score, copying and publishing; what is published stays as it is."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction

from ledger.models import Entry
from scoring import queries, services
from scoring.choices import Purpose
from scoring.content import problems
from scoring.models import Criterion, Deduction, ScoreSheet, Standard
from tests.scoring import kit

pytestmark = pytest.mark.django_db


@pytest.fixture
def standard(db):
    return Standard.objects.current(Purpose.DELIVERABLE)


def item(standard, text: str) -> Deduction:
    return Deduction.objects.get(criterion__standard=standard, text__contains=text)


# ── The sample ──────────────────────────────────────────────────────────────
def test_sample_standard_is_published_and_labelled(standard):
    assert standard.is_sample
    assert standard.version == 1
    maxima = {criterion.title: criterion.maximum for criterion in standard.criteria.all()}
    assert maxima == {
        "委托与准备": 10,
        "依据资料": 15,
        "过程与底稿": 20,
        "三级复核与流程单": 20,
        "成果准确性": 25,
        "时效·归档·保密廉政": 10,
    }


@pytest.mark.parametrize("purpose", [Purpose.DELIVERABLE, Purpose.INSPECTION])
def test_sample_standards_have_the_four_kinds_of_veto(purpose):
    standard = Standard.objects.current(purpose)
    texts = Deduction.objects.filter(is_veto=True, criterion__standard=standard).values_list("text", flat=True)
    vetoes = " ".join(texts)
    assert all(words in vetoes for words in ("缺签名", "三级复核未完成即出具成果", "误差率", "伪造"))


@pytest.mark.parametrize("purpose", Purpose)
def test_samples_are_fit_to_be_published_and_say_that_they_are_samples(purpose):
    sample = queries.content_of(Standard.objects.current(purpose))
    assert problems(sample) == []
    assert sample.is_sample
    assert "（示例）" in sample.title


def test_every_criterion_of_the_sample_can_be_lost_in_caps_that_fit(standard):
    for criterion in standard.criteria.all():
        assert criterion.deductions.count() >= 3
        assert all(d.cap is None or d.points <= d.cap <= criterion.maximum for d in criterion.deductions.all())


def test_86_5_is_reached_and_good(standard, cast):
    hits = {
        item(standard, "工程量计算有误").pk: Decimal(4),
        item(standard, "漏项").pk: Decimal(2),
        item(standard, "会议纪要").pk: Decimal(3),
        item(standard, "填写不全").pk: Decimal(2),
        item(standard, "文字差错").pk: Decimal(1),
    }
    total, grade, is_vetoed, _ = services.compute(standard, hits)
    assert (total, grade, is_vetoed) == (Decimal("86.50"), "优良", False)


# ── Giving a score ──────────────────────────────────────────────────────────
def test_score_keeps_a_snapshot_and_freezes_the_standard(standard, cast, project):
    hits = {item(standard, "流程单缺签名").pk: Decimal(1)}
    sheet = services.give_score(scorer=cast.approver, subject=project, standard=standard, hits=hits)
    assert (sheet.total, sheet.grade, sheet.is_vetoed) == (Decimal("59.00"), "不合格", True)
    assert len(sheet.snapshot) == 6
    standard.refresh_from_db()
    assert standard.frozen_at


def test_snapshot_survives_the_next_version(standard, cast, project):
    sheet = services.give_score(scorer=cast.approver, subject=project, standard=standard, hits={})
    kit.published(
        cast.quality_office, kit.saved(cast.quality_office, kit.copied(cast.quality_office, standard), kit.content())
    )
    sheet.refresh_from_db()
    assert sheet.snapshot[0]["title"] == "委托与准备"
    assert sheet.standard == standard


def test_score_by_items_of_another_standard_is_refused(standard, cast, project):
    draft = services.copy_standard(actor=cast.quality_office, standard=standard)
    foreign = {Deduction.objects.filter(criterion__standard=draft).first().pk: Decimal(1)}
    with pytest.raises(ValidationError, match="不属于当前评分标准"):
        services.compute(standard, foreign)


def test_score_by_a_draft_is_refused(standard, cast, project):
    draft = services.copy_standard(actor=cast.quality_office, standard=standard)
    with pytest.raises(ValidationError, match="尚未发布"):
        services.give_score(scorer=cast.approver, subject=project, standard=draft, hits={})


def test_negative_hits_are_refused(standard):
    with pytest.raises(ValidationError, match="负数"):
        services.compute(standard, {item(standard, "漏项").pk: Decimal(-1)})


@pytest.mark.parametrize(
    "change", [lambda: ScoreSheet.objects.update(total=100), lambda: ScoreSheet.objects.all().delete()]
)
def test_given_score_is_never_changed_or_deleted(standard, cast, project, change):
    services.give_score(scorer=cast.approver, subject=project, standard=standard, hits={item(standard, "漏项").pk: 1})
    with pytest.raises(DatabaseError), transaction.atomic():
        change()
    assert ScoreSheet.objects.get().total == 98


# ── Publishing and copying ──────────────────────────────────────────────────
def test_copy_is_a_draft_with_the_same_content(standard, cast):
    draft = services.copy_standard(actor=cast.quality_office, standard=standard)
    assert (draft.version, draft.published_at) == (2, None)
    assert Standard.objects.current(Purpose.DELIVERABLE) == standard

    def content(of):
        return list(
            Deduction.objects.filter(criterion__standard=of)
            .order_by("criterion__order", "order")
            .values_list("criterion__title", "criterion__maximum", "order", "text", "points", "cap", "is_veto")
        )

    assert content(draft) == content(standard)


def test_published_copy_is_in_force_and_whole_in_the_ledger(standard, cast):
    draft = services.copy_standard(actor=cast.quality_office, standard=standard)
    kit.published(cast.quality_office, draft)
    assert Standard.objects.current(Purpose.DELIVERABLE) == draft
    entry = Entry.objects.order_by("-number").first()
    assert entry.action == "standard.publish"
    assert "流程单缺签名" in entry.data


def test_standard_that_does_not_add_up_to_100_is_not_published(standard, cast):
    draft = services.copy_standard(actor=cast.quality_office, standard=standard)
    Criterion.objects.filter(standard=draft, order=1).update(maximum=11)
    with pytest.raises(ValidationError, match="应为 100 分"):
        kit.published(cast.quality_office, draft)
    draft.refresh_from_db()
    assert draft.is_draft


def test_standard_is_published_once(standard, cast):
    draft = kit.copied(cast.quality_office, standard)
    seen = {"turn": draft.turn, "against": draft.version}
    kit.published(cast.quality_office, draft)
    with pytest.raises(ValidationError, match="发布，不能再修改"):
        services.publish_standard(actor=cast.quality_office, standard=draft, **seen)


def test_draft_that_was_changed_after_it_was_looked_at_is_not_published(standard, cast):
    draft = kit.copied(cast.quality_office, standard)
    seen = draft.turn
    kit.saved(cast.quality_office, draft, kit.content())
    with pytest.raises(ValidationError, match="修改"):
        services.publish_standard(actor=cast.quality_office, standard=draft, turn=seen, against=standard.version)
    draft.refresh_from_db()
    assert draft.is_draft


def test_draft_is_not_published_over_a_version_that_was_not_looked_at(standard, cast):
    draft = kit.copied(cast.quality_office, standard)
    with pytest.raises(ValidationError, match="现行版本在您查看之后有变化"):
        services.publish_standard(actor=cast.quality_office, standard=draft, turn=draft.turn, against=7)


def test_there_is_one_draft_for_a_purpose(standard, cast):
    kit.copied(cast.quality_office, standard)
    with pytest.raises(ValidationError, match="已有草稿（第 2 版）"):
        kit.copied(cast.quality_office, standard)
    assert kit.copied(cast.quality_office, Standard.objects.current(Purpose.INSPECTION)).version == 2


def test_draft_is_not_copied(standard, cast):
    with pytest.raises(ValidationError, match="草稿不能复制"):
        kit.copied(cast.quality_office, kit.copied(cast.quality_office, standard))


def test_deleted_draft_is_whole_in_the_ledger_and_makes_room(standard, cast):
    draft = kit.copied(cast.quality_office, standard)
    services.discard_draft(actor=cast.quality_office, standard=draft, turn=draft.turn)
    entry = Entry.objects.order_by("-number").first()
    assert entry.action == "standard.discard"
    assert "流程单缺签名" in entry.data
    assert not Standard.objects.drafts().exists()
    assert kit.copied(cast.quality_office, standard).version == 2


def test_published_standard_is_not_deleted(standard, cast):
    with pytest.raises(ValidationError, match="发布，不能再修改"):
        services.discard_draft(actor=cast.quality_office, standard=standard, turn=standard.turn)


OTHERS = ["approver", "administrator", "chief_engineer", "executive", "auditor", "preparer", "archivist"]


@pytest.mark.parametrize("who", OTHERS)
def test_standards_are_kept_by_the_quality_office_alone(standard, cast, who):
    actor, draft = getattr(cast, who), kit.copied(cast.quality_office, standard)
    acts = [
        lambda: services.copy_standard(actor=actor, standard=standard),
        lambda: services.save_draft(actor=actor, standard=draft, turn=draft.turn, content=kit.content()),
        lambda: services.publish_standard(actor=actor, standard=draft, turn=draft.turn, against=1),
        lambda: services.discard_draft(actor=actor, standard=draft, turn=draft.turn),
    ]
    for act in acts:
        with pytest.raises(PermissionDenied):
            act()
    draft.refresh_from_db()
    assert draft.is_draft


# ── Pages ───────────────────────────────────────────────────────────────────
def test_everybody_reads_the_standard_in_force(standard, cast, log_in):
    client = log_in(cast.outsider)
    assert "示例" in client.get("/scoring/standards/").content.decode()
    page = client.get(f"/scoring/standards/{standard.pk}/").content.decode()
    assert "三级复核未完成即出具成果" in page
    assert "80 分以上（不含 80 分）" in page


@pytest.mark.parametrize("page", ["", "compare/", "print/"])
def test_draft_is_found_by_the_quality_office_alone(standard, cast, log_in, page):
    draft = services.copy_standard(actor=cast.quality_office, standard=standard)
    address = f"/scoring/standards/{draft.pk}/{page}"
    for who in ("approver", "administrator", "auditor"):
        assert log_in(getattr(cast, who)).get(address).status_code == 404
    assert log_in(cast.quality_office).get(address).status_code == 200
    draft_words = "第 2 版"
    assert draft_words not in log_in(cast.approver).get("/scoring/standards/").content.decode()


def test_list_costs_the_same_queries_for_more_versions(standard, cast, log_in, count_queries):
    log_in(cast.quality_office)
    count_queries("/scoring/standards/")
    with_one = count_queries("/scoring/standards/")
    for _ in range(5):
        draft = services.copy_standard(actor=cast.quality_office, standard=standard)
        kit.published(cast.quality_office, draft)
    assert count_queries("/scoring/standards/") == with_one
