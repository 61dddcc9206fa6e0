"""年度质量检查排名: the published paper ([S] 年度考评结果在公司内部公布). Every board with its formula, minimum sample and tie rule,
who stands where and on what figures, who is not ranked and why, the corrections so far, who signed it and when."""

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from printing import pdf
from rankings import columns, rules
from rankings.choices import Board
from rankings.models import Ranking
from rankings.queries.frozen import Line, standing
from rankings.queries.secrecy import hide_secrets
from reviews.printouts.parts import Grid, Signed, date_words, signature_image, time_words

TITLE = "年度质量检查排名"
CSS = ("css/print_review.css", "css/print_ranking.css")
PEOPLE = "个人排名："
GROUPS = {Board.PROJECT: "项目排名", Board.UNIT: "单位排名"}


@dataclass(frozen=True)
class PaperLine:
    place: str
    name: str
    unit: str
    score: str
    grade: str
    is_serious: bool
    cells: list[tuple[str, bool]]
    note: str


@dataclass(frozen=True)
class PaperBoard:
    title: str
    kind: str
    subject: str
    formula: str
    ties: str
    least: str
    columns: list[columns.Column]
    lines: list[PaperLine]
    excluded: list[tuple[str, str, str]]

    @property
    def is_empty(self) -> bool:
        """Whether nobody is ranked and nobody left out."""
        return not self.lines and not self.excluded


@dataclass(frozen=True)
class RankingPaper:
    firm: str
    title: str
    number: str
    frozen: str
    facts: Grid
    population: str
    shared: str
    boards: list[PaperBoard]
    corrections: list[tuple[str, str, str, str, str]]
    frozen_sign: Signed
    published_sign: Signed
    digest: str
    head: str

    @property
    def told(self) -> list[PaperBoard]:
        """The boards that have something to tell; the others share a line."""
        return [board for board in self.boards if not board.is_empty]

    @property
    def empty_words(self) -> str:
        """The boards without anybody, in one heading: 单位排名、个人排名：编制人、校核人."""
        titles = [board.title for board in self.boards if board.is_empty]
        own = [title for title in titles if not title.startswith(PEOPLE)]
        people = "、".join(title.removeprefix(PEOPLE) for title in titles if title.startswith(PEOPLE))
        return "、".join([*own, *([PEOPLE + people] if people else [])])

    @property
    def images(self) -> list[str]:
        return [signed.image for signed in (self.frozen_sign, self.published_sign) if signed.image]


def ranking_paper(ranking: Ranking, chain_head: str, *, draft: bool = False) -> bytes:
    """The paper as a PDF. `ranking` is the one that is being published: who and when are set, and need not be stored yet."""
    paper = build(ranking, chain_head)
    return pdf.render(
        "rankings/print/ranking.html", {"paper": paper}, title=f"{ranking.year} {TITLE}", created_at=ranking.published_at,
        draft=draft, stylesheets=CSS, images=paper.images,
    )  # fmt: skip


def build(ranking: Ranking, chain_head: str) -> RankingPaper:
    """Everything that the paper says. Two queries for each board, and the names of secret projects are left out."""
    found = {board: standing(ranking, board) for board in Board}
    for board, lines in found.items():
        hide_secrets(board, lines)
    return RankingPaper(
        firm=settings.FIRM_NAME,
        title=f"{ranking.year} {TITLE}",
        number=f"{ranking.year} 年度",
        frozen=date_words(timezone.localdate(ranking.frozen_at)),
        facts=_facts(ranking),
        population=ranking.basis["population"]["rule"],
        shared=ranking.basis["shared"],
        boards=[_board(ranking, board, lines) for board, lines in found.items()],
        corrections=[row for board, lines in found.items() for line in lines for row in _corrections(board, line)],
        frozen_sign=_signed(ranking.frozen_by, ranking.frozen_at, ranking.digest),
        published_sign=_signed(ranking.published_by, ranking.published_at, ranking.digest),
        digest=ranking.digest,
        head=chain_head,
    )


def _facts(ranking: Ranking) -> Grid:
    population = ranking.basis["population"]
    version = ranking.basis["policy_version"]
    left_out = (
        f"整改未关闭 {population['not_closed']} 次、未出具书面意见 {population['not_concluded']} 次、"
        f"已撤销 {population['cancelled']} 次、对单位本身 {population['of_units']} 次"
    )
    return [
        [("所属年度", f"{ranking.year} 年"), ("冻结时间", time_words(ranking.frozen_at))],
        [("计入检查", f"{population['counted']} 次"), ("奖惩标准", f"第 {version} 版" if version else "未发布")],
        [("未计入检查", left_out)],
    ]


def _board(ranking: Ranking, board: Board, lines: list[Line]) -> PaperBoard:
    basis = ranking.basis["boards"][board.value]
    is_person = board not in GROUPS
    return PaperBoard(
        title=GROUPS.get(board, f"{PEOPLE}{board.label}"), kind="person" if is_person else board.value,
        subject=columns.SUBJECT[board], formula=basis["formula"], ties=basis["ties"],
        least=rules.sample_rule(board, basis["least"]), columns=_columns(board),
        lines=[_line(board, line) for line in lines if line.place is not None],
        excluded=[(line.label, line.unit_name if line.unit_name != line.label else "", line.excluded)
                  for line in lines if line.place is None],
    )  # fmt: skip


# What would not fit on paper stands on the page.
_NOT_ON_PAPER = (columns.SET_BY,)


def _columns(board: Board) -> list[columns.Column]:
    return [column for column in columns.COLUMNS[board] if column.is_shown and column.title not in _NOT_ON_PAPER]


def _line(board: Board, line: Line) -> PaperLine:
    named = columns.shown(board, line)
    cells = [(_text(value), column.is_figure) for column, value in named if column.title not in _NOT_ON_PAPER]
    note = ""
    if made := line.correction:
        note = f"已更正：{'不列入' if made.score is None else f'{made.score} 分 {made.grade}'}"
    return PaperLine(
        str(line.place),
        line.label,
        line.unit_name,
        f"{line.score:.2f}",
        line.grade,
        bool(line.facts.get("serious")),
        cells,
        note,
    )


def _text(value) -> str:
    return "无数据" if value is None else str(value)


def _corrections(board: Board, line: Line):
    for made in line.corrections:
        now = "不列入排名" if made.score is None else f"{made.score} {made.grade}".strip()
        before = "—" if line.score is None else f"{line.score:.2f}"
        signed = f"{made.made_by.name} {time_words(made.made_at)}"
        # The reason may name what is secret; it stands on the page.
        reason = "见系统页面" if line.is_hidden else made.reason
        yield f"{board.label} · {line.label}", before, now, reason, signed


def _signed(signer, at, digest: str) -> Signed:
    certificate = signer.certificates.valid(timezone.localdate(at)).first()
    return Signed(
        name=signer.name, certificate=str(certificate) if certificate else "",
        image=signature_image(signer.signature_image.name or ""), at=time_words(at), digest=digest,
    )  # fmt: skip
