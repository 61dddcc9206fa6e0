"""What was found, said, concluded, received and decided stays as it was: refused by the database itself (§11)."""

from django.db import migrations

from ledger.guards import protect, protect_when

CONCLUDED = "{row}.\"state\" IN ('issued', 'rectifying', 'rechecking', 'closed', 'cancelled')"
OF_CONCLUDED = (
    'EXISTS (SELECT 1 FROM "inspections_inspection" i WHERE i."id" = {row}."inspection_id"'
    " AND i.\"state\" NOT IN ('scoring', 'discussing'))"
)
OF_SECTION_OF_CONCLUDED = (
    'EXISTS (SELECT 1 FROM "inspections_section" s JOIN "inspections_inspection" i ON i."id" = s."inspection_id"'
    ' WHERE s."id" = {row}."section_id" AND i."state" NOT IN (\'scoring\', \'discussing\'))'
)
MOVING = ("state", "turn", "last_actor_id", "last_act", "last_acted_at")


class Migration(migrations.Migration):
    dependencies = [("inspections", "0003_inspections"), ("ledger", "0002_guard_entries")]

    operations = [
        protect("inspections_accident"),
        protect("inspections_talk"),
        protect("inspections_opinion"),
        protect("inspections_receipt"),
        protect("inspections_evidence", mutable=("removed_by_id", "removed_at")),
        protect("inspections_consequence", mutable=("decision", "note", "decided_by_id", "decided_at")),
        protect_when(
            "inspections_inspection", CONCLUDED, mutable=("closed_at", "was_on_time"), free=MOVING
        ),
        protect_when("inspections_inspector", OF_CONCLUDED, covers_new=True),
        protect_when("inspections_section", OF_CONCLUDED, covers_new=True),
        protect_when("inspections_hit", OF_SECTION_OF_CONCLUDED, covers_new=True),
        protect_when("inspections_finding", OF_CONCLUDED, mutable=("settled_at",)),
        protect_when(
            "inspections_rectification",
            '{row}."submitted_at" IS NOT NULL',
            mutable=("is_passed", "recheck_note", "rechecked_by_id", "rechecked_at"),
        ),
        protect_when(
            "inspections_liabilitycase",
            "{row}.\"state\" <> 'open'",
            mutable=("closed_at",),
            free=("state", "turn", "last_actor_id", "last_acted_at"),
        ),
        protect(
            "inspections_liabilitysheet",
            mutable=(
                "answer", "answered_at", "hearing", "outcome", "decision", "decided_by_id", "decided_at",
                "decision_digest", "pdf", "pdf_sha256",
            ),
            free=("state", "turn"),
        ),
    ]  # fmt: skip
