from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone

from notices.models import Bot
from tests.notices.servers import SERVERS, mail_server


@pytest.fixture(autouse=True)
def _plain_settings(settings):
    """Whatever stands in the developer's environment."""
    settings.EMAIL_IS_CONFIGURED = False
    settings.DIGEST_AT = time(8, 30)
    settings.BOT_HOSTS = ["qyapi.weixin.qq.com", "oapi.dingtalk.com", "open.feishu.cn"]


class Clock:
    """`timezone.now` stands still until it is told to go on."""

    def __init__(self, now: datetime):
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **how_much) -> datetime:
        self.now += timedelta(**how_much)
        return self.now

    def set(self, *local) -> datetime:
        self.now = datetime(*local, tzinfo=timezone.get_default_timezone())
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock(timezone.now())
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def bot_server(settings):
    """`bot_server("wecom", secret="…")` starts the server of such a bot on this machine, and stops it after the test."""
    settings.BOT_HOSTS = ["127.0.0.1"]
    started = []

    def start(channel: str, secret: str = ""):
        started.append(SERVERS[channel](secret))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def bot(db, bot_server):
    """`bot("wecom", unit=…)` returns a saved bot; its server is `bot.server`."""

    def make(channel: str = "wecom", secret: str = "", **fields) -> Bot:
        server = bot_server(channel, secret)
        name = fields.pop("name", f"{channel} {Bot.objects.count()}")
        made = Bot.objects.create(name=name, channel=channel, webhook=server.address, secret=secret, **fields)
        made.server = server
        return made

    return make


@pytest.fixture
def mail(settings):
    """A mail server on this machine that the site is told to use."""
    with mail_server() as (handler, port):
        settings.EMAIL_IS_CONFIGURED = True
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.DEFAULT_FROM_EMAIL = "quality@firm.example"
        settings.EMAIL_TIMEOUT = 5
        yield handler


@pytest.fixture
def reachable(cast):
    """The cast with phones and e-mail addresses."""
    people = [person for person in vars(cast).values() if hasattr(person, "employee_number")]
    for index, person in enumerate(people):
        person.phone, person.email = f"138000000{index:02}", f"{person.employee_number.lower()}@firm.example"
        person.save()
    return cast
