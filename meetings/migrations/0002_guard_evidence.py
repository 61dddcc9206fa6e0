"""Minutes, their receipts and objections stay as they were: refused by the database itself (§11)."""

from django.db import migrations

from ledger.guards import protect, protect_when

ISSUED = 'EXISTS (SELECT 1 FROM "meetings_minutes" m WHERE m."meeting_id" = {row}."meeting_id" AND m."supplement_to_id" IS NULL)'


class Migration(migrations.Migration):
    dependencies = [("meetings", "0001_initial"), ("ledger", "0002_guard_entries")]

    operations = [
        protect("meetings_minutes"),
        protect(
            "meetings_distribution",
            mutable=("received_at",),
            free=("received_by", "receiver_name", "receipt_note", "reminded_at", "reminders"),
        ),
        protect(
            "meetings_objection",
            mutable=("is_accepted", "answer", "answered_by_id", "answered_at", "supplement_id"),
        ),
        protect("meetings_accesslink", mutable=("revoked_at", "opened_at")),
        # What was said and who was there is closed with the minutes.
        protect_when("meetings_agendaitem", ISSUED, covers_new=True),
        protect_when("meetings_invitation", ISSUED, covers_new=True),
    ]
