"""Pages of the chain through Django's client: what each person meets at each step."""

from decimal import Decimal

import pytest
from django.urls import reverse

from reviews.choices import State
from reviews.models import Round
from scoring.choices import Purpose
from scoring.models import Deduction, Standard
from scoring.services import copy_standard, publish_standard
from tests.conftest import PASSWORD
from tests.reviews import flow


@pytest.fixture
def deliverable(cast, project):
    return flow.open_deliverable(cast, project)


def sign_data(round, **changes) -> dict:
    """What a browser sends from the signing form: everything 是, 无 declared."""
    data = {"turn": round.turn, "manifest": round.version.manifest_sha256, "opinion": "同意",
            "declares_no_unresolved": "on", "declares_no_attention": "on", "password": PASSWORD}  # fmt: skip
    for item in round.level.checklist.all():
        data[f"result_{item.pk}"] = "yes"
        data[f"note_{item.pk}"] = ""
    if round.level.kind == "review":
        data["amount"] = "960000.00"
    return {**data, **changes}


PAGES = ["deliverable", "remarks", "records", "timeline"]


@pytest.mark.parametrize("name", PAGES)
def test_pages_of_a_deliverable_are_drawn_at_each_step(cast, log_in, deliverable, name):
    browser = log_in(cast.verifier)
    address = reverse(f"reviews:{name}", args=[deliverable.pk])
    assert browser.get(address).status_code == 200
    flow.submit(deliverable)
    flow.draft_remark(deliverable)
    flow.return_remarks(deliverable)
    assert browser.get(address).status_code == 200
    flow.answer(deliverable)
    flow.recheck_all(deliverable)
    flow.sign_all(deliverable)
    assert browser.get(address).status_code == 200
    flow.issue(deliverable)
    assert browser.get(address).status_code == 200


def test_lists_show_the_deliverable_and_export_it(cast, log_in, project, deliverable):
    browser = log_in(cast.preparer)
    for address in (reverse("reviews:deliverables"), reverse("reviews:project_deliverables", args=[project.pk])):
        assert deliverable.number in browser.get(address).content.decode()
    response = browser.get(reverse("reviews:export"), {"q": "没有这样的成果"})
    assert response.status_code == 200
    assert response["Content-Type"].endswith("sheet")


def test_deliverable_created_in_the_page_leads_to_its_files(cast, log_in, project):
    browser = log_in(cast.preparer)
    address = reverse("reviews:deliverable_create", args=[project.pk])
    assert browser.get(address).status_code == 200
    discipline = project.assignments.filter(user=cast.preparer).get().discipline_id
    response = browser.post(address, {"title": "安装预算书", "kind": "budget", "discipline": discipline,
                                      "preparer": cast.preparer.pk, "has_calculation": "on"})  # fmt: skip
    made = project.deliverables.get(title="安装预算书")
    assert response["Location"] == reverse("projects:version_files", args=[made.versions.get().pk])
    assert made.seats.count() == 5


def test_deductions_by_a_standard_that_was_replaced_meanwhile_are_not_lost(cast, log_in, deliverable):
    """The page was drawn by the old standard: signed by the new one, all that was deducted would count for nothing."""
    flow.submit(deliverable)
    flow.sign(deliverable)
    round = flow.sign(deliverable)
    old = Standard.objects.current(Purpose.DELIVERABLE)
    hits = {f"hits_{item.pk}": "1" for item in Deduction.objects.filter(criterion__standard=old)}
    draft = copy_standard(actor=cast.quality_office, standard=old)
    publish_standard(actor=cast.quality_office, standard=draft, turn=draft.turn, against=old.version)
    page = log_in(cast.approver).post(reverse("reviews:sign", args=[round.pk]), sign_data(round, **hits))
    assert "评分标准已更新" in page.content.decode()
    assert not round.signatures.filter(level=round.level).exists()


def test_wrong_password_signs_nothing_and_keeps_what_was_typed(cast, log_in, deliverable):
    round = flow.submit(deliverable)
    browser = log_in(cast.checker)
    data = sign_data(round, opinion="工程量属实，单价合理", password="不对")
    response = browser.post(reverse("reviews:sign", args=[round.pk]), data)
    page = response.content.decode()
    assert "密码不正确" in page
    assert "工程量属实，单价合理" in page
    assert not round.signatures.filter(level=round.level).exists()


def test_right_password_signs_and_passes_the_round_on(cast, log_in, deliverable):
    round = flow.submit(deliverable)
    response = log_in(cast.checker).post(reverse("reviews:sign", args=[round.pk]), sign_data(round))
    assert response.status_code == 302
    assert flow.live(deliverable).level.title == "复核"


def test_stale_page_says_who_was_faster(cast, log_in, deliverable):
    round = flow.submit(deliverable)
    browser = log_in(cast.checker)
    data = sign_data(round)
    flow.sign(deliverable)
    response = browser.post(reverse("reviews:sign", args=[round.pk]), data)
    assert response.status_code == 409
    assert "已由（校核人）于" in response.content.decode()


