"""Fills a scratch database with a year: `python -m bench year SIZE` brings it to SIZE inspections and answers what it reads.

One row of each table goes through the ORM; the database multiplies it, each copy with what tells it from the others. So a year
of 100,000 inspections with its projects, scores, problems, reviews and clocks stands in less than a minute.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, models
from django.test import Client as Browser
from django.utils import timezone

from deadlines.models import Deadline, DeadlineRule
from inspections.choices import Kind, State
from inspections.models import Finding, Inspection
from projects.choices import BusinessLine, DeliverableKind
from projects.models import Client, Deliverable, DeliverableVersion, Discipline, Project
from reviews.choices import RemarkCategory, RemarkState
from reviews.choices import State as RoundState
from reviews.models import Issue, Remark, Round, Route, Signature
from scoring.choices import Purpose
from scoring.models import ScoreSheet, Standard
from staff.choices import Role
from staff.models import Post, Unit, User

FACTS = Path(settings.DATA_DIR) / "year.json"
YEAR = timezone.localdate().year
BEGIN = datetime(YEAR, 1, 2, 4, tzinfo=UTC)
UNITS, PEOPLE = 20, 200
LEVELS = 4  # 编制, 校核, 复核, 审核
MANY = 10_000_000  # first number of the copies: nothing of the ORM's gets there


def multiply(row: models.Model, count: int, **told: str) -> None:
    """`count` copies of a saved row, numbered from MANY. `told` has for a column its SQL, in which `i` counts from 0."""
    told = {"id": f"{MANY} + i"} | told
    columns = [field.column for field in row._meta.concrete_fields]
    quoted, table = connection.ops.quote_name, connection.ops.quote_name(row._meta.db_table)
    values = ", ".join(told.get(column, f"t.{quoted(column)}") for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(map(quoted, columns))}) "
            f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %s) "
            f"SELECT {values} FROM n, {table} t WHERE t.id = %s",
            [count, row.pk],
        )


def of(model: type[models.Model], count: int, salt: int = 0) -> str:
    """SQL: the number of one of `count` copies of another table, scattered."""
    return f"{MANY} + ((i * 7919 + {salt}) %% {max(count, 1)})"


def moment(days: str) -> str:
    """SQL: so many days after the year's second day."""
    begin = connection.ops.adapt_datetimefield_value(BEGIN)
    if connection.vendor == "postgresql":
        return f"timestamptz '{begin}' + ({days}) * interval '1 day'"
    return f"strftime('%%Y-%%m-%%d %%H:%%M:%%S', '{begin}', '+' || ({days}) || ' days')"


def flag(condition: str) -> str:
    """SQL: a truth value of either database."""
    return condition if connection.vendor == "postgresql" else f"CASE WHEN {condition} THEN 1 ELSE 0 END"


