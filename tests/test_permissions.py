"""Who may open and who may press what: every route × method × each member of the cast.

A row of `tests/permission_table.txt` is a route, a method and one sign for each person, in the order of its head:

    o  let in (200, a redirect inside the site, or 400 for the empty form that this test sends)
    -  may see the subject, may not do this (403)
    .  finds nothing (404)
    L  sent to the login page
    U  asked to log in (401, the API)
    M  method not allowed (405)
    =  too late or not in this state (409)

A route without a row fails the suite. `python -m pytest tests/test_permissions.py --print-table=FILE` writes the table as
the site has it now: read it critically before it replaces the file.
"""

from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from deadlines import services as deadline_services
from deadlines.choices import Event, RequestKind
from deadlines.services.feeds import create_feed
from feedback import services as feedback_services
from feedback.services import Content
from inspections import services as inspection_services
from notices.models import Delivery, Notice
from projects import services as project_services
from scoring import services as scoring_services
from scoring.choices import Purpose
from scoring.models import Standard
from staff.models import Certificate, Post
from tests.inspections import world as inspections_world
from tests.lessons import world as lessons_world
from tests.meetings import world as meetings_world
from tests.rankings import world as rankings_world
from tests.reviews import flow

TABLE = Path(__file__).with_name("permission_table.txt")
PEOPLE = (
    "preparer", "checker", "verifier", "approver", "chief_engineer", "executive", "quality_office", "archivist",
    "auditor", "administrator", "expert1", "outsider", "disabled", "anonymous",
)  # fmt: skip
# Django's admin site guards its own pages; its front doors are tested with the people's pages.
LEFT_OUT = ("admin:",)


def all_routes(patterns=None, prefix: str = "") -> list[str]:
    """The names of every route, namespaces included."""
    found = []
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            found += all_routes(pattern.url_patterns, space)
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.append(prefix + pattern.name)
    return sorted({name for name in found if not name.startswith(LEFT_OUT)})


def methods_of(route: str) -> tuple[str, ...]:
    return ("GET", "POST") if ":" in route else ("GET", "POST", "PUT", "PATCH", "DELETE")


def group_of(route: str) -> str:
    return route.split(":")[0] if ":" in route else "api"


def table_rows() -> dict[tuple[str, str], str]:
    rows = {}
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            route, method, signs = line.split()
            rows[route, method] = signs
    return rows


def start_clock(cast, project, subject):
    """A clock of the project that 复核人 owes."""
    (clock,) = deadline_services.start(
        actor=cast.checker, event=Event.BIDS_RECEIVED, subject=subject, scope=project, url="/", label="投标书",
        event_at=timezone.now(), business_line=project.business_line, beyond_reason="另有询标",
    )  # fmt: skip
    return clock


def ask_to_suspend(cast, clock):
    """Asked for by 校核人, with a proof."""
    return deadline_services.ask(actor=cast.checker, deadline=clock, kind=RequestKind.SUSPENSION, reason="资料未补齐",
                                 basis="资料催要函", evidence=flow.pdf_file("催要函.pdf"))  # fmt: skip


@pytest.fixture
def world(cast, project, other_project):
    """One of everything that an address can name, in the states in which its acts are possible."""
    draft = flow.open_deliverable(cast, project, title="编制中的成果")
    checking = flow.open_deliverable(cast, project, title="待校核的成果")
    round = flow.submit(checking)
    remark = flow.draft_remark(checking)
    answering = flow.open_deliverable(cast, project, title="待回复的成果")
    flow.submit(answering)
    flow.draft_remark(answering)
    answering_round = flow.return_remarks(answering)
    signed = flow.open_deliverable(cast, project, title="已校核的成果")
    flow.submit(signed)
    signed_round = flow.sign(signed)
    through = flow.open_deliverable(cast, project, title="已审核的成果")
    flow.submit(through)
    flow.sign_all(through)
    report = flow.open_deliverable(cast, project, title="不涉及计算的成果", has_calculation=False)
    risk = project_services.register_risk(actor=cast.verifier, project=project, description="价差", probability=2,
                                          impact=2, owner=cast.verifier)  # fmt: skip
    inquiry = project_services.register_inquiry(actor=cast.verifier, project=project, question="何时出结果", asked_by="王工",
                                                asked_at=project.created_at, channel="written")  # fmt: skip
    urgent = project_services.register_urgent(actor=cast.verifier, project=project, need="驻场", asked_by="王工",
                                              asked_at=project.created_at)  # fmt: skip
    handover = project_services.create_handover(
        actor=cast.verifier, project=project, kind="bids", handed_over_by="王工"
    )
    item = project_services.add_item(actor=cast.verifier, handover=handover, category="bids", name="投标书", copies=1,
                                     received_on=timezone.localdate())  # fmt: skip
    clock = start_clock(cast, project, draft)
    asked = ask_to_suspend(cast, clock)
    standing_still = start_clock(cast, project, checking)
    pause = ask_to_suspend(cast, standing_still)
    deadline_services.decide(actor=cast.approver, request=pause, approve=True)
    done = start_clock(cast, project, answering)
    deadline_services.fulfil(actor=cast.checker, deadline=done, note="已交")
    secret = create_feed(actor=cast.checker)
    complaint, _ = feedback_services.receive(
        content=Content("complaint", "拖延", "无故拖延"), sender=None, files=[flow.pdf_file()]
    )
    named = feedback_services.add_named(actor=cast.executive, complaint=complaint, user=cast.verifier)
    about = feedback_services.add_about(actor=cast.executive, complaint=complaint, user=cast.approver)
    notice = Notice.objects.create(recipient=cast.checker, kind="to_do", title="请校核", url="/")
    delivery = Delivery.objects.create(recipient=cast.checker, channel="email", kind="to_do", state="failed")
    plan = inspection_services.create_plan(actor=cast.quality_office, year=timezone.localdate().year, kind="regular",
                                           title="年度检查")  # fmt: skip
    plan = inspection_services.move_plan(actor=cast.quality_office, plan=plan, state="in_force")
    sample = inspection_services.draw_sample(actor=cast.quality_office, plan=plan, size=1)
    standard = Standard.objects.current(Purpose.DELIVERABLE)
    standard_draft = scoring_services.copy_standard(actor=cast.quality_office, standard=standard)
    return SimpleNamespace(**locals())


