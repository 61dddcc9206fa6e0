"""The calendar feed of a person: made and revoked on its page, read by calendars without a login."""

import re
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from deadlines import services
from deadlines.choices import Event
from deadlines.models import Deadline, Feed
from deadlines.services.feeds import create_feed, hash_of, revoke_feed
from ledger.models import Entry
from projects.choices import Confidentiality
from projects.models import Assignment
from staff.choices import Role
from staff.models import Post
from tests.conftest import LONG_AGO
from tests.deadlines.conftest import last_row, moment, suspend
from tests.deadlines.test_rule_pages import words_of

pytestmark = pytest.mark.django_db
PAGE, CREATE, REVOKE = "/calendar-feed/", "/calendar-feed/create/", "/calendar-feed/revoke/"


@pytest.fixture
def calendar(cast, time):
    """`calendar()` reads the feed of 复核人, the project manager, as a phone would: without a session."""
    secret = create_feed(actor=cast.verifier)

    def read() -> Calendar:
        response = Client().get(f"/calendar-feed/{secret}.ics")
        assert response.status_code == 200
        return Calendar.from_ical(response.content)

    read.address = f"/calendar-feed/{secret}.ics"
    return read


def events_of(calendar: Calendar) -> list:
    return list(calendar.walk("VEVENT"))


# ── What a calendar reads ───────────────────────────────────────────────────
def test_each_open_clock_that_the_person_owes_is_an_event_of_one_day(calendar, start, settings):
    settings.SITE_URL = "https://qms.example.cn"
    deadline = start()
    (event,) = events_of(calendar())
    assert event["UID"] == f"deadline-{deadline.pk}@qms.example.cn"
    assert event["SUMMARY"] == "总承包结算审核（45 日历天）：2026-ZJ1-001 滨江花园二期 · 结算书"
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (date(2026, 4, 16), date(2026, 4, 17))
    address = f"https://qms.example.cn/deadlines/{deadline.pk}/"
    assert event["DESCRIPTION"] == f"时限 45 日历天，自 2026-03-02 10:00 起算。\n{address}"
    assert event["URL"] == address
    assert event["TRANSP"] == "TRANSPARENT"


def test_it_rings_at_nine_on_the_day_before(calendar, start):
    start()
    ((alarm,),) = [event.walk("VALARM") for event in events_of(calendar())]
    assert alarm["ACTION"] == "DISPLAY"
    assert alarm["DESCRIPTION"].startswith("总承包结算审核（45 日历天）")
    begins = moment("2026-04-16 00:00")
    assert begins + alarm.decoded("TRIGGER") == moment("2026-04-15 09:00")


def test_a_limit_in_hours_is_an_event_at_its_minute(calendar, start):
    start(Event.INQUIRY_ASKED)
    (event,) = events_of(calendar())
    assert event.decoded("DTSTART") == moment("2026-03-02 11:00")
    assert "DTEND" not in event
    ((alarm,),) = [event.walk("VALARM")]
    assert alarm.decoded("TRIGGER") == timedelta(minutes=-30)


def test_the_uid_stays_when_the_end_moves(calendar, cast, start):
    deadline = start()
    (before,) = events_of(calendar())
    services.shorten(
        actor=cast.verifier, deadline=deadline, amount=5, reason="委托人要求", basis="委托人函〔2026〕6 号"
    )
    (after,) = events_of(calendar())
    assert after["UID"] == before["UID"]
    assert after.decoded("DTSTART") == date(2026, 4, 11)


def test_a_suspended_clock_is_marked_and_does_not_ring(calendar, cast, start):
    suspend(cast, start())
    (event,) = events_of(calendar())
    assert event["SUMMARY"].startswith("【中止】总承包结算审核")
    assert "正在中止，恢复计时后到期日将重新计算。" in event["DESCRIPTION"]
    assert event["STATUS"] == "TENTATIVE"
    assert not event.walk("VALARM")


