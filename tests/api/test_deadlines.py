"""Time limits, their rules, materials and messages over HTTP: who sees what, who may do what, and in which shape."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deadlines import services
from deadlines.choices import Event, State
from deadlines.models import Deadline
from ledger.models import Entry
from notices.choices import Kind
from notices.models import Notice
from notices.services import notify
from projects import services as project_services
from projects.choices import HandoverKind, MaterialCategory
from tests.api.conftest import Caller
from tests.deadlines.conftest import extension, moment, resume, suspend

pytestmark = pytest.mark.django_db

ASKED = {"kind": "extension", "amount": 10, "reason": "图纸变更", "basis": "委托人函〔2026〕5 号"}
RESUMED = {"reason": "资料已补齐", "basis": "交接记录"}


def ids(answer) -> list[int]:
    assert answer.status == 200, answer.body
    return [row["id"] for row in answer.body["results"]]


# ── Reading ─────────────────────────────────────────────────────────────────
def test_a_clock_is_listed_with_what_is_left(cast, start):
    clock = start()
    (row,) = Caller(cast.preparer).get("deadlines/").body["results"]
    assert row["rule"] == {
        "code": "settlement_review_main", "title": "总承包结算审核", "version": 1, "amount": 45, "measure": "calendar_days"
    }  # fmt: skip
    assert row["project"] == {"id": clock.scope_id, "label": "2026-ZJ1-001 滨江花园二期"}
    assert row["subject"]["label"] == "结算书"
    assert row["responsible"] == {"employee_number": cast.verifier.employee_number, "name": "复核人"}
    assert (row["due_on"], row["state"], row["light"], row["left"]) == ("2026-04-16", "running", "green", "剩 45 天")


def test_one_clock_tells_why_it_ends_on_that_day(cast, start):
    clock = start(Event.BIDS_RECEIVED)
    answer = Caller(cast.preparer).get(f"deadlines/{clock.pk}/").body
    assert [(line["day"], line["text"]) for line in answer["explanation"]["lines"]] == [
        ("2026-03-02", "起算日，不计入"), ("2026-03-03", "第 1 天"), ("2026-03-04", "第 2 天"), ("2026-03-05", "第 3 天"),
        ("2026-03-06", "第 4 天"),
    ]  # fmt: skip
    assert answer["explanation"]["due_on"] == answer["due_on"] == "2026-03-06"


def test_one_clock_tells_what_happened_to_it(cast, start, time):
    clock = start()
    suspend(cast, clock)
    time.to("2026-03-12 09:00")
    resume(cast.verifier, clock)
    extension(cast.verifier, clock)
    services.nudge(actor=cast.approver, deadline=clock, words="请抓紧")
    time.to("2026-04-19 09:00")
    services.sweep()
    answer = Caller(cast.preparer).get(f"deadlines/{clock.pk}/").body
    assert [(row["kind"], row["decision"], row["amount"]) for row in answer["requests"]] == [
        ("extension", "pending", 10), ("suspension", "approved", None),
    ]  # fmt: skip
    assert answer["requests"][1]["decided_by"]["name"] == "审核人"
    (pause,) = answer["suspensions"]
    assert (pause["ended_by"]["name"], pause["end_reason"]) == ("复核人", "资料已补齐")
    assert [line["text"] for line in answer["explanation"]["lines"]].count("中止，不计入") == 9
    assert [(row["kind"], row["offset"], row["told"]) for row in answer["reminders"]] == [("ahead", -7, "复核人")]
    assert [(row["nudged_by"]["name"], row["words"]) for row in answer["nudges"]] == [("审核人", "请抓紧")]


def test_a_cancelled_clock_explains_nothing(cast, start):
    clock = start()
    services.cancel(actor=cast.approver, deadline=clock, reason="登记有误")
    answer = Caller(cast.preparer).get(f"deadlines/{clock.pk}/").body
    assert (answer["state"], answer["light"], answer["explanation"]) == ("cancelled", "void", None)


def test_clocks_are_filtered_and_sorted(cast, project, other_project, start, time):
    bids = start(Event.BIDS_RECEIVED)
    drawings = start(
        Event.DRAWINGS_RECEIVED,
        subject=cast.preparer,
        discipline_id=project.assignments.get(user=cast.checker).discipline_id,
    )
    review = start()
    elsewhere = start(Event.SETTLEMENT_RECEIVED, scope=other_project)
    director, all_seeing = Caller(cast.approver), Caller(cast.executive)

    assert ids(director.get("deadlines/")) == [bids.pk, drawings.pk, review.pk]
    assert ids(director.get("deadlines/", ordering="-due_at")) == [review.pk, drawings.pk, bids.pk]
    assert ids(all_seeing.get("deadlines/", project=other_project.pk)) == [elsewhere.pk]
    assert ids(director.get("deadlines/", rule="bid_analysis")) == [bids.pk]
    assert ids(Caller(cast.checker).get("deadlines/", responsible="me")) == [drawings.pk]
    assert ids(director.get("deadlines/", responsible=cast.verifier.employee_number)) == [bids.pk, review.pk]
    assert ids(director.get("deadlines/", q="标函")) == [bids.pk]
    time.to("2026-03-08 09:00")
    assert ids(director.get("deadlines/", state="overdue")) == [bids.pk]
    assert director.get("deadlines/", page_size=2).body["count"] == 3
    for wrong in ({"state": "asleep"}, {"project": "x"}, {"q": "\x00"}):
        assert director.get("deadlines/", **wrong).status == 400


def test_lists_take_as_many_queries_for_many_rows_as_for_one(cast, project, start):
    paths = ["deadlines/", "handovers/", "notices/"]

    def work() -> None:
        start(subject=Deadline.objects.order_by("-pk").first() or project)
        made = project_services.create_handover(
            actor=cast.verifier, project=project, kind=HandoverKind.OTHER, handed_over_by="王工"
        )
        project_services.add_item(actor=cast.verifier, handover=made, category=MaterialCategory.OTHER, name="会议纪要",
                                  copies=1, received_on=date(2026, 3, 1))  # fmt: skip

    def queries() -> list[tuple[int, int]]:
        found = []
        for path in paths:
            with CaptureQueriesContext(connection) as captured:
                rows = ids(Caller(cast.verifier).get(path, page_size=100))
            found.append((len(rows), len(captured)))
        return found

    work()
    before = queries()
    for _ in range(9):
        work()
    after = queries()
    assert [rows for rows, _ in after] == [10, 10, 10]
    assert [rows for rows, _ in before] == [1, 1, 1]
    assert [count for _, count in after] == [count for _, count in before]


# ── Acting ──────────────────────────────────────────────────────────────────
def test_what_is_done_is_registered(cast, start):
    clock = start()
    answer = Caller(cast.verifier).post(f"deadlines/{clock.pk}/fulfil/", note="报告已交委托人")
    assert (answer.status, answer.body["state"], answer.body["stop_note"]) == (200, "fulfilled", "报告已交委托人")
    assert answer.body["stopped_by"]["name"] == "复核人"
    assert Entry.objects.about(clock).order_by("number").last().action == "deadline.stop"
    again = Caller(cast.verifier).post(f"deadlines/{clock.pk}/fulfil/", note="报告已交委托人")
    assert again.status == 400
    assert "完成" in again.body["non_field_errors"][0]


def test_an_instant_that_lies_back_is_registered_by_another_than_who_owes(cast, start, time):
    clock = start()
    time.to("2026-05-01 09:00")
    body = {"note": "报告已交", "at": "2026-04-10T16:00:00+08:00"}
    assert Caller(cast.verifier).post(f"deadlines/{clock.pk}/fulfil/", **body).status == 403
    answer = Caller(cast.quality_office).post(f"deadlines/{clock.pk}/fulfil/", **body)
    assert (answer.status, answer.body["light"]) == (200, "done")
    assert Deadline.objects.get(pk=clock.pk).stopped_at == moment("2026-04-10 16:00")


def test_an_extension_is_asked_for(cast, start):
    clock = start()
    answer = Caller(cast.verifier).post(f"deadlines/{clock.pk}/ask/", **ASKED)
    assert answer.status == 200, answer.body
    (request,) = answer.body["requests"]
    assert (request["kind"], request["amount"], request["decision"], request["evidence"]) == (
        "extension", 10, "pending", None,
    )  # fmt: skip
    assert answer.body["due_on"] == "2026-04-16"
    assert Caller(cast.verifier).post(f"deadlines/{clock.pk}/ask/", **ASKED).status == 400


def test_a_clock_that_stands_still_goes_on(cast, start, time):
    clock = start()
    suspend(cast, clock)
    time.to("2026-03-12 09:00")
    answer = Caller(cast.verifier).post(f"deadlines/{clock.pk}/resume/", **RESUMED)
    assert (answer.status, answer.body["state"], answer.body["due_on"]) == (200, "running", "2026-04-25")


def test_who_owes_is_nudged(cast, start):
    clock = start()
    answer = Caller(cast.approver).post(f"deadlines/{clock.pk}/nudge/", words="请抓紧")
    assert (answer.status, answer.body["nudges"][0]["words"]) == (200, "请抓紧")
    assert Notice.objects.get(kind=Kind.NUDGE).recipient == cast.verifier
    assert Caller(cast.quality_office).post(f"deadlines/{clock.pk}/nudge/").status == 400


@pytest.mark.parametrize(
    ("act", "body", "field"),
    [
        ("fulfil", {}, "note"),
        ("fulfil", {"note": " "}, "note"),
        ("fulfil", {"note": "好", "at": "yesterday"}, "at"),
        ("ask", {**ASKED, "kind": "shortening"}, "kind"),
        ("ask", {**ASKED, "amount": None}, "amount"),
        ("ask", {**ASKED, "amount": 0}, "amount"),
        ("ask", {**ASKED, "basis": ""}, "basis"),
        ("resume", {"reason": "好"}, "basis"),
        ("resume", RESUMED, "non_field_errors"),
        ("nudge", {"words": "长" * 201}, "words"),
    ],
)
def test_wrong_input_is_told_by_field_and_changes_nothing(cast, start, act, body, field):
    clock = start()
    rows = Entry.objects.count()
    answer = Caller(cast.approver).post(f"deadlines/{clock.pk}/{act}/", **body)
    assert (answer.status, list(answer.body)) == (400, [field])
    assert any("\u4e00" <= letter <= "\u9fff" for letter in answer.body[field][0])
    assert (Deadline.objects.get(pk=clock.pk).state, Entry.objects.count()) == (State.RUNNING, rows)


ACTS = {"fulfil": {"note": "已交"}, "ask": ASKED, "resume": RESUMED, "nudge": {}}


def test_who_only_reads_does_nothing(cast, start):
    clock = start()
    for person, acts in (
        (cast.preparer, ["fulfil", "ask", "resume"]),
        (cast.chief_engineer, ["fulfil", "ask", "resume"]),
        (cast.executive, ["ask", "resume"]),
        (cast.archivist, list(ACTS)),
    ):
        for act in acts:
            answer = Caller(person).post(f"deadlines/{clock.pk}/{act}/", **ACTS[act])
            assert answer.status == 403, (person, act)
            assert "权限" in answer.body["detail"]
    assert Deadline.objects.get(pk=clock.pk).state == State.RUNNING


def test_the_invisible_does_not_exist(cast, project, other_project, start):
    clock = start()
    handover = project_services.create_handover(
        actor=cast.verifier, project=project, kind=HandoverKind.OTHER, handed_over_by="王工"
    )
    for person in (cast.outsider, cast.administrator, cast.expert1):
        caller = Caller(person)
        for path in ("deadlines/", "handovers/"):
            assert ids(caller.get(path)) == [], path
        for path in (f"deadlines/{clock.pk}/", f"handovers/{handover.pk}/", "deadlines/99999999999999999999/"):
            assert caller.get(path).status == 404, path
        for act, body in ACTS.items():
            assert caller.post(f"deadlines/{clock.pk}/{act}/", **body).status == 404


def test_nothing_is_decided_or_shortened_here(cast, start):
    clock = start()
    request = extension(cast.verifier, clock)
    for path in ("shorten", "cancel", "reopen", f"requests/{request.pk}/decide"):
        assert Caller(cast.approver).post(f"deadlines/{clock.pk}/{path}/").status == 404
    assert Caller(cast.approver).patch(f"deadlines/{clock.pk}/", extra=10).status == 405


# ── Rules ───────────────────────────────────────────────────────────────────
def test_the_rules_are_told_with_their_clauses(cast):
    rules = {row["code"]: row for row in Caller(cast.preparer).get("time-rules/").body}
    assert len(rules) == 19
    inquiry = rules["inquiry_reply"]
    assert (inquiry["amount"], inquiry["measure"], inquiry["reminders"]) == (1, "working_hours", [30, 0])
    assert inquiry["escalation"][0] == {"after": 30, "role": "technical_director"}
    assert "【45】个日历天" in rules["settlement_review_main"]["clause"]
    assert rules["bid_analysis"]["max_times"] == 3


def test_the_administrator_reads_no_rules_of_the_business(cast):
    assert Caller(cast.administrator).get("time-rules/").status == 403
    assert Caller(cast.auditor).get("time-rules/").status == 200


# ── Materials ───────────────────────────────────────────────────────────────
def test_a_list_of_materials_is_read_with_its_rows(cast, project, time):
    handover = project_services.create_handover(
        actor=cast.verifier, project=project, kind=HandoverKind.BIDS, handed_over_by="王工"
    )
    project_services.add_item(actor=cast.verifier, handover=handover, category=MaterialCategory.BIDS, name="投标书", copies=3,
                              received_on=date(2026, 3, 1))  # fmt: skip
    caller = Caller(cast.preparer)
    (row,) = caller.get("handovers/", project=project.pk, kind="bids", complete="false").body["results"]
    assert (row["id"], row["project"]["number"], row["handed_over_by"]) == (handover.pk, project.number, "王工")
    assert "items" not in row
    (item,) = caller.get(f"handovers/{handover.pk}/").body["items"]
    assert (item["name"], item["copies"], item["received_by"]["name"]) == ("投标书", 3, "复核人")
    assert ids(caller.get("handovers/", complete="true")) == []
    assert caller.post("handovers/", kind="bids").status == 405
    assert caller.delete(f"handovers/{handover.pk}/").status == 405


# ── Messages ────────────────────────────────────────────────────────────────
def test_ones_own_messages_are_read_and_marked(cast):
    notify(recipients=[cast.checker, cast.verifier], kind=Kind.TO_DO, title="请校核", url="/inbox/")
    caller = Caller(cast.checker)
    (row,) = caller.get("notices/", unread="true").body["results"]
    assert (row["kind"], row["title"], row["url"], row["read_at"]) == ("to_do", "请校核", "/inbox/", None)
    assert caller.post(f"notices/{row['id']}/read/").body["read_at"] is not None
    assert ids(caller.get("notices/", unread="true")) == []
    assert ids(caller.get("notices/", unread="false")) == [row["id"]]
    assert ids(caller.get("notices/", kind="nudge")) == []
    assert caller.get("notices/", kind="gossip").status == 400


def test_anothers_message_does_not_exist(cast):
    notify(recipients=[cast.checker], kind=Kind.TO_DO, title="请校核")
    notice = Notice.objects.get()
    assert ids(Caller(cast.verifier).get("notices/")) == []
    assert Caller(cast.verifier).post(f"notices/{notice.pk}/read/").status == 404
    assert Notice.objects.unread().count() == 1
