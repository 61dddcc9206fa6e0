"""What people try with the lists of materials and the client's requests to stop, move or dodge a clock."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from deadlines.models import Deadline
from ledger import checks
from projects import services
from projects.choices import HandoverKind, MaterialCategory
from projects.models import Assignment, Handover, Inquiry, UrgentRequest
from staff.choices import Role

pytestmark = pytest.mark.django_db

FRIDAY = date(2026, 11, 13)
THURSDAY = date(2026, 11, 12)
HUGE = str(10**30)
STRANGE = ["\x00", "１２", "-1", "0", "1e400", "NaN", HUGE, "9" * 5000, "٣", "<b>", "\ud7ff", "0001-01-01", "9999-12-31",
           "0001-01-01 00:00", "9999-12-31 23:59", "甲" * 3000]  # fmt: skip


@pytest.fixture(autouse=True)
def _on_friday(at):
    at(2026, 11, 13, 10, 30)


def one_set(project, actor, **fields) -> Handover:
    handover = services.create_handover(actor=actor, project=project, kind=HandoverKind.SETTLEMENT_DOCUMENTS,
                                        handed_over_by="王工")  # fmt: skip
    facts = {"category": MaterialCategory.SETTLEMENT_DOCUMENTS, "name": "结算书", "copies": 1, "received_on": THURSDAY}
    services.add_item(actor=actor, handover=handover, **facts | fields)
    return handover


# ── Strangers and guessed numbers ───────────────────────────────────────────
@pytest.mark.parametrize("part", ["outsider", "administrator"])
def test_stranger_finds_no_list_of_a_project(cast, project, log_in, part):
    handover = one_set(project, cast.verifier)
    item = handover.items.get()
    base = f"/projects/{project.pk}/handovers/{handover.pk}/"
    browser = log_in(getattr(cast, part))
    pages = ["", "edit/", "reopen/", "items/return/", "items/keep/", f"items/{item.pk}/edit/"]
    assert {browser.get(base + page).status_code for page in pages} == {404}
    acts = ["remove/", "complete/", "items/new/", f"items/{item.pk}/remove/", *pages[1:]]
    assert {browser.post(base + act, {"completed_on": "2026-11-13"}).status_code for act in acts} == {404}


def test_auditor_of_an_old_team_reads_and_registers_nothing(cast, project, log_in):
    """三员分立."""
    Assignment.objects.create(
        project=project, user=cast.auditor, role=Role.PROJECT_MANAGER, starts_on=date(2024, 1, 1)
    )
    handover = one_set(project, cast.verifier)
    base = f"/projects/{project.pk}/handovers/{handover.pk}/"
    browser = log_in(cast.auditor)
    assert browser.get(base).status_code == 200
    assert browser.post(base + "complete/", {"completed_on": "2026-11-13"}).status_code == 403
    assert browser.post(base + "items/new/", {}).status_code == 403
    assert browser.post(f"/projects/{project.pk}/inquiries/new/", {}).status_code == 403


def test_rows_and_lists_are_found_below_their_own_parent_alone(cast, project, other_project, log_in):
    own, other = one_set(project, cast.verifier), one_set(project, cast.verifier)
    foreign = one_set(other_project, cast.outsider)
    item = other.items.get()
    browser = log_in(cast.verifier)
    assert browser.get(f"/projects/{project.pk}/handovers/{foreign.pk}/").status_code == 404
    assert browser.post(f"/projects/{project.pk}/handovers/{own.pk}/items/{item.pk}/remove/").status_code == 404
    for rows in ([item.pk], [own.items.get().pk, item.pk], [foreign.items.get().pk]):
        with pytest.raises(ValidationError):
            services.return_items(
                actor=cast.verifier, handover=own, items=rows, returned_on=FRIDAY, returned_to="王工"
            )
    assert browser.post(f"/projects/{project.pk}/handovers/{own.pk}/items/return/",
                        {"items": [HUGE, str(item.pk), "x"], "returned_on": "2026-11-13", "returned_to": "王工"}).status_code == 200  # fmt: skip
    item.refresh_from_db()
    assert item.returned_on is None


# ── Input that nobody types ─────────────────────────────────────────────────
FORMS = {
    "handovers/new/": {
        "kind": "materials",
        "title": "",
        "handed_over_by": "王工",
        "contract_kind": "main",
        "note": "",
        "discipline": "",
    },
    "inquiries/new/": {"asked_by": "王工", "channel": "written", "asked_at": "2026-11-13 10:00", "question": "甲"},
    "urgent/new/": {"asked_by": "王工", "asked_at": "2026-11-13 10:00", "need": "甲"},
    "{set}items/new/": {
        "category": "drawings",
        "name": "甲",
        "copies": "1",
        "received_on": "2026-11-12",
        "is_absent": "",
    },
    "{set}items/{item}/edit/": {"category": "drawings", "name": "甲", "copies": "1", "received_on": "2026-11-12"},
    "{set}edit/": {
        "kind": "other",
        "title": "",
        "handed_over_by": "王工",
        "contract_kind": "main",
        "note": "",
        "discipline": "",
    },
    "{set}items/return/": {"items": "1", "returned_on": "2026-11-13", "returned_to": "王工"},
    "{set}items/keep/": {"items": "1", "consent_basis": "函"},
    "{set}complete/": {"completed_on": "2026-11-13", "beyond_reason": ""},
    "edit/": {"actual_finish_on": "", "planned_finish_on": "", "contract_amount": ""},
    "{urgent}": {"arrived_at": "2026-11-13 10:20", "arrival_note": "甲"},
}


@pytest.mark.parametrize("form", FORMS)
def test_no_field_of_a_form_breaks_its_page(cast, project, log_in, form):
    handover = one_set(project, cast.verifier)
    urgent = services.register_urgent(
        actor=cast.verifier, project=project, need="甲", asked_by="王工", asked_at=timezone.now()
    )
    named = {
        "set": f"handovers/{handover.pk}/",
        "item": handover.items.get().pk,
        "urgent": f"urgent/{urgent.pk}/arrive/",
    }
    url = f"/projects/{project.pk}/{form.format(**named)}"
    browser = log_in(cast.verifier)
    for field in FORMS[form]:
        for value in STRANGE:
            answer = browser.post(url, FORMS[form] | {field: value})
            assert answer.status_code in (200, 302), (field, value)


@pytest.mark.parametrize("asked_at", ["0001-01-01 00:00", "1926-11-13 10:00", "2016-11-13 10:00", "9999-12-31 23:59"])
def test_mistyped_year_of_a_request_is_told_beside_its_field(cast, project, log_in, asked_at):
    browser = log_in(cast.verifier)
    for form in ("inquiries/new/", "urgent/new/"):
        page = browser.post(f"/projects/{project.pk}/{form}", FORMS[form] | {"asked_at": asked_at})
        assert page.context["form"].errors["asked_at"]
    assert not Inquiry.objects.exists()
    assert not UrgentRequest.objects.exists()


# ── Who owes a clock and would like to move it ──────────────────────────────
@pytest.fixture
def director(cast, project):
    """审核人 is technical director of the unit, and project manager in the place of 复核人."""
    manager = project.assignments.get(role="project_manager")
    services.end_assignment(actor=cast.approver, assignment=manager, ends_on=THURSDAY)
    services.assign(actor=cast.approver, project=project, user=cast.approver, role=Role.PROJECT_MANAGER)
    return cast.approver


def hand_away(project, director, to) -> None:
    """The director is no project manager any more, for as long as it takes."""
    services.assign(actor=director, project=project, user=to, role=Role.PROJECT_MANAGER)
    Assignment.objects.filter(project=project, user=director).update(starts_on=date(2026, 1, 1))
    own = project.assignments.get(role="project_manager", user=director)
    services.end_assignment(actor=director, assignment=own, ends_on=THURSDAY)


def test_completion_is_not_taken_back_by_who_owed_its_clock(cast, project, director):
    handover = one_set(project, director)
    services.complete_handover(actor=director, handover=handover, completed_on=THURSDAY)
    hand_away(project, director, to=cast.expert1)
    assert Deadline.objects.of(handover).get().responsible == cast.expert1
    with pytest.raises(PermissionDenied):
        services.reopen_handover(actor=director, handover=handover, reason="登记有误")
    services.reopen_handover(actor=cast.quality_office, handover=handover, reason="登记有误")


def test_end_of_the_service_is_not_moved_by_who_owed_the_return(cast, project, director):
    one_set(project, director)
    services.update_project(actor=director, project=project, actual_finish_on=THURSDAY)
    hand_away(project, director, to=cast.expert1)
    with pytest.raises(ValidationError, match="责任人以外"):
        services.update_project(actor=director, project=project, actual_finish_on=FRIDAY)
    services.update_project(actor=cast.quality_office, project=project, actual_finish_on=FRIDAY)


def test_arrival_registered_by_who_owed_the_clock_counts_from_now(cast, project, director, at):
    urgent = services.register_urgent(
        actor=director, project=project, need="甲", asked_by="王工", asked_at=timezone.now()
    )
    arrived = timezone.now()
    hand_away(project, director, to=cast.expert1)
    at(2026, 11, 16, 9, 0)
    services.close_urgent(actor=director, urgent=urgent, arrived_at=arrived, arrival_note="两人到岗")
    clock = Deadline.objects.of(urgent).get()
    assert clock.stopped_at == timezone.now()
    assert clock.light == "late"


# ── Edits in the database, behind the application's back ────────────────────
def test_edited_day_of_completion_is_named(cast, project):
    handover = one_set(project, cast.verifier)
    services.complete_handover(actor=cast.verifier, handover=handover, completed_on=THURSDAY)
    one_set(project, cast.verifier)
    assert checks.verify().problems == []
    Handover.objects.filter(pk=handover.pk).update(completed_on=FRIDAY)
    assert checks.verify().problems == [f"资料清单 {handover.pk}（{handover}）的齐全日期与证据链不符"]


def test_completion_that_was_taken_back_is_in_order(cast, project):
    handover = one_set(project, cast.verifier)
    services.complete_handover(actor=cast.verifier, handover=handover, completed_on=THURSDAY)
    services.reopen_handover(actor=cast.quality_office, handover=handover, reason="登记有误")
    assert checks.verify().problems == []
    services.complete_handover(actor=cast.verifier, handover=handover, completed_on=FRIDAY)
    assert checks.verify().problems == []
