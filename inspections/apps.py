from django.apps import AppConfig

LEDGER_WORDS = {
    "plan.create": "编制检查计划",
    "plan.update": "修改检查计划",
    "plan.start": "检查计划开始执行",
    "plan.end": "检查计划结束",
    "plan.draw": "检查抽样",
    "accident.register": "登记重大质量事故",
    "inspection.consequence": "检查：确认下一年度复查",
    "inspection.escalation": "检查：处置上报事项",
    "inspection.evidence_remove": "移除证据",
    "inspection.finding_add": "检查：登记问题",
    "inspection.finding_update": "检查：修改问题",
    "inspection.finding_remove": "检查：删除问题",
}


class InspectionsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "inspections"
    verbose_name = "监管检查"

    def ready(self):
        from deadlines import lapses, pages, scopes
        from deadlines.choices import Event
        from inspections.choices import Act, LiabilityAct
        from inspections.clocks import sheets, units
        from inspections.liability_verification import liability_matches
        from inspections.models import Inspection
        from inspections.queries.duties import duties_before_leaving
        from inspections.queries.inspections import LABEL
        from inspections.services.liability_sheets import lapse
        from inspections.verification import draws_match, inspections_match
        from ledger import checks, labels
        from staff import duties

        labels.register(LEDGER_WORDS)
        labels.register({f"inspection.{act.value}": f"检查：{act.label}" for act in Act})
        labels.register({f"liability.{act.value}": f"质量问责：{act.label}" for act in LiabilityAct})
        duties.register(duties_before_leaving)
        scopes.register(units.scope())
        scopes.register(sheets.scope())
        pages.register(LABEL, Inspection.objects.visible_to)
        lapses.register(Event.LIABILITY_SERVED, lapse)
        checks.register(draws_match)
        checks.register(inspections_match)
        checks.register(liability_matches)
