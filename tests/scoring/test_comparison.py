"""Two versions side by side: what was added, removed, changed, and what it was before."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.comparison import ADDED, CHANGED, REMOVED, SAME, compare
from scoring.content import Content, Item, Part, problems
from tests.scoring.kit import content, item, part

OLD = content(
    part("依据资料", 40, item("资料交接清单登记不全", 1, 3), item("计价依据已失效", 2, 6)),
    part("成果准确性", 60, item("漏项或重复计项", 2, 8, "成果文件"), item("误差率超过允许值", 5, None, is_veto=True)),
)


def rows(result, title: str) -> list[tuple[str, str]]:
    """(kind, words) of each deduction under the criterion of that title."""
    group = next(
        each for each in result.groups if title in {p.title for p in (each.head.before, each.head.after) if p}
    )
    return [(row.kind, (row.after or row.before).text) for row in group.rows]


def test_same_content_has_nothing_to_show():
    assert compare(OLD, OLD).count == 0


def test_figures_before_and_after_are_told():
    new = content(part("依据资料", 45, item("资料交接清单登记不全", "1.5", 3), item("计价依据已失效", 2)),
                  Part("成果准确性", Decimal(55), OLD.criteria[1].items))  # fmt: skip
    result = compare(OLD, new)
    first = result.groups[0]
    assert [(c.label, c.before, c.after) for c in first.head.changes] == [("满分", "40 分", "45 分")]
    told = [[(c.label, c.before, c.after) for c in row.changes] for row in first.rows]
    assert told == [[("每处扣分", "1 分", "1.5 分")], [("扣分上限", "6 分", "不设上限")]]
    assert result.count == 4


def test_added_and_removed_deductions_are_told_at_their_places():
    new = content(part("依据资料", 40, item("资料交接清单登记不全", 1, 3), item("现场踏勘没有记录")), OLD.criteria[1])
    assert rows(compare(OLD, new), "依据资料") == [
        (SAME, "资料交接清单登记不全"), (REMOVED, "计价依据已失效"), (ADDED, "现场踏勘没有记录"),
    ]  # fmt: skip


def test_deduction_in_other_words_is_changed_not_new():
    new = content(
        part("依据资料", 40, item("资料交接清单未登记或登记不全", 1, 3), OLD.criteria[0].items[1]), OLD.criteria[1]
    )
    assert rows(compare(OLD, new), "依据资料")[0] == (CHANGED, "资料交接清单未登记或登记不全")


def test_criterion_that_is_gone_and_one_that_is_new_are_told():
    new = content(OLD.criteria[0], part("保密廉政", 60, item("泄露委托人资料")))
    result = compare(OLD, new)
    assert [(group.head.kind, (group.head.after or group.head.before).title) for group in result.groups] == [
        (SAME, "依据资料"), (REMOVED, "成果准确性"), (ADDED, "保密廉政"),
    ]  # fmt: skip
    assert rows(result, "成果准确性") == [(REMOVED, "漏项或重复计项"), (REMOVED, "误差率超过允许值")]


def test_renamed_criterion_is_known_by_its_deductions():
    new = content(OLD.criteria[0], Part("质量", Decimal(60), OLD.criteria[1].items))
    result = compare(OLD, new)
    assert result.groups[1].head.changed == {"评分项"}
    assert result.count == 1


def test_veto_evidence_and_marks_are_compared():
    first = OLD.criteria[1].items[0]
    changed = Item(first.text, first.points, first.cap, "底稿", True)
    new = content(OLD.criteria[0], Part("成果准确性", Decimal(60), (changed, OLD.criteria[1].items[1])),
                  veto_cap=Decimal(50), good_inclusive=True)  # fmt: skip
    result = compare(OLD, new)
    assert result.groups[1].rows[0].changed == {"所需依据", "一票否决"}
    assert [(c.label, c.before, c.after) for c in result.marks] == [
        ("优良线含本数", "否", "是"), ("一票否决上限", "59 分", "50 分"),
    ]  # fmt: skip


def test_order_alone_is_no_difference():
    new = content(OLD.criteria[1], OLD.criteria[0])
    assert compare(OLD, new).count == 0


words = st.text("资料依据清单成果漏项误差底稿", min_size=1, max_size=6)
figures = st.decimals(0, 100, places=2)
items = st.builds(Item, text=words, points=figures, cap=st.none() | figures, evidence=words, is_veto=st.booleans())
parts = st.builds(Part, title=words, maximum=figures, items=st.lists(items, max_size=4).map(tuple))
contents = st.lists(parts, max_size=4).map(lambda found: content(*found) if found else content())


@given(contents, contents)
def test_everything_of_both_versions_stands_in_the_comparison_once(old, new):
    result = compare(old, new)
    for side, of in (("before", old), ("after", new)):
        shown = [getattr(group.head, side) for group in result.groups if getattr(group.head, side)]
        assert sorted(map(repr, shown)) == sorted(map(repr, of.criteria))
        told = [getattr(row, side) for group in result.groups for row in group.rows if getattr(row, side)]
        assert sorted(map(repr, told)) == sorted(repr(each) for p in of.criteria for each in p.items)


@given(contents)
def test_version_does_not_differ_from_itself(version):
    assert compare(version, version).count == 0


@given(contents, contents)
def test_nothing_differs_the_other_way_round_only_if_nothing_differs(old, new):
    assert (compare(old, new).count == 0) == (compare(new, old).count == 0)


# ── What may be published ───────────────────────────────────────────────────
def test_whole_standard_has_no_problems():
    assert problems(OLD) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (content(part("甲", 40), part("乙", "59.99")), "合计为 99.99 分，应为 100 分"),
        (content(part("甲", 40), part("甲", 60)), "“甲”重名"),
        (content(Part("甲", Decimal(40)), part("乙", 60)), "1. 甲：还没有扣分细则"),
        (content(part("甲", 0), part("乙", 100)), "满分应大于 0 分"),
        (content(part("甲", 100, item("一", 0))), "第 1 条每处扣分应大于 0 分"),
        (content(part("甲", 100, item("一", 3, 2))), "上限低于每处扣分"),
        (content(part("甲", 40, item("一", 3, 41)), part("乙", 60)), "上限高于该评分项满分"),
        (content(part("甲", 100, item("一"), item("一"))), "“一”重复"),
        (content(pass_mark=Decimal(80)), "优良线应高于合格线"),
        (content(pass_mark=Decimal(0)), "合格线应大于 0 分"),
        (content(good_mark=Decimal(100)), "没有成绩能够评为优良"),
        (content(veto_cap=Decimal(60)), "一票否决上限应低于合格线"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_of_publishing_is_named(wrong: Content, words):
    assert any(words in each for each in problems(wrong))


def test_veto_item_may_take_no_points():
    assert problems(content(part("甲", 100, item("伪造资料", 0, is_veto=True)))) == []
