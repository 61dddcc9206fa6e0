"""How clocks find their people on a project, and which acts of a project start, end and pass on clocks."""

import random
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deadlines import scopes
from deadlines.choices import Event, State
from deadlines.models import Deadline
from deadlines.scopes import Place
from notices.models import Notice
from projects import clocks, services
from projects.choices import Confidentiality, DeliverableKind, HandoverKind
from projects.models import Assignment, Discipline, Project
from projects.queries import holders_of
from staff.choices import ASSIGNABLE_ROLES, Role
from staff.models import Post, Unit, User
from tests.reviews import flow

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 13)


@pytest.fixture(autouse=True)
def _on_friday(at):
    at(2026, 11, 13, 10, 30)


@pytest.fixture
def civil(db):
    return Discipline.objects.get(code="TJ")


# ── Who fills a role ────────────────────────────────────────────────────────
def random_firm(cast, project, dice):
    """More units, projects, people, posts and assignments of all times, at random."""
    units = [cast.hq, cast.zj1, cast.zj2]
    for index in range(3):
        units.append(Unit.objects.create(code=f"U{index}", name=f"{index} 室", parent=dice.choice(units)))
    people = [
        User.objects.create(employee_number=f"R{dice.randrange(10**6):06}", name=f"人{index}", unit=dice.choice(units),
                            is_active=dice.random() > 0.2)
        for index in range(12)
    ]  # fmt: skip
    projects = [project]
    for index in range(3):
        projects.append(
            Project.objects.create(number=f"R-{index}", name=f"随机{index}", client=project.client, created_by=people[0],
                                   unit=dice.choice(units), business_line="budget")
        )  # fmt: skip
    disciplines = list(Discipline.objects.all()[:2])
    spans = [(-20, None), (-20, 20), (-20, -1), (1, None), (0, 0)]

    def span():
        begun, ended = dice.choice(spans)
        return {
            "starts_on": TODAY + timedelta(begun),
            "ends_on": TODAY + timedelta(ended) if ended is not None else None,
        }

    seen = set()
    for _ in range(60):
        key = (
            dice.choice(projects),
            dice.choice(people),
            dice.choice(ASSIGNABLE_ROLES),
            dice.choice([None, *disciplines]),
        )
        if key in seen or (key[3] is None and key[2] in (Role.DISCIPLINE_LEAD, Role.COST_ENGINEER)):
            continue
        seen.add(key)
        where, user, role, discipline = key
        Assignment.objects.create(project=where, user=user, role=role, discipline=discipline, **span())
    for _ in range(25):
        role = dice.choice([Role.TECHNICAL_DIRECTOR, Role.EXECUTIVE, Role.QUALITY_OFFICE])
        Post.objects.create(user=dice.choice(people), role=role, unit=dice.choice([None, *units]), **span())
    return projects, disciplines


@pytest.mark.parametrize("seed", range(6))
def test_holders_are_those_of_the_project_whatever_the_team(cast, project, seed):
    projects, disciplines = random_firm(cast, project, random.Random(seed))
    places = {
        Place(where.pk, role, discipline.pk if discipline else None): (where, role, discipline)
        for where in projects
        for role in ASSIGNABLE_ROLES
        for discipline in [None, *disciplines]
    }
    found = clocks.holders(places)
    assert found == {place: holders_of(*terms) for place, terms in places.items()}
    assert sum(map(bool, found.values())) > 20


def test_holders_cost_the_same_for_one_place_and_for_many(cast, project):
    projects, _ = random_firm(cast, project, random.Random(1))

    def cost(places):
        with CaptureQueriesContext(connection) as captured:
            clocks.holders(places)
        return len(captured)

    one = cost([Place(project.pk, Role.PROJECT_MANAGER)])
    assert cost([Place(each.pk, role) for each in projects for role in ASSIGNABLE_ROLES]) == one <= 4


