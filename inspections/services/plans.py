"""Every write to plans and draws. Each: permission → state → write → ledger, in one transaction."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from inspections import draws, rules
from inspections.choices import PlanState
from inspections.models import Draw, Plan, Target
from inspections.queries import plans as queries
from ledger.services import head, record
from staff import permissions
from staff.choices import Action

FACTS = ("year", "quarter", "kind", "title", "note")


def _facts(plan: Plan) -> dict:
    targets = [[row.unit_id, row.business_line, row.percent] for row in plan.targets.all()]
    return {**{name: getattr(plan, name) for name in FACTS}, "targets": targets}


def _set_targets(plan: Plan, targets: Iterable[Mapping]) -> None:
    plan.targets.all().delete()
    for values in targets:
        target = Target(plan=plan, **values)
        target.full_clean()
        target.save()


@transaction.atomic
def create_plan(*, actor, targets: Iterable[Mapping] = (), **facts) -> Plan:
    """A plan in draft with its targets of coverage (each {unit, business_line, percent})."""
    permissions.require_post(actor, Action.PLAN_INSPECTIONS)
    plan = Plan(created_by=actor, created_at=timezone.now(), **facts)
    plan.full_clean()
    plan.save(force_insert=True)
    _set_targets(plan, targets)
    record(actor=actor, action="plan.create", subject=plan, data=_facts(plan))
    return plan


def _held(plan: Plan) -> Plan:
    return Plan.objects.select_for_update().get(pk=plan.pk)


@transaction.atomic
def update_plan(*, actor, plan: Plan, targets: Iterable[Mapping], **facts) -> Plan:
    """Change a plan; once it is in force, its year, quarter and kind stay. Raises ValidationError for an ended one."""
    permissions.require_post(actor, Action.PLAN_INSPECTIONS)
    plan = _held(plan)
    if plan.state == PlanState.ENDED:
        raise ValidationError("计划已结束，不能修改。")
    fixed = ("year", "quarter", "kind")
    if plan.state == PlanState.IN_FORCE and any(
        facts.get(name, getattr(plan, name)) != getattr(plan, name) for name in fixed
    ):
        raise ValidationError("计划已开始执行，年度、季度和检查方式不能修改。")
    before = _facts(plan)
    for name, value in facts.items():
        setattr(plan, name, value)
    plan.full_clean()
    plan.save()
    _set_targets(plan, targets)
    after = _facts(plan)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changed:
        record(actor=actor, action="plan.update", subject=plan, data=changed)
    return plan


@transaction.atomic
def move_plan(*, actor, plan: Plan, state: PlanState) -> Plan:
    """草稿 → 执行中 → 已结束, and in no other order."""
    permissions.require_post(actor, Action.PLAN_INSPECTIONS)
    plan = _held(plan)
    following = {PlanState.DRAFT: PlanState.IN_FORCE, PlanState.IN_FORCE: PlanState.ENDED}
    if following.get(PlanState(plan.state)) != state:
        raise ValidationError(f"计划当前为“{plan.get_state_display()}”，请查看最新状态。")
    plan.state = state
    plan.save(update_fields=["state"])
    record(actor=actor, action="plan.start" if state == PlanState.IN_FORCE else "plan.end", subject=plan, data={})
    return plan


@transaction.atomic
def draw_sample(*, actor, plan: Plan, size: int, is_weighted: bool = False, excluded: Mapping[str, str] | None = None,
                reason: str = "") -> Draw:  # fmt: skip
    """Draw `size` projects for a plan in force and keep everything that is needed to draw them again.

    The seed is the head of the evidence chain at this moment, so that nobody chooses it. A further draw of the same plan
    needs its `reason`; every draw stays on record. `excluded` is project number → reason. Raises ValidationError for a
    plan that is not in force, an empty population, an exclusion without reason, of a stranger, or of a project that is
    always drawn."""
    permissions.require_post(actor, Action.PLAN_INSPECTIONS)
    plan = _held(plan)
    if plan.state != PlanState.IN_FORCE:
        raise ValidationError("只能为执行中的计划抽样。")
    if plan.draws.exists() and not reason.strip():
        raise ValidationError({"reason": "本计划已抽过样，再次抽样须说明理由。"})
    forced = queries.always_drawn(plan.year)
    projects = list(queries.projects_of(plan, forced))
    excluded = {number: words.strip() for number, words in (excluded or {}).items()}
    _check_exclusions(excluded, projects, forced)
    population = _population(projects, excluded, forced, is_weighted)
    if not 1 <= size <= len(population):
        raise ValidationError({"size": f"样本量须为 1 至 {len(population)}（可抽取的项目数）。"})
    number, digest = head()
    seed = f"{number}:{digest[:16]}"
    result = draws.draw(seed, [_candidate(row) for row in population], size)
    draw = Draw.objects.create(
        plan=plan, seed=seed, size=size, algorithm=draws.ALGORITHM, is_weighted=is_weighted, population=population,
        excluded=[{"number": key, "reason": words} for key, words in sorted(excluded.items())], quotas=result.quotas,
        drawn=_told(result),
        digest=result.digest, drawn_by=actor, drawn_at=timezone.now(),
    )  # fmt: skip
    record(actor=actor, action="plan.draw", subject=plan,
           data={"draw": draw.pk, "seed": seed, "size": size, "weighted": is_weighted, "digest": draw.digest,
                 "drawn": [row.number for row in result.drawn], "excluded": excluded, "reason": reason.strip()})  # fmt: skip
    return draw


def _check_exclusions(excluded: Mapping[str, str], projects, forced: Mapping[int, str]) -> None:
    known = {project.number for project in projects}
    always = {project.number: forced[project.pk] for project in projects if project.pk in forced}
    for number, words in excluded.items():
        if number not in known:
            raise ValidationError({"excluded": f"项目 {number} 不在抽样范围内。"})
        if number in always:
            raise ValidationError({"excluded": f"项目 {number} 必须检查，不能排除：{always[number]}。"})
        if not words:
            raise ValidationError({"excluded": f"请写明排除项目 {number} 的理由。"})


def _population(projects, excluded, forced: Mapping[int, str], is_weighted: bool) -> list[dict]:
    """The projects that may be drawn, as they are kept: number, name, stratum, weight with what it rests on, and how often
    they were drawn before."""
    meant = [project for project in projects if project.number not in excluded]
    risks = queries.risks_of(meant) if is_weighted else {}
    before = queries.drawn_before()
    rows = []
    for project in meant:
        risk = risks.get(project.pk)
        rows.append({
            "project": project.pk, "number": project.number, "name": project.name, "stratum": queries.stratum_of(project),
            "weight": str(rules.weight(risk)) if risk else "1", "drawn_before": before[project.number],
            "forced": forced.get(project.pk, ""),
            "risk": _told_risk(risk) if risk else None,
        })  # fmt: skip
    return rows


def _told_risk(risk: rules.Risk) -> dict:
    return {
        "formula": rules.FORMULA,
        "overdue": risk.overdue_clocks,
        "remarks": str(risk.remarks_per_million.quantize(rules.CENT)),
        "score": None if risk.last_score is None else str(risk.last_score),
        "error_rate": None if risk.error_rate is None else str(risk.error_rate),
    }


def _told(result: draws.Result) -> list[dict]:
    return [
        {"number": row.number, "stratum": row.stratum, "reason": row.reason, "key": row.key} for row in result.drawn
    ]


def _candidate(row: Mapping) -> draws.Candidate:
    return draws.Candidate(row["number"], row["stratum"], Decimal(row["weight"]), row["forced"])


def draw_again(draw: Draw) -> draws.Result:
    """The same draw from what was kept."""
    return draws.draw(draw.seed, [_candidate(row) for row in draw.population], draw.size, draw.algorithm)


def comes_out_again(draw: Draw) -> bool:
    """Whether drawing again gives the digest and the projects on record."""
    result = draw_again(draw)
    return result.digest == draw.digest and _told(result) == draw.drawn and result.quotas == draw.quotas
