"""From the figures of a plot to the ink on paper: lengths, words, nothing beside the sheet."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.board import Divide, Form, Mark, Plot, Series
from dashboards.printouts.drawing import (
    STANDING,
    Bar,
    axis_end,
    cut,
    draw,
    figure_words,
    label_words,
    step_of,
    width_of,
)

KINDS = ("signed", "info", "overdue")


def plot(form: Form, *series: tuple, categories=("校核", "复核"), unit="件", marks=(), most=None, divide=None) -> Plot:
    return Plot(
        form,
        categories,
        tuple(Series(f"系列{n}", values, KINDS[n]) for n, values in enumerate(series)),
        unit,
        marks,
        most,
        divide,
    )


def bars(drawing, kind: str) -> list[Bar]:
    """Of one kind, without its swatch in the legend."""
    found = [bar for bar in drawing.bars if bar.kind == kind]
    return found[1:] if any(text.words.startswith("系列") for text in drawing.texts) else found


def words(drawing) -> list[str]:
    return [text.words for text in drawing.texts]


# ── Lengths ─────────────────────────────────────────────────────────────────
def test_lying_bars_are_as_long_as_their_share_of_the_axis():
    long, short = bars(draw(plot(Form.BARS, (100, 25), most=100), 182), "signed")
    assert short.width * 4 == pytest.approx(long.width, abs=Decimal("0.05"))
    assert long.x == short.x
    assert long.y < short.y


def test_standing_bars_stand_on_one_ground():
    tall, low = bars(draw(plot(Form.COLUMNS, (8, 2)), 82), "signed")
    assert tall.y + tall.height == low.y + low.height
    assert tall.height == STANDING
    assert low.height * 4 == pytest.approx(tall.height, abs=Decimal("0.05"))


@pytest.mark.parametrize("form", [Form.STACKED, Form.STACKED_COLUMNS])
def test_stacked_shares_of_a_whole_touch_one_another_and_fill_it(form):
    drawing = draw(
        plot(form, (Decimal("50"),), (Decimal("30"),), (Decimal("20"),), categories=("一所",), unit="%", most=100), 182
    )
    runs = [bars(drawing, kind)[0] for kind in KINDS]
    if form == Form.STACKED:
        assert [runs[0].x + runs[0].width, runs[1].x + runs[1].width] == [runs[1].x, runs[2].x]
        whole, half = sum(run.width for run in runs), runs[0].width
    else:
        assert [runs[0].y, runs[1].y] == [runs[1].y + runs[1].height, runs[2].y + runs[2].height]
        whole, half = sum(run.height for run in runs), runs[0].height
    assert half * 2 == pytest.approx(whole, abs=Decimal("0.05"))


def test_series_of_which_each_row_has_one_share_its_place_and_others_lie_beside_one_another():
    shared = draw(plot(Form.BARS, (90, None), (None, 40)), 182)
    assert bars(shared, "signed")[0].height == bars(shared, "info")[0].height > 3
    beside = draw(plot(Form.BARS, (90, 50), (80, 40)), 182)
    assert bars(beside, "signed")[0].y + bars(beside, "signed")[0].height <= bars(beside, "info")[0].y


def test_the_axis_ends_at_what_is_told_or_at_the_next_round_figure():
    assert axis_end(plot(Form.BARS, (3, 7), most=100)) == 100
    assert axis_end(plot(Form.BARS, (3, 7))) == 8
    assert axis_end(plot(Form.STACKED, (3, 7), (6, 7))) == 20
    assert axis_end(plot(Form.BARS, (3, 7), marks=(Mark("线", Decimal(55)),))) == 80
    assert axis_end(plot(Form.BARS, (0, None))) == 4
    assert [step_of(Decimal(top)) for top in (1, 4, 5, 21, 160, 161, 4001)] == [1, 1, 2, 10, 50, 50, 2000]


# ── Words ───────────────────────────────────────────────────────────────────
def test_what_has_no_figure_says_so_and_a_nought_is_a_nought():
    for form in (Form.BARS, Form.COLUMNS):
        drawing = draw(plot(form, (None, 0)), 82)
        assert words(drawing).count("无数据") == 1
        assert "0" in words(drawing)
        assert len(bars(drawing, "signed")) == 1


def test_several_series_have_a_legend_and_one_has_none():
    assert {"系列0", "系列1"} <= set(words(draw(plot(Form.BARS, (1, 2), (3, 4)), 82)))
    assert "系列0" not in words(draw(plot(Form.BARS, (1, 2)), 82))


def test_a_figure_stands_in_its_run_where_there_is_room():
    drawing = draw(plot(Form.STACKED, (Decimal("97"),), (Decimal("3"),), categories=("一所",), unit="%", most=100), 82)
    assert "97%" in words(drawing)
    assert "3%" not in words(drawing)


def test_what_is_bad_is_hatched_within_its_edges_for_grey_paper():
    bar = Bar(Decimal(10), Decimal(5), Decimal(20), Decimal(4), "overdue")
    assert len(bar.hatches) > 10
    for line in bar.hatches:
        assert all(10 <= x <= 30 for x in (line.x1, line.x2))
        assert all(5 <= y <= 9 for y in (line.y1, line.y2))
    assert not bar._replace(kind="signed").hatches


def test_marks_are_named_with_their_figure():
    assert "合格线 60" in words(draw(plot(Form.BARS, (70, 50), marks=(Mark("合格线", Decimal(60)),), most=100), 182))


def test_a_divide_is_drawn_half_way_between_its_columns_and_its_name_is_clear_of_their_figures():
    drawing = draw(plot(Form.COLUMNS, (8, 8, 8), categories=("a", "b", "c"), divide=Divide("3% 线", 2)), 82)
    _, left, right = bars(drawing, "signed")
    (line,) = (line for line in drawing.lines if line.tone == "mark")
    assert line.x1 == line.x2
    assert left.x + left.width < line.x1 < right.x
    assert line.x1 - left.x - left.width == pytest.approx(right.x - line.x1, abs=Decimal("0.05"))
    assert line.y2 == left.y + left.height
    (name,) = (text for text in drawing.texts if text.words == "3% 线")
    assert (
        line.y1 < name.y < min(text.y for text in drawing.texts if text.words == "8" and text.anchor == "middle") - 2
    )
    assert 0 < name.x - line.x1 < 2


def test_long_names_are_cut_to_their_room():
    assert cut("造价一所", Decimal(20)) == "造价一所"
    assert cut("滨江花园二期地下室土建工程", Decimal(20)) == "滨江花园二期地…"
    assert width_of(cut("A" * 200, Decimal(20))) <= 20
    assert [figure_words(Decimal(text), "%") for text in ("66.67", "100.00", "0.05")] == ["66.7%", "100%", "0.1%"]
    assert [label_words(Decimal(text), unit) for text, unit in (("76", "分"), ("92.5", "分"), ("2.25", "工作日"))] == [
        "76.00", "92.50", "2.3"
    ]  # fmt: skip


# ── Whatever comes ──────────────────────────────────────────────────────────
VALUES = st.one_of(st.none(), st.integers(0, 100_000), st.decimals(0, 100, places=2))


@given(
    form=st.sampled_from(list(Form)), width=st.sampled_from([82, 182]), most=st.sampled_from([None, 100]), data=st.data(),
    names=st.lists(st.text("滨江花园一二三ABC 0123456789", min_size=1, max_size=40), min_size=1, max_size=20),
)  # fmt: skip
def test_nothing_is_drawn_beside_the_sheet(form, width, most, data, names):
    series = [
        tuple(data.draw(st.lists(VALUES, min_size=len(names), max_size=len(names))))
        for _ in range(data.draw(st.integers(1, 3)))
    ]
    drawing = draw(plot(form, *series, categories=tuple(names), most=most), width)
    assert drawing == draw(plot(form, *series, categories=tuple(names), most=most), width)
    slack = Decimal("0.1")
    for bar in drawing.bars:
        assert bar.width >= 0
        assert bar.height >= 0
        if bar.kind != "plate":
            assert -slack <= bar.x <= bar.x + bar.width <= drawing.width + slack
            assert -slack <= bar.y <= bar.y + bar.height <= drawing.height + slack
    for text in drawing.texts:
        assert 0 <= text.y <= drawing.height
        assert 0 <= text.x <= drawing.width
