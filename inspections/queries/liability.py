"""Reads of accountability: the walk along a round's signatures, the lists, who may still decide, what a person may see of it."""

import json
from collections import defaultdict
from datetime import date, datetime

from django.db.models import Case, Count, Prefetch, Q, When
from django.utils import timezone

from deadlines import queries as deadline_queries
from deadlines.choices import Event
from deadlines.models import Deadline
from inspections.choices import CONCLUDED, CaseState, Share, SheetState
from inspections.liability import Answered, Exempted, Remarked, Signing, walk
from inspections.liability_chain import ENDED, barred_of
from inspections.models import Evidence, Finding, LiabilityCase, LiabilitySheet
from ledger.models import Entry
from projects.models import Deliverable
from reviews.choices import LevelKind, RemarkEventKind, RemarkState, State, StatementKind
from reviews.models import Remark, Round, Signature
from reviews.queries import signatures_of
from staff.choices import Action
from staff.models import Post, User
from staff.permissions import GRANTS, SOLE_ROLES

SHEET = "inspections.liabilitysheet"


# ── The walk ────────────────────────────────────────────────────────────────
def walk_of(round: Round, category: str, remark: Remark | None = None) -> list[dict]:
    """The walk along the standing signatures of a round for a problem of `category`; `remark` is the one that the finding
    names, if it names one. See inspections/liability.py for the rule."""
    signatures = list(signatures_of(round).prefetch_related("answers", "statements"))
    remarks = _remarks(round, category, remark)
    steps = [(row.level.order, row.signed_at, _signing(row, remarks)) for row in signatures]
    signed = {row.level_id for row in signatures}
    steps += [(row.level.order, row.signed_at, _exempted(row)) for row in _exemptions(round, signed)]
    return walk(category, [step for *_, step in sorted(steps, key=lambda each: each[:2])])


def _exemptions(round: Round, signed: set[int]):
    if round.deliverable.has_calculation:
        return []
    rows = round.deliverable.exemptions.filter(level__route=round.route_id).exclude(level__in=signed)
    return rows.select_related("level", "signed_by")


def _exempted(row) -> Exempted:
    return Exempted(row.level.title, row.level.kind, row.signed_by.name, timezone.localtime(row.signed_at), row.reason)


def _signing(row: Signature, remarks: list[Remark]) -> Signing:
    statements = list(row.statements.all())
    return Signing(
        title=title_of(row), kind=row.level.kind, role=row.level.role, signature=row.pk, digest=row.digest,
        person=row.signer_id, name=row.signer.name, employee_number=row.signer.employee_number,
        signed_at=timezone.localtime(row.signed_at), opinion=row.opinion,
        unresolved=[each.text for each in statements if each.kind == StatementKind.UNRESOLVED],
        attention=[each.text for each in statements if each.kind == StatementKind.ATTENTION],
        declares_no_unresolved=row.declares_no_unresolved, declares_no_attention=row.declares_no_attention,
        prompts=list(row.prompts_overridden),
        answers=[Answered(each.order, each.text, each.result, each.note) for each in row.answers.all()],
        remarks=[_remarked(each) for each in remarks if _is_of(each, row)],
    )  # fmt: skip


def title_of(signature: Signature) -> str:
    """编制（自校）, 校核, 专家评审（专家 1）."""
    level = signature.level
    if level.kind == LevelKind.PREPARE:
        return f"编制（{level.title}）"
    return f"{level.title}（专家 {signature.seat_number}）" if signature.seat_number else level.title


def _remarks(round: Round, category: str, remark: Remark | None) -> list[Remark]:
    """The remarks of the category that were sent up to this round, and the one that is meant in any case."""
    meant = Q(category=category) | Q(pk=getattr(remark, "pk", None))
    rows = Remark.objects.exclude(state=RemarkState.DRAFT).filter(
        meant, deliverable=round.deliverable_id, round__number__lte=round.number
    )
    return list(rows.prefetch_related("events").order_by("number"))


def _is_of(remark: Remark, signature: Signature) -> bool:
    """A level's remarks are its signer's, whoever held it when they were raised; on a panel each has their own."""
    if remark.level_id != signature.level_id:
        return False
    return remark.raised_by_id == signature.signer_id or signature.level.kind != LevelKind.PANEL


