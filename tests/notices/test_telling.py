"""Telling people: who hears inside, what goes into the outbox, and what it costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notices.choices import ABOUT, ALWAYS_HEARD, MUTABLE, Channel, Kind
from notices.models import Delivery, Notice, Preference
from notices.services import notify, set_preference
from staff.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def with_email(settings):
    settings.EMAIL_IS_CONFIGURED = True


def tell(*people, kind=Kind.OVERDUE, title="校核逾期 2 天", **fields):
    notify(recipients=people, kind=kind, title=title, url="/rounds/1/", **fields)


def emails() -> list[str]:
    return sorted(Delivery.objects.filter(channel=Channel.EMAIL).values_list("recipient__name", flat=True))


# ── E-mail ──────────────────────────────────────────────────────────────────
def test_without_mail_service_and_bots_nothing_waits(reachable):
    tell(reachable.preparer)
    assert Notice.objects.count() == 1
    assert not Delivery.objects.exists()


def test_each_active_person_with_an_address_gets_one_email(reachable, with_email):
    User.objects.filter(pk=reachable.verifier.pk).update(email="")
    reachable.verifier.refresh_from_db()
    tell(reachable.preparer, reachable.preparer, reachable.checker, reachable.verifier, reachable.disabled, None)
    assert emails() == ["校核人", "编制人"]


def test_who_wants_no_email_gets_none(reachable, with_email):
    set_preference(user=reachable.preparer, email=False, digest=False)
    tell(reachable.preparer, is_urgent=True)
    assert emails() == []


def test_digest_holds_back_all_but_what_is_urgent(reachable, with_email):
    set_preference(user=reachable.preparer, email=True, digest=True)
    tell(reachable.preparer)
    assert emails() == []
    tell(reachable.preparer, is_urgent=True)
    assert emails() == ["编制人"]


def test_title_with_line_breaks_becomes_one_line(reachable, with_email):
    tell(reachable.preparer, title="退回\r\nBcc: all@firm.example")
    assert Delivery.objects.get().title == "退回 Bcc: all@firm.example"


# ── Muted kinds ─────────────────────────────────────────────────────────────
def test_muted_kind_is_kept_as_read_and_goes_nowhere(reachable, with_email, bot):
    bot()
    set_preference(user=reachable.preparer, email=True, digest=False, muted_kinds=[Kind.ISSUED])
    tell(reachable.preparer, kind=Kind.ISSUED)
    assert Notice.objects.get().read_at is not None
    assert not Delivery.objects.exists()


def test_muting_one_kind_leaves_the_others(reachable, with_email):
    set_preference(user=reachable.preparer, email=True, digest=False, muted_kinds=[Kind.ISSUED])
    tell(reachable.preparer, kind=Kind.VOIDED)
    assert Notice.objects.unread().count() == 1
    assert emails() == ["编制人"]


@pytest.mark.parametrize("kind", ALWAYS_HEARD)
def test_kind_that_is_always_heard_cannot_be_muted(reachable, kind):
    """Not even by a row that should not be there."""
    Preference.objects.create(user=reachable.preparer, muted_kinds=[kind])
    tell(reachable.preparer, kind=kind)
    assert Notice.objects.unread().count() == 1


def test_every_kind_is_either_always_heard_or_may_be_muted():
    assert {*ALWAYS_HEARD, *MUTABLE} == {*Kind} - {Kind.DIGEST}


def test_undeliverable_stays_inside(reachable, with_email, bot):
    bot()
    tell(reachable.administrator, kind=Kind.UNDELIVERABLE)
    assert not Delivery.objects.exists()


def test_alarm_reaches_its_people_by_email_but_no_group(reachable, with_email, bot):
    bot()
    tell(reachable.auditor, kind=Kind.ALARM)
    assert [delivery.channel for delivery in Delivery.objects.all()] == ["email"]


def test_every_kind_that_may_be_muted_is_explained():
    assert {*MUTABLE} <= {*ABOUT}


# ── Bots ────────────────────────────────────────────────────────────────────
def test_bot_gets_one_message_for_all_and_mentions_their_phones(reachable, bot):
    made = bot()
    tell(reachable.preparer, reachable.checker, reachable.preparer)
    delivery = Delivery.objects.get()
    assert (delivery.bot, delivery.channel, delivery.recipient) == (made, "wecom", None)
    assert delivery.mentions == [reachable.preparer.phone, reachable.checker.phone]


@pytest.mark.parametrize(
    ("phone", "mentions"),
    [("138 0000 0001", ["13800000001"]), ("+86-13800000001", ["13800000001"]), ("010-66668888", []), ("", [])],
)
def test_mobile_numbers_are_mentioned_however_they_are_written(cast, bot, phone, mentions):
    bot()
    cast.preparer.phone = phone
    tell(cast.preparer)
    assert Delivery.objects.get().mentions == mentions


def test_group_is_told_title_and_names_but_not_the_text(reachable, bot):
    bot()
    tell(reachable.preparer, body="委托人压价，勿外传")
    delivery = Delivery.objects.get()
    assert delivery.title == "校核逾期 2 天"
    assert "编制人" in delivery.body
    assert "勿外传" not in f"{delivery.title}{delivery.body}"


def test_of_confidential_business_only_kind_and_link_leave_the_house(reachable, with_email, bot):
    bot()
    tell(reachable.preparer, title="秘密项目：校核逾期", body="勿外传", is_confidential=True)
    assert Delivery.objects.count() == 2
    for delivery in Delivery.objects.all():
        assert "秘密项目" not in f"{delivery.title}{delivery.body}"
        assert "勿外传" not in f"{delivery.title}{delivery.body}"
        assert delivery.url == "/rounds/1/"
    assert Notice.objects.get().title == "秘密项目：校核逾期"


@pytest.mark.parametrize(("unit", "names"), [("hq", "preparer outsider"), ("zj1", "preparer"), ("zj2", "outsider")])
def test_bot_of_a_unit_speaks_for_its_people_and_those_below(reachable, bot, unit, names):
    bot(unit=getattr(reachable, unit))
    tell(reachable.preparer, reachable.outsider)
    assert Delivery.objects.get().mentions == [getattr(reachable, name).phone for name in names.split()]


def test_bot_of_another_unit_is_silent(reachable, bot):
    bot(unit=reachable.zj2)
    tell(reachable.preparer, reachable.chief_engineer)
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(("kinds", "count"), [([], 1), ([Kind.OVERDUE], 1), ([Kind.ISSUED], 0)])
def test_bot_carries_its_kinds(reachable, bot, kinds, count):
    bot(kinds=kinds)
    tell(reachable.preparer)
    assert Delivery.objects.count() == count


def test_bot_that_is_switched_off_is_silent(reachable, bot):
    bot(is_active=False)
    tell(reachable.preparer)
    assert not Delivery.objects.exists()


# ── What it costs ───────────────────────────────────────────────────────────
def cost(people) -> int:
    with CaptureQueriesContext(connection) as captured:
        tell(*people)
    return len(captured)


def test_costs_the_same_queries_for_1_and_for_30(reachable, with_email, bot):
    bot(unit=reachable.hq)
    bot()
    crowd = User.objects.bulk_create(
        User(employee_number=f"C{index}", name=f"甲{index}", unit=reachable.zj1, email=f"c{index}@firm.example")
        for index in range(30)
    )
    assert cost([reachable.preparer]) == cost([reachable.preparer, *crowd])
    assert Delivery.objects.filter(channel=Channel.EMAIL).count() == 32


def test_costs_little_where_nothing_goes_outside(cast):
    """Preferences, notices, bots."""
    assert cost([cast.preparer]) <= 3
