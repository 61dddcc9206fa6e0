"""The list, 立项, one inspection, the plan and the sample: who sees what, what is offered to whom, how much it costs."""

import re
from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from deadlines.models import Deadline
from inspections import services as plan_services
from inspections.choices import AccidentSource, Decision, Kind, PlanState, State
from inspections.filters import VIEWS
from inspections.models import Accident, Inspection, Plan, Section
from inspections.queries import inspections as queries
from inspections.services import concluding, consequences, opening, rectifying
from notices.models import Notice
from staff.choices import Role
from tests.conftest import LONG_AGO, _project
from tests.inspections import kit
from tests.inspections.test_opening import complaint_about
from tests.reviews import flow

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
LIST, NEW = reverse("inspections:list"), reverse("inspections:inspection_open")
XSS = "<script>alert(1)</script>"


def page_of(found: Inspection, name: str = "detail") -> str:
    return reverse(f"inspections:{name}", args=[found.pk])


def words_of(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def numbers(response) -> list[str]:
    return [row.number for row in response.context["page"].object_list]


def titles(response) -> list[str]:
    """The buttons, the primary one marked."""
    return [("*" if button.kind == "primary" else "") + button.title for button in response.context["buttons"]]


def is_late(found: Inspection) -> None:
    Deadline.objects.of(found).update(
        due_on=TODAY - timedelta(days=2), due_at=timezone.now() - timedelta(days=1), next_at=None
    )


@pytest.fixture
def plan(cast) -> Plan:
    made = plan_services.create_plan(
        actor=cast.quality_office, year=TODAY.year, kind=Kind.REGULAR, title="年度定期检查",
        targets=[{"unit": cast.zj1, "business_line": "", "percent": 100}],
    )  # fmt: skip
    return plan_services.move_plan(actor=cast.quality_office, plan=made, state=PlanState.IN_FORCE)


@pytest.fixture
def sample(cast, plan, project, other_project):
    return plan_services.draw_sample(actor=cast.quality_office, plan=plan, size=2)


# ── Who sees what ───────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("part", "while_scored", "once_discussed"),
    [
        ("quality_office", 200, 200), ("executive", 200, 200), ("chief_engineer", 200, 200), ("verifier", 404, 200),
        ("preparer", 404, 200), ("approver", 404, 200), ("outsider", 404, 404), ("archivist", 404, 404),
        ("auditor", 404, 404), ("administrator", 404, 404),
    ],
)  # fmt: skip
def test_inspection_is_found_by_the_office_at_once_and_by_the_inspected_side_once_it_is_discussed(
    cast, project, log_in, part, while_scored, once_discussed
):
    found, client = kit.inspection(cast, project), log_in(getattr(cast, part))
    assert client.get(page_of(found)).status_code == while_scored
    assert (found.number in numbers(client.get(LIST))) == (while_scored == 200)
    kit.finish(found)
    assert client.get(page_of(found)).status_code == once_discussed
    assert (found.number in numbers(client.get(LIST))) == (once_discussed == 200)


def test_unit_inspection_is_found_by_its_technical_director_alone_on_the_inspected_side(cast, log_in):
    found = kit.discussing(cast, unit=cast.zj1)
    statuses = {part: log_in(getattr(cast, part)).get(page_of(found)).status_code for part in ("approver", "verifier")}
    assert statuses == {"approver": 200, "verifier": 404}


def test_inspector_without_another_post_finds_the_own_inspection_only(cast, project, other_project, log_in):
    expert = kit.inspector(cast, "外聘专家", role=Role.EXPERT)
    own, other = kit.inspection(cast, project, expert), kit.inspection(cast, other_project)
    client = log_in(expert)
    assert numbers(client.get(LIST)) == [own.number]
    assert client.get(page_of(own)).status_code == 200
    assert client.get(page_of(other)).status_code == 404


def test_menu_leads_to_the_list_for_who_reads_or_inspects(cast, project, log_in):
    expert = kit.inspector(cast, "外聘专家", role=Role.EXPERT)
    home = reverse("dashboards:home")
    for person, is_there in (
        (cast.quality_office, True),
        (cast.executive, True),
        (expert, True),
        (cast.verifier, False),
    ):
        menu = [link.url for link in log_in(person).get(home).context["shell"].menu]
        assert (LIST in menu) is is_there, person


