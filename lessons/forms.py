"""Forms of the library: the filters, which live in the URL, and the proposal with its decision."""

from django import forms
from django.utils import timezone

from lessons.choices import ProposalState
from lessons.queries.facts import SOURCES, Asked
from lessons.queries.library import QUARTERS, categories_found, years
from lessons.queries.proposals import levels_to_choose
from projects.choices import BusinessLine
from reviews.choices import RemarkCategory, Severity
from staff.models import Unit

ALL = ("", "全部")
PERIODS = [("", "按月"), (QUARTERS, "按季度")]


class LibraryForm(forms.Form):
    """What the library counts. Where the URL says nothing of the year it is this one; `year=` is all of them."""

    q = forms.CharField(label="搜索", required=False, max_length=100)
    year = forms.TypedChoiceField(label="年度", required=False, coerce=int, empty_value=None)
    period = forms.ChoiceField(label="趋势", required=False, choices=PERIODS)
    unit = forms.ModelChoiceField(label="单位", required=False, queryset=Unit.objects.all(), empty_label=ALL[1])
    line = forms.ChoiceField(label="业务类型", required=False, choices=[ALL, *BusinessLine.choices])
    category = forms.ChoiceField(label="类别", required=False)
    severity = forms.ChoiceField(label="严重程度", required=False, choices=[ALL, *Severity.choices])
    source = forms.ChoiceField(label="来源", required=False, choices=[ALL, *SOURCES])

    def __init__(self, asked, *, without: tuple[str, ...] = ()):
        asked = asked.copy()
        asked.setdefault("year", str(timezone.localdate().year))
        super().__init__(asked)
        self.fields["q"].widget.attrs["placeholder"] = "问题文字"
        self.fields["year"].choices = [("", "全部年度"), *((year, f"{year} 年") for year in years())]
        self.categories = {}
        for name in without:
            del self.fields[name]
        if "category" in self.fields:
            self.categories = {category.key: category for category in categories_found()}
            self.fields["category"].choices = [ALL, *((key, each.label) for key, each in self.categories.items())]

    def asked(self, **more) -> Asked:
        """What the filters ask for; what is nonsense asks for nothing, and says so beside its field."""
        self.is_valid()
        data = dict(self.cleaned_data)
        data.pop("period", None)
        data["q"] = data.get("q", "").strip()
        data["category"] = self.categories.get(data.get("category"))
        return Asked(**{**data, **more}).within_units()

    @property
    def trend_by(self) -> str:
        return self.cleaned_data.get("period", "")


class LevelsField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, level) -> str:
        return level.title


class ProposeForm(forms.Form):
    """A line for the checklists. The figures that speak for it come from the library, not from this form."""

    category = forms.ChoiceField(label="类别", choices=[("", "请选择"), *RemarkCategory.choices])
    text = forms.CharField(
        label="核查内容", max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="写成可答“是 / 否 / 不适用”的一句话，最多 300 字。条目供全公司使用，请勿写入项目、委托人或人员的名称。",
    )  # fmt: skip
    levels = LevelsField(label="补充到", queryset=None, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["levels"].queryset = levels_to_choose()
        self.fields["levels"].error_messages["required"] = "请选择至少一个级别。"

    def level_rows(self) -> list[tuple[str, list]]:
        """(route, the boxes of its levels) for the template."""
        rows: dict[str, list] = {}
        for box in self["levels"]:
            rows.setdefault(str(box.data["value"].instance.route), []).append(box)
        return list(rows.items())


class DecideForm(forms.Form):
    """采纳 or 不采纳; of the latter the reason is owed."""

    decision = forms.ChoiceField(
        label="审定", choices=[("accept", "采纳，增加到核查清单末尾"), ("refuse", "不采纳")], widget=forms.RadioSelect
    )
    note = forms.CharField(
        label="审定意见", required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="不采纳的，须填写理由。",
    )  # fmt: skip


class ProposalsForm(forms.Form):
    """Which proposals the list shows; lives in the URL."""

    state = forms.ChoiceField(label="状态", required=False, choices=[ALL, *ProposalState.choices])
    category = forms.ChoiceField(label="类别", required=False, choices=[ALL, *RemarkCategory.choices])

    def passing(self, rows):
        """The rows that pass the filters."""
        self.is_valid()
        for name in ("state", "category"):
            if value := self.cleaned_data.get(name):
                rows = rows.filter(**{name: value})
        return rows
