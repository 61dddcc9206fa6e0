"""企业微信群机器人. Plain text: only that can mention people by phone number; at most 2,048 bytes."""

from datetime import timedelta

from notices.channels.base import SPEAKER, Message, Outcome, split
from notices.channels.webhook import Dialect, ask

DIALECT = Dialect(
    host="qyapi.weixin.qq.com",
    code="errcode",
    words="errmsg",
    refusals={
        93000: "Webhook 地址无效，机器人可能已被移除",
        93004: "机器人已停用",
        93008: "机器人不在群中",
        40008: "消息类型不被接受",
        40058: "消息内容不被接受",
        44004: "消息内容为空",
    },
    too_often=frozenset({45009, 45033}),
    quiet=timedelta(minutes=1),
)
WINDOWS = ((61, 20),)
MOST_BYTES = 2048


def parts(message: Message) -> list[str]:
    return split(SPEAKER + message.text, MOST_BYTES)


def post(bot, part: str, message: Message) -> Outcome:
    text = {"content": part, "mentioned_mobile_list": list(message.mentions)}
    return ask(bot, DIALECT, {"msgtype": "text", "text": text})
