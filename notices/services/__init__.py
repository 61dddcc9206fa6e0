"""Every write of the messages: telling people, sending outside, digests, what a person wants to hear."""

from notices.services.telling import mark_read, notify

__all__ = ["mark_read", "notify"]
