"""What `verify_ledger` finds in participating units, contacts, series and their meetings: nothing after whatever is done by the
application, and every edit behind its back."""

import json
from datetime import date, time, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from ledger import checks
from ledger.models import Entry
from meetings.choices import Frequency
from meetings.guests import Guests
from meetings.models import Contact, Meeting, Party, Room, Series, SeriesGuest
from meetings.services import calling, parties, series
from meetings.verification_course import course_matches
from meetings.verification_parties import parties_match, series_match
from tests.conftest import guards_lifted
from tests.meetings import kit

pytestmark = pytest.mark.django_db


def problems() -> list[str]:
    return [*parties_match(), *series_match(), *course_matches()]


def names(edit, word: str) -> None:
    """`edit`, past the application, is named; then it never was."""
    with transaction.atomic():
        with guards_lifted(connection):
            edit()
        found = problems()
        assert any(word in line for line in found), (word, found)
        transaction.set_rollback(True)


@pytest.fixture
def told(cast, project):
    """Units and contacts renamed, corrected, switched off and on; a series changed in rule, guests and room; another one ended; meetings
    moved by hand and with the series."""
    client, builder = kit.party(cast, project), kit.party(cast, project, "main_contractor")
    first = kit.main_contact(client)
    second = parties.add_contact(actor=cast.verifier, party=client, name="李工", email="li@example.cn", is_main=True)
    parties.update_contact(actor=cast.verifier, contact=first, name="周建国", position="总监", phone="139", email="new@example.cn",
                           is_main=False, is_active=False)  # fmt: skip
    parties.update_party(actor=cast.verifier, party=client, kind="client", name="改名的建设单位", is_active=True)
    parties.update_party(
        actor=cast.verifier, party=builder, kind="subcontractor", name=kit.NAMES["client"][0], is_active=False
    )
    third = parties.add_contact(actor=cast.verifier, party=kit.now(client), name="王工", is_main=True)
    parties.update_contact(actor=cast.verifier, contact=kit.now(second), name="李工", position="", phone="", email="",
                           is_main=True, is_active=True)  # fmt: skip
    room = Room.objects.create(name="三楼会议室")
    of = kit.series(cast, project, users=[cast.preparer], contacts=[kit.now(second)])
    moved = of.meetings.order_by("starts_at")[2]
    starts_at = moved.starts_at + timedelta(days=1)
    calling.move_meeting(actor=cast.verifier, meeting=moved, turn=moved.turn, reason="停电", starts_at=starts_at, room=room,
                         ends_at=starts_at + timedelta(hours=1), place="东侧")  # fmt: skip
    plan = kit.plan(
        cast,
        frequency=Frequency.MONTHLY,
        month_day=25,
        weekday=1,
        room=room,
        place="",
        host="李总",
        begins_at=time(14),
    )
    of = series.change_series(actor=cast.verifier, series=of, turn=of.turn, since=timezone.localdate(), plan=plan,
                              guests=Guests([cast.checker], [kit.now(third)]))  # fmt: skip
    over = kit.series(cast, project, title="终止的例会", weekday=4)
    series.end_series(actor=cast.verifier, series=over, turn=over.turn, reason="竣工")
    return {
        "client": client,
        "builder": builder,
        "first": first,
        "second": second,
        "series": of,
        "over": over,
        "moved": moved,
    }


def test_whatever_the_application_did_is_as_told(told):
    assert problems() == []
    assert {parties_match, series_match, course_matches} <= set(checks._checks)


def test_a_name_that_changes_elsewhere_is_no_edit(cast, told):
    cast.verifier.name = "改名的人"
    cast.verifier.save()
    Room.objects.update(name="改名的会议室")
    assert problems() == []


