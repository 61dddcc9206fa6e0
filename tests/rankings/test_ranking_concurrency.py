"""Two managers who freeze, publish or correct the same at the same instant: one act is taken. Real connections, PostgreSQL."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from ledger.models import Entry
from notices.models import Notice
from rankings.handled import AlreadyHandled
from rankings.models import Correction, Ranking
from rankings.printouts import rankings as papers
from rankings.queries import drafts
from rankings.ranking_verification import rankings_match
from rankings.services import freezing
from tests.rankings import years
from tests.rankings.years import YEAR
from tests.reviews.flow import confirmed
from tests.scoring.test_concurrency import at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="concurrency tests are PostgreSQL's"),
]


def told(act):
    """The same act, its refusal in the form that `at_once` collects."""

    def run():
        try:
            act()
        except AlreadyHandled as late:
            raise ValidationError(str(late)) from late

    return run


def test_of_several_who_freeze_publish_and_correct_one_each_is_taken(cast, project, monkeypatch):
    monkeypatch.setattr(papers, "ranking_paper", lambda ranking, head: b"%PDF plain")
    years.inspected(cast, project, "90")
    boss, seen = cast.executive, drafts.digest(drafts.draft(YEAR))

    def freeze():
        freezing.freeze(actor=boss, year=YEAR, seen=seen, confirmation=confirmed(boss))

    def publish():
        freezing.publish(actor=boss, ranking=Ranking.objects.get(), confirmation=confirmed(boss))

    def correct():
        entry = Ranking.objects.get().entries.get(board="project")
        freezing.correct(
            actor=boss, entry=entry, seen=0, score=Decimal(80), reason="申诉", confirmation=confirmed(boss)
        )

    for act in (freeze, publish, correct):
        outcomes = at_once(*[told(act)] * 4)
        assert outcomes.count("done") == 1, outcomes
        assert all("已由（管理层）" in each for each in outcomes if each != "done")
    assert Ranking.objects.count() == Correction.objects.count() == 1
    assert Entry.objects.filter(action__startswith="ranking.").count() == 3
    assert Notice.objects.filter(recipient=cast.outsider, title__contains="已公布").count() == 1
    assert list(rankings_match()) == []
