"""People who want to look punctual, strangers who guess, and input that nobody types: what they try, and what it brings."""

from datetime import date

import pytest

from deadlines import rules
from deadlines.choices import Measure
from tests.deadlines.conftest import moment

# ── Pure rules ──────────────────────────────────────────────────────────────
LADDER = [(30, "technical_director"), (120, "quality_office"), (480, "executive")]


def inquiry(due: str, repeat_every=480) -> rules.Plan:
    """A limit of one working hour that ended at `due` and that nobody has ever stopped."""
    due_at = moment(due)
    return rules.Plan(rules.Term(1, Measure.WORKING_HOURS), due_at, due_at.date(), due_at, [], LADDER, repeat_every)


def test_limit_in_hours_that_is_late_for_twenty_years_still_has_a_next_step():
    """It lay beyond the ten years that a course may take, and would have stopped the sweep of all other clocks."""
    _, following = rules.steps_between(inquiry("2004-03-01 10:00"), rules.Calendar(), moment("2026-03-02 10:00"),
                                       moment("2026-03-02 10:00"))  # fmt: skip
    assert following.at.date() in (date(2026, 3, 2), date(2026, 3, 3))


def test_late_steps_in_hours_are_where_they_are_when_each_is_counted_from_the_end():
    """They are counted from one to the next; a lunch break, a weekend and an end at closing time must not matter."""
    calendar = rules.Calendar()
    for due in ("2026-03-06 17:30", "2026-03-06 12:00", "2026-03-06 11:43"):
        plan = inquiry(due, repeat_every=75)
        steps, _ = rules.steps_between(plan, calendar, plan.due_at, moment("2026-04-01 10:00"))
        late = [step for step in steps if step.offset > 0]
        assert len(late) > 50
        assert [step.at for step in late] == [rules.by_calendar(plan, step, calendar).at for step in late]


@pytest.mark.parametrize("measure", [Measure.CALENDAR_DAYS, Measure.WORKING_HOURS])
def test_repetition_beyond_any_calendar_is_no_step_at_all(measure):
    plan = rules.Plan(rules.Term(1, measure), moment("2026-03-02 09:00"), date(2026, 3, 3), moment("2026-03-03 00:00"),
                      [0], [(1, "executive")], 10**12)  # fmt: skip
    steps, following = rules.steps_between(plan, rules.Calendar(), plan.started_at, moment("2027-01-01 00:00"))
    assert [step.offset for step in steps] == [0, 1]
    assert following is None
