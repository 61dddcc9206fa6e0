"""The figures of the library against worlds reckoned by hand."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ledger import guards
from lessons import rules
from lessons.categories import Category
from lessons.queries import checklists, examples
from lessons.queries import library as queries
from lessons.queries.facts import Asked
from lessons.queries.proposals import basis
from projects.choices import BusinessLine, Confidentiality
from projects.models import Project
from reviews.choices import RemarkCategory as C
from reviews.choices import RemarkState, Severity
from tests.inspections import kit as inspections_kit
from tests.lessons import kit
from tests.reviews import flow

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year


@pytest.fixture
def deliverable(cast, project):
    found = flow.open_deliverable(cast, project)
    flow.submit(found)
    return found


@pytest.fixture
def secret(cast, deliverable):
    """A 秘密 project of another unit with a deliverable of its own."""
    found = Project.objects.create(
        number=f"{YEAR}-ZJ2-009", name="保密工程", client=deliverable.project.client, unit=cast.zj2,
        business_line=BusinessLine.BUDGET, confidentiality=Confidentiality.SECRET, created_by=cast.executive,
    )  # fmt: skip
    of_secret = flow.open_deliverable(cast, deliverable.project, title="保密预算书")
    flow.submit(of_secret)
    of_secret.project = found
    of_secret.save(update_fields=["project"])
    return of_secret


def figures(found) -> dict:
    """category label → (times, projects, amount, remarks, findings), the empty ones left out."""
    return {
        row.category.label: (row.figures.times, row.figures.projects, row.figures.amount, row.figures.remarks,
                             row.figures.findings)
        for row in found.rows if row.figures.times
    }  # fmt: skip


def test_occurrences_are_counted_by_category_with_projects_and_amounts(cast, project, deliverable, secret):
    kit.remark(deliverable, C.QUANTITY, amount_affected=Decimal("-120.50"))
    kit.remark(deliverable, C.QUANTITY, amount_affected=Decimal("20.00"))
    kit.remark(secret, C.QUANTITY, amount_affected=None)
    named = kit.remark(deliverable, C.FEES)
    kit.remark(deliverable, C.FEES, state=RemarkState.DRAFT)
    kit.finding(cast, project, deliverable=deliverable, remark=named, amount="10")
    kit.finding(cast, project, concluded=False)
    own = kit.finding(cast, project)
    heading = inspections_kit.deduction(own.inspection)
    with_deduction = kit.finding(cast, project, deduction=heading, amount="0")
    kit.finding(cast, unit=cast.zj2, amount="1")
    found = queries.library(cast.executive, Asked(year=YEAR))
    assert figures(found) == {
        "工程量": (3, 2, Decimal("140.50"), 3, 0),
        "取费": (2, 1, Decimal("110.00"), 1, 1),
        heading.criterion.title: (1, 1, Decimal("0.00"), 0, 1),
        "未归类": (2, 1, Decimal("51.00"), 0, 2),
    }
    assert (found.total.times, found.total.projects, found.total.amount) == (8, 2, Decimal("301.50"))
    assert with_deduction.deduction == heading
    groups = {title: {name: count.times for name, count, _ in rows} for title, rows in found.groups}
    assert groups["级别"] == {"校核": 4, "监管检查": 4}
    assert groups["业务类型"] == {"结算审核": 6, "预算编制": 1, "单位检查": 1}
    assert groups["单位"] == {"造价一所": 6, "造价二所": 2}


def test_filters_narrow_what_is_counted(cast, project, deliverable, secret):
    kit.remark(deliverable, C.QUANTITY, severity=Severity.MAJOR)
    kit.remark(deliverable, C.DATA, problem="汇总表合计有误")
    kit.remark(secret, C.DATA)
    kit.finding(cast, project)

    def times(**asked) -> int:
        return queries.library(cast.executive, Asked(year=YEAR, **asked).within_units()).total.times

    assert times() == 4
    assert times(severity=Severity.MAJOR) == 1
    assert times(source="remark") == 3
    assert times(source="finding") == 1
    assert times(unit=cast.zj2) == 1
    assert times(unit=cast.hq) == 4
    assert times(line=BusinessLine.BUDGET) == 1
    assert times(category=Category(code=C.DATA)) == 2
    assert times(category=Category()) == 1
    assert times(q="合计") == 1
    assert queries.library(cast.executive, Asked(year=YEAR - 1)).total.times == 0


def test_trend_tells_each_month_and_the_former_year_as_far_as_this_one_has_come(cast, deliverable, monkeypatch):
    now = kit.at(2026, 5, 15)
    monkeypatch.setattr(timezone, "now", lambda: now)
    for moment in (kit.at(2026, 1), kit.at(2026, 5, 1), kit.at(2026, 5, 2), kit.at(2025, 5, 14), kit.at(2025, 5, 16),
                   kit.at(2025, 12, 31, 23), kit.at(2024, 5)):  # fmt: skip
        kit.remark(deliverable, C.DATA, raised_at=moment)
    found = queries.library(cast.executive, Asked(year=2026))
    (row,) = (each for each in found.rows if each.category.code == C.DATA)
    assert row.trend.counts == [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
    assert row.trend.before == [0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1]
    assert (row.figures.times, row.trend.compared, row.change) == (3, 1, 2)
    assert queries.library(cast.executive, Asked(year=2025)).trend.compared == 1
    by_quarter = queries.library(cast.executive, Asked(year=2026), queries.QUARTERS).trend
    assert (by_quarter.counts, by_quarter.before) == ([1, 2, 0, 0], [0, 2, 0, 1])
    every_year = queries.library(cast.executive, Asked()).trend
    assert list(zip(every_year.labels, every_year.counts, strict=True))[-3:] == [
        ("2024 年", 1), ("2025 年", 3), ("2026 年", 3),
    ]  # fmt: skip
    assert queries.years() == [2026, 2025, 2024]


def test_last_instant_of_a_year_belongs_to_it_in_the_time_zone_of_the_firm(cast, deliverable):
    kit.remark(deliverable, raised_at=kit.at(2026, 1, 1, 0))
    assert queries.library(cast.executive, Asked(year=2026)).total.times == 1
    assert queries.library(cast.executive, Asked(year=2025)).total.times == 0


def test_who_may_not_see_a_project_gets_counts_and_no_words(cast, deliverable, secret):
    """审核人 directs 造价一所; the 秘密 project belongs to 造价二所."""
    kit.remark(deliverable, C.DATA, problem="公开的问题")
    hidden = kit.remark(secret, C.DATA, problem="保密的问题")
    director, asked = cast.approver, Asked(year=YEAR, category=Category(code=C.DATA))
    found = queries.library(director, asked)
    assert (found.total.times, found.total.projects, found.hidden) == (2, 2, 1)
    seen = examples.examples(list(examples.example_rows(director, asked)))
    assert [each.words for each in seen] == ["公开的问题"]
    assert len(examples.example_rows(cast.executive, asked)) == 2
    assert examples.to_quote(director, f"remark-{hidden.pk}") is None


def test_search_counts_only_what_the_person_may_read(cast, deliverable, secret):
    """Else the count would tell what the text says."""
    kit.remark(secret, problem="保密的问题")
    assert queries.library(cast.approver, Asked(year=YEAR, q="保密")).total.times == 0
    assert queries.library(cast.executive, Asked(year=YEAR, q="保密")).total.times == 1


def test_findings_are_read_by_who_reads_their_inspection(cast, project, other_project):
    kit.finding(cast, project, problem="本所的问题")
    kit.finding(cast, other_project, problem="别所的问题")
    asked = Asked(year=YEAR)
    assert [each.words for each in examples.examples(list(examples.example_rows(cast.approver, asked)))] == [
        "本所的问题"
    ]
    assert queries.library(cast.approver, asked).hidden == 1


def test_examples_name_nobody(cast, deliverable):
    kit.remark(deliverable, problem=f"{cast.checker.name}漏签，{cast.preparer.name}未改")
    (found,) = examples.examples(list(examples.example_rows(cast.executive, Asked(year=YEAR))))
    assert found.words == "〔人员〕漏签，〔人员〕未改"


def test_quote_for_a_checklist_comes_from_no_secret_project(cast, deliverable, secret):
    own, hidden = kit.remark(deliverable, C.FEES, problem="费率\n有误"), kit.remark(secret, problem="保密的问题")
    assert examples.to_quote(cast.executive, f"remark-{own.pk}") == ("费率 有误", C.FEES)
    assert examples.to_quote(cast.executive, f"remark-{hidden.pk}") is None
    found = kit.finding(cast, deliverable.project)
    assert examples.to_quote(cast.executive, f"finding-{found.pk}") == ("签署日期早于提交日期", "")
    for nonsense in ("", "remark-", "remark-x", "other-1", "remark-" + "9" * 40, "remark-²"):
        assert examples.to_quote(cast.executive, nonsense) is None


def test_same_words_but_for_spaces_punctuation_and_digits_count_together(cast, project, deliverable, secret):
    for problem in ("第 36 行，单价偏高", "第12行单价偏高。", "漏项"):
        kit.remark(deliverable, problem=problem)
    kit.remark(secret, problem="第7行：单价偏高")
    found = examples.repeats(cast.executive, Asked(year=YEAR))
    assert [(row.times, row.projects, row.example.words) for row in found.rows] == [(3, 2, "第7行：单价偏高")]
    assert (found.read, found.is_cut) == (4, False)
    assert [row.times for row in examples.repeats(cast.approver, Asked(year=YEAR)).rows] == [2]


def test_repeats_tell_where_they_were_cut(cast, deliverable, monkeypatch):
    monkeypatch.setattr(examples, "READ_FOR_REPEATS", 2)
    for _ in range(3):
        kit.remark(deliverable)
    found = examples.repeats(cast.executive, Asked(year=YEAR))
    assert (found.read, found.is_cut, [row.times for row in found.rows]) == (2, True, [2])


# ── Lines of the checklists ─────────────────────────────────────────────────
def line(rows, beginning: str):
    (found,) = (row for row in rows if row.text.startswith(beginning))
    return found


def test_line_counts_as_missed_where_a_later_level_found_what_it_covers(cast, project):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    round = flow.live(deliverable)
    refused = {
        item.pk: ("no", "缺会议纪要") if item.order == 6 else ("yes", "") for item in round.level.checklist.all()
    }
    flow.sign(deliverable, checklist=refused)  # 校核
    kit.remark(deliverable, C.QUANTITY, order=2, raised_at=timezone.now())
    kit.remark(deliverable, C.QUANTITY, order=2, raised_at=timezone.now())
    kit.remark(deliverable, C.OMISSION, order=1, raised_at=timezone.now())  # the same level: no later one
    kit.remark(deliverable, C.FEES, order=2, raised_at=timezone.now(), state=RemarkState.DRAFT)
    rows = checklists.lines(Asked(year=YEAR))
    quantity = line(rows, "对工程量进行逐项复核")
    assert (quantity.answered, quantity.refused, quantity.missed, quantity.projects) == (1, 0, 1, 1)
    minutes = line(rows, "咨询过程中形成的结论")
    assert (minutes.refused, minutes.missed, minutes.hits, minutes.share) == (1, 0, 1, "100.0")
    assert line(rows, "逐项复核定额套用").missed == 0
    assert line(rows, "是否完成了咨询合同").missed == 0
    # What the preparer had vouched for, the check's remark shows to be missing.
    assert line(rows, "各分项内容一致").missed == 1
    assert {row.hits for row in rows[:4]} == {1}
    assert checklists.lines(Asked(year=YEAR - 1)) == []
    assert checklists.lines(Asked(year=YEAR, unit=cast.zj2).within_units()) == []


def test_line_has_a_trend_by_month_beside_the_former_year_and_by_year(cast, project):
    guards.remove(connection, "reviews_signature")
    for year in (YEAR, YEAR - 1, YEAR - 1):
        deliverable = flow.open_deliverable(cast, project)
        flow.submit(deliverable)
        flow.sign(deliverable)
        deliverable.rounds.get().signatures.update(signed_at=kit.at(year, 3))
        kit.remark(deliverable, C.QUANTITY, order=2, state=RemarkState.CLOSED, raised_at=kit.at(year, 5))
    found = line(checklists.lines(Asked(year=YEAR)), "对工程量进行逐项复核")
    assert (found.missed, found.projects) == (1, 1)
    assert found.trend.counts == [0, 0, 1, *[0] * 9]
    assert found.trend.before == [0, 0, 2, *[0] * 9]
    of_all = line(checklists.lines(Asked()), "对工程量进行逐项复核")
    assert (of_all.missed, list(of_all.trend.counts)[-2:]) == (3, [2, 1])
    assert line(checklists.lines(Asked(year=YEAR)), "是否完成了咨询合同").trend.is_empty


def test_answer_before_the_remark_or_taken_back_is_no_miss(cast, project):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    kit.remark(deliverable, C.UNIT_PRICE, order=2, raised_at=kit.at(YEAR - 1, 3), state=RemarkState.CLOSED)
    flow.sign(deliverable)
    assert line(checklists.lines(Asked(year=YEAR)), "逐项复核定额套用").missed == 0
    kit.remark(deliverable, C.UNIT_PRICE, order=2, state=RemarkState.CLOSED)
    assert line(checklists.lines(Asked(year=YEAR)), "逐项复核定额套用").missed == 1
    deliverable.rounds.get().signatures.filter(level__order=1).update(revoked_at=timezone.now())
    assert not any(row.text.startswith("逐项复核定额套用") for row in checklists.lines(Asked(year=YEAR)))


def test_inspection_shows_a_miss_by_the_remark_that_it_names(cast, project):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    named = kit.remark(deliverable, C.DATA, order=1, state=RemarkState.CLOSED)
    flow.sign(deliverable)
    assert line(checklists.lines(Asked(year=YEAR)), "数据引用、计量单位").missed == 0
    kit.finding(cast, project, deliverable=deliverable, remark=named)
    kit.finding(cast, project, deliverable=deliverable)
    assert line(checklists.lines(Asked(year=YEAR)), "数据引用、计量单位").missed == 1


# ── Constant cost, words ────────────────────────────────────────────────────
def test_figures_cost_the_same_queries_for_one_and_for_many(cast, project, deliverable, secret):
    def cost() -> list[int]:
        costs = []
        for ask in (
            lambda: queries.library(cast.approver, Asked(year=YEAR)),
            lambda: examples.repeats(cast.approver, Asked(year=YEAR)),
            lambda: examples.examples(list(examples.example_rows(cast.approver, Asked(year=YEAR))[:25])),
            lambda: checklists.lines(Asked(year=YEAR)),
        ):
            with CaptureQueriesContext(connection) as captured:
                ask()
            costs.append(len(captured))
        return costs

    kit.remark(deliverable)
    kit.remark(deliverable)
    kit.finding(cast, project)
    cost()  # what a person may is asked once
    few = cost()
    for category in C.values:
        for of in (deliverable, secret):
            kit.remark(of, category, problem=f"{category}问题")
            kit.remark(of, category, problem=f"{category}问题")
        kit.finding(cast, project, problem=category)
    assert cost() == few


def test_basis_tells_the_figures_with_their_filters(cast, deliverable, secret):
    kit.remark(deliverable, C.UNIT_PRICE)
    kit.remark(secret, C.UNIT_PRICE)
    asked = Asked(year=2026, unit=cast.zj1, category=Category(code=C.UNIT_PRICE)).within_units()
    words = basis(cast.executive, Asked(category=Category(code=C.UNIT_PRICE)))
    assert words == "历年 定额与综合单价类问题 2 条（校审意见 2 条、检查问题 0 条），涉及 2 个项目"
    if YEAR == 2026:
        assert basis(cast.executive, asked).startswith("2026 年 造价一所 定额与综合单价类问题 1 条")


def test_words_are_normalised_and_shortened():
    assert rules.normalised(" 第 36 行，ＡＢＣ-单价！") == "第行abc单价"
    assert rules.excerpt("一\n二  三" + "长" * 200).endswith("…")
    assert len(rules.excerpt("长" * 500)) == rules.EXCERPT
    assert rules.anonymous("张三和张三丰", {"张三", "张三丰", "和"}) == "〔人员〕和〔人员〕"
    assert rules.anonymous("无人", set()) == "无人"


def test_bars_stand_on_one_scale():
    first, second = rules.bars(["1 月", "2 月"], [0, 4], [2, 0])
    assert (first.height, first.before_height, second.height, second.y, second.x) == ("0.0", "12.0", "24.0", "0.0", 10)
    assert rules.bars(["1 月"], [0], [0])[0].height == "0.0"
