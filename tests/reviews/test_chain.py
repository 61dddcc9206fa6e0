"""The chain from submission to issue, rule by rule (domain §3)."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from ledger.models import Entry
from notices.models import Notice
from projects import services as project_services
from projects.models import Assignment
from reviews import queries, services
from reviews.chain import AlreadyHandled
from reviews.choices import State
from reviews.models import Level, Round, Route, Seat, Signature
from reviews.verification import evidence_problems, signatures_intact
from staff.choices import Role
from staff.models import Post, User
from staff.services import deactivate_user
from tests.reviews import flow


@pytest.fixture
def deliverable(cast, project):
    return flow.open_deliverable(cast, project)


def waiting_for(deliverable) -> list[tuple[str, str]]:
    return [(w.user.name, w.duty) for r in deliverable.rounds.all() for w in r.waitings.all()]


def test_deliverable_passes_three_levels_and_is_issued(cast, deliverable):
    assert waiting_for(deliverable) == [("编制人", "prepare")]
    flow.submit(deliverable)
    assert waiting_for(deliverable) == [("校核人", "sign")]
    flow.sign(deliverable)
    assert waiting_for(deliverable) == [("复核人", "sign")]
    flow.sign(deliverable)
    flow.sign(deliverable, hits=flow.hits_losing(Decimal("13.5")))
    assert waiting_for(deliverable) == [("总工", "issue")]
    round = flow.issue(deliverable)
    assert round.state == State.ISSUED
    assert waiting_for(deliverable) == []
    sheet = round.signatures.get(level__title="审核").score_sheet
    assert (sheet.total, sheet.grade) == (Decimal("86.50"), "优良")
    assert round.issue.number.startswith("2026-ZJ1-JSSH-")


def refused(match: str):
    return pytest.raises(ValidationError, match=match)


# ── Rule 1: levels in order, none skipped; exemption is a signed record ─────
def test_levels_are_signed_in_order(cast, deliverable):
    flow.submit(deliverable)
    round = flow.live(deliverable)
    for early in (cast.verifier, cast.approver):
        with pytest.raises(PermissionDenied):
            services.sign(actor=early, round=round, turn=round.turn, content=flow.content(round),
                          confirmation=flow.confirmed(early))  # fmt: skip
    assert round.signatures.count() == 1


def exempt(deliverable, actor, reason="文字报告，不涉及计量计算"):
    round = flow.live(deliverable)
    level = round.route.levels.get(order=1)
    return services.exempt_level(
        actor=actor, round=round, turn=round.turn, level=level, reason=reason, confirmation=flow.confirmed(actor)
    )


def test_checking_is_not_exempted_where_there_is_calculation(cast, deliverable):
    with refused("必须经过校核"):
        exempt(deliverable, cast.approver)


def test_checking_is_exempted_by_the_technical_director_alone(cast, project):
    report = flow.open_deliverable(cast, project, title="咨询总结报告", has_calculation=False)
    with pytest.raises(PermissionDenied):
        exempt(report, cast.verifier)
    exempt(report, cast.approver)
    flow.submit(report)
    assert flow.live(report).level.title == "复核"
    flow.sign_all(report)
    assert queries.issue_gaps(flow.live(report)) == []


def test_exemption_during_checking_passes_the_round_on(cast, project):
    report = flow.open_deliverable(cast, project, title="咨询总结报告", has_calculation=False)
    flow.submit(report)
    exempt(report, cast.approver)
    assert waiting_for(report) == [("复核人", "sign")]


def test_preparer_exempts_no_level_of_the_own_work(cast, project):
    """A technical director who prepares would otherwise have one person less look at it (rule 6)."""
    Post.objects.create(user=cast.preparer, role=Role.TECHNICAL_DIRECTOR, unit=cast.zj1)
    report = flow.open_deliverable(cast, project, title="咨询总结报告", has_calculation=False)
    with pytest.raises(PermissionDenied, match="本人编制"):
        exempt(report, User.objects.get(pk=cast.preparer.pk))
    with refused("500"):
        exempt(report, cast.approver, reason="长" * 501)
    assert not report.exemptions.exists()


# ── Rule 2: remarks ─────────────────────────────────────────────────────────
def test_level_with_an_open_remark_is_not_signed(cast, deliverable):
    flow.submit(deliverable)
    flow.draft_remark(deliverable)
    with refused("1 条意见未关闭"):
        flow.sign(deliverable)
    flow.return_remarks(deliverable)
    assert waiting_for(deliverable) == [("编制人", "answer")]
    flow.answer(deliverable)
    assert waiting_for(deliverable) == [("校核人", "sign")]
    with refused("1 条意见未关闭"):
        flow.sign(deliverable)
    flow.recheck_all(deliverable)
    flow.sign(deliverable)
    assert flow.live(deliverable).level.title == "复核"


def test_remark_that_fails_its_recheck_goes_back_to_the_preparer(cast, deliverable):
    flow.submit(deliverable)
    flow.draft_remark(deliverable)
    flow.return_remarks(deliverable)
    flow.answer(deliverable)
    flow.recheck_all(deliverable, passed=False)
    flow.return_remarks(deliverable)
    assert waiting_for(deliverable) == [("编制人", "answer")]


def test_remark_is_rechecked_by_the_level_that_raised_it(cast, deliverable):
    flow.submit(deliverable)
    flow.draft_remark(deliverable)
    flow.return_remarks(deliverable)
    round = flow.answer(deliverable)
    for other in (cast.verifier, cast.approver, cast.preparer):
        with pytest.raises(PermissionDenied):
            services.recheck_remark(actor=other, remark=deliverable.remarks.get(), turn=round.turn, passed=True)


def test_remark_of_a_higher_level_survives_the_new_round_until_its_reviewer_closes_it(cast, deliverable):
    flow.submit(deliverable)
    flow.sign(deliverable)
    flow.draft_remark(deliverable)
    flow.return_remarks(deliverable)
    flow.start_version(deliverable, note="按意见修改")
    flow.upload(deliverable, mark="v2")
    flow.submit(deliverable, answers=flow.corrected(deliverable))
    flow.sign(deliverable)
    with refused("1 条意见未关闭"):
        flow.sign(deliverable)
    flow.recheck_all(deliverable)
    flow.sign(deliverable)
    assert flow.live(deliverable).level.title == "审核"


def test_corrected_needs_a_new_version(cast, deliverable):
    flow.submit(deliverable)
    flow.draft_remark(deliverable)
    round = flow.return_remarks(deliverable)
    with refused("请新建版本"):
        services.answer_remarks(actor=cast.preparer, round=round, turn=round.turn, answers=flow.corrected(deliverable))


def test_remarks_without_answer_keep_the_round_from_being_submitted(cast, deliverable):
    flow.submit(deliverable)
    flow.draft_remark(deliverable)
    flow.send_back(deliverable)
    flow.start_version(deliverable)
    flow.upload(deliverable, mark="v2")
    with refused("意见 1 尚未回复"):
        flow.submit(deliverable)


# ── Rules 3 and 4: checklist, statements, prompts ───────────────────────────
def test_unanswered_checklist_line_is_refused(cast, deliverable):
    round = flow.submit(deliverable)
    answers = {item.pk: ("yes", "") for item in round.level.checklist.all()}
    answers.pop(next(iter(answers)))
    with refused("第 1 项尚未回答"):
        flow.sign(deliverable, checklist=answers)


def test_no_without_explanation_is_refused(cast, deliverable):
    round = flow.submit(deliverable)
    answers = {item.pk: ("no", "") for item in round.level.checklist.all()}
    with refused("请填写说明"):
        flow.sign(deliverable, checklist=answers)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"declares_no_unresolved": False}, "请填写未决事项"),
        ({"unresolved": ["价差未定"]}, "不能同时声明"),
        ({"unresolved": ["长" * 501], "declares_no_unresolved": False}, "最多 500 字"),
        ({"attention": ["长" * 501], "declares_no_attention": False}, "最多 500 字"),
        ({"declares_no_attention": False}, "请填写提请重点复核"),
        ({"opinion": "  "}, "请填写意见"),
        ({"amount": None}, "请填写校核后的金额"),
        ({"amount": Decimal("960000.005")}, "最多两位小数"),
        ({"manifest": "0" * 64}, "与当前版本不一致"),
    ],
)
def test_incomplete_signature_is_refused(cast, deliverable, changes, words):
    flow.submit(deliverable)
    with refused(words):
        flow.sign(deliverable, **changes)


def test_zero_signed_with_a_minus_is_the_zero_that_the_database_keeps(cast, deliverable):
    """The digest is over the amount as it will be read back: otherwise an honest signature looks tampered with."""
    round = flow.submit(deliverable)
    prompts = [prompt.code for prompt in queries.prompts(round, Decimal("-0"))]
    flow.sign(deliverable, amount=Decimal("-0"), acknowledged=prompts)
    assert signatures_intact(flow.live(deliverable))
    assert list(evidence_problems()) == []


def test_none_over_a_prompt_must_be_confirmed_and_is_recorded(cast, project, deliverable):
    project_services.register_risk(actor=cast.verifier, project=project, description="甲供材价差未确认", probability=3,
                                   impact=3, owner=cast.verifier)  # fmt: skip
    flow.submit(deliverable)
    with refused("甲供材价差未确认"):
        flow.sign(deliverable, acknowledged=[])
    flow.sign(deliverable)
    signature = Signature.objects.get(signer=cast.checker)
    assert any("甲供材价差未确认" in text for text in signature.prompts_overridden)
    entry = Entry.objects.about(deliverable).last()
    assert "甲供材价差未确认" in entry.data


def test_swing_of_the_amount_over_the_threshold_becomes_a_prompt(cast, deliverable):
    flow.submit(deliverable)
    with refused("校核金额较上一级变动"):
        flow.sign(deliverable, amount=Decimal("900000.00"), acknowledged=[])
    flow.sign(deliverable, amount=Decimal("900000.00"))
    steps = queries.amounts_of(flow.live(deliverable))
    assert steps[-1] == ("校核", Decimal("900000.00"))


# ── Rule 5: new version, send back ──────────────────────────────────────────
def test_new_version_voids_the_round_and_starts_at_level_1(cast, deliverable):
    flow.submit(deliverable)
    flow.sign(deliverable)
    flow.start_version(deliverable, note="补充签证")
    assert deliverable.rounds.get(number=1).state == State.VOIDED
    flow.upload(deliverable, mark="v2")
    flow.submit(deliverable)
    round = flow.live(deliverable)
    assert (round.number, round.level.title) == (2, "校核")
    assert Notice.objects.filter(recipient=cast.checker, kind="voided").exists()


def test_sent_back_round_tells_everyone_who_signed_with_the_reason(cast, deliverable):
    flow.submit(deliverable)
    flow.sign(deliverable)
    flow.sign(deliverable)
    flow.send_back(deliverable, reason="取费标准用错")
    told = Notice.objects.filter(kind="sent_back", body="取费标准用错")
    assert {notice.recipient.name for notice in told} == {"编制人", "校核人", "复核人"}
    assert waiting_for(deliverable) == [("编制人", "prepare")]


def test_sending_back_needs_a_reason(cast, deliverable):
    flow.submit(deliverable)
    with refused("请填写退回原因"):
        flow.send_back(deliverable, reason=" ")


def test_version_that_was_sent_back_does_not_come_again(cast, deliverable):
    flow.submit(deliverable)
    flow.send_back(deliverable)
    with refused("已被退回，请新建版本"):
        flow.submit(deliverable)


def test_same_files_are_no_new_version(cast, deliverable):
    flow.submit(deliverable)
    flow.send_back(deliverable)
    flow.start_version(deliverable)
    flow.upload(deliverable)
    with refused("完全相同"):
        flow.submit(deliverable)


def test_version_without_a_file_is_not_submitted(cast, project):
    empty = services.open_deliverable(
        actor=cast.preparer, project=project, title="空", kind="other", preparer=cast.preparer,
        discipline=project.assignments.get(user=cast.preparer).discipline,
    )  # fmt: skip
    with refused("还没有文件"):
        flow.submit(empty)


# ── Rule 6: different people; nobody signs for another ──────────────────────
def test_one_person_in_two_seats_is_refused_by_the_database(cast, deliverable):
    level = Level.objects.get(route=flow.live(deliverable).route, order=2)
    for person in (cast.preparer, cast.checker):
        with pytest.raises(IntegrityError), transaction.atomic():
            Seat.objects.filter(deliverable=deliverable, level=level).update(holder=person)


def test_administrator_holds_no_seat_and_signs_nothing(cast, deliverable):
    flow.submit(deliverable)
    round = flow.live(deliverable)
    with pytest.raises(PermissionDenied):
        services.sign(actor=cast.administrator, round=round, turn=round.turn, content=flow.content(round),
                      confirmation=flow.confirmed(cast.administrator))  # fmt: skip
    seat = deliverable.seats.get(level=round.level)
    with refused("三员分立"):
        services.hand_over(
            actor=cast.verifier, round=round, turn=round.turn, seat=seat, to=cast.administrator, reason="出差"
        )


def test_signature_needs_a_fresh_password_of_the_signer(cast, deliverable):
    round = flow.submit(deliverable)
    with pytest.raises(PermissionDenied, match="重新输入密码"):
        services.sign(actor=cast.checker, round=round, turn=round.turn, content=flow.content(round),
                      confirmation=flow.confirmed(cast.verifier))  # fmt: skip


def test_expired_certificate_signs_nothing(cast, deliverable):
    flow.submit(deliverable)
    cast.checker.certificates.update(expires_on="2020-01-01")
    with refused("已于 2020-01-01 到期"):
        flow.sign(deliverable)


def test_handed_over_level_is_signed_by_the_deputy(cast, deliverable):
    round = flow.submit(deliverable)
    seat = deliverable.seats.get(level=round.level)
    services.hand_over(actor=cast.checker, round=round, turn=round.turn, seat=seat, to=cast.outsider, reason="休假")
    assert waiting_for(deliverable) == [("局外人", "sign")]
    assignment = Assignment.objects.get(user=cast.outsider, project=deliverable.project)
    assert (assignment.role, assignment.is_deputy, assignment.reason) == (Role.DISCIPLINE_LEAD, True, "休假")
    round = flow.live(deliverable)
    with pytest.raises(PermissionDenied):
        services.sign(actor=cast.checker, round=round, turn=round.turn, content=flow.content(round),
                      confirmation=flow.confirmed(cast.checker))  # fmt: skip
    flow.sign(deliverable)
    assert Signature.objects.filter(signer=cast.outsider).exists()


def test_project_manager_does_not_fill_the_levels_above(cast, deliverable):
    round = flow.submit(deliverable)
    seat = deliverable.seats.get(level__title="审核")
    with pytest.raises(PermissionDenied, match="职责不低于该环节"):
        services.hand_over(
            actor=cast.verifier, round=round, turn=round.turn, seat=seat, to=cast.outsider, reason="出差"
        )
    services.hand_over(actor=cast.approver, round=round, turn=round.turn, seat=seat, to=cast.outsider, reason="出差")


def test_preparer_gives_no_level_that_looks_over_the_own_work(cast, project):
    Assignment.objects.create(project=project, user=cast.preparer, role=Role.PROJECT_MANAGER)
    deliverable = flow.open_deliverable(cast, project)
    round = flow.submit(deliverable)
    seat = deliverable.seats.get(level__title="校核")
    with pytest.raises(PermissionDenied, match="编制人不能移交"):
        services.hand_over(
            actor=cast.preparer, round=round, turn=round.turn, seat=seat, to=cast.outsider, reason="出差"
        )


def test_former_preparer_takes_no_level(cast, project, deliverable):
    flow.submit(deliverable)
    flow.send_back(deliverable)
    round = flow.live(deliverable)
    seat = deliverable.seats.get(level__order=0)
    services.hand_over(actor=cast.verifier, round=round, turn=round.turn, seat=seat, to=cast.outsider, reason="离职")
    deliverable.refresh_from_db()
    assert deliverable.preparer == cast.outsider
    round = flow.live(deliverable)
    seat = deliverable.seats.get(level__title="校核")
    with refused("编制人"):
        services.hand_over(
            actor=cast.verifier, round=round, turn=round.turn, seat=seat, to=cast.preparer, reason="换人"
        )


def test_person_with_open_duties_is_not_deactivated(cast, deliverable):
    flow.submit(deliverable)
    with refused(deliverable.number):
        deactivate_user(actor=cast.administrator, user=cast.checker)


# ── Rule 7: withdraw until the next has acted ───────────────────────────────
def withdraw(deliverable, reason="文件传错"):
    round = flow.live(deliverable)
    return services.withdraw(actor=deliverable.preparer, round=round, turn=round.turn, reason=reason)


def test_submission_is_withdrawn_until_the_next_has_acted(cast, deliverable):
    flow.submit(deliverable)
    withdraw(deliverable)
    assert waiting_for(deliverable) == [("编制人", "prepare")]
    flow.submit(deliverable)
    flow.sign(deliverable)
    with refused("不能撤回"):
        withdraw(deliverable)


def revoke(deliverable, actor):
    round = flow.live(deliverable)
    return services.revoke(actor=actor, round=round, turn=round.turn, reason="看漏一处")


def test_signature_is_revoked_until_the_next_has_acted_and_stays_on_record(cast, deliverable):
    flow.submit(deliverable)
    flow.sign(deliverable)
    revoke(deliverable, cast.checker)
    assert waiting_for(deliverable) == [("校核人", "sign")]
    assert Signature.objects.filter(signer=cast.checker, revoked_at__isnull=False).count() == 1
    flow.sign(deliverable)
    flow.sign(deliverable)
    with pytest.raises(PermissionDenied):
        revoke(deliverable, cast.checker)


# ── Rule 8 and 9: score, gate, number ───────────────────────────────────────
def test_unscored_approval_is_refused(cast, deliverable):
    flow.submit(deliverable)
    flow.sign(deliverable)
    flow.sign(deliverable)
    with refused("请按评分标准评分"):
        flow.sign(deliverable, hits=None)


def test_failed_score_closes_the_gate(cast, deliverable):
    flow.submit(deliverable)
    flow.sign(deliverable)
    flow.sign(deliverable)
    flow.sign(deliverable, hits=flow.hits_losing(Decimal("45")))
    gaps = queries.issue_gaps(flow.live(deliverable))
    assert [gap.text for gap in gaps] == ["成果评分 55.00 分，不合格"]
    with refused("不合格"):
        flow.issue(deliverable)


def test_gate_lists_what_is_missing_and_who_owes_it(cast, project, deliverable):
    project_services.register_risk(actor=cast.verifier, project=project, description="签证未确认", probability=2,
                                   impact=2, owner=cast.verifier)  # fmt: skip
    flow.submit(deliverable)
    flow.sign_all(deliverable)
    [gap] = queries.issue_gaps(flow.live(deliverable))
    assert (gap.text, gap.owed_by) == ("风险未处理：签证未确认", "复核人")
    with refused("签证未确认（责任人：复核人）"):
        flow.issue(deliverable)
    project_services.settle_risk(actor=cast.verifier, risk=project.risks.get(), status="removed", resolution="已补签")
    assert flow.issue(deliverable).state == State.ISSUED


def test_changed_file_closes_the_gate(cast, deliverable):
    flow.submit(deliverable)
    flow.sign_all(deliverable)
    attachment = deliverable.versions.get().attachments.get()
    with open(attachment.file.path, "ab") as stored:
        stored.write(b" ")
    with refused("与封存时的哈希不一致"):
        flow.issue(deliverable)


def test_issue_numbers_have_no_gap_after_a_failed_issue(cast, project):
    numbers = []
    for title in ("甲", "乙", "丙"):
        made = flow.open_deliverable(cast, project, title=title)
        flow.upload(made, name=f"{title}.xlsx", mark=title)
        flow.submit(made)
        flow.sign_all(made)
        with refused("请填写意见"):
            flow.issue(made, opinion="")
        numbers.append(flow.issue(made).issue.serial)
    assert numbers == [1, 2, 3]


def test_issued_deliverable_takes_no_further_act(cast, deliverable):
    flow.submit(deliverable)
    flow.sign_all(deliverable)
    round = flow.issue(deliverable)
    with pytest.raises(AlreadyHandled):
        services.start_version(actor=cast.preparer, round=round, turn=round.turn)


# ── Routes ──────────────────────────────────────────────────────────────────
def test_major_project_passes_the_expert_panel_and_the_executive_issues(cast, major_project):
    deliverable = flow.open_deliverable(cast, major_project)
    flow.submit(deliverable)
    for _ in range(3):
        flow.sign(deliverable)
    assert set(waiting_for(deliverable)) == {("专家甲", "opinion"), ("专家乙", "opinion")}
    flow.sign_panel(deliverable)
    assert waiting_for(deliverable) == [("管理层", "issue")]
    assert flow.issue(deliverable).state == State.ISSUED


def test_panel_leader_concludes_last(cast, major_project):
    deliverable = flow.open_deliverable(cast, major_project)
    flow.submit(deliverable)
    for _ in range(3):
        flow.sign(deliverable)
    with refused("专家评审意见还差 2 份"):
        flow.sign(deliverable)


def test_consulting_route_runs_from_self_review_to_issue(cast, project):
    project.business_line = "engineering_consulting"
    project.save()
    deliverable = flow.open_deliverable(cast, project, title="可行性研究报告")
    titles = [level.title for level in flow.live(deliverable).route.levels.all()]
    assert titles == ["自审", "初审", "审定", "签发"]
    flow.submit(deliverable)
    flow.sign_all(deliverable)
    assert flow.issue(deliverable).state == State.ISSUED


def test_project_that_became_major_needs_its_seats_anew(cast, project, deliverable):
    project.importance = "major"
    project.save()
    with refused("请重新设置审签人"):
        flow.submit(deliverable)


def test_major_project_cannot_choose_a_route_without_the_panel(cast, major_project):
    with refused("须经专家评审组"):
        services.choose_route(actor=cast.verifier, project=major_project, route=Route.objects.get(code="three_levels"),
                              reason="赶工")  # fmt: skip


def test_route_without_the_panel_counts_no_more_once_the_project_is_major(cast, project):
    three_levels = Route.objects.get(code="three_levels")
    services.choose_route(actor=cast.verifier, project=project, route=three_levels, reason="常规")
    assert queries.route_of(project) == three_levels
    project.importance = "major"
    project.save()
    assert queries.route_of(project).code == "three_levels_panel"


def test_route_without_checking_is_chosen_by_the_technical_director_alone(cast, project):
    consulting = Route.objects.get(code="consulting")
    with refused("不含校核"):
        services.choose_route(actor=cast.verifier, project=project, route=consulting, reason="赶工")
    services.choose_route(actor=cast.approver, project=project, route=consulting, reason="咨询报告")
    assert queries.route_of(project) == consulting


def test_every_act_leaves_one_row_in_the_ledger(cast, deliverable):
    before = Entry.objects.about(deliverable).count()
    flow.submit(deliverable)
    flow.sign(deliverable)
    flow.send_back(deliverable)
    actions = list(Entry.objects.about(deliverable).values_list("action", flat=True))[before:]
    assert actions == ["review.submit", "review.sign", "review.send_back"]


def test_rounds_of_a_deliverable_have_one_current(cast, deliverable):
    flow.submit(deliverable)
    flow.send_back(deliverable)
    assert Round.objects.current().filter(deliverable=deliverable).count() == 1
