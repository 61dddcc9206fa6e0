from django.urls import path

from feedback.views import complaints, people, public

app_name = "feedback"

urlpatterns = [
    # for senders, without login
    path("feedback/complaints/new/", public.complaint_new, name="new"),
    path("feedback/complaints/query/", public.complaint_query, name="query"),
    # for who handles them
    path("feedback/complaints/", complaints.complaint_list, name="list"),
    path("feedback/complaints/register/", complaints.complaint_register, name="register"),
    path("feedback/complaints/<int:pk>/", complaints.complaint_detail, name="detail"),
    path("feedback/complaints/<int:pk>/files/<int:file_pk>/", complaints.file_download, name="file"),
    path("feedback/complaints/<int:pk>/accept/", complaints.complaint_accept, name="accept"),
    path("feedback/complaints/<int:pk>/refuse/", complaints.complaint_refuse, name="refuse"),
    path("feedback/complaints/<int:pk>/place/", complaints.complaint_place, name="place"),
    path("feedback/complaints/<int:pk>/investigate/", complaints.complaint_investigate, name="investigate"),
    path("feedback/complaints/<int:pk>/reopen/", complaints.complaint_reopen, name="reopen"),
    path("feedback/complaints/<int:pk>/handle/", complaints.complaint_handle, name="handle"),
    path("feedback/complaints/<int:pk>/answer/", complaints.complaint_answer, name="answer"),
    path("feedback/complaints/<int:pk>/close/", complaints.complaint_close, name="close"),
    path("feedback/complaints/<int:pk>/about/", people.about_add, name="about_add"),
    path("feedback/complaints/<int:pk>/about/<int:row_pk>/end/", people.about_end, name="about_end"),
    path("feedback/complaints/<int:pk>/named/", people.named_add, name="named_add"),
    path("feedback/complaints/<int:pk>/named/<int:row_pk>/end/", people.named_end, name="named_end"),
    path("feedback/complaints/<int:pk>/sender/", people.sender, name="sender"),
]
