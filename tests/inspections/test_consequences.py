"""What follows from an opinion: found by the system, decided by a person, told to whom it concerns and to nobody else."""

import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from inspections import rules
from inspections.choices import ConsequenceKind, Decision
from inspections.models import Consequence
from inspections.queries import concluding as queries
from inspections.queries.plans import always_drawn
from inspections.services import consequences as services
from inspections.services.consequences import AlreadyDecided
from ledger import checks
from ledger.models import Entry
from notices.models import Notice
from scoring.rules import FAIL, GOOD, PASS
from staff.choices import Role
from tests.conftest import LONG_AGO
from tests.inspections import kit
from tests.reviews.crowd import at_once

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year
AGAIN, UPWARD = ConsequenceKind.REINSPECTION, ConsequenceKind.ESCALATION


def proposed(of) -> list[tuple]:
    return [(each.kind, each.target_year, each.decision) for each in of.consequences.order_by("pk")]


def decide(consequence, actor, decision=Decision.CONFIRMED, note="已按规定上报"):
    return services.decide(actor=actor, consequence=consequence, decision=decision, note=note)


def told(title_part: str) -> set[str]:
    rows = Notice.objects.filter(title__contains=title_part).select_related("recipient")
    return {row.recipient.name for row in rows}


# ── Found ───────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("grade", "is_serious", "words"),
    [
        (GOOD, False, ""), (PASS, False, ""),
        (PASS, True, "问题严重，下一年度质量检查中须进行复查"), (FAIL, False, "检查结论为不合格，下一年度质量检查中须进行复查"),
        (FAIL, True, "检查结论为不合格、问题严重，下一年度质量检查中须进行复查"),
    ],
)  # fmt: skip
def test_inspected_again_where_it_failed_or_is_serious(grade, is_serious, words):
    assert rules.reinspection_reason(grade, is_serious) == words


def test_nothing_follows_from_a_good_result(cast, project):
    assert proposed(kit.concluded(cast, project)) == []


def test_failed_inspection_asks_for_another_next_year_and_its_project_is_drawn_then(cast, project):
    of = kit.concluded(cast, project, veto=True)
    assert proposed(of) == [(AGAIN, YEAR + 1, None)]
    assert told("请确认下一年度复查") == {"质量办"}
    assert set(always_drawn(YEAR + 1)) == {project.pk}


@pytest.mark.parametrize(
    ("flag", "word"),
    [("touches_ethics", "个人职业道德"), ("causes_loss", "严重经济损失"), ("harms_reputation", "名誉损失")],
)
def test_ethics_loss_and_reputation_are_reported_upward(cast, project, flag, word):
    of = kit.concluded(cast, project, flags={flag: True})
    assert proposed(of) == [(UPWARD, None, None)]
    assert word in of.consequences.get().reason
    assert told("请确认上报处置") == {"管理层"}


# ── Decided ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("part", ["quality_office", "executive"])
def test_office_and_executives_confirm_a_reinspection(cast, project, part):
    of = kit.concluded(cast, project, veto=True)
    row = decide(of.consequences.get(), getattr(cast, part), note="")
    assert (row.decision, row.decided_by) == (Decision.CONFIRMED, getattr(cast, part))
    assert {"复核人", "审核人"} <= told("下一年度复查已确认")
    facts = json.loads(Entry.objects.get(action="inspection.consequence").data)
    assert (facts["consequence"], facts["decision"], facts["target_year"]) == (row.pk, "confirmed", YEAR + 1)


def test_refusal_takes_a_reason_and_the_project_is_not_drawn(cast, project):
    row = kit.concluded(cast, project, veto=True).consequences.get()
    with pytest.raises(ValidationError, match="请填写处置意见"):
        decide(row, cast.quality_office, Decision.DISMISSED, " ")
    decide(row, cast.quality_office, Decision.DISMISSED, "项目已终止")
    assert always_drawn(YEAR + 1) == {}


def test_only_executives_dispose_of_what_is_reported_upward_in_words(cast, project):
    row = kit.concluded(cast, project, flags={"causes_loss": True}).consequences.get()
    for part in ("quality_office", "chief_engineer", "verifier", "approver", "administrator"):
        with pytest.raises(PermissionDenied):
            decide(row, getattr(cast, part))
    with pytest.raises(ValidationError, match="请填写处置意见"):
        decide(row, cast.executive, note="")
    assert decide(row, cast.executive).note == "已按规定上报"


def test_who_belongs_to_the_inspected_side_decides_nothing_about_it(cast, project):
    row = kit.concluded(cast, project, flags={"causes_loss": True}).consequences.get()
    project.assignments.create(user=cast.executive, role=Role.EXPERT, starts_on=LONG_AGO)
    with pytest.raises(PermissionDenied, match="回避"):
        decide(row, cast.executive)
    assert not queries.consequences_seen(cast.executive).exists()


def test_second_decision_is_told_who_was_faster(cast, project):
    row = kit.concluded(cast, project, veto=True).consequences.get()
    decide(row, cast.executive)
    with pytest.raises(AlreadyDecided, match="已由（管理层）于"):
        decide(row, cast.quality_office, Decision.DISMISSED, "不必")
    assert Consequence.objects.get().decision == Decision.CONFIRMED


@pytest.mark.django_db(transaction=True)
def test_of_many_who_decide_at_once_one_does(cast, project):
    row = kit.concluded(cast, project, veto=True).consequences.get()
    people = [cast.executive, cast.quality_office] * 2
    results = at_once([lambda actor=actor: decide(row, actor) for actor in people])
    assert sorted(type(each).__name__ for each in results) == ["AlreadyDecided"] * 3 + ["Consequence"]
    assert Entry.objects.filter(action="inspection.consequence").count() == 1
    assert checks.verify().problems == []


# ── Who hears of it ─────────────────────────────────────────────────────────
def test_what_is_reported_upward_is_told_to_nobody_of_the_inspected_side(cast, project):
    of = kit.concluded(cast, project, veto=True, flags={"touches_ethics": True})
    for row in of.consequences.all():
        decide(row, cast.executive, note="已报监事会，停职核查" if row.kind == UPWARD else "同意复查")
    project_side = (cast.verifier, cast.approver, cast.preparer, cast.checker)
    for person in project_side:
        assert [row.kind for row in queries.consequences_seen(person)] == [AGAIN]
        mine = Notice.objects.filter(recipient=person)
        assert not mine.filter(title__contains="上报").exists()
        assert not mine.filter(body__contains="停职").exists()
    assert told("上报处置已确认") == {"质量办"}
    # The project's timeline is read by its team: the row belongs to the inspection alone.
    entry = Entry.objects.get(action="inspection.escalation")
    assert (entry.scope_id, entry.subject_id) == (None, of.pk)
    for part in ("quality_office", "executive", "chief_engineer"):
        assert queries.consequences_seen(getattr(cast, part)).count() == 2
    for part in ("outsider", "administrator", "auditor"):
        assert not queries.consequences_seen(getattr(cast, part)).exists()


# ── Closed by the database ──────────────────────────────────────────────────
@pytest.mark.parametrize("change", [
    {"reason": "改"}, {"target_year": YEAR + 9}, {"decision": Decision.DISMISSED}, {"note": "改"},
    {"decision": None, "decided_at": None},
])  # fmt: skip
def test_database_takes_a_decision_once_and_nothing_else(cast, project, change):
    row = decide(kit.concluded(cast, project, veto=True).consequences.get(), cast.executive)
    with pytest.raises(DatabaseError), transaction.atomic():
        Consequence.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Consequence.objects.filter(pk=row.pk).delete()
