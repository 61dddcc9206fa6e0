"""A crash in the middle of an act leaves nothing half done, and the act works when it is tried again.

What may remain is a PDF in the storage that no row knows (a file is written before the transaction ends): it is in nobody's
way, and its name is random.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection

from ledger import checks
from printing import pdf
from reviews import chain, services
from reviews.choices import State
from reviews.models import ChecklistAnswer, Issue, IssueCounter, Statement
from reviews.services import issuing, opening, preparing, signing
from tests.reviews import flow
from tests.reviews.snapshot import everything


class Crash(BaseException):
    """As when the process ends: no `except Exception` on the way may swallow it and go on."""


def crash_after(monkeypatch, owner, name):
    """`owner.name` does its work and then the process is gone."""
    real = getattr(owner, name)

    def crashing(*args, **kwargs):
        real(*args, **kwargs)
        raise Crash

    monkeypatch.setattr(owner, name, crashing)


@pytest.fixture
def deliverable(cast, project):
    return flow.open_deliverable(cast, project)


@pytest.fixture
def quick_paper(monkeypatch):
    """The typesetter is left out: it takes seconds for each paper. A crash inside it has a test of its own."""
    monkeypatch.setattr(pdf, "render", lambda template, context, **options: options["title"].encode())


def advance(deliverable, state, level):
    """Bring a deliverable to where the act is done."""
    if state != State.PREPARING:
        flow.submit(deliverable)
    while flow.live(deliverable).level.title != level:
        flow.sign(deliverable)


def sign(deliverable):
    flow.sign(deliverable, unresolved=["价差未定"], declares_no_unresolved=False)


def hand_over(deliverable):
    round = flow.live(deliverable)
    seat = deliverable.seats.get(level=round.level)
    to = type(seat.holder).objects.get(name="局外人")
    services.hand_over(actor=seat.holder, round=round, turn=round.turn, seat=seat, to=to, reason="休假")


def return_remarks(deliverable):
    if not deliverable.remarks.exists():
        flow.draft_remark(deliverable)
    flow.return_remarks(deliverable)


EVERY_MOVE = [(chain, "_claim"), (chain, "rewrite_waiting"), (chain, "record")]
SIGNING = [(ChecklistAnswer.objects, "bulk_create"), (Statement.objects, "bulk_create"), (signing, "signature_digest")]
ACTS = {
    "submit": (flow.submit, State.PREPARING, "自校", [(preparing, "write_signature"), *SIGNING]),
    "sign": (sign, State.REVIEWING, "校核", SIGNING),
    "sign with score": (sign, State.REVIEWING, "审核", [(signing, "give_score"), *SIGNING]),
    "return remarks": (return_remarks, State.REVIEWING, "复核", []),
    "send back": (flow.send_back, State.REVIEWING, "复核", [(signing, "tell"), (chain, "open_round")]),
    "new version": (flow.start_version, State.REVIEWING, "复核", [(preparing, "tell"), (chain, "open_round")]),
    "hand over": (hand_over, State.REVIEWING, "复核", [(opening, "_appoint_to_seat"), (opening, "tell")]),
    "issue": (
        flow.issue,
        State.ISSUING,
        "签发",
        [(issuing, "write_signature"), (issuing, "next_number"), (issuing, "keep_paper"), (issuing, "_issue_row"),
         (issuing.printouts, "review_record"), (issuing, "tell")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
def test_crash_in_the_middle_leaves_nothing_and_the_act_works_afterwards(
    cast, deliverable, quick_paper, monkeypatch, act
):
    """At every point of the act, one after the other."""
    step, state, level, points = ACTS[act]
    advance(deliverable, state, level)
    if act == "return remarks":
        flow.draft_remark(deliverable)
    before = everything()
    for owner, name in [*points, *EVERY_MOVE]:
        with monkeypatch.context() as patched:
            crash_after(patched, owner, name)
            with pytest.raises(Crash):
                step(deliverable)
        assert everything() == before, f"left behind by a crash after {name}"
    step(deliverable)
    assert everything() != before
    assert checks.verify().problems == []


@pytest.mark.parametrize("paper", ["flow_sheet", "review_record"])
def test_crash_of_the_typesetter_at_the_issue_leaves_no_number_and_no_row(cast, deliverable, monkeypatch, paper):
    """The real one: WeasyPrint fails while it writes. What the first paper has left in the storage belongs to no row."""
    import weasyprint

    advance(deliverable, State.ISSUING, "签发")
    before, files = everything(), stored_files()
    with monkeypatch.context() as patched:
        patched.setattr(weasyprint.HTML, "write_pdf", fails_at({"flow_sheet": 1, "review_record": 2}[paper]))
        with pytest.raises(MemoryError):
            flow.issue(deliverable)
    assert everything() == before
    orphans = stored_files() - files
    assert len(orphans) == (0 if paper == "flow_sheet" else 1)
    assert not Issue.objects.exists()
    assert not IssueCounter.objects.exists()


def fails_at(which: int):
    """A typesetter that succeeds until its `which`-th paper."""
    count = 0

    def write_pdf(self, **options):
        nonlocal count
        count += 1
        if count == which:
            raise MemoryError
        return b"%PDF-1.7"

    return write_pdf


def stored_files() -> set[str]:
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_full_disk_at_the_issue_leaves_no_number_and_no_row(cast, deliverable, quick_paper, monkeypatch):
    advance(deliverable, State.ISSUING, "签发")
    before = everything()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(default_storage, "save", full)
        with pytest.raises(OSError, match="No space left"):
            flow.issue(deliverable)
    assert everything() == before
    assert flow.issue(deliverable).issue.serial == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("state", "level", "point"),
    [
        (State.REVIEWING, "校核", "reviews.chain:_claim"),
        (State.REVIEWING, "审核", "reviews.chain:record"),
        (State.ISSUING, "签发", "reviews.chain:record"),
    ],
    ids=["signing, round claimed", "signing, all written", "issuing, all written"],
)
def test_killed_process_leaves_nothing_and_the_next_one_is_not_held_up(
    cast, deliverable, quick_paper, state, level, point
):
    """`kill -9` of a real worker in mid-transaction: the database takes everything back and frees the locks."""
    advance(deliverable, state, level)
    before = everything()
    worker = start_worker(deliverable, point)
    try:
        assert worker.stdout.readline() == "stopped\n", worker.communicate()
        assert everything() == before  # nothing shows before it is done
    finally:
        worker.kill()
        worker.communicate()
    assert everything() == before
    step = flow.issue if state == State.ISSUING else flow.sign
    step(deliverable)
    assert checks.verify().problems == []
    if state == State.ISSUING:
        assert Issue.objects.get().serial == 1


def start_worker(deliverable, point: str) -> subprocess.Popen:
    here = [str(connection.settings_dict["NAME"]), str(settings.MEDIA_ROOT)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.reviews.killed_worker", *here, str(deliverable.pk), point],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
