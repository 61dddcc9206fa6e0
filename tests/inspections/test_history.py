"""The history of a project (历程) and its inspections: one timeline, and nobody reads in it what they may not see elsewhere."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from feedback import services as feedback_services
from inspections.choices import HistoryKind, Kind
from inspections.queries.history import history
from inspections.services import concluding
from ledger.models import Entry
from projects import services as project_services
from projects.models import Assignment
from staff.choices import Role
from tests.conftest import LONG_AGO
from tests.feedback import telling
from tests.inspections import kit
from tests.inspections.test_accidents import register
from tests.reviews import flow

pytestmark = pytest.mark.django_db


def url(project, name="history") -> str:
    return reverse(f"inspections:project_{name}", args=[project.pk])


def actions(user, project, kind="") -> list[str]:
    return [entry.action for entry in history(user, project, kind)]


def text_of(client, project, **asked) -> str:
    response = client.get(url(project), asked)
    assert response.status_code == 200
    return response.content.decode()


def complaint_about(cast, project, **more):
    """Accepted and placed with the project."""
    found = telling.complaint(**more)
    actor = cast.executive if found.is_about_office else cast.quality_office
    found = feedback_services.accept(actor=actor, complaint=found, turn=0)
    return feedback_services.place(actor=actor, complaint=found, turn=found.turn, project=project, unit=None)


@pytest.fixture
def rich(cast, project):
    """A project with something of each kind."""
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.sign(deliverable)
    project_services.register_inquiry(actor=cast.verifier, project=project, question="何时出结果", asked_by="王工",
                                      asked_at=timezone.now(), channel="phone")  # fmt: skip
    kit.reply(cast, kit.rectifying_one(cast, project))
    register(cast, project)
    complaint_about(cast, project)
    return project


# ── One timeline, by kinds ──────────────────────────────────────────────────
def test_timeline_tells_what_happened(cast, rich, log_in):
    text = text_of(log_in(cast.quality_office), rich)
    for words in ("上传文件", "签署校核", "登记委托人询问", "时限起算", "检查：立项", "检查：提交整改回复",
                  "登记重大质量事故", "投诉举报：受理", "编制人"):  # fmt: skip
        assert words in text, words
    assert text.index("投诉举报：受理") < text.index("签署校核")  # the newest first


def test_each_line_is_of_exactly_one_kind(cast, rich):
    whole = [entry.number for entry in history(cast.quality_office, rich)]
    parts = [[entry.number for entry in history(cast.quality_office, rich, kind)] for kind in HistoryKind]
    assert all(parts)
    assert sorted(number for part in parts for number in part) == sorted(whole)
    assert whole == sorted(whole, reverse=True)


def test_kinds_hold_what_they_say(cast, rich):
    of = {kind: set(actions(cast.quality_office, rich, kind)) for kind in HistoryKind}
    assert {"review.submit", "review.sign", "attachment.add", "deliverable.create"} <= of["review"]
    assert {"inspection.open", "inspection.reply", "accident.register"} <= of["inspection"]
    assert all(action.startswith("deadline.") for action in of["clock"])
    assert of["complaint"] == {"complaint.receive", "complaint.accept", "complaint.place"}
    assert "inquiry.register" in of["other"]


def test_kind_stays_in_the_links_to_the_pages_and_nonsense_shows_all(cast, project, log_in):
    client = log_in(cast.verifier)
    for serial in range(30):
        project_services.register_risk(actor=cast.verifier, project=project, description=f"风险{serial}", probability=1,
                                       impact=1, owner=cast.preparer)  # fmt: skip
        project_services.register_inquiry(actor=cast.verifier, project=project, question=f"问{serial}", asked_by="王工",
                                          asked_at=timezone.now(), channel="phone")  # fmt: skip
    first = text_of(client, project, kind="other")
    assert "kind=other&amp;page=2" in first
    assert first.count('class="timeline-body"') == 50
    assert text_of(client, project, kind="other", page=2).count('class="timeline-body"') == 10
    for asked in ({}, {"kind": "nonsense"}):
        assert client.get(url(project), asked).context["page"].paginator.count == 90  # with 30 clocks
    assert "没有这一类记录" in text_of(client, project, kind="review")


def test_empty_history_says_what_will_fill_it(cast, project, log_in):
    assert "还没有记录" in text_of(log_in(cast.preparer), project)


def test_history_of_one_project_tells_nothing_of_another(cast, rich, major_project):
    assert actions(cast.quality_office, major_project) == []


# ── Inspections ─────────────────────────────────────────────────────────────
def test_team_reads_nothing_of_an_inspection_that_is_not_shown_to_it(cast, project, log_in):
    of = kit.inspection(cast, project)
    for person in (cast.verifier, cast.preparer, cast.approver):
        assert actions(person, project) == []
        assert of.number not in text_of(log_in(person), project)
    assert actions(cast.quality_office, project) == ["inspection.open"]


def test_team_reads_what_was_done_in_front_of_it_and_not_the_work_of_the_office(cast, project, log_in):
    of = kit.reply(cast, kit.rectifying_one(cast, project))
    read = set(actions(cast.verifier, project, "inspection"))
    assert read == {f"inspection.{act}" for act in ("finish_scoring", "talk", "issue", "receive", "reply")}
    assert {"inspection.open", *read} <= set(actions(cast.quality_office, project, "inspection"))
    assert "deadline.start" in actions(cast.verifier, project, "clock")
    text = text_of(log_in(cast.verifier), project)
    assert f"{of.number}：回复 2 条问题" in text
    assert "检查：立项" not in text


def test_inspection_that_is_scored_again_is_hidden_from_the_team_again(cast, project):
    of = kit.discussing(cast, project)
    assert actions(cast.verifier, project) == ["inspection.finish_scoring"]
    lead = of.inspectors.get(is_lead=True).user
    concluding.score_again(actor=lead, inspection=of, turn=of.turn, reason="补查底稿")
    assert actions(cast.verifier, project) == []


def test_who_sees_the_project_but_no_inspections_finds_neither_them_nor_their_clocks(cast, project, log_in):
    of = kit.rectifying_one(cast, project)
    assert "deadline.start" in actions(cast.verifier, project)
    for person in (cast.archivist, cast.auditor):
        assert actions(person, project) == []
        client = log_in(person)
        assert of.number not in text_of(client, project)
        assert "没有可查看的检查" in client.get(url(project, "inspections")).content.decode()


def test_who_belongs_to_the_team_reads_as_the_team_whatever_the_post(cast, project):
    kit.rectifying_one(cast, project)
    before = set(actions(cast.executive, project))
    Assignment.objects.create(project=project, user=cast.executive, role=Role.EXPERT, starts_on=LONG_AGO)
    after = set(actions(cast.executive, project))
    assert before - after == {"inspection.open"}
    assert after == set(actions(cast.verifier, project))


def test_accident_is_told_to_whom_may_see_it(cast, project, log_in):
    accident = register(cast, project)
    assert actions(cast.chief_engineer, project) == ["accident.register"]
    for person in (cast.verifier, cast.approver, cast.auditor):
        assert actions(person, project) == []
        assert accident.number not in text_of(log_in(person), project)


# ── Complaints ──────────────────────────────────────────────────────────────
def test_team_learns_nothing_of_a_complaint_about_its_project(cast, project, log_in):
    found = complaint_about(cast, project)
    assert "complaint.accept" in actions(cast.quality_office, project)
    assert found.number in text_of(log_in(cast.quality_office), project)
    for person in (cast.verifier, cast.preparer, cast.approver, cast.chief_engineer, cast.archivist, cast.auditor):
        assert actions(person, project) == []
        assert found.number not in text_of(log_in(person), project)
        assert found.number not in text_of(log_in(person), project, kind="complaint")


def test_special_audit_tells_the_team_nothing_of_the_complaint_that_set_it_off(cast, project, log_in):
    found = telling.to_handling(cast, telling.complaint())
    found = feedback_services.place(
        actor=cast.quality_office, complaint=found, turn=found.turn, project=project, unit=None
    )
    of = kit.discussing(cast, project, kind=Kind.SPECIAL_AUDIT, complaint=found)
    for name in ("history", "inspections"):
        text = log_in(cast.verifier).get(url(project, name)).content.decode()
        assert of.number in text
        assert found.number not in text
        assert "投诉举报：" not in text
    assert found.number in text_of(log_in(cast.quality_office), project)


def test_whom_a_complaint_is_about_reads_nothing_of_it_whatever_the_post(cast, project):
    found = complaint_about(cast, project)
    colleague = kit.inspector(cast, "质量办乙")
    assert actions(colleague, project)
    feedback_services.add_about(actor=cast.quality_office, complaint=found, user=colleague)
    assert actions(colleague, project) == []
    assert actions(cast.quality_office, project)


def test_complaint_about_the_quality_office_is_hidden_from_it(cast, project):
    complaint_about(cast, project, content=telling.content(is_about_office=True))
    assert actions(cast.quality_office, project) == []
    assert "complaint.accept" in actions(cast.executive, project)


def test_person_named_for_a_complaint_reads_it_and_nobody_reads_who_looked_at_the_sender(cast, project):
    found = complaint_about(cast, project)
    feedback_services.add_named(actor=cast.executive, complaint=found, user=cast.verifier)
    feedback_services.view_sender(actor=cast.executive, complaint=found, reason="核实电话")
    assert Entry.objects.filter(action__in=["complaint.sender_viewed", "complaint.named_add"]).count() == 2
    for person in (cast.verifier, cast.executive, cast.quality_office):
        read = set(actions(person, project))
        assert "complaint.accept" in read
        assert "deadline.start" in read  # the complaint's own clocks
        assert not read & {"complaint.sender_viewed", "complaint.named_add"}


def test_complaint_that_is_placed_with_another_project_leaves_this_history(cast, project, major_project):
    found = complaint_about(cast, project)
    feedback_services.place(
        actor=cast.quality_office, complaint=found, turn=found.turn, project=major_project, unit=None
    )
    assert actions(cast.quality_office, project) == []
    assert "complaint.receive" in actions(cast.quality_office, major_project)


# ── Links ───────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "part", ["quality_office", "executive", "verifier", "approver", "preparer", "archivist", "auditor"]
)
def test_every_line_leads_to_a_page_that_the_reader_may_open(cast, rich, log_in, part):
    project_services.register_risk(actor=cast.verifier, project=rich, description="价差", probability=1, impact=1,
                                   owner=cast.preparer)  # fmt: skip
    kept = project_services.create_handover(actor=cast.verifier, project=rich, kind="bids", handed_over_by="王工")
    gone = project_services.create_handover(actor=cast.verifier, project=rich, kind="bids", handed_over_by="李工")
    project_services.remove_handover(actor=cast.verifier, handover=gone)
    project_services.assign(actor=cast.approver, project=rich, user=cast.expert1, role="expert", starts_on=LONG_AGO)
    client = log_in(getattr(cast, part))
    text = text_of(client, rich)
    links = set(re.findall(r'</strong> <a href="([^"]+)"', text))
    assert reverse("projects:handover", args=[rich.pk, kept.pk]) in links
    assert reverse("projects:handover", args=[rich.pk, gone.pk]) not in links
    assert reverse("projects:handovers", args=[rich.pk]) in links
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


# ── The page itself ─────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["history", "inspections"])
def test_pages_of_a_project_that_is_not_visible_are_404(cast, project, log_in, name):
    assert log_in(cast.outsider).get(url(project, name)).status_code == 404
    assert log_in(cast.administrator).get(url(project, name)).status_code == 404


def test_tabs_lead_to_history_and_inspections_and_the_old_address_is_gone(cast, project, log_in):
    client = log_in(cast.preparer)
    text = client.get(reverse("projects:detail", args=[project.pk])).content.decode()
    assert f'href="{url(project)}">历程' in text
    assert f'href="{url(project, "inspections")}">检查' in text
    assert client.get(f"/projects/{project.pk}/timeline/").status_code == 404


def test_history_costs_the_same_with_one_of_each_and_with_many(cast, rich, log_in, count_queries):
    for person in (cast.quality_office, cast.verifier):
        log_in(person)
        count_queries(url(rich))  # the first page of a session writes it
    one = {}
    for person in (cast.quality_office, cast.verifier):
        log_in(person)
        one[person.pk] = count_queries(url(rich))
    for _ in range(3):
        kit.rectifying_one(cast, rich)
        register(cast, rich)
        complaint_about(cast, rich)
        kit.inspection(cast, rich)
        flow.submit(flow.open_deliverable(cast, rich, title="又一份报告"))
    for person in (cast.quality_office, cast.verifier):
        log_in(person)
        assert count_queries(url(rich)) == one[person.pk]
        assert one[person.pk] <= 26


# ── The inspections of a project ────────────────────────────────────────────
def test_project_page_lists_its_inspections_with_score_opinion_and_clock(cast, project, other_project, log_in):
    of = kit.rectifying_one(cast, project)
    kit.inspection(cast, other_project)
    for person in (cast.quality_office, cast.verifier, cast.approver):
        text = log_in(person).get(url(project, "inspections")).content.decode()
        for words in (of.number, of.opinion.number, of.score_sheet.grade, "整改中", "整改回复", "剩 10 天"):
            assert words in text, words
        assert text.count("inspections/") >= 1
        assert "城北污水处理厂" not in text


def test_inspection_in_scoring_is_listed_for_the_office_without_a_score(cast, project, log_in):
    of = kit.inspection(cast, project)
    assert of.number not in log_in(cast.verifier).get(url(project, "inspections")).content.decode()
    text = log_in(cast.quality_office).get(url(project, "inspections")).content.decode()
    assert of.number in text
    assert "grade-total" not in text
    assert f"{reverse('inspections:inspection_open')}?project={project.pk}" in text


def test_inspections_cost_the_same_with_one_and_with_ten(cast, project, log_in, count_queries):
    log_in(cast.verifier)
    page = url(project, "inspections")
    kit.rectifying_one(cast, project)
    count_queries(page)  # the first page of a session writes it
    one = count_queries(page)
    for _ in range(4):
        kit.rectifying_one(cast, project)
        kit.discussing(cast, project)
    assert count_queries(page) == one
