"""What a deliverable of the story is made of: its facts, its figures, and its script."""

from collections.abc import Callable
from dataclasses import dataclass

from dashboards.demo.books import Book, write_book
from dashboards.demo.workbooks import Shape, rows_of
from projects.choices import DeliverableKind


@dataclass(frozen=True)
class Step:
    """`act(case, **words)` after so many working days."""

    days: int
    act: Callable
    words: dict


def then(days: int, act: Callable, **words) -> tuple[Step, ...]:
    """One step; steps are added up to a script."""
    return (Step(days, act, words),)


@dataclass(frozen=True)
class Piece:
    """`rests` counts the working days since its last act, `due` the days from today; `target` is about what its book
    comes to, in 元."""

    project: str
    title: str
    kind: DeliverableKind
    discipline: str
    preparer: str
    rests: int
    due: int
    script: tuple[Step, ...]
    shape: Shape | None = Shape.COMPARISON
    target: int = 0
    has_calculation: bool = True
    has_report: bool = True

    @property
    def begins(self) -> int:
        """Working days ago on which it is opened, so that its script ends when it should."""
        return self.rests + sum(step.days for step in self.script)

    @property
    def is_about_money(self) -> bool:
        return self.shape in (Shape.COMPARISON, Shape.PRICED)

    @property
    def workbook_name(self) -> str:
        suffix = {Shape.COMPARISON: "对比表", Shape.PRICED: "计价表", Shape.BILL: "", Shape.BIDS: "报价对比"}
        name = self.title.removesuffix("报告").removesuffix("工程量清单").removesuffix("招标控制价")
        head = "工程量清单" if self.shape is Shape.BILL else ""
        return f"{name}{head}{suffix[self.shape]}.xlsx"

    def book(self) -> Book | None:
        """The figures of its first version; the same each time."""
        return write_book(f"{self.project}/{self.title}", self.discipline, self.target) if self.target else None

    @staticmethod
    def rows(book: Book) -> dict[int, int]:
        """Index of a line → row in the workbook."""
        return rows_of(book)
