"""The papers of an inspection: 质量检查书面意见, signed and kept, and 整改回复单, drafted whenever it is asked for.

Each is a plain dataclass, built from the record and rendered by printing.pdf: the same record gives the same bytes.
"""

from inspections.printouts.opinions import opinion_paper
from inspections.printouts.rectifications import rectification_paper

__all__ = ["opinion_paper", "rectification_paper"]
