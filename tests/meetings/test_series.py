"""Series: set up, followed by their meetings, changed, ended; the working calendar; two beats of the clockwork."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deadlines import rounds
from deadlines.models import WorkDay
from ledger.models import Entry
from meetings.choices import Frequency, OffDay, State
from meetings.guests import Guests
from meetings.models import Meeting, Room
from meetings.queries import series as queries
from meetings.services import calling, series
from notices.models import Notice
from tests.meetings import kit

pytestmark = pytest.mark.django_db


@pytest.fixture
def today(monkeypatch):
    """Tuesday, 2026-09-01, 8:00; a setter of other days."""

    def at(day: date, hour: int = 8):
        moment = kit.at(day, hour)
        monkeypatch.setattr(timezone, "now", lambda: moment)
        return moment

    at(date(2026, 9, 1))
    return at


def days_off(*days: date, working: bool = False) -> None:
    for day in days:
        WorkDay.objects.update_or_create(day=day, defaults={"is_working": working, "note": "国庆节"})


NATIONAL = [date(2026, 10, day) for day in range(1, 8)]


def dates_of(of) -> list[date]:
    rows = of.meetings.exclude(state=State.CANCELLED).order_by("starts_at")
    return [timezone.localdate(meeting.starts_at) for meeting in rows]


def change(cast, of, *, since=None, users=(), **told):
    return series.change_series(actor=cast.verifier, series=of, turn=kit.now(of).turn, since=since or timezone.localdate(),
                                plan=kit.plan(cast, **told), guests=Guests(list(users), []))  # fmt: skip


# ── Set up ──────────────────────────────────────────────────────────────────
def test_the_meetings_of_sixty_days_are_called_at_once(cast, project, today):
    days_off(*NATIONAL)
    of = kit.series(cast, project, users=[cast.preparer])
    mondays = [date(2026, 9, 7), date(2026, 9, 14), date(2026, 9, 21), date(2026, 9, 28)]
    assert dates_of(of) == [*mondays, date(2026, 10, 8), date(2026, 10, 12), date(2026, 10, 19), date(2026, 10, 26)]
    moved = of.meetings.get(occurrence_on=date(2026, 10, 5))
    assert (moved.title, moved.place, moved.starts_at) == (
        "监理周例会",
        "项目部会议室",
        kit.at(date(2026, 10, 8), 9, 30),
    )
    assert moved.invitations.count() == 2
    assert of.rule_words == "每周一 09:30"
    assert Entry.objects.filter(action="series.create", scope_id=project.pk).count() == 1
    assert Entry.objects.filter(action="meeting.call").count() == 8


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"interval": 2, "weekday": 3}, "每 2 周周三 09:30"),
        ({"frequency": Frequency.MONTHLY, "month_day": 25}, "每月 25 日 09:30"),
        ({"frequency": Frequency.MONTHLY, "month_day": 31, "interval": 3}, "每 3 个月最后一天 09:30"),
    ],
)
def test_the_rule_reads_as_people_say_it(cast, project, today, told, words):
    assert kit.series(cast, project, **told).rule_words == words


def test_who_may_not_call_sets_up_no_series(cast, project, today):
    with pytest.raises(PermissionDenied):
        kit.series(cast, project, actor=cast.checker)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"weekday": None}, "weekday"),
        ({"frequency": Frequency.MONTHLY, "month_day": None}, "month_day"),
        ({"ends_on": date(2026, 8, 1)}, "ends_on"),
    ],
)
def test_a_rule_without_its_day_is_refused(cast, project, today, told, field):
    with pytest.raises(ValidationError) as refused:
        kit.series(cast, project, **told)
    assert field in refused.value.message_dict


def test_a_series_does_not_begin_in_the_past(cast, project, today):
    with pytest.raises(ValidationError, match="今天"):
        kit.series(cast, project, starts_on=date(2026, 8, 31))


def test_where_its_room_is_taken_the_meeting_is_called_without_and_the_organiser_told(cast, project, today):
    room = Room.objects.create(name="三楼会议室")
    kit.meeting(cast, project, room=room, starts_at=kit.at(date(2026, 9, 14), 9))
    of = kit.series(cast, project, room=room)
    assert of.meetings.get(occurrence_on=date(2026, 9, 14)).room is None
    assert of.meetings.get(occurrence_on=date(2026, 9, 7)).room == room
    assert Notice.objects.filter(recipient=cast.verifier, title__startswith="会议室已被占用").count() == 1


# ── The clockwork ───────────────────────────────────────────────────────────
def test_each_beat_calls_what_has_come_within_sixty_days_and_none_twice(cast, project, today):
    of = kit.series(cast, project)
    assert "meetings.series" in rounds.acts()
    assert series.make_due() == 0
    today(date(2026, 9, 8))
    assert series.make_due() == 1
    assert series.make_due() == 0
    assert dates_of(of)[-1] == date(2026, 11, 2)
    assert Entry.objects.filter(action="meeting.call", actor=None).count() == 1


def test_a_beat_that_comes_late_to_a_series_finds_it_done(cast, project, today):
    """Two beats at once: the second has read the list before the first wrote."""
    of = kit.series(cast, project)
    today(date(2026, 9, 8))
    horizon = timezone.localdate() + series.AHEAD
    (waiting,) = queries.to_be_made(horizon)
    assert series.make_due() == 1
    assert series._make_due_of(waiting, horizon) == 0
    assert of.meetings.count() == 9


def test_a_finished_project_and_an_ended_series_meet_no_more(cast, project, today):
    kit.series(cast, project)
    project.actual_finish_on = date(2026, 9, 5)
    project.save()
    today(date(2026, 9, 20))
    assert series.make_due() == 0


def test_one_series_that_fails_keeps_no_other_from_its_meetings(cast, project, other_project, today, monkeypatch):
    kit.series(cast, project)
    second = kit.series(cast, project, title="第二例会", weekday=2)
    today(date(2026, 9, 16))
    real = series._make

    def fail_first(of, **told):
        if of.pk != second.pk:
            raise ValueError("坏了")
        return real(of, **told)

    monkeypatch.setattr(series, "_make", fail_first)
    with pytest.raises(RuntimeError, match="坏了"):
        series.make_due()
    assert dates_of(second)[-1] == date(2026, 11, 10)


def test_when_the_organiser_has_left_the_next_in_line_organises(cast, project, today):
    of = kit.series(cast, project)
    cast.verifier.is_active = False
    cast.verifier.save()
    today(date(2026, 9, 8))
    series.make_due()
    assert of.meetings.order_by("-starts_at")[0].organiser == cast.approver


# ── 调休 ────────────────────────────────────────────────────────────────────
def test_a_changed_calendar_moves_what_nobody_moved_by_hand(cast, project, today):
    of = kit.series(cast, project, users=[cast.preparer])
    by_hand = of.meetings.get(occurrence_on=date(2026, 10, 5))
    calling.move_meeting(actor=cast.verifier, meeting=by_hand, turn=0, reason="客户要求",
                         starts_at=kit.at(date(2026, 10, 6), 9), ends_at=kit.at(date(2026, 10, 6), 10))  # fmt: skip
    days_off(*NATIONAL, date(2026, 10, 12))
    days_off(date(2026, 10, 10), working=True)
    (shift,) = queries.shifts(of)
    assert (shift.on, shift.day) == (date(2026, 10, 12), date(2026, 10, 13))
    before = shift.meeting
    assert series.follow_calendar(actor=cast.verifier, series=of, turn=kit.now(of).turn) == 1
    after = kit.now(before)
    assert (after.starts_at, after.uid, after.sequence) == (kit.at(date(2026, 10, 13), 9, 30), before.uid, 1)
    assert (after.occurrence_on, after.is_on_its_own) == (date(2026, 10, 12), False)
    assert timezone.localdate(kit.now(by_hand).starts_at) == date(2026, 10, 6)
    assert Notice.objects.filter(recipient=cast.preparer, title__startswith="会议改期").count() == 2
    assert queries.shifts(of) == []


def test_a_date_that_becomes_a_holiday_is_skipped_where_the_series_says_so_and_comes_back(cast, project, today):
    of = kit.series(cast, project, off_day=OffDay.SKIP)
    days_off(date(2026, 9, 14))
    (shift,) = queries.shifts(of)
    assert shift.day is None
    series.follow_calendar(actor=cast.verifier, series=of, turn=kit.now(of).turn)
    assert of.meetings.get(occurrence_on=date(2026, 9, 14)).state == State.CANCELLED
    assert queries.shifts(of) == []


def test_a_date_that_becomes_a_working_day_is_called(cast, project, today):
    days_off(*NATIONAL)
    of = kit.series(cast, project, off_day=OffDay.SKIP)
    assert date(2026, 10, 5) not in dates_of(of)
    days_off(date(2026, 10, 5), working=True)
    (shift,) = queries.shifts(of)
    assert (shift.meeting, shift.day) == (None, date(2026, 10, 5))
    series.follow_calendar(actor=cast.verifier, series=of, turn=kit.now(of).turn)
    assert date(2026, 10, 5) in dates_of(of)


def test_what_was_moved_by_hand_to_a_day_keeps_others_of_its_series_from_it(cast, project, today):
    of = kit.series(cast, project)
    by_hand = of.meetings.get(occurrence_on=date(2026, 9, 21))
    calling.move_meeting(actor=cast.verifier, meeting=by_hand, turn=0, reason="x",
                         starts_at=kit.at(date(2026, 9, 15), 9), ends_at=kit.at(date(2026, 9, 15), 10))  # fmt: skip
    days_off(date(2026, 9, 14))
    assert queries.shifts(of) == []


# ── Changed and ended ───────────────────────────────────────────────────────
def test_from_a_day_on_the_planned_meetings_follow_a_new_hour_and_guest(cast, project, today):
    of = kit.series(cast, project)
    by_hand = of.meetings.get(occurrence_on=date(2026, 9, 21))
    calling.move_meeting(actor=cast.verifier, meeting=by_hand, turn=0, reason="x",
                         starts_at=kit.at(date(2026, 9, 22), 9), ends_at=kit.at(date(2026, 9, 22), 10))  # fmt: skip
    change(cast, of, since=date(2026, 9, 10), users=[cast.preparer], begins_at=time(14))
    hours = {row.occurrence_on: timezone.localtime(row.starts_at).hour for row in of.meetings.all()}
    assert hours[date(2026, 9, 7)] == 9
    assert hours[date(2026, 9, 14)] == 14
    assert hours[date(2026, 9, 21)] == 9
    assert of.meetings.get(occurrence_on=date(2026, 9, 14)).invitations.filter(user=cast.preparer).exists()
    assert not of.meetings.get(occurrence_on=date(2026, 9, 7)).invitations.filter(user=cast.preparer).exists()
    assert Entry.objects.filter(action="series.change").count() == 1


def test_a_new_weekday_moves_the_same_meetings_in_the_calendars(cast, project, today):
    of = kit.series(cast, project)
    uids = list(of.meetings.order_by("occurrence_on").values_list("uid", flat=True))
    change(cast, of, weekday=3)
    found = list(of.meetings.order_by("occurrence_on"))
    assert [row.occurrence_on for row in found][:2] == [date(2026, 9, 2), date(2026, 9, 9)]
    assert {row.uid for row in found} >= set(uids)
    assert all(row.occurrence_on.isoweekday() == 3 for row in found)
    assert len(dates_of(of)) == len(set(dates_of(of)))
    assert queries.shifts(kit.now(of)) == []


def test_a_rarer_series_cancels_what_is_left_over(cast, project, today):
    of = kit.series(cast, project)
    change(cast, of, interval=4)
    assert dates_of(of) == [date(2026, 9, 7), date(2026, 10, 8)]
    assert of.meetings.filter(state=State.CANCELLED).count() == 6


def test_an_earlier_end_cancels_what_comes_after(cast, project, today):
    of = kit.series(cast, project)
    change(cast, of, ends_on=date(2026, 9, 14))
    assert dates_of(of) == [date(2026, 9, 7), date(2026, 9, 14)]
    today(date(2026, 9, 10))
    assert series.make_due() == 0


def test_nothing_changed_is_no_change(cast, project, today):
    of = kit.series(cast, project)
    with pytest.raises(ValidationError, match="没有改动"):
        change(cast, of)


def test_an_ended_series_cancels_its_meetings_and_is_left_alone(cast, project, today):
    of = kit.series(cast, project, users=[cast.preparer])
    series.end_series(actor=cast.approver, series=of, turn=0, reason="工程竣工")
    assert not of.meetings.filter(state=State.PLANNED).exists()
    assert "例会终止：工程竣工" in Notice.objects.filter(recipient=cast.preparer).latest("pk").body
    with pytest.raises(series.AlreadyChanged):
        series.end_series(actor=cast.approver, series=of, turn=1, reason="x")
    today(date(2026, 10, 1))
    assert series.make_due() == 0


def test_a_stale_page_changes_nothing(cast, project, today):
    of = kit.series(cast, project)
    change(cast, of, begins_at=time(10))
    with pytest.raises(series.AlreadyChanged):
        series.end_series(actor=cast.verifier, series=of, turn=0, reason="x")


def test_nobody_else_changes_a_series(cast, project, today):
    of = kit.series(cast, project)
    for part in ("preparer", "checker", "quality_office", "administrator"):
        with pytest.raises(PermissionDenied):
            series.end_series(actor=getattr(cast, part), series=of, turn=0, reason="x")


# ── Pages ───────────────────────────────────────────────────────────────────
def test_a_series_is_set_up_and_followed_through_its_pages(cast, project, today, log_in):
    kit.party(cast, project)
    browser = log_in(cast.verifier)
    address = f"/meetings/series/new/?project={project.pk}&kind=weekly"
    contact = project.parties.get().contacts.get()
    told = {
        "title": "周例会", "frequency": "weekly", "interval": 1, "weekday": 1, "off_day": "after", "starts_on": "2026-09-01",
        "begins_at": "09:30", "minutes_long": 60, "organiser": cast.verifier.pk, "users": [cast.verifier.pk],
        "contacts": [contact.pk],
    }  # fmt: skip
    asked = browser.post(address, told)
    assert "分包单位：本项目未登记" in asked.content.decode()
    assert not Meeting.objects.exists()
    made = browser.post(address, told | {"seen": asked.context["warnings"].mark})
    of = project.meeting_series.get()
    assert made.url == f"/meetings/series/{of.pk}/"
    days_off(date(2026, 9, 14))
    page = browser.get(made.url).content.decode()
    assert "工作日历已调整" in page
    browser.post(f"/meetings/series/{of.pk}/follow/", {"turn": 0})
    assert date(2026, 9, 15) in dates_of(of)
    assert browser.post(f"/meetings/series/{of.pk}/follow/", {"turn": 0}).status_code == 409
    assert "每周一 09:30" in browser.get("/meetings/series/").content.decode()


def test_a_series_page_costs_the_same_whatever_its_length(cast, project, today, log_in, count_queries):
    of = kit.series(cast, project)
    log_in(cast.verifier)
    address = f"/meetings/series/{of.pk}/"
    count_queries(address)
    many = count_queries(address)
    of.meetings.filter(occurrence_on__gt=date(2026, 9, 8)).update(state=State.CANCELLED)
    assert count_queries(address) == many
    kit.series(cast, project, title="第二", weekday=2)
    one = count_queries("/meetings/series/")
    kit.series(cast, project, title="第三", weekday=4)
    assert count_queries("/meetings/series/") == one


def test_calling_ahead_asks_nothing_where_there_is_nothing_to_do(cast, project, today):
    kit.series(cast, project)
    with CaptureQueriesContext(connection) as captured:
        series.make_due()
    assert len(captured) == 1
    assert timedelta(days=60) == series.AHEAD


def test_before_a_series_is_set_up_taken_rooms_and_busy_people_are_shown(cast, project, today, log_in):
    room = Room.objects.create(name="三楼会议室")
    kit.meeting(cast, project, room=room, starts_at=kit.at(date(2026, 9, 14), 9))
    told = {
        "title": "周例会", "frequency": "weekly", "interval": 1, "weekday": 1, "off_day": "after", "starts_on": "2026-09-01",
        "begins_at": "09:30", "minutes_long": 60, "organiser": cast.verifier.pk, "users": [cast.verifier.pk],
        "room": room.pk,
    }  # fmt: skip
    page = log_in(cast.verifier).post(f"/meetings/series/new/?project={project.pk}&kind=weekly", told).content.decode()
    assert "会议室已被占用，当次须另定地点：三楼会议室：09-14 09:00–10:00 忙" in page
    assert "复核人：09-14 09:00–10:00 忙" in page


def test_before_a_series_is_changed_the_same_is_shown_but_its_own_meetings_are_in_nobodys_way(
    cast, project, today, log_in
):
    room = Room.objects.create(name="三楼会议室")
    of = kit.series(cast, project, room=room)
    kit.meeting(cast, project, room=room, starts_at=kit.at(date(2026, 9, 16), 9), title="另一会议")
    told = {
        "title": "监理周例会", "frequency": "weekly", "interval": 1, "weekday": 1, "off_day": "after", "begins_at": "10:00",
        "minutes_long": 60, "organiser": cast.verifier.pk, "users": [cast.verifier.pk], "room": room.pk, "turn": of.turn,
        "since": "2026-09-01",
    }  # fmt: skip
    browser, address = log_in(cast.verifier), f"/meetings/series/{of.pk}/edit/"
    page = browser.post(address, told).content.decode()
    assert "忙" not in page
    page = browser.post(address, told | {"weekday": 3, "begins_at": "09:30"}).content.decode()
    assert "当次须另定地点：三楼会议室：09-16 09:00–10:00 忙" in page
    assert "复核人：09-16 09:00–10:00 忙" in page
    later = browser.post(address, told | {"weekday": 3, "begins_at": "09:30", "since": "2026-09-20"}).content.decode()
    assert "忙" not in later


def test_whom_the_new_calendar_brings_into_conflict_is_shown(cast, project, today, log_in):
    room = Room.objects.create(name="三楼会议室")
    of = kit.series(cast, project, room=room)
    kit.meeting(cast, project, room=room, starts_at=kit.at(date(2026, 9, 15), 9), title="另一会议")
    days_off(date(2026, 9, 14))
    page = log_in(cast.verifier).get(f"/meetings/series/{of.pk}/").content.decode()
    assert "调整后的时间有冲突" in page
    assert "复核人：09-15 09:00–10:00 忙" in page
    assert "当次须另定地点：三楼会议室：09-15 09:00–10:00 忙" in page
