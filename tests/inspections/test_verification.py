"""What was edited behind the application's back is named by the verification of the evidence chain, row by row."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inspections.choices import Decision
from inspections.models import Consequence, Evidence, Finding, Inspection, Opinion, Receipt, Rectification, Talk
from inspections.services import concluding
from inspections.services import consequences as consequence_services
from inspections.verification import inspections_match
from ledger import checks
from scoring.models import ScoreSheet
from tests.conftest import guards_lifted
from tests.inspections import kit, records

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed(cast, project):
    """Scored twice, discussed, concluded, sent back once, closed; both consequences decided."""
    of = kit.discuss(cast, kit.discussing(cast, project, veto=True, flags={"causes_loss": True}))
    of = concluding.score_again(actor=cast.quality_office, inspection=of, turn=of.turn, reason="复核")
    of = kit.issue(cast, kit.discuss(cast, kit.finish(of, causes_loss=True)))
    of = kit.rectifying.receive(actor=cast.verifier, inspection=of, turn=of.turn)
    of = kit.recheck(cast, kit.reply(cast, of), failed=[2])
    of = kit.recheck(cast, kit.reply(cast, of, shade=150))
    for row in of.consequences.all():
        consequence_services.decide(actor=cast.executive, consequence=row, decision=Decision.CONFIRMED, note="已处置")
    return kit.now(of)


def tampered(change) -> list[str]:
    """What the verification says once somebody with the database in hand has done `change`."""
    with transaction.atomic(), guards_lifted(connection):
        change()
    return list(inspections_match())


def one(model, **found):
    return lambda **new: model.objects.filter(**found).update(**new)


def test_record_as_it_was_written_is_intact(cast, closed, project):
    kit.inspection(cast, project)
    kit.rectifying_one(cast, unit=cast.zj1)
    kit.rectifying.receive(
        actor=cast.verifier, inspection=(of := kit.concluded(cast, project, findings=0)), turn=of.turn
    )
    assert list(inspections_match()) == []
    assert checks.verify().problems == []


@pytest.mark.parametrize(("model", "found", "new", "words"), [
    (Inspection, {}, {"state": "rechecking"}, "状态与证据链不符"),
    (Inspection, {}, {"turn": 99}, "办理次数与证据链不符"),
    (Inspection, {}, {"conclusion": "改"}, "综合意见与证据链不符"),
    (Inspection, {}, {"is_serious": True}, "问题严重与证据链不符"),
    (Inspection, {}, {"causes_loss": False}, "经济损失与证据链不符"),
    (Inspection, {}, {"touches_ethics": True, "harms_reputation": True}, "职业道德、名誉损失与证据链不符"),
    (Inspection, {}, {"lowest_share": Decimal("1.00")}, "最低评分项得分率与证据链不符"),
    (Inspection, {}, {"finding_count": 9}, "问题数与证据链不符"),
    (Inspection, {}, {"was_on_time": False}, "整改按时回复与证据链不符"),
    (ScoreSheet, {}, {"total": Decimal(80)}, "得分与证据链不符"),
    (ScoreSheet, {}, {"grade": "优良"}, "等级与证据链不符"),
    (ScoreSheet, {}, {"is_vetoed": False}, "一票否决与证据链不符"),
    (ScoreSheet, {}, {"snapshot": []}, "评分明细与证据链不符"),
    (Talk, {"side": "project"}, {"text": "没有说过"}, "沟通意见 {pk} 与证据链不符"),
    (Talk, {"side": "project"}, {"agrees": False}, "沟通意见 {pk} 与证据链不符"),
    (Opinion, {}, {"number": "JCYJ-1999-0001"}, "书面意见的编号与证据链不符"),
    (Opinion, {}, {"digest": "0" * 64}, "书面意见的签署摘要与证据链不符"),
    (Opinion, {}, {"pdf_sha256": "0" * 64}, "书面意见的文件 SHA-256与证据链不符"),
    (Finding, {"number": 1}, {"problem": "改"}, "检查问题与签署摘要不符"),
    (Finding, {"number": 1}, {"amount": Decimal(1)}, "检查问题与签署摘要不符"),
    (Finding, {"number": 2}, {"needs_rectification": False}, "检查问题与签署摘要不符"),
    (Finding, {"number": 1}, {"settled_at": None}, "问题 1的复查通过与证据链不符"),
    (Receipt, {}, {"note": "改"}, "确认收到的送达说明与证据链不符"),
    (Receipt, {}, {"received_at": timezone.now() - timedelta(days=90)}, "确认收到的时间与证据链不符"),
    (Rectification, {"finding__number": 2, "attempt": 1}, {"result": "改"}, "问题 2 第 1 次整改回复的整改情况与证据链不符"),
    (Rectification, {"finding__number": 2, "attempt": 1}, {"is_passed": True}, "问题 2 第 1 次整改回复的复查结论与证据链不符"),
    (Rectification, {"finding__number": 2, "attempt": 2}, {"recheck_note": "改"}, "问题 2 第 2 次整改回复的复查意见与证据链不符"),
    (Evidence, {"rectification__finding__number": 1}, {"sha256": "0" * 64}, "问题 1 第 1 次整改回复的整改证据与证据链不符"),
    (Consequence, {"kind": "reinspection"}, {"target_year": 2099}, "下一年度复查的年度与证据链不符"),
    (Consequence, {"kind": "escalation"}, {"note": "改"}, "上报处置的处置意见与证据链不符"),
    (Consequence, {"kind": "escalation"}, {"decision": "dismissed"}, "上报处置的处理与证据链不符"),
])  # fmt: skip
def test_each_tampered_row_is_named(closed, model, found, new, words):
    rows = model.objects.filter(**found)
    if model is ScoreSheet:
        rows = rows.filter(pk=closed.score_sheet_id)
    pk = rows.order_by("-pk").first().pk
    problems = tampered(lambda: model.objects.filter(pk=pk).update(**new))
    assert any(f"检查 {closed.number}" in problem and words.format(pk=pk) in problem for problem in problems), problems


@pytest.mark.parametrize(("remove", "words"), [
    (lambda of: Talk.objects.filter(inspection=of).first().delete(), "有记录，却不在数据库中"),
    (lambda of: Rectification.objects.filter(finding__number=2, attempt=2).delete(), "问题 2 第 2 次整改回复有记录，却不在数据库中"),
    (lambda of: Consequence.objects.filter(kind="escalation").delete(), "上报处置有记录，却不在数据库中"),
    (lambda of: Receipt.objects.all().delete(), "确认收到与证据链不符"),
    (lambda of: (Receipt.objects.all().delete(), Opinion.objects.all().delete()), "书面意见有记录，却不在数据库中"),
    (lambda of: kit.finding(of), "检查问题与签署摘要不符"),
])  # fmt: skip
def test_what_is_gone_or_was_slipped_in_is_named(closed, remove, words):
    def change():
        Evidence.objects.filter(rectification__finding__number=2).update(rectification=None)
        remove(closed)

    assert any(words in problem for problem in tampered(change))


def test_inspection_that_is_gone_is_named(cast, project):
    of = kit.inspection(cast, project)
    number = str(of)

    def change():
        of.sections.all().delete()
        of.inspectors.all().delete()
        of.delete()

    assert tampered(change) == [f"检查 {number} 有立项记录，却不在数据库中"]


def test_paper_that_is_not_the_one_that_was_issued_is_named(closed):
    path = closed.opinion.pdf
    with default_storage.open(path) as file:
        content = file.read()
    default_storage.delete(path)
    missing = list(inspections_match())
    with open(default_storage.path(path), "wb") as file:
        file.write(content + b" ")
    assert (
        missing
        == list(inspections_match())
        == [f"检查 {closed.number} 书面意见 {closed.opinion.number} 的文件缺失，或与签发时的哈希不符"]
    )


def test_row_that_the_ledger_does_not_know_is_named(cast, project):
    slipped_in = records.inspection(cast, project)
    assert list(inspections_match()) == [f"检查 {slipped_in.number} 没有立项记录"]


def test_many_cost_as_many_queries_as_one(cast, project, closed):
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert list(inspections_match()) == []
        return len(captured)

    first = cost()
    for _ in range(2):
        kit.recheck(cast, kit.reply(cast, kit.rectifying_one(cast, project, veto=True)))
    assert cost() == first
