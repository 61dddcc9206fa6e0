"""Attacks by somebody who owns the database: each is seen, and the first broken row is named."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from ledger import checks
from ledger.models import Entry
from ledger.rules import GENESIS, entry_hash
from ledger.services import export_head, record
from tests.conftest import guards_lifted

pytestmark = pytest.mark.django_db


def write(cast, count: int, word: str = "甲") -> None:
    for index in range(count):
        with transaction.atomic():
            record(actor=cast.preparer, action="test.act", subject=cast.zj1, data={"n": index, "word": word})


@pytest.fixture
def chain(cast):
    write(cast, 10)


def attack(sql: str, *values) -> None:
    with guards_lifted(connection), connection.cursor() as cursor:
        cursor.execute(sql, values)


def rewrite(start: int, **changes) -> None:
    """The thorough attacker: changes a row and computes all hashes behind it anew."""
    with guards_lifted(connection):
        previous = Entry.objects.filter(number=start - 1).values_list("hash", flat=True).first() or GENESIS
        for entry in Entry.objects.filter(number__gte=start).order_by("number"):
            for name, value in changes.items() if entry.number == start else ():
                setattr(entry, name, value)
            entry.previous_hash = previous
            entry.hash = previous = entry_hash(entry)
            entry.save()


def problems() -> list[str]:
    return checks.verify().problems


def verify_command(*arguments) -> tuple[int, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("verify_ledger", *arguments, stdout=out, stderr=err)
    except SystemExit as exit_:
        return exit_.code, err.getvalue()
    return 0, out.getvalue()


def test_untouched_chain_is_intact(chain):
    export_head()
    code, words = verify_command()
    assert code == 0
    assert "10 行" in words
    assert "链头 1 个" in words


def test_empty_chain_is_intact_before_and_after_its_export(db):
    assert problems() == []
    export_head()
    assert problems() == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("data", '{"n":4,"word":"乙"}'),
        ("actor_name", "别人（T099）"),
        ("action", "test.acu"),
        ("subject_label", "造价二所"),
        ("at", "2020-01-01 00:00:00+00:00"),
        ("subject_id", 4711),
    ],
)
def test_one_changed_byte_names_the_row(chain, column, value):
    attack(f'UPDATE ledger_entry SET "{column}" = %s WHERE number = 5', value)
    code, words = verify_command()
    assert code == 1
    assert "第 5 行" in words


def test_changed_actor_names_the_row(chain, cast):
    attack("UPDATE ledger_entry SET actor_id = %s WHERE number = 5", cast.checker.pk)
    assert "第 5 行" in problems()[0]


def test_deleted_row_is_named(chain):
    attack("DELETE FROM ledger_entry WHERE number = 5")
    assert problems() == ["第 5 行缺失（其后为第 6 行）"]


def test_deleted_beginning_is_named(chain):
    attack("DELETE FROM ledger_entry WHERE number <= 3")
    assert problems() == ["第 1–3 行缺失（其后为第 4 行）"]


def test_changed_row_with_its_own_hash_made_fit_breaks_at_the_next(chain):
    entry = Entry.objects.get(number=5)
    entry.data = '{"n":4,"word":"乙"}'
    attack("UPDATE ledger_entry SET data = %s, hash = %s WHERE number = 5", entry.data, entry_hash(entry))
    assert "第 6 行的前一行哈希" in problems()[0]


def test_cut_tail_is_seen_by_the_exported_head(chain):
    export_head()
    attack("DELETE FROM ledger_entry WHERE number > 7")
    assert problems() == ["链尾缺失：已导出的链头到第 10 行，现只有 7 行"]


def test_cut_tail_grown_again_is_seen_by_the_exported_head(chain, cast):
    export_head()
    attack("DELETE FROM ledger_entry WHERE number > 7")
    write(cast, 5, "乙")
    assert "第 10 行与已导出的链头不符" in problems()[0]


def test_chain_replaced_from_a_row_on_is_seen_by_the_exported_head(chain):
    export_head()
    rewrite(5, data='{"n":4,"word":"乙"}')
    assert "第 10 行与已导出的链头不符" in problems()[0]


def test_control_without_exported_heads_a_replaced_chain_passes(chain):
    """Why heads are exported: a chain that was computed anew as a whole is consistent in itself."""
    rewrite(5, data='{"n":4,"word":"乙"}')
    assert problems() == []


def test_heads_of_another_place_are_used(chain, tmp_path):
    copy = tmp_path / "copy.jsonl"
    copy.write_text(json.dumps({"number": 10, "hash": "f" * 64, "at": "x"}) + "\n")
    assert verify_command()[0] == 0
    assert verify_command("--heads", str(copy))[0] == 1
    assert verify_command("--heads", str(tmp_path / "missing.jsonl"))[0] == 1


def test_torn_heads_file_is_told(chain, settings):
    export_head()
    with settings.LEDGER_HEADS_FILE.open("a") as file:
        file.write('{"number": 1')
    assert problems() == ["链头文件第 2 行无法读取"]


def test_export_onto_heads_of_another_chain_is_refused(chain):
    export_head()
    attack("DELETE FROM ledger_entry WHERE number > 7")
    with pytest.raises(CommandError, match="拒绝导出"):
        call_command("export_ledger_head", stdout=StringIO())


def test_export_appends_one_line_each_time(chain, cast, settings):
    call_command("export_ledger_head", stdout=StringIO())
    write(cast, 1)
    call_command("export_ledger_head", stdout=StringIO())
    heads = checks.exported_heads(settings.LEDGER_HEADS_FILE)
    assert [head["number"] for head in heads] == [10, 11]
    assert problems() == []


def test_problem_of_a_registered_check_is_told(chain):
    def check():
        yield "签署 7 的摘要不在证据链中"

    checks.register(check)
    try:
        assert problems() == ["签署 7 的摘要不在证据链中"]
    finally:
        checks._checks.remove(check)


@pytest.mark.django_db(transaction=True)
def test_record_outside_a_transaction_is_refused(cast):
    with pytest.raises(RuntimeError):
        record(actor=None, action="test.act", subject=cast.zj1)


def test_entry_of_the_system_has_no_actor(cast):
    entry = record(actor=None, action="test.act", subject=cast.zj1)
    assert (entry.actor, entry.actor_name) == (None, "系统")
