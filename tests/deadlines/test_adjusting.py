"""Standing still, running longer, running shorter: who may, what for, and what it does to the end."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

import uploads
from deadlines import services
from deadlines.choices import Decision, Event, Light, State
from deadlines.models import Evidence, Suspension, TimeRequest
from notices.choices import Kind
from notices.models import Notice
from projects.models import Assignment
from staff.choices import Role
from staff.models import Post
from tests.deadlines.conftest import (
    extension,
    last_row,
    moment,
    now_in_database,
    resume,
    rows_of,
    said,
    suspend,
    suspension,
    told,
    upload,
)
from tests.deadlines.test_clocks import allowed

pytestmark = pytest.mark.django_db


def decide(actor, request, approve=True, note=""):
    return services.decide(actor=actor, request=request, approve=approve, note=note)


def shorten(actor, deadline, amount=5, **given):
    return services.shorten(
        actor=actor, deadline=deadline, amount=amount, **{"reason": "委托人要求提前", "basis": "函"} | given
    )


# ── Who ─────────────────────────────────────────────────────────────────────
def test_who_may_ask_for_what(cast, start):
    keepers = {"checker", "verifier", "approver"}
    assert allowed(cast, lambda actor: extension(actor, start(subject=actor))) == keepers
    assert (
        allowed(cast, lambda actor: shorten(actor, start(Event.BIDS_RECEIVED, subject=actor, beyond_reason="多次"), 1))
        == keepers
    )


def test_who_may_resume(cast, start):
    def try_to_resume(actor):
        deadline = start(subject=actor)
        suspend(cast, deadline)
        resume(actor, deadline)

    assert allowed(cast, try_to_resume) == {"checker", "verifier", "approver"}


def test_who_may_decide(cast, start):
    def try_to_decide(actor):
        decide(actor, extension(cast.checker, start(subject=actor)))

    assert allowed(cast, try_to_decide) == {"approver", "quality_office", "executive"}


def test_who_asked_does_not_decide(cast, start):
    request = extension(cast.approver, start())
    with pytest.raises(PermissionDenied, match="申请人和责任人不能审批"):
        decide(cast.approver, request)
    assert decide(cast.quality_office, request).decision == Decision.APPROVED


def test_only_who_asked_withdraws(cast, start):
    request = extension(cast.checker, start())
    for part in ("verifier", "approver", "quality_office"):
        with pytest.raises(PermissionDenied, match="只有申请人"):
            services.withdraw_request(actor=getattr(cast, part), request=request)
    assert services.withdraw_request(actor=cast.checker, request=request).decision == Decision.WITHDRAWN


# ── Who is told ─────────────────────────────────────────────────────────────
def asked_of(request_by, deadline) -> list[str]:
    Notice.objects.all().delete()
    extension(request_by, deadline)
    return told(Kind.CLOCK)


def test_a_request_goes_to_the_technical_director(cast, start):
    assert asked_of(cast.verifier, start()) == ["审核人"]
    assert Notice.objects.get().title == "请审批延期：2026-ZJ1-001 滨江花园二期 · 总承包结算审核：结算书"


def test_a_request_of_the_technical_director_goes_to_the_quality_office(cast, start):
    assert asked_of(cast.approver, start()) == ["质量办"]


def test_a_request_about_the_directors_own_clock_goes_to_the_quality_office(cast, project, start):
    Assignment.objects.filter(role=Role.PROJECT_MANAGER).update(user=cast.approver)
    assert asked_of(cast.checker, start()) == ["质量办"]


def test_a_request_without_a_technical_director_goes_to_the_quality_office(cast, start):
    deadline = start()
    Post.objects.filter(role=Role.TECHNICAL_DIRECTOR).delete()
    assert asked_of(cast.verifier, deadline) == ["质量办"]


def test_a_decision_is_told_to_who_asked_and_who_owes(cast, start):
    request = extension(cast.checker, start())
    Notice.objects.all().delete()
    decide(cast.approver, request, note="同意。")
    assert set(told(Kind.CLOCK)) == {"校核人", "复核人"}
    assert Notice.objects.first().body == "同意。新的到期日：2026-04-26 周日。"


# ── Extension ───────────────────────────────────────────────────────────────
def test_an_extension_moves_the_end_and_the_reminders(cast, start):
    deadline = start()
    decide(cast.approver, extension(cast.verifier, deadline, 10))
    deadline = now_in_database(deadline)
    assert (f"{deadline.due_on}", deadline.due_at, deadline.extra) == ("2026-04-26", moment("2026-04-27 00:00"), 10)
    assert deadline.next_at == moment("2026-04-19 08:30")
    row = last_row()
    assert (row.action, row.actor) == ("deadline.decide", cast.approver)
    assert '"due_on":["2026-04-16","2026-04-26"]' in row.data
    assert '"basis":"委托人函〔2026〕5 号"' in row.data


def test_extensions_add_up(cast, start):
    deadline = start()
    for amount in (10, 5):
        decide(cast.approver, extension(cast.verifier, deadline, amount))
    assert now_in_database(deadline).extra == 15
    assert f"{now_in_database(deadline).due_on}" == "2026-05-01"


def test_an_extension_in_hours_is_in_working_hours(cast, start):
    deadline = start(Event.INQUIRY_ASKED)
    decide(cast.approver, extension(cast.verifier, deadline, 2))
    assert now_in_database(deadline).due_at == moment("2026-03-02 14:30")  # three hours from ten, lunch between


def test_a_late_clock_can_be_extended_and_runs_again(cast, start, time):
    deadline = start(Event.URGENT_ASKED)
    time.to("2026-03-05 10:00")
    assert now_in_database(deadline).light == Light.RED
    decide(cast.approver, extension(cast.verifier, deadline, 5))
    deadline = now_in_database(deadline)
    assert (deadline.light, f"{deadline.due_on}") == (Light.AMBER, "2026-03-08")
    assert deadline.next_at == moment("2026-03-07 08:30")  # T-3 is today and lies behind


def test_a_refusal_needs_its_reason_and_changes_nothing(cast, start):
    deadline = start()
    request = extension(cast.verifier, deadline)
    with pytest.raises(ValidationError, match="不同意的理由"):
        decide(cast.approver, request, approve=False, note=" ")
    decide(cast.approver, request, approve=False, note="依据不足")
    request.refresh_from_db()
    assert (request.decision, request.decided_by, request.decision_note) == (
        Decision.REFUSED,
        cast.approver,
        "依据不足",
    )
    assert f"{now_in_database(deadline).due_on}" == "2026-04-16"
    assert '"decision":"refused"' in last_row().data


@pytest.mark.parametrize("amount", [None, 0, -1, 366])
def test_an_extension_has_a_sensible_amount(cast, start, amount):
    with pytest.raises(ValidationError):
        extension(cast.verifier, start(), amount)
    assert not TimeRequest.objects.exists()


@pytest.mark.parametrize("missing", ["reason", "basis"])
def test_a_request_has_reason_and_basis(cast, start, missing):
    words = {"reason": "图纸变更", "basis": "函", missing: "  "}
    with pytest.raises(ValidationError) as refusal:
        services.ask(actor=cast.verifier, deadline=start(), kind="extension", amount=1, **words)
    assert set(refusal.value.message_dict) == {missing}


def test_nobody_asks_for_a_shortening_to_be_decided(cast, start):
    with pytest.raises(ValidationError, match="请选择申请事项"):
        services.ask(actor=cast.verifier, deadline=start(), kind="shortening", amount=1, reason="急", basis="函")


def test_one_request_waits_at_a_time(cast, start):
    deadline = start()
    first = extension(cast.verifier, deadline)
    for another in (lambda: extension(cast.checker, deadline), lambda: suspension(cast.checker, deadline)):
        with pytest.raises(ValidationError, match="已有待审批的申请"):
            another()
    with pytest.raises(ValidationError, match="有待审批的申请，请先办结"):
        shorten(cast.checker, deadline)
    services.withdraw_request(actor=cast.verifier, request=first)
    assert extension(cast.checker, deadline).decision == Decision.PENDING


def test_what_is_decided_is_decided(cast, start):
    request = extension(cast.verifier, start())
    decide(cast.approver, request)
    words = "已由（审核人）于 2026-03-02 10:00 处理：同意"
    with pytest.raises(ValidationError, match=words):
        decide(cast.quality_office, request, approve=False, note="不")
    with pytest.raises(ValidationError, match=words):
        services.withdraw_request(actor=cast.verifier, request=request)
    assert now_in_database(request.deadline).extra == 10


def test_a_request_ends_with_its_clock(cast, start):
    deadline = start()
    request = extension(cast.verifier, deadline)
    services.stop(actor=cast.verifier, deadline=deadline)
    request.refresh_from_db()
    assert (request.decision, request.decision_note) == (Decision.WITHDRAWN, "时限已结束")
    with pytest.raises(ValidationError, match="已撤回"):
        decide(cast.approver, request)


# ── Suspension ──────────────────────────────────────────────────────────────
def test_a_suspension_counts_from_the_request_not_from_the_decision(cast, start, time):
    deadline = start()
    time.to("2026-03-10 10:00")
    request = suspension(cast.verifier, deadline)
    time.to("2026-03-14 10:00")
    decide(cast.approver, request)
    deadline = now_in_database(deadline)
    assert (deadline.state, deadline.light, deadline.left_words, deadline.next_at) == (
        State.SUSPENDED, Light.PAUSED, "中止中", None,
    )  # fmt: skip
    assert Suspension.objects.get().started_at == moment("2026-03-10 10:00")
    time.to("2026-03-20 10:00")
    resume(cast.verifier, deadline)
    assert f"{now_in_database(deadline).due_on}" == "2026-04-26"  # ten midnights from the 10th on


def test_resuming_closes_the_pause_with_reason_and_basis(cast, start, time):
    deadline = start()
    time.go(days=1)
    suspend(cast, deadline)
    time.go(days=3)
    for missing in ("reason", "basis"):
        with pytest.raises(ValidationError):
            services.resume(actor=cast.checker, deadline=deadline, **{"reason": "齐", "basis": "单", missing: ""})
    resume(cast.checker, deadline)
    pause = Suspension.objects.get()
    assert (pause.ended_at, pause.ended_by, pause.end_reason, pause.end_basis) == (
        time.now, cast.checker, "资料已补齐", "交接记录",
    )  # fmt: skip
    deadline = now_in_database(deadline)
    assert (deadline.state, f"{deadline.due_on}") == (State.RUNNING, "2026-04-19")
    assert deadline.next_at == moment("2026-04-12 08:30")
    assert '"due_on":["2026-04-16","2026-04-19"]' in last_row().data


def test_a_clock_that_runs_is_not_resumed_and_one_that_stands_is_not_suspended_again(cast, start):
    deadline = start()
    with pytest.raises(ValidationError, match="没有中止"):
        resume(cast.verifier, deadline)
    suspend(cast, deadline)
    with pytest.raises(ValidationError, match="已经中止"):
        suspension(cast.verifier, deadline)


def test_a_late_clock_is_not_suspended(cast, start, time):
    deadline = start(Event.URGENT_ASKED)
    time.to("2026-03-03 23:59:59")
    services.withdraw_request(actor=cast.verifier, request=suspension(cast.verifier, deadline))
    time.to("2026-03-04 00:00")
    with pytest.raises(ValidationError, match="已逾期，不能中止"):
        suspension(cast.verifier, deadline)


def test_a_slow_decision_does_not_make_a_clock_late(cast, start, time):
    """Asked for in time, approved when the end had gone by: the days since the request do not count."""
    deadline = start(Event.URGENT_ASKED)
    time.to("2026-03-03 18:00")
    request = suspension(cast.verifier, deadline)
    time.to("2026-03-06 10:00")
    decide(cast.approver, request)
    resume(cast.verifier, deadline)
    deadline = now_in_database(deadline)
    assert (f"{deadline.due_on}", deadline.light) == ("2026-03-06", Light.AMBER)


def test_a_suspended_clock_is_extended_and_goes_on_later(cast, start, time):
    deadline = start()
    time.to("2026-03-10 10:00")
    suspend(cast, deadline)
    time.to("2026-03-12 10:00")
    decide(cast.approver, extension(cast.verifier, deadline, 10))
    deadline = now_in_database(deadline)
    assert (deadline.state, deadline.next_at) == (State.SUSPENDED, None)
    time.to("2026-03-15 10:00")
    resume(cast.verifier, deadline)
    assert f"{now_in_database(deadline).due_on}" == "2026-05-01"  # 45 + 10 + 5


def test_suspended_twice(cast, start, time):
    deadline = start()
    for begun, ended in (("03-05", "03-08"), ("03-20", "03-22")):
        time.to(f"2026-{begun} 10:00")
        suspend(cast, deadline)
        time.to(f"2026-{ended} 09:00")
        resume(cast.verifier, deadline)
    assert f"{now_in_database(deadline).due_on}" == "2026-04-21"
    assert rows_of(deadline).count("deadline.resume") == 2


def test_a_suspension_in_hours_costs_the_working_minutes_in_it(cast, start, time):
    deadline = start(Event.INQUIRY_ASKED)
    time.to("2026-03-02 10:20")
    suspend(cast, deadline)
    time.to("2026-03-02 13:40")
    resume(cast.verifier, deadline)
    assert now_in_database(deadline).due_at == moment("2026-03-02 14:20")


# ── Shortening ──────────────────────────────────────────────────────────────
def test_the_client_shortens_and_nobody_decides(cast, start):
    deadline = start()
    Notice.objects.all().delete()
    shorten(cast.checker, deadline, 15)
    deadline = now_in_database(deadline)
    assert (f"{deadline.due_on}", deadline.extra) == ("2026-04-01", -15)
    assert deadline.next_at == moment("2026-03-25 08:30")
    request = deadline.requests.get()
    assert (request.kind, request.decision, request.decided_by) == ("shortening", Decision.APPROVED, None)
    assert rows_of(deadline) == ["deadline.start", "deadline.shorten"]
    assert told(Kind.CLOCK) == ["复核人"]
    assert Notice.objects.get().title.endswith("2026-04-01 周三 到期")


@pytest.mark.parametrize("amount", [-1, 0, 45, 400])
def test_something_is_left_of_a_shortened_clock(cast, start, amount):
    with pytest.raises(ValidationError, match="缩短量须为 1 至 44"):
        shorten(cast.verifier, start(), amount)


def test_a_shortened_clock_is_not_late_already(cast, start, time):
    deadline = start()
    time.to("2026-03-12 10:00")
    with pytest.raises(ValidationError, match="缩短后时限已经届满"):
        shorten(cast.verifier, deadline, 36)  # would end on the 11th
    assert now_in_database(deadline).extra == 0
    shorten(cast.verifier, deadline, 35)
    assert now_in_database(deadline).left_words == "今天到期"


def test_shortening_one_hour_leaves_nothing(cast, start):
    with pytest.raises(ValidationError, match="缩短量"):
        shorten(cast.verifier, start(Event.INQUIRY_ASKED), 1)


# ── Reminders follow ────────────────────────────────────────────────────────
def test_an_extended_clock_gets_its_reminders_again(cast, start, time):
    deadline = start(Event.BIDS_RECEIVED)  # until 03-06
    time.to("2026-03-06 09:00")
    services.sweep()
    assert said(deadline) == ["-3", "-1", "+0"]
    decide(cast.approver, extension(cast.verifier, deadline, 4))  # until 03-10
    time.to("2026-03-10 09:00")
    services.sweep()
    assert said(deadline) == ["-3", "-1", "+0", "-3", "-1", "+0"]


# ── Evidence ────────────────────────────────────────────────────────────────
def test_evidence_is_kept_under_a_random_name_with_its_hash(cast, start):
    deadline = start()
    request = extension(cast.verifier, deadline, evidence=upload("委托人来函 5 号.pdf"))
    evidence = Evidence.objects.get()
    assert request.evidence == evidence
    assert (evidence.name, evidence.content_type, evidence.uploaded_by) == (
        "委托人来函 5 号.pdf", "application/pdf", cast.verifier,
    )  # fmt: skip
    assert evidence.file.name.startswith("evidence/202603/")
    assert "来函" not in evidence.file.name
    assert uploads.stored_sha256(evidence.file) == evidence.sha256
    assert evidence.size == evidence.file.size
    assert evidence.sha256 in last_row().data


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("函件.pdf", b"<html><script>alert(1)</script></html>", "网页或脚本"),
        ("函件.pdf", b"", "空的"),
        ("函件.svg", b"<svg/>", "可能含脚本"),
        ("函件.exe", b"MZ" + bytes(200), "不支持此类文件"),
        ("函件.png", None, "与文件内容不符"),
        ("函件.xlsm", b"PK\x03\x04", "含宏"),
    ],
)
def test_hostile_evidence_is_refused_and_nothing_is_asked(cast, start, name, content, reason):
    with pytest.raises(ValidationError, match=reason):
        extension(cast.verifier, start(), evidence=upload(name, content))
    assert not TimeRequest.objects.exists()
    assert not Evidence.objects.exists()
    assert last_row().action == "deadline.start"


def test_a_shortening_keeps_its_letter_too(cast, start):
    deadline = start()
    shorten(cast.verifier, deadline, evidence=upload())
    assert deadline.requests.get().evidence.sha256 in last_row().data
    assert deadline.evidence.get().uploaded_at - deadline.started_at < timedelta(days=1)
