"""The draft of a year: what counts, what is left out and why, what if; the same few queries for one row and for many."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inspections.choices import State
from inspections.models import Inspection
from rankings.choices import PEOPLE_BOARDS, Board
from rankings.models import Policy
from rankings.queries import drafts
from rankings.rules import NOT_CLOSED, NOT_CONCLUDED
from reviews.models import Signature
from tests.conftest import _project_of_cast
from tests.inspections import kit, records
from tests.rankings import years

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year


def inspected(cast, project, score, **fields) -> Inspection:
    return records.inspection(cast, project, score=score, **{**years.TIES, **fields})


def lines(found, board=Board.PROJECT):
    return [(each.place, each.label, each.score, each.sample) for each in found.boards[board]]


def test_project_has_the_score_of_its_lowest_closed_inspection(cast, project, other_project):
    inspected(cast, project, "90")
    low = inspected(cast, project, "72.5", is_serious=True)
    inspected(cast, other_project, "80")
    found = drafts.draft(YEAR)
    assert lines(found) == [(1, other_project.name, Decimal(80), 1), (2, project.name, Decimal("72.5"), 2)]
    row = found.boards[Board.PROJECT][1]
    assert row.evidence[0] == low.pk
    assert len(row.evidence) == 2
    assert (row.facts["set_by"], row.facts["serious"], row.grade) == (low.number, True, "合格")


def test_one_bad_inspection_among_two_as_low_tells(cast, project):
    inspected(cast, project, "70", lowest_share=Decimal(60))
    worse = inspected(cast, project, "70", lowest_share=Decimal(40))
    (row,) = drafts.draft(YEAR).boards[Board.PROJECT]
    assert row.evidence[0] == worse.pk


def test_open_cancelled_and_other_inspections_do_not_count_and_the_page_knows_why(cast, project, other_project):
    third = _project_of_cast(cast, "2026-003")
    waiting = inspected(cast, project, "90", state=State.RECTIFYING)
    scoring = inspected(cast, third, None, state=State.SCORING)
    inspected(cast, other_project, "61")
    inspected(cast, other_project, "50", year=YEAR - 1)
    inspected(cast, other_project, None, state=State.CANCELLED)
    inspected(cast, None, "40", unit=project.unit)
    found = drafts.draft(YEAR)
    assert [(each.label, each.score) for each in found.boards[Board.PROJECT]] == [(other_project.name, Decimal(61))]
    reasons = {each.label: each.excluded for each in found.excluded[Board.PROJECT]}
    assert reasons == {
        project.name: f"{NOT_CLOSED}（{waiting.number}）", third.name: f"{NOT_CONCLUDED}（{scoring.number}）"
    }  # fmt: skip
    assert found.population == drafts.Population(counted=1, not_closed=1, not_concluded=1, cancelled=1, of_units=1)


def test_unit_without_enough_projects_is_left_out(cast, project, other_project):
    second = _project_of_cast(cast, "2026-003")
    for each, score in ((project, "90"), (second, "80"), (other_project, "99")):
        inspected(cast, each, score, finding_count=2)
    found = drafts.draft(YEAR, policy=Policy(version=9, min_unit_sample=2, min_person_sample=3))
    (row,) = found.boards[Board.UNIT]
    assert (row.label, row.score, row.sample, row.facts["mean"]) == (project.unit.name, Decimal(80), 2, Decimal(85))
    assert row.facts["lowest"] == [[second.pk, second.name]]
    (out,) = found.excluded[Board.UNIT]
    assert (out.label, out.excluded) == (other_project.unit.name, "被检项目少于 2 个")


def test_what_if_leaves_out_an_inspection_or_gives_it_another_score(cast, project, other_project):
    low = inspected(cast, project, "55")
    inspected(cast, project, "85")
    inspected(cast, other_project, "70")
    assert drafts.draft(YEAR).boards[Board.PROJECT][0].label == other_project.name
    without = drafts.draft(YEAR, without={low.pk}).boards[Board.PROJECT]
    assert next((each.label, each.score, each.sample) for each in without) == (project.name, Decimal(85), 1)
    instead = drafts.draft(YEAR, scores={low.pk: Decimal("81.5")}).boards[Board.PROJECT]
    assert (instead[0].score, instead[0].grade) == (Decimal("81.5"), "优良")
    assert drafts.draft(YEAR).boards[Board.PROJECT][1].grade == "不合格"


def test_people_are_ranked_by_the_level_that_they_signed(cast, project):
    issued = years.issued(cast, project)
    inspection = inspected(cast, project, "70")
    kit.finding(inspection, deliverable=issued, severity="serious")
    kit.finding(inspection, deliverable=issued)
    kit.finding(inspection)
    found = drafts.draft(YEAR, policy=Policy(version=9, min_unit_sample=1, min_person_sample=1))
    people = {Board.PREPARER: cast.preparer, Board.CHECKER: cast.checker, Board.VERIFIER: cast.verifier,
              Board.APPROVER: cast.approver}  # fmt: skip
    for board, person in people.items():
        (row,) = found.boards[board]
        assert (row.subject, row.sample, row.score) == (person.pk, 1, Decimal(20))
        assert row.facts == {"missed": {"serious": 1, "ordinary": 1}, "weighted": 4}
    behind = drafts.evidence_of_people(YEAR)[Board.CHECKER, cast.checker.pk]
    assert behind["deliverables"] == [issued.pk]
    assert len(behind["findings"]) == 2
    left_out = drafts.draft(YEAR)
    assert left_out.excluded[Board.CHECKER][0].excluded == "签署少于 3 份"


def test_revoked_signature_and_finding_of_an_open_inspection_do_not_count(cast, project):
    issued = years.issued(cast, project)
    kit.finding(inspected(cast, project, None, state=State.SCORING), deliverable=issued)
    (row,) = drafts.people_rows(YEAR)[Board.CHECKER]
    assert row.score == Decimal(100)
    Signature.objects.filter(signer=cast.checker).update(revoked_at=timezone.now())
    assert drafts.people_rows(YEAR)[Board.CHECKER] == []
    assert all(drafts.people_rows(YEAR + 1)[board] == [] for board in PEOPLE_BOARDS)


def test_same_number_of_queries_for_one_inspection_and_for_many(cast, project, other_project):
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as told:
            drafts.digest(drafts.draft(YEAR))
        return len(told)

    inspected(cast, project, "70")
    once = count()
    for each in range(6):
        inspected(cast, other_project, str(60 + each))
        inspected(cast, project, "75", state=State.ISSUED)
        kit.finding(inspected(cast, project, "65"), deliverable=None)
    assert count() == once <= 9


def test_digest_tells_any_change_and_nothing_else(cast, project):
    inspected(cast, project, "70")
    before = drafts.digest(drafts.draft(YEAR))
    assert drafts.digest(drafts.draft(YEAR)) == before
    type(project).objects.filter(pk=project.pk).update(name="改名后的项目")
    assert drafts.digest(drafts.draft(YEAR)) != before
