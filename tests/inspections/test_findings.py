"""Problems that an inspection found: numbered, linked to what is inspected and to nothing else, with proofs."""

import json
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from inspections.chain import AlreadyHandled
from inspections.models import Evidence, Finding
from inspections.services import evidence as proofs
from inspections.services import findings as services
from inspections.services.opening import cancel
from ledger.models import Entry
from projects.models import Attachment
from reviews.choices import Severity
from scoring.choices import Purpose
from scoring.models import Standard
from tests.inspections import kit
from tests.reviews import flow

pytestmark = pytest.mark.django_db


@pytest.fixture
def inspection(cast, project):
    return kit.inspection(cast, project)


@pytest.fixture
def add(cast, inspection):
    """`add(problem=…)` by 质量办."""

    def add(**more) -> Finding:
        told = {"actor": cast.quality_office, "inspection": inspection, "problem": "流程单缺复核签名"}
        return services.add_finding(**told | more)

    return add


@pytest.fixture
def reviewed(cast, project):
    """A deliverable with a submitted version, and one remark that was sent."""
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.draft_remark(deliverable)
    flow.return_remarks(deliverable)
    return deliverable


def attachment(deliverable) -> Attachment:
    return Attachment.objects.get(version__deliverable=deliverable)


# ── Written down ────────────────────────────────────────────────────────────
def test_problem_is_kept_with_all_that_it_is_linked_to(cast, add, inspection, reviewed):
    told = {
        "deduction": kit.deduction(inspection), "deliverable": reviewed, "remark": reviewed.remarks.get(),
        "attachment": attachment(reviewed), "place": "土建.xlsx 第 36 行", "problem": " 工程量多计 ", "requirement": "核减",
        "severity": Severity.SERIOUS, "amount": Decimal("125000.50"), "needs_rectification": True,
    }  # fmt: skip
    found = add(**told)
    stored = Finding.objects.get(pk=found.pk)
    assert {name: getattr(stored, name) for name in told} == {**told, "problem": "工程量多计"}
    assert (stored.number, stored.raised_by, stored.inspection) == (1, cast.quality_office, inspection)
    entry = Entry.objects.get(action="inspection.finding_add")
    assert (entry.subject_id, entry.scope_type, entry.scope_id) == (
        inspection.pk,
        "projects.project",
        inspection.project_id,
    )
    assert json.loads(entry.data)["amount"] == "125000.50"


def test_numbers_go_on_and_are_not_given_twice_while_they_stand(cast, add):
    first, second, third = add(), add(), add()
    assert [first.number, second.number, third.number] == [1, 2, 3]
    services.remove_finding(actor=cast.quality_office, finding=second)
    assert add().number == 4


def test_problem_without_words_is_refused(add):
    for words in ("", "   "):
        with pytest.raises(ValidationError) as refused:
            add(problem=words)
        assert "problem" in refused.value.message_dict
    assert not Finding.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("severity", "fatal"), ("amount", Decimal("-0.01")), ("amount", Decimal("1E+16")), ("amount", Decimal("0.001")),
        ("amount", Decimal("NaN")), ("problem", "字" * 5001), ("place", "字" * 121), ("requirement", "字" * 5001),
    ],
)  # fmt: skip
def test_nonsense_is_refused_by_the_field(add, name, value):
    with pytest.raises(ValidationError) as refused:
        add(**{name: value})
    assert list(refused.value.message_dict) == [name]


# ── Links ───────────────────────────────────────────────────────────────────
def test_deduction_of_another_standard_is_refused(add):
    foreign = Standard.objects.current(Purpose.DELIVERABLE).criteria.first().deductions.first()
    with pytest.raises(ValidationError, match="不属于本次检查的评分标准"):
        add(deduction=foreign)


def test_deliverable_of_another_project_is_refused(cast, add, other_project, reviewed, major_project):
    foreign = flow.open_deliverable(cast, major_project)
    with pytest.raises(ValidationError, match="不属于被检项目"):
        add(deliverable=foreign)
    with pytest.raises(ValidationError, match="不属于所选成果文件已提交的版本"):
        add(deliverable=reviewed, attachment=attachment(foreign))


def test_remark_and_file_belong_to_the_deliverable_that_was_chosen(cast, add, project, reviewed):
    other = flow.open_deliverable(cast, project, title="安装结算审核报告")
    for told in ({"deliverable": other}, {}):
        with pytest.raises(ValidationError, match="校审意见不属于"):
            add(**told, remark=reviewed.remarks.get())
        with pytest.raises(ValidationError, match="附件不属于"):
            add(**told, attachment=attachment(reviewed))


def test_remark_that_was_not_sent_and_file_that_was_not_submitted_are_refused(cast, add, project):
    deliverable = flow.open_deliverable(cast, project)
    with pytest.raises(ValidationError, match="已提交的版本"):
        add(deliverable=deliverable, attachment=attachment(deliverable))
    flow.submit(deliverable)
    draft = flow.draft_remark(deliverable)
    with pytest.raises(ValidationError, match="校审意见不属于"):
        add(deliverable=deliverable, remark=draft)


