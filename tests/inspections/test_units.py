"""The conclusion for a unit is the score of its lowest project [S], and the page says which project set it."""

from decimal import Decimal
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from inspections import rules, services
from inspections.choices import CONCLUDED, Kind, State
from inspections.queries import units as queries
from inspections.rules import Scored
from scoring.rules import FAIL, GOOD, PASS, Thresholds, grade
from staff.models import Unit
from tests.conftest import _project
from tests.inspections import records

YEAR = timezone.localdate().year
PAGE = "/inspections/units/"

# ── The rule ────────────────────────────────────────────────────────────────
scored = st.builds(
    lambda number, total: Scored(f"2026-{number:03}", total, grade(total, Thresholds())),
    st.integers(0, 20),
    st.decimals(0, 100, places=2),
)
quick = settings(max_examples=200, deadline=None, derandomize=True)


def test_unit_without_inspections_has_no_conclusion():
    assert rules.unit_conclusion([]) is None


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        (["59.99"], ("59.99", FAIL, "59.99")),
        (["60", "95"], ("60", PASS, "77.50")),
        (["80"], ("80", PASS, "80.00")),
        (["80.01", "90"], ("80.01", GOOD, "85.01")),
        (["0", "0.01"], ("0", FAIL, "0.01")),  # 0.005 is rounded half up
        (["70", "70", "71"], ("70", PASS, "70.33")),
    ],
)
def test_conclusion_is_the_lowest_score(totals, expected):
    scores = [
        Scored(str(place), Decimal(each), grade(Decimal(each), Thresholds())) for place, each in enumerate(totals)
    ]
    found = rules.unit_conclusion(scores)
    assert (found.total, found.grade, found.mean) == (Decimal(expected[0]), expected[1], Decimal(expected[2]))
    assert found.count == len(totals)


@quick
@given(st.lists(scored, min_size=1, max_size=30), st.randoms())
def test_conclusion_is_a_score_that_was_given_and_no_order_changes_it(scores, dice):
    found = rules.unit_conclusion(scores)
    assert all(found.total <= each.total for each in scores)
    assert set(found.set_by) == {each.project for each in scores if each.total == found.total}
    assert list(found.set_by) == sorted(set(found.set_by))
    assert found.grade == grade(found.total, Thresholds())
    assert found.total <= found.mean <= max(each.total for each in scores)
    shuffled = list(scores)
    dice.shuffle(shuffled)
    assert rules.unit_conclusion(shuffled) == found


@quick
@given(st.lists(scored, min_size=1, max_size=30), scored)
def test_one_more_inspection_never_lifts_the_conclusion(scores, more):
    before, after = rules.unit_conclusion(scores), rules.unit_conclusion([*scores, more])
    assert after.total == min(before.total, more.total)
    if more.total > before.total:
        assert after.set_by == before.set_by
    elif more.total == before.total:
        assert set(after.set_by) == {*before.set_by, more.project}
    else:
        assert after.set_by == (more.project,)


def test_of_two_grades_of_the_lowest_score_the_worse_counts():
    scores = [Scored("1", Decimal(60), PASS), Scored("2", Decimal(60), FAIL), Scored("3", Decimal(61), GOOD)]
    assert rules.unit_conclusion(scores).grade == FAIL


# ── The rows ────────────────────────────────────────────────────────────────
@pytest.fixture
def projects(cast, project, other_project):
    """Two of 造价一所, one of 造价二所."""
    return [project, _project("2026-ZJ1-050", cast.zj1, cast.approver, name="=1+1"), other_project]


@pytest.fixture
def inspected(cast, projects):
    """造价一所: 91.5 and twice 58 of two projects; a unit inspection of 88. 造价二所: nothing that counts."""
    first, second, other = projects
    rows = [records.inspection(cast, first, score="91.5"), records.inspection(cast, second, score=58),
            records.inspection(cast, first, score=58, state=State.ISSUED)]  # fmt: skip
    records.inspection(cast, unit=cast.zj1, score=70)
    own = records.inspection(cast, unit=cast.zj1, score=88)
    for state in set(State) - set(CONCLUDED):
        records.inspection(cast, other, state=state)
    records.inspection(cast, other, score=40, year=YEAR - 1)
    return rows, own


def by_code(*args) -> dict:
    return {row.unit.code: row for row in queries.unit_rows(*args)}


@pytest.mark.django_db
def test_lowest_project_sets_the_conclusion_and_all_of_a_tie_are_named(cast, inspected):
    (_, second, again), own = inspected
    row = by_code(YEAR)["ZJ1"]
    assert (row.conclusion.total, row.conclusion.grade, row.conclusion.count) == (58, FAIL, 3)
    assert row.conclusion.mean == Decimal("69.17")
    assert {each.pk for each in row.set_by} == {second.pk, again.pk}
    assert row.conclusion.set_by == ("2026-ZJ1-001", "2026-ZJ1-050")
    assert row.standard == second.standard
    assert row.latest_own == own


@pytest.mark.django_db
def test_only_written_opinions_of_the_year_count(cast, inspected):
    assert by_code(YEAR)["ZJ2"].conclusion is None
    assert by_code(YEAR - 1)["ZJ2"].conclusion.total == 40
    assert by_code(YEAR - 1)["ZJ1"].conclusion is None


@pytest.mark.django_db
def test_units_that_have_no_project_and_were_not_inspected_are_left_out(cast, inspected):
    assert "HQ" not in by_code(YEAR)
    Unit.objects.filter(pk=cast.zj1.pk).update(is_active=False)
    assert "ZJ1" in by_code(YEAR)  # it was inspected
    Unit.objects.filter(pk=cast.zj2.pk).update(is_active=False)
    assert "ZJ2" not in by_code(YEAR)


