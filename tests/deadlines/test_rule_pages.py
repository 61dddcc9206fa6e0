"""The pages of the time standards: who reads them, and the two steps of a change, without JavaScript."""

import re

import pytest

from deadlines import services
from deadlines.choices import Event
from deadlines.models import DeadlineRule
from tests.deadlines.browser import form_of, press
from tests.deadlines.conftest import moment, now_in_database, rule, suspend

pytestmark = pytest.mark.django_db
LIST = "/time-rules/"
CODE = "settlement_review_main"
DETAIL, EDIT = f"/time-rules/{CODE}/", f"/time-rules/{CODE}/edit/"
NEXT, CONFIRM, BACK = "下一步：查看影响", "确认修订", "返回修改"


@pytest.fixture
def office(cast, log_in):
    """The quality office at work."""
    return log_in(cast.quality_office)


def preview(office, code=CODE, **typed):
    """The page after the form was filled in."""
    page = office.get(f"/time-rules/{code}/edit/")
    return press(office, page, "rule-form", NEXT, **typed)


def words_of(response) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# ── Reading ─────────────────────────────────────────────────────────────────
def test_the_list_tells_all_rules_in_words(cast, log_in):
    words = words_of(log_in(cast.preparer).get(LIST))
    assert "共 19 条" in words
    for each in DeadlineRule.objects.all():
        assert each.title in words
        assert each.clause in words
    assert "45 日历天" in words
    assert "1 工作小时" in words
    assert "T-7、T-3、T-1、当日" in words
    assert "到期前 30 分钟、到期时" in words
    assert "逾期第 1 天 → 单位技术负责人" in words
    assert "结算编制、结算审核、全过程造价咨询；总承包合同" in words


@pytest.mark.parametrize("part", ["preparer", "approver", "executive", "quality_office", "auditor", "archivist"])
def test_who_does_business_or_audits_reads_the_rules(cast, log_in, part):
    person = log_in(getattr(cast, part))
    assert person.get(LIST).status_code == person.get(DETAIL).status_code == 200


def test_the_administrator_reads_no_rules(cast, log_in):
    person = log_in(cast.administrator)
    assert person.get(LIST).status_code == person.get(DETAIL).status_code == 403


@pytest.mark.parametrize("part", ["preparer", "approver", "executive", "chief_engineer", "auditor", "administrator"])
def test_only_the_quality_office_changes_rules(cast, log_in, part):
    person = log_in(getattr(cast, part))
    assert person.get(EDIT).status_code == 403
    assert person.post(EDIT, {"step": "confirm", "version": "1"}).status_code == 403
    assert rule(CODE).version == 1


def test_the_button_stands_only_where_it_leads_somewhere(cast, log_in):
    assert EDIT not in log_in(cast.preparer).get(DETAIL).content.decode()
    assert EDIT in log_in(cast.quality_office).get(DETAIL).content.decode()


def test_a_rule_that_does_not_exist_is_not_found(office):
    assert office.get("/time-rules/nothing/").status_code == 404
    assert office.get("/time-rules/nothing/edit/").status_code == 404


def test_a_rule_keeps_its_place_in_the_list_when_it_changes(office):
    before = [row["rule"].code for row in office.get(LIST).context["rows"]]
    press(office, preview(office, amount="40"), "confirm-form", CONFIRM, reason="按补充协议")
    assert [row["rule"].code for row in office.get(LIST).context["rows"]] == before
    assert len(before) == 19


def test_open_clocks_are_counted_as_far_as_the_reader_sees_them(cast, log_in, start, other_project):
    start()
    start(scope=other_project)
    shown = {row["rule"].code: row["running"] for row in log_in(cast.quality_office).get(LIST).context["rows"]}
    assert shown[CODE] == 2
    assert shown["bid_analysis"] == 0
    assert log_in(cast.outsider).get(DETAIL).context["running"] == 1


def test_the_history_says_who_changed_what_when_and_why(cast, log_in, time):
    time.to("2026-03-05 09:15")
    changes = {"amount": 40, "reminders": [10, 1]}
    seen = services.digest_of(services.preview_rule(rule(CODE), changes))
    services.change_rule(
        actor=cast.quality_office, rule=rule(CODE), changes=changes, reason="按补充协议", move_running=False, seen=seen
    )
    words = words_of(log_in(cast.preparer).get(DETAIL))
    assert "2026-03-05 周四 09:15，质量办" in words
    assert "按补充协议" in words
    assert "时限 45 日历天 40 日历天" in words
    assert "提前提醒 T-7、T-3、T-1、当日 T-10、T-1" in words
    assert "按制度原文设置" in words  # the first version is still told


