"""What was said, where the person may read it: the examples of a category, and what is said again and again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.urls import reverse

from inspections.choices import CONCLUDED
from inspections.models import Finding
from lessons import rules
from lessons.categories import Category
from lessons.queries.facts import FINDING, OF_INSPECTION, REMARK, Asked, findings_seen, occurrences, remarks_seen
from projects.choices import Confidentiality
from projects.models import Project
from reviews.choices import RemarkState, Severity
from reviews.models import Remark
from staff.models import User

READ_FOR_REPEATS = 5_000
REPEATS_SHOWN = 20
EXPORTED = 5_000


@dataclass(frozen=True)
class Example:
    """One occurrence in words, without the names of people; `url` leads to where it stands."""

    key: str
    words: str
    level: str
    severity: str
    at: datetime
    amount: Decimal | None
    project: Project | None
    url: str
    number: str
    deduction: str = ""

    @property
    def is_finding(self) -> bool:
        return self.key.startswith(FINDING)


def example_rows(user, asked: Asked):
    """The occurrences that the person may read, the newest first, as rows to cut into pages."""
    rows = occurrences(user, asked, "origin", "ident", "at", seen_only=True)
    return rows.order_by("-at", "-ident")


def examples(rows: Sequence[dict], length: int = rules.EXCERPT) -> list[Example]:
    """The rows of `example_rows` in words. Three queries."""
    names = set(User.objects.values_list("name", flat=True))
    remarks = Remark.objects.select_related("level", "deliverable__project").in_bulk(_of(rows, REMARK))
    findings = Finding.objects.select_related("inspection__project", "deduction").in_bulk(_of(rows, FINDING))
    found = []
    for row in rows:
        if row["origin"] == REMARK and row["ident"] in remarks:
            found.append(_of_remark(remarks[row["ident"]], names, length))
        elif row["origin"] == FINDING and row["ident"] in findings:
            found.append(_of_finding(findings[row["ident"]], names, length))
    return found


def _of(rows: Sequence[dict], origin: str) -> list[int]:
    return [row["ident"] for row in rows if row["origin"] == origin]


def _of_remark(remark: Remark, names: set[str], length: int) -> Example:
    address = reverse("reviews:remarks", args=[remark.deliverable_id])
    return Example(
        f"{REMARK}-{remark.pk}", rules.excerpt(rules.anonymous(remark.problem, names), length), remark.level.title,
        Severity(remark.severity).label, remark.raised_at, remark.amount_affected, remark.deliverable.project,
        f"{address}#remark-{remark.pk}", f"{remark.deliverable.number} {remark}",
    )  # fmt: skip


def _of_finding(finding: Finding, names: set[str], length: int) -> Example:
    address = reverse("inspections:detail", args=[finding.inspection_id])
    return Example(
        f"{FINDING}-{finding.pk}", rules.excerpt(rules.anonymous(finding.problem, names), length), OF_INSPECTION,
        Severity(finding.severity).label, finding.raised_at, finding.amount, finding.inspection.project,
        f"{address}#finding-{finding.pk}", f"{finding.inspection.number} {finding}",
        finding.deduction.text if finding.deduction else "",
    )  # fmt: skip


@dataclass(frozen=True)
class Repeat:
    """A problem that was said more than once in the same words."""

    example: Example
    times: int
    projects: int
    category: Category


@dataclass(frozen=True)
class Repeats:
    rows: list[Repeat]
    read: int
    is_cut: bool


def repeats(user, asked: Asked) -> Repeats:
    """What was said most often in the same words (`rules.normalised`), of the newest READ_FOR_REPEATS that the person may
    read. Four queries."""
    columns = ("origin", "ident", "at", "code", "heading", "criterion_no", "project_no", "words")
    rows = occurrences(user, asked, *columns, seen_only=True).order_by("-at", "-ident")
    read = list(rows[: READ_FOR_REPEATS + 1])
    is_cut, read = len(read) > READ_FOR_REPEATS, read[:READ_FOR_REPEATS]
    said = [(rules.normalised(row["words"]), row) for row in read]
    counts = Counter(words for words, _ in said if words)
    often = [words for words, times in counts.most_common(REPEATS_SHOWN) if times > 1]
    newest = {words: row for words, row in reversed(said) if words in often}
    projects = {words: {row["project_no"] for said_words, row in said if said_words == words} for words in often}
    shown = {example.key: example for example in examples([newest[words] for words in often])}
    found = [
        Repeat(shown[f"{row['origin']}-{row['ident']}"], counts[words], len(projects[words] - {None}),
               Category(row["code"], row["heading"], row["criterion_no"]))
        for words in often if (row := newest[words])
    ]  # fmt: skip
    return Repeats(found, len(read), is_cut)


def to_quote(user, key: str) -> tuple[str, str] | None:
    """(words, category code) of an example that may stand in a checklist, which everybody reads: one that the person may
    read, of no 秘密 project, without names. None for any other."""
    origin, _, number = key.partition("-")
    if origin not in (REMARK, FINDING) or not number.isdecimal() or len(number) > 18:
        return None
    if origin == REMARK:
        rows, seen = Remark.objects.exclude(state=RemarkState.DRAFT), remarks_seen(user)
        secret, code = "deliverable__project__confidentiality", "category"
    else:
        rows, seen = Finding.objects.filter(inspection__state__in=CONCLUDED), findings_seen(user)
        secret, code = "inspection__project__confidentiality", "remark__category"
    rows = rows.filter(pk=int(number)) if seen is None else rows.filter(seen, pk=int(number))
    found = rows.exclude(**{secret: Confidentiality.SECRET}).values_list("problem", code).first()
    if found is None:
        return None
    names = set(User.objects.values_list("name", flat=True))
    return rules.anonymous(" ".join(found[0].split()), names), found[1] or ""
