"""The pages of accountability: the whole way through them, who finds what, and what is refused."""

import re
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from inspections.choices import CaseState, Origin, SheetState
from inspections.models import LiabilityCase, LiabilitySheet
from inspections.queries import liability as queries
from staff.choices import Role
from tests.conftest import PASSWORD
from tests.inspections import blame, kit
from tests.reviews import flow
from tests.reviews.papers import text_of

pytestmark = pytest.mark.django_db
XSS = "<script>alert(1)</script>"


@pytest.fixture
def deliverable(cast, project):
    return blame.signed(cast, project)


@pytest.fixture
def case(cast, deliverable):
    return blame.opened(cast, deliverable)


def url(name: str, *args, **query) -> str:
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    return reverse(f"inspections:{name}", args=args) + (f"?{asked}" if asked else "")


def words_of(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def proposal_data(case, *people, **more) -> dict:
    """What a browser sends from the form: the boxes of `people` ticked, everything else as it was filled in."""
    data = {"turn": case.turn, "seen": "", "password": PASSWORD}
    for step in case.walk:
        if not step["signature"]:
            continue
        prefix = f"s{step['signature']}"
        data |= {f"{prefix}-{name}": step[name] for name in ("share", "grounds", "clause")} | {
            f"{prefix}-proposal": ""
        }
        if step["person"] in {person.pk for person in people}:
            data |= {f"{prefix}-is_chosen": "on", f"{prefix}-proposal": blame.PROPOSAL}
    data |= {"other-share": "other", "other-person": "", "other-level_title": "", "other-grounds": "", "other-clause": "",
             "other-proposal": ""}  # fmt: skip
    return data | more


# ── The way ─────────────────────────────────────────────────────────────────
def test_from_a_finding_to_the_decision_on_paper_by_the_pages(cast, project, log_in):
    deliverable = blame.issued(cast, project)
    finding = blame.finding(cast, project, deliverable)
    office = log_in(cast.quality_office)
    page = url("liability_new_from_finding", finding.inspection_id, finding.pk)
    response = office.get(page)
    assert finding.problem in words_of(response)
    form = {"round": deliverable.rounds.get().pk, "category": "quantity", "problem": finding.problem, "amount": "1200.50",
            "found_on": timezone.localdate(), "deliverable": deliverable.pk}  # fmt: skip
    response = office.post(page, form | {"files": [kit.photo()]})
    case = LiabilityCase.objects.get()
    assert response.url == url("liability", case.pk)
    assert case.evidence.count() == 1
    assert office.get(page).url == url("liability", case.pk)
    page = words_of(office.get(url("liability", case.pk)))
    for words in ("直接责任（应说明而未说明）", "编制责任", "声明“无”，未作说明", "全面复核", "不提出问责"):
        assert words in page
    assert "编制人" in words_of(office.get(url("liability_propose", case.pk)))
    response = office.post(url("liability_propose", case.pk), proposal_data(case, cast.verifier))
    sheet = LiabilitySheet.objects.get()
    assert (response.status_code, sheet.person, sheet.proposal) == (302, cast.verifier, blame.PROPOSAL)
    person = log_in(cast.verifier)
    assert "请陈述申辩或确认无异议" in words_of(person.get(url("liability_sheet", sheet.pk)))
    told = {"turn": 0, "seen": "", "accepts": "no", "text": "竣工图当时未提供。", "password": PASSWORD,
            "files": [flow.pdf_file("说明.pdf")]}  # fmt: skip
    assert person.post(url("liability_answer", sheet.pk), told).status_code == 302
    executive = log_in(cast.executive)
    page = words_of(executive.get(url("liability_decide", sheet.pk)))
    assert "竣工图当时未提供。" in page
    told = {"turn": 1, "seen": "", "outcome": "changed", "decision": "减半处理。", "hearing": "已核查底稿。",
            "password": PASSWORD}  # fmt: skip
    assert executive.post(url("liability_decide", sheet.pk), told).status_code == 302
    sheet.refresh_from_db()
    assert (sheet.state, sheet.outcome) == (SheetState.DECIDED, "changed")
    response = log_in(cast.verifier).get(url("liability_sheet_pdf", sheet.pk))
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "减半处理。" in text_of(response.content)
    assert words_of(log_in(cast.verifier).get(url("liability_mine"))).count(sheet.number) == 1


def test_later_event_is_opened_by_the_number_of_the_deliverable(cast, deliverable, log_in):
    office = log_in(cast.quality_office)
    assert deliverable.number in words_of(office.get(url("liability_new", q=deliverable.number)))
    assert "没有找到" in words_of(office.get(url("liability_new", q="不存在的成果")))
    page = url("liability_new", deliverable=deliverable.pk)
    assert office.get(page).status_code == 200
    told = {"deliverable": deliverable.pk, "origin": Origin.COURT, "document": "（2026）浙 01 民终 18 号", "category": "fees",
            "round": deliverable.rounds.get().pk, "found_on": timezone.localdate(), "problem": "取费有误", "amount": ""}  # fmt: skip
    assert office.post(url("liability_new"), told).status_code == 302
    case = LiabilityCase.objects.get()
    assert (case.origin, case.document, case.amount) == (Origin.COURT, told["document"], None)
    again = office.post(url("liability_new"), told)
    assert "同一问题已提起问责" in words_of(again)
    assert LiabilityCase.objects.count() == 1


@pytest.mark.parametrize("asked", ["0", "x", "", "9" * 30])
def test_deliverable_that_is_not_there_is_a_404(cast, log_in, asked):
    assert log_in(cast.quality_office).get(url("liability_new", deliverable=asked)).status_code == 404


def test_finding_that_is_linked_to_no_deliverable_is_a_404(cast, project, log_in):
    loose = blame.finding(cast, project, None)
    office = log_in(cast.quality_office)
    assert office.get(url("liability_new_from_finding", loose.inspection_id, loose.pk)).status_code == 404


def test_case_is_dropped_by_its_page_and_the_reason_is_on_it(cast, case, log_in):
    office = log_in(cast.quality_office)
    page = url("liability_drop", case.pk)
    assert "没有保存" in words_of(office.post(page, {"turn": 0, "reason": " "}))
    assert LiabilityCase.objects.get().state == CaseState.OPEN
    assert office.post(page, {"turn": 0, "reason": "经核实不存在"}).status_code == 302
    assert "经核实不存在" in words_of(office.get(url("liability", case.pk)))
    assert office.get(page).status_code == 409
    assert office.get(url("liability_propose", case.pk)).status_code == 409


def test_proofs_are_uploaded_removed_and_refused_by_the_pages(cast, case, log_in):
    office = log_in(cast.quality_office)
    page = url("liability_evidence", case.pk)
    assert office.post(page, {"files": [kit.photo(shade=1), kit.photo(shade=2)]}).status_code == 302
    assert case.evidence.count() == 2
    response = office.post(page, {"files": [flow.pdf_file("假.xlsx")]})
    assert response.status_code == 200
    assert "扩展名" in words_of(response)
    proof = case.evidence.first()
    office.post(url("liability_evidence_remove", case.pk, proof.pk))
    assert case.evidence.standing().count() == 1
    assert log_in(cast.executive).get(page).status_code == 403


# ── Forms keep what was typed ───────────────────────────────────────────────
def test_proposal_that_lacks_something_says_where_and_loses_nothing(cast, case, log_in):
    office, page = log_in(cast.quality_office), url("liability_propose", case.pk)
    data = proposal_data(case, cast.checker, cast.verifier)
    prefix = f"s{blame.step_of(case, cast.verifier)['signature']}"
    response = office.post(page, data | {f"{prefix}-proposal": " ", f"{prefix}-grounds": "我改写的事实依据"})
    text = words_of(response)
    assert "请填写处理意见。" in text
    assert "我改写的事实依据" in text
    assert blame.PROPOSAL in text
    assert not LiabilitySheet.objects.exists()
    assert "密码不正确" in words_of(office.post(page, data | {"password": "wrong"}))
    assert "请至少为一人出具问责单" in words_of(office.post(page, proposal_data(case)))
    assert "请选择人员" in words_of(office.post(page, data | {"other-is_chosen": "on"}))
    assert not LiabilitySheet.objects.exists()


def test_somebody_who_signed_nothing_is_added_by_the_last_row(cast, case, log_in):
    other = {"other-is_chosen": "on", "other-person": cast.outsider.pk, "other-level_title": "资料员", "other-grounds": "未提供竣工图",
             "other-clause": "由复核人员承担责任。", "other-proposal": "提醒"}  # fmt: skip
    log_in(cast.quality_office).post(url("liability_propose", case.pk), proposal_data(case, **other))
    sheet = LiabilitySheet.objects.get()
    assert (sheet.person, sheet.level_title, sheet.signature) == (cast.outsider, "资料员", None)


def test_answer_and_decision_that_lack_something_say_so(cast, case, log_in):
    (sheet,) = blame.served(cast, case, cast.verifier)
    person, page = log_in(cast.verifier), url("liability_answer", sheet.pk)
    told = {"turn": 0, "accepts": "no", "text": "", "password": PASSWORD}
    assert "请填写陈述申辩的内容" in words_of(person.post(page, told))
    response = person.post(page, told | {"text": "我的申辩内容", "password": "wrong"})
    assert "密码不正确" in words_of(response)
    assert "我的申辩内容" in words_of(response)
    assert blame.fresh(sheet).state == SheetState.PROPOSED
    blame.answered(sheet, "申辩")
    executive, page = log_in(cast.executive), url("liability_decide", sheet.pk)
    told = {"turn": 1, "outcome": "upheld", "decision": "维持。", "hearing": "", "password": PASSWORD}
    response = executive.post(page, told)
    assert "请填写听证、核查情况" in words_of(response)
    assert "维持。" in words_of(response)
    assert blame.fresh(sheet).state == SheetState.APPEALED


# ── Too late, too early ─────────────────────────────────────────────────────
def test_stale_pages_say_who_was_faster(cast, case, log_in):
    (sheet,) = blame.served(cast, case, cast.verifier)
    office = log_in(cast.quality_office)
    response = office.post(url("liability_propose", case.pk), proposal_data(case, cast.checker))
    assert response.status_code == 409
    assert "已由（质量办）于" in words_of(response)
    blame.answered(sheet, "申辩")
    assert log_in(cast.verifier).get(url("liability_answer", sheet.pk)).status_code == 409
    blame.decided(cast, sheet)
    told = {"turn": 1, "outcome": "upheld", "decision": "维持。", "hearing": "核查", "password": PASSWORD}
    response = log_in(cast.executive).post(url("liability_decide", sheet.pk), told)
    assert response.status_code == 409
    assert "已由（管理层）于" in words_of(response)


def test_before_an_answer_the_page_of_the_decision_leads_back(cast, case, log_in, monkeypatch):
    (sheet,) = blame.served(cast, case, cast.verifier)
    executive = log_in(cast.executive)
    response = executive.get(url("liability_decide", sheet.pk), follow=True)
    assert "尚未陈述申辩，期限也未届满" in words_of(response)
    assert "作出处理决定</a>" not in response.content.decode()
    late = queries.window_ends(sheet) + timedelta(minutes=1)
    monkeypatch.setattr(timezone, "now", lambda: late)
    executive = log_in(cast.executive)
    assert "逾期未提出" in words_of(executive.get(url("liability_decide", sheet.pk)))


# ── Who finds what ──────────────────────────────────────────────────────────
def test_colleague_of_the_same_case_finds_nothing_of_it(cast, case, log_in):
    mine, other = blame.served(cast, case, cast.checker, cast.verifier, proposal="扣减绩效二百元")
    blame.answered(other, "同事的申辩内容", files=[flow.pdf_file("同事的材料.pdf")])
    proof = case.evidence.get()
    browser = log_in(cast.checker)
    for name in ("liability_sheet", "liability_answer", "liability_decide", "liability_sheet_pdf"):
        assert browser.get(url(name, other.pk)).status_code == 404, name
    assert browser.get(url("evidence", proof.pk)).status_code == 404
    for page in (url("liability", case.pk), url("liability_sheet", mine.pk), url("liability_mine"), "/deadlines/"):
        text = words_of(browser.get(page))
        assert all(secret not in text for secret in ("同事的申辩内容", "同事的材料", other.number)), page
    text = words_of(browser.get(url("liability", case.pk)))
    assert "声明“无”，未作说明" in text
    assert text.count("直接责任（应说明而未说明）") == 3  # the own seal, the own row, the own sheet
    assert "项目经理（或项目负责人）负直接责任" not in text


@pytest.mark.parametrize("part", ["preparer", "approver", "outsider", "auditor", "administrator"])
def test_whom_it_does_not_concern_finds_nothing(cast, case, log_in, part):
    (sheet,) = blame.served(cast, case, cast.verifier)
    browser = log_in(getattr(cast, part))
    for name, pk in (("liability", case.pk), ("liability_propose", case.pk), ("liability_drop", case.pk),
                     ("liability_evidence", case.pk), ("liability_sheet", sheet.pk), ("liability_sheet_pdf", sheet.pk),
                     ("liability_answer", sheet.pk), ("liability_decide", sheet.pk)):  # fmt: skip
        assert browser.get(url(name, pk)).status_code == 404, name
    for name in ("liability_list", "liability_new"):
        assert browser.get(url(name)).status_code == 403, name
    assert "没有问责单" in words_of(browser.get(url("liability_mine")))
    assert url("liability_list") not in browser.get("/").content.decode()


def test_who_reads_but_has_no_part_in_it_is_refused(cast, case, log_in):
    (sheet,) = blame.served(cast, case, cast.verifier)
    chief = log_in(cast.chief_engineer)
    assert chief.get(url("liability_list")).status_code == 200
    assert url("liability_list") in chief.get("/").content.decode()
    for name, pk in (("liability_propose", case.pk), ("liability_drop", case.pk), ("liability_evidence", case.pk),
                     ("liability_answer", sheet.pk), ("liability_decide", sheet.pk)):  # fmt: skip
        assert chief.get(url(name, pk)).status_code == 403, name
    assert log_in(cast.quality_office).get(url("liability_decide", sheet.pk)).status_code == 403
    assert log_in(cast.executive).get(url("liability_answer", sheet.pk)).status_code == 403


def test_page_warns_when_nobody_is_left_to_decide(cast, case, log_in):
    blame.served(cast, case, cast.verifier)
    page = url("liability", case.pk)
    assert "没有可以作出决定的人" not in words_of(log_in(cast.quality_office).get(page))
    cast.executive.posts.update(ends_on=timezone.localdate() - timedelta(days=1))
    assert "没有可以作出决定的人" in words_of(log_in(cast.quality_office).get(page))


def test_markup_is_shown_as_text_everywhere(cast, project, log_in):
    deliverable = flow.open_deliverable(cast, project, title=f"成果{XSS}")
    flow.submit(deliverable, unresolved=[f"工程量{XSS}"], declares_no_unresolved=False)
    flow.draft_remark(deliverable, problem=f"垫层{XSS}")
    flow.return_remarks(deliverable)
    flow.answer(deliverable)
    flow.recheck_all(deliverable)
    flow.sign_all(deliverable)
    case = blame.opened(cast, deliverable, problem=f"问题{XSS}", document=f"函{XSS}")
    (sheet,) = blame.served(cast, case, cast.verifier, grounds=f"依据{XSS}", clause=XSS, proposal=XSS)
    blame.answered(sheet, f"申辩{XSS}")
    executive = log_in(cast.executive)
    pages = [url("liability_list", state=""), url("liability", case.pk), url("liability_sheet", sheet.pk)]
    assert XSS not in executive.get(url("liability_decide", sheet.pk)).content.decode()
    blame.decided(cast, sheet, decision=XSS, hearing=XSS)
    for page in pages:
        text = executive.get(page).content.decode()
        assert XSS not in text, page
        assert "&lt;script&gt;" in text, page
    office = log_in(cast.quality_office)
    other = blame.opened(cast, deliverable, problem=XSS)
    assert XSS not in office.get(url("liability_propose", other.pk)).content.decode()
    assert XSS not in log_in(cast.verifier).get(url("liability_mine")).content.decode()


# ── Lists ───────────────────────────────────────────────────────────────────
def test_list_is_filtered_by_state_year_person_unit_and_words(cast, project, deliverable, case, log_in):
    blame.served(cast, case, cast.verifier)
    other = blame.opened(
        cast, flow.submit(flow.open_deliverable(cast, project, title="安装结算")).deliverable, problem="漏项"
    )
    browser = log_in(cast.executive)

    def found(**asked) -> set:
        text = words_of(browser.get(url("liability_list", **asked)))
        return {row.number for row in (case, other) if row.number in text}

    both = {case.number, other.number}
    assert found() == found(year=timezone.localdate().year) == found(unit=cast.zj1.pk) == both
    assert (
        found(state="proposed")
        == found(person="复核人")
        == found(person=cast.verifier.employee_number)
        == {case.number}
    )
    assert found(q="安装") == {other.number}
    assert found(unit=cast.zj2.pk) == found(person="没有这人") == found(state="decided") == set()


def test_lists_and_pages_cost_the_same_queries_whatever_there_is(cast, project, case, log_in, count_queries):
    (sheet,) = blame.served(cast, case, cast.verifier)
    pages = [url("liability_list"), url("liability", case.pk), url("liability_sheet", sheet.pk)]
    log_in(cast.executive)
    count_queries(pages[0])
    few = [count_queries(page) for page in pages]
    log_in(cast.verifier)
    few.append(count_queries(url("liability_mine")))
    case.refresh_from_db()
    blame.served(cast, case, cast.checker, cast.approver, cast.preparer)
    for number in range(4):
        more = blame.opened(cast, case.deliverable, problem=f"另一问题 {number}")
        blame.served(cast, more, cast.verifier, cast.checker)
    log_in(cast.executive)
    count_queries(pages[0])
    assert [count_queries(page) for page in pages] == few[:3]
    log_in(cast.verifier)
    assert count_queries(url("liability_mine")) == few[3]


def test_person_with_a_post_sees_the_own_sheets_beside_all(cast, case, log_in):
    cast.verifier.posts.create(role=Role.CHIEF_ENGINEER, unit=None, starts_on="2024-01-01")
    blame.served(cast, case, cast.verifier)
    browser = log_in(cast.verifier)
    assert "我的问责单" in words_of(browser.get(url("liability_list")))
    assert "全部问责" in words_of(browser.get(url("liability_mine")))


def test_paper_that_is_damaged_is_not_handed_out(cast, case, log_in):
    (sheet,) = blame.served(cast, case, cast.verifier)
    assert "草稿" in text_of(log_in(cast.verifier).get(url("liability_sheet_pdf", sheet.pk)).content)
    blame.answered(sheet)
    decided = blame.decided(cast, sheet)
    default_storage.delete(decided.pdf)
    response = log_in(cast.verifier).get(url("liability_sheet_pdf", sheet.pk))
    assert response.status_code == 500
    assert "不能提供" in words_of(response)
