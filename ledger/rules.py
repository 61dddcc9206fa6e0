"""How an entry becomes bytes and a hash. Pure: the same values give the same hash on every machine and database."""

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal

GENESIS = "0" * 64


def _plain(value):
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical_json(data: dict) -> str:
    """JSON with sorted keys, no spaces, Decimals and dates as text.

    Raises TypeError for a value that has no canonical form, ValueError for NaN and infinities."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain, allow_nan=False)


def entry_hash(entry) -> str:
    """SHA-256 (hex) over everything that an entry says, the previous hash included."""
    parts = {
        "number": entry.number,
        "at": entry.at,
        "actor": entry.actor_id,
        "actor_name": entry.actor_name,
        "action": entry.action,
        "subject": [entry.subject_type, entry.subject_id, entry.subject_label],
        "scope": [entry.scope_type, entry.scope_id],
        "data": entry.data,
        "previous": entry.previous_hash,
    }
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()
