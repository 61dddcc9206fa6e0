"""Every write to people, units, posts and certificates, and the password at signing.

Each service: permission → check → write → announce (staff/hooks.py; the ledger listens), in one transaction. `actor=None`
is the system itself, acting from the shell (set-up, import). Errors are ValidationErrors in Chinese.
"""

from datetime import date

from axes.utils import reset as forget_failures
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from staff import permissions
from staff.choices import COMPANY_ROLES, UNIT_ROLES, Action, Role
from staff.confirmation import Confirmation
from staff.duties import open_duties
from staff.hooks import announce
from staff.models import Certificate, Post, Unit, User, unit_and_descendants
from staff.signature_images import clean_signature_image

PERSON_FIELDS = ("employee_number", "name", "unit", "phone", "email", "job_title")
UNIT_FIELDS = ("name", "code", "parent", "is_active")
CERTIFICATE_FIELDS = ("kind", "number", "expires_on")
# The ledger keeps what it is told for ever: that a phone number changed, but not the number.
PRIVATE_FIELDS = {"phone", "email"}


# ── Parts ───────────────────────────────────────────────────────────────────
def _require(actor, action: Action = Action.MANAGE_PEOPLE) -> None:
    if actor is not None:
        permissions.require_post(actor, action)


def _refuse_unknown(fields: dict, known: tuple[str, ...]) -> None:
    if unknown := set(fields) - set(known):
        raise TypeError(f"unknown fields: {', '.join(sorted(unknown))}")


def _told(instance, name: str) -> str | None:
    """A field's value as the ledger keeps it."""
    if name in PRIVATE_FIELDS:
        return "（不记录）"
    value = getattr(instance, name)
    return None if value is None else str(value)


def _apply(instance, fields: dict) -> dict:
    """Set `fields`, check the whole and save it; returns {field: [before, after]} of what changed."""
    changed = {}
    for name, value in fields.items():
        if getattr(instance, name) != value:
            before = _told(instance, name)
            setattr(instance, name, value)
            changed[name] = [before, _told(instance, name)]
    if changed:
        instance.full_clean()
        instance.save(update_fields=list(changed))
    return changed


def _facts(instance, names: tuple[str, ...]) -> dict:
    return {name: _told(instance, name) for name in names}


def one_time_password() -> str:
    """A password to be told once and changed at the first login; it satisfies both security profiles."""
    letters = "abcdefghijkmnpqrstuvwxyz"
    parts = ((letters, 5), (letters.upper(), 4), ("23456789", 4))
    return "-".join(get_random_string(length, alphabet) for alphabet, length in parts)


# ── Units ───────────────────────────────────────────────────────────────────
@transaction.atomic
def create_unit(*, actor, name: str, code: str, parent: Unit | None = None) -> Unit:
    """Create a unit of the firm; only the firm itself stands at the root."""
    _require(actor)
    unit = Unit(name=name, code=code, parent=parent)
    unit.full_clean()
    unit.save()
    announce(actor=actor, action="unit.create", subject=unit, data=_facts(unit, UNIT_FIELDS))
    return unit


@transaction.atomic
def update_unit(*, actor, unit: Unit, **fields) -> Unit:
    """Change a unit. Refuses a parent below itself, and closing a unit that still has people."""
    _require(actor)
    _refuse_unknown(fields, UNIT_FIELDS)
    parent = fields.get("parent")
    if parent is not None and parent.pk in unit_and_descendants([unit.pk]):
        raise ValidationError({"parent": "上级单位不能是本单位或其下级单位。"})
    if fields.get("is_active") is False and User.objects.active().filter(unit=unit).exists():
        raise ValidationError({"is_active": "该单位还有在职人员，请先调整其所在单位。"})
    if changed := _apply(unit, fields):
        announce(actor=actor, action="unit.update", subject=unit, data=changed)
    return unit


# ── People ──────────────────────────────────────────────────────────────────
@transaction.atomic
def create_user(
    *, actor, password: str | None = None, encoded: str = "", must_change_password: bool = True, **fields
) -> User:
    """Put a person on file. Without `password` nobody can log in until `reset_password` gives a one-time one.

    `encoded` is a password hashed before: hashing is slow on purpose, and an import of a whole firm does it once."""
    _require(actor)
    _refuse_unknown(fields, PERSON_FIELDS)
    user = User(**fields, must_change_password=must_change_password, password_changed_at=timezone.now())
    if encoded:
        user.password = encoded
    elif password is None:
        user.set_unusable_password()
    else:
        validate_password(password, user)
        user.set_password(password)
    user.full_clean()
    user.save()
    announce(actor=actor, action="user.create", subject=user, data=_facts(user, PERSON_FIELDS))
    return user


@transaction.atomic
def update_user(*, actor, user: User, **fields) -> User:
    """Change the facts of a person."""
    _require(actor)
    _refuse_unknown(fields, PERSON_FIELDS)
    if changed := _apply(user, fields):
        announce(actor=actor, action="user.update", subject=user, data=changed)
    return user


