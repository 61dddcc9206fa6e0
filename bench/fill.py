"""Fills a scratch database: `python -m bench fill SIZE` brings it to SIZE deliverables. Django must be set up.

The record that the detail pages show, and those that are signed, went through the product's services step by step. The
mass around them is written in bulk: each deliverable with version, file, seats, current round, who it waits for,
signatures, a remark and its place in the evidence chain, as the services would have left them.
"""

import json
import os
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client as Browser
from django.utils import timezone

from ledger.models import Entry
from ledger.rules import canonical_json, entry_hash
from ledger.services import head
from projects.choices import BusinessLine, DeliverableKind
from projects.models import Assignment, Attachment, Client, Deliverable, DeliverableVersion, Discipline, Project
from reviews.choices import (
    Act,
    Disposition,
    Duty,
    RemarkCategory,
    RemarkEventKind,
    RemarkState,
    State,
)
from reviews.models import (
    ChecklistAnswer,
    Issue,
    Remark,
    RemarkEvent,
    Round,
    Route,
    Seat,
    Signature,
    Waiting,
)
from reviews.services.signing import meaning_of, signature_digest
from staff.choices import CertificateKind, Role
from staff.models import Certificate, Post, Unit, User
from tests.reviews import flow

FACTS = Path(settings.DATA_DIR) / "bench.json"
REMARKS = 20
TO_SIGN = int(os.environ.get("BENCH_SIGNED", "60"))
LONG_AGO = timezone.localdate() - timedelta(days=900)
BATCH = 1000
# State and level of each twentieth deliverable; the other fourteen are issued.
LIVE = {
    0: (State.PREPARING, 0), 1: (State.REVIEWING, 1), 2: (State.REVIEWING, 2), 3: (State.REVIEWING, 3),
    4: (State.ISSUING, 4), 13: (State.REVIEWING, 3),
}  # fmt: skip


# ── People and projects ─────────────────────────────────────────────────────
def _engage(number: str, name: str, unit: Unit, *posts: tuple[Role, Unit | None]) -> User:
    user = User.objects.create(employee_number=number, name=name, unit=unit, password="!")
    Certificate.objects.create(
        user=user,
        kind=CertificateKind.COST_ENGINEER_1,
        number=f"建[造]{number}",
        expires_on=LONG_AGO + timedelta(3000),
    )
    for role, where in posts:
        Post.objects.create(user=user, role=role, unit=where, starts_on=LONG_AGO)
    return user


def _project(number: int, unit: Unit, client: Client, creator: User) -> Project:
    return Project(
        number=f"2026-{unit.code}-{number:05}", name=f"滨江花园第 {number} 标段", client=client, unit=unit,
        created_by=creator, business_line=BusinessLine.SETTLEMENT_REVIEW,
    )  # fmt: skip


def _team(project: Project, civil: Discipline, engineer: User, lead: User, manager: User) -> list[Assignment]:
    places = [(engineer, Role.COST_ENGINEER, civil), (lead, Role.DISCIPLINE_LEAD, civil),
              (manager, Role.PROJECT_MANAGER, None)]  # fmt: skip
    return [
        Assignment(project=project, user=user, role=role, discipline=discipline, starts_on=LONG_AGO)
        for user, role, discipline in places
    ]


