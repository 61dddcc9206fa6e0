"""A supplement that gives action items of its meeting another owner or another day."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deadlines.models import Deadline
from ledger.models import Entry
from meetings.choices import PartyKind
from meetings.models import ActionItem, Distribution, Minutes
from meetings.queries import minutes as queries
from meetings.services import action_items as items
from meetings.services import minutes
from meetings.verification import minutes_match
from meetings.verification_course import course_matches
from notices.models import Notice
from tests.conftest import PASSWORD
from tests.meetings import minutes_kit as kit
from tests.meetings.test_minutes_paper import text_of
from tests.reviews.flow import confirmed

REASON = "总包提资推迟"


def in_days(days: int):
    return timezone.localdate() + timedelta(days=days)


def clock(item) -> Deadline:
    return Deadline.objects.get(subject_type="meetings.actionitem", subject_id=item.pk)


def complaints() -> list[str]:
    """What verification finds; the meeting itself was not called through its service."""
    return [*minutes_match(), *(words for words in course_matches() if "待办" in words)]


@pytest.fixture
def made(cast, project, monkeypatch):
    """Issued minutes with two things to do of 编制人: within 7 and within 9 days."""
    kit.no_papers(monkeypatch)
    contractor = kit.party(project, "滨江建设集团", PartyKind.MAIN_CONTRACTOR, "李工")
    meeting = kit.meeting(cast, project, users=[cast.preparer], contacts=list(contractor.contacts.all()))
    told = {"actor": cast.verifier, "meeting": meeting, "owner": cast.preparer}
    for days, text in ((7, "核对签证台账"), (9, "补交图纸会审记录")):
        items.create_item(**told, text=text, due_on=in_days(days))
    return kit.issued(meeting)


@pytest.fixture
def item(made):
    return made.meeting.action_items.first()


def adjusted(item, **more) -> items.Adjustment:
    told = {"due_on": item.due_on, "owner": item.owner, "owner_contact": item.owner_contact}
    return items.Adjustment(item=item, **told | more)


def supplement(cast, made, *adjustments, actor=None, reason=REASON) -> Minutes:
    actor = actor or cast.verifier
    return minutes.supplement(actor=actor, minutes=made, text="第 1 项期限更正。", confirmation=confirmed(actor),
                              adjustments=adjustments, reason=reason)  # fmt: skip


def test_another_day_moves_the_clock_tells_the_owner_and_stands_on_paper_and_in_the_ledger(cast, made, item):
    before = dict(made.content)
    paper = supplement(cast, made, adjusted(item, due_on=in_days(20)))
    assert kit.now(item).due_on == clock(item).due_on == in_days(20)
    told = Entry.objects.about(item).get(action="action_item.change").data
    assert paper.number in told
    assert REASON in told
    notice = Notice.objects.get(recipient=cast.preparer, title__startswith="会议待办有调整")
    assert f"{in_days(20)}" in notice.body
    assert Entry.objects.filter(action="deadline.agree").exists()
    (row,) = paper.content["adjusted"]
    assert (row["number"], row["due_on"]) == (item.number, [f"{in_days(7)}", f"{in_days(20)}"])
    assert paper.content["adjusted_because"] == REASON
    assert item.number in paper.text
    assert kit.now(made).content == before
    assert complaints() == []


def test_another_owner_answers_for_the_clock_and_both_are_told(cast, made, item):
    paper = supplement(cast, made, adjusted(item, owner=cast.checker))
    assert (kit.now(item).owner, clock(item).responsible) == (cast.checker, cast.checker)
    for person in (cast.preparer, cast.checker):
        assert Notice.objects.filter(recipient=person, title__startswith="会议待办有调整").exists()
    assert paper.content["adjusted"][0]["owner"] == ["编制人", "校核人"]
    assert complaints() == []


def test_the_unit_of_a_new_owner_outside_gets_the_supplement_and_those_after_it(cast, project, made, item):
    designer = kit.party(project, "城建设计院", PartyKind.DESIGNER)
    contact = designer.contacts.select_related("party").get()
    paper = supplement(cast, made, adjusted(item, owner=None, owner_contact=contact))
    assert clock(item).responsible == cast.verifier
    assert Distribution.objects.filter(party=designer).get().minutes == paper
    again = supplement(cast, made)
    assert Distribution.objects.filter(party=designer, minutes=again).exists()


def test_nothing_has_happened_where_it_is_refused(cast, project, made, item):
    other = kit.issued(kit.meeting(cast, project))
    late = in_days(20)
    refused = [
        (made, [adjusted(item, due_on=late)], {"reason": "  "}, "理由"),
        (made, [adjusted(item, due_on=late)], {"reason": "长" * 201}, "理由"),
        (made, [adjusted(item)], {}, f"{item.number}：没有任何改动"),
        (made, [adjusted(item, due_on=in_days(-3))], {}, f"{item.number}：完成期限须晚于"),
        (made, [adjusted(item, owner=cast.administrator)], {}, "不能作为负责人"),
        (other, [adjusted(item, due_on=late)], {}, "不属于本次会议"),
    ]
    for paper, adjustments, more, words in refused:
        with pytest.raises(ValidationError, match=words):
            supplement(cast, paper, *adjustments, **more)
    with pytest.raises(PermissionDenied):
        supplement(cast, made, adjusted(item, due_on=late), actor=cast.preparer)
    assert Minutes.objects.filter(supplement_to__isnull=False).count() == 0
    assert kit.now(item).due_on == clock(item).due_on == in_days(7)


def test_what_was_reported_done_meanwhile_undoes_the_supplement(cast, made, item):
    items.report_done(actor=cast.preparer, item=item, turn=item.turn, note="完成")
    with pytest.raises(ValidationError, match="已完成，待确认"):
        supplement(cast, made, adjusted(item, due_on=in_days(20)))
    assert made.supplements.count() == 0


def test_the_paper_tells_what_was_and_what_is(cast, project, made, item, monkeypatch):
    monkeypatch.undo()
    paper = supplement(cast, made, adjusted(item, due_on=in_days(20)))
    with default_storage.open(paper.pdf) as file:
        text = "".join(text_of(file.read()).split())
    for words in ("二、待办事项调整", item.number, f"{in_days(20)}", f"原：{in_days(7)}", REASON, "三、签发"):
        assert words in text


def test_who_has_to_do_something_by_minutes_gets_them_though_the_unit_was_not_invited(cast, project, monkeypatch):
    kit.no_papers(monkeypatch)
    designer = kit.party(project, "城建设计院", PartyKind.DESIGNER)
    meeting = kit.meeting(cast, project)
    told = {"actor": cast.verifier, "meeting": meeting, "due_on": in_days(7)}
    item = items.create_item(**told, text="出设计变更", owner_contact=designer.contacts.get())
    paper = kit.issued(meeting)
    assert item.number in paper.text
    assert paper.distributions.filter(party=designer).exists()


# ── The page ────────────────────────────────────────────────────────────────
def posted(made, **more) -> dict:
    """What the page sends where nothing was changed on it."""
    fields = {"text": "更正", "password": PASSWORD, "reason": ""}
    for item in ActionItem.objects.filter(meeting=made.meeting_id, state="open"):
        owner = f"u{item.owner_id}" if item.owner_id else f"c{item.owner_contact_id}"
        fields |= {
            f"who-{item.pk}": owner,
            f"due-{item.pk}": f"{item.due_on}",
            f"was-{item.pk}": f"{owner} {item.due_on}",
        }
    return fields | more


def test_the_page_changes_what_was_changed_on_it_and_asks_why(cast, made, item, log_in):
    browser, url = log_in(cast.verifier), f"/meetings/{made.meeting_id}/supplement/"
    page = browser.get(url).text
    assert f'name="due-{item.pk}" value="{item.due_on}"' in page
    asked = posted(made) | {f"due-{item.pk}": f"{in_days(20)}"}
    answer = browser.post(url, asked)
    assert answer.status_code == 400
    assert "请说明调整待办的理由" in answer.text
    assert f"{in_days(20)}" in answer.text
    assert browser.post(url, asked | {"reason": REASON}).status_code == 302
    other = made.meeting.action_items.exclude(pk=item.pk).get()
    assert (kit.now(item).due_on, kit.now(other).due_on) == (in_days(20), in_days(9))
    assert REASON in browser.get(f"/meetings/{made.meeting_id}/minutes/").text
    assert Entry.objects.filter(action="action_item.change").count() == 1


def test_a_supplement_that_changes_no_item_is_issued_as_ever(cast, made, log_in):
    url = f"/meetings/{made.meeting_id}/supplement/"
    assert log_in(cast.verifier).post(url, posted(made)).status_code == 302
    assert made.supplements.get().content["adjusted"] == []
    assert not Entry.objects.filter(action="action_item.change").exists()


def test_an_older_page_takes_back_nobodys_change(cast, made, item, log_in):
    browser, url, old = log_in(cast.verifier), f"/meetings/{made.meeting_id}/supplement/", posted(made)
    items.change_item(actor=cast.verifier, item=item, turn=item.turn, text=item.text, due_on=in_days(12), owner=item.owner,
                      reason="委托人推迟")  # fmt: skip
    # Untouched there: it stays as it is now, also when the page is drawn again for another reason.
    answer = browser.post(url, old | {"password": "wrong"})
    assert f'name="due-{item.pk}" value="{in_days(12)}"' in answer.text
    assert browser.post(url, old).status_code == 302
    assert kit.now(item).due_on == in_days(12)
    # Touched there: it is shown what became of it first.
    answer = browser.post(url, old | {f"due-{item.pk}": f"{in_days(20)}", "reason": REASON})
    assert answer.status_code == 400
    assert "已由他人调整" in answer.text
    assert kit.now(item).due_on == in_days(12)


def test_what_was_closed_meanwhile_is_told(cast, made, item, log_in):
    browser, url, old = log_in(cast.verifier), f"/meetings/{made.meeting_id}/supplement/", posted(made)
    items.close_item(actor=cast.verifier, item=item, turn=item.turn, note="已出示")
    answer = browser.post(url, old | {f"due-{item.pk}": f"{in_days(20)}", "reason": REASON})
    assert answer.status_code == 400
    assert f"{item.number} 当前为“已关闭”" in answer.text
    assert browser.post(url, old).status_code == 302


def test_the_page_costs_the_same_for_many_items(cast, made, log_in):
    browser, url = log_in(cast.verifier), f"/meetings/{made.meeting_id}/supplement/"
    browser.get(url)
    with CaptureQueriesContext(connection) as few:
        browser.get(url)
    told = {
        "meeting": made.meeting,
        "project": made.meeting.project,
        "created_by": cast.verifier,
        "owner": cast.checker,
    }
    ActionItem.objects.bulk_create(
        ActionItem(number=f"DB-1999-{n:04}", text="x", due_on=in_days(7), **told) for n in range(30)
    )
    with CaptureQueriesContext(connection) as many:
        assert browser.get(url).text.count("DB-1999-") >= 30
    assert len(many) == len(few)
    assert queries.actions_of(made.meeting).count() == 32
