"""Standing still, running longer, running shorter: each with a reason and what proves it (§6).

The team asks, somebody else decides: a clock's length decides bonuses. A suspension that is approved counts from the
instant at which it was asked for, so that nobody loses days to a slow decision.
"""

from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

import uploads
from deadlines import queries, scopes
from deadlines.choices import Decision, RequestKind, State
from deadlines.models import Deadline, Evidence, Suspension, TimeRequest
from deadlines.services.clocks import (
    course,
    ends,
    locked,
    owners,
    place_of,
    reckon,
    require_open,
    tell,
    told_scope,
    when_words,
)
from ledger.services import record
from staff import permissions
from staff.choices import Action, Role

# The longest term that people may agree upon.
MOST_DAYS = 730


def keep_evidence(*, actor, deadline: Deadline, upload) -> Evidence | None:
    """Look into an uploaded proof and keep it under a random name. Raises ValidationError that says why it is refused."""
    if upload is None:
        return None
    found = uploads.inspect(upload)
    upload.seek(0)
    evidence = Evidence(
        deadline=deadline, name=found.name, content_type=found.content_type, size=found.size, sha256=found.sha256,
        uploaded_by=actor, uploaded_at=timezone.now(),
    )  # fmt: skip
    evidence.file.save(found.name, ContentFile(upload.read()), save=False)
    evidence.save(force_insert=True)
    return evidence


def _asked(*, actor, deadline: Deadline, kind: RequestKind, reason: str, basis: str, upload, amount=None, **decided):
    for name, text, words in (
        ("reason", reason, "请说明理由。"),
        ("basis", basis, "请填写依据，如委托人函件的名称与文号。"),
    ):
        if not text.strip():
            raise ValidationError({name: words})
    request = TimeRequest(
        deadline=deadline, kind=kind, amount=amount, reason=reason.strip(), basis=basis.strip(), requested_by=actor,
        requested_at=timezone.now(), evidence=keep_evidence(actor=actor, deadline=deadline, upload=upload), **decided,
    )  # fmt: skip
    request.full_clean(exclude=["deadline"])
    request.save(force_insert=True)
    return request


def _facts(request: TimeRequest) -> dict:
    return {"kind": request.kind, "amount": request.amount, "reason": request.reason, "basis": request.basis,
            "evidence_sha256": request.evidence.sha256 if request.evidence else None}  # fmt: skip


def deciders(deadline: Deadline, *, asked_by=None) -> list:
    """Who is told of a request first: 单位技术负责人, where there is none (or it is, or was, their own clock, or
    their request) 质量办."""
    apart = owners(deadline) | {asked_by.pk if asked_by else None}
    for role in (Role.TECHNICAL_DIRECTOR, Role.QUALITY_OFFICE):
        place = place_of(deadline, role)
        people = [each for each in scopes.holders(deadline.scope_type, [place])[place] if each.pk not in apart]
        if people:
            return people
    return []


@transaction.atomic
def ask(*, actor, deadline: Deadline, kind: RequestKind, reason: str, basis: str, amount: int | None = None,
        evidence=None) -> TimeRequest:  # fmt: skip
    """Ask that a clock stand still, or run `amount` (days, or hours where it counts hours) longer.

    Raises ValidationError for a clock that is over, a suspension of one that is late or stands still already, and while
    another request waits."""
    permissions.require(actor, Action.KEEP_TIME, scopes.roles_on(actor, deadline))
    deadline = locked(deadline)
    require_open(deadline)
    if kind not in (RequestKind.SUSPENSION, RequestKind.EXTENSION):
        raise ValidationError({"kind": "请选择申请事项。"})
    if kind == RequestKind.SUSPENSION and deadline.state == State.SUSPENDED:
        raise ValidationError("该时限已经中止。")
    if kind == RequestKind.SUSPENSION and timezone.now() >= deadline.due_at:
        raise ValidationError("该时限已逾期，不能中止，可申请延期。")
    if kind == RequestKind.EXTENSION and not amount:
        raise ValidationError({"amount": "请填写延长的天数（小时数）。"})
    if deadline.requests.filter(decision=Decision.PENDING).exists():
        raise ValidationError("该时限已有待审批的申请，请等待审批或先撤回。")
    request = _asked(actor=actor, deadline=deadline, kind=kind, reason=reason, basis=basis, upload=evidence,
                     amount=amount if kind == RequestKind.EXTENSION else None)  # fmt: skip
    record(actor=actor, action="deadline.request", subject=deadline, data=_facts(request), scope=told_scope(deadline))
    tell(deadline, deciders(deadline, asked_by=actor), is_urgent=True, body=request.reason,
         title=f"请审批{request.get_kind_display()}：{deadline.scope_label} · {deadline}")  # fmt: skip
    return request


