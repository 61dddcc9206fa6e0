"""The month, the list, one meeting, and the forms behind its buttons."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from meetings.choices import PartyKind, State
from meetings.models import Meeting, MeetingKind, Room
from meetings.queries.calendar import month_of
from meetings.services import calling
from tests.meetings import kit

pytestmark = pytest.mark.django_db
OCTOBER = "/meetings/calendar/?month=2027-10"


def on(cast, project, day: date, **told) -> Meeting:
    return kit.meeting(cast, project, starts_at=kit.at(day, 9, 30), **told)


def words(response) -> str:
    return response.content.decode()


# ── The month ───────────────────────────────────────────────────────────────
def test_the_month_is_whole_weeks_with_holidays_and_worked_saturdays(cast, project):
    on(cast, project, date(2027, 3, 10))
    month = month_of(cast.verifier, date(2026, 10, 1))
    assert [len(week) for week in month.weeks] == [7] * 5
    cells = {cell.day.day: cell for week in month.weeks for cell in week}
    assert min(cells) == date(2026, 9, 28)
    assert cells[date(2026, 10, 1)].day.kind == "holiday"
    assert cells[date(2026, 10, 10)].day.kind == "makeup"
    assert month.count == 0
    assert (month.before, month.after) == ("2026-09", "2026-11")
    assert month_of(cast.verifier, date(2027, 3, 1)).count == 1


def test_the_turn_of_the_year_has_both_years(cast):
    month = month_of(cast.verifier, date(2027, 1, 1))
    assert month.weeks[0][0].day.day == date(2026, 12, 28)
    assert (month.before, month.after) == ("2026-12", "2027-02")


def test_each_sees_only_what_is_theirs_to_see(cast, project, other_project, log_in):
    project.confidentiality = "secret"
    project.save()
    on(cast, project, date(2027, 10, 12), title="秘密例会", users=[cast.preparer])
    assert "秘密例会" in words(log_in(cast.preparer).get(OCTOBER))
    assert "秘密例会" not in words(log_in(cast.outsider).get(OCTOBER))


def test_cancelled_meetings_are_gone_and_mine_leaves_out_the_others(cast, project, log_in):
    off = on(cast, project, date(2027, 10, 12), title="取消的会")
    calling.cancel_meeting(actor=cast.verifier, meeting=off, turn=0, reason="x")
    on(cast, project, date(2027, 10, 13), title="别人的会")
    browser = log_in(cast.preparer)
    assert "取消的会" not in words(browser.get(OCTOBER))
    assert "别人的会" in words(browser.get(OCTOBER))
    assert "别人的会" not in words(browser.get(f"{OCTOBER}&mine=1"))


@pytest.mark.parametrize("month", ["", "2026-13", "abc", "1-1-1", "0001-01", "9999-12", "２０２６-01", "2026-"])
def test_nonsense_shows_this_month(cast, log_in, month):
    answer = log_in(cast.preparer).get("/meetings/calendar/", {"month": month})
    assert answer.status_code == 200


def test_the_month_costs_the_same_whatever_is_in_it(cast, project, log_in, count_queries):
    log_in(cast.verifier)
    on(cast, project, date(2027, 10, 12))
    count_queries(OCTOBER)
    one = count_queries(OCTOBER)
    for day in range(13, 20):
        on(cast, project, date(2027, 10, day))
    assert count_queries(OCTOBER) == one


# ── The list ────────────────────────────────────────────────────────────────
def test_the_list_shows_what_is_to_come_and_filters_by_its_address(cast, project, log_in):
    on(cast, project, date(2027, 10, 12), title="将来的会")
    past = kit.meeting(cast, project, starts_at=timezone.now() - timedelta(days=3), title="过去的会")
    kit.meeting(cast, None, title="公司的会", users=[cast.verifier])
    browser = log_in(cast.verifier)
    page = words(browser.get("/meetings/"))
    assert "将来的会" in page
    assert "过去的会" not in page
    assert "过去的会" in words(browser.get("/meetings/?state=owing"))
    assert "公司的会" not in words(browser.get(f"/meetings/?state=&project={project.pk}"))
    assert past.number in words(browser.get(f"/meetings/?state=&q={past.number}"))
    assert "将来的会" not in words(browser.get("/meetings/?state=&until=2027-01-01"))
    kind = MeetingKind.objects.get(code="quality_monthly")
    assert "将来的会" not in words(browser.get(f"/meetings/?kind={kind.pk}"))
    assert "将来的会" not in words(log_in(cast.preparer).get("/meetings/?mine=1"))


def test_the_lists_cost_the_same_whatever_their_length(cast, project, log_in, count_queries):
    log_in(cast.verifier)
    addresses = ("/meetings/", f"/projects/{project.pk}/meetings/")
    on(cast, project, date(2027, 10, 12))
    for address in addresses:
        count_queries(address)
    one = [count_queries(address) for address in addresses]
    for day in range(13, 20):
        on(cast, project, date(2027, 10, day))
    assert [count_queries(address) for address in addresses] == one


# ── One, and the forms ──────────────────────────────────────────────────────
def form_of(cast, **told) -> dict:
    day = kit.tomorrow()
    usual = {"title": "周例会", "on": day.isoformat(), "begins": "09:30", "ends": "10:30", "organiser": cast.verifier.pk,
             "users": [cast.verifier.pk]}  # fmt: skip
    return usual | told


def test_first_project_and_kind_are_chosen_and_must_fit(cast, project, log_in):
    browser = log_in(cast.verifier)
    assert "专题会议" in words(browser.get("/meetings/new/"))
    assert "请选择项目" in words(browser.get("/meetings/new/?kind=weekly"))
    assert "公司质量会议不属于项目" in words(browser.get(f"/meetings/new/?project={project.pk}&kind=quality_monthly"))
    assert browser.get("/meetings/new/?kind=quality_monthly").status_code == 403
    assert log_in(cast.quality_office).get("/meetings/new/?kind=quality_monthly").status_code == 200


def test_what_is_missing_and_who_is_busy_is_shown_before_it_is_saved(cast, project, log_in):
    client = kit.main_contact(kit.party(cast, project))
    kit.meeting(cast, project, starts_at=kit.at(kit.tomorrow(), 10))
    browser = log_in(cast.verifier)
    address = f"/meetings/new/?project={project.pk}&kind=weekly"
    asked = browser.post(address, form_of(cast, contacts=[client.pk], others="T001，T002"))
    page = words(asked)
    assert "总包单位：本项目未登记" in page
    assert "复核人：" in page
    assert "周建国：" in page
    assert "确认并召集会议" in page
    assert Meeting.objects.count() == 1
    seen = asked.context["warnings"].mark
    made = browser.post(address, form_of(cast, contacts=[client.pk], others="T001，T002", seen=seen))
    assert made.status_code == 302
    meeting = Meeting.objects.latest("pk")
    assert {row.user for row in meeting.invitations.filter(user__isnull=False)} == {
        cast.verifier,
        cast.preparer,
        cast.checker,
    }
    assert "未能发送邮件" in words(browser.get(made.url))


def test_a_warning_that_came_since_is_shown_again(cast, project, log_in):
    browser, address = log_in(cast.verifier), f"/meetings/new/?project={project.pk}&kind=weekly"
    seen = browser.post(address, form_of(cast)).context["warnings"].mark
    kit.meeting(cast, project, starts_at=kit.at(kit.tomorrow(), 10))
    assert browser.post(address, form_of(cast, seen=seen)).status_code == 200
    assert Meeting.objects.count() == 1


def test_a_taken_room_and_an_unknown_number_stand_beside_their_fields(cast, project, log_in):
    room = Room.objects.create(name="三楼会议室")
    kit.all_parties(cast, project)
    kit.meeting(cast, project, room=room, actor=cast.approver, contacts=[])
    contacts = [contact.pk for party in project.parties.all() for contact in party.contacts.all()]
    browser, address = log_in(cast.checker), f"/meetings/new/?project={project.pk}&kind=special"
    told = form_of(cast, organiser=cast.checker.pk, room=room.pk, contacts=contacts)
    asked = browser.post(address, told)
    answer = (
        browser.post(address, told | {"seen": asked.context["warnings"].mark}) if asked.context["warnings"] else asked
    )
    assert "会议室已被占用" in words(answer)
    assert "没有工号为 X9 的人员" in words(browser.post(address, told | {"others": "X9"}))


def test_a_meeting_is_changed_moved_and_cancelled_on_its_pages(cast, project, log_in):
    kit.all_parties(cast, project)
    meeting = kit.meeting(cast, project, "special", topic="工程索赔", users=[cast.preparer])
    browser, address = log_in(cast.verifier), f"/meetings/{meeting.pk}/"
    page = words(browser.get(address))
    for word in ("幕墙", "会议改期", "取消会议", "江北监理有限公司", "工程索赔"):
        assert (word in page) is (word != "幕墙")
    contacts = [row.contact_id for row in meeting.invitations.filter(contact__isnull=False)]
    told = {"turn": 0, "title": "幕墙索赔专题会", "topic": "工程索赔", "organiser": cast.verifier.pk, "users": [cast.verifier.pk],
            "contacts": contacts}  # fmt: skip
    assert browser.post(f"{address}edit/", told).status_code == 302
    assert kit.now(meeting).title == "幕墙索赔专题会"
    assert not meeting.invitations.filter(user=cast.preparer).exists()
    day = kit.tomorrow(30)
    told = {"turn": 1, "on": day.isoformat(), "begins": "14:00", "ends": "15:00", "reason": "等待鉴定"}
    asked = browser.post(f"{address}move/", told)
    if asked.status_code == 200:  # a day off is warned of
        asked = browser.post(f"{address}move/", told | {"seen": asked.context["warnings"].mark})
    assert asked.status_code == 302
    assert kit.now(meeting).starts_at == kit.at(day, 14)
    stale = browser.post(f"{address}cancel/", {"turn": 1, "reason": "x"})
    assert stale.status_code == 409
    assert "会议改期" in words(stale)
    assert browser.post(f"{address}cancel/", {"turn": 2, "reason": "不再需要"}).status_code == 302
    assert kit.now(meeting).state == State.CANCELLED
    assert "不再需要" in words(browser.get(address))
    assert browser.get(f"{address}edit/").status_code == 409


def test_pages_of_a_meeting_are_for_those_who_see_it_and_its_acts_for_those_who_may(
    cast, project, other_project, log_in
):
    meeting = kit.meeting(cast, project)
    assert log_in(cast.outsider).get(f"/meetings/{meeting.pk}/").status_code == 404
    browser = log_in(cast.preparer)
    assert browser.get(f"/meetings/{meeting.pk}/").status_code == 200
    for act in ("edit", "move", "cancel"):
        assert browser.get(f"/meetings/{meeting.pk}/{act}/").status_code == 403
    invited = kit.meeting(cast, project, users=[cast.outsider])
    assert log_in(cast.outsider).get(f"/meetings/{invited.pk}/").status_code == 200


def test_one_meeting_costs_the_same_whatever_its_guests(cast, project, log_in, count_queries):
    parties = kit.all_parties(cast, project)
    few = kit.meeting(cast, project, contacts=[kit.main_contact(parties[PartyKind.CLIENT])], users=[cast.preparer])
    many = kit.meeting(cast, project, contacts=[kit.main_contact(party) for party in parties.values()],
                       users=[cast.preparer, cast.checker, cast.approver])  # fmt: skip
    log_in(cast.verifier)
    count_queries(f"/meetings/{few.pk}/")
    assert count_queries(f"/meetings/{few.pk}/") == count_queries(f"/meetings/{many.pk}/")
    address = f"/meetings/new/?project={project.pk}&kind=weekly"
    one = count_queries(address)
    kit.party(cast, project, PartyKind.OTHER, name="检测单位", contact="检测员")
    assert count_queries(address) == one


# ── Reference data ──────────────────────────────────────────────────────────
def test_the_administrator_keeps_kinds_and_rooms_and_each_change_is_on_record(cast, log_in):
    from ledger.models import Entry

    browser = log_in(cast.administrator)
    browser.post("/admin/meetings/room/add/", {"name": "四楼会议室", "is_active": "on"})
    assert Room.objects.get().name == "四楼会议室"
    kind = MeetingKind.objects.get(code="special")
    told = {"title": "专题会", "group": "special", "called_by": ["own"], "caller_roles": ["project_manager"],
            "invited_parties": ["client"], "invited_roles": ["project_manager"], "topics": "工程索赔\n其他变更\n", "order": 3,
            "is_active": "on"}  # fmt: skip
    assert browser.post(f"/admin/meetings/meetingkind/{kind.pk}/change/", told).status_code == 302
    kind.refresh_from_db()
    assert (kind.title, kind.topics, kind.caller_roles) == ("专题会", ["工程索赔", "其他变更"], ["project_manager"])
    assert list(Entry.objects.filter(action__startswith="reference.").values_list("action", flat=True)) == [
        "reference.add", "reference.change",
    ]  # fmt: skip
    assert log_in(cast.quality_office).get("/admin/meetings/room/").status_code == 302
