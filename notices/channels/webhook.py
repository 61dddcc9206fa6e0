"""Talking to a bot: JSON by POST to an address that is a secret itself. No exception of `requests` is ever shown or logged:
its words hold the address."""

import ipaddress
import json
import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import requests
import urllib3
from django.conf import settings
from django.core.exceptions import ValidationError

from notices.channels.base import SENT, Outcome, later, limited, refused

# Its lines hold the path and the query of each request, which is where the keys stand.
logging.getLogger("urllib3").setLevel(logging.ERROR)

VENDORS = frozenset({"qyapi.weixin.qq.com", "oapi.dingtalk.com", "open.feishu.cn"})
HIDDEN = "••••"
_MOST_BYTES = 64 * 1024
_ERROR_SHOWN = 80


@dataclass(frozen=True)
class Dialect:
    """How a service answers: HTTP 200 whatever happens, and the truth in the body."""

    host: str
    code: str
    words: str
    # Code → what it means, for those where trying again is of no use before somebody has acted.
    refusals: dict[int, str]
    too_often: frozenset[int]
    quiet: timedelta


def check_address(address: str, host: str) -> None:
    """Raise ValidationError (Chinese) unless `address` is one of the service at `host`, or of a host that the operator
    has added to BOT_HOSTS. Anything else would let the server knock at doors inside the house."""
    try:
        parts = urlsplit(address)
        found, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValidationError("Webhook 地址不是有效的网址。") from None
    if not found or "@" in parts.netloc or any(sign <= " " or sign in "\\\x7f" for sign in address):
        raise ValidationError("Webhook 地址不是有效的网址。")
    foreign = set(settings.BOT_HOSTS) - VENDORS
    if found not in settings.BOT_HOSTS or (found != host and found not in foreign):
        raise ValidationError(f"该渠道的 Webhook 地址应在 {host}；其他地址须先由运维人员列入 BOT_HOSTS。")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(found)):
        raise ValidationError("Webhook 地址须以 https:// 开头。")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def ask(bot, dialect: Dialect, body: dict, params: dict | None = None) -> Outcome:
    """Post `body` to the bot and read from the answer what became of it."""
    try:
        check_address(bot.webhook, dialect.host)
    except ValidationError as error:
        return refused(error.messages[0])
    try:
        status, raw = _post(bot.webhook, json.dumps(body, ensure_ascii=False).encode(), params)
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        return later("等待对方服务器回应超时", is_down=True)
    except requests.exceptions.SSLError:
        return later("对方服务器的证书未通过验证", is_down=True)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
        return later("无法连接对方服务器", is_down=True)
    return _judge(dialect, status, raw, _secrets(bot))


def _post(address: str, body: bytes, params: dict | None) -> tuple[int, bytes]:
    """Status and at most 64 KB of the answer, which must be complete within the time-out for an answer."""
    connecting, answering = settings.BOT_TIMEOUTS
    with requests.Session() as session:
        # Neither passwords from .netrc; nor, to this machine itself, a proxy.
        session.trust_env = not _is_loopback(urlsplit(address).hostname or "")
        response = session.post(
            address,
            params=params,
            data=body,
            headers={"Content-Type": "application/json; charset=utf-8"},
            timeout=(connecting, answering),
            allow_redirects=False,
            stream=True,
            auth=lambda request: request,
        )
        raw, until = b"", time.monotonic() + answering
        while len(raw) < _MOST_BYTES and (more := response.raw.read1(8192, decode_content=True)):
            raw += more
            if time.monotonic() > until:
                raise requests.Timeout
        return response.status_code, raw


def _judge(dialect: Dialect, status: int, raw: bytes, secrets: list[str]) -> Outcome:
    if status == 429:
        return limited("对方服务器限制频率（HTTP 429）", dialect.quiet)
    if status >= 500:
        return later(f"对方服务器出错（HTTP {status}）")
    code, words = _code_and_words(dialect, raw)
    if code is None:
        if 200 <= status < 300:
            return later("对方服务器的回应无法识别")
        return refused(f"对方服务器拒绝（HTTP {status}）")
    if code == 0:
        return SENT if status < 300 else refused(f"对方服务器拒绝（HTTP {status}）")
    for secret in secrets:
        words = words.replace(secret, HIDDEN)
    said = f"{dialect.code} {code}：{words[:_ERROR_SHOWN]}"
    if code in dialect.too_often:
        return limited(f"发送过于频繁，对方暂时限流（{said}）", dialect.quiet)
    if code in dialect.refusals:
        return refused(f"{dialect.refusals[code]}（{said}）")
    return later(f"对方服务器未接受（{said}）")


def _code_and_words(dialect: Dialect, raw: bytes) -> tuple[int | None, str]:
    try:
        answer = json.loads(raw)
        return int(answer[dialect.code]), " ".join(str(answer.get(dialect.words, "")).split())
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError):
        return None, ""


def _secrets(bot) -> list[str]:
    """What must never come back in an answer's words, longest first."""
    parts = urlsplit(bot.webhook)
    keys = [value for _, value in parse_qsl(parts.query)] + [parts.path.rsplit("/", 1)[-1]]
    return sorted({bot.webhook, bot.secret, *(key for key in keys if len(key) >= 8)} - {""}, key=len, reverse=True)
