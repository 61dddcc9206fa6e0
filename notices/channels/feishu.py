"""飞书群机器人. It cannot mention anybody by phone number: the names stand in the text."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from django.utils import timezone

from notices.channels.base import SPEAKER, Message, Outcome, split
from notices.channels.webhook import Dialect, ask

DIALECT = Dialect(
    host="open.feishu.cn",
    code="code",
    words="msg",
    refusals={
        9499: "请求格式不被接受",
        19001: "Webhook 地址无效",
        19021: "签名未通过验证",
        19022: "服务器的 IP 不在机器人的白名单中",
        19024: "消息中没有机器人要求的关键词",
    },
    too_often=frozenset({11232}),
    quiet=timedelta(minutes=1),
)
WINDOWS = ((1, 5), (61, 100))
# The whole body may have 20 KB; writing the text as JSON may double it.
MOST_BYTES = 9_000


def parts(message: Message) -> list[str]:
    # It reads a mention from the text itself (<at user_id="all">): what people type must call nobody.
    return split(SPEAKER + message.text.replace("<", "＜"), MOST_BYTES)


def post(bot, part: str, message: Message) -> Outcome:
    signature = _signature(bot.secret, timezone.now()) if bot.secret else {}
    return ask(bot, DIALECT, {**signature, "msg_type": "text", "content": {"text": part}})


def _signature(secret: str, now: datetime) -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    digest = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
