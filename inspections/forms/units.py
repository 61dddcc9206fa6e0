from django import forms

from inspections.models import Plan


class UnitsForm(forms.Form):
    """Which year, and which of its plans; lives in the URL."""

    year = forms.TypedChoiceField(label="年度", coerce=int)
    plan = forms.ModelChoiceField(
        label="检查计划", queryset=Plan.objects.none(), required=False, empty_label="全部检查"
    )

    def __init__(self, asked, *, years: list[int]):
        first = str(years[0])
        year = asked.get("year") or first
        super().__init__({"year": year, "plan": asked.get("plan", "")})
        self.fields["year"].choices = [(each, f"{each} 年") for each in years]
        known = int(year) if year in map(str, years) else years[0]
        self.fields["plan"].queryset = Plan.objects.filter(year=known).order_by("quarter", "pk")
        self.chosen_year = known
