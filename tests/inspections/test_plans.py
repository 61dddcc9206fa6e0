"""Plans of the quality office and the samples drawn for them."""

import json
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from feedback.choices import Verdict
from feedback.models import Complaint
from inspections import rules, services
from inspections.choices import Kind, PlanState
from inspections.models import Draw, Plan
from inspections.queries import plans as queries
from inspections.verification import draws_match
from ledger import checks, guards
from ledger.models import Entry
from projects.choices import BusinessLine
from projects.models import Project
from tests.conftest import _project, guards_lifted
from tests.inspections import records
from tests.reviews import flow

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year


@pytest.fixture
def many_projects(cast, project, other_project):
    """Ten more projects of two units and two lines."""
    for serial in range(10, 20):
        line = BusinessLine.BUDGET if serial % 2 else BusinessLine.SETTLEMENT_REVIEW
        _project(f"{YEAR}-ZJ{serial % 3 % 2 + 1}-{serial:03}", cast.zj1 if serial % 3 % 2 == 0 else cast.zj2, cast.approver,
                 name=f"第 {serial} 号项目", business_line=line)  # fmt: skip
    return list(Project.objects.all())


@pytest.fixture
def plan(cast):
    return services.create_plan(
        actor=cast.quality_office, year=YEAR, quarter=4, kind=Kind.REGULAR, title="第四季度定期检查",
        targets=[{"unit": cast.zj1, "business_line": "", "percent": 30}],
    )  # fmt: skip


@pytest.fixture
def running(cast, plan):
    return services.move_plan(actor=cast.quality_office, plan=plan, state=PlanState.IN_FORCE)


def draw(cast, plan, size=4, **given) -> Draw:
    return services.draw_sample(actor=cast.quality_office, plan=plan, size=size, **given)


def complaint_found_true(project, verdict=Verdict.CONFIRMED) -> Complaint:
    number = f"TS-{project.pk}"
    return Complaint.objects.create(
        number=number, code_sha256=number, kind="complaint", subject="计价依据", body="取费有误", channel="letter",
        is_anonymous=True, received_at=timezone.now(), project=project, verdict=verdict, verdict_on=timezone.localdate(),
    )  # fmt: skip


# ── Plans ───────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("part", ["approver", "executive", "chief_engineer", "auditor", "administrator", "verifier"])
def test_only_the_quality_office_plans(cast, part):
    with pytest.raises(PermissionDenied):
        services.create_plan(actor=getattr(cast, part), year=YEAR, kind=Kind.REGULAR, title="计划")


def test_plan_goes_from_draft_to_force_to_end_and_no_other_way(cast, plan):
    with pytest.raises(ValidationError, match="草稿"):
        services.move_plan(actor=cast.quality_office, plan=plan, state=PlanState.ENDED)
    services.move_plan(actor=cast.quality_office, plan=plan, state=PlanState.IN_FORCE)
    with pytest.raises(ValidationError, match="执行中"):
        services.move_plan(actor=cast.quality_office, plan=plan, state=PlanState.IN_FORCE)
    services.move_plan(actor=cast.quality_office, plan=plan, state=PlanState.ENDED)
    with pytest.raises(ValidationError, match="已结束"):
        services.update_plan(actor=cast.quality_office, plan=plan, targets=[], title="改名")
    actions = list(
        Entry.objects.filter(subject_id=plan.pk, action__startswith="plan.").values_list("action", flat=True)
    )
    assert sorted(actions) == ["plan.create", "plan.end", "plan.start"]


def test_plan_in_force_keeps_its_period_and_way(cast, running):
    with pytest.raises(ValidationError, match="不能修改"):
        services.update_plan(actor=cast.quality_office, plan=running, targets=[], year=YEAR - 1)
    changed = services.update_plan(actor=cast.quality_office, plan=running, targets=[], title="改名")
    assert (changed.title, changed.targets.count()) == ("改名", 0)


