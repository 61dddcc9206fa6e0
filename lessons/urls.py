"""The error library (错误库) and what it proposes for the checklists."""

app_name = "lessons"

urlpatterns = []
