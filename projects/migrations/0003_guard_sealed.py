"""A sealed version and its files are what signatures bind: from then on the database itself refuses to change them."""

from django.db import migrations

from ledger.guards import protect_when

VERSION_SEALED = '{row}."sealed_at" IS NOT NULL'
FILE_OF_SEALED_VERSION = (
    'EXISTS (SELECT 1 FROM "projects_deliverableversion" v'
    ' WHERE v."id" = {row}."version_id" AND v."sealed_at" IS NOT NULL)'
)


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_seed_disciplines")]

    operations = [
        protect_when("projects_deliverableversion", VERSION_SEALED),
        protect_when("projects_attachment", FILE_OF_SEALED_VERSION, covers_new=True),
    ]
