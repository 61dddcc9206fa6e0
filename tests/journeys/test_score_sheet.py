"""The score sheet at a real browser: by key and by tap, by two at once, with the connection lost and found again."""

import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from inspections.models import Evidence, Finding, Inspection, Section
from inspections.queries.score_sheets import current_total
from inspections.services import score_sheets as services
from inspections.services.opening import cancel
from scoring import rules
from scoring.models import Deduction
from tests.conftest import PASSWORD
from tests.inspections import kit
from tests.journeys.people import DESK, PHONE, Person
from tests.reviews import flow

pytestmark = pytest.mark.django_db(transaction=True)
TABLET = {"width": 820, "height": 1180}
MATHS = "static/js/score_maths.js"


@pytest.fixture
def other(cast):
    return kit.inspector(cast, "陈检")


@pytest.fixture
def inspection(cast, project, other):
    return kit.inspection(cast, project, cast.quality_office, other)


@pytest.fixture
def person(new_context, live_server):
    return lambda user, viewport=DESK: Person(new_context, live_server, user, viewport)


@pytest.fixture
def sheet(cast, inspection, person):
    """`sheet()` is the page of 质量办, `sheet(other)` that of another inspector."""

    def sheet(user=None, viewport=DESK) -> Page:
        page = person(user or cast.quality_office, viewport).page
        page.goto(f"/inspections/{inspection.pk}/score/")
        return page

    return sheet


def items(inspection: Inspection, criterion: int = 0) -> list[Deduction]:
    return list(kit.criteria(inspection)[criterion].deductions.all())


def row(page: Page, item: Deduction):
    return page.locator(f"#d{item.pk}")


def count(page: Page, item: Deduction):
    return row(page, item).locator("input")


def note(page: Page, inspection: Inspection, criterion: int = 0):
    return page.locator(f"#c{kit.criteria(inspection)[criterion].pk} textarea")


def plus(page: Page, item: Deduction) -> None:
    row(page, item).get_by_role("button", name="增加一处").click()


def stored(inspection: Inspection, criterion: int = 0) -> tuple[dict[int, Decimal], str]:
    section = Section.objects.get(inspection=inspection, criterion=kit.criteria(inspection)[criterion])
    return services.stored_hits(section), section.note


def expect_saved(page: Page) -> None:
    expect(page.locator("[data-saved]")).to_contain_text("已全部保存", timeout=40_000)


def kept_in_browser(page: Page) -> str | None:
    return page.evaluate(
        "localStorage.getItem(Object.keys(localStorage).find((key) => key.startsWith('score:')) || '')"
    )


# ── One and the same arithmetic ─────────────────────────────────────────────
points = st.decimals(0, 100, places=2)
counts = st.one_of(st.integers(0, 999).map(Decimal), st.decimals(0, 999, places=2))


@st.composite
def sheets(draw):
    """What a page has before it: criteria with items and hits, and the marks."""
    item = st.fixed_dictionaries(
        {"points": points, "cap": st.none() | points, "veto": st.booleans(), "hits": st.just(Decimal(0)) | counts}
    )
    criterion = st.fixed_dictionaries({"maximum": points, "items": st.lists(item, max_size=6)})
    low, high = sorted(draw(st.tuples(points, points)))
    return {
        "criteria": draw(st.lists(criterion, min_size=1, max_size=6)), "pass": low, "good": high,
        "goodInclusive": draw(st.booleans()), "vetoCap": draw(points),
    }  # fmt: skip


def by_the_server(sheet: dict) -> tuple[str, str, bool]:
    """Total, grade and veto by scoring.rules."""
    marks = rules.Thresholds(sheet["pass"], sheet["good"], sheet["goodInclusive"], sheet["vetoCap"])
    maxima = {n: criterion["maximum"] for n, criterion in enumerate(sheet["criteria"])}
    numbered = [(n, item) for n, criterion in enumerate(sheet["criteria"]) for item in criterion["items"]]
    deductions = {
        key: rules.DeductionRule(n, item["points"], item["cap"], item["veto"])
        for key, (n, item) in enumerate(numbered)
    }
    hits = [(key, item["hits"]) for key, (_, item) in enumerate(numbered)]
    total = rules.total(maxima, deductions, hits, marks)
    is_vetoed = any(item["veto"] and item["hits"] > 0 for _, item in numbered)
    return str(total), rules.grade(total, marks), is_vetoed