# ── The two steps ───────────────────────────────────────────────────────────
def test_a_change_is_seen_before_it_is_made(office, start):
    deadline = start()
    page = preview(office, amount="40", reminders="10，5 0")
    words = words_of(page)
    assert "时限 45 日历天 40 日历天" in words
    assert "提前提醒 T-7、T-3、T-1、当日 T-10、T-5、当日" in words
    assert "2026-04-16 周四 2026-04-11 周六 提前 5 天" in words
    assert rule(CODE).version == 1
    assert form_of(page, "confirm-form").fields["move_running"] == ["keep"]

    done = press(office, page, "confirm-form", CONFIRM, reason="按补充协议")
    assert done.url == DETAIL
    new = rule(CODE)
    assert (new.version, new.amount, new.reminders, new.reason) == (2, 40, [10, 5, 0], "按补充协议")
    assert (new.business_lines, new.escalation) == (rule(CODE).business_lines, [
        [1, "technical_director"], [2, "quality_office"], [3, "executive"]])  # fmt: skip
    assert now_in_database(deadline).rule.version == 1
    assert f"{now_in_database(deadline).due_on}" == "2026-04-16"


def test_a_clause_that_still_quotes_the_old_limit_is_pointed_out(office):
    words = "期限有变而制度依据的文字未改"
    assert words in words_of(preview(office, amount="40"))
    assert words not in words_of(preview(office, amount="40", clause="补充协议第 3 条"))
    assert words not in words_of(preview(office, reminders="5"))


def test_running_clocks_follow_when_that_is_chosen(office, start):
    deadline = start()
    page = preview(office, amount="40")
    press(office, page, "confirm-form", CONFIRM, reason="按补充协议", move_running="move")
    assert now_in_database(deadline).rule.version == 2
    assert f"{now_in_database(deadline).due_on}" == "2026-04-11"


def test_every_open_clock_is_told_those_that_move_first(office, cast, start, time, project):
    suspended, running = start(), start(subject=cast.zj1)
    suspend(cast, suspended)
    shown = preview(office, amount="50").context["moves"]
    assert [row.move.deadline.pk for row in shown.rows] == [running.pk, suspended.pk]
    assert [row.shift for row in shown.rows] == ["推迟 5 天", "中止中，恢复计时时重新计算"]
    assert (shown.total, shown.moved, shown.suspended, shown.late) == (2, 1, 1, 0)


def test_who_would_be_late_at_once_is_pointed_out(office, start, time):
    start()
    time.to("2026-04-02 10:00")
    page = preview(office, amount="30")
    assert page.context["moves"].late == 1
    assert "1 项 时限将立即逾期" in words_of(page)


def test_a_limit_in_hours_tells_the_hour(office, start):
    start(Event.INQUIRY_ASKED)
    page = preview(office, "inquiry_reply", amount="2")
    assert "2026-03-02 11:00 2026-03-02 12:00 推迟 1 小时" in words_of(page)


def test_only_the_first_fifty_clocks_are_listed_and_the_rest_counted(office, cast, start, project):
    first = start()
    for number in range(1, 53):
        first.pk, first._state.adding, first.subject_id = None, True, 100_000 + number
        first.save(force_insert=True)
    page = preview(office, amount="40")
    assert (page.context["moves"].total, len(page.context["moves"].rows)) == (53, 50)
    assert "另有 3 项未列出" in words_of(page)


def test_without_clocks_nothing_is_asked_about_them(office):
    page = preview(office, amount="40")
    assert "一并改用新规则" not in words_of(page)
    press(office, page, "confirm-form", CONFIRM, reason="按补充协议")
    assert rule(CODE).amount == 40


# ── Nothing typed is lost ───────────────────────────────────────────────────
def test_back_brings_everything_that_was_typed_on_both_pages(office, start):
    start()
    typed = {"amount": "40", "reminders": "9，2", "business_lines": ["settlement"], "fulfilled_by": ["bill", "budget"],
             "after_4": "9", "role_4": "chief_engineer", "clause": "第一行\n第二行", "repeat_every": "3"}  # fmt: skip
    page = preview(office, **typed)
    form = press(office, page, "confirm-form", BACK, reason="尚在斟酌", move_running="move")
    fields = form_of(form, "rule-form").fields
    assert {name: fields[name] for name in typed} == {
        name: value if isinstance(value, list) else [value] for name, value in typed.items()
    }
    again = press(office, form, "rule-form", NEXT, amount="41")
    kept = form_of(again, "confirm-form").fields
    assert (kept["reason"], kept["move_running"], kept["amount"]) == (["尚在斟酌"], ["move"], ["41"])
    assert rule(CODE).version == 1


def test_a_box_that_was_unticked_stays_so_through_both_steps(office):
    page = preview(office, business_lines=None, is_active=None)
    press(office, page, "confirm-form", CONFIRM, reason="暂不适用")
    assert (rule(CODE).business_lines, rule(CODE).is_active) == ([], False)


