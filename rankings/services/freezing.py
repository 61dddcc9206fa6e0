"""The year's ranking is frozen, published, corrected: each a signed act (§7). What was frozen never changes."""

import json
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from inspections.models import Inspection
from inspections.queries.concluding import of_own_side
from inspections.queries.liability import people_by_post
from ledger.rules import canonical_json
from ledger.services import head, record
from notices.choices import Kind
from notices.services import notify
from printing.papers import keep_paper
from projects.queries import people_for_teams
from rankings import rules
from rankings.choices import PEOPLE_BOARDS, Board
from rankings.handled import AlreadyHandled, done_by
from rankings.models import Correction, Ranking, RankingEntry
from rankings.models.rankings import LONGEST
from rankings.printouts import rankings as papers
from rankings.queries import drafts
from rankings.ranking_digests import LINE, correction_digest, points, ranking_digest
from rankings.rules import Placed
from scoring.rules import FULL_MARK, grade
from staff.choices import Action
from staff.confirmation import Confirmation, require_confirmation
from staff.permissions import require_post

BATCH = 2000
FIRST_YEAR = 2000


def page_of(year: int) -> str:
    return f"/rankings/{year}/"


# ── 冻结 ─────────────────────────────────────────────────────────────────────
@transaction.atomic
def freeze(*, actor, year: int, seen: str, confirmation: Confirmation) -> Ranking:
    """冻结, signed: the ranking of a year as it is now, an immutable snapshot. `seen` is `drafts.digest` of what was shown.

    Raises PermissionDenied; ValidationError for a year to come or without anything to rank; AlreadyHandled when it is frozen
    already, or the figures are not those that were shown."""
    require_post(actor, Action.FREEZE_RANKING)
    require_confirmation(confirmation, actor)
    if not FIRST_YEAR <= year <= timezone.localdate().year:
        raise ValidationError("只能冻结本年度或以前年度的排名。")
    refuse_frozen(year)
    drafted = drafts.draft(year)
    if drafts.digest(drafted) != seen:
        raise AlreadyHandled(
            "数据已变化：排名与您打开本页时不同，请核对最新测算后再冻结。", f"/rankings/draft/?year={year}"
        )
    if not any(drafted.boards.values()):
        raise ValidationError(f"{year} 年度没有可以排名的内容：还没有已关闭的检查，也没有足够的已签发成果。")
    ranking = Ranking(year=year, basis=basis_of(drafted, seen), frozen_by=actor, frozen_at=timezone.now())
    entries = _entries(drafted, ranking)
    ranking.digest = ranking_digest(
        ranking, ([getattr(entry, name) for name in LINE] for entry in sorted(entries, key=_in_order))
    )
    try:
        with transaction.atomic():
            ranking.save(force_insert=True)
    except IntegrityError:
        refuse_frozen(year)
        raise
    RankingEntry.objects.bulk_create(entries, batch_size=BATCH)
    record(actor=actor, action="ranking.freeze", subject=ranking,
           data={"year": year, "digest": ranking.digest, "seen": seen, "lines": len(entries), "at": ranking.frozen_at})  # fmt: skip
    return ranking


def refuse_frozen(year: int) -> None:
    """Raise AlreadyHandled where the year is frozen already."""
    if done := Ranking.objects.filter(year=year).select_related("frozen_by").first():
        raise done_by(done.frozen_by.name, done.frozen_at, f"冻结 {year} 年度排名", page_of(year))


def basis_of(drafted: drafts.Draft, seen: str) -> dict:
    """What a reader needs to compute it again: formulas, tie rules, minimum samples, population."""
    return {
        "population": {"rule": rules.POPULATION, **vars(drafted.population)},
        "policy_version": drafted.least.version,
        "shared": rules.SHARED_PLACES,
        "seen": seen,
        "boards": {
            board.value: {
                "formula": rules.FORMULAS[board], "ties": rules.TIE_RULES[board], "population": rules.POPULATIONS[board], "least": drafted.least.of(board),
                "placed": len(drafted.boards[board]), "excluded": len(drafted.excluded[board]),
            }
            for board in drafted.boards
        },
    }  # fmt: skip


def _in_order(entry: RankingEntry) -> tuple:
    return entry.board, entry.order


