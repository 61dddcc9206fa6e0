"""Reads of the year's settlement: what blocks it, its lines, the time for appeals, what waits for whom."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from deadlines.choices import Event
from deadlines.choices import State as ClockState
from deadlines.models import Deadline, DeadlineRule
from inspections.queries.liability import people_by_post
from rankings.awards import Sum, total
from rankings.choices import Board, SettlementState
from rankings.models import Appeal, Award, AwardNotice, Correction, Policy, PromotionNote, Ranking, Settlement
from rankings.queries import policies
from staff.choices import Action
from staff.models import User


@dataclass(frozen=True)
class Block:
    """Something that keeps a year from being settled, and where it is put right. `items` are what `text` names, one by one."""

    text: str
    url: str = ""
    label: str = ""
    items: tuple[str, ...] = ()


def ranking_of(year: int) -> Ranking | None:
    return Ranking.objects.filter(year=year).first()


def settlement_of(year: int) -> Settlement | None:
    """The settlement that stands for the year (公示申诉中 or 已批准)."""
    rows = Settlement.objects.exclude(state=SettlementState.WITHDRAWN).filter(ranking__year=year)
    return rows.select_related("ranking", "policy", "proposed_by", "approved_by").first()


def withdrawn_of(year: int) -> list[Settlement]:
    """The settlements of the year that were withdrawn, the latest first."""
    rows = Settlement.objects.filter(ranking__year=year, state=SettlementState.WITHDRAWN)
    return list(rows.select_related("ranking", "proposed_by", "withdrawn_by"))


def settled_years() -> list[int]:
    """The years that were frozen, the latest first: those that can be settled."""
    return list(Ranking.objects.order_by("-year").values_list("year", flat=True))


def appeal_rule() -> DeadlineRule | None:
    return DeadlineRule.objects.in_force().filter(event=Event.AWARDS_POSTED).first()


def blocks(year: int, ranking: Ranking | None, policy: Policy | None) -> list[Block]:
    """What has to be there before anything can be computed and is not, and what cannot be settled as it is."""
    found: list[Block] = []
    if ranking is None:
        found.append(Block(f"{year} 年度排名尚未冻结，由管理层冻结后才能结算。"))
    if policy is None:
        found.append(Block("尚未发布奖惩标准。", _policy_url(), "查看奖惩标准"))
    elif missing := policies.unset(policy):
        words = "、".join(missing)
        found.append(Block(f"未设定：{words}。", _policy_url(), "设定金额", tuple(missing)))
    if (standing := settlement_of(year)) is not None:
        words = (
            "本年度奖惩结算已批准，不再提出。" if standing.is_approved else "本年度已有奖惩结算，撤回后才能重新提出。"
        )
        found.append(Block(words, page_of(year), "查看结算"))
    if appeal_rule() is None:
        found.append(
            Block("奖惩公示申诉期的时限规则已停用，无法公示。", reverse("deadlines:rule_list"), "查看时限规则")
        )
    return found


def _policy_url() -> str:
    return reverse("rankings:policy_list")


def page_of(year: int) -> str:
    return reverse("rankings:settlement", args=[year])


# ── Lines ───────────────────────────────────────────────────────────────────
def awards_of(settlement: Settlement):
    """The lines of a settlement with what a page shows of them."""
    return settlement.awards.select_related("person", "appeal__decided_by").order_by("pk")


def own_awards(user) -> list[Award]:
    """What stands for `user` of all years, the latest first."""
    rows = Award.objects.standing().filter(person=user)
    return list(rows.select_related("settlement__ranking", "appeal__decided_by").order_by("-settlement", "pk"))


def own_notices(user):
    return AwardNotice.objects.filter(person=user).select_related("settlement__ranking").order_by("-issued_at")


def own_promotion_notes(user):
    return PromotionNote.objects.filter(person=user).select_related("ranking")


def awards_visible_to(user):
    """The own ones that stand, and all for whoever reads settlements."""
    rows = Award.objects.select_related("settlement__ranking", "settlement__proposed_by", "person__unit", "appeal")
    if not user.is_active:
        return rows.none()
    return rows if user.may(Action.READ_SETTLEMENT) else rows.standing().filter(person=user)


def appeals_visible_to(user):
    """The own ones, and all for whoever reads settlements."""
    rows = Appeal.objects.select_related("award__settlement__ranking", "award__person__unit", "decided_by")
    if not user.is_active:
        return rows.none()
    return rows if user.may(Action.READ_SETTLEMENT) else rows.filter(award__person=user)


def notices_visible_to(user):
    rows = AwardNotice.objects.select_related("settlement__ranking", "person")
    if not user.is_active:
        return rows.none()
    return rows if user.may(Action.READ_SETTLEMENT) else rows.filter(person=user)


def summary(year: int) -> tuple[Settlement, Sum] | None:
    """The settlement that stands for a year with its sums, appeals included; None where none stands. Two queries."""
    found = settlement_of(year)
    return (found, total(list(awards_of(found)), lambda row: row.final_amount)) if found else None


# ── Time ────────────────────────────────────────────────────────────────────
def windows(settlements) -> dict[int, date]:
    """The last day for appeals of each settlement: as it was told, or later where the clock was extended. One query."""
    found = {each.pk: each.appeals_until for each in settlements}
    rows = Deadline.objects.filter(
        subject_type=Settlement._meta.label_lower, subject_id__in=found, rule__event=Event.AWARDS_POSTED
    )
    for row in rows.exclude(state=ClockState.CANCELLED).only("subject_id", "due_on"):
        found[row.subject_id] = max(found[row.subject_id], row.due_on)
    return found


def appeals_until(settlement: Settlement) -> date:
    """The last day on which an appeal is in time."""
    return windows([settlement])[settlement.pk]


def window_ends(until: date) -> datetime:
    """The first instant that is too late."""
    return timezone.make_aware(datetime.combine(until + timedelta(days=1), time.min))


def is_window_open(settlement: Settlement, until: date | None = None) -> bool:
    until = until or appeals_until(settlement)
    return settlement.state == SettlementState.PROPOSED and timezone.now() < window_ends(until)


# ── Who ─────────────────────────────────────────────────────────────────────
def concerned(settlement: Settlement) -> set[int]:
    """The ids of all who have a line in it."""
    return set(settlement.awards.order_by().values_list("person", flat=True))


def approvers(settlement: Settlement) -> list[User]:
    """Who may approve: not who proposed it; whoever has a line in it only where nobody else is there."""
    people = [each for each in people_by_post(Action.APPROVE_SETTLEMENT) if each.pk != settlement.proposed_by_id]
    apart = concerned(settlement)
    free = [each for each in people if each.pk not in apart]
    return free or people


def deciders(appeal: Appeal) -> list[User]:
    """Who may decide about an appeal: neither the person concerned nor who proposed the settlement."""
    award = appeal.award
    apart = {award.person_id, award.settlement.proposed_by_id}
    return [each for each in people_by_post(Action.APPROVE_SETTLEMENT) if each.pk not in apart]


def undecided(settlement: Settlement):
    return Appeal.objects.filter(award__settlement=settlement, outcome__isnull=True)


def corrections_since(settlement: Settlement) -> int:
    """How many corrections of the projects' board were made after it was posted: its lines do not rest on them."""
    rows = Correction.objects.filter(entry__ranking=settlement.ranking_id, entry__board=Board.PROJECT)
    return rows.filter(made_at__gt=settlement.proposed_at).count()


