"""待办 / 已办 / 我发起: what the chain waits for and nothing else."""

import pytest
from django.urls import reverse

from reviews.models import Waiting
from tests.reviews import flow

INBOX, HANDLED, STARTED = (reverse(f"dashboards:{name}") for name in ("inbox", "inbox_handled", "inbox_started"))


def rows(client, url, **params):
    response = client.get(url, params)
    assert response.status_code == 200
    return list(response.context["page"].object_list)


@pytest.fixture
def deliverable(cast, project):
    return flow.open_deliverable(cast, project)


def everybody(cast):
    return [person for person in vars(cast).values() if hasattr(person, "employee_number") and person.is_active]


def test_inbox_equals_what_the_chain_waits_for(cast, project, log_in):
    _drafted, submitted, checked, answering, returned = (
        flow.open_deliverable(cast, project, title=title) for title in ("甲", "乙", "丙", "丁", "戊")
    )
    for each in (submitted, checked, answering, returned):
        flow.submit(each)
    flow.sign(checked)
    flow.draft_remark(answering)
    flow.return_remarks(answering)
    flow.send_back(returned)
    for person in everybody(cast):
        expected = set(Waiting.objects.filter(user=person).values_list("round", flat=True))
        client = log_in(person)
        assert {row.pk for row in rows(client, INBOX)} == expected
        assert client.get(INBOX).context["shell"].todo_count == len(expected)
    assert {row.deliverable.title for row in rows(log_in(cast.preparer), INBOX)} == {"甲", "丁", "戊"}
    assert {row.deliverable.title for row in rows(log_in(cast.checker), INBOX)} == {"乙"}
    assert {row.deliverable.title for row in rows(log_in(cast.verifier), INBOX)} == {"丙"}


def test_returned_deliverable_comes_first_with_its_reason(cast, project, log_in):
    early = flow.open_deliverable(cast, project, title="先到期", due_on="2026-01-02")
    returned = flow.open_deliverable(cast, project, title="被退回的", due_on="2027-01-02")
    flow.submit(returned)
    flow.send_back(returned, reason="计价依据不足")
    found = rows(log_in(cast.preparer), INBOX)
    assert [row.deliverable for row in found] == [returned, early]
    assert (found[0].state_kind, found[0].state_word, found[0].reason) == ("returned", "被退回", "计价依据不足")
    page = log_in(cast.preparer).get(INBOX).content.decode()
    assert "被退回" in page
    assert "计价依据不足" in page


def test_inbox_says_who_has_it_since_when_and_at_which_level(cast, deliverable, log_in):
    flow.submit(deliverable)
    (row,) = rows(log_in(cast.checker), INBOX)
    assert (row.state_kind, row.state_word, row.holders, row.level.title) == ("todo", "待校核", "校核人", "校核")
    assert row.since == Waiting.objects.get(user=cast.checker).since


def test_handled_tells_my_part_and_where_it_stands_today(cast, deliverable, log_in):
    flow.submit(deliverable)
    flow.draft_remark(deliverable)
    flow.return_remarks(deliverable)
    flow.answer(deliverable)
    flow.recheck_all(deliverable)
    flow.sign(deliverable)
    flow.send_back(deliverable)
    (checked,) = rows(log_in(cast.checker), HANDLED)
    assert checked.my_part == "校核签署，提出意见 1 条"
    assert (checked.present.number, checked.present.state_word, checked.present.holders) == (2, "被退回", "编制人")
    (sent_back,) = rows(log_in(cast.verifier), HANDLED)
    assert sent_back.my_part == "复核退回"
    assert rows(log_in(cast.approver), HANDLED) == []


def test_draft_remarks_are_not_handled_yet(cast, deliverable, log_in):
    flow.submit(deliverable)
    flow.draft_remark(deliverable)
    assert rows(log_in(cast.checker), HANDLED) == []


def test_started_shows_who_has_my_deliverables(cast, deliverable, log_in):
    flow.submit(deliverable)
    (row,) = rows(log_in(cast.preparer), STARTED)
    assert (row.state_kind, row.state_word, row.holders) == ("waiting", "待校核", "校核人")
    assert rows(log_in(cast.checker), STARTED) == []


def test_handled_deliverable_of_a_project_one_left_is_gone(cast, project, other_project, log_in):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.sign(deliverable)
    assert len(rows(log_in(cast.checker), HANDLED)) == 1
    project.assignments.filter(user=cast.checker).update(ends_on="2025-01-01")
    assert rows(log_in(cast.checker), HANDLED) == []


def test_search_sort_and_paging(cast, project, log_in):
    for number in range(27):
        flow.open_deliverable(cast, project, title=f"报告 {number:02}")
    client = log_in(cast.preparer)
    assert [row.deliverable.title for row in rows(client, INBOX, q="报告 03")] == ["报告 03"]
    first, second = rows(client, INBOX, sort="-number"), rows(client, INBOX, sort="-number", page=2)
    assert len(first) == 25
    assert len(second) == 2
    numbers = [row.deliverable.number for row in first + second]
    assert numbers == sorted(numbers, reverse=True)
    assert rows(client, INBOX, q="没有这件") == []
    assert "没有符合条件的待办" in client.get(INBOX, {"q": "没有这件"}).content.decode()


def test_empty_inbox_says_what_would_fill_it(cast, log_in):
    for url in (INBOX, HANDLED, STARTED):
        assert "empty-state" in log_in(cast.outsider).get(url).content.decode()


def test_queries_do_not_grow_with_rows(cast, many, queries_of):
    pages = [(cast.checker, INBOX), (cast.checker, HANDLED), (cast.preparer, STARTED)]
    many(1)
    many(1, submit_and_sign)
    few = [queries_of(person, url) for person, url in pages]
    many(14)
    many(14, submit_and_sign)
    assert [queries_of(person, url) for person, url in pages] == few
    assert max(few) <= 16


def submit_and_sign(deliverable):
    flow.submit(deliverable)
    flow.sign(deliverable)
