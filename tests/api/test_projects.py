"""Projects, clients, versions and files over HTTP."""

from decimal import Decimal

import pytest

from ledger.models import Entry
from projects.choices import Confidentiality
from projects.models import Project
from tests.reviews import flow

pytestmark = pytest.mark.django_db


def numbers(answer) -> list[str]:
    return [row["number"] for row in answer.body["results"]]


def test_everybody_sees_what_the_pages_show_them(cast, project, other_project, calling):
    assert numbers(calling(cast.preparer).get("projects/")) == [project.number]
    assert numbers(calling(cast.outsider).get("projects/")) == [other_project.number]
    assert numbers(calling(cast.executive).get("projects/")) == [other_project.number, project.number]
    assert numbers(calling(cast.administrator).get("projects/")) == []


@pytest.mark.parametrize("path", ["projects/{0}/", "projects/{0}/team/"])
def test_what_may_not_be_seen_does_not_exist(cast, project, other_project, calling, path):
    assert calling(cast.outsider).get(path.format(project.pk)).status == 404
    assert calling(cast.outsider).get(path.format(999_999_999_999_999_999_999)).status == 404
    assert calling(cast.preparer).get(path.format(project.pk)).status == 200


def test_an_invisible_project_is_not_changed_and_a_visible_one_only_with_the_right(cast, project, calling):
    assert calling(cast.outsider).patch(f"projects/{project.pk}/", name="改").status == 404
    answer = calling(cast.preparer).patch(f"projects/{project.pk}/", name="改")
    assert (answer.status, answer.body["detail"]) == (403, "您没有“编辑项目”的权限。")


def test_a_project_is_opened_and_changed_through_the_services(cast, project, calling):
    caller = calling(cast.approver)
    answer = caller.post(
        "projects/", name="江北体育馆", new_client="江北文旅集团", unit="ZJ1", business_line="settlement_review",
        contract_amount="123456789.10", project_manager=cast.verifier.employee_number,
    )  # fmt: skip
    assert answer.status == 201, answer.body
    assert answer.body["contract_amount"] == "123456789.10"
    assert answer.body["project_managers"] == [{"employee_number": cast.verifier.employee_number, "name": "复核人"}]
    created = Project.objects.get(pk=answer.body["id"])
    assert created.created_by == cast.approver
    assert Entry.objects.filter(action="project.create", actor=cast.approver).exists()

    answer = caller.patch(f"projects/{created.pk}/", fee="88000.00", stage="delivery")
    assert (answer.status, answer.body["fee"], answer.body["stage"]) == (200, "88000.00", "delivery")
    assert answer.body["name"] == "江北体育馆"


def test_a_project_in_a_foreign_unit_is_refused(cast, project, calling):
    answer = calling(cast.approver).post(
        "projects/", name="城北", new_client="某", unit="ZJ2", business_line="settlement_review"
    )
    assert (answer.status, answer.body) == (403, {"detail": "您不能在该单位新建项目。"})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"unit": "NONE"}, "unit"),
        ({"business_line": "magic"}, "business_line"),
        ({"contract_amount": 12.5}, "contract_amount"),
        ({"contract_amount": "-1"}, "contract_amount"),
        ({"contract_amount": "1.234"}, "contract_amount"),
        ({"new_client": ""}, "new_client"),
        ({"client": 1}, "client"),
        ({"number": "2026-ZJ1-001"}, "number"),
        ({"name": "a\x00b"}, "name"),
        ({"planned_start_on": "2026-05-02", "planned_finish_on": "2026-05-01"}, "non_field_errors"),
    ],
)
def test_wrong_input_is_told_by_field(cast, project, calling, body, field):
    facts = {"name": "江北", "new_client": "江北文旅", "unit": "ZJ1", "business_line": "settlement_review", **body}
    answer = calling(cast.approver).post("projects/", **facts)
    assert answer.status == 400
    assert list(answer.body) == [field]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in answer.body[field][0])


def test_the_client_of_an_invisible_project_can_not_be_taken(cast, project, major_project, calling):
    """A project manager may edit but sees only the clients of visible projects."""
    hidden = Project.objects.create(
        number="2026-ZJ2-009", name="密", client=project.client.__class__.objects.create(name="保密客户"), unit=cast.zj2,
        business_line="settlement_review", confidentiality=Confidentiality.SECRET, created_by=cast.executive,
    )  # fmt: skip
    answer = calling(cast.verifier).patch(f"projects/{project.pk}/", client=hidden.client_id)
    assert (answer.status, list(answer.body)) == (400, ["client"])


