"""E-mail, by whatever EMAIL_URL names."""

import smtplib
from contextlib import suppress
from email.mime.text import MIMEText
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from notices.channels.base import SENT, Message, Outcome, later, refused

WINDOWS = ()


def parts(message: Message) -> list[str]:
    return ["\n\n".join(paragraph for paragraph in (message.body, message.link) if paragraph) or message.title]


def post(address: str, part: str, message: Message) -> Outcome:
    """Send to one address. What the server says of the recipient or the message may be final; a server that does not
    answer, or does not let us in, is no fault of the message."""
    server = get_connection()
    mail = EmailMessage(
        subject=f"[{settings.FIRM_NAME}] {message.title}",
        body=f"{part}\n\n{_foot(message)}",
        to=[address],
        connection=server,
        headers={
            "Message-ID": f"<{message.key}@{urlsplit(settings.SITE_URL).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    if message.calendar:
        # A part of its own with the method of the message, by which mail programs offer to accept and to move.
        mail.attach(_calendar_part(message.calendar))
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        return _by_code(*next(iter(error.recipients.values())))
    except smtplib.SMTPDataError as error:
        return _by_code(error.smtp_code, error.smtp_error)
    except smtplib.SMTPSenderRefused as error:
        return later(f"邮件服务器不接受发件人地址（{error.smtp_code}）", is_down=True)
    except smtplib.SMTPAuthenticationError:
        return later("邮件服务器不接受账号或密码", is_down=True)
    except TimeoutError:
        return later("等待邮件服务器回应超时", is_down=True)
    except (smtplib.SMTPException, OSError):
        return later("无法连接邮件服务器", is_down=True)
    except ValueError:
        return refused("邮件地址无效")
    finally:
        # After a refused login Django leaves the line open.
        with suppress(smtplib.SMTPException, OSError):
            server.close()
    return SENT


def _foot(message: Message) -> str:
    how = (
        "本邮件由系统自动发送，请勿直接回复"
        if message.is_to_outsider
        else "提醒方式可在系统“消息”页的“提醒设置”中调整"
    )
    return f"—— {settings.FIRM_NAME} · 质量管理系统。{how}。\n"


def _calendar_part(calendar: str) -> MIMEText:
    method = next((line[7:].strip() for line in calendar.splitlines() if line.startswith("METHOD:")), "PUBLISH")
    part = MIMEText(calendar, "calendar", "utf-8")
    part.set_param("method", method)
    part.add_header("Content-Disposition", "attachment", filename="invite.ics")
    return part


def _by_code(code: int, words: bytes | str) -> Outcome:
    said = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    reason = f"{code}：{' '.join(said.split())[:120]}"
    return refused(f"邮件服务器拒收（{reason}）") if code >= 500 else later(f"邮件服务器暂不接收（{reason}）")
