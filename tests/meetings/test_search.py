"""Search over minutes: parts of Chinese words, several at once, only what one may see, escaped."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from meetings.excerpts import excerpt, words_of
from meetings.models import Meeting, Minutes
from meetings.queries import search as queries
from projects.choices import Confidentiality
from tests.meetings import minutes_kit as kit
from tests.meetings.test_action_items import held, item

SEARCH = reverse("meetings:search")


def marked(text: str, query: str) -> str:
    return "".join(f"[{piece.text}]" if piece.is_hit else piece.text for piece in excerpt(text, words_of(query)))


# ── Pure ────────────────────────────────────────────────────────────────────
def test_excerpt_marks_each_word_and_cuts_what_is_far_away():
    assert marked("本周进度款支付滞后", "进度款 滞后") == "本周[进度款]支付[滞后]"
    far = marked("甲" * 100 + "签证" + "乙" * 100, "签证")
    assert far == "…" + "甲" * 24 + "[签证]" + "乙" * 72 + "…"
    assert marked("没有", "签证") == ""


def test_excerpt_joins_overlapping_words_and_keeps_the_case_of_latin_ones():
    assert marked("BIM 模型审查", "bim 模型审 型审查") == "[BIM] [模型审查]"
    assert marked("İstanbul 签证", "签证") == "İstanbul [签证]"


def test_words_are_cut_by_any_space_each_once():
    assert words_of(" 签证　台账 签证\x00 ") == ["签证", "台账"]
    assert len(words_of("一 二 三 四 五 六 七 八")) == 6


# ── Found ───────────────────────────────────────────────────────────────────
def paper(meeting, text: str, n: int = 1) -> Minutes:
    """Issued minutes as the search reads them."""
    return Minutes.objects.create(
        meeting=meeting, number=f"JY-2026-{n:04}", content={}, text=text, issued_by=meeting.organiser,
        issued_at=timezone.now(), objections_until=timezone.localdate(), digest=f"{n:064}", pdf="x", pdf_sha256="0" * 64,
    )  # fmt: skip


def found(user, text: str) -> list[Meeting]:
    return list(queries.found_meetings(user, text))


@pytest.fixture
def meeting(cast, project):
    row = held(cast, project, items=("幕墙深化设计",))
    paper(row, "第 8 次周例会\n滨江城投，张三\n总包应于周五前提交签证台账\n进度款支付比例按 80% 执行")
    return row


@pytest.mark.django_db
def test_each_word_must_stand_somewhere_in_the_meeting(cast, meeting):
    assert found(cast.preparer, "证台") == [meeting]
    assert found(cast.preparer, "签证　幕墙") == [meeting]
    assert found(cast.preparer, "签证 电梯") == []
    assert found(cast.preparer, "  ") == []
    item(cast, meeting, text="协调电梯井移交")
    assert found(cast.preparer, "签证 电梯") == [meeting]


@pytest.mark.django_db
def test_signs_of_patterns_are_searched_as_they_are(cast, meeting):
    assert found(cast.preparer, "80%") == [meeting]
    for text in ("8_%", "%", "_", "\\", "'; DROP TABLE", "（"):
        assert found(cast.preparer, text) == ([meeting] if text == "%" else [])


@pytest.mark.django_db
def test_only_what_one_may_see_is_found(cast, project, meeting):
    assert found(cast.outsider, "签证") == found(cast.administrator, "签证") == []
    assert found(cast.archivist, "签证") == [meeting]
    project.confidentiality = Confidentiality.SECRET
    project.save()
    assert found(cast.archivist, "签证") == []


@pytest.mark.django_db
def test_hits_show_every_word_before_they_show_one_twice(cast, meeting):
    (row,) = queries.tell_hits(found(cast.preparer, "签证 支付"), "签证 支付")
    assert ["签证" in "".join(piece.text for piece in hit.pieces) for hit in row.hits] == [True, False]
    assert row.hits[0].place == "会议纪要 JY-2026-0001"


@pytest.mark.django_db
def test_page_marks_and_escapes(cast, project, log_in):
    row = held(cast, project, title="<b>例会</b>")
    paper(row, "<script>alert('签证')</script>")
    body = log_in(cast.preparer).get(SEARCH, {"q": "签证"}).content.decode()
    assert "&lt;script&gt;alert(&#x27;<mark>签证</mark>&#x27;)" in body
    assert "<script>alert" not in body
    assert "<b>例会" not in body
    body = log_in(cast.preparer).get(SEARCH, {"q": '"><script>x'}).content.decode()
    assert "<script>x" not in body


@pytest.mark.django_db
def test_filters_of_project_kind_and_year_and_nonsense(cast, project, other_project, meeting, log_in):
    client = log_in(cast.quality_office)

    def count(**more) -> int:
        return client.get(SEARCH, {"q": "签证"} | more).context["page"].paginator.count

    held(cast, other_project, items=("签约",))
    year = timezone.localdate(meeting.starts_at).year
    assert count() == count(project=project.pk) == count(year=year) == count(kind=meeting.kind_id) == 1
    assert count(project=other_project.pk) == 0
    assert count(kind=meeting.kind_id + 1) == 0
    for more in ({"year": "x"}, {"project": "9" * 30}, {"page": "x"}, {"q": "签\x00证"}, {"q": "长" * 900}):
        assert client.get(SEARCH, {"q": "签证"} | more).status_code == 200


@pytest.mark.django_db
def test_page_costs_the_same_queries_with_one_meeting_and_with_many(cast, project, log_in):
    client = log_in(cast.preparer)
    paper(held(cast, project), "签证一", 1)
    client.get(SEARCH)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(SEARCH, {"q": "签证"}).status_code == 200
        return len(captured)

    one = cost()
    for n in range(2, 26):
        paper(held(cast, project, hours=-n), f"签证 {n}", n)
    assert cost() == one
    assert len(client.get(SEARCH, {"q": "签证"}).context["page"].object_list) == 20


@pytest.mark.django_db
def test_search_of_the_whole_firm_has_the_meetings(cast, meeting, log_in):
    response = log_in(cast.preparer).get(reverse("dashboards:search"), {"q": "签证"})
    assert response.context["results"].meetings == [meeting]
    assert "在纪要中查找" in response.content.decode()


@pytest.mark.django_db
def test_meeting_that_is_not_issued_is_found_by_its_agenda_and_not_by_its_draft(cast, project):
    row = kit.meeting(cast, project, items=("幕墙深化",))
    row.agenda.update(record="暂定扣款五万元", saved_at=timezone.now() - timedelta(days=1))
    assert found(cast.preparer, "幕墙") == [row]
    assert found(cast.preparer, "扣款") == []
