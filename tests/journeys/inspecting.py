"""What people do about an inspection at the browser: plan, draw, score, talk, conclude. Each step starts where the former one
ended, and finds its way by the links and buttons of the page."""

import subprocess
from dataclasses import dataclass
from decimal import Decimal

from playwright.sync_api import Page, expect

from inspections.models import Inspection
from scoring.models import Deduction
from tests.conftest import PASSWORD
from tests.inspections import kit
from tests.journeys.people import Person


@dataclass(frozen=True)
class Problem:
    """A row of the score sheet, how often it was hit, and the problem that is told about it."""

    item: str
    count: int
    problem: str
    requirement: str
    severity: str = "一般"


def files(*names: str) -> list[dict]:
    """Photos as a phone hands them over; each another picture."""
    pictures = [kit.photo(name, shade=sum(name.encode()) % 256) for name in names]
    return [{"name": each.name, "mimeType": "image/png", "buffer": each.read()} for each in pictures]


def unseen(page: Page, name: str) -> None:
    """In the place of `screenshot`, where there are pictures of the same pages already."""


def done(person: Person, words: str) -> Page:
    """The page says that it was done."""
    expect(person.page.get_by_role("status").or_(person.page.locator(".alert")).filter(has_text=words)).to_be_visible()
    person.page.wait_for_load_state()  # and its script has run
    return person.page


def sign(person: Person, button: str) -> None:
    person.page.get_by_label("登录密码").fill(PASSWORD)
    person.press(button)


# ── Plan, sample, 立项 ───────────────────────────────────────────────────────
def plan_and_draw(office: Person, *, title: str, year: int, size: int, screenshot) -> Page:
    """From the menu to the drawn sample; the page of the draw stands open."""
    page = office.page
    office.go_to("检查计划")
    office.press("编制检查计划", "link")
    page.get_by_label("年度").fill(str(year))
    page.get_by_label("检查方式").select_option(label="定期检查")
    page.get_by_label("名称").fill(title)
    page.get_by_label("覆盖率目标（%）").first.fill("30")
    screenshot(page, "plan-form")
    office.press("保存")
    done(office, "检查计划已编制")
    office.press("开始执行")
    done(office, "计划已开始执行")
    office.press("抽样", "link")
    page.get_by_label("样本量").fill(str(size))
    office.press("抽取")
    done(office, "已抽取")
    expect(page.get_by_text("重抽一致")).to_be_visible()
    screenshot(page, "drawn")
    return page


def open_drawn(office: Person, project, *others, screenshot) -> Inspection:
    """立项检查 of one project of the sample; the others come later."""
    page = office.page
    office.press("立项检查", "link")
    for other in others:
        page.get_by_label(other.name).uncheck()
    page.get_by_label("检查组长").select_option(label=_as_chosen(office.user))
    page.get_by_label("检查内容").fill("三级复核、流程单、成果准确性。")
    screenshot(page, "open-drawn")
    office.press("立项")
    done(office, "已立项 1 项检查")
    screenshot(page, "opened")
    return Inspection.objects.filter(project=project).latest("pk")


def _as_chosen(user) -> str:
    return f"{user.name}（{user.employee_number}，{user.unit.name}）"


# ── The score sheet ─────────────────────────────────────────────────────────
def _row(page: Page, inspection: Inspection, text: str):
    item = Deduction.objects.get(criterion__standard=inspection.standard, text=text)
    return page.locator(f"#d{item.pk}")


def _saved(page: Page) -> None:
    expect(page.locator("[data-saved].is-saved")).to_contain_text("已全部保存", timeout=40_000)


def by_key(page: Page, row, count: int) -> None:
    """Into the row, the figure, and f for the problem."""
    row.locator(".score-text").click()
    page.keyboard.type(str(count))
    _saved(page)
    page.keyboard.press("f")


def by_tap(page: Page, row, count: int) -> None:
    for _ in range(count):
        row.get_by_role("button", name="增加一处").tap()
    _saved(page)
    row.get_by_role("link", name="登记问题").tap()


def write_down(inspector: Person, told: Problem, screenshot, *photos: str) -> None:
    """The form of a problem, with its proofs; it leads back to the row."""
    page = inspector.page
    page.locator("[name=problem]").fill(told.problem)
    page.get_by_label("严重程度").select_option(label=told.severity)
    page.get_by_label("整改要求").fill(told.requirement)
    page.locator("[name=photos]").set_input_files(files(*photos))
    screenshot(page, "problem")
    inspector.press("保存问题")
    done(inspector, "已登记问题")


def score(inspector: Person, inspection: Inspection, problems, screenshot, how=by_key) -> None:
    """Every problem in its row, every criterion done."""
    page = inspector.page
    for told in problems:
        _saved(page)  # the script is there
        how(page, _row(page, inspection, told.item), told.count)
        page.wait_for_url("**/findings/new/*")
        write_down(inspector, told, screenshot, f"{told.problem[:6]}.png", f"{told.problem[:6]}二.png")
    _saved(page)
    for box in page.get_by_label("已检查完").all():
        box.check()
    _saved(page)
    expect(page.get_by_text("可以定稿")).to_be_visible()
    screenshot(page, "scored")


def finish(inspector: Person, conclusion: str, screenshot, *flags: str) -> None:
    page = inspector.page
    inspector.press("评分定稿", "link")
    page.get_by_label("综合意见").fill(conclusion)
    for flag in flags:
        page.get_by_label(flag).check()
    screenshot(page, "finish")
    sign(inspector, "签署定稿")
    done(inspector, "评分已定稿")
    screenshot(page, "finished")


# ── Talk, opinion ───────────────────────────────────────────────────────────
def talk(person: Person, text: str, screenshot, agrees: str = "") -> None:
    """What one side says. The inspected side comes from its first screen."""
    page = person.page
    person.press("登记沟通意见", "link")
    if agrees:
        page.get_by_label(agrees, exact=True).check()
    page.locator("[name=text]").fill(text)
    screenshot(page, "talk")
    person.press("登记")
    done(person, "沟通意见已登记")


def issue(office: Person, screenshot) -> None:
    page = office.page
    page.reload()
    office.press("出具书面意见", "link")
    screenshot(page, "issue")
    sign(office, "签署并出具")
    done(office, "书面意见已出具")
    screenshot(page, "issued")


def pdf_text(page: Page, link: str, path) -> str:
    """What a PDF that the page offers says."""
    with page.expect_download() as download:
        page.get_by_role("link", name=link).first.click()
    download.value.save_as(path)
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout


def total_of(inspection: Inspection) -> Decimal:
    return Inspection.objects.get(pk=inspection.pk).score_sheet.total
