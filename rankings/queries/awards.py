"""What the year's settlement rests on, read from what is on record, and the settlement as it would be now (试算)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from inspections.choices import CONCLUDED, Origin, SheetState
from inspections.choices import Outcome as LiabilityOutcome
from inspections.liability_digests import sha256_of
from inspections.models import Inspection, LiabilitySheet
from inspections.queries.inspections import condition
from projects.models import Assignment
from rankings import awards
from rankings.awards import Judged, Line, Matter, Member, Rates
from rankings.choices import Board, Cause, Party
from rankings.models import Policy, Ranking
from rankings.queries import policies
from rankings.queries.attendance import attendance_of
from rankings.queries.evidence import MOST_GRAVE, grave, grave_words
from rankings.queries.frozen import standing
from reviews.choices import ChecklistResult, LevelKind, State
from reviews.models import Round, Signature
from scoring.rules import FAIL
from staff.choices import Role
from staff.models import Post, Unit, User

PARTY_OF = {
    Role.PROJECT_MANAGER: Party.PROJECT_MANAGER,
    Role.DISCIPLINE_LEAD: Party.DISCIPLINE_LEAD,
    Role.COST_ENGINEER: Party.COST_ENGINEER,
    Role.TECHNICAL_DIRECTOR: Party.TECHNICAL_DIRECTOR,
}


@dataclass
class TrialLine:
    """A line with its person, for the page; the same attributes as an Award."""

    line: Line
    person: User
    unit_name: str

    @property
    def kind(self):
        return self.line.kind

    @property
    def cause(self):
        return Cause(self.line.cause)

    @property
    def party(self):
        return Party(self.line.party)

    def __getattr__(self, name):
        return getattr(self.line, name)

    @property
    def final_amount(self) -> Decimal:
        return self.line.amount

    @property
    def signed(self) -> Decimal:
        return awards.signed(self.kind, self.line.amount)


@dataclass
class Trial:
    """The settlement as it would be now. `digest` names what was seen."""

    ranking: Ranking
    policy: Policy
    lines: list[TrialLine] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    digest: str = ""


# ── The trial ───────────────────────────────────────────────────────────────
def trial(ranking: Ranking, policy: Policy) -> Trial:
    """The settlement of a frozen ranking by a version of the policy. Writes nothing; a fixed number of queries."""
    content = policies.content_of(policy)
    rates = Rates(
        amounts={(each.cause, each.party): each.amount for each in content.lines if not each.is_attendance},
        shares=dict(content.shares),
        attendance={each.number: (each.text, each.amount) for each in content.lines if each.is_attendance},
        sent_back_from=content.sent_back_from,
    )
    year = ranking.year
    seats = Seats()
    judged = judged_of(ranking, seats)
    matters = [*late(year, seats), *sent_back(year, rates.sent_back_from), *missed(year), *attended(year)]
    found = awards.compute(judged, matters, rates)
    people = User.objects.select_related("unit").in_bulk({line.person for line in found.lines})
    lines = sorted(
        (TrialLine(line, people[line.person], people[line.person].unit.name) for line in found.lines), key=_order
    )
    notes = [*found.notes, *_left_out(year, judged), *_still_open(year)]
    digest = digest_of(ranking, policy, lines)
    return Trial(ranking, policy, lines, list(found.problems), notes, digest)


def _order(row: TrialLine) -> tuple:
    causes = list(Cause)
    return causes.index(row.cause), row.key, awards.RANK.index(row.party), row.person.employee_number


def digest_of(ranking: Ranking, policy: Policy, rows: Iterable) -> str:
    """Of a settlement's lines (trial or awards) with what they rest on: the frozen ranking and the version of the policy."""
    return sha256_of({
        "ranking": [ranking.pk, ranking.digest], "policy": [policy.pk, policy.version],
        "lines": sorted([
            row.person.pk, str(row.kind), str(row.cause), row.key, str(row.party), row.unit_name, row.text, row.url,
            f"{row.amount:.2f}",
        ] for row in rows),
    })  # fmt: skip


