from datetime import date

from django import forms

from dashboards.board import Filters, filters_for
from projects.choices import BusinessLine
from staff.models import Unit


class InboxFilter(forms.Form):
    q = forms.CharField(label="搜索", required=False, max_length=80)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs["placeholder"] = "成果、项目的编号或名称，编制人"

    @property
    def text(self) -> str:
        return self.cleaned_data.get("q", "").strip() if self.is_valid() else ""


class ManagementFilter(forms.Form):
    """Which year, unit and business line the managers' dashboard looks at; lives in the URL."""

    year = forms.TypedChoiceField(label="年度", coerce=int)
    unit = forms.ModelChoiceField(label="单位", queryset=Unit.objects.all(), required=False, empty_label="全公司")
    business_line = forms.ChoiceField(label="业务类型", choices=[("", "全部"), *BusinessLine.choices], required=False)

    def __init__(self, asked, *, years: list[int]):
        newest = str(years[0])
        super().__init__(
            {"year": newest, **{name: asked[name] for name in ("year", "unit", "business_line") if asked.get(name)}}
        )
        self.fields["year"].choices = [(each, f"{each} 年") for each in years]
        self.newest = years[0]

    def filters(self) -> Filters:
        """What it says; for nonsense the newest year, the whole firm."""
        self.full_clean()
        told = self.cleaned_data
        return filters_for(told.get("year") or self.newest, told.get("unit"), told.get("business_line", ""))


class ReportMonth(forms.Form):
    """Which month the paper is about; none, or nonsense, is the whole year (`month` 0)."""

    month = forms.IntegerField(min_value=1, max_value=12, required=False)

    @property
    def chosen(self) -> int:
        return self.cleaned_data["month"] or 0 if self.is_valid() else 0

    @staticmethod
    def choices_of(year: int, today: date) -> range:
        """The months of `year` that have begun, the newest first."""
        return range(12 if year < today.year else today.month, 0, -1)