def test_inspection_of_a_unit_finds_in_any_project_of_it(cast, add, project, reviewed):
    of_unit = kit.inspection(cast, unit=cast.zj1)
    assert add(inspection=of_unit, deliverable=reviewed).deliverable == reviewed
    with pytest.raises(ValidationError, match="不属于被检项目"):
        add(inspection=kit.inspection(cast, unit=cast.zj2), deliverable=reviewed)


# ── Changed ─────────────────────────────────────────────────────────────────
def test_change_is_told_in_the_ledger_before_and_after(cast, add):
    found = add()
    changed = services.update_finding(actor=cast.quality_office, finding=found, problem="流程单缺审核签名")
    assert changed.problem == "流程单缺审核签名"
    told = json.loads(Entry.objects.get(action="inspection.finding_update").data)["changed"]
    assert told == {"problem": ["流程单缺复核签名", "流程单缺审核签名"]}


def test_saving_the_same_again_leaves_no_row(cast, add):
    found = add(amount=Decimal("5.50"))
    services.update_finding(actor=cast.quality_office, finding=found, problem=found.problem, amount=Decimal("5.5"))
    assert not Entry.objects.filter(action="inspection.finding_update").exists()


def test_second_who_changes_one_problem_is_told_by_whom_and_when(cast, add):
    found = add()
    seen = services.fingerprint(Finding.objects.get(pk=found.pk))
    services.update_finding(actor=cast.quality_office, finding=found, seen=seen, problem="甲的写法")
    with pytest.raises(services.FindingConflict, match=r"问题 1已由（质量办）于 \d\d:\d\d 修改") as told:
        services.update_finding(actor=cast.quality_office, finding=found, seen=seen, problem="乙的写法")
    assert told.value.finding.problem == "甲的写法"
    assert Finding.objects.get(pk=found.pk).problem == "甲的写法"


def test_problem_that_somebody_dropped_is_told_not_written_again(cast, add):
    found, other = add(), add()
    stale = Finding.objects.get(pk=found.pk)
    services.update_finding(actor=cast.quality_office, finding=other, problem="另一条")
    services.remove_finding(actor=cast.quality_office, finding=found)
    with pytest.raises(services.FindingConflict, match=r"问题 1已由（质量办）于 \d\d:\d\d 删除"):
        services.update_finding(actor=cast.quality_office, finding=stale, problem="乙的写法")
    with pytest.raises(services.FindingConflict):
        services.remove_finding(actor=cast.quality_office, finding=stale)


def test_dropped_problem_stays_in_the_ledger(cast, add):
    services.remove_finding(actor=cast.quality_office, finding=add())
    assert not Finding.objects.exists()
    assert json.loads(Entry.objects.get(action="inspection.finding_remove").data)["problem"] == "流程单缺复核签名"


# ── Proofs ──────────────────────────────────────────────────────────────────
def test_proofs_come_with_the_problem_and_later(cast, add):
    found = add(evidence=[kit.photo("一.png", 1), kit.photo("二.png", 2)])
    services.update_finding(actor=cast.quality_office, finding=found, evidence=[kit.photo("三.png", 3)])
    assert list(found.evidence.values_list("name", flat=True)) == ["一.png", "二.png", "三.png"]
    first, last = (json.loads(Entry.objects.get(action=f"inspection.finding_{act}").data) for act in ("add", "update"))
    assert [row["name"] for row in first["evidence"]] == ["一.png", "二.png"]
    assert (last["changed"], last["evidence"][0]["sha256"]) == ({}, found.evidence.last().sha256)


def test_one_refused_file_keeps_nothing_and_is_named(cast, add):
    bad = SimpleUploadedFile("木马.exe", b"MZ")
    with pytest.raises(ValidationError, match=r"木马\.exe：不支持") as refused:
        add(evidence=[kit.photo(), bad])
    assert list(refused.value.message_dict) == ["evidence"]
    assert not Finding.objects.exists()
    assert not Evidence.objects.exists()


def test_problem_with_proofs_on_file_is_rewritten_not_dropped(cast, add):
    found = add(evidence=[kit.photo()])
    with pytest.raises(ValidationError, match="1 份证据存档"):
        services.remove_finding(actor=cast.quality_office, finding=found)
    proofs.remove(actor=cast.quality_office, evidence=found.evidence.get())
    with pytest.raises(ValidationError, match="含已移除的"):
        services.remove_finding(actor=cast.quality_office, finding=found)
    assert Finding.objects.filter(pk=found.pk).exists()


# ── Who and when ────────────────────────────────────────────────────────────
@pytest.mark.parametrize("part", ["executive", "chief_engineer", "verifier", "approver", "administrator"])
def test_only_inspectors_write_down_problems(cast, add, part):
    found, actor = add(), getattr(cast, part)
    for act in (
        lambda: add(actor=actor),
        lambda: services.update_finding(actor=actor, finding=found, problem="改"),
        lambda: services.remove_finding(actor=actor, finding=found),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_nothing_is_written_once_it_is_not_scored_any_more(cast, add, inspection):
    found = add()
    cancel(actor=cast.quality_office, inspection=inspection, turn=0, reason="项目终止")
    for act in (
        add,
        lambda: services.update_finding(actor=cast.quality_office, finding=found, problem="改"),
        lambda: services.remove_finding(actor=cast.quality_office, finding=found),
    ):
        with pytest.raises(AlreadyHandled):
            act()
