"""One's own settings, the filter of the list, and the administrator's page of what did not arrive."""

import pytest

from ledger.models import Entry
from notices.choices import ABOUT, MUTABLE, Channel, DeliveryState, Kind
from notices.models import Delivery, Notice, Preference
from notices.services import notify
from staff.models import User

pytestmark = pytest.mark.django_db

ALL = [kind.value for kind in MUTABLE]
BUSINESS = "滨江花园二期结算审减三百万"


def text(response) -> str:
    return response.content.decode()


def failed(person, **fields) -> Delivery:
    fields = {
        "kind": Kind.OVERDUE,
        "title": BUSINESS,
        "body": BUSINESS,
        "last_error": "邮件服务器拒收（550：no such user）",
        **fields,
    }
    return Delivery.objects.create(
        recipient=person, channel=Channel.EMAIL, state=DeliveryState.FAILED, attempts=6, **fields
    )


# ── The list ────────────────────────────────────────────────────────────────
def test_list_is_filtered_by_kind_and_state(cast, log_in):
    for kind in (Kind.OVERDUE, Kind.ISSUED):
        notify(recipients=[cast.preparer], kind=kind, title=f"关于{kind.label}的消息")
    Notice.objects.create(recipient=cast.preparer, kind=Kind.ISSUED, title="读过的签发", read_at="2026-11-22T00:00Z")
    page = text(log_in(cast.preparer).get("/notices/?kind=issued&state=unread"))
    assert "关于签发的消息" in page
    assert "关于逾期的消息" not in page
    assert "读过的签发" not in page


@pytest.mark.parametrize("query", ["kind=nonsense", "state=nonsense", "page=nonsense", "kind=%00"])
def test_nonsense_in_the_filter_shows_all(cast, log_in, query):
    notify(recipients=[cast.preparer], kind=Kind.ISSUED, title="签发了")
    assert "签发了" in text(log_in(cast.preparer).get(f"/notices/?{query}"))


def test_tabs_keep_the_kind(cast, log_in):
    assert "/notices/?state=unread&amp;kind=issued" in text(log_in(cast.preparer).get("/notices/?kind=issued"))


@pytest.mark.parametrize(("part", "is_there"), [("administrator", True), ("preparer", False), ("executive", False)])
def test_only_the_administrator_sees_the_way_to_what_did_not_arrive(cast, log_in, part, is_there):
    page = text(log_in(getattr(cast, part)).get("/notices/"))
    assert ("/notices/undeliverable/" in page) is is_there
    assert "/notices/settings/" in page


# ── One's own settings ──────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("mode", "email", "digest"), [("each", True, False), ("digest", True, True), ("none", False, False)]
)
def test_settings_are_kept_and_shown_again(cast, log_in, mode, email, digest):
    heard = [kind for kind in ALL if kind != Kind.ISSUED]
    client = log_in(cast.preparer)
    response = client.post("/notices/settings/", {"email_mode": mode, "heard": heard})
    assert response["Location"] == "/notices/settings/"
    wish = Preference.objects.get()
    assert (wish.user, wish.email, wish.digest) == (cast.preparer, email, digest)
    assert wish.muted_kinds == [Kind.ISSUED]
    page = text(client.get("/notices/settings/"))
    assert f'value="{mode}" id="id_email_mode_{["each", "digest", "none"].index(mode)}" checked' in page
    assert 'id="heard-issued" aria' in page
    assert 'id="heard-voided" checked' in page


def test_who_has_chosen_nothing_hears_all(cast, log_in):
    page = text(log_in(cast.preparer).get("/notices/settings/"))
    assert page.count("checked") == 1 + len(ABOUT)
    assert not Preference.objects.exists()


@pytest.mark.parametrize("data", [{"email_mode": "nonsense"}, {}, {"email_mode": "each", "heard": ["nonsense"]}])
def test_nonsense_changes_nothing(cast, log_in, data):
    assert log_in(cast.preparer).post("/notices/settings/", data).status_code == 200
    assert not Preference.objects.exists()


