"""Every write of scoring: scores given, standards edited and published."""

from scoring.services.scores import compute, give_score
from scoring.services.standards import copy_standard, discard_draft, publish_standard, save_draft

__all__ = ["compute", "copy_standard", "discard_draft", "give_score", "publish_standard", "save_draft"]
