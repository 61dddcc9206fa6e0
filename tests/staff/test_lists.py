"""What every list page does the same way."""

import pytest
from django.test import RequestFactory

from staff import lists
from staff.models import User

SORTS = {"number": "employee_number", "title": "job_title"}


def ask(user, query=""):
    request = RequestFactory().get(f"/people/?{query}")
    request.user = user
    return request


def test_order_is_that_of_the_url_with_the_primary_key_behind_it():
    order = lists.sort_order(ask(None, "sort=-number"), SORTS, "title")
    assert [str(order[0].expression), order[0].descending, order[1]] == ["F(employee_number)", True, "-pk"]
    assert lists.sort_order(ask(None, "sort=password"), SORTS, "title")[0].expression.name == "job_title"


def test_nulls_are_spoken_of_only_where_there_may_be_some():
    number, title = (
        lists.sort_order(ask(None, f"sort={key}"), SORTS, "number", may_be_empty={"title"})[0] for key in SORTS
    )
    assert not number.nulls_last
    assert title.nulls_last


@pytest.mark.django_db
def test_long_count_is_kept_for_a_minute_and_a_short_one_is_not(cast, monkeypatch, django_assert_num_queries):
    people, everybody = User.objects.order_by("pk"), User.objects.count()
    monkeypatch.setattr(lists, "LONG", 5)
    assert lists.page_of(ask(cast.preparer), people).paginator.count == everybody
    with django_assert_num_queries(0):
        assert lists.page_of(ask(cast.preparer, "page=2&sort=name"), people).paginator.count == everybody
    with django_assert_num_queries(2):  # another filter, another person
        lists.page_of(ask(cast.preparer, "q=a"), people)
        lists.page_of(ask(cast.checker), people)
    monkeypatch.setattr(lists, "LONG", 500)
    with django_assert_num_queries(2):
        lists.page_of(ask(cast.verifier), people)
        lists.page_of(ask(cast.verifier), people)