def test_internal_notes_and_scoring_are_for_the_office_alone(cast, project, log_in):
    found = kit.inspection(cast, project)
    Section.objects.filter(inspection=found).update(
        note="内部核查底稿", saved_by=cast.quality_office, saved_at=timezone.now()
    )
    assert "评分进展" in words_of(log_in(cast.quality_office).get(page_of(found)))
    kit.finish(found)
    for part, is_there in (("quality_office", True), ("executive", True), ("verifier", False), ("approver", False)):
        assert ("内部核查底稿" in words_of(log_in(getattr(cast, part)).get(page_of(found)))) is is_there, part


def test_who_reads_inspections_but_was_on_the_team_sees_no_internal_notes(cast, project, log_in):
    found = kit.discussing(cast, project)
    Section.objects.filter(inspection=found).update(note="内部核查底稿")
    project.assignments.create(user=cast.chief_engineer, role=Role.EXPERT, starts_on=LONG_AGO, ends_on=LONG_AGO)
    assert "内部核查底稿" not in words_of(log_in(cast.chief_engineer).get(page_of(found)))


def test_inspected_side_reads_nothing_of_the_crew_changes_and_the_flags(cast, project, log_in):
    found = kit.inspection(cast, project)
    opening.appoint(actor=cast.quality_office, inspection=found, turn=0, lead=cast.quality_office, inspectors=[],
                    planned_on=TODAY, reason="原组长与举报事项有关")  # fmt: skip
    kit.hit(found, kit.deduction(found))
    kit.finish(kit.now(found), touches_ethics=True)
    secret = ("原组长与举报事项有关", "涉及个人职业道德")
    assert all(words in words_of(log_in(cast.quality_office).get(page_of(found))) for words in secret)
    assert not any(words in words_of(log_in(cast.verifier).get(page_of(found))) for words in secret)


def test_number_of_a_complaint_is_shown_to_who_may_see_it(cast, project, log_in):
    complaint = complaint_about(cast, project)
    found = kit.inspection(cast, project, kind=Kind.SPECIAL_AUDIT, complaint=complaint)
    kit.finish(found)
    link = reverse("feedback:detail", args=[complaint.pk])
    for part, sees in (("quality_office", True), ("executive", True), ("chief_engineer", False), ("verifier", False)):
        text = log_in(getattr(cast, part)).get(page_of(found)).content.decode()
        assert (complaint.number in text, link in text) == (sees, sees), part
        assert "触发事由" in text
    assert "投诉举报" not in words_of(log_in(cast.verifier).get(page_of(found)))


def test_accident_is_named_to_who_reads_inspections(cast, project, log_in):
    accident = Accident.objects.create(
        number="SG-2026-0001", project=project, title="结算错付", happened_on=TODAY, source=AccidentSource.AUDIT,
        description="多付", registered_by=cast.quality_office,
    )  # fmt: skip
    found = kit.inspection(cast, project, kind=Kind.SPECIAL_AUDIT, accident=accident)
    kit.finish(found)
    assert accident.number in words_of(log_in(cast.executive).get(page_of(found)))
    text = words_of(log_in(cast.verifier).get(page_of(found)))
    assert accident.number not in text
    assert "触发事由 重大质量事故" in text


# ── The list ────────────────────────────────────────────────────────────────
def test_figures_count_what_stands_where_and_lead_to_it(cast, project, log_in):
    due = kit.inspection(cast, project, planned_on=TODAY)
    later = kit.inspection(cast, project, planned_on=TODAY + timedelta(days=3))
    discussing, issued = kit.discussing(cast, project), kit.concluded(cast, project)
    rectifying, late = kit.rectifying_one(cast, project), kit.rectifying_one(cast, project)
    rechecking = kit.reply(cast, kit.rectifying_one(cast, project))
    is_late(late)
    client = log_in(cast.quality_office)
    response = client.get(LIST)
    expected = {"due": [due], "discussing": [discussing], "issued": [issued], "rectifying": [rectifying, late],
                "near": [], "overdue": [late], "rechecking": [rechecking]}  # fmt: skip
    assert response.context["counts"] == {view: len(rows) for view, rows in expected.items()}
    for view, rows in expected.items():
        assert set(numbers(client.get(LIST, {"state": view}))) == {row.number for row in rows}, view
    assert set(numbers(client.get(LIST, {"state": "scoring"}))) == {due.number, later.number}


def test_list_shows_what_is_not_closed_until_asked_for_more(cast, project, other_project, log_in):
    live = kit.inspection(cast, project)
    gone = kit.inspection(cast, other_project)
    opening.cancel(actor=cast.quality_office, inspection=gone, turn=0, reason="改期")
    client = log_in(cast.quality_office)
    assert numbers(client.get(LIST)) == [live.number]
    assert numbers(client.get(LIST, {"page": 1, "sort": "number"})) == [live.number]
    assert set(numbers(client.get(LIST, {"state": ""}))) == {live.number, gone.number}
    assert numbers(client.get(LIST, {"state": "cancelled"})) == [gone.number]


