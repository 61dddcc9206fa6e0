"""Several senders at once, each with its own connection: no message goes twice, no bot is asked too often."""

import time
from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from notices.choices import Channel, DeliveryState, Kind
from notices.models import Bot, Delivery, Notice, Preference
from notices.services import deliver_due, write_digests
from notices.services.delivering import _take_slot
from tests.reviews.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)

SENDERS = 4
on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql",
    reason="SQLite has one writer at a time: these races cannot start there, or make everybody wait for everybody",
)


def send_until_nothing_waits() -> int:
    """How many this sender sent, over as many runs as the limits of the bots make necessary."""
    sent = 0
    for _ in range(100):
        sent += deliver_due()["sent"]
        if not Delivery.objects.open().exists():
            break
        time.sleep(0.1)
    return sent


@on_postgresql
def test_several_senders_never_send_one_message_twice(reachable, mail, bot):
    made = [bot("feishu", name=f"群 {index}") for index in range(3)]
    for index in range(60):
        target = made[index % 3]
        Delivery.objects.create(bot=target, channel=target.channel, kind=Kind.OVERDUE, title=f"消息 {index:02}")
        Delivery.objects.create(
            recipient=reachable.preparer, channel=Channel.EMAIL, kind=Kind.OVERDUE, title=f"邮件 {index:02}"
        )
    assert sum(at_once([send_until_nothing_waits] * SENDERS)) == 120
    texts = Counter(text.split("】")[1][:5] for server in made for text in server.server.texts())
    assert texts == Counter(f"消息 {index:02}" for index in range(60))
    assert len(mail.mails) == 60
    assert set(Delivery.objects.values_list("state", "attempts")) == {(DeliveryState.SENT, 1)}


@on_postgresql
def test_several_senders_share_one_limit(bot):
    made = bot("wecom")
    results = at_once([lambda: _take_slot(made, ((61, 20),))] * 50)
    assert results.count(None) == 20
    assert len(Bot.objects.get().recent_posts) == 20


def test_several_workers_write_one_digest(reachable, settings, monkeypatch, clock):
    settings.EMAIL_IS_CONFIGURED = True
    clock.set(2026, 11, 24, 9)
    Preference.objects.create(user=reachable.preparer, digest=True)
    Notice.objects.create(recipient=reachable.preparer, kind=Kind.OVERDUE, title="逾期", created_at=timezone.now())
    assert sum(at_once([write_digests] * SENDERS)) == 1
    assert Delivery.objects.count() == 1
