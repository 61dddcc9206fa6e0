"""The 45 days of a settlement review, from the client's documents to the last report, with the days going by."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from deadlines.models import Deadline
from deadlines.services import sweep
from tests.journeys.people import PHONE, Person, morning_of, unread

pytestmark = pytest.mark.django_db(transaction=True)


def register_settlement_documents(manager: Person, project, screenshot) -> None:
    page = manager.page
    page.goto(f"/projects/{project.pk}/handovers/")
    manager.press("登记委托人资料", "link")
    page.get_by_label("资料类别").select_option(label="结算书")
    page.get_by_label("委托人移交人").fill("陆工")
    page.locator("[name=title]").fill("总承包竣工结算书")
    screenshot(page, "new-handover")
    page.locator("#main .btn-primary").last.click()
    form = page.locator("#item-form")
    form.locator("[name=category]").select_option(label="结算书")
    form.locator("[name=name]").fill("结算书一式两份")
    form.locator("[name=copies]").fill("2")
    manager.press("登记这一项")
    expect(page.get_by_text("结算书一式两份")).to_be_visible()
    screenshot(page, "list-of-materials")
    manager.press("登记齐全")
    expect(page.get_by_text("总承包结算审核").first).to_be_visible()
    screenshot(page, "clock-runs")


def test_forty_five_days_are_explained_reminded_escalated_and_end_with_the_review(
    cast, project, person, screenshot, time_machine
):
    manager, director = person(cast.verifier), person(cast.approver)
    office, executive = person(cast.quality_office), person(cast.executive, PHONE)
    register_settlement_documents(manager, project, screenshot)
    clock = Deadline.objects.get(rule__code="settlement_review_main")
    assert clock.due_on == timezone.localdate() + timedelta(days=45)
    due = clock.due_on

    page = manager.page
    page.goto(f"/deadlines/{clock.pk}/")
    expect(page.get_by_text("第 45 天，到期")).to_be_visible()
    expect(page.get_by_text("剩 45 天").first).to_be_visible()
    expect(page.locator(".is-counted")).to_have_count(45)
    screenshot(page, "why-this-date")

    # T-7 … T: the manager alone.
    for days in (7, 3, 1, 0):
        time_machine(morning_of(due - timedelta(days=days)))
        sweep()
        left = f"剩 {days} 天" if days else "今天到期"
        assert any(left in title and "总承包结算审核" in title for title in unread(manager)), days
        assert not any("总承包结算审核" in title for title in unread(director))
    screenshot(manager.page, "reminders")

    # Overdue: each day the next one up, as the rule says.
    for days, superior in enumerate((director, office, executive), start=1):
        time_machine(morning_of(due + timedelta(days=days)))
        sweep()
        late = f"逾期 {days} 天"
        assert any(late in title for title in unread(superior)), days
        screenshot(superior.page, f"overdue-{days}")
        assert any(late in title for title in unread(manager))
    page.goto("/")
    expect(page.get_by_text("逾期 3 天").first).to_be_visible()

    # The executive, on a phone: what it is about, and who owes it, two presses away; then a nudge.
    page = executive.page
    page.locator("tbody tr td:first-child a").first.click()
    expect(page.get_by_role("heading", name="总承包结算审核")).to_be_visible()
    screenshot(page, "executive-looks")
    executive.press("催办")
    expect(page.get_by_text(f"已催办 {cast.verifier.name}。")).to_be_visible()

    # Reviewed and delivered: the clock stops, and nothing more is said.
    manager.log_in()
    page = manager.page
    page.goto(f"/deadlines/{clock.pk}/")
    manager.press("登记完成", "link")
    page.locator("[name=note]").fill("审核报告已提交委托人签收")
    page.locator("#main .btn-primary").last.click()
    expect(page.get_by_text("已登记完成，时限停止计时。")).to_be_visible()
    expect(page.get_by_text("逾期完成").first).to_be_visible()
    screenshot(page, "stopped")
    before = len(unread(manager))
    time_machine(morning_of(due + timedelta(days=12)))
    assert sweep().reminders == 0
    assert len(unread(manager)) == before
