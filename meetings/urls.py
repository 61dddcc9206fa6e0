"""Participating units, series, meetings, minutes, action items; and the links of outsiders."""

from django.urls import path

from meetings.views import (
    action_items,
    agenda,
    attendance,
    calendar,
    meetings,
    minutes,
    parties,
    public,
    receipts,
    search,
    series,
)

app_name = "meetings"

urlpatterns = [
    # action items
    path("meetings/actions/", action_items.action_list, name="actions"),
    path("meetings/actions/export/", action_items.action_export, name="action_export"),
    path("meetings/actions/<int:pk>/", action_items.action_detail, name="action"),
    path("meetings/actions/<int:pk>/edit/", action_items.action_change, name="action_change"),
    path("meetings/actions/<int:pk>/done/", action_items.action_done, name="action_done"),
    path("meetings/actions/<int:pk>/close/", action_items.action_close, name="action_close"),
    path("meetings/actions/<int:pk>/reopen/", action_items.action_reopen, name="action_reopen"),
    path("meetings/actions/<int:pk>/drop/", action_items.action_drop, name="action_drop"),
    path("meetings/actions/proofs/<int:pk>/", action_items.action_proof, name="action_proof"),
    path("meetings/<int:pk>/actions/", action_items.meeting_actions, name="meeting_actions"),
    path("meetings/<int:pk>/actions/new/", action_items.action_create, name="action_create"),
    path("meetings/<int:pk>/actions/<int:item_pk>/progress/", action_items.action_progress, name="action_progress"),
    # search
    path("meetings/search/", search.search, name="search"),
    # meetings
    path("meetings/", meetings.meeting_list, name="list"),
    path("meetings/calendar/", calendar.calendar, name="calendar"),
    path("meetings/new/", meetings.meeting_new, name="new"),
    path("meetings/<int:pk>/", meetings.meeting_detail, name="detail"),
    path("meetings/<int:pk>/edit/", meetings.meeting_edit, name="edit"),
    path("meetings/<int:pk>/move/", meetings.meeting_move, name="move"),
    path("meetings/<int:pk>/cancel/", meetings.meeting_cancel, name="cancel"),
    # series
    path("meetings/series/", series.series_list, name="series_list"),
    path("meetings/series/new/", series.series_new, name="series_new"),
    path("meetings/series/<int:pk>/", series.series_detail, name="series"),
    path("meetings/series/<int:pk>/edit/", series.series_edit, name="series_edit"),
    path("meetings/series/<int:pk>/end/", series.series_end, name="series_end"),
    path("meetings/series/<int:pk>/follow/", series.series_follow, name="series_follow"),
    # participating units, and the meetings of a project
    path("projects/<int:pk>/meetings/", parties.project_meetings, name="project_meetings"),
    path("projects/<int:pk>/parties/", parties.parties, name="parties"),
    path("projects/<int:pk>/parties/new/", parties.party_create, name="party_create"),
    path("meetings/parties/<int:pk>/edit/", parties.party_edit, name="party_edit"),
    path("meetings/parties/<int:pk>/contacts/new/", parties.contact_create, name="contact_create"),
    path("meetings/parties/<int:pk>/contacts/<int:contact_pk>/edit/", parties.contact_edit, name="contact_edit"),
    # agenda
    path("meetings/<int:pk>/agenda/", agenda.agenda, name="agenda"),
    path("meetings/<int:pk>/agenda/adopt/", agenda.adopt, name="agenda_adopt"),
    path("meetings/<int:pk>/agenda/<int:item_pk>/edit/", agenda.item_edit, name="item_edit"),
    path("meetings/<int:pk>/agenda/<int:item_pk>/move/", agenda.item_move, name="item_move"),
    path("meetings/<int:pk>/agenda/<int:item_pk>/remove/", agenda.item_remove, name="item_remove"),
    path("meetings/<int:pk>/papers/", agenda.papers_add, name="papers_add"),
    path("meetings/<int:pk>/papers/<int:paper_pk>/", agenda.paper, name="paper"),
    path("meetings/<int:pk>/papers/<int:paper_pk>/remove/", agenda.paper_remove, name="paper_remove"),
    # attendance
    path("meetings/<int:pk>/attendance/", attendance.attendance, name="attendance"),
    path("meetings/<int:pk>/attendance/sign-in/", attendance.sign_in, name="sign_in"),
    path("meetings/<int:pk>/attendance/walk-in/", attendance.walk_in, name="walk_in"),
    path("meetings/<int:pk>/attendance/link/", attendance.link_create, name="door_link"),
    path("meetings/<int:pk>/attendance/link/revoke/", attendance.link_revoke, name="door_link_revoke"),
    # minutes
    path("meetings/<int:pk>/minutes/", minutes.minutes, name="minutes"),
    path("meetings/<int:pk>/minutes/state/", minutes.state, name="minutes_state"),
    path("meetings/<int:pk>/minutes/draft.pdf", minutes.draft_pdf, name="minutes_draft"),
    path("meetings/<int:pk>/minutes/items/<int:item_pk>/", minutes.item_save, name="item_save"),
    path("meetings/<int:pk>/minutes/actions/", minutes.action_add, name="minutes_action"),
    path("meetings/<int:pk>/minutes/<int:minutes_pk>.pdf", minutes.paper_pdf, name="minutes_pdf"),
    path("meetings/<int:pk>/hold/", minutes.hold, name="hold"),
    path("meetings/<int:pk>/submit/", minutes.submit, name="submit"),
    path("meetings/<int:pk>/return/", minutes.send_back, name="send_back"),
    path("meetings/<int:pk>/issue/", minutes.issue, name="issue"),
    path("meetings/<int:pk>/supplement/", minutes.supplement, name="supplement"),
    # receipts and objections
    path("meetings/<int:pk>/receipts/", receipts.receipts, name="receipts"),
    path("meetings/<int:pk>/receipts/remind/", receipts.remind, name="remind"),
    path("meetings/<int:pk>/receipts/<int:copy_pk>/receive/", receipts.receive, name="receive"),
    path("meetings/<int:pk>/receipts/<int:copy_pk>/register/", receipts.register, name="register_receipt"),
    path("meetings/<int:pk>/receipts/<int:copy_pk>/link/", receipts.link_create, name="receipt_link"),
    path("meetings/<int:pk>/receipts/<int:copy_pk>/link/revoke/", receipts.link_revoke, name="receipt_link_revoke"),
    path("meetings/<int:pk>/receipts/<int:copy_pk>/object/", receipts.object_to, name="object"),
    path("meetings/<int:pk>/objections/<int:objection_pk>/answer/", receipts.answer, name="objection_answer"),
    # for people without an account
    path("m/<str:token>/", public.public, name="public"),
    path("m/<str:token>/minutes.pdf", public.public_pdf, name="public_pdf"),
]
