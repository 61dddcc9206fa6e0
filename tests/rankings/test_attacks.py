"""The year's end as somebody tries it whose bonus depends on it, and as somebody with the database in hand."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from projects.choices import Confidentiality
from projects.models import Project
from rankings.choices import Board, Cause, Party
from rankings.models import Attendance, Correction, PromotionNote, Ranking
from rankings.policy_verification import attendance_matches, policies_match
from rankings.queries import awards as award_queries
from rankings.queries import settlements as queries
from rankings.ranking_verification import rankings_match
from rankings.services import attendance, award_notices, freezing, settling
from rankings.settlement_verification import settlements_match
from reviews.choices import State
from reviews.models import Round
from staff.choices import Role
from staff.models import Post, User
from tests.conftest import LONG_AGO, _assign
from tests.rankings import awards_kit as kits
from tests.rankings import policy_kit, years
from tests.reviews import flow
from tests.reviews.flow import confirmed

pytestmark = pytest.mark.django_db
THIS_YEAR = timezone.localdate().year


@pytest.fixture
def later(monkeypatch):
    """`later(instant)`: from now on it is then."""
    return lambda instant: monkeypatch.setattr(timezone, "now", lambda: instant)


@pytest.fixture
def _plain_papers(monkeypatch):
    monkeypatch.setattr(award_notices, "notice_paper", lambda notice: f"%PDF {notice.number}".encode())


@pytest.fixture
def second_executive(cast):
    found = User.objects.create(
        employee_number="T900", name="管理层乙", unit=cast.hq, password=cast.executive.password
    )
    Post.objects.create(user=found, role=Role.EXECUTIVE, starts_on=LONG_AGO)
    return found


@pytest.fixture
def ranking(cast, project, other_project):
    """造价一所's project leads with 90, 造价二所's failed with 55."""
    return kits.frozen(cast, (project, 90), (other_project, 55))


@pytest.fixture
def settlement(cast, ranking):
    kits.policy()
    return kits.proposed(cast, ranking)


def corrected(boss, ranking, subject, score, reason="复核后改分", board=Board.PROJECT) -> Correction:
    entry = ranking.entries.get(board=board, subject_id=subject)
    seen = entry.corrections.order_by("pk").values_list("pk", flat=True).last() or 0
    return freezing.correct(
        actor=boss, entry=entry, seen=seen, score=score and Decimal(score), reason=reason, confirmation=confirmed(boss)
    )


def cells(response) -> list[str]:
    sheet = load_workbook(BytesIO(response.content)).active
    return [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]


# ── What is secret ──────────────────────────────────────────────────────────
@pytest.fixture
def secret_year(cast, project, other_project):
    """Published; 造价二所's project is secret, and its correction names it."""
    Project.objects.filter(pk=other_project.pk).update(confidentiality=Confidentiality.SECRET)
    years.inspected(cast, project, "90")
    years.inspected(cast, other_project, "70")
    ranking = years.frozen(cast)
    Ranking.objects.filter(pk=ranking.pk).update(
        published_by=cast.executive, published_at=timezone.now(), pdf="x", pdf_sha256="0" * 64
    )
    corrected(cast.executive, ranking, other_project.pk, "71", reason="城北污水处理厂申诉成立")
    return ranking


def test_a_name_of_a_secret_project_cannot_be_found_out_by_searching_for_it(cast, secret_year, log_in):
    client = log_in(cast.preparer)
    for url in (reverse("rankings:ranking_years"), reverse("rankings:ranking", args=[THIS_YEAR])):
        assert not list(client.get(f"{url}?q=城北污水").context["page"].object_list), url
        assert list(client.get(f"{url}?q=滨江").context["page"].object_list), url
    assert "秘密项目" in client.get(f"{reverse('rankings:ranking_years')}?q=").content.decode()


def test_the_reason_of_a_secret_projects_correction_leaves_by_no_page_and_no_export(cast, secret_year, log_in):
    client = log_in(cast.preparer)
    entry = secret_year.entries.get(board=Board.PROJECT, label="城北污水处理厂")
    for url in (
        reverse("rankings:ranking", args=[THIS_YEAR]),
        reverse("rankings:ranking_years"),
        reverse("rankings:ranking_row", args=[THIS_YEAR, entry.pk]),
        f"{reverse('rankings:ranking', args=[THIS_YEAR])}?board=unit",
    ):
        assert "城北污水" not in client.get(url).content.decode(), url
    for board in Board:
        found = cells(client.get(f"{reverse('rankings:ranking_export', args=[THIS_YEAR])}?board={board.value}"))
        assert not any("城北污水" in cell for cell in found), board


