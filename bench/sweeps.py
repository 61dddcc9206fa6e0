"""The sweep: 1,000 clocks that are due, among few and among very many that run. A process for each database.

`python -m bench clocks SIZE` fills its database with SIZE running clocks and then does what it reads, line by line:
`sweep` (the product), `sql` (the statements of such a sweep, alone) or `explain`; it answers each with a line.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Figure, share_of_the_floor, taken_in_turn, times_the_floor

SMALL = int(os.environ.get("BENCH_CLOCKS_SMALL", "10000"))
LARGE = int(os.environ.get("BENCH_CLOCKS_LARGE", "1000000"))
DUE = 1000
GROWTH = 1.5
ROUNDS = 6
# The large database is left out where filling it takes longer.
MOST_SECONDS = {"sqlite": 120, "postgresql": 600}


# ── The process that measures from outside ──────────────────────────────────
class Sweeper:
    """A process on one of the databases."""

    def __init__(self, env: dict, size: int):
        command = [sys.executable, "-m", "bench", "clocks", str(size)]
        self.process = subprocess.Popen(command, env=os.environ | env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, cwd=Path(__file__).parent.parent)  # fmt: skip
        self.filled_in = self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the sweeping process has ended")
        return json.loads(line)

    def ask(self, word: str):
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self._answer()


@contextmanager
def _sweeper(env: dict, size: int):
    sweeper = Sweeper(env, size)
    try:
        yield sweeper
    finally:
        sweeper.process.stdin.close()
        sweeper.process.wait()


def measure(environments: list[dict], say) -> tuple[list[Figure], dict]:
    """Figures, and how the database finds what is due. `environments` of two empty databases."""
    with _sweeper(environments[0], SMALL) as small, _sweeper(environments[1], LARGE) as large:
        say(f"Filled {SMALL:,} clocks in {small.filled_in:.0f} s, {LARGE:,} in {large.filled_in:.0f} s")
        ways = {"small": lambda: small.ask("sweep"), "sql": lambda: small.ask("sql")}
        if large.filled_in:
            ways["large"] = lambda: large.ask("sweep")
        taken = taken_in_turn(ways, ROUNDS, warm_up=1)
        plan = (large if large.filled_in else small).ask("explain")
    figures = [share_of_the_floor("messages by a sweep / its statements", taken["small"], taken["sql"], None, DUE)]
    if large.filled_in:
        name = f"sweep of {DUE:,} due, {LARGE:,} / {SMALL:,} open"
        figures.append(times_the_floor(name, taken["large"], taken["small"], GROWTH))
    else:
        say(f"{LARGE:,} clocks were not filled in time: left out")
    return figures, {"plan": plan}


# ── The process on the database ─────────────────────────────────────────────
INSERT = """
INSERT INTO deadlines_deadline (rule_id, subject_type, subject_id, subject_label, url, scope_type, scope_id, scope_label,
    responsible_id, started_at, registered_at, extra, due_on, due_at, state, stop_note, next_at)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)
SELECT %s, 'projects.project', %s + i, '图纸', '/', 'projects.project', %s + i %% 20, '标段', %s + i %% 20, %s, %s, 0, %s, %s,
    'running', '', %s FROM n
"""
PORTIONS = 250  # days on which the clocks end


class Clocks:
    """SIZE clocks that run, none of them due."""

    def __init__(self, size: int):
        from django.core.management import call_command

        from drills.clocks import found

        call_command("migrate", verbosity=0)
        self.firm, self.size, self.round = found(), size, 0

    def fill(self) -> float:
        """Seconds that it took; 0 when it was given up."""
        from django.db import connection

        begun, portion = time.monotonic(), self.size // PORTIONS
        for number in range(PORTIONS):
            self._insert(number, portion)
            if time.monotonic() - begun > MOST_SECONDS[connection.vendor]:
                return 0
        with connection.cursor() as cursor:  # what autovacuum would have done by the next day
            cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
        return time.monotonic() - begun

    def _insert(self, number: int, portion: int) -> None:
        from django.db import connection

        from drills.clocks import DAY

        firm, at = self.firm, connection.ops.adapt_datetimefield_value
        due_on = firm.today + (20 + number) * DAY
        started_at = at(firm.opening(firm.today - 10 * DAY))
        with connection.cursor() as cursor:
            cursor.execute(INSERT, [
                portion, firm.rule.pk, number * portion, firm.projects[0].pk, firm.managers[0].pk, started_at, started_at,
                f"{due_on}", at(firm.opening(due_on + DAY)), at(firm.opening(due_on - 7 * DAY)),
            ])  # fmt: skip

    def let_fall_due(self) -> None:
        """Others each time, spread over the whole table; when all had their turn, they have come to their next step."""
        from deadlines.models import Deadline
        from drills.clocks import AHEAD, DAY

        stride = self.size // DUE
        turn, self.round = self.round, self.round + 1
        due_on = self.firm.today + AHEAD[turn // stride] * DAY
        chosen = range(1 + turn % stride, self.size + 1, stride)
        Deadline.objects.filter(subject_type="projects.project", subject_id__in=chosen).update(
            due_on=due_on, due_at=self.firm.opening(due_on + DAY), next_at=self.firm.opening(self.firm.today)
        )

    def sweep(self) -> float:
        from deadlines import services

        self.let_fall_due()
        begun = time.perf_counter()
        swept = services.sweep()
        took = time.perf_counter() - begun
        if (swept.clocks, swept.told) != (DUE, DUE):
            raise RuntimeError(f"swept {swept} instead of {DUE}")
        return took

    def sql(self) -> float:
        from django.db import transaction

        from bench.acts import Replay, statements_of
        from deadlines import services

        self.let_fall_due()
        return Replay(statements_of(transaction.atomic(services.sweep))).run()

    def explain(self) -> str:
        from django.utils import timezone

        from deadlines.choices import State
        from deadlines.models import Deadline

        due = Deadline.objects.filter(state=State.RUNNING, next_at__lte=timezone.now()).order_by("next_at", "pk")
        return due.values_list("pk")[:200].explain()


def serve(size: int) -> None:
    import django

    django.setup()
    clocks = Clocks(size)
    print(json.dumps(clocks.fill()), flush=True)
    for line in sys.stdin:
        print(json.dumps(getattr(clocks, line.strip())()), flush=True)
