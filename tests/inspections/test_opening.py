"""立项: what an inspection may be opened of, by which trigger and plan, and who may inspect; then its crew and its end."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from feedback import services as feedback_services
from feedback.models import Complaint
from inspections import services as plan_services
from inspections.chain import AlreadyHandled
from inspections.choices import AccidentSource, Decision, Kind, PlanState, State
from inspections.models import Accident, Consequence, Inspection, Plan
from inspections.queries import inspections as queries
from inspections.services import consequences, drawn, opening
from ledger.models import Entry
from notices.models import Notice
from projects.models import Assignment
from scoring.models import Standard
from staff import services as staff_services
from staff.choices import Role
from tests.conftest import LONG_AGO, _project, guards_lifted
from tests.feedback import telling
from tests.inspections import kit

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def open_one(cast, project=None, **more) -> Inspection:
    told = {"kind": Kind.IRREGULAR, "lead": cast.quality_office, "planned_on": TODAY} | more
    return opening.open_inspection(actor=told.pop("actor", cast.quality_office), project=project, **told)


def complaint_about(cast, project, *, is_accepted=True) -> Complaint:
    """Accepted and placed with the project."""
    office, found = cast.quality_office, telling.complaint()
    if is_accepted:
        found = feedback_services.accept(actor=office, complaint=found, turn=found.turn)
    return feedback_services.place(actor=office, complaint=found, turn=found.turn, project=project, unit=None)


def accident_of(cast, project) -> Accident:
    return Accident.objects.create(
        number="SG-2026-0001", project=project, title="结算错付", happened_on=TODAY, source=AccidentSource.AUDIT,
        description="多付", registered_by=cast.quality_office,
    )  # fmt: skip


@pytest.fixture
def plan(cast) -> Plan:
    """A regular plan of this year, in force."""
    made = plan_services.create_plan(
        actor=cast.quality_office, year=TODAY.year, kind=Kind.REGULAR, title="年度定期检查"
    )
    return plan_services.move_plan(actor=cast.quality_office, plan=made, state=PlanState.IN_FORCE)


@pytest.fixture
def sample(cast, plan, project, other_project):
    """Both projects are drawn."""
    return plan_services.draw_sample(actor=cast.quality_office, plan=plan, size=2)


# ── What comes of it ────────────────────────────────────────────────────────
def test_opened_inspection_has_number_standard_sheet_crew_ledger_row_and_tells_its_crew(cast, project):
    other = kit.inspector(cast)
    found = open_one(cast, project, inspectors=[other, cast.quality_office], note=" 抽查签署 ")
    assert (found.number, found.state, found.turn) == (f"JC-{TODAY.year}-0001", State.SCORING, 0)
    assert (found.unit, found.year, found.note) == (project.unit, TODAY.year, "抽查签署")
    assert [(row.user, row.is_lead) for row in found.inspectors.all()] == [(cast.quality_office, True), (other, False)]
    assert found.sections.count() == found.standard.criteria.count() > 0
    entry = Entry.objects.get(action="inspection.open")
    assert (entry.subject_id, entry.scope_type, entry.scope_id) == (found.pk, "projects.project", project.pk)
    assert json.loads(entry.data)["inspectors"] == [cast.quality_office.pk, other.pk]
    assert list(Notice.objects.values_list("recipient", flat=True)) == [other.pk]


def test_numbers_run_on_and_a_refused_one_leaves_no_gap(cast, project, other_project):
    open_one(cast, project)
    with pytest.raises(ValidationError):
        open_one(cast, other_project, lead=cast.verifier)
    assert open_one(cast, other_project).number == f"JC-{TODAY.year}-0002"


def test_unit_is_inspected_by_the_standard_for_units(cast):
    found = open_one(cast, unit=cast.zj1)
    assert (found.project, found.unit) == (None, cast.zj1)
    assert found.standard.purpose == "unit_inspection"
    assert Entry.objects.get(action="inspection.open").scope_type == "staff.unit"


def test_inspected_side_hears_of_it_only_when_it_is_announced(cast, project, other_project):
    open_one(cast, project)
    assert not Notice.objects.filter(recipient=cast.verifier).exists()
    open_one(cast, project, announce=True)
    told = Notice.objects.get(recipient=cast.verifier)
    assert "检查通知" in told.title
    assert Notice.objects.filter(recipient=cast.approver).count() == 1


def test_nothing_to_inspect_is_told(cast):
    with pytest.raises(ValidationError, match="请指明被检项目或被检单位"):
        open_one(cast)


def test_without_a_published_standard_nothing_is_opened(cast, project):
    with guards_lifted(connection):
        Standard.objects.update(published_at=None)
    with pytest.raises(ValidationError, match="还没有发布的评分标准"):
        open_one(cast, project)


@pytest.mark.parametrize(
    "part", ["executive", "chief_engineer", "approver", "verifier", "expert1", "auditor", "administrator", "disabled"]
)
def test_only_the_quality_office_opens(cast, project, part):
    with pytest.raises(PermissionDenied):
        open_one(cast, project, actor=getattr(cast, part))
    assert not Inspection.objects.exists()


# ── Who inspects ────────────────────────────────────────────────────────────
@pytest.mark.parametrize("as_lead", [True, False])
def test_person_without_the_right_to_inspect_is_refused(cast, project, as_lead):
    crew = {"lead": cast.executive} if as_lead else {"inspectors": [cast.executive]}
    with pytest.raises(ValidationError, match="管理层没有检查评分的权限"):
        open_one(cast, project, **crew)


def test_person_who_has_left_is_refused(cast, project):
    gone = kit.inspector(cast)
    gone.is_active = False
    gone.save()
    with pytest.raises(ValidationError, match="不能担任检查人员"):
        open_one(cast, project, inspectors=[gone])


def test_expert_by_post_inspects_and_expert_by_assignment_does_not(cast, project, major_project):
    assert open_one(cast, project, lead=kit.inspector(cast, "外聘专家", role=Role.EXPERT)).pk
    with pytest.raises(ValidationError, match="专家甲没有检查评分的权限"):
        open_one(cast, project, lead=cast.expert1)


@pytest.mark.parametrize("ends_on", [None, TODAY - timedelta(days=400)])
def test_who_is_or_was_on_the_project_never_inspects_it(cast, project, ends_on):
    Assignment.objects.create(
        project=project, user=cast.quality_office, role=Role.EXPERT, starts_on=LONG_AGO, ends_on=ends_on
    )
    with pytest.raises(ValidationError, match="质量办在被检项目或单位任职（或曾任职），须回避"):
        open_one(cast, project, lead=cast.quality_office)


def test_technical_director_of_the_unit_does_not_inspect_it_even_with_another_post(cast, project, other_project):
    person = kit.inspector(cast)
    person.posts.create(role=Role.TECHNICAL_DIRECTOR, unit=cast.zj1, starts_on=LONG_AGO)
    for told in ({"project": project}, {"unit": cast.zj1}):
        with pytest.raises(ValidationError, match="须回避"):
            open_one(cast, **told, lead=person)
    assert open_one(cast, other_project, lead=person).pk


# ── Plans and samples ───────────────────────────────────────────────────────
@pytest.mark.parametrize("kind", [Kind.REGULAR, Kind.SPOT_CHECK])
def test_regular_inspection_and_spot_check_need_a_plan(cast, project, kind):
    with pytest.raises(ValidationError, match="须列入检查计划"):
        open_one(cast, project, kind=kind)


def test_plan_must_be_in_force_and_of_the_same_kind(cast, project, plan, sample):
    with pytest.raises(ValidationError, match="该计划的检查方式为定期检查"):
        open_one(cast, project, plan=plan)
    plan_services.move_plan(actor=cast.quality_office, plan=plan, state=PlanState.ENDED)
    plan.refresh_from_db()
    with pytest.raises(ValidationError, match="只能为执行中的计划立项"):
        open_one(cast, project, plan=plan, kind=Kind.REGULAR)


def test_project_that_was_not_drawn_needs_a_reason(cast, project, other_project, plan):
    draw = plan_services.draw_sample(actor=cast.quality_office, plan=plan, size=1)
    outside = other_project if draw.drawn[0]["number"] == project.number else project
    with pytest.raises(ValidationError, match="不在本计划的抽样结果中"):
        open_one(cast, outside, plan=plan, kind=Kind.REGULAR)
    assert open_one(cast, outside, plan=plan, kind=Kind.REGULAR, note="上级要求").plan == plan


def test_draw_belongs_to_its_plan(cast, project, sample):
    other = plan_services.create_plan(actor=cast.quality_office, year=TODAY.year, kind=Kind.REGULAR, title="另一计划")
    other = plan_services.move_plan(actor=cast.quality_office, plan=other, state=PlanState.IN_FORCE)
    with pytest.raises(ValidationError, match="该抽样不属于所选计划"):
        open_one(cast, project, plan=other, draw=sample, kind=Kind.REGULAR, note="有理由")
    with pytest.raises(ValidationError, match="抽样须属于检查计划"):
        open_one(cast, project, draw=sample)


def test_project_is_opened_once_in_a_plan_and_again_after_cancelling(cast, project, plan, sample):
    told = {"plan": plan, "draw": sample, "kind": Kind.REGULAR}
    first = open_one(cast, project, **told)
    with pytest.raises(ValidationError, match="该项目在本计划中已经立项"):
        open_one(cast, project, **told)
    opening.cancel(actor=cast.quality_office, inspection=first, turn=0, reason="人员另有安排")
    assert open_one(cast, project, **told).pk != first.pk


def test_plan_of_last_year_gives_its_year(cast, project, plan, sample):
    Plan.objects.filter(pk=plan.pk).update(year=TODAY.year - 1)
    plan.refresh_from_db()
    assert open_one(cast, project, plan=plan, kind=Kind.REGULAR).year == TODAY.year - 1


# ── 专项稽查 ────────────────────────────────────────────────────────────────
def test_special_audit_needs_exactly_one_trigger(cast, project):
    complaint, accident = complaint_about(cast, project), accident_of(cast, project)
    for trigger in ({}, {"complaint": complaint, "accident": accident}):
        with pytest.raises(ValidationError, match="须且只须指明一项"):
            open_one(cast, project, kind=Kind.SPECIAL_AUDIT, **trigger)
    with pytest.raises(ValidationError, match="只有专项稽查才指明"):
        open_one(cast, project, complaint=complaint)
    assert open_one(cast, project, kind=Kind.SPECIAL_AUDIT, complaint=complaint).complaint == complaint
    assert open_one(cast, project, kind=Kind.SPECIAL_AUDIT, accident=accident).accident == accident


def refused(cast, project) -> Complaint:
    found = complaint_about(cast, project, is_accepted=False)
    return feedback_services.refuse(actor=cast.quality_office, complaint=found, turn=found.turn, reason="不属本公司")


def untrue(cast, project) -> Complaint:
    found = complaint_about(cast, project)
    return feedback_services.investigate(actor=cast.quality_office, complaint=found, turn=found.turn, finding="已核实",
                                         verdict="unfounded")  # fmt: skip


def pending(cast, project) -> Complaint:
    return complaint_about(cast, project, is_accepted=False)


@pytest.mark.parametrize("make", [pending, refused, untrue])
def test_complaint_that_is_pending_refused_or_untrue_sets_nothing_off(cast, project, make):
    complaint = make(cast, project)
    assert complaint not in queries.complaints_on_file(cast.quality_office)
    with pytest.raises(ValidationError, match="尚未受理、不予受理或不属实"):
        open_one(cast, project, kind=Kind.SPECIAL_AUDIT, complaint=complaint)


def test_trigger_must_be_about_what_is_inspected(cast, project, other_project):
    with pytest.raises(ValidationError, match="没有登记涉及该项目"):
        open_one(cast, other_project, kind=Kind.SPECIAL_AUDIT, complaint=complaint_about(cast, project))
    with pytest.raises(ValidationError, match="不是该项目的事故"):
        open_one(cast, other_project, kind=Kind.SPECIAL_AUDIT, accident=accident_of(cast, project))


def test_complaint_about_oneself_cannot_be_used_and_is_not_offered(cast, project):
    complaint = complaint_about(cast, project)
    feedback_services.add_about(actor=cast.executive, complaint=complaint, user=cast.quality_office)
    with pytest.raises(PermissionDenied):
        open_one(cast, project, kind=Kind.SPECIAL_AUDIT, complaint=complaint)
    assert not queries.complaints_on_file(cast.quality_office).exists()


def test_complaint_is_in_the_ledger_by_its_number_alone(cast, project):
    complaint = complaint_about(cast, project)
    open_one(cast, project, kind=Kind.SPECIAL_AUDIT, complaint=complaint)
    data = Entry.objects.get(action="inspection.open").data
    assert complaint.number in data
    assert complaint.subject not in data


# ── Re-inspection ───────────────────────────────────────────────────────────
@pytest.fixture
def failed(cast, project) -> Inspection:
    """不合格, with its opinion: next year it is inspected again."""
    return kit.concluded(cast, project, veto=True)


def test_reinspection_is_of_the_same_subject_and_opened_once(cast, project, other_project, failed):
    assert list(queries.to_inspect_again(cast.quality_office)) == [failed]
    with pytest.raises(ValidationError, match="复查的对象须与原检查相同"):
        open_one(cast, other_project, reinspection_of=failed)
    again = open_one(cast, project, reinspection_of=failed)
    assert not queries.to_inspect_again(cast.quality_office).exists()
    with pytest.raises(ValidationError, match=f"{failed.number} 的复查已经立项：{again.number}"):
        open_one(cast, project, reinspection_of=failed)
    opening.cancel(actor=cast.quality_office, inspection=again, turn=0, reason="改期")
    assert open_one(cast, project, reinspection_of=failed).reinspection_of == failed


def test_reinspection_that_was_dismissed_is_not_opened(cast, project, failed):
    row = Consequence.objects.get(inspection=failed)
    consequences.decide(actor=cast.executive, consequence=row, decision=Decision.DISMISSED, note="项目已终止")
    assert not queries.to_inspect_again(cast.quality_office).exists()
    with pytest.raises(ValidationError, match="已决定不予复查"):
        open_one(cast, project, reinspection_of=failed)


def test_what_is_not_concluded_is_not_inspected_again(cast, project):
    former = open_one(cast, project)
    with pytest.raises(ValidationError, match="尚未出具书面意见"):
        open_one(cast, project, reinspection_of=former)


# ── A whole sample ──────────────────────────────────────────────────────────
def test_sample_is_opened_together_with_its_reinspections(cast, plan, project, other_project):
    former = kit.concluded(cast, project, veto=True)
    Plan.objects.filter(pk=plan.pk).update(year=TODAY.year + 1)
    plan.refresh_from_db()
    draw = plan_services.draw_sample(actor=cast.quality_office, plan=plan, size=2)
    assert len(queries.drawn_to_open(draw)) == 2
    made = drawn.open_drawn(
        actor=cast.quality_office,
        draw=draw,
        projects=[project, other_project],
        lead=cast.quality_office,
        planned_on=TODAY,
    )
    assert {(each.project, each.plan, each.draw, each.kind) for each in made} == {
        (project, plan, draw, Kind.REGULAR), (other_project, plan, draw, Kind.REGULAR),
    }  # fmt: skip
    assert {each.project: each.reinspection_of for each in made} == {project: former, other_project: None}
    assert queries.drawn_to_open(draw) == []
    assert set(queries.opened_of(draw)) == {project.number, other_project.number}


def test_sample_with_one_problem_opens_nothing_and_names_it(cast, sample, project, other_project):
    Assignment.objects.create(project=other_project, user=cast.quality_office, role=Role.EXPERT, starts_on=LONG_AGO)
    before = Entry.objects.count()
    with pytest.raises(ValidationError) as refused:
        drawn.open_drawn(actor=cast.quality_office, draw=sample, projects=[project, other_project],
                         lead=cast.quality_office, planned_on=TODAY)  # fmt: skip
    (message,) = refused.value.messages
    assert message.startswith(f"{other_project.number} {other_project.name}：")
    assert "须回避" in message
    assert (Inspection.objects.count(), Entry.objects.count(), Notice.objects.count()) == (0, before, 0)


def test_sample_opens_only_what_it_drew(cast, plan, sample, project):
    stranger = _project("2026-ZJ1-099", cast.zj1, cast.approver)
    told = {"actor": cast.quality_office, "draw": sample, "lead": cast.quality_office, "planned_on": TODAY}
    with pytest.raises(ValidationError, match="不在本次抽样结果中"):
        drawn.open_drawn(projects=[project, stranger], **told)
    with pytest.raises(ValidationError, match="请至少选择一个项目"):
        drawn.open_drawn(projects=[], **told)
    with pytest.raises(PermissionDenied):
        drawn.open_drawn(projects=[project], **{**told, "actor": cast.executive})
    assert not Inspection.objects.exists()


# ── Crew and end ────────────────────────────────────────────────────────────
def test_crew_and_date_change_with_a_reason_while_it_is_scored(cast, project):
    found, other, tomorrow = open_one(cast, project), kit.inspector(cast), TODAY + timedelta(days=1)
    told = {"actor": cast.quality_office, "inspection": found, "lead": other, "planned_on": tomorrow}
    with pytest.raises(ValidationError, match="请说明调整理由"):
        opening.appoint(**told, turn=0, inspectors=[], reason=" ")
    opening.appoint(**told, turn=0, inspectors=[cast.quality_office], reason="回避")
    found = kit.now(found)
    assert [(row.user, row.is_lead) for row in found.inspectors.all()] == [(other, True), (cast.quality_office, False)]
    assert (found.planned_on, found.turn, found.state) == (tomorrow, 1, State.SCORING)
    assert Notice.objects.get().recipient == other
    data = json.loads(Entry.objects.get(action="inspection.appoint").data)
    assert data["inspectors"] == [[cast.quality_office.pk], [other.pk, cast.quality_office.pk]]
    with pytest.raises(AlreadyHandled):
        opening.appoint(**told, turn=0, inspectors=[], reason="又改")


def test_crew_stays_once_the_score_is_final(cast, project):
    found = kit.discussing(cast, project)
    with pytest.raises(AlreadyHandled):
        opening.appoint(actor=cast.quality_office, inspection=found, turn=found.turn, lead=cast.quality_office,
                        inspectors=[], planned_on=TODAY, reason="改组长")  # fmt: skip


def test_cancelled_with_a_reason_and_never_after_the_opinion(cast, project):
    found = open_one(cast, project)
    with pytest.raises(ValidationError, match="请说明撤销理由"):
        opening.cancel(actor=cast.quality_office, inspection=found, turn=0, reason="")
    with pytest.raises(PermissionDenied):
        opening.cancel(actor=cast.executive, inspection=found, turn=0, reason="不查")
    opening.cancel(actor=cast.quality_office, inspection=found, turn=0, reason="项目终止")
    assert kit.now(found).state == State.CANCELLED
    issued = kit.concluded(cast, project)
    with pytest.raises(AlreadyHandled):
        opening.cancel(actor=cast.quality_office, inspection=issued, turn=issued.turn, reason="撤销")


# ── Duties ──────────────────────────────────────────────────────────────────
def test_inspector_of_a_live_inspection_is_not_deactivated(cast, project):
    person = kit.inspector(cast)
    found = open_one(cast, project, lead=person)
    with pytest.raises(ValidationError, match=f"请先移交：{found.number} 检查组长"):
        staff_services.deactivate_user(actor=cast.administrator, user=person)
    opening.appoint(actor=cast.quality_office, inspection=found, turn=0, lead=cast.quality_office, inspectors=[],
                    planned_on=TODAY, reason="调离")  # fmt: skip
    staff_services.deactivate_user(actor=cast.administrator, user=person)


def test_inspector_of_a_concluded_inspection_may_leave(cast, project):
    person = kit.inspector(cast)
    kit.concluded(cast, project)
    open_found = open_one(cast, project, inspectors=[person])
    opening.cancel(actor=cast.quality_office, inspection=open_found, turn=0, reason="改期")
    staff_services.deactivate_user(actor=cast.administrator, user=person)


def test_who_owes_the_reply_is_not_deactivated_before_it_is_handed_in(cast, project):
    found = kit.rectifying_one(cast, project)
    with pytest.raises(ValidationError, match=f"请先移交：{found.number} 检查整改") as refused:
        staff_services.deactivate_user(actor=cast.administrator, user=cast.verifier)
    assert refused.value.error_list[0].params["url"] == reverse("projects:team", args=[project.pk])
    kit.reply(cast, found)
    staff_services.deactivate_user(actor=cast.administrator, user=cast.verifier)
