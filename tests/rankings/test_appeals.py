"""Appeals against awards: own, in time, once; decided by who stands apart, once, and to nobody's harm."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deadlines import scopes
from deadlines.choices import Event
from deadlines.models import Deadline
from deadlines.scopes import Place
from notices.models import Notice
from rankings import clocks
from rankings.awards import total
from rankings.choices import Kind, Outcome
from rankings.handled import AlreadyHandled
from rankings.models import Appeal
from rankings.queries import settlements as queries
from rankings.services import appeals
from rankings.settlement_digests import decision_digest
from staff.choices import Role
from tests.inspections import kit
from tests.rankings import awards_kit as kits
from tests.reviews.flow import confirmed

pytestmark = pytest.mark.django_db


@pytest.fixture
def later(monkeypatch):
    def go(instant):
        monkeypatch.setattr(timezone, "now", lambda: instant)

    return go


@pytest.fixture
def settlement(cast, project, other_project):
    kits.policy()
    return kits.proposed(cast, kits.frozen(cast, (project, 90), (other_project, 55)))


def test_an_appeal_starts_the_time_for_its_decision_and_tells_who_decides(cast, settlement):
    appeal = kits.appealed(settlement, cast.outsider, "检查期间本人已调离")
    clock = Deadline.objects.of(appeal).get()
    assert clock.rule.event == Event.AWARD_APPEALED
    assert clock.responsible == cast.executive
    told = Notice.objects.filter(title__contains="收到一件申诉").values_list("recipient__name", flat=True)
    assert set(told) == {"管理层", "质量办"}


def test_only_the_person_appeals_once_with_words_and_in_time(cast, settlement, later):
    award = kits.award_of(settlement, cast.outsider)
    with pytest.raises(PermissionDenied):
        appeals.appeal(actor=cast.verifier, award=award, text="替他申诉")
    with pytest.raises(ValidationError, match="申诉理由"):
        appeals.appeal(actor=cast.outsider, award=award, text=" ")
    appeals.appeal(actor=cast.outsider, award=award, text="不服")
    with pytest.raises(AlreadyHandled, match="已提出申诉"):
        appeals.appeal(actor=cast.outsider, award=award, text="再次")
    later(kits.after_window(settlement))
    with pytest.raises(ValidationError, match="届满"):
        kits.appealed(settlement, cast.verifier)


def test_the_last_moment_of_the_last_day_is_in_time(cast, settlement, later):
    later(queries.window_ends(settlement.appeals_until) - timedelta(seconds=1))
    assert kits.appealed(settlement, cast.outsider)


def test_a_decision_counts_and_the_posted_amount_stays(cast, settlement):
    appeal = kits.decided(cast, kits.appealed(settlement, cast.outsider), "changed", "400")
    award = kits.award_of(settlement, cast.outsider)
    assert award.amount == 1000
    assert award.final_amount == 400
    assert award.signed == -400
    assert not Deadline.objects.open().of(appeal).exists()
    assert Notice.objects.filter(recipient=cast.outsider, title__contains="申诉已处理").exists()


def test_an_appeal_makes_nobodys_matter_worse(cast, settlement):
    penalty = kits.appealed(settlement, cast.outsider)
    for amount, word in (("1500", "不能因申诉增加"), ("1000", "与原金额相同"), (None, "变更后的金额")):
        with pytest.raises(ValidationError, match=word):
            kits.decided(cast, penalty, "changed", amount)
    reward = kits.appealed(settlement, cast.verifier)
    with pytest.raises(ValidationError, match="不能因申诉减少"):
        kits.decided(cast, reward, "changed", "1")


def test_a_reward_is_raised_beyond_the_policy_only_with_a_reason(cast, settlement):
    """The policy gives the whole team 10,000: a decision may go beyond it, but never without words that are signed with it."""
    appeal = queries.appeals_visible_to(cast.executive).get(pk=kits.appealed(settlement, cast.verifier).pk)
    told = {"actor": cast.executive, "appeal": appeal, "outcome": "changed", "amount": Decimal(12000)}
    for words in ("", " \n"):
        with pytest.raises(ValidationError, match="处理意见"):
            appeals.decide(**told, decision=words, confirmation=confirmed(cast.executive))
    assert Appeal.objects.get().outcome is None
    decided = appeals.decide(**told, decision="另行承担验收配合。", confirmation=confirmed(cast.executive))
    signed = decision_digest(decided)
    award = kits.award_of(settlement, cast.verifier)
    assert (award.amount, award.final_amount) == (4000, 12000)
    decided.decision = "换一个理由"
    assert decision_digest(decided) != signed


def test_neither_the_person_nor_the_proposer_nor_the_office_decides(cast, settlement):
    appeal = kits.appealed(settlement, cast.outsider)
    with pytest.raises(PermissionDenied):
        kits.decided(cast, appeal, "upheld", actor=cast.quality_office)
    row = queries.appeals_visible_to(cast.executive).get()
    row.award.person_id = cast.executive.pk
    with pytest.raises(PermissionDenied, match="申诉人"):
        appeals.require_decider(cast.executive, row)


def test_who_comes_second_is_told_who_was_faster(cast, settlement):
    appeal = kits.appealed(settlement, cast.outsider)
    other = kit.inspector(cast, "副总", role=Role.EXECUTIVE)
    stale = queries.appeals_visible_to(other).get()
    kits.decided(cast, appeal, "upheld")
    with pytest.raises(AlreadyHandled, match="管理层"):
        appeals.decide(actor=other, appeal=stale, outcome="revoked", decision="撤销", confirmation=confirmed(other))
    assert Appeal.objects.get().outcome == Outcome.UPHELD


# ── Who sees whose ──────────────────────────────────────────────────────────
def test_nobody_sees_a_colleagues_award_appeal_or_clock(cast, settlement):
    appeal = kits.appealed(settlement, cast.outsider)
    clock = Deadline.objects.of(appeal).get()
    seeing = {cast.outsider, cast.executive, cast.quality_office}
    for person in (cast.outsider, cast.executive, cast.quality_office, cast.verifier, cast.approver, cast.auditor,
                   cast.administrator, cast.chief_engineer):  # fmt: skip
        sees = person in seeing
        assert queries.appeals_visible_to(person).exists() == sees
        assert Deadline.objects.visible_to(person).filter(pk=clock.pk).exists() == sees
        assert queries.awards_visible_to(person).filter(person=cast.outsider).exists() == sees


def test_the_clock_of_ones_own_appeal_is_not_ones_to_decide_about(cast, settlement):
    appeal = kits.appealed(settlement, cast.outsider)
    places = [Place(appeal.pk, role) for role in (Role.EXECUTIVE, Role.QUALITY_OFFICE, Role.PROJECT_MANAGER)]
    assert list(scopes.holders(clocks.APPEAL, places).values()).count([]) == 1
    assert clocks.appeal_roles(cast.outsider, appeal.pk, None) == {Role.COST_ENGINEER}
    assert scopes.confidential(clocks.APPEAL, [appeal.pk]) == {appeal.pk}


# ── Conservation ────────────────────────────────────────────────────────────
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(st.lists(st.tuples(st.sampled_from([*Outcome, None]), st.integers(0, 10**6)), min_size=4, max_size=4))
def test_the_whole_is_what_was_posted_and_what_appeals_changed(cast, settlement, decisions):
    """No row is written: the appeals are laid over the posted lines."""
    rows = list(queries.awards_of(settlement))
    moved = Decimal(0)
    for award, (outcome, cents) in zip(rows, decisions, strict=True):
        amount = Decimal(cents).scaleb(-2)
        award.appeal = Appeal(award=award, outcome=outcome, amount=amount if outcome == Outcome.CHANGED else None)
        final = {Outcome.REVOKED: Decimal(0), Outcome.CHANGED: amount}.get(outcome, award.amount)
        moved += (final - award.amount) * (1 if award.kind == Kind.REWARD else -1)
    before, after = (total(rows, by).net for by in (lambda row: row.amount, lambda row: row.final_amount))
    assert after == before + moved == sum(row.signed for row in rows)
