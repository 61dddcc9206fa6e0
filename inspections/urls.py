from django.urls import path

from inspections.views import accidents, evidence, findings, liability, liability_sheets, plans, score_sheets, units

app_name = "inspections"

urlpatterns = [
    path("inspection-plans/", plans.plan_list, name="plan_list"),
    path("inspection-plans/new/", plans.plan_create, name="plan_create"),
    path("inspection-plans/<int:pk>/", plans.plan_detail, name="plan_detail"),
    path("inspection-plans/<int:pk>/edit/", plans.plan_edit, name="plan_edit"),
    path("inspection-plans/<int:pk>/move/", plans.plan_move, name="plan_move"),
    path("inspection-plans/<int:pk>/draws/new/", plans.draw_create, name="draw_create"),
    path("inspection-plans/<int:pk>/draws/<int:draw_pk>/", plans.draw, name="draw"),
    path("inspections/units/", units.unit_conclusions, name="unit_conclusions"),
    path("inspections/units/export/", units.unit_export, name="unit_export"),
    path("inspections/units/<int:pk>/", units.unit_conclusion, name="unit_conclusion"),
    path("accidents/", accidents.accident_list, name="accident_list"),
    path("accidents/new/", accidents.accident_create, name="accident_create"),
    path("accidents/<int:pk>/", accidents.accident, name="accident"),
    path("inspections/evidence/<int:pk>/", evidence.evidence_download, name="evidence"),
    path("inspections/<int:pk>/score/", score_sheets.score, name="score"),
    path("inspections/<int:pk>/score/state/", score_sheets.score_state, name="score_state"),
    path("inspections/<int:pk>/score/<int:criterion_pk>/", score_sheets.section_save, name="section_save"),
    path("inspections/<int:pk>/findings/new/", findings.finding_create, name="finding_create"),
    path("inspections/<int:pk>/findings/<int:finding_pk>/edit/", findings.finding_edit, name="finding_edit"),
    path("inspections/<int:pk>/findings/<int:finding_pk>/remove/", findings.finding_remove, name="finding_remove"),
    path(
        "inspections/<int:pk>/findings/<int:finding_pk>/evidence/<int:evidence_pk>/remove/",
        findings.evidence_remove,
        name="evidence_remove",
    ),
    # accountability
    path(
        "inspections/<int:pk>/findings/<int:finding_pk>/liability/new/",
        liability.liability_new_from_finding,
        name="liability_new_from_finding",
    ),
    path("liability/", liability.liability_list, name="liability_list"),
    path("liability/mine/", liability.liability_mine, name="liability_mine"),
    path("liability/new/", liability.liability_new, name="liability_new"),
    path("liability/<int:pk>/", liability.liability_detail, name="liability"),
    path("liability/<int:pk>/propose/", liability.liability_propose, name="liability_propose"),
    path("liability/<int:pk>/drop/", liability.liability_drop, name="liability_drop"),
    path("liability/<int:pk>/evidence/", liability.liability_evidence, name="liability_evidence"),
    path(
        "liability/<int:pk>/evidence/<int:evidence_pk>/remove/",
        liability.liability_evidence_remove,
        name="liability_evidence_remove",
    ),
    path("liability/sheets/<int:pk>/", liability_sheets.sheet_detail, name="liability_sheet"),
    path("liability/sheets/<int:pk>/answer/", liability_sheets.sheet_answer, name="liability_answer"),
    path("liability/sheets/<int:pk>/decide/", liability_sheets.sheet_decide, name="liability_decide"),
    path("liability/sheets/<int:pk>/sheet.pdf", liability_sheets.sheet_pdf, name="liability_sheet_pdf"),
]
