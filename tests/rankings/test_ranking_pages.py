"""The pages of the annual ranking: what stands on them, for whom, in how many queries."""

import re
from decimal import Decimal
from html import unescape
from io import BytesIO

import pytest
from openpyxl import load_workbook

from inspections.choices import State
from inspections.models import Consequence
from rankings import rules
from rankings.choices import Board
from rankings.models import Ranking
from rankings.printouts import rankings as papers
from rankings.queries import drafts, frozen
from rankings.services import freezing
from rankings.views import rankings as ranking_views
from tests.conftest import PASSWORD, _project_of_cast
from tests.inspections import kit, records
from tests.rankings import years
from tests.rankings.years import YEAR
from tests.reviews.flow import confirmed

pytestmark = pytest.mark.django_db
DRAFT = f"/rankings/draft/?year={YEAR}"
FROZEN = f"/rankings/{YEAR}/"


@pytest.fixture(autouse=True)
def _plain_paper(monkeypatch):
    monkeypatch.setattr(papers, "ranking_paper", lambda ranking, head, draft=False: b"%PDF plain")


@pytest.fixture
def year(cast, project, other_project):
    low = years.inspected(cast, other_project, "55", is_serious=True)
    years.inspected(cast, project, "90")
    waiting = _project_of_cast(cast, "2026-004", name="城西医院")
    years.inspected(cast, waiting, "88", state=State.RECTIFYING, was_on_time=None)
    return low


