"""Starting clocks, ending them, and who owes them."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from deadlines import services
from deadlines.choices import Decision, Event, Light, State
from deadlines.models import Deadline, DeadlineRule, Suspension
from ledger import checks
from ledger.models import Entry
from notices.choices import Kind
from notices.models import Notice
from projects.choices import Confidentiality
from projects.models import Assignment
from staff.choices import Role
from staff.models import Post
from tests.conftest import LONG_AGO, guards_lifted
from tests.deadlines.conftest import (
    extension,
    last_row,
    moment,
    now_in_database,
    rows_of,
    rule,
    suspend,
    suspension,
    told,
)

pytestmark = pytest.mark.django_db


# ── Start ───────────────────────────────────────────────────────────────────
def test_a_clock_runs_by_its_rule_from_its_event_and_is_owed_by_the_project_manager(cast, project, start):
    deadline = start()
    assert (deadline.rule.code, deadline.responsible) == ("settlement_review_main", cast.verifier)
    assert f"{deadline.due_on}" == "2026-04-16"
    assert deadline.due_at == moment("2026-04-17 00:00")
    assert deadline.next_at == moment("2026-04-09 08:30")
    assert deadline.left_words == "剩 45 天"
    row = last_row()
    assert (row.action, row.subject_id, row.scope_id, row.actor) == (
        "deadline.start", deadline.pk, project.pk, cast.checker,
    )  # fmt: skip
    assert '"due_on":"2026-04-16"' in row.data
    assert told(Kind.CLOCK) == ["复核人"]


def test_an_event_registered_late_counts_from_when_it_happened(start):
    assert f"{start(at=moment('2026-02-10 16:00')).due_on}" == "2026-03-27"


def test_a_bill_is_owed_by_the_lead_of_its_discipline(cast, project, start):
    civil = Assignment.objects.get(user=cast.checker).discipline_id
    deadline = start(Event.DRAWINGS_RECEIVED, discipline_id=civil, actor=cast.preparer)
    assert deadline.responsible == cast.checker
    other = start(Event.DRAWINGS_RECEIVED, discipline_id=civil + 1, subject=cast.zj1, actor=cast.preparer)
    assert other.responsible is None


def test_who_starts_their_own_clock_is_not_told_of_it(cast, start):
    start(actor=cast.verifier)
    assert told() == []


def test_materials_complete_starts_plan_and_draft(cast, project, time):
    given = {"actor": cast.checker, "event": Event.MATERIALS_COMPLETE, "subject": project, "scope": project, "url": "/",
             "event_at": time.now}  # fmt: skip
    started = services.start(**given, business_line="whole_process", contract_kind="main")
    assert [each.rule.code for each in started] == ["settlement_plan", "settlement_draft_main"]
    other = services.start(**given, business_line="whole_process", contract_kind="other")
    assert [each.rule.code for each in other] == ["settlement_draft_other"]
    assert services.start(**given, business_line="engineering_consulting", contract_kind="main") == []


def test_starting_twice_leaves_the_running_clock_as_it_is(cast, project, start, time):
    deadline = start()
    time.go(days=3)
    given = {"actor": cast.checker, "event": Event.SETTLEMENT_RECEIVED, "subject": project, "scope": project, "url": "/",
             "event_at": time.now, "business_line": "settlement_review", "contract_kind": "main"}  # fmt: skip
    assert services.start(**given) == []
    assert Deadline.objects.get() == deadline
    services.stop(actor=cast.verifier, deadline=deadline)
    assert len(services.start(**given)) == 1  # one that is over does not stand in the way


def test_a_switched_off_rule_starts_nothing(cast, project, start):
    settlement = rule("settlement_review_main")
    services.change_rule(
        actor=cast.quality_office, rule=settlement, changes={"is_active": False}, reason="停用", move_running=False,
        seen=services.digest_of([]),
    )  # fmt: skip
    with pytest.raises(ValueError, match="not enough values"):
        start()


def test_an_event_lies_not_in_the_future(start, time):
    with pytest.raises(ValidationError, match="不能晚于现在"):
        start(at=time.now + timedelta(seconds=1))


def test_the_fourth_bid_analysis_needs_its_reason(cast, start):
    for subject in (cast.zj1, cast.zj2, cast.hq):
        start(Event.BIDS_RECEIVED, subject=subject)
    with pytest.raises(ValidationError, match="一般不超过 3 次，本项目已有 3 次"):
        start(Event.BIDS_RECEIVED)
    with pytest.raises(ValidationError, match="一般不超过 3 次"):
        start(Event.BIDS_RECEIVED, beyond_reason="  ")
    start(Event.BIDS_RECEIVED, beyond_reason="委托人要求第四次询标")
    assert "委托人要求第四次询标" in last_row().data


def test_a_cancelled_time_does_not_count(cast, start):
    first, *_ = [start(Event.BIDS_RECEIVED, subject=subject) for subject in (cast.zj1, cast.zj2, cast.hq)]
    services.cancel(actor=cast.approver, deadline=first, reason="误登记")
    assert start(Event.BIDS_RECEIVED).state == State.RUNNING


# ── Done ────────────────────────────────────────────────────────────────────
def test_stop_in_time_and_late(cast, start, time):
    on_time, late = start(), start(Event.URGENT_ASKED)
    time.to("2026-03-03 23:59")
    assert services.stop(actor=cast.verifier, deadline=on_time).light == Light.DONE
    assert '"late":false' in last_row().data
    time.to("2026-03-04 00:00")
    assert services.stop(actor=cast.verifier, deadline=late, note="到岗").light == Light.LATE
    assert '"late":true' in last_row().data
    late = now_in_database(late)
    assert (late.state, late.stopped_at, late.stopped_by, late.stop_note) == (
        State.FULFILLED, time.now, cast.verifier, "到岗",
    )  # fmt: skip
    assert late.next_at is None
    assert late.left_words == "逾期完成"


def test_done_before_it_was_registered_is_not_late(cast, start, time):
    deadline = start(Event.URGENT_ASKED)
    time.to("2026-03-06 10:00")
    assert services.stop(actor=cast.verifier, deadline=deadline, at=moment("2026-03-03 20:00")).light == Light.DONE


@pytest.mark.parametrize("at", ["2026-03-02 09:59:59", "2026-03-02 12:00:01"])
def test_done_is_neither_before_the_start_nor_in_the_future(cast, start, time, at):
    deadline = start()
    time.to("2026-03-02 12:00")
    with pytest.raises(ValidationError, match="不能早于起算时间"):
        services.stop(actor=cast.verifier, deadline=deadline, at=moment(at))


def test_what_is_over_cannot_end_again_and_says_when_it_did(cast, start, time):
    done, void = start(), start(Event.BIDS_RECEIVED)
    services.stop(actor=cast.verifier, deadline=done)
    services.cancel(actor=cast.approver, deadline=void, reason="误登记")
    for call in (
        lambda each: services.stop(actor=cast.verifier, deadline=each),
        lambda each: services.fulfil(actor=cast.verifier, deadline=each, note="完成"),
        lambda each: services.cancel(actor=cast.approver, deadline=each, reason="误"),
        lambda each: services.shorten(actor=cast.verifier, deadline=each, amount=1, reason="急", basis="函"),
        lambda each: extension(cast.verifier, each),
        lambda each: services.resume(actor=cast.verifier, deadline=each, reason="齐", basis="单"),
        lambda each: services.nudge(actor=cast.approver, deadline=each),
    ):
        with pytest.raises(ValidationError, match="已于 2026-03-02 10:00 完成"):
            call(done)
        with pytest.raises(ValidationError, match="已于 2026-03-02 10:00 作废"):
            call(void)


def test_a_suspended_clock_that_is_done_ends_its_pause_and_keeps_the_days_it_stood_still(cast, start, time):
    deadline = start()
    time.to("2026-04-10 10:00")
    suspend(cast, deadline)
    time.to("2026-04-30 10:00")
    services.stop(actor=cast.verifier, deadline=deadline)
    deadline = now_in_database(deadline)
    assert f"{deadline.due_on}" == "2026-05-06"
    assert deadline.light == Light.DONE
    assert Suspension.objects.get().ended_at == time.now
    assert checks.verify().problems == []


def test_stop_of_ends_the_clocks_of_a_subject_and_of_the_named_events_only(cast, project, start):
    review, urgent, other = start(), start(Event.URGENT_ASKED), start(subject=cast.zj1)
    assert services.stop_of(actor=cast.verifier, subject=project, events=[Event.URGENT_ASKED]) == [urgent]
    assert services.stop_of(actor=cast.verifier, subject=project) == [review]
    assert services.stop_of(actor=cast.verifier, subject=project) == []
    assert now_in_database(other).state == State.RUNNING


# ── By hand ─────────────────────────────────────────────────────────────────
WHO = ("preparer", "checker", "verifier", "approver", "quality_office", "executive", "chief_engineer", "administrator",
       "auditor", "archivist", "outsider", "disabled")  # fmt: skip


def allowed(cast, call) -> set[str]:
    """The parts of the cast that may: the others are refused for want of a right."""
    done = set()
    for part in WHO:
        try:
            call(getattr(cast, part))
            done.add(part)
        except PermissionDenied:
            pass
    return done


def test_who_may_register_that_it_is_done(cast, start):
    def fulfil(actor):
        deadline = start(subject=actor)
        services.fulfil(actor=actor, deadline=deadline, note="成果已送达")

    assert allowed(cast, fulfil) == {"checker", "verifier", "approver", "quality_office", "executive"}


def test_who_may_register_that_it_was_done_earlier(cast, start, time):
    """Whoever decides about time, but not who owes it."""

    def backdate(actor):
        deadline = start(subject=actor)
        time.go(hours=2)
        services.fulfil(actor=actor, deadline=deadline, note="已送达", at=time.now - timedelta(hours=1))

    assert allowed(cast, backdate) == {"approver", "quality_office", "executive"}


@pytest.fixture
def owed_by_director(cast, project, start):
    """A clock of 审核人, who decides about time and is the project manager as well."""
    Assignment.objects.filter(role=Role.PROJECT_MANAGER).delete()
    Assignment.objects.create(project=project, user=cast.approver, role=Role.PROJECT_MANAGER, starts_on=LONG_AGO)
    deadline = start()
    assert deadline.responsible == cast.approver
    return deadline


def test_who_owes_a_clock_does_not_backdate_cancel_reopen_or_decide_it(cast, owed_by_director, time):
    own, actor = owed_by_director, cast.approver
    time.go(hours=1)
    with pytest.raises(ValidationError, match="责任人以外"):
        services.fulfil(actor=actor, deadline=own, note="完成", at=moment("2026-03-02 10:30"))
    with pytest.raises(ValidationError, match="责任人不能作废"):
        services.cancel(actor=actor, deadline=own, reason="误登记")
    with pytest.raises(PermissionDenied, match="责任人不能审批"):
        services.decide(actor=actor, request=extension(cast.checker, own), approve=True)
    services.stop(actor=actor, deadline=own)
    with pytest.raises(ValidationError, match="责任人不能恢复"):
        services.reopen(actor=actor, deadline=own, reason="误")
    services.reopen(actor=cast.quality_office, deadline=own, reason="误登记完成")
    services.cancel(actor=cast.quality_office, deadline=own, reason="误登记")
    assert now_in_database(own).state == State.CANCELLED


@pytest.mark.parametrize(
    ("event", "act"),
    [
        (Event.INQUIRY_ASKED, "登记答复"),
        (Event.URGENT_ASKED, "登记到岗"),
        (Event.SERVICE_ENDED, "登记归还或留存"),
    ],
)
def test_what_ends_by_an_act_of_its_own_is_not_registered_by_hand(cast, start, event, act):
    """Punctual on paper, though nobody was answered and nothing returned: no."""
    deadline = start(event)
    for part in ("verifier", "approver", "quality_office"):
        with pytest.raises(ValidationError, match=act):
            services.fulfil(actor=getattr(cast, part), deadline=deadline, note="已办")
    assert now_in_database(deadline).is_open


def test_by_hand_needs_words(cast, start):
    deadline = start()
    with pytest.raises(ValidationError, match="说明完成情况"):
        services.fulfil(actor=cast.verifier, deadline=deadline, note=" ")
    with pytest.raises(ValidationError, match="说明作废理由"):
        services.cancel(actor=cast.approver, deadline=deadline, reason=" ")
    services.stop(actor=cast.verifier, deadline=deadline)
    with pytest.raises(ValidationError, match="说明理由"):
        services.reopen(actor=cast.approver, deadline=deadline, reason=" ")


# ── Cancel, withdraw ────────────────────────────────────────────────────────
def test_who_may_cancel(cast, start):
    def cancel(actor):
        services.cancel(actor=actor, deadline=start(subject=actor), reason="误登记")

    assert allowed(cast, cancel) == {"approver", "quality_office", "executive"}


def test_a_cancelled_clock_was_never_owed(cast, start, time):
    deadline = start(Event.URGENT_ASKED)
    time.go(days=9)
    services.cancel(actor=cast.approver, deadline=deadline, reason="重复登记")
    deadline = now_in_database(deadline)
    assert (deadline.state, deadline.light, deadline.stop_note, deadline.next_at) == (
        State.CANCELLED, Light.VOID, "重复登记", None,
    )  # fmt: skip
    assert rows_of(deadline) == ["deadline.start", "deadline.cancel"]
    assert Notice.objects.filter(recipient=cast.verifier).first().title.startswith("时限已作废：")


def test_withdraw_ends_a_pause_too(cast, start, time):
    deadline = start()
    suspend(cast, deadline)
    time.go(days=1)
    services.withdraw(actor=cast.preparer, deadline=deadline, reason="撤销资料齐全")
    assert Suspension.objects.get().ended_at == time.now
    assert now_in_database(deadline).state == State.CANCELLED
    assert checks.verify().problems == []


# ── Reopen ──────────────────────────────────────────────────────────────────
def test_a_reopened_clock_goes_on_as_if_it_had_never_stopped(cast, start, time):
    deadline = start()
    time.go(days=5)
    services.stop(actor=cast.verifier, deadline=deadline, note="已提交")
    time.go(days=5)
    services.reopen(actor=cast.approver, deadline=deadline, reason="委托人退回")
    deadline = now_in_database(deadline)
    assert (deadline.state, deadline.stopped_at, deadline.stopped_by, deadline.stop_note) == (
        State.RUNNING,
        None,
        None,
        "",
    )
    assert f"{deadline.due_on}" == "2026-04-16"
    assert deadline.next_at == moment("2026-04-09 08:30")
    assert '"note":"已提交"' in last_row().data
    assert rows_of(deadline) == ["deadline.start", "deadline.stop", "deadline.reopen"]


def test_only_a_fulfilled_clock_is_reopened(cast, start):
    running, void = start(), start(Event.URGENT_ASKED)
    services.cancel(actor=cast.approver, deadline=void, reason="误登记")
    for each in (running, void):
        with pytest.raises(ValidationError, match="只有已完成的时限"):
            services.reopen(actor=cast.approver, deadline=each, reason="误")


def test_a_clock_is_not_reopened_beside_its_successor(cast, start):
    first = start()
    services.stop(actor=cast.verifier, deadline=first)
    start()
    with pytest.raises(ValidationError, match="已有同一时限在计时"):
        services.reopen(actor=cast.approver, deadline=first, reason="误")


def test_a_clock_is_not_reopened_beside_its_successor_by_a_newer_version_of_the_rule(cast, start):
    first = start()
    services.stop(actor=cast.verifier, deadline=first)
    change = {"rule": first.rule, "changes": {"amount": 40}}
    seen = services.digest_of(services.preview_rule(**change))
    services.change_rule(actor=cast.quality_office, reason="合同约定", move_running=False, seen=seen, **change)
    start()
    with pytest.raises(ValidationError, match="已有同一时限在计时"):
        services.reopen(actor=cast.approver, deadline=first, reason="误")


def test_who_may_reopen(cast, start):
    def reopen(actor):
        deadline = start(subject=actor)
        services.stop(actor=cast.verifier, deadline=deadline)
        services.reopen(actor=actor, deadline=deadline, reason="误登记")

    assert allowed(cast, reopen) == {"approver", "quality_office", "executive"}


# ── Who owes ────────────────────────────────────────────────────────────────
def test_open_clocks_go_to_the_new_project_manager(cast, project, start, time):
    open_ones = [start(), start(Event.URGENT_ASKED)]
    suspend(cast, open_ones[0])
    done = start(Event.BIDS_RECEIVED)
    services.stop(actor=cast.verifier, deadline=done)
    Assignment.objects.filter(role=Role.PROJECT_MANAGER).update(user=cast.preparer)
    Notice.objects.all().delete()
    assert services.refresh_responsible(actor=cast.approver, scope=project) == 2
    assert {now_in_database(each).responsible for each in open_ones} == {cast.preparer}
    assert now_in_database(done).responsible == cast.verifier
    assert rows_of(open_ones[1])[-1] == "deadline.reassign"
    assert told(Kind.CLOCK) == ["编制人", "编制人"]
    assert services.refresh_responsible(actor=cast.approver, scope=project) == 0


def test_a_second_project_manager_takes_nothing_away(cast, project, start):
    deadline = start()
    Assignment.objects.create(project=project, user=cast.preparer, role=Role.PROJECT_MANAGER, starts_on=LONG_AGO)
    assert services.refresh_responsible(actor=cast.approver, scope=project) == 0
    assert now_in_database(deadline).responsible == cast.verifier


def test_without_project_manager_nobody_owes_until_there_is_one(cast, project, start):
    deadline = start()
    Assignment.objects.filter(role=Role.PROJECT_MANAGER).delete()
    assert services.refresh_responsible(actor=cast.approver, scope=project) == 1
    assert now_in_database(deadline).responsible is None
    assert services.refresh_responsible(actor=cast.approver, scope=project) == 0
    Assignment.objects.create(project=project, user=cast.verifier, role=Role.PROJECT_MANAGER, starts_on=LONG_AGO)
    assert services.refresh_responsible(actor=cast.verifier, scope=project) == 1
    assert now_in_database(deadline).responsible == cast.verifier


def test_clocks_of_other_projects_stay(cast, project, other_project, start):
    start()
    other = start(scope=other_project)
    assert services.refresh_responsible(actor=cast.approver, scope=project) == 0
    assert now_in_database(other).responsible is None


# ── By hand reminding ───────────────────────────────────────────────────────
def test_who_may_nudge(cast, start):
    def nudge(actor):
        services.nudge(actor=actor, deadline=start(subject=actor))

    with pytest.raises(ValidationError, match="您就是责任人"):
        nudge(cast.verifier)
    parts = {"preparer", "checker", "approver", "quality_office", "executive", "chief_engineer"}
    assert allowed(cast, lambda actor: actor == cast.verifier or nudge(actor)) - {"verifier"} == parts


def test_a_nudge_reaches_who_owes_and_not_twice_in_four_hours(cast, start, time):
    deadline = start()
    services.nudge(actor=cast.approver, deadline=deadline, words="请尽快")
    assert told(Kind.NUDGE) == ["复核人"]
    assert last_row().action == "deadline.nudge"
    time.go(hours=3, minutes=59)
    with pytest.raises(ValidationError, match="审核人 已于 10:00 催办"):
        services.nudge(actor=cast.quality_office, deadline=deadline)
    time.go(minutes=1)
    services.nudge(actor=cast.quality_office, deadline=deadline)
    assert told(Kind.NUDGE) == ["复核人", "复核人"]


def test_nobody_can_be_nudged_where_nobody_owes(cast, project, start):
    deadline = start()
    Assignment.objects.filter(role=Role.PROJECT_MANAGER).delete()
    services.refresh_responsible(actor=cast.approver, scope=project)
    with pytest.raises(ValidationError, match="暂缺人员"):
        services.nudge(actor=cast.approver, deadline=deadline)


def test_nudging_many_leaves_out_those_that_cannot_be(cast, start):
    free, fresh, over = start(), start(Event.URGENT_ASKED), start(Event.BIDS_RECEIVED)
    services.nudge(actor=cast.approver, deadline=fresh)
    services.stop(actor=cast.verifier, deadline=over)
    assert services.nudge_all(actor=cast.approver, deadlines=[free, fresh, over]) == (1, 2)


# ── Secrets ─────────────────────────────────────────────────────────────────
def test_nothing_about_the_clocks_of_a_secret_project_leaves_the_house(cast, project, start, time):
    """Every kind of message about a clock."""
    project.confidentiality = Confidentiality.SECRET
    project.save()
    deadline = start()
    request = extension(cast.checker, deadline)
    services.decide(actor=cast.approver, request=request, approve=True)
    suspend(cast, deadline)
    services.resume(actor=cast.checker, deadline=deadline, reason="齐", basis="单")
    services.shorten(actor=cast.checker, deadline=deadline, amount=1, reason="急", basis="函")
    services.nudge(actor=cast.approver, deadline=deadline)
    change = {"rule": deadline.rule, "changes": {"amount": 40}}
    seen = services.digest_of(services.preview_rule(**change))
    services.change_rule(actor=cast.quality_office, reason="合同", move_running=True, seen=seen, **change)
    services.stop(actor=cast.checker, deadline=deadline)
    services.reopen(actor=cast.approver, deadline=deadline, reason="误")
    time.go(days=60)
    services.sweep()
    services.cancel(actor=cast.approver, deadline=deadline, reason="误")
    Assignment.objects.filter(role=Role.PROJECT_MANAGER).update(user=cast.preparer)
    start(Event.URGENT_ASKED)
    Assignment.objects.filter(role=Role.PROJECT_MANAGER).update(user=cast.verifier)
    services.refresh_responsible(actor=cast.approver, scope=project)
    assert Notice.objects.count() > 12
    assert list(Notice.objects.filter(is_confidential=False).values_list("title", flat=True)) == []


# ── The ledger knows better ─────────────────────────────────────────────────
def edit(deadline, **values) -> list[str]:
    """What an edit behind the application's back makes the verification say."""
    Deadline.objects.filter(pk=deadline.pk).update(**values)
    return checks.verify().problems


