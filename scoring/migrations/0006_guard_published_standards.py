"""A published standard is what people are scored by: from then on the database itself refuses to change what it says. Only
the time of its first use (`frozen_at`) may still arrive, once.

A later migration that makes SQLite rebuild one of these three tables must `guards.remove` the triggers of all three first and
protect again; one that seeds a published standard writes it as a draft and publishes it last."""

from django.db import migrations

from ledger.guards import protect_when

PUBLISHED = '{row}."published_at" IS NOT NULL'
OF_PUBLISHED = (
    'EXISTS (SELECT 1 FROM "scoring_standard" s WHERE s."id" = {row}."standard_id" AND s."published_at" IS NOT NULL)'
)
OF_CRITERION_OF_PUBLISHED = (
    'EXISTS (SELECT 1 FROM "scoring_criterion" c JOIN "scoring_standard" s ON s."id" = c."standard_id"'
    ' WHERE c."id" = {row}."criterion_id" AND s."published_at" IS NOT NULL)'
)


class Migration(migrations.Migration):
    dependencies = [("scoring", "0005_sample_inspection_standards"), ("ledger", "0002_guard_entries")]

    operations = [
        protect_when("scoring_standard", PUBLISHED, mutable=("frozen_at",)),
        protect_when("scoring_criterion", OF_PUBLISHED, covers_new=True),
        protect_when("scoring_deduction", OF_CRITERION_OF_PUBLISHED, covers_new=True),
    ]
