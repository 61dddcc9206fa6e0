"""Inspectors at the same instant: what one saves is never lost to another. Real connections, PostgreSQL."""

import threading
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from inspections.chain import AlreadyHandled
from inspections.choices import State
from inspections.models import Hit, Inspection, Section
from inspections.services import findings as finding_services
from inspections.services import score_sheets as services
from inspections.services.opening import cancel
from tests.inspections import kit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="concurrency tests are PostgreSQL's"),
]


def at_once(*acts) -> list[str]:
    """Run the acts in threads of their own, started together; what each came to, in their order: done, or which refusal."""
    start, outcomes = threading.Barrier(len(acts)), [""] * len(acts)

    def run(place, act):
        try:
            start.wait()
            act()
            outcomes[place] = "done"
        except (ValidationError, PermissionDenied, AlreadyHandled, services.SectionConflict,
                finding_services.FindingConflict) as refused:  # fmt: skip
            outcomes[place] = type(refused).__name__
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert "" not in outcomes
    return outcomes


@pytest.fixture
def other(cast):
    return kit.inspector(cast)


@pytest.fixture
def inspection(cast, project, other):
    return kit.inspection(cast, project, cast.quality_office, other)


def save(inspection, criterion, actor, count, turn=0, note=""):
    """An act that saves `count` hits of every deduction of a criterion, on a page loaded by itself."""

    def act():
        mine = Inspection.objects.get(pk=inspection.pk)
        hits = {item.pk: Decimal(count) for item in criterion.deductions.all()}
        services.save_section(actor=actor, inspection=mine, criterion=criterion, turn=turn, hits=hits, note=note)

    return act


def test_six_criteria_by_two_at_once_all_survive(cast, inspection, other):
    criteria = kit.criteria(inspection)
    people = [cast.quality_office, other] * 3
    acts = [save(inspection, each, actor, n + 1) for n, (each, actor) in enumerate(zip(criteria, people, strict=True))]
    assert at_once(*acts) == ["done"] * 6
    stored = Section.objects.filter(inspection=inspection).prefetch_related("hits")
    assert [section.turn for section in stored] == [1] * 6
    assert [set(services.stored_hits(section).values()) for section in stored] == [{Decimal(n + 1)} for n in range(6)]


@pytest.mark.parametrize("n", range(3))
def test_of_ten_on_one_criterion_one_is_kept_whole_and_nine_are_told(cast, inspection, other, n):
    criterion = kit.criteria(inspection)[n]
    acts = [save(inspection, criterion, actor, count + 1, note=str(count + 1))
            for count, actor in enumerate([cast.quality_office, other] * 5)]  # fmt: skip
    outcomes = at_once(*acts)
    assert sorted(outcomes) == ["SectionConflict"] * 9 + ["done"]
    stored = Section.objects.get(inspection=inspection, criterion=criterion)
    winner = outcomes.index("done") + 1
    assert (stored.turn, stored.note) == (1, str(winner))
    assert set(services.stored_hits(stored).values()) == {Decimal(winner)}


def test_one_request_that_comes_five_times_at_once_is_saved_once(cast, inspection):
    criterion = kit.criteria(inspection)[0]
    assert at_once(*[save(inspection, criterion, cast.quality_office, 2, note="同一份")] * 5) == ["done"] * 5
    stored = Section.objects.get(inspection=inspection, criterion=criterion)
    assert (stored.turn, stored.note) == (1, "同一份")
    assert Hit.objects.count() == criterion.deductions.count()


@pytest.mark.parametrize("n", range(5))
def test_what_is_saved_and_what_ends_the_scoring_come_one_after_the_other(cast, inspection, other, n):
    """Whichever comes first: nothing is written to an inspection that is over."""
    criterion = kit.criteria(inspection)[0]

    def end():
        mine = Inspection.objects.get(pk=inspection.pk)
        cancel(actor=cast.quality_office, inspection=mine, turn=0, reason="终止")

    ended, saved = at_once(end, save(inspection, criterion, other, 1))
    assert ended == "done"
    assert Inspection.objects.get(pk=inspection.pk).state == State.CANCELLED
    stored = Section.objects.get(inspection=inspection, criterion=criterion)
    assert (saved, stored.turn) in {("done", 1), ("AlreadyHandled", 0)}


def test_problems_written_down_at_once_get_numbers_of_their_own(cast, inspection, other):
    def add(actor):
        mine = Inspection.objects.get(pk=inspection.pk)
        finding_services.add_finding(actor=actor, inspection=mine, problem=actor.name)

    people = [cast.quality_office, other] * 4
    assert at_once(*[lambda actor=actor: add(actor) for actor in people]) == ["done"] * 8
    assert sorted(inspection.findings.values_list("number", flat=True)) == list(range(1, 9))


def test_of_two_who_change_one_problem_one_is_told(cast, inspection, other):
    finding = kit.finding(inspection)
    seen = finding_services.fingerprint(type(finding).objects.get(pk=finding.pk))

    def change(actor):
        mine = type(finding).objects.select_related("inspection").get(pk=finding.pk)
        finding_services.update_finding(actor=actor, finding=mine, seen=seen, problem=actor.name)

    outcomes = at_once(lambda: change(cast.quality_office), lambda: change(other))
    assert sorted(outcomes) == ["FindingConflict", "done"]
    finding.refresh_from_db()
    assert finding.problem == [cast.quality_office.name, other.name][outcomes.index("done")]
