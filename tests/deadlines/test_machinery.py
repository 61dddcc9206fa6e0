"""The clockwork: one command that keeps web, worker and beat alive, its tasks, and the same by hand for cron."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from deadlines import tasks
from deadlines.models import Deadline, Heartbeat, Reminder, WorkDay
from deadlines.services import chores
from deadlines.services.sweeping import Swept
from drills.processes import ROOT, Site, is_alive, wait_until
from ledger.checks import exported_heads
from ledger.models import Entry
from notices.choices import Kind
from notices.models import Notice
from tests.conftest import guards_lifted

# ── The children of scripts/run_all.py ──────────────────────────────────────
PARTS = ("web", "worker", "beat")


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """What an installation on SQLite and files has in its environment; its tables are there."""
    folder = tmp_path_factory.mktemp("installation")
    env = {
        "DATA_DIR": str(folder), "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}", "REDIS_URL": "", "EMAIL_URL": "",
        "DEMO": "0", "SWEEP_SECONDS": "1", "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    migrate = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(migrate, cwd=ROOT, env=os.environ | env, check=True)
    return env


@pytest.fixture
def run_all(installation, tmp_path):
    def run_all(**env) -> Site:
        return Site(installation | env, tmp_path / "run_all.log")

    return run_all


def gone(pids) -> bool:
    return not any(map(is_alive, pids))


def test_a_killed_child_comes_back_and_a_stop_leaves_nothing(run_all):
    with run_all() as site:
        before = {part: site.wait_for_part(part) for part in PARTS}
        wait_until(site.answers, 30, "the web server answers")
        for part in PARTS:
            site.kill(part)
        after = {part: site.wait_for_part(part, other_than=before[part]) for part in PARTS}
        assert gone(before.values())
        wait_until(site.answers, 30, "the web server answers again")
        family = [*site.family(), *after.values()]
        site.process.send_signal(signal.SIGTERM)
        assert site.process.wait(20) == 0
        assert gone(family)


def test_killed_itself_it_leaves_no_orphans(run_all):
    with run_all(GRACE_SECONDS="2") as site:
        family = [site.wait_for_part(part) for part in PARTS]
        wait_until(site.answers, 30, "the web server answers")
        family += site.family()
        # One that would not listen: the kernel asks it to end, and it cannot.
        os.kill(site.part("worker"), signal.SIGSTOP)
        site.process.kill()
        site.process.wait()
        wait_until(lambda: gone(family), 10, "everything has ended")


def test_a_worker_that_takes_nothing_up_is_started_again(run_all, installation):
    with run_all(WATCHDOG_SECONDS="5", GRACE_SECONDS="1") as site:
        worker = site.wait_for_part("worker")
        os.kill(worker, signal.SIGSTOP)
        site.wait_for_part("worker", other_than=worker)
        assert not is_alive(worker)
        assert "no sweep for 5 s" in site.log.read_text()


def test_the_worker_sweeps_as_soon_as_it_runs(run_all, tmp_path):
    with run_all(DATA_DIR=str(tmp_path), SWEEP_SECONDS="600") as site:
        wait_until((tmp_path / "sweep.touch").exists, 30, "the first sweep")
    assert "Traceback" not in site.log.read_text()


def test_beat_rings_at_each_interval(run_all, tmp_path):
    # A process that was killed while it wrote the broker's table has left an empty one.
    (tmp_path / "broker" / "control").mkdir(parents=True)
    (tmp_path / "broker" / "control" / "zaojia.exchange").touch()
    touched = tmp_path / "sweep.touch"
    with run_all(DATA_DIR=str(tmp_path)) as site:
        wait_until(touched.exists, 30, "the first sweep")
        for _ in range(2):
            last = touched.stat().st_mtime_ns
            wait_until(lambda last=last: touched.stat().st_mtime_ns > last, 10, "the next sweep")
    assert "Traceback" not in site.log.read_text()


def test_without_worker_only_the_web_server_runs(run_all):
    with run_all(WITHOUT_WORKER="1") as site:
        wait_until(site.answers, 30, "the web server answers")
        assert site.part("worker") is None
        assert site.part("beat") is None


# ── Tasks and commands ──────────────────────────────────────────────────────
@pytest.fixture
def due(start, time):
    """A clock whose reminder seven days ahead is due."""
    deadline = start()
    time.now = Deadline.objects.get(pk=deadline.pk).next_at
    return deadline


@pytest.fixture
def rung(monkeypatch):
    """The names of the tasks that were rung for, instead of ringing."""
    names = []
    for task in (tasks.deliver, tasks.look_after_ledger):
        monkeypatch.setattr(task, "apply_async", lambda *args, name=task.name, **options: names.append(name))
    return names


@pytest.fixture(autouse=True)
def _own_touch_file(settings, tmp_path):
    settings.SWEEP_TOUCH_FILE = tmp_path / "sweep.touch"


def test_the_sweep_task_says_what_is_due_and_rings_for_the_second_step(due, rung, settings):
    tasks.sweep()
    assert Reminder.objects.get().deadline == due
    assert rung == ["deadlines.tasks.deliver", "deadlines.tasks.look_after_ledger"]
    assert settings.SWEEP_TOUCH_FILE.exists()


def test_messages_go_out_though_the_sweep_fails(due, rung, monkeypatch):
    def away(*args, **more):
        raise OperationalError("the database went away")

    monkeypatch.setattr("deadlines.services.sweeping._sweep_batch", away)
    with pytest.raises(OperationalError):
        tasks.sweep()
    assert "deadlines.tasks.deliver" in rung
    assert "OperationalError" in Heartbeat.objects.get(pk="sweep").error


def test_the_second_step_delivers_and_leaves_its_heartbeat(cast, time):
    tasks.deliver()
    beat = Heartbeat.objects.get(pk="delivery")
    assert beat.finished_at == time.now
    assert beat.done == {"digests": 0, "sent": 0, "postponed": 0, "failed": 0}


def test_while_one_thread_sweeps_another_leaves_it_alone(due, monkeypatch):
    within = []
    monkeypatch.setattr(
        "deadlines.services.sweeping._sweep_batch", lambda *args: within.append(chores.sweep()) or Swept()
    )
    assert chores.sweep() == Swept()
    assert within == [None]


def test_while_one_thread_delivers_another_finds_nothing_to_do(cast, monkeypatch):
    within = []
    monkeypatch.setattr("notices.services.write_digests", lambda: within.append(chores.deliver()) or 0)
    assert chores.deliver()["digests"] == 0
    assert within == [{}]


def test_by_cron_one_command_does_everything(due):
    out = StringIO()
    call_command("sweep_deadlines", stdout=out)
    assert "时限 1 项，提醒 1 条，通知 1 条" in out.getvalue()
    assert f"证据链 {Entry.objects.count()} 行，问题 0 处" in out.getvalue()
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {"sweep", "delivery", "ledger"}


def test_a_year_is_imported_once_and_an_unknown_one_refused(db):
    WorkDay.objects.filter(day__year=2025).delete()
    out = StringIO()
    call_command("import_calendar", "2025", "2025", stdout=out)
    assert out.getvalue().splitlines() == ["2025 年：新增 365 天", "2025 年：新增 0 天"]
    with pytest.raises(CommandError, match="尚无 2099 年的节假日安排"):
        call_command("import_calendar", "2099")


# ── Once a day: the evidence chain ──────────────────────────────────────────
def test_the_ledger_is_looked_after_once_a_day_from_two_o_clock_on(due, time):
    assert chores.is_ledger_due()
    assert chores.look_after_ledger() == {"entries": Entry.objects.count(), "problems": []}
    assert len(exported_heads()) == 1
    assert chores.look_after_ledger() is None
    time.now = timezone.localtime().replace(hour=1, minute=59) + timedelta(days=1)
    assert not chores.is_ledger_due()
    time.go(minutes=1)
    assert chores.is_ledger_due()
    assert chores.look_after_ledger()["problems"] == []
    assert len(exported_heads()) == 2


def test_a_round_that_was_killed_is_taken_up_an_hour_later(cast, time):
    Heartbeat.objects.create(name="ledger", claimed_at=time.now)
    time.go(minutes=59)
    assert chores.look_after_ledger() is None
    time.go(minutes=2)
    assert chores.look_after_ledger() is not None


def test_a_claim_of_yesterday_does_not_hold_today_up(cast, time):
    time.to("2026-03-02 01:30")
    Heartbeat.objects.create(name="ledger", claimed_at=time.now)
    time.to("2026-03-02 02:00")
    assert chores.is_ledger_due()


def test_a_broken_chain_alarms_administrator_and_auditor_and_exports_nothing(due, cast):
    from django.db import connection

    with guards_lifted(connection):
        Entry.objects.filter(number=1).update(action="tampered")
    done = chores.look_after_ledger()
    assert "第 1 行" in done["problems"][0]
    assert exported_heads() == []
    alarms = Notice.objects.filter(kind=Kind.ALARM)
    assert {(alarm.recipient, alarm.url) for alarm in alarms} == {(cast.administrator, ""), (cast.auditor, "/ledger/")}
    assert Heartbeat.objects.get(pk="ledger").done == done


def test_a_ledger_round_that_fails_is_told_and_tried_again(cast, time, monkeypatch):
    def fail():
        raise ValidationError("no disk")

    monkeypatch.setattr("ledger.checks.verify", fail)
    with pytest.raises(ValidationError):
        chores.look_after_ledger()
    assert "no disk" in Heartbeat.objects.get(pk="ledger").error
    time.go(hours=1, minutes=1)
    assert chores.is_ledger_due()
