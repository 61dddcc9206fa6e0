"""The auditor's pages: who reads the chain, filters, paging, export, verification."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import openpyxl
import pytest
from django.db import connection, transaction

from ledger import queries
from ledger.labels import all_actions
from ledger.models import Entry
from ledger.services import record
from tests.conftest import guards_lifted

pytestmark = pytest.mark.django_db

LIST = "/ledger/"


def write(cast, count=1, *, actor="preparer", action="unit.update", subject=None, data=None):
    for index in range(count):
        with transaction.atomic():
            record(actor=getattr(cast, actor), action=action, subject=subject or cast.zj1, data=data or {"n": index})


def numbers(response) -> list[int]:
    return [entry.number for entry in response.context["entries"]]


def text(response) -> str:
    return response.content.decode()


# ── Who may read ────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("part", "status"),
    [
        ("auditor", 200), ("quality_office", 200), ("administrator", 403), ("executive", 403), ("approver", 403),
        ("preparer", 403), ("outsider", 403),
    ],
)  # fmt: skip
def test_chain_is_read_by_auditor_and_quality_office(cast, log_in, part, status):
    write(cast)
    client = log_in(getattr(cast, part))
    for method, url in (
        ("get", LIST),
        ("get", "/ledger/1/"),
        ("get", f"{LIST}?format=xlsx"),
        ("post", "/ledger/verify/"),
    ):
        assert getattr(client, method)(url).status_code == status, url


def test_anonymous_is_sent_to_the_login(cast, client):
    assert client.get(LIST)["Location"].startswith("/login/")


def test_menu_of_the_pages_changes_nothing(cast, log_in):
    write(cast)
    client = log_in(cast.auditor)
    for url in (LIST, "/ledger/1/"):
        assert client.post(url).status_code == 405
    assert client.get("/ledger/verify/").status_code == 405


# ── Filters ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [3, 2, 1]),
        ("number=2", [2]),
        ("actor=校核", [2]),
        ("actor=T001", [3, 1]),
        ("action=post.assign", [3]),
        ("subject=造价二所", [2]),
        ("subject=%25", []),
        ("actor=校核&action=post.assign", []),
        ("number=99", []),
        ("number=abc", []),
        ("since=2026-02-30", []),
        ("since=2026-05-02&until=2026-05-01", []),
        ("action=%27%3B--", []),
    ],
)
def test_filters_live_in_the_url(cast, log_in, query, expected):
    write(cast)
    write(cast, actor="checker", subject=cast.zj2)
    write(cast, action="post.assign")
    assert numbers(log_in(cast.auditor).get(f"{LIST}?{query}")) == expected


def test_days_are_the_firms_and_both_ends_count(cast):
    write(cast, 3)
    instants = [
        datetime(2026, 5, 1, 15, 59, tzinfo=UTC),  # 23:59 in Shanghai
        datetime(2026, 5, 1, 16, 0, tzinfo=UTC),
        datetime(2026, 5, 2, 15, 59, tzinfo=UTC),
    ]
    with guards_lifted(connection):
        for number, instant in enumerate(instants, start=1):
            Entry.objects.filter(number=number).update(at=instant)
    day = date(2026, 5, 2)
    assert [entry.number for entry in queries.entries(since=day, until=day)] == [3, 2]
    assert [entry.number for entry in queries.entries(until=day - timedelta(days=1))] == [1]


# ── Paging ──────────────────────────────────────────────────────────────────
def test_pages_walk_the_whole_chain_and_back(cast, log_in):
    write(cast, 120)
    client = log_in(cast.auditor)
    first = client.get(LIST)
    second = client.get(f"{LIST}?before={numbers(first)[-1]}")
    third = client.get(f"{LIST}?before={numbers(second)[-1]}")
    assert numbers(first) + numbers(second) + numbers(third) == list(range(120, 0, -1))
    assert (first.context["has_newer"], first.context["has_older"]) == (False, True)
    assert (third.context["has_newer"], third.context["has_older"]) == (True, False)
    assert numbers(client.get(f"{LIST}?after={numbers(second)[0]}")) == numbers(first)


def test_links_of_the_pages_keep_the_filters(cast, log_in):
    write(cast, 60)
    page = text(log_in(cast.auditor).get(f"{LIST}?actor=T001"))
    assert "actor=T001&amp;before=11" in page


@pytest.mark.parametrize("query", ["before=x", "before=-1", "after=9999999999999999999999", "before=٣"])
def test_nonsense_in_the_address_is_ignored(cast, log_in, query):
    write(cast)
    assert log_in(cast.auditor).get(f"{LIST}?{query}").status_code == 200


def test_list_costs_the_same_queries_for_1_and_for_50(cast, log_in, count_queries):
    log_in(cast.auditor)
    write(cast)
    count_queries(LIST)
    with_one = count_queries(LIST)
    write(cast, 60)
    assert count_queries(LIST) == with_one


# ── Detail ──────────────────────────────────────────────────────────────────
def test_detail_shows_data_hashes_and_neighbours(cast, log_in):
    write(cast, 3, data={"b": "内容", "a": 1})
    client = log_in(cast.auditor)
    page = text(client.get("/ledger/2/"))
    entry = Entry.objects.get(number=2)
    assert entry.hash in page
    assert entry.previous_hash in page
    assert "内容" in page
    assert 'href="/ledger/1/"' in page
    assert 'href="/ledger/3/"' in page
    assert 'rel="next"' not in text(client.get("/ledger/3/"))
    assert client.get("/ledger/4/").status_code == 404


def test_hostile_data_is_escaped(cast, log_in):
    write(cast, data={"x": "<script>alert(1)</script>"})
    assert "<script>alert" not in text(log_in(cast.auditor).get("/ledger/1/"))


def test_every_action_has_chinese_words(cast):
    assert all(not words.isascii() for _, words in all_actions())


# ── Export ──────────────────────────────────────────────────────────────────
def test_export_has_the_filters_of_the_page_and_text_cells_only(cast, log_in):
    cast.zj1.name = "=HYPERLINK(1)"
    write(cast, subject=cast.zj1)
    write(cast, action="post.assign")
    response = log_in(cast.auditor).get(f"{LIST}?action=unit.update&format=xlsx")
    rows = list(openpyxl.load_workbook(BytesIO(response.content)).active.iter_rows())
    assert len(rows) == 2
    assert rows[1][6].value == "=HYPERLINK(1)"
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n"}
    assert json.loads(rows[1][7].value) == {"n": 0}


# ── Verification ────────────────────────────────────────────────────────────
def test_verification_shows_an_intact_chain(cast, log_in):
    write(cast, 3)
    page = text(log_in(cast.auditor).post("/ledger/verify/"))
    assert "证据链完整" in page
    assert "逐行重算 3 行" in page


def test_verification_names_the_broken_row(cast, log_in):
    write(cast, 3)
    with guards_lifted(connection):
        Entry.objects.filter(number=2).update(data="{}")
    page = text(log_in(cast.auditor).post("/ledger/verify/"))
    assert "第 2 行的内容与其哈希不符" in page


def test_every_action_that_is_recorded_has_chinese_words(settings):
    written = set()
    for app in ("staff", "scoring", "projects", "reviews", "dashboards"):
        for path in (settings.BASE_DIR / app).rglob("*.py"):
            written |= set(re.findall(r'action="([a-z_]+\.[a-z_]+)"', path.read_text()))
    assert len(written) > 20
    assert written - dict(all_actions()).keys() == set()