def test_filters_by_year_kind_unit_grade_plan_person_and_text(cast, project, other_project, sample, plan, log_in):
    other = kit.inspector(cast)
    planned = kit.inspection(cast, project, kind=Kind.REGULAR, plan=plan)
    free = kit.discussing(cast, other_project, veto=True, year=TODAY.year - 1)
    theirs = kit.inspection(cast, project, other)
    client = log_in(cast.quality_office)
    for asked, rows in (
        ({"year": TODAY.year - 1}, [free]), ({"kind": "regular"}, [planned]), ({"unit": cast.zj2.pk}, [free]),
        ({"unit": cast.hq.pk}, [planned, free, theirs]), ({"grade": "不合格"}, [free]), ({"grade": "优良"}, []),
        ({"plan": plan.pk}, [planned]), ({"mine": "1"}, [planned, free]), ({"q": "城北污水"}, [free]),
        ({"q": theirs.number}, [theirs]), ({"q": "造价一所"}, [planned, theirs]),
    ):  # fmt: skip
        assert set(numbers(client.get(LIST, {"state": "", **asked}))) == {row.number for row in rows}, asked


def test_plans_in_the_filter_are_those_of_what_one_sees(cast, project, sample, plan, log_in):
    found = kit.inspection(cast, project, kind=Kind.REGULAR, plan=plan)
    assert plan.title not in words_of(log_in(cast.verifier).get(LIST))
    kit.finish(found)
    assert plan.title in words_of(log_in(cast.verifier).get(LIST))


def test_sorted_by_score_what_has_none_comes_last(cast, project, log_in):
    none = kit.inspection(cast, project)
    low, high = kit.discussing(cast, project, veto=True), kit.discussing(cast, project, findings=0)
    client = log_in(cast.quality_office)
    assert numbers(client.get(LIST, {"sort": "score"})) == [low.number, high.number, none.number]
    assert numbers(client.get(LIST, {"sort": "-score"})) == [high.number, low.number, none.number]


def test_what_is_under_way_is_listed_by_its_day_and_what_is_over_the_latest_first(cast, project, log_in):
    days = (3, 0, -2)
    rows = [kit.inspection(cast, project, planned_on=TODAY + timedelta(days=each)) for each in days]
    client = log_in(cast.quality_office)
    assert numbers(client.get(LIST)) == [row.number for row in reversed(rows)]
    assert numbers(client.get(LIST, {"state": ""})) == [row.number for row in rows]


def test_score_that_was_given_up_is_not_shown_in_the_list(cast, project, log_in):
    found = kit.discussing(cast, project)
    concluding.score_again(actor=cast.quality_office, inspection=found, turn=found.turn, reason="漏查")
    (row,) = log_in(cast.quality_office).get(LIST).context["page"].object_list
    assert row.score is None
    assert "已退回重新评分" in words_of(log_in(cast.quality_office).get(page_of(found)))


def test_empty_list_tells_what_fills_it(cast, project, log_in):
    assert "由抽样结果批量立项" in words_of(log_in(cast.quality_office).get(LIST))
    assert "质量办立项并指定您为检查人员" in words_of(log_in(cast.verifier).get(LIST))
    assert "请放宽筛选条件" in words_of(log_in(cast.quality_office).get(LIST, {"q": "没有"}))


def test_list_costs_the_same_with_one_row_and_with_thirty(cast, project, log_in, count_queries):
    log_in(cast.quality_office)
    kit.rectifying_one(cast, project)
    count_queries(LIST)  # the first page of a session writes its clock
    few = count_queries(LIST)
    for _ in range(29):
        kit.inspection(cast, project, kit.inspector(cast), cast.quality_office)
    assert count_queries(LIST) == few <= 16


# ── Excel ───────────────────────────────────────────────────────────────────
def cells_of(response) -> list[tuple]:
    return list(openpyxl.load_workbook(BytesIO(response.content)).active.iter_rows(values_only=True))


