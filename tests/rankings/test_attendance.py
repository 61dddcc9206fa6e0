"""Attendance and discipline: recorded, withdrawn, closed with the settlement of the year; the pages."""

from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from ledger import checks
from ledger.models import Entry
from notices.models import Notice
from rankings.models import Attendance, Settlement
from rankings.policy_verification import attendance_matches
from rankings.queries import attendance as queries
from rankings.services import attendance as services
from tests.conftest import guards_lifted
from tests.rankings import policy_kit as kit

pytestmark = pytest.mark.django_db

LIST = "/rankings/attendance/"
RECORD = "/rankings/attendance/record/"


def put(cast, person=None, *, days_ago: int = 1, rule: str = "旷工", **more) -> Attendance:
    return services.record(
        actor=cast.quality_office, person=person or cast.preparer, rule=kit.rule_of(rule),
        happened_on=timezone.localdate() - timedelta(days=days_ago), **more,
    )  # fmt: skip


# ── Recording ───────────────────────────────────────────────────────────────
def test_record_is_on_the_ledger_and_told_to_the_person_alone(cast):
    row = put(cast, count=2, note="未请假")
    assert Entry.objects.last().action == "attendance.record"
    notice = Notice.objects.get()
    assert notice.recipient == cast.preparer
    assert list(queries.own_attendance(cast.preparer)) == [row]
    assert list(queries.own_attendance(cast.checker)) == []
    assert list(queries.attendance_of(row.happened_on.year)) == [row]
    assert checks.verify().is_intact


def test_record_of_oneself_is_refused(cast):
    with pytest.raises(PermissionDenied, match="本人"):
        put(cast, cast.quality_office)


def test_record_by_another_post_is_refused(cast):
    for user in (cast.executive, cast.chief_engineer, cast.approver, cast.preparer):
        with pytest.raises(PermissionDenied):
            services.record(
                actor=user, person=cast.outsider, rule=kit.rule_of("旷工"), happened_on=timezone.localdate()
            )


@pytest.mark.parametrize(
    ("more", "words"), [({"days_ago": -1}, "不能晚于今天"), ({"count": 0}, "1 至 31"), ({"count": 32}, "1 至 31")]
)
def test_record_that_cannot_be_is_refused(cast, more, words):
    with pytest.raises(ValidationError, match=words):
        put(cast, **more)


def test_record_by_a_rule_that_is_not_in_force_is_refused(cast):
    old = kit.rule_of("旷工")
    policy = kit.put_in_force(cast)
    penalty = policy.amounts.filter(cause="serious").first()
    for rule in (old, penalty):
        with pytest.raises(ValidationError, match="不属于现行奖惩标准"):
            services.record(
                actor=cast.quality_office, person=cast.preparer, rule=rule, happened_on=timezone.localdate()
            )


def test_record_of_the_same_rule_and_day_again_is_refused_also_by_the_next_version(cast):
    put(cast)
    kit.put_in_force(cast)
    with pytest.raises(ValidationError, match="已经登记"):
        put(cast)
    assert put(cast, rule="请假") != put(cast, days_ago=2)


def test_record_in_a_settled_year_is_refused_until_the_settlement_is_withdrawn(cast):
    row = put(cast)
    settlement = kit.settle(cast, row.happened_on.year)
    with pytest.raises(ValidationError, match="奖惩结算已提出"):
        put(cast, cast.checker)
    with pytest.raises(ValidationError, match="奖惩结算已提出"):
        services.withdraw(actor=cast.quality_office, attendance=row, reason="误记")
    Settlement.objects.filter(pk=settlement.pk).update(state="withdrawn")
    assert put(cast, cast.checker)


# ── Withdrawing ─────────────────────────────────────────────────────────────
def test_withdrawn_record_stays_with_its_reason_and_counts_no_more(cast):
    row = put(cast)
    services.withdraw(actor=cast.quality_office, attendance=row, reason=" 已补假条 ")
    assert (row.withdrawal, row.withdrawn_by) == ("已补假条", cast.quality_office)
    assert list(queries.own_attendance(cast.preparer)) == [row]
    assert list(queries.attendance_of(row.happened_on.year)) == []
    assert checks.verify().is_intact
    assert put(cast)  # the right one may follow


def test_withdrawing_twice_without_reason_or_of_oneself_is_refused(cast):
    row = put(cast)
    with pytest.raises(ValidationError, match="撤销理由"):
        services.withdraw(actor=cast.quality_office, attendance=row, reason=" ")
    services.withdraw(actor=cast.quality_office, attendance=row, reason="误记")
    with pytest.raises(ValidationError) as refused:
        services.withdraw(actor=cast.quality_office, attendance=row, reason="误记")
    assert refused.value.code == "overtaken"
    own = Attendance.objects.create(
        person=cast.quality_office,
        rule=kit.rule_of("旷工"),
        happened_on=timezone.localdate(),
        recorded_by=cast.executive,
    )
    with pytest.raises(PermissionDenied):
        services.withdraw(actor=cast.quality_office, attendance=own, reason="误记")


