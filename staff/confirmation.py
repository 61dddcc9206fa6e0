"""Proof that a person has just re-entered the password. A service that signs asks for one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.utils import timezone

VALID_FOR = timedelta(minutes=1)


@dataclass(frozen=True)
class Confirmation:
    """Made by `staff.services.confirm_password` once the password was right."""

    user_id: int
    at: datetime


def require_confirmation(confirmation: Confirmation, user) -> None:
    """Raise PermissionDenied unless the confirmation is this person's and fresh."""
    if confirmation.user_id != user.pk or timezone.now() - confirmation.at > VALID_FOR:
        raise PermissionDenied("请重新输入密码确认签署。")