def test_export_has_the_filters_of_the_page_and_no_formulas(cast, project, other_project, log_in):
    project.name = '=HYPERLINK("http://x")'
    project.save()
    found = kit.discussing(cast, project, veto=True)
    kit.inspection(cast, other_project)
    response = log_in(cast.quality_office).get(
        reverse("inspections:export"), {"state": "discussing", "kind": "irregular"}
    )
    title, note, head, row = cells_of(response)
    assert (title[0], note[0]) == ("检查清单", "筛选条件：状态：沟通确认中；检查方式：不定期检查")
    told = dict(zip(head, row, strict=True))
    assert told["检查编号"] == found.number
    assert (told["被检项目"], told["得分"], told["等级"], told["一票否决"]) == (project.name, 59, "不合格", "是")
    sheet = openpyxl.load_workbook(BytesIO(response.content)).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "d"}


def test_export_gives_each_person_what_they_see(cast, project, log_in):
    kit.inspection(cast, project)
    assert len(cells_of(log_in(cast.verifier).get(reverse("inspections:export")))) == 3


def test_export_costs_the_same_with_one_row_and_with_thirty(cast, project, log_in, count_queries):
    log_in(cast.quality_office)
    url = reverse("inspections:export")
    kit.rectifying_one(cast, project)
    count_queries(url)
    few = count_queries(url)
    for _ in range(29):
        kit.inspection(cast, project)
    assert count_queries(url) == few


# ── 立项 ────────────────────────────────────────────────────────────────────
def form_of(response) -> dict:
    form = response.context["form"]
    return {name: form[name].value() for name in form.fields}


def sent(response, **more) -> dict:
    """What a browser sends back from the page, changed by `more`."""
    return {
        name: value for name, value in form_of(response).items() if value is not None and value is not False
    } | more


@pytest.mark.parametrize(
    ("part", "status"), [("quality_office", 200), ("executive", 403), ("verifier", 403), ("administrator", 403)]
)
def test_only_who_plans_opens(cast, project, log_in, part, status):
    client = log_in(getattr(cast, part))
    assert client.get(NEW).status_code == status
    assert client.post(NEW, {}).status_code == status
    assert not Inspection.objects.exists()


def test_inspection_is_opened_by_the_page(cast, project, log_in):
    client, other = log_in(cast.quality_office), kit.inspector(cast)
    told = sent(client.get(NEW, {"project": project.pk}), kind=Kind.IRREGULAR, lead=other.pk, inspectors=[cast.quality_office.pk],
                note="查签署", announce="on")  # fmt: skip
    response = client.post(NEW, told)
    found = Inspection.objects.get()
    assert response.url == page_of(found)
    assert (found.project, found.kind, found.note, found.planned_on) == (project, Kind.IRREGULAR, "查签署", TODAY)
    assert Notice.objects.filter(recipient=cast.verifier, title__startswith="检查通知").exists()


def test_page_that_is_sent_twice_opens_once(cast, project, log_in):
    client = log_in(cast.quality_office)
    told = sent(client.get(NEW, {"project": project.pk}), kind=Kind.IRREGULAR, lead=cast.quality_office.pk)
    client.post(NEW, told)
    assert "没有重复立项" in words_of(client.post(NEW, told, follow=True))
    assert Inspection.objects.count() == 1


def test_refused_page_keeps_what_was_typed_and_may_be_sent_again(cast, project, log_in):
    client = log_in(cast.quality_office)
    told = sent(
        client.get(NEW, {"project": project.pk}), kind=Kind.REGULAR, lead=cast.quality_office.pk, note=f"查{XSS}"
    )
    response = client.post(NEW, told)
    assert response.context["form"].errors["plan"] == ["定期检查须列入检查计划。"]
    text = response.content.decode()
    assert XSS not in text
    assert "查&lt;script&gt;" in text
    assert client.post(NEW, told | {"kind": Kind.IRREGULAR}).status_code == 302


def test_partial_inspector_is_named_in_the_form(cast, project, log_in):
    project.assignments.create(user=cast.quality_office, role=Role.EXPERT, starts_on=LONG_AGO)
    client = log_in(cast.quality_office)
    told = sent(client.get(NEW, {"project": project.pk}), kind=Kind.IRREGULAR, lead=cast.quality_office.pk)
    errors = client.post(NEW, told).context["form"].errors
    assert errors["inspectors"] == ["质量办在被检项目或单位任职（或曾任职），须回避。"]


def test_form_offers_people_who_may_inspect_and_what_one_may_see(cast, project, log_in):
    expert, gone = kit.inspector(cast, "外聘专家", role=Role.EXPERT), kit.inspector(cast, "离开的人")
    gone.is_active = False
    gone.save()
    ended = kit.inspector(cast, "不再任职")
    ended.posts.update(ends_on=TODAY - timedelta(days=1))
    form = log_in(cast.quality_office).get(NEW).context["form"]
    assert set(form.fields["lead"].queryset) == {cast.quality_office, expert}


