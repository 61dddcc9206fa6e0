"""评分定稿, 沟通确认, 出具书面意见: what each takes, who may, what it leaves, and what the database keeps closed."""

import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from django.utils import timezone

from inspections.chain import AlreadyHandled, possible_acts
from inspections.choices import Act, Side, State
from inspections.models import Finding, Hit, Inspection, Opinion, Section, Talk
from inspections.queries import concluding as queries
from inspections.services import concluding as services
from ledger.models import Entry
from notices.models import Notice
from scoring.models import ScoreSheet
from staff.choices import Role
from staff.models import Post
from tests.conftest import LONG_AGO
from tests.inspections import kit
from tests.reviews.flow import confirmed

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year


@pytest.fixture
def scoring(cast, project):
    return kit.inspection(cast, project)


@pytest.fixture
def discussing(cast, project):
    return kit.discussing(cast, project)


def finish(of, actor, **more):
    told = {"inspection": of, "turn": of.turn, "conclusion": "总体符合", "confirmation": confirmed(actor)} | more
    return services.finish_scoring(actor=actor, **told)


def say(of, actor, side=Side.PROJECT, **more):
    told = {"inspection": of, "turn": kit.now(of).turn, "side": side, "text": "属实"} | more
    return services.talk(actor=actor, **told)


def issue(of, actor, **more):
    return services.issue_opinion(
        actor=actor, **{"inspection": of, "turn": of.turn, "confirmation": confirmed(actor)} | more
    )


def told(title_part: str) -> set[str]:
    rows = Notice.objects.filter(title__contains=title_part).select_related("recipient")
    return {row.recipient.name for row in rows}


def last(action: str) -> dict:
    return json.loads(Entry.objects.filter(action=f"inspection.{action}").order_by("number").last().data)


# ── 评分定稿 ─────────────────────────────────────────────────────────────────
def test_final_score_lists_what_is_missing_and_writes_nothing(cast, scoring):
    with pytest.raises(ValidationError) as refused:
        finish(scoring, cast.quality_office)
    assert "“委托与准备”尚未检查完。" in refused.value.messages
    assert (kit.now(scoring).state, kit.now(scoring).turn) == (State.SCORING, 0)
    assert not ScoreSheet.objects.exists()


def test_final_score_keeps_the_score_by_the_standard_and_what_the_lead_concludes(cast, scoring):
    item = kit.deduction(scoring)
    kit.hit(scoring, item, "2")
    done = kit.finish(scoring, conclusion="  留痕须改进  ", is_serious=True, causes_loss=True)
    sheet = done.score_sheet
    assert (done.state, sheet.total, sheet.grade, sheet.is_vetoed) == (
        State.DISCUSSING,
        100 - 2 * item.points,
        "优良",
        False,
    )
    assert (done.conclusion, done.is_serious, done.causes_loss, done.touches_ethics) == (
        "留痕须改进",
        True,
        True,
        False,
    )
    facts = last("finish_scoring")
    assert (facts["total"], facts["sheet"], facts["is_serious"]) == (str(sheet.total), sheet.pk, True)
    assert told("请沟通确认检查结果") == {"复核人", "审核人"}


def test_veto_caps_the_score_and_fails(cast, scoring):
    kit.hit(scoring, kit.deduction(scoring, is_veto=True))
    sheet = kit.finish(scoring).score_sheet
    assert (sheet.total, sheet.grade, sheet.is_vetoed) == (59, "不合格", True)


def test_serious_or_reported_upward_takes_a_problem_on_record(cast, scoring):
    with pytest.raises(ValidationError, match="至少应有一条检查问题"):
        kit.finish(scoring, touches_ethics=True)


@pytest.mark.parametrize("blank", ["", "  \n"])
def test_final_score_takes_a_conclusion(cast, scoring, blank):
    scoring.sections.update(is_done=True)
    with pytest.raises(ValidationError, match="请填写综合意见"):
        finish(scoring, cast.quality_office, conclusion=blank)


