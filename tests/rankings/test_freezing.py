"""冻结、公布、更正: signed, on record, and nothing that happens later alters a frozen figure."""

import random
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from django.utils import timezone

from inspections.choices import State
from inspections.models import Inspection
from ledger.models import Entry
from notices.models import Notice
from rankings.choices import Board
from rankings.handled import AlreadyHandled
from rankings.models import Correction, Ranking, RankingEntry
from rankings.printouts import rankings as papers
from rankings.queries import drafts, frozen
from rankings.ranking_verification import rankings_match
from rankings.services import freezing
from tests.conftest import _project_of_cast, guards_lifted
from tests.inspections import kit
from tests.rankings import years
from tests.rankings.years import YEAR
from tests.reviews.flow import confirmed

pytestmark = pytest.mark.django_db


@pytest.fixture
def _plain_paper(monkeypatch):
    """The paper is not the subject."""
    monkeypatch.setattr(papers, "ranking_paper", lambda ranking, head: f"%PDF {ranking.year}".encode())


@pytest.fixture
def year(cast, project, other_project):
    """Three projects: 90, 70 and 70 with a weaker criterion; one more that is not closed."""
    third = _project_of_cast(cast, "2026-003", name="城东学校")
    open_one = _project_of_cast(cast, "2026-004", name="城西医院")
    years.inspected(cast, project, "90")
    years.inspected(cast, third, "70")
    years.inspected(cast, other_project, "70", lowest_share=Decimal(30))
    years.inspected(cast, open_one, "88", state=State.RECTIFYING, was_on_time=None)
    return project, third, other_project, open_one


def rows() -> list[tuple]:
    """Every frozen figure."""
    return list(RankingEntry.objects.order_by("pk").values_list()) + list(
        Ranking.objects.values_list("year", "basis", "frozen_by", "frozen_at", "digest")
    )


def correct(cast, entry, score, *, seen=0, reason="申诉成立，复核后改分"):
    boss = cast.executive
    score = None if score is None else Decimal(score)
    return freezing.correct(
        actor=boss, entry=entry, seen=seen, score=score, reason=reason, confirmation=confirmed(boss)
    )


def line(ranking, project, board=Board.PROJECT) -> RankingEntry:
    return ranking.entries.get(board=board, subject_id=project.pk)


def test_frozen_ranking_says_what_the_draft_said(cast, year):
    drafted = drafts.draft(YEAR)
    ranking = years.frozen(cast)
    stored = ranking.entries.filter(board=Board.PROJECT).values_list("place", "label", "score", "sample", "excluded")
    expected = [*drafted.boards[Board.PROJECT], *drafted.excluded[Board.PROJECT]]
    assert list(stored) == [(each.place, each.label, each.score, each.sample, each.excluded) for each in expected]
    assert [row[0] for row in stored] == [1, 2, 3, None]
    assert ranking.basis["population"]["counted"] == 3
    assert ranking.basis["boards"]["project"]["formula"].startswith("得分 =")
    entry = Entry.objects.get(action="ranking.freeze")
    assert ranking.digest in entry.data
    assert list(rankings_match()) == []


def test_freezing_wants_the_right_the_password_and_a_year_that_has_begun(cast, year):
    seen = drafts.digest(drafts.draft(YEAR))
    with pytest.raises(PermissionDenied):
        freezing.freeze(actor=cast.quality_office, year=YEAR, seen=seen, confirmation=confirmed(cast.quality_office))
    with pytest.raises(PermissionDenied):
        freezing.freeze(actor=cast.executive, year=YEAR, seen=seen, confirmation=confirmed(cast.quality_office))
    with pytest.raises(ValidationError, match="本年度或以前年度"):
        freezing.freeze(actor=cast.executive, year=YEAR + 1, seen=seen, confirmation=confirmed(cast.executive))
    with pytest.raises(ValidationError, match="没有可以排名的内容"):
        years.frozen(cast, YEAR - 5)
    assert not Ranking.objects.exists()


def test_freezing_is_refused_when_the_figures_are_not_those_that_were_shown(cast, year):
    seen = drafts.digest(drafts.draft(YEAR))
    Inspection.objects.filter(state=State.RECTIFYING).update(
        state=State.CLOSED, closed_at=timezone.now(), was_on_time=True
    )
    with pytest.raises(AlreadyHandled, match="数据已变化"):
        freezing.freeze(actor=cast.executive, year=YEAR, seen=seen, confirmation=confirmed(cast.executive))


