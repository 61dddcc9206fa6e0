"""Versions of the policy of rewards and penalties: what is unset, editing, publishing, what the database and the ledger keep."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction

from ledger import checks
from ledger.models import Entry
from notices.models import Notice
from rankings.choices import Cause, Measure, Party
from rankings.models import Amount, Policy, Target, TeamShare
from rankings.policy_content import CLAUSES, compare, problems, unset
from rankings.policy_verification import policies_match
from rankings.queries import policies as queries
from rankings.services import policies as services
from tests.conftest import guards_lifted
from tests.rankings import policy_kit as kit

pytestmark = pytest.mark.django_db

REQUIRED = [
    "全公司优良评价第一名 · 项目组",
    "质量检查不合格 · 项目经理（项目负责人）",
    "质量检查不合格 · 专业造价工程师（造价员）",
    "质量检查不合格 · 单位技术负责人",
    "质量检查问题严重 · 项目经理（项目负责人）",
    "质量检查问题严重 · 专业造价工程师（造价员）",
    "质量检查问题严重 · 单位技术负责人",
]


@pytest.fixture
def draft(cast):
    return kit.draft_of(cast.quality_office)


# ── What migrations wrote ───────────────────────────────────────────────────
def test_first_version_is_in_force_with_every_amount_unset_and_the_targets_of_the_source():
    policy = queries.in_force()
    content = queries.content_of(policy)
    assert policy.version == 1
    assert all(row.amount is None for row in content.lines)
    assert queries.unset(policy) == REQUIRED
    assert queries.targets() == {
        Measure.CLIENT_SATISFACTION: 90, Measure.PROJECT_SUCCESS: 80, Measure.STAFF_SATISFACTION: 90, Measure.ERROR_RATE: 3,
        Measure.CONFORMING: 100,
    }  # fmt: skip
    assert set(CLAUSES) == set(Cause)


def test_first_version_has_no_entry_and_is_no_problem_of_the_ledger():
    assert list(policies_match()) == []


# ── Unset is never 0 ────────────────────────────────────────────────────────
def test_unset_names_neither_an_amount_of_0_nor_an_optional_one():
    content = kit.with_amounts(queries.content_of(queries.in_force()), "0")
    assert unset(content) == []
    assert any(row.amount is None for row in content.lines)
    one = kit.changed(content, Cause.BELOW_PASS, Party.COST_ENGINEER, amount=None)
    assert unset(one) == ["质量检查不合格 · 专业造价工程师（造价员）"]


def test_unset_names_an_optional_rule_that_was_made_obligatory():
    content = kit.with_amounts(queries.content_of(queries.in_force()))
    content = kit.changed(content, Cause.SENT_BACK, Party.PERSON, is_optional=False)
    assert unset(content) == ["成果多次被退回 · 本人"]


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"project_manager": "40", "discipline_lead": "30", "cost_engineer": "29.99"}, "合计为 99.99%，应为 100%"),
        ({"project_manager": "40", "discipline_lead": "30", "cost_engineer": "30.01"}, "合计为 100.01%，应为 100%"),
        ({}, "合计为 0%，应为 100%"),
    ],
)
def test_shares_must_add_up_once_the_team_has_an_amount(shares, words):
    content = kit.with_amounts(queries.content_of(queries.in_force()), shares=shares)
    assert words in problems(content)[0]
    assert "项目组奖励分配比例（合计须为 100%）" in unset(content)


def test_shares_may_stay_unset_while_the_team_has_no_amount():
    content = queries.content_of(queries.in_force())
    assert problems(content) == []
    half = replace(content, shares=(("project_manager", Decimal(40)), ("discipline_lead", None)))
    assert "应为 100% 或全部不设定" in problems(half)[0]


def test_problems_name_negative_amounts_percents_out_of_range_and_equal_rules():
    content = kit.with_amounts(queries.content_of(queries.in_force()))
    assert (
        "不能为负数"
        in problems(kit.changed(content, Cause.SERIOUS, Party.PROJECT_MANAGER, amount=Decimal("-0.01")))[0]
    )
    assert "目标值应在 0 至 100%" in problems(replace(content, targets=(("error_rate", Decimal(101)),)))[0]
    assert "重复" in problems(kit.with_rule(content, "请假一天扣款。"))[0]
    assert (
        "不能列为可不设定" in problems(kit.changed(content, Cause.SERIOUS, Party.PROJECT_MANAGER, is_optional=True))[0]
    )


# ── Copying and editing ─────────────────────────────────────────────────────
def test_copy_makes_a_draft_of_the_version_in_force_and_leaves_it(cast, draft):
    assert (draft.version, draft.is_draft) == (2, True)
    first = Policy.objects.get(version=1)
    assert queries.content_of(draft) == queries.content_of(first)
    assert queries.in_force() == first
    assert Entry.objects.last().action == "policy.copy"


def test_copy_while_there_is_a_draft_is_refused(cast, draft):
    with pytest.raises(ValidationError, match="已有草稿"):
        kit.draft_of(cast.executive)


def test_saving_replaces_the_draft_and_tells_the_ledger_before_and_after(cast, draft):
    before = queries.content_of(draft)
    kit.saved(cast.quality_office, draft, kit.with_amounts(before, "1234.50"))
    assert queries.unset(draft) == []
    data = json.loads(Entry.objects.last().data)
    assert data["before"]["lines"][0]["amount"] is None
    assert data["after"]["lines"][0]["amount"] == "1234.50"
    draft.refresh_from_db()
    assert (draft.turn, draft.changed_by) == (1, cast.quality_office)


def test_draft_with_everything_set_is_told_once_to_those_who_publish(cast, draft):
    told = Notice.objects.filter(title="奖惩标准第 2 版草稿待核对发布")
    content = queries.content_of(draft)
    kit.saved(cast.quality_office, draft, content)
    assert not told.exists()
    assert queries.waiting(cast.executive) is None
    kit.saved(cast.quality_office, draft, kit.with_amounts(content, "500"))
    kit.saved(cast.quality_office, draft, kit.with_amounts(content, "600"))
    assert list(told.values_list("recipient", "kind", "url")) == [
        (cast.executive.pk, "to_do", f"/rankings/policies/{draft.pk}/publish/")
    ]
    assert queries.waiting(cast.executive) == draft
    assert queries.waiting(cast.quality_office) is None
    kit.published(cast.executive, draft)
    assert queries.waiting(cast.executive) is None


def test_draft_saved_by_the_one_who_publishes_or_like_the_version_in_force_is_told_to_nobody(cast, draft):
    kit.saved(cast.executive, draft, kit.with_amounts(queries.content_of(draft)))
    kit.published(cast.executive, draft)
    copy = kit.draft_of(cast.quality_office)
    kit.saved(cast.quality_office, copy, queries.content_of(copy))
    assert not Notice.objects.filter(title__contains="待核对发布").exists()
    assert queries.waiting(cast.executive) is None


def test_saving_from_a_stale_page_is_refused_and_changes_nothing(cast, draft):
    content = queries.content_of(draft)
    kit.saved(cast.executive, draft, kit.with_amounts(content, "100"))
    with pytest.raises(ValidationError, match=r"该草稿已由（管理层）于 .* 修改") as refused:
        services.save_draft(actor=cast.quality_office, policy=draft, turn=0, content=kit.with_amounts(content, "9"))
    assert refused.value.code == "overtaken"
    assert queries.content_of(draft).team_amount == Decimal(100)


def test_attendance_rules_are_added_with_new_numbers_and_taken_out(cast, draft):
    content = queries.content_of(draft)
    last = max(row.number for row in content.lines)
    kit.saved(cast.quality_office, draft, kit.with_rule(content, "早退一次扣款。", "20"))
    rule = Amount.objects.get(policy=draft, text="早退一次扣款。")
    assert (rule.line, rule.amount, rule.cause) == (last + 1, 20, Cause.ATTENDANCE)
    without = replace(content, lines=tuple(row for row in content.lines if not row.is_attendance))
    kit.saved(cast.quality_office, draft, without)
    assert not queries.attendance_rules(draft).exists()


def test_attendance_rule_taken_out_comes_back_under_its_number(cast, draft):
    content = queries.content_of(draft)
    kit.saved(cast.quality_office, draft, replace(content, lines=content.lines[:-1]))
    kit.saved(cast.quality_office, draft, content)
    assert queries.content_of(draft) == content


@pytest.mark.parametrize("case", ["missing", "unknown", "twice", "words", "other cause", "new obligation"])
def test_rules_of_the_source_can_be_neither_taken_out_nor_rewritten(cast, draft, case):
    content = queries.content_of(draft)
    first, *rest = content.lines
    lines = {
        "missing": rest,
        "unknown": [first, *rest, replace(rest[-1], number=999)],
        "twice": [first, first, *rest],
        "words": [replace(first, text="另一句话"), *rest],
        "other cause": [replace(first, cause="attendance"), *rest],
        "new obligation": [first, *rest, replace(rest[0], number=0)],
    }[case]
    with pytest.raises(ValidationError):
        kit.saved(cast.quality_office, draft, replace(content, lines=tuple(lines)))
    draft.refresh_from_db()
    assert (queries.content_of(draft), draft.turn) == (content, 0)


# ── Publishing ──────────────────────────────────────────────────────────────
def test_publishing_puts_the_draft_in_force_signed_with_what_changed(cast, draft):
    kit.saved(cast.quality_office, draft, kit.with_amounts(queries.content_of(draft)))
    kit.published(cast.executive, draft)
    assert queries.in_force() == draft
    assert (draft.published_by, draft.is_draft) == (cast.executive, False)
    data = json.loads(Entry.objects.get(action="policy.publish").data)
    assert data["content_sha256"] == queries.content_of(draft).digest
    assert ["全公司优良评价第一名 · 项目组", "金额", "未设定", "500.00 元"] in data["changes"]
    assert checks.verify().is_intact


def test_publishing_with_shares_that_do_not_add_up_is_refused(cast, draft):
    kit.saved(
        cast.quality_office, draft, kit.with_amounts(queries.content_of(draft), shares={"project_manager": "99"})
    )
    with pytest.raises(ValidationError, match="合计为 99%"):
        kit.published(cast.executive, draft)
    assert queries.in_force().version == 1


@pytest.mark.parametrize("shown", ["turn", "against"])
def test_publishing_what_was_not_shown_is_refused(cast, draft, shown):
    seen = {"turn": draft.turn, "against": 1} | {shown: 7}
    with pytest.raises(ValidationError) as refused:
        services.publish_policy(actor=cast.executive, confirmation=kit.signed(cast.executive), policy=draft, **seen)
    assert refused.value.code == "overtaken"
    assert queries.in_force().version == 1


def test_publishing_takes_the_password_of_the_one_who_publishes(cast, draft):
    with pytest.raises(PermissionDenied):
        services.publish_policy(
            actor=cast.executive, confirmation=kit.signed(cast.quality_office), policy=draft, turn=0, against=1
        )


def test_discarded_draft_leaves_its_words_in_the_ledger(cast, draft):
    kit.saved(cast.quality_office, draft, kit.with_amounts(queries.content_of(draft), "77"))
    services.discard_draft(actor=cast.quality_office, policy=draft, turn=1)
    assert not Policy.objects.filter(version=2).exists()
    assert json.loads(Entry.objects.get(action="policy.discard").data)["content"]["lines"][0]["amount"] == "77.00"


def test_only_those_who_may_keep_and_publish_do(cast, draft):
    for user in (cast.chief_engineer, cast.approver, cast.administrator, cast.preparer):
        for act in (
            lambda user=user: services.copy_policy(actor=user),
            lambda user=user: kit.saved(user, draft, queries.content_of(draft)),
            lambda user=user: services.discard_draft(actor=user, policy=draft, turn=0),
            lambda user=user: kit.published(user, draft),
        ):
            with pytest.raises(PermissionDenied):
                act()
    with pytest.raises(PermissionDenied):
        kit.published(cast.quality_office, draft)


# ── Kept ────────────────────────────────────────────────────────────────────
def test_published_version_is_closed_by_the_database(cast):
    policy = kit.put_in_force(cast)
    rows = [
        lambda: Policy.objects.filter(pk=policy.pk).update(title="改"),
        lambda: Amount.objects.filter(policy=policy).update(amount=1),
        lambda: TeamShare.objects.filter(policy=policy).update(percent=1),
        lambda: Target.objects.filter(policy=policy).delete(),
        lambda: Target.objects.filter(policy=policy).update(percent=1),
        lambda: Amount.objects.create(policy=policy, order=99, line=99, cause="attendance", party="person", text="新"),
    ]
    for change in rows:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.parametrize("attack", ["amount", "unsigned"])
def test_verification_names_a_policy_that_was_changed_behind_the_back(cast, attack):
    from django.db import connection

    policy = kit.put_in_force(cast)
    with guards_lifted(connection):
        if attack == "amount":
            Amount.objects.filter(policy=policy, cause=Cause.SERIOUS).update(amount=1)
        else:
            Policy.objects.create(version=9, title="伪", published_at=policy.published_at)
    assert list(policies_match()) == (
        ["奖惩标准第 2 版的内容与发布时的签署不符"] if attack == "amount" else ["奖惩标准第 9 版没有发布记录"]
    )


# ── Two versions ────────────────────────────────────────────────────────────
def test_comparison_tells_amounts_rules_shares_targets_and_samples():
    old = queries.content_of(queries.in_force())
    new = kit.with_rule(
        kit.with_amounts(replace(old, min_person_sample=5, targets=old.targets[:-1])),
        "早退一次扣款。",
        "20",
        number=99,
    )
    new = replace(new, lines=tuple(row for row in new.lines if not row.text.startswith("请假")))
    told = {(each.where, each.label): (each.before, each.after) for each in compare(old, new)}
    assert told["标准", "个人排名最少签署"] == ("3 份", "5 份")
    assert told["质量检查不合格 · 单位技术负责人", "金额"] == ("未设定", "500.00 元")
    assert told["考勤与纪律 · 早退一次扣款。", "新增条款"] == ("—", "20.00 元")
    assert told["考勤与纪律 · 请假一天扣款。", "删除条款"] == ("未设定", "—")
    assert told["项目组奖励分配", "项目经理（项目负责人）"] == ("未设定", "40%")
    assert told["质量目标", "咨询产品合格率"] == ("100%", "未设定")
    assert compare(new, new) == []


def test_rules_of_an_older_version_are_found_in_the_newer_by_their_number(cast):
    old = kit.rule_of("旷工")
    policy = kit.put_in_force(cast, "80", also_optional=True)
    new = queries.rules_by_line(policy)[old.line]
    assert (new.amount, new.policy, new.pk != old.pk) == (80, policy, True)
