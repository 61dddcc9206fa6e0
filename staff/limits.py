"""How often one address may knock at the pages that need no login. The address itself is kept nowhere: the cache has a keyed
hash of it, for as long as the window lasts."""

import time

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from staff.addresses import client_address


def is_too_often(request, what: str, limit: tuple[int, int]) -> bool:
    """Count one more of `what` from the request's address; True when that is more than `limit` = (times, seconds) allows.

    The windows lie side by side and begin at whole multiples of their length, so that one key tells which it is."""
    most, seconds = limit
    window = int(_now() // seconds)
    digest = salted_hmac("staff.limits", f"{what}:{client_address(request)}:{window}").hexdigest()
    key = f"limits:{digest}"
    cache.add(key, 0, timeout=seconds * 2)
    try:
        count = cache.incr(key)
    except ValueError:  # the counter was evicted in between
        return False
    # Caches in files forget how long to keep what they count up: five minutes are no hour.
    cache.touch(key, seconds * 2)
    return count > most


def _now() -> float:
    return time.time()