def test_a_year_is_frozen_once(cast, year):
    years.frozen(cast)
    with pytest.raises(AlreadyHandled, match=f"冻结 {YEAR} 年度排名"):
        years.frozen(cast)


def test_frozen_rows_are_refused_any_change_by_the_database(cast, year):
    ranking = years.frozen(cast)
    for change in (
        lambda: ranking.entries.update(score=99),
        lambda: ranking.entries.all().delete(),
        lambda: Ranking.objects.update(digest="0" * 64),
        lambda: Ranking.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def later_acts(cast, year, ranking):
    """What may happen after the freeze, each as a function."""
    first, third, other, open_one = year
    seen = iter(range(100))
    return [
        lambda: years.inspected(cast, first, "12"),
        lambda: Inspection.objects.filter(project=open_one).update(
            state=State.CLOSED, closed_at=timezone.now(), was_on_time=False
        ),
        lambda: type(first).objects.filter(pk=third.pk).update(name="改名后的项目", unit=cast.zj2),
        lambda: type(cast.zj1).objects.filter(pk=cast.zj1.pk).update(name=f"改名的单位{next(seen)}"),
        lambda: type(cast.checker).objects.update(name="改名的人"),
        lambda: kit.finding(years.inspected(cast, other, "40"), severity="major"),
        lambda: correct(cast, line(ranking, third), f"9{next(seen) % 10}.5", seen=newest(line(ranking, third))),
        lambda: ranking.published_at or freezing.publish(
            actor=cast.executive, ranking=ranking, confirmation=confirmed(cast.executive)
        ),
    ]  # fmt: skip


def newest(entry) -> int:
    return max(entry.corrections.values_list("pk", flat=True), default=0)


@pytest.mark.usefixtures("_plain_paper")
@pytest.mark.parametrize("seed", range(4))
def test_nothing_that_happens_later_alters_a_frozen_figure(cast, year, seed):
    ranking = years.frozen(cast)
    before, dice = rows(), random.Random(seed)
    acts = later_acts(cast, year, ranking)
    for act in dice.sample(acts, k=len(acts)):
        act()
        assert rows() == before
    assert [each.place for each in frozen.standing(ranking, Board.PROJECT)] == [1, 2, 3, None]
    assert list(rankings_match()) == []


# ── 公布 ─────────────────────────────────────────────────────────────────────
@pytest.mark.usefixtures("_plain_paper")
def test_publication_tells_everybody_who_does_business_once(cast, year):
    ranking = years.published(cast)
    told = set(Notice.objects.filter(kind="results").values_list("recipient__name", flat=True))
    assert {"编制人", "局外人", "管理层", "质量办"} <= told
    assert not {"管理员", "审计员", "离职人"} & told
    with default_storage.open(ranking.pdf) as file:
        assert file.read() == f"%PDF {YEAR}".encode()
    with pytest.raises(AlreadyHandled, match="公布"):
        freezing.publish(actor=cast.executive, ranking=ranking, confirmation=confirmed(cast.executive))
    assert Notice.objects.filter(kind="results").count() == len(told)
    assert list(rankings_match()) == []


@pytest.mark.usefixtures("_plain_paper")
def test_ranking_is_for_who_reads_drafts_until_it_is_published(cast, year):
    ranking = years.frozen(cast)
    readers = [cast.executive, cast.quality_office, cast.chief_engineer]
    everybody = [*readers, cast.preparer, cast.approver, cast.outsider, cast.archivist]
    for user in everybody:
        assert Ranking.objects.visible_to(user).exists() == (user in readers)
    freezing.publish(actor=cast.executive, ranking=ranking, confirmation=confirmed(cast.executive))
    for user in everybody:
        assert Ranking.objects.visible_to(user).exists()
    for user in (cast.administrator, cast.auditor, cast.disabled):
        assert not Ranking.objects.visible_to(user).exists()


def test_paper_names_no_secret_project_and_has_every_board(cast, year):
    first = year[0]
    type(first).objects.filter(pk=first.pk).update(confidentiality="secret", name="代号七号")
    ranking = years.frozen(cast)
    ranking.published_by, ranking.published_at = cast.executive, timezone.now()
    paper = papers.build(ranking, "f" * 64)
    assert [board.title for board in paper.boards][:3] == ["项目排名", "单位排名", "个人排名：编制人"]
    assert "代号七号" not in str(paper)
    assert (len(paper.told), paper.empty_words) == (2, "个人排名：编制人、校核人、复核人、审核人")
    assert paper.boards[0].lines[0].name == "（秘密项目）"
    assert paper.boards[0].excluded[0][0] == "城西医院"
    assert papers.ranking_paper(ranking, "f" * 64).startswith(b"%PDF")


# ── 更正 ─────────────────────────────────────────────────────────────────────
def test_correction_stands_beside_and_moves_the_places_that_follow(cast, year):
    first, third, other, open_one = year
    ranking = years.frozen(cast)
    made = correct(cast, line(ranking, other), "95")
    assert made.grade == "优良"
    now = {each.subject: each for each in frozen.standing(ranking, Board.PROJECT)}
    assert (now[other.pk].place, now[other.pk].place_now) == (3, 1)
    assert (now[other.pk].score, now[other.pk].score_now) == (Decimal(70), Decimal(95))
    assert (now[first.pk].place_now, now[third.pk].place_now) == (2, 3)
    out = correct(cast, line(ranking, first), None, reason="评分表作废")
    now = {each.subject: each for each in frozen.standing(ranking, Board.PROJECT)}
    assert (now[first.pk].place, now[first.pk].place_now) == (1, None)
    assert (now[other.pk].place_now, now[third.pk].place_now) == (1, 2)
    assert out.grade == ""
    correct(cast, line(ranking, open_one), "88", reason="整改已关闭，补列")
    now = {each.subject: each for each in frozen.standing(ranking, Board.PROJECT)}
    assert (now[open_one.pk].place, now[open_one.pk].place_now, now[open_one.pk].grade_now) == (None, 2, "优良")
    assert list(rankings_match()) == []


def test_correction_of_a_correction_counts_and_a_stale_page_is_told(cast, year):
    ranking = years.frozen(cast)
    entry = line(ranking, year[0])
    made = correct(cast, entry, "80")
    with pytest.raises(AlreadyHandled, match="更正本行"):
        correct(cast, entry, "81")
    correct(cast, entry, "81", seen=made.pk)
    (found,) = [each for each in frozen.standing(ranking, Board.PROJECT) if each.corrections and each.place]
    assert [each.score for each in found.corrections] == [Decimal(80), Decimal(81)]
    assert found.score_now == Decimal(81)


@pytest.mark.parametrize(
    ("score", "reason", "words"),
    [
        ("101", "有误", "0 至 100"), ("-1", "有误", "0 至 100"), ("70.005", "有误", "两位小数"), ("90", "有误", "没有变化"),
        ("80", " ", "更正理由"),
    ],
)  # fmt: skip
def test_correction_without_reason_change_or_sense_is_refused(cast, year, score, reason, words):
    ranking = years.frozen(cast)
    with pytest.raises(ValidationError, match=words):
        correct(cast, line(ranking, year[0]), score, reason=reason)
    with pytest.raises(ValidationError, match="没有列入"):
        correct(cast, line(ranking, year[3]), None)
    assert not Correction.objects.exists()


@pytest.mark.usefixtures("_plain_paper")
def test_correction_of_a_published_ranking_is_told_to_all_and_of_a_frozen_one_to_nobody(cast, year):
    ranking = years.frozen(cast)
    first = correct(cast, line(ranking, year[0]), "80")
    assert not Notice.objects.exists()
    freezing.publish(actor=cast.executive, ranking=ranking, confirmation=confirmed(cast.executive))
    correct(cast, line(ranking, year[0]), "81", seen=first.pk)
    assert Notice.objects.filter(title__contains="有更正", recipient=cast.outsider).count() == 1
    with pytest.raises(PermissionDenied):
        freezing.correct(
            actor=cast.quality_office, entry=line(ranking, year[0]), seen=0, score=None, reason="无权",
            confirmation=confirmed(cast.quality_office),
        )  # fmt: skip


# ── What verify_ledger says ─────────────────────────────────────────────────
@pytest.mark.usefixtures("_plain_paper")
def test_what_was_edited_behind_the_back_is_named(cast, year):
    from django.db import connection

    ranking = years.published(cast)
    made = correct(cast, line(ranking, year[0]), "80")
    with guards_lifted(connection):
        ranking.entries.filter(pk=line(ranking, year[1]).pk).update(score=Decimal(99))
        Correction.objects.filter(pk=made.pk).update(reason="另一个理由")
    default_storage.delete(ranking.pdf)
    found = list(rankings_match())
    assert f"{YEAR} 年度排名的冻结内容与其摘要不符（内容被改动）" in found
    assert f"排名更正 {made.pk}的内容与其摘要不符（内容被改动）" in found
    assert f"{YEAR} 年度排名的公布文件缺失，或与公布时的哈希不符" in found
    assert len(found) == 3
