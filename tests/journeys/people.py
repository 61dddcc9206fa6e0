"""Somebody of the cast at a browser of their own."""

import re
from datetime import datetime, timedelta

from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
TABLET = {"width": 820, "height": 1180}


class Person:
    def __init__(self, new_context, live_server, user, viewport, **device):
        self.page: Page = new_context(base_url=live_server.url, **device).new_page()
        self.page.set_viewport_size(viewport)
        self.user = user
        self.arrive(live_server.url)

    def arrive(self, url: str) -> None:
        """Logged in, at the first screen. The login itself is a matter of its own tests, and of `log_in`."""
        browser = Client()
        browser.force_login(self.user, backend="django.contrib.auth.backends.ModelBackend")
        name = settings.SESSION_COOKIE_NAME
        self.page.context.add_cookies([{"name": name, "value": browser.cookies[name].value, "url": url}])
        self.page.goto("/")
        expect(self.page.locator("#main")).to_be_visible()

    def log_in(self) -> None:
        """Through the page, as each morning."""
        self.page.context.clear_cookies()
        self.page.goto("/login/")
        self.page.get_by_label("工号").fill(self.user.employee_number)
        self.page.get_by_label("密码").fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        expect(self.page).not_to_have_url(re.compile("/login/"))
        expect(self.page.locator("#main")).to_be_visible()

    def come_back(self) -> None:
        """To the first screen; through the login where the session is over."""
        self.page.goto("/")
        if "/login/" in self.page.url:
            self.log_in()

    def press(self, name: str, role: str = "button") -> None:
        """Click, and wait until the page that comes is whole: what a test reads at once (`all`, `count`) does not wait."""
        self.page.get_by_role(role, name=name, exact=True).first.click()
        self.page.wait_for_load_state()

    def go_to(self, title: str) -> None:
        """A page of the menu, which a small screen hides behind 菜单."""
        self.page.wait_for_load_state()
        menu = self.page.get_by_role("link", name="菜单", exact=True)
        if menu.is_visible():
            menu.click()
        self.page.get_by_role("navigation", name="主菜单").get_by_role("link", name=title, exact=True).click()
        self.page.wait_for_load_state()


def morning_of(day) -> datetime:
    """A quarter past nine, when the reminders of the day are out."""
    return timezone.make_aware(datetime.combine(day, datetime.min.time()) + timedelta(hours=9, minutes=15))


def unread(person: Person) -> list[str]:
    """What the person's inbox of messages says, newest first."""
    person.come_back()
    person.page.goto("/notices/?state=unread")
    return person.page.locator("tbody tr td:first-child a").all_inner_texts()
