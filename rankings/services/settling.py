"""The year's settlement: proposed for appeals (公示), withdrawn, approved by 管理层 with the password (§7)."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from deadlines import services as deadline_services
from deadlines.choices import Event
from deadlines.models import Deadline
from deadlines.queries import working_calendar
from deadlines.services.clocks import reckon
from inspections.liability_digests import sha256_of
from inspections.queries.liability import people_by_post
from inspections.services.liability import required
from ledger.services import record
from notices.choices import Kind as NoticeKind
from notices.services import notify
from rankings.choices import Cause, Outcome, SettlementState
from rankings.handled import AlreadyHandled, done_by
from rankings.models import Award, Policy, PromotionNote, Ranking, Settlement
from rankings.queries import awards as award_queries
from rankings.queries import settlements as queries
from rankings.settlement_digests import approval_digest, notes_digest
from staff import permissions
from staff.choices import Action
from staff.confirmation import Confirmation, require_confirmation
from staff.models import User

MINE = "/awards/mine/"


def handled(settlement: Settlement) -> AlreadyHandled:
    """Who did to a settlement what was done to it last, as its columns tell."""
    known = {
        SettlementState.APPROVED: (settlement.approved_by, settlement.approved_at),
        SettlementState.WITHDRAWN: (settlement.withdrawn_by, settlement.withdrawn_at),
    }
    actor, at = known.get(settlement.state, (settlement.proposed_by, settlement.proposed_at))
    url = queries.page_of(settlement.ranking.year)
    return done_by(actor.name, at, settlement.get_state_display(), url)


def held(settlement: Settlement) -> Settlement:
    """The settlement as it is now, held until the transaction ends: it comes first, then appeals, clocks, ledger."""
    list(Settlement.objects.select_for_update(no_key=True).filter(pk=settlement.pk).values_list("pk"))
    rows = Settlement.objects.select_related("ranking", "policy", "proposed_by", "approved_by", "withdrawn_by")
    return rows.get(pk=settlement.pk)


def _move(settlement: Settlement, turn: int, **changes) -> Settlement:
    """Claim a held proposal by compare-and-set on `turn`. Raises AlreadyHandled."""
    rows = Settlement.objects.filter(pk=settlement.pk, state=SettlementState.PROPOSED, turn=turn)
    if not rows.update(turn=turn + 1, **changes):
        raise handled(settlement)
    return held(settlement)


def tell(people, *, title: str, body: str = "", url: str = MINE, **more) -> None:
    """A message about rewards and penalties: outside only that there is one."""
    notify(recipients=people, kind=NoticeKind.RESULTS, title=title, body=body, url=url, is_confidential=True, **more)


# ── Proposed ────────────────────────────────────────────────────────────────
@transaction.atomic
def propose(*, actor, ranking: Ranking, policy: Policy, seen: str) -> Settlement:
    """提出奖惩结算并公示: the lines of the trial that was seen (`seen` is its digest) become what they are, everybody concerned is
    told, and the time for appeals begins.

    Raises ValidationError, with all that blocks it, while an amount is 未设定, nobody can have the reward, or the trial has changed
    since it was seen; AlreadyHandled where a settlement of the year stands."""
    permissions.require_post(actor, Action.PROPOSE_SETTLEMENT)
    list(Ranking.objects.select_for_update(no_key=True).filter(pk=ranking.pk).values_list("pk"))
    ranking = Ranking.objects.get(pk=ranking.pk)
    if (standing := queries.settlement_of(ranking.year)) is not None:
        raise handled(standing)
    found = _trial(ranking, policy, seen)
    now = timezone.now()
    settlement = Settlement.objects.create(
        ranking=ranking, policy=policy, proposed_by=actor, proposed_at=now, digest=found.digest,
        appeals_until=_last_day(now),
    )  # fmt: skip
    Award.objects.bulk_create(
        Award(settlement=settlement, person=row.person, kind=row.kind, cause=row.cause, cause_key=row.key,
              party=row.party, unit_name=row.unit_name, text=row.text, url=row.url, amount=row.amount)
        for row in found.lines
    )  # fmt: skip
    deadline_services.start(
        actor=actor, event=Event.AWARDS_POSTED, subject=settlement, scope=settlement, event_at=now,
        url=queries.page_of(ranking.year),
    )  # fmt: skip
    people = {row.person.pk: row.person for row in found.lines}
    record(actor=actor, action="settlement.propose", subject=settlement, scope=settlement, data={
        "ranking": ranking.pk, "policy": policy.version, "digest": found.digest, "lines": len(found.lines),
        "people": len(people), "appeals_until": settlement.appeals_until, "at": now,
    })  # fmt: skip
    until = f"{settlement.appeals_until:%Y-%m-%d}"
    tell(people.values(), title=f"{ranking.year} 年度奖惩结算与您有关，请查阅",
         body=f"如有异议，请在 {until} 前申诉；逾期未提出的，以公示为准。", is_urgent=True)  # fmt: skip
    return settlement


def _trial(ranking: Ranking, policy: Policy, seen: str) -> award_queries.Trial:
    """The trial, if it can be settled and is what was seen."""
    if policy != Policy.objects.in_force():
        raise ValidationError("奖惩标准已有新版本，请刷新后重新核对。")
    if blocked := queries.blocks(ranking.year, ranking, policy):
        raise ValidationError([each.text for each in blocked])
    found = award_queries.trial(ranking, policy)
    if found.problems:
        raise ValidationError(found.problems)
    if not found.lines:
        raise ValidationError("本年度没有奖励和处罚，无须结算。")
    if found.digest != seen:
        raise ValidationError("试算依据已经变化，请核对新的结果后再提出。")
    return found


def _last_day(now):
    """The last day for appeals of what is posted now, by the rule in force."""
    clock = Deadline(rule=queries.appeal_rule(), started_at=now)
    reckon(clock, working_calendar(), now=now, pauses=[])
    return clock.due_on


def window_over(clock: Deadline) -> None:
    """公示期满: the clock ends by itself, in time. Called by the clockwork (`deadlines.lapses`)."""
    settlement = Settlement.objects.filter(pk=clock.subject_id).first()
    if settlement is not None:
        end_window(settlement)


@transaction.atomic
def end_window(settlement: Settlement) -> None:
    """See `window_over`. Does nothing before the time is over, or where somebody was faster."""
    settlement = held(settlement)
    if settlement.state != SettlementState.PROPOSED or queries.is_window_open(settlement):
        return
    ended = _stop_clock(settlement, actor=None, note="公示期满")
    if not ended:
        return
    left = queries.undecided(settlement).count()
    words = f"尚有 {left} 件申诉待处理。" if left else "没有待处理的申诉，可以批准。"
    tell(queries.approvers(settlement), title=f"{settlement}公示期满", body=words,
         url=queries.page_of(settlement.ranking.year))  # fmt: skip


def _stop_clock(settlement: Settlement, *, actor, note: str) -> list[Deadline]:
    """The clock of the window ends with the window: nobody is late for having let it pass."""
    deadline_services.hold(scope=settlement)
    ended = []
    for clock in Deadline.objects.open().of(settlement).filter(rule__event=Event.AWARDS_POSTED):
        at = min(timezone.now(), clock.due_at - timedelta(seconds=1))
        ended.append(deadline_services.stop(actor=actor, deadline=clock, at=at, note=note))
    return ended


# ── Withdrawn ───────────────────────────────────────────────────────────────
@transaction.atomic
def withdraw(*, actor, settlement: Settlement, turn: int, reason: str) -> Settlement:
    """撤回 what was proposed, with a reason: nothing of it counts, its clocks are void, everybody concerned is told.

    Raises AlreadyHandled once it was approved or withdrawn."""
    permissions.require_post(actor, Action.PROPOSE_SETTLEMENT)
    settlement = held(settlement)
    reason = required("reason", reason, "请填写撤回理由。")
    changes = {"state": SettlementState.WITHDRAWN, "withdrawn_by": actor, "withdrawn_at": timezone.now(),
               "withdrawal": reason}  # fmt: skip
    settlement = _move(settlement, turn, **changes)
    appeals = list(queries.undecided(settlement))
    for subject in (settlement, *appeals):
        deadline_services.hold(scope=subject)
    for subject in (settlement, *appeals):
        deadline_services.withdraw_of(actor=actor, subject=subject, reason="奖惩结算已撤回")
    record(actor=actor, action="settlement.withdraw", subject=settlement, scope=settlement,
           data={"digest": settlement.digest, "reason_sha256": sha256_of(reason), "appeals": len(appeals),
                 "at": settlement.withdrawn_at})  # fmt: skip
    people = User.objects.filter(pk__in=queries.concerned(settlement))
    tell(people, title=f"{settlement}已撤回", body="原公示的奖惩不再有效。重新公示后另行告知。")
    return settlement


# ── Approved ────────────────────────────────────────────────────────────────
def require_approver(actor, settlement: Settlement) -> None:
    """Raise PermissionDenied for who may not approve: who proposed it, and who has a line in it while somebody else of 管理层
    has none."""
    permissions.require_post(actor, Action.APPROVE_SETTLEMENT)
    if actor.pk == settlement.proposed_by_id:
        raise PermissionDenied("提出人不能批准自己提出的结算。")
    if actor.pk not in {each.pk for each in queries.approvers(settlement)}:
        raise PermissionDenied("您本人列入该结算，须回避，请由其他管理层人员批准。")


def approval_gaps(settlement: Settlement) -> list[str]:
    """What is still to happen before it can be approved."""
    found, until = [], queries.appeals_until(settlement)
    if queries.is_window_open(settlement, until):
        found.append(f"申诉期至 {until:%Y-%m-%d}，尚未届满。")
    if left := queries.undecided(settlement).count():
        found.append(f"尚有 {left} 件申诉未处理。")
    if made := queries.corrections_since(settlement):
        found.append(f"公示后项目排名有 {made} 处更正，须撤回后重新试算、公示。")
    return found


@transaction.atomic
def approve(*, actor, settlement: Settlement, turn: int, confirmation: Confirmation) -> Settlement:
    """批准奖惩结算, signed: the amounts count from now on, whoever was in the team of the first place gets a note for promotion.
    The notices (奖惩通知书) are issued afterwards, one by one (`award_notices`).

    Raises ValidationError before the time for appeals is over, while one is undecided, or where the projects' ranking was
    corrected since it was posted; PermissionDenied (`require_approver`);
    AlreadyHandled."""
    require_confirmation(confirmation, actor)
    settlement = held(settlement)
    require_approver(actor, settlement)
    if settlement.state != SettlementState.PROPOSED or settlement.turn != turn:
        raise handled(settlement)
    # Whoever corrects holds the ranking: of the two at once one waits for the other.
    list(Ranking.objects.select_for_update(no_key=True).filter(pk=settlement.ranking_id).values_list("pk"))
    if gaps := approval_gaps(settlement):
        raise ValidationError(gaps)
    awards = list(queries.awards_of(settlement))
    settlement.approved_by, settlement.approved_at = actor, timezone.now()
    settlement = _move(
        settlement, turn, state=SettlementState.APPROVED, approved_by=actor, approved_at=settlement.approved_at,
        approval_digest=approval_digest(settlement, awards),
    )  # fmt: skip
    _stop_clock(settlement, actor=actor, note="公示期满，结算已批准")
    noted = _note_promotions(settlement, awards)
    record(actor=actor, action="settlement.approve", subject=settlement, scope=settlement, data={
        "digest": settlement.digest, "approval": settlement.approval_digest, "lines": len(awards),
        "promotion_notes": len(noted), "notes_sha256": notes_digest(noted), "has_own_line": any(award.person_id == actor.pk for award in awards),
    })  # fmt: skip
    tell([settlement.proposed_by, *people_by_post(Action.PROPOSE_SETTLEMENT)], title=f"{settlement}已批准",
         body="正在生成各人的奖惩通知书。", url=queries.page_of(settlement.ranking.year))  # fmt: skip
    return settlement


def _note_promotions(settlement: Settlement, awards: list[Award]) -> list[PromotionNote]:
    """[S] 其业绩作为执业人员晋升的参考依据: each member of the first project's team, unless an appeal revoked the award; of those
    left out of the split only whom an appeal gave a part."""
    texts: dict[int, list[str]] = {}
    for award in awards:
        appeal = award.standing_appeal
        outcome = appeal.outcome if appeal else None
        is_noted = outcome == Outcome.CHANGED if award.is_left_out else outcome != Outcome.REVOKED
        if award.cause == Cause.FIRST_PLACE and is_noted:
            head = award.text.rsplit("，项目组奖励 ", 1)[0]
            role = "为项目组成员" if award.is_left_out else f"任{award.get_party_display()}"
            texts.setdefault(award.person_id, []).append(f"{head}，{role}")
    year = settlement.ranking.year
    return PromotionNote.objects.bulk_create(
        PromotionNote(person_id=person, ranking=settlement.ranking, text=f"{year} 年度：{'；'.join(told)}"[:300])
        for person, told in texts.items()
    )