def test_who_sees_the_secret_project_reads_its_name_and_reason_in_the_export(cast, secret_year, log_in):
    found = cells(log_in(cast.executive).get(reverse("rankings:ranking_export", args=[THIS_YEAR])))
    assert "城北污水处理厂申诉成立" in found


# ── Addresses that make no sense ────────────────────────────────────────────
@pytest.mark.parametrize("year", ["0000", "0001", "1899", "9999"])
def test_a_year_that_never_was_is_no_draft(cast, log_in, year):
    client = log_in(cast.executive)
    for name in ("ranking_draft", "ranking_draft_export"):
        for board in (Board.PROJECT, Board.PREPARER):
            url = f"{reverse(f'rankings:{name}')}?year={year}&board={board.value}"
            assert client.get(url).status_code == 404, url
    row = reverse("rankings:ranking_draft_row", args=["preparer", 1])
    assert client.get(f"{row}?year={year}").status_code == 404


@pytest.mark.parametrize("number", [0, 10**6, 10**30])
def test_a_number_that_no_column_holds_is_a_404(cast, log_in, number):
    client = log_in(cast.executive)
    for name, args in (
        ("ranking", [number]), ("ranking_export", [number]), ("ranking_pdf", [number]), ("ranking_freeze", [number]),
        ("settlement_export", [number]), ("award_appeal", [number]), ("appeal", [number]), ("award_notice", [number]),
        ("policy", [number]),
    ):  # fmt: skip
        assert client.get(reverse(f"rankings:{name}", args=args)).status_code == 404, name
    office = log_in(cast.quality_office)
    for name in ("settlement", "settlement_preview"):
        assert office.get(reverse(f"rankings:{name}", args=[number])).status_code == 200, name


# ── Money ───────────────────────────────────────────────────────────────────
def test_a_sum_that_no_column_holds_is_refused_in_words_before_it_is_posted(cast, ranking, log_in):
    version = kits.policy({**kits.AMOUNTS, 11: "9999999999.99"})
    Attendance.objects.create(person=cast.outsider, rule=version.amounts.get(line=11), happened_on=date(ranking.year, 1, 5),
                              count=2, recorded_by=cast.quality_office)  # fmt: skip
    found = award_queries.trial(ranking, version)
    assert any("金额过大" in each for each in found.problems)
    with pytest.raises(ValidationError, match="金额过大"):
        kits.proposed(cast, ranking, version)
    page = log_in(cast.quality_office).get(reverse("rankings:settlement_preview", args=[ranking.year]))
    assert page.status_code == 200
    assert "金额过大" in page.content.decode()


# ── One's own matter ────────────────────────────────────────────────────────
def test_nobody_corrects_the_line_of_their_own_project_unit_or_person(cast, project, other_project, second_executive):
    _assign(project, cast.executive, Role.PROJECT_MANAGER)
    years.inspected(cast, project, "85")
    years.inspected(cast, other_project, "90")
    ranking = years.frozen(cast)
    with pytest.raises(PermissionDenied):
        corrected(cast.executive, ranking, project.pk, "100")
    # Nor does anybody lift their own project by pressing down the others.
    with pytest.raises(PermissionDenied):
        corrected(cast.executive, ranking, other_project.pk, None)
    assert corrected(second_executive, ranking, project.pk, "86").score == 86


def test_where_nobody_else_is_there_the_only_one_of_the_management_corrects(cast, project, other_project):
    _assign(project, cast.executive, Role.PROJECT_MANAGER)
    years.inspected(cast, project, "85")
    assert corrected(cast.executive, years.frozen(cast), project.pk, "86").score == 86


# ── What changes in between ─────────────────────────────────────────────────
def test_a_correction_after_the_posting_keeps_the_settlement_from_being_approved(
    cast, settlement, other_project, later
):
    corrected(cast.executive, settlement.ranking, other_project.pk, "61")
    with pytest.raises(ValidationError, match="更正"):
        kits.approve(cast, settlement, later)
    assert not PromotionNote.objects.exists()
    assert queries.to_approve(cast.executive) == []


def test_a_correction_after_the_approval_is_told_on_the_settlements_page(
    cast, settlement, other_project, later, log_in
):
    kits.approve(cast, settlement, later)
    corrected(cast.executive, settlement.ranking, other_project.pk, "61")
    page = log_in(cast.quality_office).get(reverse("rankings:settlement", args=[THIS_YEAR])).content.decode()
    assert "公示后排名有更正" in page


