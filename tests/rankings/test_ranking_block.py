"""The first screen of 管理层 has the year's ranking; the evidence is three clicks away."""

import re

import pytest

from inspections.models import Inspection
from rankings.awards import total
from rankings.models import Ranking
from rankings.printouts import rankings as papers
from rankings.services import freezing
from tests.conftest import _project_of_cast
from tests.rankings import awards_kit as kits
from tests.rankings import years
from tests.rankings.years import YEAR
from tests.reviews.flow import confirmed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _plain_paper(monkeypatch):
    monkeypatch.setattr(papers, "ranking_paper", lambda ranking, head, draft=False: b"%PDF plain")


def block(client) -> str:
    """The block as it is drawn."""
    found = client.get("/").content.decode()
    return found.split('aria-labelledby="block-ranking"')[1].split("</section>")[0]


def test_first_screen_shows_the_draft_until_a_year_is_frozen(cast, log_in, project):
    client = log_in(cast.executive)
    assert "还没有可以排名的检查" in block(client)
    years.inspected(cast, project, "90")
    assert "测算，未冻结" in block(client)
    assert "滨江花园二期" in block(client)
    years.frozen(cast)
    assert "冻结于" in block(client)
    assert "待公布" in block(client)


def test_first_screen_shows_change_and_correction(cast, log_in, project, other_project):
    for year, scores in ((YEAR - 1, ("60", "70")), (YEAR, ("90", "80"))):
        for each, score in zip((project, other_project), scores, strict=True):
            years.inspected(cast, each, score, year=year)
        years.published(cast, year)
    client = log_in(cast.executive)
    assert "↑1" in block(client)
    assert block(client).index("滨江花园二期") < block(client).index("城北污水处理厂")
    entry = Ranking.objects.get(year=YEAR).entries.get(board="project", place=1)
    freezing.correct(actor=cast.executive, entry=entry, seen=0, score=None, reason="评分作废",
                     confirmation=confirmed(cast.executive))  # fmt: skip
    assert "滨江花园二期" not in block(client)


def test_first_screen_tells_what_rewards_and_penalties_came_of_the_year(cast, log_in, project, other_project):
    client = log_in(cast.executive)
    assert "奖惩" not in block(client)
    ranking = kits.frozen(cast, (project, 90), (other_project, 55), year=YEAR)
    assert "尚未提出结算" in block(client)
    kits.policy()
    settlement = kits.proposed(cast, ranking)
    sums = total(list(settlement.awards.all()), lambda row: row.amount)
    told = block(client)
    assert f'href="/settlements/{YEAR}/"' in told
    assert "公示申诉中" in told
    assert f"奖励 {sums.rewards:,.2f} 元" in told
    assert f"处罚 {sums.penalties:,.2f} 元" in told


def test_evidence_is_three_clicks_from_the_first_screen(cast, log_in, project):
    years.inspected(cast, project, "90")
    years.published(cast)
    client = log_in(cast.executive)
    row = re.search(r'href="(/rankings/\d+/rows/\d+/)"', block(client)).group(1)
    inspection = f"/inspections/{Inspection.objects.get().pk}/"
    assert f'href="{inspection}"' in client.get(row).content.decode()
    assert client.get(inspection).status_code == 200


def test_first_screen_costs_the_same_for_few_rows_and_for_many(cast, log_in, count_queries, project):
    years.inspected(cast, project, "90")
    years.frozen(cast, YEAR)
    log_in(cast.executive)
    count_queries("/")
    before = count_queries("/")
    for n in range(5):
        years.inspected(cast, _project_of_cast(cast, f"2025-{n:03}", name=f"标段 {n}"), "80", year=YEAR - 1)
    years.frozen(cast, YEAR - 1)
    # One more for the places of the former year.
    assert count_queries("/") == before + 1


def test_ledger_row_of_a_correction_names_nothing_secret(cast, project):
    from ledger.models import Entry

    type(project).objects.filter(pk=project.pk).update(name="代号七号", confidentiality="secret")
    years.inspected(cast, project, "90")
    ranking = years.frozen(cast)
    freezing.correct(
        actor=cast.executive, entry=ranking.entries.get(board="project"), seen=0, score=None, reason="评分作废",
        confirmation=confirmed(cast.executive),
    )  # fmt: skip
    assert not any(
        "代号七号" in row for row in Entry.objects.filter(action__startswith="ranking").values_list("data", flat=True)
    )