@pytest.mark.parametrize("number", ["", "2026-NO-001"])
def test_subject_must_be_named_and_known(cast, log_in, number):
    client = log_in(cast.quality_office)
    told = sent(client.get(NEW), kind=Kind.IRREGULAR, lead=cast.quality_office.pk, project=number)
    assert "project" in client.post(NEW, told).context["form"].errors
    assert not Inspection.objects.exists()


def test_project_and_unit_are_not_both_named(cast, project, log_in):
    client = log_in(cast.quality_office)
    told = sent(
        client.get(NEW), kind=Kind.IRREGULAR, lead=cast.quality_office.pk, project=project.number, unit=cast.zj1.pk
    )
    assert client.post(NEW, told).context["form"].errors["unit"] == ["被检项目与被检单位只填一项。"]


def test_project_is_named_beside_its_number(cast, project, log_in):
    client = log_in(cast.quality_office)
    assert project.name in words_of(client.get(NEW, {"project": project.pk}))
    assert project.name in words_of(client.post(NEW, {"project": project.number}))


def test_address_fills_in_the_form(cast, project, plan, sample, log_in):
    client, complaint = log_in(cast.quality_office), complaint_about(cast, project)
    accident = Accident.objects.create(
        number="SG-2026-0001", project=project, title="错付", happened_on=TODAY, source=AccidentSource.AUDIT, description="多付",
        registered_by=cast.quality_office,
    )  # fmt: skip
    former = kit.concluded(cast, project, veto=True)
    for asked, expected in (
        ({"plan": plan.pk, "project": project.pk}, {"plan": plan.pk, "kind": "regular", "project": project.number}),
        ({"draw": sample.pk, "project": project.pk}, {"plan": plan.pk, "draw": sample.pk, "kind": "regular"}),
        ({"unit": cast.zj2.pk}, {"unit": cast.zj2.pk, "project": None}),
        ({"complaint": complaint.pk}, {"complaint": complaint.pk, "kind": "special_audit", "project": project.number}),
        ({"accident": accident.pk}, {"accident": accident.pk, "kind": "special_audit", "project": project.number}),
        ({"reinspection": former.pk}, {"reinspection_of": former.pk, "project": project.number, "kind": "irregular"}),
        ({"project": "9" * 30, "plan": "x", "complaint": "-1"}, {"project": None, "plan": None, "complaint": None}),
    ):  # fmt: skip
        form = form_of(client.get(NEW, asked))
        assert {name: form[name] for name in expected} == expected, asked


def test_special_audit_of_a_complaint_is_two_clicks_from_it(cast, project, log_in):
    client, complaint = log_in(cast.quality_office), complaint_about(cast, project)
    link = f"{NEW}?complaint={complaint.pk}"
    assert link in client.get(reverse("feedback:detail", args=[complaint.pk])).content.decode()
    assert link not in log_in(cast.executive).get(reverse("feedback:detail", args=[complaint.pk])).content.decode()
    client = log_in(cast.quality_office)
    assert client.post(NEW, sent(client.get(link), lead=cast.quality_office.pk)).status_code == 302
    assert Inspection.objects.get().complaint == complaint
    pending = complaint_about(cast, project, is_accepted=False)
    assert "立项专项稽查" not in client.get(reverse("feedback:detail", args=[pending.pk])).content.decode()


def test_planned_project_gets_the_draw_that_drew_it(cast, project, plan, sample, log_in):
    client = log_in(cast.quality_office)
    told = sent(client.get(NEW, {"plan": plan.pk, "project": project.pk}), lead=cast.quality_office.pk)
    assert client.post(NEW, told).status_code == 302
    assert Inspection.objects.get().draw == sample


# ── A whole sample ──────────────────────────────────────────────────────────
def open_page(sample) -> str:
    return reverse("inspections:draw_open", args=[sample.plan_id, sample.pk])


