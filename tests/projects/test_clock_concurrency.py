"""Two people at the same time at one project's materials: a clock neither starts twice nor is left running."""

from collections import Counter
from functools import partial

import pytest
from django.utils import timezone

from deadlines.choices import Event, State
from deadlines.models import Deadline
from projects import services
from projects.choices import HandoverKind
from projects.models import Project
from tests.reviews.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_set_that_several_complete_at_once_starts_its_clock_once(cast, project, receive):
    handover, today = receive(project, HandoverKind.SETTLEMENT_DOCUMENTS), timezone.localdate()
    people = [cast.preparer, cast.checker, cast.verifier, cast.archivist]
    results = at_once(
        partial(services.complete_handover, actor=person, handover=handover, completed_on=today) for person in people
    )
    assert Counter(type(result).__name__ for result in results) == {"Handover": 1, "ValidationError": 3}
    assert Deadline.objects.of(handover).count() == 1


def test_last_two_sets_that_go_back_at_once_end_the_clock_of_the_return(cast, project, complete):
    """Each alone would see the other's set still with us."""
    today = timezone.localdate()
    sets = [complete(project, HandoverKind.OTHER, title=title) for title in "甲乙丙丁"]
    services.update_project(actor=cast.verifier, project=Project.objects.get(pk=project.pk), actual_finish_on=today)
    results = at_once(
        partial(services.return_items, actor=cast.preparer, handover=each, items=[each.items.get().pk],
                returned_on=today, returned_to="王工")
        for each in sets
    )  # fmt: skip
    assert Counter(type(result).__name__ for result in results) == {"Handover": 4}
    assert Deadline.objects.get(rule__event=Event.SERVICE_ENDED).state == State.FULFILLED
