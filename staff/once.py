"""A form that is sent twice is taken once."""

from django.core.cache import cache
from django.utils.crypto import salted_hmac

DAY = 24 * 3600


def take_once(token: str) -> bool:
    """Whether `token`, which stands in one drawing of a form, is used for the first time in a day: a page that is sent
    twice makes no second complaint."""
    return not token or cache.add(_key(token), True, timeout=DAY)


def give_back(token: str) -> None:
    """The form was refused after all; it may be sent again."""
    cache.delete(_key(token))


def _key(token: str) -> str:
    return f"once:{salted_hmac('staff.once', token).hexdigest()}"