def _entries(drafted: drafts.Draft, ranking: Ranking) -> list[RankingEntry]:
    people = drafts.evidence_of_people(drafted.year)
    found = []
    for board in drafted.boards:
        for order, each in enumerate([*drafted.boards[board], *drafted.excluded[board]], start=1):
            found.append(_entry(ranking, board, order, each, people))
    return found


def _entry(ranking: Ranking, board: Board, order: int, each: Placed, people: dict) -> RankingEntry:
    row = each.row
    facts, evidence = dict(row.facts), list(row.evidence)
    if board in PEOPLE_BOARDS:
        behind = people.get((board, row.subject), {"deliverables": [], "findings": []})
        evidence, facts["missed_ids"] = behind["deliverables"], behind["findings"]
        if len(evidence) != row.sample or len(facts["missed_ids"]) != sum(facts["missed"].values()):
            raise AlreadyHandled(
                "数据已变化：冻结时有成果签发或检查出具意见，请重新核对测算。", f"/rankings/draft/?year={ranking.year}"
            )
    return RankingEntry(
        ranking=ranking, board=board.value, order=order, place=each.place, subject_id=row.subject, label=row.label[:200],
        unit_name=row.unit[:60], score=row.score, grade=row.grade, sample=row.sample,
        facts=json.loads(canonical_json(facts)), evidence=evidence, excluded=each.excluded[:200],
    )  # fmt: skip


# ── 公布 ─────────────────────────────────────────────────────────────────────
@transaction.atomic
def publish(*, actor, ranking: Ranking, confirmation: Confirmation) -> Ranking:
    """公布, signed ([S] 年度考评结果在公司内部公布): the paper is rendered and kept once and for all, and everybody who does
    business is told. Raises PermissionDenied; AlreadyHandled when it was published already."""
    require_post(actor, Action.FREEZE_RANKING)
    require_confirmation(confirmation, actor)
    ranking = held(ranking)
    refuse_published(ranking)
    ranking.published_by, ranking.published_at = actor, timezone.now()
    chain_head = head()[1]
    ranking.pdf, ranking.pdf_sha256 = keep_paper("rankings", papers.ranking_paper(ranking, chain_head))
    Ranking.objects.filter(pk=ranking.pk).update(
        published_by=actor, published_at=ranking.published_at, pdf=ranking.pdf, pdf_sha256=ranking.pdf_sha256
    )
    notify(recipients=people_for_teams(), kind=Kind.RESULTS, title=f"{ranking.year} 年度质量检查排名已公布",
           body="可查看各榜名次、得分、依据和并列规则。", url=page_of(ranking.year))  # fmt: skip
    record(actor=actor, action="ranking.publish", subject=ranking,
           data={"year": ranking.year, "digest": ranking.digest, "pdf_sha256": ranking.pdf_sha256, "head": chain_head,
                 "at": ranking.published_at})  # fmt: skip
    return ranking


def refuse_published(ranking: Ranking) -> None:
    """Raise AlreadyHandled where it is published already."""
    if ranking.published_at is not None:
        what = f"公布 {ranking.year} 年度排名"
        raise done_by(ranking.published_by.name, ranking.published_at, what, page_of(ranking.year))


def held(ranking: Ranking) -> Ranking:
    """The ranking as it is now, held until the transaction ends."""
    list(Ranking.objects.select_for_update(no_key=True).filter(pk=ranking.pk).values_list("pk"))
    return Ranking.objects.select_related("frozen_by", "published_by").get(pk=ranking.pk)