def _remarked(remark: Remark) -> Remarked:
    answers = [event for event in remark.events.all() if event.kind == RemarkEventKind.ANSWER]
    last = answers[-1] if answers else None
    return Remarked(
        remark.number, remark.problem, last.disposition if last else "", last.text if last else "",
        remark.state == RemarkState.CLOSED,
    )  # fmt: skip


def rounds_to_walk(deliverable: Deliverable):
    """The rounds of a deliverable that somebody signed, the issued one first, then the newest."""
    signed = Signature.objects.filter(round__deliverable=deliverable, revoked_at__isnull=True).order_by()
    rows = deliverable.rounds.filter(pk__in=signed.values("round")).select_related("version", "deliverable")
    return rows.order_by(Case(When(state=State.ISSUED, then=0), default=1), "-number")


def round_to_walk(deliverable: Deliverable) -> Round | None:
    """The deliverable's issued round."""
    return deliverable.rounds.filter(state=State.ISSUED).first()


def deliverable_of(finding: Finding) -> Deliverable | None:
    """What a finding is linked to: the deliverable itself, or that of the remark or the file."""
    if finding.deliverable_id:
        return finding.deliverable
    if finding.remark_id:
        return finding.remark.deliverable
    return finding.attachment.version.deliverable if finding.attachment_id else None


def findings_for(user):
    """The findings from which `user` may start: of concluded inspections that they see."""
    return Finding.objects.filter(inspection__state__in=CONCLUDED).select_related(
        "inspection", "deliverable__project__unit", "remark__deliverable", "attachment__version__deliverable"
    )


def standing_case_of(finding: Finding) -> LiabilityCase | None:
    """The case that was opened for a finding and not dropped."""
    return finding.liability_cases.exclude(state=CaseState.DROPPED).first()


def cases_of(findings, user) -> dict[int, LiabilityCase]:
    """Finding id → the case that was opened for it and not dropped, if `user` sees it; one query."""
    rows = LiabilityCase.objects.visible_to(user).exclude(state=CaseState.DROPPED)
    return {row.finding_id: row for row in rows.filter(finding__in=[finding.pk for finding in findings])}


def day_of(finding: Finding) -> date:
    """The day on which a finding was raised."""
    return timezone.localdate(finding.raised_at)


# ── Lists ───────────────────────────────────────────────────────────────────
def case_rows(user):
    """The cases that `user` sees, as a list shows them: with their sheets, and how many are decided."""
    sheets = LiabilitySheet.objects.visible_to(user).select_related("person").order_by("number")
    return (
        LiabilityCase.objects.visible_to(user)
        .select_related("deliverable__project__unit", "finding__inspection")
        .prefetch_related(Prefetch("sheets", sheets, to_attr="seen_sheets"))
    )


def sheet_rows(user):
    """The sheets of `user` alone (我的问责单), the newest first."""
    return (
        LiabilitySheet.objects.filter(person=user)
        .select_related("case__deliverable__project", "person")
        .order_by("-proposed_at", "-pk")
    )


def counts(rows) -> dict[str, int]:
    """How many cases are being looked into, wait for an answer or a decision; one query."""
    return rows.order_by().aggregate(
        open=Count("pk", filter=Q(state=CaseState.OPEN)), proposed=Count("pk", filter=Q(state=CaseState.PROPOSED)),
        decided=Count("pk", filter=Q(state=CaseState.DECIDED)),
    )  # fmt: skip


def years() -> list[int]:
    """The years in which cases were opened, the newest first."""
    return [day.year for day in LiabilityCase.objects.datetimes("opened_at", "year", order="DESC")]


def reason_of(entry: Entry) -> str:
    """The reason that a row of the ledger keeps in words (of a case that was dropped)."""
    return json.loads(entry.data).get("reason", "")


def clocks_of(sheets) -> dict[int, list[Deadline]]:
    """The clocks of each sheet, the most urgent first; one query."""
    return deadline_queries.of_subjects(SHEET, [sheet.pk for sheet in sheets])


def answer_clock(sheet: LiabilitySheet) -> Deadline | None:
    """The clock in whose time the person may answer, open or over."""
    rows = Deadline.objects.of(sheet).filter(rule__event=Event.LIABILITY_SERVED).select_related("rule")
    return rows.order_by("-registered_at", "-pk").first()


def window_ends(sheet: LiabilitySheet) -> datetime | None:
    """The first instant that is too late for an answer."""
    clock = answer_clock(sheet)
    return clock.due_at if clock else None