def test_outsider_finds_no_page_of_the_deliverable(cast, log_in, deliverable):
    round = flow.submit(deliverable)
    browser = log_in(cast.outsider)
    for name in PAGES:
        assert browser.get(reverse(f"reviews:{name}", args=[deliverable.pk])).status_code == 404
    for name in ("submit", "sign", "send_back", "withdraw", "answer", "start_version", "remark_create"):
        assert browser.get(reverse(f"reviews:{name}", args=[round.pk])).status_code == 404


def test_score_is_given_in_the_signing_form(cast, log_in, deliverable):
    flow.submit(deliverable)
    flow.sign(deliverable)
    round = flow.sign(deliverable)
    browser = log_in(cast.approver)
    page = browser.get(reverse("reviews:sign", args=[round.pk])).content.decode()
    assert "示例" in page
    hits = {f"hits_{pk}": str(count) for pk, count in flow.hits_losing(Decimal("13.5")).items()}
    round = Round.objects.get(pk=round.pk)
    assert browser.post(reverse("reviews:sign", args=[round.pk]), sign_data(round, **hits)).status_code == 302
    sheet = round.signatures.get(level=round.level).score_sheet
    assert (sheet.total, sheet.grade) == (Decimal("86.50"), "优良")
    assert flow.live(deliverable).state == State.ISSUING


def test_remarks_go_through_the_pages(cast, log_in, deliverable):
    round = flow.submit(deliverable)
    browser = log_in(cast.checker)
    remark = {"turn": round.turn, "place": "土建.xlsx 第 36 行", "problem": "混凝土量多计", "category": "quantity",
              "severity": "serious", "amount_affected": "-1200"}  # fmt: skip
    browser.post(reverse("reviews:remark_create", args=[round.pk]), remark)
    drafted = deliverable.remarks.get()
    assert log_in(cast.preparer).get(reverse("reviews:remark_edit", args=[drafted.pk])).status_code in (403, 404)
    browser = log_in(cast.checker)
    browser.post(reverse("reviews:remark_edit", args=[drafted.pk]), {**remark, "problem": "混凝土量多计 2 m³"})
    browser.post(reverse("reviews:return_remarks", args=[round.pk]), {"turn": round.turn})
    round = flow.live(deliverable)
    assert round.state == State.ANSWERING
    browser = log_in(cast.preparer)
    address = reverse("reviews:answer", args=[round.pk])
    assert "混凝土量多计 2 m³" in browser.get(address).content.decode()
    answer = {"turn": round.turn, f"disposition_{drafted.pk}": "explained", f"answer_{drafted.pk}": "图纸变更 3 号"}
    assert browser.post(address, answer).status_code == 302
    round = flow.live(deliverable)
    browser = log_in(cast.checker)
    browser.post(
        reverse("reviews:remark_recheck", args=[drafted.pk]), {"turn": round.turn, "passed": "no", "text": ""}
    )
    drafted.refresh_from_db()
    assert drafted.state == "answered"
    # What is to be re-checked comes before the signature: the page offers that alone.
    page, sign = reverse("reviews:deliverable", args=[deliverable.pk]), reverse("reviews:sign", args=[round.pk])
    offered = browser.get(page).text
    assert "复查意见（1）" in offered
    assert sign not in offered
    browser.post(reverse("reviews:remark_recheck", args=[drafted.pk]), {"turn": round.turn, "passed": "yes"})
    drafted.refresh_from_db()
    assert drafted.state == "closed"
    assert sign in browser.get(page).text


@pytest.mark.parametrize("name", ["send_back", "withdraw", "start_version", "sign"])
def test_pages_of_acts_are_drawn_for_those_who_may(cast, log_in, deliverable, name):
    round = flow.submit(deliverable)
    who = cast.preparer if name in ("withdraw", "start_version") else cast.checker
    assert log_in(who).get(reverse(f"reviews:{name}", args=[round.pk])).status_code == 200
    other = cast.checker if who is cast.preparer else cast.preparer
    assert log_in(other).get(reverse(f"reviews:{name}", args=[round.pk])).status_code == 403


def test_seats_and_route_and_hand_over_pages_work(cast, log_in, project, deliverable):
    browser = log_in(cast.verifier)
    assert browser.get(reverse("reviews:seats", args=[deliverable.pk])).status_code == 200
    assert browser.get(reverse("reviews:project_route", args=[project.pk])).status_code == 200
    round = flow.live(deliverable)
    seat = deliverable.seats.get(level__title="校核")
    address = reverse("reviews:hand_over", args=[round.pk, seat.pk])
    assert browser.get(address).status_code == 200
    response = browser.post(address, {"turn": round.turn, "to": cast.expert1.pk, "reason": "出差"})
    assert response.status_code == 302
    seat.refresh_from_db()
    assert seat.holder == cast.expert1


def test_submission_through_the_page(cast, log_in, deliverable):
    round = flow.live(deliverable)
    browser = log_in(cast.preparer)
    address = reverse("reviews:submit", args=[round.pk])
    page = browser.get(address)
    assert page.status_code == 200
    data = sign_data(round, manifest=page.context["form"]["manifest"].value())
    assert browser.post(address, data).status_code == 302
    assert flow.live(deliverable).level.title == "校核"
