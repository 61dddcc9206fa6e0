"""Time that the test moves, and clocks of the cast's project."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from deadlines import services
from deadlines.choices import Event, RequestKind
from deadlines.models import Deadline, DeadlineRule, Reminder
from ledger.models import Entry
from notices.models import Notice
from tests.projects.conftest import pdf_bytes

SHANGHAI = ZoneInfo("Asia/Shanghai")


def moment(words: str) -> datetime:
    """`moment("2026-03-02 10:00")` in the firm's time zone."""
    return datetime.fromisoformat(words).replace(tzinfo=SHANGHAI)


class Time:
    """What `timezone.now()` says."""

    def __init__(self, now: datetime):
        self.now = now

    def to(self, words: str) -> None:
        self.now = moment(words)

    def go(self, **amount) -> None:
        self.now += timedelta(**amount)


@pytest.fixture
def time(monkeypatch) -> Time:
    """It is Monday, 2026-03-02 10:00, until the test says otherwise."""
    time = Time(moment("2026-03-02 10:00"))
    monkeypatch.setattr(timezone, "now", lambda: time.now)
    return time


@pytest.fixture
def start(cast, project, time):
    """`start()` a clock of the project by an event, now; registered by 校核人, owed by 复核人, the project manager.

    45 days by default; `Event.URGENT_ASKED` one day, `Event.INQUIRY_ASKED` one working hour."""

    def start(event=Event.SETTLEMENT_RECEIVED, at=None, **given) -> Deadline:
        facts = {"actor": cast.checker, "subject": given.get("scope", project), "scope": project, "url": "/", "label": "结算书",
                 "event_at": at or timezone.now(), "business_line": "settlement_review", "contract_kind": "main"}  # fmt: skip
        (deadline,) = services.start(event=event, **facts | given)
        return deadline

    return start


def now_in_database(deadline: Deadline) -> Deadline:
    return Deadline.objects.select_related("rule", "responsible").get(pk=deadline.pk)


def extension(actor, deadline, amount=10, **given):
    return services.ask(actor=actor, deadline=deadline, kind=RequestKind.EXTENSION, amount=amount, reason="图纸变更",
                        basis="委托人函〔2026〕5 号", **given)  # fmt: skip


def suspension(actor, deadline, **given):
    return services.ask(actor=actor, deadline=deadline, kind=RequestKind.SUSPENSION, reason="资料未补齐",
                        basis="资料催要函", **given)  # fmt: skip


def suspend(cast, deadline) -> None:
    """Asked for and approved in the same minute."""
    services.decide(actor=cast.approver, request=suspension(cast.verifier, deadline), approve=True)


def resume(actor, deadline) -> Deadline:
    return services.resume(actor=actor, deadline=deadline, reason="资料已补齐", basis="交接记录")


def rule(code: str) -> DeadlineRule:
    """The newest version of a rule."""
    return DeadlineRule.objects.newest().get(code=code)


def upload(name="函件.pdf", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf_bytes() if content is None else content)


def rows_of(deadline: Deadline) -> list[str]:
    """The actions that the ledger knows of a clock, in order."""
    return list(Entry.objects.about(deadline).values_list("action", flat=True))


def last_row() -> Entry:
    return Entry.objects.order_by("number").last()


def said(deadline: Deadline) -> list[str]:
    """What was said about a clock: “-7”, “+1 technical_director”, in order of time."""
    rows = Reminder.objects.filter(deadline=deadline).order_by("planned_at", "pk")
    return [f"{row.offset:+d} {row.role}".strip() for row in rows]


def told(kind=None) -> list[str]:
    """Who got a notice (of this kind), in order."""
    rows = Notice.objects.order_by("pk").select_related("recipient")
    return [row.recipient.name for row in (rows.filter(kind=kind) if kind else rows)]
