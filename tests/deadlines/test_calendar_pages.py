"""The pages of the working calendar: a year at a glance, and its changes in two steps, without JavaScript."""

from datetime import date

import pytest

from deadlines import services
from deadlines.choices import Event
from deadlines.models import Shift, WorkDay
from deadlines.year import year_of
from ledger.models import Entry
from tests.deadlines.browser import form_of, press
from tests.deadlines.conftest import last_row, now_in_database, rule
from tests.deadlines.test_rule_pages import words_of

pytestmark = pytest.mark.django_db
YEAR, CHANGE, HOURS = "/work-calendar/2026/", "/work-calendar/2026/change/", "/work-calendar/hours/"
LOOK, CONFIRM, BACK = "查看影响", "确认调整", "返回修改"


@pytest.fixture
def office(cast, log_in, time):
    """The quality office at work."""
    return log_in(cast.quality_office)


@pytest.fixture
def by_working_days(cast, change_rule, start):
    """A clock of ten working days from 2026-03-02: it ends on 2026-03-16."""
    change_rule({"amount": 10, "measure": "working_days"})
    return start()


@pytest.fixture
def change_rule(cast, time):
    def change(changes):
        of = rule("settlement_review_main")
        seen = services.digest_of(services.preview_rule(of, changes))
        services.change_rule(
            actor=cast.quality_office, rule=of, changes=changes, reason="试行", move_running=False, seen=seen
        )

    return change


def preview(office, *days: str, value="off", note="放假通知", url=YEAR):
    """The page after days were ticked."""
    return press(office, office.get(url), "days-form", LOOK, day=list(days), value=value, note=note)


def cell(year, month: int, day: int):
    return next(
        each for week in year.months[month - 1].weeks for each in week if each and each.day == date(2026, month, day)
    )


# ── Reading ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("month", "day", "kind", "word", "words"),
    [
        (3, 2, "work", "", "2026-03-02 周一 工作日"),
        (3, 1, "rest", "休", "2026-03-01 周日 休息日"),
        (10, 1, "holiday", "国庆", "2026-10-01 周四 休息日：国庆节"),
        (2, 14, "makeup", "班", "2026-02-14 周六 工作日：春节调休上班"),
    ],
)
def test_each_day_has_a_word_and_not_colour_alone(db, month, day, kind, word, words):
    found = cell(year_of(2026), month, day)
    assert (found.kind, found.word, found.words, found.is_own) == (kind, word, words, False)


def test_a_day_that_the_firm_has_set_is_marked_as_its_own(db):
    WorkDay.objects.filter(day=date(2026, 3, 3)).update(is_working=False, note="公司年会")
    WorkDay.objects.filter(day=date(2026, 3, 7)).update(is_working=True, note="公司年会")
    year = year_of(2026)
    off, on = cell(year, 3, 3), cell(year, 3, 7)
    assert (off.kind, off.word, off.is_own) == ("closed", "休", True)
    assert (on.kind, on.word, on.is_own) == ("makeup", "班", True)
    assert off.words == "2026-03-03 周二 休息日：公司年会"


def test_the_working_days_of_each_month_are_counted(db):
    year = year_of(2026)
    assert [month.working for month in year.months] == [21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23]
    assert year.working == 248
    assert WorkDay.objects.filter(day__year=2026, is_working=True).count() == 248
    assert (year.known, year.missing, year.is_unknown) == (365, 0, False)


def test_the_calendar_opens_at_this_year_with_today_marked(cast, log_in, time):
    person = log_in(cast.preparer)
    assert person.get("/work-calendar/").url == YEAR
    page = person.get(YEAR).content.decode()
    assert page.count('aria-current="date"') == 1
    assert 'aria-current="date"><span class="year-day is-work is-today" title="2026-03-02 周一 工作日"' in page
    time.to("2027-01-01 00:30")
    assert log_in(cast.preparer).get("/work-calendar/").url == "/work-calendar/2027/"


