"""Participating units, series, meetings, minutes, action items; and the links of outsiders."""

from django.urls import path

from meetings.views import meetings

app_name = "meetings"

urlpatterns = [
    path("meetings/<int:pk>/", meetings.meeting_detail, name="detail"),
]