def test_an_edited_end_is_named(cast, start):
    deadline = start()
    assert checks.verify().problems == []
    problem = f"时限 {deadline.pk}（总承包结算审核）的到期日与证据链不符"
    assert edit(deadline, due_on="2026-05-01") == [problem]


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"due_at": moment("2026-05-01 10:00")}, "到期时刻"),
        ({"started_at": moment("2026-03-01 10:00")}, "起算时间"),
        ({"extra": 5}, "延长（缩短）"),
        ({"responsible": None}, "责任人"),
        ({"state": State.SUSPENDED, "next_at": None}, "状态"),
    ],
)
def test_whatever_else_decides_about_a_clock_is_compared_too(cast, start, values, word):
    deadline = start()
    assert edit(deadline, **values) == [f"时限 {deadline.pk}（总承包结算审核）的{word}与证据链不符"]


def test_a_clock_that_went_through_everything_is_as_it_was_told(cast, start, time):
    deadline = start()
    services.decide(actor=cast.approver, request=extension(cast.verifier, deadline), approve=True)
    services.shorten(actor=cast.verifier, deadline=deadline, amount=3, reason="急", basis="函")
    suspend(cast, deadline)
    assert checks.verify().problems == []
    time.go(days=4)
    services.resume(actor=cast.verifier, deadline=deadline, reason="齐", basis="单")
    time.go(days=70)
    services.sweep()
    services.stop(actor=cast.verifier, deadline=deadline)
    services.reopen(actor=cast.approver, deadline=deadline, reason="误")
    assert checks.verify().problems == []