def test_coverage_counts_what_was_drawn_against_each_target(cast, running, many_projects):
    (before,) = queries.coverage_of(running)
    assert before["drawn"] == 0
    assert before["wanted"] == -(-before["whole"] * 30 // 100)
    draw(cast, running, size=len(many_projects))
    (after,) = queries.coverage_of(running)
    assert (after["drawn"], after["percent"], after["is_reached"]) == (after["whole"], 100, True)


# ── Draws ───────────────────────────────────────────────────────────────────
def test_draw_takes_its_seed_from_the_evidence_chain(cast, running, many_projects):
    last = Entry.objects.order_by("-number").first()
    made = draw(cast, running)
    assert made.seed == f"{last.number}:{last.hash[:16]}"
    assert len(made.drawn) == 4
    row = json.loads(Entry.objects.get(action="plan.draw").data)
    assert (row["draw"], row["digest"]) == (made.pk, made.digest)


def test_draw_comes_out_again_and_an_edit_is_named(cast, running, many_projects):
    made = draw(cast, running)
    assert services.comes_out_again(made)
    assert checks.verify().problems == []
    other = next(row for row in made.population if row["number"] not in {each["number"] for each in made.drawn})
    changed = [{**made.drawn[0], "number": other["number"]}, *made.drawn[1:]]
    with guards_lifted(connection):
        Draw.objects.filter(pk=made.pk).update(drawn=changed)
    assert checks.verify().problems == [f"抽样 {made.pk} 按原种子重抽，结果与记录不符"]


def test_database_refuses_to_change_or_delete_a_draw(cast, running, many_projects):
    made = draw(cast, running)
    assert Draw._meta.db_table in guards.guarded_tables()
    for act in (
        lambda: Draw.objects.filter(pk=made.pk).update(size=9),
        lambda: Draw.objects.filter(pk=made.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_second_draw_needs_its_reason_and_counts_the_first(cast, running, many_projects):
    first = draw(cast, running, size=len(many_projects))
    with pytest.raises(ValidationError, match="说明理由"):
        draw(cast, running)
    second = draw(cast, running, reason="首次样本中有项目已终止")
    assert {row["drawn_before"] for row in second.population} == {1}
    assert first.digest != second.digest


def test_exclusion_needs_a_known_project_and_a_reason(cast, running, many_projects):
    number = many_projects[0].number
    with pytest.raises(ValidationError, match="不在抽样范围"):
        draw(cast, running, excluded={"没有这个": "理由"})
    with pytest.raises(ValidationError, match="写明排除"):
        draw(cast, running, excluded={number: " "})
    made = draw(cast, running, size=len(many_projects) - 1, excluded={number: "正在接受外部审计"})
    assert number not in {row["number"] for row in made.population}
    assert made.excluded == [{"number": number, "reason": "正在接受外部审计"}]


def test_project_with_a_confirmed_complaint_is_always_drawn_and_never_excluded(cast, running, many_projects):
    subject = many_projects[5]
    complaint_found_true(subject)
    complaint_found_true(many_projects[6], verdict=Verdict.UNFOUNDED)
    with pytest.raises(ValidationError, match="不能排除"):
        draw(cast, running, excluded={subject.number: "不便"})
    made = draw(cast, running, size=1)
    assert [(row["number"], row["reason"]) for row in made.drawn] == [(subject.number, "投诉举报属实，必抽")]
    assert services.comes_out_again(made)


AGAIN = "上年度检查不合格或问题严重，须复查"


def test_project_with_a_reinspection_due_is_always_drawn_and_never_excluded(cast, running, many_projects):
    due, dismissed, later, both = many_projects[2:6]
    records.reinspection(records.inspection(cast, due, score=58, year=YEAR - 1), YEAR)
    records.reinspection(
        records.inspection(cast, dismissed, score=55, year=YEAR - 1), YEAR, decision="dismissed",
        decided_at=timezone.now(), decided_by=cast.executive,
    )  # fmt: skip
    records.reinspection(records.inspection(cast, later, score=50), YEAR + 1)
    records.reinspection(records.inspection(cast, both, score=40, year=YEAR - 1), YEAR)
    complaint_found_true(both)
    assert queries.always_drawn(YEAR) == {due.pk: AGAIN, both.pk: f"投诉举报属实，必抽；{AGAIN}"}
    with pytest.raises(ValidationError, match="不能排除：上年度检查不合格"):
        draw(cast, running, excluded={due.number: "不便"})
    made = draw(cast, running, size=1)
    assert {(row["number"], row["reason"]) for row in made.drawn} == {
        (due.number, AGAIN),
        (both.number, f"投诉举报属实，必抽；{AGAIN}"),
    }
    assert services.comes_out_again(made)
    assert list(draws_match()) == []


def test_project_that_is_finished_is_drawn_where_its_reinspection_is_due(cast, running, many_projects):
    Project.objects.filter(pk=many_projects[0].pk).update(actual_finish_on=f"{YEAR - 1}-12-31")
    assert many_projects[0] not in queries.projects_of(running)
    records.reinspection(records.inspection(cast, many_projects[0], score=58, year=YEAR - 1), YEAR)
    assert many_projects[0] in queries.projects_of(running)
    assert draw(cast, running, size=1).drawn[0]["number"] == many_projects[0].number


def test_reinspection_that_has_been_opened_is_due_no_more(cast, running, many_projects):
    before = records.inspection(cast, many_projects[0], score=58, year=YEAR - 1)
    records.reinspection(before, YEAR)
    again = records.inspection(cast, many_projects[0], state="cancelled", reinspection_of=before)
    assert queries.reinspections_due(YEAR) == {many_projects[0].pk}
    records.inspection(cast, many_projects[0], state="scoring", reinspection_of=before)
    assert queries.reinspections_due(YEAR) == set(), again


def test_inspection_of_a_unit_forces_no_project(cast, running, many_projects):
    records.reinspection(records.inspection(cast, unit=cast.zj1, score=58, year=YEAR - 1), YEAR)
    assert queries.always_drawn(YEAR) == {}


def test_what_is_always_drawn_costs_the_same_with_one_and_with_nine(
    cast, running, many_projects, log_in, count_queries
):
    log_in(cast.quality_office)
    url = reverse("inspections:draw_create", args=[running.pk])
    records.reinspection(records.inspection(cast, many_projects[0], score=58, year=YEAR - 1), YEAR)
    count_queries(url)  # the first page of a session writes it
    one = count_queries(url)
    for project in many_projects[1:9]:
        records.reinspection(records.inspection(cast, project, score=58, year=YEAR - 1), YEAR)
        complaint_found_true(project)
    assert count_queries(url) == one


@pytest.mark.parametrize("size", [0, -1, 10_000])
def test_size_is_between_one_and_all(cast, running, many_projects, size):
    with pytest.raises(ValidationError, match="样本量须为 1 至 12"):
        draw(cast, running, size=size)


def test_nothing_is_drawn_for_a_plan_that_is_not_in_force(cast, plan, many_projects):
    with pytest.raises(ValidationError, match="执行中"):
        draw(cast, plan)


def test_weighted_draw_keeps_what_its_weights_rest_on(cast, running, many_projects):
    made = draw(cast, running, is_weighted=True)
    nothing = {"formula": rules.FORMULA, "overdue": 0, "remarks": "0.00", "score": None, "error_rate": None}
    assert all(row["risk"] == nothing for row in made.population)
    assert services.comes_out_again(made)


def signed_and_issued(cast, project, amounts, **opened):
    """A deliverable issued with the amounts that its three levels signed for."""
    found = flow.open_deliverable(cast, project, **opened)
    flow.submit(found)
    for amount in amounts:
        flow.sign(found, amount=Decimal(amount))
    return flow.issue(found)


def test_error_rate_is_the_largest_of_the_issued_deliverables(cast, project, other_project):
    assert queries.error_rates([project.pk]) == {}
    signed_and_issued(cast, project, ["1000000", "990000", "1000000"])
    assert queries.error_rates([project.pk]) == {project.pk: Decimal("0.00")}
    signed_and_issued(cast, project, ["1050000", "980000", "1000000"], title="安装结算审核报告")
    found = flow.open_deliverable(cast, project, title="未签发的报告")
    flow.submit(found)
    flow.sign(found, amount=Decimal(2_000_000))
    flow.sign(found, amount=Decimal(1_000_000))
    assert queries.error_rates([project.pk, other_project.pk]) == {project.pk: Decimal("5.00")}


def test_error_rate_weighs_in_the_draw_and_stands_on_its_page(cast, running, project, log_in):
    signed_and_issued(cast, project, ["1060000", "1000000", "1000000"])
    made = draw(cast, running, size=1, is_weighted=True)
    (row,) = made.population
    assert (row["risk"]["error_rate"], row["weight"]) == ("6.00", "1.60")
    text = log_in(cast.quality_office).get(reverse("inspections:draw", args=[running.pk, made.pk])).content.decode()
    assert "误差率 6.00%" in text
    assert "0.2 × 误差率超出 3% 的整百分点数" in text


def test_draw_of_an_earlier_formula_shows_the_formula_that_it_was_weighted_by(cast, running, project, log_in):
    made = draw(cast, running, size=1, is_weighted=True)
    (row,) = made.population
    risk = {name: row["risk"][name] for name in ("overdue", "remarks", "score")}
    with guards_lifted(connection):
        Draw.objects.filter(pk=made.pk).update(population=[{**row, "risk": risk}])
    text = log_in(cast.quality_office).get(reverse("inspections:draw", args=[running.pk, made.pk])).content.decode()
    assert "重抽一致" in text
    assert "每百万元送审金额的校审意见数" in text
    assert "误差率" not in text


def test_risks_cost_the_same_queries_for_one_project_and_for_twelve(cast, running, many_projects):
    with CaptureQueriesContext(connection) as one:
        queries.risks_of(many_projects[:1])
    with CaptureQueriesContext(connection) as many:
        queries.risks_of(many_projects)
    assert len(one) == len(many) == 4


def test_finished_projects_of_earlier_years_are_not_in_the_population(cast, running, many_projects):
    gone = many_projects[0]
    Project.objects.filter(pk=gone.pk).update(actual_finish_on=f"{YEAR - 1}-12-31")
    assert gone not in queries.projects_of(running)


# ── Pages ───────────────────────────────────────────────────────────────────
def test_plan_is_made_put_in_force_and_drawn_on_its_pages(cast, many_projects, log_in):
    client = log_in(cast.quality_office)
    rows = {
        f"targets-{name}_FORMS": count
        for name, count in (("TOTAL", 3), ("INITIAL", 0), ("MIN_NUM", 0), ("MAX_NUM", 20))
    }
    facts = {"year": YEAR, "quarter": "", "kind": Kind.SPOT_CHECK, "title": "全年抽查", "note": ""}
    first = {"targets-0-unit": cast.zj1.pk, "targets-0-business_line": "", "targets-0-percent": 50}
    response = client.post(reverse("inspections:plan_create"), {**facts, **rows, **first})
    plan = Plan.objects.get(title="全年抽查")
    assert response.url == reverse("inspections:plan_detail", args=[plan.pk])
    assert [(row.unit, row.percent) for row in plan.targets.all()] == [(cast.zj1, 50)]
    client.post(reverse("inspections:plan_move", args=[plan.pk]), {"state": "in_force"})
    page = client.get(reverse("inspections:draw_create", args=[plan.pk])).content.decode()
    assert "任何人都不能挑选" in page
    response = client.post(reverse("inspections:draw_create", args=[plan.pk]), {"size": 3, "excluded": ""})
    made = plan.draws.get()
    assert response.url == reverse("inspections:draw", args=[plan.pk, made.pk])
    page = client.get(response.url).content.decode()
    assert "重抽一致" in page
    assert all(row["number"] in page for row in made.drawn)
    told = {"size": len(many_projects), "reason": "样本不足"}
    response = client.post(reverse("inspections:draw_create", args=[plan.pk]), told)
    text = client.get(response.url).content.decode()
    assert text.count('data-label="此前被抽（次）">1</td>') == 3
    assert text.count('data-label="此前被抽（次）">0</td>') == len(many_projects) - 3


def test_draw_form_names_the_projects_that_are_always_drawn(cast, running, many_projects, log_in):
    client, url = log_in(cast.quality_office), reverse("inspections:draw_create", args=[running.pk])
    assert "必抽，不能排除" not in client.get(url).content.decode()
    complaint_found_true(many_projects[3])
    text = client.get(url).content.decode()
    assert "下列 1 个项目必抽，不能排除" in text
    assert many_projects[3].number in text


def test_what_is_wrong_in_the_form_is_said_and_nothing_typed_is_lost(cast, running, many_projects, log_in):
    url = reverse("inspections:draw_create", args=[running.pk])
    page = log_in(cast.quality_office).post(url, {"size": 2, "excluded": "2026-ZJ1-010"}).content.decode()
    assert "请在“2026-ZJ1-010”之后写明排除的理由" in page
    assert "2026-ZJ1-010</textarea>" in page
    assert not running.draws.exists()


@pytest.mark.parametrize(
    ("part", "status"),
    [("quality_office", 200), ("executive", 200), ("chief_engineer", 200), ("approver", 403), ("auditor", 403)],
)
def test_plans_are_read_by_who_sees_all_projects(cast, plan, log_in, part, status):
    assert log_in(getattr(cast, part)).get(reverse("inspections:plan_detail", args=[plan.pk])).status_code == status


def test_list_costs_the_same_queries_with_one_row_and_with_thirty(cast, plan, log_in, count_queries):
    log_in(cast.quality_office)
    url = reverse("inspections:plan_list")
    count_queries(url)  # the first page of a session writes it
    one = count_queries(url)
    for serial in range(29):
        services.create_plan(actor=cast.quality_office, year=YEAR, kind=Kind.REGULAR, title=f"计划 {serial}")
    assert count_queries(url) == one


def test_draw_page_costs_the_same_queries_with_two_projects_and_with_twelve(
    cast, running, many_projects, log_in, count_queries
):
    log_in(cast.quality_office)
    small, large = draw(cast, running, size=2), draw(cast, running, size=12, reason="再抽")
    count_queries(reverse("inspections:plan_list"))  # the first page of a session writes it
    counts = {count_queries(reverse("inspections:draw", args=[running.pk, made.pk])) for made in (small, large)}
    assert len(counts) == 1
