"""The time limits of one person, and what else `feed_sources` knows of (meetings), as an iCalendar (RFC 5545), for the
calendar of a phone or of Outlook."""

from collections import defaultdict
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from icalendar import Alarm, Calendar, Event, vText

from deadlines import feed_sources, scopes
from deadlines.choices import State
from deadlines.models import Deadline
from deadlines.services.clocks import page_of

REFRESH = timedelta(hours=1)
# 09:00 on the day before: an event of a whole day begins at midnight.
DAY_BEFORE = timedelta(hours=-15)
HALF_AN_HOUR_BEFORE = timedelta(minutes=-30)
UNNAMED = "秘密项目时限"


def calendar_of(user) -> bytes:
    """The open clocks that `user` owes and may see, one event each. Of secret projects only that there is a limit."""
    rows = Deadline.objects.visible_to(user).open().filter(responsible=user)
    clocks = list(rows.select_related("rule").order_by("due_at", "pk"))
    secret = _secret(clocks)
    feed = Calendar()
    feed.add("prodid", "-//QMS//Time limits//ZH")
    feed.add("version", "2.0")
    feed.add("calscale", "GREGORIAN")
    feed.add("method", "PUBLISH")
    # The library escapes what the standard calls a text, and takes a property of its own for something else.
    feed.add("x-wr-calname", vText(" ".join(f"时限 · {user.name}".split())))
    feed.add("x-wr-timezone", settings.TIME_ZONE)
    feed.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    feed.add("x-published-ttl", "PT1H")
    for clock in clocks:
        feed.add_component(_event(clock, is_secret=(clock.scope_type, clock.scope_id) in secret))
    for event in feed_sources.events_of(user):
        feed.add_component(event)
    # Each zone that an event names is told in the feed itself.
    feed.add_missing_timezones()
    return feed.to_ical()


def _secret(clocks: list[Deadline]) -> set[tuple[str, int]]:
    ids = defaultdict(set)
    for clock in clocks:
        ids[clock.scope_type].add(clock.scope_id)
    return {(label, pk) for label, pks in ids.items() for pk in scopes.confidential(label, pks)}


def _event(clock: Deadline, *, is_secret: bool) -> Event:
    event = Event()
    event.add("uid", f"deadline-{clock.pk}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}")
    event.add("dtstamp", timezone.now())
    if clock.rule.is_in_hours:
        event.add("dtstart", clock.due_at)
    else:
        event.add("dtstart", clock.due_on)
        event.add("dtend", clock.due_on + timedelta(days=1))
    title = _title(clock, is_secret=is_secret)
    event.add("summary", title)
    event.add("description", _description(clock, is_secret=is_secret))
    event.add("url", _address(clock))
    # A limit takes nobody's time: it must not show its owner as busy.
    event.add("transp", "TRANSPARENT")
    event.add("status", "TENTATIVE" if clock.state == State.SUSPENDED else "CONFIRMED")
    # A calendar that is subscribed today must not ring for what lies behind; the sweep speaks of that.
    if clock.state == State.RUNNING and clock.due_at > timezone.now():
        event.add_component(_alarm(title, HALF_AN_HOUR_BEFORE if clock.rule.is_in_hours else DAY_BEFORE))
    return event


def _title(clock: Deadline, *, is_secret: bool) -> str:
    mark = "【中止】" if clock.state == State.SUSPENDED else ""
    if clock.state == State.RUNNING and clock.due_at <= timezone.now():
        mark = "【逾期】"
    if is_secret:
        return f"{mark}{UNNAMED}"
    return f"{mark}{clock.rule.title}（{clock.rule.amount_words}）：{clock.scope_label} · {clock.subject_label}"


def _description(clock: Deadline, *, is_secret: bool) -> str:
    lines = [] if is_secret else [f"时限 {clock.rule.amount_words}，自 {_started(clock)} 起算。"]
    if clock.state == State.SUSPENDED:
        lines.append("正在中止，恢复计时后到期日将重新计算。")
    return "\n".join([*lines, _address(clock)])


def _started(clock: Deadline) -> str:
    return f"{timezone.localtime(clock.started_at):%Y-%m-%d %H:%M}"


def _address(clock: Deadline) -> str:
    return f"{settings.SITE_URL}{page_of(clock)}"


def _alarm(title: str, trigger: timedelta) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", trigger)
    return alarm
