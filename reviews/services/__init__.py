"""Every write to the chain, split by noun. Import from here."""

from reviews.services.checklists import add_item, require_new_line
from reviews.services.issuing import issue
from reviews.services.nudging import nudge
from reviews.services.opening import (
    appoint_seats,
    choose_route,
    exempt_level,
    hand_over,
    open_deliverable,
    require_seat_to_give,
    update_deliverable,
)
from reviews.services.preparing import answer_remarks, start_version, submit, withdraw
from reviews.services.remarks import draft_remark, drop_remark, recheck_remark, return_remarks, update_remark
from reviews.services.signing import SignContent, join_opinion, require_last_signer, revoke, send_back, sign

__all__ = [
    "SignContent",
    "add_item",
    "answer_remarks",
    "appoint_seats",
    "choose_route",
    "draft_remark",
    "drop_remark",
    "exempt_level",
    "hand_over",
    "issue",
    "join_opinion",
    "nudge",
    "open_deliverable",
    "recheck_remark",
    "require_last_signer",
    "require_new_line",
    "require_seat_to_give",
    "return_remarks",
    "revoke",
    "send_back",
    "sign",
    "start_version",
    "submit",
    "update_deliverable",
    "update_remark",
    "withdraw",
]
