"""待校核, 待复核, 待审核, 待专家评审, 待签发: by due date, with what changed since the last version, the opinions of the
levels before side by side, what they stated, and the amount at each level."""

from django.db.models import Count, F, Prefetch

from dashboards.blocks.base import SHORT, Block
from dashboards.queries import chain
from dashboards.rules import version_change
from projects.models import DeliverableVersion
from reviews.choices import Duty, LevelKind
from reviews.models import Round, Signature
from reviews.rules import amount_steps

_STANDING = (
    Signature.objects.filter(revoked_at__isnull=True)
    .select_related("level", "signer", "score_sheet")
    .prefetch_related("statements")
    .order_by("level__order", "seat_number")
)

_AMOUNTS = ("version__number", "version__submitted_amount", "version__draft_amount")


def signing(user) -> Block:
    """What waits for the signature, the opinion or the issue of `user`."""
    rounds = Round.objects.filter(waitings__user=user, waitings__duty__in=[Duty.SIGN, Duty.OPINION, Duty.ISSUE])
    found = chain.as_rows(rounds.select_related("version"), *_AMOUNTS).prefetch_related(
        Prefetch("signatures", _STANDING, to_attr="standing"),
        Prefetch(
            "deliverable__versions", DeliverableVersion.objects.prefetch_related("attachments"), to_attr="all_versions"
        ),
    )
    rows = chain.tell(found.order_by(F("deliverable__due_on").asc(nulls_last=True), "pk")[:SHORT], user)
    for row in rows:
        row.change = _change(row)
        row.steps = amount_steps(_amounts(row))
    levels = list(
        rounds.order_by("level__order")
        .values("level__title")
        .annotate(count=Count("pk"))
        .values_list("level__title", "count")
    )
    return Block("signing", sum(count for _, count in levels), {"rows": rows, "levels": levels})


def _amounts(row: Round):
    yield "送审", row.version.submitted_amount
    yield "初稿", row.version.draft_amount
    for signature in row.standing:
        if signature.seat_number == 0 and signature.level.kind in (LevelKind.REVIEW, LevelKind.PANEL):
            yield signature.level.title, signature.amount


def _change(row: Round):
    """The version under review against the one before; None for the first version."""
    versions = {version.number: version for version in row.deliverable.all_versions}
    after, before = versions.get(row.version.number), versions.get(row.version.number - 1)
    if after is None or before is None:
        return None
    return version_change(_files(before), _files(after), before.draft_amount, after.draft_amount)


def _files(version: DeliverableVersion) -> dict[str, str]:
    return {attachment.name: attachment.sha256 for attachment in version.attachments.all()}