def test_what_was_sent_back_counts_for_who_had_prepared_it(cast, project, ranking):
    """Handed over after three send-backs, it is the successor's problem and not the successor's fault."""
    deliverable = flow.open_deliverable(cast, project)
    for version in range(2):
        if version:
            flow.start_version(deliverable)
            flow.upload(deliverable, mark="改")
        flow.submit(deliverable)
        flow.send_back(deliverable)
    deliverable.preparer = cast.outsider
    deliverable.save()
    assert Round.objects.filter(deliverable=deliverable, state=State.SENT_BACK).count() == 2
    version = kits.policy({**kits.AMOUNTS, (Cause.SENT_BACK, Party.PERSON): "200"}, sent_back_from=2)
    found = [row.person for row in award_queries.trial(ranking, version).lines if row.cause == Cause.SENT_BACK]
    assert found == [cast.preparer]


def test_an_appeal_in_the_last_second_is_in_time_and_in_the_next_it_is_not(cast, settlement, other_project, later):
    ends = queries.window_ends(queries.appeals_until(settlement))
    later(ends - timedelta(seconds=1))
    settling.end_window(settlement)
    assert kits.appealed(settlement, cast.verifier).outcome is None
    later(ends)
    with pytest.raises(ValidationError, match="届满"):
        kits.appealed(settlement, cast.checker)


def test_a_settlement_that_was_withdrawn_and_posted_again_starts_everything_anew(cast, settlement, later, log_in):
    first = kits.appealed(settlement, cast.verifier)
    old = kits.award_of(settlement, cast.verifier)
    settling.withdraw(actor=cast.quality_office, settlement=settlement, turn=0, reason="金额核对有误")
    with pytest.raises(Exception, match="撤回"):
        kits.decided(cast, first, "revoked")
    again = kits.proposed(cast, settlement.ranking)
    mine = queries.own_awards(cast.verifier)
    assert {row.settlement_id for row in mine} == {again.pk}
    assert log_in(cast.verifier).get(reverse("rankings:award_appeal", args=[old.pk])).status_code == 404
    assert kits.appealed(again, cast.verifier).pk != first.pk
    with pytest.raises(ValidationError):
        kits.approve(cast, again, later)


def test_who_has_the_post_from_tomorrow_or_had_it_until_yesterday_does_none_of_it(cast, settlement, log_in):
    today = timezone.localdate()
    for dates in (
        {"starts_on": today + timedelta(days=1)},
        {"starts_on": LONG_AGO, "ends_on": today - timedelta(days=1)},
    ):
        person = User.objects.create(employee_number=f"T9{dates['starts_on']:%d%m}", name="前后任", unit=cast.hq)
        for role in (Role.EXECUTIVE, Role.QUALITY_OFFICE):
            Post.objects.create(user=person, role=role, **dates)
        client = log_in(person)
        for name in ("settlement", "settlement_preview", "settlement_export", "settlement_approve"):
            assert client.get(reverse(f"rankings:{name}", args=[THIS_YEAR])).status_code == 403, name
        assert person.pk not in {each.pk for each in queries.approvers(settlement)}


# ── Words that are meant to do something ────────────────────────────────────
def test_a_project_whose_name_imitates_the_award_gets_its_whole_name_into_the_note(
    cast, project, other_project, later
):
    Project.objects.filter(pk=project.pk).update(name="甲，项目组奖励 99 元")
    project.refresh_from_db()
    kits.policy()
    kits.approve(cast, kits.proposed(cast, kits.frozen(cast, (project, 90), (other_project, 75))), later)
    note = PromotionNote.objects.get(person=cast.verifier).text
    assert "甲，项目组奖励 99 元" in note
    assert "全公司优良评价第一名" in note


# ── The database in hand ────────────────────────────────────────────────────
SETTLED = [
    "UPDATE rankings_settlement SET appeals_until = '2020-01-01'",
    "UPDATE rankings_settlement SET proposed_by_id = {other}",
    "UPDATE rankings_settlement SET approved_by_id = {other}",
    "UPDATE rankings_settlement SET proposed_at = '2020-01-01 00:00:00+00'",
    "UPDATE rankings_award SET amount = 1",
    "UPDATE rankings_award SET person_id = {other} WHERE id = (SELECT MIN(id) FROM rankings_award)",
    "UPDATE rankings_appeal SET text = '改'",
    "UPDATE rankings_appeal SET outcome = NULL, decided_at = NULL",
    "UPDATE rankings_appeal SET decided_by_id = {other}",
    "UPDATE rankings_awardnotice SET person_id = {other} WHERE id = (SELECT MIN(id) FROM rankings_awardnotice)",
    "UPDATE rankings_awardnotice SET number = 'X'  WHERE id = (SELECT MIN(id) FROM rankings_awardnotice)",
    "DELETE FROM rankings_awardnotice",
    "UPDATE rankings_promotionnote SET text = '改'",
    "UPDATE rankings_promotionnote SET person_id = {other} WHERE id = (SELECT MIN(id) FROM rankings_promotionnote)",
    "DELETE FROM rankings_promotionnote",
]


