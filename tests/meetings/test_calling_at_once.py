"""Two at once: for one room, and two beats of the clockwork at one series."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import timezone

from meetings.models import Meeting, Room, Series
from meetings.services import series
from tests.meetings import kit

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts) -> list:
    """What each act returned or raised, all begun together."""
    gate, found = threading.Barrier(len(acts)), [None] * len(acts)

    def run(index, act):
        gate.wait()
        try:
            found[index] = act()
        except Exception as error:
            found[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_one_room_goes_to_one_meeting(cast, project):
    room = Room.objects.create(name="三楼会议室")
    results = at_once(*[lambda: kit.meeting(cast, project, room=room)] * 3)
    assert sum(isinstance(each, Meeting) for each in results) == 1
    assert all("会议室已被占用" in str(each) for each in results if isinstance(each, ValidationError))
    assert Meeting.objects.filter(room=room).count() == 1
    assert list(Meeting.objects.values_list("number", flat=True)) == [f"HY-{timezone.localdate().year}-0001"]


def test_two_beats_call_each_meeting_once(cast, project):
    of = kit.series(cast, project)
    Series.objects.filter(pk=of.pk).update(made_until=timezone.localdate() - timedelta(days=1))
    last = of.meetings.order_by("-occurrence_on").first()
    last.invitations.all().delete()
    last.delete()
    before = of.meetings.count()
    results = at_once(series.make_due, series.make_due)
    assert sorted(results) == [0, 1]
    assert of.meetings.count() == before + 1
