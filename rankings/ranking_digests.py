"""What is signed in a ranking and in a correction, as digests; computed again by `verify_ledger`."""

import hashlib

from ledger.rules import canonical_json
from rankings.models import Correction, Ranking


def sha256_of(content) -> str:
    """SHA-256 (hex) over the canonical JSON of plain values."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


LINE = ("board", "order", "place", "subject_id", "label", "unit_name", "score", "grade", "sample", "facts", "evidence",
        "excluded")  # fmt: skip
SCORE = LINE.index("score")


def points(score) -> str | None:
    """A score as text, the same on every database."""
    return None if score is None else f"{score:.2f}"


def ranking_digest(ranking: Ranking, lines) -> str:
    """Of a whole frozen ranking: who froze it and when, its basis, and every line (tuples of LINE, by board and order)."""
    rows = [[*line[:SCORE], points(line[SCORE]), *line[SCORE + 1 :]] for line in lines]
    return sha256_of(
        {
            "year": ranking.year,
            "basis": ranking.basis,
            "by": ranking.frozen_by_id,
            "at": ranking.frozen_at,
            "lines": rows,
        }
    )


def stored_digest(ranking: Ranking) -> str:
    """The same of what stands in the database."""
    return ranking_digest(ranking, ranking.entries.order_by("board", "order").values_list(*LINE))


def correction_digest(correction: Correction, ranking_sha256: str) -> str:
    """Of a correction: which line of which ranking, what it says now, why, and who signed it when."""
    return sha256_of({
        "ranking": ranking_sha256, "entry": correction.entry_id, "score": points(correction.score), "grade": correction.grade,
        "reason": correction.reason, "by": correction.made_by_id, "at": correction.made_at,
    })  # fmt: skip
