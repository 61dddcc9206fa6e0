"""个人奖惩档案: what is final stands there and nothing before, for the person and who reads settlements alone, the same on paper."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone

from rankings.choices import Board
from rankings.models import AwardNotice, Correction, Ranking, RankingEntry
from rankings.printouts.records import build, record_paper
from rankings.queries import records
from rankings.services import award_notices, settling
from tests.rankings import awards_kit as kits
from tests.rankings import years

pytestmark = pytest.mark.django_db
LIST = "/awards/people/"


@pytest.fixture
def later(monkeypatch):
    def go(instant):
        monkeypatch.setattr(timezone, "now", lambda: instant)

    return go


@pytest.fixture(autouse=True)
def _plain_notices(monkeypatch):
    monkeypatch.setattr(award_notices, "notice_paper", lambda notice: b"%PDF-1.7")


@pytest.fixture
def ranking(cast, project, other_project):
    return kits.frozen(cast, (project, 90), (other_project, 55))


@pytest.fixture
def settlement(cast, ranking):
    """Posted: a reward each for 编制人, 校核人, 复核人, a penalty for 局外人."""
    kits.policy()
    return kits.proposed(cast, ranking)


def page_of(person) -> str:
    return reverse("rankings:person_record", args=[person.pk])


def pdf_of(person) -> str:
    return reverse("rankings:person_record_pdf", args=[person.pk])


def shown(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()[:1000]
    return answer.content.decode()


def board(ranking, *rows, board=Board.CHECKER) -> dict[int, RankingEntry]:
    """A people's board: (person, score) or (person, None) for whoever is not ranked, in the order of the places."""
    found = {}
    for order, (person, score) in enumerate(rows, start=1):
        entry = RankingEntry.objects.create(
            ranking=ranking, board=board, order=order, place=order if score else None, subject_id=person.pk,
            label=person.name, unit_name="造价一所", score=None if score is None else Decimal(score), sample=8,
            excluded="" if score else "签署少于 3 份",
        )  # fmt: skip
        found[person.pk] = entry
    return found


def publish(cast, ranking):
    Ranking.objects.filter(pk=ranking.pk).update(
        published_at=timezone.now(), published_by=cast.executive, pdf="x.pdf", pdf_sha256="0" * 64
    )


def correct(cast, entry, score, reason="申诉成立"):
    return Correction.objects.create(
        entry=entry,
        score=None if score is None else Decimal(score),
        reason=reason,
        made_by=cast.executive,
        digest="0" * 64,
    )


# ── Only what is final ──────────────────────────────────────────────────────
def test_what_is_posted_withdrawn_or_frozen_stands_on_no_record(cast, ranking, settlement, log_in):
    board(ranking, (cast.checker, "95"))
    kits.appealed(settlement, cast.outsider)
    for reader in (cast.quality_office, cast.executive, cast.outsider):
        found = shown(log_in(reader), page_of(cast.outsider))
        assert "没有记录" in found
        assert "1,000.00" not in found
    assert "没有记录" in shown(log_in(cast.checker), page_of(cast.checker))
    assert "还没有奖惩档案" in shown(log_in(cast.executive), LIST)
    settling.withdraw(actor=cast.quality_office, settlement=settlement, turn=settlement.turn, reason="有误")
    assert "没有记录" in shown(log_in(cast.executive), page_of(cast.outsider))
    assert records.record_of(cast.outsider).years == []


def test_an_approved_settlement_stands_there_with_reason_notice_and_appeal(cast, settlement, log_in, later):
    kits.decided(cast, kits.appealed(settlement, cast.outsider), "changed", "400")
    kits.approve(cast, settlement, later)
    client = log_in(cast.executive)
    before = shown(client, page_of(cast.outsider))
    assert "通知书生成中" in before
    award_notices.issue_notices(settlement)
    found = shown(client, page_of(cast.outsider))
    notice = AwardNotice.objects.get(person=cast.outsider)
    award = kits.award_of(settlement, cast.outsider)
    for words in (
        award.text, award.url, "−400.00", "公示 1,000.00", "申诉：变更金额", "已核查。", notice.number,
        reverse("rankings:award_notice", args=[notice.pk]), reverse("rankings:appeal", args=[award.appeal.pk]),
    ):  # fmt: skip
        assert words in found, words
    assert "晋升参考业绩</h3>" not in found
    rewarded = shown(client, page_of(cast.verifier))
    assert "晋升参考业绩</h3>" in rewarded
    assert "任项目经理" in rewarded
    assert "+4,000.00" in rewarded


