"""The pages of the record: saving with and without the script, who reads what, the buttons, the issue."""

import pytest
from django.core.files.storage import default_storage

from meetings.choices import State
from meetings.models import Meeting, Minutes
from meetings.queries import minutes as queries
from meetings.services import minutes
from tests.conftest import PASSWORD
from tests.meetings import minutes_kit as kit

JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def _papers(monkeypatch):
    kit.no_papers(monkeypatch)


@pytest.fixture
def meeting(cast, project):
    return kit.meeting(cast, project, recorder=cast.preparer, users=[cast.checker])


@pytest.fixture
def item(meeting):
    return meeting.agenda.first()


def save(browser, item, script=True, **told):
    told = {"turn": item.turn, "record": "一", "decision": ""} | told
    url = f"/meetings/{item.meeting_id}/minutes/items/{item.pk}/"
    return browser.post(url, told, headers=JSON if script else {})


# ── Saving ──────────────────────────────────────────────────────────────────
def test_the_script_is_told_the_turn_and_what_others_saved(cast, meeting, item, log_in):
    answer = save(log_in(cast.preparer), item)
    assert (answer.status_code, answer.json()["turn"]) == (200, 1)
    state = log_in(cast.verifier).get(f"/meetings/{meeting.pk}/minutes/state/").json()
    assert state["items"][0] | {"saved_at": ""} == {
        "item": item.pk, "turn": 1, "record": "一", "decision": "", "saved_by": "编制人", "saved_at": ""
    }  # fmt: skip


def test_a_conflict_shows_both_versions_and_loses_none(cast, meeting, item, log_in):
    save(log_in(cast.verifier), item, record="组织者的")
    answer = save(log_in(cast.preparer), item, record="记录人的")
    assert (answer.status_code, answer.json()["conflict"]["record"]) == (409, "组织者的")
    page = save(log_in(cast.preparer), item, script=False, record="记录<b>人的")
    assert page.status_code == 409
    assert "组织者的" in page.content.decode()
    assert "记录&lt;b&gt;人的" in page.content.decode()
    assert save(log_in(cast.preparer), item, script=False, turn=1, record="记录<b>人的").status_code == 302
    assert kit.now(item).record == "记录<b>人的"


def test_without_the_script_the_page_is_drawn_again_with_what_was_typed(cast, item, log_in):
    answer = save(log_in(cast.preparer), item, script=False, record="长" * 10_001, decision="定下来")
    assert answer.status_code == 400
    assert "定下来" in answer.content.decode()


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"turn": ""}, 400),
        ({"turn": "x"}, 400),
        ({"turn": "7"}, 409),
        ({"record": "长" * 10_001}, 400),
        ({"as": "999999"}, 403),
    ],
)
def test_what_the_script_gets_wrong_is_told_in_words(cast, item, log_in, told, status):
    answer = save(log_in(cast.preparer), item, **told)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_nobody_else_saves_and_no_item_of_another_meeting(cast, project, meeting, item, log_in):
    assert save(log_in(cast.checker), item).status_code == 403
    assert save(log_in(cast.outsider), item).status_code == 404
    other = kit.meeting(cast, project)
    url = f"/meetings/{other.pk}/minutes/items/{item.pk}/"
    assert log_in(cast.verifier).post(url, {"turn": 0, "record": "x", "decision": ""}).status_code == 404


def test_once_it_is_handed_in_the_script_is_told_that_it_is_over(cast, meeting, item, log_in):
    made = kit.written(meeting)
    minutes.submit(actor=cast.preparer, meeting=made, turn=made.turn)
    answer = save(log_in(cast.preparer), kit.now(item), record="晚了")
    assert (answer.status_code, answer.json()["is_over"]) == (409, True)


# ── Reading ─────────────────────────────────────────────────────────────────
def test_a_record_under_way_is_shown_to_who_keeps_it_alone(cast, meeting, item, log_in):
    save(log_in(cast.preparer), item, record="尚未核定的内容")
    url = f"/meetings/{meeting.pk}/minutes/"
    assert "尚未核定的内容" in log_in(cast.verifier).get(url).content.decode()
    for reader in (cast.checker, cast.approver):
        assert "尚未核定的内容" not in log_in(reader).get(url).content.decode()
        assert log_in(reader).get(f"{url}draft.pdf").status_code == 403
    assert log_in(cast.outsider).get(url).status_code == 404


def test_issued_minutes_escape_and_are_read_by_all_who_see_the_meeting(cast, project, log_in):
    meeting = kit.meeting(cast, project, items=("<script>alert(1)</script>",), title="<img src=x onerror=alert(1)>")
    paper = kit.issued(meeting)
    page = log_in(cast.checker).get(f"/meetings/{meeting.pk}/minutes/").content.decode()
    assert paper.number in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    pdf = log_in(cast.checker).get(f"/meetings/{meeting.pk}/minutes/{paper.pk}.pdf")
    assert pdf.content == kit.PDF + paper.number.encode()
    other = kit.meeting(cast, project)
    assert log_in(cast.checker).get(f"/meetings/{other.pk}/minutes/{paper.pk}.pdf").status_code == 404


