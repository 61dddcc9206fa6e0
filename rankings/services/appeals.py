"""Appeals against awards: by the person alone and within the window; decided by 管理层, signed (§7)."""

from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from deadlines import services as deadline_services
from deadlines.choices import Event
from inspections.queries.liability import people_by_post
from inspections.services.liability import required
from ledger.services import record
from rankings.choices import Kind, Outcome, SettlementState
from rankings.handled import AlreadyHandled, done_by
from rankings.models import Appeal, Award
from rankings.queries import settlements as queries
from rankings.services.settling import handled, held, tell
from rankings.settlement_digests import appeal_digest, decision_digest
from staff import permissions
from staff.choices import Action
from staff.confirmation import Confirmation, require_confirmation


def appeal_page(appeal: Appeal) -> str:
    return f"/appeals/{appeal.pk}/"


def appeal_handled(appeal: Appeal) -> AlreadyHandled:
    """Who decided it and when; before that, who raised it."""
    actor, at = (appeal.decided_by, appeal.decided_at) if appeal.outcome else (appeal.award.person, appeal.appealed_at)
    what = f"申诉处理：{appeal.get_outcome_display()}" if appeal.outcome else "已提出申诉"
    return done_by(actor.name, at, what, appeal_page(appeal))


@transaction.atomic
def appeal(*, actor, award: Award, text: str) -> Appeal:
    """申诉, once for each award, by the person whom it is about (a line of nothing included: left out of the split). The time for the decision begins.

    Raises PermissionDenied for anybody else, ValidationError without words and once the time is over, AlreadyHandled where
    it was appealed already or the settlement is no longer posted."""
    if award.person_id != actor.pk or not actor.is_active:
        raise PermissionDenied("只有本人可以申诉。")
    settlement = held(award.settlement)
    if settlement.state != SettlementState.PROPOSED:
        raise handled(settlement)
    if (known := Appeal.objects.select_related("award__person", "decided_by").filter(award=award).first()) is not None:
        raise appeal_handled(known)
    until = queries.appeals_until(settlement)
    if not queries.is_window_open(settlement, until):
        raise ValidationError(f"申诉期已于 {until:%Y-%m-%d} 届满。")
    text = required("text", text, "请填写申诉理由。")
    row = Appeal.objects.create(award=award, text=text)
    deadline_services.start(
        actor=actor, event=Event.AWARD_APPEALED, subject=row, scope=row, url=appeal_page(row), event_at=row.appealed_at,
        label="奖惩申诉",
    )  # fmt: skip
    record(actor=actor, action="award.appeal", subject=row, scope=settlement, data={"digest": appeal_digest(row)})
    tell([*queries.deciders(row), *people_by_post(Action.PROPOSE_SETTLEMENT)], url=appeal_page(row),
         title=f"{settlement}收到一件申诉，请处理")  # fmt: skip
    return row


def require_decider(actor, appeal: Appeal) -> None:
    """Raise PermissionDenied unless `actor` may decide and stands apart."""
    permissions.require_post(actor, Action.APPROVE_SETTLEMENT)
    if actor.pk in (appeal.award.person_id, appeal.award.settlement.proposed_by_id):
        raise PermissionDenied("申诉人和结算提出人不能处理该申诉，请由其他管理层人员办理。")


@transaction.atomic
def decide(*, actor, appeal: Appeal, outcome: str, decision: str, amount: Decimal | None = None,
           confirmation: Confirmation) -> Appeal:  # fmt: skip
    """处理申诉, signed: 维持, 变更金额 (in the person's favour only), or 撤销. It arrives once.

    Raises PermissionDenied (`require_decider`), ValidationError for an amount that is missing or worse than before,
    AlreadyHandled where somebody was faster or the settlement is no longer posted."""
    require_confirmation(confirmation, actor)
    require_decider(actor, appeal)
    settlement = held(appeal.award.settlement)
    if settlement.state != SettlementState.PROPOSED:
        raise handled(settlement)
    if outcome not in Outcome:
        raise ValidationError({"outcome": "请选择处理结果。"})
    if appeal.award.is_left_out and outcome == Outcome.REVOKED:
        raise ValidationError(
            {"outcome": "未列入分配，没有可以撤销的奖励：同意的选择“变更金额”，不同意的选择“维持”。"}
        )
    values = {
        "outcome": outcome, "amount": _amount(appeal.award, outcome, amount), "decided_by": actor,
        "decided_at": timezone.now(), "decision": required("decision", decision, "请填写处理意见。"),
    }  # fmt: skip
    changed = Appeal.objects.filter(pk=appeal.pk, outcome__isnull=True).update(**values)
    row = Appeal.objects.select_related("award__person", "award__settlement__ranking", "decided_by").get(pk=appeal.pk)
    if not changed:
        raise appeal_handled(row)
    deadline_services.hold(scope=row)
    deadline_services.stop_of(actor=actor, subject=row, note="已处理", events=[Event.AWARD_APPEALED])
    record(actor=actor, action="award.decide", subject=row, scope=settlement,
           data={"outcome": outcome, "digest": decision_digest(row)})  # fmt: skip
    tell([row.award.person, settlement.proposed_by], url=appeal_page(row),
         title=f"{settlement}：申诉已处理", body=f"处理结果：{row.get_outcome_display()}。")  # fmt: skip
    return row


def _amount(award: Award, outcome: str, amount: Decimal | None) -> Decimal | None:
    """The amount of 变更金额; None for the other outcomes. An appeal makes nobody's matter worse (撤销 of a reward is for who
    says that it is not theirs)."""
    if outcome != Outcome.CHANGED:
        return None
    if amount is None or amount < 0:
        raise ValidationError({"amount": "请填写变更后的金额。"})
    if amount == award.amount:
        raise ValidationError({"amount": "与原金额相同，请选择“维持”。"})
    is_worse = amount < award.amount if award.kind == Kind.REWARD else amount > award.amount
    if is_worse:
        words = "奖励金额不能因申诉减少。" if award.kind == Kind.REWARD else "处罚金额不能因申诉增加。"
        raise ValidationError({"amount": words})
    return amount