# ── What goes through the services ──────────────────────────────────────────
def found() -> None:
    """Tables, the firm, the deliverable with 20 remarks, those to be signed, and the viewer's session."""
    call_command("migrate", verbosity=0)
    firm = Unit.objects.create(code="HQ", name="公司本部")
    for number in (1, 2, 3):
        unit = Unit.objects.create(code=f"ZJ{number}", name=f"造价{'一二三'[number - 1]}所", parent=firm)
        _engage(f"D{number}", f"技术负责人{number}", unit, (Role.TECHNICAL_DIRECTOR, unit))
    # Sees everything, by the rule that costs most to ask: a post at the top of the tree.
    viewer = _engage("V1", "韩总监", firm, (Role.TECHNICAL_DIRECTOR, firm))
    _engage("C1", "总工", firm, (Role.CHIEF_ENGINEER, None))
    preparer, lead, manager = (_engage(n, name, firm) for n, name in (("P1", "编制"), ("P2", "校核"), ("P3", "复核")))
    civil = Discipline.objects.get(code="TJ")
    project = _project(0, firm, Client.objects.create(name="滨江城市建设投资有限公司"), viewer)
    project.save()
    Assignment.objects.bulk_create(_team(project, civil, preparer, lead, manager))

    cast = SimpleNamespace(preparer=preparer)
    detail = flow.open_deliverable(cast, project, title="二期地下室土建结算审核报告")
    flow.submit(detail)
    for number in range(REMARKS):
        flow.draft_remark(
            detail,
            problem=f"第 {number + 1} 处：工程量计算式与图纸不符，请核对后说明",
            place=f"土建.xlsx 第 {number + 30} 行",
        )
    flow.return_remarks(detail)
    flow.answer(detail)
    flow.recheck_all(detail)
    flow.sign(detail)
    flow.sign(detail)
    to_sign = [flow.open_deliverable(cast, project, title=f"结算审核报告 {number}") for number in range(TO_SIGN)]
    for deliverable in to_sign:
        flow.submit(deliverable)
    # Not the newest of the firm: the first page of the list is to show a mixture.
    Deliverable.objects.update(created_at=timezone.now() - timedelta(days=730))
    browser = Browser()
    browser.force_login(viewer, backend="django.contrib.auth.backends.ModelBackend")
    facts = {"viewer": viewer.pk, "session": browser.cookies["sessionid"].value, "detail": detail.pk,
             "to_sign": [deliverable.pk for deliverable in to_sign]}  # fmt: skip
    FACTS.write_text(json.dumps(facts))


