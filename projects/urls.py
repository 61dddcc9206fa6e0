from django.urls import path

from projects.views import clients, clocks, files, handovers, projects, requests, risks

app_name = "projects"

SET = "projects/<int:pk>/handovers/<int:handover_pk>/"

urlpatterns = [
    path("projects/", projects.project_list, name="list"),
    path("projects/export/", projects.project_export, name="export"),
    path("projects/new/", projects.project_create, name="create"),
    path("projects/new/number/", projects.number_suggestion, name="number_suggestion"),
    path("projects/<int:pk>/", projects.project_detail, name="detail"),
    path("projects/<int:pk>/edit/", projects.project_edit, name="edit"),
    path("projects/<int:pk>/team/", projects.team, name="team"),
    path("projects/<int:pk>/team/<int:assignment_pk>/end/", projects.assignment_end, name="assignment_end"),
    path("projects/<int:pk>/handovers/", handovers.handovers, name="handovers"),
    path("projects/<int:pk>/handovers/new/", handovers.handover_create, name="handover_create"),
    path(SET, handovers.handover, name="handover"),
    path(f"{SET}edit/", handovers.handover_edit, name="handover_edit"),
    path(f"{SET}remove/", handovers.handover_remove, name="handover_remove"),
    path(f"{SET}complete/", handovers.handover_complete, name="handover_complete"),
    path(f"{SET}reopen/", handovers.handover_reopen, name="handover_reopen"),
    path(f"{SET}items/new/", handovers.item_add, name="item_add"),
    path(f"{SET}items/return/", handovers.items_return, name="items_return"),
    path(f"{SET}items/keep/", handovers.items_keep, name="items_keep"),
    path(f"{SET}items/<int:item_pk>/edit/", handovers.item_edit, name="item_edit"),
    path(f"{SET}items/<int:item_pk>/remove/", handovers.item_remove, name="item_remove"),
    path("projects/<int:pk>/deadlines/", clocks.deadlines, name="deadlines"),
    path("projects/<int:pk>/inquiries/", requests.inquiries, name="inquiries"),
    path("projects/<int:pk>/inquiries/new/", requests.inquiry_register, name="inquiry_register"),
    path("projects/<int:pk>/inquiries/<int:inquiry_pk>/answer/", requests.inquiry_answer, name="inquiry_answer"),
    path("projects/<int:pk>/urgent/new/", requests.urgent_register, name="urgent_register"),
    path("projects/<int:pk>/urgent/<int:urgent_pk>/arrive/", requests.urgent_close, name="urgent_close"),
    path("projects/<int:pk>/risks/", risks.risks, name="risks"),
    path("projects/<int:pk>/risks/new/", risks.risk_register, name="risk_register"),
    path("projects/<int:pk>/risks/<int:risk_pk>/escalate/", risks.risk_escalate, name="risk_escalate"),
    path("projects/<int:pk>/risks/<int:risk_pk>/settle/", risks.risk_settle, name="risk_settle"),
    path("clients/", clients.clients, name="clients"),
    path("clients/new/", clients.client_create, name="client_create"),
    path("clients/<int:pk>/", clients.client_detail, name="client_detail"),
    path("clients/<int:pk>/edit/", clients.client_edit, name="client_edit"),
    path("versions/<int:pk>/files/", files.version_files, name="version_files"),
    path("versions/<int:pk>/files/upload/", files.version_upload, name="version_upload"),
    path("attachments/<int:pk>/", files.attachment_download, name="attachment_download"),
    path("attachments/<int:pk>/remove/", files.attachment_remove, name="attachment_remove"),
]
