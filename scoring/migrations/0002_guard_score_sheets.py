from django.db import migrations

from ledger.guards import protect


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_initial"), ("ledger", "0002_guard_entries")]

    operations = [protect("scoring_scoresheet")]