@transaction.atomic
def update_own_contact(*, user: User, phone: str, email: str) -> User:
    """What a person may change of the own facts."""
    if changed := _apply(user, {"phone": phone, "email": email}):
        announce(actor=user, action="user.update", subject=user, data=changed)
    return user


def _refuse_last_administrator(user: User, besides: Post | None = None) -> None:
    """The firm must keep somebody who can configure, `user` (or just this post of theirs) left out."""
    # Posts and people are locked, so that two administrators cannot put each other out at the same time.
    administrators = list(
        Post.objects.in_force().filter(role=Role.ADMINISTRATOR, user__is_active=True).select_for_update()
    )
    lost = [post for post in administrators if post.user_id == user.pk and besides in (None, post)]
    if lost and len(lost) == len(administrators):
        raise ValidationError("公司至少保留一名在职的系统管理员。")


def _refuse_open_duties(user: User) -> None:
    if duties := open_duties(user):
        raise ValidationError(
            [ValidationError(f"请先移交：{duty.text}", code="open_duty", params={"url": duty.url}) for duty in duties]
        )


@transaction.atomic
def deactivate_user(*, actor, user: User) -> User:
    """End a person's access. Refuses while something waits for them: open steps are handed over first."""
    _require(actor)
    if actor is not None and actor.pk == user.pk:
        raise ValidationError("不能停用自己的账号。")
    _refuse_last_administrator(user)
    _refuse_open_duties(user)
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        announce(actor=actor, action="user.deactivate", subject=user)
    user.is_active = False
    return user


@transaction.atomic
def reactivate_user(*, actor, user: User) -> User:
    """Let a person in again; the password stays what it was."""
    _require(actor)
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        announce(actor=actor, action="user.reactivate", subject=user)
    user.is_active = True
    return user


# ── Posts ───────────────────────────────────────────────────────────────────
def _check_scope(role: str, unit: Unit | None) -> None:
    if unit is None and role not in COMPANY_ROLES:
        raise ValidationError(
            {"unit": "单位岗位须指明单位。"}
            if role in UNIT_ROLES
            else {"role": "该角色按项目指派，请在项目组中设置。"}
        )
    if unit is not None and role not in UNIT_ROLES:
        message = {"unit": "公司级岗位不属于某一单位，请留空。"}
        raise ValidationError(message if role in COMPANY_ROLES else {"role": "该角色按项目指派，请在项目组中设置。"})


def _overlapping(user: User, starts_on: date, ends_on: date | None):
    posts = user.posts.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=starts_on))
    return posts if ends_on is None else posts.filter(starts_on__lte=ends_on)


def _refuse_conflicts(post: Post) -> None:
    """No post twice; and 三员分立: administrator and auditor hold nothing else in the same period."""
    others = _overlapping(post.user, post.starts_on, post.ends_on).exclude(pk=post.pk)
    for other in others.select_related("unit", "user"):
        if (other.role, other.unit_id) == (post.role, post.unit_id):
            raise ValidationError(f"该人员在此期间已任{other.get_role_display()}。")
        if not permissions.may_hold_together(post.role, other.role):
            raise ValidationError(
                f"三员分立：{post.get_role_display()}与{other.get_role_display()}不能由同一人同时担任。"
            )
    if post.role in permissions.SOLE_ROLES:
        _refuse_open_duties(post.user)


def _post_facts(post: Post) -> dict:
    return {
        "user": post.user_id,
        "role": post.role,
        "unit": post.unit.code if post.unit else None,
        "starts_on": post.starts_on,
        "ends_on": post.ends_on,
    }