class Year:
    """SIZE inspections of the year, three for two projects; a deliverable issued for each five, with all that a
    manager's page counts. Nine in ten are closed."""

    def __init__(self, size: int):
        self.size, self.projects, self.deliverables = size, max(1, size * 2 // 3), max(1, size // 5)
        call_command("migrate", verbosity=0)
        self._firm()
        self._projects()
        self._inspections()
        self._reviews()
        self._problems()
        self._clocks()
        self._settle()

    def _firm(self) -> None:
        hq = Unit.objects.create(code="HQ", name="公司本部")
        units = Unit.objects.bulk_create(
            Unit(pk=MANY + n, code=f"Z{n}", name=f"造价{n}所", parent=hq) for n in range(UNITS)
        )
        User.objects.bulk_create(
            User(pk=MANY + n, employee_number=f"Z{n:03}", name=f"造价师{n}", unit=units[n % UNITS], password="!")
            for n in range(PEOPLE)
        )
        self.manager = User.objects.create(employee_number="G1", name="韩总", unit=hq, password="!")
        Post.objects.create(user=self.manager, role=Role.EXECUTIVE, unit=None, starts_on=BEGIN.date() - timedelta(900))
        self.unit = units[0]

    def _projects(self) -> None:
        row = Project.objects.create(
            number=f"{YEAR}-Z0-0", name="滨江花园第 0 标段", client=Client.objects.create(name="滨江城市建设投资有限公司"),
            unit=self.unit, created_by=self.manager, business_line=BusinessLine.SETTLEMENT_REVIEW,
        )  # fmt: skip
        lines = " ".join(f"WHEN {n} THEN '{line}'" for n, line in enumerate(BusinessLine.values))
        multiply(row, self.projects, number=f"'{YEAR}-Z-' || i", name="'滨江花园第 ' || i || ' 标段'",
                 unit_id=f"{MANY} + i %% {UNITS}", business_line=f"CASE i %% {len(BusinessLine.values)} {lines} END")  # fmt: skip
        self.project = row

    def _inspections(self) -> None:
        standard = Standard.objects.current(Purpose.INSPECTION)
        sheet = ScoreSheet.objects.create(
            standard=standard, subject_type="inspections.inspection", subject_id=0, scorer=self.manager,
            total=Decimal(80), grade="合格", snapshot=[{"title": "评分项", "maximum": "25", "given": "20", "note": "字" * 300}] * 6,
        )  # fmt: skip
        # 41.00 to 100.00, in quarters of a point; most are good.
        points = "(100 - ((i * 37 + i / 7) %% 160) / 4.0 - CASE WHEN i %% 29 = 0 THEN 19 ELSE 0 END)"
        multiply(sheet, self.size, total=points, subject_id=f"{MANY} + i",
                 grade=f"CASE WHEN {points} < 60 THEN '不合格' WHEN {points} <= 80 THEN '合格' ELSE '优良' END")  # fmt: skip
        self.inspection = Inspection.objects.create(
            number=f"JC-{YEAR}-0", kind=Kind.IRREGULAR, year=YEAR, project=self.project, standard=standard, unit=self.unit,
            planned_on=BEGIN.date(), opened_by=self.manager, last_actor=self.manager, score_sheet=sheet,
            state=State.CLOSED, lowest_share=Decimal(50), finding_count=1, was_on_time=True, closed_at=BEGIN,
            conclusion="总体符合要求。", opened_at=BEGIN,
        )  # fmt: skip
        project = f"(i %% {self.projects})"
        multiply(
            self.inspection, self.size, number=f"'JC-{YEAR}-' || (i + 1)", project_id=f"{MANY} + {project}",
            unit_id=f"{MANY} + {project} %% {UNITS}", score_sheet_id=f"{MANY} + i",
            state=f"CASE WHEN i %% 10 = 3 THEN '{State.RECTIFYING}' ELSE '{State.CLOSED}' END",
            lowest_share="20 + i %% 75", finding_count="i %% 5", was_on_time=flag("i %% 7 > 0"),
            closed_at=f"CASE WHEN i %% 10 = 3 THEN NULL ELSE {moment('i %% 300')} END", opened_at=moment("i %% 290"),
            is_serious=flag("i %% 97 = 0"),
        )  # fmt: skip

    def _reviews(self) -> None:
        count = self.deliverables
        deliverable = Deliverable.objects.create(
            project=self.project, number="Z-D", title="土建结算审核报告", kind=DeliverableKind.SETTLEMENT_REPORT,
            discipline=Discipline.objects.get(code="TJ"), preparer=self.manager, created_by=self.manager,
        )  # fmt: skip
        version = DeliverableVersion.objects.create(deliverable=deliverable, number=1, created_by=self.manager,
                                                    submitted_amount=Decimal(1_000_000), draft_amount=Decimal(960_000))  # fmt: skip
        route = Route.objects.get(code="three_levels")
        levels = list(route.levels.order_by("order"))
        turn = Round.objects.create(deliverable=deliverable, number=1, route=route, version=version, level=levels[-1],
                                    state=RoundState.ISSUED, submitted_at=BEGIN, last_act="issue")  # fmt: skip
        multiply(deliverable, count, number="'Z-D' || i", project_id=of(Project, self.projects),
                 preparer_id=f"{MANY} + i %% {PEOPLE}")  # fmt: skip
        multiply(version, count, deliverable_id=f"{MANY} + i")
        multiply(turn, count, deliverable_id=f"{MANY} + i", version_id=f"{MANY} + i", opened_at=moment("i %% 280"),
                 submitted_at=moment("i %% 280"), ended_at=moment("i %% 280 + 9"))  # fmt: skip
        self._signatures(turn, levels[:LEVELS])
        self._issues(turn)
        self._remarks(turn, levels[1:LEVELS])

    def _signatures(self, turn: Round, levels: list) -> None:
        # All rows of the ORM before the first copy: SQLite numbers the next one behind the last.
        rows = Signature.objects.bulk_create(
            Signature(round=turn, level=level, signer_id=MANY + order, meaning="签署", opinion="同意",
                      manifest_sha256="0" * 64, declares_no_unresolved=True, declares_no_attention=True, signed_at=BEGIN,
                      digest=f"{order}" * 64, amount=Decimal(960_000 - order))
            for order, level in enumerate(levels)
        )  # fmt: skip
        for order, row in enumerate(rows):
            signer = f"(i * 3 + {order * PEOPLE // LEVELS}) %% {PEOPLE}"
            multiply(row, self.deliverables, id=f"{MANY} + i * {LEVELS} + {order}", round_id=f"{MANY} + i",
                     signed_at=moment(f"i %% 280 + {order * 2}"), signer_id=f"{MANY} + {signer}", digest=f"'{order}-' || i")  # fmt: skip

    def _issues(self, turn: Round) -> None:
        issue = Issue.objects.create(
            round=turn, number="Z-0", series="Z", serial=0, issued_by=self.manager, issued_at=BEGIN, verification_code="0",
            flow_sheet="z/0", flow_sheet_sha256="0" * 64, review_record="z/1", review_record_sha256="0" * 64,
        )  # fmt: skip
        multiply(issue, self.deliverables, round_id=f"{MANY} + i", number="'Z-' || (i + 1)", serial="i + 1",
                 verification_code="'c' || i", issued_at=moment("i %% 280 + 9"))  # fmt: skip

    def _remarks(self, turn: Round, levels: list) -> None:
        remark = Remark.objects.create(
            deliverable=turn.deliverable, number=1, round=turn, level=levels[0], raised_by_id=MANY, place="土建.xlsx 第 36 行",
            problem="工程量计算式与图纸不符", category=RemarkCategory.QUANTITY, state=RemarkState.CLOSED,
        )  # fmt: skip
        later = " ".join(f"WHEN {level.order - 1} THEN {level.pk}" for level in levels)
        multiply(remark, self.deliverables, deliverable_id=f"{MANY} + i", round_id=f"{MANY} + i", raised_at=moment("i %% 280"),
                 level_id=f"CASE i %% {LEVELS - 1} {later} END")  # fmt: skip

    def _problems(self) -> None:
        row = Finding.objects.create(
            inspection=self.inspection, number=1, problem="复核签署缺失", raised_by=self.manager
        )
        multiply(
            row, self.size, inspection_id=f"{MANY} + i", raised_at=moment("i %% 290"),
            deliverable_id=f"CASE WHEN i %% 3 = 0 THEN {of(Deliverable, self.deliverables)} ELSE NULL END",
            severity="CASE WHEN i %% 11 = 0 THEN 'major' WHEN i %% 4 = 0 THEN 'serious' ELSE 'ordinary' END",
        )  # fmt: skip

    def _clocks(self) -> None:
        rule = DeadlineRule.objects.filter(code="rectification_reply").latest("version")
        row = Deadline.objects.create(
            rule=rule, subject_type="inspections.inspection", subject_id=0, subject_label="书面意见", url="/",
            scope_type="projects.project", scope_id=self.project.pk, scope_label="标段", responsible=self.manager,
            started_at=BEGIN, due_on=BEGIN.date() + timedelta(10), due_at=BEGIN + timedelta(11), state="fulfilled",
            stopped_at=BEGIN + timedelta(8),
        )  # fmt: skip
        multiply(row, self.size // 2, subject_id=f"{MANY} + i", scope_id=f"{MANY} + i %% {self.projects}",
                 started_at=moment("i %% 280"), due_at=moment("i %% 280 + 11"), stopped_at=moment("i %% 280 + 7 + i %% 6"))  # fmt: skip

    def _settle(self) -> None:
        """Sequences, statistics, and the manager's session."""
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), [Inspection, Project, Deliverable]):
                cursor.execute(statement)
            cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
        browser = Browser()
        browser.force_login(self.manager, backend="django.contrib.auth.backends.ModelBackend")
        FACTS.write_text(json.dumps({"session": browser.cookies["sessionid"].value}))
