"""Pages of action items: list with its filters, one with its course, the acts, the tab of a meeting, proofs."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from meetings.choices import ActionState, State
from meetings.models import ActionItem, Meeting
from meetings.services import action_items as services
from tests.inspections.kit import photo
from tests.meetings import minutes_kit as kit
from tests.meetings.test_action_items import held, in_days, item

pytestmark = pytest.mark.django_db
LIST = reverse("meetings:actions")


def url(name: str, *args) -> str:
    return reverse(f"meetings:{name}", args=args)


@pytest.fixture
def meeting(cast, project):
    return held(cast, project)


def numbers(client, **asked) -> list[str]:
    response = client.get(LIST, asked)
    assert response.status_code == 200
    return [row.number for row in response.context["page"]]


def test_list_by_person_project_meeting_state_and_overdue(cast, project, other_project, meeting, log_in):
    open_ = item(cast, meeting)
    late = item(cast, meeting, owner=cast.checker, text="催收 竣工图")
    ActionItem.objects.filter(pk=late.pk).update(due_on=in_days(-2))
    done = item(cast, held(cast, other_project), days=9)
    done = services.report_done(actor=cast.preparer, item=done, turn=done.turn, note="完成")
    client = log_in(cast.quality_office)
    assert numbers(client) == [late.number, open_.number, done.number]
    assert numbers(client, state="overdue") == [late.number]
    assert numbers(client, state="done") == [done.number]
    assert numbers(client, owner=cast.checker.pk) == [late.number]
    assert numbers(client, project=other_project.pk) == [done.number]
    assert numbers(client, meeting=meeting.pk) == [late.number, open_.number]
    assert numbers(client, q="竣工图 催收") == [late.number]
    assert numbers(client, mine="1") == []
    assert numbers(log_in(cast.preparer), mine="1") == [open_.number, done.number]
    assert numbers(log_in(cast.verifier), mine="confirm") == [done.number]
    assert numbers(log_in(cast.outsider)) == [done.number]
    for asked in ({"meeting": "9" * 40}, {"state": "x"}, {"sort": "x"}, {"owner": "x"}, {"q": "\x00"}):
        numbers(client, **asked)


def test_export_has_the_rows_of_the_page_and_no_formula(cast, meeting, log_in):
    item(cast, meeting, text="=HYPERLINK(1)")
    response = log_in(cast.preparer).get(reverse("meetings:action_export"))
    assert response.status_code == 200
    cells = [cell for row in load_workbook(BytesIO(response.getvalue())).active for cell in row]
    assert any("HYPERLINK" in str(cell.value) for cell in cells)
    assert not any(cell.data_type == "f" for cell in cells)


def test_owner_who_is_not_on_the_team_sees_the_item_and_not_the_meeting(cast, meeting, log_in):
    row = item(cast, meeting, owner=cast.outsider)
    client = log_in(cast.outsider)
    page = client.get(url("action", row.pk))
    assert page.status_code == 200
    assert url("meeting_actions", meeting.pk) not in page.content.decode()
    assert client.get(url("meeting_actions", meeting.pk)).status_code == 404
    assert log_in(cast.administrator).get(url("action", row.pk)).status_code == 404


def test_owner_reports_by_the_page_with_a_photo_that_the_team_opens_as_a_download(
    cast, meeting, other_project, log_in
):
    row = item(cast, meeting)
    client = log_in(cast.preparer)
    assert "报完成" in client.get(url("action", row.pk)).content.decode()
    sent = {"turn": row.turn, "note": "<b>已核对</b>", "files": photo()}
    assert client.post(url("action_done", row.pk), sent).status_code == 302
    body = client.get(url("action", row.pk)).content.decode()
    assert "&lt;b&gt;已核对" in body
    proof = row.proofs.get()
    response = client.get(url("action_proof", proof.pk))
    assert response["Content-Disposition"].startswith("attachment")
    assert b"".join(response.streaming_content).startswith(b"\x89PNG")
    assert log_in(cast.outsider).get(url("action_proof", proof.pk)).status_code == 404


def test_acts_of_others_are_refused_and_stale_pages_told(cast, meeting, log_in):
    row = item(cast, meeting)
    client = log_in(cast.preparer)
    for name in ("action_close", "action_reopen", "action_drop", "action_change"):
        assert client.get(url(name, row.pk)).status_code == 403
    assert log_in(cast.outsider).get(url("action_done", row.pk)).status_code == 404
    client = log_in(meeting.organiser)
    assert client.post(url("action_close", row.pk), {"turn": row.turn, "note": "会上出示"}).status_code == 302
    stale = client.post(url("action_close", row.pk), {"turn": row.turn, "note": "会上出示"})
    assert stale.status_code == 409
    assert "已由（复核人）" in stale.content.decode()
    assert client.post(url("action_reopen", row.pk), {"turn": row.turn + 1, "reason": "关错了"}).status_code == 302
    row.refresh_from_db()
    assert client.post(url("action_drop", row.pk), {"turn": row.turn, "reason": "不需要"}).status_code == 302


def test_change_before_and_after_the_minutes(cast, meeting, log_in):
    row = item(cast, meeting)
    client = log_in(meeting.organiser)
    sent = {"turn": row.turn, "text": "核对签证", "who": f"u{cast.preparer.pk}", "due_on": in_days(9)}
    assert client.post(url("action_change", row.pk), sent).status_code == 302
    Meeting.objects.filter(pk=meeting.pk).update(state=State.ISSUED)
    row.refresh_from_db()
    assert row.text == "核对签证"
    page = client.get(url("action_change", row.pk)).content.decode()
    assert 'name="text"' not in page
    sent = {"turn": row.turn, "who": f"u{cast.checker.pk}", "due_on": in_days(9)}
    assert "必填" in client.post(url("action_change", row.pk), sent).content.decode()
    assert client.post(url("action_change", row.pk), sent | {"reason": "人员调整"}).status_code == 302
    row.refresh_from_db()
    assert row.owner == cast.checker


def test_tab_of_a_meeting_sets_items_notes_progress_and_closes_former_ones(cast, project, meeting, log_in):
    row = item(cast, meeting)
    later = held(cast, project, hours=-1)
    client = log_in(later.organiser)
    sent = {"text": "提交进度计划", "who": f"u{cast.preparer.pk}", "due_on": in_days(5)}
    assert client.post(url("action_create", later.pk), sent | {"who": ""}).status_code == 200
    assert client.post(url("action_create", later.pk), sent).status_code == 302
    client.post(url("action_progress", later.pk, row.pk), {"note": "<i>八成</i>"})
    body = client.get(url("meeting_actions", later.pk)).content.decode()
    assert "提交进度计划" in body
    assert "&lt;i&gt;八成" in body
    close = f"{url('action_close', row.pk)}?at={later.pk}"
    assert close in body
    response = client.post(close, {"turn": row.turn, "note": "会上确认"})
    assert response.url == url("meeting_actions", later.pk)
    row.refresh_from_db()
    assert row.state == ActionState.CLOSED
    assert log_in(cast.preparer).get(url("action_create", later.pk)).status_code == 403
    assert log_in(cast.preparer).post(url("action_progress", later.pk, row.pk), {"note": "x"}).status_code == 403


def test_pages_cost_the_same_queries_with_one_item_and_with_many(cast, project, meeting, log_in):
    later = held(cast, project, hours=-1)
    client = log_in(later.organiser)
    pages = [LIST, url("meeting_actions", later.pk), url("meeting_actions", meeting.pk)]

    def costs() -> list[int]:
        found = []
        for page in pages:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(page).status_code == 200
            found.append(len(captured))
        return found

    contact = kit.party(project).contacts.first()
    item(cast, meeting), item(cast, later, contact=contact)
    client.get(LIST)
    few = costs()
    for _ in range(5):
        item(cast, meeting), item(cast, later, contact=contact)
    assert costs() == few


def test_project_page_lists_what_is_not_closed(cast, project, meeting, log_in):
    row = item(cast, meeting)
    closed = item(cast, meeting)
    services.close_item(actor=meeting.organiser, item=closed, turn=closed.turn, note="会上出示")
    response = log_in(cast.preparer).get(url("project_meetings", project.pk))
    assert [each.pk for each in response.context["items"]] == [row.pk]
    assert response.context["unclosed"] == 1
