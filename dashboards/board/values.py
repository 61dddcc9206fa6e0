"""What the managers' dashboard says, as plain values: the page, the Excel export and the paper all draw these."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Form(StrEnum):
    """How figures are drawn. BARS lie (a bar a row), COLUMNS stand; STACKED lie, STACKED_COLUMNS stand, on one another."""

    BARS = "bars"
    COLUMNS = "columns"
    STACKED = "stacked"
    STACKED_COLUMNS = "stacked_columns"


class Unit(StrEnum):
    """What a column holds: how it is shown and aligned. PERCENT holds percent (66.67), not a share."""

    TEXT = "text"
    COUNT = "count"
    PERCENT = "percent"
    SCORE = "score"
    DAYS = "days"


Value = str | int | Decimal | None


@dataclass(frozen=True)
class Column:
    title: str
    unit: Unit = Unit.COUNT

    @property
    def is_figure(self) -> bool:
        return self.unit != Unit.TEXT


@dataclass(frozen=True)
class Cell:
    """One value of a table. None is 无数据, never 0. `url` leads to the list behind it."""

    value: Value
    unit: Unit = Unit.COUNT
    url: str = ""

    @property
    def is_figure(self) -> bool:
        return self.unit != Unit.TEXT


@dataclass(frozen=True)
class Row:
    """One line: values in the order of the columns; `urls` column → list behind the figure."""

    values: tuple[Value, ...]
    urls: dict[int, str] = field(default_factory=dict)
    is_sum: bool = False


@dataclass(frozen=True)
class Series:
    """The figures of one colour, one for each category. `kind` names the colour: signed, info, overdue, returned, todo, draft."""

    name: str
    values: tuple[Decimal | int | None, ...]
    kind: str = "todo"
    urls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mark:
    """A line across a plot: a target or a limit."""

    name: str
    value: Decimal


@dataclass(frozen=True)
class Divide:
    """A line that stands between two COLUMNS: `after` so many of them."""

    name: str
    after: int


@dataclass(frozen=True)
class Plot:
    """A chart without its ink. `unit` stands behind each figure (%, 件, 项, 工作日)."""

    form: Form
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str
    marks: tuple[Mark, ...] = ()
    most: int | None = None
    divide: Divide | None = None

    def as_json(self) -> dict:
        """For the page's script; figures as numbers, which is all that a drawing needs."""
        return {
            "form": self.form.value, "categories": self.categories, "unit": self.unit, "most": self.most,
            "marks": [{"name": each.name, "value": float(each.value)} for each in self.marks],
            "divide": {"name": self.divide.name, "after": self.divide.after} if self.divide else None,
            "series": [
                {"name": each.name, "kind": each.kind, "urls": each.urls,
                 "values": [None if value is None else float(value) for value in each.values]}
                for each in self.series
            ],
        }  # fmt: skip


@dataclass(frozen=True)
class Chart:
    """One card of the dashboard. `formula` says in words how its figures are reckoned, `sample` how many things they rest on
    (counted in `counted`); `empty` what would fill it; `most` how many rows the page and the paper show (None: all), for the
    Excel export has them all; `leads` what the lists behind the figures show, where that is not what is counted."""

    key: str
    title: str
    formula: str
    sample: int
    counted: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    plot: Plot | None = None
    note: str = ""
    empty: str = ""
    url: str = ""
    is_wide: bool = False
    most: int | None = None
    leads: str = ""

    @property
    def data_id(self) -> str:
        """The id of the plot's data on the page."""
        return f"data-{self.key}"

    @property
    def lines(self) -> list[list[Cell]]:
        """The table cell by cell, as many rows as are shown."""
        return [
            [
                Cell(value, column.unit, row.urls.get(index, ""))
                for index, (column, value) in enumerate(zip(self.columns, row.values, strict=True))
            ]
            for row in self.rows[: self.most]
        ]

    @property
    def left_out(self) -> int:
        """How many rows stand in the export alone."""
        return len(self.rows[self.most :]) if self.most else 0


@dataclass(frozen=True)
class Kpi:
    """One measure against its target ([S] 质量目标). `value` and `target` are percent; a value of None is 无数据."""

    measure: str
    title: str
    value: Decimal | None
    target: Decimal | None
    is_at_most: bool
    formula: str
    numerator: Decimal | int | None = None
    denominator: int | None = None
    note: str = ""
    url: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None where there is no figure or no target."""
        if self.value is None or self.target is None:
            return None
        return self.value <= self.target if self.is_at_most else self.value >= self.target

    @property
    def result(self) -> str:
        """达标, 未达标; 无数据 where there is no figure, 未设定目标 where there is nothing to reach."""
        if self.value is None:
            return "无数据"
        return {None: "未设定目标", True: "达标", False: "未达标"}[self.is_met]

    @property
    def state(self) -> str:
        """The kind of its badge."""
        return {None: "draft", True: "signed", False: "overdue"}[self.is_met]
