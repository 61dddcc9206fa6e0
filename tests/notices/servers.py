"""Servers on this machine that answer as the real ones do: the three bots over HTTP, and a mail server.

They check for themselves what the real ones check (signature, size, rate, JSON), with code that shares nothing with the
senders. `say` makes the next answers different: an HTTP status, a body, a delay."""

import hashlib
import json
import socket
import time
from base64 import b64encode
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller

OK = {"errcode": 0, "errmsg": "ok"}


def hmac_sha256(key: bytes, text: bytes) -> str:
    """RFC 2104 by hand, so that the senders' signatures are checked by something else than themselves."""
    key = hashlib.sha256(key).digest() if len(key) > 64 else key
    key = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + text).digest()
    return b64encode(hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()).decode()


def is_fresh(seconds: float) -> bool:
    return abs(time.time() - seconds) < 3600


class BotServer:
    """One bot with its group. `received` are the bodies that reached the group."""

    path = "/send"
    per_minute = 20

    def __init__(self, secret: str = ""):
        self.secret = secret
        self.received: list[dict] = []
        self.requests = 0
        self._answers: list[tuple] = []
        self._lock, self._moments = Lock(), []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server._answer(self, parse_qs(urlsplit(self.path).query), body)

            def log_message(self, *args):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}{self.path}?key=k3y-0f-the-group-7788"

    def say(self, status: int = 200, body: bytes | dict = b"", *, delay: float = 0, times: int = 1, **headers) -> None:
        """Answer the next requests so, whatever they ask."""
        body = json.dumps(body).encode() if isinstance(body, dict) else body
        self._answers += [(status, body, delay, headers)] * times

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _answer(self, handler, query: dict, body: bytes) -> None:
        with self._lock:
            self.requests += 1
            said = self._answers.pop(0) if self._answers else None
            status, answer, delay, headers = said or (200, json.dumps(self._judge(query, body)).encode(), 0, {})
        time.sleep(delay)
        try:
            handler.send_response(status)
            for name, value in {"Content-Length": len(answer), **headers}.items():
                handler.send_header(name.replace("_", "-"), str(value))
            handler.end_headers()
            handler.wfile.write(answer)
        except OSError:
            handler.close_connection = True  # the sender had not the patience

    def _is_too_often(self) -> bool:
        now = time.monotonic()
        self._moments = [moment for moment in self._moments if now - moment < 60]
        self._moments.append(now)
        return len(self._moments) > self.per_minute

    def _judge(self, query: dict, body: bytes) -> dict:
        raise NotImplementedError

    def texts(self) -> list[str]:
        raise NotImplementedError


class WeComServer(BotServer):
    path = "/cgi-bin/webhook/send"

    def _judge(self, query, body):
        if query.get("key") != ["k3y-0f-the-group-7788"]:
            return {"errcode": 93000, "errmsg": "invalid webhook url, hint: [1], from ip: 127.0.0.1"}
        message = json.loads(body)
        if message["msgtype"] != "text":
            return {"errcode": 40008, "errmsg": "invalid message type"}
        if len(message["text"]["content"].encode()) > 2048:
            return {"errcode": 40058, "errmsg": "text.content exceed max length 2048"}
        if self._is_too_often():
            return {"errcode": 45009, "errmsg": "api freq out of limit"}
        self.received.append(message)
        return OK

    def texts(self):
        return [message["text"]["content"] for message in self.received]


class DingTalkServer(BotServer):
    path = "/robot/send"

    def _judge(self, query, body):
        if self.secret and not self._is_signed(query):
            return {"errcode": 310000, "errmsg": "description:机器人发送签名不匹配"}
        if len(body) > 20_000:
            return {"errcode": 460101, "errmsg": "message too long"}
        if self._is_too_often():
            return {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
        self.received.append(json.loads(body))
        return OK

    def _is_signed(self, query) -> bool:
        timestamp, sign = query.get("timestamp", ["0"])[0], query.get("sign", [""])[0]
        expected = hmac_sha256(self.secret.encode(), f"{timestamp}\n{self.secret}".encode())
        return len(timestamp) == 13 and is_fresh(int(timestamp) / 1000) and sign == expected

    def texts(self):
        return [message["text"]["content"] for message in self.received]


class FeishuServer(BotServer):
    path = "/open-apis/bot/v2/hook/k3y-0f-the-group-7788"
    per_minute = 100

    def _judge(self, query, body):
        try:
            message = json.loads(body)
        except ValueError:
            return {"code": 9499, "msg": "Bad Request", "data": {}}
        if self.secret and not self._is_signed(message):
            return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
        if len(body) > 20 * 1024:
            return {"code": 9499, "msg": "Bad Request"}
        if self._is_too_often():
            return {"code": 11232, "msg": "frequency limited psm[lark.oapi.app_platform_runtime]"}
        self.received.append(message)
        return {"code": 0, "msg": "success", "data": {}}

    def _is_signed(self, message) -> bool:
        timestamp = str(message.get("timestamp", "0"))
        expected = hmac_sha256(f"{timestamp}\n{self.secret}".encode(), b"")
        return len(timestamp) == 10 and is_fresh(int(timestamp)) and message.get("sign") == expected

    def texts(self):
        return [message["content"]["text"] for message in self.received]


SERVERS = {"wecom": WeComServer, "dingtalk": DingTalkServer, "feishu": FeishuServer}


class MailHandler:
    """Keeps what it is sent; `refusals` are the answers to recipients and `data_answer` the one to the message."""

    def __init__(self):
        self.mails: list[bytes] = []
        self.refusals: dict[str, str] = {}
        self.data_answer = ""

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.data_answer:
            return self.data_answer
        self.mails.append(envelope.content)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def mail_server():
    """(handler, port) of a mail server on this machine."""
    handler, port = MailHandler(), free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler, port
    finally:
        controller.stop()
