"""Which part of the firm and of time the dashboard looks at."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from projects.choices import BusinessLine
from staff.models import Unit, unit_and_descendants


@dataclass(frozen=True)
class Filters:
    """A year; a unit with those below it (`units`; None: the whole firm); a business line ("": all). Hashable: a key."""

    year: int
    unit: int | None = None
    unit_name: str = ""
    units: tuple[int, ...] | None = None
    business_line: str = ""

    @property
    def starts_at(self) -> datetime:
        return _new_year(self.year)

    @property
    def ends_at(self) -> datetime:
        """The first instant that is no longer in the year."""
        return _new_year(self.year + 1)

    def of_projects(self, path: str = "") -> Q:
        """The condition on what has its project at `path` (“deliverable__project__”; empty: the project itself)."""
        found = Q()
        if self.units is not None:
            found &= Q(**{f"{path}unit__in": self.units})
        if self.business_line:
            found &= Q(**{f"{path}business_line": self.business_line})
        return found

    def within(self, field: str) -> Q:
        """The condition that an instant lies in the year."""
        return Q(**{f"{field}__gte": self.starts_at, f"{field}__lt": self.ends_at})

    @property
    def words(self) -> list[str]:
        """For the head of an export or of a paper."""
        line = BusinessLine(self.business_line).label if self.business_line else "全部"
        return [f"年度：{self.year} 年", f"单位：{self.unit_name or '全部'}", f"业务类型：{line}"]

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


def _new_year(year: int) -> datetime:
    return timezone.make_aware(datetime(year, 1, 1))  # noqa: DTZ001 — made aware in the firm's zone
