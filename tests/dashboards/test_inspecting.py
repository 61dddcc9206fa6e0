"""Inspections on the first screens and in the search: who has what to do, and how much it costs."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from deadlines.models import Deadline
from inspections.choices import Decision, State
from inspections.models import Consequence
from inspections.services import concluding, consequences, rectifying
from staff.choices import Role
from tests.conftest import LONG_AGO
from tests.inspections import kit

pytestmark = pytest.mark.django_db
HOME, SEARCH, LIST = reverse("dashboards:home"), reverse("dashboards:search"), reverse("inspections:list")
TODAY = timezone.localdate()


def block(client, name: str):
    return next((each for each in client.get(HOME).context["blocks"] if each.name == name), None)


def work(client) -> list[tuple[str, str]]:
    """(inspection, what to do) of one's own work; empty without the block."""
    found = block(client, "my_inspections")
    return [(row.inspection.number, row.words) for row in found.data["rows"]] if found else []


def make_late(found, days: int = 2) -> None:
    Deadline.objects.of(found).update(
        due_on=TODAY - timedelta(days=days), due_at=timezone.now() - timedelta(days=days), next_at=None
    )


# ── One's own work ──────────────────────────────────────────────────────────
def test_each_side_finds_its_step_and_nothing_else(cast, project, log_in):
    second = kit.inspector(cast)
    found = kit.inspection(cast, project, cast.quality_office, second)
    kit.hit(found, kit.deduction(found))
    people = {"lead": cast.quality_office, "second": second, "manager": cast.verifier, "director": cast.approver,
              "team": cast.preparer, "outsider": cast.outsider, "executive": cast.executive}  # fmt: skip

    def told() -> dict[str, str]:
        return {name: rows[0][1] for name, person in people.items() if (rows := work(log_in(person)))}

    assert told() == {"lead": "检查评分", "second": "检查评分"}
    found = kit.finish(found)
    both = {"manager": "沟通确认", "director": "沟通确认"}
    assert told() == {"lead": "沟通确认", "second": "沟通确认", **both}
    concluding.talk(actor=second, inspection=found, turn=found.turn, side="office", text="已说明")
    assert told() == both
    found = kit.now(found)
    concluding.talk(actor=cast.verifier, inspection=found, turn=found.turn, side="project", text="属实", agrees=True)
    assert told() == {}
    found = kit.issue(cast, kit.now(found))
    assert told() == {"manager": "确认收到书面意见", "director": "确认收到书面意见"}
    found = rectifying.receive(actor=cast.verifier, inspection=found, turn=found.turn)
    assert told() == {"manager": "回复整改", "director": "回复整改", "team": "填写整改情况"}
    found = kit.reply(cast, found)
    assert told() == {}
    kit.recheck(cast, found, failed=[1])
    assert told() == {"manager": "整改被退回", "director": "整改被退回", "team": "整改被退回"}
    kit.recheck(cast, kit.reply(cast, kit.now(found), shade=150))
    assert told() == {}


def test_new_score_needs_new_words_of_both_sides(cast, project, log_in):
    found = kit.discuss(cast, kit.discussing(cast, project))
    concluding.score_again(actor=cast.quality_office, inspection=found, turn=found.turn, reason="漏查")
    kit.finish(kit.now(found))
    assert work(log_in(cast.verifier)) == [(found.number, "沟通确认")]
    assert work(log_in(cast.quality_office)) == [(found.number, "沟通确认")]


def test_unit_inspection_is_its_technical_directors(cast, project, log_in):
    found = kit.discussing(cast, unit=cast.zj1)
    assert work(log_in(cast.approver)) == [(found.number, "沟通确认")]
    assert work(log_in(cast.verifier)) == []


def test_who_has_left_the_team_has_nothing_to_do(cast, project, log_in):
    kit.rectifying_one(cast, project)
    project.assignments.filter(user=cast.preparer).update(ends_on=TODAY - timedelta(days=1))
    assert work(log_in(cast.preparer)) == []


def test_who_configures_or_audits_has_nothing_to_do_whatever_the_team_says(cast, project, log_in):
    kit.rectifying_one(cast, project)
    project.assignments.create(user=cast.auditor, role=Role.PROJECT_MANAGER, starts_on=LONG_AGO)
    assert work(log_in(cast.auditor)) == []


def test_what_was_sent_back_comes_first_then_what_is_due_first(cast, project, log_in):
    rows = [kit.rectifying_one(cast, project) for _ in range(3)]
    make_late(rows[1], days=5)
    back = kit.recheck(cast, kit.reply(cast, rows[2]), failed=[1])
    assert [number for number, _ in work(log_in(cast.verifier))] == [back.number, rows[1].number, rows[0].number]
    text = log_in(cast.verifier).get(HOME).content.decode()
    assert "逾期 5 天" in text
    assert reverse("inspections:rectification", args=[back.pk]) in text


def test_page_behind_each_step_opens(cast, project, log_in):
    kit.inspection(cast, project)
    kit.discussing(cast, project)
    kit.concluded(cast, project)
    kit.rectifying_one(cast, project)
    for person in (cast.quality_office, cast.verifier):
        client = log_in(person)
        for row in block(client, "my_inspections").data["rows"]:
            assert client.get(reverse(row.url_name, args=[row.inspection.pk])).status_code == 200, (person, row.words)


