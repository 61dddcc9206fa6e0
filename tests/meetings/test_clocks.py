"""Clocks of action items and of minutes: who owes them, who hears of them when they are late, and their end in the next meeting."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deadlines import scopes
from deadlines import services as deadline_services
from deadlines.models import Deadline
from deadlines.scopes import Place
from deadlines.verification import ended_clocks_match
from ledger.models import Entry
from meetings import clocks
from meetings.choices import ActionState, State
from meetings.models import Meeting
from meetings.queries import action_items as queries
from meetings.services import action_items as services
from notices.models import Notice
from projects.choices import Confidentiality
from staff.choices import Role
from tests.meetings import minutes_kit as kit
from tests.meetings.test_action_items import clock, in_days, item

pytestmark = pytest.mark.django_db


class Time:
    """What `timezone.now()` says."""

    def __init__(self, now: datetime):
        self.now = now

    def go(self, **amount) -> None:
        self.now += timedelta(**amount)


@pytest.fixture
def time(monkeypatch) -> Time:
    """It is Monday, 2026-03-02 10:00, until the test says otherwise."""
    time = Time(datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Asia/Shanghai")))
    monkeypatch.setattr(timezone, "now", lambda: time.now)
    return time


def held(cast, project, **more) -> Meeting:
    return kit.written(kit.meeting(cast, project, **more))


def told(user) -> list[str]:
    return list(Notice.objects.filter(recipient=user).order_by("pk").values_list("title", flat=True))


def test_overdue_item_is_escalated_and_closed_in_the_next_meeting(cast, project, time):
    row = item(cast, held(cast, project), days=7)
    time.go(days=6, hours=1)
    deadline_services.sweep()
    assert any("会议待办" in title for title in told(cast.preparer))
    time.go(days=2)
    deadline_services.sweep()
    assert any("逾期 1 天" in title for title in told(cast.preparer))
    assert any("逾期 1 天" in title for title in told(cast.verifier))
    assert not any("逾期" in title and row.number in title for title in told(cast.approver))
    time.go(days=2)
    deadline_services.sweep()
    assert any("逾期 3 天" in title and row.number in title for title in told(cast.approver))
    later = held(cast, project, hours=-2)
    assert [each.is_late for each in queries.carried_rows(later)] == [True]
    services.note_progress(actor=later.organiser, meeting=later, item=row, note="会上已出示签证台账")
    row = services.close_item(actor=later.organiser, item=row, turn=row.turn, note="会上确认完成", at=later)
    assert row.state == ActionState.CLOSED
    assert clock(row).light == "late"
    time.go(days=10)
    before = Notice.objects.latest("pk").pk
    deadline_services.sweep()
    assert not Notice.objects.filter(pk__gt=before, title__contains=row.number).exists()
    assert list(ended_clocks_match()) == []


def test_ledger_and_clocks_agree_whatever_is_done_to_the_day(cast, project, time):
    meeting = held(cast, project)
    row = item(cast, meeting, days=5)
    for days in (20, 3):
        row = services.change_item(actor=meeting.organiser, item=row, turn=row.turn, text=row.text, owner=row.owner,
                                   due_on=in_days(days), reason="调整")  # fmt: skip
        time.go(hours=1)
    row = services.report_done(actor=cast.preparer, item=row, turn=row.turn, note="完成")
    time.go(days=2)
    row = services.reopen_item(actor=meeting.organiser, item=row, turn=row.turn, reason="不完整")
    assert row.due_on == clock(row).due_on
    assert clock(row).is_open
    # The day that lay with the organiser is not counted.
    assert row.due_on == date(2026, 3, 6)
    other = item(cast, meeting, days=5)
    services.drop_item(actor=meeting.organiser, item=other, turn=other.turn, reason="不再需要")
    assert list(ended_clocks_match()) == []


def test_late_item_that_gets_a_new_day_is_no_longer_late_and_speaks_again_by_it(cast, project, time):
    meeting = held(cast, project)
    row = item(cast, meeting, days=2)
    time.go(days=4)
    deadline_services.sweep()
    row = services.change_item(actor=meeting.organiser, item=row, turn=row.turn, text=row.text, owner=row.owner,
                               due_on=in_days(5), reason="委托人推迟提资")  # fmt: skip
    assert clock(row).light != "red"
    time.go(days=6)
    deadline_services.sweep()
    assert sum("逾期 1 天" in title for title in told(cast.preparer)) == 1
    assert sum("逾期" in title for title in told(cast.preparer)) == 2


def test_item_of_an_owner_who_has_left_passes_to_the_organiser(cast, project, time):
    row = item(cast, held(cast, project), days=2)
    type(cast.preparer).objects.filter(pk=cast.preparer.pk).update(is_active=False)
    time.go(days=3)
    deadline_services.sweep()
    assert clock(row).responsible == cast.verifier


def test_item_of_a_firm_meeting_goes_up_by_posts(cast, time):
    row = item(cast, held(cast, None), days=2)
    place = {role: Place(row.pk, role) for role in (Role.COST_ENGINEER, Role.TECHNICAL_DIRECTOR, Role.QUALITY_OFFICE)}
    found = scopes.holders(clocks.ITEM, place.values())
    assert found[place[Role.COST_ENGINEER]] == [cast.preparer]
    assert found[place[Role.TECHNICAL_DIRECTOR]] == [cast.approver]
    assert found[place[Role.QUALITY_OFFICE]] == [cast.quality_office]
    assert clock(row).scope_label == "公司质量例会"


def test_minutes_are_owed_by_the_organiser_whoever_manages_the_project(cast, project, time):
    meeting = kit.meeting(cast, project)
    Meeting.objects.filter(pk=meeting.pk).update(organiser=cast.approver)
    meeting = kit.written(kit.now(meeting))
    owed = Deadline.objects.get(subject_type="meetings.meeting", subject_id=meeting.pk)
    assert owed.responsible == cast.approver
    time.go(days=12)
    deadline_services.sweep()
    owed.refresh_from_db()
    assert owed.responsible == cast.approver
    assert any("会议纪要逾期" in title for title in told(cast.approver))


def test_clock_of_a_secret_project_keeps_its_words_in_the_house(cast, project, time):
    project.confidentiality = Confidentiality.SECRET
    project.save()
    meeting = held(cast, project)
    row = item(cast, meeting)
    assert scopes.confidential(clocks.ITEM, [row.pk]) == {row.pk}
    assert scopes.confidential(clocks.MEETING, [meeting.pk]) == {meeting.pk}
    services.report_done(actor=cast.preparer, item=row, turn=row.turn, note="完成")
    assert all(notice.is_confidential for notice in Notice.objects.filter(title__contains=row.number))


def test_clock_is_seen_by_owner_and_team_and_its_day_is_decided_at_the_meeting_alone(
    cast, project, other_project, time
):
    row = item(cast, held(cast, project))
    seen = clock(row)
    assert seen in Deadline.objects.visible_to(cast.preparer)
    assert seen in Deadline.objects.visible_to(cast.quality_office)
    assert seen not in Deadline.objects.visible_to(cast.outsider)
    assert seen not in Deadline.objects.visible_to(cast.administrator)
    with pytest.raises(PermissionDenied):
        deadline_services.cancel(actor=cast.approver, deadline=seen, reason="x")


def test_holders_cost_the_same_queries_for_one_place_and_for_many(cast, project, time):
    rows = [item(cast, held(cast, each), text=f"事项 {n}") for n in range(2) for each in (project, None)]

    def cost(of) -> int:
        places = [Place(row.pk, role) for row in of for role in (Role.COST_ENGINEER, Role.PROJECT_MANAGER)]
        with CaptureQueriesContext(connection) as captured:
            scopes.holders(clocks.ITEM, places)
        return len(captured)

    assert cost(rows[:1]) == cost(rows)


def test_escalation_stands_in_the_ledger_under_the_item(cast, project, time):
    row = item(cast, held(cast, project), days=2)
    time.go(days=4)
    deadline_services.sweep()
    told = Entry.objects.get(action="deadline.escalate", subject_id=clock(row).pk)
    assert (told.scope_type, told.scope_id) == (clocks.ITEM, row.pk)
    assert row.meeting.state == State.HELD
