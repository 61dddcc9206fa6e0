"""What the clockwork does beside the sweep: what happens of itself when a clock has run out, messages out of the house, and
once a day the evidence chain."""

import logging
import threading
from datetime import datetime, time, timedelta
from time import monotonic

from django.db import InterfaceError, OperationalError
from django.db.models import Q
from django.utils import timezone

from deadlines import lapses, rounds
from deadlines.models import Deadline, Heartbeat
from deadlines.services import sweeping
from deadlines.services.sweeping import beat
from ledger import checks
from ledger import services as ledger
from notices import services as notices
from notices.choices import Kind
from notices.queries import administrators
from staff.choices import Role
from staff.models import Post, User

LEDGER_AT = time(2)
# A round that was claimed and not finished by then was killed.
LEDGER_CLAIM = timedelta(hours=1)
MOST_PROBLEMS = 20
logger = logging.getLogger(__name__)

# One thread of the worker at each: the others are free for the next bell, however long it takes.
_is_sweeping, _is_delivering = threading.Lock(), threading.Lock()


def sweep() -> sweeping.Swept | None:
    """A sweep, unless another thread of this process is at one: it says what falls due meanwhile at the next bell. What lapses
    of itself does so before, so that nobody is told to be late with it."""
    if not _is_sweeping.acquire(blocking=False):
        return None
    try:
        failed = _lapsed()
        swept = sweeping.sweep()
        for pk, error in failed.items():
            beat("sweep", error=RuntimeError(f"时限 {pk}：{error}"))
        _make_rounds()
        return swept
    finally:
        _is_sweeping.release()


def _make_rounds() -> None:
    """What the floors above do at each bell (`deadlines.rounds`)."""
    for name, act in rounds.acts().items():
        try:
            act()
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("round %s", name, exc_info=error)
            beat("sweep", error=RuntimeError(f"{name}：{error}"))


def _lapsed() -> dict[int, Exception]:
    """As `lapse`; what keeps it from its work stands in the heartbeat."""
    try:
        return lapse()
    except Exception as error:
        beat("sweep", error=error)
        raise


def lapse() -> dict[int, Exception]:
    """Let happen what happens of itself to clocks whose time is over (`deadlines.lapses`), each in a transaction of its
    own; returns those that failed. They come again at the next bell."""
    failed = {}
    over = Deadline.objects.overdue().filter(rule__event__in=lapses.events()).select_related("rule")
    for clock in list(over.order_by("due_at", "pk")) if lapses.events() else []:
        try:
            lapses.act_of(clock.rule.event)(clock)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("deadline %s", clock.pk, exc_info=error)
            failed[clock.pk] = error
    return failed


def deliver() -> dict[str, int]:
    """Write the digests of the morning and send what waits; returns the figures, also left as heartbeat “delivery”.
    Empty while another thread of this process is at it."""
    if not _is_delivering.acquire(blocking=False):
        return {}
    begun = monotonic()
    try:
        done = {"digests": notices.write_digests(), **notices.deliver_due()}
    except Exception as error:
        beat("delivery", error=error)
        raise
    finally:
        _is_delivering.release()
    beat("delivery", done=done, begun=begun)
    return done


def _ledger_round() -> datetime:
    """The latest LEDGER_AT, in the firm's time zone."""
    now = timezone.localtime()
    today = now.replace(hour=LEDGER_AT.hour, minute=LEDGER_AT.minute, second=0, microsecond=0)
    return today if now >= today else today - timedelta(days=1)


def _open_round() -> Q:
    """The heartbeat of a ledger that nobody has looked after since, and that nobody is looking after."""
    since = _ledger_round()
    not_done = Q(finished_at__isnull=True) | Q(finished_at__lt=since)
    not_claimed = Q(claimed_at__isnull=True) | Q(claimed_at__lt=max(since, timezone.now() - LEDGER_CLAIM))
    return not_done & not_claimed


def is_ledger_due() -> bool:
    """Whether the day's look at the evidence chain is still to be taken up."""
    beats = Heartbeat.objects.filter(name="ledger")
    return not beats.exists() or beats.filter(_open_round()).exists()


def look_after_ledger() -> dict | None:
    """Verify the evidence chain and export its head, once a day from 02:00 on; None when that is done or being done.

    A round that was killed is taken up again after an hour. Where something is wrong no head is exported, and
    administrators and auditors are told. Returns {"entries": …, "problems": [the first 20]}."""
    Heartbeat.objects.get_or_create(name="ledger")
    if not Heartbeat.objects.filter(_open_round(), name="ledger").update(claimed_at=timezone.now()):
        return None
    begun = monotonic()
    try:
        done = _verify_and_export()
    except Exception as error:
        beat("ledger", error=error)
        raise
    beat("ledger", done=done, begun=begun)
    return done


def _verify_and_export() -> dict:
    found = checks.verify()
    problems = list(found.problems)
    if not problems:
        try:
            ledger.export_head()
        except ValueError as error:
            problems.append(str(error))
    if problems:
        _raise_alarm(problems)
    return {"entries": found.entries, "problems": problems[:MOST_PROBLEMS]}


def _raise_alarm(problems: list[str]) -> None:
    title, body = f"证据链核验发现 {len(problems)} 处问题", "\n".join(problems[:5])
    auditors = Post.objects.in_force().filter(role=Role.AUDITOR).values("user")
    told = {"kind": Kind.ALARM, "title": title, "body": body, "is_urgent": True}
    # Each with the page that they may read.
    notices.notify(recipients=User.objects.active().filter(pk__in=auditors), url="/ledger/", **told)
    notices.notify(recipients=administrators(), **told)
