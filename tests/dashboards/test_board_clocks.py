"""What the dashboard says of time limits and complaints."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from dashboards.blocks.firm import key_figures
from dashboards.board import board, filters_for
from deadlines.choices import Event
from deadlines.models import DeadlineRule
from feedback.models import AboutPerson, Complaint
from tests.dashboards import board_kit as kit

pytestmark = pytest.mark.django_db
YEAR = kit.YEAR


def charts(reader, unit=None, business_line="", year=YEAR):
    return {each.key: each for each in board(filters_for(year, unit, business_line), reader)}


def rows(chart):
    return [row.values for row in chart.rows]


def test_overdue_rate_rests_on_the_limits_that_have_a_result(cast, project, other_project, log_in):
    now = timezone.now()
    due = {"past": now - timedelta(hours=1), "coming": now + timedelta(hours=1)}
    late, in_time = (
        {"state": "fulfilled", "stopped_at": due["past"]},
        {"state": "fulfilled", "stopped_at": due["past"] - timedelta(hours=1)},
    )
    for told in (
        {},
        late,
        in_time,
        in_time,
        {"state": "cancelled", "stopped_at": due["past"]},
        {"state": "suspended"},
    ):
        kit.clock(cast, project, "bid_analysis", due=due["past"], **told)
    kit.clock(cast, other_project, "bid_analysis", due=due["coming"])
    kit.clock(cast, project, "bid_analysis", due=due["past"] - timedelta(days=366))
    kit.clock(cast, project, "materials_return", due=due["coming"])
    title = dict(DeadlineRule.objects.values_list("code", "title"))
    chart = charts(cast.executive)["overdue_by_rule"]
    assert rows(chart) == [
        (title["bid_analysis"], 6, 2, 1, 1, 2, Decimal("50.0")), (title["materials_return"], 1, 0, 0, 0, 1, None),
    ]  # fmt: skip
    assert chart.sample == 7
    client = log_in(cast.executive)
    for column, url in chart.rows[0].urls.items():
        # What was cancelled is listed with all, and counted with none.
        extra = 1 if column < 2 else 0
        shown = client.get(url).context["page"].paginator.count
        assert shown == (chart.rows[0].values[column] if column else 6) + extra, url
    told = key_figures(cast.executive).data["clocks"]
    assert told == {"on_time": 2, "missed": 2, "every": 4, "rate": Decimal("0.5")}
    home = client.get("/").content.decode()
    assert "50.0%" in home.split("本年时限逾期率")[1][:100]
    assert "4 项已有结果" in home
    assert rows(charts(cast.executive, cast.zj2)["overdue_by_rule"])[0][1] == 1
    assert charts(cast.executive, cast.zj2, "bid_analysis")["overdue_by_rule"].rows == ()


def test_windows_in_which_somebody_may_speak_up_are_nobodys_lateness(cast, project):
    for rule in DeadlineRule.objects.in_force().filter(event__in=(Event.LIABILITY_SERVED, Event.AWARDS_POSTED)):
        kit.clock(cast, project, rule.code, due=timezone.now() - timedelta(hours=1))
    chart = charts(cast.executive)["overdue_by_rule"]
    assert chart.rows == ()
    assert "权利期限" in chart.formula


def _complaint(number: int, **fields) -> Complaint:
    fields = {"kind": "complaint", "state": "pending", **fields}
    return Complaint.objects.create(
        number=f"TS-{number}", subject="x", body="x", channel="web", is_anonymous=True, code_sha256=f"{number:064}",
        received_at=kit.at(5, 1), **fields,
    )  # fmt: skip


def test_complaints_are_counted_by_kind_state_and_verdict_as_far_as_the_reader_may_see_them(
    cast, project, other_project, log_in
):
    found = {"verdict": "confirmed", "verdict_on": kit.at(5, 9).date()}
    _complaint(1, project=project)
    _complaint(2, state="closed", project=other_project, **found)
    _complaint(3, state="investigating", unit=cast.zj1)
    _complaint(4, kind="report", state="handling", is_about_office=True)
    hidden = _complaint(5)
    AboutPerson.objects.create(complaint=hidden, user=cast.executive, set_by=cast.quality_office)
    chart = charts(cast.executive)["complaints"]
    assert rows(chart) == [("投诉", 3, 1, 1, 1, 0, 1, 0, 0), ("举报", 1, 0, 1, 0, 0, 0, 0, 0)]
    assert rows(charts(cast.quality_office)["complaints"]) == [("投诉", 4, 2, 1, 1, 0, 1, 0, 0)]
    assert "complaints" not in charts(cast.chief_engineer)
    assert rows(charts(cast.executive, cast.zj1)["complaints"]) == [("投诉", 2, 1, 1, 0, 0, 0, 0, 0)]
    page = log_in(cast.executive).get(chart.rows[0].urls[6]).context["page"]
    assert [each.number for each in page.object_list] == ["TS-2"]
