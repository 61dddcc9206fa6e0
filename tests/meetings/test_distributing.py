"""Copies of issued minutes, receipts, reminders."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import timezone

from meetings import rules
from meetings.models import AccessLink, Distribution
from meetings.services import distributing
from notices.models import Delivery, Notice
from tests.conftest import guards_lifted
from tests.meetings import minutes_kit as kit


@pytest.fixture(autouse=True)
def _papers(monkeypatch):
    kit.no_papers(monkeypatch)


@pytest.fixture
def mail(settings):
    settings.EMAIL_IS_CONFIGURED = True
    settings.SITE_URL = "https://qms.example.cn"


def back_date(copy, days: int):
    with guards_lifted(connection):
        Distribution.objects.filter(pk=copy.pk).update(sent_at=timezone.now() - timedelta(days=days))


def test_every_unit_and_each_of_us_gets_a_copy_but_who_signed(cast, project):
    made = kit.world(cast, project)
    copies = {str(copy.party or copy.user) for copy in made.minutes.distributions.all()}
    assert copies == {"滨江建设集团", "滨江城投", str(cast.preparer)}
    assert made.copy.contact.is_main


def test_a_unit_that_the_organiser_ticks_and_who_called_it_get_one_too_and_no_strangers(cast, project, other_project):
    supervisor, designer = kit.party(project, "监理", "supervisor"), kit.party(project, "设计院", "designer")
    strange = kit.party(other_project, "别处", creator=cast.executive)
    meeting = kit.meeting(cast, project, called_by=supervisor)
    paper = kit.issued(meeting, parties=[designer, strange])
    assert {copy.party for copy in paper.distributions.all()} == {supervisor, designer}


def test_main_contacts_are_written_to_with_a_link_of_their_own(cast, project, mail):
    made = kit.world(cast, project)
    letters = Delivery.objects.filter(outsider__gt="")
    assert letters.count() == 2
    assert len({letter.url for letter in letters}) == 2
    assert all(letter.url.startswith("https://qms.example.cn/m/") for letter in letters)
    assert AccessLink.objects.filter(distribution__isnull=False).count() == 2
    assert Notice.objects.filter(recipient=cast.preparer, title__contains=made.minutes.number).exists()


def test_without_a_mail_server_nothing_goes_out_and_the_page_says_so(cast, project, log_in):
    made = kit.world(cast, project)
    assert not Delivery.objects.filter(outsider__gt="").exists()
    response = log_in(cast.verifier).post(f"/meetings/{made.meeting.pk}/receipts/remind/", follow=True)
    page = response.content.decode()
    assert "已催收 1 份" in page
    assert "2 个单位没有可用的邮箱" in page


# ── Receipts ────────────────────────────────────────────────────────────────
def test_one_of_us_receives_by_a_click_and_for_nobody_else(cast, project, log_in):
    made = kit.world(cast, project)
    url = f"/meetings/{made.meeting.pk}/receipts/{made.own.pk}/receive/"
    assert log_in(cast.checker).post(url).status_code == 403
    assert log_in(cast.preparer).post(url).status_code == 302
    copy = kit.now(made.own)
    assert (copy.received_by, copy.receiver_name) == ("click", "编制人")
    with pytest.raises(PermissionDenied):
        distributing.receive(actor=cast.preparer, distribution=made.copy)


def test_the_organiser_registers_a_receipt_with_a_note(cast, project, log_in):
    made = kit.world(cast, project)
    url = f"/meetings/{made.meeting.pk}/receipts/{made.copy.pk}/register/"
    assert log_in(cast.checker).get(url).status_code == 403
    browser = log_in(cast.verifier)
    assert browser.get(url).status_code == 200
    assert browser.post(url, {"name": "孙", "note": ""}).status_code == 200
    assert kit.now(made.copy).received_at is None
    assert browser.post(url, {"name": "孙", "note": "纸质签收"}).status_code == 302
    assert kit.now(made.copy).received_by == "organiser"
    with pytest.raises(ValidationError, match="已经签收"):
        distributing.register_receipt(actor=cast.verifier, distribution=made.copy, name="孙", note="又")
    with pytest.raises(ValidationError, match="本人"):
        distributing.register_receipt(actor=cast.verifier, distribution=made.own, name="编", note="代")


# ── Reminders ───────────────────────────────────────────────────────────────
def test_a_reminder_brings_a_new_link_and_ends_the_old_one(cast, project, mail):
    made = kit.world(cast, project)
    old = AccessLink.objects.get(distribution=made.copy)
    assert distributing.remind(actor=cast.verifier, meeting=made.meeting, distributions=[made.copy.pk]) == (1, 0)
    old.refresh_from_db()
    assert old.revoked_at
    assert AccessLink.objects.filter(distribution=made.copy, revoked_at=None).count() == 1
    assert distributing.remind(actor=cast.verifier, meeting=made.meeting, distributions=[made.copy.pk]) == (0, 0)
    assert kit.now(made.copy).reminders == 1
    with pytest.raises(PermissionDenied):
        distributing.remind(actor=cast.preparer, meeting=made.meeting)


def test_the_system_reminds_each_three_working_days_and_five_times(cast, project, mail):
    made = kit.world(cast, project)
    assert distributing.remind_due() == 0
    for copy in made.minutes.distributions.all():
        back_date(copy, 10)
    assert distributing.remind_due() == 3
    assert distributing.remind_due() == 0  # reminded today
    Distribution.objects.update(reminded_at=timezone.now() - timedelta(days=10), reminders=rules.MOST_REMINDERS)
    assert distributing.remind_due() == 0


def test_a_link_handed_over_by_hand_is_not_ended_by_the_system(cast, project):
    from meetings.services import links

    made = kit.world(cast, project)
    link, _ = links.create_receipt(actor=cast.verifier, distribution=made.copy)
    back_date(made.copy, 10)
    assert distributing.remind_due() == 1
    link.refresh_from_db()
    assert link.revoked_at is None
    assert Notice.objects.filter(recipient=cast.verifier, title__contains="请催收").exists()
    assert distributing.remind_due() == 0


class Weekdays:
    @staticmethod
    def is_working(day):
        return day.weekday() < 5


@pytest.mark.parametrize(("sent", "today", "due"), [(23, 25, False), (23, 26, True), (26, 30, False), (26, 31, True)])
def test_three_working_days_are_counted_over_the_weekend(sent, today, due):
    # 23 March 2026 is a Monday.
    last = datetime(2026, 3, sent, 18, 0)  # noqa: DTZ001
    assert rules.is_reminder_due(last, 0, last.date().replace(day=today), Weekdays) is due


def test_working_days_after_a_day_agree_with_counting_them_one_by_one():
    day = datetime(2026, 3, 1).date()  # noqa: DTZ001
    for start in range(14):
        for days in range(8):
            found = rules.working_day_after(day + timedelta(days=start), days, Weekdays)
            between = [day + timedelta(days=start + n) for n in range(1, (found - day).days - start + 1)]
            assert sum(Weekdays.is_working(each) for each in between) == days


# ── The page ────────────────────────────────────────────────────────────────
def test_the_page_tells_who_is_missing_and_costs_the_same_for_many(cast, project, log_in, count_queries):
    made = kit.world(cast, project)
    log_in(cast.verifier)
    url = f"/meetings/{made.meeting.pk}/receipts/"
    count_queries(url)
    base = count_queries(url)
    for number in range(15):
        kit.party(project, f"供应商 {number}", "supplier")
    more = kit.issued(kit.meeting(cast, project))
    assert more.distributions.count() > 15
    assert count_queries(f"/meetings/{more.meeting_id}/receipts/") == base
    page = log_in(cast.verifier).get(url).content.decode()
    assert "3 份未签收" in page
    reader = log_in(cast.approver).get(url).content.decode()
    assert "催收（" not in reader
    assert log_in(cast.outsider).get(url).status_code == 404


def test_a_receipt_link_is_made_by_the_organiser_shown_once_and_revoked(cast, project, log_in):
    made = kit.world(cast, project)
    url = f"/meetings/{made.meeting.pk}/receipts/{made.copy.pk}/link/"
    assert log_in(cast.checker).post(url).status_code == 403
    page = log_in(cast.verifier).post(url).content.decode()
    assert "/m/" in page
    assert log_in(cast.verifier).post(f"{url}revoke/").status_code == 302
    assert not AccessLink.objects.filter(distribution=made.copy, revoked_at=None).exists()
    own = f"/meetings/{made.meeting.pk}/receipts/{made.own.pk}/link/"
    assert log_in(cast.verifier).post(own).status_code == 302
    assert not AccessLink.objects.filter(distribution=made.own).exists()
