"""造价工程师 / 编制人: 被退回 first, then remarks to answer and drafts; what was submitted and who has it."""

from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from dashboards.blocks.base import Block, list_block
from dashboards.queries import chain
from reviews.choices import Duty, RemarkState, State
from reviews.models import Remark, Round

_OPEN_REMARKS = (
    Remark.objects.filter(deliverable=OuterRef("deliverable"), state=RemarkState.OPEN)
    .order_by()
    .values("deliverable")
    .annotate(count=Count("pk"))
    .values("count")
)


def preparing(user) -> Block:
    """What waits for the preparer, with the number of remarks to answer."""
    rounds = Round.objects.filter(waitings__user=user, waitings__duty__in=[Duty.PREPARE, Duty.ANSWER])
    rounds = rounds.select_related("version").annotate(open_remarks=Coalesce(Subquery(_OPEN_REMARKS), 0))
    # 待回复意见 before drafts of one due date: somebody waits for the answers.
    order = [chain.returned_first(), F("deliverable__due_on").asc(nulls_last=True), "state", "pk"]
    return list_block("preparing", rounds, user, order, "version__number")


def submitted(user) -> Block:
    """What the preparer gave away and who has it, the longest wait first."""
    rounds = Round.objects.filter(deliverable__preparer=user, state__in=[State.REVIEWING, State.ISSUING])
    return list_block("submitted", rounds, user, ["last_acted_at", "pk"])