def test_a_record_adds_up_over_the_years_and_counts_what_an_appeal_left(
    cast, settlement, project, other_project, later, log_in
):
    kits.decided(cast, kits.appealed(settlement, cast.verifier), "revoked")
    kits.decided(cast, kits.appealed(settlement, cast.outsider), "changed", "0")
    kits.approve(cast, settlement, later)
    year = settlement.ranking.year
    second = kits.proposed(cast, kits.frozen(cast, (project, 92), (other_project, 50), year=year - 1))
    kits.approve(cast, second, later)
    found = records.record_of(cast.verifier)
    assert [each.year for each in found.years] == [year, year - 1]
    assert (found.rewards, found.penalties, found.notes) == (1, 0, 1)
    assert found.sum.rewards == found.years[1].sum.net == 4000
    assert found.years[0].sum.net == 0
    assert records.record_of(cast.outsider).penalties == 1
    # The list, counted by the database, says the same of everybody.
    listed = list(records.people_on_record())
    assert {each.pk for each in listed} == {
        each.pk for each in (cast.preparer, cast.checker, cast.verifier, cast.outsider)
    }
    for person in listed:
        own = records.record_of(person)
        assert (person.rewards, person.penalties, person.notes) == (own.rewards, own.penalties, own.notes)
        assert person.latest == year
    client = log_in(cast.quality_office)
    asked = {"holds=penalties": {cast.outsider}, "holds=notes&q=" + cast.verifier.employee_number: {cast.verifier},
             "q=" + cast.outsider.name: {cast.outsider}, "unit=" + str(cast.outsider.unit_id): {cast.outsider}}  # fmt: skip
    for query, people in asked.items():
        assert set(client.get(f"{LIST}?{query}").context["page"].object_list) == people, query
    for sort in ("rewards", "-penalties", "notes", "unit"):
        assert len(client.get(f"{LIST}?sort={sort}").context["page"].object_list) == 4


# ── Places ──────────────────────────────────────────────────────────────────
def test_places_of_published_boards_with_what_became_of_them(cast, ranking, log_in):
    lines = board(ranking, (cast.checker, "95"), (cast.verifier, "93"), (cast.preparer, "91"), (cast.outsider, None))
    own = board(ranking, (cast.verifier, "80.50"), board=Board.VERIFIER)
    publish(cast, ranking)
    first, second = records.places_of(cast.verifier.pk)
    assert (first.board, first.place, first.ranked, first.score, first.sample) == (Board.CHECKER, 2, 3, 93, 8)
    assert (second.board, second.entry, second.corrected) == (Board.VERIFIER, own[cast.verifier.pk].pk, None)
    (left_out,) = records.places_of(cast.outsider.pk)
    assert (left_out.place, left_out.excluded) == (None, "签署少于 3 份")
    assert "签署少于 3 份" in shown(log_in(cast.executive), page_of(cast.outsider))
    correct(cast, lines[cast.preparer.pk], "99", "漏检一条不成立")
    moved = records.places_of(cast.verifier.pk)[0]
    assert (moved.place, moved.place_now, moved.corrected.correction) == (2, 3, None)
    mended = records.places_of(cast.preparer.pk)[0]
    assert (mended.place, mended.place_now, mended.corrected.score_now) == (3, 1, 99)
    assert records.record_of(cast.preparer).best.place_now == 1
    assert records.places_of(cast.outsider.pk)[0].corrected is None
    found = shown(log_in(cast.quality_office), page_of(cast.preparer))
    assert "更正后第 1 名" in found
    assert "漏检一条不成立" in found
    correct(cast, lines[cast.checker.pk], None)
    assert records.places_of(cast.checker.pk)[0].place_now is None
    assert "不再列入" in shown(log_in(cast.checker), page_of(cast.checker))


def test_the_board_leads_to_the_record_for_whoever_may_open_it(cast, project, log_in):
    years.issued(cast, project)
    years.inspected(cast, project, "90")
    entry = years.published(cast).entries.get(board=Board.CHECKER, subject_id=cast.checker.pk)
    address = reverse("rankings:ranking_row", args=[years.YEAR, entry.pk])
    link = f'href="{page_of(cast.checker)}"'
    for person, may in (
        (cast.executive, True),
        (cast.checker, True),
        (cast.verifier, False),
        (cast.chief_engineer, False),
    ):
        assert (link in shown(log_in(person), address)) == may, person
    # The number of a project is no person's.
    other = entry.ranking.entries.get(board=Board.PROJECT)
    address = reverse("rankings:ranking_row", args=[years.YEAR, other.pk])
    assert "/awards/people/" not in shown(log_in(cast.executive), address)


def test_the_pages_of_the_settlement_lead_to_the_record(cast, settlement, log_in, later):
    kits.approve(cast, settlement, later)
    client = log_in(cast.executive)
    link = f'href="{page_of(cast.verifier)}"'
    for address in (
        reverse("rankings:settlement", args=[settlement.ranking.year]),
        "/settlements/promotion-notes/",
        LIST,
    ):
        assert link in shown(client, address), address
    menu = client.get(LIST).context["shell"].menu
    assert [each.title for each in menu if each.is_active] == ["奖惩结算"]
    assert link in shown(log_in(cast.verifier), "/awards/mine/")


