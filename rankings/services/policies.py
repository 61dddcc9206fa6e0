"""Keeping the policy of rewards and penalties: copy to a draft, edit, publish, discard. What is published is never changed
again (§7): the database closes it."""

from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from inspections.queries.liability import people_by_post
from ledger.services import record
from notices.choices import Kind as NoticeKind
from notices.models import Notice
from notices.services import notify
from rankings.models import Amount, Policy, Target, TeamShare
from rankings.policy_content import MOST_ATTENDANCE_RULES, Content, Line, compare, problems
from rankings.queries import policies as queries
from staff import permissions
from staff.choices import Action
from staff.confirmation import Confirmation, require_confirmation

HEAD = ("title", "note", "min_unit_sample", "min_person_sample", "sent_back_from")


@transaction.atomic
def copy_policy(*, actor) -> Policy:
    """A draft with the content of the version in force, as the next version: the policy is changed this way only.

    Raises ValidationError while there is a draft: one at a time, so that none is published over another unseen."""
    permissions.require_post(actor, Action.MANAGE_POLICY)
    _hold()
    versions = list(Policy.objects.order_by("version"))
    draft = next((each for each in versions if each.is_draft), None)
    if draft is not None:
        raise ValidationError(f"已有草稿（第 {draft.version} 版），请先发布或删除。")
    base = Policy.objects.in_force()
    if base is None:
        raise ValidationError("没有已发布的奖惩标准可供复制。")
    content = queries.content_of(base)
    draft = Policy.objects.create(
        version=versions[-1].version + 1, created_by=actor, **_head(content), **_stamp(actor)
    )
    _write(draft, content)
    record(actor=actor, action="policy.copy", subject=draft, data={"from": base.version, "to": draft.version})
    return draft


@transaction.atomic
def save_draft(*, actor, policy: Policy, turn: int, content: Content) -> Policy:
    """Replace what a draft says by `content`; a `Line` without number is a new rule. Whether the draft may be published is
    asked when it is published; once it is ready for that, those who publish are told.

    `turn` is the one that the page was drawn for. Raises ValidationError when somebody has saved, published or deleted the
    draft since (code “overtaken”), for a line that the draft does not have, and for more rules than a page holds."""
    permissions.require_post(actor, Action.MANAGE_POLICY)
    _claim(policy, turn, **_head(content), **_stamp(actor))
    before = queries.content_of(policy)
    content = _numbered(before, content, queries.known_lines(policy))
    for rows in (policy.amounts, policy.shares, policy.targets):
        rows.all().delete()
    _write(policy, content)
    policy.refresh_from_db()
    record(
        actor=actor, action="policy.edit", subject=policy,
        data={"version": policy.version, "turn": policy.turn, "before": before.as_data(), "after": content.as_data()},
    )  # fmt: skip
    _tell_ready(actor, policy, content)
    return policy


def _tell_ready(actor, policy: Policy, content: Content) -> None:
    """Tell those who publish, once for each draft, that it waits for them; not who saved it."""
    if not queries.is_ready(content):
        return
    url = queries.publish_page(policy)
    people = [each for each in people_by_post(Action.PUBLISH_POLICY) if each.pk != actor.pk]
    told = set(Notice.objects.filter(recipient__in=people, url=url).values_list("recipient", flat=True))
    notify(
        recipients=[each for each in people if each.pk not in told], kind=NoticeKind.TO_DO, url=url,
        title=f"奖惩标准第 {policy.version} 版草稿待核对发布",
        body=f"{actor.name}已保存草稿，应设定的金额均已设定。请核对修改内容，签署发布后生效。",
    )  # fmt: skip


@transaction.atomic
def publish_policy(*, actor, confirmation: Confirmation, policy: Policy, turn: int, against: int | None) -> Policy:
    """Put a draft in force, signed. `turn` and `against` (the version in force) are those of the comparison that was shown.

    Raises ValidationError when the draft or the version in force is another by now (code “overtaken”), and for whatever
    `policy_content.problems` names: shares of the team's reward that do not add up to 100 among them."""
    permissions.require_post(actor, Action.PUBLISH_POLICY)
    require_confirmation(confirmation, actor)
    _hold()
    current = Policy.objects.in_force()
    if (current.version if current else None) != against:
        raise ValidationError("现行版本已变化，请重新核对修改内容后再发布。", code="overtaken")
    content = queries.content_of(policy) if Policy.objects.filter(pk=policy.pk).exists() else None
    if content is not None and (found := problems(content)):
        raise ValidationError(found)
    _claim(policy, turn, published_at=timezone.now(), published_by=actor)
    policy.refresh_from_db()
    content = queries.content_of(policy)
    changes = compare(queries.content_of(current), content) if current else []
    record(
        actor=actor, action="policy.publish", subject=policy,
        data={"version": policy.version, "replaces": against, "content": content.as_data(),
              "content_sha256": content.digest, "changes": [[each.where, each.label, each.before, each.after] for each in changes]},
    )  # fmt: skip
    return policy


