"""The walk along the signatures: which lines cover what, who stated it, and what is proposed for whom. Plain values."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from inspections import liability
from inspections.choices import Share
from inspections.liability import Answered, Exempted, Remarked, Signing
from reviews.choices import LevelKind, RemarkCategory
from staff.choices import Role

C = RemarkCategory
AT = datetime(2026, 11, 20, 10, 31, tzinfo=ZoneInfo("Asia/Shanghai"))
LINE = "对工程量进行逐项复核，工程量计算式是否正确、依据是否充分、上机结果与计算底稿是否一致"
WHOLE = "是否按照咨询合同、实施方案规定的内容和深度进行全面复核"


def signing(title="校核", kind=LevelKind.REVIEW, role=Role.DISCIPLINE_LEAD, **more) -> Signing:
    told = {"signature": 1, "digest": "d", "person": 1, "name": f"{title}人", "employee_number": "T1", "signed_at": AT}
    return Signing(title=title, kind=kind, role=role, **told | more)


CHECK = signing(answers=[Answered(3, LINE, "yes")])
VERIFY = signing("复核", role=Role.PROJECT_MANAGER, answers=[Answered(1, WHOLE, "yes")])
APPROVE = signing("审核", role=Role.TECHNICAL_DIRECTOR, answers=[Answered(6, "论述是否通顺", "yes")])
PREPARE = signing("编制（自校）", LevelKind.PREPARE, Role.COST_ENGINEER, answers=[Answered(1, "计算数量正确", "yes")])
ISSUE = signing("签发", LevelKind.ISSUE, Role.CHIEF_ENGINEER)


def shares(category, *steps) -> list[str]:
    return [step["share"] for step in liability.walk(category, steps)]


# ── What covers what ────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("text", "categories"),
    [
        (LINE, {C.QUANTITY}),
        (WHOLE, set(C)),
        ("逐项复核定额套用或分析综合单价的组成是否正确", {C.UNIT_PRICE, C.FEES}),
        ("项目咨询采用的法规、规范、标准、计算方式、价格等依据是否正确、合理", {C.BASIS, C.FEES}),
        ("数据引用、计量单位、数据调整、数据汇总是否准确", {C.DATA}),
        ("咨询成果的内容是否齐全、无漏项", {C.OMISSION}),
        ("咨询成果说明是否规范，论述是否通顺，内容是否完整正确", {C.WORDING}),
        ("初步咨询成果是否已按公司规定汇总成册", set()),
        ("校核提出的问题是否已逐条修改并复核", set()),
    ],
)
def test_line_of_a_checklist_covers_these_categories(text, categories):
    assert {category for category in C if liability.covers(text, category)} == categories


def test_each_category_has_words_and_none_of_them_is_empty():
    assert set(liability.COVERING) == set(C)
    assert all(word.strip() for words in liability.COVERING.values() for word in words)


def test_statement_speaks_of_a_category_by_its_name_too():
    assert liability.speaks_of("信息价的依据尚未确认", C.BASIS)
    assert not liability.covers("信息价的依据尚未确认", C.BASIS)
    assert not liability.speaks_of("甲供材尚未确认", C.QUANTITY)


# ── What is proposed ────────────────────────────────────────────────────────
def test_reviewers_who_vouched_and_stated_nothing_are_directly_liable_and_the_last_one_accepted_it():
    assert shares(C.QUANTITY, PREPARE, CHECK, VERIFY, APPROVE, ISSUE) == [
        Share.PREPARED, Share.DIRECT, Share.DIRECT, Share.ACCEPTED, "",
    ]  # fmt: skip


def test_clause_of_direct_liability_is_that_of_the_level():
    check, verify = (liability.proposal(each, C.QUANTITY) for each in (CHECK, VERIFY))
    assert "由专业负责人负直接责任" in check.clause
    assert "由项目经理（或项目负责人）负直接责任" in verify.clause
    third = liability.proposal(replace(CHECK, role=Role.TECHNICAL_DIRECTOR), C.QUANTITY)
    assert third.clause == liability.CLAUSES[Share.DIRECT]
    assert all("应说明而未说明的，视同对其已认同" in each.clause for each in (check, verify, third))


def test_grounds_tell_time_declaration_line_and_silence():
    grounds = liability.proposal(VERIFY, C.QUANTITY).grounds
    for words in (
        "2026-11-20 10:31 签署复核",
        "声明“无”未决事项",
        f"第 1 项“{WHOLE}”答“是”",
        "未就“工程量”提出校审意见",
    ):
        assert words in grounds


@pytest.mark.parametrize(
    "stated",
    [
        {"unresolved": ["垫层工程量未核对"], "declares_no_unresolved": False},
        {"attention": ["请重点复核土方工程量"], "declares_no_attention": False},
        {"answers": [Answered(3, LINE, "no", "缺竣工图")]},
        {"remarks": [Remarked(4, "垫层多计", "explained", "按合同约定计算")]},
    ],
)
def test_who_stated_it_answers_for_nothing_and_it_is_said_why(stated):
    found = liability.proposal(replace(CHECK, **stated), C.QUANTITY)
    assert (found.share, found.clause) == ("", "")
    assert "已就该类问题作出说明，不提出问责" in found.grounds


def test_overruled_remark_is_named_and_one_that_was_put_right_relieves_nobody():
    overruled = replace(CHECK, remarks=[Remarked(4, "垫层多计", "explained", "按合同")])
    assert "提出第 4 条校审意见，编制人答复“说明，不修改”" in liability.proposal(overruled, C.QUANTITY).grounds
    corrected = replace(CHECK, remarks=[Remarked(2, "计算式有误", "corrected", "已改")])
    found = liability.proposal(corrected, C.QUANTITY)
    assert found.share == Share.DIRECT
    assert "提出的同类意见第 2 条已复查通过，未就本问题提出意见" in found.grounds


def test_statement_of_something_else_is_silence_on_this():
    other = replace(CHECK, unresolved=["甲供材未确认"], declares_no_unresolved=False)
    found = liability.proposal(other, C.QUANTITY)
    assert found.share == Share.DIRECT
    assert "说明事项 1 条，均未涉及“工程量”" in found.grounds


def test_no_covering_line_or_one_that_does_not_apply_makes_it_acceptance():
    for answers in ([], [Answered(3, LINE, "na", "无工程量")], [Answered(1, "论述是否通顺", "yes")]):
        found = liability.proposal(replace(CHECK, answers=answers), C.QUANTITY)
        assert found.share == Share.ACCEPTED
        assert found.clause.startswith("咨询成果在三级复核范围内出现的问题")


def test_later_level_is_told_that_an_earlier_one_had_stated_it():
    stated = replace(CHECK, unresolved=["垫层工程量未核对"], declares_no_unresolved=False)
    found = liability.proposal(VERIFY, C.QUANTITY, before=[PREPARE, stated])
    assert found.share == Share.DIRECT
    assert "校核（校核人）已就该类问题作出说明，本级未予处理" in found.grounds


def test_preparer_answers_for_the_work_unless_it_was_stated_and_never_refused():
    stated = replace(PREPARE, unresolved=["垫层工程量按估算计"], declares_no_unresolved=False)
    assert liability.proposal(stated, C.QUANTITY).share == ""
    refused = replace(CHECK, remarks=[Remarked(4, "垫层多计", "explained", "按合同")])
    found = liability.proposal(stated, C.QUANTITY, after=[refused])
    assert found.share == Share.PREPARED
    assert "对校核第 4 条意见答复“说明，不修改”" in found.grounds
    assert (
        "校审意见" not in liability.proposal(PREPARE, C.QUANTITY).grounds
    )  # raising remarks is not a preparer's part


def test_prompts_over_which_none_was_declared_are_in_the_grounds():
    prompted = replace(CHECK, prompts=["未处理风险（张三）：竣工图不全"])
    assert (
        "签署时系统提示未处理风险（张三）：竣工图不全，仍声明“无”" in liability.proposal(prompted, C.QUANTITY).grounds
    )


def test_panel_accepts_what_it_signed_over():
    panel = signing("专家评审", LevelKind.PANEL, Role.CHIEF_ENGINEER, answers=[Answered(3, "评审结论是否明确", "yes")])
    assert liability.proposal(panel, C.QUANTITY).share == Share.ACCEPTED


# ── The walk as it is kept ──────────────────────────────────────────────────
def test_step_says_who_accepted_it_after_and_keeps_only_covering_lines():
    answers = [Answered(1, "是否完成了咨询合同", "yes"), Answered(3, LINE, "yes")]
    steps = liability.walk(C.QUANTITY, [PREPARE, replace(CHECK, answers=answers), VERIFY, APPROVE, ISSUE])
    assert steps[1]["accepted_by"] == ["复核（复核人）", "审核（审核人）"]
    assert [each["order"] for each in steps[1]["answers"]] == [3]
    assert steps[3]["accepted_by"] == []
    assert steps[1]["signed_at"] == "2026-11-20T10:31:00+08:00"


def test_exempted_level_is_a_step_without_a_person():
    exempted = Exempted("校核", LevelKind.REVIEW, "审核人", AT, "不涉及计算")
    step = liability.walk(C.WORDING, [exempted, VERIFY])[0]
    assert (step["person"], step["share"], step["exempted"]) == (None, "", "不涉及计算")
    assert "批准免除" in step["grounds"]


def test_long_lists_are_cut_with_their_number():
    prompts = [f"提示{number}" for number in range(1, 8)]
    assert "提示4等 7 项" in liability.proposal(replace(CHECK, prompts=prompts), C.QUANTITY).grounds


# ── Answers ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (None, ""), ("", ""), (liability.ACCEPTED, "accepted"), (f"{liability.ACCEPTED}\n以后注意", "accepted"),
        (liability.LAPSED, "lapsed"), ("竣工图当时未提供", "appealed"),
    ],
)  # fmt: skip
def test_first_words_tell_which_kind_of_answer_it_is(answer, kind):
    assert liability.answer_kind(answer) == kind
