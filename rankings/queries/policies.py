"""Reads of the policy of rewards and penalties (奖惩标准): the version in force, what it lacks, how it differs from another."""

from decimal import Decimal

from django.urls import reverse

from rankings import policy_content
from rankings.choices import Measure
from rankings.models import Amount, Policy
from rankings.policy_content import Content, Line
from staff.choices import Action
from staff.permissions import is_set_apart

READERS = (Action.MANAGE_POLICY, Action.PUBLISH_POLICY, Action.READ_SETTLEMENT)


def policies_for(user):
    """The versions that `user` may read: it is a 制度, so everybody who does business reads what is or was in force; a draft
    is for those who keep, publish or settle."""
    if any(user.may(action) for action in READERS):
        return Policy.objects.all()
    return Policy.objects.filter(published_at__isnull=False) if reads(user) else Policy.objects.none()


def reads(user) -> bool:
    """Whether the policy concerns `user` at all (三员分立)."""
    return user.is_active and not is_set_apart(role for role, _ in user.posts_today)


def in_force() -> Policy | None:
    """The newest published version."""
    return Policy.objects.in_force()


def with_rows(policies):
    """The policies with amounts, shares, targets loaded."""
    return policies.prefetch_related("amounts", "shares", "targets")


def content_of(policy: Policy, is_loaded: bool = False) -> Content:
    """What a version says, as plain values; read afresh unless `policy` comes from `with_rows`."""
    row = policy if is_loaded else with_rows(Policy.objects.all()).get(pk=policy.pk)
    return Content(
        title=row.title, note=row.note, min_unit_sample=row.min_unit_sample, min_person_sample=row.min_person_sample,
        sent_back_from=row.sent_back_from,
        lines=tuple(
            Line(each.line, each.cause, each.party, each.text, each.amount, each.is_optional) for each in row.amounts.all()
        ),
        shares=tuple((each.party, each.percent) for each in row.shares.all()),
        targets=tuple((each.measure, each.percent) for each in row.targets.all()),
    )  # fmt: skip


def unset(policy: Policy) -> list[str]:
    """What is 未设定 in `policy` and blocks a settlement, in words (“质量检查不合格 · 单位技术负责人”); empty when nothing."""
    return policy_content.unset(content_of(policy))


def is_ready(content: Content) -> bool:
    """Whether a draft that says `content` may be put in force as it is: everything is set, nothing stands in the way, and it
    differs from the version in force."""
    if policy_content.unset(content) or policy_content.problems(content):
        return False
    current = in_force()
    return current is None or bool(policy_content.compare(content_of(current), content))


def waiting(user) -> Policy | None:
    """The draft that waits for `user` to check and publish it; None for whoever does not publish."""
    if not user.may(Action.PUBLISH_POLICY):
        return None
    draft = with_rows(Policy.objects.filter(published_at__isnull=True)).select_related("changed_by").first()
    return draft if draft is not None and is_ready(content_of(draft, is_loaded=True)) else None


def publish_page(policy: Policy) -> str:
    return reverse("rankings:policy_publish", args=[policy.pk])


def targets(policy: Policy | None = None) -> dict[Measure, Decimal]:
    """The target of each measure in percent, by the version in force unless another is given. A measure without a target is
    missing."""
    policy = policy or in_force()
    rows = policy.targets.values_list("measure", "percent") if policy else ()
    return {Measure(measure): percent for measure, percent in rows}


def version_before(policy: Policy) -> Policy | None:
    """The published version that `policy` follows."""
    return Policy.objects.filter(published_at__isnull=False, version__lt=policy.version).order_by("-version").first()


def changes(policy: Policy) -> list[policy_content.Change] | None:
    """How `policy` differs from the published version before it; None where there is none."""
    before = version_before(policy)
    return None if before is None else policy_content.compare(content_of(before), content_of(policy))


def attendance_rules(policy: Policy | None = None):
    """The attendance rules of the version in force, or of `policy`."""
    policy = policy or in_force()
    return Amount.objects.filter(policy=policy, cause="attendance") if policy else Amount.objects.none()


def rules_by_line(policy: Policy) -> dict[int, Amount]:
    """Line → attendance rule of `policy`. What was recorded by an older version (`record.rule.line`) is settled by these; a
    line that is missing has been repealed, an amount that is None is not applied."""
    return {rule.line: rule for rule in attendance_rules(policy)}


def known_lines(policy: Policy) -> dict[int, Line]:
    """The rules by which a draft may go on: its own, and the attendance rules of the version in force, so that one that was
    taken out comes back under its number."""
    current = in_force()
    before = content_of(current).lines if current else ()
    found = {row.number: row for row in before if row.is_attendance}
    return found | {row.number: row for row in content_of(policy).lines}
