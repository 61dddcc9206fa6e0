"""The editor of a draft as a browser uses it, without a script."""

import re
from decimal import Decimal

import pytest

from ledger.models import Entry
from scoring import queries
from scoring.choices import Purpose
from scoring.content import MOST_CRITERIA, MOST_ITEMS
from scoring.models import Standard
from tests.reviews.papers import squeezed, text_of
from tests.scoring import kit

pytestmark = pytest.mark.django_db


@pytest.fixture
def standard(db):
    return Standard.objects.current(Purpose.INSPECTION)


@pytest.fixture
def draft(cast, standard):
    """Two criteria, 40 and 60, of two and one deductions."""
    what = kit.content(kit.part("依据", 40, kit.item("资料不全", 1, 4), kit.item("依据失效", 2)), kit.part("成果", 60))
    return kit.saved(cast.quality_office, kit.copied(cast.quality_office, standard), what)


@pytest.fixture
def browser(cast, log_in):
    return log_in(cast.quality_office)


def address(standard, page: str = "edit") -> str:
    return f"/scoring/standards/{standard.pk}/{page}/"


def values(page: str, ending: str) -> list[str]:
    """What stands in the fields whose name ends so, from top to bottom."""
    found = re.findall(r"<(?:input|textarea)[^>]*name=\"([^\"]+)\"([^>]*)>(?:\n([^<]*))?", page)
    return [
        text if text else (re.search(r'value="([^"]*)"', rest) or [None, ""])[1]
        for name, rest, text in found
        if name.endswith(ending)
    ]


# ── Saving ──────────────────────────────────────────────────────────────────
def test_page_that_is_saved_untouched_changes_nothing(draft, browser):
    before = queries.content_of(draft)
    response = browser.post(address(draft), kit.typed(draft))
    assert response["Location"] == address(draft)
    assert queries.content_of(draft) == before


def test_what_was_typed_is_saved_with_a_ledger_row_of_before_and_after(cast, draft, browser):
    data = kit.typed(draft, title="新标准", pass_mark="65", good_inclusive="on", c0_title="依据资料", c0i1_points="2.5",
                     c0i1_cap="5", c0i1_evidence="函件", c0i1_is_veto="on")  # fmt: skip
    browser.post(address(draft), data)
    found = queries.content_of(draft)
    assert (found.title, found.pass_mark, found.good_inclusive) == ("新标准", 65, True)
    changed = found.criteria[0].items[1]
    assert (found.criteria[0].title, changed.points, changed.cap) == ("依据资料", Decimal("2.5"), 5)
    assert (changed.evidence, changed.is_veto) == ("函件", True)
    entry = Entry.objects.order_by("-number").first()
    assert (entry.action, entry.actor) == ("standard.edit", cast.quality_office)
    assert '"依据资料"' in entry.data
    assert '"依据"' in entry.data


def test_draft_may_be_saved_before_it_adds_up(draft, browser):
    browser.post(address(draft), kit.typed(draft, c1_maximum="10"))
    assert queries.content_of(draft).full == 50
    assert "合计为 50 分，应为 100 分" in browser.get(address(draft)).content.decode()


def test_empty_rows_are_not_kept(draft, browser):
    data = kit.typed(draft) | {"criteria": "3", "c2-items": "2", "c0-items": "3"}
    browser.post(address(draft), data)
    assert [len(part.items) for part in queries.content_of(draft).criteria] == [2, 1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "请填写名称"),
        ({"c0_title": ""}, "请填写评分项"),
        ({"c0_maximum": "四十"}, "满分应为数字"),
        ({"c0_maximum": "-1"}, "满分不能为负数"),
        ({"c0_maximum": "NaN"}, "满分应为数字"),
        ({"c1_maximum": "100.01"}, "满分不能超过 100 分"),
        ({"c0i1_points": "0.125"}, "每处扣分至多两位小数"),
        ({"c0i0_points": ""}, "请填写每处扣分"),
        ({"c0i0_text": ""}, "请填写扣分内容"),
        ({"c0i0_cap": "很多"}, "扣分上限应为数字"),
        ({"c0i0_text": "长" * 201}, "扣分内容不能超过 200 字"),
        ({"pass_mark": ""}, "请填写合格线"),
    ],
)
def test_nothing_typed_is_lost_on_an_error(draft, browser, changes, words):
    before = queries.content_of(draft)
    page = browser.post(address(draft), kit.typed(draft, c1i0_evidence="刚刚填写的依据", **changes)).content.decode()
    assert words in page
    assert "刚刚填写的依据" in page
    for value in changes.values():
        assert value in page
    assert queries.content_of(draft) == before


