"""Who gets or owes what: pure rules. It adds up to the cent, and nobody is charged twice for one thing."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankings import awards
from rankings.awards import Judged, Matter, Member, Rates, apportion, compute
from rankings.choices import Cause, Kind, Party
from scoring.rules import FAIL, GOOD, PASS

M, L, E, T = Party.PROJECT_MANAGER, Party.DISCIPLINE_LEAD, Party.COST_ENGINEER, Party.TECHNICAL_DIRECTOR
TEAM = (Member(1, M), Member(2, L), Member(3, E), Member(4, E), Member(5, T))
SHARES = {M: Decimal(40), L: Decimal(30), E: Decimal(30)}
AMOUNTS = {
    (Cause.FIRST_PLACE, Party.TEAM): Decimal(10000),
    (Cause.BELOW_PASS, M): Decimal(3000), (Cause.BELOW_PASS, E): Decimal(1000), (Cause.BELOW_PASS, T): Decimal(2000),
    (Cause.SERIOUS, M): Decimal(2500), (Cause.SERIOUS, E): Decimal(1500), (Cause.SERIOUS, T): Decimal(2000),
    (Cause.SENT_BACK, Party.PERSON): Decimal(200),
}  # fmt: skip


def rates(**more) -> Rates:
    return Rates(**{"amounts": AMOUNTS, "shares": SHARES} | more)


def project(pk=1, *, place=1, score="90", grade=GOOD, is_serious=False, team=TEAM) -> Judged:
    return Judged(pk, f"项目{pk}", f"/inspections/{pk}/", place, Decimal(score), grade, is_serious, team)


def got(found: awards.Found) -> dict:
    return {line.person: line.amount for line in found.lines}


# ── Splitting ───────────────────────────────────────────────────────────────
def test_cents_that_cannot_be_shared_go_to_the_largest_remainder_then_the_first():
    assert apportion(Decimal("100.00"), [1, 1, 1]) == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    assert apportion(Decimal("0.01"), [1, 2]) == [Decimal("0.00"), Decimal("0.01")]


def test_nothing_can_be_shared_by_nobody_or_by_parts_of_a_cent():
    for total, weights in ((Decimal(1), []), (Decimal(1), [0, 0]), (Decimal("0.001"), [1]), (Decimal(1), [2, -1])):
        with pytest.raises(ValueError):
            apportion(total, weights)


cents = st.integers(0, 10**9).map(lambda value: Decimal(value).scaleb(-2))


@given(cents, st.lists(st.integers(0, 10000), min_size=1, max_size=30).filter(any))
def test_a_split_adds_up_and_is_fair_to_the_cent(total, weights):
    parts = apportion(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    assert all(abs(part - total * weight / whole) < Decimal("0.01") for part, weight in zip(parts, weights, strict=True))  # fmt: skip


# ── Reward ──────────────────────────────────────────────────────────────────
def test_the_first_of_the_good_is_rewarded_by_role_and_several_of_one_role_share():
    found = compute([project(1), project(2, place=2, score="85")], [], rates())
    assert got(found) == {1: 4000, 2: 3000, 3: 1500, 4: 1500}
    assert {line.kind for line in found.lines} == {Kind.REWARD}
    assert not found.problems


def test_no_project_is_good_so_nobody_is_rewarded():
    found = compute([project(grade=PASS, score="80")], [], rates())
    assert found.lines == ()
    assert "没有优良项目" in found.notes[0]


def test_the_share_of_a_vacant_role_goes_to_the_others_and_the_line_says_so():
    found = compute([project(team=(Member(1, M), Member(3, E)))], [], rates())
    assert got(found) == {1: Decimal("5714.29"), 3: Decimal("4285.71")}
    assert "专业负责人空缺" in found.lines[0].text


def test_projects_that_share_the_first_place_divide_the_reward():
    found = compute([project(1), project(2, team=(Member(9, M),))], [], rates())
    assert got(found)[9] == 5000
    assert sum(got(found).values()) == 10000
    assert "2 个项目并列第一" in found.notes[0]
    assert "并列" in found.lines[0].text


def test_a_first_place_with_a_serious_problem_is_told():
    found = compute([project(is_serious=True)], [], rates())
    assert {line.kind for line in found.lines} == {Kind.REWARD, Kind.PENALTY}
    assert any("“项目1”" in note and "请核实" in note for note in found.notes)
    assert not compute([project()], [], rates()).notes


def test_whoever_has_two_roles_gets_both_shares_in_one_line():
    found = compute([project(team=(Member(1, M), Member(1, E), Member(2, L)))], [], rates())
    assert got(found) == {1: 7000, 2: 3000}


def test_a_team_without_anybody_who_shares_is_a_problem_that_blocks():
    found = compute([project(team=(Member(5, T),))], [], rates())
    assert found.lines == ()
    assert "没有可以分得奖励" in found.problems[0]


# ── Penalties ───────────────────────────────────────────────────────────────
def test_a_project_below_60_costs_manager_each_engineer_and_director():
    found = compute([project(grade=FAIL, score="55")], [], rates())
    assert got(found) == {1: 3000, 3: 1000, 4: 1000, 5: 2000}
    assert {line.key for line in found.lines} == {"project:1"}


def test_below_60_and_serious_is_charged_once_at_the_larger_amount():
    found = compute([project(grade=FAIL, score="55", is_serious=True)], [], rates())
    assert got(found) == {1: 3000, 3: 1500, 4: 1500, 5: 2000}
    causes = {line.person: line.cause for line in found.lines}
    assert causes[1] == Cause.BELOW_PASS
    assert causes[3] == Cause.SERIOUS
    assert "只计一次" in found.lines[0].text


def test_a_manager_who_is_an_engineer_too_pays_once():
    found = compute([project(grade=FAIL, score="55", team=(Member(1, M), Member(1, E)))], [], rates())
    assert got(found) == {1: 3000}


def test_a_role_that_nobody_had_is_told():
    found = compute([project(grade=FAIL, score="55", team=(Member(1, M),))], [], rates())
    assert [note for note in found.notes if "没有" in note and "未计其处罚" in note]


def test_an_optional_rule_without_an_amount_is_not_applied_and_that_is_told():
    matters = [Matter(Cause.LATE_RECTIFICATION, "late:1", (1,), "逾期", "/", M)]
    found = compute([project()], matters, rates())
    assert not [line for line in found.lines if line.kind == Kind.PENALTY]
    assert any("整改逾期" in note and "未适用" in note for note in found.notes)


def test_attendance_counts_by_its_line_in_the_newest_version():
    matters = [
        Matter(Cause.ATTENDANCE, "attendance:1", (7,), "请假", "/", line=10, count=3),
        Matter(Cause.ATTENDANCE, "attendance:2", (7,), "旷工", "/", line=11),
        Matter(Cause.ATTENDANCE, "attendance:3", (7,), "串岗", "/", line=99),
    ]
    found = compute([], matters, rates(attendance={10: ("请假一天", Decimal("50.50")), 11: ("旷工", None)}))
    assert [line.amount for line in found.lines] == [Decimal("151.50")]
    assert any("旷工" in note and "未设定" in note for note in found.notes)
    assert any("现行标准已无对应条款" in note for note in found.notes)


def test_a_text_never_outgrows_its_column():
    row = Judged(1, "长" * 300, "/", 1, Decimal(55), FAIL, True, TEAM)
    assert all(len(line.text) <= 300 for line in compute([row], [], rates()).lines)


# ── Any year ────────────────────────────────────────────────────────────────
people = st.integers(1, 8)
teams = st.lists(st.builds(Member, people, st.sampled_from([M, L, E, T])), max_size=8, unique=True).map(tuple)
graded = st.sampled_from([(GOOD, "90"), (PASS, "70"), (FAIL, "55")])
amounts = st.none() | cents


@st.composite
def years(draw):
    rows = [
        Judged(pk, f"项目{pk}", "/", draw(st.integers(1, 3)), Decimal(score), grade, draw(st.booleans()), draw(teams))
        for pk, (grade, score) in enumerate(draw(st.lists(graded, max_size=5)), start=1)
    ]
    matters = [
        Matter(Cause.SENT_BACK, f"deliverable:{draw(st.integers(1, 3))}", tuple(draw(st.sets(people, max_size=2))), "", "/")
        for _ in range(draw(st.integers(0, 4)))
    ]  # fmt: skip
    keys = list(AMOUNTS)
    shares = {party: draw(st.none() | st.integers(0, 100).map(Decimal)) for party in (M, L, E)}
    return rows, matters, Rates({key: draw(amounts) for key in keys}, shares)


@given(years())
def test_any_year_adds_up_to_the_cent_and_charges_nobody_twice_for_one_thing(year):
    rows, matters, given_rates = year
    found = compute(rows, matters, given_rates)
    rewards = [line for line in found.lines if line.kind == Kind.REWARD]
    whole = given_rates.of(Cause.FIRST_PLACE, Party.TEAM)
    if rewards and not found.problems:
        assert sum(line.amount for line in rewards) == whole
    keys = [(line.person, line.key) for line in found.lines]
    assert len(keys) == len(set(keys))
    assert all(line.amount == line.amount.quantize(Decimal("0.01")) >= 0 for line in found.lines)
    assert sum(each.net for each in awards.sums(found.lines, lambda line: line.cause, lambda line: line.amount)) == (
        awards.total(found.lines, lambda line: line.amount).net
    )


@given(years())
def test_a_charge_is_the_largest_of_what_the_roles_of_the_person_cost(year):
    rows, _, given_rates = year
    for line in compute(rows, [], given_rates).lines:
        if line.kind == Kind.REWARD:
            continue
        row = next(row for row in rows if line.key == f"project:{row.project}")
        causes = [Cause.BELOW_PASS] * (row.grade == FAIL) + [Cause.SERIOUS] * row.is_serious
        parties = [party for party in awards.PUNISHED if Member(line.person, party) in row.team]
        costs = [given_rates.of(cause, party) or Decimal(0) for cause in causes for party in parties]
        assert line.amount == max(costs)


# ── Left out of the split ───────────────────────────────────────────────────
def left_out(found: awards.Found) -> dict:
    return {line.person: line for line in found.lines if line.party == Party.LEFT_OUT}


def test_a_role_without_a_share_and_a_former_member_have_a_line_of_nothing():
    shares = {M: Decimal(60), E: Decimal(40), L: None}
    judged = replace(project(team=TEAM[:3]), former=(Member(7, E), Member(8, T), Member(1, L)), page="/rankings/2026/")
    found = compute([judged], [], rates(shares=shares))
    assert got(found) == {1: 6000, 3: 4000, 2: 0, 7: 0}
    lines = left_out(found)
    assert set(lines) == {2, 7}
    assert "任专业负责人，该角色没有分配比例，未列入分配" in lines[2].text
    assert "曾任专业造价工程师（造价员），检查立项之日已不在任，未列入分配" in lines[7].text
    assert {(line.kind, line.key, line.url) for line in lines.values()} == {
        (Kind.REWARD, "first:1", "/rankings/2026/")
    }


def test_what_the_others_get_does_not_stand_in_the_line_of_who_was_left_out():
    judged = replace(project(team=(Member(1, M), Member(3, E))), former=(Member(7, L),))
    found = compute([judged], [], rates())
    words = left_out(found)[7].text
    assert "项目组奖励 10,000.00 元" in words
    assert not [line for line in found.lines if line.amount and f"{line.amount:,.2f}" in words]


def test_only_the_rewarded_team_can_have_been_left_out():
    others = (replace(project(2, place=2, score="85"), former=(Member(7, E),)),
              replace(project(3, place=3, score="55", grade=FAIL), former=(Member(8, E),)))  # fmt: skip
    assert not left_out(compute([project(), *others], [], rates()))
    unset = {**AMOUNTS, (Cause.FIRST_PLACE, Party.TEAM): None}
    assert not left_out(compute([replace(project(), former=(Member(7, E),))], [], rates(amounts=unset)))


def test_a_share_of_nothing_is_a_line_of_its_own_role():
    found = compute([project()], [], rates(shares={M: Decimal(100), L: Decimal(0), E: Decimal(0)}))
    assert got(found) == {1: 10000, 2: 0, 3: 0, 4: 0}
    assert not left_out(found)
