"""The pictures of README and manual, taken from a running demonstration: nothing in them is drawn by hand.

make demo                                     # in one shell
.venv/bin/python scripts/screenshots.py       # in another; an address other than http://127.0.0.1:8000 as argument
"""

import re
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PASSWORD = "Zaojia@2026"
FOLDER = Path(__file__).parent.parent / "docs" / "images"
SIZE = {"width": 1440, "height": 900}


def desk(browser: Browser, site: str) -> Page:
    return browser.new_context(base_url=site, viewport=SIZE, locale="zh-CN", timezone_id="Asia/Shanghai").new_page()


def numbers_by_role(page: Page) -> dict[str, str]:
    """role → employee number, from the table on the login page."""
    page.goto("/login/")
    rows = page.locator("table.demo-logins tbody tr").all()
    cells = [[cell.inner_text().split("\n")[0].strip() for cell in row.locator("td").all()[:2]] for row in rows]
    return dict(cells)


def log_in(browser: Browser, site: str, number: str) -> Page:
    page = desk(browser, site)
    page.goto("/login/")
    page.get_by_label("工号").fill(number)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url(re.compile(r"/$"))
    return page


def keep(page: Page, name: str, full: bool = False) -> None:
    page.evaluate("window.scrollTo(0, 0)")
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path, full_page=full)
    # A page has few colours: a palette takes less than half. This method keeps the rare ones, such as a green dot.
    Image.open(path).quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"docs/images/{name}.png")


def open_first(page: Page, address: str) -> bool:
    """Open the first deliverable of a list; False for an empty one."""
    page.goto(address)
    link = page.locator("table[data-list] tbody tr td a").first
    if not link.count():
        return False
    link.click()
    return True


def take_all(browser: Browser, site: str) -> None:
    page = desk(browser, site)
    numbers = numbers_by_role(page)
    keep(page, "login")
    page = log_in(browser, site, numbers["单位技术负责人"])
    keep(page, "home")
    if open_first(page, "/inbox/"):
        keep(page, "deliverable")
        page.get_by_role("link", name=re.compile("^签署")).first.click()
        keep(page, "sign")
    page = log_in(browser, site, numbers["总工程师"])
    open_first(page, "/deliverables/?state=issued")
    keep(page, "issued")
    page.get_by_role("link", name="核验页").click()
    keep(page, "verify")
    take_clocks(browser, site, numbers)
    take_inspections(browser, site, numbers)
    take_results(browser, site, numbers)
    take_meetings(browser, site, numbers)
    page = log_in(browser, site, numbers["审计员"])
    page.goto("/ledger/")
    keep(page, "ledger")
    page = log_in(browser, site, numbers["造价工程师"])
    page.goto("/inbox/")
    for link in page.locator("table[data-list] tbody tr td a").all():
        target = desk_page(page, link.get_attribute("href"))
        if target is not None:
            keep(target, "submit")
            break


def take_results(browser: Browser, site: str, numbers: dict[str, str]) -> None:
    """Last year's ranking, the policy, its settlement, the managers' dashboard, the error library."""
    page = log_in(browser, site, numbers["管理层"])
    page.goto("/management/")
    page.locator(".chart-plot svg").first.wait_for()
    keep(page, "management")
    page.goto("/rankings/")
    page.locator("table[data-list] tbody tr td a").first.click()
    page.wait_for_url(re.compile(r"/rankings/\d+/"))
    keep(page, "ranking")
    year = re.search(r"/rankings/(\d+)/", page.url).group(1)
    page.goto(f"/settlements/{year}/")
    keep(page, "settlement")
    page.goto("/rankings/policies/")
    page.locator("table tbody tr td a").first.click()
    keep(page, "policy")
    page.goto("/lessons/")
    keep(page, "lessons")


def take_meetings(browser: Browser, site: str, numbers: dict[str, str]) -> None:
    """The month, minutes that are being written, and who has received those that are out."""
    page = log_in(browser, site, numbers["项目经理"])
    page.goto("/meetings/calendar/")
    keep(page, "meeting-calendar")
    for state, tab, name in (("held", "minutes/", "minutes"), ("issued", "receipts/", "receipts")):
        if open_first(page, f"/meetings/?state={state}"):
            page.wait_for_url(re.compile(r"/meetings/\d+/$"))
            page.goto(f"{page.url}{tab}")
            keep(page, name)


def take_clocks(browser: Browser, site: str, numbers: dict[str, str]) -> None:
    """Time limits, one of them with the days on which it stood still, materials, calendar, and whether it all runs."""
    page = log_in(browser, site, numbers["质量办"])
    page.goto("/deadlines/?state=open")
    keep(page, "deadlines")
    page.goto("/work-calendar/")
    keep(page, "calendar")
    page.goto("/deadlines/?rule=settlement_review_main&state=open")
    page.locator("table[data-list] tbody tr td a").first.click()
    keep(page, "deadline")
    page.goto("/deadlines/?rule=settlement_draft_main&state=open")
    page.locator("table[data-list] tbody tr td a").first.click()
    page.locator(".record-number a").click()
    keep(page, "handover")
    page = log_in(browser, site, numbers["系统管理员"])
    keep(page, "machine")


def take_inspections(browser: Browser, site: str, numbers: dict[str, str]) -> None:
    """The day of 质量办, a draw, a score sheet, an inspection with its opinion, the units, who answers for a mistake."""
    page = log_in(browser, site, numbers["质量办"])
    keep(page, "quality-office")
    if open_first(page, "/inspection-plans/"):
        page.locator("a[href*='/draws/']").first.click()
        keep(page, "draw")
    if open_first(page, "/inspections/?state=scoring"):
        page.wait_for_url(re.compile(r"/inspections/\d+/$"))
        page.goto(f"{page.url}score/")
        keep(page, "score-sheet")
    open_first(page, "/inspections/?state=rectifying")
    keep(page, "inspection")
    open_first(page, "/inspections/?state=rechecking")
    page.get_by_role("link", name=re.compile("复查")).last.click()
    keep(page, "recheck")
    page.goto("/inspections/units/")
    keep(page, "units")
    if open_first(page, "/liability/"):
        keep(page, "liability")


def desk_page(page: Page, address: str) -> Page | None:
    """The submission page of a deliverable, where it is being prepared."""
    other = page.context.new_page()
    other.goto(address)
    button = other.get_by_role("link", name="自校并提交", exact=True)
    if not button.count():
        return None
    button.click()
    return other


def main() -> None:
    site = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take_all(browser, site)
        browser.close()


if __name__ == "__main__":
    main()
