"""审签习惯提示: long runs without a remark, and signatures soon after the receipt. A hint to look, never a judgement."""

from collections import Counter, defaultdict

from django.db.models import Count

from dashboards.board import links
from dashboards.board.rules import (
    LEAST_QUICK,
    LEAST_SIGNED,
    LONG_RUN,
    QUICK_MINUTES,
    is_quick,
    longest_run,
    percent,
)
from dashboards.board.signed import Figures, Signed
from dashboards.board.values import Chart, Column, Form, Plot, Row, Series, Unit
from projects.models import Attachment
from reviews.choices import RemarkState
from reviews.models import Remark, Signature
from staff.models import User

FORMULA = (
    f"本年度签署不少于 {LEAST_SIGNED} 份，且连续 {LONG_RUN} 份以上未提出意见，或有 {LEAST_QUICK} 份以上自上一级签署至本级签署的全部时间"
    f"不足每个文件 {QUICK_MINUTES} 分钟的，列在这里。按签署时间先后计算连续份数；评审专家的意见一并计入。"
)
# A large firm has hundreds: so many stand on the page, the drawing has half of them.
MOST_SHOWN = 30
MOST_DRAWN = 15
CARE = "供了解情况，不作为评价依据：未提出意见也可能是成果质量好，签署前的准备工作不在系统中。"
COLUMNS = (
    Column("人员", Unit.TEXT), Column("单位", Unit.TEXT), Column("签署"), Column("提出过意见"), Column("最长连续未提意见"), Column("快速签署"),
    Column("快速签署占比（%）", Unit.PERCENT),
)  # fmt: skip


def chart(of: Figures) -> Chart:
    """Five queries: signatures and levels, remarks, files, people."""
    mine: dict[int, list[Signed]] = defaultdict(list)
    for each in of.signed_in_year:
        if each.level in of.reviewing:
            mine[each.signer].append(each)
    enough = {signer: rows for signer, rows in mine.items() if len(rows) >= LEAST_SIGNED}
    remarked = _remarked(of)
    files = _files(of)
    found = []
    for signer, rows in enough.items():
        silent = [(each.deliverable, signer) not in remarked for each in rows]
        run = longest_run(silent)
        quick = sum(is_quick(each.since, each.at, files[each.version]) for each in rows)
        if run >= LONG_RUN or quick >= LEAST_QUICK:
            found.append((signer, len(rows), silent.count(False), run, quick))
    found.sort(key=lambda row: (-row[3], -row[4], row[0]))
    people = User.objects.select_related("unit").in_bulk([row[0] for row in found])
    lines = []
    for signer, signed, told, run, quick in found:
        url = links.signed_by(of.filters, signer)
        person = people[signer]
        lines.append(
            Row((person.name, person.unit.name, signed, told, run, quick, percent(quick, signed)), {0: url, 2: url})
        )
    drawn = lines[:MOST_DRAWN]
    urls = tuple(row.urls[0] for row in drawn)
    runs = Series("最长连续未提意见", tuple(row.values[4] for row in drawn), "returned", urls)
    quick = Series("快速签署", tuple(row.values[5] for row in drawn), "draft", urls)
    plot = Plot(Form.BARS, tuple(row.values[0] for row in drawn), (runs, quick), "份") if lines else None
    return Chart("habits", "审签习惯提示", FORMULA, len(enough), f"人签署不少于 {LEAST_SIGNED} 份", COLUMNS, tuple(lines), plot, note=CARE,
                 empty=f"没有达到提示条件的人员；本年度签署不少于 {LEAST_SIGNED} 份的共 {len(enough)} 人。", is_wide=True, most=MOST_SHOWN)  # fmt: skip


def _remarked(of: Figures) -> set[tuple[int, int]]:
    """(deliverable, person) of every remark sent about what was signed in the year."""
    deliverables = _signed(of).values("round__deliverable")
    rows = Remark.objects.exclude(state=RemarkState.DRAFT).filter(deliverable__in=deliverables).order_by()
    return set(rows.values_list("deliverable", "raised_by").distinct())


def _files(of: Figures) -> Counter:
    """Version → number of its files."""
    rows = Attachment.objects.filter(version__in=_signed(of).values("round__version")).order_by()
    return Counter(dict(rows.values_list("version").annotate(n=Count("pk"))))


def _signed(of: Figures):
    where = of.filters.of_projects("round__deliverable__project__") & of.filters.within("signed_at")
    return Signature.objects.filter(where).order_by()