@pytest.mark.usefixtures("_plain_papers")
def test_verify_ledger_names_every_edit_of_a_settlement(cast, settlement, later):
    kits.decided(cast, kits.appealed(settlement, cast.verifier), "upheld")
    done = kits.approve(cast, settlement, later)
    award_notices.issue_notices(done)
    assert kits.told([settlements_match]) == []
    missed = [each for each in SETTLED if not kits.edited(each, [settlements_match], other=cast.archivist.pk)]
    assert missed == []


def test_verify_ledger_names_a_forged_promotion_note_and_an_edited_withdrawal(cast, settlement):
    settling.withdraw(actor=cast.quality_office, settlement=settlement, turn=0, reason="金额核对有误")
    assert kits.told([settlements_match]) == []
    for each in (
        "UPDATE rankings_settlement SET withdrawal = '改'",
        "UPDATE rankings_settlement SET withdrawn_by_id = {other}",
    ):
        assert kits.edited(each, [settlements_match], other=cast.archivist.pk), each
    PromotionNote.objects.create(person=cast.outsider, ranking=settlement.ranking, text="第一名")
    assert kits.told([settlements_match])


RANKED = [
    "UPDATE rankings_ranking SET published_at = '2020-01-01 00:00:00+00'",
    "UPDATE rankings_ranking SET published_by_id = {other}",
    "UPDATE rankings_ranking SET frozen_at = '2020-01-01 00:00:00+00'",
    "UPDATE rankings_ranking SET year = 2001",
    "UPDATE rankings_rankingentry SET label = '改'",
    "UPDATE rankings_rankingentry SET evidence = '[]'",
    "UPDATE rankings_correction SET reason = '改'",
    "UPDATE rankings_correction SET grade = '优良'",
    "DELETE FROM rankings_correction",
]


def test_verify_ledger_names_every_edit_of_a_ranking(cast, project, monkeypatch):
    monkeypatch.setattr("rankings.printouts.rankings.ranking_paper", lambda ranking, head: b"%PDF")
    years.inspected(cast, project, "90")
    ranking = years.published(cast)
    corrected(cast.executive, ranking, project.pk, "71")
    assert kits.told([rankings_match]) == []
    missed = [each for each in RANKED if not kits.edited(each, [rankings_match], other=cast.archivist.pk)]
    assert missed == []


KEPT = [
    "UPDATE rankings_attendance SET person_id = {other}",
    "UPDATE rankings_attendance SET count = 9",
    "UPDATE rankings_attendance SET recorded_by_id = {other}",
    "UPDATE rankings_attendance SET withdrawn_by_id = {other}",
    "UPDATE rankings_attendance SET withdrawal = '改'",
    "DELETE FROM rankings_attendance",
    "UPDATE rankings_amount SET amount = 5 WHERE policy_id = {first}",
    "UPDATE rankings_amount SET amount = 5 WHERE policy_id = {second}",
    "UPDATE rankings_teamshare SET percent = 5 WHERE policy_id = {second}",
    "UPDATE rankings_target SET percent = 5 WHERE policy_id = {second}",
    "UPDATE rankings_policy SET published_by_id = {other} WHERE id = {second}",
    "UPDATE rankings_policy SET version = 9 WHERE id = {second}",
    "UPDATE rankings_policy SET published_at = NULL WHERE id = {second}",
]


def test_verify_ledger_names_every_edit_of_policy_and_attendance(cast):
    row = attendance.record(
        actor=cast.quality_office, person=cast.preparer, rule=policy_kit.rule_of("旷工"),
        happened_on=timezone.localdate() - timedelta(days=1),
    )  # fmt: skip
    attendance.withdraw(actor=cast.quality_office, attendance=row, reason="登记有误")
    first = row.rule.policy_id
    second = policy_kit.put_in_force(cast).pk
    checks = [attendance_matches, policies_match]
    assert kits.told(checks) == []
    values = {"other": cast.archivist.pk, "first": first, "second": second}
    missed = [each for each in KEPT if not kits.edited(each, checks, **values)]
    assert missed == []
