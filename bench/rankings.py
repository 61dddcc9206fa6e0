"""The year's end: the ranking of a year beside hand-written SQL, and the managers' page in a small and a large year.

`python -m bench year SIZE` fills its database (`bench.years`) and then does what it reads, line by line: `draft` (the product),
`sql` (the floor), `same` (whether both say the same), `explain`, `keep` (the worker's part) or `freeze`; it answers each with a line.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from bench import pages
from bench.figures import Figure, taken_in_turn, times_the_floor

SMALL = int(os.environ.get("BENCH_YEAR_SMALL", "1000"))
LARGE = int(os.environ.get("BENCH_YEAR_LARGE", "100000"))
FLOOR, GROWTH = 1.5, 2.0
ROUNDS = int(os.environ.get("BENCH_YEAR_ROUNDS", "12"))


# ── The process that measures from outside ──────────────────────────────────
class Ranker:
    """A process on one of the databases."""

    def __init__(self, env: dict, size: int):
        command = [sys.executable, "-m", "bench", "year", str(size)]
        self.process = subprocess.Popen(command, env=os.environ | env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, cwd=Path(__file__).parent.parent)  # fmt: skip
        self.filled_in = self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the ranking process has ended")
        return json.loads(line)

    def ask(self, word: str):
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self._answer()


@contextmanager
def _ranker(env: dict, size: int):
    ranker = Ranker(env, size)
    try:
        yield ranker
    finally:
        ranker.process.stdin.close()
        ranker.process.wait()


def _measure_drafts(rankers: dict[int, Ranker]) -> list[Figure]:
    figures = []
    for size, ranker in rankers.items():
        if not ranker.ask("same"):
            raise RuntimeError(f"the two rankings of {size:,} inspections differ")
        ways = {word: lambda ranker=ranker, word=word: ranker.ask(word) for word in ("draft", "sql")}
        taken = taken_in_turn(ways, ROUNDS, warm_up=2)
        # Of a small year the questions themselves cost more than their answers: no limit is set for it.
        limit = FLOOR if size == LARGE else None
        figures.append(times_the_floor(f"ranking of a year, {size:,} / SQL", taken["draft"], taken["sql"], limit))
    return figures


def _look(reader: pages.Reader, path: str, before: Callable[[], object]) -> Callable[[], float]:
    """A look at a page; what is done before is not timed."""

    def look() -> float:
        before()
        # The other one may have taken so long that the server closed a connection at rest.
        reader.connection.close()
        begun = time.perf_counter()
        reader.get(path)
        return time.perf_counter() - begun

    return look


def _growth(
    name: str, readers: dict[int, pages.Reader], path: str, before: dict[int, Callable], rounds: int
) -> Figure:
    """The page of the large year beside that of the small one."""
    ways = {f"{size}": _look(reader, path, before[size]) for size, reader in readers.items()}
    taken = taken_in_turn(ways, rounds, warm_up=2)
    return times_the_floor(f"{name}, {LARGE:,} / {SMALL:,}", taken[f"{LARGE}"], taken[f"{SMALL}"], GROWTH)


def _measure_pages(
    readers: dict[int, pages.Reader], rankers: dict[int, Ranker], folders: dict[int, Path]
) -> list[Figure]:
    """The managers' page: as it is used; the first look with nothing kept anywhere; the first look where the worker has kept the
    board. The same first look at a frozen year, and the page of a frozen board."""
    nothing = dict.fromkeys(readers, lambda: None)
    forgotten = {
        size: lambda folder=folder: shutil.rmtree(folder / "cache", ignore_errors=True)
        for size, folder in folders.items()
    }
    kept = {size: lambda size=size: (forgotten[size](), rankers[size].ask("keep")) for size in readers}
    page = "/management/"
    figures = [
        _growth("managers' page", readers, page, nothing, ROUNDS * 2),
        _growth("its first look, nothing kept", readers, page, forgotten, ROUNDS),
        _growth("its first look, kept by the worker", readers, page, kept, max(ROUNDS // 2, 4)),
    ]
    board = f"/rankings/{rankers[SMALL].ask('freeze')}/"
    rankers[LARGE].ask("freeze")
    figures.append(_growth("frozen year, first look, nothing kept", readers, page, forgotten, ROUNDS))
    figures.append(_growth("page of a frozen board, nothing kept", readers, board, forgotten, ROUNDS))
    return figures


def measure(environments: list[dict], folder: Path, say) -> tuple[list[Figure], dict]:
    """Figures, and how the database finds the year. `environments` of two empty databases, each with a DATA_DIR of its own."""
    with _ranker(environments[0], SMALL) as small, _ranker(environments[1], LARGE) as large:
        say(f"Filled {SMALL:,} inspections in {small.filled_in:.0f} s, {LARGE:,} in {large.filled_in:.0f} s")
        figures = _measure_drafts({SMALL: small, LARGE: large})
        plan = large.ask("explain")
        with (
            pages.served(environments[0], folder / "year_small.log") as one,
            pages.served(environments[1], folder / "year_large.log") as other,
        ):
            folders = {size: Path(env["DATA_DIR"]) for size, env in zip((SMALL, LARGE), environments, strict=True)}
            readers = {}
            for size, port in zip(folders, (one, other), strict=True):
                session = json.loads((folders[size] / "year.json").read_text())["session"]
                readers[size] = pages.Reader(port, session)
            figures += _measure_pages(readers, {SMALL: small, LARGE: large}, folders)
    return figures, {"plan": plan}


# ── The process on the database ─────────────────────────────────────────────
class Year:
    """What the process does when asked."""

    def draft(self) -> float:
        from bench.years import YEAR
        from rankings.queries.drafts import draft

        begun = time.perf_counter()
        draft(YEAR)
        return time.perf_counter() - begun

    def sql(self) -> float:
        from bench.bare_ranking import ranking
        from bench.years import YEAR

        begun = time.perf_counter()
        ranking(YEAR)
        return time.perf_counter() - begun

    def same(self) -> bool:
        """Place, subject, score and sample of every line."""
        from bench.bare_ranking import ranking
        from bench.years import YEAR
        from rankings.queries.drafts import draft

        drafted, scores = draft(YEAR), {"project": (4, 9), "unit": (2, 5)}
        for board, rows in ranking(YEAR).items():
            score, sample = scores.get(board, (3, 4))
            bare = {(place, row[0], row[score], row[sample]) for place, row in rows if place}
            bare |= {(None, row[0]) for place, row in rows if not place}
            told = {(each.place, each.subject, each.score, each.sample) for each in drafted.boards[board]}
            told |= {(None, each.subject) for each in drafted.excluded[board]}
            if bare != told:
                return False
        return True

    def keep(self) -> int:
        """What the worker does each BOARD_SECONDS."""
        from dashboards.board import keep_boards

        return len(keep_boards())

    def freeze(self) -> int:
        """The year, as the manager freezes it."""
        from django.db import connection
        from django.utils import timezone

        from bench.years import YEAR
        from rankings.queries import drafts
        from rankings.services import freezing
        from staff.confirmation import Confirmation
        from staff.models import User

        manager = User.objects.get(employee_number="G1")
        seen = drafts.digest(drafts.draft(YEAR))
        confirmation = Confirmation(user_id=manager.pk, at=timezone.now())
        freezing.freeze(actor=manager, year=YEAR, seen=seen, confirmation=confirmation)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
        return YEAR

    def explain(self) -> str:
        from django.db import connection

        from bench.bare_ranking import PROJECTS
        from bench.years import YEAR

        with connection.cursor() as cursor:
            how = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
            cursor.execute(f"{how} {PROJECTS}", [YEAR])
            return "\n".join(str(row[-1]) for row in cursor.fetchall())


def serve(size: int) -> None:
    import django

    django.setup()
    from bench import years

    begun = time.monotonic()
    years.Year(size)
    print(json.dumps(time.monotonic() - begun), flush=True)
    year = Year()
    for line in sys.stdin:
        print(json.dumps(getattr(year, line.strip())()), flush=True)
