"""People who want to look punctual, strangers who guess, and input that nobody types: what they try, and what it brings."""

import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from deadlines import rules, services
from deadlines.choices import Event, Measure
from deadlines.services import feeds as services_feeds
from projects.models import Assignment, Project
from staff.choices import Role
from staff.models import User
from tests.deadlines.conftest import extension, moment, rows_of, upload

# ── Pure rules ──────────────────────────────────────────────────────────────
LADDER = [(30, "technical_director"), (120, "quality_office"), (480, "executive")]


def inquiry(due: str, repeat_every=480) -> rules.Plan:
    """A limit of one working hour that ended at `due` and that nobody has ever stopped."""
    due_at = moment(due)
    return rules.Plan(rules.Term(1, Measure.WORKING_HOURS), due_at, due_at.date(), due_at, [], LADDER, repeat_every)


def test_limit_in_hours_that_is_late_for_twenty_years_still_has_a_next_step():
    """It lay beyond the ten years that a course may take, and would have stopped the sweep of all other clocks."""
    _, following = rules.steps_between(inquiry("2004-03-01 10:00"), rules.Calendar(), moment("2026-03-02 10:00"),
                                       moment("2026-03-02 10:00"))  # fmt: skip
    assert following.at.date() in (date(2026, 3, 2), date(2026, 3, 3))


def test_late_steps_in_hours_are_where_they_are_when_each_is_counted_from_the_end():
    """They are counted from one to the next; a lunch break, a weekend and an end at closing time must not matter."""
    calendar = rules.Calendar()
    for due in ("2026-03-06 17:30", "2026-03-06 12:00", "2026-03-06 11:43"):
        plan = inquiry(due, repeat_every=75)
        steps, _ = rules.steps_between(plan, calendar, plan.due_at, moment("2026-04-01 10:00"))
        late = [step for step in steps if step.offset > 0]
        assert len(late) > 50
        assert [step.at for step in late] == [rules.by_calendar(plan, step, calendar).at for step in late]


@pytest.mark.parametrize("measure", [Measure.CALENDAR_DAYS, Measure.WORKING_HOURS])
def test_repetition_beyond_any_calendar_is_no_step_at_all(measure):
    plan = rules.Plan(rules.Term(1, measure), moment("2026-03-02 09:00"), date(2026, 3, 3), moment("2026-03-03 00:00"),
                      [0], [(1, "executive")], 10**12)  # fmt: skip
    steps, following = rules.steps_between(plan, rules.Calendar(), plan.started_at, moment("2027-01-01 00:00"))
    assert [step.offset for step in steps] == [0, 1]
    assert following is None


# ── Strangers and guessed numbers ───────────────────────────────────────────
PAGES = ["", "fulfil/", "ask/", "shorten/", "resume/", "cancel/", "reopen/"]
ACTS = {
    "fulfil/": {"note": "已完成"},
    "ask/": {"kind": "extension", "amount": "3", "reason": "甲", "basis": "乙"},
    "shorten/": {"amount": "3", "reason": "甲", "basis": "乙"},
    "resume/": {"reason": "甲", "basis": "乙"},
    "cancel/": {"reason": "甲"},
    "reopen/": {"reason": "甲"},
    "nudge/": {"words": "甲"},
}


@pytest.fixture
def asked(cast, start):
    """A clock of the project with a pending request and a proof."""
    deadline = start()
    return extension(cast.verifier, deadline, evidence=upload())


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["outsider", "disabled", "administrator"])
def test_stranger_finds_no_page_of_a_clock_and_nothing_to_do(cast, log_in, asked, part):
    browser, base = log_in(getattr(cast, part)), f"/deadlines/{asked.deadline_id}/"
    refused = {302} if part == "disabled" else {404}
    assert {browser.get(base + page).status_code for page in PAGES} == refused
    assert {browser.post(base + act, data).status_code for act, data in ACTS.items()} == refused
    children = [f"requests/{asked.pk}/decide/", f"evidence/{asked.evidence_id}/"]
    assert {browser.get(base + child).status_code for child in children} == refused
    assert browser.post(f"{base}requests/{asked.pk}/withdraw/").status_code in refused
    assert rows_of(asked.deadline) == ["deadline.start", "deadline.request"]


