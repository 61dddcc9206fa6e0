"""Plans and samples; inspections with scores, findings, opinions and rectification; what follows from them (§4)."""

from inspections.models.conclusions import Consequence, Opinion, Receipt, Talk
from inspections.models.findings import Evidence, Finding, Rectification
from inspections.models.inspections import Accident, Counter, Hit, Inspection, Inspector, Section
from inspections.models.liability import LiabilityCase, LiabilitySheet
from inspections.models.plans import Draw, Plan, Target

__all__ = [
    "Accident", "Consequence", "Counter", "Draw", "Evidence", "Finding", "Hit", "Inspection", "Inspector", "LiabilityCase",
    "LiabilitySheet", "Opinion", "Plan", "Receipt", "Rectification", "Section", "Talk", "Target",
]  # fmt: skip
