"""Every write of the messages: telling people, sending outside, digests, what a person wants to hear."""

from notices.services.delivering import deliver_due, send_test
from notices.services.digests import write_digests
from notices.services.preferences import set_preference
from notices.services.retrying import retry, retry_all
from notices.services.telling import Letter, Message, mark_read, mark_read_about, notify, notify_all, write_letters

__all__ = [
    "Letter",
    "Message",
    "deliver_due",
    "mark_read",
    "mark_read_about",
    "notify",
    "notify_all",
    "retry",
    "retry_all",
    "send_test",
    "set_preference",
    "write_digests",
    "write_letters",
]
