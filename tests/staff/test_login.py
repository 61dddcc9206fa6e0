"""Login with lock-out, limits of the session, passwords of both profiles, and the password at signing."""

import re
import runpy
from datetime import timedelta

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from staff import middleware, services
from staff.addresses import client_address
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

LOGIN = "/login/"
PROFILE = "/profile/"


def attempt(client, user, password=PASSWORD, **extra):
    return client.post(LOGIN, {"username": user.employee_number, "password": password, "next": PROFILE, **extra})


def is_in(client) -> bool:
    return client.get(PROFILE).status_code == 200


# ── Login ───────────────────────────────────────────────────────────────────
def test_login_goes_where_one_wanted_to_go(cast, client):
    assert client.get(PROFILE)["Location"] == f"{LOGIN}?next={PROFILE}"
    assert attempt(client, cast.preparer)["Location"] == PROFILE
    assert is_in(client)


SET = "/projects/1/handovers/2/"


@pytest.mark.parametrize(
    ("referer", "page"),
    [
        (f"http://testserver{SET}?page=2", f"{SET}%3Fpage%3D2"), (f"https://evil.example{SET}", "/"),
        (f"http://testserver.evil.example{SET}", "/"), ("", "/"),
    ],
)  # fmt: skip
def test_login_leads_back_to_the_form_whose_submission_came_too_late(client, referer, page):
    answer = client.post(f"{SET}complete/", {"completed_on": "2026-01-05"}, headers={"Referer": referer})
    assert answer["Location"] == f"{LOGIN}?next={page}"
    assert "没有保存" in client.get(answer["Location"]).text


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Mode": "cors"}, {"HX-Request": "true"}])
def test_page_that_saves_by_itself_is_not_told_that_nothing_is_saved(client, headers):
    client.post(f"{SET}complete/", headers=headers)
    assert "没有保存" not in client.get(LOGIN).text


def test_address_that_is_only_submitted_to_leads_to_the_page_above(cast, client):
    attempt(client, cast.preparer)
    answer = client.get(f"{SET}items/3/remove/")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "这个地址不能直接打开" in answer.text
    assert f'href="{SET}"' in answer.text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_login_never_leaves_the_site(cast, client, target):
    assert "evil" not in attempt(client, cast.preparer, next=target)["Location"]
    assert "javascript" not in attempt(Client(), cast.preparer, next=target)["Location"]


def test_login_changes_the_session_key(cast, client):
    session = client.session
    session["before"] = 1
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    attempt(client, cast.preparer)
    assert client.session.session_key != before


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", PASSWORD.lower()])
def test_wrong_password_is_told_in_chinese_without_telling_which(cast, client, password):
    page = attempt(client, cast.preparer, password).content.decode()
    assert "工号或密码不正确" in page or not password
    assert not is_in(client)


def test_disabled_person_cannot_log_in(cast, client):
    assert "工号或密码不正确" in attempt(client, cast.disabled).content.decode()


def test_deactivation_ends_a_session_at_once(cast, client):
    attempt(client, cast.preparer)
    services.deactivate_user(actor=cast.administrator, user=cast.preparer)
    assert not is_in(client)


def test_logout_wants_a_post(cast, client):
    attempt(client, cast.preparer)
    assert client.get("/logout/").status_code == 405
    client.post("/logout/")
    assert not is_in(client)


def test_login_wants_its_token(cast):
    assert attempt(Client(enforce_csrf_checks=True), cast.preparer).status_code == 403


def test_session_cookie_is_out_of_reach_of_scripts(cast, client):
    attempt(client, cast.preparer)
    assert client.cookies["sessionid"]["httponly"]
    assert client.cookies["sessionid"]["samesite"] == "Lax"


def test_demo_logins_stand_on_the_page_in_demo_mode_only(cast, client, settings):
    assert PASSWORD not in client.get(LOGIN).content.decode()
    settings.DEMO = True
    page = client.get(LOGIN).content.decode()
    assert PASSWORD in page
    for role in ("质量办", "系统管理员", "审计员", "单位技术负责人", "管理层"):
        assert role in page
    assert "离职人" not in page


# ── Lock-out ────────────────────────────────────────────────────────────────
def lock_out(client, user):
    return [attempt(client, user, "wrong") for _ in range(5)][-1]


def test_fifth_wrong_password_locks_and_says_for_how_long(cast, client):
    response = lock_out(client, cast.preparer)
    assert response.status_code == 429 or response.status_code == 403
    assert "15 分钟" in response.content.decode()


def test_right_password_does_not_help_while_locked(cast, client):
    lock_out(client, cast.preparer)
    attempt(client, cast.preparer)
    assert not is_in(client)


