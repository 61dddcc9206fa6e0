"""The page on which a draft is edited: one form of the whole standard.

Every button of the page sends all that is typed. 上移, 下移, 删除, 增加 change the page alone and draw it again; 保存 checks and
keeps it. So nothing typed is ever lost, whatever is wrong with it, and no script is needed."""

from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.http import QueryDict

from scoring.content import MOST_CRITERIA, MOST_ITEMS, Content, Item, Part, figure


def _points(label: str, required: bool = True, least: Decimal = Decimal(0)) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=required, min_value=least, max_value=100, max_digits=5, decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "figure-input"}),
        error_messages={
            "required": f"请填写{label}。", "invalid": f"{label}应为数字。", "min_value": f"{label}不能为负数。",
            "max_value": f"{label}不能超过 100 分。", "max_decimal_places": f"{label}至多两位小数。",
            "max_digits": f"{label}至多三位整数、两位小数。", "max_whole_digits": f"{label}不能超过 100 分。",
        },
    )  # fmt: skip


def _words(label: str, most: int, required: bool = True, rows: int = 0) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(
        label=label, max_length=most, required=required, widget=widget,
        error_messages={"required": f"请填写{label}。", "max_length": f"{label}不能超过 {most} 字。"},
    )  # fmt: skip


class HeadForm(forms.Form):
    """Title and thresholds."""

    title = _words("名称", 120)
    pass_mark = _points("合格线（含）")
    good_mark = _points("优良线")
    veto_cap = _points("一票否决上限")
    good_inclusive = forms.BooleanField(label="优良线含本数", required=False)
    is_sample = forms.BooleanField(label="标为示例", required=False)


class CriterionForm(forms.Form):
    title = _words("评分项", 80)
    maximum = _points("满分")


class DeductionForm(forms.Form):
    text = _words("扣分内容", 200, rows=2)
    points = _points("每处扣分")
    cap = _points("扣分上限", required=False)
    evidence = _words("所需依据", 120, required=False)
    is_veto = forms.BooleanField(label="一票否决", required=False)

    def clean_text(self) -> str:
        """One line: it stands in tables and on paper."""
        return " ".join(self.cleaned_data["text"].split())

    def item(self) -> Item:
        return Item(**{name: self.cleaned_data[name] for name in ("text", "points", "cap", "evidence", "is_veto")})


ITEM_FIELDS = tuple(DeductionForm.base_fields)
PART_FIELDS = tuple(CriterionForm.base_fields)
HEAD_FIELDS = tuple(HeadForm.base_fields)


@dataclass
class PartRows:
    """A criterion of the page with its deductions."""

    form: CriterionForm
    items: list[DeductionForm]