def test_a_change_without_a_reason_is_not_made_and_the_preview_stays(office):
    page = press(office, preview(office, amount="40"), "confirm-form", CONFIRM)
    assert "reason" in page.context["form"].errors
    assert form_of(page, "confirm-form").fields["amount"] == ["40"]
    assert rule(CODE).version == 1


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"reminders": "7,三"}, "reminders", "“三”不是整数。请填写不小于 0 的整数，以逗号分隔，如 7,3,1,0。"),
        ({"reminders": "-7"}, "reminders", "“-7”不是整数。请填写不小于 0 的整数，以逗号分隔，如 7,3,1,0。"),
        ({"reminders": ",".join(map(str, range(13)))}, "reminders", "最多填写 12 个提醒时点。"),
        ({"after_2": "1"}, "after_2", "同一时间只能设一级。"),
        ({"after_4": "9"}, "role_4", "请选择上报的角色，或清空该级的时间。"),
        ({"role_4": "executive"}, "after_4", "请填写逾期的时间，或选择“不上报”。"),
        ({"amount": "0"}, "amount", "确保该值大于或等于1。"),
        ({"amount": "731"}, "amount", "确保该值小于或等于730。"),
        ({"clause": " "}, "clause", "该字段是必填项。"),
        ({}, "__all__", "没有修改任何内容。"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_stays_as_typed(office, typed, field, words):
    page = preview(office, **typed)
    assert page.context["form"].errors[field] == [words]
    fields = form_of(page, "rule-form").fields
    assert all(fields[name] == [value] for name, value in typed.items())


@pytest.mark.parametrize("field", ["owed_by", "role_1"])
def test_nobody_set_apart_owes_or_is_reported_to(office, field):
    assert field in preview(office, **{field: "auditor"}).context["form"].errors


def test_rungs_may_be_typed_in_any_order(office):
    page = preview(office, after_1="5", after_4="1", role_4="chief_engineer")
    press(office, page, "confirm-form", CONFIRM, reason="调整次序")
    assert rule(CODE).escalation == [
        [1, "chief_engineer"], [2, "quality_office"], [3, "executive"], [5, "technical_director"],
    ]  # fmt: skip


# ── Somebody was faster ─────────────────────────────────────────────────────
def test_a_clock_that_changed_meanwhile_sends_back_to_a_fresh_preview(office, cast, start):
    start()
    page = preview(office, amount="40")
    late = start(subject=cast.zj1, at=moment("2026-02-20 10:00"))
    again = press(office, page, "confirm-form", CONFIRM, reason="按补充协议", move_running="move")
    assert again.context["form"].non_field_errors() == ["计时中的时限在您查看之后有变化，请重新核对受影响的时限。"]
    assert late.pk in [row.move.deadline.pk for row in again.context["moves"].rows]
    assert rule(CODE).version == 1
    kept = form_of(again, "confirm-form").fields
    assert (kept["reason"], kept["move_running"]) == (["按补充协议"], ["move"])
    press(office, again, "confirm-form", CONFIRM)
    assert now_in_database(late).rule.amount == 40


def test_a_version_made_meanwhile_is_shown_and_what_was_typed_stays(office, cast):
    form = office.get(EDIT)
    page = press(office, form, "rule-form", NEXT, amount="40")
    changes = {"max_times": 2}
    services.change_rule(
        actor=cast.quality_office, rule=rule(CODE), changes=changes, reason="先行修订", move_running=False,
        seen=services.digest_of(services.preview_rule(rule(CODE), changes)),
    )  # fmt: skip
    for stale in (
        press(office, page, "confirm-form", CONFIRM, reason="按补充协议"),
        press(office, form, "rule-form", NEXT, amount="40"),
    ):
        words = words_of(stale)
        assert "质量办 已于" in words
        assert "将本规则修订为第 2 版" in words
        assert "每个项目一般不超过（次） 不限 2 次" in words
        assert form_of(stale, "rule-form").fields["amount"] == ["40"]
        assert form_of(stale, "rule-form").fields["version"] == ["2"]
    assert rule(CODE).version == 2


def test_a_strange_version_in_the_form_is_no_error(office):
    for version in ("", "x", "9" * 30):
        assert office.post(EDIT, {"version": version, "step": "confirm"}).status_code == 200
    assert rule(CODE).version == 1


# ── Cost ────────────────────────────────────────────────────────────────────
def test_pages_cost_the_same_queries_with_more_clocks_and_versions(office, count_queries, cast, start):
    pages = [LIST, DETAIL]
    start()
    office.get(LIST)
    before = [count_queries(page) for page in pages]
    for number, unit in enumerate((cast.zj1, cast.zj2, cast.hq)):
        start(subject=unit)
        changes = {"amount": 40 + number}
        services.change_rule(
            actor=cast.quality_office, rule=rule(CODE), changes=changes, reason="再次修订", move_running=False,
            seen=services.digest_of(services.preview_rule(rule(CODE), changes)),
        )  # fmt: skip
    assert [count_queries(page) for page in pages] == before
