"""Links for people without an account: 192 bits of secret, of which the hash alone is kept; one purpose, one meeting or one
copy of minutes, until they expire or are revoked."""

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from ledger.services import record
from meetings import chain, rules
from meetings.choices import ENDED, LinkPurpose
from meetings.models import AccessLink, Distribution, Meeting
from meetings.services.keeping import require_keeper

SECRET_BYTES = 24
# What a secret looks like; nothing else is even looked for.
LONGEST_SECRET = 64
ALONG = (
    "meeting__project", "meeting__kind", "meeting__room", "meeting__organiser", "distribution__minutes",
    "distribution__minutes__issued_by", "distribution__party", "distribution__contact",
)  # fmt: skip


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def address_of(secret: str) -> str:
    """The whole address, for a letter or a QR code."""
    return settings.SITE_URL + reverse("meetings:public", args=[secret])


def create(*, actor, purpose: LinkPurpose, meeting: Meeting, expires_at: datetime, distribution=None) -> tuple[AccessLink, str]:  # fmt: skip
    """A new link instead of those that were there for the same thing, which are revoked; with its secret, which nobody can
    read again. The caller has permitted it, and keeps the ledger."""
    now = timezone.now()
    same = AccessLink.objects.filter(purpose=purpose, meeting=meeting, distribution=distribution)
    same.filter(revoked_at__isnull=True).update(revoked_at=now)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    link = AccessLink.objects.create(
        purpose=purpose, meeting=meeting, distribution=distribution, secret_sha256=digest_of(secret), created_by=actor,
        created_at=now, expires_at=expires_at,
    )  # fmt: skip
    return link, secret


def _live():
    return AccessLink.objects.filter(revoked_at__isnull=True, expires_at__gt=timezone.now())


def by_secret(secret: str) -> AccessLink | None:
    """The link with this secret, if it is good now. Unknown, expired, revoked, and of a meeting that is over: None, all the
    same to whoever asks."""
    if not 0 < len(secret) <= LONGEST_SECRET or not secret.isascii():
        return None
    link = _live().select_related(*ALONG).filter(secret_sha256=digest_of(secret)).first()
    if link is None or (link.purpose == LinkPurpose.SIGN_IN and not takes_sign_ins(link.meeting)):
        return None
    return link


def takes_sign_ins(meeting: Meeting) -> bool:
    """A meeting that was moved forward closes its list earlier than its link says."""
    return meeting.state not in ENDED and timezone.now() < rules.sign_in_ends(meeting.ends_at)


def sign_in_link(meeting: Meeting) -> AccessLink | None:
    """The link for signing in that is good now."""
    return _live().filter(meeting=meeting, purpose=LinkPurpose.SIGN_IN).first()


def note_opened(link: AccessLink) -> None:
    """When it was opened first."""
    if link.opened_at is None:
        AccessLink.objects.filter(pk=link.pk, opened_at__isnull=True).update(opened_at=timezone.now())


def held(link: AccessLink, purpose: LinkPurpose) -> AccessLink:
    """The link as it is now, its meeting held, for an act by it. Raises AccessLink.DoesNotExist for one that is not good any
    more, or is for another purpose: a link does one thing."""
    chain.touch(meeting=link.meeting)
    found = _live().select_related(*ALONG).get(pk=link.pk, purpose=purpose)
    if purpose == LinkPurpose.SIGN_IN and not takes_sign_ins(found.meeting):
        raise AccessLink.DoesNotExist
    return found


@transaction.atomic
def create_sign_in(*, actor, meeting: Meeting) -> tuple[AccessLink, str]:
    """The QR code for the door. Raises PermissionDenied; ValidationError once the time for signing in is over."""
    meeting = chain.touch(meeting=meeting)
    require_keeper(meeting, actor)
    if not takes_sign_ins(meeting):
        raise ValidationError("扫码签到的时间已过（会议结束后 2 小时），请直接登记出席。")
    link, secret = create(actor=actor, purpose=LinkPurpose.SIGN_IN, meeting=meeting,
                          expires_at=rules.sign_in_ends(meeting.ends_at))  # fmt: skip
    record(actor=actor, action="meeting.link", subject=meeting, scope=meeting.project,
           data={"link": link.pk, "purpose": link.purpose, "expires_at": link.expires_at, "sha256": link.secret_sha256})  # fmt: skip
    return link, secret


@transaction.atomic
def create_receipt(*, actor, distribution: Distribution) -> tuple[AccessLink, str]:
    """A link for one copy of the minutes, to be handed over by hand (微信、短信). Raises PermissionDenied; ValidationError for
    a copy to one of us, who receives in the system."""
    meeting = chain.touch(meeting=distribution.minutes.meeting)
    chain.require_place(meeting, chain.A.ISSUE, actor)
    if distribution.party_id is None:
        raise ValidationError("公司内部人员在系统中签收，不需要链接。")
    return renew(actor=actor, meeting=meeting, distribution=distribution)


def renew(*, actor, meeting: Meeting, distribution: Distribution) -> tuple[AccessLink, str]:
    """A new link for a copy; the earlier one is revoked. The meeting is held."""
    link, secret = create(actor=actor, purpose=LinkPurpose.RECEIPT, meeting=meeting, distribution=distribution,
                          expires_at=timezone.now() + rules.RECEIPT_LINK)  # fmt: skip
    record(actor=actor, action="meeting.link", subject=meeting, scope=meeting.project,
           data={"link": link.pk, "purpose": link.purpose, "distribution": distribution.pk,
                 "expires_at": link.expires_at, "sha256": link.secret_sha256})  # fmt: skip
    return link, secret


@transaction.atomic
def revoke(*, actor, meeting: Meeting, distribution: Distribution | None = None) -> int:
    """Revoke the link for signing in, or that of one copy; returns how many were good until now. Raises PermissionDenied."""
    meeting = chain.touch(meeting=meeting)
    if distribution is None:
        require_keeper(meeting, actor)
    else:
        chain.require_place(meeting, chain.A.ISSUE, actor)
    which = Q(distribution=distribution) if distribution else Q(purpose=LinkPurpose.SIGN_IN)
    links = list(_live().filter(which, meeting=meeting))
    AccessLink.objects.filter(pk__in=[each.pk for each in links]).update(revoked_at=timezone.now())
    for link in links:
        record(
            actor=actor, action="meeting.link_revoke", subject=meeting, scope=meeting.project, data={"link": link.pk}
        )
    return len(links)


def live_of(distributions) -> dict[int, int]:
    """Copy → its link that is good now."""
    return dict(_live().filter(distribution__in=distributions).values_list("distribution", "pk"))


def revoke_of(*, actor, distributions: Q) -> None:
    """Revoke the links to minutes of people who are taken off the list of a project. The caller has permitted it; whoever
    takes their place gets a new one from the organiser, or by the next reminder."""
    found = list(_live().filter(distributions).select_related("meeting__project"))
    AccessLink.objects.filter(pk__in=[each.pk for each in found]).update(revoked_at=timezone.now())
    for link in found:
        record(actor=actor, action="meeting.link_revoke", subject=link.meeting, scope=link.meeting.project,
               data={"link": link.pk})  # fmt: skip
