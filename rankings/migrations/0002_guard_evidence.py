"""What was frozen, settled, appealed and decided stays as it was: refused by the database itself (§11)."""

from django.db import migrations

from ledger.guards import protect, protect_when

OF_PUBLISHED = (
    'EXISTS (SELECT 1 FROM "rankings_policy" p WHERE p."id" = {row}."policy_id" AND p."published_at" IS NOT NULL)'
)


class Migration(migrations.Migration):
    dependencies = [("rankings", "0001_initial"), ("ledger", "0002_guard_entries")]

    operations = [
        protect("rankings_ranking", mutable=("published_by_id", "published_at", "pdf", "pdf_sha256")),
        protect("rankings_rankingentry"),
        protect("rankings_correction"),
        protect_when("rankings_policy", '{row}."published_at" IS NOT NULL'),
        protect_when("rankings_amount", OF_PUBLISHED, covers_new=True),
        protect_when("rankings_target", OF_PUBLISHED, covers_new=True),
        protect_when("rankings_teamshare", OF_PUBLISHED, covers_new=True),
        protect(
            "rankings_settlement",
            mutable=(
                "approved_by_id", "approved_at", "approval_digest", "withdrawn_by_id", "withdrawn_at", "withdrawal",
            ),
            free=("state", "turn"),
        ),
        protect("rankings_award"),
        protect("rankings_appeal", mutable=("outcome", "amount", "decision", "decided_by_id", "decided_at")),
        protect("rankings_awardnotice"),
        protect("rankings_promotionnote"),
        protect("rankings_attendance", mutable=("withdrawn_by_id", "withdrawn_at", "withdrawal")),
    ]  # fmt: skip
