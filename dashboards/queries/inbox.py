"""The inbox: 待办 (what waits for a person), 已办 (what the person dealt with), 我发起 (what the person prepares)."""

from dataclasses import dataclass

from django.db.models import F, Max, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce

from dashboards.queries import chain
from projects.models import Deliverable, Project
from reviews.choices import Act, State
from reviews.models import Remark, Round, Signature
from staff.lists import kept_count


def todo(user):
    """待办: exactly the rounds that wait for `user`, with `since`. The chain alone decides what is in here."""
    return Round.objects.filter(waitings__user=user).annotate(since=F("waitings__since"))


def todo_count(user) -> int:
    """How many rounds wait for `user`; asked once per request, by the shell and by the inbox."""
    if not hasattr(user, "_todo_count"):
        user._todo_count = user.waitings.count()
    return user._todo_count


def handled(user, visible=None):
    """已办: the rounds in which `user` signed, raised remarks or sent back, with `since` (when last).

    `visible` are the projects that `user` sees, where they are known already."""
    signed = Signature.objects.filter(signer=user).order_by().values("round")
    remarked = Remark.objects.filter(raised_by=user, number__isnull=False).order_by().values("round")
    sent_back = Round.objects.filter(last_actor=user, last_act=Act.SEND_BACK).order_by().values("pk")
    acted = Signature.objects.filter(round=OuterRef("pk"), signer=user).order_by()
    last_signed = acted.values("round").annotate(last=Max("signed_at")).values("last")
    return Round.objects.filter(
        pk__in=signed.union(remarked, sent_back),
        deliverable__project__in=_visible(user) if visible is None else visible,
    ).annotate(since=Coalesce(Subquery(last_signed), "last_acted_at"))


def started(user):
    """我发起: the current rounds of the deliverables that `user` prepares or opened, with `since` (last move)."""
    mine = _prepared_or_opened(user).filter(project__in=_visible(user))
    return Round.objects.current().filter(deliverable__in=mine.values("pk")).annotate(since=F("last_acted_at"))


def _visible(user):
    return Project.objects.visible_to(user).order_by().values("pk")


def _prepared_or_opened(user):
    return Deliverable.objects.filter(Q(preparer=user) | Q(created_by=user)).order_by()


def search(rounds, text: str):
    """Those of `rounds` whose deliverable, project or preparer matches."""
    return rounds.filter(
        Q(deliverable__number__icontains=text)
        | Q(deliverable__title__icontains=text)
        | Q(deliverable__project__number__icontains=text)
        | Q(deliverable__project__name__icontains=text)
        | Q(deliverable__preparer__name__icontains=text)
    )


def with_my_part(rounds, user):
    """Load what `user` did in each round, for `my_part`."""
    return rounds.prefetch_related(
        Prefetch("signatures", Signature.objects.filter(signer=user).select_related("level"), to_attr="mine_signed"),
        Prefetch("remarks", Remark.objects.filter(raised_by=user, number__isnull=False), to_attr="mine_raised"),
    )


def my_part(round: Round, user) -> str:
    """What `user` did in a round, in words: 校核签署，提出意见 2 条."""
    told = [
        f"{signature.level.title}签署{'（已撤回）' if signature.revoked_at else ''}" for signature in round.mine_signed
    ]
    if round.mine_raised:
        told.append(f"提出意见 {len(round.mine_raised)} 条")
    if round.state == State.SENT_BACK and round.last_actor_id == user.pk:
        told.append(f"{round.level.title}退回")
    return "，".join(told)


@dataclass(frozen=True)
class Counts:
    todo: int
    handled: int
    started: int


def counts(user) -> Counts:
    """How many rows each tab has. A deliverable has exactly one current round, so 我发起 counts deliverables."""
    visible = _visible(user)
    mine = _prepared_or_opened(user).filter(project__in=visible)
    return Counts(
        todo_count(user),
        kept_count(lambda: handled(user, visible).count(), "handled", user.pk),
        kept_count(lambda: mine.count(), "started", user.pk),
    )


def tell_present(rows, user) -> None:
    """Give each row `my_part` and `present`: the round in which its deliverable stands today, with the state in words."""
    found = Round.objects.current().filter(deliverable__in=[row.deliverable_id for row in rows])
    present = {row.deliverable_id: row for row in chain.tell(chain.as_rows(found), user)}
    for row in rows:
        row.my_part = my_part(row, user)
        row.present = present[row.deliverable_id]
