from django.urls import path

from deadlines import urls_rules
from deadlines.views import clocks

app_name = "deadlines"

urlpatterns = [
    path("deadlines/", clocks.deadline_list, name="list"),
    path("deadlines/nudge-overdue/", clocks.nudge_overdue, name="nudge_overdue"),
    path("deadlines/<int:pk>/", clocks.deadline_detail, name="detail"),
    path("deadlines/<int:pk>/fulfil/", clocks.deadline_fulfil, name="fulfil"),
    path("deadlines/<int:pk>/ask/", clocks.deadline_ask, name="ask"),
    path("deadlines/<int:pk>/shorten/", clocks.deadline_shorten, name="shorten"),
    path("deadlines/<int:pk>/resume/", clocks.deadline_resume, name="resume"),
    path("deadlines/<int:pk>/cancel/", clocks.deadline_cancel, name="cancel"),
    path("deadlines/<int:pk>/reopen/", clocks.deadline_reopen, name="reopen"),
    path("deadlines/<int:pk>/nudge/", clocks.deadline_nudge, name="nudge"),
    path("deadlines/<int:pk>/requests/<int:request_pk>/decide/", clocks.request_decide, name="request_decide"),
    path("deadlines/<int:pk>/requests/<int:request_pk>/withdraw/", clocks.request_withdraw, name="request_withdraw"),
    path("deadlines/<int:pk>/evidence/<int:evidence_pk>/", clocks.evidence_download, name="evidence"),
    *urls_rules.urlpatterns,
]
