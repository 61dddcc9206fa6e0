"""The score sheet while it is filled in: who saves what, over whom, and what stands at the end."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from inspections.chain import AlreadyHandled
from inspections.choices import Act, EvidenceOf, State
from inspections.models import Hit, Inspection, Section
from inspections.queries import score_sheets as queries
from inspections.services import evidence as proofs
from inspections.services import score_sheets as services
from inspections.services.opening import cancel
from ledger.models import Entry
from scoring.choices import Purpose
from scoring.models import Deduction, Standard
from scoring.services import compute
from staff.choices import Role
from tests.inspections import kit

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(cast):
    return kit.inspector(cast)


@pytest.fixture
def inspection(cast, project, other):
    return kit.inspection(cast, project, cast.quality_office, other)


@pytest.fixture
def criterion(inspection):
    return kit.criteria(inspection)[0]


@pytest.fixture
def save(cast, inspection, criterion):
    """`save(turn=0, hits={…})` by 质量办 on the first criterion."""

    def save(**more) -> Section:
        told = {"actor": cast.quality_office, "inspection": inspection, "criterion": criterion, "turn": 0, "hits": {}}
        return services.save_section(**told | more)

    return save


def items(criterion) -> list[Deduction]:
    return list(criterion.deductions.all())


# ── Saved ───────────────────────────────────────────────────────────────────
def test_section_keeps_hits_note_and_who_saved_it_when(cast, save, criterion):
    first, second = items(criterion)[:2]
    saved = save(hits={first.pk: Decimal(2), second.pk: Decimal("0.5")}, note=" 合同要素不全 ", is_done=True)
    assert services.stored_hits(saved) == {first.pk: 2, second.pk: Decimal("0.5")}
    assert (saved.turn, saved.note, saved.is_done, saved.saved_by) == (1, "合同要素不全", True, cast.quality_office)
    assert timezone.now() - saved.saved_at < timedelta(minutes=1)


def test_what_is_not_sent_is_not_hit_any_more(save, criterion):
    first, second, third = items(criterion)[:3]
    save(hits={first.pk: Decimal(2), second.pk: Decimal(1)})
    kept = Hit.objects.get(deduction=second).pk
    saved = save(turn=1, hits={second.pk: Decimal(1), third.pk: Decimal(4)})
    assert services.stored_hits(saved) == {second.pk: 1, third.pk: 4}
    assert Hit.objects.get(deduction=second).pk == kept


def test_saving_leaves_no_row_in_the_ledger(save, criterion):
    before = Entry.objects.count()
    save(hits={items(criterion)[0].pk: Decimal(1)})
    assert Entry.objects.count() == before


def test_saving_what_is_stored_writes_nothing(save, criterion):
    first = save(hits={items(criterion)[0].pk: Decimal(1)})
    again = save(turn=1, hits={items(criterion)[0].pk: Decimal("1.00")})
    assert (again.turn, again.saved_at) == (1, first.saved_at)


# ── Two of them ─────────────────────────────────────────────────────────────
def test_two_on_two_criteria_never_meet(cast, save, inspection, other):
    criteria = kit.criteria(inspection)
    for actor, criterion in ((cast.quality_office, criteria[0]), (other, criteria[1])):
        save(actor=actor, criterion=criterion, hits={items(criterion)[0].pk: Decimal(1)}, note=actor.name)
    assert list(Section.objects.exclude(saved_by=None).values_list("note", "turn")) == [("质量办", 1), ("检查员乙", 1)]


def test_second_on_one_criterion_is_told_and_overwrites_nothing(cast, save, other, criterion):
    first, second = items(criterion)[:2]
    save(hits={first.pk: Decimal(2)}, note="甲")
    with pytest.raises(services.SectionConflict, match=r"“委托与准备”已由（质量办）于 \d\d:\d\d 保存") as told:
        save(actor=other, hits={second.pk: Decimal(1)}, note="乙")
    assert services.stored_hits(told.value.section) == {first.pk: 2}
    assert (told.value.section.note, told.value.section.turn, told.value.section.saved_by) == (
        "甲",
        1,
        cast.quality_office,
    )
    stored = Section.objects.get(pk=told.value.section.pk)
    assert (stored.note, services.stored_hits(stored)) == ("甲", {first.pk: 2})


def test_second_may_choose_the_own_version_with_the_turn_that_was_told(save, other, criterion):
    save(note="甲")
    with pytest.raises(services.SectionConflict) as told:
        save(actor=other, note="乙")
    chosen = save(actor=other, note="乙", turn=told.value.section.turn)
    assert (chosen.note, chosen.saved_by, chosen.turn) == ("乙", other, 2)


def test_retry_whose_answer_was_lost_succeeds(save, criterion):
    sent = {"hits": {items(criterion)[0].pk: Decimal(3)}, "note": "甲", "is_done": True}
    assert save(**sent).turn == save(**sent).turn == 1
    assert save(turn=1, note="再改").turn == 2


def test_conflict_of_another_day_names_the_day(save, other):
    saved = save(note="甲")
    Section.objects.filter(pk=saved.pk).update(saved_at=timezone.now() - timedelta(days=2))
    with pytest.raises(services.SectionConflict, match=r"于 \d{4}-\d\d-\d\d \d\d:\d\d 保存"):
        save(actor=other, note="乙")


def test_turn_from_the_future_is_a_conflict_not_a_save(save):
    save(note="甲")
    with pytest.raises(services.SectionConflict):
        save(turn=99, note="乙")


# ── Who and when ────────────────────────────────────────────────────────────
@pytest.mark.parametrize("part", ["executive", "chief_engineer", "verifier", "approver", "administrator", "outsider"])
def test_only_inspectors_score(cast, save, part):
    with pytest.raises(PermissionDenied):
        save(actor=getattr(cast, part))


def test_who_may_inspect_but_is_not_appointed_does_not_score(cast, save):
    with pytest.raises(PermissionDenied, match="只有本次检查的检查人员"):
        save(actor=kit.inspector(cast, "检查员丙"))


def test_inspector_who_joins_the_project_steps_back(cast, save, project, other):
    project.assignments.create(user=other, role=Role.EXPERT, starts_on=timezone.localdate())
    with pytest.raises(PermissionDenied, match="回避"):
        save(actor=other)


def test_nothing_is_saved_once_it_is_not_scored_any_more(cast, save, inspection):
    cancel(actor=cast.quality_office, inspection=inspection, turn=0, reason="项目终止")
    with pytest.raises(AlreadyHandled, match="撤销检查"):
        save(note="甲")
    assert Inspection.objects.get(pk=inspection.pk).last_act == Act.CANCEL


# ── Hostile ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "count",
    [
        "0",
        "-1",
        "999.01",
        "1000",
        "1E+9",
        "1E+100000",
        "NaN",
        "-NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "0.001",
        "1E-60",
        "0.005",
    ],
)
def test_count_that_is_none_is_refused(save, criterion, count):
    with pytest.raises(ValidationError, match="处数"):
        save(hits={items(criterion)[0].pk: Decimal(count)})
    assert not Hit.objects.exists()


@pytest.mark.parametrize("count", [1, 0.5, True, "2", None])
def test_count_that_is_no_decimal_is_refused(save, criterion, count):
    with pytest.raises(ValidationError, match="处数"):
        save(hits={items(criterion)[0].pk: count})


@pytest.mark.parametrize("count", ["0.01", "0.5", "999", "999.00"])
def test_count_at_the_edge_is_taken(save, criterion, count):
    item = items(criterion)[0]
    assert services.stored_hits(save(hits={item.pk: Decimal(count)})) == {item.pk: Decimal(count)}


def test_deduction_of_another_criterion_or_standard_or_none_is_refused(save, inspection):
    foreign = Standard.objects.current(Purpose.DELIVERABLE).criteria.first().deductions.first()
    neighbour = items(kit.criteria(inspection)[1])[0]
    for pk in (foreign.pk, neighbour.pk, 10**9, -1):
        with pytest.raises(ValidationError, match="不属于该评分项"):
            save(hits={pk: Decimal(1)})
    assert not Hit.objects.exists()


def test_criterion_of_another_standard_is_refused(save):
    foreign = Standard.objects.current(Purpose.DELIVERABLE).criteria.first()
    with pytest.raises(ValidationError, match="不属于本次检查的评分标准"):
        save(criterion=foreign)


def test_note_of_any_length_but_the_longest_is_kept(save):
    assert save(note="甲" * 5000).turn == 1
    with pytest.raises(ValidationError, match="最多 5000 字"):
        save(turn=1, note="甲" * 5001)


# ── The running total ───────────────────────────────────────────────────────
def fill(cast, inspection, hits: dict, **more) -> None:
    """Save every criterion, done, with `hits` (deduction → how often) where they belong."""
    for section in queries.sections_of(inspection):
        own = {
            pk: Decimal(count) for pk, count in hits.items() if pk in {item.pk for item in items(section.criterion)}
        }
        services.save_section(
            actor=cast.quality_office, inspection=inspection, criterion=section.criterion, turn=section.turn, hits=own,
            **{"is_done": True} | more,
        )  # fmt: skip


def test_empty_sheet_is_full_mark(inspection):
    found = queries.current_total(inspection)
    assert (found.total, found.grade, found.is_vetoed, found.set_by) == (Decimal("100.00"), "优良", False, "")
    assert sum(found.scores.values()) == 100


def test_running_total_is_what_a_final_score_would_be(cast, inspection):
    hits = {item.pk: Decimal("1.5") for criterion in kit.criteria(inspection) for item in items(criterion)[:3]}
    fill(cast, inspection, hits)
    total, grade, is_vetoed, snapshot = compute(inspection.standard, hits)
    found = queries.current_total(inspection)
    assert (found.total, found.grade, found.is_vetoed) == (total, grade, is_vetoed)
    assert list(found.scores.values()) == [Decimal(row["score"]) for row in snapshot]


def test_veto_caps_the_running_total_and_says_so(cast, inspection):
    veto = kit.deduction(inspection, is_veto=True)
    fill(cast, inspection, {veto.pk: 1})
    found = queries.current_total(inspection)
    assert (found.total, found.grade, found.vetoes, found.before_veto) == (59, "不合格", (veto.text,), 95)
    assert found.set_by == f"一票否决：{veto.text}。得分 95，按否决上限 59 分计。"


def test_veto_below_its_cap_sets_nothing(cast, inspection):
    veto = kit.deduction(inspection, is_veto=True)
    hits = {item.pk: 99 for criterion in kit.criteria(inspection) for item in items(criterion) if not item.is_veto}
    fill(cast, inspection, {**hits, veto.pk: 1})
    found = queries.current_total(inspection)
    assert found.total == found.before_veto < 59
    assert found.set_by == f"一票否决：{veto.text}。"


def test_running_total_costs_the_same_however_much_is_hit(cast, inspection, django_assert_num_queries):
    with django_assert_num_queries(3):
        queries.current_total(inspection)
    fill(cast, inspection, {item.pk: 1 for criterion in kit.criteria(inspection) for item in items(criterion)})
    with django_assert_num_queries(3):
        queries.current_total(inspection)


# ── What is missing ─────────────────────────────────────────────────────────
def test_what_is_not_done_stands_in_the_way(cast, inspection):
    titles = [criterion.title for criterion in kit.criteria(inspection)]
    assert queries.gaps(inspection) == [f"“{title}”尚未检查完。" for title in titles]
    fill(cast, inspection, {})
    assert queries.gaps(inspection) == []


def test_deduction_needs_a_problem_on_record(cast, inspection):
    item = kit.deduction(inspection)
    fill(cast, inspection, {item.pk: 2})
    (words,) = queries.gaps(inspection)
    assert item.text in words
    assert "没有登记问题" in words
    kit.finding(inspection)
    assert len(queries.gaps(inspection)) == 1
    kit.finding(inspection, deduction=item)
    assert queries.gaps(inspection) == []


def test_veto_needs_a_proof_that_stands(cast, inspection):
    veto = kit.deduction(inspection, is_veto=True)
    fill(cast, inspection, {veto.pk: 1})
    finding = kit.finding(inspection, deduction=veto)
    (words,) = queries.gaps(inspection)
    assert "没有证据" in words
    kept = proofs.keep(actor=cast.quality_office, of=EvidenceOf.FINDING, upload=kit.photo(), finding=finding)
    assert queries.gaps(inspection) == []
    proofs.remove(actor=cast.quality_office, evidence=kept)
    assert len(queries.gaps(inspection)) == 1


def test_gaps_cost_the_same_however_much_is_hit(cast, inspection, django_assert_num_queries):
    with django_assert_num_queries(4):
        queries.gaps(inspection)
    every = [item for criterion in kit.criteria(inspection) for item in items(criterion)]
    fill(cast, inspection, {item.pk: 1 for item in every})
    for item in every:
        kit.finding(inspection, deduction=item)
    with django_assert_num_queries(4):
        queries.gaps(inspection)


def test_unit_is_scored_by_the_standard_for_units(cast):
    inspection = kit.inspection(cast, unit=cast.zj1)
    assert inspection.standard.purpose == Purpose.UNIT_INSPECTION
    item = kit.deduction(inspection)
    fill(cast, inspection, {item.pk: 1})
    assert queries.current_total(inspection).total == 100 - item.points
    assert inspection.state == State.SCORING
