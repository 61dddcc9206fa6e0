"""A member of the first team who has no part in its reward: told of it, heard within the same window, given a part or not."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from notices.models import Notice
from projects.models import Assignment
from rankings.choices import Outcome, Party
from rankings.handled import AlreadyHandled
from rankings.models import Appeal, Award, AwardNotice, PromotionNote
from rankings.printouts.awards import build
from rankings.queries import records
from rankings.queries import settlements as queries
from rankings.services import appeals, award_notices
from rankings.settlement_verification import settlements_match
from staff.choices import Role
from tests.conftest import LONG_AGO, PASSWORD, _discipline
from tests.rankings import awards_kit as kits

pytestmark = pytest.mark.django_db


@pytest.fixture
def later(monkeypatch):
    def go(instant):
        monkeypatch.setattr(timezone, "now", lambda: instant)

    return go


@pytest.fixture
def former(cast, project):
    """局外人, who prepared on the first project until ten days before its inspection."""
    return Assignment.objects.create(
        project=project, user=cast.outsider, role=Role.COST_ENGINEER, discipline=_discipline("TJ", "土建"),
        starts_on=LONG_AGO, ends_on=timezone.localdate() - timedelta(days=10),
    ).user  # fmt: skip


@pytest.fixture
def settlement(cast, project, former):
    kits.policy()
    return kits.proposed(cast, kits.frozen(cast, (project, 90)))


def url(name: str, *args) -> str:
    return reverse(f"rankings:{name}", args=args)


def granted(cast, settlement, person, amount: str = "800"):
    return kits.decided(cast, kits.appealed(settlement, person), "changed", amount)


# ── Who ─────────────────────────────────────────────────────────────────────
def test_the_split_is_as_before_and_who_was_left_out_is_told(cast, settlement, former):
    lines = {row.person: (row.party, row.amount) for row in queries.awards_of(settlement)}
    assert lines == {
        cast.verifier: (Party.PROJECT_MANAGER, 4000), cast.checker: (Party.DISCIPLINE_LEAD, 3000),
        cast.preparer: (Party.COST_ENGINEER, 3000), former: (Party.LEFT_OUT, 0),
    }  # fmt: skip
    assert Notice.objects.filter(recipient=former, title__contains="奖惩结算与您有关").exists()
    assert [each for each, _ in queries.open_windows(former)] == [settlement]


def test_who_joined_after_the_inspection_or_reviews_as_an_expert_has_no_line(cast, project):
    today = timezone.localdate()
    for person, role, dates in (
        (cast.outsider, Role.PROJECT_MANAGER, {"starts_on": today}),
        (cast.expert1, Role.EXPERT, {"starts_on": LONG_AGO, "ends_on": today - timedelta(days=20)}),
    ):
        Assignment.objects.create(project=project, user=person, role=role, **dates)
    kits.policy()
    opened = {"opened_at": timezone.now() - timedelta(days=5)}
    settlement = kits.proposed(cast, kits.frozen(cast, (project, 90, opened)))
    assert not settlement.awards.filter(party=Party.LEFT_OUT).exists()


def test_whoever_has_two_times_in_the_team_and_shares_was_not_left_out(cast, project):
    Assignment.objects.create(project=project, user=cast.verifier, role=Role.PROJECT_MANAGER,
                              starts_on=LONG_AGO - timedelta(days=90), ends_on=LONG_AGO - timedelta(days=1))  # fmt: skip
    kits.policy()
    settlement = kits.proposed(cast, kits.frozen(cast, (project, 90)))
    assert kits.award_of(settlement, cast.verifier).amount == 4000


# ── The appeal ──────────────────────────────────────────────────────────────
def test_only_the_person_appeals_once_and_in_time(cast, settlement, former, later):
    award = kits.award_of(settlement, former)
    for other in (cast.verifier, cast.quality_office, cast.executive):
        with pytest.raises(PermissionDenied):
            appeals.appeal(actor=other, award=award, text="替他申诉")
    kits.appealed(settlement, former, "成果由本人编制")
    with pytest.raises(AlreadyHandled, match="已提出申诉"):
        kits.appealed(settlement, former)
    assert Notice.objects.filter(recipient=cast.executive, title__contains="收到一件申诉").exists()


def test_after_the_window_nobody_is_heard(settlement, former, later):
    later(kits.after_window(settlement) - timedelta(minutes=1, seconds=1))
    assert queries.open_windows(former)
    later(kits.after_window(settlement))
    assert not queries.open_windows(former)
    with pytest.raises(ValidationError, match="届满"):
        kits.appealed(settlement, former)


def test_there_is_nothing_to_revoke(cast, settlement, former):
    appeal = kits.appealed(settlement, former)
    with pytest.raises(ValidationError, match="没有可以撤销的奖励"):
        kits.decided(cast, appeal, "revoked")
    assert Appeal.objects.get().outcome is None
    assert kits.decided(cast, appeal, "upheld").outcome == Outcome.UPHELD


def test_a_share_of_nothing_can_be_appealed_against_as_well(cast, project):
    kits.policy(shares={Party.PROJECT_MANAGER: "100", Party.DISCIPLINE_LEAD: "0", Party.COST_ENGINEER: "0"})
    settlement = kits.proposed(cast, kits.frozen(cast, (project, 90)))
    granted(cast, settlement, cast.checker)
    assert kits.award_of(settlement, cast.checker).final_amount == 800


# ── What came of it ─────────────────────────────────────────────────────────
def test_without_a_part_there_is_no_notice_no_note_no_record_and_no_pay(cast, settlement, former, later, log_in, monkeypatch):  # fmt: skip
    monkeypatch.setattr(award_notices, "notice_paper", lambda notice: b"%PDF-1.7")
    kits.decided(cast, kits.appealed(settlement, former), "upheld")
    kits.approve(cast, settlement, later)
    assert queries.progress(settlement) == (0, 3)
    assert award_notices.issue_unfinished() == 3
    assert queries.unfinished() == []
    assert not AwardNotice.objects.filter(person=former).exists()
    assert not PromotionNote.objects.filter(person=former).exists()
    assert records.record_of(former).years == []
    assert former not in records.people_on_record()
    assert former.employee_number not in payroll(log_in(cast.quality_office), settlement)
    # The appeal and its decision stay where they were.
    assert "申诉：维持" in log_in(former).get(url("awards_mine")).content.decode()


def test_a_part_that_was_given_is_paid_noted_recorded_and_on_paper(cast, settlement, former, later, log_in):
    granted(cast, settlement, former)
    kits.approve(cast, settlement, later)
    assert queries.progress(settlement) == (0, 4)
    notice = AwardNotice(settlement=kits.fresh(settlement), person=former, number="JCTZ-1")
    (line,) = build(notice).lines
    assert (line.posted, line.outcome, line.final) == ("0.00", "申诉：变更金额", "+800.00")
    note = PromotionNote.objects.get(person=former).text
    assert note.endswith("全公司优良评价第一名，为项目组成员")
    (year,) = records.record_of(former).years
    assert year.sum.rewards == 800
    assert payroll(log_in(cast.quality_office), settlement)[former.employee_number][6:10] == (0, "变更金额", 800, 800)
    # Nobody's amount moved.
    assert kits.award_of(settlement, cast.verifier).final_amount == 4000


def payroll(client, settlement) -> dict:
    answer = client.get(url("settlement_export", settlement.ranking.year))
    rows = openpyxl.load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True)
    return {row[0]: row for row in rows}


# ── Evidence ────────────────────────────────────────────────────────────────
def test_verify_ledger_replays_it_and_names_what_was_edited(cast, settlement, former, later, monkeypatch):
    monkeypatch.setattr(award_notices, "notice_paper", lambda notice: b"%PDF-1.7")
    appeal = granted(cast, settlement, former)
    kits.approve(cast, settlement, later)
    award_notices.issue_unfinished()
    assert list(settlements_match()) == []
    award = Award.objects.get(person=former)
    for statement in (
        f"UPDATE rankings_award SET party = 'cost_engineer' WHERE id = {award.pk}",
        f"UPDATE rankings_award SET amount = 5 WHERE id = {award.pk}",
        f"UPDATE rankings_appeal SET amount = 900 WHERE id = {appeal.pk}",
        f"UPDATE rankings_appeal SET text = '改' WHERE id = {appeal.pk}",
    ):
        assert kits.edited(statement, [settlements_match]), statement
    assert list(settlements_match()) == []


# ── Who sees what ───────────────────────────────────────────────────────────
def test_the_person_sees_the_own_line_and_nobody_elses_amount(cast, settlement, former, log_in):
    award = kits.award_of(settlement, former)
    client = log_in(former)
    for page in (url("awards_mine"), url("award_appeal", award.pk)):
        words = client.get(page).content.decode()
        assert "项目组成员（未列入分配）" in words
        assert "项目组奖励 10,000.00 元" in words
        assert not [each for each in ("4,000.00", "3,000.00", "复核人", "校核人", "编制人") if each in words]
    for other in settlement.awards.exclude(person=former):
        assert client.get(url("award_appeal", other.pk)).status_code == 404
    assert client.get(url("settlement", settlement.ranking.year)).status_code == 403


def test_nobody_else_of_the_team_sees_that_line_or_its_appeal(cast, settlement, former, log_in):
    award = kits.award_of(settlement, former)
    appeal = kits.appealed(settlement, former)
    for person, of_award, of_appeal in (
        (cast.verifier, 404, 404), (cast.preparer, 404, 404), (cast.approver, 404, 404), (cast.archivist, 404, 404),
        (cast.auditor, 404, 404), (cast.administrator, 404, 404),
        (cast.quality_office, 403, 200), (cast.executive, 403, 200), (former, 409, 200),
    ):  # fmt: skip
        client = log_in(person)
        assert client.get(url("award_appeal", award.pk)).status_code == of_award, person
        assert client.get(url("appeal", appeal.pk)).status_code == of_appeal, person


def test_through_the_pages_from_the_message_to_the_decision(cast, settlement, former, log_in):
    client = log_in(former)
    assert "年度奖惩结算与您有关" in client.get(reverse("dashboards:home")).content.decode()
    award = kits.award_of(settlement, former)
    assert client.post(url("award_appeal", award.pk), {"text": "成果由本人编制"}).status_code == 302
    appeal, manager = Appeal.objects.get(), log_in(cast.executive)
    form = manager.get(url("appeal_decide", appeal.pk)).content.decode()
    assert 'value="changed"' in form
    assert 'value="revoked"' not in form
    told = {"outcome": "changed", "amount": "800", "decision": "给予部分", "password": PASSWORD}
    refused = manager.post(url("appeal_decide", appeal.pk), {**told, "outcome": "revoked"})
    assert refused.status_code == 200
    assert manager.post(url("appeal_decide", appeal.pk), told).status_code == 302
    assert Appeal.objects.get().amount == Decimal(800)
    assert "+800.00" in log_in(former).get(url("awards_mine")).content.decode()


def test_the_trial_shows_who_is_left_out_before_it_is_posted(cast, project, former, log_in):
    kits.policy()
    ranking = kits.frozen(cast, (project, 90))
    page = log_in(cast.quality_office).get(url("settlement_preview", ranking.year)).content.decode()
    assert "项目组成员（未列入分配）" in page
    assert "检查立项之日已不在任，未列入分配" in page
