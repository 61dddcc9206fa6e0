"""The pages of materials, clocks and urgent support: what they show, whom they let in, and what they cost."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from deadlines import pages
from deadlines.models import Deadline
from deadlines.services import stop_of
from projects import services
from projects.choices import HandoverKind
from projects.models import Discipline, Handover, HandoverItem, Project, UrgentRequest

pytestmark = pytest.mark.django_db

FRIDAY = date(2026, 11, 13)


@pytest.fixture(autouse=True)
def _on_friday(at):
    at(2026, 11, 13, 10, 30)


def page(name, *args):
    return reverse(f"projects:{name}", args=args)


def shown_after(browser, url, data) -> str:
    """The page that a form leads to."""
    return browser.post(url, data, follow=True).text


def queries_of(browser, url) -> int:
    browser.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url).status_code == 200
    return len(captured)


# ── The way of a set through the pages ──────────────────────────────────────
def test_settlement_document_is_registered_completed_and_its_due_date_told(log_in, cast, project, monkeypatch):
    browser = log_in(cast.preparer)
    data = {"kind": "settlement_documents", "contract_kind": "main", "handed_over_by": "王工"}
    browser.post(page("handover_create", project.pk), data)
    handover = Handover.objects.get()
    here = page("handover", project.pk, handover.pk)
    assert "总承包结算审核，45 日历天" in browser.get(here).text
    item = {"category": "settlement_documents", "name": "总承包结算书", "copies": 3, "received_on": "2026-11-12"}
    assert "总承包结算书" in shown_after(browser, page("item_add", project.pk, handover.pk), item)
    # The day of the last receipt is offered.
    assert 'value="2026-11-12"' in browser.get(here).text
    told = shown_after(browser, page("handover_complete", project.pk, handover.pk), {"completed_on": "2026-11-13"})
    assert "已起算：总承包结算审核 45 日历天，2026-12-28 周一到期。" in told
    clock = Deadline.objects.get()
    for name in ("handover", "handovers", "deadlines", "detail"):
        args = (project.pk, handover.pk) if name == "handover" else (project.pk,)
        text = browser.get(page(name, *args)).text
        assert f"/deadlines/{clock.pk}/" in text
        assert "剩 45 天" in text
    assert f"/deadlines/{clock.pk}/" in browser.get(page("list")).text
    _leads_to_its_subject_only_who_may_open_it(browser, clock, project, monkeypatch)


def _leads_to_its_subject_only_who_may_open_it(browser, clock, project, monkeypatch):
    """An inspection or a meeting of the project may be closed to who sees the project: no link that ends in 404."""
    for shown in (Handover.objects.all(), Handover.objects.none()):
        monkeypatch.setitem(pages._visible, clock.subject_type, lambda user, shown=shown: shown)
        for url in (page("deadlines", project.pk), reverse("deadlines:detail", args=[clock.pk])):
            text = browser.get(url).text
            assert clock.subject_label in text
            # The crumbs and tabs have other addresses.
            assert (f'<a href="{clock.url}">{clock.subject_label}</a>' in text) is shown.exists()


def test_what_is_missing_is_told_and_what_was_typed_stays(log_in, cast, project):
    handover = services.create_handover(actor=cast.preparer, project=project, kind=HandoverKind.MATERIALS,
                                        handed_over_by="王工")  # fmt: skip
    browser = log_in(cast.preparer)
    response = browser.post(page("handover_complete", project.pk, handover.pk), {"completed_on": "2026-11-10"})
    assert "还缺：图纸、设计变更、现场签证、合同。" in response.text
    assert 'value="2026-11-10"' in response.text
    response = browser.post(page("item_add", project.pk, handover.pk), {"category": "drawings", "name": "竣工图"})
    assert set(response.context["item_form"].errors) == {"copies", "received_on"}
    assert 'value="竣工图"' in response.text
    text = shown_after(browser, page("item_add", project.pk, handover.pk), {"category": "drawings", "is_absent": "on"})
    assert "本项目无此类资料" in text


def test_row_is_corrected_and_taken_off(log_in, cast, project, receive):
    handover = receive(project, HandoverKind.OTHER)
    item, browser = handover.items.get(), log_in(cast.preparer)
    data = {"category": "other", "name": "地勘报告", "copies": 2, "received_on": "2026-11-13"}
    browser.post(page("item_edit", project.pk, handover.pk, item.pk), data)
    item.refresh_from_db()
    assert (item.name, item.copies) == ("地勘报告", 2)
    browser.post(page("item_remove", project.pk, handover.pk, item.pk))
    assert not HandoverItem.objects.exists()
    browser.post(page("handover_remove", project.pk, handover.pk))
    assert not Handover.objects.exists()


def test_set_with_rows_or_clocks_is_not_removed(log_in, cast, project, complete):
    handover, browser = complete(project, HandoverKind.BIDS), log_in(cast.preparer)
    assert "不能再修改" in shown_after(browser, page("handover_remove", project.pk, handover.pk), {})
    services.reopen_handover(actor=cast.approver, handover=handover, reason="缺一家")
    assert "请先移除资料" in shown_after(browser, page("handover_remove", project.pk, handover.pk), {})
    services.remove_item(actor=cast.preparer, item=handover.items.get())
    assert "曾登记齐全" in shown_after(browser, page("handover_remove", project.pk, handover.pk), {})


def test_facts_of_a_set_are_corrected(log_in, cast, project, receive):
    handover = receive(project, HandoverKind.OTHER)
    civil = Discipline.objects.get(code="TJ")
    data = {"kind": "drawings", "title": "", "discipline": civil.pk, "contract_kind": "main", "handed_over_by": "李工"}
    url = page("handover_edit", project.pk, handover.pk)
    assert "须填写单项工程名称" in log_in(cast.preparer).post(url, data).text
    log_in(cast.preparer).post(url, data | {"title": "3 号楼"})
    handover.refresh_from_db()
    assert str(handover) == "单项工程图纸：3 号楼"


def test_complete_set_shows_no_forms_and_says_so_to_a_late_page(log_in, cast, project, complete):
    handover, browser = complete(project), log_in(cast.preparer)
    text = browser.get(page("handover", project.pk, handover.pk)).text
    assert 'id="item-form"' not in text
    assert 'id="complete-form"' not in text
    item = {"category": "other", "name": "迟到", "copies": 1, "received_on": "2026-11-13"}
    assert "已登记齐全" in shown_after(browser, page("item_add", project.pk, handover.pk), item)
    again = shown_after(browser, page("handover_complete", project.pk, handover.pk), {"completed_on": "2026-11-13"})
    assert "已登记齐全" in again


def test_fourth_round_of_bids_asks_for_its_reason_on_the_page(log_in, cast, project, complete, receive):
    for number in "一二三":
        complete(project, HandoverKind.BIDS, title=f"第{number}轮")
    url = page("handover_complete", project.pk, receive(project, HandoverKind.BIDS, title="第四轮").pk)
    browser = log_in(cast.preparer)
    assert "一般不超过 3 次" in browser.post(url, {"completed_on": "2026-11-13"}).text
    told = shown_after(browser, url, {"completed_on": "2026-11-13", "beyond_reason": "重新招标"})
    assert "标函分析 4 日历天，2026-11-17 周二到期" in told


def test_error_is_taken_back_on_the_page_by_whom_decides(log_in, cast, project, complete):
    handover = complete(project)
    url, here = page("handover_reopen", project.pk, handover.pk), page("handover", project.pk, handover.pk)
    assert url not in log_in(cast.preparer).get(here).text
    assert url in log_in(cast.quality_office).get(here).text
    assert "未齐全" in shown_after(log_in(cast.quality_office), url, {"reason": "缺签证"})


def test_several_things_go_back_at_once(log_in, cast, project, complete):
    handover, browser = complete(project), log_in(cast.archivist)
    url = page("items_return", project.pk, handover.pk)
    first, *rest = [str(pk) for pk in handover.items.values_list("pk", flat=True)]
    assert browser.get(url).text.count("checked") == 4
    response = browser.post(url, {"items": rest, "returned_on": "2026-11-13"})
    assert "returned_to" in response.context["form"].errors
    assert response.text.count("checked") == 3  # the choice stays
    data = {"items": rest, "returned_on": "2026-11-13", "returned_to": "王工"}
    assert "已登记归还 3 项资料" in shown_after(browser, url, data)
    keep = page("items_keep", project.pk, handover.pk)
    assert "checked" not in browser.get(keep).text  # a consent is not taken for granted
    assert "留存备份" in shown_after(browser, keep, {"items": [first], "consent_basis": "同意函〔2026〕8 号"})
    handover.refresh_from_db()
    assert handover.returned_at is not None
    told = browser.get(reverse("inspections:project_history", args=[project.pk])).text
    assert "结算资料，2026-11-13 齐全" in told
    assert "结算资料：全套、全套、全套" in told
    assert browser.post(url, data | {"items": ["999"]}).context["form"].errors["items"]


# ── Questions and urgent calls ──────────────────────────────────────────────
def test_urgent_call_is_registered_and_its_arrival_too(log_in, cast, project):
    browser = log_in(cast.verifier)
    data = {"asked_by": "王工", "asked_at": "2026-11-13T09:00", "need": "驻场两人"}
    told = shown_after(browser, page("urgent_register", project.pk), data)
    assert "已起算：紧急任务加派人员到岗 1 日历天，2026-11-14 周六到期。" in told
    url = page("urgent_close", project.pk, UrgentRequest.objects.get().pk)
    assert "驻场两人" in browser.get(url).text
    wrong = browser.post(url, {"arrived_at": "2026-11-13T08:00", "arrival_note": "两人到岗"})
    assert "arrived_at" in wrong.context["form"].errors
    text = shown_after(browser, url, {"arrived_at": "2026-11-13T10:00", "arrival_note": "编制人到岗"})
    assert "编制人到岗" in text
    assert "按时完成" in text


def test_question_tells_when_its_answer_is_due_and_how_it_ended(log_in, cast, project, at):
    browser = log_in(cast.verifier)
    data = {"asked_by": "王工", "channel": "phone", "asked_at": "2026-11-13T10:10", "question": "何时出初稿？"}
    assert "答复委托人询问 1 工作小时，2026-11-13 周五 11:10 到期" in shown_after(
        browser, page("inquiry_register", project.pk), data
    )
    assert "剩 40 分钟" in browser.get(page("inquiries", project.pk)).text
    at(2026, 11, 13, 11, 11)
    services.answer_inquiry(actor=cast.preparer, inquiry=project.inquiries.get(), answer="下周三")
    assert "逾期完成" in browser.get(page("inquiries", project.pk)).text


# ── Whom the pages let in ───────────────────────────────────────────────────
def test_children_of_another_project_are_404(log_in, cast, project, major_project, receive):
    handover, other = receive(project), receive(major_project)
    browser = log_in(cast.preparer)
    assert browser.get(page("handover", project.pk, other.pk)).status_code == 404
    item = other.items.first()
    assert browser.get(page("item_edit", project.pk, handover.pk, item.pk)).status_code == 404
    assert browser.post(page("item_remove", project.pk, handover.pk, item.pk)).status_code == 404


def test_reader_sees_the_set_without_its_buttons(log_in, cast, project, receive):
    handover = receive(project)
    text = log_in(cast.auditor).get(page("handover", project.pk, handover.pk)).text
    assert str(handover) in text
    for name in ("item_add", "handover_complete", "items_return", "items_keep", "handover_edit"):
        assert page(name, project.pk, handover.pk) not in text


def test_free_text_is_escaped(log_in, cast, project, complete):
    complete(project, HandoverKind.BIDS, title="<i>一标段</i>")
    for name in ("handovers", "deadlines", "detail"):
        assert "<i>一标段" not in log_in(cast.preparer).get(page(name, project.pk)).text


# ── Counts and costs ────────────────────────────────────────────────────────
def counts_of(browser, project) -> dict:
    tabs = browser.get(page("detail", project.pk)).context["tabs"]
    return {tab["title"]: tab["count"] for tab in tabs if tab["count"]}


def test_tabs_count_what_is_to_be_done(log_in, cast, project, receive, complete):
    browser = log_in(cast.verifier)
    assert counts_of(browser, project) == {}
    receive(project)
    complete(project, HandoverKind.BIDS)
    services.register_urgent(
        actor=cast.verifier, project=project, need="驻场", asked_by="王工", asked_at=timezone.now()
    )
    assert counts_of(browser, project) == {"资料交接": 1, "时限": 2, "委托人询问": 1}
    services.update_project(actor=cast.verifier, project=Project.objects.get(pk=project.pk), actual_finish_on=FRIDAY)
    assert counts_of(browser, project) == {"资料交接": 2, "时限": 3, "委托人询问": 1}


def test_clocks_of_a_project_stand_open_ones_first(log_in, cast, project, complete, at):
    for day, title in ((12, "第一轮"), (10, "第二轮"), (11, "第三轮")):
        complete(project, HandoverKind.BIDS, title=title, on=date(2026, 11, day))
    first = Handover.objects.get(title="第一轮")
    stop_of(actor=cast.verifier, subject=first)
    rows = log_in(cast.verifier).get(page("deadlines", project.pk)).context["page"]
    assert [row.subject_label for row in rows] == ["投标书：第二轮", "投标书：第三轮", "投标书：第一轮"]


@pytest.mark.parametrize("name", ["handovers", "handover", "deadlines", "inquiries", "detail"])
def test_page_costs_the_same_with_1_and_with_20_rows(log_in, cast, project, complete, receive, name):
    args = (project.pk, receive(project, HandoverKind.OTHER).pk) if name == "handover" else (project.pk,)
    browser, url = log_in(cast.verifier), page(name, *args)

    def fill(index):
        complete(project, HandoverKind.BIDS, title=f"第 {index} 轮", beyond_reason="委托人要求")
        services.register_urgent(actor=cast.verifier, project=project, need=f"驻场{index}", asked_by="王工",
                                 asked_at=timezone.now())  # fmt: skip
        services.register_inquiry(actor=cast.verifier, project=project, question=f"问{index}", asked_by="王工",
                                  asked_at=timezone.now() - timedelta(minutes=index), channel="phone")  # fmt: skip
        if name == "handover":
            services.add_item(actor=cast.preparer, handover=Handover.objects.get(pk=args[1]), category="other",
                              name=f"资料{index}", copies=1, received_on=FRIDAY)  # fmt: skip

    fill(0)
    before = queries_of(browser, url)
    for index in range(1, 20):
        fill(index)
    assert queries_of(browser, url) == before
    assert before <= 14


def test_list_of_projects_costs_the_same_with_1_and_with_20_clocks(log_in, cast, project, many_projects, complete):
    many_projects(20)
    browser = log_in(cast.verifier)
    complete(project, HandoverKind.BIDS)
    before = queries_of(browser, page("list"))
    for each in Project.objects.exclude(pk=project.pk):
        services.register_urgent(
            actor=cast.verifier, project=each, need="驻场", asked_by="王工", asked_at=timezone.now()
        )
    assert queries_of(browser, page("list")) == before
    assert browser.get(page("list")).text.count("紧急任务加派人员到岗") == 20
