"""Changing the time standards: a version each, and clocks that run follow only when somebody has seen what would move."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from deadlines import services
from deadlines.choices import Event, State
from deadlines.models import Deadline, DeadlineRule
from ledger import checks
from notices.choices import Kind
from notices.models import Notice
from tests.deadlines.conftest import extension, last_row, moment, now_in_database, resume, rows_of, rule, suspend, told
from tests.deadlines.test_clocks import allowed

pytestmark = pytest.mark.django_db
CODE = "settlement_review_main"


@pytest.fixture
def change(cast):
    """`change({"amount": 40})`: by the quality office, who has just looked."""

    def change(changes, *, code=CODE, actor=None, reason="合同约定", move_running=False, seen=None, of=None):
        of = of or rule(code)
        return services.change_rule(
            actor=actor or cast.quality_office, rule=of, changes=changes, reason=reason, move_running=move_running,
            seen=services.digest_of(services.preview_rule(of, changes)) if seen is None else seen,
        )  # fmt: skip

    return change


def dates(code=CODE, **changes) -> list[tuple[str, str]]:
    """What a preview says: (end now, end then) of each clock."""
    moves = services.preview_rule(rule(code), changes)
    return [(f"{move.deadline.due_on}", f"{move.due_on}") for move in moves]


# ── Versions ────────────────────────────────────────────────────────────────
def test_a_change_is_the_next_version_and_the_old_one_stays(cast, time, change):
    old = rule(CODE)
    new = change({"amount": 40, "clause": "补充协议第 3 条"})
    old.refresh_from_db()
    assert (old.amount, old.version, old.superseded_at) == (45, 1, time.now)
    assert (new.amount, new.version, new.superseded_at, new.created_by) == (40, 2, None, cast.quality_office)
    assert (new.title, new.escalation, new.reason) == (old.title, old.escalation, "合同约定")
    assert list(DeadlineRule.objects.in_force().filter(code=CODE)) == [new]
    row = last_row()
    assert (row.action, row.subject_id) == ("time_rule.change", new.pk)
    assert '"changed":{"amount":[45,40]' in row.data


def test_a_rule_whose_clocks_end_on_an_agreed_day_keeps_its_length(cast, time, change):
    for changes in ({"amount": 5}, {"measure": "working_days"}, {"moves_to_working_day": True}):
        with pytest.raises(ValidationError, match="约定的日期"):
            change(changes, code="action_item")
    assert change({"reminders": [5, 1]}, code="action_item").version == 2


def test_new_clocks_take_the_new_version_and_running_ones_keep_theirs(cast, start, change):
    old = start()
    change({"amount": 40})
    new = start(subject=cast.zj1)
    assert (now_in_database(old).rule.version, f"{now_in_database(old).due_on}") == (1, "2026-04-16")
    assert (new.rule.version, f"{new.due_on}") == (2, "2026-04-11")
    assert rows_of(old) == ["deadline.start"]


def test_a_running_clock_of_the_old_version_is_not_started_again_by_the_new_one(cast, project, start, time, change):
    start()
    change({"amount": 40})
    assert services.start(
        actor=cast.checker, event=Event.SETTLEMENT_RECEIVED, subject=project, scope=project, url="/",
        event_at=time.now, business_line="settlement_review", contract_kind="main",
    ) == []  # fmt: skip


def test_who_may_change_a_rule(cast, change):
    amounts = iter(range(50, 80))
    assert allowed(cast, lambda actor: change({"amount": next(amounts)}, actor=actor)) == {"quality_office"}


# ── What would move ─────────────────────────────────────────────────────────
@pytest.fixture
def running(cast, start, time):
    """Three clocks of the rule: plain, extended by ten days, standing still; a fourth is over."""
    plain, extended, standing, over = (start(subject=each) for each in (cast.zj1, cast.zj2, cast.hq, cast.verifier))
    services.decide(actor=cast.approver, request=extension(cast.verifier, extended), approve=True)
    time.to("2026-03-10 10:00")
    suspend(cast, standing)
    services.stop(actor=cast.verifier, deadline=over)
    time.to("2026-03-12 10:00")
    Notice.objects.all().delete()
    return plain, extended, standing, over


def test_the_preview_shows_each_open_clock(running):
    assert dates(amount=30) == [
        ("2026-04-16", "2026-04-01"), ("2026-04-26", "2026-04-11"), ("2026-04-16", "2026-04-16"),
    ]  # fmt: skip
    assert [move.days for move in services.preview_rule(rule(CODE), {"amount": 30})] == [-15, -15, 0]
    assert Deadline.objects.filter(rule__version=1).count() == 4  # looked at, not touched


def test_what_happens_is_what_the_preview_said(cast, running, change, time):
    plain, extended, standing, over = running
    expected = dates(amount=30)
    new = change({"amount": 30}, move_running=True)
    assert [f"{now_in_database(each).due_on}" for each in (plain, extended, standing)] == [
        then for _, then in expected
    ]
    assert {now_in_database(each).rule for each in (plain, extended, standing)} == {new}
    assert now_in_database(plain).next_at == moment("2026-03-25 08:30")
    assert now_in_database(standing).next_at is None
    assert rows_of(plain)[-1] == "deadline.follow"
    assert told(Kind.CLOCK) == ["复核人", "复核人"]  # of the two that moved
    assert Notice.objects.order_by("pk").first().title.startswith("到期日由 2026-04-16 改为 2026-04-01")
    assert (now_in_database(over).rule.version, now_in_database(over).state) == (1, State.FULFILLED)
    resume(cast.verifier, standing)
    assert f"{now_in_database(standing).due_on}" == "2026-04-03"  # thirty days and two midnights
    assert checks.verify().problems == []


def test_a_preview_in_working_days(running):
    assert dates(measure="working_days", amount=10)[0] == ("2026-04-16", "2026-03-16")


def test_moving_off_days_off(cast, start):
    start()
    assert dates(moves_to_working_day=True, amount=47) == [("2026-04-16", "2026-04-20")]  # the 18th is a Saturday


def test_a_clock_that_was_shortened_keeps_a_day_at_least(cast, start):
    services.shorten(actor=cast.verifier, deadline=start(), amount=40, reason="急", basis="函")
    assert dates(amount=10) == [("2026-03-07", "2026-03-03")]


def test_other_reminders_begin_where_the_clock_stands(start, time, change):
    deadline = start()
    time.to("2026-03-20 10:00")
    change({"reminders": [30, 20, 0]}, move_running=True)
    assert now_in_database(deadline).next_at == moment("2026-03-27 08:30")  # T-30 lies behind
    assert f"{now_in_database(deadline).due_on}" == "2026-04-16"


# ── Stale ───────────────────────────────────────────────────────────────────
def refused(change, words, **given) -> None:
    with pytest.raises(ValidationError, match=words):
        change({"amount": 30}, move_running=True, **given)
    assert rule(CODE).version == 1


@pytest.mark.parametrize("what", ["started", "extended", "suspended", "over"])
def test_what_has_changed_since_it_was_shown_is_not_moved_unseen(cast, start, change, what):
    deadline = start()
    seen = services.digest_of(services.preview_rule(rule(CODE), {"amount": 30}))
    {
        "started": lambda: start(subject=cast.zj1),
        "extended": lambda: services.decide(
            actor=cast.approver, request=extension(cast.verifier, deadline), approve=True
        ),
        "suspended": lambda: suspend(cast, deadline),
        "over": lambda: services.stop(actor=cast.verifier, deadline=deadline),
    }[what]()
    refused(change, "在您查看之后有变化", seen=seen)
    change({"amount": 30}, move_running=True)  # looked at again


def test_another_change_shown_is_not_this_one(start, change):
    start()
    refused(change, "在您查看之后有变化", seen=services.digest_of(services.preview_rule(rule(CODE), {"amount": 44})))


def test_somebody_elses_newer_version_is_not_overwritten(start, change):
    old = rule(CODE)
    change({"title": "总承包审核"})
    with pytest.raises(ValidationError, match="该规则已修订为第 2 版"):
        change({"amount": 30}, of=old)
    assert rule(CODE).amount == 45


# ── Nonsense ────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 0), ("amount", 731), ("amount", None), ("title", ""), ("clause", ""), ("measure", "moons"),
        ("owed_by", "client"), ("reminders", [-1]), ("reminders", ["7"]), ("reminders", {"7": 1}), ("reminders", [True]),
        ("reminders", [10_001]), ("escalation", [[0, "executive"]]), ("escalation", [[1, "client"]]), ("escalation", [[1]]),
        ("escalation", [["1", "executive"]]), ("escalation", "executive"), ("repeat_every", -1),
        ("escalation", [[2, "technical_director"], [1, "executive"]]),
        ("escalation", [[1, "technical_director"], [1, "executive"]]),
        ("business_lines", ["fishing"]), ("fulfilled_by", ["poem"]), ("contract_kind", "verbal"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(cast, field, value):
    with pytest.raises(ValidationError) as refusal:
        services.preview_rule(rule(CODE), {field: value})
    assert set(refusal.value.message_dict) == {field}
    with pytest.raises(ValidationError):
        services.change_rule(
            actor=cast.quality_office, rule=rule(CODE), changes={field: value}, reason="试", move_running=False,
            seen=services.digest_of([]),
        )  # fmt: skip
    assert rule(CODE).version == 1


def test_a_change_has_a_reason_and_changes_something(change):
    with pytest.raises(ValidationError, match="说明修订理由"):
        change({"amount": 40}, reason=" ")
    with pytest.raises(ValidationError, match="没有修改任何内容"):
        change({"amount": 45})


def test_code_and_event_do_not_change(cast, change):
    new = change({"amount": 40, "code": "other", "event": "urgent_asked", "version": 9})
    assert (new.code, new.event, new.version) == (CODE, "settlement_received", 2)


def test_who_may_not_is_told_so_before_anything_else(cast, start, change):
    with pytest.raises(PermissionDenied):
        change({"amount": 40}, actor=cast.approver, seen="stale", reason="")
