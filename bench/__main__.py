"""`python -m bench`: makes scratch databases, measures, prints, writes bench/results/, drops the databases.
`python -m bench sweeps` measures the sweep alone, `python -m bench rankings` the year's end.

BENCH_SMALL, BENCH_LARGE (500 and 50,000 deliverables), BENCH_ROUNDS (60 requests a page) and BENCH_SIGNED (60) change
the sizes for a quick look.
"""

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from bench import databases, pages, rankings, sweeps
from bench.figures import HEAD, Figure, machine

ROOT = Path(__file__).resolve().parent.parent
SMALL, LARGE = (int(os.environ.get(f"BENCH_{name}", default)) for name, default in (("SMALL", 500), ("LARGE", 50_000)))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "60"))


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _run(*command: str, env: dict) -> None:
    subprocess.run(command, env=os.environ | env, cwd=ROOT, check=True)


def _fill(server, names: list[str], data: dict) -> list[dict]:
    """Both databases filled; returns the environment of each. The large one begins as a copy: same record, same session."""
    environments = [data | {"DATABASE_URL": server.url_of(name)} for name in names]
    for name, like, size, env in zip(names, (None, names[0]), (SMALL, LARGE), environments, strict=True):
        _say(f"Filling {size:,} deliverables …")
        server.create(name, **({"like": like} if like else {}))
        _run(sys.executable, "-m", "bench", "fill", str(size), env=env)
    return environments


def _measure_pages(environments: list[dict], folder: Path, facts: dict) -> list[Figure]:
    readers = {}
    with ExitStack() as stack:
        for size, env in zip((SMALL, LARGE), environments, strict=True):
            port = stack.enter_context(pages.served(env, folder / f"granian_{size}.log"))
            readers[f"{size:,}"] = pages.Reader(port, facts["session"])
        return pages.measure(readers, facts["detail"], ROUNDS)


def _measure_acts(env: dict, facts: dict) -> list[Figure]:
    os.environ.update(env)
    import django

    django.setup()
    from django.db import connections

    from bench import acts

    figures = [
        acts.sign_off(facts["to_sign"]),
        acts.ledger_append(facts["detail"]),
        acts.flow_sheet_pdf(facts["to_sign"][0]),
    ]
    connections.close_all()
    return figures


def _measure_firms(server, folder: Path, data: dict, about: dict) -> list[Figure]:
    """Pages, signing, ledger and PDF, in a small and a large firm."""
    _run("scripts/collectstatic.sh", env=data)
    with databases.scratch(server) as names:
        environments = _fill(server, names, data)
        facts = json.loads((folder / "bench.json").read_text())
        _say("Pages …")
        figures = _measure_pages(environments, folder, facts)
        _say("Signing, ledger, PDF …")
        return figures + _measure_acts(environments[1], facts)


def _measure_sweeps(server, folder: Path, data: dict, about: dict) -> list[Figure]:
    """The clocks' sweep, among few and among many; how the database finds what is due goes into `about`."""
    _say("Sweeps …")
    with databases.scratch(server, "clocks_") as names:
        for name in names:
            server.create(name)
        environments = [data | {"DATABASE_URL": server.url_of(name)} for name in names]
        figures, about["sweep"] = sweeps.measure(environments, _say)
    return figures


def _measure_rankings(server, folder: Path, data: dict, about: dict) -> list[Figure]:
    """The ranking of a year and the managers' page; how the database finds the year goes into `about`."""
    _say("The year's end …")
    _run("scripts/collectstatic.sh", env=data)
    with databases.scratch(server, "year_") as names:
        environments = []
        for name in names:
            server.create(name)
            own = folder / name
            own.mkdir()
            shutil.copytree(folder / "static", own / "static")
            environments.append(data | {"DATABASE_URL": server.url_of(name), "DATA_DIR": f"{own}"})
        figures, about["year"] = rankings.measure(environments, folder, _say)
    return figures


PARTS = {"firms": _measure_firms, "sweeps": _measure_sweeps, "rankings": _measure_rankings}


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def _write(figures: list[Figure], about: dict) -> Path:
    folder = ROOT / "bench" / "results"
    folder.mkdir(exist_ok=True)
    path = folder / f"{datetime.now().astimezone():%Y%m%d-%H%M%S}.json"
    told = about | {"figures": [figure.as_json() for figure in figures]}
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1))
    return path


def main(parts: list[str]) -> None:
    # Told to stop, it still drops its databases.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        folder = Path(scratch)
        server = databases.find_server(folder)
        data = {"DATA_DIR": scratch, "DJANGO_SETTINGS_MODULE": "bench.settings", "REDIS_URL": "", "EMAIL_URL": "",
                "DEMO": "0"}  # fmt: skip
        about = {"database": server.words, "python": platform.python_version(), "commit": _commit(),
                 "small": SMALL, "large": LARGE, "machine": machine()}  # fmt: skip
        _say(f"{server.words}, {about['machine']['cores']} cores, load {about['machine']['load'][0]}")
        figures = [figure for part in parts for figure in PARTS[part](server, folder, data, about)]
        about["machine"]["load_at_end"] = machine()["load"]
        sizes = f"{SMALL:,} and {LARGE:,} deliverables, " if "firms" in parts else ""
        print(f"\n{server.words}, {sizes}medians taken in turn\n\n{HEAD}")
        for figure in figures:
            print(figure.line())
        print(f"\n{_write(figures, about)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["fill"]:
        import django

        django.setup()
        from bench.fill import fill

        fill(int(sys.argv[2]))
    elif sys.argv[1:2] == ["clocks"]:
        sweeps.serve(int(sys.argv[2]))
    elif sys.argv[1:2] == ["year"]:
        rankings.serve(int(sys.argv[2]))
    else:
        main(sys.argv[1:] or list(PARTS))
