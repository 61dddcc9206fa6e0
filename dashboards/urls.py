from django.urls import path

from dashboards.views import board, screens

app_name = "dashboards"

urlpatterns = [
    path("", screens.home, name="home"),
    path("inbox/", screens.inbox, name="inbox"),
    path("inbox/handled/", screens.inbox_handled, name="inbox_handled"),
    path("inbox/started/", screens.inbox_started, name="inbox_started"),
    path("search/", screens.search, name="search"),
    path("help/", screens.help_page, name="help"),
    path("management/", board.management, name="management"),
    path("management/report.pdf", board.report, name="management_report"),
    path("management/<slug:key>.xlsx", board.export, name="management_export"),
]
