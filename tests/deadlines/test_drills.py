"""The drills in short: real processes that are killed in mid-sweep lose no reminder and say none twice."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from deadlines import services
from deadlines.models import Reminder
from drills.clocks import Clocks, found
from drills.processes import ROOT
from notices.models import Notice
from tests.conftest import guards_lifted


@pytest.fixture
def clocks(db):
    """Sixteen clocks that are due, two of each sort; swept."""
    clocks = Clocks(found())
    clocks.add_due_today(16)
    services.sweep()
    return clocks


def test_the_sweep_says_what_the_drills_have_counted(clocks):
    assert clocks.verdict() == {"steps": 16, "messages": 22, "lost": 0, "doubled": 0, "ledger problems": 0}


def test_the_drills_see_what_was_missed_in_an_outage(db):
    clocks = Clocks(found())
    clocks.add_after_outage(96)
    services.sweep()
    assert clocks.verdict()["lost"] == clocks.verdict()["doubled"] == 0
    # Four days say up to four things about a clock, in one message to each.
    assert len(clocks.expected.steps) > len({pk for pk, _ in clocks.expected.steps}) > 24


def test_a_lost_and_a_doubled_message_do_not_escape_the_drills(clocks):
    with guards_lifted(connection):
        Reminder.objects.first().delete()
    one, two = Notice.objects.all()[:2]
    one.delete()
    two.pk = None
    two.save()
    verdict = clocks.verdict()
    assert (verdict["lost"], verdict["doubled"]) == (2, 1)


def test_nothing_is_lost_or_doubled_when_worker_and_beat_are_killed():
    env = os.environ | {"DRILL_CLOCKS": "450", "DRILL_KILLS": "2", "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run([sys.executable, "-m", "drills", "kills"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "worker killed 2 ×" in done.stdout
