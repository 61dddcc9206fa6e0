"""Many people at once (PostgreSQL: real connections, real locks; SQLite: writers that queue)."""

from collections import Counter
from contextlib import contextmanager
from functools import partial
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections, transaction
from django.utils import timezone

from ledger import checks
from ledger.models import Entry
from ledger.services import record
from printing import pdf
from projects import services as project_services
from reviews import chain, services
from reviews.chain import AlreadyHandled
from reviews.choices import State
from reviews.models import Issue, IssueCounter, Remark, Round, Signature, Waiting
from staff.choices import Role
from tests.conftest import guards_lifted
from tests.reviews import flow
from tests.reviews.crowd import PATIENCE, at_once

pytestmark = pytest.mark.django_db(transaction=True)

on_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'",
    reason="SQLite has one writer at a time from BEGIN on: these races cannot even start there",
)
on_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="what SQLite's single writer means for a crowd")

CROWD = 50


@pytest.fixture
def deliverable(cast, project):
    """Submitted: it waits for 校核."""
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    return deliverable


@pytest.fixture
def quick_paper(monkeypatch):
    """The typesetter is left out: twenty issues would keep it busy for minutes, and numbers are what is looked at."""
    monkeypatch.setattr(pdf, "render", lambda template, context, **options: options["title"].encode())


def signing(deliverable, actor=None, **changes):
    """A call that signs the present level as its holder, from the page as it is now."""
    round = flow.live(deliverable)
    actor = actor or flow.holder(round)
    content = flow.content(round, **changes)
    return lambda: services.sign(
        actor=actor, round=round, turn=round.turn, content=content, confirmation=flow.confirmed(actor)
    )


def kinds(results) -> Counter:
    return Counter(type(result).__name__ for result in results)


def signed_rows() -> int:
    return Entry.objects.filter(action="review.sign").count()


# ── Fifty sign one level ────────────────────────────────────────────────────
def meet_before_claiming(monkeypatch):
    """The worst case made certain: everybody has read and checked the same round before the first one writes."""
    barrier, claim = Barrier(CROWD), chain._claim

    def after_all_have_read(*args):
        barrier.wait(PATIENCE)
        return claim(*args)

    monkeypatch.setattr(chain, "_claim", after_all_have_read)


def remove_the_guard(monkeypatch):
    """The claim without its comparison: whoever has read the round writes it, whatever it has become meanwhile."""
    rounds = Round.objects
    guarded = rounds.filter

    def unguarded(*args, **given):
        return guarded(*args, **{name: value for name, value in given.items() if name not in ("state", "turn")})

    monkeypatch.setattr(rounds, "filter", unguarded)


@contextmanager
def without_unique_signatures():
    """The database's own guard of one signature per level, out of the way; what it would have refused goes at the end."""
    guards = [c for c in Signature._meta.constraints if c.name.startswith("signature_")]
    with connection.schema_editor() as editor:
        for guard in guards:
            editor.remove_constraint(Signature, guard)
    try:
        yield
    finally:
        with transaction.atomic(), guards_lifted(connection):
            for signature in Signature.objects.filter(level__title="校核").order_by("pk")[1:]:
                signature.answers.all().delete()
                signature.delete()
        with connection.schema_editor() as editor:
            for guard in guards:
                editor.add_constraint(Signature, guard)


@on_postgresql
def test_fifty_sign_the_same_level_and_one_does(cast, deliverable, monkeypatch):
    call = signing(deliverable)
    meet_before_claiming(monkeypatch)
    results = at_once([call] * CROWD)
    assert kinds(results) == {"Round": 1, "AlreadyHandled": CROWD - 1}
    assert Signature.objects.filter(level__title="校核").count() == 1
    assert signed_rows() == 1
    words = {str(error) for error in results if isinstance(error, AlreadyHandled)}
    when = timezone.localtime(Round.objects.get(deliverable=deliverable).last_acted_at)
    assert words == {f"已由（校核人）于 {when:%H:%M} 处理：签署。请查看最新状态。"}
    assert [(w.user, w.duty) for w in Waiting.objects.all()] == [(cast.verifier, "sign")]
    assert checks.verify().problems == []


@on_postgresql
def test_control_without_the_guards_the_level_is_signed_many_times(cast, deliverable, monkeypatch):
    call = signing(deliverable)
    meet_before_claiming(monkeypatch)
    remove_the_guard(monkeypatch)
    with without_unique_signatures():
        results = at_once([call] * CROWD)
        assert kinds(results)["Round"] > 1
        assert Signature.objects.filter(level__title="校核").count() > 1
        assert signed_rows() > 1


