"""钉钉群机器人. With a secret each request is signed; more than 20 a minute shut it out for ten minutes."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from django.utils import timezone

from notices.channels.base import SPEAKER, Message, Outcome, split
from notices.channels.webhook import Dialect, ask

DIALECT = Dialect(
    host="oapi.dingtalk.com",
    code="errcode",
    words="errmsg",
    refusals={
        310000: "未通过机器人的安全设置（签名、关键词或 IP）",
        300001: "Webhook 地址无效",
        300005: "Webhook 地址无效",
        400013: "群已解散",
        400101: "Webhook 地址无效",
        400102: "机器人已停用",
        400105: "消息类型不被接受",
        400106: "机器人不存在",
        40035: "消息内容不被接受",
        460101: "消息过长",
    },
    too_often=frozenset({130101, 410100}),
    quiet=timedelta(minutes=10),
)
WINDOWS = ((61, 20),)
# The whole body may have 20,000 bytes; writing the text as JSON may double it.
MOST_BYTES = 9_000


def parts(message: Message) -> list[str]:
    return split(SPEAKER + message.text, MOST_BYTES)


def post(bot, part: str, message: Message) -> Outcome:
    # Somebody is mentioned only where the number stands in the text as well; the group sees the name.
    called = "".join(f" @{phone}" for phone in message.mentions)
    body = {
        "msgtype": "text",
        "text": {"content": f"{part}\n{called.strip()}" if called else part},
        "at": {"atMobiles": list(message.mentions), "isAtAll": False},
    }
    return ask(bot, DIALECT, body, _signature(bot.secret, timezone.now()) if bot.secret else None)


def _signature(secret: str, now: datetime) -> dict[str, str]:
    timestamp = str(int(now.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
