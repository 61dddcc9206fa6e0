"""Annual ranking, policy of rewards and penalties, the year's settlement."""

from django.urls import path

from rankings.views import attendance, awards, freezing, policies, rankings, records, reinspections, settlements

app_name = "rankings"

# What is paid and taken for what, and the records of attendance.
POLICIES = [
    path("rankings/policies/", policies.policy_list, name="policy_list"),
    path("rankings/policies/copy/", policies.policy_copy, name="policy_copy"),
    path("rankings/policies/<int:pk>/", policies.policy, name="policy"),
    path("rankings/policies/<int:pk>/edit/", policies.policy_edit, name="policy_edit"),
    path("rankings/policies/<int:pk>/publish/", policies.policy_publish, name="policy_publish"),
    path("rankings/policies/<int:pk>/discard/", policies.policy_discard, name="policy_discard"),
    path("rankings/attendance/", attendance.attendance_list, name="attendance_list"),
    path("rankings/attendance/export/", attendance.attendance_export, name="attendance_export"),
    path("rankings/attendance/record/", attendance.attendance_record, name="attendance_record"),
    path("rankings/attendance/<int:pk>/withdraw/", attendance.attendance_withdraw, name="attendance_withdraw"),
]

# The year's settlement; one's own rewards and penalties, everybody's record, appeals, notices.
SETTLEMENTS = [
    path("settlements/", settlements.settlement_home, name="settlement_home"),
    path("settlements/promotion-notes/", settlements.promotion_notes, name="promotion_notes"),
    path("settlements/promotion-notes/export/", settlements.promotion_notes_export, name="promotion_notes_export"),
    path("settlements/<int:year>/", settlements.settlement, name="settlement"),
    path("settlements/<int:year>/preview/", settlements.settlement_preview, name="settlement_preview"),
    path("settlements/<int:year>/export/", settlements.settlement_export, name="settlement_export"),
    path("settlements/<int:year>/withdraw/", settlements.settlement_withdraw, name="settlement_withdraw"),
    path("settlements/<int:year>/approve/", settlements.settlement_approve, name="settlement_approve"),
    path("settlements/<int:year>/notices/", settlements.settlement_notices, name="settlement_notices"),
    path("awards/mine/", awards.awards_mine, name="awards_mine"),
    path("awards/people/", records.person_records, name="person_records"),
    path("awards/people/<int:pk>/", records.person_record, name="person_record"),
    path("awards/people/<int:pk>/pdf/", records.person_record_pdf, name="person_record_pdf"),
    path("awards/<int:pk>/appeal/", awards.award_appeal, name="award_appeal"),
    path("appeals/<int:pk>/", awards.appeal, name="appeal"),
    path("appeals/<int:pk>/decide/", awards.appeal_decide, name="appeal_decide"),
    path("awards/notices/<int:pk>/", awards.award_notice, name="award_notice"),
]

# The ranking itself: drafted, frozen, published, corrected; who is inspected again.
RANKINGS = [
    path("rankings/", rankings.ranking_list, name="ranking_list"),
    path("rankings/years/", rankings.ranking_years, name="ranking_years"),
    path("rankings/reinspections/", reinspections.reinspection_list, name="reinspection_list"),
    path("rankings/draft/", rankings.ranking_draft, name="ranking_draft"),
    path("rankings/draft/export/", rankings.ranking_draft_export, name="ranking_draft_export"),
    path("rankings/draft/<str:board>/<int:subject>/", rankings.ranking_draft_row, name="ranking_draft_row"),
    path("rankings/<int:year>/", rankings.ranking, name="ranking"),
    path("rankings/<int:year>/export/", rankings.ranking_export, name="ranking_export"),
    path("rankings/<int:year>/pdf/", rankings.ranking_pdf, name="ranking_pdf"),
    path("rankings/<int:year>/freeze/", freezing.ranking_freeze, name="ranking_freeze"),
    path("rankings/<int:year>/publish/", freezing.ranking_publish, name="ranking_publish"),
    path("rankings/<int:year>/rows/<int:pk>/", rankings.ranking_row, name="ranking_row"),
    path("rankings/<int:year>/rows/<int:pk>/correct/", freezing.ranking_correct, name="ranking_correct"),
]

urlpatterns = [*RANKINGS, *SETTLEMENTS, *POLICIES]
