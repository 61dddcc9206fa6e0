"""A real Chromium for the journeys, and a folder of screenshots to look at afterwards."""

import os
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Error, expect

from tests.journeys.people import DESK, Person

# Playwright's synchronous API keeps an event loop running in the test's thread, where Django would refuse the ORM.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# How long a page may take to show what it should: a machine may be busy. It costs nothing where all is well.
expect.set_options(timeout=20_000)

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SCREENSHOTS = Path(__file__).parent / "screenshots"
CHROMIUM_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The distribution's Chromium; Playwright's own download is not used."""
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        pytest.fail("No Chromium found. `make test` installs it, or: apt-get install chromium", pytrace=False)
    # Chromium's sandbox refuses to work for root, which is who runs CI.
    flags = [*CHROMIUM_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else CHROMIUM_FLAGS
    return {**browser_type_launch_args, "executable_path": chromium, "args": flags}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    """A colleague's desk: Chinese, in Shanghai, on an ordinary screen, on which nothing moves while it is pressed."""
    return {
        **browser_context_args,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "viewport": {"width": 1280, "height": 800},
        "reduced_motion": "reduce",
    }


@pytest.fixture
def new_context(new_context):
    """As pytest-playwright's; after the test, an exception of a script or a breach of the CSP fails it."""
    complaints = []

    def note(message):
        if message.type == "error" and "Content Security Policy" in message.text:
            complaints.append(message.text)

    def make(**options):
        context = new_context(**options)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", note)
        return context

    yield make
    assert not complaints, f"The browser complained: {complaints}"


@pytest.fixture
def screenshot(request):
    """`screenshot(page, "signed")` keeps the whole page as screenshots/<test>/01-signed.png and returns the path."""
    folder = SCREENSHOTS / re.sub(r"[^\w-]+", "-", request.node.name.replace("chromium", "")).strip("-")
    shutil.rmtree(folder, ignore_errors=True)
    taken = 0

    def take(page, name):
        nonlocal taken
        taken += 1
        path = folder / f"{taken:02}-{name}.png"
        page.wait_for_load_state()
        try:
            page.evaluate("window.scrollTo(0, 0)")  # the sticky head belongs at the top of the picture
        except Error:  # the page went away under the script: the next one begins at its top
            page.wait_for_load_state()
        page.screenshot(path=path, full_page=True)
        return path

    return take


@pytest.fixture
def person(new_context, live_server):
    """`person(cast.verifier, PHONE)` sits at a browser of their own, logged in; `has_touch=True` is one to tap on."""
    return lambda user, viewport=DESK, **device: Person(new_context, live_server, user, viewport, **device)


@pytest.fixture
def time_machine():
    """`time_machine(moment)` lets it be that moment for everybody who asks Django for the time: pages, services, sweep."""
    real = timezone.datetime
    ahead = timedelta()

    class AnyMoment(type):
        """Whoever asks what a moment is is told of all: Django turns only those into local time that it knows."""

        def __instancecheck__(cls, value):
            return isinstance(value, real)

    class Told(real, metaclass=AnyMoment):
        @classmethod
        def now(cls, tz=None):
            return real.now(tz) + ahead

    def travel_to(moment: datetime) -> None:
        nonlocal ahead
        ahead = moment - real.now(moment.tzinfo)

    timezone.datetime = Told
    yield travel_to
    timezone.datetime = real