def test_sample_is_opened_from_its_page(cast, project, other_project, plan, sample, log_in):
    client = log_in(cast.quality_office)
    assert open_page(sample) in client.get(reverse("inspections:draw", args=[plan.pk, sample.pk])).content.decode()
    response = client.get(open_page(sample))
    assert response.context["ticked"] == {str(project.pk), str(other_project.pk)}
    told = sent(response, lead=cast.quality_office.pk, projects=[project.pk])
    assert client.post(open_page(sample), told).status_code == 302
    assert [each.project for each in Inspection.objects.all()] == [project]
    response = client.get(open_page(sample))
    assert response.context["projects"] == [other_project]
    told = sent(response, lead=cast.quality_office.pk, projects=[other_project.pk])
    client.post(open_page(sample), told)
    assert "抽出的项目都已立项" in words_of(client.get(open_page(sample)))
    drawn = client.get(reverse("inspections:draw", args=[plan.pk, sample.pk]))
    assert open_page(sample) not in drawn.content.decode()
    assert all(each.number in words_of(drawn) for each in Inspection.objects.all())


def test_sample_with_a_problem_opens_nothing_and_keeps_the_ticks(cast, project, other_project, sample, log_in):
    other_project.assignments.create(user=cast.quality_office, role=Role.EXPERT, starts_on=LONG_AGO)
    client = log_in(cast.quality_office)
    told = sent(client.get(open_page(sample)), lead=cast.quality_office.pk, projects=[project.pk, other_project.pk])
    response = client.post(open_page(sample), told)
    (error,) = response.context["form"].non_field_errors()
    assert error.startswith(other_project.number)
    assert response.context["ticked"] == {str(project.pk), str(other_project.pk)}
    assert not Inspection.objects.exists()
    assert client.post(open_page(sample), {**told, "projects": [project.pk]}).status_code == 302


def test_project_that_somebody_opened_meanwhile_is_told(cast, project, sample, plan, log_in):
    client = log_in(cast.quality_office)
    told = sent(client.get(open_page(sample)), lead=cast.quality_office.pk, projects=[project.pk])
    kit.inspection(cast, project, kind=Kind.REGULAR, plan=plan)
    assert "已由他人立项" in words_of(client.post(open_page(sample), told))
    assert Inspection.objects.count() == 1


def test_sample_is_opened_by_who_plans_for_a_plan_in_force(cast, sample, plan, log_in):
    for part, status in (("executive", 403), ("verifier", 403), ("quality_office", 200)):
        assert log_in(getattr(cast, part)).get(open_page(sample)).status_code == status
    assert (
        log_in(cast.quality_office).get(open_page(sample).replace(f"/{sample.plan_id}/", "/999/")).status_code == 404
    )
    plan_services.move_plan(actor=cast.quality_office, plan=plan, state=PlanState.ENDED)
    response = log_in(cast.quality_office).get(open_page(sample))
    assert "只能为执行中的计划立项" in words_of(response)
    assert 'form="page-form"' not in response.content.decode()


def test_plan_shows_its_inspections_its_progress_and_what_is_concluded(
    cast, project, other_project, plan, sample, log_in
):
    page = reverse("inspections:plan_detail", args=[plan.pk])
    client = log_in(cast.quality_office)
    assert "还没有立项" in words_of(client.get(page))
    done = kit.concluded(cast, project, kind=Kind.REGULAR, plan=plan, draw=sample)
    running = kit.inspection(cast, other_project, kind=Kind.REGULAR, plan=plan, draw=sample)
    response = client.get(page)
    assert response.context["progress"] == {"drawn": 2, "opened": 2, "concluded": 1, "closed": 0}
    assert [(row["drawn"], row["concluded"]) for row in response.context["coverage"]] == [(1, 1)]
    assert set(numbers(response)) == {done.number, running.number}


def test_plan_costs_the_same_with_one_inspection_and_with_thirty(cast, project, plan, log_in, count_queries):
    page = reverse("inspections:plan_detail", args=[plan.pk])
    log_in(cast.quality_office)
    kit.inspection(cast, project, kind=Kind.REGULAR, plan=plan, note="上级要求")
    count_queries(page)
    few = count_queries(page)
    for serial in range(100, 129):
        other = _project(f"2026-ZJ1-{serial}", cast.zj1, cast.approver)
        kit.inspection(cast, other, kit.inspector(cast), kind=Kind.REGULAR, plan=plan, note="上级要求")
    assert count_queries(page) == few