class Editor:
    """The page: what stands in its fields, and whether it makes sense.

    `tree` is plain text as typed: {"head": {…}, "parts": [{"fields": {…}, "items": [{…}]}]}."""

    def __init__(self, tree: dict, *, is_checked: bool = False):
        self.tree = tree
        self.is_checked = is_checked
        self.focus = ""  # the button that was pressed, at the place to which its row has gone
        self.head = HeadForm(tree["head"] if is_checked else None, initial=tree["head"])
        self.parts = [self._part(number, part) for number, part in enumerate(tree["parts"])]

    def _part(self, number: int, part: dict) -> PartRows:
        return PartRows(
            self._form(CriterionForm, f"c{number}", part["fields"]),
            [self._form(DeductionForm, f"c{number}i{place}", item) for place, item in enumerate(part["items"])],
        )

    def _form(self, kind, prefix: str, fields: dict):
        data = {f"{prefix}-{name}": value for name, value in fields.items()}
        return kind(data if self.is_checked else None, initial=fields, prefix=prefix)

    @classmethod
    def of(cls, content: Content) -> "Editor":
        """The page of a draft as it was saved."""
        return cls(
            {
                "head": _typed(content, HEAD_FIELDS),
                "parts": [
                    {"fields": _typed(part, PART_FIELDS), "items": [_typed(item, ITEM_FIELDS) for item in part.items]}
                    for part in content.criteria
                ],
            }
        )

    @classmethod
    def posted(cls, data: QueryDict, *, is_checked: bool = False) -> "Editor":
        """The page as it was sent; what was forged beyond any page is cut off. `is_checked` keeps no empty row."""
        tree = {"head": {name: data.get(name, "") for name in HEAD_FIELDS}, "parts": []}
        room = MOST_ITEMS
        for number in range(_count(data, "criteria", MOST_CRITERIA)):
            rows = _count(data, f"c{number}-items", room)
            room -= rows
            items = [_sent(data, f"c{number}i{place}", ITEM_FIELDS) for place in range(rows)]
            if is_checked:
                items = [item for item in items if any(item.values())]
            part = {"fields": _sent(data, f"c{number}", PART_FIELDS), "items": items}
            if not is_checked or any(part["fields"].values()) or items:
                tree["parts"].append(part)
        return cls(tree, is_checked=is_checked)

    def is_valid(self) -> bool:
        parts = [form for part in self.parts for form in (part.form, *part.items)]
        checked = [form.is_valid() for form in (self.head, *parts)]  # every field shall say what it lacks
        return all(checked)

    def add_error(self, field: str | None, error) -> None:
        """What the service refused."""
        self.head.add_error(field, error)

    @property
    def refusals(self) -> list[str]:
        return [str(words) for words in self.head.non_field_errors()] if self.is_checked else []

    @property
    def is_overtaken(self) -> bool:
        """Somebody saved, published or deleted the draft after this page was drawn."""
        found = self.head.errors.as_data().get("__all__", []) if self.is_checked else []
        return any(error.code == "overtaken" for error in found)

    @property
    def errors(self) -> list[tuple[str, str, str]]:
        """(id of the field, where, what is wrong), from the top of the page to its end."""
        if not self.is_checked:
            return []
        found = _told(self.head, "")
        for number, part in enumerate(self.parts, start=1):
            found += _told(part.form, f"第 {number} 项")
            for place, form in enumerate(part.items, start=1):
                found += _told(form, f"第 {number} 项第 {place} 条")
        return found

    def content(self) -> Content:
        """What was typed, as values. Ask `is_valid` before."""
        return Content(
            **{name: self.head.cleaned_data[name] for name in HEAD_FIELDS},
            criteria=tuple(
                Part(**part.form.cleaned_data, items=tuple(form.item() for form in part.items)) for part in self.parts
            ),
        )

    # ── What the buttons do to the page ─────────────────────────────────────
    def apply(self, act: str) -> "Editor":
        """The page after a button: add, up, down, remove; “up:2” is criterion 2, “up:2:0” its first deduction. A button that
        leads nowhere (the first row up, a place that is not there) leaves the page as it is."""
        word, *places = act.split(":")
        if all(place.isdecimal() and len(place) < 4 for place in places):
            numbers = [int(place) for place in places]
            return self._added(numbers) if word == "add" else self._moved(word, numbers)
        return Editor(self.tree)

    def _added(self, places: list[int]) -> "Editor":
        """With an empty criterion at the end, or an empty deduction at the end of one; the cursor stands in it."""
        parts, item = self.tree["parts"], dict.fromkeys(ITEM_FIELDS, "")
        if not places and self.has_room_for_part:
            parts.append({"fields": dict.fromkeys(PART_FIELDS, ""), "items": [item] if self.has_room_for_item else []})
            page = Editor(self.tree)
            field = page.parts[-1].form.fields["title"]
        elif len(places) == 1 and places[0] < len(parts) and self.has_room_for_item:
            parts[places[0]]["items"].append(item)
            page = Editor(self.tree)
            field = page.parts[places[0]].items[-1].fields["text"]
        else:
            return Editor(self.tree)
        field.widget.attrs["autofocus"] = True
        return page

    def _moved(self, word: str, places: list[int]) -> "Editor":
        rows = self.tree["parts"]
        if len(places) == 2 and places[0] < len(rows):
            rows = rows[places[0]]["items"]
        elif len(places) != 1:
            return Editor(self.tree)
        *above, place = places
        gone_to = _move(rows, word, place)
        page = Editor(self.tree)
        page.focus = ":".join(map(str, [word, *above, gone_to]))
        return page

    @property
    def has_room_for_part(self) -> bool:
        return len(self.parts) < MOST_CRITERIA

    @property
    def has_room_for_item(self) -> bool:
        return sum(len(part.items) for part in self.parts) < MOST_ITEMS

    @property
    def full(self) -> Decimal:
        """The sum of the maxima that are figures."""
        return sum((_figure(part["fields"]["maximum"]) for part in self.tree["parts"]), Decimal(0))


def _told(form: forms.Form, where: str) -> list[tuple[str, str, str]]:
    return [
        (form[name].id_for_label, where, words)
        for name in form.fields
        if name in form.errors
        for words in form.errors[name]
    ]


def _move(rows: list, word: str, place: int) -> int:
    """Move or remove one row; where it stands then (after a removal: the row that came into its place)."""
    if place >= len(rows):
        return place
    if word == "remove":
        del rows[place]
        return min(place, len(rows) - 1)
    other = place + {"up": -1, "down": 1}.get(word, 0)
    if not 0 <= other < len(rows):
        return place
    rows[place], rows[other] = rows[other], rows[place]
    return other


def _figure(typed: str) -> Decimal:
    """A figure as it stands in a field; 0 for what is none (the field itself says so)."""
    field = CriterionForm.base_fields["maximum"]
    try:
        return field.clean(typed)
    except forms.ValidationError:
        return Decimal(0)


def _typed(values, names: tuple[str, ...]) -> dict[str, str]:
    """Values as they would be typed: “0.5”, “on”, “”."""
    typed = {}
    for name in names:
        value = getattr(values, name)
        if isinstance(value, bool):
            typed[name] = "on" if value else ""
        else:
            typed[name] = figure(value) if isinstance(value, Decimal) else value or ""
    return typed


def _sent(data: QueryDict, prefix: str, names: tuple[str, ...]) -> dict[str, str]:
    return {name: data.get(f"{prefix}-{name}", "") for name in names}


def _count(data: QueryDict, name: str, most: int) -> int:
    typed = data.get(name, "")
    return min(int(typed), most) if typed.isdecimal() and len(typed) < 5 else 0
