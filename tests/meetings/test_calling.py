"""Meetings called, changed, moved and cancelled: by whom, with whom, and what everybody is told."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.models import Entry
from meetings import chain
from meetings.choices import Act, PartyKind, State
from meetings.forms.calling import ChooseForm
from meetings.guests import Guests
from meetings.models import Meeting, Room
from meetings.services import calling, inviting
from notices.models import Delivery, Notice
from tests.meetings import kit

pytestmark = pytest.mark.django_db


def call(
    cast,
    project,
    *,
    kind="weekly",
    users=(),
    contacts=(),
    hours=1,
    starts_at=None,
    accepts_gaps=False,
    actor=None,
    **content,
):
    actor = actor or cast.verifier
    starts_at = starts_at or kit.at(kit.tomorrow(), 9, 30)
    content = {"title": "周例会", "organiser": actor} | content
    return calling.call_meeting(
        actor=actor, kind=kit.kind(kind), project=project, starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours), content=calling.Content(**content),
        guests=Guests(list(users), list(contacts)), accepts_gaps=accepts_gaps,
    )  # fmt: skip


def told(user) -> list[str]:
    return list(Notice.objects.filter(recipient=user, kind="meeting").order_by("pk").values_list("title", flat=True))


# ── Who may call what ───────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("code", "part", "may"),
    [
        ("weekly", "verifier", True),
        ("weekly", "approver", True),
        ("weekly", "checker", False),
        ("special", "checker", True),
        ("special", "preparer", False),
        ("weekly", "quality_office", False),
        ("weekly", "outsider", False),
    ],
)
def test_who_calls_a_meeting_of_a_project_is_told_by_its_kind(cast, project, code, part, may):
    assert chain.may_call(getattr(cast, part), kit.kind(code), project) is may


@pytest.mark.parametrize(
    ("part", "may"), [("quality_office", True), ("executive", True), ("approver", False), ("verifier", False)]
)
def test_a_meeting_of_the_firm_is_called_by_a_post_of_the_firm(cast, project, part, may):
    assert chain.may_call(getattr(cast, part), kit.kind("quality_monthly"), None) is may
    assert not chain.may_call(getattr(cast, part), kit.kind("quality_monthly"), project)


def test_who_may_not_call_is_refused_and_nothing_is_written(cast, project):
    with pytest.raises(PermissionDenied):
        call(cast, project, actor=cast.preparer, organiser=cast.verifier)
    assert not Meeting.objects.exists()


def test_the_organiser_must_be_one_who_may_call(cast, project):
    with pytest.raises(ValidationError, match="不能组织"):
        call(cast, project, organiser=cast.preparer, accepts_gaps=True)


def test_an_outside_unit_organises_only_what_its_kind_lets_it(cast, project):
    supervisor = kit.party(cast, project, PartyKind.SUPERVISOR)
    with pytest.raises(ValidationError, match="不由监理单位组织"):
        call(cast, project, called_by=supervisor, accepts_gaps=True)
    found = call(cast, project, kind="special", called_by=supervisor, topic="工程索赔", accepts_gaps=True)
    assert (found.called_by, found.topic) == (supervisor, "工程索赔")


# ── Who must be asked ───────────────────────────────────────────────────────
def test_whom_the_rules_ask_is_named_when_missing_and_the_caller_must_accept_it(cast, project):
    client = kit.party(cast, project, PartyKind.CLIENT)
    kit.party(cast, project, PartyKind.MAIN_CONTRACTOR)
    with pytest.raises(ValidationError) as refused:
        call(cast, project, contacts=[kit.main_contact(client)])
    assert refused.value.messages == [
        "制度要求邀请：总包单位：未邀请；分包单位：本项目未登记；设备材料供应单位：本项目未登记。"
    ]
    assert not Meeting.objects.exists()
    call(cast, project, contacts=[kit.main_contact(client)], accepts_gaps=True)
    row = Entry.objects.filter(action="meeting.call").get()
    assert "分包单位：本项目未登记" in row.data
    assert "周建国（滨江城市建设投资有限公司）" in row.data


def test_whom_the_rules_ask_is_filled_in(cast, project):
    found = kit.all_parties(cast, project)
    asked = inviting.asked_for(kit.kind("weekly"), project)
    assert asked.users == [cast.verifier]
    assert {each.party for each in asked.contacts} == {
        party for kind, party in found.items() if kind not in (PartyKind.SUPERVISOR, PartyKind.DESIGNER)
    }
    assert inviting.gaps(kit.kind("weekly"), project, asked) == []


def test_the_firms_own_meeting_asks_its_posts(cast):
    asked = inviting.asked_for(kit.kind("quality_monthly"), None)
    assert set(asked.users) == {cast.quality_office, cast.chief_engineer, cast.approver}


@pytest.mark.parametrize("part", ["administrator", "auditor", "disabled"])
def test_who_is_set_apart_or_gone_is_not_invited(cast, project, part):
    with pytest.raises(ValidationError, match="不能邀请"):
        call(cast, project, users=[getattr(cast, part)], accepts_gaps=True)


def test_a_contact_of_another_project_is_not_invited(cast, project, other_project):
    from meetings.models import Contact, Party

    party = Party.objects.create(project=other_project, kind="client", name="外项目", created_by=cast.executive)
    stranger = Contact.objects.create(party=party, name="外人", email="a@b.cn")
    with pytest.raises(ValidationError, match="不是本项目在册"):
        call(cast, project, contacts=[stranger], accepts_gaps=True)


def test_to_a_secret_project_only_those_who_see_it_are_invited(cast, project):
    project.confidentiality = "secret"
    project.save()
    with pytest.raises(ValidationError, match="局外人"):
        call(cast, project, users=[cast.outsider], accepts_gaps=True)


# ── What is written and told ────────────────────────────────────────────────
def test_a_called_meeting_is_numbered_and_everybody_is_told(cast, project, settings):
    settings.EMAIL_IS_CONFIGURED = True
    client = kit.party(cast, project)
    meeting = kit.meeting(cast, project, users=[cast.preparer])
    assert meeting.number.startswith("HY-")
    assert meeting.invitations.count() == 3
    assert told(cast.preparer) == ["会议召集：滨江花园二期：周例会"]
    assert told(cast.verifier) == []  # who calls knows
    letter = Delivery.objects.get(address="client@example.cn")
    assert letter.outsider == "周建国（滨江城市建设投资有限公司）"
    assert "METHOD:REQUEST" in letter.calendar
    assert meeting.unreached == 0
    assert Entry.objects.filter(action="meeting.call", subject_id=meeting.pk, scope_id=project.pk).exists()
    assert client.contacts.count() == 1


def test_without_a_mail_server_the_organiser_learns_that_nobody_outside_was_written_to(cast, project):
    kit.party(cast, project)
    assert kit.meeting(cast, project).unreached == 1


def test_a_move_needs_a_reason_tells_everybody_and_raises_the_sequence(cast, project):
    meeting = kit.meeting(cast, project, users=[cast.preparer])
    later = meeting.starts_at + timedelta(days=1)
    with pytest.raises(ValidationError, match="原因"):
        calling.move_meeting(
            actor=cast.verifier,
            meeting=meeting,
            turn=0,
            reason=" ",
            starts_at=later,
            ends_at=later + timedelta(hours=1),
        )
    moved = calling.move_meeting(actor=cast.verifier, meeting=meeting, turn=0, reason="总包未到", starts_at=later,
                                 ends_at=later + timedelta(hours=1), place="甲方会议室")  # fmt: skip
    assert (moved.starts_at, moved.sequence, moved.turn, moved.state) == (later, 1, 1, State.PLANNED)
    assert (moved.uid, moved.place) == (meeting.uid, "甲方会议室")
    assert told(cast.preparer)[-1] == "会议改期：滨江花园二期：周例会"
    assert "总包未到" in Notice.objects.filter(recipient=cast.preparer).latest("pk").body


def test_a_meeting_is_not_moved_into_the_past_nor_to_where_it_is(cast, project):
    meeting = kit.meeting(cast, project)
    earlier = meeting.starts_at - timedelta(days=9)
    for when, word in ((earlier, "过去"), (meeting.starts_at, "没有变化")):
        with pytest.raises(ValidationError, match=word):
            calling.move_meeting(
                actor=cast.verifier,
                meeting=meeting,
                turn=0,
                reason="x",
                starts_at=when,
                ends_at=when + timedelta(hours=1),
            )


def test_a_change_invites_the_new_and_tells_those_who_leave(cast, project):
    meeting = kit.meeting(cast, project, users=[cast.preparer])
    content = calling.Content(title="周例会（扩大）", organiser=cast.verifier)
    changed = calling.change_meeting(
        actor=cast.approver, meeting=meeting, turn=0, content=content, guests=Guests([cast.checker], [])
    )
    assert changed.title == "周例会（扩大）"
    assert told(cast.checker) == ["会议召集：滨江花园二期：周例会（扩大）"]
    assert told(cast.preparer)[-1] == "不再邀请您参加会议：滨江花园二期：周例会（扩大）"
    assert told(cast.verifier) == ["会议变更：滨江花园二期：周例会（扩大）"]
    with pytest.raises(ValidationError, match="没有改动"):
        calling.change_meeting(
            actor=cast.verifier, meeting=changed, turn=1, content=content, guests=Guests([cast.checker], [])
        )


def test_a_cancelled_meeting_is_told_and_is_over(cast, project):
    meeting = kit.meeting(cast, project, users=[cast.preparer])
    off = calling.cancel_meeting(actor=cast.verifier, meeting=meeting, turn=0, reason="暴雨")
    assert (off.state, off.sequence, off.reason) == (State.CANCELLED, 1, "暴雨")
    assert told(cast.preparer)[-1] == "会议取消：滨江花园二期：周例会"
    with pytest.raises(chain.AlreadyHandled, match="取消会议"):
        calling.cancel_meeting(actor=cast.verifier, meeting=meeting, turn=1, reason="再次")


def test_who_was_faster_is_named(cast, project):
    meeting = kit.meeting(cast, project)
    later = meeting.starts_at + timedelta(days=1)
    calling.move_meeting(
        actor=cast.approver, meeting=meeting, turn=0, reason="x", starts_at=later, ends_at=later + timedelta(hours=1)
    )
    with pytest.raises(chain.AlreadyHandled, match=r"审核人.*会议改期"):
        calling.cancel_meeting(actor=cast.verifier, meeting=meeting, turn=0, reason="y")


@pytest.mark.parametrize("part", ["preparer", "quality_office", "administrator"])
def test_nobody_else_moves_a_meeting(cast, project, part):
    meeting = kit.meeting(cast, project, users=[cast.preparer])
    with pytest.raises(PermissionDenied):
        calling.cancel_meeting(actor=getattr(cast, part), meeting=meeting, turn=0, reason="x")


# ── Rooms and people ────────────────────────────────────────────────────────
def test_a_room_is_not_booked_twice(cast, project):
    room = Room.objects.create(name="三楼会议室")
    first = kit.meeting(cast, project, room=room)
    with pytest.raises(ValidationError) as refused:
        kit.meeting(cast, project, room=room, starts_at=first.starts_at + timedelta(minutes=30))
    assert first.number in refused.value.message_dict["room"][0]
    kit.meeting(cast, project, room=room, starts_at=first.ends_at)
    calling.cancel_meeting(actor=cast.verifier, meeting=first, turn=0, reason="x")
    kit.meeting(cast, project, room=room, starts_at=first.starts_at)


def test_of_a_meeting_that_the_caller_may_not_see_only_busy_is_told(cast, project):
    room = Room.objects.create(name="三楼会议室")
    first = kit.meeting(cast, None, room=room, users=[cast.verifier])
    with pytest.raises(ValidationError) as refused:
        kit.meeting(cast, project, room=room, actor=cast.approver)
    assert first.number in str(refused.value)  # a technical director sees the firm's meetings
    Meeting.objects.filter(pk=first.pk).update(organiser=cast.executive)
    first.invitations.all().delete()
    with pytest.raises(ValidationError) as refused:
        kit.meeting(cast, project, room=room)
    assert "忙" in str(refused.value)
    assert first.number not in str(refused.value)


# ── The chain ───────────────────────────────────────────────────────────────
def test_the_table_leaves_what_is_over_alone(cast, project):
    assert not [act for state, act in chain.TABLE if state in (State.ISSUED, State.CANCELLED)]


def test_what_the_organiser_writes_alone_needs_no_check_and_what_another_writes_does(cast, project):
    meeting = kit.meeting(cast, project, recorder=cast.preparer)
    meeting = chain.move(meeting=meeting, act=Act.HOLD, actor=cast.verifier, turn=0)
    assert chain.possible_acts(meeting, cast.verifier) == {Act.SUBMIT}
    assert chain.possible_acts(meeting, cast.preparer) == {Act.SUBMIT}
    assert chain.possible_acts(meeting, cast.approver) == set()
    meeting = chain.move(meeting=meeting, act=Act.SUBMIT, actor=cast.preparer, turn=1)
    assert chain.possible_acts(meeting, cast.verifier) == {Act.ISSUE, Act.RETURN}
    own = kit.meeting(cast, project)
    own = chain.move(meeting=own, act=Act.HOLD, actor=cast.verifier, turn=0)
    assert Act.ISSUE in chain.possible_acts(own, cast.verifier)


def test_when_the_organiser_has_left_whoever_may_call_acts_in_their_place(cast, project):
    meeting = kit.meeting(cast, project)
    chain.move(meeting=meeting, act=Act.HOLD, actor=cast.verifier, turn=0)
    cast.verifier.is_active = False
    cast.verifier.save()
    meeting = kit.now(meeting)
    assert Act.ISSUE in chain.possible_acts(meeting, cast.approver)
    assert chain.possible_acts(meeting, cast.verifier) == set()


def test_calling_costs_the_same_queries_whatever_the_number_of_guests(cast, project):
    found = kit.all_parties(cast, project)
    contacts = [kit.main_contact(party) for party in found.values()]

    def cost(users, contacts, day):
        with CaptureQueriesContext(connection) as captured:
            kit.meeting(cast, project, users=users, contacts=contacts, starts_at=kit.at(kit.tomorrow(day), 9))
        return len(captured)

    cost([cast.preparer], contacts[:1], 2)
    few = cost([cast.preparer], contacts[:1], 3)
    assert cost([cast.verifier, cast.preparer, cast.checker, cast.approver], contacts, 4) == few


def test_who_has_no_project_is_offered_only_the_meetings_of_the_firm(cast, project):
    offered = ChooseForm(user=cast.executive).fields["kind"].queryset
    assert offered
    assert all(kind.is_of_firm for kind in offered)
    assert any(not kind.is_of_firm for kind in ChooseForm(user=cast.approver).fields["kind"].queryset)
