"""What is written to be read elsewhere must not act there: mentions, mail commands, doors inside the house, odd answers."""

from email import message_from_bytes, policy

import pytest
from django.core.exceptions import ValidationError

from notices.channels import CHANNELS
from notices.channels.base import SENT, Message, Verdict
from notices.channels.webhook import check_address
from notices.choices import Channel, Kind
from notices.models import Bot, Delivery, Notice
from notices.services import deliver_due, notify, send_test

EVERYBODY = '<at user_id="all">所有人</at>'
WECOM = "qyapi.weixin.qq.com"


# ── Groups ──────────────────────────────────────────────────────────────────
@pytest.mark.django_db
@pytest.mark.parametrize("title", [EVERYBODY, EVERYBODY.upper(), '< at user_id="all">', "<at\tid=all></at>"])
def test_name_of_a_project_calls_nobody_in_a_feishu_group(bot, reachable, title):
    """飞书 reads a mention from the text itself: a project named so would ring for the whole group at each message."""
    group = bot("feishu")
    notify(recipients=[reachable.preparer], kind=Kind.OVERDUE, title=f"{title} 逾期", url="/")
    assert deliver_due()["sent"] == 1
    [text] = group.server.texts()
    assert "<" not in text
    assert "逾期" in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "answer", [b'{"errcode": 1e999}', b'{"errcode": NaN}', b'{"errcode": []}', b"[" * 5000, b"\xff", b""]
)
def test_no_answer_of_a_bot_breaks_the_page_that_tests_it(bot, answer):
    """Nor the sender: the answer is not understood, and that is all."""
    made = bot("wecom")
    made.server.say(200, answer)
    outcome = send_test(bot=made)
    assert outcome.verdict is Verdict.LATER
    assert "无法识别" in outcome.reason


@pytest.mark.parametrize(
    "address",
    [
        f"https://{WECOM}@127.0.0.1/cgi-bin/webhook/send?key=1",
        f"https://127.0.0.1#@{WECOM}/",
        f"https://127.0.0.1\\@{WECOM}/",
        f"https://{WECOM}.evil.example/",
        f"https://{WECOM}./cgi-bin",
        f"https://{WECOM}%2eevil.example/",
        f"https://{WECOM}:99999/",
        f"https://{WECOM}:x/",
        f"https://evil.example/?{WECOM}",
        f"https://evil.example;{WECOM}/",
        "https://[::1]/",
        f"https://[::ffff:127.0.0.1%25{WECOM}]/",
        "https://[qyapi.weixin.qq.com]/",
        "https://0x7f000001/",
        "https://2130706433/",
        f"http://{WECOM}/",
        f"//{WECOM}/",
        f"ftp://{WECOM}/",
        f"file://{WECOM}/etc/passwd",
        f"https://{WECOM}\t/",
        f"https:///{WECOM}/",
        "https://qyapi。weixin。qq。com/",
        "https://ｑyapi.weixin.qq.com/",
        "https://",
        "",
    ],
)
def test_address_of_a_bot_is_of_its_service_however_it_is_dressed_up(settings, address):
    settings.BOT_HOSTS = [WECOM, "oapi.dingtalk.com", "open.feishu.cn"]
    with pytest.raises(ValidationError):
        check_address(address, WECOM)


# ── E-mail ──────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("brake", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
@pytest.mark.django_db
def test_subject_has_one_line_whatever_breaks_it(mail, reachable, brake):
    notify(recipients=[reachable.preparer], kind=Kind.OVERDUE, title=f"退回{brake}Bcc: all@firm.example", url="/")
    assert Delivery.objects.get().title == "退回 Bcc: all@firm.example"
    assert deliver_due()["sent"] == 1
    found = message_from_bytes(mail.mails[0], policy=policy.default)
    assert found["Bcc"] is None


@pytest.mark.parametrize(
    "body", ["a\r\n.\r\nMAIL FROM:<x@y.example>\r\n", "\n.\nQUIT\n", "a\x00b", "<script>alert(1)</script>"]
)
def test_body_of_a_mail_is_text_and_no_command(mail, body):
    email = CHANNELS[Channel.EMAIL]
    message = Message(title="退回", body=f"甲{body}", key="delivery-7")
    assert email.post("t001@firm.example", email.parts(message)[0], message) is SENT
    [raw] = mail.mails
    found = message_from_bytes(raw, policy=policy.default)
    assert found.get_content_type() == "text/plain"
    assert "质量管理系统" in found.get_content()


# ── The inbox ───────────────────────────────────────────────────────────────
@pytest.mark.django_db
@pytest.mark.parametrize(
    "url", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\t//evil.example"]
)
def test_notice_leads_nowhere_but_into_the_site(cast, log_in, url):
    notice = Notice.objects.create(recipient=cast.preparer, kind=Kind.TO_DO, title="甲", url=url)
    browser = log_in(cast.preparer)
    assert browser.get(f"/notices/{notice.pk}/open/")["Location"].startswith("/notices/")
    assert browser.post(f"/notices/{notice.pk}/read/", {"back": url})["Location"].startswith("/notices/")
    assert browser.post("/notices/read-all/", {"back": url})["Location"].startswith("/notices/")


@pytest.mark.django_db
def test_markup_in_a_message_is_shown_as_it_was_written(cast, log_in):
    notify(
        recipients=[cast.preparer], kind=Kind.OVERDUE, title="<script>alert(1)</script>", body="<img src=x onerror=1>"
    )
    page = log_in(cast.preparer).get("/notices/").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<img src=x" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["preparer", "quality_office", "auditor"])
def test_nobody_but_the_administrator_sends_a_message_again(cast, log_in, part):
    bot = Bot.objects.create(name="群", channel="wecom", webhook=f"https://{WECOM}/x", is_active=True)
    delivery = Delivery.objects.create(channel="wecom", bot=bot, kind=Kind.OVERDUE, title="甲", state="failed")
    browser = log_in(getattr(cast, part))
    assert browser.post(f"/notices/undeliverable/{delivery.pk}/retry/").status_code == 403
    assert browser.post("/notices/undeliverable/retry-all/").status_code == 403
    delivery.refresh_from_db()
    assert delivery.state == "failed"


@pytest.mark.django_db
def test_strangers_notice_is_not_there(cast, log_in):
    notice = Notice.objects.create(recipient=cast.preparer, kind=Kind.TO_DO, title="甲")
    browser = log_in(cast.outsider)
    assert browser.get(f"/notices/{notice.pk}/open/").status_code == 404
    assert browser.post(f"/notices/{notice.pk}/read/").status_code == 404
    assert browser.post(f"/notices/{10**30}/read/").status_code == 404
    browser.post("/notices/read-all/")
    notice.refresh_from_db()
    assert notice.read_at is None
