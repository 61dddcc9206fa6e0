"""The outbox: claimed, sent, marked; put off, given up, sent again; and one bad address does not hold up the others."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from notices import queries, services
from notices.choices import Channel, DeliveryState, Kind
from notices.models import Delivery, Notice
from notices.services import deliver_due, delivering
from staff.models import User

pytestmark = pytest.mark.django_db

NOTHING = {"sent": 0, "postponed": 0, "failed": 0}


def queue(bot=None, person=None, **fields) -> Delivery:
    now = timezone.now()
    fields = {
        "kind": Kind.OVERDUE,
        "title": "校核逾期",
        "url": "/rounds/1/",
        "created_at": now,
        "next_at": now,
        **fields,
    }
    channel = bot.channel if bot else Channel.EMAIL
    return Delivery.objects.create(bot=bot, recipient=person, channel=channel, **fields)


def state(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.state


def told(**numbers) -> dict:
    return {**NOTHING, **numbers}


# ── The usual way ───────────────────────────────────────────────────────────
@pytest.mark.parametrize("channel", ["wecom", "dingtalk", "feishu"])
def test_message_in_the_outbox_reaches_the_group(bot, clock, settings, channel):
    settings.SITE_URL = "https://quality.example"
    made = bot(channel, secret="SEC-of-this-bot-123")
    delivery = queue(made)
    assert deliver_due() == told(sent=1)
    assert (state(delivery), delivery.sent_at, delivery.attempts) == (DeliveryState.SENT, clock.now, 1)
    [text] = made.server.texts()
    assert "校核逾期" in text
    assert "https://quality.example/rounds/1/" in text
    assert deliver_due() == NOTHING


def test_message_in_the_outbox_reaches_the_person(reachable, mail):
    services.notify(recipients=[reachable.preparer], kind=Kind.OVERDUE, title="校核逾期", url="/rounds/1/")
    assert deliver_due() == told(sent=1)
    assert len(mail.mails) == 1


def test_at_most_as_many_as_asked_for_oldest_first(bot, clock):
    made = bot()
    for index in range(3):
        queue(made, title=f"第 {index} 条")
        clock.advance(seconds=1)
    assert deliver_due(limit=2) == told(sent=2)
    assert ["第 0 条" in text for text in made.server.texts()] == [True, False]


def test_what_is_not_due_yet_waits(bot, clock):
    queue(bot(), next_at=clock.now + timedelta(seconds=1))
    assert deliver_due() == NOTHING
    clock.advance(seconds=1)
    assert deliver_due() == told(sent=1)


# ── Trying again ────────────────────────────────────────────────────────────
def test_each_failure_is_followed_by_a_longer_pause_and_the_sixth_is_the_last(bot, clock):
    made = bot()
    made.server.say(500, b"", times=6)
    delivery = queue(made)
    for attempt, minutes in enumerate((1, 5, 15, 60, 240), 1):
        assert deliver_due() == told(postponed=1)
        assert (state(delivery), delivery.attempts) == (DeliveryState.PENDING, attempt)
        assert delivery.next_at == clock.now + timedelta(minutes=minutes)
        clock.advance(minutes=minutes, seconds=-1)
        assert deliver_due() == NOTHING
        clock.advance(seconds=1)
    assert deliver_due() == told(failed=1)
    assert (state(delivery), delivery.attempts) == (DeliveryState.FAILED, 6)
    assert "HTTP 500" in delivery.last_error
    clock.advance(days=7)
    assert deliver_due() == NOTHING
    assert made.server.requests == 6


def test_refusal_is_final_at_once(bot):
    made = bot()
    made.server.say(200, {"errcode": 93000, "errmsg": "invalid webhook url"})
    delivery = queue(made)
    assert deliver_due() == told(failed=1)
    assert state(delivery) == DeliveryState.FAILED
    assert "93000" in delivery.last_error
    assert "invalid webhook url" in delivery.last_error


@pytest.mark.parametrize(
    ("answer", "tally"), [("550 no such user", told(failed=1)), ("451 try later", told(postponed=1))]
)
def test_mail_server_refuses_for_good_or_for_now(reachable, mail, answer, tally):
    mail.refusals[reachable.preparer.email] = answer
    delivery = queue(person=reachable.preparer)
    assert deliver_due() == tally
    delivery.refresh_from_db()
    assert answer.split(" ", 1)[1] in delivery.last_error


def test_unforeseen_error_puts_one_message_off_and_stops_no_other(bot, monkeypatch):
    made, other = bot("feishu"), bot("wecom")
    monkeypatch.setattr("notices.channels.feishu.parts", lambda message: 1 / 0)
    queue(made)
    queue(other)
    assert deliver_due() == told(sent=1, postponed=1)
    assert "ZeroDivisionError" in Delivery.objects.get(bot=made).last_error


# ── Long messages ───────────────────────────────────────────────────────────
def test_long_message_that_failed_on_the_way_goes_on_where_it_stopped(bot, clock):
    made = bot()
    # Three parts: the first is accepted by hand, the second fails.
    made.server.say(200, {"errcode": 0, "errmsg": "ok"})
    made.server.say(500)
    delivery = queue(made, body="校" * 1500)
    assert deliver_due() == told(postponed=1)
    delivery.refresh_from_db()
    assert delivery.parts_sent == 1
    clock.advance(minutes=1)
    assert deliver_due() == told(sent=1)
    assert [text[:5] for text in made.server.texts()] == ["（2/3）", "（3/3）"]
    delivery.refresh_from_db()
    assert delivery.parts_sent == 3


# ── Limits ──────────────────────────────────────────────────────────────────
def test_never_more_than_twenty_a_minute_and_none_is_lost(bot, clock):
    made = bot()
    for index in range(30):
        queue(made, title=f"第 {index:02} 条")
    assert deliver_due() == told(sent=20, postponed=1)
    assert deliver_due() == NOTHING
    clock.advance(seconds=50)
    assert deliver_due() == NOTHING
    clock.advance(seconds=20)
    made.server.per_minute = 100  # the server has a real clock
    assert deliver_due() == told(sent=10)
    texts = made.server.texts()
    assert [f"第 {index:02} 条" in texts[index] for index in range(30)] == [True] * 30
    assert made.server.requests == 30


def test_limit_counts_parts(bot, clock):
    made = bot()
    for _ in range(8):
        queue(made, body="校" * 1500)
    assert deliver_due() == told(sent=6, postponed=1)
    assert made.server.requests == 20


def test_told_to_be_silent_it_is_and_no_attempt_is_counted(bot, clock):
    made = bot("dingtalk")
    made.server.say(200, {"errcode": 130101, "errmsg": "send too fast"})
    delivery, second = queue(made), queue(made)
    assert deliver_due() == told(postponed=1)
    assert (state(delivery), delivery.attempts) == (DeliveryState.PENDING, 0)
    clock.advance(minutes=9, seconds=59)
    assert deliver_due() == NOTHING
    assert made.server.requests == 1
    clock.advance(seconds=1)
    assert deliver_due() == told(sent=2)
    assert state(second) == DeliveryState.SENT


def test_silence_of_one_bot_is_not_that_of_another(bot, clock):
    made, other = bot("dingtalk"), bot("dingtalk")
    made.server.say(429)
    queue(made)
    queue(other)
    assert deliver_due() == told(sent=1, postponed=1)


# ── One does not hold up the others ─────────────────────────────────────────
def test_bot_that_does_not_answer_is_asked_once_a_run(bot, clock, settings):
    settings.BOT_TIMEOUTS = (0.2, 0.2)
    silent, other = bot("wecom"), bot("wecom")
    silent.server.say(200, b"", delay=0.5, times=9)
    for _ in range(5):
        queue(silent)
    queue(other)
    assert deliver_due() == told(sent=1, postponed=1)
    assert silent.server.requests == 1
    assert len(other.server.received) == 1


def test_messages_of_a_shut_bot_do_not_fill_the_run(bot, clock):
    shut, other = bot("dingtalk"), bot("wecom")
    shut.server.say(429)
    for _ in range(5):
        queue(shut)
    queue(other)
    assert deliver_due(limit=2) == told(sent=1, postponed=1)


def test_mail_server_that_is_away_is_asked_once_a_run_and_bots_go_on(reachable, mail, bot, settings):
    settings.EMAIL_PORT = 1
    for _ in range(3):
        queue(person=reachable.preparer)
    queue(bot())
    assert deliver_due() == told(sent=1, postponed=1)


# ── Crashes ─────────────────────────────────────────────────────────────────
def test_sender_that_dies_after_sending_leaves_a_lease_and_the_message_goes_once_more(bot, clock, monkeypatch):
    made = bot()
    delivery = queue(made)
    with monkeypatch.context() as patched:
        patched.setattr(delivering, "_conclude", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            deliver_due()
    assert state(delivery) == DeliveryState.SENDING
    clock.advance(seconds=119)
    assert deliver_due() == NOTHING
    clock.advance(seconds=1)
    assert deliver_due() == told(sent=1)
    assert deliver_due() == NOTHING
    assert (len(made.server.received), delivery.attempts) == (2, 1)


def test_message_on_which_every_sender_dies_is_given_up(bot, clock, monkeypatch):
    queue(bot())
    monkeypatch.setattr(delivering, "_send", lambda delivery: (_ for _ in ()).throw(KeyboardInterrupt))
    for _ in range(6):
        with pytest.raises(KeyboardInterrupt):
            deliver_due()
        clock.advance(minutes=2)
    assert deliver_due() == told(failed=1)
    assert "中断" in Delivery.objects.get().last_error


def test_sender_that_was_too_slow_does_not_mark_what_another_has_taken(bot, clock):
    delivery = queue(bot())
    slow = delivering._next_due(set(), set())
    assert delivering._claim(slow)
    clock.advance(minutes=2)
    assert deliver_due() == told(sent=1)
    assert not delivering._mark(slow, state=DeliveryState.PENDING)
    assert state(delivery) == DeliveryState.SENT


def test_second_claim_of_the_same_row_fails(bot):
    queue(bot())
    first, second = delivering._next_due(set(), set()), delivering._next_due(set(), set())
    assert delivering._claim(first)
    assert not delivering._claim(second)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_inside_a_transaction(bot, monkeypatch):
    """The other side may take seconds; no lock of ours waits for it."""
    made, seen = bot(), []
    post = delivering.CHANNELS["wecom"].post
    monkeypatch.setattr(
        "notices.channels.wecom.post",
        lambda *args: seen.append(transaction.get_connection().in_atomic_block) or post(*args),
    )
    queue(made)
    assert deliver_due() == told(sent=1)
    assert seen == [False]


# ── What has become pointless ───────────────────────────────────────────────
def test_message_to_who_has_left_is_dropped(reachable, mail):
    delivery = queue(person=reachable.preparer)
    User.objects.filter(pk=reachable.preparer.pk).update(is_active=False)
    assert deliver_due() == NOTHING
    assert state(delivery) == DeliveryState.CANCELLED
    assert mail.mails == []


def test_message_of_a_bot_switched_off_is_dropped(bot):
    made = bot()
    delivery = queue(made)
    made.is_active = False
    made.save()
    assert deliver_due() == NOTHING
    assert state(delivery) == DeliveryState.CANCELLED
    assert made.server.requests == 0


# ── Telling the administrators ──────────────────────────────────────────────
def test_administrators_hear_once_a_day_of_each_address_that_fails(reachable, bot, mail, clock):
    clock.set(2026, 11, 23, 9)
    made = bot()
    made.server.say(404, times=9)
    mail.refusals[reachable.preparer.email] = "550 no such user"
    for _ in range(3):
        queue(made)
        queue(person=reachable.preparer)
    assert deliver_due() == told(failed=6)
    notices = Notice.objects.filter(kind=Kind.UNDELIVERABLE)
    assert sorted(notices.values_list("title", "recipient__name")) == [
        (f"消息未送达：企业微信 → {made.name}", "管理员"),
        ("消息未送达：邮件 → 编制人", "管理员"),
    ]
    assert not Delivery.objects.open().exists()
    clock.set(2026, 11, 24, 9)
    queue(made)
    deliver_due()
    assert notices.count() == 3


# ── Figures of the queue ────────────────────────────────────────────────────
def test_queue_tells_how_much_waits_since_when_and_what_failed(bot, clock):
    assert queries.queue_state() == {"pending": 0, "failed": 0, "oldest_at": None}
    made, oldest = bot(), clock.now
    queue(made, state=DeliveryState.SENDING)
    queue(made, state=DeliveryState.FAILED, created_at=oldest - timedelta(days=3))
    queue(made, state=DeliveryState.SENT, created_at=oldest - timedelta(days=3))
    clock.advance(minutes=5)
    queue(made)
    assert queries.queue_state() == {"pending": 2, "failed": 1, "oldest_at": oldest}


def test_who_has_neither_phone_nor_email_is_unreachable(reachable):
    User.objects.filter(pk__in=[reachable.preparer.pk, reachable.disabled.pk]).update(phone="", email="")
    User.objects.filter(pk=reachable.checker.pk).update(phone="")
    assert [person.name for person in queries.unreachable_people()] == ["编制人"]
