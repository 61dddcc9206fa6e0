"""Keeping the scoring standards: copy to a draft, edit, publish, discard. What is published is never changed again (§5)."""

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from ledger.services import record
from scoring import comparison, queries
from scoring.content import MOST_CRITERIA, MOST_ITEMS, Content, problems
from scoring.models import Criterion, Deduction, Standard
from staff import permissions
from staff.choices import Action


@transaction.atomic
def copy_standard(*, actor, standard: Standard) -> Standard:
    """A draft with the content of a published version, as the next version: a published one is changed this way only.

    Raises ValidationError for a draft, and while there is a draft for the same purpose: one at a time, so that none is
    published over another unseen."""
    permissions.require_post(actor, Action.MANAGE_STANDARDS)
    if standard.is_draft:
        raise ValidationError("草稿不能复制，请直接编辑。")
    _hold(standard.purpose)
    versions = list(Standard.objects.filter(purpose=standard.purpose).order_by("version"))
    draft = next((each for each in versions if each.is_draft), None)
    if draft is not None:
        raise ValidationError(f"“{standard.get_purpose_display()}”已有草稿（第 {draft.version} 版），请先发布或删除。")
    content = queries.content_of(standard)
    draft = Standard.objects.create(
        purpose=standard.purpose, version=versions[-1].version + 1, **_head(content), **_stamp(actor)
    )
    _write_criteria(draft, content)
    record(actor=actor, action="standard.copy", subject=draft, data={"from": standard.version, "to": draft.version})
    return draft


@transaction.atomic
def save_draft(*, actor, standard: Standard, turn: int, content: Content) -> Standard:
    """Replace what a draft says by `content`. Whether it may be published is asked when it is published.

    `turn` is the one that the page was drawn for. Raises ValidationError when somebody has saved, published or deleted the
    draft since, and for more criteria or deductions than a page holds."""
    permissions.require_post(actor, Action.MANAGE_STANDARDS)
    if len(content.criteria) > MOST_CRITERIA:
        raise ValidationError(f"评分项不能超过 {MOST_CRITERIA} 项。")
    if sum(len(part.items) for part in content.criteria) > MOST_ITEMS:
        raise ValidationError(f"扣分细则合计不能超过 {MOST_ITEMS} 条。")
    _claim(standard, turn, **_head(content), **_stamp(actor))
    before = queries.content_of(standard)
    standard.criteria.all().delete()
    _write_criteria(standard, content)
    standard.refresh_from_db()
    record(
        actor=actor, action="standard.edit", subject=standard,
        data={"version": standard.version, "turn": standard.turn, "before": before.as_data(), "after": content.as_data()},
    )  # fmt: skip
    return standard


@transaction.atomic
def publish_standard(*, actor, standard: Standard, turn: int, against: int | None) -> Standard:
    """Put a draft in force. `turn` and `against` (the version in force) are those of the comparison that was confirmed.

    Raises ValidationError when the draft or the version in force is another by now, and for whatever
    `content.problems` names: maxima that do not add up to 100 among them."""
    permissions.require_post(actor, Action.MANAGE_STANDARDS)
    _hold(standard.purpose)
    current = Standard.objects.current(standard.purpose)
    if (current.version if current else None) != against:
        raise ValidationError("现行版本在您查看之后有变化，请重新核对修改内容。")
    _claim(standard, turn, published_at=timezone.now(), **_stamp(actor))
    content = queries.content_of(standard)
    if found := problems(content):
        raise ValidationError(found)
    if current is not None and current.version > standard.version:
        raise ValidationError(f"第 {current.version} 版已经现行，本草稿的版本较早，不能发布。请复制现行版本后修改。")
    standard.refresh_from_db()
    changes = comparison.compare(queries.content_of(current), content) if current else None
    record(
        actor=actor, action="standard.publish", subject=standard,
        data={"version": standard.version, **content.as_data(),
              "replaces": current.version if current else None, "changes": changes.count if changes else None},
    )  # fmt: skip
    return standard


@transaction.atomic
def discard_draft(*, actor, standard: Standard, turn: int) -> None:
    """Delete a draft; what it said stays in the ledger. Raises ValidationError as `save_draft`."""
    permissions.require_post(actor, Action.MANAGE_STANDARDS)
    _claim(standard, turn)
    content = queries.content_of(standard)
    record(actor=actor, action="standard.discard", subject=standard,
           data={"version": standard.version, **content.as_data()})  # fmt: skip
    standard.delete()


def _hold(purpose: str) -> None:
    """Of two who copy or publish at once the second waits for the first. The versions are held, then looked at: whoever
    waits does not see by the same query what was added meanwhile. Their keys stay free for the score sheets of others."""
    list(Standard.objects.select_for_update(no_key=True).filter(purpose=purpose).order_by("pk").values_list("pk"))


def _claim(standard: Standard, turn: int, **values) -> None:
    """Take the draft as it was at `turn`, by compare-and-set. Raises ValidationError when it is not that any more."""
    found = Standard.objects.drafts().filter(pk=standard.pk, turn=turn)
    if found.update(turn=models.F("turn") + 1, **values):
        standard.turn = turn + 1
        return
    now = Standard.objects.filter(pk=standard.pk).select_related("changed_by").first()
    if now is None:
        raise ValidationError("该草稿已被删除。", code="overtaken")
    who = f"由（{now.changed_by.name}）于 {timezone.localtime(now.changed_at):%m-%d %H:%M} " if now.changed_by else ""
    act = "修改" if now.is_draft else "发布，不能再修改"
    raise ValidationError(f"该草稿已{who}{act}。", code="overtaken")


def _stamp(actor) -> dict:
    return {"changed_at": timezone.now(), "changed_by": actor}


def _head(content: Content) -> dict:
    names = ("title", "is_sample", "pass_mark", "good_mark", "good_inclusive", "veto_cap")
    return {name: getattr(content, name) for name in names}


def _write_criteria(standard: Standard, content: Content) -> None:
    for order, part in enumerate(content.criteria, start=1):
        criterion = Criterion.objects.create(standard=standard, order=order, title=part.title, maximum=part.maximum)
        Deduction.objects.bulk_create(
            Deduction(criterion=criterion, order=number, text=item.text, points=item.points, cap=item.cap,
                      evidence=item.evidence, is_veto=item.is_veto)
            for number, item in enumerate(part.items, start=1)
        )  # fmt: skip
