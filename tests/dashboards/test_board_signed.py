"""What the board reckons from signatures, held against a slow reckoning by objects, for years drawn at random."""

import random
from collections import Counter, defaultdict
from datetime import timedelta

import pytest

from dashboards.board import filters_for, habits, levels
from dashboards.board.rules import days_summary, longest_run, percent
from dashboards.board.signed import Figures
from deadlines import queries as deadline_queries
from deadlines.rules import WorkingTime, to_tenth
from inspections.choices import CONCLUDED
from inspections.choices import State as InspectionState
from inspections.models import Finding
from projects.models import Attachment, Deliverable
from reviews.choices import LevelKind, RemarkState, State
from reviews.figures import REVIEWING, error_rates
from reviews.models import Remark, Round, Signature
from tests.dashboards import board_kit as kit
from tests.inspections import records

pytestmark = pytest.mark.django_db
YEAR = kit.YEAR
GAPS = [timedelta(microseconds=1), timedelta(seconds=179, microseconds=999_999), timedelta(minutes=3),
        timedelta(minutes=3, microseconds=1), timedelta(minutes=9), timedelta(hours=5), timedelta(days=2, hours=3),
        timedelta(days=9, seconds=7)]  # fmt: skip


def fill(cast, dice: random.Random, projects: list) -> None:
    """Deliverables signed about the turn of the year and in it, some issued, some with remarks, returns and findings."""
    for _ in range(dice.randint(12, 20)):
        turn = kit.at(12, 31, 23, 59, year=YEAR - 1)
        since = dice.choice((kit.at(1, 1, 0, 2), kit.at(3, 2), kit.at(12, 30, 23), turn, turn))
        since += timedelta(microseconds=dice.choice((0, 1, 999_999)))
        times = [since]
        for _ in range(3):
            times.append(times[-1] + dice.choice(GAPS))
        amounts = dice.choice(((), ("1000", "970"), ("1000", "999.95", "970"), ("3", "0", "7"), ("5", "5", "0")))
        made = {
            "amounts": amounts,
            "since": since,
            "times": times,
            "files": dice.randint(1, 3),
            "skip": dice.choice(((), (), (1,))),
        }
        if dice.random() < 0.2:
            kit.signed(cast, dice.choice(projects), **made)
            continue
        done = kit.issued(cast, dice.choice(projects), issued_at=dice.choice((kit.at(1, 1, 0), kit.at(7, 1))), **made)
        for order, signer in ((1, cast.checker), (2, cast.verifier), (3, cast.approver)):
            for _ in range(dice.choice((0, 0, 1, 2))):
                kit.remark(done, order, signer, state=dice.choice((RemarkState.CLOSED, RemarkState.DRAFT)))
        _trouble(cast, dice, done)


def _trouble(cast, dice: random.Random, done) -> None:
    first = done.rounds.get()
    if dice.random() < 0.3:
        Round.objects.create(deliverable=done, number=2, route=first.route, version=first.version, state=State.SENT_BACK,
                             level=kit.levels()[dice.randint(1, 3)])  # fmt: skip
    if dice.random() < 0.3:
        kit.signature(first, kit.levels()[1], cast.outsider, kit.at(2, 2), revoked_at=kit.at(2, 3))
    for state in dice.choices((InspectionState.CLOSED, InspectionState.SCORING), k=dice.randint(0, 2)):
        inspection = records.inspection(cast, done.project, state=state)
        Finding.objects.create(
            inspection=inspection, number=1, deliverable=done, problem="漏项", raised_by=cast.quality_office
        )


