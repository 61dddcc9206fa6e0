"""质量办 and 管理层: the chain by unit, what is overdue, what was issued and with which grade, the year's overdue rate."""

from datetime import date, datetime

from django.db.models import Count, F, Prefetch, Q
from django.utils import timezone

from dashboards.blocks.base import SHORT, Block, list_block
from dashboards.board.clocks import WINDOWS
from dashboards.rules import share
from deadlines.choices import State as ClockState
from deadlines.models import Deadline
from reviews.choices import State
from reviews.models import Issue, Round, Signature
from scoring.rules import FAIL, GOOD, PASS


def _overdue() -> Q:
    return Q(deliverable__due_on__lt=timezone.localdate())


def units(user) -> Block:
    """Live deliverables of each unit, by state."""
    states = (State.PREPARING, State.REVIEWING, State.ANSWERING, State.ISSUING)
    counts = {state.value: Count("pk", filter=Q(state=state)) for state in states}
    rows = list(
        Round.objects.live()
        .visible_to(user)
        .order_by("deliverable__project__unit__code")
        .values("deliverable__project__unit", "deliverable__project__unit__name")
        .annotate(total=Count("pk"), overdue=Count("pk", filter=_overdue()), **counts)
    )
    for row in rows:
        row["unit"], row["name"] = row["deliverable__project__unit"], row["deliverable__project__unit__name"]
    sums = {key: sum(row[key] for row in rows) for key in ("total", "overdue", *counts)}
    return Block("units", sums["total"], {"rows": rows, "sums": sums})


def overdue(user) -> Block:
    """Live deliverables past their date, the longest overdue first, with who has them."""
    rounds = Round.objects.live().visible_to(user).filter(_overdue()).select_related("deliverable__project__unit")
    return list_block("overdue", rounds, user, ["deliverable__due_on", "pk"], "deliverable__project__unit__name")


def issued(user) -> Block:
    """The newest issues with their scores."""
    scored = Signature.objects.filter(revoked_at__isnull=True, score_sheet__isnull=False).select_related("score_sheet")
    found = (
        Issue.objects.filter(round__in=Round.objects.visible_to(user).filter(state=State.ISSUED))
        .select_related("round__deliverable__project__unit", "issued_by")
        .prefetch_related(Prefetch("round__signatures", scored, to_attr="scored"))
        .order_by("-issued_at")
    )
    rows = list(found[:SHORT])
    for row in rows:
        row.sheet = row.round.scored[0].score_sheet if row.round.scored else None
    return Block("issued", len(rows), {"rows": rows})


def key_figures(user) -> Block:
    """This year's issues by grade, issued this month, waiting for issue, overdue; of the year's time limits the rate of those
    that were missed."""
    now = timezone.localtime()
    year, month = _start(now.year), _start(now.year, now.month)
    visible = Round.objects.visible_to(user)
    live = visible.live().aggregate(
        issuing=Count("pk", filter=Q(state=State.ISSUING)), overdue=Count("pk", filter=_overdue()), live=Count("pk")
    )
    done = Issue.objects.filter(round__in=visible.filter(state=State.ISSUED), issued_at__gte=year).aggregate(
        year=Count("pk"), month=Count("pk", filter=Q(issued_at__gte=month))
    )
    grades = _grades(visible, year)
    scored = sum(row["count"] for row in grades)
    figures = {**live, **done, "grades": grades, "scored": scored, "unscored": done["year"] - scored, "of": now.year,
               "clocks": _missed_clocks(now)}  # fmt: skip
    return Block("key_figures", live["live"], figures)


def _missed_clocks(now: datetime) -> dict:
    """Of the time limits that fell due this year and have an outcome (`every`) those that were missed, as the managers' dashboard
    counts them rule by rule; `rate` None where there is none."""
    rows = Deadline.objects.filter(due_on__gte=date(now.year, 1, 1), due_on__lt=date(now.year + 1, 1, 1))
    rows = rows.exclude(state=ClockState.CANCELLED).exclude(rule__event__in=WINDOWS).order_by()
    done = Q(state=ClockState.FULFILLED)
    found = rows.aggregate(
        on_time=Count("pk", filter=done & Q(stopped_at__lt=F("due_at"))),
        missed=Count(
            "pk", filter=done & Q(stopped_at__gte=F("due_at")) | Q(state=ClockState.RUNNING, due_at__lte=now)
        ),
    )
    every = found["on_time"] + found["missed"]
    return {**found, "every": every, "rate": share(found["missed"], every)}


def _start(year: int, month: int = 1) -> datetime:
    return timezone.make_aware(datetime(year, month, 1))  # noqa: DTZ001 — made aware in the firm's zone


def _grades(visible, since: datetime) -> list[dict]:
    """How many of the deliverables issued since then have which grade, and their share of all scored ones."""
    scored = Signature.objects.filter(
        revoked_at__isnull=True, score_sheet__isnull=False, round__in=visible.filter(state=State.ISSUED),
        round__issue__issued_at__gte=since,
    )  # fmt: skip
    found = dict(scored.order_by().values_list("score_sheet__grade").annotate(count=Count("pk")))
    total = sum(found.values())
    kinds = {GOOD: "signed", PASS: "info", FAIL: "overdue"}
    rows = [{"grade": grade, "kind": kind, "count": found.get(grade, 0)} for grade, kind in kinds.items()]
    for row in rows:
        row["share"] = share(row["count"], total)
        row["width"] = f"{(row['share'] or 0) * 100:.1f}"
    return rows