def test_an_edited_completion_is_named(cast, start, time):
    deadline = start(Event.URGENT_ASKED)
    time.go(days=5)
    services.stop(actor=cast.verifier, deadline=deadline)
    assert checks.verify().problems == []
    (problem,) = edit(deadline, stopped_at=moment("2026-03-03 10:00"))
    assert problem == f"时限 {deadline.pk}（紧急任务加派人员到岗）的完成时间与证据链不符"


def test_an_edited_state_is_named(cast, start, time):
    done, running = start(), start(Event.URGENT_ASKED)
    services.stop(actor=cast.verifier, deadline=done)
    (problem,) = edit(done, state=State.RUNNING, stopped_at=None)
    assert problem == f"时限 {done.pk}（总承包结算审核）的状态与证据链不符"
    edit(done, state=State.FULFILLED, stopped_at=time.now)
    assert edit(running, state=State.FULFILLED, stopped_at=time.now)[0].endswith("状态与证据链不符")


def test_a_clock_without_any_record_is_named(cast, start):
    deadline = start()
    with guards_lifted_here():
        Entry.objects.filter(action="deadline.start").update(subject_id=deadline.pk + 1000)
    assert f"时限 {deadline.pk}（总承包结算审核）没有起算记录" in checks.verify().problems


def guards_lifted_here():
    from django.db import connection

    return guards_lifted(connection)


