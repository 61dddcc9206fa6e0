from django.db import migrations

from ledger.guards import protect


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [protect("ledger_entry")]
