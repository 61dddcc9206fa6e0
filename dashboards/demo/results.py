"""The year's end in the demonstration: the policy with its amounts, last year's ranking frozen, published and corrected, its
settlement with an appeal, and what the error library led to."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from dashboards.demo.clock import Story
from dashboards.demo.inspecting import EXECUTIVE, OFFICE, SPECIALIST, confirmed
from dashboards.demo.world import World
from lessons import services as lessons
from rankings.choices import Board, Cause, Kind, Outcome, Party
from rankings.models import Award, Ranking, RankingEntry, Settlement
from rankings.queries import awards, drafts, policies, settlements
from rankings.services import appeals, attendance, award_notices, freezing, settling
from rankings.services import policies as policy_services
from reviews.choices import RemarkCategory
from reviews.models import Level

DEPUTY = "1002"
AMOUNTS = {
    (Cause.FIRST_PLACE, Party.TEAM): "30000",
    (Cause.BELOW_PASS, Party.PROJECT_MANAGER): "5000",
    (Cause.BELOW_PASS, Party.COST_ENGINEER): "2000",
    (Cause.BELOW_PASS, Party.TECHNICAL_DIRECTOR): "3000",
    (Cause.SERIOUS, Party.PROJECT_MANAGER): "6000",
    (Cause.SERIOUS, Party.COST_ENGINEER): "2500",
    (Cause.SERIOUS, Party.TECHNICAL_DIRECTOR): "3500",
    (Cause.SENT_BACK, Party.PERSON): "300",
    (Cause.LATE_RECTIFICATION, Party.PROJECT_MANAGER): "500",
}
ABSENT = "旷工一天"
SHARES = {Party.PROJECT_MANAGER: "40", Party.DISCIPLINE_LEAD: "30", Party.COST_ENGINEER: "30"}


def policy(world: World) -> Story:
    """The amounts that the 制度 leaves blank are set and published; one attendance rule stays 未设定."""
    office, executive = world.people[OFFICE], world.people[EXECUTIVE]
    draft = policy_services.copy_policy(actor=office)
    yield 1
    content = policies.content_of(draft)
    lines = tuple(replace(row, amount=_amount(row)) for row in content.lines)
    shares = tuple((party, Decimal(SHARES[party])) for party, _ in content.shares)
    content = replace(content, lines=lines, shares=shares, note="金额经总经理办公会讨论确定。", min_person_sample=1)
    draft = policy_services.save_draft(actor=office, policy=draft, turn=draft.turn, content=content)
    yield 2
    policy_services.publish_policy(
        actor=executive, confirmation=confirmed(executive), policy=draft, turn=draft.turn, against=policies.in_force().version
    )  # fmt: skip


def _amount(row) -> Decimal | None:
    if row.is_attendance:
        return Decimal(200) if row.text.startswith(ABSENT) else None
    known = AMOUNTS.get((row.cause, row.party))
    return Decimal(known) if known else row.amount


def absence(world: World, days: int) -> Story:
    """An attendance record of a few days before."""
    rule = policies.attendance_rules().get(text__startswith=ABSENT)
    attendance.record(
        actor=world.people[OFFICE], person=world.people["3008"], rule=rule, note="未办理请假手续，已与本人核实。",
        happened_on=timezone.localdate() - timedelta(days=days),
    )  # fmt: skip
    yield 0


def ranking(year: int, world: World) -> Story:
    """Frozen and published by 管理层; a line is corrected once somebody has asked."""
    executive = world.people[EXECUTIVE]
    seen = drafts.digest(drafts.draft(year))
    frozen = freezing.freeze(actor=executive, year=year, seen=seen, confirmation=confirmed(executive))
    yield 1
    freezing.publish(actor=executive, ranking=frozen, confirmation=confirmed(executive))
    yield 8
    entry = RankingEntry.objects.filter(ranking=frozen, board=Board.PROJECT, place__gte=2).order_by("order").first()
    freezing.correct(
        actor=executive, entry=entry, seen=0, score=entry.score + Decimal("1.00"), confirmation=confirmed(executive),
        reason="项目组提出书面异议，经质量办复核，“编制说明不规范”一处扣 1 分不成立，予以更正。",
    )  # fmt: skip


def settlement(year: int, world: World) -> Story:
    """Posted; whoever was not there that month appeals and pays less; approved, and each has a notice."""
    office, deputy = world.people[OFFICE], world.people[DEPUTY]
    frozen, in_force = Ranking.objects.get(year=year), policies.in_force()
    seen = awards.trial(frozen, in_force).digest
    posted = settling.propose(actor=office, ranking=frozen, policy=in_force, seen=seen)
    yield 2
    award = (
        Award.objects.filter(settlement=posted, kind=Kind.PENALTY, party=Party.COST_ENGINEER).order_by("pk").first()
    )
    if award is not None:
        appeal = appeals.appeal(
            actor=award.person, award=award, text="检查涉及的结算子目由前任编制，本人于检查前两周才接手，请酌情减轻。"
        )
        yield 2
        appeals.decide(
            actor=deputy, appeal=appeal, outcome=Outcome.CHANGED, amount=award.amount / 2, confirmation=confirmed(deputy),
            decision="经核对任职记录，情况属实，减半处罚。",
        )  # fmt: skip
    yield 6
    posted = Settlement.objects.get(pk=posted.pk)
    approver = settlements.approvers(posted)[0]
    settling.approve(actor=approver, settlement=posted, turn=posted.turn, confirmation=confirmed(approver))
    yield 0
    award_notices.issue_unfinished()


def checklist(world: World) -> Story:
    """Two lines proposed from the error library: one is taken into the checklist, one waits."""
    director = world.people["2001"]
    level = Level.objects.filter(route__code="three_levels", title="校核").get()
    (taken,) = lessons.propose(
        actor=director, levels=[level], text="措施费、规费费率与合同工程类别、取费文件逐项核对", category=RemarkCategory.FEES,
        basis="错误库：取费类意见在多个项目重复出现",
    )  # fmt: skip
    yield 2
    lessons.accept(actor=world.people[SPECIALIST], proposal=taken, note="同类问题反复出现，列入校核清单。")
    yield 20
    lessons.propose(
        actor=director, levels=[level], text="现场签证逐份核对原件、日期和三方签章", category=RemarkCategory.BASIS,
        basis="错误库：依据类意见中签证问题占多数",
    )  # fmt: skip


def stories(world: World) -> list[tuple[int, Story]]:
    """What of it lies behind today, each with the working day on which it begins."""
    this_year = world.clock.today.year
    told = [
        (date(this_year, 1, 7), policy(world)),
        (date(this_year, 1, 15), ranking(this_year - 1, world)),
        # After the correction: a settlement that was posted before it could not be approved.
        (date(this_year, 2, 2), settlement(this_year - 1, world)),
        (date(this_year, 3, 18), checklist(world)),
    ]
    # Some weeks are left to finish what has begun.
    done = world.clock.today - timedelta(days=45)
    found = [(world.clock.days_ago(day), story) for day, story in told if day <= done]
    return [*found, (12, absence(world, 1))] if len(found) > 1 else found