def test_lock_out_touches_neither_other_people_nor_other_addresses(cast, client):
    lock_out(client, cast.preparer)
    attempt(client, cast.checker)
    assert is_in(client)
    elsewhere = Client(REMOTE_ADDR="10.0.0.9")
    attempt(elsewhere, cast.preparer)
    assert is_in(elsewhere)


def test_address_behind_our_proxies_is_the_one_that_they_saw(rf, settings):
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6, 1.2.3.4")
    assert client_address(request) == "10.0.0.1"
    settings.AXES_IPWARE_PROXY_COUNT = 1
    assert client_address(request) == "1.2.3.4"


def test_lock_out_behind_a_proxy_counts_by_the_address_behind_it(cast, settings):
    settings.AXES_IPWARE_PROXY_COUNT = 1
    attacker, colleague = Client(HTTP_X_FORWARDED_FOR="6.6.6.6"), Client(HTTP_X_FORWARDED_FOR="10.0.0.7")
    lock_out(attacker, cast.preparer)
    attempt(colleague, cast.preparer)
    assert is_in(colleague)


def test_lock_ends_after_its_time(cast, client):
    from axes.models import AccessAttempt

    lock_out(client, cast.preparer)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    attempt(client, cast.preparer)
    assert is_in(client)


def test_success_forgets_earlier_failures(cast, client):
    for _ in range(2):
        for _ in range(4):
            attempt(client, cast.preparer, "wrong")
        attempt(client, cast.preparer)
        assert is_in(client)
        client.post("/logout/")


def test_reset_by_the_administrator_lifts_the_lock(cast, client):
    lock_out(client, cast.preparer)
    password = services.reset_password(actor=cast.administrator, user=cast.preparer)
    attempt(client, cast.preparer, password)
    assert client.get(PROFILE)["Location"] == "/password/"


# ── Limits of a session ─────────────────────────────────────────────────────
def age(client, **seconds):
    session = client.session
    for name, value in seconds.items():
        session[{"idle": middleware.SEEN, "started": middleware.STARTED}[name]] -= value
    session.save()


def test_idle_session_ends_and_says_why(cast, client, settings):
    attempt(client, cast.preparer)
    age(client, idle=settings.SESSION_IDLE_SECONDS + 1)
    response = client.get(PROFILE, follow=True)
    assert response.request["PATH_INFO"] == LOGIN
    assert "长时间未操作" in response.content.decode()


def test_busy_session_ends_at_its_absolute_age(cast, client, settings):
    attempt(client, cast.preparer)
    age(client, started=settings.SESSION_ABSOLUTE_SECONDS + 1)
    assert "已达最长时限" in client.get(PROFILE, follow=True).content.decode()


def test_session_in_use_goes_on(cast, client, settings):
    attempt(client, cast.preparer)
    for _ in range(4):
        age(client, idle=settings.SESSION_IDLE_SECONDS - 60)
        assert is_in(client)


def test_new_login_starts_the_clocks_anew(cast, client, settings):
    attempt(client, cast.preparer)
    age(client, started=settings.SESSION_ABSOLUTE_SECONDS - 5)
    client.post("/logout/")
    attempt(client, cast.preparer)
    age(client, started=10)
    assert is_in(client)


def test_page_view_within_a_minute_writes_no_session(cast, client, django_assert_max_num_queries):
    attempt(client, cast.preparer)
    client.get(PROFILE)
    with django_assert_max_num_queries(20) as captured:
        client.get(PROFILE)
    assert not [query for query in captured.captured_queries if re.match("UPDATE|INSERT", query["sql"])]


# ── Passwords ───────────────────────────────────────────────────────────────
@pytest.fixture
def profile(settings, monkeypatch):
    """`profile("asvs")` puts the rules in force that settings.py chooses for SECURITY_PROFILE=asvs."""

    def choose(name):
        monkeypatch.setenv("SECURITY_PROFILE", name)
        chosen = runpy.run_path(settings.BASE_DIR / "config" / "settings.py")
        settings.AUTH_PASSWORD_VALIDATORS = chosen["AUTH_PASSWORD_VALIDATORS"]
        settings.PASSWORD_MAX_AGE_DAYS = chosen["PASSWORD_MAX_AGE_DAYS"]

    return choose


@pytest.mark.parametrize(
    ("name", "password", "is_good"),
    [
        ("djbh", "Zaojia@26", True),
        ("djbh", "zaojia2026x", False),  # two classes
        ("djbh", "Zaojia2026", True),  # three classes
        ("djbh", "Za@2026", False),  # 7 characters
        ("djbh", "Password123", False),  # common
        ("asvs", "qing shan lu shui chang liu", True),  # no composition wanted
        ("asvs", "Zaojia@2026", False),  # 11 characters
        ("asvs", "sojdlg123aljg", False),  # common
    ],
)
def test_password_rules_of_both_profiles(profile, name, password, is_good):
    profile(name)
    try:
        validate_password(password)
    except ValidationError:
        assert not is_good
    else:
        assert is_good