@transaction.atomic
def discard_draft(*, actor, policy: Policy, turn: int) -> None:
    """Delete a draft; what it said stays in the ledger. Raises ValidationError as `save_draft`."""
    permissions.require_post(actor, Action.MANAGE_POLICY)
    _claim(policy, turn)
    content = queries.content_of(policy)
    record(actor=actor, action="policy.discard", subject=policy,
           data={"version": policy.version, "content": content.as_data()})  # fmt: skip
    policy.delete()


def _hold() -> None:
    """Of two who copy or publish at once the second waits for the first; the versions are looked at afterwards."""
    list(Policy.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _claim(policy: Policy, turn: int, **values) -> None:
    """Take the draft as it was at `turn`, by compare-and-set. Raises ValidationError when it is not that any more."""
    found = Policy.objects.filter(pk=policy.pk, turn=turn, published_at__isnull=True)
    if found.update(turn=models.F("turn") + 1, **values):
        policy.turn = turn + 1
        return
    now = Policy.objects.filter(pk=policy.pk).select_related("changed_by", "published_by").first()
    if now is None:
        raise ValidationError("该草稿已被删除。", code="overtaken")
    who, at = (now.changed_by, now.changed_at) if now.is_draft else (now.published_by, now.published_at)
    by = f"由（{who.name}）于 {timezone.localtime(at):%m-%d %H:%M} " if who else ""
    raise ValidationError(f"该草稿已{by}{'修改' if now.is_draft else '发布，不能再修改'}。", code="overtaken")


def _stamp(actor) -> dict:
    return {"changed_at": timezone.now(), "changed_by": actor}


def _head(content: Content) -> dict:
    return {name: getattr(content, name) for name in HEAD}


def _numbered(before: Content, content: Content, known: dict[int, Line]) -> Content:
    """`content` with numbers for its new rules. A number that was ever given is not given again: records refer to it.

    Raises ValidationError for a numbered rule that is not in `known`, for one that the 制度 has and the content lacks, and for
    more attendance rules than a page holds."""
    kept = [row.number for row in content.lines if row.number]
    if (
        len(kept) != len(set(kept))
        or not set(kept) <= set(known)
        or not all(_fits(row, known) for row in content.lines)
    ):
        raise ValidationError("条款与草稿不一致，请刷新页面后重试。")
    if missing := [row.name for row in before.lines if not row.is_attendance and row.number not in kept]:
        raise ValidationError(f"制度规定的条款不能删除：{'、'.join(missing)}。")
    if sum(row.is_attendance for row in content.lines) > MOST_ATTENDANCE_RULES:
        raise ValidationError(f"考勤与纪律条款不能超过 {MOST_ATTENDANCE_RULES} 条。")
    last = Amount.objects.aggregate(last=models.Max("line"))["last"] or 0
    lines = []
    for row in content.lines:
        last += not row.number
        lines.append(row if row.number else replace(row, number=last))
    return replace(content, lines=tuple(lines))


def _fits(row: Line, known: dict[int, Line]) -> bool:
    """A rule keeps its cause and party; only attendance rules are added, and only their words change."""
    if not row.number:
        return row.is_attendance
    old = known[row.number]
    return (row.cause, row.party) == (old.cause, old.party) and (row.is_attendance or row.text == old.text)


def _write(policy: Policy, content: Content) -> None:
    Amount.objects.bulk_create(
        Amount(policy=policy, order=order, line=row.number, cause=row.cause, party=row.party, text=row.text,
               amount=row.amount, is_optional=row.is_optional)
        for order, row in enumerate(content.lines, start=1)
    )  # fmt: skip
    TeamShare.objects.bulk_create(
        TeamShare(policy=policy, party=party, percent=value) for party, value in content.shares
    )
    Target.objects.bulk_create(Target(policy=policy, measure=name, percent=value) for name, value in content.targets)
