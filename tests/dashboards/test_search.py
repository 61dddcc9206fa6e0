"""Search: number, project, person, client, issue number; what one may not see does not exist."""

import pytest
from django.urls import reverse

from projects.choices import Confidentiality
from reviews.models import Issue
from tests.reviews import flow

SEARCH = reverse("dashboards:search")


def found(client, text):
    response = client.get(SEARCH, {"q": text})
    assert response.status_code == 200
    return response.context["results"]


@pytest.fixture
def deliverable(cast, project):
    return flow.open_deliverable(cast, project)


def test_team_member_finds_deliverable_project_client_and_colleague(cast, project, deliverable, log_in):
    client = log_in(cast.preparer)
    assert [row.deliverable for row in found(client, deliverable.number).deliverables] == [deliverable]
    assert [row.deliverable for row in found(client, "土建结算").deliverables] == [deliverable]
    assert found(client, "2026-ZJ1-001").projects == [project]
    assert found(client, "滨江城市").clients == [project.client]
    assert found(client, "校核人").people == [cast.checker]
    assert found(client, cast.checker.employee_number).people == [cast.checker]


def test_outsider_finds_neither_project_nor_deliverable_nor_client(cast, project, deliverable, log_in):
    client = log_in(cast.outsider)
    for text in (deliverable.number, project.number, "滨江", project.client.name):
        assert not found(client, text)
    assert "没有找到" in client.get(SEARCH, {"q": project.number}).content.decode()
    project.confidentiality = Confidentiality.PUBLIC
    project.save()
    assert [row.deliverable for row in found(client, deliverable.number).deliverables] == [deliverable]


def test_secret_project_is_hidden_from_the_archivist(cast, project, deliverable, log_in):
    assert found(log_in(cast.archivist), project.number).projects == [project]
    project.confidentiality = Confidentiality.SECRET
    project.save()
    assert not found(log_in(cast.archivist), project.number)
    assert found(log_in(cast.quality_office), project.number).projects == [project]


def test_administrator_finds_people_and_no_business(cast, project, deliverable, log_in):
    client = log_in(cast.administrator)
    assert not found(client, "滨江")
    assert found(client, "编制人").people == [cast.preparer]
    assert (
        reverse("staff:person_detail", args=[cast.preparer.pk]) in client.get(SEARCH, {"q": "编制人"}).content.decode()
    )


def test_issued_deliverable_is_found_by_its_issue_number(cast, deliverable, log_in):
    flow.submit(deliverable)
    flow.sign_all(deliverable)
    flow.issue(deliverable)
    number = Issue.objects.get().number
    assert [row.deliverable for row in found(log_in(cast.preparer), number).deliverables] == [deliverable]
    assert number in log_in(cast.preparer).get(SEARCH, {"q": number}).content.decode()
    assert not found(log_in(cast.outsider), number)


def test_disabled_people_are_not_found(cast, log_in):
    assert not found(log_in(cast.preparer), "离职人")


def test_empty_search_says_what_to_type(cast, log_in):
    response = log_in(cast.preparer).get(SEARCH)
    assert response.context["results"] is None
    assert "输入编号、项目或人员" in response.content.decode()


def test_hostile_text_is_shown_as_text(cast, log_in):
    page = log_in(cast.preparer).get(SEARCH, {"q": "<script>alert(1)</script>%_'\""}).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_many_hits_are_cut_with_a_link_to_all(cast, many, log_in, queries_of):
    many(1, lambda deliverable: None)
    one = queries_of(cast.preparer, SEARCH + "?q=成果")
    many(9, lambda deliverable: None)
    assert queries_of(cast.preparer, SEARCH + "?q=成果") == one
    results = found(log_in(cast.preparer), "成果")
    assert len(results.deliverables) == 8
    assert "deliverables" in results.more