def _held_request(request: TimeRequest) -> tuple[TimeRequest, Deadline]:
    """The clock first, then the request: everybody takes them in this order."""
    deadline = locked(request.deadline)
    request = TimeRequest.objects.select_related("requested_by", "decided_by", "evidence").get(pk=request.pk)
    if request.decision != Decision.PENDING:
        name = request.decided_by.name if request.decided_by else "系统"
        at = timezone.localtime(request.decided_at)
        raise ValidationError(f"该申请已由（{name}）于 {at:%Y-%m-%d %H:%M} 处理：{request.get_decision_display()}。")
    return request, deadline


@transaction.atomic
def decide(*, actor, request: TimeRequest, approve: bool, note: str = "") -> TimeRequest:
    """Approve or refuse a request. Neither by who asked nor by who owes the clock, or has owed it. A
    refusal needs its reason."""
    permissions.require(actor, Action.DECIDE_TIME, scopes.roles_on(actor, request.deadline))
    request, deadline = _held_request(request)
    if actor.pk == request.requested_by_id or actor.pk in owners(deadline):
        raise PermissionDenied("申请人和责任人不能审批该申请，请由其他审批人办理。")
    if not approve and not note.strip():
        raise ValidationError({"note": "请说明不同意的理由。"})
    if approve:
        require_open(deadline)
    _settle(request, actor, Decision.APPROVED if approve else Decision.REFUSED, note)
    before = deadline.due_on
    if approve:
        _carry_out(request, deadline)
    record(actor=actor, action="deadline.decide", subject=deadline, scope=told_scope(deadline),
           data={**_facts(request), "decision": request.decision, "note": note, **ends(deadline, before)})  # fmt: skip
    people = [request.requested_by, deadline.responsible]
    result = f"新的到期日：{when_words(deadline)}。" if approve and request.kind == RequestKind.EXTENSION else ""
    tell(deadline, [each for each in people if each and each.pk != actor.pk], body=f"{note}{result}",
         title=f"{request.get_kind_display()}申请{request.get_decision_display()}：{deadline}")  # fmt: skip
    return request


def _settle(request: TimeRequest, actor, decision: Decision, note: str) -> None:
    request.decision, request.decided_by, request.decided_at = decision, actor, timezone.now()
    request.decision_note = note.strip()
    request.save(update_fields=["decision", "decided_by", "decided_at", "decision_note"])


def _carry_out(request: TimeRequest, deadline: Deadline) -> None:
    now = timezone.now()
    if request.kind == RequestKind.EXTENSION:
        deadline.extra += request.amount
        reckon(deadline, queries.working_calendar(), now=now)
    else:
        Suspension.objects.create(deadline=deadline, request=request, started_at=request.requested_at)
        deadline.state, deadline.next_at = State.SUSPENDED, None
    deadline.save(update_fields=["extra", "due_on", "due_at", "next_at", "state"])