@pytest.mark.parametrize("part", ["executive", "verifier", "outsider", "administrator", "chief_engineer"])
def test_only_the_lead_makes_the_score_final(cast, scoring, part):
    with pytest.raises(PermissionDenied):
        finish(scoring, getattr(cast, part))


def test_second_inspector_does_not_make_it_final(cast, project):
    second = kit.inspector(cast)
    of = kit.inspection(cast, project, cast.quality_office, second)
    of.sections.update(is_done=True)
    with pytest.raises(PermissionDenied, match="只有检查组长"):
        finish(of, second)


def test_another_persons_or_old_confirmation_signs_nothing(cast, scoring, monkeypatch):
    scoring.sections.update(is_done=True)
    with pytest.raises(PermissionDenied, match="重新输入密码"):
        finish(scoring, cast.quality_office, confirmation=confirmed(cast.verifier))


def test_lead_signs_the_score_that_was_shown_and_no_other(cast, scoring):
    item = kit.deduction(scoring)
    kit.hit(scoring, item)
    scoring.sections.update(is_done=True)
    seen = queries.score_seen(scoring)
    Hit.objects.update(count=3)
    with pytest.raises(ValidationError, match="在您打开本页后有变动"):
        finish(scoring, cast.quality_office, seen=seen)
    Hit.objects.update(count=1)
    Finding.objects.update(requirement="改写")
    with pytest.raises(ValidationError, match="在您打开本页后有变动"):
        finish(scoring, cast.quality_office, seen=seen)
    assert finish(scoring, cast.quality_office, seen=queries.score_seen(scoring)).state == State.DISCUSSING


def test_stale_page_is_told_who_was_faster(cast, discussing):
    with pytest.raises(AlreadyHandled, match=r"已由（质量办）于 \d\d:\d\d 处理：评分定稿"):
        finish(discussing, cast.quality_office, turn=0)


# ── 退回重新评分 ──────────────────────────────────────────────────────────────
def test_scored_again_keeps_the_old_score_and_asks_for_a_new_discussion(cast, discussing):
    of = kit.discuss(cast, discussing)
    first = of.score_sheet
    of = services.score_again(actor=cast.quality_office, inspection=of, turn=of.turn, reason="第 2 条扣分不成立")
    assert (of.state, last("score_again")["sheet"]) == (State.SCORING, first.pk)
    assert told("检查退回重新评分") == {"复核人", "审核人"}
    of = kit.finish(of)
    assert of.score_sheet != first
    assert ScoreSheet.objects.filter(pk=first.pk).exists()
    assert len(services.talk_gaps(of)) == 2
    with pytest.raises(ValidationError, match="尚未就本次评分登记沟通意见"):
        issue(of, cast.quality_office)
    assert kit.issue(cast, kit.discuss(cast, of)).state == State.ISSUED
    assert [row.is_former for row in queries.talks_of(of)] == [True, True, False, False]


def test_scored_again_takes_a_reason_and_the_lead(cast, discussing):
    told_ = {"inspection": discussing, "turn": discussing.turn}
    with pytest.raises(ValidationError, match="理由"):
        services.score_again(actor=cast.quality_office, reason=" ", **told_)
    for part in ("verifier", "executive"):
        with pytest.raises(PermissionDenied):
            services.score_again(actor=getattr(cast, part), reason="再看", **told_)


# ── 沟通 ─────────────────────────────────────────────────────────────────────
def test_each_side_speaks_for_itself_and_the_other_hears_of_it(cast, discussing):
    row = say(discussing, cast.quality_office, Side.OFFICE, text=" 已说明 ")
    assert (row.text, row.agrees, row.is_recorded_by_office) == ("已说明", None, False)
    assert told("检查方意见") == {"复核人", "审核人"}
    row = say(discussing, cast.verifier, agrees=False)
    assert (row.side, row.agrees, row.score_sheet) == (Side.PROJECT, False, discussing.score_sheet)
    assert told("被检方意见") == {"质量办"}
    assert last("talk")["agrees"] is False
    assert kit.now(discussing).turn == discussing.turn + 2


