"""Annual ranking, policy of rewards and penalties, the year's settlement."""

from django.urls import path

from rankings.views import attendance, policies

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

urlpatterns = [*POLICIES]