# ── Who ─────────────────────────────────────────────────────────────────────
def people_by_post(action: Action) -> list[User]:
    """The active people with a post of the firm that grants `action`, by employee number."""
    roles = [role for role, actions in GRANTS.items() if action in actions]
    posts = Post.objects.in_force().filter(user__is_active=True, unit__isnull=True)
    apart = posts.filter(role__in=SOLE_ROLES).order_by().values("user")
    found = User.objects.filter(pk__in=posts.filter(role__in=roles).order_by().values("user")).exclude(pk__in=apart)
    return list(found.select_related("unit").order_by("employee_number"))


def deciders(case: LiabilityCase) -> list[User]:
    """Who may decide in this case today."""
    barred = barred_of([case])[case.pk]
    return [person for person in people_by_post(Action.DECIDE_LIABILITY) if person.pk not in barred]


def people_to_add(case: LiabilityCase):
    """Who may be given a sheet besides the signers: anybody of the firm who has none in this case yet."""
    taken = case.sheets.order_by().values("person")
    return User.objects.exclude(pk__in=taken).select_related("unit").order_by("employee_number")


# ── What a person sees ──────────────────────────────────────────────────────
def reads_all(user) -> bool:
    """Whether a post opens every case with all that is in it."""
    return user.is_active and user.may(Action.READ_INSPECTIONS)


def seen_evidence(user) -> Q:
    """The condition on proofs of liability cases: all for whoever reads them by post; a person concerned sees the own ones and those
    of who looks into it, not what a colleague in the same case has handed in."""
    if reads_all(user):
        return Q(liability_case__isnull=False)
    mine = LiabilitySheet.objects.filter(person=user).order_by().values("case")
    colleagues = _colleagues(user)
    hidden = Q(pk__in=[])
    for case, people in colleagues.items():
        hidden |= Q(liability_case=case, uploaded_by__in=people)
    return Q(liability_case__in=mine) & ~hidden


def _colleagues(user) -> dict[int, set[int]]:
    mine = LiabilitySheet.objects.filter(person=user).order_by().values("case")
    found = defaultdict(set)
    for case, person in LiabilitySheet.objects.filter(case__in=mine).order_by().values_list("case", "person"):
        if person != user.pk:
            found[case].add(person)
    return found


def evidence_of(case: LiabilityCase, user):
    """The proofs of a case that `user` sees."""
    rows = Evidence.objects.standing().filter(seen_evidence(user), liability_case=case)
    return rows.select_related("uploaded_by")


def walk_steps(case: LiabilityCase, user) -> list[dict]:
    """The steps of the kept walk for a page: instants as such, and what is proposed only for whom it concerns or who reads all."""
    steps, is_open = [], reads_all(user)
    for step in case.walk:
        shown = {**step, "at": datetime.fromisoformat(step["signed_at"]), "words": _share_words(step)}
        shown["is_own"] = step["person"] == user.pk
        if not (is_open or shown["is_own"]):
            shown |= {"share": None, "grounds": "", "clause": "", "words": ""}
        steps.append(shown)
    return steps


def _share_words(step: dict) -> str:
    return Share(step["share"]).label if step["share"] else "不提出问责"


def is_answerable(sheet: LiabilitySheet, user) -> bool:
    """Whether `user` is to answer the sheet now."""
    return sheet.state == SheetState.PROPOSED and sheet.person_id == user.pk


def hands_in(case: LiabilityCase, user) -> bool:
    """Whether `user` hands in proofs in this case: who proposes, and a person concerned."""
    if not user.is_active:
        return False
    return user.may(Action.PROPOSE_LIABILITY) or case.sheets.filter(person=user).exists()


def may_add_evidence(case: LiabilityCase, user) -> bool:
    """As `hands_in`, while the case is not over."""
    return case.state not in ENDED and hands_in(case, user)


def may_decide(sheet: LiabilitySheet, user) -> bool:
    """Whether `user` may decide the sheet now: somebody who stands apart, after an answer or the end of the time for it."""
    if not user.may(Action.DECIDE_LIABILITY) or user.pk in barred_of([sheet.case])[sheet.case_id]:
        return False
    if sheet.state == SheetState.PROPOSED:
        ends = window_ends(sheet)
        return ends is not None and timezone.now() >= ends
    return sheet.state in (SheetState.ACCEPTED, SheetState.APPEALED)
