"""Proposals for the checklists: made, refused where they say nothing new, decided once and by somebody else."""

import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from ledger import checks
from ledger.labels import action_label
from ledger.models import Entry
from lessons import services
from lessons.choices import ProposalState
from lessons.models import ChecklistProposal
from notices.models import Notice
from reviews import services as review_services
from reviews.choices import RemarkCategory
from reviews.models import ChecklistAnswer, ChecklistItem, Level
from reviews.services import add_item
from tests.conftest import PASSWORD
from tests.reviews import flow
from tests.reviews.crowd import at_once
from tests.reviews.test_pages import sign_data

pytestmark = pytest.mark.django_db
TEXT = "暂估价是否已按合同约定调整"


def level_of(order: int = 1, route: str = "three_levels") -> Level:
    return Level.objects.get(route__code=route, order=order)


def propose(actor, *levels: Level, text: str = TEXT) -> list[ChecklistProposal]:
    return services.propose(actor=actor, levels=levels or [level_of()], text=text, category=RemarkCategory.UNIT_PRICE,
                            basis="2026 年 定额与综合单价类问题 23 条，涉及 9 个项目")  # fmt: skip


def last_row(action: str) -> dict:
    return json.loads(Entry.objects.filter(action=action).latest("number").data)


def test_proposal_waits_for_each_level_and_tells_who_decides(cast):
    made = propose(cast.approver, level_of(1), level_of(2))
    assert [(row.level.title, row.state) for row in made] == [("校核", "proposed"), ("复核", "proposed")]
    told = Notice.objects.filter(title__contains=TEXT)
    assert {row.recipient for row in told} == {cast.chief_engineer, cast.quality_office}
    assert last_row("checklist.propose")["text"] == TEXT
    assert action_label("checklist.propose") == "建议补充核查清单"


@pytest.mark.parametrize("name", ["preparer", "executive", "administrator", "outsider", "disabled"])
def test_proposing_takes_the_permission(cast, name):
    with pytest.raises(PermissionDenied):
        propose(getattr(cast, name))


@pytest.mark.parametrize("text", [TEXT, "暂估价，是否已按合同约定调整？", f"  {TEXT} "])
def test_same_words_are_not_proposed_twice(cast, text):
    (first,) = propose(cast.approver)
    with pytest.raises(ValidationError, match=f"建议 {first.pk}"):
        propose(cast.quality_office, level_of(2), level_of(1), text=text)
    assert ChecklistProposal.objects.count() == 1  # all of them or none


def test_line_that_stands_in_the_checklist_is_not_proposed(cast):
    item = level_of().checklist.first()
    with pytest.raises(ValidationError, match=f"第 {item.order} 项"):
        propose(cast.approver, text=f"{item.text}。")


@pytest.mark.parametrize(("text", "field"), [("", "text"), ("   ", "text"), ("长" * 301, "text")])
def test_empty_and_endless_lines_are_refused(cast, text, field):
    with pytest.raises(ValidationError) as refused:
        propose(cast.approver, text=text)
    assert field in refused.value.message_dict


def test_accepted_line_stands_at_the_end_of_its_checklist_alone(cast):
    (proposal,) = propose(cast.approver)
    before = ChecklistItem.objects.count()
    proposal = services.accept(actor=cast.chief_engineer, proposal=proposal, note="同意")
    item = level_of().checklist.last()
    assert (proposal.item, item.text, item.order) == (item, TEXT, 8)
    assert item.clause == f"公司自定（错误库建议 {proposal.pk}）"
    assert ChecklistItem.objects.count() == before + 1
    assert (proposal.state, proposal.decided_by) == (ProposalState.ACCEPTED, cast.chief_engineer)
    assert last_row("checklist.accept")["item"] == item.pk
    assert last_row("checklist.add")["order"] == 8
    assert Notice.objects.filter(recipient=cast.approver, title__contains="已采纳").count() == 1