@transaction.atomic
def withdraw_request(*, actor, request: TimeRequest) -> TimeRequest:
    """Who asked takes it back while nobody has decided."""
    if actor.pk != request.requested_by_id:
        raise PermissionDenied("只有申请人可以撤回申请。")
    request, deadline = _held_request(request)
    _settle(request, actor, Decision.WITHDRAWN, "")
    record(actor=actor, action="deadline.request_withdraw", subject=deadline, scope=told_scope(deadline),
           data={"kind": request.kind})  # fmt: skip
    return request


@transaction.atomic
def resume(*, actor, deadline: Deadline, reason: str, basis: str) -> Deadline:
    """A clock that stood still goes on from now; the days in between are not counted."""
    permissions.require(actor, Action.KEEP_TIME, scopes.roles_on(actor, deadline))
    deadline = locked(deadline)
    require_open(deadline)
    if deadline.state != State.SUSPENDED:
        raise ValidationError("该时限没有中止。")
    for name, text, words in (
        ("reason", reason, "请说明恢复理由。"),
        ("basis", basis, "请填写依据，如资料补齐的交接记录。"),
    ):
        if not text.strip():
            raise ValidationError({name: words})
    now, before = timezone.now(), deadline.due_on
    Suspension.objects.filter(deadline=deadline, ended_at__isnull=True).update(
        ended_at=now, ended_by=actor, end_reason=reason.strip(), end_basis=basis.strip()
    )
    deadline.state = State.RUNNING
    reckon(deadline, queries.working_calendar(), now=now)
    deadline.save(update_fields=["state", "due_on", "due_at", "next_at"])
    record(actor=actor, action="deadline.resume", subject=deadline, scope=told_scope(deadline),
           data={"reason": reason, "basis": basis, **ends(deadline, before)})  # fmt: skip
    people = [*deciders(deadline), deadline.responsible]
    tell(deadline, [each for each in people if each and each.pk != actor.pk], title=f"时限恢复计时：{deadline}",
         body=f"{reason}。{when_words(deadline)} 到期。")  # fmt: skip
    return deadline


@transaction.atomic
def go_on(*, actor, asked_by, subject, events, reason: str, basis: str) -> list[Deadline]:
    """What fulfilled the clocks of `subject` that `events` started is not accepted: they run on, called by the act that sends
    it back. What `asked_by` had handed in stood with others meanwhile, so the time since then is a suspension
    on record, and nobody loses days to a slow re-check; a clock that was late already is late still, and one that the same
    person takes back runs on as if it had never stopped."""
    done = Deadline.objects.of(subject).filter(rule__event__in=events, state=State.FULFILLED)
    return [_go_on(actor, asked_by, each, reason, basis) for each in done.select_related("rule").order_by("pk")]


def _go_on(actor, asked_by, deadline: Deadline, reason: str, basis: str) -> Deadline:
    deadline = locked(deadline)
    now, before, stopped_at = timezone.now(), deadline.due_on, deadline.stopped_at
    # What one has handed in and takes back oneself never stood with others.
    is_as_before = stopped_at >= deadline.due_at or asked_by.pk == actor.pk
    if not is_as_before:
        request = TimeRequest.objects.create(
            deadline=deadline, kind=RequestKind.SUSPENSION, reason=reason, basis=basis[:200], requested_by=asked_by,
            requested_at=stopped_at, decision=Decision.APPROVED, decided_by=actor, decided_at=now,
        )  # fmt: skip
        Suspension.objects.create(
            deadline=deadline, request=request, started_at=stopped_at, ended_at=now, ended_by=actor,
            end_reason=reason[:300], end_basis=basis[:200],
        )  # fmt: skip
    deadline.state, deadline.stopped_at, deadline.stopped_by, deadline.stop_note = State.RUNNING, None, None, ""
    # One that ran on says what it should have said meanwhile; one that stood still had nothing to say.
    reckon(deadline, queries.working_calendar(), now=now, since=stopped_at if is_as_before else None)
    deadline.save()
    record(actor=actor, action="deadline.reopen", subject=deadline, scope=told_scope(deadline),
           data={"was": {"stopped_at": stopped_at}, **ends(deadline, before), "reason": reason, "basis": basis})  # fmt: skip
    if deadline.responsible and deadline.responsible_id != actor.pk:
        tell(deadline, [deadline.responsible], is_urgent=True, title=f"时限恢复计时：{deadline}",
             body=f"{reason}。{when_words(deadline)} 到期。")  # fmt: skip
    return deadline


