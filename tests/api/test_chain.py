"""The preparer's way through the chain over HTTP, and what everybody reads of it."""

from decimal import Decimal

import pytest
from django.conf import settings

from projects.models import Deliverable
from reviews.choices import State
from reviews.models import Round, Signature
from tests.api.conftest import Caller
from tests.conftest import PASSWORD
from tests.reviews import flow

pytestmark = pytest.mark.django_db


@pytest.fixture
def deliverable(cast, project):
    return flow.open_deliverable(cast, project)


@pytest.fixture
def preparer(cast):
    return Caller(cast.preparer)


def submission(caller, round_id: int, **changes) -> dict:
    """The body that says: all 是, 无 and 无, every prompt seen; as the self-check sheet asks for it."""
    sheet = caller.get(f"rounds/{round_id}/self-check/").body
    return {
        "turn": sheet["turn"],
        "manifest": sheet["manifest"],
        "opinion": "自校无误",
        "checklist": [{"item": item["id"], "result": "yes"} for item in sheet["checklist"]],
        "declares_no_unresolved": True,
        "declares_no_attention": True,
        "acknowledged": [prompt["code"] for prompt in sheet["prompts"]],
        "password": PASSWORD,
        **changes,
    }


def test_a_deliverable_goes_from_nothing_to_review_over_http(cast, project, preparer):
    created = preparer.post(
        "deliverables/", project=project.pk, title="土建结算审核报告", kind="settlement_report", discipline="TJ",
        preparer=cast.preparer.employee_number, submitted_amount="1000000.00", draft_amount="960000.00",
    )  # fmt: skip
    assert created.status == 201, created.body
    assert [seat["holder"]["name"] for seat in created.body["seats"]] == [
        "编制人",
        "校核人",
        "复核人",
        "审核人",
        "总工",
    ]
    version, round = created.body["versions"][0], created.body["current_round"]
    assert (version["submitted_amount"], version["draft_amount"]) == ("1000000.00", "960000.00")
    assert preparer.upload(f"versions/{version['id']}/attachments/", flow.pdf_file()).status == 201

    answer = preparer.post(f"rounds/{round['id']}/submit/", **submission(preparer, round["id"]))
    assert answer.status == 200, answer.body
    assert (answer.body["state"], answer.body["level"]["title"]) == ("reviewing", "校核")
    assert [row["user"]["name"] for row in answer.body["waiting_for"]] == ["校核人"]
    signature = Signature.objects.get()
    assert (signature.signer, signature.opinion, signature.level.title) == (cast.preparer, "自校无误", "自校")
    assert signature.manifest_sha256 == answer.body["version"]["manifest_sha256"]

    # The others sign in the browser; the API then tells of it.
    deliverable = Deliverable.objects.get()
    flow.sign(deliverable)
    flow.sign(deliverable)
    flow.sign(deliverable, hits=flow.hits_losing(Decimal("13.5")))
    flow.issue(deliverable)
    issued = preparer.get(f"rounds/{round['id']}/").body
    assert issued["state"] == "issued"
    assert issued["issue"]["number"] == deliverable.rounds.get().issue.number
    signatures = preparer.get("signatures/", round=round["id"], ordering="signed_at").body["results"]
    assert [(row["level"]["title"], row["signer"]["name"]) for row in signatures][-2:] == [
        ("审核", "审核人"),
        ("签发", "总工"),
    ]
    assert signatures[-2]["score"] == {"total": "86.50", "grade": "优良"}
    assert signatures[1]["amount"] == "960000.00"


def test_remarks_are_answered_over_http(cast, deliverable, preparer):
    flow.submit(deliverable)
    flow.draft_remark(deliverable)
    assert preparer.get("remarks/").body["count"] == 0
    assert Caller(cast.checker).get("remarks/").body["count"] == 1
    flow.return_remarks(deliverable)
    remark = preparer.get("remarks/", state="open").body["results"][0]
    assert (remark["amount_affected"], remark["number"], remark["raised_by"]["name"]) == ("-12000.00", 1, "校核人")
    round = preparer.get("rounds/", state="answering").body["results"][0]

    answers = [{"remark": remark["id"], "disposition": "explained", "text": "按合同约定计算"}]
    answer = preparer.post(f"rounds/{round['id']}/answer/", turn=round["turn"], answers=answers)
    assert (answer.status, answer.body["state"]) == (200, "reviewing")
    events = preparer.get(f"remarks/{remark['id']}/").body["events"]
    assert [(event["kind"], event["disposition"], event["by"]["name"]) for event in events] == [
        ("answer", "explained", "编制人")
    ]


