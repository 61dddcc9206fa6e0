"""The one door to the evidence chain."""

import json
import os

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from ledger.checks import exported_heads
from ledger.models import Entry
from ledger.rules import GENESIS, canonical_json, entry_hash

# Any constant will do as long as nothing else in this database takes the same advisory lock.
_CHAIN_LOCK = 0x5A4A51


def record(*, actor, action: str, subject: models.Model, data: dict | None = None, scope: models.Model | None = None):
    """Append one entry to the chain and return it.

    `actor` is a user, or None for the system; `scope` the record that the subject belongs to (a project), for its timeline.
    Must run inside the transaction of the act that it records (raises RuntimeError otherwise), as late in it as
    possible: appending is serialised until that transaction ends. Two rows with one predecessor are impossible
    twice over: by the lock, and by the unique `previous_hash`.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("ledger.services.record must be called inside the transaction of the act")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
    # SQLite: BEGIN IMMEDIATE has made us the only writer already.
    last = Entry.objects.order_by("-number").values_list("number", "hash").first()
    number, previous_hash = last or (0, GENESIS)
    entry = Entry(
        number=number + 1,
        at=timezone.now(),
        actor=actor,
        actor_name=f"{actor.name}（{actor.employee_number}）" if actor else "系统",
        action=action,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_label=str(subject)[:200],
        scope_type=scope._meta.label_lower if scope else "",
        scope_id=scope.pk if scope else None,
        data=canonical_json(data or {}),
        previous_hash=previous_hash,
    )
    entry.hash = entry_hash(entry)
    entry.save(force_insert=True)
    return entry


def head() -> tuple[int, str]:
    """Number and hash of the newest entry; (0, genesis) for an empty chain."""
    return Entry.objects.order_by("-number").values_list("number", "hash").first() or (0, GENESIS)


@transaction.atomic
def snapshot_head() -> dict:
    """The head as a row for the file outside: {number, hash, at}."""
    number, digest = head()
    return {"number": number, "hash": digest, "at": timezone.now().isoformat(timespec="seconds")}


def export_head() -> dict:
    """Append the head of the chain to the file outside (LEDGER_HEADS_FILE), synced to the disk; returns it.

    Raises ValueError when the newest head in the file is not in the chain: a head of a replaced or cut chain must
    not come to stand below it as if all were well."""
    path = settings.LEDGER_HEADS_FILE
    if heads := exported_heads(path):
        newest = heads[-1]
        if newest["number"] and not Entry.objects.filter(number=newest["number"], hash=newest["hash"]).exists():
            raise ValueError(f"已导出的第 {newest['number']} 行不在当前证据链中，拒绝导出；请先核验证据链")
    snapshot = snapshot_head()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(snapshot) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return snapshot