# ── 更正 ─────────────────────────────────────────────────────────────────────
@transaction.atomic
def correct(*, actor, entry: RankingEntry, seen: int, score: Decimal | None, reason: str,
            confirmation: Confirmation) -> Correction:  # fmt: skip
    """更正, signed, with its reason: `score` is what counts from now on (None: taken out of the ranking); the grade follows by the
    marks of the inspection that set the score. The frozen figures stay. `seen` is the id of the newest correction that was
    shown (0: none).

    Raises PermissionDenied (`require_corrector`); ValidationError for a score outside 0–100, no change or no reason; AlreadyHandled when somebody has
    corrected the line since."""
    require_corrector(actor, entry.ranking, Board(entry.board))
    require_confirmation(confirmation, actor)
    ranking = held(entry.ranking)
    entry = RankingEntry.objects.get(pk=entry.pk)
    last = entry.corrections.select_related("made_by").order_by("made_at", "pk").last()
    if last is not None and last.pk != seen:
        raise done_by(last.made_by.name, last.made_at, "更正本行", page_of(ranking.year))
    score, reason = _checked(entry, last, score, reason)
    made = Correction(
        entry=entry, score=score, grade=grade_for(entry, score), reason=reason, made_by=actor, made_at=timezone.now()
    )
    made.digest = correction_digest(made, ranking.digest)
    made.save(force_insert=True)
    _tell_corrected(ranking, entry, made, actor)
    record(actor=actor, action="ranking.correct", subject=ranking,
           data={"correction": made.pk, "entry": entry.pk, "board": entry.board, "subject": entry.subject_id,
                 "frozen": points(entry.score), "before": points(last.score if last else entry.score), "score": points(score),
                 "grade": made.grade, "reason": reason, "at": made.made_at, "digest": made.digest})  # fmt: skip
    return made


def has_stake(user, ranking: Ranking, board: Board) -> bool:
    """Whether a place on the board is the user's own: in person, as one of the inspected side of a project or unit of the year.
    Whoever presses another line down lifts the own one."""
    if board in PEOPLE_BOARDS:
        return ranking.entries.filter(board=board, subject_id=user.pk).exists()
    return of_own_side(user, drafts.of_projects(ranking.year)).exists()


def may_correct(user, ranking: Ranking, board: Board) -> bool:
    """Whether `user` may correct lines of the board: 管理层; whoever has a stake in it only where everybody of them has one."""
    if not user.may(Action.FREEZE_RANKING):
        return False
    if not has_stake(user, ranking, board):
        return True
    return all(has_stake(each, ranking, board) for each in people_by_post(Action.FREEZE_RANKING))


def require_corrector(user, ranking: Ranking, board: Board) -> None:
    """Raise PermissionDenied for who may not correct lines of the board."""
    require_post(user, Action.FREEZE_RANKING)
    if not may_correct(user, ranking, board):
        raise PermissionDenied("您本人或您所在的项目、单位在本榜之列，须回避，请由其他管理层人员更正。")


def _checked(entry: RankingEntry, last: Correction | None, score: Decimal | None, reason: str):
    """Score and reason as they are kept. Raises ValidationError."""
    reason = (reason or "").strip()
    if not reason:
        raise ValidationError({"reason": "请填写更正理由。"})
    if len(reason) > LONGEST:
        raise ValidationError({"reason": f"更正理由不超过 {LONGEST} 字。"})
    before = last.score if last else entry.score
    if score is None:
        if before is None:
            raise ValidationError("该行本来就没有列入排名。")
        return None, reason
    score = Decimal(score)
    if not 0 <= score <= FULL_MARK or score != score.quantize(rules.CENT):
        raise ValidationError({"score": "得分为 0 至 100，至多两位小数。"})
    if score == before:
        raise ValidationError({"score": f"得分没有变化，仍为 {points(score)} 分。"})
    return score.quantize(rules.CENT), reason


def grade_for(entry: RankingEntry, score: Decimal | None) -> str:
    """The grade of a corrected score, by the marks of the standard that the line's inspection was scored by; people and what
    is taken out have none."""
    if score is None or entry.board in PEOPLE_BOARDS or not entry.evidence:
        return ""
    setting = (
        Inspection.objects.select_related("standard", "score_sheet__standard").filter(pk=entry.evidence[0]).first()
    )
    if setting is None:
        return ""
    standard = setting.score_sheet.standard if setting.score_sheet_id else setting.standard
    return grade(score, standard.thresholds)


def _tell_corrected(ranking: Ranking, entry: RankingEntry, made: Correction, actor) -> None:
    """Everybody who read the published ranking; before it is published nobody has."""
    if ranking.published_at is None:
        return
    recipients = [each for each in people_for_teams() if each.pk != actor.pk]
    # The name of a project may be secret: it stands on the page, for whoever sees it there.
    notify(recipients=recipients, kind=Kind.RESULTS, title=f"{ranking.year} 年度质量检查排名有更正",
           body=f"{entry.get_board_display()}榜有一行更正，理由和更正后的名次见页面。",
           url=f"{page_of(ranking.year)}?board={entry.board}")  # fmt: skip
