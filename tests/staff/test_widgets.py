"""Our drawing of plain inputs says exactly what Django's templates say."""

import datetime as dt

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.test.html import parse_html

from staff.widgets import QuickRenderer

EVIL = "\"><script>alert('1')</script>&"


class _Form(forms.Form):
    name = forms.CharField(max_length=80, widget=forms.TextInput({"placeholder": EVIL, "autofocus": True}))
    size = forms.DecimalField(required=False)
    day = forms.DateField()
    at = forms.DateTimeField(required=False, disabled=True)
    mail = forms.EmailField(required=False)
    secret = forms.CharField(widget=forms.PasswordInput)
    turn = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(widget=forms.Textarea({"rows": 3}))
    kind = forms.ChoiceField(choices=[("", "全部"), (EVIL, EVIL), ("甲类", [("a", "甲"), (1, "乙")])])
    many = forms.MultipleChoiceField(choices=[("a", "甲"), ("b", "乙")])
    wish = forms.NullBooleanField(required=False)
    marks = forms.MultipleChoiceField(choices=[("a", "甲")], widget=forms.CheckboxSelectMultiple)


VALUES = [
    None,
    {"name": EVIL, "size": "1234.5", "day": "明天", "mail": EVIL, "secret": EVIL, "turn": "3", "note": f"\n{EVIL}\n",
     "kind": EVIL, "many": ["a", "b"], "wish": "true"},
]  # fmt: skip


@pytest.mark.parametrize("data", VALUES, ids=["empty", "evil"])
@pytest.mark.parametrize("name", list(_Form.base_fields))
def test_input_is_that_of_django(name, data):
    drawn = [
        str(_Form(data, renderer=renderer, initial={"size": 2, "day": dt.date(2026, 11, 22), "kind": 1})[name])
        for renderer in (QuickRenderer(), DjangoTemplates())
    ]
    ours, djangos = map(parse_html, drawn)
    assert ours == djangos
    assert "<script" not in drawn[0]


def test_every_form_is_drawn_by_it():
    assert isinstance(_Form().renderer, QuickRenderer)


@pytest.mark.parametrize(
    ("size", "words"),
    [("1.005", "小数不超过 2 位。"), ("123.5", "小数点前不超过 2 位。"), ("12345", "总共不超过 4 位数字。")],
)
def test_too_many_digits_are_refused_in_chinese(size, words):
    field = forms.DecimalField(max_digits=4, decimal_places=2)
    with pytest.raises(forms.ValidationError) as refused:
        field.clean(size)
    assert words in refused.value.messages
