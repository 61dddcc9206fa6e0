"""What the tests of the policy share: a draft, amounts by cause and party, the page as a browser sends it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.utils import timezone

from rankings.choices import Cause, Measure, SettlementState
from rankings.models import Amount, Policy, Ranking, Settlement
from rankings.policy_content import Content, Line
from rankings.queries import policies as queries
from rankings.services import policies as services
from staff.confirmation import Confirmation
from tests.conftest import PASSWORD

SHARES = {"project_manager": "40", "discipline_lead": "30", "cost_engineer": "30"}


def signed(user) -> Confirmation:
    return Confirmation(user.pk, timezone.now())


def draft_of(actor) -> Policy:
    return services.copy_policy(actor=actor)


def saved(actor, draft: Policy, content: Content) -> Policy:
    return services.save_draft(actor=actor, policy=draft, turn=draft.turn, content=content)


def published(actor, draft: Policy) -> Policy:
    return services.publish_policy(
        actor=actor, confirmation=signed(actor), policy=draft, turn=draft.turn, against=queries.in_force().version
    )


def with_amounts(
    content: Content, amount="500", *, shares: dict | None = None, also_optional: bool = False
) -> Content:
    """`content` with every amount that the 制度 asks for set to `amount`, and the team's shares."""
    value = None if amount is None else Decimal(amount)
    lines = [replace(row, amount=value) if also_optional or not row.is_optional else row for row in content.lines]
    shares = SHARES if shares is None else shares
    return replace(content, lines=tuple(lines), shares=tuple((name, Decimal(value)) for name, value in shares.items()))


def changed(content: Content, cause: Cause, party: str, **changes) -> Content:
    lines = [replace(row, **changes) if (row.cause, row.party) == (cause, party) else row for row in content.lines]
    return replace(content, lines=tuple(lines))


def with_rule(content: Content, text: str, amount=None, *, number: int = 0) -> Content:
    rule = Line(number, "attendance", "person", text, None if amount is None else Decimal(amount), True)
    return replace(content, lines=(*content.lines, rule))


def put_in_force(cast, amount="500", **more) -> Policy:
    """Version 2 with all amounts set, published."""
    draft = draft_of(cast.quality_office)
    saved(cast.quality_office, draft, with_amounts(queries.content_of(draft), amount, **more))
    return published(cast.executive, draft)


def rule_of(text: str) -> Amount:
    """The attendance rule in force whose words begin so."""
    return queries.attendance_rules().get(text__startswith=text)


def settle(cast, year: int) -> Settlement:
    """A settlement of `year` that stands, as far as attendance asks for it."""
    ranking = Ranking.objects.create(year=year, basis={}, frozen_by=cast.executive, digest="0" * 64)
    return Settlement.objects.create(
        ranking=ranking, policy=queries.in_force(), state=SettlementState.PROPOSED, proposed_by=cast.quality_office,
        digest="0" * 64, appeals_until=date(year + 1, 2, 1),
    )  # fmt: skip


def typed(draft: Policy, **changes) -> dict[str, str]:
    """The fields of the editor's page as they stand after it was opened, with `changes`; None leaves a field out."""
    what = queries.content_of(draft)
    data = {"turn": str(draft.turn), "do": "save", "title": what.title, "note": what.note}
    data |= {name: str(getattr(what, name)) for name in ("min_unit_sample", "min_person_sample", "sent_back_from")}
    data["rows"] = ",".join(str(row.number) for row in what.lines if row.is_attendance)
    for row in what.lines:
        data[f"amount_{row.number}"] = "" if row.amount is None else str(row.amount)
        if row.is_optional:
            data[f"optional_{row.number}"] = "on"
        if row.is_attendance:
            data[f"text_{row.number}"] = row.text
    data |= {f"share_{name}": "" if value is None else str(value) for name, value in what.shares}
    known = dict(what.targets)
    data |= {f"target_{name}": str(known.get(name, "")) for name in Measure}
    data |= changes
    return {name: value for name, value in data.items() if value is not None}


def number_of(policy: Policy, cause: Cause, party: str) -> int:
    return next(row.number for row in queries.content_of(policy).lines if (row.cause, row.party) == (cause, party))


def signing(draft: Policy, **more) -> dict:
    return {"turn": draft.turn, "against": queries.in_force().version, "password": PASSWORD} | more
