"""Who owes the minutes, by the kind's data, and that nobody forgets them by not saying that the meeting is over."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from deadlines import rounds
from deadlines.models import Deadline, DeadlineRule
from deadlines.services import cancel
from meetings.choices import PartyKind, State
from meetings.guests import Guests
from meetings.models import Meeting, MeetingKind
from meetings.printouts.minutes import build as build_paper
from meetings.queries import minutes as queries
from meetings.services import calling, inviting, minutes
from notices.models import Delivery, Notice
from tests.conftest import guards_lifted
from tests.meetings import kit as calls
from tests.meetings import minutes_kit as kit

pytestmark = pytest.mark.django_db


def clocks(meeting):
    return Deadline.objects.filter(subject_type="meetings.meeting", subject_id=meeting.pk).order_by("pk")


@pytest.fixture
def over(cast, project) -> Meeting:
    """It ended three hours ago, and nobody has said so."""
    return kit.meeting(cast, project, hours=-4)


# ── The clock that begins by itself ─────────────────────────────────────────
def test_minutes_are_owed_though_nobody_registers_that_the_meeting_is_over(cast, over):
    assert "meetings.minutes" in rounds.acts()
    assert minutes.start_due() == 1
    assert minutes.start_due() == 0
    clock = clocks(over).get()
    assert (clock.rule.code, clock.responsible, clock.started_at) == ("meeting_minutes", cast.verifier, over.ends_at)
    assert Notice.objects.filter(recipient=cast.verifier, title__startswith="会议纪要开始计时").count() == 1
    assert kit.now(over).state == State.PLANNED


def test_the_end_of_the_meeting_begins_no_second_clock(cast, over):
    minutes.start_due()
    minutes.hold(actor=cast.verifier, meeting=over, turn=over.turn)
    assert clocks(over).count() == 1
    assert minutes.start_due() == 0


def test_it_waits_until_nobody_can_sign_in_any_more(cast, project):
    kit.meeting(cast, project, hours=-2.5)
    kit.meeting(cast, project, hours=24)
    kit.meeting(cast, project, hours=-24 * 100)  # entered for the record
    assert minutes.start_due() == 0


def test_a_meeting_that_was_not_held_owes_none(cast, project, over):
    other = kit.meeting(cast, project, hours=-5)
    assert minutes.start_due() == 2
    calling.cancel_meeting(actor=cast.verifier, meeting=other, turn=0, reason="没有开成")
    starts_at = calls.at(calls.tomorrow(), 9)
    calling.move_meeting(actor=cast.verifier, meeting=over, turn=0, reason="人未到齐", starts_at=starts_at,
                         ends_at=starts_at + timedelta(hours=1))  # fmt: skip
    assert {each.state for each in [*clocks(over), *clocks(other)]} == {"cancelled"}
    assert minutes.start_due() == 0


def test_the_time_it_was_moved_to_counts_anew(cast, over, monkeypatch):
    minutes.start_due()
    starts_at = calls.at(calls.tomorrow(), 9)
    calling.move_meeting(actor=cast.verifier, meeting=over, turn=0, reason="人未到齐", starts_at=starts_at,
                         ends_at=starts_at + timedelta(hours=1))  # fmt: skip
    monkeypatch.setattr("django.utils.timezone.now", lambda: starts_at + timedelta(hours=4))
    assert minutes.start_due() == 1
    assert clocks(over).last().started_at == starts_at + timedelta(hours=1)


def test_who_ends_the_clock_by_hand_has_ended_it(cast, over):
    minutes.start_due()
    cancel(actor=cast.approver, deadline=clocks(over).get(), reason="本次只是碰头")
    assert minutes.start_due() == 0


def test_without_a_rule_nothing_begins(cast, over):
    with guards_lifted(connection):
        DeadlineRule.objects.filter(code="meeting_minutes").delete()
    assert minutes.start_due() == 0


# ── Whose they are ──────────────────────────────────────────────────────────
@pytest.fixture
def special(cast, project, settings):
    """专题会议, called by 监理: the organising unit writes the minutes (由组织单位出会议纪要)."""
    settings.EMAIL_IS_CONFIGURED = True
    units = {kind: kit.party(project, name, kind, email=f"{kind}@example.cn") for kind, name in
             ((PartyKind.SUPERVISOR, "江北监理"), (PartyKind.CLIENT, "滨江城投"))}  # fmt: skip
    row = kit.meeting(cast, project, hours=-1, contacts=[units[PartyKind.CLIENT].contacts.get()])
    Meeting.objects.filter(pk=row.pk).update(kind=calls.kind("special"), called_by=units[PartyKind.SUPERVISOR])
    return kit.now(row)


def test_the_unit_that_called_it_writes_the_minutes(cast, special, log_in, monkeypatch):
    assert queries.writer_of(special).name == "江北监理"
    browser = log_in(cast.verifier)
    page = browser.get(f"/meetings/{special.pk}/").content.decode()
    assert "纪要编写单位" in page
    assert "按制度，本次会议的纪要由江北监理编写" in browser.get(f"/meetings/{special.pk}/minutes/").content.decode()
    kit.no_papers(monkeypatch)
    paper = kit.issued(special)
    (letter,) = Delivery.objects.filter(title__startswith="请编写会议纪要")
    assert letter.address == "supervisor@example.cn"
    assert cast.verifier.name in letter.body
    assert paper.content["written_by"] == "江北监理"
    assert ("编写单位", "江北监理") in [cell for row in build_paper(paper, "x").facts for cell in row]
    assert paper.distributions.filter(party__name="江北监理").exists()


def test_minutes_of_a_weekly_meeting_are_ours(cast, project, over, log_in):
    assert queries.writer_of(over) is None
    assert "纪要编写单位" not in log_in(cast.verifier).get(f"/meetings/{over.pk}/").content.decode()
    assert queries.build(over)["written_by"] == ""


def test_a_kind_may_leave_the_minutes_to_another_unit(cast, project, over):
    """Data, as 质量办 may set it: the designer writes those of 设计交底."""
    designer = kit.party(project, "设计院", PartyKind.DESIGNER)
    MeetingKind.objects.filter(code="weekly").update(minutes_by=PartyKind.DESIGNER)
    assert queries.writer_of(kit.now(over)) == designer
    MeetingKind.objects.filter(code="weekly").update(minutes_by=PartyKind.SUPERVISOR)
    weekly = calls.kind()
    assert "监理单位（编写纪要）：本项目未登记" in inviting.gaps(weekly, project, Guests([cast.verifier], []))
    with pytest.raises(ValidationError, match="编写纪要"):
        calling.call_meeting(
            actor=cast.verifier, kind=weekly, project=project, starts_at=calls.at(calls.tomorrow(), 9),
            ends_at=calls.at(calls.tomorrow(), 10), guests=Guests([], []),
            content=calling.Content(title="周例会", organiser=cast.verifier, place="现场"),
        )  # fmt: skip


def test_of_a_secret_project_the_letter_to_the_writer_names_nothing(cast, project, special):
    project.confidentiality = "secret"
    project.save()
    meeting = kit.now(special)
    minutes.hold(actor=cast.verifier, meeting=meeting, turn=meeting.turn)
    (letter,) = Delivery.objects.filter(title__startswith="请编写会议纪要")
    assert special.title not in letter.title + letter.body
