"""The one door to time limits.

services.start(actor=…, event=Event.SETTLEMENT_RECEIVED, subject=handover, scope=project, …)
services.stop_of(actor=…, subject=handover)
services.sweep()
"""

from deadlines.services.adjusting import (
    agree_on,
    ask,
    decide,
    deciders,
    go_on,
    keep_evidence,
    resume,
    shorten,
    withdraw_request,
)
from deadlines.services.calendar import change_days, change_shifts, import_year, preview_calendar, preview_import
from deadlines.services.clocks import (
    cancel,
    fulfil,
    hold,
    owners,
    refresh_responsible,
    reopen,
    start,
    stop,
    stop_of,
    withdraw,
    withdraw_of,
)
from deadlines.services.nudging import nudge, nudge_all
from deadlines.services.sweeping import beat, sweep
from deadlines.services.time_rules import change_rule, digest_of, preview_rule

__all__ = [
    "agree_on", "ask", "beat", "cancel", "change_days", "change_rule", "change_shifts", "decide", "deciders", "digest_of", "fulfil",
    "go_on", "hold", "import_year", "keep_evidence", "nudge", "nudge_all", "owners", "preview_calendar", "preview_import", "preview_rule",
    "refresh_responsible", "reopen", "resume", "shorten", "start", "stop", "stop_of", "sweep", "withdraw", "withdraw_of",
    "withdraw_request",
]  # fmt: skip
