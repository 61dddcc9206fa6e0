"""What was in force, said, asked and decided stays as it was: refused by the database itself (§11)."""

from django.db import migrations

from ledger.guards import protect, protect_when


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0003_seed_calendar")]
    operations = [
        protect("deadlines_deadlinerule", mutable=("superseded_at",)),
        protect("deadlines_reminder"),
        protect("deadlines_nudge"),
        protect("deadlines_evidence"),
        protect("deadlines_suspension", mutable=("ended_at", "ended_by_id", "end_reason", "end_basis")),
        protect_when("deadlines_timerequest", "{row}.decision <> 'pending'"),
    ]
