"""会议与待办 on the first screen: mine and nobody else's; a constant number of queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dashboards.blocks.meeting import my_meetings
from meetings.choices import State
from meetings.models import ActionItem, Distribution, Meeting, Objection
from meetings.services import action_items as services
from tests.meetings import minutes_kit as kit
from tests.meetings.test_action_items import held, item
from tests.meetings.test_search import paper

pytestmark = pytest.mark.django_db
HOME = reverse("dashboards:home")


def parts(user) -> dict[str, int]:
    return {name: len(rows) for name, rows in my_meetings(user).data.items() if rows}


def test_each_sees_what_is_theirs(cast, project):
    kit.meeting(cast, project, hours=30, users=[cast.preparer])
    kit.meeting(cast, project, hours=24 * 9, users=[cast.preparer])
    row = item(cast, held(cast, project))
    assert parts(cast.preparer) == {"meetings": 1, "items": 1}
    assert parts(cast.verifier) == {"meetings": 1, "minutes": 1}
    assert parts(cast.checker) == parts(cast.outsider) == {}
    services.report_done(actor=cast.preparer, item=row, turn=row.turn, note="完成")
    assert parts(cast.preparer) == {"meetings": 1}
    assert parts(cast.verifier) == {"meetings": 1, "minutes": 1, "items": 1}


def test_minutes_are_owed_by_the_recorder_and_to_be_checked_by_the_organiser(cast, project):
    row = held(cast, project, recorder=cast.checker)
    assert parts(cast.checker) == {"minutes": 1}
    assert parts(cast.verifier) == {}
    Meeting.objects.filter(pk=row.pk).update(state=State.CHECKING)
    assert parts(cast.checker) == {}
    assert parts(cast.verifier) == {"minutes": 1}


def test_minutes_to_receive_are_shown_until_they_are_received(cast, project):
    minutes = paper(held(cast, project, recorder=cast.checker), "x")
    copy = Distribution.objects.create(minutes=minutes, user=cast.preparer)
    assert parts(cast.preparer) == {"copies": 1}
    Distribution.objects.filter(pk=copy.pk).update(
        received_at=timezone.now(), received_by="click", receiver_name="编制人"
    )
    assert parts(cast.preparer) == {}


def test_objection_waits_for_the_organiser_until_it_is_answered(cast, log_in, project):
    meeting = held(cast, project, recorder=cast.checker)
    minutes = paper(meeting, "x")
    Meeting.objects.filter(pk=meeting.pk).update(state=State.ISSUED)
    copy = Distribution.objects.create(minutes=minutes, user=cast.preparer, received_at=timezone.now(),
                                       received_by="click", receiver_name="编制人")  # fmt: skip
    row = Objection.objects.create(distribution=copy, by_name="编制人", text="第二项决定<b>与会上不一致")
    assert parts(cast.verifier) == {"objections": 1}
    assert parts(cast.preparer) == parts(cast.checker) == {}
    page = log_in(cast.verifier).get(HOME).content.decode()
    assert "答复异议" in page
    assert "第二项决定&lt;b&gt;" in page
    Objection.objects.filter(pk=row.pk).update(
        answered_at=timezone.now(), answered_by=cast.verifier, answer="维持", is_accepted=False
    )
    assert parts(cast.verifier) == {}


def test_project_manager_sees_the_overdue_items_of_the_projects_and_no_other_of_the_team_does(cast, project):
    row = item(cast, held(cast, project, recorder=cast.checker))
    ActionItem.objects.filter(pk=row.pk).update(due_on=timezone.localdate() - timedelta(days=1))
    assert parts(cast.verifier) == {"late": 1}
    assert parts(cast.checker) == {"minutes": 1}


def test_first_screen_shows_the_block_escaped_to_whoever_has_something_in_it(cast, project, log_in):
    item(cast, held(cast, project), text="<script>x</script>核对签证")
    body = log_in(cast.preparer).get(HOME).content.decode()
    assert "会议与待办" in body
    assert "&lt;script&gt;x" in body
    assert "会议与待办" not in log_in(cast.outsider).get(HOME).content.decode()


def test_block_costs_the_same_queries_with_one_row_and_with_many(cast, project):
    def fill(n: int) -> None:
        kit.meeting(cast, project, hours=30 + n, users=[cast.preparer])
        row = held(cast, project, hours=-3 - n)
        item(cast, row)
        late = item(cast, row)
        ActionItem.objects.filter(pk=late.pk).update(due_on=timezone.localdate() - timedelta(days=1))
        Distribution.objects.create(minutes=paper(row, "x", n + 1), user=cast.verifier)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            my_meetings(cast.verifier)
        return len(captured)

    fill(0)
    cost()  # who somebody is, is asked once
    one = cost()
    for n in range(1, 5):
        fill(n)
    assert cost() == one