def test_refusal_takes_a_reason_and_changes_no_checklist(cast):
    (proposal,) = propose(cast.approver)
    with pytest.raises(ValidationError, match="理由"):
        services.refuse(actor=cast.quality_office, proposal=proposal, note=" ")
    proposal = services.refuse(actor=cast.quality_office, proposal=proposal, note="已由第 4 项涵盖")
    assert (proposal.state, proposal.note) == (ProposalState.REFUSED, "已由第 4 项涵盖")
    assert level_of().checklist.count() == 7
    assert last_row("checklist.refuse")["note"] == "已由第 4 项涵盖"
    # What was refused may be proposed again.
    assert len(propose(cast.approver)) == 1


def test_nobody_decides_about_the_own_proposal(cast):
    (proposal,) = propose(cast.quality_office)
    for decide in (services.accept, services.refuse):
        with pytest.raises(PermissionDenied, match="建议人以外"):
            decide(actor=cast.quality_office, proposal=proposal, note="同意")


@pytest.mark.parametrize("name", ["approver", "executive", "preparer", "administrator"])
def test_deciding_takes_the_permission(cast, name):
    (proposal,) = propose(cast.quality_office)
    with pytest.raises(PermissionDenied):
        services.accept(actor=getattr(cast, name), proposal=proposal)


def test_proposal_is_decided_once(cast):
    (proposal,) = propose(cast.approver)
    services.accept(actor=cast.chief_engineer, proposal=proposal)
    with pytest.raises(services.AlreadyDecided, match="总工"):
        services.refuse(actor=cast.quality_office, proposal=proposal, note="不需要")
    with pytest.raises(services.AlreadyDecided):
        services.accept(actor=cast.quality_office, proposal=proposal)
    assert level_of().checklist.filter(text=TEXT).count() == 1


def test_accepting_what_stands_there_by_now_changes_nothing(cast):
    """The administrator has typed it in meanwhile."""
    (proposal,) = propose(cast.approver)
    ChecklistItem.objects.create(level=level_of(), order=20, text=TEXT)
    with pytest.raises(ValidationError, match="第 20 项"):
        services.accept(actor=cast.chief_engineer, proposal=proposal)
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.PROPOSED
    assert not Entry.objects.filter(action="checklist.accept").exists()


def test_line_is_added_by_who_decides_about_checklists_alone(cast):
    with pytest.raises(PermissionDenied):
        add_item(actor=cast.administrator, level=level_of(), text=TEXT, clause="")


# ── What it changes for who signs ───────────────────────────────────────────
@pytest.fixture
def waiting(cast, project):
    """A deliverable that waits for 校核."""
    found = flow.open_deliverable(cast, project)
    flow.submit(found)
    return found


def accepted(cast) -> ChecklistItem:
    (proposal,) = propose(cast.approver)
    return services.accept(actor=cast.chief_engineer, proposal=proposal).item


def texts_of(round, order: int = 1) -> list[str]:
    answers = ChecklistAnswer.objects.filter(signature__round=round, signature__level__order=order)
    return list(answers.values_list("text", flat=True))


def test_accepted_line_is_answered_in_the_next_signature_and_not_in_a_signed_one(cast, project, waiting):
    signed = flow.sign(waiting)
    digest = signed.signatures.get(level__order=1).digest
    item = accepted(cast)
    assert item.text not in texts_of(signed)
    assert signed.signatures.get(level__order=1).digest == digest
    later = flow.open_deliverable(cast, project, title="安装结算审核报告")
    flow.submit(later)
    assert texts_of(flow.sign(later))[-1] == item.text
    round = flow.live(waiting)
    assert round.level.title == "复核"
    assert flow.sign(waiting).level.title == "审核"  # goes on without the new line


def test_signature_without_the_new_line_is_refused_by_the_service(cast, waiting):
    round = flow.live(waiting)
    content = flow.content(round)
    item = accepted(cast)
    with pytest.raises(ValidationError, match=f"第 {item.order} 项尚未回答"):
        review_services.sign(actor=cast.checker, round=round, turn=round.turn, content=content,
                             confirmation=flow.confirmed(cast.checker))  # fmt: skip