def test_markup_in_a_field_is_shown_as_it_was_typed(draft, browser):
    browser.post(address(draft), kit.typed(draft, c0i0_text="<script>alert(1)</script>", c0_title='"><b>粗'))
    for page in (
        address(draft),
        f"/scoring/standards/{draft.pk}/",
        address(draft, "compare"),
        address(draft, "publish"),
    ):
        shown = browser.get(page).content.decode()
        assert "<script>alert" not in shown
        assert "<b>粗" not in shown
        assert "&lt;script&gt;alert(1)" in shown


# ── The buttons ─────────────────────────────────────────────────────────────
def pressed(browser, draft, act: str, **changes) -> str:
    return browser.post(address(draft), kit.typed(draft, **changes) | {"do": act}).content.decode()


@pytest.mark.parametrize(
    ("act", "titles", "texts"),
    [
        ("down:0", ["成果", "依据"], ["成果有误", "资料不全", "依据失效"]),
        ("up:1", ["成果", "依据"], ["成果有误", "资料不全", "依据失效"]),
        ("remove:0", ["成果"], ["成果有误"]),
        ("add", ["依据", "成果", ""], ["资料不全", "依据失效", "成果有误", ""]),
        ("up:0:1", ["依据", "成果"], ["依据失效", "资料不全", "成果有误"]),
        ("down:0:0", ["依据", "成果"], ["依据失效", "资料不全", "成果有误"]),
        ("remove:0:0", ["依据", "成果"], ["依据失效", "成果有误"]),
        ("add:0", ["依据", "成果"], ["资料不全", "依据失效", "", "成果有误"]),
        # nowhere to go, no such row, no such button
        *[(act, ["依据", "成果"], ["资料不全", "依据失效", "成果有误"])
          for act in ("up:0", "down:1", "up:0:0", "down:0:1", "remove:9", "remove:0:9", "remove:9:0", "add:9", "x:0", "up:a",
                      "up:-1", "up:0:1:2", "up", "add:0:0:0")],
    ],
)  # fmt: skip
def test_buttons_change_the_page_and_save_nothing(draft, browser, act, titles, texts):
    before = queries.content_of(draft)
    page = pressed(browser, draft, act)
    assert values(page, "-title") == titles
    assert values(page, "-text") == texts
    assert queries.content_of(draft) == before


def test_button_keeps_what_was_typed_even_where_it_is_wrong(draft, browser):
    page = pressed(browser, draft, "add", c0_maximum="四十", c1i0_text="改过的内容", c0i0_is_veto="on")
    assert "四十" in values(page, "-maximum")
    assert "改过的内容" in values(page, "-text")
    assert re.search(r'name="c0i0-is_veto"[^>]*checked', page)


def test_page_after_a_button_is_saved_as_it_stands(draft, browser):
    """What the button drew is sent with 保存: the fields are named anew, none is mixed up."""
    page = pressed(browser, draft, "down:0", c0i0_text="改过的内容")
    names = re.findall(r'name="(c\d[^"]*)"', page)
    assert len(names) == len(set(names))
    data = kit.typed(draft) | {"criteria": "2", "c0-items": "1", "c1-items": "2"}
    for ending in ("-title", "-maximum"):
        data |= {f"c{n}{ending}": value for n, value in enumerate(values(page, ending))}
    for n, m, value in zip((0, 1, 1), (0, 0, 1), values(page, "-text"), strict=True):
        data[f"c{n}i{m}-text"] = value
    for n, m, value in zip((0, 1, 1), (0, 0, 1), values(page, "-points"), strict=True):
        data[f"c{n}i{m}-points"] = value
    data |= {"c0i0-cap": "", "c1i0-cap": "4", "c1i1-cap": ""}
    browser.post(address(draft), data)
    found = queries.content_of(draft)
    assert [(part.title, part.maximum) for part in found.criteria] == [("成果", 60), ("依据", 40)]
    assert [item.text for item in found.criteria[1].items] == ["改过的内容", "依据失效"]