# ── Who held which place on which day ───────────────────────────────────────
class Seats:
    """Teams and technical directors of any day, read once: three queries, whatever the number of projects."""

    def __init__(self):
        self._parents = dict(Unit.objects.order_by().values_list("pk", "parent_id"))
        self._directors = defaultdict(list)
        posts = Post.objects.filter(role=Role.TECHNICAL_DIRECTOR, unit__isnull=False)
        for row in posts.order_by("user__employee_number", "pk"):
            self._directors[row.unit_id].append(row)
        self._teams: dict[int, list[Assignment]] = {}

    def load(self, projects: Iterable[int]) -> None:
        wanted = set(projects) - set(self._teams)
        if not wanted:
            return
        self._teams |= {pk: [] for pk in wanted}
        rows = Assignment.objects.filter(project__in=wanted, role__in=[*PARTY_OF])
        for row in rows.order_by("user__employee_number", "pk"):
            self._teams[row.project_id].append(row)

    def team(self, project: int, unit_id: int, on: date) -> tuple[Member, ...]:
        """The team on that day, with the technical director of the nearest unit up the tree."""
        held = [Member(row.user_id, PARTY_OF[row.role]) for row in self._teams[project] if _holds(row, on)]
        directs = any(member.party == Party.TECHNICAL_DIRECTOR for member in held)
        return tuple(dict.fromkeys([*held, *([] if directs else self._above(unit_id, on))]))

    def former(self, project: int, on: date) -> tuple[Member, ...]:
        """Whose time in the team ended before that day, by role."""
        ended = [row for row in self._teams[project] if row.ends_on is not None and row.ends_on < on]
        return tuple(dict.fromkeys(Member(row.user_id, PARTY_OF[row.role]) for row in ended))

    def _above(self, unit_id: int | None, on: date) -> list[Member]:
        while unit_id is not None:
            if found := [row for row in self._directors[unit_id] if _holds(row, on)]:
                return [Member(row.user_id, Party.TECHNICAL_DIRECTOR) for row in found]
            unit_id = self._parents.get(unit_id)
        return []


def _holds(row, on: date) -> bool:
    return row.starts_on <= on and (row.ends_on is None or row.ends_on >= on)


# ── What counts ─────────────────────────────────────────────────────────────
def judged_of(ranking: Ranking, seats: Seats) -> list[Judged]:
    """The projects that have a place, corrections included, each with the team of the inspection that counts: that which was
    found serious, else that which set the score."""
    rows = [row for row in standing(ranking, Board.PROJECT) if row.place_now is not None]
    inspections = Inspection.objects.in_bulk({pk for row in rows for pk in row.evidence})
    seats.load(row.subject for row in rows)
    page = reverse("rankings:ranking", args=[ranking.year])
    return [_judged(row, [inspections[pk] for pk in row.evidence], seats, page) for row in rows]


def _judged(row, found: list[Inspection], seats: Seats, page: str) -> Judged:
    serious = [each for each in found if each.is_serious]
    # The first is that which set the score (`rules.Row.evidence`).
    decisive = serious[0] if serious and row.grade_now != FAIL else found[0]
    return Judged(
        project=row.subject, title=row.label, url=_inspection(decisive), place=row.place_now, score=row.score_now,
        grade=row.grade_now, is_serious=bool(serious), team=seats.team(row.subject, decisive.unit_id, _opened(decisive)),
        inspections=tuple(each.pk for each in found), former=seats.former(row.subject, _opened(decisive)), page=page,
    )  # fmt: skip


def _opened(inspection: Inspection) -> date:
    return timezone.localdate(inspection.opened_at)


def _inspection(inspection: Inspection) -> str:
    return reverse("inspections:detail", args=[inspection.pk])


def late(year: int, seats: Seats) -> list[Matter]:
    """Replies of inspected projects that came after the ten days, or are overdue now: who never answers is not better off."""
    came_late = Q(was_on_time=False, state__in=CONCLUDED)
    rows = list(Inspection.objects.filter(came_late | condition("overdue"), year=year, project__isnull=False)
                .select_related("project").order_by("number"))  # fmt: skip
    seats.load(row.project_id for row in rows)
    found = []
    for row in rows:
        team = seats.team(row.project_id, row.unit_id, _opened(row))
        managers = tuple(each.person for each in team if each.party == Party.PROJECT_MANAGER)
        found.append(
            Matter(Cause.LATE_RECTIFICATION, f"late:{row.pk}", managers,
                   f"检查 {row.number}（{row.project.name}）的整改回复逾期{'' if row.was_on_time is False else '，至今未回复'}。",
                   _inspection(row), Party.PROJECT_MANAGER)
        )  # fmt: skip
    return found