def test_an_overdue_clock_is_marked_and_does_not_ring(calendar, start, time):
    start()
    time.to("2026-04-17 00:00")
    (event,) = events_of(calendar())
    assert event["SUMMARY"].startswith("【逾期】")
    assert not event.walk("VALARM")


def test_what_is_over_or_owed_by_another_is_left_out(calendar, cast, start):
    done, civil = start(), Assignment.objects.get(user=cast.checker).discipline_id
    start(Event.DRAWINGS_RECEIVED, discipline_id=civil)  # owed by 校核人
    services.stop(actor=cast.verifier, deadline=done)
    assert events_of(calendar()) == []


def test_what_the_person_may_not_see_any_more_is_left_out(calendar, cast, project, start):
    start()
    project.confidentiality = Confidentiality.SECRET
    project.save()
    Assignment.objects.filter(user=cast.verifier).update(ends_on=date(2026, 3, 1))
    assert Deadline.objects.open().filter(responsible=cast.verifier).exists()
    assert events_of(calendar()) == []


def test_a_secret_project_gives_away_that_there_is_a_limit_and_nothing_more(calendar, project, start, settings):
    settings.SITE_URL = "https://qms.example.cn"
    project.confidentiality = Confidentiality.SECRET
    project.save()
    deadline = start()
    (event,) = events_of(calendar())
    assert event["SUMMARY"] == "秘密项目时限"
    assert event["DESCRIPTION"] == f"https://qms.example.cn/deadlines/{deadline.pk}/"
    raw = Client().get(calendar.address).content.decode()
    for word in ("滨江花园", "2026-ZJ1-001", "结算书", "总承包"):
        assert word not in raw.replace("\r\n ", "")


def test_the_calendar_names_its_person_and_asks_to_be_read_hourly(calendar, cast):
    read = calendar()
    assert read["X-WR-CALNAME"] == "时限 · 复核人"
    assert (read["VERSION"], read["METHOD"]) == ("2.0", "PUBLISH")
    assert read.decoded("REFRESH-INTERVAL") == timedelta(hours=1)


def test_no_line_is_longer_than_the_format_allows(calendar, start):
    start(label="很长的事项" * 30)
    lines = Client().get(calendar.address).content.split(b"\r\n")
    assert max(map(len, lines)) <= 75


def test_nobody_keeps_a_copy(calendar):
    response = Client().get(calendar.address)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Cache-Control"] == "private, no-store"
    assert "Set-Cookie" not in response


def test_a_feed_costs_the_same_queries_whatever_it_holds(calendar, cast, start):
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            calendar()
        return len(captured)

    start()
    calendar()
    before = cost()
    for unit in (cast.zj1, cast.zj2, cast.hq):
        start(subject=unit)
        start(Event.INQUIRY_ASKED, subject=unit)
    assert len(events_of(calendar())) == 7
    assert cost() == before <= 8


# ── Who may read ────────────────────────────────────────────────────────────
@pytest.mark.parametrize("secret", ["x", "%20", "A" * 43, hash_of("x")])
def test_a_wrong_address_is_not_found(calendar, secret):
    assert Client().get(f"/calendar-feed/{secret}.ics").status_code == 404


def test_the_stored_hash_opens_nothing(calendar):
    assert Client().get(f"/calendar-feed/{Feed.objects.get().secret_sha256}.ics").status_code == 404


def test_who_has_left_has_no_feed_any_more(calendar, cast):
    cast.verifier.is_active = False
    cast.verifier.save()
    assert Client().get(calendar.address).status_code == 404


def test_the_address_only_reads(calendar):
    assert Client().post(calendar.address).status_code == 405


def test_the_last_reading_is_kept_to_the_hour(calendar, time):
    assert Feed.objects.get().read_at is None
    calendar()
    assert Feed.objects.get().read_at == moment("2026-03-02 10:00")
    time.to("2026-03-02 10:59")
    with CaptureQueriesContext(connection) as captured:
        calendar()
    assert not [query for query in captured if query["sql"].startswith("UPDATE")]
    assert Feed.objects.get().read_at == moment("2026-03-02 10:00")
    time.to("2026-03-02 11:01")
    calendar()
    assert Feed.objects.get().read_at == moment("2026-03-02 11:01")