# ── What waits ──────────────────────────────────────────────────────────────
def open_windows(user) -> list[tuple[Settlement, date]]:
    """The settlements with a line of `user` against which an appeal is still in time and possible."""
    mine = Award.objects.filter(person=user, appeal__isnull=True).order_by().values("settlement")
    rows = list(Settlement.objects.filter(state=SettlementState.PROPOSED, pk__in=mine).select_related("ranking"))
    untils = windows(rows)
    return [(row, untils[row.pk]) for row in rows if is_window_open(row, untils[row.pk])]


def to_decide(user) -> list[Appeal]:
    """The appeals that `user` may decide, the oldest first."""
    if not user.may(Action.APPROVE_SETTLEMENT):
        return []
    rows = Appeal.objects.filter(outcome__isnull=True, award__settlement__state=SettlementState.PROPOSED)
    rows = rows.exclude(Q(award__person=user) | Q(award__settlement__proposed_by=user))
    return list(rows.select_related("award__person", "award__settlement__ranking").order_by("appealed_at", "pk"))


def to_approve(user) -> list[Settlement]:
    """The settlements that `user` may approve now."""
    if not user.may(Action.APPROVE_SETTLEMENT):
        return []
    rows = list(Settlement.objects.filter(state=SettlementState.PROPOSED).select_related("ranking", "proposed_by"))
    waits = set(Appeal.objects.filter(outcome__isnull=True, award__settlement__in=rows)
                .values_list("award__settlement", flat=True))  # fmt: skip
    untils = windows(rows)
    ready = [row for row in rows if row.pk not in waits and not is_window_open(row, untils[row.pk])]
    ready = [row for row in ready if not corrections_since(row)]
    return [row for row in ready if user.pk in {each.pk for each in approvers(row)}]


# ── Papers ──────────────────────────────────────────────────────────────────
def without_notice(settlement: Settlement) -> list[int]:
    """The ids of the people whose notice is still to be issued, by employee number. Who was left out of a split has none."""
    done = AwardNotice.objects.filter(settlement=settlement).order_by().values("person")
    people = User.objects.filter(pk__in=settlement.awards.counting().order_by().values("person")).exclude(pk__in=done)
    return list(people.order_by("employee_number").values_list("pk", flat=True))


def progress(settlement: Settlement) -> tuple[int, int]:
    """(notices issued, people who get one)."""
    whole = settlement.awards.counting().order_by().values("person").distinct().count()
    return settlement.notices.count(), whole


def unfinished() -> list[Settlement]:
    """Approved settlements of which somebody has no notice yet."""
    issued = AwardNotice.objects.order_by().values("settlement", "person")
    rows = Award.objects.filter(settlement__state=SettlementState.APPROVED).counting().order_by()
    pairs = set(rows.values_list("settlement", "person").distinct())
    missing = pairs - set(issued.values_list("settlement", "person"))
    return list(Settlement.objects.filter(pk__in={settlement for settlement, _ in missing}).order_by("pk"))