def test_overdue_cannot_be_muted_by_leaving_it_out(cast, log_in):
    log_in(cast.preparer).post("/notices/settings/", {"email_mode": "each", "heard": []})
    assert set(Preference.objects.get().muted_kinds) == set(ALL)
    notify(recipients=[cast.preparer], kind=Kind.OVERDUE, title="逾期")
    assert Notice.objects.unread().count() == 1


def test_settings_say_that_there_is_no_mail_service(cast, log_in, settings):
    client = log_in(cast.preparer)
    assert "尚未接通邮件服务" in text(client.get("/notices/settings/"))
    settings.EMAIL_IS_CONFIGURED = True
    page = text(client.get("/notices/settings/"))
    assert "尚未接通邮件服务" not in page
    assert "还没有登记邮箱" in page


# ── What did not arrive ─────────────────────────────────────────────────────
def test_administrator_sees_to_whom_and_why_but_no_business(cast, log_in):
    failed(cast.preparer)
    page = text(log_in(cast.administrator).get("/notices/undeliverable/"))
    for word in ("编制人", "邮件", "逾期", "550：no such user"):
        assert word in page
    assert BUSINESS not in page


@pytest.mark.parametrize("part", ["preparer", "executive", "quality_office", "auditor", "chief_engineer"])
def test_nobody_else_sees_or_retries(cast, log_in, part):
    delivery = failed(cast.preparer)
    client = log_in(getattr(cast, part))
    assert client.get("/notices/undeliverable/").status_code == 403
    assert client.post(f"/notices/undeliverable/{delivery.pk}/retry/").status_code == 403
    assert client.post("/notices/undeliverable/retry-all/").status_code == 403
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.FAILED


def test_retry_puts_one_message_back_and_leaves_a_row(cast, log_in):
    delivery, other = failed(cast.preparer), failed(cast.checker)
    log_in(cast.administrator).post(f"/notices/undeliverable/{delivery.pk}/retry/")
    delivery.refresh_from_db()
    other.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)
    assert other.state == DeliveryState.FAILED
    entry = Entry.objects.get(action="delivery.retry")
    assert entry.actor == cast.administrator
    assert BUSINESS not in f"{entry.subject_label}{entry.data}"


def test_retry_of_what_has_not_failed_does_nothing(cast, log_in):
    delivery = failed(cast.preparer)
    Delivery.objects.update(state=DeliveryState.SENT)
    log_in(cast.administrator).post(f"/notices/undeliverable/{delivery.pk}/retry/")
    assert Delivery.objects.get().state == DeliveryState.SENT
    assert not Entry.objects.filter(action="delivery.retry").exists()


def test_retry_all_puts_all_back_and_leaves_one_row(cast, log_in):
    for _ in range(3):
        failed(cast.preparer)
    log_in(cast.administrator).post("/notices/undeliverable/retry-all/")
    assert set(Delivery.objects.values_list("state", "attempts")) == {(DeliveryState.PENDING, 0)}
    assert '"count":3' in Entry.objects.get(action="delivery.retry").data


def test_people_without_any_address_are_listed(reachable, log_in):
    User.objects.filter(pk=reachable.preparer.pk).update(phone="", email="")
    page = text(log_in(reachable.administrator).get("/notices/undeliverable/?tab=people"))
    assert f"/people/{reachable.preparer.pk}/" in page
    assert "校核人" not in page


def test_page_costs_the_same_queries_for_1_and_for_20(cast, log_in, count_queries, bot):
    made = bot()
    log_in(cast.administrator)
    failed(cast.preparer)
    count_queries("/notices/undeliverable/")
    with_one = count_queries("/notices/undeliverable/")
    for _ in range(10):
        failed(cast.checker)
        Delivery.objects.create(bot=made, channel="wecom", kind=Kind.OVERDUE, title="逾期", state=DeliveryState.FAILED)
    assert count_queries("/notices/undeliverable/") == with_one


def test_hostile_reason_is_escaped(cast, log_in):
    failed(cast.preparer, last_error="<script>alert(1)</script>")
    assert "<script>alert" not in text(log_in(cast.administrator).get("/notices/undeliverable/"))
