"""People who want to look punctual, strangers who guess, and input that nobody types: what they try, and what it brings."""

import re
from datetime import date
from datetime import time as time_of_day

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from deadlines import rules, services
from deadlines.choices import Event, Measure
from deadlines.models import Deadline
from deadlines.services import feeds as services_feeds
from deadlines.verification import ended_clocks_match
from projects.models import Assignment, Project
from projects.services import assign, end_assignment
from staff.choices import Role
from staff.models import User
from tests.deadlines.conftest import extension, moment, now_in_database, rows_of, rule, upload

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


# ── Who owes a clock and would like to decide about it ──────────────────────
@pytest.fixture
def director(cast, project):
    """审核人 is technical director of the unit, and project manager in the place of 复核人."""
    end_assignment(
        actor=cast.approver, assignment=project.assignments.get(role="project_manager"), ends_on=date(2026, 3, 1)
    )
    assign(
        actor=cast.approver, project=project, user=cast.approver, role=Role.PROJECT_MANAGER, starts_on=date(2026, 3, 1)
    )
    return cast.approver


def hand_away(project, director, to) -> None:
    """The director is no project manager any more, for as long as it takes."""
    assign(actor=director, project=project, user=to, role=Role.PROJECT_MANAGER)
    own = project.assignments.get(role="project_manager", user=director)
    end_assignment(actor=director, assignment=own, ends_on=date(2026, 3, 1))


@pytest.mark.django_db
def test_who_hands_the_role_away_for_a_day_does_not_decide_about_the_clock_owed_before(cast, project, start, director):
    deadline = start()
    assert deadline.responsible == director
    asked = extension(cast.checker, deadline, amount=30)
    hand_away(project, director, to=cast.expert1)
    deadline = now_in_database(deadline)
    assert deadline.responsible == cast.expert1
    with pytest.raises(PermissionDenied):
        services.decide(actor=director, request=asked, approve=True)
    for act in (
        lambda: services.cancel(actor=director, deadline=deadline, reason="登记有误"),
        lambda: services.fulfil(actor=director, deadline=deadline, note="早已完成", at=deadline.started_at),
    ):
        with pytest.raises(ValidationError, match="责任人"):
            act()
    services.fulfil(actor=cast.expert1, deadline=deadline, note="已完成")
    with pytest.raises(ValidationError, match="责任人"):
        services.reopen(actor=director, deadline=deadline, reason="尚未完成")


@pytest.mark.django_db
def test_request_goes_to_somebody_who_may_decide_about_it(cast, project, start, director):
    """Not to the director who owed the clock until yesterday: it would lie there."""
    deadline = start()
    hand_away(project, director, to=cast.expert1)
    deadline = now_in_database(deadline)
    assert services.deciders(deadline) == [cast.quality_office]
    asked = extension(cast.expert1, deadline)
    assert services.decide(actor=cast.quality_office, request=asked, approve=True).decision == "approved"


@pytest.mark.django_db
def test_page_offers_nothing_to_decide_to_who_owed_the_clock_before(cast, project, start, director, log_in):
    deadline = start()
    extension(cast.checker, deadline)
    hand_away(project, director, to=cast.expert1)
    page = log_in(director).get(f"/deadlines/{deadline.pk}/")
    assert not page.context["may_decide"]
    assert not page.context["can"]["cancel"]
    assert log_in(cast.quality_office).get(f"/deadlines/{deadline.pk}/").context["may_decide"]


@pytest.mark.django_db
def test_who_has_never_owed_the_clock_decides_as_before(cast, start):
    deadline = start()
    assert services.decide(actor=cast.approver, request=extension(cast.verifier, deadline), approve=True)


# ── Longer and longer ───────────────────────────────────────────────────────
@pytest.mark.django_db
def test_clock_is_not_extended_beyond_ten_years(cast, start):
    deadline = start()
    for _ in range(9):
        services.decide(actor=cast.approver, request=extension(cast.verifier, deadline, 365), approve=True)
    one_more = extension(cast.verifier, deadline, 365)
    with pytest.raises(ValidationError, match="十年"):
        services.decide(actor=cast.approver, request=one_more, approve=True)
    assert now_in_database(deadline).extra == 9 * 365


@pytest.mark.django_db
@pytest.mark.parametrize("repeat", [10_001, 4_000_000, 10**12])
def test_rule_repeats_within_reason(cast, start, repeat):
    """Four million days lie beyond the calendar; SQLite takes any number."""
    with pytest.raises(ValidationError, match=r"间隔|32767"):
        services.preview_rule(rule("urgent_staff"), {"repeat_every": repeat})