@on_postgresql
def test_without_the_claim_the_database_still_lets_one_signature_through(cast, deliverable, monkeypatch):
    call = signing(deliverable)
    meet_before_claiming(monkeypatch)
    remove_the_guard(monkeypatch)
    results = at_once([call] * CROWD)
    assert kinds(results) == {"Round": 1, "IntegrityError": CROWD - 1}
    assert Signature.objects.filter(level__title="校核").count() == 1
    assert signed_rows() == 1


# ── Different acts of different people ──────────────────────────────────────
@on_postgresql
def test_signing_and_drafting_a_remark_exclude_each_other(cast, project):
    """Either the level is signed and the remark is too late, or the remark is there and the level is not signed."""
    outcomes = Counter()
    for attempt in range(6):
        deliverable = flow.open_deliverable(cast, project, title=f"成果 {attempt}")
        flow.submit(deliverable)
        signed, drafted = at_once([signing(deliverable), lambda d=deliverable: flow.draft_remark(d)])
        round = Round.objects.get(deliverable=deliverable)
        has_remark = Remark.objects.filter(deliverable=deliverable).exists()
        has_signature = round.signatures.filter(level__title="校核").exists()
        assert has_remark != has_signature, (signed, drafted)
        if has_remark:
            assert isinstance(signed, ValidationError)
            outcomes["remark first"] += 1
        else:
            assert isinstance(drafted, AlreadyHandled)
            outcomes["signature first"] += 1
    assert sum(outcomes.values()) == 6


@on_postgresql
def test_two_experts_join_at_once_and_neither_opinion_is_lost(cast, major_project):
    deliverable = flow.open_deliverable(cast, major_project)
    flow.submit(deliverable)
    for _ in range(3):
        flow.sign(deliverable)
    round = flow.live(deliverable)

    def joining(expert):
        return lambda: services.join_opinion(
            actor=expert,
            round=round,
            turn=round.turn,
            content=flow.content(round),
            confirmation=flow.confirmed(expert),
        )

    results = at_once([joining(cast.expert1), joining(cast.expert2)])
    assert kinds(results) == {"Round": 1, "AlreadyHandled": 1}
    late = [cast.expert1, cast.expert2][[isinstance(result, AlreadyHandled) for result in results].index(True)]
    round = flow.live(deliverable)
    joining(late)()
    assert Signature.objects.filter(seat_number__gt=0, revoked_at=None).count() == 2
    assert [(w.user, w.duty) for w in Waiting.objects.all()] == [(cast.chief_engineer, "sign")]


@on_postgresql
def test_signing_and_handing_over_the_same_level_exclude_each_other(cast, deliverable):
    round = flow.live(deliverable)
    seat = deliverable.seats.get(level=round.level)
    results = at_once([
        signing(deliverable),
        lambda: services.hand_over(
            actor=cast.verifier, round=round, turn=round.turn, seat=seat, to=cast.outsider, reason="休假"
        ),
    ])  # fmt: skip
    assert kinds(results) == {"Round": 1, "AlreadyHandled": 1}
    was_signed = isinstance(results[0], Round)
    seat.refresh_from_db()
    assert seat.holder == (cast.checker if was_signed else cast.outsider)
    assert Signature.objects.filter(level=seat.level).exists() == was_signed


@on_postgresql
def test_withdrawing_and_signing_exclude_each_other(cast, deliverable):
    round = flow.live(deliverable)
    results = at_once([
        signing(deliverable),
        lambda: services.withdraw(actor=cast.preparer, round=round, turn=round.turn, reason="传错"),
    ])  # fmt: skip
    assert kinds(results) == {"Round": 1, "AlreadyHandled": 1}
    assert Round.objects.current().filter(deliverable=deliverable).count() == 1


@on_postgresql
@pytest.mark.parametrize("action", ["deliverable.create", "attachment.add"])
def test_work_on_a_project_does_not_deadlock_with_whoever_joins_its_team(
    cast, project, deliverable, monkeypatch, action
):
    """Two join in one transaction, as when two seats go to people from outside: the second row refers to the project
    while the ledger is held. Meanwhile somebody works on the project and waits for the ledger."""
    draft = flow.open_deliverable(cast, project, title="编制中")
    meeting = Barrier(2)

    def record_after_meeting(**entry):
        if entry["action"] == action:
            meeting.wait(PATIENCE)
        return record(**entry)

    def two_join():
        with transaction.atomic():
            join = partial(project_services.appoint_deputy, actor=cast.verifier, project=project, reason="代理")
            join(user=cast.outsider, role=Role.EXPERT)
            meeting.wait(PATIENCE)
            join(user=cast.archivist, role=Role.EXPERT)

    monkeypatch.setattr("projects.services.deliverables.record", record_after_meeting)
    work = {
        "deliverable.create": lambda: project_services.create_deliverable(
            actor=cast.preparer, project=project, title="同时新建", kind=draft.kind, discipline=draft.discipline,
            preparer=cast.preparer,
        ),
        "attachment.add": lambda: flow.upload(draft, name="补充.xlsx", mark="补充"),
    }  # fmt: skip
    results = at_once([two_join, work[action]])
    assert not [result for result in results if isinstance(result, Exception)], results
    assert checks.verify().problems == []


