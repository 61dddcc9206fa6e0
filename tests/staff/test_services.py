"""People, units, posts, certificates: who may change what, what is refused, and that each change is in the ledger."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from ledger.models import Entry
from staff import duties, services
from staff.choices import COMPANY_ROLES, PROJECT_ROLES, CertificateKind, Role
from staff.models import Post, User
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate


def last_entry() -> Entry:
    return Entry.objects.order_by("number").last()


@pytest.fixture
def busy():
    """`busy(person)` gives somebody an open duty, as the review chain does."""
    people = []

    def source(user):
        return [duties.Duty("成果 CG-1 待校核", "/x/")] if user in people else []

    duties.register(source)
    yield people.append
    duties._sources.remove(source)


# ── Permission ──────────────────────────────────────────────────────────────
@pytest.mark.parametrize("part", ["preparer", "approver", "quality_office", "executive", "auditor", "disabled"])
def test_people_are_managed_by_nobody_but_the_administrator(cast, part):
    actor, user = getattr(cast, part), cast.outsider
    for act in (
        lambda: services.create_user(actor=actor, employee_number="N1", name="新人", unit=cast.zj1),
        lambda: services.update_user(actor=actor, user=user, name="改名"),
        lambda: services.deactivate_user(actor=actor, user=user),
        lambda: services.reactivate_user(actor=actor, user=user),
        lambda: services.assign_post(actor=actor, user=user, role=Role.EXECUTIVE),
        lambda: services.reset_password(actor=actor, user=user),
        lambda: services.create_unit(actor=actor, name="新单位", code="N1"),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert not Entry.objects.exists()


# ── People ──────────────────────────────────────────────────────────────────
def test_created_person_cannot_log_in_before_a_password_is_given(cast):
    user = services.create_user(actor=cast.administrator, employee_number="N1", name="𠮷䶮", unit=cast.zj1)
    assert not user.has_usable_password()
    entry = last_entry()
    assert (entry.action, entry.subject_id, entry.actor) == ("user.create", user.pk, cast.administrator)


def test_person_with_a_number_in_use_is_refused(cast):
    with pytest.raises(ValidationError) as refused:
        services.create_user(actor=cast.administrator, employee_number="T001", name="重号", unit=cast.zj1)
    assert "employee_number" in refused.value.error_dict


def test_update_records_before_and_after_but_no_phone_number(cast):
    services.update_user(actor=cast.administrator, user=cast.preparer, name="改名", phone="13800000000")
    data = last_entry().data
    assert '"name":["编制人","改名"]' in data
    assert "138" not in data


def test_update_without_a_change_leaves_no_row(cast):
    services.update_user(actor=cast.administrator, user=cast.preparer, name=cast.preparer.name)
    assert not Entry.objects.exists()


def test_deactivation_of_a_person_with_open_duties_lists_them(cast, busy):
    busy(cast.preparer)
    with pytest.raises(ValidationError) as refused:
        services.deactivate_user(actor=cast.administrator, user=cast.preparer)
    assert refused.value.messages == ["请先移交：成果 CG-1 待校核"]
    cast.preparer.refresh_from_db()
    assert cast.preparer.is_active


def test_deactivation_and_back(cast):
    services.deactivate_user(actor=cast.administrator, user=cast.preparer)
    assert not User.objects.get(pk=cast.preparer.pk).is_active
    services.reactivate_user(actor=cast.administrator, user=cast.preparer)
    assert User.objects.get(pk=cast.preparer.pk).is_active
    assert list(Entry.objects.values_list("action", flat=True)) == ["user.deactivate", "user.reactivate"]


def test_administrator_cannot_deactivate_oneself(cast):
    with pytest.raises(ValidationError, match="自己"):
        services.deactivate_user(actor=cast.administrator, user=cast.administrator)


def test_last_administrator_stays(cast):
    with pytest.raises(ValidationError, match="至少保留一名"):
        services.deactivate_user(actor=None, user=cast.administrator)
    with pytest.raises(ValidationError, match="至少保留一名"):
        services.end_post(
            actor=cast.administrator, post=cast.administrator.posts.get(), ends_on=TODAY() - timedelta(days=1)
        )


def test_own_contact_is_changed_by_the_person(cast):
    services.update_own_contact(user=cast.preparer, phone="13900000000", email="")
    assert last_entry().actor == cast.preparer


# ── Posts ───────────────────────────────────────────────────────────────────
def test_assigned_post_is_in_force_and_in_the_ledger(cast):
    post = services.assign_post(
        actor=cast.administrator, user=cast.preparer, role=Role.TECHNICAL_DIRECTOR, unit=cast.zj2
    )
    assert Post.objects.in_force().filter(pk=post.pk).exists()
    assert last_entry().action == "post.assign"
    assert f'"user":{cast.preparer.pk}' in last_entry().data


@pytest.mark.parametrize("sole", [Role.ADMINISTRATOR, Role.AUDITOR])
@pytest.mark.parametrize("other", list(COMPANY_ROLES))
def test_administrator_and_auditor_hold_no_other_post(cast, sole, other):
    if other == sole:
        return
    for first, second in ((sole, other), (other, sole)):
        person = services.create_user(actor=None, employee_number=f"N-{first}", name="新人", unit=cast.hq)
        services.assign_post(actor=cast.administrator, user=person, role=first)
        with pytest.raises(ValidationError, match="三员分立"):
            services.assign_post(actor=cast.administrator, user=person, role=second)


def test_separated_posts_may_follow_one_another(cast):
    today = TODAY()
    services.assign_post(actor=None, user=cast.preparer, role=Role.AUDITOR, ends_on=today)
    services.assign_post(actor=None, user=cast.preparer, role=Role.QUALITY_OFFICE, starts_on=today + timedelta(days=1))
    with pytest.raises(ValidationError, match="三员分立"):
        services.assign_post(actor=None, user=cast.preparer, role=Role.ADMINISTRATOR, starts_on=today)


def test_post_put_off_must_go_with_the_posts_since(cast):
    """What was refused as a new post does not come in by moving the end of an old one."""
    today = TODAY()
    old = services.assign_post(actor=None, user=cast.preparer, role=Role.AUDITOR, ends_on=today)
    services.assign_post(actor=None, user=cast.preparer, role=Role.QUALITY_OFFICE, starts_on=today + timedelta(days=1))
    with pytest.raises(ValidationError, match="三员分立"):
        services.end_post(actor=cast.administrator, post=old, ends_on=today + timedelta(days=9))
    post = cast.preparer.posts.get(role=Role.QUALITY_OFFICE)
    services.end_post(actor=cast.administrator, post=post, ends_on=today + timedelta(days=9))
    services.end_post(actor=cast.administrator, post=post, ends_on=today + timedelta(days=20))


def test_person_with_open_duties_becomes_no_auditor(cast, busy):
    busy(cast.preparer)
    with pytest.raises(ValidationError, match="请先移交"):
        services.assign_post(actor=cast.administrator, user=cast.preparer, role=Role.AUDITOR)


@pytest.mark.parametrize("role", sorted(set(PROJECT_ROLES) - set(COMPANY_ROLES)))
@pytest.mark.parametrize("has_unit", [True, False])
def test_project_role_is_no_post(cast, role, has_unit):
    with pytest.raises(ValidationError, match="项目组"):
        services.assign_post(
            actor=cast.administrator, user=cast.preparer, role=role, unit=cast.zj1 if has_unit else None
        )


def test_post_of_a_unit_needs_its_unit_and_post_of_the_firm_has_none(cast):
    with pytest.raises(ValidationError, match="须指明单位"):
        services.assign_post(actor=cast.administrator, user=cast.preparer, role=Role.TECHNICAL_DIRECTOR)
    with pytest.raises(ValidationError, match="留空"):
        services.assign_post(actor=cast.administrator, user=cast.preparer, role=Role.EXECUTIVE, unit=cast.zj1)


def test_same_post_twice_is_refused(cast):
    with pytest.raises(ValidationError, match="已任"):
        services.assign_post(actor=cast.administrator, user=cast.approver, role=Role.TECHNICAL_DIRECTOR, unit=cast.zj1)


def test_disabled_person_gets_no_post(cast):
    with pytest.raises(ValidationError, match="已停用"):
        services.assign_post(actor=cast.administrator, user=cast.disabled, role=Role.EXECUTIVE)


def test_ended_post_holds_on_its_last_day_only(cast):
    today = TODAY()
    post = services.end_post(actor=cast.administrator, post=cast.quality_office.posts.get(), ends_on=today)
    assert Post.objects.in_force(today).filter(pk=post.pk).exists()
    assert not Post.objects.in_force(today + timedelta(days=1)).filter(pk=post.pk).exists()
    assert last_entry().action == "post.end"


def test_post_cannot_end_before_it_began(cast):
    with pytest.raises(ValidationError, match="早于"):
        services.end_post(actor=cast.administrator, post=cast.approver.posts.get(), ends_on=date(2000, 1, 1))


def test_mistaken_post_of_today_is_withdrawn_and_both_acts_stay_in_the_ledger(cast):
    post = services.assign_post(actor=cast.administrator, user=cast.preparer, role=Role.EXECUTIVE)
    services.withdraw_post(actor=cast.administrator, post=post)
    assert not cast.preparer.posts.exists()
    assert list(Entry.objects.values_list("action", flat=True)) == ["post.assign", "post.withdraw"]


def test_post_of_yesterday_is_not_withdrawn(cast):
    with pytest.raises(ValidationError):
        services.withdraw_post(actor=cast.administrator, post=cast.executive.posts.get())


# ── Certificates ────────────────────────────────────────────────────────────
def test_certificate_is_added_renewed_and_removed_on_record(cast):
    certificate = services.add_certificate(
        actor=cast.administrator,
        user=cast.preparer,
        kind=CertificateKind.SENIOR_ENGINEER,
        number="G-1",
        expires_on=date(2027, 1, 1),
    )
    services.update_certificate(actor=cast.administrator, certificate=certificate, expires_on=date(2031, 1, 1))
    services.remove_certificate(actor=cast.administrator, certificate=certificate)
    actions = list(Entry.objects.values_list("action", flat=True))
    assert actions == ["certificate.add", "certificate.update", "certificate.remove"]


# ── Units ───────────────────────────────────────────────────────────────────
def test_unit_cannot_stand_below_itself(cast):
    with pytest.raises(ValidationError, match="上级单位"):
        services.update_unit(actor=cast.administrator, unit=cast.hq, parent=cast.zj1)


def test_unit_with_people_is_not_closed(cast):
    with pytest.raises(ValidationError, match="在职人员"):
        services.update_unit(actor=cast.administrator, unit=cast.zj1, is_active=False)


def test_change_is_undone_when_its_ledger_row_fails(cast, monkeypatch):
    monkeypatch.setattr("ledger.services.canonical_json", lambda data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        services.update_user(actor=cast.administrator, user=cast.preparer, name="改名")
    cast.preparer.refresh_from_db()
    assert cast.preparer.name == "编制人"


# ── Passwords ───────────────────────────────────────────────────────────────
def test_reset_gives_a_one_time_password_that_must_be_changed(cast):
    password = services.reset_password(actor=cast.administrator, user=cast.preparer)
    cast.preparer.refresh_from_db()
    assert cast.preparer.check_password(password)
    assert cast.preparer.must_change_password
    assert password not in last_entry().data


def test_changed_password_is_no_longer_a_must(cast):
    services.reset_password(actor=cast.administrator, user=cast.preparer)
    services.change_password(user=cast.preparer, new_password="Chengguo#2027")
    assert not cast.preparer.must_change_password
    assert last_entry().action == "password.change"


def test_new_password_like_the_old_one_is_refused(cast):
    with pytest.raises(ValidationError, match="原密码"):
        services.change_password(user=cast.preparer, new_password=PASSWORD)
