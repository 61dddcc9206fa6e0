"""What the quality office tells about the working calendar."""

from datetime import date, time

from django import forms

from deadlines.forms.time_rules import MoveForm

WORKING, OFF = "working", "off"
SHIFTS = 4


class DaysField(forms.Field):
    """Days of one year, ticked in its page."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, year: int, **kwargs):
        self.year = year
        super().__init__(**kwargs)

    def to_python(self, value) -> list[date]:
        try:
            days = sorted({date.fromisoformat(each) for each in value or []})
        except ValueError as error:
            raise forms.ValidationError("日期不正确，请在年历中重新选择。") from error
        if any(day.year != self.year for day in days):
            raise forms.ValidationError(f"只能调整 {self.year} 年的日期。")
        return days


class DaysForm(forms.Form):
    """Days, and what they are to be."""

    day = DaysField(year=0, label="日期", error_messages={"required": "请在年历中至少选择一天。"})
    value = forms.ChoiceField(
        label="设为", choices=[(OFF, "休息日"), (WORKING, "工作日")], widget=forms.RadioSelect,
        error_messages={"required": "请选择设为休息日还是工作日。"},
    )  # fmt: skip
    note = forms.CharField(
        label="调整依据", max_length=60, widget=forms.TextInput(attrs={"placeholder": "如放假通知的名称、文号"}),
        error_messages={"required": "请说明调整依据，如放假通知的名称。"},
    )  # fmt: skip

    def __init__(self, *args, year: int, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["day"].year = year

    @property
    def ticked(self) -> set[str]:
        """The days that are ticked, as the page names them."""
        return set(self.data.getlist("day")) if self.is_bound else set()

    def days(self) -> dict[date, bool]:
        """What `services.change_days` takes."""
        return dict.fromkeys(self.cleaned_data["day"], self.cleaned_data["value"] == WORKING)


class CalendarConfirmForm(MoveForm):
    keep_words, move_words = "保持原到期日", "一并按新日历重新计算"


class HourField(forms.TimeField):
    """A time of day as text: the browser's own input tells it in the language of the browser."""

    def to_python(self, value):
        return super().to_python(value.strip().replace("：", ":") if isinstance(value, str) else value)


class HoursForm(forms.Form):
    """The stretches of a working day, and why they change."""

    reason = forms.CharField(label="调整理由", max_length=300, widget=forms.Textarea)

    def __init__(self, *args, shifts: list[tuple[time, time]], **kwargs):
        initial = {}
        for number, (starts_at, ends_at) in enumerate(shifts, 1):
            initial |= {f"starts_{number}": starts_at, f"ends_{number}": ends_at}
        super().__init__(*args, initial=initial, **kwargs)
        self.numbers = range(1, max(SHIFTS, len(shifts)) + 1)
        for number in self.numbers:
            for name, label in (("starts", "上班"), ("ends", "下班")):
                self.fields[f"{name}_{number}"] = HourField(
                    label=f"第 {number} 段{label}",
                    required=False,
                    input_formats=["%H:%M"],
                    widget=forms.TimeInput(attrs={"autocomplete": "off"}, format="%H:%M"),
                    error_messages={"invalid": "请按“时:分”填写，如 08:30。"},
                )
        self.order_fields([name for name in self.fields if name != "reason"])

    @property
    def rows(self) -> list[tuple]:
        return [(number, self[f"starts_{number}"], self[f"ends_{number}"]) for number in self.numbers]

    def clean(self):
        data = super().clean()
        for number in self.numbers:
            starts_at, ends_at = data.get(f"starts_{number}"), data.get(f"ends_{number}")
            for name, own, other in (("starts", starts_at, ends_at), ("ends", ends_at, starts_at)):
                if own is None and other is not None and f"{name}_{number}" not in self.errors:
                    self.add_error(f"{name}_{number}", "请填写完整的一段时间，或两项都清空。")
        return data

    def shifts(self) -> list[tuple[time, time]]:
        """What `services.change_shifts` takes."""
        pairs = [(self.cleaned_data[f"starts_{each}"], self.cleaned_data[f"ends_{each}"]) for each in self.numbers]
        return [pair for pair in pairs if all(each is not None for each in pair)]
