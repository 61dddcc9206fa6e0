"""What is published is fixed by the database itself, whoever asks: page, shell or SQL prompt. On SQLite and PostgreSQL."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from ledger.guards import guarded_tables
from scoring import services
from scoring.choices import Purpose
from scoring.models import Criterion, Deduction, Standard
from tests.scoring import kit

pytestmark = pytest.mark.django_db


@pytest.fixture
def standard(db):
    return Standard.objects.current(Purpose.DELIVERABLE)


@pytest.fixture
def draft(cast, standard):
    return kit.copied(cast.quality_office, standard)


def refused(sql: str, *values) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    except DatabaseError:
        return True
    return False


HEAD = ["title", "purpose", "version", "pass_mark", "good_mark", "good_inclusive", "veto_cap", "is_sample", "published_at",
        "turn"]  # fmt: skip
OTHER = {"title": "改名", "purpose": "unit_inspection", "version": 9, "pass_mark": 10, "good_mark": 11, "good_inclusive": True,
         "veto_cap": 99, "is_sample": False, "published_at": None, "turn": 5}  # fmt: skip


@pytest.mark.parametrize("column", HEAD)
def test_head_of_a_published_standard_is_fixed(standard, column):
    assert refused(f"UPDATE scoring_standard SET {column} = %s WHERE id = %s", OTHER[column], standard.pk)


@pytest.mark.parametrize("column", HEAD)
def test_head_of_a_draft_is_not(draft, column):
    value = timezone.now() if column == "published_at" else OTHER[column]
    assert not refused(f"UPDATE scoring_standard SET {column} = %s WHERE id = %s", value, draft.pk)


def test_first_use_is_told_once(standard):
    sql = "UPDATE scoring_standard SET frozen_at = %s WHERE id = %s"
    assert not refused(sql, timezone.now(), standard.pk)
    assert refused(sql, timezone.now(), standard.pk)
    assert refused(sql, None, standard.pk)


def test_first_use_brings_no_other_change_along(standard):
    sql = "UPDATE scoring_standard SET frozen_at = %s, veto_cap = 99 WHERE id = %s"
    assert refused(sql, timezone.now(), standard.pk)


@pytest.mark.parametrize("table", ["scoring_standard", "scoring_criterion", "scoring_deduction"])
def test_nothing_of_a_published_standard_is_deleted(standard, table):
    assert table in guarded_tables()
    assert refused(f"DELETE FROM {table}")


def test_criteria_and_deductions_of_a_published_standard_are_not_changed(standard):
    assert refused("UPDATE scoring_criterion SET maximum = 99 WHERE standard_id = %s", standard.pk)
    item = Deduction.objects.filter(criterion__standard=standard).first()
    assert refused("UPDATE scoring_deduction SET points = 0 WHERE id = %s", item.pk)


def test_nothing_is_added_to_a_published_standard(standard):
    criterion = standard.criteria.first()
    with pytest.raises(DatabaseError), transaction.atomic():
        Criterion.objects.create(standard=standard, order=99, title="另加", maximum=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        Deduction.objects.create(criterion=criterion, order=99, text="另加", points=1)


def test_nothing_is_moved_into_or_out_of_a_published_standard(standard, draft):
    ours, theirs = draft.criteria.first(), standard.criteria.first()
    sql = 'UPDATE scoring_criterion SET standard_id = %s, "order" = 99 WHERE id = %s'
    assert refused(sql, standard.pk, ours.pk)
    assert refused(sql, draft.pk, theirs.pk)
    sql = 'UPDATE scoring_deduction SET criterion_id = %s, "order" = 99 WHERE id = %s'
    assert refused(sql, theirs.pk, ours.deductions.first().pk)
    assert refused(sql, ours.pk, theirs.deductions.first().pk)


def test_draft_is_changed_and_emptied_freely(draft):
    sql = "UPDATE scoring_criterion SET maximum = 99 WHERE standard_id = %s"
    assert not refused(sql, draft.pk)
    Criterion.objects.filter(standard=draft).delete()
    assert not draft.criteria.exists()


def test_used_standard_is_fixed_and_may_be_used_again(standard, cast, project):
    for _ in range(2):
        services.give_score(scorer=cast.approver, subject=project, standard=standard, hits={})
    assert standard.sheets.count() == 2
    assert refused("UPDATE scoring_standard SET title = 'x' WHERE id = %s", standard.pk)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="INSERT OR REPLACE is SQLite's")
def test_published_standard_is_not_replaced(standard):
    names = [field.column for field in Standard._meta.concrete_fields]
    values = ", ".join("'改名'" if name == "title" else f'"{name}"' for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    sql = f"INSERT OR REPLACE INTO scoring_standard ({columns}) SELECT {values} FROM scoring_standard WHERE id = %s"
    assert refused(sql, standard.pk)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="TRUNCATE is PostgreSQL's")
@pytest.mark.parametrize("table", ["scoring_standard", "scoring_criterion", "scoring_deduction"])
def test_truncate_is_refused(standard, table):
    assert refused(f"TRUNCATE {table} CASCADE")