def test_office_writes_down_words_of_the_project_with_a_record_of_them(cast, discussing):
    with pytest.raises(ValidationError, match="须上传沟通记录"):
        say(discussing, cast.quality_office, agrees=True)
    row = say(discussing, cast.quality_office, agrees=True, evidence=kit.photo("会议纪要.png"))
    assert (row.is_recorded_by_office, row.evidence.name) == (True, "会议纪要.png")
    assert told("被检方意见") == {"复核人", "审核人"}
    assert last("talk")["evidence_sha256"] == row.evidence.sha256


def test_project_says_whether_it_agrees(cast, discussing):
    with pytest.raises(ValidationError, match="是否有异议"):
        say(discussing, cast.verifier, agrees=None)
    with pytest.raises(ValidationError, match="请填写沟通意见"):
        say(discussing, cast.verifier, agrees=True, text=" ")


def test_nobody_speaks_for_the_other_side(cast, discussing):
    second = kit.inspector(cast)  # of the office, but not of this inspection
    for actor, side in ((cast.verifier, Side.OFFICE), (cast.approver, Side.OFFICE), (second, Side.OFFICE),
                        (second, Side.PROJECT), (cast.outsider, Side.PROJECT), (cast.preparer, Side.PROJECT),
                        (cast.executive, Side.OFFICE)):  # fmt: skip
        with pytest.raises(PermissionDenied):
            say(discussing, actor, side, agrees=True, evidence=kit.photo())
    assert not Talk.objects.exists()


def test_technical_director_answers_for_an_inspected_unit(cast):
    of = kit.discussing(cast, unit=cast.zj1)
    assert say(of, cast.approver, agrees=True).said_by == cast.approver
    with pytest.raises(PermissionDenied):
        say(of, cast.verifier, agrees=True)


# ── 出具书面意见 ──────────────────────────────────────────────────────────────
def test_opinion_goes_out_once_both_sides_have_spoken(cast, discussing):
    with pytest.raises(ValidationError) as refused:
        issue(discussing, cast.quality_office)
    assert refused.value.messages == ["检查方尚未就本次评分登记沟通意见。", "被检方尚未就本次评分登记沟通意见。"]
    say(discussing, cast.verifier, agrees=True)
    with pytest.raises(ValidationError, match="检查方尚未"):
        issue(kit.now(discussing), cast.quality_office)
    assert not Opinion.objects.exists()
    say(discussing, cast.quality_office, Side.OFFICE)
    of = kit.issue(cast, kit.now(discussing))
    assert (of.state, of.opinion.number) == (State.ISSUED, f"JCYJ-{YEAR}-0001")


def test_opinion_is_signed_stored_and_on_record(cast, project):
    of = kit.concluded(cast, project, veto=True)
    opinion = of.opinion
    facts = last("issue")
    assert (facts["opinion"], facts["digest"], facts["pdf_sha256"]) == (
        opinion.number,
        opinion.digest,
        opinion.pdf_sha256,
    )
    assert facts["consequences"][0][:2] == ["reinspection", YEAR + 1]
    again = services.opinion_facts(of, opinion.number, opinion.issued_by_id, opinion.issued_at, facts["head"])
    assert services.sha256(again) == opinion.digest
    assert Entry.objects.filter(hash=facts["head"]).exists()
    with default_storage.open(opinion.pdf) as file:
        assert file.read(5) == b"%PDF-"
    notice = Notice.objects.filter(title__startswith="请确认收到检查书面意见").first()
    assert told("请确认收到检查书面意见") == {"复核人", "审核人"}
    assert notice.body.endswith("确认收到后 10 日历天内须回复整改意见和整改情况。")


