"""What was told, by whom, and what was done about it stays as it was: refused by the database itself (§11)."""

from django.db import migrations

from ledger.guards import protect, protect_when


class Migration(migrations.Migration):
    dependencies = [("feedback", "0002_seed_clocks")]
    operations = [
        protect("feedback_sender"),
        protect("feedback_complaintfile"),
        protect("feedback_step"),
        protect("feedback_aboutperson", mutable=("ended_at", "ended_by_id")),
        protect("feedback_named", mutable=("ended_at", "ended_by_id")),
        protect_when("feedback_complaint", "{row}.state IN ('closed', 'refused')"),
    ]