# ── One inspection ──────────────────────────────────────────────────────────
def test_page_offers_each_person_what_is_theirs_now(cast, project, log_in):
    second = kit.inspector(cast)
    found = kit.inspection(cast, project, cast.quality_office, second)
    office = lambda: titles(log_in(cast.quality_office).get(page_of(found)))  # noqa: E731
    side = lambda: titles(log_in(cast.verifier).get(page_of(found)))  # noqa: E731
    team = lambda: titles(log_in(cast.preparer).get(page_of(found)))  # noqa: E731

    assert office() == ["撤销检查", "调整检查人员", "*检查评分"]
    assert titles(log_in(cast.executive).get(page_of(found))) == []
    kit.hit(found, kit.deduction(found))
    found.sections.update(is_done=True)
    assert office() == ["撤销检查", "调整检查人员", "检查评分", "*评分定稿"]
    assert titles(log_in(second).get(page_of(found))) == ["撤销检查", "调整检查人员", "*检查评分"]
    kit.finish(found)
    assert office() == ["撤销检查", "退回重新评分", "*登记沟通意见"]
    assert (side(), team()) == (["*登记沟通意见"], [])
    concluding.talk(actor=second, inspection=kit.now(found), turn=kit.now(found).turn, side="office", text="已说明")
    assert (office(), side()) == (["撤销检查", "退回重新评分", "登记沟通意见"], ["*登记沟通意见"])
    kit.discuss(cast, kit.now(found))
    assert office() == ["撤销检查", "退回重新评分", "登记沟通意见", "*出具书面意见"]
    assert side() == ["登记沟通意见"]
    kit.issue(cast, kit.now(found))
    assert (office(), side(), team()) == (["*登记送达"], ["*确认收到书面意见"], [])
    receive(cast, found)
    assert (office(), side(), team()) == ([], ["*填写整改情况"], ["*填写整改情况"])
    kit.fill(cast, kit.now(found))
    assert (side(), team()) == (["填写整改情况", "*提交整改回复"], ["*填写整改情况"])
    kit.reply(cast, kit.now(found), shade=150)
    assert (office(), side()) == (["*复查整改"], [])
    kit.recheck(cast, kit.now(found))
    assert (office(), side(), team()) == ([], [], [])


def receive(cast, found: Inspection) -> Inspection:
    found = kit.now(found)
    return rectifying.receive(actor=cast.verifier, inspection=found, turn=found.turn)


def test_office_member_who_does_not_inspect_it_speaks_for_no_side(cast, project, log_in):
    found = kit.discussing(cast, project)
    assert titles(log_in(kit.inspector(cast)).get(page_of(found))) == ["撤销检查"]


def test_result_that_asks_for_another_inspection_leads_to_it(cast, project, log_in):
    found = kit.concluded(cast, project, veto=True)
    row = found.consequences.get()
    consequences.decide(actor=cast.executive, consequence=row, decision=Decision.CONFIRMED)
    client, link = log_in(cast.quality_office), f"{NEW}?reinspection={found.pk}"
    assert link in client.get(page_of(found)).content.decode()
    again = kit.inspection(cast, project, reinspection_of=found)
    text = client.get(page_of(found)).content.decode()
    assert link not in text
    assert page_of(again) in text
    assert page_of(found) in client.get(page_of(again)).content.decode()
    assert page_of(again) not in log_in(cast.verifier).get(page_of(found)).content.decode()


def test_steps_are_drawn_from_what_happened(cast, project, log_in):
    found = kit.discuss(cast, kit.discussing(cast, project))
    concluding.score_again(actor=cast.quality_office, inspection=found, turn=found.turn, reason="漏查")
    found = kit.finish(kit.now(found))
    steps = log_in(cast.quality_office).get(page_of(found)).context["steps"]
    assert [(step["title"], step["state"]) for step in steps] == [
        ("立项", "done"), ("评分定稿", "done"), ("沟通确认", "done"), ("退回重新评分", "returned"), ("评分定稿", "done"),
        ("沟通确认中", "current"), ("书面意见", ""), ("确认收到", ""), ("整改与复查", ""),
    ]  # fmt: skip
    assert steps[0]["note"] == f"{TODAY} 质量办"


def test_page_tells_everything_of_a_closed_inspection(cast, project, log_in):
    deliverable = flow.open_deliverable(cast, project)
    found = kit.inspection(cast, project, note="查签署")
    kit.hit(
        found, kit.deduction(found, is_veto=True), problem="三级签署不全", deliverable=deliverable, severity="major"
    )
    found = kit.issue(cast, kit.discuss(cast, kit.finish(found)))
    found = kit.recheck(cast, kit.reply(cast, receive(cast, found)))
    for part in ("quality_office", "verifier"):
        response = log_in(getattr(cast, part)).get(page_of(found))
        text = words_of(response)
        for words in (
            "59",
            "不合格",
            "一票否决",
            "三级签署不全",
            "查签署",
            "复查通过",
            "现场.png",
            found.opinion.number,
            "已关闭",
        ):
            assert words in text, (part, words)
        assert reverse("reviews:deliverable", args=[deliverable.pk]) in response.content.decode()
        assert response.context["steps"][-1]["title"] == "复查通过"
        details = [entry["detail"] for entry in response.context["entries"]]
        assert "59 分，不合格，一票否决" in details
        assert "1 条整改回复全部通过" in details