# ── Making and revoking ─────────────────────────────────────────────────────
def address_on(page) -> str:
    """The address that a page shows, without the name of the site."""
    return re.search(r"/calendar-feed/[\w-]{43}\.ics", page.content.decode())[0]


def test_the_address_is_shown_once_and_only_its_hash_is_kept(cast, log_in):
    person = log_in(cast.verifier)
    page = person.post(CREATE)
    address = address_on(page)
    secret = address.split("/")[-1].removesuffix(".ics")
    assert "no-store" in page["Cache-Control"]
    assert Feed.objects.get(user=cast.verifier).secret_sha256 == hash_of(secret)
    assert Client().get(address).status_code == 200
    assert ".ics" not in person.get(PAGE).content.decode()
    assert "生效中" in words_of(person.get(PAGE))


def test_a_new_address_ends_the_earlier_one(cast, log_in):
    person = log_in(cast.verifier)
    first, second = address_on(person.post(CREATE)), address_on(person.post(CREATE))
    assert first != second
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    assert Feed.objects.filter(user=cast.verifier).count() == 1


def test_a_revoked_address_is_not_found(cast, log_in):
    person = log_in(cast.verifier)
    address = address_on(person.post(CREATE))
    assert person.post(REVOKE).url == PAGE
    assert Client().get(address).status_code == 404
    assert "尚未生成订阅地址" in words_of(person.get(PAGE))
    assert "没有生效的订阅地址。" in words_of(person.post(REVOKE, follow=True))


def test_the_ledger_knows_that_a_feed_was_made_and_ended_but_not_its_secret(cast, log_in):
    secret = create_feed(actor=cast.verifier)
    made = last_row()
    assert (made.action, made.actor) == ("feed.create", cast.verifier)
    assert revoke_feed(actor=cast.verifier)
    assert (last_row().action, last_row().actor) == ("feed.revoke", cast.verifier)
    assert not revoke_feed(actor=cast.verifier)
    rows = list(Entry.objects.filter(action__startswith="feed."))
    assert len(rows) == 2
    for row in rows:
        assert secret not in row.data + row.subject_label
        assert hash_of(secret) not in row.data + row.subject_label


@pytest.mark.parametrize("part", ["administrator", "auditor"])
def test_who_is_set_apart_owes_nothing_and_gets_no_feed(cast, log_in, part):
    person = log_in(getattr(cast, part))
    assert person.get(PAGE).status_code == 403
    assert person.post(CREATE).status_code == 403
    assert not Feed.objects.exists()
    with pytest.raises(PermissionDenied):
        create_feed(actor=getattr(cast, part))


def test_who_is_set_apart_later_may_still_end_the_feed(cast, log_in):
    address = address_on(log_in(cast.outsider).post(CREATE))
    Post.objects.create(user=cast.outsider, role=Role.AUDITOR, starts_on=LONG_AGO)
    assert log_in(cast.outsider).get(PAGE).status_code == 200
    assert log_in(cast.outsider).post(REVOKE).status_code == 302
    assert Client().get(address).status_code == 404


def test_the_page_wants_a_login_and_its_acts_a_post(cast, log_in, client):
    assert client.get(PAGE).url.startswith("/login/")
    assert client.post(CREATE).url.startswith("/login/")
    person = log_in(cast.verifier)
    assert person.get(CREATE).status_code == person.get(REVOKE).status_code == 405


def test_a_site_that_only_knows_itself_says_so(cast, log_in, settings):
    settings.SITE_URL = "http://127.0.0.1:8000"
    assert "仍是本机地址" in words_of(log_in(cast.verifier).post(CREATE))
    settings.SITE_URL = "https://qms.example.cn"
    page = log_in(cast.verifier).post(CREATE)
    assert "仍是本机地址" not in words_of(page)
    assert "webcal://qms.example.cn/calendar-feed/" in page.content.decode()