@pytest.mark.django_db
def test_auditor_reads_a_clock_and_does_nothing_to_it(cast, log_in, asked):
    """三员分立: who audits takes no part, not even by an old assignment."""
    Assignment.objects.create(project_id=asked.deadline.scope_id, user=cast.auditor, role=Role.PROJECT_MANAGER,
                              starts_on=date(2024, 1, 1))  # fmt: skip
    browser, base = log_in(cast.auditor), f"/deadlines/{asked.deadline_id}/"
    assert browser.get(base).status_code == 200
    assert {browser.post(base + act, data).status_code for act, data in ACTS.items()} == {403}
    assert browser.post(f"{base}requests/{asked.pk}/decide/", {"approve": "yes"}).status_code == 403
    assert browser.post(f"{base}requests/{asked.pk}/withdraw/").status_code == 403
    assert rows_of(asked.deadline) == ["deadline.start", "deadline.request"]


@pytest.mark.django_db
def test_children_of_one_clock_are_not_found_below_another(cast, log_in, start, asked):
    other = start(Event.URGENT_ASKED)
    base = f"/deadlines/{other.pk}/"
    browser = log_in(cast.approver)
    assert browser.get(f"{base}evidence/{asked.evidence_id}/").status_code == 404
    assert browser.post(f"{base}requests/{asked.pk}/decide/", {"approve": "yes"}).status_code == 404
    assert log_in(cast.verifier).post(f"{base}requests/{asked.pk}/withdraw/").status_code == 404
    asked.refresh_from_db()
    assert asked.decision == "pending"


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["outsider", "administrator"])
def test_stranger_gets_nothing_of_a_clock_over_the_api(cast, log_in, asked, part):
    browser, base = log_in(getattr(cast, part)), f"/api/v1/deadlines/{asked.deadline_id}/"
    assert browser.get(base).status_code in (403, 404)
    for act, data in ACTS.items():
        if act in ("fulfil/", "ask/", "resume/", "nudge/"):
            assert browser.post(base + act, data, content_type="application/json").status_code in (403, 404)
    assert rows_of(asked.deadline) == ["deadline.start", "deadline.request"]


@pytest.mark.django_db
@pytest.mark.parametrize("secret", ["x", "%00", "a" * 5000, "..%2f..", "乙" * 40])
def test_no_guess_is_a_calendar_feed(client, cast, secret):
    services_feeds.create_feed(actor=cast.verifier)
    assert client.get(f"/calendar-feed/{secret}.ics").status_code == 404


@pytest.mark.django_db
def test_hash_in_the_database_opens_no_feed(client, cast):
    secret = services_feeds.create_feed(actor=cast.verifier)
    assert client.get(f"/calendar-feed/{secret}.ics").status_code == 200
    assert client.get(f"/calendar-feed/{services_feeds.hash_of(secret)}.ics").status_code == 404


# ── Input that nobody types ─────────────────────────────────────────────────
HUGE = str(10**30)
STRANGE = [
    "\x00",
    "１２",
    "-1",
    "0",
    "1e400",
    "NaN",
    HUGE,
    "9" * 5000,
    "٣",
    "= 1+1",
    "<b>",
    "'\"",
    "\ud7ff",
    "0001-01-01",
]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["q", "state", "rule", "mine", "sort", "page"])
def test_no_filter_of_the_list_breaks_it(cast, log_in, asked, name):
    browser = log_in(cast.verifier)
    for value in STRANGE:
        assert browser.get("/deadlines/", {name: value}).status_code == 200, (name, value)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["q", "state", "rule", "project", "responsible", "ordering", "page", "page_size"])
def test_no_filter_of_the_api_breaks_it(cast, log_in, asked, name):
    browser = log_in(cast.verifier)
    for value in STRANGE:
        assert browser.get("/api/v1/deadlines/", {name: value}).status_code in (200, 400, 404), (name, value)