def test_a_year_that_nobody_knows_says_so(cast, log_in, time):
    words = words_of(log_in(cast.preparer).get("/work-calendar/2027/"))
    assert "2027 年尚无工作日历" in words
    assert "暂按周一至周五为工作日计算，请导入或逐日设置。" in words
    assert "2027 年共 261 个工作日" in words


def test_a_year_with_gaps_says_how_many_days_are_missing(cast, log_in, time):
    WorkDay.objects.filter(day__in=[date(2026, 3, 2), date(2026, 3, 3)]).delete()
    words = words_of(log_in(cast.preparer).get(YEAR))
    assert "2026 年的工作日历不完整 有 2 天没有设置" in words


def test_next_year_is_asked_for_from_october_on(cast, log_in, time):
    assert "2027 年尚无工作日历" not in words_of(log_in(cast.preparer).get(YEAR))
    time.to("2026-10-09 09:00")
    assert "2027 年尚无工作日历" in words_of(log_in(cast.preparer).get(YEAR))


@pytest.mark.parametrize("part", ["preparer", "executive", "archivist", "auditor", "administrator"])
def test_everybody_else_reads_and_changes_nothing(cast, log_in, time, part):
    person = log_in(getattr(cast, part))
    page = person.get(YEAR)
    assert page.status_code == 200
    assert 'type="checkbox"' not in page.content.decode()
    assert CHANGE not in page.content.decode()
    given = {"step": "confirm", "day": ["2026-03-03"], "value": "off", "note": "放假", "move_running": "keep"}
    refused = [person.post(CHANGE, given), person.get(HOURS), person.post(HOURS, {"reason": "x"})]
    refused += [person.get("/work-calendar/2026/import/"), person.post("/work-calendar/2026/import/")]
    assert {each.status_code for each in refused} == {403}
    assert WorkDay.objects.get(day=date(2026, 3, 3)).is_working


@pytest.mark.parametrize("year", ["0", "1999", "2101", "99999999999999999999"])
def test_other_years_are_not_found(office, year):
    for page in ("", "change/", "import/"):
        assert office.get(f"/work-calendar/{year}/{page}").status_code == 404


def test_the_year_page_costs_the_same_queries_however_much_the_firm_has_set(office, count_queries):
    office.get(YEAR)
    before = count_queries(YEAR)
    WorkDay.objects.filter(day__month=3).update(is_working=False, note="停业整顿")
    assert count_queries(YEAR) == before
    assert count_queries("/work-calendar/2030/") == before


# ── Changing days ───────────────────────────────────────────────────────────
def test_days_are_changed_after_a_look_at_what_moves(office, by_working_days):
    page = preview(office, "2026-03-09", "2026-03-10", note="公司年会通知")
    words = words_of(page)
    assert "3 月 9 日、3 月 10 日设为休息日" in words
    assert "2026-03-16 周一 2026-03-18 周三 推迟 2 天" in words
    assert WorkDay.objects.get(day=date(2026, 3, 9)).is_working
    assert form_of(page, "confirm-form").fields["move_running"] == ["keep"]

    assert press(office, page, "confirm-form", CONFIRM).url == YEAR
    changed = WorkDay.objects.get(day=date(2026, 3, 9))
    assert (changed.is_working, changed.note) == (False, "公司年会通知")
    assert f"{now_in_database(by_working_days).due_on}" == "2026-03-16"


def test_running_clocks_follow_the_calendar_when_that_is_chosen(office, by_working_days):
    page = preview(office, "2026-03-09", "2026-03-10")
    press(office, page, "confirm-form", CONFIRM, move_running="move")
    assert f"{now_in_database(by_working_days).due_on}" == "2026-03-18"


