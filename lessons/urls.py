"""The error library (错误库) and what it proposes for the checklists."""

from django.urls import path

from lessons.views import library, proposals

app_name = "lessons"

urlpatterns = [
    path("lessons/", library.library, name="library"),
    path("lessons/export/", library.export, name="export"),
    path("lessons/checklists/", library.checklist_lines, name="checklists"),
    path("lessons/checklists/export/", library.checklists_export, name="checklists_export"),
    path("lessons/repeats/", library.repeats, name="repeats"),
    path("lessons/proposals/", proposals.proposal_list, name="proposals"),
    path("lessons/proposals/new/", proposals.propose, name="propose"),
    path("lessons/proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("lessons/proposals/<int:pk>/decide/", proposals.decide, name="decide"),
    path("lessons/categories/<slug:key>/", library.category, name="category"),
    path("lessons/categories/<slug:key>/export/", library.category_export, name="category_export"),
]