def as_text(value):
    """As the attributes of the page have it: figures as text, no cap as an empty one."""
    if isinstance(value, dict):
        return {key: "" if key == "cap" and each is None else as_text(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_text(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value


def by_the_page(page: Page, cases: list[dict]) -> list[tuple[str, str, bool]]:
    script = "(cases) => cases.map(scoreMaths.score)"
    told = page.evaluate(script, as_text(cases))
    return [(f"{Decimal(each['total']) / 100:.2f}", each["grade"], each["isVetoed"]) for each in told]


def one(maximum="100", points="0.01", hits="0", veto=False, cap=None, **marks) -> dict:
    """A sheet with one item."""
    item = {"points": Decimal(points), "cap": cap, "veto": veto, "hits": Decimal(hits)}
    head = {"pass": Decimal(60), "good": Decimal(80), "goodInclusive": False, "vetoCap": Decimal(59)}
    return head | marks | {"criteria": [{"maximum": Decimal(maximum), "items": [item]}]}


# What is taken, and what is to come out of 100: the boundaries, and halves of a cent.
EDGES = [
    (one(points="40.01", hits="1"), "59.99", "不合格"), (one(points="40", hits="1"), "60.00", "合格"),
    (one(points="20", hits="1"), "80.00", "合格"), (one(points="19.99", hits="1"), "80.01", "优良"),
    (one(points="20", hits="1", goodInclusive=True), "80.00", "优良"),
    (one(points="0.05", hits="800.1"), "60.00", "合格"), (one(points="0.05", hits="800.12"), "59.99", "不合格"),
    (one(points="0.05", hits="399.9"), "80.01", "优良"), (one(points="0.05", hits="399.92"), "80.00", "合格"),
    (one(points="0.03", hits="0.5"), "99.99", "优良"), (one(points="0.01", hits="0.01"), "100.00", "优良"),
    (one(points="5", hits="1", veto=True), "59.00", "不合格"), (one(points="50", hits="1", veto=True), "50.00", "不合格"),
    (one(points="0", hits="0.01", veto=True), "59.00", "不合格"), (one(points="5", hits="999", cap=Decimal(6)), "94.00", "优良"),
    (one(points="100", hits="999"), "0.00", "不合格"), (one(points="5", hits="1", cap=Decimal(0)), "100.00", "优良"),
]  # fmt: skip


def test_page_and_server_reckon_the_same_at_every_boundary(page):
    page.add_script_tag(path=MATHS)
    for (case, total, grade), told in zip(EDGES, by_the_page(page, [case for case, *_ in EDGES]), strict=True):
        assert told[:2] == (total, grade)
        assert told == by_the_server(case)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(sheets(), min_size=5, max_size=20))
def test_page_and_server_reckon_the_same_whatever_the_sheet(page, cases):
    if not page.evaluate("'scoreMaths' in window"):
        page.add_script_tag(path=MATHS)
    assert by_the_page(page, cases) == [by_the_server(case) for case in cases]


def test_total_on_the_page_is_the_stored_one_with_its_veto(sheet, inspection):
    page = sheet()
    veto = kit.deduction(inspection, is_veto=True)
    for criterion in range(6):
        count(page, items(inspection, criterion)[0]).fill("1.5")
    expect(page.locator(".grade-word")).to_have_text(current_total(inspection).grade)
    plus(page, veto)
    expect(page.locator(".grade-total")).to_have_text("59")
    expect(page.locator(".grade-reason")).to_contain_text(f"一票否决：{veto.text}。得分")
    expect(page.locator("[data-saved]")).to_contain_text("服务器已核对")
    found = current_total(inspection)
    expect(page.locator(".grade-total")).to_have_text(str(found.total.normalize()))
    expect(page.locator(".grade-reason")).to_have_text(found.set_by)
    for pk, score in found.scores.items():
        expect(page.locator(f'.score-head [data-score-of="{pk}"]')).to_have_text(f"{score.normalize():f}")


# ── Hands ───────────────────────────────────────────────────────────────────
def test_counts_by_key(sheet, inspection):
    page = sheet()
    first, second, third = items(inspection)[:3]
    page.keyboard.press("j")
    expect(row(page, first)).to_be_focused()
    for key in ("+", "+", "=", "-"):
        page.keyboard.press(key)
    expect(count(page, first)).to_have_value("2")
    page.keyboard.press("ArrowDown")
    page.keyboard.type("12")
    expect(count(page, second)).to_have_value("12")
    page.keyboard.press("j")
    page.keyboard.type("0.5")
    page.keyboard.press("k")
    page.keyboard.press("Delete")
    expect(count(page, second)).to_have_value("")
    page.keyboard.press("ArrowUp")
    expect(row(page, first)).to_be_focused()
    for _ in range(5):
        page.keyboard.press("-")
    expect(count(page, first)).to_have_value("")
    expect_saved(page)
    assert stored(inspection)[0] == {third.pk: Decimal("0.5")}


def test_keys_in_a_field_walk_too_and_letters_in_a_note_are_letters(sheet, inspection):
    page = sheet()
    first, second = items(inspection)[:2]
    count(page, first).click()
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(row(page, second)).to_be_focused()
    count(page, second).click()
    page.keyboard.press("k")
    expect(row(page, first)).to_be_focused()
    note(page, inspection).click()
    page.keyboard.type("jkf+-12")
    expect(note(page, inspection)).to_have_value("jkf+-12")
    expect_saved(page)
    assert stored(inspection) == ({first.pk: 3}, "jkf+-12")


def test_keys_that_an_input_method_composes_with_are_left_alone(sheet, inspection):
    page = sheet()
    first = items(inspection)[0]
    page.keyboard.press("j")
    for key, code in (("+", 229), ("f", 229), ("j", 229)):
        page.evaluate(
            "([key, code]) => document.activeElement.dispatchEvent("
            "new KeyboardEvent('keydown', {key, keyCode: code, isComposing: true, bubbles: true, cancelable: true}))",
            [key, code],
        )
    expect(row(page, first)).to_be_focused()
    expect(count(page, first)).to_have_value("")
    assert page.url.endswith("/score/")


def test_f_writes_a_problem_down_and_comes_back_to_the_row(sheet, inspection, cast):
    page = sheet()
    veto = kit.deduction(inspection, is_veto=True)
    plus(page, veto)
    expect(row(page, veto)).to_contain_text("未登记问题")
    page.keyboard.press("f")
    page.wait_for_url(re.compile(r"/findings/new/\?deduction="))
    expect(page.get_by_label("扣分细则")).to_have_value(str(veto.pk))
    page.get_by_label("问题", exact=False).first.fill("伪造现场踏勘记录")
    photo = kit.photo("踏勘.png")
    page.locator("input[name=evidence]").set_input_files(
        {"name": photo.name, "mimeType": "image/png", "buffer": photo.read()}
    )
    page.get_by_role("button", name="保存问题").click()
    page.wait_for_url(re.compile(rf"/score/#d{veto.pk}$"))
    expect(row(page, veto)).to_be_focused()
    expect(count(page, veto)).to_have_value("1")
    expect(row(page, veto)).to_contain_text("问题 1")
    expect(row(page, veto).get_by_text("未登记问题")).to_be_hidden()
    assert (Finding.objects.get().deduction, Evidence.objects.get().name) == (veto, "踏勘.png")
    expect_saved(page)
    assert stored(inspection, 2)[0] == {veto.pk: 1}


def test_remarks_and_files_follow_the_deliverable_that_is_chosen(cast, project, sheet, inspection):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.draft_remark(deliverable, problem="计算式有误")
    flow.return_remarks(deliverable)
    page = sheet()
    page.goto(f"/inspections/{inspection.pk}/findings/new/")
    page.locator("[name=problem]").fill("沿用了错误的工程量")
    photo = kit.photo("对比.png")
    page.locator("input[name=evidence]").set_input_files(
        {"name": photo.name, "mimeType": "image/png", "buffer": photo.read()}
    )
    page.get_by_label("成果文件").select_option(str(deliverable.pk))
    page.get_by_label("校审意见").select_option(str(deliverable.remarks.get().pk))
    page.get_by_label("成果附件").select_option(index=1)
    page.get_by_role("button", name="保存问题").click()
    expect(page.locator(".finding")).to_contain_text("沿用了错误的工程量")
    found = Finding.objects.get()
    assert (found.deliverable, found.remark) == (deliverable, deliverable.remarks.get())
    assert found.attachment.version.deliverable == deliverable
    assert Evidence.objects.get().finding == found


def test_wrong_count_is_told_at_once_and_saved_once_it_is_right(sheet, inspection):
    page = sheet()
    first, second = items(inspection)[:2]
    count(page, first).fill("很多")
    expect(row(page, first)).to_contain_text("最多两位小数")
    count(page, second).fill("2")
    expect(page.locator("[data-saved]")).to_contain_text("1 项须处理")
    page.wait_for_timeout(1200)
    assert stored(inspection) == ({}, "")
    count(page, first).fill("１")
    expect_saved(page)
    assert stored(inspection)[0] == {first.pk: 1, second.pk: 2}


def test_words_typed_by_one_are_words_at_the_other(sheet, inspection, other):
    page = sheet()
    note(page, inspection).fill("<img src=x onerror=alert(1)>")
    expect_saved(page)
    theirs = sheet(other)
    expect(note(theirs, inspection)).to_have_value("<img src=x onerror=alert(1)>")


# ── Two at once ─────────────────────────────────────────────────────────────
def test_two_on_different_criteria_both_survive_and_see_one_another(cast, sheet, inspection, other):
    mine, theirs = sheet(), sheet(other)
    first, second = items(inspection, 0)[0], items(inspection, 1)[0]
    plus(mine, first)
    note(theirs, inspection, 1).fill("资料清单不全")
    plus(theirs, second)
    for page in (mine, theirs):
        expect_saved(page)
    assert stored(inspection, 0) == ({first.pk: 1}, "")
    assert stored(inspection, 1) == ({second.pk: 1}, "资料清单不全")
    # The next save, or the poll, brings what the other did.
    plus(mine, first)
    expect(count(mine, second)).to_have_value("1")
    expect(note(mine, inspection, 1)).to_have_value("资料清单不全")
    steps = mine.locator(".score-steps li")
    expect(steps.nth(1)).to_contain_text("陈检")
    expect(steps.nth(0)).to_contain_text("质量办")


def conflict(sheet, inspection, other) -> tuple[Page, Page, Deduction]:
    """陈检 saved 2 hits and a note; 质量办, whose page is older, saves 1."""
    mine, theirs = sheet(), sheet(other)
    first = items(inspection)[0]
    count(theirs, first).fill("2")
    note(theirs, inspection).fill("陈检的记录")
    expect_saved(theirs)
    plus(mine, first)
    expect(mine.get_by_role("dialog")).to_contain_text("已由（陈检）于")
    return mine, theirs, first


def test_second_on_one_criterion_sees_both_and_keeps_the_own(sheet, inspection, other, screenshot):
    mine, theirs, first = conflict(sheet, inspection, other)
    dialog = mine.get_by_role("dialog")
    for words in (first.text, "1 处", "2 处", "陈检的记录"):
        expect(dialog).to_contain_text(words)
    assert stored(inspection) == ({first.pk: 2}, "陈检的记录")
    screenshot(mine, "conflict")
    dialog.get_by_role("button", name="保留我的").click()
    expect_saved(mine)
    assert stored(inspection) == ({first.pk: 1}, "")
    note(theirs, inspection).press_sequentially("x")  # whoever was overwritten is told in turn
    expect(theirs.get_by_role("dialog")).to_contain_text("已由（质量办）于")


def test_second_on_one_criterion_may_take_the_others(sheet, inspection, other):
    mine, _, first = conflict(sheet, inspection, other)
    mine.get_by_role("dialog").get_by_role("button", name="采用陈检的").click()
    expect(count(mine, first)).to_have_value("2")
    expect(note(mine, inspection)).to_have_value("陈检的记录")
    expect_saved(mine)
    assert kept_in_browser(mine) is None
    plus(mine, first)
    expect_saved(mine)
    assert stored(inspection) == ({first.pk: 3}, "陈检的记录")


def test_conflict_that_is_put_off_survives_a_reload(sheet, inspection, other):
    mine, _, first = conflict(sheet, inspection, other)
    mine.get_by_role("dialog").get_by_role("button", name="稍后处理").click()
    expect(mine.locator("[data-saved]")).to_contain_text("1 项须处理")
    mine.reload()
    expect(mine.get_by_role("dialog")).to_contain_text("已由（陈检）于")
    mine.get_by_role("dialog").get_by_role("button", name="保留我的").click()
    expect_saved(mine)
    assert stored(inspection) == ({first.pk: 1}, "")


# ── The connection ──────────────────────────────────────────────────────────
def test_lost_connection_reload_and_return_lose_nothing(sheet, inspection, screenshot):
    page = sheet()
    first, second = items(inspection, 0)[0], items(inspection, 3)[0]
    page.context.set_offline(True)
    plus(page, first)
    note(page, inspection).fill("地下室没有信号")
    count(page, second).fill("2")
    expect(page.locator("[data-banner]")).to_have_text("连接中断，已保存在本机，恢复后自动提交。")
    expect(page.locator("[data-saved]")).to_contain_text("2 项待提交")
    screenshot(page, "offline")
    page.keyboard.press("Escape")
    assert stored(inspection) == ({}, "")
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        page.reload()
    page.context.set_offline(False)
    page.goto(f"/inspections/{inspection.pk}/score/")
    expect(count(page, first)).to_have_value("1")
    expect(note(page, inspection)).to_have_value("地下室没有信号")
    expect_saved(page)
    expect(page.locator("[data-banner]")).to_be_hidden()
    assert stored(inspection) == ({first.pk: 1}, "地下室没有信号")
    assert stored(inspection, 3)[0] == {second.pk: 2}
    assert kept_in_browser(page) is None


def test_back_online_it_is_sent_by_itself(sheet, inspection):
    page = sheet()
    first = items(inspection)[0]
    page.context.set_offline(True)
    plus(page, first)
    expect(page.locator("[data-banner]")).to_be_visible()
    plus(page, first)
    page.context.set_offline(False)
    expect_saved(page)
    expect(page.locator("[data-banner]")).to_be_hidden()
    assert stored(inspection)[0] == {first.pk: 2}


def test_problem_is_not_started_without_a_connection(sheet, inspection):
    page = sheet()
    page.keyboard.press("j")
    page.context.set_offline(True)
    expect(page.locator("[data-banner]")).to_be_visible()
    page.keyboard.press("f")
    expect(page.locator("[data-banner]")).to_contain_text("恢复后才能登记问题")
    assert page.url.endswith("/score/")


def test_answer_that_was_lost_is_no_conflict_however_much_is_typed_since(sheet, inspection):
    page = sheet()
    first = items(inspection)[0]
    lost = []

    def swallow(route):
        """The server has it; the answer never comes."""
        route.fetch()
        lost.append(route.request.url)
        route.abort("connectionreset")

    page.route("**/score/*/", swallow)
    plus(page, first)
    expect(page.locator("[data-banner]")).to_be_visible()
    assert stored(inspection)[0] == {first.pk: 1}
    note(page, inspection).fill("断线后又写")
    plus(page, first)
    page.unroute("**/score/*/")
    expect_saved(page)
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert stored(inspection) == ({first.pk: 2}, "断线后又写")
    assert lost


def test_answer_that_another_has_overtaken_does_not_bring_back_what_is_done(sheet, inspection):
    page, held = sheet(), []
    first, second, *others = kit.criteria(inspection)
    inspection.sections.filter(criterion__in=others).update(is_done=True)
    page.reload()
    url = re.compile(rf"/score/{first.pk}/$")
    page.route(url, lambda route: held.append((route, route.fetch())))
    page.locator(f"#c{first.pk}").get_by_label("已检查完").check()
    while not held:  # until it is saved, and the answer still on its way
        page.wait_for_timeout(50)
    page.locator(f"#c{second.pk}").get_by_label("已检查完").check()
    expect(page.locator("[data-ready]")).to_be_visible()
    route, answer = held.pop()
    assert answer.json()["gaps"]
    route.fulfill(response=answer)
    expect_saved(page)
    expect(page.locator("[data-ready]")).to_be_visible()
    expect(page.locator("[data-gaps]")).to_be_hidden()


def test_server_that_fails_for_a_while_is_asked_again(sheet, inspection):
    page = sheet()
    first = items(inspection)[0]
    page.route("**/score/*/", lambda route: route.fulfill(status=502, content_type="text/html", body="Bad Gateway"))
    plus(page, first)
    expect(page.locator("[data-banner]")).to_contain_text("服务器暂时没有响应")
    page.unroute("**/score/*/")
    expect_saved(page)
    assert stored(inspection)[0] == {first.pk: 1}


def test_login_that_ran_out_keeps_what_was_typed_and_sends_it_after_the_next_one(cast, sheet, inspection):
    page = sheet()
    first = items(inspection)[0]
    second_tab = page.context.new_page()
    page.context.clear_cookies()
    plus(page, first)
    expect(page.locator("[data-banner]")).to_contain_text("登录已失效")
    assert stored(inspection)[0] == {}
    second_tab.goto("/login/")
    second_tab.get_by_label("工号").fill(cast.quality_office.employee_number)
    second_tab.get_by_label("密码").fill(PASSWORD)
    second_tab.get_by_role("button", name="登录").click()
    expect(second_tab).not_to_have_url(re.compile("/login/"))
    expect(second_tab.locator("#main")).to_be_visible()
    expect_saved(page)
    assert stored(inspection)[0] == {first.pk: 1}


def test_page_of_an_inspection_that_is_over_says_so_and_keeps_what_was_typed(cast, sheet, inspection):
    page = sheet()
    cancel(actor=cast.quality_office, inspection=inspection, turn=0, reason="项目终止")
    plus(page, items(inspection)[0])
    expect(page.locator("[data-banner]")).to_contain_text("撤销检查")
    expect(count(page, items(inspection)[0])).to_be_disabled()
    assert kept_in_browser(page)


# ── Screens ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("name", "viewport"),
    [("desk", DESK), ("tablet", TABLET), ("phone", PHONE), ("small", {"width": 360, "height": 740})],
)
def test_nothing_is_wider_than_the_screen_and_targets_fit_a_finger(
    cast, inspection, new_context, live_server, screenshot, name, viewport
):
    kit.finding(inspection, deduction=kit.deduction(inspection), problem="咨询合同签订日期晚于进场日期" * 6)
    page = new_context(base_url=live_server.url, has_touch=name != "desk").new_page()
    page.set_viewport_size(viewport)
    page.goto("/login/")
    page.get_by_label("工号").fill(cast.quality_office.employee_number)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page).not_to_have_url(re.compile("/login/"))
    expect(page.locator("#main")).to_be_visible()
    for path in (f"/inspections/{inspection.pk}/score/", f"/inspections/{inspection.pk}/findings/new/"):
        page.goto(path)
        if "score" in path:
            plus(page, items(inspection)[0])
            plus(page, kit.deduction(inspection, is_veto=True))
            expect_saved(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        screenshot(page, f"{name}-{'score' if 'score' in path else 'finding'}")
        if name == "desk":
            continue
        small = page.evaluate(
            """() => [...document.querySelectorAll('#main button, #main .btn, #main .score-input, .score-links a, .score-steps a, .score-done')]
                .filter((box) => box.offsetParent !== null)
                .map((box) => [box.textContent.trim() || box.className, box.getBoundingClientRect()])
                .filter(([, box]) => box.height < 43.5 || box.width < 30).map(([words, box]) => words + ' ' + box.width + '×' + box.height)"""
        )
        assert small == []


def test_quality_office_scores_from_the_list_in_four_clicks(cast, inspection, person):
    page = person(cast.quality_office).page
    page.goto("/inspections/")
    page.get_by_role("link", name=inspection.number).first.click()
    page.get_by_role("link", name="检查评分", exact=True).first.click()
    expect(page.locator("[data-saved].is-saved")).to_be_visible()  # the script is there
    plus(page, items(inspection)[0])
    page.get_by_label("已检查完").first.check()
    expect_saved(page)
    assert stored(inspection)[0] == {items(inspection)[0].pk: 1}


# ── Without a script ────────────────────────────────────────────────────────
def test_without_a_script_each_criterion_is_a_form(cast, inspection, new_context, live_server):
    page = new_context(base_url=live_server.url, java_script_enabled=False).new_page()
    page.goto("/login/")
    page.get_by_label("工号").fill(cast.quality_office.employee_number)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page).not_to_have_url(re.compile("/login/"))
    expect(page.locator("#main")).to_be_visible()
    page.goto(f"/inspections/{inspection.pk}/score/")
    first = items(inspection)[0]
    count(page, first).fill("2")
    note(page, inspection).fill("没有脚本")
    page.locator("form[data-section]").first.get_by_role("button", name="保存").click()
    page.wait_for_url(re.compile(r"/score/#c\d+$"))
    expect(count(page, first)).to_have_value("2")
    assert stored(inspection) == ({first.pk: 2}, "没有脚本")
    row(page, first).get_by_role("link", name="登记问题").click()
    page.locator("[name=problem]").fill("合同要素不全")
    page.get_by_role("button", name="保存问题").click()
    expect(row(page, first)).to_contain_text("问题 1")
