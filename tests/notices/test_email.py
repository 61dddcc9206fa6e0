"""E-mail against a mail server on this machine: what arrives, and what is made of its refusals."""

from email import message_from_bytes, policy

import pytest

from notices.channels import CHANNELS
from notices.channels.base import SENT, Message, Verdict
from notices.choices import Channel

TO = "t001@firm.example"


def send(address=TO, **fields):
    message = Message(
        **{"title": "滨江花园二期：校核逾期 2 天", "body": "请尽快处理。", "key": "delivery-7", **fields}
    )
    email = CHANNELS[Channel.EMAIL]
    [part] = email.parts(message)
    return email.post(address, part, message)


def arrived(mail):
    [raw] = mail.mails
    return message_from_bytes(raw, policy=policy.default)


def test_chinese_subject_and_text_arrive(mail, settings):
    settings.FIRM_NAME = "华衡工程造价咨询有限公司"
    assert send(link="https://quality.example/rounds/1/") is SENT
    found = arrived(mail)
    assert found["Subject"].strip() == "[华衡工程造价咨询有限公司] 滨江花园二期：校核逾期 2 天"
    text = found.get_content()
    assert "请尽快处理。" in text
    assert "https://quality.example/rounds/1/" in text
    assert found["To"] == TO
    assert found["From"] == "quality@firm.example"


def test_second_copy_carries_the_same_id(mail):
    send()
    send()
    first, second = (message_from_bytes(raw)["Message-ID"] for raw in mail.mails)
    assert first == second
    assert "delivery-7" in first


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [("550 5.1.1 no such user", Verdict.REFUSED), ("451 4.7.1 greylisted", Verdict.LATER)],
)
def test_refused_recipient(mail, answer, verdict):
    mail.refusals[TO] = answer
    outcome = send()
    assert (outcome.verdict, outcome.is_down) == (verdict, False)
    assert answer[:3] in outcome.reason


@pytest.mark.parametrize(
    ("answer", "verdict"), [("554 looks like spam", Verdict.REFUSED), ("452 disk full", Verdict.LATER)]
)
def test_refused_message(mail, answer, verdict):
    mail.data_answer = answer
    outcome = send()
    assert outcome.verdict is verdict
    assert answer[:3] in outcome.reason


def test_server_away_is_down(mail, settings):
    settings.EMAIL_PORT = 1
    outcome = send()
    assert (outcome.verdict, outcome.is_down) == (Verdict.LATER, True)


def test_server_that_wants_no_login_is_told_of_in_words_without_the_password(mail, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "quality", "geheim-1234"
    outcome = send()
    assert (outcome.verdict, outcome.is_down) == (Verdict.LATER, True)
    assert "geheim" not in outcome.reason


def test_line_break_in_a_subject_is_refused_and_nothing_is_sent(mail):
    """`notify` leaves none; should one come all the same, it makes no header."""
    assert send(title="退回\nBcc: everyone@firm.example").verdict is Verdict.REFUSED
    assert mail.mails == []
