"""The components: figures and dates as people read them, and pages that keep to the content security policy."""

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from staff.templatetags import ui

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted((ROOT / "templates").glob("**/*.html"))
SHOWN = [page for page in PAGES if "printing" not in page.parts]


def draw(source: str, **context) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("12345.6"), "12,345.60 元"),
        (0, "0.00 元"),
        (Decimal("-1234.5"), "-1,234.50 元"),
        ("1284567890.125", "1,284,567,890.13 元"),
        (None, "—"),
        ("", "—"),
        ("未设定", "—"),
    ],
)
def test_money(value, shown):
    assert ui.money(value) == shown


def test_money_in_ten_thousands():
    assert ui.money(Decimal(1234567), "万元") == "123.46 万元"
    assert [ui.wan(value) for value in (Decimal(1234567), 4200, Decimal("-9999.5"), 0, None)] == [
        "123.46 万元", "4,200.00 元", "-9,999.50 元", "0.00 元", "—"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "shown"),
    [(Decimal("1200"), "+1,200.00"), (Decimal("-350"), "−350.00"), (Decimal(0), "0.00"), (None, "—")],
)
def test_a_difference_has_its_sign(value, shown):
    assert ui.signed_amount(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(Decimal("86.50"), "86.5"), (80, "80"), (100, "100"), (Decimal("0.00"), "0"), (None, "—")],
)
def test_score_figure(value, shown):
    assert ui.score_figure(value) == shown


def test_percent_without_data():
    assert ui.percent(Decimal("0.0312")) == "3.12%"
    assert ui.percent(None) == "无数据"


def test_dates_are_local_and_name_the_day():
    late = dt.datetime(2026, 11, 21, 16, 30, tzinfo=dt.UTC)  # already the 22nd in Shanghai
    assert ui.date_zh(late) == "2026-11-22 周日"
    assert ui.datetime_zh(late) == "2026-11-22 周日 00:30"
    assert ui.date_zh(None) == ui.datetime_zh(None) == "—"


@pytest.mark.parametrize(
    ("days", "kind", "word"),
    [(10, "calm", "剩 10 天"), (3, "soon", "剩 3 天"), (0, "soon", "今天到期"), (-2, "overdue", "逾期 2 天")],
)
def test_due_state(days, kind, word):
    today = dt.date(2026, 11, 22)
    assert ui.due_state(today + dt.timedelta(days=days), today) == (kind, word)


def test_due_badge_without_a_date_draws_nothing():
    assert draw("{% due_badge due %}", due=None).strip() == ""


@pytest.mark.parametrize(
    ("title", "lines"),
    [("校核", ["校", "核"]), ("专家组", ["专", "家", "组"]), ("专家评审组", ["专家", "评审", "组"])],
)
def test_seal_lines(title, lines):
    assert ui.seal_lines(title) == lines


@pytest.mark.parametrize(("total", "kind"), [(59, "low"), (60, "middle"), (80, "middle"), (Decimal("80.1"), "high")])
def test_grade_boundaries_are_those_of_the_standard(total, kind):
    assert f"grade-{kind}" in draw("{% grade total '等级' %}", total=total)


def test_sort_header_keeps_filters_and_starts_again_at_page_one():
    request = RequestFactory().get("/", {"q": "滨江", "page": "3", "sort": "due"})
    head = draw('{% sort_header "due" "期限" %}', request=request)
    assert 'aria-sort="ascending"' in head
    assert "sort=-due" in head
    assert "q=%E6%BB%A8%E6%B1%9F" in head
    assert "page=" not in head


def test_pagination_keeps_filters():
    request = RequestFactory().get("/", {"q": "a", "page": "2"})
    shown = draw("{% pagination page %}", request=request, page=Paginator(range(60), 25).page(2))
    assert "共 60 条，第 2 / 3 页" in shown
    assert 'href="?q=a&amp;page=3"' in shown


class _Form(forms.Form):
    name = forms.CharField(label="名称", help_text="不超过 80 字。")
    due = forms.DateField(label="期限", required=False)
    amount = forms.DecimalField(label="金额", required=False)
    kind = forms.ChoiceField(label="类别", choices=[("a", "甲"), ("b", "乙")], widget=forms.RadioSelect)


def _field(form, name) -> str:
    return draw('{% include "components/field.html" with field=field %}', field=form[name])


def test_field_tells_what_is_wrong_and_keeps_what_was_typed():
    form = _Form({"name": "", "due": "明天", "kind": "b"})
    form.is_valid()
    assert "is-invalid" in _field(form, "name")
    assert 'id="id_name_error"' in _field(form, "name")
    assert "不超过 80 字。" in _field(form, "name")
    assert 'value="明天"' in _field(form, "due")
    assert re.search(r'value="b"[^>]* checked', _field(form, "kind"))


def test_date_field_has_the_browsers_picker_with_an_iso_value():
    shown = _field(_Form(initial={"due": dt.date(2026, 11, 22)}), "due")
    assert 'type="date"' in shown
    assert 'value="2026-11-22"' in shown


def test_free_text_is_escaped():
    evil = "<script>alert(1)</script>"
    entry = {"time": timezone.now(), "actor": evil, "action": evil, "detail": evil}
    seal = {"title": evil, "state": "signed", "name": evil, "short_hash": evil, "certificate": evil, "note": evil}
    shown = draw(
        '{% include "components/timeline.html" %}{% include "components/seal_row.html" with seals=rounds %}'
        "{% person evil %}{% state_badge 'todo' evil %}",
        entries=[entry],
        rounds=[{"number": 1, "ended_word": evil, "seals": [seal]}],
        evil=evil,
    )
    assert "<script" not in shown


def test_signed_seal_of_a_round_that_ended_no_longer_counts():
    seal = {"title": "校核", "state": "signed", "name": "王建国", "signed_at": timezone.now()}
    source = '{% include "components/seal_row.html" with seals=rounds %}'
    assert "已签" in draw(source, rounds=[{"number": 1, "ended_word": "", "seals": [seal]}])
    assert "已失效" in draw(source, rounds=[{"number": 1, "ended_word": "退回", "seals": [seal]}])


def test_a_person_costs_no_query():
    assert "王建国" in draw("{% person user %}", user=SimpleNamespace(name="王建国"))


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_keeps_to_the_content_security_policy(page):
    text = page.read_text()
    assert not re.search(r"<[^>]*\sstyle\s*=", text), "inline style attribute"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "inline script"
    assert not re.search(r"<style\b", text), "inline style sheet"
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text), "inline handler"
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text), "request to another server"


def test_icons_that_pages_name_exist():
    named = {name for page in PAGES for name in re.findall(r'{% icon "([a-z0-9-]+)" %}', page.read_text())}
    assert named
    assert [name for name in sorted(named) if "<svg" not in ui.icon(name)] == []


def test_icon_name_cannot_leave_its_folder():
    assert ui.icon("../../package") == ""


def test_comments_of_templates_end_on_their_line():
    """Django shows a `{# … #}` of two lines to the reader."""
    open_ones = [
        f"{page.relative_to(ROOT)}: {line.strip()}"
        for page in PAGES
        for line in page.read_text().splitlines()
        if line.count("{#") != line.count("#}")
    ]
    assert open_ones == []
