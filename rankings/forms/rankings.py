"""What is asked of a ranking: which board and unit, what if; and the acts that are signed."""

from decimal import Decimal

from django import forms

from rankings.choices import Board
from rankings.models.rankings import LONGEST
from rankings.queries import evidence


class BoardForm(forms.Form):
    """Unit and name, in the URL; the year and the board are kept beside."""

    q = forms.CharField(label="名称", required=False, max_length=60)
    unit = forms.ChoiceField(label="单位", required=False)

    def __init__(self, asked, *, units: list[str]):
        super().__init__(asked)
        self.fields["unit"].choices = [("", "全部单位"), *((name, name) for name in units)]

    @property
    def told(self) -> dict:
        """What was asked, with nonsense left out."""
        self.full_clean()
        return {name: self.cleaned_data.get(name, "") for name in ("q", "unit")}


class WhatIfForm(forms.Form):
    """排名试算: without one inspection, or with another score of it."""

    without = forms.CharField(label="检查编号", required=False, max_length=20)
    score = forms.DecimalField(
        label="改为得分", required=False, min_value=Decimal(0), max_value=Decimal(100), max_digits=5, decimal_places=2,
        help_text="留空：不计入该次检查。",
    )  # fmt: skip

    def __init__(self, asked, *, user, year: int):
        super().__init__({name: asked.get(name, "") for name in ("without", "score")})
        self.user, self.year, self.inspection = user, year, None

    def clean(self):
        told = super().clean()
        number = told.get("without")
        if number:
            self.inspection = evidence.counted_inspection(self.user, self.year, number)
            if self.inspection is None:
                self.add_error("without", f"{self.year} 年度没有编号为“{number}”的已关闭项目检查。")
        elif told.get("score") is not None:
            self.add_error("without", "请填写要改分的检查编号。")
        return told

    @property
    def asks(self) -> bool:
        return self.is_valid() and self.inspection is not None


def password_field() -> forms.CharField:
    return forms.CharField(
        label="登录密码", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="再次输入登录密码，确认由本人签署。",
    )  # fmt: skip


class SignForm(forms.Form):
    """`seen` stands for what the page showed."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    password = password_field()


OUT = "out"


class CorrectForm(forms.Form):
    """A corrected score, or out of the ranking; with the reason."""

    seen = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, error_messages={"required": "页面不完整，请刷新后重试。"}
    )
    how = forms.ChoiceField(
        label="更正方式", choices=[("score", "更正得分"), (OUT, "不再列入排名")], widget=forms.RadioSelect
    )
    score = forms.DecimalField(
        label="更正后得分", required=False, min_value=Decimal(0), max_value=Decimal(100), max_digits=5, decimal_places=2,
        help_text="0 至 100 分，至多两位小数；等级按评分标准自动重定。",
    )  # fmt: skip
    reason = forms.CharField(
        label="更正理由", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="与更正前后的得分一并列在排名页面，公布后全公司可见。",
    )  # fmt: skip
    password = password_field()

    def clean(self):
        told = super().clean()
        if told.get("how") == "score" and told.get("score") is None and "score" not in self.errors:
            self.add_error("score", "请填写更正后的得分。")
        return told

    @property
    def told_score(self) -> Decimal | None:
        return None if self.cleaned_data["how"] == OUT else self.cleaned_data["score"]


def board_of(text: str) -> Board:
    """The board asked for in the URL; the projects' for nonsense."""
    return Board(text) if text in Board.values else Board.PROJECT