# ── Who ─────────────────────────────────────────────────────────────────────
def test_nobody_else_knows_of_a_record(cast, settlement, log_in, later, monkeypatch):
    monkeypatch.setattr("rankings.printouts.records.pdf.render", lambda *args, **told: b"%PDF-1.7")
    kits.approve(cast, settlement, later)
    reading = {cast.outsider, cast.executive, cast.quality_office}
    for person in (cast.outsider, cast.executive, cast.quality_office, cast.verifier, cast.approver, cast.chief_engineer,
                   cast.archivist, cast.auditor, cast.administrator):  # fmt: skip
        client = log_in(person)
        expected = 200 if person in reading else 404
        for address in (page_of(cast.outsider), pdf_of(cast.outsider)):
            answer = client.get(address)
            assert answer.status_code == expected, (person, address)
            if expected == 200:
                assert "no-store" in answer["Cache-Control"]
        assert client.get(LIST).status_code == (200 if person in reading - {cast.outsider} else 403), person
    for person in (cast.auditor, cast.administrator):
        assert log_in(person).get(page_of(person)).status_code == 404
    assert not records.may_open(SimpleNamespace(is_active=False), cast.outsider.pk)


# ── Cost ────────────────────────────────────────────────────────────────────
def test_a_long_record_and_a_long_list_cost_the_same_queries(
    cast, ranking, settlement, project, other_project, log_in, count_queries, later
):
    board(ranking, (cast.verifier, "93"))
    publish(cast, ranking)
    kits.approve(cast, settlement, later)
    award_notices.issue_notices(settlement)
    log_in(cast.executive)
    count_queries(LIST)  # what is read once a session
    record, people = count_queries(page_of(cast.verifier)), count_queries(LIST)
    for before in (1, 2, 3):
        more = kits.frozen(cast, (project, 91), (other_project, 50), year=ranking.year - before)
        board(more, (cast.verifier, "93"), (cast.expert1, "90"), (cast.approver, "88"))
        board(more, (cast.verifier, "80"), board=Board.VERIFIER)
        publish(cast, more)
        posted = kits.proposed(cast, more)
        kits.approve(cast, posted, later)
        award_notices.issue_notices(posted)
    log_in(cast.executive)
    count_queries(LIST)
    assert count_queries(page_of(cast.verifier)) == record
    assert count_queries(LIST) == people
    assert len(records.record_of(cast.verifier).years) == 4


# ── Paper ───────────────────────────────────────────────────────────────────
def test_the_paper_says_what_the_page_says_and_who_printed_it(cast, ranking, settlement, later, log_in):
    lines = board(ranking, (cast.checker, "95"), (cast.verifier, "93"))
    publish(cast, ranking)
    correct(cast, lines[cast.verifier.pk], "96")
    kits.decided(cast, kits.appealed(settlement, cast.verifier), "changed", "4500")
    kits.approve(cast, settlement, later)
    award_notices.issue_notices(settlement)
    found = records.record_of(cast.verifier)
    paper = build(found, by=cast.quality_office, at=timezone.now())
    assert paper.printed.startswith("打印：质量办")
    assert paper.facts[-1][0] == ("奖　励", "1 项，4,500.00 元")
    (year,) = paper.years
    assert (year.places[0].place, year.places[0].note) == ("第 2 名 / 2 人", "更正后 96.00 分，第 1 名：申诉成立")
    assert year.awards[0].final == year.net == "+4,500.00"
    assert year.awards[0].appeal == "申诉：变更金额，公示金额 4,000.00 元。处理意见：已核查。"
    assert AwardNotice.objects.get(person=cast.verifier).number in year.approval
    assert "任项目经理" in year.notes[0]
    moved = build(records.record_of(cast.checker), by=cast.checker, at=timezone.now()).years[0].places[0]
    assert moved.note == "他行更正后第 2 名"
    assert record_paper(found, by=cast.quality_office, at=timezone.now()).startswith(b"%PDF-")
    answer = log_in(cast.verifier).get(pdf_of(cast.verifier))
    assert answer.content.startswith(b"%PDF-")
    assert answer["Content-Disposition"].startswith("attachment")


def test_the_list_of_records_is_that_of_the_unit_below_too(cast, settlement, later, log_in):
    kits.approve(cast, settlement, later)
    root = cast.outsider.unit.parent
    assert root is not None
    rows = log_in(cast.executive).get(f"{LIST}?unit={root.pk}").context["page"].object_list
    assert cast.outsider in rows
    assert len(rows) == 4