@pytest.mark.parametrize("name", ["djbh", "asvs"])
def test_one_time_password_satisfies_both_profiles(profile, name):
    profile(name)
    for _ in range(20):
        validate_password(services.one_time_password())


def test_password_like_the_number_is_refused(cast):
    cast.preparer.employee_number = "ZJ20260001"
    with pytest.raises(ValidationError):
        validate_password("zj20260001A!", cast.preparer)


@pytest.mark.parametrize(("name", "must"), [("djbh", True), ("asvs", False)])
def test_old_password_must_be_changed_in_the_djbh_profile_alone(cast, profile, name, must):
    profile(name)
    cast.preparer.password_changed_at = timezone.now() - timedelta(days=90)
    assert middleware.must_change_password(cast.preparer) is must


def test_who_must_change_the_password_reaches_nothing_else(cast, client):
    services.reset_password(actor=cast.administrator, user=cast.preparer)
    client.force_login(cast.preparer, backend="django.contrib.auth.backends.ModelBackend")
    for url in (PROFILE, "/notices/", "/scoring/standards/"):
        assert client.get(url)["Location"] == "/password/"
    assert "请先修改密码" in client.get("/password/").content.decode()


def change(client, old, new, repeated=None):
    return client.post("/password/", {"old_password": old, "new_password": new, "repeated": repeated or new})


def test_password_is_changed_and_the_session_stays(cast, log_in):
    client = log_in(cast.preparer)
    assert change(client, PASSWORD, "Chengguo#2027").status_code == 302
    assert is_in(client)
    cast.preparer.refresh_from_db()
    assert cast.preparer.check_password("Chengguo#2027")


def test_other_sessions_end_with_the_old_password(cast, log_in):
    other = Client()
    attempt(other, cast.preparer)
    change(log_in(cast.preparer), PASSWORD, "Chengguo#2027")
    assert not is_in(other)


@pytest.mark.parametrize(
    ("old", "new", "repeated", "words"),
    [
        ("wrong", "Chengguo#2027", None, "密码不正确"),
        (PASSWORD, "Chengguo#2027", "Chengguo#2028", "不一致"),
        (PASSWORD, "short", None, "密码"),
        (PASSWORD, PASSWORD, None, "不能与原密码相同"),
    ],
)
def test_refused_password_change_says_why_and_changes_nothing(cast, log_in, old, new, repeated, words):
    response = change(log_in(cast.preparer), old, new, repeated)
    assert response.status_code == 200
    assert words in response.content.decode()
    cast.preparer.refresh_from_db()
    assert cast.preparer.check_password(PASSWORD)


# ── The password at signing ─────────────────────────────────────────────────
def test_confirmation_names_the_person(cast, rf):
    confirmation = services.confirm_password(rf.post("/"), cast.preparer, PASSWORD)
    assert confirmation.user_id == cast.preparer.pk


def test_wrong_password_confirms_nothing_and_locks_in_the_end(cast, rf):
    for _ in range(4):
        with pytest.raises(ValidationError, match="密码不正确"):
            services.confirm_password(rf.post("/"), cast.preparer, "wrong")
    with pytest.raises(ValidationError, match="锁定"):
        services.confirm_password(rf.post("/"), cast.preparer, "wrong")
    with pytest.raises(ValidationError, match="锁定"):
        services.confirm_password(rf.post("/"), cast.preparer, PASSWORD)


def test_failures_at_signing_and_at_login_count_together(cast, client, rf):
    for _ in range(3):
        attempt(client, cast.preparer, "wrong")
    with pytest.raises(ValidationError):
        services.confirm_password(rf.post("/"), cast.preparer, "wrong")
    assert "15 分钟" in attempt(client, cast.preparer, "wrong").content.decode()


def test_right_password_at_signing_forgets_failures(cast, rf):
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(ValidationError, match="密码不正确"):
                services.confirm_password(rf.post("/"), cast.preparer, "wrong")
        services.confirm_password(rf.post("/"), cast.preparer, PASSWORD)


def test_disabled_person_confirms_nothing(cast, rf):
    with pytest.raises(ValidationError):
        services.confirm_password(rf.post("/"), cast.disabled, PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_confirmation_inside_a_transaction_is_refused(cast, rf):
    """It would take the count of failures back with the rest."""
    with pytest.raises(RuntimeError), transaction.atomic():
        services.confirm_password(rf.post("/"), cast.preparer, PASSWORD)
    assert not connection.in_atomic_block
