"""How often one address may knock at the public pages. The address itself is kept nowhere: the cache has a keyed hash of it,
for as long as the window lasts."""

import time

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from staff.addresses import client_address

HOUR = 3600
# What one address may send in an hour; of forms that were not accepted, more.
COMPLAINTS = (5, HOUR)
ATTEMPTS = (40, HOUR)
# Number and query code: ten tries in ten minutes.
QUERIES = (10, 600)


def is_too_often(request, what: str, limit: tuple[int, int]) -> bool:
    """Count one more of `what` from the request's address; True when that is more than `limit` = (times, seconds) allows."""
    most, seconds = limit
    window = int(time.time() // seconds)
    digest = salted_hmac("feedback.limits", f"{what}:{client_address(request)}:{window}").hexdigest()
    key = f"feedback:{digest}"
    cache.add(key, 0, timeout=seconds * 2)
    try:
        count = cache.incr(key)
    except ValueError:  # the counter was evicted in between
        return False
    # Caches in files forget how long to keep what they count up: five minutes are no hour.
    cache.touch(key, seconds * 2)
    return count > most


def take_once(token: str) -> bool:
    """Whether `token`, which stands in one drawing of a form, is used for the first time in a day: a page that is sent
    twice makes no second complaint."""
    return not token or cache.add(_token_key(token), True, timeout=24 * HOUR)


def give_back(token: str) -> None:
    """The form was refused after all; it may be sent again."""
    cache.delete(_token_key(token))


def _token_key(token: str) -> str:
    return f"feedback:once:{salted_hmac('feedback.once', token).hexdigest()}"
