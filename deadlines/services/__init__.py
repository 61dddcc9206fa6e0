"""The one door to time limits.

    services.start(actor=…, event=Event.SETTLEMENT_RECEIVED, subject=handover, scope=project, …)
    services.stop_of(actor=…, subject=handover)
    services.sweep()
"""

from deadlines.services.adjusting import ask, decide, keep_evidence, resume, shorten, withdraw_request
from deadlines.services.clocks import cancel, fulfil, refresh_responsible, reopen, start, stop, stop_of, withdraw

__all__ = [
    "ask", "cancel", "decide", "fulfil", "keep_evidence", "refresh_responsible", "reopen", "resume", "shorten", "start",
    "stop", "stop_of", "withdraw", "withdraw_request",
]  # fmt: skip
