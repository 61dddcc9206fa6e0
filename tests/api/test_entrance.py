"""Who comes in, and what is answered to who does not."""

import pytest
from django.conf import settings
from django.test import Client

from tests.api.conftest import Caller
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

SOME_PATHS = ["projects/", "deliverables/", "rounds/", "remarks/", "signatures/", "inbox/", "schema/"]


@pytest.mark.parametrize("path", SOME_PATHS)
def test_nobody_is_asked_for_a_password_and_not_redirected(path):
    response = Client().get(f"/api/v1/{path}")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Basic")


def test_a_wrong_password_is_refused_in_chinese(cast, project):
    answer = Caller(cast.preparer, "wrong").get("projects/")
    assert (answer.status, answer.body) == (401, {"detail": "工号或密码不正确，或账号已停用。"})


def test_a_disabled_user_is_refused(cast, calling):
    assert calling(cast.disabled).get("projects/").status == 401


def test_a_nul_in_the_password_is_refused(cast):
    assert Caller(cast.preparer, "a\x00b").get("projects/").status == 401


def test_number_longer_than_any_is_told_like_any_wrong_one(cast):
    """The lock-out keeps 255 characters of a name: PostgreSQL would refuse a longer one, and the caller see an error."""
    cast.preparer.employee_number = "A" * 300
    assert Caller(cast.preparer).get("projects/").status == 401


def test_wrong_passwords_lock_out_and_the_right_one_then_fails_too(cast, project):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = Caller(cast.preparer, "wrong").get("projects/")
    assert answer.status == 429
    assert "已锁定" in answer.body["detail"]
    assert Caller(cast.preparer).get("projects/").status == 429
    assert Caller(cast.checker).get("projects/").status == 200


def test_the_lock_out_is_the_same_as_that_of_the_login_page(cast, project, client):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        Caller(cast.preparer, "wrong").get("projects/")
    answer = client.post("/login/", {"username": cast.preparer.employee_number, "password": PASSWORD})
    assert answer.status_code == 429


def test_a_right_password_forgets_the_wrong_ones_before(cast, project):
    for _ in range(2):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            Caller(cast.preparer, "wrong").get("projects/")
        assert Caller(cast.preparer).get("projects/").status == 200


def test_a_password_that_must_be_changed_opens_nothing(cast, project, calling, log_in):
    cast.preparer.must_change_password = True
    cast.preparer.save()
    answer = calling(cast.preparer).get("projects/")
    assert answer.status == 403
    assert "修改" in answer.body["detail"]
    # A session is told the same, not sent to a page.
    assert log_in(cast.preparer).get("/api/v1/projects/").status_code == 403


def test_a_session_reads_and_needs_the_csrf_token_to_write(cast, project):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.approver, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/api/v1/projects/").status_code == 200
    answer = browser.patch(f"/api/v1/projects/{project.pk}/", {"name": "改"}, content_type="application/json")
    assert answer.status_code == 403


def test_a_body_over_the_limit_or_too_deep_is_refused(cast, project, calling, settings):
    path = f"/api/v1/projects/{project.pk}/"
    caller = calling(cast.approver).http
    deep = caller.patch(path, "[" * 100_000, content_type="application/json")
    assert deep.status_code == 400
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    long = caller.patch(path, {"goal": "长" * 1000}, content_type="application/json")
    assert long.status_code == 413