def test_a_saturday_becomes_a_working_day(office, by_working_days):
    page = preview(office, "2026-03-07", value="working", note="补班通知")
    assert "2026-03-16 周一 2026-03-13 周五 提前 3 天" in words_of(page)
    press(office, page, "confirm-form", CONFIRM)
    assert WorkDay.objects.get(day=date(2026, 3, 7)).is_working


def test_a_day_of_a_year_that_nobody_knows_may_be_set(office):
    page = preview(office, "2027-03-08", url="/work-calendar/2027/")
    press(office, page, "confirm-form", CONFIRM)
    assert not WorkDay.objects.get(day=date(2027, 3, 8)).is_working
    assert "有 364 天没有设置" in words_of(office.get("/work-calendar/2027/"))


def test_where_no_end_moves_nothing_is_asked(office, start):
    start()  # in calendar days
    start(Event.INQUIRY_ASKED)  # over before the day that changes
    page = preview(office, "2026-03-09")
    assert "随工作日历计算的共 1 项，其中 0 项的到期日会变" in words_of(page)
    assert "没有到期日会变的时限" in words_of(page)
    assert "一并按新日历重新计算" not in words_of(page)
    press(office, page, "confirm-form", CONFIRM)
    assert last_row().action == "calendar.change"


def test_back_brings_the_ticks_and_words(office):
    page = press(office, preview(office, "2026-03-09", "2026-12-31", note="尚待通知"), "confirm-form", BACK)
    fields = form_of(page, "days-form").fields
    assert (fields["day"], fields["value"], fields["note"]) == (["2026-03-09", "2026-12-31"], ["off"], ["尚待通知"])
    assert not Entry.objects.filter(action="calendar.change").exists()


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"day": None}, "day", "请在年历中至少选择一天。"),
        ({"day": ["2026-02-30"]}, "day", "日期不正确，请在年历中重新选择。"),
        ({"day": ["2027-03-01"]}, "day", "只能调整 2026 年的日期。"),
        ({"value": None}, "value", "请选择设为休息日还是工作日。"),
        ({"note": " "}, "note", "请说明调整依据，如放假通知的名称。"),
    ],
)
def test_what_is_wrong_is_said_on_the_year_page_and_stays_as_typed(office, typed, field, words):
    given = {"day": ["2026-03-09"], "value": "off", "note": "放假通知"} | typed
    page = press(office, office.get(YEAR), "days-form", LOOK, **given)
    assert page.context["form"].errors[field] == [words]
    assert page.context["year"].number == 2026
    if field != "day":
        assert form_of(page, "days-form").fields["day"] == ["2026-03-09"]


def test_days_that_are_so_already_are_refused(office):
    page = press(office, preview(office, "2026-03-07"), "confirm-form", CONFIRM)
    assert page.context["form"].non_field_errors() == ["所选日期没有变化。"]


def test_a_clock_that_started_meanwhile_sends_back_to_a_fresh_preview(office, cast, by_working_days, start):
    page = preview(office, "2026-03-09")
    late = start(subject=cast.zj1)
    again = press(office, page, "confirm-form", CONFIRM, move_running="move")
    assert again.context["form"].non_field_errors() == ["计时中的时限在您查看之后有变化，请重新核对受影响的时限。"]
    assert WorkDay.objects.get(day=date(2026, 3, 9)).is_working
    assert form_of(again, "confirm-form").fields["move_running"] == ["move"]
    press(office, again, "confirm-form", CONFIRM)
    assert f"{now_in_database(late).due_on}" == "2026-03-17"


def test_a_reload_of_the_second_step_leads_back_to_the_year(office):
    assert office.get(CHANGE).url == YEAR


