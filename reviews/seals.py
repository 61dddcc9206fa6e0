"""The chain as rows of seals (印章): drawn from what happened, for the page, the PDF and the verification page.

The template is templates/components/seal_row.html."""

from reviews.choices import LIVE_STATES, LevelKind, State
from reviews.models import Round
from reviews.queries import rounds_of

ENDED_WORDS = {State.SENT_BACK: "退回", State.VOIDED: "作废", State.WITHDRAWN: "撤回"}


def seal_rounds(deliverable, rounds=None, seats=None) -> list[dict]:
    """Every round of a deliverable, oldest first, as {number, ended_word, is_live, seals}. Constant queries.

    `rounds` (`queries.rounds_of`) and `seats` (with their holders) where the caller has them already."""
    rounds = rounds_of(deliverable) if rounds is None else rounds
    seats = deliverable.seats.select_related("holder") if seats is None else seats
    holders = {(s.level_id, s.number): s.holder.name for s in seats}
    exemptions = [] if deliverable.has_calculation else deliverable.exemptions.select_related("signed_by")
    exempt = {exemption.level_id: exemption for exemption in exemptions}
    # A round that never got anywhere is not worth a row, unless it is the present one.
    told = [r for r in rounds if r.submitted_at or r.state in LIVE_STATES]
    return [
        {
            "number": round.number,
            "ended_word": ENDED_WORDS.get(State(round.state), ""),
            "is_live": round.state in LIVE_STATES,
            "seals": _seals(round, holders, exempt),
        }
        for round in told
    ]


def _seals(round: Round, holders: dict, exempt: dict) -> list[dict]:
    signed = {(s.level_id, s.seat_number): s for s in round.signatures.all() if s.revoked_at is None}
    revoked = {(s.level_id, s.seat_number): s for s in round.signatures.all() if s.revoked_at is not None}
    waiting = {row.user.name for row in round.waitings.all()}
    seals = []
    for level in sorted(round.route.levels.all(), key=lambda level: level.order):
        numbers = [*range(1, level.panel_size + 1), 0]
        for number in numbers:
            key = (level.pk, number)
            title = level.title if number == 0 else f"专家{number}"
            if level.kind == LevelKind.PANEL and number == 0 and level.panel_size:
                title = f"{level.title}组长" if len(level.title) < 3 else level.title
            holder = holders.get(key, "")
            if key in signed:
                seals.append(_signed(title, signed[key], "signed"))
            elif level.pk in exempt and number == 0:
                seals.append({"title": title, "state": "exempt", "name": exempt[level.pk].signed_by.name,
                              "signed_at": exempt[level.pk].signed_at, "note": exempt[level.pk].reason})  # fmt: skip
            elif round.state == State.SENT_BACK and round.level_id == level.pk and number == 0:
                seals.append({"title": title, "state": "sent_back", "name": round.last_actor.name,
                              "signed_at": round.ended_at, "note": round.end_reason})  # fmt: skip
            elif round.state in LIVE_STATES and round.level_id == level.pk and holder in waiting:
                seals.append({"title": title, "state": "waiting", "name": holder, "has_it_now": True})
            elif key in revoked and round.state not in LIVE_STATES:
                seals.append(_signed(title, revoked[key], "revoked"))
            else:
                seals.append(
                    {"title": title, "state": "pending", "name": holder if round.state in LIVE_STATES else ""}
                )
    return seals


def _signed(title: str, signature, state: str) -> dict:
    return {
        "title": title,
        "state": state,
        "name": signature.signer.name,
        "signed_at": signature.signed_at,
        "short_hash": signature.digest[:12],
        "certificate": signature.certificate,
    }
