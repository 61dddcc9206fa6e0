"""The pages of the library: who finds them, what they show, what they cost, and hostile words."""

from io import BytesIO

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from inspections.models import Finding
from lessons import services
from lessons.choices import ProposalState
from lessons.models import ChecklistProposal
from projects.choices import BusinessLine, Confidentiality
from reviews.choices import RemarkCategory as C
from reviews.models import ChecklistItem, Level
from tests.inspections import kit as inspections_kit
from tests.lessons import kit
from tests.reviews import flow

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year
XSS = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://x","单价")'
PAGES = ("library", "checklists", "repeats", "proposals")
EXPORTS = ("export", "checklists_export")


@pytest.fixture
def deliverable(cast, project):
    found = flow.open_deliverable(cast, project)
    flow.submit(found)
    return found


def body(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def rows_of(response) -> list[list]:
    sheet = openpyxl.load_workbook(BytesIO(response.content)).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def propose_url(**query) -> str:
    return reverse("lessons:propose", query={"category": C.DATA.value, **query})


@pytest.mark.parametrize("name", [*PAGES, *EXPORTS])
def test_pages_are_for_who_reads_the_library(cast, log_in, name):
    for reader in (cast.executive, cast.chief_engineer, cast.quality_office, cast.approver):
        assert log_in(reader).get(reverse(f"lessons:{name}")).status_code == 200
    for other in (cast.preparer, cast.verifier, cast.administrator, cast.auditor):
        assert log_in(other).get(reverse(f"lessons:{name}")).status_code == 403


def test_empty_library_says_what_would_fill_it(cast, log_in):
    browser = log_in(cast.executive)
    assert "统计口径" in body(browser.get(reverse("lessons:library")))
    assert "逐条回答核查清单" in body(browser.get(reverse("lessons:checklists")))
    assert "文字相同" in body(browser.get(reverse("lessons:repeats")))
    assert "还没有补充建议" in body(browser.get(reverse("lessons:proposals")))
    assert "没有可以列出的例文" in body(browser.get(reverse("lessons:category", args=["data"])))


def test_menu_leads_readers_to_the_library(cast, log_in):
    assert 'href="/lessons/"' in body(log_in(cast.approver).get("/"))
    assert 'href="/lessons/"' not in body(log_in(cast.preparer).get("/"))


def test_table_links_each_category_with_the_filters_of_the_page(cast, log_in, deliverable):
    kit.remark(deliverable, C.DATA)
    page = body(log_in(cast.executive).get(reverse("lessons:library"), {"year": YEAR, "line": "settlement_review"}))
    assert f'href="/lessons/categories/data/?year={YEAR}&amp;line=settlement_review"' in page
    assert "建议补充核查清单" not in page  # 管理层 reads
    assert "建议补充核查清单" in body(log_in(cast.approver).get(reverse("lessons:library")))


def test_filters_that_are_nonsense_break_nothing(cast, log_in, deliverable):
    kit.remark(deliverable)
    browser = log_in(cast.executive)
    nonsense = {"year": "x", "unit": "9999", "line": "?", "category": "criterion-1", "severity": "1", "source": "2",
                "q": "\x00%_'", "sort": "--x", "page": "abc", "period": "9"}  # fmt: skip
    for name, value in nonsense.items():
        for page in (*PAGES, *EXPORTS):
            assert browser.get(reverse(f"lessons:{page}"), {name: value}).status_code == 200
    assert browser.get(reverse("lessons:category", args=["no-such"])).status_code == 404
    assert browser.get(reverse("lessons:category", args=["criterion-" + "9" * 40])).status_code == 404
    assert browser.get(propose_url(category="no-such")).status_code == 403  # 管理层 proposes nothing
    assert log_in(cast.approver).get(propose_url(category="no-such")).status_code == 404


@pytest.mark.parametrize("sort", ["category", "-times", "projects", "-amount", "change"])
def test_table_is_sorted_by_its_heads(cast, log_in, deliverable, sort):
    for category, times in ((C.DATA, 2), (C.FEES, 3)):
        for _ in range(times):
            kit.remark(deliverable, category)
    page = log_in(cast.executive).get(reverse("lessons:library"), {"sort": sort})
    figures = [row.figures.times for row in page.context["found"].rows]
    if sort == "-times":
        assert figures == [3, 2, 0, 0, 0, 0, 0]
    assert sorted(figures) == [0, 0, 0, 0, 0, 2, 3]


def test_category_lists_examples_with_links_to_where_they_stand(cast, log_in, project, deliverable):
    remark = kit.remark(deliverable, C.DATA, problem=f"合计有误，{cast.checker.name}未发现 {XSS}")
    found = kit.finding(cast, project, deliverable=deliverable, remark=remark, problem="汇总表与底稿不一致")
    page = body(log_in(cast.quality_office).get(reverse("lessons:category", args=["data"])))
    assert "合计有误，〔人员〕未发现 &lt;script&gt;" in page
    assert XSS not in page
    assert f'href="/deliverables/{deliverable.pk}/remarks/#remark-{remark.pk}"' in page
    assert f'href="/inspections/{found.inspection_id}/#finding-{found.pk}"' in page


def test_heading_of_a_standard_has_a_page_of_its_own(cast, log_in, project):
    found = kit.finding(cast, project)
    heading = inspections_kit.deduction(found.inspection)
    of_heading = kit.finding(cast, project, deduction=heading, problem="依据资料不全")
    browser = log_in(cast.executive)
    page = body(browser.get(reverse("lessons:library")))
    assert f"/lessons/categories/criterion-{heading.criterion_id}/" in page
    page = body(browser.get(reverse("lessons:category", args=[f"criterion-{heading.criterion_id}"])))
    assert "依据资料不全" in page
    assert found.problem not in page
    assert Finding.objects.get(pk=of_heading.pk).deduction == heading


def test_secret_words_are_not_shown_to_who_may_not_see_the_project(cast, log_in, other_project, deliverable):
    kit.remark(deliverable, C.DATA, problem="保密的问题")
    kit.remark(deliverable, C.DATA, problem="保密的问题")
    type(other_project).objects.filter(pk=deliverable.project_id).update(
        confidentiality=Confidentiality.SECRET, unit=cast.zj2, business_line=BusinessLine.BUDGET
    )
    browser = log_in(cast.approver)
    page = body(browser.get(reverse("lessons:category", args=["data"])))
    assert "另有 2 次属于您无权查看的项目" in page
    for name in ("category", "category_export"):
        assert "保密的问题" not in str(
            browser.get(reverse(f"lessons:{name}", args=["data"])).content.decode("latin-1")
        )
    assert "保密的问题" not in body(browser.get(reverse("lessons:repeats")))
    assert "保密的问题" in body(log_in(cast.chief_engineer).get(reverse("lessons:repeats")))


def test_exports_carry_filters_figures_and_no_formula(cast, log_in, deliverable):
    kit.remark(deliverable, C.DATA, problem=FORMULA)
    browser = log_in(cast.executive)
    rows = rows_of(browser.get(reverse("lessons:export"), {"year": YEAR, "severity": "ordinary"}))
    assert rows[1][0] == f"筛选条件：年度：{YEAR} 年；严重程度：一般"
    assert next(row for row in rows if row[0] == "数据与汇总")[1:6] == [1, "100.0", 1, 0, 1]
    rows = rows_of(browser.get(reverse("lessons:category_export", args=["data"])))
    assert rows[-1][4] == FORMULA
    sheet = openpyxl.load_workbook(
        BytesIO(browser.get(reverse("lessons:category_export", args=["data"])).content)
    ).active
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert "漏检" in str(rows_of(browser.get(reverse("lessons:checklists_export")))[2][0])


def test_pages_cost_the_same_for_one_and_for_many(cast, log_in, count_queries, project, deliverable):
    addresses = [reverse(f"lessons:{name}") for name in PAGES] + [reverse("lessons:category", args=["data"])]
    for _ in range(2):
        kit.finding(cast, project, remark=kit.remark(deliverable, C.DATA), deliverable=deliverable)
    services.propose(actor=cast.approver, levels=[Level.objects.first()], text="甲", category=C.DATA, basis="依据")
    log_in(cast.chief_engineer)
    for address in addresses:
        count_queries(address)
    few = [count_queries(address) for address in addresses]
    for category in C.values:
        named = kit.remark(deliverable, category, problem="同样的问题")
        kit.finding(cast, project, remark=named, deliverable=deliverable, problem="同样的问题")
        services.propose(actor=cast.approver, levels=list(Level.objects.all()[:5]), text=f"乙{category}",
                         category=category, basis="依据")  # fmt: skip
    assert [count_queries(address) for address in addresses] == few


# ── Proposals ───────────────────────────────────────────────────────────────
def test_proposal_begins_with_the_example_and_the_figures(cast, log_in, deliverable):
    remark = kit.remark(deliverable, C.DATA, problem="合计与明细不一致")
    page = body(log_in(cast.approver).get(propose_url(example=f"remark-{remark.pk}", year=YEAR)))
    assert "合计与明细不一致" in page
    assert f"{YEAR} 年 数据与汇总类问题 1 条（校审意见 1 条、检查问题 0 条），涉及 1 个项目" in page
    assert "数据引用、计量单位、汇总是否核对一致" in body(log_in(cast.approver).get(propose_url()))


def test_proposal_goes_from_the_form_to_the_checklist(cast, log_in, deliverable):
    kit.remark(deliverable, C.DATA)
    level = Level.objects.get(route__code="three_levels", order=1)
    told = {"category": "data", "text": f"合计是否复核 {XSS}", "levels": [level.pk], "basis": "自拟的依据"}
    answer = log_in(cast.approver).post(propose_url(year=YEAR), told)
    assert answer.status_code == 302
    proposal = ChecklistProposal.objects.get()
    assert proposal.basis.startswith(f"{YEAR} 年 数据与汇总类问题 1 条")
    browser = log_in(cast.chief_engineer)
    for name, arguments in (("proposals", []), ("proposal", [proposal.pk]), ("decide", [proposal.pk])):
        page = body(browser.get(reverse(f"lessons:{name}", args=arguments)))
        assert "合计是否复核 &lt;script&gt;" in page
        assert XSS not in page
    answer = browser.post(reverse("lessons:decide", args=[proposal.pk]), {"decision": "accept", "note": "同意"})
    assert answer.status_code == 302
    assert ChecklistItem.objects.filter(level=level, text=proposal.text).exists()
    assert "第 8 项" in body(browser.get(reverse("lessons:proposal", args=[proposal.pk])))


def test_form_tells_what_is_missing_and_keeps_what_was_typed(cast, log_in):
    page = body(log_in(cast.approver).post(propose_url(), {"category": "data", "text": "合计是否复核"}))
    assert "请选择至少一个级别" in page
    assert "合计是否复核" in page
    level = Level.objects.first()
    told = {"category": "data", "text": level.checklist.first().text, "levels": [level.pk]}
    assert "已有相同内容" in body(log_in(cast.approver).post(propose_url(), told))


def test_decision_that_comes_too_late_is_told_with_409(cast, log_in):
    (proposal,) = services.propose(
        actor=cast.approver, levels=[Level.objects.first()], text="甲", category=C.DATA, basis="乙"
    )
    services.refuse(actor=cast.quality_office, proposal=proposal, note="不需要")
    browser = log_in(cast.chief_engineer)
    address = reverse("lessons:decide", args=[proposal.pk])
    for answer in (browser.get(address), browser.post(address, {"decision": "accept"})):
        assert answer.status_code == 409
        assert f"已由（{cast.quality_office.name}）" in answer.content.decode()
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.REFUSED


def test_refusal_without_a_reason_stays_on_the_page(cast, log_in):
    (proposal,) = services.propose(
        actor=cast.approver, levels=[Level.objects.first()], text="甲", category=C.DATA, basis="乙"
    )
    address = reverse("lessons:decide", args=[proposal.pk])
    assert "请填写理由" in body(log_in(cast.chief_engineer).post(address, {"decision": "refuse", "note": ""}))


def test_proposer_finds_no_way_to_decide(cast, log_in):
    (proposal,) = services.propose(
        actor=cast.quality_office, levels=[Level.objects.first()], text="甲", category=C.DATA, basis="乙"
    )
    address = reverse("lessons:decide", args=[proposal.pk])
    browser = log_in(cast.quality_office)
    assert address not in body(browser.get(reverse("lessons:proposals")))
    assert browser.get(address).status_code == 403
    assert address in body(log_in(cast.chief_engineer).get(reverse("lessons:proposals")))