def test_page_drawn_before_the_line_came_is_told_and_keeps_what_was_typed(cast, log_in, waiting):
    round = flow.live(waiting)
    address, browser = reverse("reviews:sign", args=[round.pk]), log_in(cast.checker)
    seen = browser.get(address).context["form"]["checklist_seen"].value()
    data = sign_data(round, opinion="单价已逐项核对", checklist_seen=seen)
    item = accepted(cast)
    page = browser.post(address, data)
    body = page.content.decode()
    assert page.status_code == 200
    assert "核查清单在您打开本页后已更新" in body
    assert item.text in body
    assert "单价已逐项核对" in body
    assert not round.signatures.filter(level=round.level).exists()
    # The page that says so shows the new list: answered, it signs.
    again = page.context["form"]["checklist_seen"].value()
    data |= {f"result_{item.pk}": "yes", f"note_{item.pk}": "", "checklist_seen": again, "password": PASSWORD}
    assert browser.post(address, data).status_code == 302
    assert texts_of(round)[-1] == item.text


def test_page_drawn_before_a_line_was_reworded_or_dropped_is_told(cast, log_in, waiting):
    """What was not read is not signed."""
    round = flow.live(waiting)
    address, browser = reverse("reviews:sign", args=[round.pk]), log_in(cast.checker)
    for change in ("reword", "drop"):
        seen = browser.get(address).context["form"]["checklist_seen"].value()
        data = sign_data(round, checklist_seen=seen)
        item = round.level.checklist.last()
        if change == "drop":
            item.delete()
        else:
            ChecklistItem.objects.filter(pk=item.pk).update(text="完全另一件事")
        assert "核查清单在您打开本页后已更新" in browser.post(address, data).content.decode()
    assert not round.signatures.filter(level=round.level).exists()


def test_submission_asks_for_a_new_line_of_the_self_check_too(cast, log_in, project):
    draft = flow.open_deliverable(cast, project)
    round = flow.live(draft)
    address, browser = reverse("reviews:submit", args=[round.pk]), log_in(cast.preparer)
    form = browser.get(address).context["form"]
    data = sign_data(round, manifest=form["manifest"].value(), checklist_seen=form["checklist_seen"].value())
    add_item(actor=cast.quality_office, level=round.level, text=TEXT, clause="公司自定")
    assert "核查清单在您打开本页后已更新" in browser.post(address, data).content.decode()


# ── At once ─────────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_proposes_and_one_decides(cast):
    made = at_once(
        [lambda actor=actor: propose(actor) for actor in [cast.approver, cast.executive, cast.approver] * 2]
    )
    assert sorted(type(each).__name__ for each in made) == ["PermissionDenied"] * 2 + ["ValidationError"] * 3 + [
        "list"
    ]
    proposal = ChecklistProposal.objects.get()

    def decide(actor, act):
        return act(actor=actor, proposal=proposal, note="同意")

    calls = [
        (actor, act)
        for actor in (cast.chief_engineer, cast.quality_office)
        for act in (services.accept, services.refuse)
    ]
    results = at_once([lambda call=call: decide(*call) for call in calls])
    assert sorted(type(each).__name__ for each in results) == ["AlreadyDecided"] * 3 + ["ChecklistProposal"]
    proposal.refresh_from_db()
    added = level_of().checklist.filter(text=TEXT).count()
    assert added == (1 if proposal.state == ProposalState.ACCEPTED else 0)
    assert checks.verify().problems == []


@pytest.mark.django_db(transaction=True)
def test_lines_added_at_once_take_numbers_of_their_own(cast):
    lines = at_once([
        lambda number=number: add_item(actor=cast.quality_office, level=level_of(), text=f"条目{'甲乙丙丁'[number]}", clause="")
        for number in range(4)
    ])  # fmt: skip
    assert sorted(each.order for each in lines) == [8, 9, 10, 11]