# ── Numbers of issues ───────────────────────────────────────────────────────
@on_postgresql
def test_twenty_issues_at_once_number_without_gap_though_some_fail(cast, project, quick_paper, monkeypatch):
    made = [ready_to_issue(cast, project, number) for number in range(20)]
    doomed = {deliverable.pk for deliverable in made[::4]}
    real = services.issuing.printouts.review_record

    def breaks_for_some(round, issued):
        """The last thing before the issue is written: its number is taken by then."""
        if round.deliverable_id in doomed:
            raise OSError("磁盘已满")
        return real(round, issued)

    monkeypatch.setattr(services.issuing.printouts, "review_record", breaks_for_some)
    results = at_once([issuing(deliverable) for deliverable in made])
    assert kinds(results) == {"Round": 15, "OSError": 5}
    assert serials() == list(range(1, 16))
    for deliverable in made[::4]:
        assert flow.live(deliverable).state == State.ISSUING
    doomed.clear()
    again = at_once([issuing(deliverable) for deliverable in made[::4]])
    assert kinds(again) == {"Round": 5}
    assert serials() == list(range(1, 21))
    assert IssueCounter.objects.get().last == 20
    assert checks.verify().problems == []


def ready_to_issue(cast, project, number):
    deliverable = flow.open_deliverable(cast, project, title=f"成果 {number}")
    flow.submit(deliverable)
    flow.sign_all(deliverable)
    return deliverable


def issuing(deliverable):
    round = flow.live(deliverable)
    actor = flow.holder(round)
    content = flow.content(round)
    return lambda: services.issue(
        actor=actor, round=round, turn=round.turn, content=content, confirmation=flow.confirmed(actor)
    )


def serials() -> list[int]:
    return sorted(Issue.objects.values_list("serial", flat=True))


# ── The ledger ──────────────────────────────────────────────────────────────
@on_postgresql
def test_twenty_who_record_at_once_make_one_chain(cast, project):
    def five_acts():
        for number in range(5):
            with transaction.atomic():
                record(actor=cast.preparer, action="test.act", subject=project, data={"number": number})

    before = Entry.objects.count()
    results = at_once([five_acts] * 20)
    assert results == [None] * 20
    numbers = list(Entry.objects.values_list("number", flat=True).order_by("number"))
    assert numbers == list(range(1, before + 101))
    assert checks.verify().problems == []


# ── SQLite ──────────────────────────────────────────────────────────────────
@on_sqlite
def test_eight_writers_queue_in_one_file_and_none_is_locked_out(cast, project):
    """Eight people sign eight deliverables at once: with BEGIN IMMEDIATE nobody hears 'database is locked'."""
    made = [flow.open_deliverable(cast, project, title=f"成果 {number}") for number in range(8)]
    for deliverable in made:
        flow.submit(deliverable)
    results = at_once([signing(deliverable) for deliverable in made])
    assert kinds(results) == {"Round": 8}
    assert signed_rows() == 8
    assert checks.verify().problems == []


@on_sqlite
def test_eight_sign_the_same_level_in_one_file_and_one_does(cast, deliverable):
    results = at_once([signing(deliverable)] * 8)
    assert kinds(results) == {"Round": 1, "AlreadyHandled": 7}
    assert Signature.objects.filter(level__title="校核").count() == 1
    assert signed_rows() == 1


@on_sqlite
def test_a_transaction_that_reads_first_would_be_locked_out_without_immediate(cast, deliverable):
    """The control: deferred transactions that read and then write do fail in a crowd."""
    from django.db.utils import OperationalError

    def read_then_write():
        own = connections["default"]
        own.transaction_mode = "DEFERRED"
        with transaction.atomic():
            round = Round.objects.get(deliverable=deliverable)
            together.wait(PATIENCE)
            Round.objects.filter(pk=round.pk).update(end_reason="x")

    together = Barrier(4)
    results = at_once([read_then_write] * 4)
    assert any(isinstance(result, OperationalError) and "locked" in str(result) for result in results)