def test_sum_of_the_maxima_is_shown_as_it_stands_on_the_page(draft, browser):
    assert "<strong data-sum-figure>100</strong>" in browser.get(address(draft)).content.decode()
    assert "<strong data-sum-figure>52.5</strong>" in pressed(browser, draft, "add", c0_maximum="x", c1_maximum="52.5")


def test_page_never_grows_beyond_what_a_form_can_send(draft, browser, settings):
    data = kit.typed(draft) | {"criteria": "99", "c0-items": "999", "c1-items": "999", "do": "add:0"}
    page = browser.post(address(draft), data).content.decode()
    assert len(values(page, "-title")) == MOST_CRITERIA
    assert len(values(page, "-text")) == MOST_ITEMS
    assert "不能再增加" in page
    fields = re.findall(r"<(?:input|textarea|select)[^>]* name=", page)
    assert len(fields) < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS


# ── Two people ──────────────────────────────────────────────────────────────
def test_second_of_two_who_save_is_told_and_keeps_what_was_typed(cast, draft, browser):
    mine = kit.typed(draft, c0i0_text="我的修改")
    kit.saved(cast.quality_office, draft, kit.content(kit.part("依据", 30), kit.part("成果", 70)))
    response = browser.post(address(draft), mine)
    page = response.content.decode()
    assert response.status_code == 409
    assert re.search(r"已由（质量办）于 \d\d-\d\d \d\d:\d\d 修改", page)
    assert "我的修改" in values(page, "-text")
    assert "<del>30 分</del>" in page
    assert queries.content_of(draft).criteria[0].maximum == 30


def test_second_may_save_over_the_first_knowingly(cast, draft, browser):
    mine = kit.typed(draft, c0i0_text="我的修改")
    kit.saved(cast.quality_office, draft, kit.content())
    page = browser.post(address(draft), mine).content.decode()
    turn = re.search(r'name="turn" value="(\d+)"', page)[1]
    assert browser.post(address(draft), mine | {"turn": turn}).status_code == 302
    assert queries.content_of(draft).criteria[0].items[0].text == "我的修改"


def test_draft_that_was_published_meanwhile_is_not_changed(cast, draft, browser):
    mine = kit.typed(draft, c0i0_text="我的修改")
    kit.published(cast.quality_office, draft)
    response = browser.post(address(draft), mine)
    page = response.content.decode()
    assert response.status_code == 409
    assert "发布，不能再修改" in page
    assert "我的修改" in values(page, "-text")
    assert queries.content_of(draft).criteria[0].items[0].text == "资料不全"


@pytest.mark.parametrize("turn", ["", "x", "-1", "9" * 30, "999"])
def test_page_without_a_true_turn_saves_nothing(draft, browser, turn):
    assert browser.post(address(draft), kit.typed(draft, title="改名", turn=turn)).status_code == 409
    assert queries.content_of(draft).title == "标准"


# ── Copy, publish, delete ───────────────────────────────────────────────────
def test_copy_leads_to_the_editor_and_a_second_copy_is_refused(standard, browser):
    response = browser.post(address(standard, "copy"))
    draft = Standard.objects.drafts().get()
    assert response["Location"] == address(draft)
    assert "已有草稿（第 2 版）" in browser.post(address(standard, "copy"), follow=True).content.decode()


def test_publishing_shows_the_changes_and_waits_for_the_deed(standard, draft, browser):
    page = browser.post(address(draft), kit.typed(draft) | {"do": "publish"}, follow=True).content.decode()
    assert "将替代现行的第 1 版" in page
    assert "资料不全" in page
    draft.refresh_from_db()
    assert draft.is_draft
    turn = re.search(r'name="turn" value="(\d+)"', page)[1]
    response = browser.post(address(draft, "publish"), {"turn": turn, "against": "1"})
    assert response["Location"] == f"/scoring/standards/{draft.pk}/"
    assert Standard.objects.current(Purpose.INSPECTION) == draft


