"""One draw, written down: the same on every database, Python and machine, or the algorithm is broken.

The golden values were computed once. They are computed again here by a second implementation that shares no line with
`inspections.draws`: whole numbers and strings only, no Fraction, no json, and the quotas counted seat by seat.
"""

import hashlib
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone

from inspections import draws, services
from inspections.choices import Kind, PlanState
from inspections.models import Draw, Plan

SEED = "4711:9f86d081884c7d65"
SIZE = 7
A, B, C = "造价一所 · 结算审核", "造价二所 · 招标控制价", "全过程咨询部 · 全过程造价咨询"
AGAIN = "上年度检查不合格或问题严重，须复查"
# (number, stratum, weight, forced), in no order of any kind.
POPULATION = [
    ("2026-ZJ2-007", B, "1", ""),
    ("2026-ZJ1-001", A, "1.65", ""),
    ("2026-ZJ1-012", A, "1", ""),
    ("2026-QGC-003", C, "3.5", ""),
    ("2026-ZJ1-002", A, "1", "投诉举报属实，必抽"),
    ("2026-ZJ2-001", B, "2.1", ""),
    ("2026-ZJ1-009", A, "1", ""),
    ("2026-QGC-001", C, "1", AGAIN),
    ("2026-ZJ1-003", A, "1.05", ""),
    ("2026-ZJ1-004", A, "1", ""),
    ("2026-ZJ2-002", B, "1", ""),
    ("2026-ZJ1-005", A, "4.9", ""),
    ("2026-ZJ2-003", B, "1", ""),
    ("2026-ZJ1-006", A, "1", ""),
    ("2026-QGC-002", C, "1", ""),
    ("2026-ZJ1-007", A, "1", ""),
    ("2026-ZJ2-004", B, "1.2", ""),
    ("2026-ZJ1-008", A, "1", ""),
    ("2026-ZJ2-005", B, "1", ""),
    ("2026-ZJ1-010", A, "1", ""),
    ("2026-ZJ2-006", B, "1", ""),
    ("2026-ZJ1-011", A, "2", ""),
]
GOLDEN_ORDER = [
    "2026-QGC-001",
    "2026-ZJ1-002",
    "2026-ZJ1-005",
    "2026-ZJ2-005",
    "2026-ZJ1-003",
    "2026-ZJ1-004",
    "2026-ZJ2-004",
]
# By version of the algorithm: no two strata have equal remainders here, so that only the version's number differs.
GOLDEN_DIGESTS = {
    1: "35604dff31418e666a766076a67e5a99f784a5363bbc949a6e4e5dfea5e79e43",
    2: "a829c38165379a210c7a43374808d998e3212f42deaaeaddf43e3218d3d5e4c8",
}
GOLDEN_DIGEST = GOLDEN_DIGESTS[draws.ALGORITHM]


# ── The second implementation ───────────────────────────────────────────────
SCALE = 10**40


def naive_keys() -> dict[str, int]:
    """The key of each project, times SCALE, by whole-number division alone."""
    found = {}
    for number, _, weight, _ in POPULATION:
        digits = hashlib.sha256((SEED + "|" + number).encode("utf-8")).hexdigest()[:13]
        whole, _, part = weight.partition(".")
        hundredths = int(whole) * 100 + int((part + "00")[:2])
        found[number] = (int(digits, 16) + 1) * 100 * SCALE // (4503599627370496 * hundredths)
    return found


