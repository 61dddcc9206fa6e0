"""The year's settlement: tried, posted, withdrawn, approved; notices on paper; nothing that could be altered behind it."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from deadlines import services as deadline_services
from deadlines.choices import Event
from deadlines.models import Deadline, DeadlineRule
from deadlines.services import chores
from inspections.choices import State as InspectionState
from ledger import guards
from ledger.models import Entry
from notices.models import Delivery, Notice
from projects.models import Assignment
from rankings import tasks
from rankings.choices import Cause, Kind, Party, SettlementState
from rankings.handled import AlreadyHandled
from rankings.models import Attendance, Award, AwardNotice, PromotionNote, Settlement
from rankings.queries import awards as award_queries
from rankings.queries import settlements as queries
from rankings.services import award_notices, settling
from rankings.settlement_verification import settlements_match
from reviews.choices import State
from reviews.models import Round
from staff.choices import Role
from staff.models import Post
from tests.conftest import LONG_AGO
from tests.inspections import blame, kit, records
from tests.rankings import awards_kit as kits
from tests.reviews import flow
from tests.reviews.flow import confirmed

pytestmark = pytest.mark.django_db


@pytest.fixture
def plain_papers(monkeypatch):
    """Papers as short bytes: rendering is the subject of one test alone."""
    monkeypatch.setattr(award_notices, "notice_paper", lambda notice: f"%PDF {notice.number}".encode())


@pytest.fixture
def later(monkeypatch):
    """`later(instant)`: from now on it is then."""

    def go(instant):
        monkeypatch.setattr(timezone, "now", lambda: instant)

    return go


@pytest.fixture
def ranking(cast, project, other_project):
    """造价一所's project leads with 90, 造价二所's failed with 55."""
    return kits.frozen(cast, (project, 90), (other_project, 55))


@pytest.fixture
def settlement(cast, ranking):
    kits.policy()
    return kits.proposed(cast, ranking)


def amounts(settlement) -> dict:
    return {(row.person.name, row.cause): row.amount for row in queries.awards_of(settlement)}


# ── What it rests on ────────────────────────────────────────────────────────
def test_trial_reads_the_teams_of_the_day_on_which_the_inspection_was_opened(cast, project):
    ranking = kits.frozen(cast, (project, 55))
    Assignment.objects.filter(user=cast.verifier).update(ends_on=timezone.localdate() - timedelta(days=1))
    Assignment.objects.create(
        project=project, user=cast.outsider, role=Role.PROJECT_MANAGER, starts_on=timezone.localdate()
    )
    found = award_queries.trial(ranking, kits.policy())
    people = {row.person.name: row.amount for row in found.lines}
    assert people == {"局外人": 3000, "编制人": 1000, "审核人": 2000}
    before = kits.frozen(cast, (project, 55, {"opened_at": timezone.now() - timedelta(days=5)}), year=ranking.year - 1)
    found = award_queries.trial(before, kits.policy())
    assert {row.person.name for row in found.lines} == {"复核人", "编制人", "审核人"}


def test_trial_finds_the_director_of_the_nearest_unit_above(cast, other_project):
    ranking = kits.frozen(cast, (other_project, 55))
    assert any("没有单位技术负责人" in note for note in award_queries.trial(ranking, kits.policy()).notes)
    Post.objects.create(user=cast.chief_engineer, role=Role.TECHNICAL_DIRECTOR, unit=cast.hq, starts_on=LONG_AGO)
    lines = award_queries.trial(ranking, kits.policy()).lines
    assert [row.person for row in lines if row.party == Party.TECHNICAL_DIRECTOR] == [cast.chief_engineer]


def test_a_serious_project_is_charged_even_where_it_passed(cast, project):
    ranking = kits.frozen(cast, (project, 70, {"is_serious": True}))
    lines = award_queries.trial(ranking, kits.policy()).lines
    assert {(row.person.name, row.cause, row.amount) for row in lines} == {
        ("复核人", "serious", Decimal(5000)), ("编制人", "serious", Decimal(1500)), ("审核人", "serious", Decimal(2500)),
    }  # fmt: skip


def test_late_rectification_often_sent_back_and_attendance_count_by_their_rules(cast, project):
    ranking = kits.frozen(cast, (project, 70, {"was_on_time": False}))
    deliverable = flow.open_deliverable(cast, project)
    Round.objects.filter(deliverable=deliverable).update(state=State.SENT_BACK, ended_at=timezone.now())
    version = kits.policy(
        {**kits.AMOUNTS, (Cause.LATE_RECTIFICATION, Party.PROJECT_MANAGER): "300",
         (Cause.SENT_BACK, Party.PERSON): "200", 11: "80.50"}, sent_back_from=1
    )  # fmt: skip
    rule = version.amounts.get(line=11)
    Attendance.objects.create(person=cast.outsider, rule=rule, happened_on=date(ranking.year, 1, 5), count=2,
                              recorded_by=cast.quality_office)  # fmt: skip
    Attendance.objects.create(person=cast.outsider, rule=rule, happened_on=date(ranking.year - 1, 1, 5),
                              recorded_by=cast.quality_office)  # fmt: skip
    found = {(row.person.name, str(row.cause)): row.amount for row in award_queries.trial(ranking, version).lines}
    assert found == {
        ("复核人", "late_rectification"): 300, ("编制人", "sent_back"): 200, ("局外人", "attendance"): Decimal("161.00"),
    }  # fmt: skip
    version = kits.policy({(Cause.SENT_BACK, Party.PERSON): "200"}, sent_back_from=2)
    assert not [row for row in award_queries.trial(ranking, version).lines if row.cause == Cause.SENT_BACK]


def test_a_rectification_that_is_overdue_and_never_answered_is_charged_as_one_that_came_late(
    cast, project, other_project
):
    ranking = kits.frozen(cast, (other_project, 90))
    late = _rectifying(cast, project, due_at=timezone.now() - timedelta(days=1))
    _rectifying(cast, other_project, due_at=timezone.now() + timedelta(days=1))
    version = kits.policy({**kits.AMOUNTS, (Cause.LATE_RECTIFICATION, Party.PROJECT_MANAGER): "300"})
    (row,) = [row for row in award_queries.trial(ranking, version).lines if row.cause == Cause.LATE_RECTIFICATION]
    assert (row.person, row.amount, row.key) == (cast.verifier, 300, f"late:{late.pk}")
    assert "至今未回复" in row.text


def _rectifying(cast, project, *, due_at, **fields):
    """An inspection whose opinion waits for the reply until `due_at`."""
    row = records.inspection(cast, project, state=InspectionState.RECTIFYING, **fields)
    Deadline.objects.create(
        rule=DeadlineRule.objects.in_force().get(code="rectification_reply"), subject_type="inspections.inspection",
        subject_id=row.pk, subject_label=row.number, url="/", scope_type="projects.project", scope_id=project.pk,
        started_at=timezone.now(), due_on=timezone.localdate(due_at), due_at=due_at,
    )  # fmt: skip
    return row


def test_what_failed_or_was_serious_and_is_not_in_the_ranking_is_told(cast, project, other_project):
    ranking = kits.frozen(cast, (other_project, 90))
    failed = records.inspection(cast, project, score=56, state=InspectionState.RECTIFYING)
    serious = records.inspection(cast, other_project, score=83, state=InspectionState.RECHECKING, is_serious=True)
    records.inspection(cast, project, score=70, state=InspectionState.RECTIFYING)
    records.inspection(cast, project, score=50, state=InspectionState.DISCUSSING)
    notes = award_queries.trial(ranking, kits.policy()).notes
    told = [note for note in notes if "不在排名" in note]
    assert [failed.number in told[0], serious.number in told[1], len(told)] == [True, True, 2]
    assert "56.00 分，不合格，整改未关闭" in told[0]
    assert "83.00 分，问题严重，整改未关闭" in told[1]


def test_of_very_many_that_are_not_in_the_ranking_the_rest_is_counted(cast, project, other_project, monkeypatch):
    monkeypatch.setattr(award_queries, "MOST_GRAVE", 1)
    ranking = kits.frozen(cast, (other_project, 90))
    for score in (50, 51, 52):
        records.inspection(cast, project, score=score, state=InspectionState.RECTIFYING)
    told = [note for note in award_queries.trial(ranking, kits.policy()).notes if "不在排名" in note]
    assert len(told) == 2
    assert told[1].startswith("另有 2 次")


def test_a_yes_on_the_checklist_counts_once_liability_was_decided(cast, project):
    ranking = kits.frozen(cast, (project, 70))
    deliverable = blame.signed(cast, project)
    problem = blame.finding(cast, project, deliverable)
    case = blame.opened(cast, deliverable, finding=problem, origin="finding", document="")
    (sheet,) = blame.served(cast, case, cast.verifier)
    version = kits.policy({**kits.AMOUNTS, (Cause.CHECKLIST_MISSED, Party.PERSON): "400"})
    found = award_queries.trial(ranking, version)
    assert not [row for row in found.lines if row.cause == Cause.CHECKLIST_MISSED]
    assert any("1 份问责单未决定" in note for note in found.notes)
    blame.answered(sheet)
    blame.decided(cast, sheet)
    (row,) = [row for row in award_queries.trial(ranking, version).lines if row.cause == Cause.CHECKLIST_MISSED]
    assert row.person == cast.verifier
    assert row.amount == 400
    assert row.key == f"finding:{problem.pk}"


def test_trial_costs_the_same_queries_for_one_project_and_for_many(cast, project, other_project, major_project):
    version = kits.policy()
    few = kits.frozen(cast, (project, 90))
    with connection.execute_wrapper(counter := _Counter()):
        award_queries.trial(few, version)
    one, counter.count = counter.count, 0
    many = kits.frozen(cast, (project, 90), (other_project, 55), (major_project, 50), year=2025)
    with connection.execute_wrapper(counter):
        award_queries.trial(many, version)
    assert counter.count == one


class _Counter:
    count = 0

    def __call__(self, execute, *args):
        self.count += 1
        return execute(*args)


# ── Posted ──────────────────────────────────────────────────────────────────
def test_an_unset_amount_blocks_and_is_named(cast, ranking):
    missing = {
        key: value for key, value in kits.AMOUNTS.items() if key != (Cause.BELOW_PASS, Party.TECHNICAL_DIRECTOR)
    }
    version = kits.policy(missing)
    with pytest.raises(ValidationError, match="未设定：质量检查不合格 · 单位技术负责人"):
        kits.proposed(cast, ranking, version)
    assert not Settlement.objects.exists()


def test_posting_writes_the_lines_starts_the_time_and_tells_everybody_concerned(cast, settlement):
    assert amounts(settlement) == {
        ("复核人", "first_place"): 4000, ("校核人", "first_place"): 3000, ("编制人", "first_place"): 3000,
        ("局外人", "below_pass"): 1000,
    }  # fmt: skip
    clock = Deadline.objects.of(settlement).get()
    assert clock.rule.event == Event.AWARDS_POSTED
    assert clock.due_on == settlement.appeals_until
    assert clock.responsible == cast.quality_office
    told = Notice.objects.filter(kind="results")
    assert set(told.values_list("recipient__name", flat=True)) == {"复核人", "校核人", "编制人", "局外人"}
    assert all(notice.is_confidential and "4000" not in notice.title + notice.body for notice in told)
    assert not Delivery.objects.filter(title__contains="奖惩结算与您有关").exists()


def test_the_ledger_knows_no_names_and_no_amounts(cast, settlement, later, plain_papers):
    appeal = kits.appealed(settlement, cast.outsider, "我不在该项目")
    kits.decided(cast, appeal, "changed", "500")
    kits.approve(cast, settlement, later)
    award_notices.issue_unfinished()
    rows = Entry.objects.filter(action__regex=r"^(settlement|award|deadline)")
    told = " ".join(f"{row.subject_label} {row.data}" for row in rows)
    for word in ("局外人", "复核人", "校核人", "4000", "3000", "1000", "500.00", "不在该项目"):
        assert word not in told
    assert json.loads(rows.get(action="settlement.propose").data)["lines"] == 4


def test_only_the_quality_office_posts_and_only_what_it_saw(cast, ranking):
    version = kits.policy()
    seen = award_queries.trial(ranking, version).digest
    with pytest.raises(PermissionDenied):
        settling.propose(actor=cast.executive, ranking=ranking, policy=version, seen=seen)
    newer = kits.policy()
    told = {"actor": cast.quality_office, "ranking": ranking}
    with pytest.raises(ValidationError, match="新版本"):
        settling.propose(policy=version, seen=seen, **told)
    with pytest.raises(ValidationError, match="已经变化"):
        settling.propose(policy=newer, seen=seen, **told)
    settling.propose(policy=newer, seen=award_queries.trial(ranking, newer).digest, **told)
    with pytest.raises(AlreadyHandled, match="质量办"):
        settling.propose(policy=newer, seen=award_queries.trial(ranking, newer).digest, **told)


def test_nothing_is_posted_while_the_time_for_appeals_is_switched_off(cast, ranking):
    kits.policy()
    rule = DeadlineRule.objects.newest().get(code="award_appeal")
    deadline_services.change_rule(
        actor=cast.quality_office, rule=rule, changes={"is_active": False}, reason="停用", move_running=False,
        seen=deadline_services.digest_of([]),
    )  # fmt: skip
    with pytest.raises(ValidationError, match="时限规则已停用"):
        kits.proposed(cast, ranking)


def test_the_window_ends_by_itself_in_time_and_the_executive_is_told(cast, settlement, later):
    clock = Deadline.objects.of(settlement).get()
    later(kits.after_window(settlement))
    chores.lapse()
    clock.refresh_from_db()
    assert clock.stop_note == "公示期满"
    assert clock.stopped_at < clock.due_at
    assert Notice.objects.filter(recipient=cast.executive, title__contains="公示期满").exists()
    assert chores.lapse() == {}


# ── Withdrawn ───────────────────────────────────────────────────────────────
def test_a_withdrawal_ends_clocks_and_appeals_and_clears_the_way_for_the_next(cast, ranking, settlement):
    kits.appealed(settlement, cast.outsider)
    told = {"actor": cast.quality_office, "settlement": settlement, "turn": 0}
    with pytest.raises(ValidationError, match="撤回理由"):
        settling.withdraw(reason=" ", **told)
    settling.withdraw(reason="角色比例有误", **told)
    assert not Deadline.objects.open().filter(scope_type__startswith="rankings.").exists()
    assert not Award.objects.standing().exists()
    assert queries.own_awards(cast.outsider) == []
    with pytest.raises(AlreadyHandled):
        settling.withdraw(reason="再次", **told)
    kits.proposed(cast, ranking)
    assert list(settlements_match()) == []


# ── Approved ────────────────────────────────────────────────────────────────
def test_it_is_approved_only_after_the_window_and_with_every_appeal_decided(cast, settlement, later):
    told = {"actor": cast.executive, "turn": 0, "settlement": settlement}
    with pytest.raises(ValidationError, match="尚未届满"):
        settling.approve(confirmation=confirmed(cast.executive), **told)
    kits.appealed(settlement, cast.outsider)
    later(kits.after_window(settlement))
    with pytest.raises(ValidationError, match="1 件申诉未处理"):
        settling.approve(confirmation=confirmed(cast.executive), **told)
    with pytest.raises(PermissionDenied):
        settling.approve(confirmation=confirmed(cast.quality_office), **{**told, "actor": cast.quality_office})


def test_approval_notes_the_first_team_for_promotion_and_cannot_be_taken_back(cast, settlement, later):
    approved = kits.approve(cast, settlement, later)
    assert approved.state == SettlementState.APPROVED
    assert approved.approved_by == cast.executive
    notes = PromotionNote.objects.order_by("person__name")
    assert {note.person.name for note in notes} == {"复核人", "校核人", "编制人"}
    assert "全公司优良评价第一名" in notes[0].text
    assert not Deadline.objects.open().of(settlement).exists()
    with pytest.raises(AlreadyHandled, match="管理层"):
        kits.approve(cast, settlement, later)
    with pytest.raises(AlreadyHandled):
        settling.withdraw(actor=cast.quality_office, settlement=settlement, turn=1, reason="晚了")


def test_an_executive_with_a_line_stands_aside_while_another_has_none(cast, project, ranking, later):
    Assignment.objects.filter(user=cast.verifier).update(user=cast.executive)
    kits.policy()
    settlement = kits.proposed(cast, ranking)
    other = kit.inspector(cast, "副总", role=Role.EXECUTIVE)
    with pytest.raises(PermissionDenied, match="须回避"):
        kits.approve(cast, settlement, later)
    kits.approve(cast, settlement, later, actor=other)


def test_the_only_executive_approves_with_a_line_and_the_ledger_says_so(cast, project, ranking, later):
    Assignment.objects.filter(user=cast.verifier).update(user=cast.executive)
    kits.policy()
    kits.approve(cast, kits.proposed(cast, ranking), later)
    assert json.loads(Entry.objects.get(action="settlement.approve").data)["has_own_line"] is True


def test_who_proposed_does_not_approve_by_another_post(cast, settlement, later):
    Post.objects.create(user=cast.quality_office, role=Role.EXECUTIVE, unit=None, starts_on=LONG_AGO)
    office = type(cast.quality_office).objects.get(pk=cast.quality_office.pk)
    with pytest.raises(PermissionDenied, match="提出人不能批准"):
        kits.approve(cast, settlement, later, actor=office)


# ── Notices ─────────────────────────────────────────────────────────────────
def test_notices_are_issued_once_each_and_go_on_where_they_stopped(cast, settlement, later, plain_papers, monkeypatch):
    kits.approve(cast, settlement, later)
    whole = award_notices.notice_paper

    def fails_for_one(notice):
        if notice.person == cast.checker:
            raise RuntimeError("字体缺失")
        return whole(notice)

    monkeypatch.setattr(award_notices, "notice_paper", fails_for_one)
    tasks.issue_award_notices()
    assert queries.progress(settlement) == (3, 4)
    monkeypatch.setattr(award_notices, "notice_paper", whole)
    assert award_notices.go_on(actor=cast.quality_office, settlement=kits.fresh(settlement)) == 1
    assert award_notices.issue_unfinished() == 0
    assert queries.unfinished() == []
    numbers = list(AwardNotice.objects.values_list("number", flat=True))
    assert numbers == [f"JCTZ-{timezone.localdate().year}-{serial:04}" for serial in range(1, 5)]
    assert Notice.objects.filter(recipient=cast.checker, title__contains="奖惩通知书").count() == 1


def test_no_notice_before_the_approval(cast, settlement):
    assert award_notices.issue_notices(settlement) == 0
    with pytest.raises(ValidationError, match="批准后"):
        award_notices.go_on(actor=cast.quality_office, settlement=settlement)


# ── Evidence ────────────────────────────────────────────────────────────────
def test_what_was_posted_and_approved_cannot_be_changed_or_deleted(cast, settlement, later):
    kits.approve(cast, settlement, later)
    for change in (
        lambda: Award.objects.update(amount=1),
        lambda: Award.objects.all().delete(),
        lambda: Settlement.objects.update(appeals_until=date(2030, 1, 1)),
        lambda: Settlement.objects.update(approval_digest="0" * 64),
        lambda: PromotionNote.objects.update(text="x"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_verify_ledger_names_a_line_an_appeal_and_a_paper_that_were_edited(cast, settlement, later, plain_papers):
    appeal = kits.appealed(settlement, cast.outsider)
    kits.decided(cast, appeal, "revoked")
    kits.approve(cast, settlement, later)
    award_notices.issue_unfinished()
    assert list(settlements_match()) == []
    for table in ("rankings_award", "rankings_appeal", "rankings_awardnotice"):
        guards.remove(connection, table)
    AwardNotice.objects.filter(person=cast.outsider).update(pdf="missing.pdf")
    appeal.refresh_from_db()
    type(appeal).objects.update(decision="改了")
    Award.objects.filter(kind=Kind.PENALTY).update(amount=1)
    told = " ".join(settlements_match())
    assert "明细与证据链不符" in told
    assert "奖惩申诉" in told
    assert "PDF 缺失" in told
