"""What the tests of the settlement share: a frozen year as rows, a policy with amounts, a settlement on its way."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone

from inspections.models import Inspection
from rankings.choices import Board, Cause, Party
from rankings.models import Policy, Ranking, RankingEntry, Settlement
from rankings.queries import awards as award_queries
from rankings.queries import settlements as queries
from rankings.services import appeals, settling
from tests.conftest import guards_lifted
from tests.inspections import records
from tests.reviews.flow import confirmed

AMOUNTS = {
    (Cause.FIRST_PLACE, Party.TEAM): "10000",
    (Cause.BELOW_PASS, Party.PROJECT_MANAGER): "3000",
    (Cause.BELOW_PASS, Party.COST_ENGINEER): "1000",
    (Cause.BELOW_PASS, Party.TECHNICAL_DIRECTOR): "2000",
    (Cause.SERIOUS, Party.PROJECT_MANAGER): "5000",
    (Cause.SERIOUS, Party.COST_ENGINEER): "1500",
    (Cause.SERIOUS, Party.TECHNICAL_DIRECTOR): "2500",
}
SHARES = {Party.PROJECT_MANAGER: "40", Party.DISCIPLINE_LEAD: "30", Party.COST_ENGINEER: "30"}


def policy(amounts=None, shares=None, **fields) -> Policy:
    """The next version in force, with these amounts ({(cause, party): words}; what is missing is 未设定)."""
    first = Policy.objects.order_by("version").first()
    made = Policy.objects.create(version=Policy.objects.count() + 1, title="质量奖惩标准", **fields)
    amounts, shares = AMOUNTS if amounts is None else amounts, SHARES if shares is None else shares
    for row in first.amounts.all():
        row.pk, row.policy = None, made
        found = amounts.get((row.cause, row.party)) if row.cause != Cause.ATTENDANCE else amounts.get(row.line)
        row.amount = None if found is None else Decimal(found)
        row.save(force_insert=True)
    for row in first.shares.all():
        row.pk, row.policy, row.percent = None, made, Decimal(shares[row.party]) if row.party in shares else None
        row.save(force_insert=True)
    made.published_at = timezone.now()
    made.save()
    return made


def frozen(cast, *scored, year: int | None = None) -> Ranking:
    """A frozen year with these projects: (project, score) or (project, score, {fields of its inspection})."""
    year = year or timezone.localdate().year
    ranking = Ranking.objects.create(year=year, basis={}, frozen_by=cast.executive, digest="f" * 64)
    found = []
    for project, score, *more in scored:
        row = records.inspection(cast, project, score=score, year=year, **(more[0] if more else {}))
        found.append((project, Inspection.objects.select_related("score_sheet").get(pk=row.pk)))
    found.sort(key=lambda pair: -pair[1].score_sheet.total)
    for order, (project, row) in enumerate(found, start=1):
        same = [other for _, other in found if other.score_sheet.total > row.score_sheet.total]
        RankingEntry.objects.create(
            ranking=ranking, board=Board.PROJECT, order=order, place=len(same) + 1, subject_id=project.pk,
            label=project.name, unit_name=project.unit.name, score=row.score_sheet.total, grade=row.score_sheet.grade,
            sample=1, evidence=[row.pk],
            facts={"lowest_share": "50.00", "findings": 1, "on_time": True, "serious": row.is_serious},
        )  # fmt: skip
    return ranking


def proposed(cast, ranking: Ranking, version: Policy | None = None) -> Settlement:
    """Posted by 质量办 as the trial has it."""
    version = version or Policy.objects.in_force()
    seen = award_queries.trial(ranking, version).digest
    return settling.propose(actor=cast.quality_office, ranking=ranking, policy=version, seen=seen)


def fresh(settlement: Settlement) -> Settlement:
    return Settlement.objects.select_related("ranking", "policy", "proposed_by", "approved_by").get(pk=settlement.pk)


def after_window(settlement: Settlement) -> datetime:
    """An instant at which the time for appeals is over."""
    return queries.window_ends(queries.appeals_until(settlement)) + timedelta(minutes=1)


def award_of(settlement: Settlement, person, **fields):
    return queries.awards_of(settlement).select_related("settlement__ranking").get(person=person, **fields)


def appealed(settlement: Settlement, person, text: str = "与事实不符", **fields):
    return appeals.appeal(actor=person, award=award_of(settlement, person, **fields), text=text)


def decided(cast, appeal, outcome: str, amount=None, actor=None):
    actor = actor or cast.executive
    appeal = queries.appeals_visible_to(actor).get(pk=appeal.pk)
    return appeals.decide(
        actor=actor, appeal=appeal, outcome=outcome, decision="已核查。",
        amount=None if amount is None else Decimal(amount), confirmation=confirmed(actor),
    )  # fmt: skip


def approve(cast, settlement: Settlement, later, actor=None) -> Settlement:
    """Approved by 管理层 once the window is over; `later(instant)` moves the time."""
    settlement, actor = fresh(settlement), actor or cast.executive
    later(after_window(settlement))
    return settling.approve(actor=actor, settlement=settlement, turn=settlement.turn, confirmation=confirmed(actor))


def told(checks) -> list[str]:
    return [words for check in checks for words in check()]


def edited(statement: str, checks, **values) -> list[str]:
    """What the checks say once the statement was run past the triggers; it is undone again."""
    with transaction.atomic():
        with guards_lifted(connection), connection.cursor() as cursor:
            cursor.execute(statement.format(**values))
            assert cursor.rowcount > 0, statement
        found = told(checks)
        transaction.set_rollback(True)
    return found
