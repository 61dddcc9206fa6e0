"""How often one address may knock."""

import time

import pytest
from django.core.cache.backends.locmem import LocMemCache

from staff import limits

FIVE_AN_HOUR = (5, 3600)
WHOLE_HOUR = 500_000 * 3600.0


class KeysSeen(LocMemCache):
    """A cache that tells which keys it was asked to keep."""

    keys: list[str] = []

    def add(self, key, *args, **kwargs):
        self.keys.append(key)
        return super().add(key, *args, **kwargs)


@pytest.mark.parametrize("backend", ["locmem.LocMemCache", "filebased.FileBasedCache"])
def test_an_hour_is_an_hour_in_each_cache_and_then_the_count_begins_anew(rf, settings, tmp_path, monkeypatch, backend):
    settings.CACHES = {
        "default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": str(tmp_path / "limits")}
    }
    request = rf.post("/")

    def at(seconds: int) -> bool:
        # The cache forgets by the same clock.
        monkeypatch.setattr(time, "time", lambda: WHOLE_HOUR + seconds)
        monkeypatch.setattr(limits, "_now", time.time)
        return limits.is_too_often(request, "complaint", FIVE_AN_HOUR)

    assert [at(minute * 60) for minute in (0, 10, 20, 30, 40)] == [False] * 5
    assert at(59 * 60)
    assert not at(3600)


def test_each_address_and_each_matter_is_counted_by_itself(rf):
    here, there = rf.get("/", REMOTE_ADDR="198.51.100.7"), rf.get("/", REMOTE_ADDR="198.51.100.8")
    assert [limits.is_too_often(here, "query", FIVE_AN_HOUR) for _ in range(7)] == [False] * 5 + [True] * 2
    assert not limits.is_too_often(there, "query", FIVE_AN_HOUR)
    assert not limits.is_too_often(here, "complaint", FIVE_AN_HOUR)


def test_no_address_is_kept_in_the_cache(rf, settings):
    settings.CACHES = {"default": {"BACKEND": "tests.staff.test_limits.KeysSeen", "LOCATION": "keys"}}
    KeysSeen.keys.clear()
    limits.is_too_often(rf.get("/", REMOTE_ADDR="198.51.100.7"), "query", FIVE_AN_HOUR)
    assert KeysSeen.keys
    assert all("198.51" not in key for key in KeysSeen.keys)