# ── Filling a year ──────────────────────────────────────────────────────────
def test_a_year_is_filled_after_a_look_and_what_the_firm_has_set_stays(office, by_working_days):
    WorkDay.objects.filter(day__year=2026).exclude(day=date(2026, 3, 9)).delete()
    WorkDay.objects.filter(day=date(2026, 3, 9)).update(is_working=False, note="公司年会")
    page = office.get("/work-calendar/2026/import/")
    assert "补全 364 天，已设置的 1 天保持不变" in words_of(page)
    done = press(office, page, "confirm-form", "确认导入", move_running="keep")
    assert done.url == YEAR
    assert WorkDay.objects.filter(day__year=2026).count() == 365
    assert WorkDay.objects.get(day=date(2026, 3, 9)).note == "公司年会"
    assert f"{now_in_database(by_working_days).due_on}" == "2026-03-16"


def test_an_import_shows_what_moves_and_moves_it_when_that_is_chosen(office, by_working_days, time):
    WorkDay.objects.filter(day__year=2026).update(is_working=True, note="")
    WorkDay.objects.filter(day__range=(date(2026, 3, 7), date(2026, 3, 8))).delete()
    WorkDay.objects.filter(day=date(2026, 3, 6)).delete()
    shown = office.get("/work-calendar/2026/import/")
    assert shown.context["moves"].moved == 1
    press(office, shown, "confirm-form", "确认导入", move_running="move")
    assert now_in_database(by_working_days).due_on == shown.context["moves"].rows[0].move.due_on


def test_a_stale_import_is_not_made(office, cast, by_working_days, start):
    WorkDay.objects.filter(day__year=2026, day__month=3).delete()
    page = office.get("/work-calendar/2026/import/")
    start(subject=cast.zj1)
    again = press(office, page, "confirm-form", "确认导入")
    assert again.context["form"].non_field_errors() == ["计时中的时限在您查看之后有变化，请重新核对受影响的时限。"]
    assert not WorkDay.objects.filter(day__year=2026, day__month=3).exists()


def test_a_year_that_is_not_published_or_complete_already_is_not_imported(office):
    said = words_of(office.get("/work-calendar/2035/import/", follow=True))
    assert "尚无 2035 年的节假日安排，请待公布后更新系统，或在日历页逐日设置。" in said
    said = words_of(office.get("/work-calendar/2026/import/", follow=True))
    assert "2026 年的工作日历已完整，无须导入。" in said


# ── Working hours ───────────────────────────────────────────────────────────
def test_working_hours_are_set_with_a_reason(office):
    page = press(
        office, office.get(HOURS), "hours-form", "保存", starts_1="9：00", starts_3="18:30", ends_3="20:00", reason="夏令时"
    )  # fmt: skip
    assert page.url == "/work-calendar/"
    assert [f"{each}" for each in Shift.objects.all()] == ["09:00–12:00", "13:30–17:30", "18:30–20:00"]
    assert "作业时间 09:00–12:00、13:30–17:30、18:30–20:00" in words_of(office.get(YEAR))
    assert "夏令时" in last_row().data


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"reason": ""}, "reason", "该字段是必填项。"),
        ({"starts_3": "18:30"}, "ends_3", "请填写完整的一段时间，或两项都清空。"),
        ({"ends_1": "25:00"}, "ends_1", "请按“时:分”填写，如 08:30。"),
        ({"ends_1": "08:00"}, "__all__", "每段作业时间的下班时间须晚于上班时间。"),
        ({"ends_1": "14:00"}, "__all__", "各段作业时间不能重叠。"),
        ({"starts_1": "", "ends_1": "", "starts_2": "", "ends_2": ""}, "__all__", "请至少填写一段作业时间。"),
    ],
)
def test_wrong_hours_are_refused_and_stay_as_typed(office, typed, field, words):
    given = {"reason": "夏令时"} | typed
    page = press(office, office.get(HOURS), "hours-form", "保存", **given)
    assert page.context["form"].errors[field] == [words]
    fields = form_of(page, "hours-form").fields
    assert {name: fields[name] for name in given} == {name: [value] for name, value in given.items()}
    assert [f"{each}" for each in Shift.objects.all()] == ["08:30–12:00", "13:30–17:30"]
