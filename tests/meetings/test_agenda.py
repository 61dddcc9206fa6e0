"""The agenda: items, what the system proposes, papers."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from deadlines import services as deadline_services
from deadlines.choices import Event
from deadlines.models import Deadline
from meetings.chain import AlreadyHandled
from meetings.choices import ActionState, ItemSource
from meetings.models import ActionItem, CarriedItem, Contact, Meeting
from meetings.queries import agenda as queries
from meetings.services import agenda
from tests.inspections import kit as inspections_kit
from tests.meetings import minutes_kit as kit
from tests.reviews import flow


@pytest.fixture
def meeting(cast, project):
    return kit.meeting(cast, project, hours=24, items=("进度", "签证", "索赔"))


def titles(meeting):
    return [item.title for item in queries.agenda_of(meeting)]


def open_item(cast, project, text="补交签证", **fields):
    earlier = kit.meeting(cast, project)
    count = ActionItem.objects.count() + 1
    usual = {"owner": cast.preparer, "due_on": timezone.localdate() - timedelta(days=1), "created_by": cast.verifier}
    return ActionItem.objects.create(
        number=f"DB-2026-{count:04}", project=project, meeting=earlier, text=text, **usual | fields
    )


def overdue(cast, project, event=Event.BIDS_RECEIVED, subject=None):
    (clock,) = deadline_services.start(
        actor=cast.checker, event=event, subject=subject or project, scope=project, url="/", label="投标书", event_at=timezone.now() - timedelta(days=60),
        business_line=project.business_line, beyond_reason="另有询标",
    )  # fmt: skip
    return clock


# ── Items ───────────────────────────────────────────────────────────────────
def test_items_are_added_moved_changed_and_removed(cast, meeting):
    item = agenda.add_item(
        actor=cast.verifier, meeting=meeting, title=" 变更  估价 ", owner=cast.checker, minutes_long=15
    )
    assert titles(meeting) == ["进度", "签证", "索赔", "变更 估价"]
    agenda.move_item(actor=cast.verifier, item=item, up=True)
    first = meeting.agenda.first()
    agenda.move_item(actor=cast.verifier, item=first, up=True)  # at the end: nothing
    assert titles(meeting) == ["进度", "签证", "变更 估价", "索赔"]
    agenda.change_item(actor=cast.verifier, item=item, title="变更", owner=None)
    agenda.remove_item(actor=cast.verifier, item=first)
    assert [(item.order, item.title) for item in queries.agenda_of(meeting)] == [(1, "签证"), (2, "变更"), (3, "索赔")]


def test_only_organiser_and_recorder_keep_the_agenda(cast, meeting):
    for stranger in (cast.checker, cast.approver, cast.outsider):
        with pytest.raises(PermissionDenied):
            agenda.add_item(actor=stranger, meeting=meeting, title="x")


def test_an_item_has_one_owner_and_of_the_own_project(cast, project, other_project, meeting):
    contact = kit.party(project).contacts.get()
    strange = kit.party(other_project, creator=cast.executive).contacts.get()
    with pytest.raises(ValidationError):
        agenda.add_item(actor=cast.verifier, meeting=meeting, title="x", owner=cast.checker, owner_contact=contact)
    with pytest.raises(ValidationError):
        agenda.add_item(actor=cast.verifier, meeting=meeting, title="x", owner_contact=strange)
    assert (
        agenda.add_item(actor=cast.verifier, meeting=meeting, title="x", owner_contact=contact).owner_contact
        == contact
    )


@pytest.mark.parametrize("told", [{"title": " "}, {"title": "长" * 201}, {"title": "x", "minutes_long": -1}])
def test_what_is_no_item_is_refused(cast, meeting, told):
    with pytest.raises(ValidationError):
        agenda.add_item(actor=cast.verifier, meeting=meeting, **told)


def test_what_has_a_record_stays_on_the_agenda(cast, meeting):
    item = meeting.agenda.first()
    meeting.agenda.filter(pk=item.pk).update(record="说了")
    with pytest.raises(ValidationError, match="已有会议记录"):
        agenda.remove_item(actor=cast.verifier, item=item)


def test_the_agenda_of_issued_minutes_is_closed(cast, project, monkeypatch):
    kit.no_papers(monkeypatch)
    made = kit.world(cast, project)
    for act in (
        lambda: agenda.add_item(actor=cast.verifier, meeting=made.meeting, title="补"),
        lambda: agenda.add_papers(actor=cast.verifier, meeting=made.meeting, files=[flow.pdf_file()]),
    ):
        with pytest.raises(AlreadyHandled):
            act()


# ── Proposals ───────────────────────────────────────────────────────────────
def test_what_is_open_in_the_project_is_proposed_once(cast, project, meeting):
    item = open_item(cast, project)
    open_item(cast, project, "已关闭的", state=ActionState.CLOSED)
    overdue(cast, project)
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.draft_remark(deliverable)
    flow.return_remarks(deliverable)
    found = {each.source: each for each in queries.proposals(meeting, cast.verifier)}
    assert set(found) == {ItemSource.ACTION_ITEM, ItemSource.CLOCK, ItemSource.REMARK}
    for each in found.values():
        agenda.adopt(actor=cast.verifier, meeting=meeting, key=each.key)
    assert queries.proposals(meeting, cast.verifier) == []
    assert CarriedItem.objects.get(meeting=meeting).action_item == item
    with pytest.raises(ValidationError, match="已在议程"):
        agenda.adopt(actor=cast.verifier, meeting=meeting, key=found[ItemSource.CLOCK].key)


def test_of_an_inspection_only_that_a_rectification_runs(cast, project, meeting):
    inspection = inspections_kit.inspection(cast, project)
    (clock,) = deadline_services.start(
        actor=cast.quality_office, event=Event.OPINION_RECEIVED, subject=inspection, scope=project, url="/", event_at=timezone.now(),
        business_line=project.business_line,
    )  # fmt: skip
    (found,) = queries.proposals(meeting, cast.verifier)
    assert (found.source, found.title, found.url) == (
        ItemSource.RECTIFICATION,
        "质量检查整改",
        f"/deadlines/{clock.pk}/",
    )


def test_nothing_of_another_project_is_proposed_and_nothing_to_who_does_not_see_it(
    cast, project, other_project, meeting
):
    open_item(cast, other_project, owner=cast.outsider)
    overdue(cast, other_project)
    assert queries.proposals(meeting, cast.verifier) == []
    mine = overdue(cast, project)
    # 专家甲 keeps the record of an internal project without seeing the project.
    Meeting.objects.filter(pk=meeting.pk).update(recorder=cast.expert1)
    assert [each.key for each in queries.proposals(meeting, cast.verifier)] == [f"deadlines.deadline:{mine.pk}"]
    assert queries.proposals(meeting, cast.expert1) == []
    with pytest.raises(ValidationError):
        agenda.adopt(actor=cast.expert1, meeting=kit.now(meeting), key=f"deadlines.deadline:{mine.pk}")


def test_removing_a_carried_item_leaves_it_open_for_the_next(cast, project, meeting):
    open_item(cast, project)
    (found,) = queries.proposals(meeting, cast.verifier)
    item = agenda.adopt(actor=cast.verifier, meeting=meeting, key=found.key)
    agenda.remove_item(actor=cast.verifier, item=item)
    assert not CarriedItem.objects.filter(meeting=meeting).exists()
    assert [each.key for each in queries.proposals(meeting, cast.verifier)] == [found.key]


# ── Papers ──────────────────────────────────────────────────────────────────
def test_a_paper_is_kept_downloaded_and_taken_back(cast, meeting, log_in):
    browser = log_in(cast.verifier)
    url = f"/meetings/{meeting.pk}/papers/"
    item = meeting.agenda.first()
    assert browser.post(url, {"files": flow.pdf_file("材料.pdf"), "item": item.pk}).status_code == 302
    paper = meeting.papers.get()
    assert paper.agenda_item == item
    response = browser.get(f"{url}{paper.pk}/")
    assert response["Content-Disposition"].startswith("attachment")
    assert b"".join(response.streaming_content).startswith(b"%PDF")
    assert log_in(cast.outsider).get(f"{url}{paper.pk}/").status_code == 404
    assert log_in(cast.checker).post(f"{url}{paper.pk}/remove/").status_code == 403
    assert log_in(cast.verifier).post(f"{url}{paper.pk}/remove/").status_code == 302
    assert browser.get(f"{url}{paper.pk}/").status_code == 404


def test_a_paper_that_is_none_is_refused_with_the_reason(cast, meeting, log_in):
    upload = flow.pdf_file("脚本.html")
    response = log_in(cast.verifier).post(f"/meetings/{meeting.pk}/papers/", {"files": upload})
    assert response.status_code == 400
    assert "网页" in response.content.decode()


# ── The page ────────────────────────────────────────────────────────────────
def test_the_page_escapes_costs_the_same_for_many_and_shows_no_buttons_to_readers(
    cast, project, log_in, count_queries
):
    few = kit.meeting(cast, project, hours=24, items=("<script>alert(1)</script>",))
    many = kit.meeting(cast, project, hours=24, items=[f"议题 {n}" for n in range(30)])
    many.agenda.update(owner=cast.checker)
    few.agenda.update(owner=cast.checker)
    log_in(cast.verifier)
    url = "/meetings/{}/agenda/"
    count_queries(url.format(few.pk))
    base = count_queries(url.format(few.pk))
    for number in range(5):
        open_item(cast, project, f"待办 {number}")
    assert count_queries(url.format(many.pk)) <= base + 1  # the contacts of the proposed items' owners
    page = log_in(cast.checker).get(url.format(few.pk)).content.decode()
    assert "<script>alert" not in page
    assert "添加议题" not in page


def test_no_clock_or_contact_is_left_over_from_the_proposals(cast, project, meeting):
    assert queries.proposals(meeting, cast.verifier) == []
    assert not Deadline.objects.exists()
    assert not Contact.objects.exists()
