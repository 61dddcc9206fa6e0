"""The administrator's pages of bots: keys go in and never come out."""

import pytest

from ledger.models import Entry
from notices.choices import Kind
from notices.models import Bot

pytestmark = pytest.mark.django_db

KEY, SECRET = "k3y-0f-a-group-of-the-firm", "SEC-of-the-group-4711"
WEBHOOK = f"https://oapi.dingtalk.com/robot/send?access_token={KEY}"
ADD = "/admin/notices/bot/add/"


def data(**changes) -> dict:
    return {
        "name": "造价一所群",
        "channel": "dingtalk",
        "webhook": WEBHOOK,
        "secret": SECRET,
        "is_active": "on",
        **changes,
    }


def text(response) -> str:
    return response.content.decode()


@pytest.fixture
def desk(cast, log_in):
    return log_in(cast.administrator)


@pytest.fixture
def saved(cast):
    return Bot.objects.create(name="造价一所群", channel="dingtalk", webhook=WEBHOOK, secret=SECRET)


def change(bot: Bot) -> str:
    return f"/admin/notices/bot/{bot.pk}/change/"


def test_bot_is_added(desk, cast):
    response = desk.post(ADD, data(unit=cast.zj1.pk, kinds=[Kind.OVERDUE]))
    assert response.status_code == 302
    bot = Bot.objects.get()
    assert (bot.webhook, bot.secret, bot.unit, bot.kinds) == (WEBHOOK, SECRET, cast.zj1, [Kind.OVERDUE])


def test_saved_keys_stand_on_no_page_but_for_their_ends(desk, saved):
    for address in ("/admin/notices/bot/", change(saved), f"/admin/notices/bot/{saved.pk}/history/"):
        page = text(desk.get(address))
        assert KEY not in page
        assert SECRET not in page
    assert "••••firm" in text(desk.get(change(saved)))
    assert "••••4711" in text(desk.get(change(saved)))


def test_keys_left_empty_stay_as_they_are(desk, saved):
    desk.post(change(saved), data(name="新群名", webhook="", secret=""))
    saved.refresh_from_db()
    assert (saved.name, saved.webhook, saved.secret) == ("新群名", WEBHOOK, SECRET)


def test_keys_are_replaced_and_the_secret_can_be_removed(desk, saved):
    desk.post(change(saved), data(webhook=f"{WEBHOOK}2", secret="SEC-another-one-0815"))
    saved.refresh_from_db()
    assert (saved.webhook, saved.secret) == (f"{WEBHOOK}2", "SEC-another-one-0815")
    desk.post(change(saved), data(webhook="", secret="", removes_secret="on"))
    saved.refresh_from_db()
    assert (saved.webhook, saved.secret) == (f"{WEBHOOK}2", "")


def test_ledger_tells_of_the_bot_and_holds_no_key(desk):
    desk.post(ADD, data())
    bot = Bot.objects.get()
    desk.post(change(bot), data(webhook=f"{WEBHOOK}2", secret=""))
    rows = Entry.objects.filter(subject_type="notices.bot").order_by("number")
    assert [row.action for row in rows] == ["reference.add", "reference.change"]
    assert "造价一所群" in rows[0].data
    for row in Entry.objects.all():
        assert KEY not in row.data
        assert SECRET not in row.data


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook": "https://evil.example/robot/send?access_token=1"},
        {"webhook": "http://oapi.dingtalk.com/robot/send?access_token=1"},
        {"webhook": "https://127.0.0.1/"},
        {"channel": "wecom"},
        {"channel": "email"},
        {"webhook": ""},
        {"kinds": ["undeliverable"]},
    ],
)
def test_wrong_bot_is_refused(desk, changes):
    assert desk.post(ADD, data(**changes)).status_code == 200
    assert not Bot.objects.exists()


def test_changing_the_channel_alone_is_refused_for_a_foreign_address(desk, saved):
    assert desk.post(change(saved), data(channel="feishu", webhook="", secret="")).status_code == 200
    saved.refresh_from_db()
    assert saved.channel == "dingtalk"


def test_bots_are_never_deleted(desk, saved):
    assert desk.get(f"/admin/notices/bot/{saved.pk}/delete/").status_code == 403


@pytest.mark.parametrize("part", ["executive", "quality_office", "preparer", "auditor"])
def test_nobody_else_sees_the_bots(cast, log_in, saved, part):
    assert log_in(getattr(cast, part)).get("/admin/notices/bot/", follow=True).status_code == 403


# ── The test message ────────────────────────────────────────────────────────
def press_test(desk, *bots) -> str:
    chosen = {"action": "send_test", "_selected_action": [bot.pk for bot in bots]}
    return text(desk.post("/admin/notices/bot/", chosen, follow=True))


def test_test_message_reaches_the_group(desk, bot):
    made = bot("dingtalk", SECRET)
    assert "测试消息已发送" in press_test(desk, made)
    assert "测试消息" in made.server.texts()[0]


def test_failed_test_says_why_and_does_not_stop_the_next(desk, bot):
    wrong, right = bot("dingtalk", SECRET, name="甲群"), bot("wecom", name="乙群")
    Bot.objects.filter(pk=wrong.pk).update(secret="SEC-wrong")
    page = press_test(desk, wrong, right)
    assert "310000" in page
    assert "测试消息已发送" in page
    assert len(right.server.received) == 1


def test_test_message_counts_for_the_limit(desk, bot):
    made = bot("wecom")
    for _ in range(21):
        page = press_test(desk, made)
    assert "频率上限" in page
    assert made.server.requests == 20
