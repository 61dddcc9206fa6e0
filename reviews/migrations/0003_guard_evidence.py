"""What was signed and issued stays as it was: refused by the database itself (§11)."""

from django.db import migrations

from ledger.guards import protect


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_seed_routes")]
    operations = [
        protect("reviews_signature", mutable=("revoked_at",)),
        protect("reviews_statement"),
        protect("reviews_checklistanswer"),
        protect("reviews_exemption"),
        protect("reviews_remarkevent"),
        protect("reviews_issue"),
    ]
