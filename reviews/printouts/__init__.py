"""The two documents of a round on paper: 质量控制流程单 and 校审记录单.

Each is a plain dataclass, built from the record and rendered by printing.pdf. `issued` is the issue that is being written
(not saved yet); without it the paper is a draft, with 草稿 over every page and no verification code.
"""

from reviews.printouts.flow_sheets import flow_sheet
from reviews.printouts.review_records import review_record

__all__ = ["flow_sheet", "review_record"]