def page(client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode()


def correct(cast, score="95", **told):
    ranking = Ranking.objects.get(year=YEAR)
    entry = ranking.entries.filter(board=Board.PROJECT, place=2).get()
    return freezing.correct(
        actor=cast.executive, entry=entry, seen=0, score=Decimal(score), reason="申诉成立",
        confirmation=confirmed(cast.executive), **told,
    )  # fmt: skip


# ── The draft ───────────────────────────────────────────────────────────────
def test_draft_says_formula_sample_ties_and_what_is_left_out(cast, log_in, year):
    found = page(log_in(cast.quality_office), DRAFT)
    for words in (rules.FORMULAS[Board.PROJECT], rules.TIE_RULES[Board.PROJECT], rules.POPULATION, "最少样本"):
        assert words in found
    assert "整改未关闭（" in found
    assert "城西医院" in found
    assert "滨江花园二期" in found
    assert "冻结 " not in found.split("action-bar")[1]


def test_inspection_that_set_a_score_is_a_link_for_whoever_may_open_it(cast, log_in, year):
    years.published(cast)
    link = f'href="/inspections/{year.pk}/"'
    assert link in page(log_in(cast.executive), FROZEN)
    assert link in page(log_in(cast.executive), DRAFT)
    assert link not in page(log_in(cast.archivist), FROZEN)


def test_figures_of_the_sample_lead_to_as_many_inspections(cast, log_in, year, project):
    records.inspection(cast, project, year=YEAR, state=State.CANCELLED)
    for _ in range(2):
        records.inspection(cast, project, year=YEAR, state=State.SCORING)
    for _ in range(3):
        records.inspection(cast, unit=cast.zj1, year=YEAR)
    records.inspection(cast, project, year=YEAR - 1)
    client = log_in(cast.quality_office)
    links = re.findall(r'<a href="([^"]+ranking=(\w+))">(\d+)</a>', page(client, DRAFT))
    assert {standing: int(number) for _, standing, number in links} == {
        "counted": 2, "not_closed": 1, "not_concluded": 2, "cancelled": 1, "of_units": 3,
    }  # fmt: skip
    for address, _, number in links:
        assert page(client, unescape(address)).count('<td data-label="被检对象">') == int(number), address


def test_every_board_of_the_draft_opens(cast, log_in, year, project):
    kit.finding(year, deliverable=years.issued(cast, project))
    client = log_in(cast.executive)
    for board in Board:
        found = page(client, f"{DRAFT}&board={board.value}")
        assert rules.FORMULAS[board] in found
    assert "签署少于 3 份" in found
    assert "漏检问题" in page(client, f"/rankings/draft/checker/{cast.checker.pk}/?year={YEAR}")


def test_what_if_stands_beside_and_marks_what_changes(cast, log_in, year):
    client = log_in(cast.quality_office)
    found = page(client, f"{DRAFT}&without={year.number}")
    assert "2 行有变化" in found or "1 行有变化" in found
    assert "<strong>不列入</strong>" in found
    found = page(client, f"{DRAFT}&without={year.number}&score=91")
    assert "55.00 → 91.00 优良" in found
    assert "第 1 名" in found
    assert "没有编号为“无此号”的已关闭项目检查" in page(client, f"{DRAFT}&without=无此号")
    assert "请填写要改分的检查编号" in page(client, f"{DRAFT}&score=91")


def test_what_if_stays_with_the_other_boards_and_goes_into_the_export(cast, log_in, year, project):
    client, asked = log_in(cast.quality_office), f"without={year.number}&score=91"
    found = unescape(page(client, f"{DRAFT}&{asked}"))
    assert f"{DRAFT}&{asked}&board=unit" in found
    assert f"&{asked}" not in page(client, DRAFT)
    export = f"/rankings/draft/export/?year={YEAR}&{asked}"
    told = cells(client.get(export))
    assert {"试算名次", "试算得分", 91, f"试算：{year.number} 改为 91 分"} <= set(told)
    assert project.name in told
    assert project.name in cells(client.get(f"{export}&changed=1"))
    assert project.name not in cells(
        client.get(f"/rankings/draft/export/?year={YEAR}&without={year.number}&changed=1")
    )
    assert "试算名次" not in cells(client.get(f"/rankings/draft/export/?year={YEAR}"))


def test_draft_is_for_who_reads_drafts(cast, log_in, year):
    for user in (cast.preparer, cast.approver, cast.archivist, cast.administrator, cast.auditor):
        client = log_in(user)
        page(client, DRAFT, 403)
        page(client, f"/rankings/draft/export/?year={YEAR}", 403)
        page(client, f"/rankings/draft/project/1/?year={YEAR}", 403)
    page(log_in(cast.executive), f"/rankings/draft/?year={YEAR + 1}", 404)


def test_draft_row_shows_the_inspections_that_count_and_those_that_do_not(cast, log_in, year, other_project):
    records.inspection(cast, other_project, state=State.SCORING)
    found = page(log_in(cast.chief_engineer), f"/rankings/draft/project/{other_project.pk}/?year={YEAR}")
    assert f"/inspections/{year.pk}/" in found
    assert "定分" in found
    assert "尚未出具书面意见，未计入" in found


# ── Freeze, publish, correct by hand ────────────────────────────────────────
def test_what_is_grave_and_would_not_count_is_named_before_the_freezing(cast, log_in, year, project):
    client = log_in(cast.executive)
    assert "其中不合格或问题严重" not in page(client, f"{FROZEN}freeze/")
    failed = records.inspection(cast, project, score="56", year=YEAR, state=State.RECTIFYING)
    shown = page(client, f"{FROZEN}freeze/")
    assert "其中不合格或问题严重" in shown
    assert f"/inspections/{failed.pk}/" in shown
    assert f"/inspections/{year.pk}/" not in shown
    assert "56.00 分，不合格，整改未关闭" in shown


def test_ranking_is_frozen_published_and_corrected_by_hand(cast, log_in, year):
    client = log_in(cast.executive)
    shown = page(client, f"{FROZEN}freeze/")
    assert "还有 1 次检查没有关闭" in shown
    seen = drafts.digest(drafts.draft(YEAR))
    wrong = client.post(f"{FROZEN}freeze/", {"seen": seen, "password": "错"})
    assert "密码" in wrong.content.decode()
    assert client.post(f"{FROZEN}freeze/", {"seen": seen, "password": PASSWORD}).status_code == 302
    assert "已冻结，待公布" in page(client, FROZEN)
    again = client.post(f"{FROZEN}freeze/", {"seen": seen, "password": PASSWORD})
    assert again.status_code == 409
    assert "已由（管理层）" in again.content.decode()
    assert client.post(f"{FROZEN}publish/", {"password": PASSWORD}).status_code == 302
    entry = Ranking.objects.get(year=YEAR).entries.get(board=Board.PROJECT, place=2)
    address = f"{FROZEN}rows/{entry.pk}/correct/"
    lacking = client.post(address, {"seen": 0, "how": "score", "reason": "申诉成立", "password": PASSWORD})
    assert "请填写更正后的得分" in lacking.content.decode()
    told = {"seen": 0, "how": "score", "score": "95", "reason": "申诉<b>成立</b>", "password": PASSWORD}
    assert client.post(address, told).status_code == 302
    assert client.post(address, told).status_code == 409
    found = page(client, FROZEN)
    assert "申诉&lt;b&gt;成立&lt;/b&gt;" in found
    assert "更正后第 1 名" in found
    assert "受他行更正影响，现为第 2 名" in found


def test_freezing_figures_that_have_changed_is_told(cast, log_in, year, project):
    client = log_in(cast.executive)
    seen = drafts.digest(drafts.draft(YEAR))
    years.inspected(cast, project, "61")
    late = client.post(f"{FROZEN}freeze/", {"seen": seen, "password": PASSWORD})
    assert late.status_code == 409
    assert "数据已变化" in late.content.decode()
    assert not Ranking.objects.exists()


def test_only_management_freezes_publishes_and_corrects(cast, log_in, year):
    ranking = years.frozen(cast)
    entry = ranking.entries.first()
    for user in (cast.quality_office, cast.chief_engineer, cast.approver):
        client = log_in(user)
        for address in ("freeze/", "publish/", f"rows/{entry.pk}/correct/"):
            page(client, f"{FROZEN}{address}", 403)


# ── Who reads what ──────────────────────────────────────────────────────────
def test_frozen_ranking_is_not_there_for_others_until_it_is_published(cast, log_in, year):
    ranking = years.frozen(cast)
    entry = ranking.entries.get(board=Board.PROJECT, place=1)
    addresses = [FROZEN, f"{FROZEN}rows/{entry.pk}/", f"{FROZEN}export/", f"{FROZEN}pdf/"]
    client = log_in(cast.outsider)
    for address in addresses:
        page(client, address, 404)
    page(log_in(cast.quality_office), f"{FROZEN}pdf/", 403)
    freezing.publish(actor=cast.executive, ranking=ranking, confirmation=confirmed(cast.executive))
    client = log_in(cast.outsider)
    for address in addresses:
        assert client.get(address).status_code == 200
    for user in (cast.administrator, cast.auditor):
        client = log_in(user)
        for address in ("/rankings/", "/rankings/years/", *addresses):
            page(client, address, 404)


def test_reader_finds_the_evidence_that_may_be_opened_and_the_number_of_the_rest(cast, log_in, year):
    ranking = years.published(cast)
    entry = ranking.entries.get(board=Board.PROJECT, place=2)
    found = page(log_in(cast.preparer), f"{FROZEN}rows/{entry.pk}/")
    assert "1 次检查您无权查阅明细" in found
    assert year.number not in found.split("本行数据")[0]
    assert year.number in page(log_in(cast.outsider), f"{FROZEN}rows/{entry.pk}/")


def test_secret_project_is_named_to_who_sees_it_alone(cast, log_in, year, project):
    type(project).objects.filter(pk=project.pk).update(name="代号七号", confidentiality="secret")
    ranking = years.published(cast)
    entry = ranking.entries.get(board=Board.PROJECT, place=1)
    addresses = [FROZEN, f"{FROZEN}?board=unit", f"{FROZEN}?q=代号", f"{FROZEN}rows/{entry.pk}/", "/rankings/years/",
                 "/rankings/years/?board=unit"]  # fmt: skip
    client = log_in(cast.outsider)
    assert not any("代号七号" in page(client, address) for address in addresses)
    assert "代号七号" not in cells(client.get(f"{FROZEN}export/"))
    client = log_in(cast.preparer)
    assert all("代号七号" in page(client, address) for address in addresses[:2])
    assert "代号七号" in cells(client.get(f"{FROZEN}export/"))


# ── Export, former years, re-inspections ────────────────────────────────────
def cells(response) -> list:
    sheet = load_workbook(BytesIO(b"".join(response) if response.streaming else response.content)).active
    return [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]


def test_export_has_places_figures_corrections_and_what_is_left_out(cast, log_in, year):
    years.frozen(cast)
    correct(cast)
    found = cells(log_in(cast.quality_office).get(f"{FROZEN}export/"))
    assert {"滨江花园二期", "城北污水处理厂", "城西医院", 55, 95, "申诉成立"} <= set(found)
    for words in (rules.FORMULAS[Board.PROJECT], rules.sample_rule(Board.PROJECT, 1), rules.POPULATION):
        assert words in found
    found = cells(log_in(cast.quality_office).get(f"/rankings/draft/export/?year={YEAR}&board=unit&unit=造价一所"))
    assert "造价一所" in found
    assert "城北污水处理厂" not in found


@pytest.mark.parametrize("query", ["", "?board=unit", "?board=unit&page=1"])
def test_page_of_a_ranking_links_to_its_export_whatever_is_filtered(cast, log_in, year, query):
    years.frozen(cast)
    client = log_in(cast.quality_office)
    for address in (FROZEN, "/rankings/draft/"):
        link = re.search(r'href="([^"]*export/[^"]*)"', page(client, address + query)).group(1)
        assert client.get(unescape(link)).status_code == 200


def test_change_against_the_former_year_and_the_course_over_the_years(cast, log_in, year, project, other_project):
    years.inspected(cast, project, "60", year=YEAR - 1)
    years.inspected(cast, other_project, "70", year=YEAR - 1)
    years.published(cast, YEAR - 1)
    years.published(cast)
    client = log_in(cast.preparer)
    found = page(client, FROZEN)
    assert "↑1" in found
    assert "↓1" in found
    course = page(client, "/rankings/years/")
    assert "<polyline" in course
    assert course.index("滨江花园二期") < course.index("城北污水处理厂")
    assert "60.00 分" in course


def test_reinspections_of_next_year_are_listed_with_the_way_to_confirm(cast, log_in, year):
    records.reinspection(year, YEAR + 1)
    client = log_in(cast.quality_office)
    found = page(client, "/rankings/reinspections/")
    assert year.number in found
    assert f"/inspections/consequences/{Consequence.objects.get().pk}/decide/" in found
    assert "没有须复查的项目" in page(client, f"/rankings/reinspections/?year={YEAR}")
    page(log_in(cast.preparer), "/rankings/reinspections/", 403)


def test_paper_that_was_changed_is_not_given_out(cast, log_in, year):
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    ranking = years.published(cast)
    default_storage.delete(ranking.pdf)
    default_storage.save(ranking.pdf, ContentFile(b"%PDF other"))
    assert "公布文件无法打开" in page(log_in(cast.preparer), f"{FROZEN}pdf/", 500)


def test_pages_cost_the_same_queries_for_few_rows_and_for_many(cast, log_in, count_queries, year, project):
    log_in(cast.executive)
    count_queries("/rankings/")  # what is read once for a session
    drafted = ["/rankings/", DRAFT, f"{DRAFT}&board=unit", f"{DRAFT}&board=checker", f"{DRAFT}&without={year.number}"]
    before = [count_queries(address) for address in drafted]
    more = [_project_of_cast(cast, f"2026-1{n:02}", name=f"标段 {n}") for n in range(6)]
    for each in more:
        years.inspected(cast, each, "77")
        years.inspected(cast, each, "78")
    kit.finding(years.inspected(cast, project, "65"), deliverable=years.issued(cast, project))
    assert [count_queries(address) for address in drafted] == before
    assert max(before) <= 30
    years.published(cast)
    entry = Ranking.objects.get().entries.get(board=Board.UNIT, label="造价一所")
    addresses = [FROZEN, f"{FROZEN}?board=checker", f"{FROZEN}rows/{entry.pk}/", "/rankings/years/"]
    assert max(count_queries(address) for address in addresses) <= 25


def _lines(client, address: str) -> list:
    return list(client.get(address).context["page"].object_list)


def test_frozen_board_is_paged_and_searched_by_the_database_as_the_whole_board_says(cast, log_in, monkeypatch, year):
    for number in range(5):
        years.inspected(cast, _project_of_cast(cast, f"2026-1{number}", name=f"城东学校 {number} 期"), 60 + number)
    years.frozen(cast)
    correct(cast, score="61")
    monkeypatch.setattr(ranking_views, "ROWS", 3)
    client, whole = log_in(cast.executive), frozen.year_board(YEAR, Board.PROJECT)

    def told(lines):
        return [
            (each.entry, each.place, each.place_now, each.score_now, each.change, len(each.corrections))
            for each in lines
        ]

    pages = [_lines(client, f"{FROZEN}?page={number}") for number in (1, 2, 3)]
    assert [len(each) for each in pages] == [3, 3, 1]
    assert told(line for each in pages for line in each) == told(whole.lines)
    assert any(line.is_moved for line in whole.lines)
    named = _lines(client, f"{FROZEN}?q=学校&page=2")
    assert told(named) == told([line for line in whole.lines if "学校" in line.label][3:])
    unit = whole.lines[0].unit_name
    assert told(_lines(client, f"{FROZEN}?unit={unit}")) == told(
        [each for each in whole.lines if each.unit_name == unit][:3]
    )
    context = client.get(FROZEN).context
    assert told(context["corrected"]) == told([line for line in whole.lines if line.corrections])
    assert told(context["found"].excluded) == told(whole.excluded)
    assert told([client.get(f"{FROZEN}rows/{whole.lines[1].entry}/").context["line"]]) == told(whole.lines[1:2])


def test_secret_name_finds_nothing_on_a_frozen_board_for_whoever_may_not_read_it(cast, log_in, year, other_project):
    secret = _project_of_cast(cast, "2026-666", name="绝密工程", confidentiality="secret")
    years.inspected(cast, secret, "70")
    years.published(cast)
    assert [line.label for line in _lines(log_in(cast.executive), f"{FROZEN}?q=绝密")] == ["绝密工程"]
    outsider = log_in(cast.outsider)
    assert _lines(outsider, f"{FROZEN}?q=绝密") == []
    assert [line.label for line in _lines(outsider, f"{FROZEN}?q=秘密项目")] == ["（秘密项目）"]
    assert "绝密工程" not in outsider.get(FROZEN).content.decode()
