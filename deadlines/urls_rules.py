"""Rules, working calendar and calendar feeds; `deadlines.urls` takes them in."""

from django.urls import path

from deadlines.views import calendar, feeds, time_rules

urlpatterns = [
    path("time-rules/", time_rules.rule_list, name="rule_list"),
    path("time-rules/<slug:code>/", time_rules.rule_detail, name="rule_detail"),
    path("time-rules/<slug:code>/edit/", time_rules.rule_edit, name="rule_edit"),
    path("work-calendar/", calendar.calendar, name="calendar"),
    path("work-calendar/hours/", calendar.calendar_hours, name="calendar_hours"),
    path("work-calendar/<int:year>/", calendar.calendar_year, name="calendar_year"),
    path("work-calendar/<int:year>/change/", calendar.calendar_change, name="calendar_change"),
    path("work-calendar/<int:year>/import/", calendar.calendar_import, name="calendar_import"),
    path("calendar-feed/", feeds.feed_settings, name="feed_settings"),
    path("calendar-feed/create/", feeds.feed_create, name="feed_create"),
    path("calendar-feed/revoke/", feeds.feed_revoke, name="feed_revoke"),
    path("calendar-feed/<str:secret>.ics", feeds.feed, name="feed"),
]
