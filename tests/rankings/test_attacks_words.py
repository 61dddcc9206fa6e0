"""Words that are meant to do something, on every new page and in every new export; and who finds another's matter, by which way."""

from datetime import datetime
from io import BytesIO

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from deadlines.models import Deadline
from ledger.models import Entry
from lessons import services as lessons
from lessons.verification import proposals_match
from notices.models import Delivery, Notice
from projects.models import Project
from rankings.choices import Board
from rankings.models import Policy
from rankings.queries import awards as award_queries
from rankings.queries import drafts
from rankings.queries import settlements as queries
from rankings.services import attendance, freezing, settling
from reviews.choices import RemarkCategory, State
from reviews.models import Issue, Level, Round
from staff.models import Unit, User
from tests.conftest import guards_lifted
from tests.lessons import kit as lessons_kit
from tests.rankings import awards_kit as kits
from tests.rankings import policy_kit, years
from tests.reviews import flow
from tests.reviews.flow import confirmed

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year
HOSTILE = '=HYPERLINK("http://x")</script><img src=x onerror=alert(1)>\u202e'


@pytest.fixture
def hostile(cast, project, other_project):
    """A frozen, posted year in which every free text is hostile."""
    Project.objects.filter(pk=project.pk).update(name=HOSTILE)
    Unit.objects.filter(pk=cast.zj1.pk).update(name=HOSTILE[:50])
    User.objects.filter(pk=cast.verifier.pk).update(name=f"+{HOSTILE}"[:40])
    for each in (project, cast.zj1, cast.verifier):
        each.refresh_from_db()
    deliverable = flow.open_deliverable(cast, project, title=HOSTILE)
    flow.submit(deliverable)
    lessons_kit.remark(deliverable, problem=HOSTILE)
    years.inspected(cast, project, "90")
    years.inspected(cast, other_project, "55")
    attendance.record(actor=cast.quality_office, person=cast.preparer, rule=policy_kit.rule_of("旷工"), note=HOSTILE,
                      happened_on=timezone.localdate())  # fmt: skip
    policy_kit.put_in_force(cast)
    ranking = years.frozen(cast)
    entry = ranking.entries.get(board=Board.PROJECT, subject_id=project.pk)
    boss = cast.executive
    freezing.correct(actor=boss, entry=entry, seen=0, score=91, reason=HOSTILE, confirmation=confirmed(boss))
    settlement = kits.proposed(cast, ranking)
    appeal = kits.appealed(settlement, cast.verifier, text=HOSTILE)
    (proposal,) = lessons.propose(
        actor=cast.quality_office,
        levels=Level.objects.all()[:1],
        text=HOSTILE,
        category=RemarkCategory.DATA,
        basis="依据",
    )
    return {"ranking": ranking, "entry": entry, "settlement": settlement, "appeal": appeal, "proposal": proposal}


def test_hostile_words_stay_words_on_every_page_and_in_every_export(cast, hostile, log_in):
    entry, appeal, proposal = hostile["entry"], hostile["appeal"], hostile["proposal"]
    pages = {
        cast.executive: [
            f"/rankings/{YEAR}/", f"/rankings/{YEAR}/?board=unit", f"/rankings/{YEAR}/?board=verifier", "/rankings/years/",
            f"/rankings/draft/?year={YEAR}", f"/rankings/{YEAR}/rows/{entry.pk}/", f"/rankings/{YEAR}/rows/{entry.pk}/correct/",
            f"/rankings/{YEAR}/publish/", "/rankings/reinspections/", "/management/", f"/appeals/{appeal.pk}/decide/", "/",
            f"/settlements/{YEAR}/", "/lessons/", "/lessons/repeats/", "/lessons/checklists/", "/notices/", "/deadlines/",
        ],
        cast.quality_office: [
            "/rankings/attendance/", f"/settlements/{YEAR}/", f"/settlements/{YEAR}/preview/", f"/settlements/{YEAR}/withdraw/",
            f"/appeals/{appeal.pk}/", f"/lessons/proposals/{proposal.pk}/", "/lessons/proposals/", "/ledger/", "/",
        ],
        cast.verifier: ["/awards/mine/", f"/appeals/{appeal.pk}/", "/notices/", "/"],
        cast.chief_engineer: [f"/lessons/proposals/{proposal.pk}/decide/", "/management/"],
    }  # fmt: skip
    opened = 0
    for person, urls in pages.items():
        client = log_in(person)
        for url in urls:
            page = client.get(url)
            if page.status_code == 404:
                continue
            assert page.status_code == 200, (person, url, page.status_code)
            assert "<img src=x" not in page.content.decode(), url
            opened += 1
    assert opened >= sum(map(len, pages.values())) - 6
    client = log_in(cast.quality_office)
    for url in (
        f"/rankings/{YEAR}/export/", f"/rankings/{YEAR}/export/?board=unit", f"/rankings/{YEAR}/export/?board=verifier",
        f"/rankings/draft/export/?year={YEAR}", "/rankings/attendance/export/", f"/settlements/{YEAR}/export/",
        "/management/ranking_projects.xlsx", "/management/ranking_units.xlsx", "/management/grades_by_unit.xlsx",
        reverse("lessons:export"), reverse("lessons:category_export", args=[RemarkCategory.QUANTITY]),
        reverse("lessons:checklists_export"),
    ):  # fmt: skip
        response = client.get(url)
        assert response.status_code == 200, url
        content = b"".join(response) if response.streaming else response.content
        sheet = load_workbook(BytesIO(content)).active
        assert not [
            cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f" or cell.hyperlink
        ], url