def sent_back(year: int, times: int) -> list[Matter]:
    """Deliverables that were sent back so often within the year to whoever had prepared and signed them: what was handed over
    in between is no fault of the successor."""
    rounds = Round.objects.filter(state=State.SENT_BACK, ended_at__year=year)
    signed = Signature.objects.filter(
        round__in=rounds.order_by().values("pk"), level__kind=LevelKind.PREPARE, revoked_at__isnull=True
    )
    preparers = dict(signed.order_by("pk").values_list("round", "signer"))
    counts = Counter(
        (row.deliverable, preparers.get(row.pk, row.deliverable.preparer_id))
        for row in rounds.select_related("deliverable")
    )
    return [
        Matter(Cause.SENT_BACK, f"deliverable:{each.pk}", (person,),
               f"成果“{each.title}”（{each.number}）本年度被退回 {count} 次。",
               reverse("reviews:deliverable", args=[each.pk]))
        for (each, person), count in sorted(counts.items(), key=lambda pair: (pair[0][0].pk, pair[0][1]))
        if count >= times
    ]  # fmt: skip


def _sheets(year: int):
    """问责单 that stand on a problem found by an inspection of the year whose opinion is out."""
    return LiabilitySheet.objects.filter(
        case__origin=Origin.FINDING, case__finding__inspection__year=year,
        case__finding__inspection__state__in=CONCLUDED,
    )  # fmt: skip


def missed(year: int) -> list[Matter]:
    """Decided liability (upheld or changed) of people whose own checklist said 是 about what the inspection found."""
    outcomes = (LiabilityOutcome.UPHELD, LiabilityOutcome.CHANGED)
    rows = _sheets(year).filter(state=SheetState.DECIDED, outcome__in=outcomes)
    found = []
    for row in rows.select_related("case__finding__inspection", "case__deliverable").order_by("number"):
        lines = _answered_yes(row)
        if not lines:
            continue
        text = (
            f"成果“{row.case.deliverable.title}”：核查清单第 {'、'.join(map(str, lines))} 项答“是”，"
            f"检查 {row.case.finding.inspection.number} 发现该项问题（问责单 {row.number} 已决定）。"
        )
        url = reverse("inspections:liability_sheet", args=[row.pk])
        found.append(Matter(Cause.CHECKLIST_MISSED, f"finding:{row.case.finding_id}", (row.person_id,), text, url))
    return found


def _answered_yes(row: LiabilitySheet) -> list[int]:
    """The lines that cover the problem and that the person answered 是, of the kept walk."""
    steps = [step for step in row.case.walk if step["person"] == row.person_id]
    return [each["order"] for step in steps for each in step["answers"] if each["result"] == ChecklistResult.YES]


def attended(year: int) -> list[Matter]:
    """What stands on record of attendance in the year."""
    url = reverse("rankings:awards_mine")
    return [
        Matter(Cause.ATTENDANCE, f"attendance:{row.pk}", (row.person_id,),
               f"{row.happened_on:%Y-%m-%d} {row.rule.text.rstrip('。')}{f' × {row.count}' if row.count > 1 else ''}。",
               f"{url}#attendance", line=row.rule.line, count=row.count)
        for row in attendance_of(year)
    ]  # fmt: skip


def _left_out(year: int, judged: Iterable[Judged]) -> list[str]:
    """The inspections that failed or were found serious and are not in the ranking, mostly since their rectification was not
    closed when it was frozen: nobody is charged for them, and nobody should overlook that."""
    counted = {pk for row in judged for pk in row.inspections}
    rows = [row for row in grave(year) if row.pk not in counted]
    told = [
        f"检查 {row.number}（{row.project.name}，{row.score_sheet.total} 分，{grave_words(row)}）不在排名（含更正）之内，未计其处罚。"
        for row in rows[:MOST_GRAVE]
    ]
    more = len(rows) - len(told)
    return [*told, *([f"另有 {more} 次不合格或问题严重的检查不在排名（含更正）之内，未计其处罚。"] if more else [])]


def _still_open(year: int) -> list[str]:
    """What is not decided yet blocks nothing, but is told."""
    count = _sheets(year).exclude(state=SheetState.DECIDED).count()
    return [f"本年度检查问题尚有 {count} 份问责单未决定，不计入本次结算。"] if count else []
