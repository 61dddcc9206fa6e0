"""The pages of projects: what they show, whom they let in, and that they keep what was typed."""

import pytest
from django.urls import reverse
from django.utils import timezone

from projects.models import Assignment, Client, Inquiry, Project, Risk

pytestmark = pytest.mark.django_db

PROJECT_PAGES = ["detail", "team", "risks", "inquiries"]
PROJECT_FORMS = ["edit", "risk_register", "inquiry_register"]


def page(name, *args):
    return reverse(f"projects:{name}", args=args)


@pytest.fixture
def facts(cast):
    """What a person types to open a project."""
    return {
        "unit": cast.zj1.pk, "number": "", "name": "城东体育馆", "client": "", "new_client": "城东体育中心",
        "business_line": "settlement_review", "importance": "ordinary", "confidentiality": "internal",
        "stage": "initiation", "contract_kind": "main", "contract_amount": "1234567.89",
        "planned_start_on": "2026-03-01", "planned_finish_on": "2026-06-30",
    }  # fmt: skip


# ── Who may see and do what ─────────────────────────────────────────────────
@pytest.mark.parametrize("name", PROJECT_PAGES)
def test_page_of_a_visible_project_is_shown(log_in, cast, project, name):
    assert project.name in log_in(cast.preparer).get(page(name, project.pk)).text


@pytest.mark.parametrize("name", PROJECT_PAGES + PROJECT_FORMS)
def test_page_of_a_project_that_is_not_visible_is_404(log_in, cast, project, name):
    assert log_in(cast.outsider).get(page(name, project.pk)).status_code == 404


@pytest.mark.parametrize("name", PROJECT_FORMS)
def test_form_without_the_right_is_403(log_in, cast, project, name):
    assert log_in(cast.archivist).get(page(name, project.pk)).status_code == 403


def test_team_is_set_by_whom_may(log_in, cast, project):
    data = {"user": cast.expert1.pk, "role": "expert", "starts_on": "2026-01-01"}
    assert log_in(cast.preparer).post(page("team", project.pk), data).status_code == 403
    assert log_in(cast.verifier).post(page("team", project.pk), data).status_code == 302
    assert project.assignments.filter(user=cast.expert1).exists()


def test_child_of_another_project_is_404(log_in, cast, project, major_project):
    other = major_project.assignments.first()
    assert log_in(cast.verifier).get(page("assignment_end", project.pk, other.pk)).status_code == 404


def test_new_project_page_is_403_without_a_post(log_in, cast):
    assert log_in(cast.preparer).get(page("create")).status_code == 403


# ── Projects ────────────────────────────────────────────────────────────────
def test_creation_registers_the_new_client_and_counts_the_number_on(log_in, cast, project, facts):
    year = timezone.localdate().year
    Project.objects.filter(pk=project.pk).update(number=f"{year}-ZJ1-007")
    response = log_in(cast.approver).post(page("create"), facts)
    made = Project.objects.get(name="城东体育馆")
    assert response.url == page("team", made.pk)
    assert made.number == f"{year}-ZJ1-008"
    assert made.client.name == "城东体育中心"
    assert made.created_by == cast.approver


def test_creation_suggests_a_number_that_follows_the_unit(log_in, cast):
    browser = log_in(cast.approver)
    number = f"{timezone.localdate().year}-ZJ1-001"
    assert number in browser.get(page("create")).text
    assert number in browser.get(page("number_suggestion"), {"unit": cast.zj1.pk}).text
    assert number not in browser.get(page("number_suggestion"), {"unit": cast.zj2.pk}).text


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"planned_finish_on": "2026-02-01"}, "计划完成日期不能早于计划开始日期。"),
        ({"new_client": ""}, "请选择委托人"),
        ({"number": "2026-ZJ1-001"}, "已存在"),
        ({"contract_amount": "-1"}, "contract_amount"),
        ({"name": ""}, "name"),
    ],
)
def test_creation_says_what_is_wrong_and_keeps_what_was_typed(log_in, cast, project, facts, change, complaint):
    response = log_in(cast.approver).post(page("create"), facts | {"goal": "按期完成<b>审核</b>"} | change)
    form = response.context["form"]
    assert response.status_code == 200
    assert complaint in str(form.errors)
    assert "按期完成&lt;b&gt;审核&lt;/b&gt;" in response.text
    assert "没有保存" in response.text
    assert not Project.objects.filter(name="城东体育馆").exists()
    assert not Client.objects.filter(name="城东体育中心").exists()


def test_unit_of_another_is_not_offered(log_in, cast, facts):
    response = log_in(cast.approver).post(page("create"), facts | {"unit": cast.zj2.pk})
    assert "unit" in response.context["form"].errors


def test_edit_changes_the_project(log_in, cast, project, facts):
    data = facts | {"number": project.number, "client": project.client_id, "name": "滨江花园三期"}
    assert log_in(cast.verifier).post(page("edit", project.pk), data).status_code == 302
    project.refresh_from_db()
    assert project.name == "滨江花园三期"


def test_project_manager_cannot_move_the_project_to_another_unit(log_in, cast, project, facts):
    data = facts | {"number": project.number, "client": project.client_id, "unit": cast.zj2.pk}
    log_in(cast.verifier).post(page("edit", project.pk), data)
    project.refresh_from_db()
    assert project.unit == cast.zj1