# ── What is written in bulk ─────────────────────────────────────────────────
class Firm:
    """The people and projects that the mass belongs to; they grow with it."""

    def __init__(self, size: int):
        self.units = list(Unit.objects.exclude(code="HQ").order_by("code"))
        self.directors = list(User.objects.filter(employee_number__startswith="D").order_by("employee_number"))
        self.viewer = User.objects.get(employee_number="V1")
        self.chief = User.objects.get(employee_number="C1")
        self.civil = Discipline.objects.get(code="TJ")
        self.route = Route.objects.get(code="three_levels")
        self.levels = list(self.route.levels.order_by("order"))
        self.checklists = [list(level.checklist.all()[:2]) for level in self.levels]
        count = max(8, size // 200)
        self.engineers, self.leads, self.managers = (self._people(kind, count) for kind in ("E", "L", "M"))
        self.projects = self._projects(size // 10)

    def _people(self, kind: str, count: int) -> list[User]:
        old = User.objects.filter(employee_number__startswith=kind).count()
        words = {"E": "造价师", "L": "专业负责人", "M": "项目经理"}
        User.objects.bulk_create(
            User(employee_number=f"{kind}{number:04}", name=f"{words[kind]}{number}", unit=self.units[number % 3],
                 password="!")
            for number in range(old, count)
        )  # fmt: skip
        return list(User.objects.filter(employee_number__startswith=kind).order_by("employee_number"))

    def _projects(self, count: int) -> list[Project]:
        client, old = Client.objects.get(), Project.objects.count()
        made = Project.objects.bulk_create(
            _project(number, self.units[number % 3], client, self.viewer) for number in range(old, count + 1)
        )
        Assignment.objects.bulk_create(
            member
            for number, project in enumerate(made, old)
            for member in _team(project, self.civil, *(group[number % len(group)] for group in (
                self.engineers, self.leads, self.managers)))
        )  # fmt: skip
        return list(Project.objects.exclude(unit__code="HQ").order_by("number").select_related("unit"))


def _chain_entries(rows: list[tuple]) -> None:
    """(actor, action, deliverable, data, at) each as an entry behind the last one."""
    number, previous = head()
    entries = []
    for actor, action, deliverable, data, at in rows:
        number += 1
        entry = Entry(
            number=number, at=at, actor=actor, actor_name=f"{actor.name}（{actor.employee_number}）", action=action,
            subject_type="projects.deliverable", subject_id=deliverable.pk, subject_label=str(deliverable),
            scope_type="projects.project", scope_id=deliverable.project_id, data=canonical_json(data),
            previous_hash=previous,
        )  # fmt: skip
        previous = entry.hash = entry_hash(entry)
        entries.append(entry)
    Entry.objects.bulk_create(entries)


class Batch:
    """Some hundred deliverables, table by table."""

    def __init__(self, firm: Firm, numbers: range, total: int):
        self.firm, self.now = firm, timezone.now()
        self.rows = [self._plan(number, total) for number in numbers]

    def _plan(self, number: int, total: int) -> SimpleNamespace:
        """One deliverable: who, when, and how far it has come."""
        firm = self.firm
        serial = number % len(firm.projects)
        people = [group[serial % len(group)] for group in (firm.engineers, firm.leads, firm.managers)]
        state, step = LIVE.get(number % 20, (State.ISSUED, 4))
        # The viewer's inbox is two pages long, however big the firm; what the viewer has signed grows with it.
        is_viewers = number < 600 if state == State.REVIEWING else serial % 20 == 0
        director = firm.viewer if is_viewers else firm.directors[serial % 3]
        at = self.now - timedelta(days=700) * (1 - number / total)
        return SimpleNamespace(number=number, project=firm.projects[serial], seats=[*people, director, firm.chief],
                               state=state, step=step, at=at, entries=[])  # fmt: skip

    @transaction.atomic
    def write(self) -> None:
        self._deliverables()
        self._seats_and_rounds()
        self._signatures()
        self._issues()
        self._remarks()
        _chain_entries([entry for row in self.rows for entry in row.entries])

    def _deliverables(self) -> None:
        made = Deliverable.objects.bulk_create(
            Deliverable(
                project=row.project, number=f"{row.project.number}-B{row.number:06}",
                title=f"{row.project.name}土建结算审核报告", kind=DeliverableKind.SETTLEMENT_REPORT,
                discipline=self.firm.civil, preparer=row.seats[0], created_by=row.seats[0], created_at=row.at,
                starts_on=row.at.date(), due_on=row.at.date() + timedelta(days=20),
            )
            for row in self.rows
        )  # fmt: skip
        versions = DeliverableVersion.objects.bulk_create(
            DeliverableVersion(deliverable=deliverable, number=1, submitted_amount=Decimal("1000000.00"),
                               draft_amount=Decimal("960000.00"), created_by=deliverable.preparer,
                               created_at=row.at, manifest_sha256=f"{row.number:064x}" if row.step else "")
            for row, deliverable in zip(self.rows, made, strict=True)
        )  # fmt: skip
        Attachment.objects.bulk_create(
            Attachment(version=version, file=f"deliverables/bench/{row.number}", name="结算审核报告.pdf",
                       content_type="application/pdf", size=180_000, sha256=f"{row.number:064x}")
            for row, version in zip(self.rows, versions, strict=True)
        )  # fmt: skip
        sealed = [version.pk for row, version in zip(self.rows, versions, strict=True) if row.step]
        DeliverableVersion.objects.filter(pk__in=sealed).update(sealed_at=self.now)
        for row, deliverable, version in zip(self.rows, made, versions, strict=True):
            row.deliverable, row.version = deliverable, version
            row.entries.append((row.seats[0], "deliverable.create", deliverable, {"title": deliverable.title}, row.at))

    def _seats_and_rounds(self) -> None:
        levels = self.firm.levels
        Seat.objects.bulk_create(
            Seat(deliverable=row.deliverable, level=level, holder=holder)
            for row in self.rows
            for level, holder in zip(levels, row.seats, strict=True)
        )
        rounds = Round.objects.bulk_create(
            Round(deliverable=row.deliverable, number=1, route=self.firm.route, version=row.version, state=row.state,
                  level=levels[row.step], turn=row.step, opened_at=row.at, submitted_at=row.at if row.step else None,
                  ended_at=row.at if row.state == State.ISSUED else None, last_actor=row.seats[max(row.step - 1, 0)],
                  last_act=Act.SIGN if row.step else Act.OPEN, last_acted_at=row.at)
            for row in self.rows
        )  # fmt: skip
        for row, round in zip(self.rows, rounds, strict=True):
            row.round = round
        duties = {0: Duty.PREPARE, 4: Duty.ISSUE}
        Waiting.objects.bulk_create(
            Waiting(round=row.round, user=row.seats[row.step], duty=duties.get(row.step, Duty.SIGN), since=row.at)
            for row in self.rows
            if row.state != State.ISSUED
        )

    def _signatures(self) -> None:
        """Of every level below the present one, and of the issue where it is issued, with two answers each."""
        signatures, answers = [], []
        for row in self.rows:
            for order in range(5 if row.state == State.ISSUED else row.step):
                level, at = self.firm.levels[order], row.at + timedelta(days=order + 1)
                signature = Signature(
                    round=row.round, level=level, signer=row.seats[order], meaning=meaning_of(level), opinion="同意",
                    manifest_sha256=row.version.manifest_sha256, declares_no_unresolved=True, signed_at=at,
                    amount=row.version.draft_amount if level.kind == "review" else None, declares_no_attention=True,
                )  # fmt: skip
                given = [
                    ChecklistAnswer(signature=signature, order=item.order, text=item.text, result="yes")
                    for item in self.firm.checklists[order]
                ]
                signature.digest = signature_digest(signature, given, [])
                signatures.append(signature)
                answers += given
                data = {"round": 1, "level": level.title, "digest": signature.digest}
                row.entries.append((signature.signer, f"review.{Act.SIGN}", row.deliverable, data, at))
        Signature.objects.bulk_create(signatures)
        for answer in answers:
            answer.signature_id = answer.signature.pk
        ChecklistAnswer.objects.bulk_create(answers)

    def _issues(self) -> None:
        Issue.objects.bulk_create(
            Issue(round=row.round, number=f"BENCH-{row.number:06}", series="BENCH", serial=row.number,
                  issued_by=row.seats[4], issued_at=row.at, verification_code=f"{row.number:024}",
                  flow_sheet=f"issued/{row.number}-1", flow_sheet_sha256=f"{row.number:064x}",
                  review_record=f"issued/{row.number}-2", review_record_sha256=f"{row.number:064x}")
            for row in self.rows
            if row.state == State.ISSUED
        )  # fmt: skip

    def _remarks(self) -> None:
        told = [row for row in self.rows if row.step > 1]
        remarks = Remark.objects.bulk_create(
            Remark(deliverable=row.deliverable, number=1, round=row.round, level=self.firm.levels[1],
                   raised_by=row.seats[1], raised_at=row.at, place="土建.xlsx 第 36 行", problem="工程量计算式与图纸不符",
                   category=RemarkCategory.QUANTITY, state=RemarkState.CLOSED)
            for row in told
        )  # fmt: skip
        common = [(RemarkEventKind.ANSWER, Disposition.EXPLAINED, 0), (RemarkEventKind.PASSED, "", 1)]
        RemarkEvent.objects.bulk_create(
            RemarkEvent(remark=remark, kind=kind, disposition=disposition, text="详见底稿", by=row.seats[order],
                        round=row.round, at=row.at)
            for row, remark in zip(told, remarks, strict=True)
            for kind, disposition, order in common
        )  # fmt: skip


def fill(size: int) -> None:
    """Bring the number of deliverables to `size`."""
    if not FACTS.exists():
        found()
    firm, old = Firm(size), Deliverable.objects.count()
    for start in range(old, size, BATCH):
        Batch(firm, range(start, min(start + BATCH, size)), size).write()
    if connection.vendor == "postgresql":  # what autovacuum would have done by the next day
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
