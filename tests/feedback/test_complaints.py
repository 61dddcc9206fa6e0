"""Services: numbers, the state table, who may do what, clocks, and that nothing tells who sent it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from deadlines.models import Deadline
from deadlines.services import fulfil, sweep
from feedback import queries, services
from feedback.chain import TABLE, AlreadyHandled, possible_acts
from feedback.choices import ENDED, ComplaintAct, ComplaintKind, ComplaintState
from feedback.models import Complaint, ComplaintFile, Sender, Step
from feedback.rules import ALPHABET, code_digest, new_code
from ledger import checks
from ledger.models import Entry
from notices.models import Notice
from staff.choices import Role
from staff.models import Post
from tests.conftest import guards_lifted
from tests.feedback import telling
from tests.reviews import flow

pytestmark = pytest.mark.django_db
S, A = ComplaintState, ComplaintAct
YEAR = timezone.localdate().year


@pytest.fixture
def complaint(cast):
    return telling.complaint()


def now_in_database(row):
    return type(row).objects.get(pk=row.pk)


# ── Receiving ───────────────────────────────────────────────────────────────
def test_numbers_run_without_gaps_for_each_kind_and_a_failure_gives_its_number_back(cast):
    report = telling.content(kind=ComplaintKind.REPORT)
    numbers = [telling.complaint().number, telling.complaint(content=report).number]
    with pytest.raises(ValidationError):
        telling.receive(files=[SimpleUploadedFile("附件.exe", b"MZ")])
    numbers += [telling.complaint().number, telling.complaint(content=report).number]
    assert numbers == [f"TS-{YEAR}-0001", f"JB-{YEAR}-0001", f"TS-{YEAR}-0002", f"JB-{YEAR}-0002"]


def test_a_code_is_random_from_the_alphabet_and_only_its_hash_is_kept(cast):
    codes = {telling.receive()[1] for _ in range(3)} | {new_code() for _ in range(200)}
    assert len(codes) == 203
    assert all(len(code) == 19 and set(code) <= {*ALPHABET, "-"} for code in codes)
    found, code = telling.receive()
    assert (
        now_in_database(found).code_sha256 == code_digest(code) == code_digest(f" {code.lower().replace('-', ' ')} ")
    )
    assert code.replace("-", "") not in str(Complaint.objects.filter(pk=found.pk).values().get())


def test_the_sender_stands_in_a_table_of_its_own_and_an_anonymous_one_nowhere(cast, complaint):
    assert Sender.objects.get(complaint=complaint).name == telling.NAME
    anonymous = telling.complaint(sender=None)
    assert anonymous.is_anonymous
    assert Sender.objects.filter(complaint=anonymous).count() == 0
    assert telling.NAME not in str(Complaint.objects.values().get(pk=complaint.pk))


@pytest.mark.parametrize(
    "sender",
    [services.SenderFacts("", phone="1"), services.SenderFacts("某人"), services.SenderFacts("某人", email="无效")],
)
def test_a_sender_without_name_or_way_to_be_reached_is_refused(cast, sender):
    with pytest.raises(ValidationError):
        telling.receive(sender=sender)
    assert not Complaint.objects.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"MZ\x90\x00"),
        ("a.pdf", b"<script>alert(1)</script>"),
        ("a.svg", b"<svg onload='alert(1)'/>"),
        ("a.html", b"<html></html>"),
        ("a.docm", b"PK\x03\x04"),
        ("a.pdf", b""),
        ("../../etc/passwd", b"root"),
    ],
)
def test_hostile_files_are_refused_and_nothing_is_kept(cast, name, content):
    with pytest.raises(ValidationError):
        telling.receive(files=[SimpleUploadedFile(name, content)])
    assert (Complaint.objects.count(), ComplaintFile.objects.count()) == (0, 0)


def test_six_files_and_a_file_of_more_than_20_mb_are_refused(cast):
    with pytest.raises(ValidationError, match="最多 5 个"):
        telling.receive(files=[flow.pdf_file(mark=str(count)) for count in range(6)])
    large = flow.pdf_file()
    large.size = 20 * 1024 * 1024 + 1
    with pytest.raises(ValidationError, match="20 MB"):
        telling.receive(files=[large])


def test_a_file_keeps_neither_its_name_nor_a_readable_place(cast):
    found = telling.complaint(files=[flow.pdf_file(f"{telling.NAME}的举报材料.pdf")]).files.get()
    assert found.name == "附件1.pdf"
    assert telling.NAME not in found.file.name
    assert len(found.file.name.rpartition("/")[2]) == 40


def test_only_handlers_register_by_hand(cast):
    registered, _ = telling.receive(actor=cast.quality_office, channel="letter")
    assert (registered.registered_by, registered.channel) == (cast.quality_office, "letter")
    with pytest.raises(PermissionDenied):
        telling.receive(actor=cast.chief_engineer, channel="letter")
    with pytest.raises(ValidationError):
        telling.receive(actor=cast.quality_office, channel="call", received_at=timezone.now() + timedelta(minutes=5))


# ── The state table ─────────────────────────────────────────────────────────
def perform(act, office, complaint, turn=None):
    """One call of the service of `act` with whatever it asks for."""
    more = {
        A.REFUSE: {"reason": "不属本公司"}, A.INVESTIGATE: {"finding": "核实", "verdict": "unfounded"},
        A.REOPEN: {"reason": "新线索"}, A.HANDLE: {"disposition": "整改"}, A.ANSWER: {"feedback": "已处理"},
    }.get(act, {})  # fmt: skip
    turn = complaint.turn if turn is None else turn
    return getattr(services, act.value)(actor=office, complaint=complaint, turn=turn, **more)


WAY = {
    S.PENDING: [],
    S.INVESTIGATING: [A.ACCEPT],
    S.HANDLING: [A.ACCEPT, A.INVESTIGATE],
    S.ANSWERED: [A.ACCEPT, A.INVESTIGATE, A.ANSWER],
    S.CLOSED: [A.ACCEPT, A.INVESTIGATE, A.ANSWER, A.CLOSE],
    S.REFUSED: [A.REFUSE],
}


@pytest.mark.parametrize("act", [act for act in A if act != A.RECEIVE])
@pytest.mark.parametrize("state", list(S))
def test_each_act_leads_where_the_table_says_and_nowhere_else(cast, complaint, state, act):
    for step in WAY[state]:
        complaint = perform(step, cast.quality_office, complaint)
    assert complaint.state == state
    rows = (Step.objects.count(), Entry.objects.count())
    if (state, act) in TABLE:
        assert perform(act, cast.quality_office, complaint).state == TABLE[state, act]
        assert act in possible_acts(complaint)
    else:
        with pytest.raises(AlreadyHandled):
            perform(act, cast.quality_office, complaint)
        assert (Step.objects.count(), Entry.objects.count()) == rows
        assert now_in_database(complaint).state == state


def test_a_page_of_an_earlier_turn_is_refused(cast, complaint):
    services.place(actor=cast.quality_office, complaint=complaint, turn=complaint.turn)
    with pytest.raises(AlreadyHandled):
        perform(A.ACCEPT, cast.quality_office, complaint)
    assert now_in_database(complaint).state == S.PENDING


@pytest.mark.parametrize("part", ["chief_engineer", "auditor", "administrator", "approver", "outsider", "disabled"])
def test_nobody_else_handles(cast, complaint, part):
    with pytest.raises(PermissionDenied):
        perform(A.ACCEPT, getattr(cast, part), complaint)


@pytest.mark.parametrize(
    ("act", "told", "field"),
    [
        ("refuse", {"reason": " "}, "reason"),
        ("investigate", {"finding": "", "verdict": "confirmed"}, "finding"),
        ("investigate", {"finding": "核实", "verdict": "maybe"}, "verdict"),
        ("investigate", {"finding": "核实", "verdict": "confirmed", "cause": ""}, "cause"),
        ("handle", {"disposition": ""}, "disposition"),
        ("answer", {"feedback": "  "}, "feedback"),
    ],
)
def test_what_is_owed_is_asked_for_at_its_field(cast, complaint, act, told, field):
    with pytest.raises(ValidationError) as refusal:
        getattr(services, act)(actor=cast.quality_office, complaint=complaint, turn=0, **told)
    assert list(refusal.value.message_dict) == [field]


def test_what_was_so_is_handled_before_it_is_answered(cast, complaint):
    found = telling.to_handling(cast, complaint)
    with pytest.raises(ValidationError, match="先登记处理情况"):
        services.answer(actor=cast.quality_office, complaint=found, turn=found.turn, feedback="已处理")


# ── Who sees it ─────────────────────────────────────────────────────────────
def sees(user, complaint) -> bool:
    user = type(user).objects.get(pk=user.pk)
    return Complaint.objects.visible_to(user).filter(pk=complaint.pk).exists()


def test_only_the_office_the_executives_and_the_named_see_it(cast, complaint):
    parts = [name for name, each in vars(cast).items() if hasattr(each, "employee_number") and sees(each, complaint)]
    assert sorted(parts) == ["executive", "quality_office"]
    services.add_named(actor=cast.executive, complaint=complaint, user=cast.verifier)
    assert sees(cast.verifier, complaint)


def test_whom_it_is_about_sees_nothing_of_it_and_does_nothing_to_it(cast, complaint):
    services.add_about(actor=cast.quality_office, complaint=complaint, user=cast.quality_office)
    assert not sees(cast.quality_office, complaint)
    assert not Deadline.objects.visible_to(cast.quality_office).exists()
    with pytest.raises(PermissionDenied):
        perform(A.ACCEPT, cast.quality_office, complaint)
    clock = Deadline.objects.get()
    assert clock.responsible is None
    assert f"{cast.quality_office.pk}" not in Entry.objects.get(action="complaint.about_add").data
    row = complaint.about_people.get()
    with pytest.raises(PermissionDenied):
        services.end_about(actor=cast.quality_office, row=row)
    services.end_about(actor=cast.executive, row=row)
    assert sees(cast.quality_office, complaint)
    assert now_in_database(clock).responsible == cast.quality_office


def test_a_clock_passes_to_a_colleague_of_whom_it_is_about(cast, complaint):
    Post.objects.create(user=cast.outsider, role=Role.QUALITY_OFFICE, starts_on=timezone.localdate())
    services.add_about(actor=cast.executive, complaint=complaint, user=cast.quality_office)
    assert Deadline.objects.get().responsible == cast.outsider


def test_somebody_is_always_left_to_handle_it(cast, complaint):
    services.add_about(actor=cast.executive, complaint=complaint, user=cast.quality_office)
    with pytest.raises(ValidationError, match="没有人可以办理"):
        services.add_about(actor=cast.executive, complaint=complaint, user=cast.executive)
    assert sees(cast.executive, complaint)


def test_what_is_about_the_office_goes_to_the_executives_alone(cast):
    complaint = telling.complaint(content=telling.content(is_about_office=True))
    assert not sees(cast.quality_office, complaint)
    assert sees(cast.executive, complaint)
    assert set(Notice.objects.values_list("recipient", flat=True)) == {cast.executive.pk}
    assert Deadline.objects.get().responsible is None
    assert perform(A.ACCEPT, cast.executive, complaint).state == S.INVESTIGATING


# ── Who sent it ─────────────────────────────────────────────────────────────
def test_who_looks_at_the_sender_is_named_and_leaves_a_row_with_the_reason(cast, complaint):
    for part in ("quality_office", "verifier", "auditor", "administrator"):
        with pytest.raises(PermissionDenied):
            services.view_sender(actor=getattr(cast, part), complaint=complaint, reason="核实")
    assert not Entry.objects.filter(action="complaint.sender_viewed").exists()
    row = services.add_named(actor=cast.executive, complaint=complaint, user=cast.quality_office)
    seen = services.view_sender(actor=cast.quality_office, complaint=complaint, reason="联系核实细节")
    assert (seen.name, seen.phone) == (telling.NAME, telling.PHONE)
    entry = Entry.objects.get(action="complaint.sender_viewed")
    assert (entry.actor, entry.subject_label) == (cast.quality_office, complaint.number)
    assert entry.data == '{"reason":"联系核实细节"}'
    services.end_named(actor=cast.executive, row=row)
    with pytest.raises(PermissionDenied):
        services.view_sender(actor=cast.quality_office, complaint=complaint, reason="再看")


@pytest.mark.parametrize("reason", ["", "   ", f"联系{telling.NAME}", f"拨打 {telling.PHONE}"])
def test_a_look_needs_a_reason_that_does_not_tell_the_identity(cast, complaint, reason):
    with pytest.raises(ValidationError):
        services.view_sender(actor=cast.executive, complaint=complaint, reason=reason)
    assert not Entry.objects.filter(action="complaint.sender_viewed").exists()


def test_only_executives_name_people_and_never_those_set_apart_or_complained_about(cast, complaint):
    with pytest.raises(PermissionDenied):
        services.add_named(actor=cast.quality_office, complaint=complaint, user=cast.verifier)
    services.add_about(actor=cast.executive, complaint=complaint, user=cast.verifier)
    for user in (cast.verifier, cast.auditor, cast.administrator, cast.disabled):
        with pytest.raises(ValidationError):
            services.add_named(actor=cast.executive, complaint=complaint, user=user)
    services.add_named(actor=cast.executive, complaint=complaint, user=cast.approver)
    services.add_about(actor=cast.executive, complaint=complaint, user=cast.approver)
    assert not sees(cast.approver, complaint)


def test_the_identity_and_the_code_stand_in_no_ledger_row_message_clock_or_log(cast, caplog):
    complaint, code = telling.receive(files=[flow.pdf_file(f"{telling.NAME}.pdf")])
    complaint = telling.to_closed(cast, complaint)
    services.view_sender(actor=cast.executive, complaint=complaint, reason="回访")
    kept = [str(list(model.objects.values())) for model in (Entry, Notice, Deadline, Step, Complaint, ComplaintFile)]
    assert all(
        secret not in text
        for text in [*kept, caplog.text, str(Sender.objects.get()), repr(Sender.objects.get())]
        for secret in (telling.NAME, telling.PHONE, telling.EMAIL, code, code.replace("-", ""))
    )
    # Nor its words, where people read who do not handle it.
    assert all(telling.BODY not in str(list(model.objects.values())) for model in (Entry, Notice, Deadline))
    assert all(complaint.subject not in str(list(model.objects.values())) for model in (Entry, Notice, Deadline))
    assert set(Notice.objects.values_list("is_confidential", flat=True)) == {True}


# ── Clocks ──────────────────────────────────────────────────────────────────
def test_five_working_days_to_accept_then_thirty_to_close(cast, complaint):
    first = Deadline.objects.get()
    assert (first.rule.code, first.rule.amount_words, first.responsible) == (
        "complaint_accept", "5 工作日", cast.quality_office,
    )  # fmt: skip
    assert first.rule.clause.startswith("公司自定")
    perform(A.ACCEPT, cast.quality_office, complaint)
    assert now_in_database(first).state == "fulfilled"
    second = Deadline.objects.open().get()
    assert (second.rule.code, second.rule.amount_words) == ("complaint_close", "30 工作日")


def test_nobody_registers_a_clock_as_done_by_hand(cast, complaint):
    for part in ("quality_office", "executive"):
        with pytest.raises(ValidationError, match="受理或不予受理"):
            fulfil(actor=getattr(cast, part), deadline=Deadline.objects.get(), note="已办")


def test_refusing_and_closing_leave_no_clock_running(cast):
    perform(A.REFUSE, cast.quality_office, telling.complaint())
    telling.to_closed(cast, telling.complaint())
    assert set(Deadline.objects.values_list("state", flat=True)) == {"fulfilled"}


def test_a_late_one_is_reported_to_the_executives(cast, complaint, monkeypatch):
    late = timezone.now() + timedelta(days=20)
    monkeypatch.setattr(timezone, "now", lambda: late)
    sweep()
    assert Notice.objects.filter(recipient=cast.executive, kind="escalation").exists()


# ── For the floors above, and the evidence ──────────────────────────────────
def test_confirmed_projects_are_those_of_the_year_that_were_so(cast, project, other_project):
    def investigated(about, verdict):
        found = telling.complaint()
        found = services.place(actor=cast.quality_office, complaint=found, turn=found.turn, project=about)
        return telling.to_handling(cast, found, verdict=verdict)

    partly = investigated(project, "partly")
    investigated(other_project, "unfounded")
    assert queries.confirmed_projects(YEAR) == {project.pk}
    assert queries.confirmed_projects(YEAR - 1) == set()
    assert partly.unit == project.unit
    services.reopen(actor=cast.quality_office, complaint=partly, turn=partly.turn, reason="新线索")
    assert queries.confirmed_projects(YEAR) == set()


def refused(sql: str, *values) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    except DatabaseError:
        return True
    return False


def test_the_database_refuses_to_change_what_was_told_and_done(cast):
    complaint = telling.complaint(files=[flow.pdf_file()])
    services.add_named(actor=cast.executive, complaint=complaint, user=cast.verifier)
    assert not refused("UPDATE feedback_complaint SET unit_id = %s WHERE id = %s", cast.zj1.pk, complaint.pk)
    telling.to_closed(cast, complaint)
    assert refused("UPDATE feedback_sender SET name = '他人'")
    assert refused("UPDATE feedback_step SET text = '改'")
    assert refused("UPDATE feedback_named SET user_id = %s", cast.outsider.pk)
    assert refused("UPDATE feedback_complaint SET finding = '改'")
    for table in ("sender", "complaintfile", "step", "named", "complaint"):
        assert refused(f"DELETE FROM feedback_{table}"), table


def test_a_change_behind_our_back_is_named_by_the_verification(cast):
    complaint, other = telling.complaint(files=[flow.pdf_file()]), telling.complaint()
    telling.to_closed(cast, telling.complaint())
    telling.to_handling(cast, other)
    assert checks.verify().problems == []
    with guards_lifted(connection):
        Complaint.objects.filter(pk=complaint.pk).update(body="改过的内容")
        Complaint.objects.filter(pk=other.pk).update(verdict="unfounded")
    problems = checks.verify().problems
    assert [
        f"投诉举报 {complaint.number}：内容与证据链不符",
        f"投诉举报 {other.number}：调查结论与证据链不符",
    ] == problems


def test_every_state_but_the_ends_has_a_way_on(cast):
    assert {state for state, _ in TABLE} == set(S) - set(ENDED)
