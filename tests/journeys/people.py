"""Somebody of the cast at a browser of their own."""

from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


class Person:
    def __init__(self, new_context, live_server, user, viewport):
        self.page: Page = new_context(base_url=live_server.url).new_page()
        self.page.set_viewport_size(viewport)
        self.user = user
        self.log_in()

    def log_in(self) -> None:
        """Through the page, as each morning."""
        self.page.context.clear_cookies()
        self.page.goto("/login/")
        self.page.get_by_label("工号").fill(self.user.employee_number)
        self.page.get_by_label("密码").fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        expect(self.page.locator("#main")).to_be_visible()

    def press(self, name: str, role: str = "button") -> None:
        self.page.get_by_role(role, name=name, exact=True).first.click()