def subjects(world) -> dict[str, list]:
    """What stands in the address of each route that names something. A new route with a value needs a line here."""
    cast, project = world.cast, world.project
    version = world.draft.versions.get()
    attachment = version.attachments.get()
    certificate = Certificate.objects.get(user=cast.checker)
    post = Post.objects.get(user=cast.approver)
    draft_round = flow.live(world.draft)
    signature = world.signed_round.signatures.first()
    remark = world.answering.remarks.get()
    by_subject = [
        ((world.plan.pk,), "inspections: plan_detail plan_edit plan_move draw_create"),
        ((world.plan.pk, world.sample.pk), "inspections: draw draw_open"),
        ((project.pk,), "projects: detail edit team risks risk_register inquiries inquiry_register"
        " handovers handover_create deadlines urgent_register"
        " reviews: project_deliverables deliverable_create project_route api: project-detail project-team"
        " inspections: project_inspections project_history"),
        ((project.pk, project.assignments.get(user=cast.checker).pk), "projects: assignment_end"),
        (("kpis",), "dashboards: management_export"),
        ((project.pk, world.risk.pk), "projects: risk_escalate risk_settle"),
        ((project.pk, world.inquiry.pk), "projects: inquiry_answer"),
        ((project.pk, world.urgent.pk), "projects: urgent_close"),
        ((project.pk, world.handover.pk), "projects: handover handover_edit handover_remove handover_complete"
        " handover_reopen item_add items_return items_keep"),
        ((world.handover.pk,), "api: handover-detail"),
        ((project.pk, world.handover.pk, world.item.pk), "projects: item_edit item_remove"),
        ((project.client_id,), "projects: client_detail client_edit api: client-detail"),
        ((version.pk,), "projects: version_files version_upload"
        " api: deliverableversion-detail deliverableversion-attachments"),
        ((attachment.pk,), "projects: attachment_download attachment_remove api: attachment-detail attachment-content"),
        ((world.checking.pk,), "reviews: deliverable remarks records timeline api: deliverable-detail"),
        ((world.draft.pk,), "reviews: deliverable_edit seats"),
        ((draft_round.pk,), "reviews: submit api: round-submit round-self-check"),
        ((world.round.pk,), "reviews: start_version withdraw sign send_back nudge remark_create return_remarks flow_sheet"
        " review_record api: round-detail round-start-version round-withdraw"),
        ((world.round.pk, world.checking.seats.get(level__order=1).pk), "reviews: hand_over"),
        ((world.answering_round.pk,), "reviews: answer api: round-answer"),
        ((world.signed_round.pk,), "reviews: revoke"),
        ((flow.live(world.report).pk,), "reviews: exempt"),
        ((world.remark.pk,), "reviews: remark_edit remark_drop remark_recheck"),
        ((remark.pk,), "api: remark-detail"),
        ((signature.pk,), "api: signature-detail"),
        (("no-such-code-no-such-code",), "reviews: verify"),
        ((cast.checker.pk,), "staff: person_detail person_edit person_deactivate person_reactivate"
        " person_reset_password post_assign certificate_add"),
        ((cast.approver.pk, post.pk), "staff: post_end post_withdraw"),
        ((cast.checker.pk, certificate.pk), "staff: certificate_edit certificate_remove"),
        ((cast.zj1.pk,), "staff: unit_edit"),
        ((1,), "ledger: entry_detail"),
        ((world.notice.pk,), "notices: open read api: notice-read"),
        ((world.delivery.pk,), "notices: retry"),
        ((world.standard.pk,), "scoring: standard_detail standard_compare standard_print standard_copy"),
        ((world.standard_draft.pk,), "scoring: standard_edit standard_publish standard_discard"),
        ((world.clock.pk,), "deadlines: detail fulfil ask shorten cancel nudge"
        " api: deadline-detail deadline-fulfil deadline-ask deadline-nudge"),
        ((world.standing_still.pk,), "deadlines: resume api: deadline-resume"),
        ((world.done.pk,), "deadlines: reopen"),
        ((world.clock.pk, world.asked.pk), "deadlines: request_decide request_withdraw"),
        ((world.clock.pk, world.asked.evidence.pk), "deadlines: evidence"),
        (("settlement_review_main",), "deadlines: rule_detail rule_edit"),
        ((timezone.localdate().year,), "deadlines: calendar_year calendar_change calendar_import"),
        ((world.secret,), "deadlines: feed"),
        ((world.complaint.pk,), "feedback: detail accept refuse place investigate reopen handle answer close about_add"
        " named_add sender"),
        ((world.complaint.pk, world.complaint.files.get().pk), "feedback: file"),
        ((world.complaint.pk, world.about.pk), "feedback: about_end"),
        ((world.complaint.pk, world.named.pk), "feedback: named_end"),
    ]  # fmt: skip
    if hasattr(world, "inspected"):
        by_subject += [
            (given, f"inspections: {words}") for given, words in inspections_world.subjects(world.inspected)
        ]
    if hasattr(world, "met"):
        by_subject += [(given, f"meetings: {words}") for given, words in meetings_world.subjects(world.met)]
    if hasattr(world, "ranked"):
        by_subject += [(given, f"rankings: {words}") for given, words in rankings_world.subjects(world.ranked)]
    if hasattr(world, "learnt"):
        by_subject += [(given, f"lessons: {words}") for given, words in lessons_world.subjects(world.learnt)]
    values = {}
    for arguments, words in by_subject:
        space = ""
        for word in words.split():
            if word.endswith(":"):
                space = "" if word == "api:" else word
            else:
                assert f"{space}{word}" not in values, f"{word} stands twice"
                values[f"{space}{word}"] = list(arguments)
    return values