# ── The slow way ────────────────────────────────────────────────────────────
class Slowly:
    """Everything by objects, one after another."""

    def __init__(self, filters):
        issued = Round.objects.filter(
            filters.of_projects("deliverable__project__") & filters.within("issue__issued_at"), state=State.ISSUED
        )
        standing = Signature.objects.filter(revoked_at__isnull=True).exclude(level__kind=LevelKind.ISSUE)
        standing = standing.select_related("level", "round__version", "round__deliverable").order_by("signed_at", "pk")
        of_part = filters.of_projects("round__deliverable__project__")
        self.issued = [each for each in standing if each.round in set(issued)]
        self.in_year = list(standing.filter(of_part, filters.within("signed_at")))

    @staticmethod
    def since(every: list, one):
        before = [
            each for each in every if each.round_id == one.round_id and each.level.order < one.level.order and not each.seat_number
        ]  # fmt: skip
        return before[-1].signed_at if before else None

    @staticmethod
    def is_returned(deliverable, title: str) -> bool:
        remarks = Remark.objects.exclude(state=RemarkState.DRAFT).filter(deliverable=deliverable, level__title=title)
        sent_back = Round.objects.filter(state=State.SENT_BACK, deliverable=deliverable, level__title=title)
        return remarks.exists() or sent_back.exists()

    def first_pass(self) -> dict:
        found = defaultdict(Counter)
        for each in self.issued:
            if each.level.kind in REVIEWING and each.seat_number == 0:
                found[each.level.title][self.is_returned(each.round.deliverable, each.level.title)] += 1
        return {title: (sum(count.values()), count[False], count[True]) for title, count in found.items()}

    def passed(self, title: str) -> list:
        """The signatures of the reviewing level of this title."""
        return [
            each for each in self.issued if each.level.title == title and each.level.kind in REVIEWING and not each.seat_number
        ]  # fmt: skip

    def caught(self) -> dict:
        """Title → (remarks of its own, of later levels, findings)."""
        deliverables = {each.round.deliverable_id for each in self.issued}
        sent = Remark.objects.exclude(state=RemarkState.DRAFT).filter(deliverable__in=deliverables)
        return {
            title: (
                sent.filter(level__title=title).count(),
                sum(map(self.later, signed)),
                sum(map(self.findings, signed)),
            )
            for title in self.first_pass()
            for signed in [self.passed(title)]
        }

    @staticmethod
    def later(signature) -> int:
        sent = signature.round.deliverable.remarks.exclude(state=RemarkState.DRAFT)
        return sent.filter(level__order__gt=signature.level.order).count()

    @staticmethod
    def findings(signature) -> int:
        return Finding.objects.filter(
            deliverable=signature.round.deliverable_id, inspection__state__in=CONCLUDED
        ).count()

    def days(self, calendar, title: str) -> dict:
        """Deliverable → how long the level had it, as shown."""
        found = {}
        for each in self.passed(title):
            since = self.since(self.issued, each)
            days = [day.astimezone(calendar.zone).date() for day in (since, each.signed_at)]
            found[each.round.deliverable_id] = to_tenth(WorkingTime(calendar, *days).days(since, each.signed_at))
        return found

    def times(self, calendar) -> dict:
        first = min(each.signed_at for each in self.issued).astimezone(calendar.zone).date()
        time = WorkingTime(
            calendar, first, max(each.signed_at for each in self.issued).astimezone(calendar.zone).date()
        )
        found = defaultdict(list)
        for each in self.issued:
            since = self.since(self.issued, each)
            if each.level.kind in REVIEWING and each.seat_number == 0 and since:
                found[each.level.title].append(time.days(since, each.signed_at))
        return {title: (len(days), *days_summary(days)) for title, days in found.items()}

    def habits(self) -> dict:
        found = defaultdict(list)
        for each in self.in_year:
            if each.level.kind in REVIEWING:
                told = Remark.objects.exclude(state=RemarkState.DRAFT)
                silent = not told.filter(deliverable=each.round.deliverable, raised_by=each.signer_id).exists()
                files = Attachment.objects.filter(version=each.round.version).count()
                since = self.since(self.in_year, each)
                quick = since is not None and each.signed_at - since < timedelta(minutes=3 * max(files, 1))
                found[each.signer.name].append((silent, quick))
        rows = {}
        for name, signed in found.items():
            run, quick = longest_run(silent for silent, _ in signed), sum(quick for _, quick in signed)
            told = sum(not silent for silent, _ in signed)
            rows[name] = (len(signed), told, run, quick, percent(quick, len(signed)))
        return rows


def table(chart, begin: int = 1, end: int | None = None) -> dict:
    return {row.values[0]: row.values[begin:end] for row in chart.rows}


@pytest.mark.parametrize("seed", range(500, 506))
def test_figures_from_signatures_equal_the_slow_reckoning(seed, cast, project, other_project, monkeypatch):
    monkeypatch.setattr(habits, "LEAST_SIGNED", 1)
    monkeypatch.setattr(habits, "LONG_RUN", 0)
    fill(cast, random.Random(seed), [project, other_project])
    for filters in (filters_for(YEAR), filters_for(YEAR, cast.zj1), filters_for(YEAR - 1), filters_for(YEAR + 1)):
        of, slow = Figures(filters), Slowly(filters)
        assert {title: row[:3] for title, row in table(levels.first_pass(of)).items()} == slow.first_pass()
        assert {title: row[:3] for title, row in table(levels.caught(of)).items()} == slow.caught()
        expected = slow.times(deadline_queries.working_calendar()) if slow.issued else {}
        assert table(levels.time_taken(of)) == expected
        assert table(habits.chart(of), 2) == slow.habits()
        issued = Deliverable.objects.filter(pk__in=[each.round.deliverable_id for each in slow.issued])
        assert of.error_rates == error_rates(issued)


@pytest.mark.parametrize("seed", [500, 501])
def test_lists_behind_the_figures_of_the_levels_have_what_was_counted(seed, cast, project, other_project, log_in):
    fill(cast, random.Random(seed), [project, other_project])
    client, calendar = log_in(cast.executive), deadline_queries.working_calendar()

    def listed(chart, title: str, column: int) -> set[int]:
        """Nought leads nowhere."""
        (row,) = (row for row in chart.rows if row.values[0] == title)
        if not row.values[column]:
            return set()
        return {each.pk for each in client.get(row.urls[column]).context["page"].paginator.object_list}

    everything = Counter()
    for filters in (
        filters_for(YEAR),
        filters_for(YEAR, cast.zj1),
        filters_for(YEAR, cast.zj2, project.business_line),
    ):
        of, slow = Figures(filters), Slowly(filters)
        caught, first, times = levels.caught(of), levels.first_pass(of), levels.time_taken(of)
        for title in slow.first_pass():
            signed = slow.passed(title)
            issued = {each.round.deliverable_id for each in slow.issued}
            sent = Remark.objects.exclude(state=RemarkState.DRAFT).filter(level__title=title, deliverable__in=issued)
            findings = Finding.objects.filter(
                deliverable__in=[each.round.deliverable_id for each in signed], inspection__state__in=CONCLUDED
            )
            days = slow.days(calendar, title)
            expected = {
                "own": set(sent.values_list("deliverable", flat=True)),
                "later": {each.round.deliverable_id for each in signed if slow.later(each)},
                "findings": set(findings.values_list("inspection", flat=True)),
                "signed": {each.round.deliverable_id for each in signed},
                "longest": {pk for pk, taken in days.items() if 0 < taken == max(days.values())},
            }
            assert {
                "own": listed(caught, title, 1),
                "later": listed(caught, title, 2),
                "findings": listed(caught, title, 3),
                "signed": listed(times, title, 1),
                "longest": listed(times, title, 4),
            } == expected
            assert listed(first, title, 1) == expected["signed"]
            everything += Counter({key: len(found) for key, found in expected.items()})
    assert min(everything.values()) > 0
    assert len(everything) == 5
