"""What the services of projects allow, refuse and put on record."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from ledger.models import Entry
from notices.models import Notice
from projects import services
from projects.choices import BusinessLine, Degree, DeliverableKind, RiskStatus
from projects.models import Discipline, Project
from projects.queries import called, holders_of, people_of, roles_on, suggested_number
from staff.choices import Role
from staff.models import User
from staff.services import assign_post

pytestmark = pytest.mark.django_db


@pytest.fixture
def civil(db):
    return Discipline.objects.get(code="TJ")


def open_project(actor, unit, **fields):
    fields = {"name": "城东体育馆", "business_line": BusinessLine.BUDGET, "new_client": "城东体育中心"} | fields
    return services.create_project(actor=actor, unit=unit, **fields)


# ── Projects ────────────────────────────────────────────────────────────────
def test_project_is_opened_with_manager_client_and_entry(cast):
    made = open_project(cast.approver, cast.zj1, project_manager=cast.verifier)
    assert made.number == f"{timezone.localdate().year}-ZJ1-001"
    assert roles_on(cast.verifier, made) == {Role.PROJECT_MANAGER}
    actions = set(Entry.objects.within(made).values_list("action", flat=True))
    assert actions == {"project.create", "assignment.start"}


def test_known_client_of_that_name_is_taken(cast, project):
    assert open_project(cast.approver, cast.zj1, new_client=project.client.name).client == project.client


def test_nothing_stays_of_a_project_that_is_refused(cast):
    with pytest.raises(ValidationError):
        open_project(cast.approver, cast.zj1, planned_start_on=date(2026, 2, 1), planned_finish_on=date(2026, 1, 1))
    with pytest.raises(ValidationError):
        open_project(cast.approver, cast.zj1, project_manager=cast.administrator)
    assert not Project.objects.exists()
    assert not Entry.objects.exists()


@pytest.mark.parametrize("who", ["preparer", "verifier", "administrator", "archivist", "outsider"])
def test_project_is_not_opened_without_a_post_for_it(cast, who):
    with pytest.raises(PermissionDenied):
        open_project(getattr(cast, who), cast.zj1)


def test_project_is_not_opened_in_another_unit(cast):
    with pytest.raises(PermissionDenied):
        open_project(cast.approver, cast.zj2)


def test_number_counts_on_from_the_highest_and_ignores_other_patterns(cast, project):
    Project.objects.filter(pk=project.pk).update(number="2026-ZJ1-041")
    open_project(cast.approver, cast.zj1, number="2026-ZJ1-042-补")
    assert suggested_number(cast.zj1, 2026) == "2026-ZJ1-042"
    assert suggested_number(cast.zj2, 2026) == "2026-ZJ2-001"


def test_update_keeps_old_and_new_of_what_changed(cast, project):
    services.update_project(actor=cast.verifier, project=project, name="滨江花园三期", stage="delivery")
    entry = Entry.objects.get(action="project.update")
    assert entry.data == '{"name":["滨江花园二期","滨江花园三期"],"stage":["initiation","delivery"]}'
    services.update_project(actor=cast.verifier, project=project, name="滨江花园三期")
    assert Entry.objects.filter(action="project.update").count() == 1


@pytest.mark.parametrize("fact", [{"importance": "ordinary"}, {"business_line": "engineering_consulting"}])
def test_what_decides_the_route_is_not_changed_by_the_project_manager(cast, major_project, fact):
    """A major project made ordinary would go without its expert panel."""
    with pytest.raises(ValidationError, match="审签路线"):
        services.update_project(actor=cast.verifier, project=major_project, **fact)
    services.update_project(actor=cast.approver, project=Project.objects.get(pk=major_project.pk), **fact)


def test_project_moves_to_another_unit_only_by_whom_may_open_one_there(cast, project):
    with pytest.raises(PermissionDenied):
        services.update_project(actor=cast.verifier, project=project, unit=cast.zj2)
    services.update_project(actor=cast.executive, project=Project.objects.get(pk=project.pk), unit=cast.zj2)


# ── Team ────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("who", ["administrator", "auditor", "disabled"])
def test_team_does_not_take(cast, project, who):
    with pytest.raises(ValidationError):
        services.assign(actor=cast.verifier, project=project, user=getattr(cast, who), role=Role.EXPERT)


def test_same_role_twice_at_the_same_time_is_refused_and_later_is_not(cast, project, civil):
    today = timezone.localdate()
    terms = {"project": project, "user": cast.expert1, "role": Role.COST_ENGINEER, "discipline": civil}
    services.assign(actor=cast.verifier, **terms, starts_on=today, ends_on=today + timedelta(days=10))
    with pytest.raises(ValidationError, match="已在项目组"):
        services.assign(actor=cast.verifier, **terms, starts_on=today + timedelta(days=10))
    services.assign(actor=cast.verifier, **terms, starts_on=today + timedelta(days=11))
    before = today - timedelta(days=20)
    services.assign(actor=cast.verifier, **terms, starts_on=before, ends_on=before + timedelta(days=5))


def test_role_ends_with_its_day(cast, project):
    yesterday = timezone.localdate() - timedelta(days=1)
    assignment = project.assignments.get(user=cast.checker)
    services.end_assignment(actor=cast.verifier, assignment=assignment, ends_on=yesterday)
    assert roles_on(cast.checker, project) == set()
    with pytest.raises(ValidationError, match="已经结束"):
        services.end_assignment(actor=cast.verifier, assignment=assignment)


def test_assignment_does_not_end_before_it_began(cast, project):
    assignment = project.assignments.get(user=cast.checker)
    with pytest.raises(ValidationError):
        services.end_assignment(actor=cast.verifier, assignment=assignment, ends_on=date(2020, 1, 1))


def test_roles_of_another_discipline_do_not_count(cast, project, civil):
    other = Discipline.objects.get(code="AZ")
    assert Role.DISCIPLINE_LEAD in roles_on(cast.checker, project, civil)
    assert Role.DISCIPLINE_LEAD not in roles_on(cast.checker, project, other)


@pytest.mark.parametrize("sole", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_team_member_who_becomes_administrator_or_auditor_has_no_role_on_it_any_more(cast, project, civil, sole):
    assign_post(actor=cast.administrator, user=cast.preparer, role=sole)
    person = User.objects.get(pk=cast.preparer.pk)
    assert roles_on(person, project, civil) == {sole}
    with pytest.raises(PermissionDenied):
        services.create_deliverable(
            actor=cast.checker, project=project, title="土建审核", kind=DeliverableKind.SETTLEMENT_REPORT,
            discipline=civil, preparer=person,
        )  # fmt: skip


def test_holders_are_found_by_assignment_then_by_post(cast, project, civil):
    assert holders_of(project, Role.DISCIPLINE_LEAD, civil) == [cast.checker]
    assert holders_of(project, Role.TECHNICAL_DIRECTOR) == [cast.approver]
    assert holders_of(project, Role.CHIEF_ENGINEER) == [cast.chief_engineer]


# ── Deliverables ────────────────────────────────────────────────────────────
def test_deliverables_are_numbered_within_the_project(cast, project, civil):
    facts = {"kind": DeliverableKind.BUDGET, "discipline": civil, "preparer": cast.preparer}
    made = [services.create_deliverable(actor=cast.verifier, project=project, title=t, **facts) for t in "甲乙"]
    assert [each.number for each in made] == ["2026-ZJ1-001-01", "2026-ZJ1-001-02"]
    assert made[0].versions.get().number == 1


def test_deliverable_needs_a_preparer_of_its_discipline(cast, project):
    other = Discipline.objects.get(code="AZ")
    facts = {"title": "安装", "kind": DeliverableKind.BUDGET, "discipline": other, "preparer": cast.preparer}
    with pytest.raises(PermissionDenied):
        services.create_deliverable(actor=cast.verifier, project=project, **facts)


# ── Risks ───────────────────────────────────────────────────────────────────
@pytest.fixture
def risk(cast, project):
    return services.register_risk(
        actor=cast.preparer, project=project, description="图纸缺页", probability=Degree.HIGH, impact=Degree.MEDIUM,
        owner=cast.preparer,
    )  # fmt: skip


def test_risk_climbs_to_the_technical_director_and_no_further(cast, risk):
    climbed = []
    for _ in range(3):
        services.escalate_risk(actor=risk.owner, risk=risk, reason="须上级协调")
        climbed.append(risk.owner)
    assert climbed == [cast.checker, cast.verifier, cast.approver]
    assert Notice.objects.get(recipient=cast.approver).url == f"/projects/{risk.project_id}/risks/"
    with pytest.raises(ValidationError, match="不能再上报"):
        services.escalate_risk(actor=cast.approver, risk=risk, reason="再上报")


def test_owner_hears_of_a_risk_that_somebody_else_registers(cast, project):
    facts = {"probability": Degree.HIGH, "impact": Degree.LOW}
    services.register_risk(actor=cast.verifier, project=project, description="签证缺照片", measures="向监理索取",
                           owner=cast.preparer, **facts)  # fmt: skip
    notice = Notice.objects.get(recipient=cast.preparer)
    assert (notice.title, notice.body) == ("请处理风险：签证缺照片", "应对措施：向监理索取")
    services.register_risk(actor=cast.verifier, project=project, description="自己的", owner=cast.verifier, **facts)
    assert not Notice.objects.filter(recipient=cast.verifier).exists()


def test_risk_is_handled_by_its_owner_once(cast, risk):
    with pytest.raises(PermissionDenied):
        services.escalate_risk(actor=cast.checker, risk=risk, reason="代为上报")
    with pytest.raises(PermissionDenied):
        services.settle_risk(actor=cast.verifier, risk=risk, status=RiskStatus.REMOVED, resolution="已补图")
    with pytest.raises(ValidationError):
        services.settle_risk(actor=cast.preparer, risk=risk, status=RiskStatus.OPEN, resolution="已补图")
    services.settle_risk(actor=cast.preparer, risk=risk, status=RiskStatus.REMOVED, resolution="已补图")
    with pytest.raises(ValidationError, match="已处理"):
        services.settle_risk(actor=cast.preparer, risk=risk, status=RiskStatus.ACCEPTED, resolution="接受")


def test_risk_needs_an_owner_on_the_project(cast, project):
    assert cast.outsider not in people_of(project)
    with pytest.raises(ValidationError, match="不在本项目组"):
        services.register_risk(
            actor=cast.preparer, project=project, description="x", probability=1, impact=1, owner=cast.outsider
        )


# ── Which project is meant ──────────────────────────────────────────────────
def test_project_is_called_by_its_number_or_its_whole_name(cast, project, major_project):
    assert called(cast.quality_office, "2026-zj1-002") == major_project
    assert called(cast.quality_office, "滨江会展中心") == major_project


@pytest.mark.parametrize(
    ("words", "told"),
    [("会展", "2026-ZJ1-002 滨江会展中心"), ("没有这个", "没有该编号或名称"), ("", "没有该编号或名称")],
)
def test_project_is_never_guessed(cast, major_project, words, told):
    with pytest.raises(ValidationError, match=told):
        called(cast.quality_office, words)


def test_project_that_one_may_not_see_is_not_offered(cast, major_project):
    Project.objects.update(confidentiality="secret")
    for words in ("会展", "2026-ZJ1-002", "滨江会展中心"):
        with pytest.raises(ValidationError, match="没有该编号或名称"):
            called(cast.outsider, words)
