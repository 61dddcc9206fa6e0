"""The records of projects, split by noun. Import from here."""

from projects.models.deliverables import Attachment, Deliverable, DeliverableVersion, attachment_path
from projects.models.handovers import Handover, HandoverItem
from projects.models.projects import MONEY, Assignment, Client, Discipline, Project, sees_all_projects
from projects.models.requests import Inquiry, UrgentRequest
from projects.models.risks import Risk

__all__ = [
    "MONEY", "Assignment", "Attachment", "Client", "Deliverable", "DeliverableVersion", "Discipline", "Handover",
    "HandoverItem", "Inquiry", "Project", "Risk", "UrgentRequest", "attachment_path", "sees_all_projects",
]  # fmt: skip
