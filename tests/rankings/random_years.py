"""A year of inspections and reviews drawn at random and written to the tables in bulk: few values, so that much ties, and
beside it what must not count (other years, other states, units inspected themselves, revoked and panel signatures)."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

from inspections.choices import Kind
from inspections.choices import State as InspectionState
from inspections.models import Finding, Inspection
from projects.choices import BusinessLine, DeliverableKind
from projects.models import Client, Deliverable, DeliverableVersion, Discipline, Project
from reviews.choices import Severity
from reviews.choices import State as RoundState
from reviews.models import Issue, Round, Route, Signature
from scoring import rules
from scoring.choices import Purpose
from scoring.models import ScoreSheet, Standard
from staff.models import Unit, User

YEAR = 2026
TOTALS = [Decimal(text) for text in ("41.5", "59", "60", "77.33", "80", "80", "88.88", "92.05", "92.05")]
SHARES = [Decimal(text) for text in ("33.33", "50", "66.67")]
SCORED = [InspectionState.DISCUSSING, InspectionState.ISSUED, InspectionState.RECTIFYING, InspectionState.RECHECKING]
STATES = [InspectionState.CLOSED] * 9 + [*SCORED, InspectionState.SCORING, InspectionState.CANCELLED]
# The year begins and ends at midnight in Shanghai.
BEGINS, ENDS = datetime(YEAR - 1, 12, 31, 16, tzinfo=UTC), datetime(YEAR, 12, 31, 16, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
MOMENTS = [BEGINS, ENDS - INSTANT, datetime(YEAR, 6, 1, 4, tzinfo=UTC), datetime(YEAR, 9, 9, 9, tzinfo=UTC)] * 3
MOMENTS += [BEGINS - INSTANT, ENDS]


class RandomYear:
    """Everything of one seed, written to the database. `deliverables` many of them, if it is told."""

    def __init__(self, seed: int, *, deliverables: int | None = None):
        self.dice, self.serial, self.code = random.Random(seed), count(1), f"R{seed}-"
        # Every third year is a dull one, in which even units are equal to the last figure.
        self.totals, self.most_findings = (TOTALS[4:5] * 9 + TOTALS[:1], seed % 2) if seed % 3 == 0 else (TOTALS, 2)
        self.units = Unit.objects.bulk_create(
            Unit(code=f"{self.code}{n}", name=f"造价{self.code}{n}所") for n in range(5)
        )
        self.people = User.objects.bulk_create(
            User(employee_number=f"{self.code}{n:02}", name=f"人员{n}", unit=self.units[n % 5], password="!")
            for n in range(8)
        )
        self.routes = {route: list(route.levels.order_by("order")) for route in Route.objects.all()}
        self.projects = self._projects()
        self.deliverables = self.make_deliverables(self.dice.randint(12, 40) if deliverables is None else deliverables)
        self._rounds()
        self.inspections = self._inspections()
        self._findings()

    def _projects(self) -> list[Project]:
        client = Client.objects.create(name=f"滨江城市建设投资有限公司{self.code}")
        return Project.objects.bulk_create(
            Project(number=f"{self.code}{n:03}", name=f"标段 {n % 9}", client=client, created_by=self.people[0],
                    unit=self.dice.choice(self.units[:4]), business_line=BusinessLine.SETTLEMENT_REVIEW)
            for n in range(self.dice.randint(6, 16))
        )  # fmt: skip

    def make_deliverables(self, number: int) -> list[Deliverable]:
        civil = Discipline.objects.get(code="TJ")
        return Deliverable.objects.bulk_create(
            Deliverable(project=self.dice.choice(self.projects), number=f"{self.code}D{next(self.serial):03}",
                        title="结算审核报告", kind=DeliverableKind.SETTLEMENT_REPORT, discipline=civil,
                        preparer=self.people[0], created_by=self.people[0])
            for _ in range(number)
        )  # fmt: skip

    # ── Reviews ──
    def _rounds(self) -> None:
        """Of each deliverable an issued round, or one under way; before it perhaps one that was sent back."""
        rounds = []
        for deliverable in self.deliverables:
            states = [RoundState.SENT_BACK] * self.dice.randint(0, 1)
            states.append(RoundState.ISSUED if self.dice.random() < 0.85 else RoundState.REVIEWING)
            route = self.dice.choice(list(self.routes))
            rounds += [self.make_round(deliverable, route, state, number) for number, state in enumerate(states, 1)]
        Signature.objects.bulk_create([sign for each in rounds for sign in self._signatures(each)])
        issued = [each for each in rounds if each.state == RoundState.ISSUED]
        Issue.objects.bulk_create(self.make_issue(each, self.dice.choice(MOMENTS)) for each in issued)

    def make_round(self, deliverable: Deliverable, route: Route, state: RoundState, number: int = 1) -> Round:
        version, _ = DeliverableVersion.objects.get_or_create(
            deliverable=deliverable, number=1, defaults={"created_by": self.people[0]}
        )
        return Round.objects.create(deliverable=deliverable, number=number, route=route, version=version, state=state,
                                    level=self.routes[route][-1])  # fmt: skip

    def _signatures(self, of: Round) -> list[Signature]:
        """One person a level, seldom none (免除校核), seldom one who took the signature back before; experts on a panel."""
        levels = self.routes[of.route]
        signers, made = self.dice.sample(self.people, len(levels) + 1), []
        expert = signers.pop()
        for level, signer in zip(levels, signers, strict=True):
            if level.is_exemptible and self.dice.random() < 0.1:
                continue
            if self.dice.random() < 0.15:
                made.append(self.make_signature(of, level, self.dice.choice(self.people), revoked_at=BEGINS))
            made.append(self.make_signature(of, level, signer))
            if level.kind == "panel":
                made.append(self.make_signature(of, level, expert, seat_number=1))
        return made

    def make_signature(self, of: Round, level, signer: User, **more) -> Signature:
        return Signature(
            round=of, level=level, signer=signer, meaning="签署", opinion="同意", manifest_sha256="0" * 64,
            declares_no_unresolved=True, declares_no_attention=True, signed_at=BEGINS,
            digest=f"{self.code}{next(self.serial)}", **more,
        )  # fmt: skip

    def make_issue(self, of: Round, at: datetime) -> Issue:
        serial = next(self.serial)
        return Issue(
            round=of, number=f"{self.code}{serial}", series=self.code, serial=serial, issued_by=self.people[0],
            issued_at=at, verification_code=f"{self.code}{serial}", flow_sheet=f"r/{serial}",
            flow_sheet_sha256="0" * 64, review_record=f"r/{serial}", review_record_sha256="0" * 64,
        )  # fmt: skip

    # ── Inspections ──
    def _inspections(self) -> list[Inspection]:
        standard = Standard.objects.current(Purpose.INSPECTION)
        rows = [
            self._inspection(standard, project) for project in self.projects for _ in range(self.dice.randint(0, 4))
        ]
        rows += [self._inspection(standard, None) for _ in range(3)]
        with_score = [row for row in rows if row.state not in (InspectionState.SCORING, InspectionState.CANCELLED)]
        sheets = ScoreSheet.objects.bulk_create(
            ScoreSheet(standard=standard, subject_type="inspections.inspection", subject_id=0, scorer=self.people[0],
                       snapshot=[], total=total, grade=rules.grade(total, standard.thresholds))
            for total in (self.dice.choice(self.totals) for _ in with_score)
        )  # fmt: skip
        for row, sheet in zip(with_score, sheets, strict=True):
            row.score_sheet = sheet
            row.lowest_share, row.finding_count = self.dice.choice(SHARES), self.dice.randint(0, self.most_findings)
            row.was_on_time = self.dice.random() < 0.5 if row.state == InspectionState.CLOSED else None
        return Inspection.objects.bulk_create(rows)

    def _inspection(self, standard: Standard, project: Project | None) -> Inspection:
        year = YEAR if self.dice.random() < 0.85 else self.dice.choice((YEAR - 1, YEAR + 1))
        return Inspection(
            number=f"{self.code}JC{next(self.serial):04}", kind=Kind.IRREGULAR, year=year, project=project, standard=standard,
            unit=self._unit_of(project), state=self.dice.choice(STATES),
            planned_on=date(YEAR, 5, 5), opened_by=self.people[0], last_actor=self.people[0],
        )  # fmt: skip

    def _unit_of(self, project: Project | None) -> Unit:
        """Seldom another than that of the project, which has moved since."""
        moved = self.dice.random() < 0.1
        return self.dice.choice(self.units) if moved or project is None else project.unit

    def _findings(self) -> None:
        """About a deliverable, or none; in inspections of every state and year."""
        numbers = {row.pk: count(1) for row in self.inspections}
        chosen = [self.dice.choice(self.inspections) for _ in range(self.dice.randint(5, 40))]
        Finding.objects.bulk_create(
            Finding(inspection=row, number=next(numbers[row.pk]), problem="签署缺失", raised_by=self.people[0],
                    deliverable=self.dice.choice([None, *self.deliverables]),
                    severity=self.dice.choice([Severity.ORDINARY] * 4 + [Severity.SERIOUS, Severity.MAJOR]))
            for row in chosen
        )  # fmt: skip
