"""Turns of events in which the chain once stopped for good, or let something through: each a sentence of its own."""

import pytest
from django.core.exceptions import ValidationError

from projects import services as project_services
from reviews import queries, services
from reviews.chain import AlreadyHandled
from staff.choices import Role
from tests.reviews import flow


@pytest.fixture
def deliverable(cast, project):
    return flow.open_deliverable(cast, project)


@pytest.fixture
def report(cast, project):
    """Without calculation work."""
    return flow.open_deliverable(cast, project, title="咨询总结报告", has_calculation=False)


def refused(match: str):
    return pytest.raises(ValidationError, match=match)


def exempt(deliverable, actor):
    round = flow.live(deliverable)
    level = round.route.levels.get(order=1)
    return services.exempt_level(actor=actor, round=round, turn=round.turn, level=level, reason="文字报告",
                                 confirmation=flow.confirmed(actor))  # fmt: skip


def hand_preparing_to(deliverable, actor, to):
    round = flow.live(deliverable)
    seat = deliverable.seats.get(level__order=0)
    services.hand_over(actor=actor, round=round, turn=round.turn, seat=seat, to=to, reason="休假")
    deliverable.refresh_from_db()


def resubmit_changed(deliverable, answers):
    flow.start_version(deliverable)
    flow.upload(deliverable, mark="v2")
    flow.submit(deliverable, answers=answers(deliverable))


def test_level_with_unsettled_remarks_is_not_exempted_since_nobody_could_close_them(cast, report):
    flow.submit(report)
    remark = flow.draft_remark(report)
    with refused("校核还有未关闭的意见，不能免除"):
        exempt(report, cast.approver)
    services.drop_remark(actor=cast.checker, remark=remark, turn=flow.live(report).turn)
    exempt(report, cast.approver)
    assert flow.sign_all(report).state == "issuing"


def test_exemption_does_not_count_once_there_is_calculation_work(cast, report):
    exempt(report, cast.approver)
    services.update_deliverable(actor=cast.preparer, deliverable=report, title=report.title, kind=report.kind,
                                has_calculation=True, starts_on=None, due_on=None)  # fmt: skip
    assert flow.submit(report).level.title == "校核"
    flow.sign_all(report)
    assert queries.issue_gaps(flow.live(report)) == []


def test_remarks_follow_the_project_to_another_route(cast, project, deliverable):
    """The project became 重大 while a remark was open: 校核 of the new route closes it."""
    flow.submit(deliverable)
    flow.draft_remark(deliverable)
    flow.send_back(deliverable)
    project.importance = "major"
    project.save()
    round = flow.live(deliverable)
    seats = queries.default_seats(deliverable, queries.route_of(project))
    panel = queries.route_of(project).levels.get(kind="panel")
    for number, expert in ((1, cast.expert1), (2, cast.expert2)):
        project_services.assign(actor=cast.verifier, project=project, user=expert, role=Role.EXPERT)
        seats[panel.pk, number] = expert
    services.appoint_seats(actor=cast.preparer, round=round, turn=round.turn, seats=seats)
    resubmit_changed(deliverable, flow.corrected)
    with refused("1 条意见未关闭"):
        flow.sign(deliverable)
    flow.recheck_all(deliverable)
    flow.sign(deliverable)
    assert flow.live(deliverable).level.title == "复核"


def test_whoever_prepared_a_draft_in_between_signs_no_level(cast, deliverable):
    """A took over, uploaded a file and gave the draft on again: the version is not A's, and yet A has prepared."""
    hand_preparing_to(deliverable, cast.verifier, cast.outsider)
    flow.upload(deliverable, name="补充.xlsx", mark="补充")
    hand_preparing_to(deliverable, cast.verifier, cast.preparer)
    round = flow.live(deliverable)
    seat = deliverable.seats.get(level__title="校核")
    with refused("局外人 是本成果的编制人"):
        services.hand_over(
            actor=cast.verifier, round=round, turn=round.turn, seat=seat, to=cast.outsider, reason="休假"
        )


def sent_back_with_a_remark(deliverable):
    """Round 2 under review, with the answered remark of the present level from round 1."""
    flow.draft_remark(deliverable)
    flow.send_back(deliverable)
    resubmit_changed(deliverable, flow.corrected)


def test_submission_is_not_withdrawn_after_a_remark_of_the_last_round_was_rechecked(cast, deliverable):
    flow.submit(deliverable)
    sent_back_with_a_remark(deliverable)
    flow.recheck_all(deliverable)
    round = flow.live(deliverable)
    with refused("下一环节已开始处理"):
        services.withdraw(actor=cast.preparer, round=round, turn=round.turn, reason="传错")


def test_signature_is_not_revoked_after_the_next_level_rechecked_a_remark_of_the_last_round(cast, deliverable):
    flow.submit(deliverable)
    flow.sign(deliverable)
    sent_back_with_a_remark(deliverable)
    flow.sign(deliverable)
    flow.recheck_all(deliverable)
    round = flow.live(deliverable)
    with refused("下一环节已开始处理"):
        services.revoke(actor=cast.checker, round=round, turn=round.turn, reason="看漏")


def test_already_handled_tells_when_the_round_was_moved_not_when_a_remark_was_drafted(cast, deliverable):
    flow.submit(deliverable)
    moved_at = flow.live(deliverable).last_acted_at
    flow.draft_remark(deliverable)
    round = flow.live(deliverable)
    with pytest.raises(AlreadyHandled) as error:
        services.send_back(actor=cast.checker, round=round, turn=round.turn - 1, reason="依据不足")
    assert (error.value.actor, error.value.at) == (cast.preparer, moved_at)
