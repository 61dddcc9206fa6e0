"""The page on which a draft of the policy is edited: one form of the whole version.

Every button of the page sends all that is typed. 增加条款 and 删除 change the page alone and draw it again; 保存 checks and keeps
it. So nothing typed is ever lost, whatever is wrong with it, and no script is needed."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict

from rankings.choices import Cause, Measure, Party
from rankings.policy_content import (
    CLAUSES,
    MOST_ATTENDANCE_RULES,
    REQUIRED_CAUSES,
    Content,
    Line,
    figure,
)

HEAD = ("title", "note", "min_unit_sample", "min_person_sample", "sent_back_from")


class FigureField(forms.DecimalField):
    """An amount or a share; thousands may be parted as accountants do (1,000.00). Empty: 未设定."""

    def __init__(self, label: str, *, digits: int, most: int | None = None):
        top = {} if most is None else {"max_value": most}
        super().__init__(
            label=label, required=False, min_value=0, max_digits=digits, decimal_places=2, **top,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "figure-input",
                                          "placeholder": "未设定"}),
            error_messages={
                "invalid": "应为数字。", "min_value": "不能为负数。", "max_value": f"不能超过 {most}。",
                "max_decimal_places": "至多两位小数。", "max_digits": "数字过大。", "max_whole_digits": "数字过大。",
            },
        )  # fmt: skip

    def to_python(self, value):
        return super().to_python(value.replace(",", "").replace("，", "") if isinstance(value, str) else value)


def _whole(label: str, least: int, most: int, hint: str) -> forms.IntegerField:
    words = f"{label}应为 {least} 至 {most} 的整数。"
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, help_text=hint,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "figure-input"}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), words) | {"required": f"请填写{label}。"},
    )  # fmt: skip


class PolicyForm(forms.Form):
    """The fixed fields; those of the rules, shares and targets are added by `Editor`."""

    title = forms.CharField(label="名称", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    min_unit_sample = _whole("单位排名最少被检项目（个）", 1, 100, "少于此数的单位不列入排名。")
    min_person_sample = _whole("个人排名最少签署（份）", 1, 1000, "少于此数的人员不列入排名。")
    sent_back_from = _whole("成果被退回几次起计罚", 1, 100, "同一成果达到此次数，按“成果多次被退回”计罚。")
    note = forms.CharField(label="说明", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}))


@dataclass
class LineRow:
    """A rule of the page: what it is, and its fields."""

    key: str
    line: Line
    amount: BoundField
    optional: BoundField | None
    text: BoundField | None


@dataclass
class Group:
    """The rules of one cause with the words of the 制度."""

    cause: Cause
    clause: str
    rows: list[LineRow]

    @property
    def is_attendance(self) -> bool:
        return self.cause == Cause.ATTENDANCE


class Editor:
    """The page: what stands in its fields, and whether it makes sense. `base` is the draft as it is saved."""

    def __init__(self, base: Content, typed: dict[str, str], keys: list[str], *, is_checked: bool = False):
        self.base, self.typed, self.keys, self.is_checked = base, typed, keys, is_checked
        self.form = PolicyForm(typed if is_checked else None, initial=typed)
        self._lines = {str(row.number): row for row in base.lines}
        self.rows = [self._row(key) for key in keys]
        for name, _ in base.shares:
            label = Party(name).label
            self.form.fields[f"share_{name}"] = FigureField(label, digits=5, most=100)
        for name in Measure:
            self.form.fields[f"target_{name}"] = FigureField(name.label, digits=5, most=100)

    def _row(self, key: str) -> LineRow:
        """The fields of one rule. An attendance rule that is not in the draft (new, or taken out by another) is one too."""
        line = self._lines.get(key) or Line(0, Cause.ATTENDANCE.value, Party.PERSON.value, "", None, True)
        fields, where = self.form.fields, line.name if not line.is_attendance else "考勤与纪律条款"
        fields[f"amount_{key}"] = FigureField(f"{where}：金额", digits=12)
        if line.cause not in REQUIRED_CAUSES:
            fields[f"optional_{key}"] = forms.BooleanField(label="可不设定", required=False)
        if line.is_attendance:
            fields[f"text_{key}"] = forms.CharField(
                label="条款", max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
                error_messages={"required": "请填写条款，或删除本行。", "max_length": "不能超过 300 字。"},
            )  # fmt: skip
        bound = [
            self.form[name] if name in fields else None for name in (f"amount_{key}", f"optional_{key}", f"text_{key}")
        ]
        return LineRow(key, line, *bound)

    @classmethod
    def of(cls, base: Content) -> "Editor":
        """The page of a draft as it was saved."""
        typed = {name: str(getattr(base, name)) for name in HEAD}
        for row in base.lines:
            typed[f"amount_{row.number}"] = "" if row.amount is None else figure(row.amount)
            typed[f"optional_{row.number}"] = "on" if row.is_optional else ""
            typed[f"text_{row.number}"] = row.text
        typed |= {f"share_{name}": "" if value is None else figure(value) for name, value in base.shares}
        typed |= {f"target_{name}": figure(value) for name, value in base.targets}
        return cls(base, typed, [str(row.number) for row in base.lines])

    @classmethod
    def posted(cls, base: Content, data: QueryDict, *, is_checked: bool = False) -> "Editor":
        """The page as it was sent; what was forged beyond any page is cut off. The rules that the 制度 has are always there."""
        fixed = [str(row.number) for row in base.lines if not row.is_attendance]
        sent = [key for key in data.get("rows", "").split(",") if _is_key(key) and key not in fixed]
        keys = [*fixed, *list(dict.fromkeys(sent))[:MOST_ATTENDANCE_RULES]]
        return cls(base, {name: data.get(name, "") for name in data}, keys, is_checked=is_checked)

    def apply(self, act: str) -> "Editor":
        """The page after a button: add (an attendance rule at the end), remove:<key>. Another leaves the page as it is."""
        keys = list(self.keys)
        if act == "add" and self.has_room:
            new = 1 + max((int(key[1:]) for key in keys if key.startswith("n")), default=0)
            keys.append(f"n{new}")
            page = Editor(self.base, {**self.typed, f"optional_n{new}": "on"}, keys)
            page.form.fields[f"text_n{new}"].widget.attrs["autofocus"] = True
            return page
        if act.startswith("remove:"):
            key = act.removeprefix("remove:")
            keys = [each for each in keys if each != key or not self._is_attendance(each)]
        return Editor(self.base, self.typed, keys)

    def _is_attendance(self, key: str) -> bool:
        return key not in self._lines or self._lines[key].is_attendance

    # ── What the template draws ─────────────────────────────────────────────
    @property
    def groups(self) -> list[Group]:
        return [Group(cause, CLAUSES[cause], [row for row in self.rows if row.line.cause == cause]) for cause in Cause]

    @property
    def attendance_keys(self) -> str:
        """For the hidden field that says which attendance rules the page has."""
        return ",".join(key for key in self.keys if self._is_attendance(key))

    @property
    def has_room(self) -> bool:
        return sum(self._is_attendance(key) for key in self.keys) < MOST_ATTENDANCE_RULES

    @property
    def shares(self) -> list[BoundField]:
        return [self.form[f"share_{name}"] for name, _ in self.base.shares]

    @property
    def targets(self) -> list[BoundField]:
        return [self.form[f"target_{name}"] for name in Measure]

    @property
    def share_sum(self) -> Decimal:
        """The sum of the shares that are figures."""
        return sum((self._figure(f"share_{name}") for name, _ in self.base.shares), Decimal(0))

    def _figure(self, name: str) -> Decimal:
        try:
            return self.form.fields[name].clean(self.typed.get(name, "")) or Decimal(0)
        except forms.ValidationError:
            return Decimal(0)

    # ── Whether it makes sense ──────────────────────────────────────────────
    def is_valid(self) -> bool:
        return self.form.is_valid()

    def add_error(self, field: str | None, error) -> None:
        """What the service refused."""
        self.form.add_error(field, error)

    @property
    def is_overtaken(self) -> bool:
        """Somebody saved, published or deleted the draft after this page was drawn."""
        found = self.form.errors.as_data().get("__all__", []) if self.is_checked else []
        return any(error.code == "overtaken" for error in found)

    def content(self, known: Collection[int]) -> Content:
        """What was typed, as values. Ask `is_valid` before. A rule whose number is not in `known` (the lines of the draft and of
        the version in force) is a new one."""
        said = self.form.cleaned_data
        lines = []
        for row in self.rows:
            key = row.key
            number = int(key) if key.isdecimal() and int(key) in known else 0
            text = " ".join(said[f"text_{key}"].split()) if row.text else row.line.text
            is_optional = said.get(f"optional_{key}", row.line.is_optional)
            lines.append(Line(number, row.line.cause, row.line.party, text, said[f"amount_{key}"], is_optional))
        targets = [(name.value, said[f"target_{name}"]) for name in Measure]
        return Content(
            **{name: said[name] for name in HEAD}, lines=tuple(lines),
            shares=tuple((name, said[f"share_{name}"]) for name, _ in self.base.shares),
            targets=tuple((name, value) for name, value in targets if value is not None),
        )  # fmt: skip


def _is_key(key: str) -> bool:
    """“12” (a rule that has a number) or “n3” (the third new one of the page)."""
    digits = key.removeprefix("n")
    return digits.isdecimal() and digits.isascii() and len(digits) < 5


class PublishForm(forms.Form):
    """What the page showed, and the password."""

    turn = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    against = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    password = forms.CharField(
        label="登录密码", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="再次输入登录密码，确认由本人签署。",
    )  # fmt: skip