@transaction.atomic
def shorten(*, actor, deadline: Deadline, amount: int, reason: str, basis: str, evidence=None) -> Deadline:
    """The client wants it sooner: `amount` is how many days (hours) fewer. In force at once.

    Raises ValidationError where the clock would be late already, or nothing would be left of it."""
    permissions.require(actor, Action.KEEP_TIME, scopes.roles_on(actor, deadline))
    deadline = locked(deadline)
    require_open(deadline)
    if not 1 <= amount < deadline.term.amount:
        raise ValidationError({"amount": f"缩短量须为 1 至 {deadline.term.amount - 1}。"})
    now, before = timezone.now(), deadline.due_on
    if deadline.requests.filter(decision=Decision.PENDING).exists():
        raise ValidationError("该时限有待审批的申请，请先办结。")
    deadline.extra -= amount
    pauses = queries.pauses_of([deadline])[deadline.pk]
    calendar = queries.working_calendar()
    if course(deadline.term, deadline.started_at, pauses, calendar, now=now).due_at <= now:
        raise ValidationError({"amount": "缩短后时限已经届满，请核对。"})
    request = _asked(actor=actor, deadline=deadline, kind=RequestKind.SHORTENING, reason=reason, basis=basis,
                     upload=evidence, amount=amount, decision=Decision.APPROVED, decided_at=now)  # fmt: skip
    reckon(deadline, calendar, now=now, pauses=pauses)
    deadline.save(update_fields=["extra", "due_on", "due_at", "next_at"])
    record(actor=actor, action="deadline.shorten", subject=deadline, scope=told_scope(deadline),
           data={**_facts(request), **ends(deadline, before)})  # fmt: skip
    if deadline.responsible and deadline.responsible_id != actor.pk:
        tell(deadline, [deadline.responsible], body=reason,
             title=f"委托人缩短时限：{deadline}，{when_words(deadline)} 到期")  # fmt: skip
    return deadline


@transaction.atomic
def agree_on(*, actor, subject, events, due_on: date, reason: str) -> list[Deadline]:
    """Another day was agreed upon for the open clocks of `subject` that `events` started (会议待办): each ends `due_on` from
    now on; the act above has permitted it. A clock that was late is so no longer, and speaks up by the new
    day. Raises ValidationError for a day that is not after the start, or more than two years away."""
    running = Deadline.objects.open().of(subject).filter(rule__event__in=events)
    return [_agree_on(actor, each, due_on, reason) for each in running.order_by("pk")]


def _agree_on(actor, deadline: Deadline, due_on: date, reason: str) -> Deadline:
    deadline = locked(deadline)
    require_open(deadline)
    amount = (due_on - deadline.due_on).days
    if not amount:
        return deadline
    if not 1 <= deadline.term.amount + amount <= MOST_DAYS:
        raise ValidationError({"due_on": "完成期限须晚于起算当日，且不超过两年。"})
    before = deadline.due_on
    deadline.extra += amount
    reckon(deadline, queries.working_calendar(), now=timezone.now())
    deadline.save(update_fields=["extra", "due_on", "due_at", "next_at"])
    record(actor=actor, action="deadline.agree", subject=deadline, scope=told_scope(deadline),
           data={"amount": amount, "reason": reason, **ends(deadline, before)})  # fmt: skip
    if deadline.responsible and deadline.responsible_id != actor.pk:
        tell(deadline, [deadline.responsible], title=f"完成期限改为 {when_words(deadline)}：{deadline}", body=reason)
    return deadline