def test_free_text_is_escaped(log_in, cast, project):
    Project.objects.filter(pk=project.pk).update(goal="<script>alert(1)</script>", name="<i>名</i>")
    text = log_in(cast.preparer).get(page("detail", project.pk)).text
    assert "<script>alert" not in text
    assert "<i>名" not in text


# ── Team, risks, inquiries ──────────────────────────────────────────────────
def test_team_refuses_a_lead_without_discipline_and_keeps_the_choice(log_in, cast, project):
    data = {"user": cast.expert1.pk, "role": "discipline_lead", "starts_on": "2026-01-01"}
    response = log_in(cast.verifier).post(page("team", project.pk), data)
    assert "须指明专业" in response.text
    assert f'<option value="{cast.expert1.pk}" selected>' in response.text


def test_assignment_is_ended(log_in, cast, project):
    assignment = project.assignments.get(user=cast.checker)
    url = page("assignment_end", project.pk, assignment.pk)
    assert log_in(cast.preparer).get(url).status_code == 403
    assert log_in(cast.verifier).post(url, {"ends_on": "2026-01-31"}).status_code == 302
    assignment.refresh_from_db()
    assert str(assignment.ends_on) == "2026-01-31"


def test_risk_is_registered_escalated_and_settled_by_its_owners(log_in, cast, project):
    data = {"description": "图纸缺页", "probability": 3, "impact": 2, "measures": "", "owner": cast.preparer.pk}
    log_in(cast.preparer).post(page("risk_register", project.pk), data)
    risk = Risk.objects.get()
    escalate, settle = page("risk_escalate", project.pk, risk.pk), page("risk_settle", project.pk, risk.pk)
    assert "图纸缺页" in log_in(cast.preparer).get(escalate).text
    log_in(cast.preparer).post(escalate, {"reason": "需设计单位补图"})
    risk.refresh_from_db()
    assert risk.owner == cast.checker
    # Whoever it climbed to reads why.
    assert "上报：需设计单位补图" in log_in(cast.checker).get(page("risks", project.pk)).text
    assert log_in(cast.preparer).get(settle).status_code == 403
    response = log_in(cast.checker).post(settle, {"status": "removed", "resolution": " "})
    assert response.status_code == 200
    log_in(cast.checker).post(settle, {"status": "removed", "resolution": "已补图"})
    risk.refresh_from_db()
    assert risk.status == "removed"


def test_inquiry_is_registered_and_answered_once(log_in, cast, project):
    browser = log_in(cast.verifier)
    data = {"asked_by": "王工", "channel": "phone", "asked_at": "2026-01-05T09:30", "question": "何时出初稿？"}
    browser.post(page("inquiry_register", project.pk), data)
    inquiry = Inquiry.objects.get()
    url = page("inquiry_answer", project.pk, inquiry.pk)
    browser.post(url, {"answer": "下周三"})
    response = browser.post(url, {"answer": "下周四"})
    assert "该询问已答复" in response.text
    inquiry.refresh_from_db()
    assert inquiry.answer == "下周三"


def test_inquiry_from_the_future_is_refused_beside_its_field(log_in, cast, project):
    data = {"asked_by": "王工", "channel": "phone", "asked_at": "2099-01-05T09:30", "question": "何时？"}
    response = log_in(cast.verifier).post(page("inquiry_register", project.pk), data)
    assert response.context["form"].errors["asked_at"] == ["收到时间不能晚于现在。"]


# ── Clients ─────────────────────────────────────────────────────────────────
def test_clients_are_those_of_visible_projects(log_in, cast, project):
    client = project.client
    assert client.name in log_in(cast.preparer).get(page("clients")).text
    assert client.name not in log_in(cast.outsider).get(page("clients")).text
    assert log_in(cast.outsider).get(page("client_detail", client.pk)).status_code == 404
    assert log_in(cast.preparer).get(page("client_edit", client.pk)).status_code == 403


def test_client_of_a_known_name_is_refused(log_in, cast, project):
    browser = log_in(cast.approver)
    response = browser.post(page("client_create"), {"name": project.client.name, "phone": "0571-88886666"})
    assert response.context["form"].errors["name"]
    assert "0571-88886666" in response.text
    assert browser.post(page("client_create"), {"name": "新区城投"}).status_code == 302


def test_client_edit_leaves_phone_numbers_out_of_the_ledger(log_in, cast, project):
    from ledger.models import Entry

    data = {"name": project.client.name, "phone": "13900001111"}
    log_in(cast.approver).post(page("client_edit", project.client_id), data)
    entry = Entry.objects.get(action="client.update")
    assert "phone" in entry.data
    assert "13900001111" not in entry.data


def test_no_assignment_is_made_for_administrator_or_auditor(log_in, cast, project):
    data = {"user": cast.auditor.pk, "role": "expert", "starts_on": "2026-01-01"}
    response = log_in(cast.verifier).post(page("team", project.pk), data)
    assert "user" in response.context["form"].errors
    assert not Assignment.objects.filter(user=cast.auditor).exists()
