"""The schema, what the API offers at all, and how many queries it takes."""

import io

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from config.api import router
from projects.choices import DeliverableKind
from projects.models import Discipline
from projects.services import add_attachment
from reviews import services
from tests.api.conftest import Caller
from tests.reviews import flow

pytestmark = pytest.mark.django_db


def test_schema_is_valid_and_warns_of_nothing(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))
    schema = yaml.safe_load((tmp_path / "schema.yaml").read_text())
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    for operation in operations:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in operation["summary"]), operation["operationId"]
    # An amount is never a float.
    assert "number" not in {
        field.get("type")
        for component in schema["components"]["schemas"].values()
        for field in component.get("properties", {}).values()
    }


def test_schema_is_served_to_whoever_is_logged_in(cast, log_in):
    answer = log_in(cast.preparer).get("/api/v1/schema/")
    assert answer.status_code == 200
    assert b"operationId: rounds_submit_create" in answer.content


# Everything that writes. Whoever adds a line here: levels are signed, and deliverables issued, in the browser only.
WRITES = {
    ("projects", "create"), ("projects", "partial_update"),
    ("versions", "partial_update"), ("versions", "attachments"), ("attachments", "destroy"),
    ("deliverables", "create"), ("deliverables", "partial_update"),
    ("deadlines", "fulfil"), ("deadlines", "ask"), ("deadlines", "resume"), ("deadlines", "nudge"), ("notices", "read"),
    ("rounds", "submit"), ("rounds", "answer"), ("rounds", "withdraw"), ("rounds", "start_version"),
}  # fmt: skip


def test_nothing_signs_a_level_or_issues():
    writes = set()
    for prefix, viewset, _ in router.registry:
        for route in router.get_routes(viewset):
            for method, name in route.mapping.items():
                if method != "get" and hasattr(viewset, name):
                    writes.add((prefix, name))
    assert writes == WRITES


@pytest.mark.parametrize("act", ["sign", "issue", "join-opinion", "revoke", "send-back", "exempt", "hand-over"])
def test_an_act_of_a_signer_has_no_address(cast, project, act):
    round = flow.submit(flow.open_deliverable(cast, project))
    caller = Caller(cast.checker)
    assert caller.post(f"rounds/{round.pk}/{act}/", turn=round.turn).status == 404
    assert caller.post("signatures/", round=round.pk).status == 405
    assert caller.patch(f"signatures/{round.signatures.get().pk}/", opinion="改").status == 405
    assert caller.delete(f"signatures/{round.signatures.get().pk}/").status == 405


# ── Constant queries ────────────────────────────────────────────────────────
LISTS = ["projects/", "clients/", "deliverables/", "versions/", "rounds/", "remarks/", "signatures/", "inbox/",
         "inbox/handled/", "inbox/started/"]  # fmt: skip
MANY = 30


def queries_of(user, path: str) -> tuple[int, int]:
    """(rows, queries) of a list."""
    with CaptureQueriesContext(connection) as captured:
        answer = Caller(user).get(path, page_size=100)
    return len(answer.body["results"]), len(captured)


def picture() -> SimpleUploadedFile:
    """A small file that is quickly looked at."""
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, "PNG")
    return SimpleUploadedFile("现场照片.png", buffer.getvalue())


def work(cast, project, count: int) -> None:
    """Deliverables that wait for the checker again, each with an answered remark."""
    for number in range(count):
        deliverable = services.open_deliverable(
            actor=cast.preparer, project=project, title=f"报告 {number}", kind=DeliverableKind.OTHER,
            discipline=Discipline.objects.get(code="TJ"), preparer=cast.preparer,
        )  # fmt: skip
        add_attachment(actor=cast.preparer, version=deliverable.versions.get(), upload=picture())
        flow.submit(deliverable)
        flow.draft_remark(deliverable)
        flow.return_remarks(deliverable)
        flow.answer(deliverable)


@pytest.fixture
def one_and_thirty(cast, project):
    """Measure after the first piece of work, then add 29 more of everything and measure again."""
    work(cast, project, 1)
    people = {"inbox/started/": cast.preparer, "inbox/handled/": cast.preparer}
    before = {path: queries_of(people.get(path, cast.checker), path) for path in LISTS}
    work(cast, project, MANY - 1)
    for number in range(MANY - 1):
        copy = project.__class__.objects.get(pk=project.pk)
        client = copy.client.__class__.objects.create(name=f"委托人 {number}")
        copy.pk, copy.number, copy.client = None, f"2026-ZJ1-9{number:02}", client
        copy.confidentiality = "public"
        copy.save()
    after = {path: queries_of(people.get(path, cast.checker), path) for path in LISTS}
    return before, after


def test_lists_take_as_many_queries_for_thirty_rows_as_for_one(one_and_thirty):
    before, after = one_and_thirty
    for path in LISTS:
        (few, queries_few), (many, queries_many) = before[path], after[path]
        assert few < MANY <= many, path
        assert queries_many == queries_few, path
        assert queries_many <= 20, (path, queries_many)


def test_a_deliverable_takes_as_many_queries_with_many_rounds_as_with_one(cast, project):
    deliverable = flow.open_deliverable(cast, project)
    path = f"deliverables/{deliverable.pk}/"
    flow.submit(deliverable)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert Caller(cast.preparer).get(path).status == 200
        return len(captured)

    before = count()
    for number in range(5):
        flow.start_version(deliverable)
        flow.upload(deliverable, mark=f"第 {number} 次")
        flow.upload(deliverable, name="附表.pdf", mark=f"第 {number} 次")
        flow.submit(deliverable)
    assert count() == before
