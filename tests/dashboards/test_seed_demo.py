"""The demonstration firm. Building it takes a while, so one test builds it and looks at it from all sides.

(A fixture for the module would be built by every worker of pytest-xdist that gets one of its tests.)
"""

import hashlib
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from io import BytesIO, StringIO

import openpyxl
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from dashboards.demo import acts, inspections, people, results
from dashboards.demo.books import write_book
from dashboards.demo.clock import Clock
from dashboards.demo.signatures import draw
from dashboards.demo.story import PIECES
from dashboards.demo.workbooks import Shape, rows_of, write
from feedback.models import Complaint
from inspections import choices as inspection_choices
from inspections.models import Accident, Consequence, Inspection, LiabilitySheet
from ledger.checks import verify
from ledger.models import Entry
from meetings.choices import ActionState
from meetings.choices import State as MeetingState
from meetings.models import ActionItem, Distribution, Meeting, Minutes, Objection
from projects.choices import BusinessLine, Confidentiality, Importance, RiskStatus
from projects.models import Attachment, Client, Deliverable, Inquiry, Project, Risk
from projects.services import damaged_files
from rankings.choices import Board, Cause, Kind, Party, SettlementState
from rankings.models import Correction, Ranking, Settlement
from reviews import queries
from reviews.choices import Duty, LevelKind, RemarkState, State, StatementKind
from reviews.models import Exemption, Issue, Remark, Round, Seat, Signature, Statement, Waiting
from scoring.models import ScoreSheet
from staff.choices import Role
from staff.demo import PASSWORD, demo_logins
from staff.models import Certificate, Unit, User

CHECKS = []


def check(function):
    """Part of `test_the_demonstration_firm`; gets what the command printed."""
    CHECKS.append(function)
    return function


def test_the_demonstration_firm(db, settings, subtests):
    settings.DEMO = True
    output = StringIO()
    call_command("seed_demo", stdout=output)
    for function in CHECKS:
        with subtests.test(function.__name__), transaction.atomic():
            function(output.getvalue())
            transaction.set_rollback(True)


def person(number: str) -> User:
    return User.objects.get(employee_number=number)


def piece(title: str):
    return next(piece for piece in PIECES if piece.title == title)