@pytest.mark.django_db
def test_conclusion_of_a_plan_rests_on_its_own_inspections(cast, projects, inspected):
    plan = services.create_plan(actor=cast.quality_office, year=YEAR, kind=Kind.REGULAR, title="第三季度检查")
    records.inspection(cast, projects[1], score=77, plan=plan)
    row = by_code(YEAR, plan)["ZJ1"]
    assert (row.conclusion.total, row.conclusion.count, row.own) == (77, 1, [])


# ── The pages ───────────────────────────────────────────────────────────────
@pytest.mark.django_db
def test_page_says_the_rule_and_who_set_the_conclusion(cast, inspected, log_in):
    client = log_in(cast.chief_engineer)
    text = client.get(PAGE).content.decode()
    assert "对多个项目的质量检查结论，按最低得分项目的得分来确定。" in text
    assert "滨江花园二期" in text
    assert "无数据" in text
    assert "1 个有已结论的项目检查" in text
    response = client.get(PAGE, {"year": YEAR - 1})
    assert [row.unit.code for row in response.context["rows"] if row.conclusion] == ["ZJ2"]


@pytest.mark.django_db
def test_unit_page_marks_the_inspections_that_set_its_conclusion(cast, inspected, log_in):
    rows, own = inspected
    client, url = log_in(cast.quality_office), reverse("inspections:unit_conclusion", args=[cast.zj1.pk])
    text = client.get(url).content.decode()
    assert text.count("确定单位结论") == 2
    assert all(each.number in text for each in (*rows, own))
    assert "没有已结论的项目检查" in client.get(url, {"year": YEAR - 1}).content.decode()
    assert client.get(reverse("inspections:unit_conclusion", args=[9999])).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [{"year": "x"}, {"year": "1999"}, {"plan": "99999"}, {"plan": "'"}, {"year": ""}])
def test_nonsense_in_the_address_shows_the_present_year(cast, inspected, log_in, asked):
    response = log_in(cast.executive).get(PAGE, asked)
    assert (response.status_code, response.context["year"]) == (200, YEAR)
    assert log_in(cast.executive).get(reverse("inspections:unit_export"), asked).status_code == 200


@pytest.mark.django_db
def test_filters_stay_in_the_links_to_the_units_and_the_export(cast, projects, inspected, log_in):
    plan = services.create_plan(actor=cast.quality_office, year=YEAR, kind=Kind.REGULAR, title="第三季度检查")
    text = log_in(cast.quality_office).get(PAGE, {"year": YEAR, "plan": plan.pk}).content.decode()
    for name, args in (("unit_conclusion", [cast.zj1.pk]), ("unit_export", [])):
        assert f"{reverse(f'inspections:{name}', args=args)}?year={YEAR}&amp;plan={plan.pk}" in text


@pytest.mark.django_db
def test_export_holds_the_rule_and_every_text_stays_text(cast, inspected, log_in):
    response = log_in(cast.quality_office).get(reverse("inspections:unit_export"), {"year": YEAR})
    sheet = load_workbook(BytesIO(response.getvalue())).active
    title, rule, note, head, first, second = list(sheet.iter_rows(values_only=True))
    assert (title[0], rule[0], note[0]) == ("单位检查结论", rules.UNIT_RULE, f"筛选条件：年度：{YEAR} 年")
    assert head[:5] == ("单位代码", "单位", "检查结论（分）", "等级", "最低得分项目")
    assert first[:7] == ("ZJ1", "造价一所", 58, FAIL, "2026-ZJ1-001 滨江花园二期；2026-ZJ1-050 =1+1", 69.17, 3)
    assert first[7] == 88
    assert second[:4] == ("ZJ2", "造价二所", "无数据", None)
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


@pytest.mark.django_db
def test_export_writes_the_name_of_a_unit_as_text(cast, inspected, log_in):
    Unit.objects.filter(pk=cast.zj1.pk).update(name="=HYPERLINK(1)")
    sheet = load_workbook(BytesIO(log_in(cast.executive).get(reverse("inspections:unit_export")).getvalue())).active
    cell = sheet.cell(5, 2)
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("part", "status"),
    [("quality_office", 200), ("executive", 200), ("chief_engineer", 200), ("approver", 403), ("verifier", 403),
     ("auditor", 403), ("administrator", 403)],
)  # fmt: skip
def test_conclusions_are_for_whom_reads_inspections(cast, inspected, log_in, part, status):
    client = log_in(getattr(cast, part))
    urls = [PAGE, reverse("inspections:unit_export"), reverse("inspections:unit_conclusion", args=[cast.zj1.pk])]
    assert {client.get(url).status_code for url in urls} == {status}


@pytest.mark.django_db
def test_pages_cost_the_same_with_one_and_with_thirty_inspections(cast, projects, log_in, count_queries):
    log_in(cast.quality_office)
    unit_page = reverse("inspections:unit_conclusion", args=[cast.zj1.pk])
    urls = [PAGE, unit_page, reverse("inspections:unit_export")]
    records.inspection(cast, projects[0], score=70)
    records.inspection(cast, unit=cast.zj1, score=70)
    count_queries(PAGE)  # the first page of a session writes it
    one = [count_queries(url) for url in urls]
    for serial in range(30):
        unit = Unit.objects.create(code=f"U{serial}", name=f"第 {serial} 所")
        project = _project(f"2026-U{serial}-001", unit, cast.approver, name=f"项目 {serial}")
        records.inspection(cast, project, score=60 + serial)
        records.inspection(cast, projects[0], score=60 + serial)
        records.inspection(cast, unit=cast.zj1, score=60 + serial)
    assert [count_queries(url) for url in urls] == one
