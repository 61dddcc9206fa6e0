"""Each channel against a server that answers as the real one does: what was sent, and how each answer is understood."""

import logging
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from notices.channels import CHANNELS
from notices.channels.base import SENT, SPEAKER, Message, Verdict, split
from notices.channels.webhook import check_address
from notices.models import Bot

CHANNELS_OF_BOTS = ["wecom", "dingtalk", "feishu"]
SIGNED = ["dingtalk", "feishu"]
KEY, SECRET = "k3y-0f-the-group-7788", "SEC0123456789abcdef"


def message(**fields) -> Message:
    return Message(**{"title": "滨江花园二期：校核今天到期", "link": "https://quality.example/rounds/1/", **fields})


def send(server, channel: str, secret: str | None = None, **fields):
    """Send a message in all its parts; the last outcome."""
    bot = Bot(name="群", channel=channel, webhook=server.address, secret=server.secret if secret is None else secret)
    for part in CHANNELS[channel].parts(message(**fields)):
        outcome = CHANNELS[channel].post(bot, part, message(**fields))
        if outcome is not SENT:
            break
    return outcome


# ── What reaches the group ──────────────────────────────────────────────────
@pytest.mark.parametrize("channel", CHANNELS_OF_BOTS)
def test_message_reaches_the_group_with_speaker_and_link(bot_server, channel):
    server = bot_server(channel)
    assert send(server, channel) is SENT
    [text] = server.texts()
    assert text.startswith(f"{SPEAKER}滨江花园二期")
    assert "https://quality.example/rounds/1/" in text


def test_wecom_mentions_by_phone(bot_server):
    server = bot_server("wecom")
    send(server, "wecom", mentions=("13800000001", "13800000002"))
    assert server.received[0]["text"]["mentioned_mobile_list"] == ["13800000001", "13800000002"]


def test_dingtalk_mentions_by_phone_in_list_and_text(bot_server):
    server = bot_server("dingtalk")
    send(server, "dingtalk", mentions=("13800000001",))
    assert server.received[0]["at"]["atMobiles"] == ["13800000001"]
    assert "@13800000001" in server.texts()[0]


@pytest.mark.parametrize("channel", SIGNED)
def test_signature_is_accepted_by_who_knows_the_secret(bot_server, channel):
    assert send(bot_server(channel, SECRET), channel) is SENT


@pytest.mark.parametrize(("channel", "words"), [("dingtalk", "安全设置"), ("feishu", "签名")])
@pytest.mark.parametrize("secret", ["", "SECwrong"])
def test_wrong_signature_is_refused_for_good(bot_server, channel, words, secret):
    server = bot_server(channel, SECRET)
    outcome = send(server, channel, secret=secret)
    assert outcome.verdict is Verdict.REFUSED
    assert words in outcome.reason
    assert server.received == []


# ── Long messages ───────────────────────────────────────────────────────────
@pytest.mark.parametrize("channel", CHANNELS_OF_BOTS)
@pytest.mark.parametrize("body", ["校" * 4000, "第一行\n第二行很长很长\n" * 800, '"' * 12_000, "a" * 9_500])
def test_long_message_goes_in_numbered_parts_that_the_server_takes(bot_server, channel, body):
    server = bot_server(channel)
    assert send(server, channel, body=body) is SENT
    texts = server.texts()
    count = len(texts)
    assert count > 1
    assert [text.split("）")[0] for text in texts] == [f"（{number}/{count}" for number in range(1, count + 1)]
    whole = "".join(text.split("）", 1)[1] for text in texts)
    assert whole == SPEAKER + message(body=body).text


def test_server_refuses_what_is_not_split(bot_server):
    """Control: the limit of the server is real."""
    server = bot_server("wecom")
    outcome = CHANNELS["wecom"].post(Bot(channel="wecom", webhook=server.address), "校" * 683, message())
    assert outcome.verdict is Verdict.REFUSED
    assert "40058" in outcome.reason


def test_parts_end_with_lines_where_lines_end():
    assert split("一行文字\n" * 20, 100)[0].endswith("一行文字\n")


# ── How answers are understood ──────────────────────────────────────────────
ANSWERS = {
    "wecom": [({"errcode": 93000, "errmsg": "invalid webhook url"}, Verdict.REFUSED),
              ({"errcode": -1, "errmsg": "system busy"}, Verdict.LATER)],
    "dingtalk": [({"errcode": 300001, "errmsg": "token is not exist"}, Verdict.REFUSED),
                 ({"errcode": -1, "errmsg": "系统繁忙"}, Verdict.LATER)],
    "feishu": [({"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}, Verdict.REFUSED),
               ({"code": 9999, "msg": "internal error"}, Verdict.LATER)],
}  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "answer", "verdict"), [(name, *pair) for name, pairs in ANSWERS.items() for pair in pairs]
)
def test_error_inside_http_200_is_seen(bot_server, channel, answer, verdict):
    server = bot_server(channel)
    server.say(200, answer)
    outcome = send(server, channel)
    assert outcome.verdict is verdict
    assert str(answer.get("errcode", answer.get("code"))) in outcome.reason
    assert answer.get("errmsg", answer.get("msg")) in outcome.reason


