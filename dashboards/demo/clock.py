"""The time of the story: a demonstration whose whole history lies in one minute would show no timeline.

Every story is a generator that acts and then yields how many working days go by (0: some minutes). `tell` takes the stories in turn, always
the one whose next moment is the earliest, and lets `django.utils.timezone.now` say that moment: so the rows of the ledger
stand in the order of their instants, as they would after months of work.
"""

import heapq
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from random import Random

from django.utils import timezone

Story = Iterator[int]
WORK_STARTS_AT, WORK_MINUTES = 8 * 60 + 40, 8 * 60 + 30


class Clock:
    """Moments of working days before `today`, and the moment at which the story stands."""

    def __init__(self):
        self.real_now = timezone.now()
        self.today = timezone.localdate(self.real_now)
        self.moment = self.real_now
        self.days = _workdays_until(self.today)

    def on(self, days_ago: int, minute: int) -> datetime:
        """The given working day before today, `minute` minutes after work begins; never in the future."""
        midnight = datetime.combine(self.days[days_ago], datetime.min.time())
        local = timezone.make_aware(midnight + timedelta(minutes=WORK_STARTS_AT + minute))
        return min(local, self.real_now - timedelta(minutes=1))

    def date(self, days_from_now: int) -> date:
        """A calendar day from today: negative ones are past."""
        return self.today + timedelta(days=days_from_now)

    def days_ago(self, day: date) -> int:
        """How many working days ago `day`, or the first working day after it, was."""
        return max(place for place, each in enumerate(self.days) if each >= day)

    def tell(self, stories: Iterable[tuple[int, Story]]) -> None:
        """Tell all stories; each is (working days ago on which it begins, generator)."""
        queue = []
        for order, (days_ago, story) in enumerate(stories):
            dice = Random(order)  # noqa: S311 — the time of day, not a secret
            queue.append((self.on(days_ago, dice.randrange(WORK_MINUTES)), order, days_ago, story, dice))
        heapq.heapify(queue)
        with self._telling():
            while queue:
                self.moment, order, days_ago, story, dice = heapq.heappop(queue)
                passing = next(story, None)
                if passing is None:
                    continue
                later = max(days_ago - passing, 1)
                moment = self.on(later, dice.randrange(WORK_MINUTES)) if passing else self.moment
                if moment <= self.moment:
                    moment = self.moment + timedelta(minutes=dice.randrange(4, 25))
                heapq.heappush(queue, (moment, order, later, story, dice))

    @contextmanager
    def _telling(self):
        """Inside the block it is the story's moment for everybody who asks Django for the time."""
        clock, real = self, timezone.datetime

        class Told(real):
            @classmethod
            def now(cls, tz=None):
                return clock.moment.astimezone(tz)

        timezone.datetime = Told
        try:
            yield
        finally:
            timezone.datetime = real


def _workdays_until(today: date, count: int = 560) -> list[date]:
    """Today and the `count` working days (Monday to Friday) before it, newest first."""
    days, day = [today], today
    while len(days) <= count:
        day -= timedelta(days=1)
        if day.weekday() < 5:
            days.append(day)
    return days
