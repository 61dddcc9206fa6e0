"""Participating units, series, meetings, minutes, action items; and the links of outsiders."""

app_name = "meetings"

urlpatterns = []
