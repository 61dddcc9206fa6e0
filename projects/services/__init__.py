"""Every write to projects, split by noun. Import from here.

Each service: permission → state → write → ledger → clock → notice, in one transaction. Wrong input raises
ValidationError in Chinese, a missing right PermissionDenied.
"""

from projects.services.clocks import fulfil_by_issue
from projects.services.deliverables import (
    add_attachment,
    create_deliverable,
    damaged_files,
    manifest,
    new_version,
    remove_attachment,
    require_own_draft,
    seal_version,
    update_deliverable,
    update_version,
)
from projects.services.handovers import (
    add_item,
    complete_handover,
    create_handover,
    keep_items,
    remove_handover,
    remove_item,
    reopen_handover,
    return_items,
    update_handover,
    update_item,
)
from projects.services.projects import (
    appoint_deputy,
    assign,
    create_client,
    create_project,
    end_assignment,
    update_client,
    update_project,
)
from projects.services.requests import answer_inquiry, close_urgent, register_inquiry, register_urgent
from projects.services.risks import escalate_risk, register_risk, settle_risk

__all__ = [
    "add_attachment", "add_item", "answer_inquiry", "appoint_deputy", "assign", "close_urgent", "complete_handover",
    "create_client", "create_deliverable", "create_handover", "create_project", "damaged_files", "end_assignment",
    "escalate_risk", "fulfil_by_issue", "keep_items", "manifest", "new_version", "register_inquiry", "register_risk",
    "register_urgent", "remove_attachment", "remove_handover", "remove_item", "reopen_handover", "require_own_draft", "return_items",
    "seal_version", "settle_risk", "update_client", "update_deliverable", "update_handover", "update_item", "update_project",
    "update_version",
]  # fmt: skip
