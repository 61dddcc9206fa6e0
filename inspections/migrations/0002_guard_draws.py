"""A draw stays as it was made: refused by the database itself (§11)."""

from django.db import migrations

from ledger.guards import protect


class Migration(migrations.Migration):
    dependencies = [("inspections", "0001_initial")]
    operations = [protect("inspections_draw")]