def test_edits_of_units_and_contacts_are_named(cast, told, other_project):
    one, contact = Party.objects.filter(pk=told["client"].pk), Contact.objects.filter(pk=told["second"].pk)
    for values, word in (
        ({"name": "x"}, "名称"), ({"kind": "other"}, "单位性质"), ({"is_active": False}, "在册"), ({"project": other_project}, "项目"),
    ):  # fmt: skip
        names(lambda values=values: one.update(**values), f"的{word}与证据链所记不符")
    for values, word in (
        ({"email": "thief@example.cn"}, "邮箱"), ({"name": "x"}, "姓名"), ({"phone": "1"}, "电话"), ({"position": "x"}, "职务"),
        ({"is_main": False}, "单位联系人"), ({"is_active": False}, "在册"), ({"party": told["builder"], "is_main": False}, "单位联系人、单位"),
    ):  # fmt: skip
        names(lambda values=values: contact.update(**values), f"（{values.get('name', '李工')}）的{word}与")
    names(
        lambda: Party.objects.create(project=other_project, kind="other", name="x", created_by=cast.verifier),
        "未见于证据链",
    )
    names(lambda: Contact.objects.create(party=told["builder"], name="x"), "未见于证据链")
    names(lambda: Contact.objects.filter(pk=told["first"].pk).delete(), "已不存在")


def test_edits_of_series_are_named(cast, told, other_project):
    rows, over = Series.objects.filter(pk=told["series"].pk), Series.objects.filter(pk=told["over"].pk)
    other = Room.objects.create(name="另一会议室")
    for values, word in (
        ({"title": "x"}, "名称"), ({"month_day": 24}, "日期"), ({"interval": 2}, "间隔"), ({"off_day": "skip"}, "遇非工作日"),
        ({"starts_on": date(2024, 1, 1)}, "开始日期"), ({"ends_on": date(2099, 1, 1)}, "截止日期"), ({"begins_at": time(8)}, "开始时间"),
        ({"minutes_long": 30}, "时长"), ({"room": other}, "会议室"), ({"place": "x"}, "地点"), ({"host": "x"}, "主持人"),
        ({"organiser": cast.approver}, "组织者"), ({"project": other_project}, "项目"), ({"kind": kit.kind("monthly")}, "种类"),
        ({"ended_at": timezone.now(), "ended_by": cast.verifier}, "终止"),
    ):  # fmt: skip
        names(lambda values=values: rows.update(**values), f"的{word}与证据链所记不符")
    names(lambda: over.update(ended_at=None), "的终止与")
    names(lambda: over.update(ended_by=cast.preparer), "的终止与")
    guests = SeriesGuest.objects.filter(series=told["series"])
    names(lambda: guests.filter(user=cast.checker).update(user=cast.outsider), "的参加人与")
    names(lambda: guests.filter(contact__isnull=False).delete(), "的参加人与")


def test_edits_of_meetings_of_a_series_are_named(told):
    rows, other = Meeting.objects.filter(pk=told["moved"].pk), Room.objects.create(name="另一会议室")
    for values, word in (
        ({"room": other}, "会议室"), ({"place": "西侧"}, "地点"), ({"host": "x"}, "主持人"), ({"series": told["over"]}, "例会"),
        ({"occurrence_on": date(2024, 1, 1)}, "例会日期"), ({"sequence": 9}, "邀请序号"), ({"reason": "x"}, "原因"),
    ):  # fmt: skip
        names(lambda values=values: rows.update(**values), f"{told['moved'].number} 的{word}与")


def test_rows_of_an_earlier_version_tell_less_and_raise_no_alarm(cast, told):
    """As the ledger was written before it told numbers of people and rooms."""
    with guards_lifted(connection):
        for entry in Entry.objects.filter(subject_type__in=["meetings.meeting", "meetings.series"]):
            data = json.loads(entry.data)
            for name in ("columns", "invited_ids", "uninvited_ids", "guest_ids", "organiser_id", "room_id"):
                data.pop(name, None)
                data.get("changes", {}).pop(name, None)
            data.pop("kind", None) if entry.subject_type == "meetings.series" else None
            Entry.objects.filter(pk=entry.pk).update(data=json.dumps(data))
    assert problems() == []
    names(lambda: Meeting.objects.filter(pk=told["moved"].pk).update(host="x"), "的主持人与")
    names(lambda: Series.objects.filter(pk=told["series"].pk).update(place="x"), "的地点与")
