"""The morning's digest: one e-mail of what is unread, once a day, whatever went wrong in between."""

from email import message_from_bytes, policy

import pytest

from notices.choices import Kind
from notices.models import Delivery, Notice, Preference
from notices.services import deliver_due, mark_read, notify, set_preference, write_digests

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(reachable, clock, settings):
    """A person with a digest since Monday noon."""
    settings.EMAIL_IS_CONFIGURED = True
    clock.set(2026, 11, 23, 12)
    set_preference(user=reachable.preparer, email=True, digest=True)
    return reachable.preparer


def tell(person, title="校核逾期", **fields):
    notify(recipients=[person], kind=Kind.OVERDUE, title=title, **fields)


def digest() -> Delivery:
    return Delivery.objects.get(kind=Kind.DIGEST)


def test_digest_lists_what_is_unread_in_the_morning(reader, clock):
    tell(reader, "甲项目逾期")
    tell(reader, "乙项目逾期")
    mark_read(user=reader, notice_ids=[Notice.objects.get(title="乙项目逾期").pk])
    clock.set(2026, 11, 24, 8, 29)
    assert write_digests() == 0
    clock.set(2026, 11, 24, 8, 30)
    assert write_digests() == 1
    assert (digest().recipient, digest().url) == (reader, "/notices/?state=unread")
    assert "1 条" in digest().title
    assert "甲项目逾期" in digest().body
    assert "乙项目逾期" not in digest().body


def test_digest_is_written_once_a_day(reader, clock):
    tell(reader)
    clock.set(2026, 11, 24, 9)
    assert [write_digests(), write_digests()] == [1, 0]
    tell(reader)
    clock.set(2026, 11, 24, 18)
    assert write_digests() == 0
    clock.set(2026, 11, 25, 8, 30)
    assert write_digests() == 1


def test_the_day_is_claimed_by_one_worker_only(reader, clock):
    """Two workers have read the same row before either writes."""
    from notices.services import digests

    tell(reader)
    now = clock.set(2026, 11, 24, 9)
    wish = Preference.objects.select_related("user").get(user=reader)
    assert [digests._write(wish, now.date(), now), digests._write(wish, now.date(), now)] == [True, False]
    assert Delivery.objects.count() == 1


def test_next_digest_does_not_repeat_the_last(reader, clock):
    tell(reader, "周一的")
    clock.set(2026, 11, 24, 9)
    write_digests()
    Delivery.objects.all().delete()
    tell(reader, "周二的")
    clock.set(2026, 11, 25, 9)
    write_digests()
    assert "周二的" in digest().body
    assert "周一的" not in digest().body


def test_after_days_of_standstill_there_is_one_digest_of_all(reader, clock):
    for day in (24, 25, 26):
        clock.set(2026, 11, day, 10)
        tell(reader, f"{day} 日的")
    clock.set(2026, 11, 28, 11)
    assert write_digests() == 1
    assert all(f"{day} 日的" in digest().body for day in (24, 25, 26))


def test_with_nothing_unread_there_is_no_email_but_the_day_is_done(reader, clock):
    clock.set(2026, 11, 24, 9)
    assert write_digests() == 0
    tell(reader)
    clock.set(2026, 11, 24, 10)
    assert write_digests() == 0
    assert not Delivery.objects.exists()


def test_digest_switched_on_in_the_afternoon_waits_for_the_morning(reader, clock):
    tell(reader)
    clock.set(2026, 11, 23, 18)
    assert write_digests() == 0


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": ""}])
def test_who_has_left_or_has_no_address_gets_none(reader, clock, change):
    tell(reader)
    type(reader).objects.filter(pk=reader.pk).update(**change)
    clock.set(2026, 11, 24, 9)
    assert write_digests() == 0


def test_without_mail_service_the_day_is_not_claimed(reader, clock, settings):
    tell(reader)
    clock.set(2026, 11, 24, 9)
    settings.EMAIL_IS_CONFIGURED = False
    assert write_digests() == 0
    settings.EMAIL_IS_CONFIGURED = True
    assert write_digests() == 1


def test_confidential_title_stays_inside(reader, clock):
    tell(reader, "秘密项目逾期", is_confidential=True)
    clock.set(2026, 11, 24, 9)
    write_digests()
    assert "秘密项目" not in digest().body
    assert "请登录系统查看" in digest().body


def test_long_digest_is_cut(reader, clock):
    Notice.objects.bulk_create(
        Notice(recipient=reader, kind=Kind.OVERDUE, title=f"第 {index} 条", created_at=clock.now)
        for index in range(130)
    )
    clock.set(2026, 11, 24, 9)
    write_digests()
    assert "130 条" in digest().title
    assert "另有 30 条" in digest().body
    assert len(digest().body.splitlines()) == 101


def test_digest_arrives(reader, clock, mail):
    tell(reader, "甲项目逾期")
    clock.set(2026, 11, 24, 9)
    write_digests()
    assert deliver_due()["sent"] == 1
    [raw] = mail.mails
    assert "甲项目逾期" in message_from_bytes(raw, policy=policy.default).get_content()