@pytest.mark.parametrize(
    ("channel", "answer", "quiet"),
    [
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, timedelta(minutes=1)),
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}, timedelta(minutes=10)),
        ("feishu", {"code": 11232, "msg": "frequency limited"}, timedelta(minutes=1)),
    ],
)
def test_too_often_asks_for_silence(bot_server, channel, answer, quiet):
    server = bot_server(channel)
    server.say(200, answer)
    outcome = send(server, channel)
    assert (outcome.verdict, outcome.quiet) == (Verdict.LATER, quiet)


@pytest.mark.parametrize("channel", CHANNELS_OF_BOTS)
@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (429, b"", Verdict.LATER),
        (500, b"oops", Verdict.LATER),
        (502, b'{"errcode": 0, "code": 0}', Verdict.LATER),
        (404, b"<html>", Verdict.REFUSED),
        (200, b"", Verdict.LATER),
        (200, b"{broken", Verdict.LATER),
        (200, b"[]", Verdict.LATER),
        (200, b'"ok"', Verdict.LATER),
        (200, b'{"errcode": null, "code": null}', Verdict.LATER),
        (200, b"[" * 70_000, Verdict.LATER),
        (200, b" " * 5_000_000, Verdict.LATER),
    ],
)
def test_strange_answers_are_never_taken_for_success(bot_server, channel, status, body, verdict):
    server = bot_server(channel)
    server.say(status, body)
    assert send(server, channel).verdict is verdict


def test_redirect_is_not_followed(bot_server):
    elsewhere, server = bot_server("wecom"), bot_server("wecom")
    server.say(302, b"", Location=elsewhere.address)
    assert send(server, "wecom").verdict is Verdict.REFUSED
    assert elsewhere.requests == 0


def test_silence_is_a_time_out(bot_server, settings):
    settings.BOT_TIMEOUTS = (0.2, 0.2)
    server = bot_server("wecom")
    server.say(200, {"errcode": 0}, delay=1)
    outcome = send(server, "wecom")
    assert (outcome.verdict, outcome.is_down) == (Verdict.LATER, True)
    assert "超时" in outcome.reason


def test_answer_that_never_ends_is_a_time_out(bot_server, settings):
    """The head promises more than ever comes."""
    settings.BOT_TIMEOUTS = (0.2, 0.2)
    server = bot_server("wecom")
    server.say(200, b"{", Content_Length=100, delay=0)
    assert send(server, "wecom").is_down


def test_nobody_there_is_down(bot_server):
    server = bot_server("wecom")
    server.close()
    outcome = send(server, "wecom")
    assert (outcome.verdict, outcome.is_down) == (Verdict.LATER, True)


# ── The key stays a secret ──────────────────────────────────────────────────
@pytest.mark.parametrize("channel", CHANNELS_OF_BOTS)
@pytest.mark.parametrize("trouble", ["echo", "down", "broken"])
def test_key_and_secret_reach_neither_reason_nor_log(bot_server, caplog, channel, trouble):
    caplog.set_level(logging.DEBUG)
    server = bot_server(channel, SECRET)
    echo = f"no such bot {KEY} {SECRET} {server.address}"
    if trouble == "echo":
        server.say(200, {"errcode": 93000, "errmsg": echo, "code": 19001, "msg": echo})
    elif trouble == "broken":
        server.say(200, b"{", Content_Length=100)
    else:
        server.close()
    outcome = send(server, channel)
    assert outcome is not SENT
    for shown in (outcome.reason, repr(outcome), caplog.text):
        assert KEY not in shown
        assert SECRET not in shown


# ── Where bots may live ─────────────────────────────────────────────────────
WECOM = "qyapi.weixin.qq.com"


@pytest.mark.parametrize(
    "address",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1",
        "https://evil.example/cgi-bin/webhook/send?key=1",
        "https://oapi.dingtalk.com/robot/send?access_token=1",
        "https://qyapi.weixin.qq.com.evil.example/",
        "https://qyapi.weixin.qq.com@evil.example/",
        "https://evil.example\\@qyapi.weixin.qq.com/",
        "https://qyapi.weixin.qq.com /",
        "https://127.0.0.1/",
        "http://169.254.169.254/latest/",
        "https://[::1/",
        "https://qyapi.weixin.qq.com:notaport/",
        "file:///etc/passwd",
        "qyapi.weixin.qq.com/cgi-bin",
        "",
    ],
)
def test_other_addresses_are_refused(address):
    with pytest.raises(ValidationError):
        check_address(address, WECOM)


def test_address_of_the_service_is_taken():
    check_address("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1", WECOM)


@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        ("https://bots.firm.example:8443/hook/1", True),
        ("http://bots.firm.example/hook/1", False),
        ("http://127.0.0.1:9000/hook/1", True),
        ("https://oapi.dingtalk.com/robot/send?access_token=1", False),
    ],
)
def test_operator_widens_the_hosts(settings, address, is_taken):
    settings.BOT_HOSTS = ["bots.firm.example", "127.0.0.1", "oapi.dingtalk.com"]
    if is_taken:
        check_address(address, WECOM)
    else:
        with pytest.raises(ValidationError):
            check_address(address, WECOM)


def test_host_that_is_no_longer_allowed_is_not_called(bot_server, settings):
    server = bot_server("wecom")
    settings.BOT_HOSTS = [WECOM]
    assert send(server, "wecom").verdict is Verdict.REFUSED
    assert server.requests == 0