def test_projects_are_filtered_searched_sorted_and_paged(cast, project, major_project, other_project, calling):
    caller = calling(cast.executive)
    assert numbers(caller.get("projects/", unit="ZJ1", ordering="number")) == ["2026-ZJ1-001", "2026-ZJ1-002"]
    assert numbers(caller.get("projects/", unit="HQ", ordering="name")) != []
    assert numbers(caller.get("projects/", importance="major")) == ["2026-ZJ1-002"]
    assert numbers(caller.get("projects/", q="污水")) == ["2026-ZJ2-001"]
    page = caller.get("projects/", page_size=2, page=2, ordering="number")
    assert (page.body["count"], numbers(page)) == (3, ["2026-ZJ2-001"])
    assert caller.get("projects/", importance="nonsense").status == 400
    assert caller.get("projects/", q="\x00").status == 400


def test_team_is_read(cast, project, calling):
    rows = calling(cast.preparer).get(f"projects/{project.pk}/team/").body
    assert [(row["user"]["name"], row["role"], row["discipline"] and row["discipline"]["code"]) for row in rows] == [
        ("编制人", "cost_engineer", "TJ"),
        ("校核人", "discipline_lead", "TJ"),
        ("复核人", "project_manager", None),
    ]


def test_reference_lists_name_what_bodies_refer_to(cast, project, calling):
    assert {"code": "ZJ1", "name": "造价一所"} in calling(cast.approver).get("units/").body
    assert calling(cast.preparer).get("units/").body == []
    assert {"code": "TJ", "name": "土建"} in calling(cast.preparer).get("disciplines/").body
    clients = calling(cast.preparer).get("clients/").body["results"]
    assert [row["name"] for row in clients] == ["滨江城市建设投资有限公司"]


# ── Versions and files ──────────────────────────────────────────────────────
@pytest.fixture
def version(cast, project):
    return flow.open_deliverable(cast, project).versions.get()


def test_a_file_is_uploaded_downloaded_and_taken_out(cast, version, calling):
    caller = calling(cast.preparer)
    file = flow.pdf_file("附表.pdf", "附表")
    content = file.read()
    file.seek(0)
    answer = caller.upload(f"versions/{version.pk}/attachments/", file)
    assert answer.status == 201, answer.body
    assert answer.body["name"] == "附表.pdf"
    path = f"attachments/{answer.body['id']}/"
    download = caller.get(f"{path}content/").response
    assert b"".join(download.streaming_content) == content
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert caller.delete(path).status == 204
    assert caller.get(path).status == 404


def test_a_refused_upload_says_why(cast, version, calling):
    file = flow.pdf_file("报告.xlsx")
    answer = calling(cast.preparer).upload(f"versions/{version.pk}/attachments/", file)
    assert answer.status == 400
    assert "扩展名" in answer.body["non_field_errors"][0]


def test_a_foreign_version_is_not_there_and_a_colleagues_not_writable(cast, version, other_project, calling):
    upload = f"versions/{version.pk}/attachments/"
    file = version.attachments.get()
    for path in (f"versions/{version.pk}/", f"attachments/{file.pk}/", f"attachments/{file.pk}/content/"):
        assert calling(cast.outsider).get(path).status == 404
    assert calling(cast.outsider).upload(upload, flow.pdf_file("二.pdf")).status == 404
    assert calling(cast.outsider).delete(f"attachments/{file.pk}/").status == 404
    assert calling(cast.checker).upload(upload, flow.pdf_file("二.pdf")).status == 403
    assert calling(cast.checker).delete(f"attachments/{file.pk}/").status == 403
    assert calling(cast.checker).patch(f"versions/{version.pk}/", note="改").status == 403


def test_amounts_of_a_draft_are_set_one_by_one_and_stay_exact(cast, version, calling):
    answer = calling(cast.preparer).patch(f"versions/{version.pk}/", draft_amount="9999999999999.99")
    assert answer.status == 200
    assert (answer.body["submitted_amount"], answer.body["draft_amount"]) == ("1000000.00", "9999999999999.99")
    version.refresh_from_db()
    assert version.draft_amount == Decimal("9999999999999.99")


def test_a_submitted_version_stays_as_it_is(cast, version, calling):
    flow.submit(version.deliverable)
    caller = calling(cast.preparer)
    assert caller.patch(f"versions/{version.pk}/", note="改").status == 400
    assert caller.upload(f"versions/{version.pk}/attachments/", flow.pdf_file("二.pdf")).status == 400
    assert caller.delete(f"attachments/{version.attachments.get().pk}/").status == 400
