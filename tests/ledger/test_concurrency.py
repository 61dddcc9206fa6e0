"""Many writers at once, each with its own connection: one chain, no fork, no gap."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from ledger import checks
from ledger.models import Entry
from ledger.services import record
from tests.conftest import guards_lifted

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS, EACH = 8, 15


def test_chain_of_many_writers_is_one_chain(cast):
    def write(number: int) -> None:
        try:
            for index in range(EACH):
                with transaction.atomic():
                    record(actor=cast.preparer, action="test.act", subject=cast.zj1, data={"w": number, "i": index})
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    result = checks.verify()
    assert (result.entries, result.problems) == (WRITERS * EACH, [])


def test_undone_act_leaves_no_gap(cast):
    with transaction.atomic():
        record(actor=cast.preparer, action="test.act", subject=cast.zj1)
        transaction.set_rollback(True)
    with transaction.atomic():
        record(actor=cast.preparer, action="test.act", subject=cast.zj1)
    assert list(Entry.objects.values_list("number", flat=True)) == [1]
    assert checks.verify().is_intact


def test_second_row_with_the_same_predecessor_is_refused_by_the_database(cast):
    """Control: even with the lock and the triggers away, the unique predecessor keeps the chain from forking."""
    with transaction.atomic():
        record(actor=cast.preparer, action="test.act", subject=cast.zj1)
        entry = record(actor=cast.preparer, action="test.act", subject=cast.zj1)
    entry.number, entry.hash = 3, "f" * 64
    with guards_lifted(connection), pytest.raises(IntegrityError):
        entry.save(force_insert=True)