# ── Without a database ──────────────────────────────────────────────────────
def test_a_book_is_the_same_each_time_and_in_each_process():
    code = (
        "import hashlib; from dashboards.demo.books import write_book; from dashboards.demo.workbooks import Shape, write;"
        "print(hashlib.sha256(write(write_book('x', 'AZ', 9_000_000), Shape.COMPARISON, 't')).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
            cwd=django_settings.BASE_DIR,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(digests) == 1


@pytest.mark.parametrize("discipline", ["TJ", "AZ", "SZ", "ZS", "YL"])
def test_a_book_has_more_than_two_hundred_lines_and_comes_to_about_its_target(discipline):
    book = write_book("test", discipline, 50_000_000)
    assert len(book.lines) >= 200
    assert abs(book.submitted.total - 50_000_000) < 5_000_000
    assert book.settled.total < book.submitted.total
    assert {len(line.code) for line in book.lines} == {12}
    assert len({line.code for line in book.lines}) == len(book.lines)


def test_a_correction_moves_the_lines_by_what_the_remarks_say():
    book = write_book("test", "TJ", 50_000_000)
    effects = [book.effect_of(flaw) for flaw in book.flaws[:3]]
    corrected = book.correct(3)
    assert all(effect < 0 for effect in effects)
    assert corrected.settled.works - book.settled.works == sum(effects)
    assert len(corrected.flaws) == len(book.flaws) - 3


def test_the_places_of_remarks_are_rows_of_the_workbook():
    book = write_book("test", "SZ", 20_000_000)
    sheet = openpyxl.load_workbook(BytesIO(write(book, Shape.COMPARISON, "t")))[Shape.COMPARISON.value]
    rows = rows_of(book)
    assert [sheet.cell(rows[index], 2).value for index in range(len(book.lines))] == [line.code for line in book.lines]


def test_a_signature_is_drawn_the_same_each_time_and_differently_for_each():
    assert draw("何䶮") == draw("何䶮")
    assert len({draw(name) for name in ("王𠮷", "赵㛃", "陈𬭎", "诸葛明轩")}) == 4


def test_stories_are_told_in_the_order_of_their_moments():
    clock, heard = Clock(), []

    def tale(name):
        for days in (2, 0, 3):
            heard.append((timezone.now(), name))
            yield days

    clock.tell([(9, tale("a")), (8, tale("b")), (5, tale("c"))])
    assert [moment for moment, _ in heard] == sorted(moment for moment, _ in heard)
    assert len(heard) == 9
    assert all(moment < clock.real_now for moment, _ in heard)
    assert abs((timezone.now() - clock.real_now).total_seconds()) < 60, "the clock is given back"


# ── The command ─────────────────────────────────────────────────────────────
@check
def the_logins_are_printed_and_are_those_of_the_login_page(printed):
    logins = demo_logins()
    assert {login.role for login in logins} == {role.label for role in Role}
    for login in logins:
        assert login.employee_number in printed
        assert login.name in printed
        user = person(login.employee_number)
        assert user.check_password(PASSWORD)
        assert user.is_active
        assert not user.must_change_password


@check
def a_second_run_changes_nothing(printed):
    head = Entry.objects.latest("number").hash
    output = StringIO()
    call_command("seed_demo", stdout=output)
    assert "已就绪" in output.getvalue()
    assert Entry.objects.latest("number").hash == head


def test_it_keeps_out_of_a_real_installation(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("seed_demo")


@check
def it_keeps_out_of_a_database_with_other_people(printed):
    User.objects.filter(employee_number=people.ADMINISTRATOR).update(name="别人")
    with pytest.raises(CommandError, match="库中已有人员"):
        call_command("seed_demo", stdout=StringIO())


# ── What there is ───────────────────────────────────────────────────────────
@check
def the_evidence_chain_is_intact_and_in_order(printed):
    assert verify().is_intact
    moments = list(Entry.objects.order_by("number").values_list("at", flat=True))
    assert moments == sorted(moments)
    assert moments[-1] <= timezone.now()


@check
def the_firm(printed):
    assert set(Unit.objects.values_list("code", flat=True)) == {"HQ", "ZJ1", "ZJ2", "QGC"}
    assert User.objects.active().count() == len(people.PEOPLE) >= 40
    names = "".join(User.objects.values_list("name", flat=True))
    assert set("䶮𠮷㛃𬭎翀喆骉赟") <= set(names)
    today = timezone.localdate()
    assert Certificate.objects.filter(expires_on__lt=today).count() == 1
    assert Certificate.objects.filter(expires_on__range=(today, today + timedelta(days=60))).exists()


@check
def the_projects(printed):
    assert Project.objects.count() == 12 + len(inspections.FORMER)
    assert Client.objects.count() == 8
    for field, choices in (
        ("business_line", BusinessLine), ("confidentiality", Confidentiality), ("importance", Importance),
    ):  # fmt: skip
        assert set(Project.objects.values_list(field, flat=True)) == set(choices.values)
    assert set(Project.objects.values_list("unit__code", flat=True)) == {"ZJ1", "ZJ2", "QGC"}
    assert set(Risk.objects.values_list("status", flat=True)) >= {RiskStatus.OPEN, RiskStatus.REMOVED}
    assert Inquiry.objects.filter(answered_at=None).exists()
    assert Inquiry.objects.exclude(answered_at=None).exists()
    due = set(Deliverable.objects.values_list("due_on", flat=True))
    assert min(due) < timezone.localdate() < max(due)


@check
def every_state_every_duty_and_every_exception_of_the_chain_is_there(printed):
    assert Deliverable.objects.count() >= 30
    assert set(Round.objects.values_list("state", flat=True)) == set(State.values)
    assert set(Waiting.objects.values_list("duty", flat=True)) == set(Duty.values)
    assert set(Remark.objects.values_list("state", flat=True)) >= {
        RemarkState.OPEN, RemarkState.ANSWERED, RemarkState.CLOSED,
    }  # fmt: skip
    assert set(Statement.objects.values_list("kind", flat=True)) == set(StatementKind.values)
    assert Exemption.objects.filter(deliverable__has_calculation=False).count() == 1
    assert Signature.objects.exclude(revoked_at=None).count() == 2
    assert Round.objects.filter(number=2, state__in=[State.PREPARING, State.REVIEWING]).exists()
    assert Seat.objects.filter(level__title="审核", holder__employee_number="3002").exists(), "a deputy"
    assert Round.objects.live().filter(level__kind=LevelKind.PANEL, signatures__seat_number__gt=0).exists()
    assert {"80.00", "86.50"} <= {str(total) for total in ScoreSheet.objects.values_list("total", flat=True)}
    reviewed = ScoreSheet.objects.filter(signature__isnull=False)
    assert set(reviewed.values_list("grade", flat=True)) == {"合格", "优良"}


@check
def last_year_is_ranked_published_and_settled(printed):
    year = timezone.localdate().year - 1
    if timezone.localdate() < timezone.localdate().replace(month=3, day=9):
        pytest.skip("the story of last year's settlement is told from March on")
    ranking = Ranking.objects.get(year=year)
    assert ranking.published_at is not None
    assert ranking.entries.filter(board=Board.PROJECT, place=1).exists()
    assert Correction.objects.filter(entry__ranking=ranking).count() == 1
    settlement = Settlement.objects.get(ranking=ranking)
    assert settlement.state == SettlementState.APPROVED
    people = set(settlement.awards.values_list("person", flat=True))
    assert people
    assert set(settlement.notices.values_list("person", flat=True)) == people
    rewards = [award.amount for award in settlement.awards.filter(kind=Kind.REWARD)]
    assert sum(rewards) == Decimal(results.AMOUNTS[Cause.FIRST_PLACE, Party.TEAM])


@check
def three_projects_have_met_each_month_and_closed_what_they_set_out_to_do(printed):
    monthly = Minutes.objects.filter(meeting__kind__code="monthly", supplement_to=None)
    by_project = Counter(monthly.values_list("meeting__project", flat=True))
    assert len(by_project) == 3
    assert min(by_project.values()) >= 7
    assert Objection.objects.get().supplement.supplement_to is not None
    assert Distribution.objects.filter(received_at=None).exists()
    states = Counter(ActionItem.objects.values_list("state", flat=True))
    assert states[ActionState.CLOSED] > 5 * states[ActionState.OPEN]
    visitors = Meeting.objects.filter(kind__code="weekly").values_list("state", flat=True)
    assert sorted(visitors) == sorted([MeetingState.PLANNED, MeetingState.HELD, MeetingState.ISSUED])


@check
def two_years_of_inspections_over_all_units_in_every_state(printed):
    this_year = timezone.localdate().year
    rows = Inspection.objects.all()
    assert set(rows.values_list("kind", flat=True)) == set(inspection_choices.Kind.values)
    assert set(rows.values_list("state", flat=True)) == set(inspection_choices.State.values) - {"cancelled"}
    assert {this_year - 1, this_year} <= set(rows.values_list("year", flat=True))
    assert set(rows.values_list("unit__code", flat=True)) == {"ZJ1", "ZJ2", "QGC"}
    assert rows.filter(project__isnull=True).count() == 3, "each unit itself"
    sheets = ScoreSheet.objects.filter(inspection__isnull=False)
    assert set(sheets.values_list("grade", flat=True)) == {"不合格", "合格", "优良"}
    assert rows.filter(reinspection_of__isnull=False, state="closed").exists()
    assert Consequence.objects.filter(kind="escalation", decision="confirmed").exists()
    assert set(LiabilitySheet.objects.values_list("state", flat=True)) == {"appealed", "decided"}
    assert Complaint.objects.filter(special_audits__isnull=False).exists()
    assert Accident.objects.exists()


@check
def what_is_issued_has_a_number_and_its_documents(printed):
    issues = list(Issue.objects.all())
    assert len(issues) >= 6
    for issue in issues:
        for path, digest in (
            (issue.flow_sheet, issue.flow_sheet_sha256), (issue.review_record, issue.review_record_sha256),
        ):  # fmt: skip
            content = (django_settings.MEDIA_ROOT / path).read_bytes()
            assert content.startswith(b"%PDF-")
            assert hashlib.sha256(content).hexdigest() == digest


@check
def each_login_has_something_to_do(printed):
    known = {login.employee_number for login in demo_logins()}
    for number, title in (
        ("2004", "会所土建结算审核报告"),  # submits
        ("2004", "室外道路及围墙结算审核报告"),  # answers
        ("2003", "人防工程土建结算审核报告"),  # 校核
        ("2002", "地下室土建结算审核报告"),  # 复核
        ("2001", "5#～6#楼土建结算审核报告"),  # 审核
        ("1003", "3#～4#楼土建结算审核报告"),  # 签发
        ("1009", "门诊楼土建招标控制价"),  # expert
        ("1001", "地下室及室外土建招标控制价"),  # 签发 of a 重大项目
    ):
        assert number in known
        assert person(number).waitings.filter(round__deliverable__title=title).exists()


@check
def the_visitor_can_walk_one_deliverable_through_with_the_logins_alone(printed):
    """Who holds the seats of the draft that is ready are the logins; nothing else stands in the way of its issue."""
    deliverable = Deliverable.objects.get(title="会所土建结算审核报告")
    holders = deliverable.seats.order_by("level__order").values_list("holder__employee_number", flat=True)
    assert list(holders) == ["2004", "2003", "2002", "2001", "1003"]
    world = acts.World(Clock(), {user.employee_number: user for user in User.objects.all()}, {}, {})
    case = acts.Case(world, piece(deliverable.title), deliverable, piece(deliverable.title).book())
    acts.submit(case)
    for _level in ("校核", "复核", "审核"):
        acts.sign(case)
    assert queries.issue_gaps(case.round) == []


@check
def the_gate_of_an_issue_that_is_blocked_says_by_what(printed):
    round = Round.objects.get(state=State.ISSUING, deliverable__title="室外管网结算审核报告")
    assert [gap.owed_by for gap in queries.issue_gaps(round)] == ["徐若曦"]


# ── Files ───────────────────────────────────────────────────────────────────
@check
def files_are_those_of_the_story_and_undamaged(printed):
    stored = dict(Attachment.objects.filter(version__number=1).values_list("name", "sha256"))
    for each in PIECES[::4]:
        if each.target and each.script:
            title = f"{Deliverable.objects.get(title=each.title).project.name}（{each.title}）"
            content = write(each.book(), each.shape, title)
            assert stored[each.workbook_name] == hashlib.sha256(content).hexdigest()
    assert any(name.endswith(".pdf") for name in stored)
    for round in Round.objects.select_related("version").filter(state=State.REVIEWING):
        assert damaged_files(round.version) == []


@check
def a_report_is_the_same_each_time(printed):
    deliverable = Deliverable.objects.get(title="会所土建结算审核报告")
    case = acts.Case(None, piece(deliverable.title), deliverable, piece(deliverable.title).book())
    stored = deliverable.versions.get().attachments.get(name__endswith=".pdf")
    assert hashlib.sha256(acts.report_pdf(case)).hexdigest() == stored.sha256


@check
def the_workbook_comes_to_the_amounts_of_its_version(printed):
    deliverable = Deliverable.objects.get(title="1#～2#楼土建结算审核报告")
    for version in deliverable.versions.all():
        with version.attachments.get(name__endswith=".xlsx").file.open() as file:
            book = openpyxl.load_workbook(file, data_only=True, read_only=True)
            rows = list(book[Shape.COMPARISON.value].iter_rows(min_row=4, values_only=True))
            last = list(book["结算审核汇总表"].iter_rows(values_only=True))[-1]
        lines = [row for row in rows if isinstance(row[0], int)]
        assert len(lines) >= 200
        assert f"{last[3]:.2f}" == str(version.submitted_amount)
        assert f"{last[4]:.2f}" == str(version.draft_amount)
        total = next(row for row in rows if row[2] == "分部分项工程费合计")
        for column in (7, 10):
            assert f"{sum(row[column] for row in lines):.2f}" == f"{total[column]:.2f}"