@pytest.mark.django_db
def test_rule_that_no_working_hours_can_fill_is_refused_when_it_is_previewed(cast, start):
    services.change_shifts(actor=cast.quality_office, shifts=[(time_of_day(8, 30), time_of_day(8, 40))], reason="试")
    start(Event.INQUIRY_ASKED)
    with pytest.raises(ValidationError, match="十年"):
        services.preview_rule(rule("inquiry_reply"), {"amount": 730})


# ── Edits in the database, behind the application's back ────────────────────
EDITS = [
    ("due_on", date(2026, 12, 31)),
    ("due_at", moment("2026-12-31 00:00")),
    ("started_at", moment("2026-02-01 00:00")),
    ("extra", 30),
    ("state", "suspended"),
    ("stopped_at", moment("2026-03-02 10:00")),
    ("stopped_by_id", None),
    ("responsible_id", None),
    ("scope_id", 10**6),
    ("subject_id", 10**6),
    ("next_at", None),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("column", "value"), EDITS)
def test_edited_clock_is_named(cast, start, time, column, value):
    deadline = start(Event.URGENT_ASKED)
    if column in ("stopped_at", "stopped_by_id"):
        time.go(days=9)
        services.stop(actor=cast.verifier, deadline=deadline, note="已到岗")
    assert list(ended_clocks_match()) == []
    Deadline.objects.filter(pk=deadline.pk).update(**{column: value})
    [problem] = ended_clocks_match()
    assert f"时限 {deadline.pk}" in problem


@pytest.mark.django_db
def test_clock_that_is_put_under_another_rule_is_named(cast, start):
    deadline = start()
    Deadline.objects.filter(pk=deadline.pk).update(rule=rule("settlement_draft_main"))
    [problem] = ended_clocks_match()
    assert "规则" in problem


@pytest.mark.django_db
def test_clock_that_followed_its_rule_is_in_order(cast, start):
    deadline = start()
    moves = services.preview_rule(rule("settlement_review_main"), {"amount": 40})
    services.change_rule(actor=cast.quality_office, rule=rule("settlement_review_main"), changes={"amount": 40}, reason="修订",
                         move_running=True, seen=services.digest_of(moves))  # fmt: skip
    assert now_in_database(deadline).rule.version == 2
    assert list(ended_clocks_match()) == []


@pytest.mark.django_db
def test_clock_that_was_deleted_is_named(cast, start):
    kept, gone = start(), start(Event.URGENT_ASKED)
    Deadline.objects.filter(pk=gone.pk).delete()
    [problem] = ended_clocks_match()
    assert f"时限 {gone.pk}" in problem
    assert f"时限 {kept.pk}（" not in problem


# ── The quality office, or who sits at its desk ─────────────────────────────
@pytest.mark.django_db
def test_no_field_of_a_rule_breaks_its_page(cast, log_in, start):
    start(Event.URGENT_ASKED)
    browser, url = log_in(cast.quality_office), "/time-rules/urgent_staff/edit/"
    form = browser.get(url).context["form"]
    facts = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    facts["reminders"] = "7, 3, 1, 0"
    for field in [*form.fields, "step", "seen", "reason", "move_running"]:
        for value in ["\x00", "１２", "-1", "1e400", HUGE, "٣", "甲" * 400, "4000000"]:
            answer = browser.post(url, facts | {"step": "confirm"} | {field: value})
            assert answer.status_code == 200, (field, value)
    assert rule("urgent_staff").version == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "facts"),
    [("2026/change/", {"day": "2026-05-06", "value": "off", "note": "甲", "step": "confirm", "seen": "x", "move_running": "keep"}),
     ("2026/import/", {"seen": "x", "move_running": "keep"}),
     ("hours/", {"reason": "甲", "starts_1": "08:30", "ends_1": "12:00"})],
)  # fmt: skip
def test_no_field_of_the_calendar_breaks_its_page(cast, log_in, address, facts):
    browser = log_in(cast.quality_office)
    for field in facts:
        for value in [*STRANGE, "2026-W19-3", "24:00", "25:99", "9999-12-31"]:
            assert browser.post(f"/work-calendar/{address}", facts | {field: value}).status_code in (200, 302), (
                field,
                value,
            )


@pytest.mark.django_db
@pytest.mark.parametrize("year", ["0", "1", "1999", "2101", "9999", "10000", HUGE])
def test_year_beyond_the_calendar_has_no_page(cast, log_in, year):
    browser = log_in(cast.quality_office)
    for page in ("", "change/", "import/"):
        assert browser.get(f"/work-calendar/{year}/{page}").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["verifier", "approver", "administrator", "auditor", "executive"])
def test_nobody_but_the_quality_office_changes_rules_and_calendar(cast, log_in, part):
    browser = log_in(getattr(cast, part))
    for page in (
        "/time-rules/urgent_staff/edit/",
        "/work-calendar/2026/change/",
        "/work-calendar/2026/import/",
        "/work-calendar/hours/",
    ):
        assert browser.post(page, {}).status_code == 403
