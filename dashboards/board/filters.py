"""Which part of the firm and of time the dashboard looks at."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Q
from django.utils import timezone

from projects.choices import BusinessLine
from staff.models import Unit, unit_and_descendants


@dataclass(frozen=True)
class Filters:
    """A year, or a month of it (0: all); a unit with those below it (`units`; None: the whole firm); a business line
    ("": all). Hashable: a key. The page looks at years; a month is for the monthly paper."""

    year: int
    unit: int | None = None
    unit_name: str = ""
    units: tuple[int, ...] | None = None
    business_line: str = ""
    month: int = 0

    @property
    def starts_on(self) -> date:
        return date(self.year, self.month or 1, 1)

    @property
    def ends_on(self) -> date:
        """The first day that is no longer in it."""
        return date(self.year, self.month + 1, 1) if 0 < self.month < 12 else date(self.year + 1, 1, 1)

    @property
    def starts_at(self) -> datetime:
        return _midnight(self.starts_on)

    @property
    def ends_at(self) -> datetime:
        """The first instant that is no longer in it."""
        return _midnight(self.ends_on)

    def of_projects(self, path: str = "") -> Q:
        """The condition on what has its project at `path` (“deliverable__project__”; empty: the project itself)."""
        found = Q()
        if self.units is not None:
            found &= Q(**{f"{path}unit__in": self.units})
        if self.business_line:
            found &= Q(**{f"{path}business_line": self.business_line})
        return found

    def within(self, field: str) -> Q:
        """The condition that an instant lies in it."""
        return Q(**{f"{field}__gte": self.starts_at, f"{field}__lt": self.ends_at})

    def on_days(self, field: str) -> Q:
        """The condition that a date lies in it."""
        return Q(**{f"{field}__gte": self.starts_on, f"{field}__lt": self.ends_on})

    @property
    def words(self) -> list[str]:
        """For the head of an export or of a paper."""
        line = BusinessLine(self.business_line).label if self.business_line else "全部"
        period = f"月份：{self.year} 年 {self.month} 月" if self.month else f"年度：{self.year} 年"
        return [period, f"单位：{self.unit_name or '全部'}", f"业务类型：{line}"]

    @property
    def query(self) -> dict[str, str | int]:
        """The same for a URL of the dashboard."""
        found: dict[str, str | int] = {"year": self.year}
        if self.unit is not None:
            found["unit"] = self.unit
        if self.business_line:
            found["business_line"] = self.business_line
        return found


def filters_for(year: int, unit: Unit | None = None, business_line: str = "") -> Filters:
    """The filters for a unit with those below it. One query where a unit is named."""
    if unit is None:
        return Filters(year, business_line=business_line)
    return Filters(year, unit.pk, unit.name, tuple(sorted(unit_and_descendants([unit.pk]))), business_line)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