@pytest.mark.parametrize("sole", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_administrator_and_auditor_owe_nothing_whatever_team_they_are_on(cast, project, sole):
    Post.objects.create(user=cast.verifier, role=sole, starts_on=TODAY)
    place = Place(project.pk, Role.PROJECT_MANAGER)
    assert clocks.holders([place]) == {place: []}
    place = Place(project.pk, sole)
    assert clocks.holders([place]) == {place: []}


def test_roles_on_a_clock_are_those_on_its_project_and_discipline(cast, project, civil):
    other = Discipline.objects.get(code="AZ")
    assert clocks.roles_on(cast.checker, project.pk, civil.pk) == {Role.DISCIPLINE_LEAD}
    assert clocks.roles_on(cast.checker, project.pk, other.pk) == set()
    assert clocks.roles_on(cast.approver, project.pk, None) == {Role.TECHNICAL_DIRECTOR}


def test_clock_is_seen_by_those_who_see_its_project(cast, project, complete):
    Project.objects.filter(pk=project.pk).update(confidentiality=Confidentiality.SECRET)
    complete(project, HandoverKind.BIDS)
    people = [
        "preparer",
        "approver",
        "quality_office",
        "auditor",
        "archivist",
        "outsider",
        "administrator",
        "disabled",
    ]
    seen = [name for name in people if Deadline.objects.visible_to(getattr(cast, name)).exists()]
    assert seen == ["preparer", "approver", "quality_office"]


def test_secret_projects_are_told_apart(cast, project, major_project):
    Project.objects.filter(pk=project.pk).update(confidentiality=Confidentiality.SECRET)
    assert scopes.confidential("projects.project", [project.pk, major_project.pk]) == {project.pk}


# ── Questions and urgent calls of the client ────────────────────────────────
def ask(cast, project, at, **fields):
    facts = {"question": "何时出初稿？", "asked_by": "王工", "channel": "phone"} | fields
    return services.register_inquiry(actor=cast.verifier, project=project, asked_at=at, **facts)


def call(cast, project, at):
    return services.register_urgent(
        actor=cast.preparer, project=project, need="驻场两人", asked_by="王工", asked_at=at
    )


def test_question_is_to_be_answered_within_a_working_hour_of_its_arrival(cast, project, at):
    arrived = at(2026, 11, 13, 11, 30)
    at(2026, 11, 13, 13, 40)
    inquiry = ask(cast, project, arrived)
    clock = Deadline.objects.of(inquiry).get()
    # Half an hour before noon, half an hour after 13:30.
    assert timezone.localtime(clock.due_at).strftime("%H:%M") == "14:00"
    answered = at(2026, 11, 13, 13, 50)
    services.answer_inquiry(actor=cast.preparer, inquiry=inquiry, answer="下周三")
    clock.refresh_from_db()
    assert (clock.state, clock.stopped_at) == (State.FULFILLED, answered)


def test_urgent_call_starts_a_day_and_ends_with_the_registration_of_the_arrival(cast, project, at):
    asked = at(2026, 11, 12, 16, 0)
    urgent = call(cast, project, asked)
    clock = Deadline.objects.of(urgent).get()
    assert (clock.due_on, clock.responsible) == (TODAY, cast.verifier)
    now = at(2026, 11, 14, 9, 0)
    arrived = now - timedelta(hours=20)
    services.close_urgent(actor=cast.verifier, urgent=urgent, arrived_at=arrived, arrival_note="编制人、校核人到岗")
    clock.refresh_from_db()
    urgent.refresh_from_db()
    # An arrival of yesterday that the one who owes it registers today does not make the clock punctual.
    assert (urgent.arrived_at, clock.stopped_at, clock.light) == (arrived, now, "late")


def test_arrival_counts_itself_where_whoever_decides_about_time_registers_it(cast, project, at):
    urgent = call(cast, project, at(2026, 11, 12, 16, 0))
    arrived = at(2026, 11, 14, 9, 0) - timedelta(hours=20)
    services.close_urgent(actor=cast.approver, urgent=urgent, arrived_at=arrived, arrival_note="两人到岗")
    clock = Deadline.objects.of(urgent).get()
    assert (clock.stopped_at, clock.light) == (arrived, "done")


def test_arrival_is_registered_once_and_not_before_the_call(cast, project, at):
    asked = at(2026, 11, 13, 9, 0)
    now = at(2026, 11, 13, 15, 0)
    urgent = call(cast, project, asked)
    for wrong in (asked - timedelta(minutes=1), now + timedelta(minutes=1)):
        with pytest.raises(ValidationError) as refused:
            services.close_urgent(actor=cast.preparer, urgent=urgent, arrived_at=wrong, arrival_note="到岗")
        assert set(refused.value.error_dict) == {"arrived_at"}
    with pytest.raises(PermissionDenied):
        services.close_urgent(actor=cast.archivist, urgent=urgent, arrived_at=now, arrival_note="到岗")
    services.close_urgent(actor=cast.preparer, urgent=urgent, arrived_at=now, arrival_note="到岗")
    with pytest.raises(ValidationError, match="已登记到岗"):
        services.close_urgent(actor=cast.preparer, urgent=urgent, arrived_at=now, arrival_note="到岗")


def test_call_from_the_future_is_refused(cast, project):
    with pytest.raises(ValidationError) as refused:
        call(cast, project, timezone.now() + timedelta(minutes=1))
    assert set(refused.value.error_dict) == {"asked_at"}


# ── The team ────────────────────────────────────────────────────────────────
def test_clock_passes_on_with_the_role(cast, project, complete):
    complete(project, HandoverKind.BIDS)
    manager = project.assignments.get(role=Role.PROJECT_MANAGER)
    services.assign(actor=cast.approver, project=project, user=cast.expert1, role=Role.PROJECT_MANAGER)
    assert Deadline.objects.get().responsible == cast.verifier
    services.end_assignment(actor=cast.approver, assignment=manager, ends_on=TODAY - timedelta(days=1))
    assert Deadline.objects.get().responsible == cast.expert1
    assert Notice.objects.filter(recipient=cast.expert1, title__startswith="时限转由您负责").exists()


def test_clock_that_nobody_owed_finds_whoever_joins(cast, project, complete):
    other = Discipline.objects.get(code="AZ")
    complete(project, HandoverKind.DRAWINGS, title="3 号楼", discipline=other)
    services.assign(
        actor=cast.verifier, project=project, user=cast.expert1, role=Role.DISCIPLINE_LEAD, discipline=other
    )
    assert Deadline.objects.get().responsible == cast.expert1


def test_deputy_takes_the_clock_of_a_role_that_was_vacant_until_a_day(cast, project, complete):
    project.assignments.filter(role=Role.PROJECT_MANAGER).update(ends_on=TODAY - timedelta(days=1))
    complete(project, HandoverKind.BIDS)
    deputy = services.appoint_deputy(actor=cast.approver, project=project, user=cast.expert2, role=Role.PROJECT_MANAGER,
                                     reason="项目经理离任", ends_on=TODAY + timedelta(days=7))  # fmt: skip
    assert Deadline.objects.get().responsible == cast.expert2
    assert deputy.ends_on == TODAY + timedelta(days=7)


def test_move_to_another_unit_looks_again_for_who_owes_each_clock(cast, project, complete):
    complete(project, HandoverKind.BIDS)
    Deadline.objects.update(responsible=None)
    services.update_project(actor=cast.executive, project=Project.objects.get(pk=project.pk), unit=cast.zj2)
    assert Deadline.objects.get().responsible == cast.verifier


# ── The issue ───────────────────────────────────────────────────────────────
@pytest.fixture
def issued(cast, project):
    """`issued()`: a settlement review report of 土建 goes through the whole chain."""

    def pass_through():
        report = flow.open_deliverable(cast, project)
        flow.submit(report)
        flow.sign_all(report)
        return flow.issue(report)

    return pass_through


def test_issue_of_the_result_ends_the_clock_that_it_answers(cast, project, complete, issued):
    draft, review = complete(project), complete(project, HandoverKind.SETTLEMENT_DOCUMENTS)
    number = issued().issue.number
    clock = Deadline.objects.of(review).get()
    assert (clock.state, clock.stop_note) == (State.FULFILLED, f"签发 {number}")
    # A review report is neither the plan nor the draft of the settlement.
    assert Deadline.objects.open().of(draft).count() == 2


def test_issue_that_may_answer_several_clocks_ends_none_and_asks_whom_they_belong_to(cast, project, complete, issued):
    handovers = [complete(project, HandoverKind.SETTLEMENT_DOCUMENTS, title=title) for title in ("一期", "二期")]
    number = issued().issue.number
    assert all(Deadline.objects.open().of(each).exists() for each in handovers)
    (notice,) = Notice.objects.filter(title__startswith="请登记已签发成果对应的时限")
    assert notice.recipient == cast.verifier
    assert notice.url == f"/deadlines/{Deadline.objects.open().order_by('due_at', 'pk').first().pk}/"
    assert number in notice.body
    assert "一期" in notice.body
    assert "二期" in notice.body


def test_issue_that_answers_no_clock_goes_through(project, complete, issued):
    complete(project, HandoverKind.BIDS)
    assert issued().issue.number
    assert Deadline.objects.get().state == State.RUNNING


def test_clock_of_a_discipline_takes_a_result_of_this_discipline_alone(cast, project, complete, civil):
    other = Discipline.objects.get(code="AZ")
    services.assign(
        actor=cast.verifier, project=project, user=cast.preparer, role=Role.COST_ENGINEER, discipline=other
    )
    for title, discipline in (("1 号楼", civil), ("1 号楼安装", other)):
        complete(project, HandoverKind.DRAWINGS, title=title, discipline=discipline)
    bills = [
        services.create_deliverable(actor=cast.verifier, project=project, title="清单", kind=DeliverableKind.BILL,
                                    discipline=discipline, preparer=cast.preparer)
        for discipline in (civil, other)
    ]  # fmt: skip
    with CaptureQueriesContext(connection) as captured:
        found = clocks.clocks_for_many(bills)
    assert len(captured) == 1
    assert [[clock.discipline_id for clock in found[bill.pk]] for bill in bills] == [[civil.pk], [other.pk]]
    assert clocks.clocks_for(bills[0]) == found[bills[0].pk]
    (stopped,) = services.fulfil_by_issue(actor=cast.approver, deliverable=bills[1], number="ZJ-7")
    assert stopped.discipline_id == other.pk
    assert not clocks.clocks_for(bills[1])


def test_every_event_that_projects_can_tell_has_its_rule():
    """What the lists, questions, calls and the end of a service start is what the seeded rules wait for."""
    from deadlines.models import DeadlineRule
    from projects.services.handovers import EVENTS

    told = {*EVENTS.values(), Event.INQUIRY_ASKED, Event.URGENT_ASKED, Event.SERVICE_ENDED}
    waiting = set(DeadlineRule.objects.in_force().values_list("event", flat=True))
    # The inspections' own, those of complaints, of accountability, of the year's settlement and of meetings.
    complaints = {Event.COMPLAINT_RECEIVED, Event.COMPLAINT_ACCEPTED}
    accountability = {Event.LIABILITY_SERVED, Event.LIABILITY_ANSWERED}
    settlement = {Event.AWARDS_POSTED, Event.AWARD_APPEALED}
    meetings = {Event.MEETING_HELD, Event.ACTION_ITEM_SET}
    assert waiting - told == {Event.OPINION_RECEIVED} | complaints | accountability | settlement | meetings
    assert told <= waiting