@transaction.atomic
def assign_post(
    *,
    actor,
    user: User,
    role: Role,
    unit: Unit | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Post:
    """Give a person a post of the firm (no unit) or of one unit. Raises ValidationError for what cannot go together."""
    _require(actor)
    # Two assignments at once must see each other: they queue for the person's row.
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if not user.is_active:
        raise ValidationError("该人员已停用，不能任职。")
    _check_scope(role, unit)
    post = Post(user=user, role=role, unit=unit, starts_on=starts_on or timezone.localdate(), ends_on=ends_on)
    post.full_clean()
    _refuse_conflicts(post)
    post.save()
    announce(actor=actor, action="post.assign", subject=post, data=_post_facts(post))
    return post


@transaction.atomic
def end_post(*, actor, post: Post, ends_on: date) -> Post:
    """End a post; `ends_on` is its last day. One that is put off must go with the other posts of that time."""
    _require(actor)
    # Assignments at the same time queue for the person's row, as in `assign_post`.
    User.objects.select_for_update(of=("self",)).get(pk=post.user_id)
    if ends_on < post.starts_on:
        raise ValidationError({"ends_on": "结束日期不能早于开始日期；误设的任职请撤销。"})
    if post.ends_on is not None and ends_on > post.ends_on:
        _refuse_conflicts(Post(pk=post.pk, user=post.user, role=post.role, unit=post.unit, starts_on=post.starts_on,
                               ends_on=ends_on))  # fmt: skip
    if ends_on < timezone.localdate():
        _refuse_last_administrator(post.user, besides=post)
    if changed := _apply(post, {"ends_on": ends_on}):
        announce(actor=actor, action="post.end", subject=post, data={**_post_facts(post), "changed": changed})
    return post


@transaction.atomic
def withdraw_post(*, actor, post: Post) -> None:
    """Take back a post given by mistake, which starts today or later. The ledger keeps both acts."""
    _require(actor)
    if post.starts_on < timezone.localdate():
        raise ValidationError("任职已生效，请填写结束日期。")
    _refuse_last_administrator(post.user, besides=post)
    announce(actor=actor, action="post.withdraw", subject=post, data=_post_facts(post))
    post.delete()


# ── Certificates ────────────────────────────────────────────────────────────
@transaction.atomic
def add_certificate(*, actor, user: User, kind: str, number: str, expires_on: date) -> Certificate:
    """Enter a practising certificate of a person."""
    _require(actor)
    certificate = Certificate(user=user, kind=kind, number=number, expires_on=expires_on)
    certificate.full_clean()
    certificate.save()
    data = {"user": user.pk, **_facts(certificate, CERTIFICATE_FIELDS)}
    announce(actor=actor, action="certificate.add", subject=certificate, data=data)
    return certificate


@transaction.atomic
def update_certificate(*, actor, certificate: Certificate, **fields) -> Certificate:
    """Correct or renew a certificate."""
    _require(actor)
    _refuse_unknown(fields, CERTIFICATE_FIELDS)
    if changed := _apply(certificate, fields):
        announce(actor=actor, action="certificate.update", subject=certificate, data=changed)
    return certificate


@transaction.atomic
def remove_certificate(*, actor, certificate: Certificate) -> None:
    """Take a certificate off; signatures given with it keep its number."""
    _require(actor)
    data = {"user": certificate.user_id, **_facts(certificate, CERTIFICATE_FIELDS)}
    announce(actor=actor, action="certificate.remove", subject=certificate, data=data)
    certificate.delete()


# ── Signature image ─────────────────────────────────────────────────────────
@transaction.atomic
def set_signature_image(*, user: User, upload) -> User:
    """Keep the person's own picture of the signature, drawn anew as PNG. Nobody can set it for another.

    Files of earlier pictures stay: given signatures refer to them. Raises ValidationError for what is no picture."""
    data, digest = clean_signature_image(upload)
    user.signature_image.save("signature.png", ContentFile(data), save=False)
    user.save(update_fields=["signature_image"])
    announce(actor=user, action="user.signature_image", subject=user, data={"sha256": digest})
    return user


# ── Passwords ───────────────────────────────────────────────────────────────
def _store_password(user: User, password: str, *, must_change: bool) -> None:
    user.set_password(password)
    user.must_change_password = must_change
    user.password_changed_at = timezone.now()
    user.save(update_fields=["password", "must_change_password", "password_changed_at"])


@transaction.atomic
def change_password(*, user: User, new_password: str) -> User:
    """Give oneself a new password; the caller has confirmed the old one. Raises ValidationError for a weak one."""
    if user.check_password(new_password):
        raise ValidationError("新密码不能与原密码相同。")
    validate_password(new_password, user)
    _store_password(user, new_password, must_change=False)
    announce(actor=user, action="password.change", subject=user)
    return user


@transaction.atomic
def reset_password(*, actor, user: User) -> str:
    """Give a person a one-time password, which must be changed at once, and lift a lock-out; returns it."""
    _require(actor)
    password = one_time_password()
    _store_password(user, password, must_change=True)
    forget_failures(username=user.employee_number)
    announce(actor=actor, action="password.reset", subject=user)
    return password


def confirm_password(request, user: User, password: str) -> Confirmation:
    """Make sure that it is `user` who acts: re-authentication before a signature, whose service wants the result.

    Failures count towards the lock-out of the login, so this must not run inside a transaction, which would take the
    count back (RuntimeError). Raises ValidationError when the password is wrong or the person is locked out.
    """
    with transaction.atomic(durable=True):
        pass
    confirmed = authenticate(request=request, username=user.employee_number, password=password)
    if confirmed is None or confirmed.pk != user.pk:
        if getattr(request, "axes_locked_out", False):
            raise ValidationError("密码连续输错次数过多，账号已锁定，请稍后再试。", code="locked_out")
        raise ValidationError("密码不正确。", code="wrong_password")
    forget_failures(username=user.employee_number, ip=request.axes_ip_address)
    return Confirmation(user.pk, timezone.now())