@pytest.mark.django_db
@pytest.mark.parametrize("act", ACTS)
def test_no_field_of_a_form_breaks_its_page(cast, log_in, start, asked, act):
    other = start(Event.URGENT_ASKED)
    for person in (cast.verifier, cast.approver):
        browser = log_in(person)
        for field in ACTS[act] | {"at": "", "evidence": ""}:
            for value in [*STRANGE, "9999-12-31 23:59", "0001-01-01 00:00", "甲" * 3000]:
                answer = browser.post(f"/deadlines/{other.pk}/{act}", ACTS[act] | {field: value})
                assert answer.status_code in (200, 302, 403), (act, field, value)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    ["[]", "null", "7", '"a"', "{", "{\"kind\": {}}", '{"note": null}', '{"note": "a", "at": "0001-01-01T00:00:00Z"}',
     '{"note": "a", "at": "9999-12-31T23:59:59-23:59"}', '{"note": "\\ud800"}', '{"note": "\\u0000"}',
     '{"kind": "extension", "amount": 1e999, "reason": "a", "basis": "b"}',
     '{"kind": "extension", "amount": NaN, "reason": "a", "basis": "b"}',
     '{"kind": "extension", "amount": 1000000000000, "reason": "a", "basis": "b"}',
     '{"kind": "extension", "amount": true, "reason": "a", "basis": "b"}',
     '{"kind": "shortening", "amount": 3, "reason": "a", "basis": "b"}',
     '{"kind": "extension", "reason": "a", "basis": "b"}', "[" * 100_000],
)  # fmt: skip
def test_nonsense_over_the_api_is_refused(cast, log_in, start, body):
    deadline = start()
    browser = log_in(cast.verifier)
    for act in ("fulfil", "ask", "resume"):
        answer = browser.post(f"/api/v1/deadlines/{deadline.pk}/{act}/", body, content_type="application/json")
        assert answer.status_code in (400, 403), (act, body[:40], answer.content[:200])
    assert "deadline.stop" not in rows_of(deadline)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content"),
    [("信.pdf", b""), ("信.pdf", b"no pdf"), ("信.html", b"<script>"), ("信.svg", b"<svg onload=alert(1)>"), ("a" * 400 + ".pdf", b"x"),
     ("../../etc/passwd", b"x"), ("信\r\nX: y.pdf", b"%PDF-1.4"), ("信.csv", b"=cmd|' /C calc'!A0")],
)  # fmt: skip
def test_what_is_no_proof_is_refused_and_leaves_no_request(cast, log_in, start, name, content):
    deadline = start()
    facts = ACTS["ask/"] | {"evidence": SimpleUploadedFile(name, content)}
    assert log_in(cast.verifier).post(f"/deadlines/{deadline.pk}/ask/", facts).status_code == 200
    assert rows_of(deadline) == ["deadline.start"]


@pytest.mark.django_db
def test_markup_and_line_breaks_stay_text_on_the_page_and_in_the_feed(cast, log_in, client, project, start):
    nasty = "<script>alert(1)</script>\r\nBEGIN:VALARM\r\nATTENDEE:mailto:x@y.example;,\\"
    Project.objects.filter(pk=project.pk).update(name=nasty)
    project.refresh_from_db()
    User.objects.filter(pk=cast.verifier.pk).update(name="甲\r\nX-EVIL:1")
    deadline = start(label=nasty)
    asked = services.ask(actor=cast.verifier, deadline=deadline, kind="extension", amount=3, reason=nasty, basis=nasty)
    services.decide(actor=cast.approver, request=asked, approve=False, note=nasty[:300])
    browser = log_in(cast.approver)
    for page in ("/deadlines/", f"/deadlines/{deadline.pk}/", f"/projects/{project.pk}/deadlines/", "/notices/"):
        assert "<script>alert(1)" not in browser.get(page).content.decode()
    secret = services_feeds.create_feed(actor=User.objects.get(pk=cast.verifier.pk))
    # Unfolded as any reader does.
    lines = re.split("\r?\n", re.sub("\r?\n[ \t]", "", client.get(f"/calendar-feed/{secret}.ics").content.decode()))
    assert [line for line in lines if line.startswith(("ATTENDEE", "X-EVIL"))] == []
    assert lines.count("BEGIN:VALARM") == 1
