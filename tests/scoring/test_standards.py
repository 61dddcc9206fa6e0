"""The seeded standard, giving a score, publishing and copying standards; their pages and the admin."""

import json
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction

from ledger.models import Entry
from scoring import services
from scoring.choices import Purpose
from scoring.models import Criterion, Deduction, ScoreSheet, Standard

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


def test_sample_standard_has_the_four_kinds_of_veto(standard):
    vetoes = " ".join(Deduction.objects.filter(is_veto=True).values_list("text", flat=True))
    assert all(words in vetoes for words in ("缺签名", "三级复核未完成即出具成果", "误差率", "伪造"))


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


def test_snapshot_survives_a_changed_standard(standard, cast, project):
    sheet = services.give_score(scorer=cast.approver, subject=project, standard=standard, hits={})
    Criterion.objects.filter(standard=standard).update(title="改名")
    sheet.refresh_from_db()
    assert sheet.snapshot[0]["title"] == "委托与准备"


def test_score_by_items_of_another_standard_is_refused(standard, cast, project):
    draft = services.copy_standard(actor=cast.administrator, standard=standard)
    foreign = {Deduction.objects.filter(criterion__standard=draft).first().pk: Decimal(1)}
    with pytest.raises(ValidationError, match="不属于当前评分标准"):
        services.compute(standard, foreign)


def test_score_by_a_draft_is_refused(standard, cast, project):
    draft = services.copy_standard(actor=cast.administrator, standard=standard)
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
    draft = services.copy_standard(actor=cast.administrator, standard=standard)
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
    draft = services.copy_standard(actor=cast.administrator, standard=standard)
    services.publish_standard(actor=cast.administrator, standard=draft)
    assert Standard.objects.current(Purpose.DELIVERABLE) == draft
    entry = Entry.objects.order_by("-number").first()
    assert entry.action == "standard.publish"
    assert "流程单缺签名" in entry.data


def test_standard_that_does_not_add_up_to_100_is_not_published(standard, cast):
    draft = services.copy_standard(actor=cast.administrator, standard=standard)
    Criterion.objects.filter(standard=draft, order=1).update(maximum=11)
    with pytest.raises(ValidationError, match="应为 100 分"):
        services.publish_standard(actor=cast.administrator, standard=draft)


def test_standard_is_published_once(standard, cast):
    with pytest.raises(ValidationError, match="已发布"):
        services.publish_standard(actor=cast.administrator, standard=standard)


@pytest.mark.parametrize("part", ["approver", "quality_office", "executive", "auditor", "preparer"])
def test_standards_are_published_and_copied_by_the_administrator_alone(standard, cast, part):
    for act in (services.publish_standard, services.copy_standard):
        with pytest.raises(PermissionDenied):
            act(actor=getattr(cast, part), standard=standard)


# ── Pages ───────────────────────────────────────────────────────────────────
def test_everybody_reads_the_standard_in_force(standard, cast, log_in):
    client = log_in(cast.outsider)
    assert "示例" in client.get("/scoring/standards/").content.decode()
    page = client.get(f"/scoring/standards/{standard.pk}/").content.decode()
    assert "三级复核未完成即出具成果" in page
    assert "80 分以上（不含 80 分）" in page


def test_draft_is_found_by_the_administrator_alone(standard, cast, log_in):
    draft = services.copy_standard(actor=cast.administrator, standard=standard)
    assert log_in(cast.approver).get(f"/scoring/standards/{draft.pk}/").status_code == 404
    assert log_in(cast.administrator).get(f"/scoring/standards/{draft.pk}/").status_code == 200


def test_list_costs_the_same_queries_for_more_versions(standard, cast, log_in, count_queries):
    log_in(cast.administrator)
    count_queries("/scoring/standards/")
    with_one = count_queries("/scoring/standards/")
    for _ in range(5):
        draft = services.copy_standard(actor=cast.administrator, standard=standard)
        services.publish_standard(actor=cast.administrator, standard=draft)
    assert count_queries("/scoring/standards/") == with_one


# ── The admin site ──────────────────────────────────────────────────────────
CHANGELIST = "/admin/scoring/standard/"


def act_in_admin(client, action: str, standard) -> str:
    data = {"action": action, "_selected_action": [standard.pk]}
    return client.post(CHANGELIST, data, follow=True).content.decode()


def test_admin_copies_and_publishes_through_the_services(standard, cast, log_in):
    client = log_in(cast.administrator)
    assert "已生成草稿" in act_in_admin(client, "copy_to_new_version", standard)
    draft = Standard.objects.get(version=2)
    assert "已发布" in act_in_admin(client, "publish", draft)
    assert list(Entry.objects.values_list("action", flat=True)) == ["standard.copy", "standard.publish"]


def test_published_standard_is_read_only_in_the_admin(standard, cast, log_in):
    client = log_in(cast.administrator)
    assert client.post(f"{CHANGELIST}{standard.pk}/change/", {"title": "改名"}).status_code == 403
    criterion = standard.criteria.first()
    assert client.post(f"/admin/scoring/criterion/{criterion.pk}/change/", {"title": "改名"}).status_code == 403


@pytest.mark.parametrize("what", ["standard", "criterion"])
def test_nothing_is_deleted_in_the_admin(standard, cast, log_in, what):
    row = standard if what == "standard" else standard.criteria.first()
    assert log_in(cast.administrator).post(f"/admin/scoring/{what}/{row.pk}/delete/").status_code == 403


def test_change_of_a_draft_in_the_admin_leaves_a_ledger_row(standard, cast, log_in):
    draft = services.copy_standard(actor=cast.administrator, standard=standard)
    criterion = draft.criteria.first()
    rows = list(criterion.deductions.all())
    data = {
        "order": criterion.order,
        "title": "委托",
        "maximum": "10",
        "deductions-TOTAL_FORMS": len(rows),
        "deductions-INITIAL_FORMS": len(rows),
    }
    for index, row in enumerate(rows):
        prefix = f"deductions-{index}-"
        data |= {prefix + "id": row.pk, prefix + "criterion": criterion.pk, prefix + "order": row.order}
        data |= {prefix + "text": row.text, prefix + "points": row.points, prefix + "cap": row.cap or ""}
        data |= {prefix + "evidence": row.evidence}
    response = log_in(cast.administrator).post(f"/admin/scoring/criterion/{criterion.pk}/change/", data)
    assert response.status_code == 302
    entry = Entry.objects.order_by("-number").first()
    assert (entry.action, entry.actor) == ("reference.change", cast.administrator)
    data = json.loads(entry.data)
    assert data["values"]["title"] == "委托"
    assert [row["text"] for row in data["rows"]["deduction"]] == [row.text for row in rows]