def test_a_corrected_version_starts_a_new_round_and_answers_at_its_submission(cast, deliverable, preparer):
    flow.submit(deliverable)
    remark = flow.draft_remark(deliverable)
    flow.return_remarks(deliverable)
    round = flow.live(deliverable)
    answer = preparer.post(f"rounds/{round.pk}/start-version/", turn=round.turn, note="按校核意见修改")
    assert (answer.status, answer.body["number"], answer.body["version"]["number"]) == (200, 2, 2)
    assert preparer.get(f"rounds/{round.pk}/").body["state"] == "voided"
    version, live = answer.body["version"]["id"], answer.body["id"]
    assert preparer.upload(f"versions/{version}/attachments/", flow.pdf_file(mark="改")).status == 201
    refused = preparer.post(f"rounds/{live}/submit/", **submission(preparer, live))
    assert (refused.status, list(refused.body)) == (400, ["answers"])
    sheet = preparer.get(f"rounds/{live}/self-check/").body
    assert [row["id"] for row in sheet["remarks"]] == [remark.pk]
    answers = [{"remark": remark.pk, "disposition": "corrected", "text": "已修改"}]
    answer = preparer.post(f"rounds/{live}/submit/", **submission(preparer, live, answers=answers))
    assert (answer.status, answer.body["state"]) == (200, "reviewing")


def test_a_submission_is_withdrawn_before_anybody_acted(cast, deliverable, preparer):
    round = flow.submit(deliverable)
    assert preparer.post(f"rounds/{round.pk}/withdraw/", turn=round.turn + 1, reason="").status == 400
    live = flow.live(deliverable)
    answer = preparer.post(f"rounds/{round.pk}/withdraw/", turn=live.turn, reason="漏传附表")
    assert (answer.status, answer.body["state"], answer.body["number"]) == (200, "preparing", 2)
    assert preparer.get(f"rounds/{round.pk}/").body["end_reason"] == "漏传附表"


def test_facts_of_a_deliverable_change_only_while_it_is_prepared(cast, deliverable, preparer):
    path = f"deliverables/{deliverable.pk}/"
    answer = preparer.patch(path, due_on="2026-12-31")
    assert (answer.status, answer.body["due_on"], answer.body["title"]) == (200, "2026-12-31", deliverable.title)
    flow.submit(deliverable)
    answer = preparer.patch(path, title="改")
    assert (answer.status, answer.body) == (400, {"non_field_errors": ["成果文件已进入审签，不能修改基本信息。"]})


# ── Refused ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"password": "wrong"}, "password"),
        ({"opinion": "  "}, "opinion"),
        ({"checklist": []}, "checklist"),
        ({"checklist": [{"item": 987654, "result": "yes"}]}, "checklist"),
        ({"answers": [{"remark": 987654, "disposition": "explained", "text": "无"}]}, "answers"),
        ({"declares_no_unresolved": False}, "unresolved"),
        ({"attention": ["请看第 36 行"]}, "attention"),
        ({"manifest": "0" * 64}, "non_field_errors"),
        ({"turn": "x"}, "turn"),
    ],
)
def test_a_wrong_submission_is_told_by_field_and_leaves_nothing(cast, deliverable, preparer, changes, field):
    round = flow.live(deliverable)
    answer = preparer.post(f"rounds/{round.pk}/submit/", **submission(preparer, round.pk, **changes))
    assert (answer.status, list(answer.body)) == (400, [field])
    round.refresh_from_db()
    assert (round.state, round.turn) == (State.PREPARING, 0)
    assert not Signature.objects.exists()


def test_a_checklist_item_answered_twice_is_refused(cast, deliverable, preparer):
    round = flow.live(deliverable)
    body = submission(preparer, round.pk)
    body["checklist"].append({"item": body["checklist"][0]["item"], "result": "no", "note": "又"})
    answer = preparer.post(f"rounds/{round.pk}/submit/", **body)
    assert answer.body == {"checklist": ["同一核查条目只能出现一次。"]}


def test_items_and_remarks_of_another_deliverable_are_refused(cast, project, deliverable, preparer):
    other = flow.open_deliverable(cast, project, title="安装结算审核报告")
    flow.submit(other)
    flow.draft_remark(other)
    flow.return_remarks(other)
    round = flow.live(deliverable)
    answers = [{"remark": other.remarks.get().pk, "disposition": "explained", "text": "无"}]
    answer = preparer.post(f"rounds/{round.pk}/submit/", **submission(preparer, round.pk, answers=answers))
    assert (answer.status, list(answer.body)) == (400, ["answers"])


def test_wrong_passwords_at_the_signature_lock_out(cast, deliverable, preparer):
    round = flow.live(deliverable)
    body = submission(preparer, round.pk, password="wrong")
    session = preparer.http.__class__()
    session.force_login(cast.preparer, backend="django.contrib.auth.backends.ModelBackend")
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = session.post(f"/api/v1/rounds/{round.pk}/submit/", body, content_type="application/json")
    assert answer.status_code == 429
    assert "已锁定" in answer.json()["detail"]
    assert not Signature.objects.exists()