def test_a_whole_life_is_what_the_ledger_says(cast, project, start, time):
    """Every act that moves an end, one after another: the verification follows each."""
    deadline = start()
    refused = extension(cast.verifier, deadline)
    services.decide(actor=cast.approver, request=refused, approve=False, note="理由不足")
    services.withdraw_request(actor=cast.verifier, request=suspension(cast.verifier, deadline))
    services.decide(actor=cast.approver, request=extension(cast.verifier, deadline, 5), approve=True)
    suspend(cast, deadline)
    time.go(days=4)
    services.resume(actor=cast.verifier, deadline=deadline, reason="齐", basis="单")
    services.shorten(actor=cast.verifier, deadline=deadline, amount=3, reason="急", basis="函")
    time.go(days=60)
    services.sweep()
    services.stop(actor=cast.verifier, deadline=deadline)
    services.reopen(actor=cast.approver, deadline=deadline, reason="误")
    services.stop(actor=cast.verifier, deadline=deadline)
    assert checks.verify().problems == []
    assert rows_of(deadline) == [
        "deadline.start", "deadline.request", "deadline.decide", "deadline.request", "deadline.request_withdraw",
        "deadline.request", "deadline.decide", "deadline.request", "deadline.decide", "deadline.resume",
        "deadline.shorten", "deadline.escalate", "deadline.stop", "deadline.reopen", "deadline.stop",
    ]  # fmt: skip
    assert (
        f"{now_in_database(deadline).due_on}" == "2026-04-21"
    )  # 45 + 5 + 3 − 3: of four midnights the first is no counted day
    assert Decision.PENDING not in set(deadline.requests.values_list("decision", flat=True))
    assert DeadlineRule.objects.count() == 19
    assert timezone.now() == time.now
    assert Post.objects.exists()