# ── Another's matter ────────────────────────────────────────────────────────
@pytest.fixture
def settlement(cast, project, other_project):
    kits.policy()
    return kits.proposed(cast, kits.frozen(cast, (project, 90), (other_project, 55)))


def test_a_colleague_and_a_director_find_nothing_of_anothers_award_by_any_way(cast, settlement, log_in):
    appeal = kits.appealed(settlement, cast.verifier)
    award = kits.award_of(settlement, cast.verifier)
    for person in (cast.checker, cast.approver, cast.chief_engineer, cast.outsider, cast.auditor, cast.administrator):
        client = log_in(person)
        for url in (f"/awards/{award.pk}/appeal/", f"/appeals/{appeal.pk}/"):
            assert client.get(url).status_code == 404, (person, url)
        assert client.get(f"/appeals/{appeal.pk}/decide/").status_code in (403, 404)
        for url in (f"/settlements/{YEAR}/", f"/settlements/{YEAR}/export/", f"/settlements/{YEAR}/preview/",
                    "/settlements/promotion-notes/", "/settlements/promotion-notes/export/", "/rankings/attendance/export/"):  # fmt: skip
            assert client.get(url).status_code == 403, (person, url)
        clock = Deadline.objects.get(subject_type="rankings.appeal", subject_id=appeal.pk)
        assert client.get(f"/deadlines/{clock.pk}/").status_code == 404, person
        listed = client.get("/deadlines/?state=all")
        assert listed.status_code != 200 or f"/deadlines/{clock.pk}/" not in listed.content.decode(), person
    assert not Notice.objects.filter(title__contains="申诉", recipient__in=[cast.checker, cast.approver]).exists()


def test_the_ledger_names_nobody_with_an_amount_and_no_mail_says_how_much(cast, settlement):
    kits.decided(cast, kits.appealed(settlement, cast.verifier), "changed", amount="4500")
    settling.withdraw(actor=cast.quality_office, settlement=kits.fresh(settlement), turn=kits.fresh(settlement).turn,
                      reason="金额核对有误")  # fmt: skip
    rows = Entry.objects.filter(action__regex=r"^(settlement|award)\.")
    assert rows.count() == 4
    for row in rows:
        for award in queries.awards_of(settlement):
            assert award.person.name not in row.subject_label + row.data, row
            assert f"{award.amount:.2f}" not in row.data, row
        assert "4500" not in row.data
    told = Delivery.objects.filter(kind="results").values_list("title", "body")
    assert not [each for each in told if "申诉" in each[0] or each[1]]


# ── Proposals for the checklists, with the database in hand ─────────────────
def test_verify_ledger_names_every_edit_of_a_proposal(cast):
    made = lessons.propose(actor=cast.chief_engineer, levels=Level.objects.all()[:2], text="取费表逐项核对",
                           category=RemarkCategory.DATA, basis="2026 年 3 条")  # fmt: skip
    lessons.refuse(actor=cast.quality_office, proposal=made[0], note="已有相近条目")
    lessons.accept(actor=cast.quality_office, proposal=made[1], note="同意")
    assert list(proposals_match()) == []
    other = cast.archivist.pk
    for change in ("text = '改'", "basis = '改'", "note = '改'", f"proposed_by_id = {other}", f"decided_by_id = {other}",
                   "state = 'refused'", "item_id = NULL", "category = 'fees'"):  # fmt: skip
        with guards_lifted(connection), connection.cursor() as cursor:
            before = list(made[1]._meta.model.objects.order_by("pk").values_list())
            cursor.execute(f"UPDATE lessons_checklistproposal SET {change}")
        assert list(proposals_match()), change
        for row, old in zip(made[1]._meta.model.objects.order_by("pk"), before, strict=True):
            names = [field.attname for field in row._meta.concrete_fields]
            row._meta.model.objects.filter(pk=row.pk).update(**dict(zip(names, old, strict=True)))
        assert list(proposals_match()) == []


# ── The seam of the years ───────────────────────────────────────────────────
def test_the_first_hour_of_the_year_in_shanghai_counts_for_the_new_year(cast, project):
    done = years.issued(cast, project)
    first_hour = timezone.make_aware(datetime(2020, 1, 1, 0, 30))  # noqa: DTZ001 — made aware here
    with guards_lifted(connection):
        Issue.objects.update(issued_at=first_hour)
        Round.objects.filter(deliverable=done).update(state=State.SENT_BACK, ended_at=first_hour)
    assert drafts.people_rows(2020)[Board.PREPARER][0].subject == cast.preparer.pk
    assert not drafts.people_rows(2019)[Board.PREPARER]
    assert [each.people for each in award_queries.sent_back(2020, 1)] == [(cast.preparer.pk,)]
    assert award_queries.sent_back(2019, 1) == []


def test_a_year_in_which_all_are_equal_or_none_was_inspected(cast, project, other_project, log_in):
    years.inspected(cast, project, "90")
    years.inspected(cast, other_project, "90")
    ranking = years.frozen(cast)
    assert list(ranking.entries.filter(board=Board.PROJECT).values_list("place", flat=True)) == [1, 1]
    client = log_in(cast.executive)
    for url in (
        "/rankings/draft/?year=2005",
        "/rankings/draft/?year=2005&board=unit",
        "/rankings/2005/freeze/",
        "/management/?year=2005",
    ):
        assert client.get(url).status_code == 200, url
    sent = client.post("/rankings/2005/freeze/", {"seen": client.get("/rankings/2005/freeze/").context["form"].initial["seen"],
                                                  "password": "wrong"})  # fmt: skip
    assert sent.status_code == 200
    assert Policy.objects.in_force() is not None