def test_an_old_turn_is_told_who_was_faster(cast, deliverable, preparer):
    round = flow.live(deliverable)
    body = submission(preparer, round.pk)
    assert preparer.post(f"rounds/{round.pk}/submit/", **body).status == 200
    answer = preparer.post(f"rounds/{round.pk}/submit/", **body)
    assert answer.status == 409
    assert "编制人" in answer.body["detail"]
    assert preparer.get(f"rounds/{round.pk}/self-check/").status == 409
    assert preparer.post(f"rounds/{round.pk}/withdraw/", turn=0, reason="误").status == 409
    assert preparer.post(f"rounds/{round.pk}/start-version/", turn=0).status == 409


def test_an_issued_round_takes_no_submission(cast, deliverable, preparer):
    round = flow.live(deliverable)
    body = submission(preparer, round.pk)
    flow.submit(deliverable)
    flow.sign_all(deliverable)
    for state in (State.ISSUING, State.ISSUED):
        current = Round.objects.get(pk=round.pk)
        assert current.state == state
        answer = preparer.post(f"rounds/{round.pk}/submit/", **{**body, "turn": current.turn})
        assert answer.status == 409
        if state == State.ISSUING:
            flow.issue(deliverable)


def test_a_colleague_who_is_not_the_preparer_submits_nothing(cast, deliverable):
    round = flow.live(deliverable)
    for person in (cast.checker, cast.approver, cast.executive, cast.auditor):
        caller = Caller(person)
        answer = caller.post(f"rounds/{round.pk}/submit/", **submission(caller, round.pk))
        assert answer.status == 403, person
    assert not Signature.objects.exists()


def test_the_invisible_does_not_exist(cast, deliverable, other_project):
    flow.submit(deliverable)
    remark = flow.draft_remark(deliverable)
    flow.return_remarks(deliverable)
    round, signature = flow.live(deliverable), Signature.objects.get()
    for person in (cast.outsider, cast.administrator):
        caller = Caller(person)
        for path in (
            f"deliverables/{deliverable.pk}/", f"rounds/{round.pk}/", f"rounds/{round.pk}/self-check/",
            f"remarks/{remark.pk}/", f"signatures/{signature.pk}/",
        ):  # fmt: skip
            assert caller.get(path).status == 404, path
        for path in ("submit", "answer", "withdraw", "start-version"):
            assert caller.post(f"rounds/{round.pk}/{path}/", turn=1).status == 404
        assert caller.patch(f"deliverables/{deliverable.pk}/", title="改").status == 404
        for path in ("deliverables/", "rounds/", "remarks/", "signatures/", "versions/", "inbox/"):
            assert caller.get(path).body["count"] == 0, path
    answer = Caller(cast.outsider).post(
        "deliverables/", project=deliverable.project_id, title="x", kind="other", discipline="TJ",
        preparer=cast.outsider.employee_number,
    )  # fmt: skip
    assert (answer.status, list(answer.body)) == (400, ["project"])


def test_a_deliverable_is_created_by_those_who_may(cast, project):
    body = {"project": project.pk, "title": "报告", "kind": "other", "discipline": "TJ", "preparer": "T001"}
    assert Caller(cast.executive).post("deliverables/", **body).status == 403
    assert Caller(cast.checker).post("deliverables/", **{**body, "preparer": "T999"}).body.keys() == {"preparer"}
    assert Caller(cast.checker).post("deliverables/", **{**body, "draft_amount": 1.1}).body.keys() == {"draft_amount"}
    assert Caller(cast.checker).post("deliverables/", **body).status == 201


def test_the_inbox_is_what_the_chain_waits_for(cast, deliverable, preparer):
    rows = preparer.get("inbox/").body["results"]
    assert [(row["deliverable"]["id"], row["state"]) for row in rows] == [(deliverable.pk, "preparing")]
    flow.submit(deliverable)
    assert preparer.get("inbox/").body["count"] == 0
    assert Caller(cast.checker).get("inbox/").body["results"][0]["waiting_for"][0]["duty"] == "sign"
    assert preparer.get("inbox/counts/").body == {"todo": 0, "handled": 1, "started": 1}
    assert preparer.get("inbox/handled/").body["results"][0]["project"]["number"] == "2026-ZJ1-001"
    assert preparer.get("inbox/started/").body["results"][0]["preparer"]["name"] == "编制人"


def test_deliverables_are_filtered_by_what_the_chain_says(cast, project, deliverable, preparer):
    other = flow.open_deliverable(cast, project, title="安装结算审核报告")
    flow.submit(other)

    def titles(**query):
        return [row["title"] for row in preparer.get("deliverables/", **query).body["results"]]

    assert titles(state="reviewing") == ["安装结算审核报告"]
    assert titles(state="preparing") == ["土建结算审核报告"]
    assert titles(q="安装", discipline="TJ", preparer="T001", kind="settlement_report") == ["安装结算审核报告"]
    assert titles(project=project.pk, ordering="number") == ["土建结算审核报告", "安装结算审核报告"]
    assert titles(project=project.pk + 1000) == []
    assert preparer.get("deliverables/", project="x").status == 400
    assert preparer.get("deliverables/", discipline="NONE").status == 400
