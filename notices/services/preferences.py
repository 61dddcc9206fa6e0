"""What a person wants to hear, and how."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from notices.choices import MUTABLE
from notices.models import Preference
from notices.services.digests import last_digest_day


@transaction.atomic
def set_preference(*, user, email: bool, digest: bool, muted_kinds: Iterable[str] = ()) -> Preference:
    """Keep how `user` wants to be told. Raises ValidationError for kinds that cannot be muted."""
    muted = sorted(set(muted_kinds))
    if not set(muted) <= set(MUTABLE):
        raise ValidationError({"muted_kinds": "所选类别不能关闭。"})
    wish, _ = Preference.objects.select_for_update().get_or_create(user=user)
    if digest and not wish.digest:
        # The first digest tells of what comes from now on, not of the time when each message was an e-mail.
        wish.last_digest_on = last_digest_day(timezone.localtime())
    wish.email, wish.digest, wish.muted_kinds = email, digest and email, muted
    wish.save()
    return wish
