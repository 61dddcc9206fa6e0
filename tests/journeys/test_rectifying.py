"""The answers to problems at a real browser: each is saved by itself, and nothing typed in the others is lost."""

import pytest
from playwright.sync_api import expect

from inspections.models import Rectification
from inspections.queries import rectifying as queries
from inspections.services import rectifying
from tests.inspections import kit
from tests.journeys.inspecting import done, files
from tests.journeys.people import PHONE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inspection(cast, project):
    return kit.rectifying_one(cast, project)


@pytest.fixture
def manager(cast, inspection, person):
    """The project manager before the answers, who is never asked whether to leave."""
    manager = person(cast.verifier, PHONE)
    manager.asked = []
    manager.page.on("dialog", lambda dialog: (manager.asked.append(dialog.type), dialog.accept()))
    manager.page.goto(f"/inspections/{inspection.pk}/rectification/")
    return manager


def answer(manager, number: int):
    return manager.page.locator("section.answering").nth(number - 1).locator("form.answering-form")


def test_words_in_the_other_answers_survive_the_saving_of_one(manager, screenshot):
    answer(manager, 1).locator("[name=plan]").fill("补签流程单")
    answer(manager, 2).locator("[name=plan]").fill("重算垫层")
    answer(manager, 2).locator("[name=result]").fill("已重算")
    manager.press("保存问题 1")
    done(manager, "问题 1 的整改回复已保存")
    expect(answer(manager, 2).locator("[name=plan]")).to_have_value("重算垫层")
    expect(answer(manager, 2).locator("[name=result]")).to_have_value("已重算")
    expect(answer(manager, 2).get_by_text("尚未保存")).to_be_visible()
    expect(answer(manager, 1).get_by_text("尚未保存")).to_be_hidden()
    screenshot(manager.page, "one-saved")
    manager.press("保存问题 2")
    done(manager, "问题 2 的整改回复已保存")
    manager.page.reload()
    expect(manager.page.get_by_text("尚未保存").locator("visible=true")).to_have_count(0)
    assert sorted(Rectification.objects.values_list("plan", flat=True)) == ["补签流程单", "重算垫层"]
    assert manager.asked == []


def test_words_that_come_back_do_not_pass_over_what_a_colleague_saved_meanwhile(cast, inspection, manager):
    second = inspection.findings.get(number=2)
    answer(manager, 1).locator("[name=plan]").fill("补签流程单")
    answer(manager, 2).locator("[name=plan]").fill("重算垫层")
    told = {"turn": 0, "plan": "由编制人重算", "result": ""}
    rectifying.save_rectification(actor=cast.preparer, finding=second, **told)
    manager.press("保存问题 1")
    done(manager, "问题 1 的整改回复已保存")
    manager.press("保存问题 2")
    expect(manager.page.get_by_role("alert").first).to_contain_text(f"已由（{cast.preparer.name}）于")
    expect(answer(manager, 2).locator("[name=plan]")).to_have_value("重算垫层")
    assert queries.draft_of(second).plan == "由编制人重算"


def test_files_chosen_for_another_answer_are_asked_about_first(manager):
    answer(manager, 1).locator("[name=plan]").fill("补签流程单")
    answer(manager, 2).locator("[name=files]").set_input_files(files("整改.png"))
    manager.press("保存问题 1")
    done(manager, "问题 1 的整改回复已保存")
    assert manager.asked == ["beforeunload"]
