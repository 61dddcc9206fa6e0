"""Minutes are written item by item, checked, issued once, and stay as they were issued."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from deadlines.models import Deadline
from ledger.models import Entry
from meetings.chain import AlreadyHandled
from meetings.choices import State
from meetings.models import AgendaItem, Invitation, Minutes
from meetings.services import attendance, minutes
from meetings.verification import minutes_match
from tests.conftest import guards_lifted
from tests.meetings import minutes_kit as kit
from tests.reviews.flow import confirmed


@pytest.fixture
def papers(monkeypatch):
    kit.no_papers(monkeypatch)


@pytest.fixture
def meeting(cast, project):
    return kit.meeting(cast, project, recorder=cast.preparer)


# ── Writing ─────────────────────────────────────────────────────────────────
def test_an_item_is_saved_by_compare_and_set(cast, meeting):
    item = meeting.agenda.first()
    saved = minutes.save_item(actor=cast.preparer, item=item, turn=0, record="一", decision="")
    assert (saved.turn, saved.record, saved.saved_by) == (1, "一", cast.preparer)
    with pytest.raises(minutes.ItemConflict, match="编制人"):
        minutes.save_item(actor=cast.verifier, item=item, turn=0, record="二", decision="")
    assert kit.now(item).record == "一"


def test_a_save_that_comes_twice_because_its_answer_was_lost_is_one(cast, meeting):
    item = meeting.agenda.first()
    for _ in range(2):
        saved = minutes.save_item(actor=cast.preparer, item=item, turn=0, record="一\r\n二", decision="定")
    assert (saved.turn, saved.record) == (1, "一\n二")


def test_nobody_else_writes_the_record(cast, meeting):
    for stranger in (cast.checker, cast.approver, cast.quality_office):
        with pytest.raises(PermissionDenied):
            minutes.save_item(actor=stranger, item=meeting.agenda.first(), turn=0, record="一", decision="")


def test_while_it_is_checked_only_the_organiser_writes(cast, meeting):
    meeting = kit.written(meeting)
    meeting = minutes.submit(actor=cast.preparer, meeting=meeting, turn=meeting.turn)
    item = meeting.agenda.first()
    with pytest.raises(AlreadyHandled):
        minutes.save_item(actor=cast.preparer, item=item, turn=item.turn, record="改", decision="")
    minutes.save_item(actor=cast.verifier, item=item, turn=item.turn, record="改", decision="")


def test_a_record_that_is_too_long_is_refused(cast, meeting):
    with pytest.raises(ValidationError, match="最多"):
        minutes.save_item(actor=cast.preparer, item=meeting.agenda.first(), turn=0, record="长" * 10_001, decision="")


# ── The course ──────────────────────────────────────────────────────────────
def test_holding_starts_the_clock_of_the_organiser(cast, project):
    meeting = kit.meeting(cast, project)
    type(meeting).objects.filter(pk=meeting.pk).update(organiser=cast.checker)
    meeting = minutes.hold(actor=cast.checker, meeting=meeting, turn=0)
    clock = Deadline.objects.get(subject_type="meetings.meeting", subject_id=meeting.pk)
    assert (meeting.state, clock.rule.code, clock.responsible) == (State.HELD, "meeting_minutes", cast.checker)


def test_a_meeting_does_not_end_before_it_began(cast, project):
    meeting = kit.meeting(cast, project, hours=2)
    with pytest.raises(ValidationError, match="尚未开始"):
        minutes.hold(actor=cast.verifier, meeting=meeting, turn=0)


def test_nothing_is_handed_in_unwritten(cast, meeting):
    meeting = minutes.hold(actor=cast.verifier, meeting=meeting, turn=0)
    with pytest.raises(ValidationError) as caught:
        minutes.submit(actor=cast.preparer, meeting=meeting, turn=meeting.turn)
    assert any("进度" in words for words in caught.value.messages)
    assert any("到会" in words for words in caught.value.messages)


def test_the_record_of_another_is_checked_sent_back_and_issued(cast, meeting, papers):
    meeting = kit.written(meeting)
    with pytest.raises(AlreadyHandled):  # not past the recorder
        minutes.issue(actor=cast.verifier, meeting=meeting, turn=meeting.turn, confirmation=confirmed(cast.verifier))
    meeting = minutes.submit(actor=cast.preparer, meeting=meeting, turn=meeting.turn)
    with pytest.raises(PermissionDenied):
        minutes.send_back(actor=cast.preparer, meeting=meeting, turn=meeting.turn, reason="改")
    with pytest.raises(ValidationError):
        minutes.send_back(actor=cast.verifier, meeting=meeting, turn=meeting.turn, reason=" ")
    meeting = minutes.send_back(actor=cast.verifier, meeting=meeting, turn=meeting.turn, reason="决定不明确")
    assert meeting.state == State.HELD
    meeting = minutes.submit(actor=cast.preparer, meeting=meeting, turn=meeting.turn)
    with pytest.raises(PermissionDenied):
        minutes.issue(actor=cast.preparer, meeting=meeting, turn=meeting.turn, confirmation=confirmed(cast.preparer))
    paper = minutes.issue(
        actor=cast.verifier, meeting=meeting, turn=meeting.turn, confirmation=confirmed(cast.verifier)
    )
    assert paper.number.startswith(f"JY-{timezone.localdate().year}-")
    assert kit.now(meeting).state == State.ISSUED
    assert not Deadline.objects.open().filter(subject_id=meeting.pk, subject_type="meetings.meeting").exists()


def test_issue_from_a_stale_page_loses(cast, project, papers):
    meeting = kit.written(kit.meeting(cast, project))
    minutes.issue(actor=cast.verifier, meeting=meeting, turn=meeting.turn, confirmation=confirmed(cast.verifier))
    with pytest.raises(AlreadyHandled):
        minutes.issue(actor=cast.verifier, meeting=meeting, turn=meeting.turn, confirmation=confirmed(cast.verifier))
    assert Minutes.objects.count() == 1


def test_what_changed_since_the_page_was_drawn_is_not_signed(cast, project, papers):
    meeting = kit.written(kit.meeting(cast, project))
    seen = minutes.minutes_content.seen(meeting)
    item = meeting.agenda.first()
    minutes.save_item(actor=cast.verifier, item=item, turn=item.turn, record="改过", decision="")
    with pytest.raises(ValidationError, match="有变动"):
        minutes.issue(
            actor=cast.verifier, meeting=meeting, turn=meeting.turn, confirmation=confirmed(cast.verifier), seen=seen
        )


def test_who_did_not_sign_in_was_absent(cast, project, papers):
    meeting = kit.meeting(cast, project, users=[cast.preparer])
    meeting = kit.written(meeting)
    row = meeting.invitations.get(user=cast.preparer)
    attendance.register(actor=cast.verifier, meeting=meeting, rows={row.pk: ("expected", "")})
    paper = minutes.issue(
        actor=cast.verifier, meeting=meeting, turn=meeting.turn, confirmation=confirmed(cast.verifier)
    )
    assert kit.now(row).attendance == "absent"
    people = {each["name"]: each["attendance"] for each in paper.content["units"][0]["people"]}
    assert people == {"复核人": "到会", "编制人": "缺席"}


# ── Issued ──────────────────────────────────────────────────────────────────
def test_issued_minutes_their_agenda_and_list_are_closed_by_the_database(cast, project, papers):
    made = kit.world(cast, project)
    for change in (
        lambda: Minutes.objects.update(text="别的"),
        lambda: AgendaItem.objects.filter(meeting=made.meeting).update(record="别的"),
        lambda: AgendaItem.objects.create(meeting=made.meeting, order=9, title="补记"),
        lambda: Invitation.objects.filter(meeting=made.meeting).update(attendance="absent"),
        lambda: Minutes.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_a_supplement_has_a_number_of_its_own_and_leaves_the_issued_text(cast, project, papers):
    made = kit.world(cast, project)
    before = (made.minutes.text, made.minutes.pdf_sha256)
    row = minutes.supplement(actor=cast.verifier, minutes=made.minutes, text="第 2 项完成时间更正为 12 月 5 日。",
                             confirmation=confirmed(cast.verifier))  # fmt: skip
    again = minutes.supplement(
        actor=cast.verifier, minutes=row, text="再更正。", confirmation=confirmed(cast.verifier)
    )
    assert (row.number, again.number) == (f"{made.minutes.number}-B1", f"{made.minutes.number}-B2")
    assert again.supplement_to == made.minutes
    kept = kit.now(made.minutes)
    assert (kept.text, kept.pdf_sha256) == before
    to = {(copy.party_id, copy.user_id) for copy in made.minutes.distributions.all()}
    assert {(copy.party_id, copy.user_id) for copy in row.distributions.all()} == to
    with pytest.raises(PermissionDenied):
        minutes.supplement(actor=cast.preparer, minutes=row, text="x", confirmation=confirmed(cast.preparer))


def test_verification_finds_nothing_and_then_what_was_edited_behind_its_back(cast, project, papers):

    made = kit.world(cast, project)
    assert list(minutes_match()) == []
    with guards_lifted(connection):
        Minutes.objects.filter(pk=made.minutes.pk).update(content={**made.minutes.content, "host": "别人"})
        made.minutes.distributions.filter(pk=made.copy.pk).update(
            received_at=timezone.now(), received_by="link", receiver_name="某"
        )
    default_storage.delete(made.minutes.pdf)
    found = "\n".join(minutes_match())
    assert [words for words in ("内容与签署摘要不符", "签收与证据链不符", "文件缺失") if words not in found] == []


def test_the_ledger_has_the_issue_with_digest_and_every_copy(cast, project, papers):
    made = kit.world(cast, project)
    entry = Entry.objects.get(action="meeting.issue")
    assert made.minutes.digest in entry.data
    assert made.minutes.pdf_sha256 in entry.data
    assert made.minutes.objections_until > timezone.localdate() + timedelta(days=4)
