"""Action items: set at a meeting, changed, reported done with proof, closed, sent back, dropped, carried from meeting to meeting."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from deadlines.models import Deadline
from ledger.models import Entry
from meetings import action_rules as rules
from meetings import chain
from meetings.choices import ActionState, State
from meetings.models import ActionItem, Meeting, MeetingKind
from meetings.queries import action_items as queries
from meetings.services import action_items as services
from notices.models import Notice
from tests.inspections.kit import photo
from tests.meetings import minutes_kit as kit

pytestmark = pytest.mark.django_db


def in_days(days: int):
    return timezone.localdate() + timedelta(days=days)


def held(cast, project, **more) -> Meeting:
    """A meeting that is over, its minutes not yet written; organised by 复核人, or by 质量办 for the firm."""
    row = kit.meeting(cast, project, **more)
    Meeting.objects.filter(pk=row.pk).update(state=State.HELD, held_at=timezone.now())
    return kit.now(row)


def item(cast, meeting, *, days: int = 7, owner=None, contact=None, text: str = "核对签证台账") -> ActionItem:
    owner = owner or (None if contact else cast.preparer)
    return services.create_item(actor=meeting.organiser, meeting=meeting, text=text, owner=owner, owner_contact=contact,
                                due_on=in_days(days))  # fmt: skip


def clock(row) -> Deadline:
    return Deadline.objects.filter(subject_type="meetings.actionitem", subject_id=row.pk).latest("pk")


@pytest.fixture
def meeting(cast, project):
    return held(cast, project)


@pytest.fixture
def outside(cast, project):
    return kit.party(project).contacts.get(is_main=True)


# ── Set ─────────────────────────────────────────────────────────────────────
def test_item_set_has_a_number_and_a_clock_that_ends_with_its_day_and_is_the_owners(cast, meeting):
    row = item(cast, meeting)
    assert row.number.startswith("DB-")
    assert row.project == meeting.project
    assert (clock(row).due_on, clock(row).responsible) == (row.due_on, cast.preparer)
    assert clock(row).scope_label == meeting.project.name
    assert Notice.objects.filter(recipient=cast.preparer, url__startswith="/deadlines/").exists()
    assert Entry.objects.about(row).get().action == "action_item.create"


def test_item_of_an_outsider_is_answered_for_by_the_organiser(cast, meeting, outside):
    row = item(cast, meeting, contact=outside)
    assert clock(row).responsible == meeting.organiser
    with pytest.raises(PermissionDenied):
        services.report_done(actor=cast.preparer, item=row, turn=row.turn, note="完成")
    row = services.report_done(actor=meeting.organiser, item=row, turn=row.turn, note="总包已提交进度计划")
    assert row.state == ActionState.DONE


def test_item_is_refused_before_the_meeting_begins_after_the_minutes_and_to_everybody_else(cast, project):
    early = kit.meeting(cast, project, hours=5)
    with pytest.raises(ValidationError, match="尚未开始"):
        item(cast, early)
    running = kit.meeting(cast, project, hours=-1)
    assert item(cast, running)
    with pytest.raises(PermissionDenied):
        services.create_item(actor=cast.preparer, meeting=running, text="x", owner=cast.preparer, due_on=in_days(3))
    Meeting.objects.filter(pk=running.pk).update(state=State.ISSUED, last_acted_at=timezone.now())
    with pytest.raises(chain.AlreadyHandled):
        item(cast, running)


def test_item_is_refused_without_one_owner_or_with_a_strange_one(cast, meeting, other_project, outside):
    strange = kit.party(other_project, "别的总包").contacts.first()
    told = {"actor": meeting.organiser, "meeting": meeting, "text": "核对", "due_on": in_days(3)}
    for more in ({}, {"owner": cast.preparer, "owner_contact": outside}, {"owner_contact": strange},
                 {"owner": cast.administrator}, {"owner": cast.preparer, "due_on": in_days(0)},
                 {"owner": cast.preparer, "text": "  "}, {"owner": cast.preparer, "text": "长" * 301},
                 {"owner": cast.preparer, "due_on": in_days(900)}):  # fmt: skip
        with pytest.raises(ValidationError):
            services.create_item(**told | more)
    assert not ActionItem.objects.exists()
    assert not Deadline.objects.filter(subject_type="meetings.actionitem").exists()


def test_hostile_text_is_one_line_without_nul(cast, meeting):
    row = item(cast, meeting, text="<script>\x00alert(1)</script>\n=HYPERLINK()")
    assert row.text == "<script>alert(1)</script> =HYPERLINK()"


# ── Changed ─────────────────────────────────────────────────────────────────
def change(row, actor, **more):
    told = {"text": row.text, "due_on": row.due_on, "owner": row.owner, "owner_contact": row.owner_contact}
    return services.change_item(actor=actor, item=row, turn=row.turn, **told | more)


def test_due_date_changed_moves_the_clock_and_owner_changed_hands_it_over(cast, meeting):
    row = item(cast, meeting)
    row = change(row, meeting.organiser, due_on=in_days(10), owner=cast.checker)
    assert (clock(row).due_on, clock(row).responsible) == (in_days(10), cast.checker)
    row = change(row, meeting.organiser, due_on=in_days(2))
    assert clock(row).due_on == in_days(2)
    assert clock(row).is_open


def test_issued_minutes_leave_only_owner_and_day_to_be_changed_with_a_reason_by_the_organiser(cast, project):
    meeting = held(cast, project, recorder=cast.checker)
    row = item(cast, meeting)
    row = change(row, cast.checker, text="核对签证")
    Meeting.objects.filter(pk=meeting.pk).update(state=State.ISSUED)
    with pytest.raises(PermissionDenied):
        change(row, cast.checker, due_on=in_days(9))
    with pytest.raises(ValidationError, match="只能调整"):
        change(row, meeting.organiser, text="别的", reason="因为")
    with pytest.raises(ValidationError, match="理由"):
        change(row, meeting.organiser, due_on=in_days(9))
    row = change(row, meeting.organiser, due_on=in_days(9), reason="委托人推迟提资")
    told = Entry.objects.about(row).filter(action="action_item.change").latest("number")
    assert row.due_on == in_days(9)
    assert "委托人推迟提资" in told.data
    assert f"{in_days(7)}" in told.data


def test_change_to_nothing_is_refused(cast, meeting):
    with pytest.raises(ValidationError, match="没有任何改动"):
        change(item(cast, meeting), meeting.organiser)


# ── Done, closed, sent back, dropped ────────────────────────────────────────
def test_owner_reports_with_proof_and_the_organiser_closes_what_the_owner_never_can(cast, meeting):
    row = item(cast, meeting)
    row = services.report_done(actor=cast.preparer, item=row, turn=row.turn, note="台账已核对", files=[photo()])
    assert row.state == ActionState.DONE
    assert not clock(row).is_open
    assert row.proofs.count() == 1
    assert Notice.objects.filter(recipient=meeting.organiser, url=services.page_of(row)).exists()
    with pytest.raises(PermissionDenied):
        services.close_item(actor=cast.preparer, item=row, turn=row.turn)
    row = services.close_item(actor=meeting.organiser, item=row, turn=row.turn)
    assert (row.state, row.closed_by) == (ActionState.CLOSED, meeting.organiser)
    with pytest.raises(rules.AlreadyHandled, match="已关闭"):
        services.close_item(actor=meeting.organiser, item=row, turn=row.turn)


def test_open_item_closed_by_the_organiser_needs_a_word_and_stops_the_clock(cast, meeting):
    row = item(cast, meeting)
    with pytest.raises(ValidationError, match="依据"):
        services.close_item(actor=meeting.organiser, item=row, turn=row.turn)
    row = services.close_item(actor=meeting.organiser, item=row, turn=row.turn, note="会上已出示")
    assert not clock(row).is_open


def test_bad_proof_is_refused_and_nothing_has_happened(cast, meeting):
    row = item(cast, meeting)
    bad = photo("病毒.exe")
    bad.file.seek(0)
    bad.file.write(b"MZ\x90\x00 not a picture")
    with pytest.raises(ValidationError):
        services.report_done(actor=cast.preparer, item=row, turn=row.turn, note="完成", files=[bad])
    row.refresh_from_db()
    assert row.state == ActionState.OPEN
    assert clock(row).is_open
    assert not row.proofs.exists()


def test_sent_back_the_clock_runs_on_and_the_days_with_others_are_not_counted(cast, meeting):
    row = item(cast, meeting)
    row = services.report_done(actor=cast.preparer, item=row, turn=row.turn, note="完成")
    long_ago = timezone.now() - timedelta(hours=1)
    Deadline.objects.filter(pk=clock(row).pk).update(stopped_at=long_ago)
    row = services.reopen_item(actor=meeting.organiser, item=row, turn=row.turn, reason="缺签证原件")
    assert row.state == ActionState.OPEN
    assert clock(row).is_open
    assert row.due_on == clock(row).due_on
    assert clock(row).suspensions.count() == 1
    assert Notice.objects.filter(recipient=cast.preparer, title__contains="退回").exists()


def test_organiser_takes_back_what_they_reported_for_an_outsider(cast, meeting, outside):
    row = item(cast, meeting, contact=outside)
    row = services.report_done(actor=meeting.organiser, item=row, turn=row.turn, note="完成")
    row = services.reopen_item(actor=meeting.organiser, item=row, turn=row.turn, reason="误报")
    assert clock(row).is_open
    assert not clock(row).suspensions.exists()
    assert row.due_on == in_days(7)


def test_closed_in_error_is_reopened_with_the_reason(cast, meeting):
    row = item(cast, meeting)
    row = services.close_item(actor=meeting.organiser, item=row, turn=row.turn, note="会上出示")
    row = services.reopen_item(actor=meeting.organiser, item=row, turn=row.turn, reason="关错了")
    assert (row.state, row.closed_by, row.close_note) == (ActionState.OPEN, None, "")
    assert clock(row).is_open


def test_dropped_item_was_never_owed(cast, meeting):
    row = item(cast, meeting)
    with pytest.raises(ValidationError):
        services.drop_item(actor=meeting.organiser, item=row, turn=row.turn, reason=" ")
    row = services.drop_item(actor=meeting.organiser, item=row, turn=row.turn, reason="委托人不再需要")
    assert row.state == ActionState.DROPPED
    assert clock(row).state == "cancelled"


def test_two_at_once_and_the_second_is_told_who_was_faster(cast, meeting):
    row = item(cast, meeting)
    services.report_done(actor=cast.preparer, item=row, turn=row.turn, note="完成")
    with pytest.raises(rules.AlreadyHandled, match="编制人"):
        services.close_item(actor=meeting.organiser, item=row, turn=row.turn, note="依据")
    assert Entry.objects.about(row).filter(action="action_item.close").count() == 0


# ── Carried ─────────────────────────────────────────────────────────────────
def test_open_item_lies_on_the_table_of_the_next_meeting_of_the_project_alone(cast, project, other_project, meeting):
    row = item(cast, meeting)
    later, elsewhere = held(cast, project, hours=-1), held(cast, other_project, hours=-1)
    assert [each.pk for each in queries.carried_rows(later)] == [row.pk]
    assert queries.carried_rows(elsewhere) == []
    assert not queries.carried_for(meeting).exists()


def test_meeting_about_one_matter_carries_only_what_such_meetings_have_set(cast, project, meeting):
    of_weekly = item(cast, meeting)
    special = held(cast, project, hours=-2)
    Meeting.objects.filter(pk=special.pk).update(kind=MeetingKind.objects.get(code="special"))
    special = kit.now(special)
    assert queries.carried_rows(special) == []
    of_special = item(cast, special, text="提交索赔计算书")
    weekly = held(cast, project, hours=-1)
    assert {each.pk for each in queries.carried_rows(weekly)} == {of_weekly.pk, of_special.pk}


def test_progress_is_noted_at_the_next_meeting_whose_organiser_may_close_it(cast, project, meeting):
    row = item(cast, meeting)
    later = held(cast, project, hours=-1)
    Meeting.objects.filter(pk=later.pk).update(organiser=cast.approver)
    later = kit.now(later)
    with pytest.raises(PermissionDenied):
        services.close_item(actor=cast.approver, item=row, turn=row.turn, note="已完成")
    services.note_progress(actor=cast.approver, meeting=later, item=row, note="完成八成")
    assert [each.progress for each in queries.carried_rows(later)] == ["完成八成"]
    assert [stop.note for stop in queries.course_of(row)] == ["", "完成八成"]
    row = services.close_item(actor=cast.approver, item=row, turn=row.turn, note="已完成", at=later)
    assert row.state == ActionState.CLOSED
    assert later.number in Entry.objects.about(row).last().data
    # It stays on the list of the meeting that closed it, and is on no later one.
    assert [each.pk for each in queries.carried_rows(later)] == [row.pk]
    assert queries.carried_rows(held(cast, project, hours=0)) == []


def test_item_is_not_closed_at_a_meeting_where_it_does_not_belong(cast, project, other_project, meeting):
    row = item(cast, meeting)
    elsewhere = held(cast, other_project, hours=-1)
    with pytest.raises(ValidationError, match="结转"):
        services.close_item(actor=meeting.organiser, item=row, turn=row.turn, note="x", at=elsewhere)


def test_meeting_that_is_held_takes_over_what_is_open(cast, project, meeting):
    row = item(cast, meeting)
    later = kit.written(kit.meeting(cast, project, hours=-1))
    assert list(later.carried_items.values_list("action_item", flat=True)) == [row.pk]


# ── Seen, owed ──────────────────────────────────────────────────────────────
def test_owner_sees_an_item_and_a_stranger_does_not(cast, other_project, project, meeting):
    row = item(cast, meeting)
    assert row in ActionItem.objects.visible_to(cast.preparer)
    assert row not in ActionItem.objects.visible_to(cast.administrator)


def test_duties_before_leaving_name_meetings_called_and_items_owned(cast, meeting):
    row = item(cast, meeting)
    told = [duty.text for duty in queries.duties_before_leaving(cast.preparer)]
    assert told == [f"{row} 待办负责人"]
    assert [duty.text for duty in queries.duties_before_leaving(meeting.organiser)] == [f"{meeting} 会议组织者"]
    row = services.report_done(actor=cast.preparer, item=row, turn=row.turn, note="完成")
    services.close_item(actor=meeting.organiser, item=row, turn=row.turn)
    assert list(queries.duties_before_leaving(cast.preparer)) == []