def naive_quotas() -> dict[str, int]:
    """Largest remainders, one seat after another: whole seats first, then the remainders."""
    strata = sorted({row[1] for row in POPULATION})
    members = {name: sum(row[1] == name for row in POPULATION) for name in strata}
    seats = {name: SIZE * members[name] // len(POPULATION) for name in strata}
    rest = {name: SIZE * members[name] % len(POPULATION) for name in strata}
    while sum(seats.values()) < SIZE:
        best = next(name for name in strata if rest[name] == max(rest.values()))
        seats[best] += 1
        rest[best] = -1
    return seats


def naive_order() -> list[str]:
    """The forced ones by number; then by key, as long as the stratum has a seat."""
    keys, seats = naive_keys(), naive_quotas()
    chosen = sorted(row[0] for row in POPULATION if row[3])
    for row in POPULATION:
        if row[3]:
            seats[row[1]] -= 1
    stratum = {row[0]: row[1] for row in POPULATION}
    for number in sorted((row[0] for row in POPULATION if not row[3]), key=keys.__getitem__):
        if seats[stratum[number]] > 0 and len(chosen) < SIZE:
            seats[stratum[number]] -= 1
            chosen.append(number)
    return chosen


def naive_digest(algorithm: int) -> str:
    """The digest over the text that the algorithm prescribes, put together by hand: keys in alphabetical order."""
    keys, rows = naive_keys(), {row[0]: row for row in POPULATION}
    drawn = []
    for number in naive_order():
        _, stratum, _, forced = rows[number]
        key = "" if forced else "0." + str(keys[number] // 10**28).rjust(12, "0")
        drawn.append(f'{{"key":"{key}","number":"{number}","reason":"{forced or "抽取"}","stratum":"{stratum}"}}')
    people = [
        f'{{"forced":"{forced}","number":"{number}","stratum":"{stratum}","weight":"{weight}"}}'
        for number, stratum, weight, forced in sorted(POPULATION)
    ]
    text = (
        f'{{"algorithm":{algorithm},"drawn":[' + ",".join(drawn) + '],"population":[' + ",".join(people)
        + f'],"seed":"{SEED}","size":{SIZE}}}'
    )  # fmt: skip
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


# ── Both against the golden values ──────────────────────────────────────────
def candidates() -> list[draws.Candidate]:
    return [
        draws.Candidate(number, stratum, Decimal(weight), forced) for number, stratum, weight, forced in POPULATION
    ]


@pytest.mark.parametrize("algorithm", GOLDEN_DIGESTS)
def test_draw_gives_the_golden_order_and_digest(algorithm):
    result = draws.draw(SEED, candidates(), SIZE, algorithm)
    assert [row.number for row in result.drawn] == GOLDEN_ORDER
    assert result.digest == GOLDEN_DIGESTS[algorithm]
    assert result.quotas == {A: 4, B: 2, C: 1}


def test_second_implementation_gives_the_same():
    assert naive_quotas() == {A: 4, B: 2, C: 1}
    assert naive_order() == GOLDEN_ORDER
    assert {version: naive_digest(version) for version in GOLDEN_DIGESTS} == GOLDEN_DIGESTS


@pytest.mark.parametrize("hash_seed", ["0", "1", "4711"])
def test_order_of_hashes_has_no_say(hash_seed):
    """Another interpreter, with another order of its sets: the same draw."""
    program = (
        "import json, sys; from decimal import Decimal; from inspections import draws\n"
        "seed, size, rows = json.loads(sys.stdin.read())\n"
        "people = {draws.Candidate(n, s, Decimal(w), f) for n, s, w, f in rows}\n"
        "print(draws.draw(seed, list(people), size).digest)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps([SEED, SIZE, POPULATION]), text=True, check=True,
        capture_output=True, cwd=Path(draws.__file__).parent.parent, env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )  # fmt: skip
    assert told.stdout.strip() == GOLDEN_DIGEST


@pytest.mark.django_db
def test_draw_that_the_database_kept_comes_out_with_the_golden_digest(cast):
    """Through the columns of the database and back: no driver turns a number, an order or a character."""
    plan = Plan.objects.create(
        year=2026, kind=Kind.REGULAR, title="金样", state=PlanState.IN_FORCE, created_by=cast.quality_office
    )
    result = draws.draw(SEED, candidates(), SIZE)
    kept = Draw.objects.create(
        plan=plan, seed=SEED, size=SIZE, algorithm=draws.ALGORITHM, is_weighted=True, excluded=[],
        population=[
            {"number": number, "stratum": stratum, "weight": weight, "forced": forced, "risk": None}
            for number, stratum, weight, forced in POPULATION
        ],
        quotas=result.quotas, drawn=services.plans._told(result), digest=result.digest, drawn_by=cast.quality_office,
        drawn_at=timezone.now(),
    )  # fmt: skip
    kept = Draw.objects.get(pk=kept.pk)
    again = services.draw_again(kept)
    assert again.digest == kept.digest == GOLDEN_DIGEST
    assert [row["number"] for row in kept.drawn] == GOLDEN_ORDER
    assert services.comes_out_again(kept)


def test_of_equal_strata_each_has_its_turn():
    """Nine strata of one project and four places: over many seeds each stratum is drawn about as often as the others."""
    strata = [f"{unit} · {line}" for unit in ("全过程咨询部", "造价一所", "造价二所") for line in "甲乙丙"]
    people = [draws.Candidate(f"P{place}", name) for place, name in enumerate(strata)]
    counts = dict.fromkeys(strata, 0)
    for seed in range(900):
        for row in draws.draw(f"{seed}:x", people, 4).drawn:
            counts[row.stratum] += 1
    assert sum(counts.values()) == 3600
    assert all(300 < count < 500 for count in counts.values()), counts
    always = draws.draw("any", people, 4, algorithm=1)
    assert [row.stratum for row in always.drawn if row.stratum.startswith("造价二所")] == [], "what version 1 did"