def test_publishing_what_does_not_add_up_is_refused_with_the_reason(cast, draft, browser):
    kit.saved(cast.quality_office, draft, kit.content(kit.part("依据", 40), kit.part("成果", 50)))
    page = browser.get(address(draft, "publish")).content.decode()
    assert "还不能发布" in page
    assert "确认发布" not in page
    page = browser.post(address(draft, "publish"), {"turn": draft.turn, "against": "1"}).content.decode()
    assert "合计为 90 分，应为 100 分" in page
    draft.refresh_from_db()
    assert draft.is_draft


def test_publishing_a_draft_that_was_changed_meanwhile_shows_it_again(cast, draft, browser):
    seen = draft.turn
    kit.saved(cast.quality_office, draft, kit.content(kit.part("依据", 30), kit.part("成果", 70)))
    response = browser.post(address(draft, "publish"), {"turn": seen, "against": "1"})
    assert response.status_code == 409
    assert "修改" in response.content.decode()
    draft.refresh_from_db()
    assert draft.is_draft


def test_published_version_has_no_editor(standard, browser):
    for page in ("edit", "publish", "discard"):
        assert browser.get(address(standard, page))["Location"] == f"/scoring/standards/{standard.pk}/"


def test_draft_is_deleted_after_a_question(draft, browser):
    assert "删除后不能恢复" in browser.get(address(draft, "discard")).content.decode()
    stale = browser.post(address(draft, "discard"), {"turn": "0"})
    assert stale.status_code == 409
    assert browser.post(address(draft, "discard"), {"turn": draft.turn})["Location"] == "/scoring/standards/"
    assert not Standard.objects.drafts().exists()


# ── Comparison and print ────────────────────────────────────────────────────
def test_comparison_shows_old_and_new_side_by_side(standard, draft, browser):
    page = browser.get(address(draft, "compare")).content.decode()
    assert "第 1 版" in page
    assert "第 2 版" in page
    for kind in ("新增", "删除"):
        assert kind in page


def test_comparison_keeps_to_versions_of_the_purpose(standard, draft, browser):
    other = Standard.objects.current(Purpose.DELIVERABLE)
    assert browser.get(address(draft, "compare"), {"with": other.pk}).status_code == 404
    assert browser.get(address(draft, "compare"), {"with": standard.pk, "all": "1"}).status_code == 200
    assert "没有可比较的版本" in browser.get(address(other, "compare")).content.decode()


def test_draft_is_not_compared_for_others(cast, standard, draft, log_in):
    browser = log_in(cast.approver)
    assert browser.get(address(standard, "compare"), {"with": draft.pk}).status_code == 404
    assert "第 2 版" not in browser.get(address(standard, "compare")).content.decode()


def test_pages_cost_the_same_queries_for_a_longer_standard(cast, draft, browser, count_queries):
    pages = [address(draft), address(draft, "compare"), address(draft, "publish"), f"/scoring/standards/{draft.pk}/"]
    for page in pages:
        count_queries(page)
    few = [count_queries(page) for page in pages]
    parts = [kit.part(f"评分项{n}", 10, *[kit.item(f"第{n}项第{m}条") for m in range(8)]) for n in range(10)]
    kit.saved(cast.quality_office, draft, kit.content(*parts))
    assert [count_queries(page) for page in pages] == few


def test_paper_says_the_whole_standard(cast, standard, log_in):
    response = log_in(cast.outsider).get(address(standard, "print"))
    assert response["Content-Type"] == "application/pdf"
    words = text_of(response.content)
    for expected in (
        "项目质量检查评分标准",
        "第 1 版",
        "三级复核未完成即出具成果",
        "满分合计 100 分",
        "80 分以上（不含 80 分）",
    ):
        assert squeezed(expected) in words
    assert log_in(cast.outsider).get(address(standard, "print")).content == response.content


def test_paper_of_a_draft_is_marked(draft, browser):
    assert "草稿，未发布" in text_of(browser.get(address(draft, "print")).content)