def test_words_of_people_are_shown_as_text(cast, project, log_in):
    project.name = XSS
    project.save()
    found = kit.inspection(cast, project, note=XSS)
    Section.objects.filter(inspection=found).update(note=XSS)
    kit.hit(found, kit.deduction(found), problem=XSS, requirement=XSS, place=XSS)
    found = kit.finish(found, conclusion=XSS)
    side = {"actor": cast.verifier, "inspection": found, "turn": found.turn}
    concluding.talk(**side, side="project", text=XSS, agrees=False)
    client = log_in(cast.quality_office)
    for url in (page_of(found), LIST, f"{LIST}?q={XSS}", page_of(found, "cancel"), reverse("dashboards:home"),
                f"/search/?q={found.number}"):  # fmt: skip
        text = client.get(url).content.decode()
        assert XSS not in text, url
        assert "&lt;script&gt;" in text, url


def test_page_costs_the_same_with_one_finding_and_with_thirty(cast, project, log_in, count_queries):
    found = kit.inspection(cast, project)
    deliverable = flow.open_deliverable(cast, project)
    log_in(cast.quality_office)
    kit.hit(found, kit.deduction(found), deliverable=deliverable)
    count_queries(page_of(found))
    few = count_queries(page_of(found))
    for number in range(29):
        kit.finding(found, deliverable=deliverable, problem=f"问题 {number}")
    assert count_queries(page_of(found)) == few <= 45


# ── Crew and end ────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["appoint", "cancel"])
def test_acts_are_refused_to_whose_they_are_not_and_hidden_from_who_does_not_see(cast, project, log_in, name):
    found = kit.discussing(cast, project) if name == "cancel" else kit.inspection(cast, project)
    for part, status in (("quality_office", 200), ("executive", 403), ("chief_engineer", 403), ("outsider", 404)):
        client = log_in(getattr(cast, part))
        assert client.get(page_of(found, name)).status_code == status, part
        assert client.post(page_of(found, name), {}).status_code == (200 if status == 200 else status), part
    assert kit.now(found).turn == found.turn


def test_crew_is_changed_by_the_page(cast, project, log_in):
    found, other, client = kit.inspection(cast, project), kit.inspector(cast), log_in(cast.quality_office)
    response = client.get(page_of(found, "appoint"))
    assert form_of(response)["lead"] == cast.quality_office.pk
    told = sent(response, lead=other.pk, inspectors=[cast.quality_office.pk], reason="回避")
    assert client.post(page_of(found, "appoint"), told).status_code == 302
    assert found.inspectors.get(is_lead=True).user == other
    assert "回避" in words_of(client.get(page_of(found)))


def test_cancelled_by_the_page_it_says_so(cast, project, log_in):
    found, client = kit.inspection(cast, project), log_in(cast.quality_office)
    assert client.post(page_of(found, "cancel"), {"turn": 0, "reason": ""}).context["form"].errors
    assert client.post(page_of(found, "cancel"), {"turn": 0, "reason": "项目终止"}).status_code == 302
    response = client.get(page_of(found))
    assert "已撤销" in words_of(response)
    assert response.context["steps"][-1]["title"] == "撤销"
    assert titles(response) == []


def test_stale_page_is_told_who_was_faster(cast, project, log_in):
    found, second = kit.inspection(cast, project), kit.inspector(cast)
    opening.appoint(actor=second, inspection=found, turn=0, lead=cast.quality_office, inspectors=[second], planned_on=TODAY,
                    reason="增加人手")  # fmt: skip
    client = log_in(cast.quality_office)
    response = client.post(page_of(found, "cancel"), {"turn": 0, "reason": "改期"})
    assert response.status_code == 409
    assert re.search(r"已由（检查员乙）于 .* 处理：调整检查人员", words_of(response))
    assert page_of(found) in response.content.decode()
    assert kit.now(found).state == State.SCORING
    opening.cancel(actor=second, inspection=kit.now(found), turn=1, reason="改期")
    for name in ("cancel", "appoint"):
        assert client.get(page_of(found, name)).status_code == 409


def test_views_of_the_list_are_those_that_are_counted():
    assert set(map(str, queries.VIEWS)) <= {value for value, _ in VIEWS}