def test_words_to_the_inspected_side_follow_the_rule_and_the_problems(cast, project):
    kit.switch_off_reply_clock(cast)
    kit.concluded(cast, project)
    assert Notice.objects.filter(body__endswith="确认收到后须回复整改意见和整改情况。").exists()
    kit.issue(cast, kit.discuss(cast, kit.discussing(cast, project, findings=0)))
    assert Notice.objects.filter(body__endswith="没有须整改的问题。").exists()


def test_numbers_run_without_gaps_and_a_refused_opinion_gives_its_number_back(cast, project):
    first = kit.concluded(cast, project).opinion.number
    refused = kit.discussing(cast, project)
    with pytest.raises(ValidationError):
        issue(refused, cast.quality_office)
    second = kit.issue(cast, kit.discuss(cast, refused)).opinion.number
    assert [first, second] == [f"JCYJ-{YEAR}-0001", f"JCYJ-{YEAR}-0002"]


@pytest.mark.parametrize("part", ["verifier", "approver", "executive", "chief_engineer", "administrator", "outsider"])
def test_only_the_office_issues(cast, discussing, part):
    of = kit.discuss(cast, discussing)
    with pytest.raises(PermissionDenied):
        issue(of, getattr(cast, part))
    assert not Opinion.objects.exists()


def test_office_that_was_on_the_team_neither_issues_nor_delivers(cast, project):
    """回避: whoever belongs or belonged to the inspected side does nothing for the office."""
    partial = kit.inspector(cast, "曾任造价员")
    of = kit.discuss(cast, kit.discussing(cast, project))
    project.assignments.create(user=partial, role=Role.PROJECT_MANAGER, starts_on=LONG_AGO, ends_on=LONG_AGO)
    with pytest.raises(PermissionDenied, match="回避"):
        issue(of, partial)
    of = kit.issue(cast, of)
    assert possible_acts(of, partial) == set()
    assert Act.RECEIVE in possible_acts(of, cast.quality_office)


def test_office_that_directs_the_unit_is_partial_too(cast, project):
    partial = kit.inspector(cast, "兼任")
    Post.objects.create(user=partial, role=Role.TECHNICAL_DIRECTOR, unit=cast.zj1, starts_on=LONG_AGO)
    with pytest.raises(PermissionDenied, match="回避"):
        issue(kit.discuss(cast, kit.discussing(cast, project)), partial)


# ── Closed by the database ──────────────────────────────────────────────────
@pytest.mark.parametrize("change", [
    lambda of: Talk.objects.filter(inspection=of).update(text="改"),
    lambda of: Talk.objects.filter(inspection=of).delete(),
    lambda of: Opinion.objects.filter(inspection=of).update(digest="0" * 64),
    lambda of: Opinion.objects.filter(inspection=of).update(pdf="x.pdf"),
    lambda of: Opinion.objects.filter(inspection=of).delete(),
    lambda of: Inspection.objects.filter(pk=of.pk).update(conclusion="改"),
    lambda of: Inspection.objects.filter(pk=of.pk).update(is_serious=True),
    lambda of: Inspection.objects.filter(pk=of.pk).update(score_sheet=None),
    lambda of: Finding.objects.filter(inspection=of).update(problem="改"),
    lambda of: Finding.objects.filter(inspection=of).update(needs_rectification=False),
    lambda of: Finding.objects.filter(inspection=of).delete(),
    lambda of: Section.objects.filter(inspection=of).update(note="改"),
    lambda of: Hit.objects.filter(section__inspection=of).update(count=9),
    lambda of: Hit.objects.filter(section__inspection=of).delete(),
    lambda of: of.inspectors.all().delete(),
    lambda of: ScoreSheet.objects.filter(pk=of.score_sheet_id).update(total=100),
])  # fmt: skip
def test_database_refuses_to_change_what_is_concluded(cast, project, change):
    of = kit.concluded(cast, project)
    with pytest.raises(DatabaseError), transaction.atomic():
        change(of)