def test_record_is_closed_by_the_database_and_watched_by_the_ledger(cast):
    row = put(cast)
    for change in (
        lambda: Attendance.objects.update(count=9),
        lambda: Attendance.objects.all().delete(),
        lambda: Attendance.objects.update(withdrawal="半"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    with guards_lifted(connection):
        Attendance.objects.update(count=9)
    assert list(attendance_matches()) == [f"考勤与纪律记录（{row.happened_on}，编号 {row.pk}）的内容与证据链不符"]
    with guards_lifted(connection):
        Attendance.objects.all().delete()
    assert len(list(attendance_matches())) == 1


# ── Pages ───────────────────────────────────────────────────────────────────
def test_list_is_for_those_who_record_or_settle(cast, log_in):
    put(cast, note="<b>粗</b>")
    page = log_in(cast.executive).get(LIST).content.decode()
    assert "编制人" in page
    assert "&lt;b&gt;粗&lt;/b&gt;" in page
    assert RECORD not in page
    assert "撤销" not in page.split("<table")[1]
    for user in (cast.preparer, cast.chief_engineer):
        assert log_in(user).get(LIST).status_code == 403
        assert log_in(user).get("/rankings/attendance/export/").status_code == 403


def test_list_filters_by_person_unit_year_and_state(cast, log_in):
    put(cast)
    gone = put(cast, cast.outsider, days_ago=400)
    services.withdraw(actor=cast.quality_office, attendance=gone, reason="误记")
    client = log_in(cast.quality_office)

    def names(**asked) -> set[str]:
        return {row.person.name for row in client.get(LIST, asked).context["page"]}

    assert names() == {"编制人", "局外人"}
    assert names(q="局外") == names(unit=cast.zj2.pk) == names(year=gone.happened_on.year) == {"局外人"}
    assert names(state="standing") == {"编制人"}
    assert names(state="withdrawn") == {"局外人"}
    assert "没有符合条件的记录" in client.get(LIST, {"q": "无人"}).content.decode()


def test_list_costs_the_same_for_one_and_for_many(cast, log_in, count_queries):
    put(cast)
    log_in(cast.quality_office)
    count_queries(LIST)
    one = count_queries(LIST)
    for days_ago in range(2, 12):
        put(cast, cast.checker, days_ago=days_ago)
    assert count_queries(LIST) == one


def test_export_says_what_the_list_says_and_no_formula(cast, log_in):
    put(cast, note="=1+1")
    found = log_in(cast.quality_office).get("/rankings/attendance/export/", {"q": "编制"})
    sheet = openpyxl.load_workbook(BytesIO(found.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[1][0] == "筛选条件：人员：编制"
    assert rows[3][2:5] == ("编制人", "造价一所", "旷工一天，视情节轻重扣款。")
    assert (sheet.cell(4, 7).value, sheet.cell(4, 7).data_type) == ("=1+1", "s")


def test_form_records_and_keeps_what_was_typed_when_it_is_refused(cast, log_in):
    client = log_in(cast.quality_office)
    data = {"person": cast.preparer.pk, "rule": kit.rule_of("请假").pk, "count": "1", "note": "事假",
            "happened_on": (timezone.localdate() + timedelta(days=1)).isoformat()}  # fmt: skip
    page = client.post(RECORD, data).content.decode()
    assert "日期不能晚于今天。" in page
    assert "事假" in page
    assert client.post(RECORD, data | {"happened_on": timezone.localdate().isoformat()}).status_code == 302
    assert Attendance.objects.get().note == "事假"
    own = client.post(RECORD, data | {"person": cast.quality_office.pk})
    assert "person" in own.context["form"].errors


def test_withdraw_page_asks_for_a_reason_and_tells_who_was_faster(cast, log_in):
    row = put(cast)
    url = reverse("rankings:attendance_withdraw", args=[row.pk])
    client = log_in(cast.quality_office)
    assert "旷工" in client.get(url).content.decode()
    assert client.post(url, {"reason": ""}).status_code == 200
    assert client.post(url, {"reason": "误记"}).status_code == 302
    late = client.post(url, {"reason": "误记"})
    assert late.status_code == 409
    assert "已由（质量办）于" in late.content.decode()
    assert log_in(cast.executive).get(url).status_code == 403