def test_a_paper_that_is_not_what_it_was_is_not_handed_out(cast, project, log_in):

    paper = kit.issued(kit.meeting(cast, project))
    default_storage.delete(paper.pdf)
    response = log_in(cast.checker).get(f"/meetings/{paper.meeting_id}/minutes/{paper.pk}.pdf")
    assert (response.status_code, "文件异常" in response.content.decode()) == (500, True)


def test_the_record_page_costs_the_same_for_many_items(cast, project, log_in, count_queries):
    few = kit.meeting(cast, project, items=["一"])
    many = kit.meeting(cast, project, items=[f"议题 {n}" for n in range(25)])
    log_in(cast.verifier)
    count_queries(f"/meetings/{few.pk}/minutes/")
    assert count_queries(f"/meetings/{few.pk}/minutes/") == count_queries(f"/meetings/{many.pk}/minutes/")


def test_issued_pages_cost_the_same_for_many_items(cast, project, log_in, count_queries):
    few = kit.issued(kit.meeting(cast, project, items=["一"]))
    many = kit.issued(kit.meeting(cast, project, items=[f"议题 {n}" for n in range(25)]))
    log_in(cast.checker)
    count_queries(f"/meetings/{few.meeting_id}/minutes/")
    assert count_queries(f"/meetings/{few.meeting_id}/minutes/") == count_queries(
        f"/meetings/{many.meeting_id}/minutes/"
    )


# ── The course ──────────────────────────────────────────────────────────────
def test_from_the_end_of_the_meeting_to_the_issue_through_the_pages(cast, meeting, log_in):
    base = f"/meetings/{meeting.pk}"
    kit.written(meeting)
    page = log_in(cast.preparer).get(f"{base}/minutes/").content.decode()
    assert "提交纪要核定" in page
    assert "核对并签发" not in page
    turn = Meeting.objects.get(pk=meeting.pk).turn
    assert log_in(cast.checker).post(f"{base}/submit/", {"turn": turn}).status_code == 403
    assert log_in(cast.preparer).post(f"{base}/submit/", {"turn": turn}).status_code == 302
    assert log_in(cast.preparer).post(f"{base}/submit/", {"turn": turn}).status_code == 409
    browser = log_in(cast.verifier)
    assert browser.get(f"{base}/return/").status_code == 200
    page = browser.get(f"{base}/issue/")
    told = {"turn": turn + 1, "seen": page.context["form"]["seen"].value()}
    assert browser.post(f"{base}/issue/", told | {"password": "wrong"}).status_code == 400
    assert browser.post(f"{base}/issue/", told | {"password": PASSWORD, "parties": ["999999"]}).status_code == 400
    assert browser.post(f"{base}/issue/", told | {"password": PASSWORD}).status_code == 302
    assert Meeting.objects.get(pk=meeting.pk).state == State.ISSUED
    assert browser.post(f"{base}/issue/", told | {"password": PASSWORD}).status_code == 409
    assert Minutes.objects.count() == 1


def test_what_changed_behind_the_issue_page_is_shown_before_it_is_signed(cast, project, log_in):
    meeting = kit.written(kit.meeting(cast, project))
    item = meeting.agenda.first()
    seen = queries.seen(meeting)
    minutes.save_item(actor=cast.verifier, item=item, turn=item.turn, record="改过的内容", decision="")
    told = {"turn": meeting.turn, "seen": seen, "password": PASSWORD}
    browser = log_in(cast.verifier)
    response = browser.post(f"/meetings/{meeting.pk}/issue/", told)
    assert response.status_code == 400
    assert "改过的内容" in response.content.decode()
    told["seen"] = response.context["form"]["seen"].value()
    assert browser.post(f"/meetings/{meeting.pk}/issue/", told).status_code == 302


def test_a_thing_to_be_done_is_set_beside_the_record(cast, project, meeting, item, log_in):
    contact = kit.party(project).contacts.get()
    url = f"/meetings/{meeting.pk}/minutes/actions/"
    told = {"text": "补交签证单", "who": f"c{contact.pk}", "due_on": "2027-01-10", "agenda_item": item.pk}
    assert log_in(cast.checker).post(url, told).status_code == 403
    browser = log_in(cast.preparer)
    for wrong in ({"who": ""}, {"who": "c999999"}, {"who": "u999999"}, {"due_on": "2020-01-01"}, {"text": "长" * 301}):
        assert browser.post(url, told | wrong).status_code == 400
    assert browser.post(url, told).status_code == 302
    assert meeting.action_items.get().owner_contact == contact
    assert "补交签证单" in browser.get(f"/meetings/{meeting.pk}/minutes/").content.decode()
