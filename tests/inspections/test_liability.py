"""Accountability through its services: who may what, in which order, in which time, and what the database refuses."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from deadlines import scopes
from deadlines import services as deadline_services
from deadlines.choices import Event
from deadlines.models import Deadline, DeadlineRule, Heartbeat
from deadlines.scopes import Place
from deadlines.services import chores
from inspections import liability as walking
from inspections.choices import CaseState, Origin, Share, SheetState, State
from inspections.liability_chain import AlreadyHandled
from inspections.liability_digests import walk_digest
from inspections.models import Evidence, LiabilityCase, LiabilitySheet
from inspections.queries import liability as queries
from inspections.queries.evidence import visible_evidence
from inspections.services import evidence, liability, liability_sheets
from inspections.services.liability import Proposed
from ledger import checks
from ledger.labels import action_label
from ledger.models import Entry
from notices.models import Notice
from printing.papers import stored_pdf
from staff.choices import Role
from tests.conftest import guards_lifted
from tests.inspections import blame, kit
from tests.reviews import flow

pytestmark = pytest.mark.django_db


@pytest.fixture
def deliverable(cast, project):
    return blame.signed(cast, project)


@pytest.fixture
def case(cast, deliverable):
    return blame.opened(cast, deliverable)


@pytest.fixture
def sheet(cast, case):
    """Of 复核人, who signed 无."""
    return blame.served(cast, case, cast.verifier)[0]


@pytest.fixture
def later(monkeypatch):
    """`later(instant)`: from now on it is then."""

    def go(instant):
        monkeypatch.setattr(timezone, "now", lambda: instant)

    return go


# ── Opening ─────────────────────────────────────────────────────────────────
def test_case_keeps_the_walk_along_the_issued_round(cast, project):
    case = blame.opened(cast, blame.issued(cast, project), round=None)
    assert [step["title"] for step in case.walk] == ["编制（自校）", "校核", "复核", "审核", "签发"]
    assert [step["share"] for step in case.walk] == ["prepared", "direct", "direct", "direct", ""]
    assert case.walk_sha256 == walk_digest(LiabilityCase.objects.get(pk=case.pk))
    assert (case.state, case.number) == (CaseState.OPEN, f"WZ-{timezone.localdate().year}-0001")


def test_walk_reads_statements_answers_and_remarks_from_the_record(cast, project):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.draft_remark(deliverable, problem="垫层计算式与图纸不符")
    flow.return_remarks(deliverable)
    flow.answer(deliverable)
    flow.recheck_all(deliverable)
    flow.sign(deliverable)
    flow.sign(deliverable, unresolved=["垫层工程量未核对"], declares_no_unresolved=False)
    flow.sign(deliverable)
    case = blame.opened(cast, deliverable)
    check, verify, approve = (blame.step_of(case, person) for person in (cast.checker, cast.verifier, cast.approver))
    assert (check["share"], check["remarks"][0]["disposition"]) == ("", "explained")
    assert (verify["share"], verify["stated"]) == ("", ["垫层工程量未核对"])
    assert approve["share"] == Share.DIRECT
    assert "校核（校核人）、复核（复核人）已就该类问题作出说明" in approve["grounds"]
    assert blame.step_of(case, cast.preparer)["share"] == Share.PREPARED


def test_walk_of_an_exempted_level_and_of_an_expert_panel(cast, project, major_project):
    report = flow.open_deliverable(cast, project, title="说明", has_calculation=False)
    check = report.rounds.get().route.levels.get(title="校核")
    flow.services.exempt_level(
        actor=cast.approver, round=flow.live(report), turn=flow.live(report).turn, level=check, reason="不涉及计算",
        confirmation=flow.confirmed(cast.approver),
    )  # fmt: skip
    flow.submit(report)
    exempted = blame.opened(cast, report, category="wording").walk[1]
    assert (exempted["title"], exempted["exempted"], exempted["person"]) == ("校核", "不涉及计算", None)
    case = blame.opened(cast, blame.signed(cast, major_project))
    titles = [step["title"] for step in case.walk]
    assert titles[4:] == ["专家评审（专家 1）", "专家评审（专家 2）", "专家评审"]
    assert [step["share"] for step in case.walk][4:] == ["accepted", "accepted", "accepted"]


@pytest.fixture
def issued(cast, project):
    return blame.issued(cast, project)


def test_case_from_a_finding_takes_what_the_finding_says(cast, project, issued):
    finding = blame.finding(cast, project, issued)
    case = liability.open_case(actor=cast.quality_office, finding=finding, category="quantity", amount=finding.amount)
    assert (case.problem, case.origin, case.finding, case.document) == (finding.problem, Origin.FINDING, finding, "")
    assert (case.found_on, case.amount) == (timezone.localdate(), Decimal("1200.50"))
    with pytest.raises(ValidationError, match=f"已提起问责 {case.number}"):
        liability.open_case(actor=cast.quality_office, finding=finding, category="quantity")
    liability.drop_case(actor=cast.quality_office, case=case, turn=0, reason="登记有误")
    assert liability.open_case(actor=cast.quality_office, finding=finding, category="quantity").number.endswith("0002")


@pytest.mark.parametrize("state", [State.SCORING, State.DISCUSSING, State.CANCELLED])
def test_finding_of_an_inspection_without_written_opinion_starts_nothing(cast, project, deliverable, state):
    finding = blame.finding(cast, project, deliverable, state=state)
    with pytest.raises(ValidationError, match="尚未出具书面意见"):
        liability.open_case(actor=cast.quality_office, finding=finding, category="quantity")


def test_finding_is_linked_by_its_remark_or_its_file_too_or_starts_nothing(cast, project, issued):
    attachment = issued.versions.get().attachments.get()
    by_file = blame.finding(cast, project, None, attachment=attachment)
    case = liability.open_case(actor=cast.quality_office, finding=by_file, category="data")
    assert case.deliverable == issued
    loose = blame.finding(cast, project, None)
    with pytest.raises(ValidationError, match="没有关联成果文件"):
        liability.open_case(actor=cast.quality_office, finding=loose, category="data")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"document": " "}, "来源文书"),
        ({"problem": ""}, "写明问题"),
        ({"problem": "长" * 5001}, "5000"),
        ({"category": "other"}, "问题类别"),
        ({"found_on": None}, "发现日期"),
        ({"origin": Origin.FINDING}, "指明检查问题"),
        ({"origin": "nobody"}, "nobody"),
    ],
)
def test_later_event_needs_its_paper_and_the_rest(cast, deliverable, wrong, words):
    with pytest.raises(ValidationError, match=words):
        blame.opened(cast, deliverable, **wrong)
    assert not LiabilityCase.objects.exists()
    assert not Entry.objects.filter(action__startswith="liability.").exists()


def test_case_needs_a_deliverable(cast):
    with pytest.raises(ValidationError, match="指明成果文件"):
        blame.opened(cast, None)


def test_problem_cannot_be_found_tomorrow(cast, deliverable):
    with pytest.raises(ValidationError, match="不能晚于今天"):
        blame.opened(cast, deliverable, found_on=timezone.localdate() + timedelta(days=1))


def test_deliverable_that_was_never_issued_needs_a_round_that_somebody_signed(cast, project):
    draft = flow.open_deliverable(cast, project)
    with pytest.raises(ValidationError, match="尚未签发"):
        blame.opened(cast, draft, round=None)
    with pytest.raises(ValidationError, match="没有签署"):
        blame.opened(cast, draft)
    flow.submit(draft)
    case = blame.opened(cast, draft)
    assert [step["title"] for step in case.walk] == ["编制（自校）"]
    other = flow.open_deliverable(cast, project, title="另一份")
    with pytest.raises(ValidationError, match="没有签署"):
        blame.opened(cast, other, round=draft.rounds.get())


@pytest.mark.parametrize("part", ["executive", "chief_engineer", "approver", "auditor", "administrator", "verifier"])
def test_only_the_quality_office_opens_drops_and_proposes(cast, deliverable, case, part):
    actor = getattr(cast, part)
    with pytest.raises(PermissionDenied):
        blame.opened(cast, deliverable, actor=actor)
    with pytest.raises(PermissionDenied):
        liability.drop_case(actor=actor, case=case, turn=case.turn, reason="不办")
    with pytest.raises(PermissionDenied):
        blame.served(cast, case, cast.checker, actor=actor)


def test_whoever_signed_the_round_stands_aside_even_with_a_post_of_the_office(cast, deliverable):
    cast.verifier.posts.create(role=Role.QUALITY_OFFICE, unit=None, starts_on="2024-01-01")
    with pytest.raises(PermissionDenied, match="回避"):
        blame.opened(cast, deliverable, actor=cast.verifier)
    case = blame.opened(cast, deliverable)
    with pytest.raises(PermissionDenied, match="回避"):
        blame.served(cast, case, cast.checker, actor=cast.verifier)


def test_case_is_dropped_with_a_reason_before_any_sheet_and_not_after(cast, deliverable, case):
    with pytest.raises(ValidationError, match="撤销理由"):
        liability.drop_case(actor=cast.quality_office, case=case, turn=0, reason=" ")
    dropped = liability.drop_case(actor=cast.quality_office, case=case, turn=0, reason="经核实问题不存在")
    assert (dropped.state, dropped.closed_at is not None) == (CaseState.DROPPED, True)
    assert Entry.objects.filter(action="liability.drop", data__contains="经核实问题不存在").count() == 1
    with pytest.raises(AlreadyHandled, match="已由（质量办）于"):
        blame.served(cast, dropped, cast.verifier)
    other = blame.opened(cast, deliverable)
    blame.served(cast, other, cast.verifier)
    other.refresh_from_db()
    with pytest.raises(AlreadyHandled):
        liability.drop_case(actor=cast.quality_office, case=other, turn=other.turn, reason="不办")


# ── Proposing ───────────────────────────────────────────────────────────────
def test_sheets_are_served_with_a_clock_and_a_message_for_each(cast, case):
    first, second = blame.served(cast, case, cast.checker, cast.verifier)
    assert [first.number, second.number] == [f"{case.number}-01", f"{case.number}-02"]
    clock = Deadline.objects.of(second).get()
    assert (clock.rule.code, clock.responsible, clock.is_open) == ("liability_answer", cast.verifier, True)
    notice = Notice.objects.filter(recipient=cast.verifier, title__contains="您收到质量问责单").get()
    assert second.number in notice.title
    assert not Notice.objects.filter(recipient=cast.approver, title__contains="问责").exists()
    case.refresh_from_db()
    assert (case.state, case.turn) == (CaseState.PROPOSED, 1)


def test_further_people_are_added_and_nobody_twice(cast, case, sheet):
    case.refresh_from_db()
    (added,) = blame.served(cast, case, cast.checker)
    assert added.number == f"{case.number}-02"
    case.refresh_from_db()
    with pytest.raises(ValidationError, match="已有问责单"):
        blame.served(cast, case, cast.verifier)
    with pytest.raises(ValidationError, match="已有问责单"):
        blame.served(cast, case, cast.approver, cast.approver)


def test_somebody_who_signed_nothing_may_answer_too_and_nobody_proposes_themselves(cast, case):
    def propose(person):
        given = Proposed(person, "实施方案", Share.OTHER, "未组织学习实施方案", "由复核人员承担责任。", "提醒")
        return liability.propose_sheets(actor=cast.quality_office, case=case, turn=0, sheets=[given],
                                        confirmation=flow.confirmed(cast.quality_office))  # fmt: skip

    with pytest.raises(PermissionDenied, match="不能对本人"):
        propose(cast.quality_office)
    assert propose(cast.outsider)[0].signature is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"share": "all"}, "责任类别"), ({"grounds": " "}, "事实依据"), ({"clause": ""}, "制度依据"),
        ({"proposal": "\n"}, "处理意见"), ({"proposal": "长" * 5001}, "5000"),
    ],
)  # fmt: skip
def test_sheet_that_lacks_something_says_whose_and_nothing_is_served(cast, case, wrong, words):
    with pytest.raises(ValidationError, match=f"复核人：.*{words}"):
        blame.served(cast, case, cast.verifier, **wrong)
    assert not LiabilitySheet.objects.exists()
    assert not Deadline.objects.exists()


def test_signature_of_another_is_not_taken(cast, case):
    given = blame.proposed(case, cast.verifier)[0]
    stolen = Proposed(cast.checker, "校核", given.share, given.grounds, given.clause, given.proposal, given.signature)
    with pytest.raises(ValidationError, match="不是其在本轮的签署"):
        liability.propose_sheets(actor=cast.quality_office, case=case, turn=0, sheets=[stolen],
                                 confirmation=flow.confirmed(cast.quality_office))  # fmt: skip


def test_nothing_is_proposed_without_the_password_or_for_nobody(cast, case):
    with pytest.raises(PermissionDenied, match="重新输入密码"):
        liability.propose_sheets(actor=cast.quality_office, case=case, turn=0, sheets=blame.proposed(case, cast.checker),
                                 confirmation=flow.confirmed(cast.executive))  # fmt: skip
    with pytest.raises(ValidationError, match="至少为一人"):
        liability.propose_sheets(actor=cast.quality_office, case=case, turn=0, sheets=[],
                                 confirmation=flow.confirmed(cast.quality_office))  # fmt: skip


def test_nobody_is_served_while_the_time_limit_for_answers_is_switched_off(cast, case):
    with guards_lifted(connection):
        DeadlineRule.objects.filter(event=Event.LIABILITY_SERVED).update(is_active=False)
    with pytest.raises(ValidationError, match="“陈述申辩”时限已停用"):
        blame.served(cast, case, cast.verifier)
    assert not LiabilitySheet.objects.exists()


# ── Answering ───────────────────────────────────────────────────────────────
def test_appeal_stops_the_clock_and_starts_that_of_the_decision(cast, sheet):
    answered = blame.answered(sheet, "竣工图当时未提供，已口头提请。", files=[flow.pdf_file("说明.pdf")])
    assert (answered.state, answered.answer) == (SheetState.APPEALED, "竣工图当时未提供，已口头提请。")
    clocks = dict(Deadline.objects.of(sheet).values_list("rule__code", "state"))
    assert clocks == {"liability_answer": "fulfilled", "liability_decide": "running"}
    assert Deadline.objects.open().get().responsible == cast.executive
    assert Evidence.objects.get().liability_case == sheet.case
    told = Notice.objects.filter(title__contains="请决定质量问责单")
    assert [notice.recipient for notice in told] == [cast.executive]


def test_acceptance_may_carry_a_word(cast, sheet):
    answered = blame.answered(sheet)
    assert (answered.state, answered.answer) == (SheetState.ACCEPTED, walking.ACCEPTED)
    other = blame.served(cast, LiabilityCase.objects.get(), cast.checker)[0]
    worded = liability_sheets.answer_sheet(actor=cast.checker, sheet=other, turn=0, accepts=True, text=" 今后注意 ",
                                           confirmation=flow.confirmed(cast.checker))  # fmt: skip
    assert worded.answer == f"{walking.ACCEPTED}\n今后注意"
    assert walking.answer_kind(worded.answer) == "accepted"


def test_only_the_person_answers_once_and_with_words(cast, sheet):
    for actor in (cast.quality_office, cast.executive, cast.checker):
        with pytest.raises(PermissionDenied, match="当事人本人"):
            blame.answered(sheet, "代为申辩", actor=actor, confirmation=flow.confirmed(actor))
    with pytest.raises(ValidationError, match="陈述申辩的内容"):
        blame.answered(sheet, accepts=False, text=" ")
    with pytest.raises(ValidationError, match="请改选“无异议”"):
        blame.answered(sheet, walking.LAPSED)
    with pytest.raises(PermissionDenied, match="重新输入密码"):
        blame.answered(sheet, "申辩", confirmation=flow.confirmed(cast.checker))
    blame.answered(sheet, "申辩")
    with pytest.raises(AlreadyHandled, match="已由（复核人）于"):
        blame.answered(sheet, "再次申辩")


def test_after_the_window_nothing_is_answered_any_more(cast, sheet, later):
    later(queries.window_ends(sheet))
    with pytest.raises(ValidationError, match="届满，视为无异议"):
        blame.answered(sheet, "补充申辩")
    assert blame.fresh(sheet).state == SheetState.PROPOSED


def test_until_the_last_instant_of_the_window_it_is_answered(cast, sheet, later):
    later(queries.window_ends(sheet) - timedelta(seconds=1))
    assert blame.answered(sheet, "申辩").state == SheetState.APPEALED


# ── Lapsing ─────────────────────────────────────────────────────────────────
def test_silence_is_taken_for_consent_by_the_clockwork_once(cast, sheet, later):
    later(queries.window_ends(sheet) - timedelta(seconds=1))
    assert chores.lapse() == {}
    assert blame.fresh(sheet).state == SheetState.PROPOSED
    later(blame.after_window(sheet))
    chores.sweep()
    chores.sweep()
    lapsed = blame.fresh(sheet)
    assert (lapsed.state, lapsed.answer) == (SheetState.ACCEPTED, walking.LAPSED)
    entry = Entry.objects.get(action="liability.lapse")
    assert (entry.actor, entry.actor_name) == (None, "系统")
    clocks = dict(Deadline.objects.of(sheet).values_list("rule__code", "state"))
    assert clocks == {"liability_answer": "fulfilled", "liability_decide": "running"}
    assert not Notice.objects.filter(kind="overdue").exists()
    with pytest.raises(AlreadyHandled, match="已由（系统）于"):
        blame.answered(sheet, "补充申辩")
    assert checks.verify().problems == []


def test_one_sheet_that_cannot_lapse_does_not_hold_up_the_others(cast, case, later, monkeypatch):
    first, second = blame.served(cast, case, cast.checker, cast.verifier)
    whole = liability_sheets.lapse_sheet

    def breaks(sheet):
        if sheet.pk == first.pk:
            raise RuntimeError("broken")
        return whole(sheet)

    monkeypatch.setattr(liability_sheets, "lapse_sheet", breaks)
    later(blame.after_window(second))
    assert list(chores.lapse()) == [Deadline.objects.of(first).get().pk]
    assert (blame.fresh(first).state, blame.fresh(second).state) == (SheetState.PROPOSED, SheetState.ACCEPTED)
    chores.sweep()
    assert "broken" in Heartbeat.objects.get(name="sweep").error


# ── Deciding ────────────────────────────────────────────────────────────────
def test_decision_is_signed_kept_on_paper_and_ends_the_case(cast, case, sheet):
    blame.answered(sheet, "竣工图当时未提供。")
    decided = blame.decided(cast, sheet, outcome="changed", decision="减半处理。", hearing="底稿证实已口头提请。")
    assert (decided.state, decided.outcome, decided.decided_by) == (SheetState.DECIDED, "changed", cast.executive)
    assert stored_pdf(decided.pdf, decided.pdf_sha256).startswith(b"%PDF")
    assert not Deadline.objects.open().exists()
    case.refresh_from_db()
    assert (case.state, case.closed_at) == (CaseState.DECIDED, decided.decided_at)
    assert Notice.objects.filter(recipient=cast.verifier, title__contains="已作出决定：变更处理意见").exists()
    assert checks.verify().problems == []


def test_case_goes_on_until_the_last_sheet_is_decided(cast, case):
    first, second = blame.served(cast, case, cast.checker, cast.verifier)
    blame.answered(first)
    blame.decided(cast, first)
    case.refresh_from_db()
    assert case.state == CaseState.PROPOSED
    blame.answered(second)
    blame.decided(cast, second)
    case.refresh_from_db()
    assert case.state == CaseState.DECIDED


def test_nobody_is_judged_unheard(cast, sheet, later):
    with pytest.raises(ValidationError, match="尚未陈述申辩"):
        blame.decided(cast, sheet)
    later(blame.after_window(sheet))
    decided = blame.decided(cast, sheet)
    assert (decided.state, decided.answer) == (SheetState.DECIDED, walking.LAPSED)
    assert Entry.objects.filter(action__in=["liability.lapse", "liability.decide"]).count() == 2
    assert checks.verify().problems == []


def test_appeal_needs_what_the_hearing_found_and_every_decision_its_words(cast, sheet):
    blame.answered(sheet, "申辩")
    with pytest.raises(ValidationError, match="听证、核查情况"):
        blame.decided(cast, sheet, hearing=" ")
    with pytest.raises(ValidationError, match="处理决定"):
        blame.decided(cast, sheet, decision="")
    with pytest.raises(ValidationError, match="请选择决定"):
        blame.decided(cast, sheet, outcome="maybe")
    assert blame.fresh(sheet).state == SheetState.APPEALED


@pytest.mark.parametrize("part", ["quality_office", "chief_engineer", "approver", "verifier", "auditor"])
def test_only_the_executive_decides(cast, sheet, part):
    blame.answered(sheet)
    with pytest.raises(PermissionDenied):
        blame.decided(cast, sheet, actor=getattr(cast, part))


def test_who_proposed_is_concerned_or_signed_that_round_does_not_decide(cast, deliverable):
    both = blame.one_more(cast, "兼任", Role.EXECUTIVE)
    both.posts.create(role=Role.QUALITY_OFFICE, unit=None, starts_on="2024-01-01")
    case = blame.opened(cast, deliverable)
    (sheet,) = blame.served(cast, case, cast.verifier, actor=both)
    blame.answered(sheet)
    cast.checker.posts.create(role=Role.EXECUTIVE, unit=None, starts_on="2024-01-01")
    cast.verifier.posts.create(role=Role.EXECUTIVE, unit=None, starts_on="2024-01-01")
    for actor in (both, cast.checker, cast.verifier):
        with pytest.raises(PermissionDenied, match="由其他管理层人员办理"):
            blame.decided(cast, sheet, actor=actor)
    assert queries.deciders(sheet.case) == [cast.executive]
    assert blame.decided(cast, sheet).state == SheetState.DECIDED


def test_executive_who_issued_the_round_does_not_decide_and_another_does(cast, major_project):
    case = blame.opened(cast, blame.issued(cast, major_project), round=None)
    (sheet,) = blame.served(cast, case, cast.verifier)
    blame.answered(sheet)
    assert queries.deciders(case) == []
    assert Deadline.objects.open().get().responsible is None
    with pytest.raises(PermissionDenied):
        blame.decided(cast, sheet)
    other = blame.one_more(cast, "副总", Role.EXECUTIVE)
    assert blame.decided(cast, sheet, actor=other).decided_by == other


def test_stale_page_of_a_decision_is_told_who_was_faster(cast, sheet):
    blame.answered(sheet)
    with pytest.raises(AlreadyHandled):
        blame.decided(cast, sheet, turn=0)
    blame.decided(cast, sheet)
    with pytest.raises(AlreadyHandled, match="已由（管理层）于"):
        blame.decided(cast, sheet)


# ── Proofs ──────────────────────────────────────────────────────────────────
def test_proofs_are_seen_by_whoever_looks_into_it_and_not_by_colleagues(cast, case):
    first, second = blame.served(cast, case, cast.checker, cast.verifier)
    case.refresh_from_db()
    (office,) = liability.add_evidence(actor=cast.quality_office, case=case, uploads=[kit.photo(shade=1)])
    (own,) = liability.add_evidence(actor=cast.checker, case=case, uploads=[kit.photo(shade=2)])
    with pytest.raises(PermissionDenied):
        liability.add_evidence(actor=cast.approver, case=case, uploads=[kit.photo(shade=3)])
    assert set(visible_evidence(cast.checker)) == {office, own}
    assert set(visible_evidence(cast.verifier)) == {office}
    assert set(visible_evidence(cast.executive)) == {office, own}
    assert not visible_evidence(cast.approver).exists()
    liability.add_evidence(actor=cast.verifier, case=case, uploads=[kit.photo(shade=2)])
    with pytest.raises(ValidationError, match="已经上传过"):
        liability.add_evidence(actor=cast.verifier, case=case, uploads=[kit.photo(shade=2)])
    for sheet in (first, second):
        blame.answered(sheet)
        blame.decided(cast, sheet)
    case.refresh_from_db()
    with pytest.raises(AlreadyHandled):
        liability.add_evidence(actor=cast.quality_office, case=case, uploads=[kit.photo(shade=4)])


def test_voided_clock_takes_nobody_s_time_to_answer(cast, sheet, later):
    clock = Deadline.objects.of(sheet).get()
    deadline_services.cancel(actor=cast.quality_office, deadline=clock, reason="登记有误")
    with pytest.raises(ValidationError, match="尚未陈述申辩"):
        blame.decided(cast, sheet)
    later(clock.due_at)
    assert blame.decided(cast, sheet).answer == walking.LAPSED
    assert not Deadline.objects.open().exists()


def test_proof_taken_back_leaves_no_trace_in_the_project(cast, deliverable):
    case = blame.opened(cast, deliverable, files=[kit.photo()])
    evidence.remove(actor=cast.quality_office, evidence=case.evidence.get())
    assert Entry.objects.get(action="inspection.evidence_remove").scope_type == "inspections.liabilitycase"


# ── Who sees what ───────────────────────────────────────────────────────────
def test_the_project_reads_nothing_of_it_in_its_timeline(cast, project, sheet):
    before = Entry.objects.within(project).count()
    blame.answered(sheet, "申辩")
    blame.decided(cast, sheet)
    assert Entry.objects.within(project).count() == before
    assert not Entry.objects.within(project).filter(subject_type__contains="liability").exists()
    scopes_seen = set(Entry.objects.filter(action__startswith="liability.").values_list("scope_type", flat=True))
    assert scopes_seen == {"inspections.liabilitycase"}


@pytest.mark.parametrize(
    "part", ["preparer", "checker", "approver", "outsider", "auditor", "administrator", "archivist"]
)
def test_colleagues_and_the_rest_of_the_firm_see_neither_case_nor_sheet_nor_clock(cast, sheet, part):
    user = getattr(cast, part)
    assert not LiabilityCase.objects.visible_to(user).exists()
    assert not LiabilitySheet.objects.visible_to(user).exists()
    assert not Deadline.objects.visible_to(user).of(sheet).exists()


def test_the_person_sees_the_own_sheet_and_clock_and_who_reads_inspections_all(cast, case):
    _, second = blame.served(cast, case, cast.checker, cast.verifier)
    assert list(LiabilitySheet.objects.visible_to(cast.verifier)) == [second]
    assert Deadline.objects.visible_to(cast.verifier).count() == 1
    for part in ("quality_office", "executive", "chief_engineer"):
        assert LiabilitySheet.objects.visible_to(getattr(cast, part)).count() == 2
        assert Deadline.objects.visible_to(getattr(cast, part)).count() == 2


def test_walk_shows_a_person_the_facts_of_all_and_the_proposal_of_none_but_their_own(cast, case, sheet):
    mine = {step["person"]: step["share"] for step in queries.walk_steps(case, cast.verifier)}
    assert [person for person, share in mine.items() if share] == [cast.verifier.pk]
    assert len(mine) == 4
    assert [step["share"] for step in queries.walk_steps(case, cast.executive)][:2] == ["prepared", "direct"]


def test_clock_is_filled_by_the_person_below_the_firm_and_by_posts_above_and_never_by_both(cast, sheet):
    label = "inspections.liabilitysheet"
    places = [Place(sheet.pk, role) for role in Role]

    def filled():
        return {place.role: [each.pk for each in people] for place, people in scopes.holders(label, places).items()}

    now = filled()
    assert now[Role.COST_ENGINEER] == now[Role.TECHNICAL_DIRECTOR] == [cast.verifier.pk]
    assert now[Role.EXECUTIVE] == [cast.executive.pk]
    assert now[Role.QUALITY_OFFICE] == [cast.quality_office.pk]
    assert now[Role.AUDITOR] == now[Role.ADMINISTRATOR] == now[Role.ARCHIVIST] == []
    for role in (Role.EXECUTIVE, Role.QUALITY_OFFICE):
        cast.verifier.posts.create(role=role, unit=None, starts_on="2024-01-01")
    blame.answered(sheet)
    after = filled()
    assert cast.verifier.pk not in {pk for people in after.values() for pk in people}
    assert after[Role.EXECUTIVE] == [cast.executive.pk]
    assert scopes.confidential(label, [sheet.pk]) == {sheet.pk}


def test_the_person_does_not_decide_about_the_own_time_whatever_their_post(cast, sheet):
    cast.verifier.posts.create(role=Role.EXECUTIVE, unit=None, starts_on="2024-01-01")
    clock = Deadline.objects.of(sheet).get()
    assert scopes.roles_on(cast.verifier, clock) == {Role.COST_ENGINEER}
    assert scopes.roles_on(cast.executive, clock) == {Role.EXECUTIVE}
    assert scopes.roles_on(cast.checker, clock) == set()


def test_places_of_many_sheets_are_filled_in_the_same_queries(cast, case, django_assert_num_queries):
    sheets = blame.served(cast, case, cast.checker, cast.verifier, cast.approver)
    with django_assert_num_queries(4):
        scopes.holders("inspections.liabilitysheet", [Place(sheets[0].pk, Role.EXECUTIVE)])
    with django_assert_num_queries(4):
        scopes.holders("inspections.liabilitysheet", [Place(row.pk, role) for row in sheets for role in Role])


# ── Evidence ────────────────────────────────────────────────────────────────
COLUMNS = {
    LiabilityCase: {"problem": "别的问题", "walk": [], "walk_sha256": "0", "category": "data", "amount": 1},
    LiabilitySheet: {"grounds": "别的", "proposal": "别的", "share": "other", "answer": "别的", "decision": "别的",
                     "outcome": "revoked", "hearing": "别的", "pdf_sha256": "0", "decision_digest": "0"},
}  # fmt: skip


def test_database_refuses_to_change_what_was_decided(cast, sheet):
    blame.answered(sheet, "申辩")
    blame.decided(cast, sheet)
    for model, columns in COLUMNS.items():
        for column, value in columns.items():
            with pytest.raises(DatabaseError), transaction.atomic():
                model.objects.update(**{column: value})
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.all().delete()


EDITS = [
    (LiabilitySheet, {"grounds": "别的"}, "问责单 {number} 的提出内容与证据链不符"),
    (LiabilitySheet, {"answer": "别的"}, "问责单 {number} 的陈述申辩与证据链不符"),
    (LiabilitySheet, {"decision": "别的"}, "问责单 {number} 的处理决定与证据链不符"),
    (LiabilitySheet, {"pdf_sha256": "0" * 64}, "问责单 {number} 的PDF 摘要与证据链不符"),
    (LiabilitySheet, {"state": "appealed"}, "问责单 {number} 的状态与证据链不符"),
    (LiabilityCase, {"walk": []}, "问责 {case} 的签署追溯与证据链不符"),
    (LiabilityCase, {"problem": "别的"}, "问责 {case} 的内容与证据链不符"),
    (LiabilityCase, {"state": "open"}, "问责 {case} 的状态与证据链不符"),
]


def test_verification_names_what_was_edited(cast, case, sheet):
    blame.answered(sheet, "申辩")
    blame.decided(cast, sheet)
    assert checks.verify().problems == []
    for model, changes, words in EDITS:
        before = model.objects.values(*changes).get()
        with guards_lifted(connection):
            model.objects.update(**changes)
        assert words.format(number=sheet.number, case=case.number) in checks.verify().problems
        with guards_lifted(connection):
            model.objects.update(**before)
    assert checks.verify().problems == []


def test_verification_names_a_paper_that_is_gone_and_a_sheet_that_was_deleted(cast, sheet):
    blame.answered(sheet)
    decided = blame.decided(cast, sheet)
    default_storage.delete(decided.pdf)
    assert checks.verify().problems == [f"问责单 {sheet.number} 的 PDF 缺失，或与决定时的哈希不符"]
    with guards_lifted(connection):
        LiabilitySheet.objects.all().delete()
    assert checks.verify().problems == [f"问责单 {decided} 有记录，却不在数据库中"]


def test_every_act_has_words_in_the_ledger(cast, sheet):
    blame.answered(sheet, "申辩")
    blame.decided(cast, sheet)
    actions = set(Entry.objects.filter(action__startswith="liability.").values_list("action", flat=True))
    assert actions == {f"liability.{act}" for act in ("open", "propose", "serve", "appeal", "decide", "close")}
    assert all(action_label(action).startswith("质量问责：") for action in actions)
