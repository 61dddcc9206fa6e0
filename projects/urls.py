from django.urls import path

from projects import views

app_name = "projects"

urlpatterns = [
    path("projects/", views.project_list, name="list"),
    path("projects/export/", views.project_export, name="export"),
    path("projects/new/", views.project_create, name="create"),
    path("projects/new/number/", views.number_suggestion, name="number_suggestion"),
    path("projects/<int:pk>/", views.project_detail, name="detail"),
    path("projects/<int:pk>/edit/", views.project_edit, name="edit"),
    path("projects/<int:pk>/team/", views.team, name="team"),
    path("projects/<int:pk>/team/<int:assignment_pk>/end/", views.assignment_end, name="assignment_end"),
    path("projects/<int:pk>/risks/", views.risks, name="risks"),
    path("projects/<int:pk>/risks/new/", views.risk_register, name="risk_register"),
    path("projects/<int:pk>/risks/<int:risk_pk>/escalate/", views.risk_escalate, name="risk_escalate"),
    path("projects/<int:pk>/risks/<int:risk_pk>/settle/", views.risk_settle, name="risk_settle"),
    path("projects/<int:pk>/inquiries/", views.inquiries, name="inquiries"),
    path("projects/<int:pk>/inquiries/new/", views.inquiry_register, name="inquiry_register"),
    path("projects/<int:pk>/inquiries/<int:inquiry_pk>/answer/", views.inquiry_answer, name="inquiry_answer"),
    path("projects/<int:pk>/timeline/", views.timeline, name="timeline"),
    path("clients/", views.clients, name="clients"),
    path("clients/new/", views.client_create, name="client_create"),
    path("clients/<int:pk>/", views.client_detail, name="client_detail"),
    path("clients/<int:pk>/edit/", views.client_edit, name="client_edit"),
    path("versions/<int:pk>/files/", views.version_files, name="version_files"),
    path("versions/<int:pk>/files/upload/", views.version_upload, name="version_upload"),
    path("attachments/<int:pk>/", views.attachment_download, name="attachment_download"),
    path("attachments/<int:pk>/remove/", views.attachment_remove, name="attachment_remove"),
]
