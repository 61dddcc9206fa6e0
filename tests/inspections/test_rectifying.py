"""Receipt, reply, re-check: the ten days and what stops them, who may what, and what happens when two are at it at once."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from deadlines import services as deadline_services
from deadlines.choices import Light, RequestKind
from deadlines.choices import State as ClockState
from deadlines.models import Deadline
from deadlines.services import sweep
from inspections.chain import AlreadyHandled
from inspections.choices import State
from inspections.models import Evidence, Inspection, Receipt, Rectification
from inspections.queries import rectifying as queries
from inspections.services import evidence as proofs
from inspections.services import rectifying as services
from inspections.services.rectifying import RectificationConflict
from ledger import checks
from ledger.models import Entry
from notices.choices import Kind
from notices.models import Notice
from tests.deadlines.conftest import Time, moment, said
from tests.inspections import kit
from tests.reviews.crowd import at_once
from tests.reviews.flow import confirmed

pytestmark = pytest.mark.django_db


@pytest.fixture
def time(monkeypatch) -> Time:
    """It is Monday, 2026-03-02 10:00, until the test says otherwise."""
    time = Time(moment("2026-03-02 10:00"))
    monkeypatch.setattr(timezone, "now", lambda: time.now)
    return time


@pytest.fixture
def issued(cast, project):
    return kit.concluded(cast, project)


@pytest.fixture
def rectifying(cast, project):
    return kit.rectifying_one(cast, project)


def receive(of, actor, **more):
    return services.receive(actor=actor, **{"inspection": of, "turn": of.turn} | more)


def delivered(**more) -> dict:
    return {"received_at": timezone.now(), "note": "当面送交项目经理", "evidence": kit.photo("签收单.png")} | more


def save(finding, actor, turn=0, **more):
    return services.save_rectification(
        actor=actor, finding=finding, turn=turn, **{"plan": "补签", "result": "已补签"} | more
    )


def submit(of, actor, **more):
    return services.submit_reply(
        actor=actor, **{"inspection": of, "turn": of.turn, "confirmation": confirmed(actor)} | more
    )


def clock(of) -> Deadline:
    return Deadline.objects.select_related("rule", "responsible").of(of).get()


def told(title_part: str) -> set[str]:
    rows = Notice.objects.filter(title__contains=title_part).select_related("recipient")
    return {row.recipient.name for row in rows}


# ── 确认收到 ─────────────────────────────────────────────────────────────────
def test_project_confirms_and_the_ten_days_run_from_that_instant(cast, issued, time):
    time.go(days=500)  # nothing that was typed counts: it is received when it is confirmed
    of = receive(issued, cast.verifier, received_at=time.now - timedelta(days=3))
    receipt = of.opinion.receipt
    assert (of.state, receipt.received_at, receipt.is_recorded_by_office) == (State.RECTIFYING, time.now, False)
    running = clock(of)
    assert (running.started_at, running.responsible, running.scope_type) == (
        time.now,
        cast.verifier,
        "projects.project",
    )
    assert running.due_on == timezone.localdate(time.now + timedelta(days=10))
    assert told("已确认收到书面意见") == {"质量办"}


def test_unit_is_answered_for_by_its_technical_director(cast):
    of = kit.concluded(cast, unit=cast.zj1)
    with pytest.raises(PermissionDenied):
        receive(of, cast.verifier)
    of = receive(of, cast.approver)
    running = clock(of)
    assert (running.responsible, running.scope_type, running.scope_id) == (cast.approver, "staff.unit", cast.zj1.pk)
    assert Deadline.objects.visible_to(cast.approver).filter(pk=running.pk).exists()
    assert not Deadline.objects.visible_to(cast.outsider).filter(pk=running.pk).exists()


def test_office_registers_a_delivery_with_when_how_and_proof(cast, issued):
    for lacking, words in (
        ({"received_at": None}, "送达时间"),
        ({"evidence": None}, "送达证据"),
        ({"note": " "}, "送达方式"),
    ):
        with pytest.raises(ValidationError, match=words):
            receive(issued, cast.quality_office, **delivered(**lacking))
    assert not Receipt.objects.exists()
    of = receive(issued, cast.quality_office, **delivered())
    receipt = of.opinion.receipt
    assert (receipt.is_recorded_by_office, receipt.note, receipt.evidence.name) == (
        True,
        "当面送交项目经理",
        "签收单.png",
    )
    assert told("检查书面意见已送达") == {"复核人", "审核人"}
    facts = json.loads(Entry.objects.get(action="inspection.receive").data)
    assert (facts["by_office"], facts["evidence_sha256"]) == (True, receipt.evidence.sha256)


def test_delivery_lies_between_the_opinion_and_now(cast, issued, time):
    time.now = issued.opinion.issued_at + timedelta(days=3)
    for at in (issued.opinion.issued_at - timedelta(minutes=1), time.now + timedelta(minutes=1)):
        with pytest.raises(ValidationError, match="送达时间不能早于"):
            receive(issued, cast.quality_office, **delivered(received_at=at))
    at = issued.opinion.issued_at + timedelta(days=1)
    of = receive(issued, cast.quality_office, **delivered(received_at=at))
    assert clock(of).started_at == at


def test_delivery_in_the_minute_of_the_issue_is_told_to_the_minute(cast, issued):
    at = issued.opinion.issued_at.replace(second=0, microsecond=0)
    of = receive(issued, cast.quality_office, **delivered(received_at=at))
    assert of.opinion.receipt.received_at == issued.opinion.issued_at


def test_without_anything_to_rectify_the_receipt_closes_it(cast, project):
    of = receive(kit.concluded(cast, project, findings=0), cast.verifier)
    assert (of.state, of.was_on_time, of.closed_at is not None) == (State.CLOSED, True, True)
    assert not Deadline.objects.of(of).exists()


def test_receipt_without_a_rule_in_force_starts_no_clock(cast, issued):
    kit.switch_off_reply_clock(cast)
    of = receive(issued, cast.verifier)
    assert (of.state, Deadline.objects.of(of).exists(), queries.reply_limit()) == (State.RECTIFYING, False, "")
    of = kit.recheck(cast, kit.reply(cast, of))
    assert (of.state, of.was_on_time) == (State.CLOSED, True)


@pytest.mark.parametrize("part", ["preparer", "executive", "chief_engineer", "administrator", "outsider"])
def test_receipt_is_confirmed_by_who_answers_or_registered_by_the_office(cast, issued, part):
    with pytest.raises(PermissionDenied):
        receive(issued, getattr(cast, part), **delivered())


def test_second_confirmation_is_told_who_was_faster(cast, issued):
    receive(issued, cast.verifier)
    for actor in (cast.approver, cast.quality_office):
        with pytest.raises(AlreadyHandled, match="已由（复核人）"):
            receive(issued, actor, **delivered())
    assert (Receipt.objects.count(), Deadline.objects.count()) == (1, 1)


# ── 填写整改 ─────────────────────────────────────────────────────────────────
def test_draft_of_an_answer_is_kept_by_anybody_of_the_team(cast, rectifying):
    first = rectifying.findings.first()
    row = save(first, cast.preparer, plan=" 补签 ", files=[kit.photo(shade=1), kit.photo(shade=2)])
    assert (row.plan, row.turn, row.attempt, row.saved_by) == ("补签", 1, 1, cast.preparer)
    row = save(first, cast.verifier, turn=1, result="已重新存档")
    assert (row.turn, row.result, row.saved_by, row.evidence.count()) == (2, "已重新存档", cast.verifier, 2)
    for part in ("outsider", "quality_office", "executive", "expert1"):
        with pytest.raises(PermissionDenied):
            save(first, getattr(cast, part), turn=2)


def test_who_saves_over_somebody_else_is_told_and_writes_nothing(cast, rectifying):
    first = rectifying.findings.first()
    save(first, cast.preparer, plan="甲")
    for turn in (0, 7):
        with pytest.raises(RectificationConflict, match=r"已由（编制人）于 \d\d:\d\d 修改") as conflict:
            save(first, cast.checker, turn=turn, plan="乙", files=[kit.photo()])
        assert conflict.value.row.plan == "甲"
    assert not Evidence.objects.filter(rectification__isnull=False).exists()


def test_page_of_an_earlier_attempt_does_not_write_into_the_next(cast, rectifying):
    first = rectifying.findings.first()
    of = kit.recheck(cast, kit.reply(cast, rectifying), failed=[1])
    with pytest.raises(RectificationConflict):
        save(first, cast.preparer, turn=1)
    assert save(first, cast.preparer, turn=0).attempt == 2
    assert of.state == State.RECTIFYING


def test_turn_that_never_was_of_an_answer_that_is_not_there_starts_one(cast, rectifying):
    assert save(rectifying.findings.first(), cast.preparer, turn=3).turn == 1


def test_refused_file_leaves_the_answer_as_it_was(cast, rectifying):
    first = rectifying.findings.first()
    save(first, cast.preparer, files=[kit.photo()])
    with pytest.raises(ValidationError, match="已经上传过"):
        save(first, cast.preparer, turn=1, plan="另写", files=[kit.photo(shade=5), kit.photo()])
    row = Rectification.objects.get()
    assert (row.plan, row.turn, row.evidence.count()) == ("补签", 1, 1)


def test_answers_are_taken_while_one_is_awaited(cast, issued):
    first = issued.findings.first()
    with pytest.raises(AlreadyHandled):
        save(first, cast.preparer)
    of = kit.reply(cast, receive(issued, cast.verifier))
    with pytest.raises(AlreadyHandled):
        save(first, cast.preparer, turn=1)
    of = kit.recheck(cast, of, failed=[2])
    with pytest.raises(ValidationError, match="无须整改，或整改已复查通过"):
        save(first, cast.preparer)


def test_problem_that_needs_no_rectification_takes_no_answer(cast, project):
    of = kit.inspection(cast, project)
    needless = kit.hit(of, kit.deduction(of), needs_rectification=False)
    kit.hit(of, kit.criteria(of)[1].deductions.first())
    of = receive(kit.issue(cast, kit.discuss(cast, kit.finish(of))), cast.verifier)
    with pytest.raises(ValidationError, match="无须整改"):
        save(needless, cast.preparer)
    assert [row.finding.number for row in queries.answering(of)] == [2]


def test_proof_of_a_draft_is_taken_back_by_who_writes_it(cast, rectifying):
    row = save(rectifying.findings.first(), cast.preparer, files=[kit.photo(shade=1), kit.photo(shade=2)])
    one, two = row.evidence.all()
    proofs.remove(actor=cast.preparer, evidence=one)
    with pytest.raises(PermissionDenied):
        proofs.remove(actor=cast.outsider, evidence=two)
    assert [each.pk for each in queries.files_of([row])[row.pk]] == [two.pk]


# ── 提交回复 ─────────────────────────────────────────────────────────────────
def test_reply_lists_what_each_answer_lacks(cast, rectifying):
    one, two = rectifying.findings.all()
    assert queries.reply_gaps(rectifying) == [f"问题 {n} 缺整改意见、整改情况、整改证据。" for n in (1, 2)]
    save(one, cast.preparer, result="")
    save(two, cast.preparer, files=[kit.photo()])
    with pytest.raises(ValidationError) as refused:
        submit(rectifying, cast.verifier)
    assert refused.value.messages == ["问题 1 缺整改情况、整改证据。"]
    assert kit.now(rectifying).state == State.RECTIFYING


def test_reply_goes_out_whole_and_stops_the_clock(cast, rectifying):
    kit.fill(cast, rectifying)
    seen = queries.seen_of(queries.answering(rectifying))
    of = submit(rectifying, cast.verifier, seen=seen)
    assert (of.state, clock(of).state, clock(of).light) == (State.RECHECKING, ClockState.FULFILLED, Light.DONE)
    rows = list(Rectification.objects.order_by("pk"))
    assert {row.submitted_by for row in rows} == {cast.verifier}
    answers = json.loads(Entry.objects.get(action="inspection.reply").data)["answers"]
    assert [row["plan"] for row in answers] == ["补签问题 1", "补签问题 2"]
    assert answers[0]["files"] == [rows[0].evidence.get().sha256]
    assert told("请复查整改") == {"质量办"}


def test_who_signs_the_reply_has_seen_what_it_says(cast, rectifying):
    kit.fill(cast, rectifying)
    seen = queries.seen_of(queries.answering(rectifying))
    save(rectifying.findings.first(), cast.preparer, turn=1, plan="悄悄改过")
    with pytest.raises(ValidationError, match="在您打开本页后有改动"):
        submit(rectifying, cast.verifier, seen=seen)
    proofs.remove(actor=cast.preparer, evidence=Evidence.objects.filter(rectification__isnull=False).first())
    with pytest.raises(ValidationError, match="缺整改证据"):
        submit(rectifying, cast.verifier)


@pytest.mark.parametrize("part", ["preparer", "checker", "quality_office", "executive", "outsider"])
def test_reply_is_signed_by_who_answers(cast, rectifying, part):
    kit.fill(cast, rectifying)
    with pytest.raises(PermissionDenied):
        submit(rectifying, getattr(cast, part))


# ── 复查 ─────────────────────────────────────────────────────────────────────
def test_all_passed_closes_it(cast, rectifying):
    of = kit.recheck(cast, kit.reply(cast, rectifying))
    assert (of.state, of.was_on_time) == (State.CLOSED, True)
    assert not of.findings.unsettled().exists()
    assert told("检查已关闭") == {"复核人", "审核人"}
    assert {row.rechecked_by for row in Rectification.objects.all()} == {cast.quality_office}


def test_one_failed_goes_back_with_its_reason_and_only_that_one_is_answered_again(cast, rectifying):
    of = kit.recheck(cast, kit.reply(cast, rectifying), failed=[2])
    assert of.state == State.RECTIFYING
    assert [finding.number for finding in of.findings.unsettled()] == [2]
    assert told("整改退回") == {"复核人", "审核人"}
    assert queries.reply_gaps(of) == ["问题 2 缺整改意见、整改情况、整改证据。"]
    of = kit.recheck(cast, kit.reply(cast, of, shade=150))
    two = queries.answering(of)[1]
    assert (of.state, [row.is_passed for row in two.attempts]) == (State.CLOSED, [False, True])
    assert two.attempts[0].recheck_note == "签署日期仍不一致"


def test_recheck_takes_a_result_for_each_answer_and_a_reason_for_each_refusal(cast, rectifying):
    of = kit.reply(cast, rectifying)
    one = of.findings.first()
    told_ = {
        "actor": cast.quality_office,
        "inspection": of,
        "turn": of.turn,
        "confirmation": confirmed(cast.quality_office),
    }
    with pytest.raises(ValidationError) as refused:
        services.recheck(results={one.pk: (False, " ")}, **told_)
    assert refused.value.messages == ["问题 2 还没有复查结论。", "问题 1 复查未通过，请说明原因。"]
    assert kit.now(of).turn == of.turn


@pytest.mark.parametrize("part", ["verifier", "preparer", "executive", "chief_engineer", "administrator"])
def test_recheck_is_the_offices(cast, rectifying, part):
    of = kit.reply(cast, rectifying)
    actor = getattr(cast, part)
    results = {finding.pk: (True, "") for finding in of.findings.all()}
    with pytest.raises(PermissionDenied):
        services.recheck(actor=actor, inspection=of, turn=of.turn, results=results, confirmation=confirmed(actor))


def test_second_recheck_is_told_who_was_faster(cast, rectifying):
    of = kit.reply(cast, rectifying)
    kit.recheck(cast, of)
    with pytest.raises(AlreadyHandled, match="已由（质量办）"):
        kit.recheck(cast, of)


# ── The ten days ────────────────────────────────────────────────────────────
def test_sent_back_on_day_twelve_a_reply_of_day_nine_has_the_days_in_between_and_then_it_is_late(cast, project, time):
    of = kit.rectifying_one(cast, project)
    assert f"{clock(of).due_on}" == "2026-03-12"
    time.to("2026-03-11 10:00")
    of = kit.reply(cast, of)
    time.to("2026-03-14 10:00")
    of = kit.recheck(cast, of, failed=[1])
    # Day 9 of the ten, and the two that follow it, stood still: 03-11, 03-12, 03-13.
    running = clock(of)
    assert (running.state, f"{running.due_on}", running.next_at) == (
        ClockState.RUNNING,
        "2026-03-15",
        moment("2026-03-15 08:30"),
    )
    pause = running.suspensions.get()
    assert (pause.started_at, pause.ended_at) == (moment("2026-03-11 10:00"), moment("2026-03-14 10:00"))
    Notice.objects.all().delete()
    for day in (14, 15, 16, 17, 18):
        time.to(f"2026-03-{day} 09:00")
        sweep()
    assert said(running)[-4:] == ["+0", "+1 technical_director", "+2 quality_office", "+3 executive"]
    up = Notice.objects.filter(kind=Kind.ESCALATION).order_by("pk")
    assert [notice.recipient.name for notice in up] == ["审核人", "质量办", "管理层"]
    assert clock(of).light == Light.RED
    of = kit.recheck(cast, kit.reply(cast, of, shade=150))
    assert (of.state, of.was_on_time, clock(of).light) == (State.CLOSED, False, Light.LATE)
    assert checks.verify().problems == []


def test_second_sending_back_gives_its_days_too(cast, project, time):
    of = kit.rectifying_one(cast, project)
    for day, back in ((3, 5), (6, 8)):
        time.to(f"2026-03-{day:02} 10:00")
        of = kit.reply(cast, of, shade=100 + day)
        time.to(f"2026-03-{back:02} 10:00")
        of = kit.recheck(cast, of, failed=[1])
    assert f"{clock(of).due_on}" == "2026-03-16"
    time.to("2026-03-16 23:59")
    of = kit.recheck(cast, kit.reply(cast, of, shade=180))
    assert of.was_on_time


def test_late_reply_that_is_sent_back_is_late_still(cast, project, time):
    of = kit.rectifying_one(cast, project)
    time.to("2026-03-14 10:00")
    of = kit.reply(cast, of)
    assert clock(of).light == Light.LATE
    time.to("2026-03-20 10:00")
    of = kit.recheck(cast, of, failed=[1])
    running = clock(of)
    assert (f"{running.due_on}", running.light, running.suspensions.count()) == ("2026-03-12", Light.RED, 0)
    of = kit.recheck(cast, kit.reply(cast, of, shade=150))
    assert of.was_on_time is False


def test_delivery_registered_late_makes_the_clock_late_at_once(cast, project, time):
    of = kit.concluded(cast, project)
    at = time.now
    time.go(days=20)
    of = receive(of, cast.quality_office, **delivered(received_at=at))
    assert clock(of).light == Light.RED
    sweep()
    assert "审核人" in {row.recipient.name for row in Notice.objects.filter(kind=Kind.ESCALATION)}


@pytest.mark.parametrize("is_unit", [False, True])
def test_reply_is_extended_on_the_clocks_own_page_by_approval(cast, project, log_in, time, is_unit):
    of = kit.rectifying_one(cast, unit=cast.zj1) if is_unit else kit.rectifying_one(cast, project)
    side, running = kit.answerer(cast, of), clock(of)
    url = f"/deadlines/{running.pk}/"
    names = [person.name for person in deadline_services.deciders(running)]
    assert names == (["质量办"] if is_unit else ["审核人"])
    client = log_in(side)
    assert client.get(url).status_code == 200
    asked = {"kind": RequestKind.EXTENSION, "amount": 5, "reason": "资料调取需时", "basis": "整改延期申请"}
    assert client.post(f"{url}ask/", asked).status_code == 302
    request = running.requests.get()
    decider = cast.quality_office if is_unit else cast.approver
    # Neither who asked nor who owes it.
    assert client.post(f"{url}requests/{request.pk}/decide/", {"approve": "yes"}).status_code == 403
    answer = log_in(decider).post(f"{url}requests/{request.pk}/decide/", {"approve": "yes", "note": "同意"})
    assert answer.status_code == 302
    assert f"{clock(of).due_on}" == "2026-03-17"
    assert log_in(cast.outsider).get(url).status_code == 404


def test_clock_that_was_let_run_by_hand_ends_with_the_reply_all_the_same(cast, project, time):
    of = kit.rectifying_one(cast, project)
    time.to("2026-03-11 10:00")
    of = kit.reply(cast, of)
    deadline_services.reopen(actor=cast.quality_office, deadline=clock(of), reason="误操作")
    time.to("2026-03-20 10:00")
    of = kit.recheck(cast, of)
    ended = clock(of)
    assert (ended.state, ended.stopped_at, of.was_on_time) == (ClockState.FULFILLED, moment("2026-03-11 10:00"), True)
    assert checks.verify().problems == []


# ── Closed by the database ──────────────────────────────────────────────────
@pytest.mark.parametrize("change", [
    lambda of: Receipt.objects.update(received_at=timezone.now() + timedelta(days=5)),
    lambda of: Receipt.objects.all().delete(),
    lambda of: Rectification.objects.filter(attempt=1).update(result="改"),
    lambda of: Rectification.objects.filter(attempt=1).update(submitted_at=None),
    lambda of: Rectification.objects.filter(attempt=1).update(is_passed=False),
    lambda of: Rectification.objects.filter(attempt=1).delete(),
    lambda of: of.findings.filter(number=1).update(settled_at=None),
    lambda of: Evidence.objects.filter(rectification__isnull=False).delete(),
])  # fmt: skip
def test_database_refuses_to_change_what_was_received_answered_and_rechecked(cast, rectifying, change):
    of = kit.recheck(cast, kit.reply(cast, rectifying), failed=[2])
    with pytest.raises(DatabaseError), transaction.atomic():
        change(of)


# ── At once ─────────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_many_confirm_receipt_at_once_and_there_is_one_receipt_and_one_clock(cast, project):
    of = kit.concluded(cast, project)
    assert connection.in_atomic_block is False  # threads see what is stored
    calls = [lambda actor=actor: receive(of, actor) for actor in (cast.verifier, cast.approver) * 3]
    results = at_once(calls)
    assert sorted(type(each).__name__ for each in results) == ["AlreadyHandled"] * 5 + ["Inspection"]
    assert (Receipt.objects.count(), Deadline.objects.count()) == (1, 1)
    winner = Receipt.objects.get().confirmed_by.name
    assert {str(each).split(" ")[0] for each in results if isinstance(each, AlreadyHandled)} == {f"已由（{winner}）于"}
    assert checks.verify().problems == []


@pytest.mark.django_db(transaction=True)
def test_two_write_the_same_answer_at_once_and_one_is_told(cast, project):
    of = kit.rectifying_one(cast, project)
    first = of.findings.first()
    people = (cast.preparer, cast.checker, cast.verifier)
    results = at_once([lambda actor=actor: save(first, actor, plan=actor.name) for actor in people])
    assert sorted(type(each).__name__ for each in results) == [
        "Rectification",
        "RectificationConflict",
        "RectificationConflict",
    ]
    row = Rectification.objects.get()
    assert row.plan == row.saved_by.name


@pytest.mark.django_db(transaction=True)
def test_reply_and_saving_at_once_leave_what_was_signed(cast, project):
    of = kit.rectifying_one(cast, project)
    kit.fill(cast, of)
    first, seen = of.findings.first(), queries.seen_of(queries.answering(of))
    at_once([
        lambda: submit(of, cast.verifier, seen=seen),
        lambda: save(first, cast.preparer, turn=1, plan="另写"),
    ])  # fmt: skip
    row = Rectification.objects.get(finding=first)
    is_sent = Inspection.objects.get(pk=of.pk).state == State.RECHECKING
    assert (row.plan, row.submitted_at is not None) == (("补签问题 1", True) if is_sent else ("另写", False))
    assert checks.verify().problems == []


@pytest.mark.django_db(transaction=True)
def test_recheck_reply_and_sweep_do_not_stop_one_another(cast, project, monkeypatch):
    of = kit.reply(cast, kit.rectifying_one(cast, project))
    late = timezone.now() + timedelta(days=30)
    monkeypatch.setattr(timezone, "now", lambda: late)
    results = at_once([lambda: kit.recheck(cast, of, failed=[1]), lambda: kit.recheck(cast, of), sweep, sweep])
    assert sum(isinstance(each, AlreadyHandled) for each in results) == 1
    assert [each for each in results if isinstance(each, Exception) and not isinstance(each, AlreadyHandled)] == []
    assert checks.verify().problems == []