def sign_of(response) -> str:
    if response.status_code in (301, 302):
        return "L" if response["Location"].startswith("/login/") else "o"
    known = {200: "o", 201: "o", 204: "o", 400: "o", 403: "-", 404: ".", 401: "U", 405: "M", 409: "=", 415: "o"}
    return known.get(response.status_code, str(response.status_code))


def _content_type(url: str) -> str:
    return "application/json" if url.startswith("/api/") else "application/x-www-form-urlencoded"


class _Undo(Exception):
    """Takes back whatever a request wrote."""


@pytest.fixture
def browsers(cast) -> dict[str, Client]:
    """A browser for each person, logged in once."""
    found = {name: Client() for name in PEOPLE}
    for name, browser in found.items():
        if name != "anonymous":
            browser.force_login(getattr(cast, name), backend="django.contrib.auth.backends.ModelBackend")
    return found


def row(browsers: dict[str, Client], url: str, method: str) -> str:
    return "".join(sign_of(_ask(browsers[name], url, method)) for name in PEOPLE)


def _ask(browser: Client, url: str, method: str):
    """One request; what it wrote is taken back, and so is what it did to the browser (logging out, for one)."""
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value if browser.cookies else ""
    try:
        with transaction.atomic():
            response = browser.generic(method, url, content_type=_content_type(url))
            raise _Undo
    except _Undo:
        for close in response._resource_closers:  # response.close() would end the connection as well
            close()
        browser.cookies.clear()
        if session:
            browser.cookies[settings.SESSION_COOKIE_NAME] = session
        return response


def test_every_route_has_its_rows():
    rows = table_rows()
    missing = [
        (route, method) for route in all_routes() for method in methods_of(route) if (route, method) not in rows
    ]
    stale = [key for key in rows if key[0] not in all_routes()]
    assert (missing, stale) == ([], [])


@pytest.mark.parametrize("group", sorted({group_of(route) for route in all_routes()}))
def test_each_person_is_let_in_where_the_table_says(group, browsers, world, request):
    if group == "inspections":
        world.inspected = inspections_world.build(world.cast, world.project, world.through)
    if group == "meetings":
        world.met = meetings_world.build(world.cast, world.project)
    if group == "rankings":
        world.ranked = rankings_world.build(world.cast)
    if group == "lessons":
        world.learnt = lessons_world.build(world.cast)
    values = subjects(world)
    routes = [route for route in all_routes() if group_of(route) == group]
    found = {
        (route, method): row(browsers, reverse(route, args=values.get(route, [])), method)
        for route in routes
        for method in methods_of(route)
    }
    if printed := request.config.getoption("--print-table"):
        with Path(printed).open("a") as out:
            out.writelines(f"{route:34} {method:6} {signs}\n" for (route, method), signs in found.items())
        return
    expected = table_rows()
    assert found == {key: expected.get(key, "no row") for key in found}