# ── 质量办 ──────────────────────────────────────────────────────────────────
def test_quality_office_sees_its_day_and_each_figure_leads_to_its_list(cast, project, other_project, log_in):
    kit.inspection(cast, project, planned_on=TODAY)
    kit.inspection(cast, project, planned_on=TODAY + timedelta(days=1))
    kit.discussing(cast, project)
    kit.concluded(cast, project, veto=True)
    near, late = kit.rectifying_one(cast, project), kit.rectifying_one(cast, project)
    Deadline.objects.of(near).update(due_on=TODAY + timedelta(days=2), due_at=timezone.now() + timedelta(days=2))
    make_late(late)
    kit.reply(cast, kit.rectifying_one(cast, project))
    client = log_in(cast.quality_office)
    found = block(client, "inspecting")
    figures = found.data["figures"]
    expected = {"due": 1, "discussing": 1, "issued": 1, "rectifying": 2, "near": 1, "overdue": 1, "rechecking": 1}
    assert figures == {**expected, "undecided": 1}
    text = client.get(HOME).content.decode()
    for view in ("due", "discussing", "issued", "near", "rechecking"):
        assert f"{LIST}?state={view}" in text
        assert client.get(LIST, {"state": view}).context["page"].paginator.count == figures[view], view
    after = f"{reverse('inspections:consequence_list')}?decision=none"
    assert after in text
    assert client.get(after).context["page"].paginator.count == 1
    assert found.data["units"] == [{"unit": cast.zj1.pk, "unit__name": "造价一所", "count": 1}]
    by_unit = f"{LIST}?state=overdue&amp;unit={cast.zj1.pk}"
    assert by_unit in text
    assert client.get(by_unit.replace("&amp;", "&")).context["page"].paginator.count == 1
    assert [(inspection, clock.responsible) for inspection, clock in found.data["rows"]] == [(late, cast.verifier)]


def test_day_of_the_quality_office_is_its_own(cast, project, log_in):
    kit.inspection(cast, project)
    for person in (cast.executive, cast.verifier, cast.approver, cast.auditor):
        assert block(log_in(person), "inspecting") is None, person


# ── 管理层 ──────────────────────────────────────────────────────────────────
def test_escalation_waits_on_the_first_screen_of_who_disposes_until_it_is_disposed_of(cast, project, log_in):
    found = kit.concluded(cast, project, flags={"causes_loss": True})
    row = Consequence.objects.get(inspection=found)
    shown = block(log_in(cast.executive), "escalations")
    assert (shown.total, shown.data["rows"]) == (1, [row])
    assert (
        reverse("inspections:consequence_decide", args=[row.pk]) in log_in(cast.executive).get(HOME).content.decode()
    )
    for person in (cast.quality_office, cast.chief_engineer, cast.verifier, cast.approver):
        assert block(log_in(person), "escalations") is None, person
    consequences.decide(actor=cast.executive, consequence=row, decision=Decision.CONFIRMED, note="移交处理")
    assert block(log_in(cast.executive), "escalations") is None


def test_reinspection_is_no_escalation(cast, project, log_in):
    kit.concluded(cast, project, veto=True)
    assert block(log_in(cast.executive), "escalations") is None


# ── What it costs ───────────────────────────────────────────────────────────
def test_first_screens_cost_the_same_with_one_inspection_and_with_many(cast, project, queries_of):
    people = (cast.quality_office, cast.verifier, cast.preparer, cast.approver, cast.executive)

    def one_of_each():
        kit.inspection(cast, project)
        late = kit.rectifying_one(cast, project, veto=True, flags={"harms_reputation": True})
        make_late(late)

    one_of_each()
    few = [queries_of(person, HOME) for person in people]
    for _ in range(12):
        one_of_each()
    assert [queries_of(person, HOME) for person in people] == few
    assert max(few) <= 45


# ── Search ──────────────────────────────────────────────────────────────────
def found_by(client, text) -> list[str]:
    results = client.get(SEARCH, {"q": text}).context["results"]
    return [row.number for row in results.inspections]


def test_inspection_is_found_by_number_project_and_unit_by_who_sees_it(cast, project, log_in):
    found = kit.inspection(cast, project)
    for text in (found.number, project.name, project.number, "造价一所"):
        assert found_by(log_in(cast.quality_office), text) == [found.number], text
        assert found_by(log_in(cast.verifier), text) == [], text
    kit.finish(found)
    assert found_by(log_in(cast.verifier), found.number) == [found.number]
    assert found_by(log_in(cast.outsider), found.number) == []
    assert found_by(log_in(cast.administrator), found.number) == []


def test_search_shows_the_score_where_it_counts_and_cuts_long_lists(cast, project, log_in, queries_of):
    found = kit.discussing(cast, project, veto=True)
    url = f"{SEARCH}?q={project.number}"
    assert "59 分 · 不合格" in log_in(cast.quality_office).get(url).content.decode()
    few = queries_of(cast.quality_office, url)
    for _ in range(9):
        kit.discussing(cast, project)
    assert queries_of(cast.quality_office, url) == few
    results = log_in(cast.quality_office).get(url).context["results"]
    assert len(results.inspections) == 8
    assert "inspections" in results.more
    everything = f"{LIST}?q={project.number}&state="
    assert everything.replace("&", "&amp;") in log_in(cast.quality_office).get(url).content.decode()
    assert log_in(cast.quality_office).get(everything).context["page"].paginator.count == 10
    concluding.score_again(actor=cast.quality_office, inspection=found, turn=found.turn, reason="漏查")
    assert kit.now(found).state == State.SCORING
    (row,) = log_in(cast.quality_office).get(SEARCH, {"q": found.number}).context["results"].inspections
    assert row.score is None
