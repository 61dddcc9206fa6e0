from django.urls import path

from reviews.views import deliverables, printing, remarks, rounds, verification

app_name = "reviews"

urlpatterns = [
    path("deliverables/", deliverables.deliverables, name="deliverables"),
    path("deliverables/export/", deliverables.export, name="export"),
    path("projects/<int:pk>/deliverables/", deliverables.project_deliverables, name="project_deliverables"),
    path("projects/<int:pk>/deliverables/new/", deliverables.deliverable_create, name="deliverable_create"),
    path("projects/<int:pk>/route/", deliverables.project_route, name="project_route"),
    path("deliverables/<int:pk>/", deliverables.deliverable, name="deliverable"),
    path("deliverables/<int:pk>/edit/", deliverables.deliverable_edit, name="deliverable_edit"),
    path("deliverables/<int:pk>/seats/", deliverables.seats, name="seats"),
    path("deliverables/<int:pk>/remarks/", deliverables.remarks, name="remarks"),
    path("deliverables/<int:pk>/records/", deliverables.records, name="records"),
    path("deliverables/<int:pk>/timeline/", deliverables.timeline, name="timeline"),
    path("rounds/<int:pk>/submit/", rounds.submit, name="submit"),
    path("rounds/<int:pk>/version/", rounds.start_version, name="start_version"),
    path("rounds/<int:pk>/answer/", rounds.answer, name="answer"),
    path("rounds/<int:pk>/withdraw/", rounds.withdraw, name="withdraw"),
    path("rounds/<int:pk>/sign/", rounds.sign, name="sign"),
    path("rounds/<int:pk>/revoke/", rounds.revoke, name="revoke"),
    path("rounds/<int:pk>/send-back/", rounds.send_back, name="send_back"),
    path("rounds/<int:pk>/exempt/", rounds.exempt, name="exempt"),
    path("rounds/<int:pk>/nudge/", rounds.nudge, name="nudge"),
    path("rounds/<int:pk>/hand-over/<int:seat_pk>/", rounds.hand_over, name="hand_over"),
    path("rounds/<int:pk>/remarks/new/", remarks.remark_create, name="remark_create"),
    path("rounds/<int:pk>/remarks/send/", rounds.return_remarks, name="return_remarks"),
    path("remarks/<int:pk>/edit/", remarks.remark_edit, name="remark_edit"),
    path("remarks/<int:pk>/drop/", remarks.remark_drop, name="remark_drop"),
    path("remarks/<int:pk>/recheck/", remarks.remark_recheck, name="remark_recheck"),
    path("rounds/<int:pk>/flow-sheet.pdf", printing.flow_sheet_pdf, name="flow_sheet"),
    path("rounds/<int:pk>/review-record.pdf", printing.review_record_pdf, name="review_record"),
    path("verify/", verification.verify_start, name="verify_start"),
    path("verify/<str:code>/", verification.verify, name="verify"),
]
