"""Two tabs of a project: its participating units (参建单位), and its meetings."""

from django.contrib import messages
from django.db import transaction
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from meetings.choices import PartyKind
from meetings.forms import parties as forms
from meetings.models import Contact, Party, Series
from meetings.queries import action_items as item_queries
from meetings.queries import meetings as queries
from meetings.services import parties as services
from meetings.views.meetings import with_looks
from meetings.views.parts import PAGE
from projects.clocks import of_projects
from projects.models import Project
from projects.queries import projects_with_counts
from projects.tabs import project_tabs
from staff.lists import accepted, page_of


def _project_or_404(request, pk: int) -> Project:
    return get_object_or_404(projects_with_counts(request.user), pk=pk)


def _project_page(request, template: str, project: Project, active: str, **context):
    """With the head and the tabs that every page of a project has."""
    running = of_projects([project])[project.pk]
    context |= {
        "project": project,
        "clock": running[0] if running else None,
        "open_due": None if project.actual_finish_on else project.planned_finish_on,
        "tabs": project_tabs(project, active),
        "crumbs": [{"title": "项目", "url": reverse("projects:list")}],
    }
    return render(request, f"meetings/{template}.html", context)


# ── Meetings ────────────────────────────────────────────────────────────────
@require_safe
def project_meetings(request, pk):
    project = _project_or_404(request, pk)
    page = page_of(
        request, queries.meeting_rows(request.user).filter(project=project).order_by(*queries.ahead_first())
    )
    with_looks(page.object_list)
    series = Series.objects.running(timezone.localdate()).filter(project=project)
    return _project_page(
        request, "project_meetings", project, "meetings:project_meetings", page=page,
        series=series.select_related("kind", "organiser__unit", "room").order_by("pk"),
        may_call=bool(queries.callable_kinds(request.user, project)), **_unclosed(request.user, project),
    )  # fmt: skip


MOST_ITEMS = 10


def _unclosed(user, project) -> dict:
    """The most urgent of the project's action items that are not closed, and how many there are."""
    rows = item_queries.item_rows(user).unclosed().filter(project=project)
    return {"items": item_queries.tell(rows.order_by("due_on", "pk")[:MOST_ITEMS]), "unclosed": rows.count()}


# ── Participating units ─────────────────────────────────────────────────────
@require_safe
def parties(request, pk):
    project = _project_or_404(request, pk)
    contacts = Prefetch("contacts", Contact.objects.order_by("-is_active", "-is_main", "pk"))
    rows = list(project.parties.prefetch_related(contacts))
    order = {kind: position for position, kind in enumerate(PartyKind.values)}
    rows.sort(key=lambda party: (not party.is_active, order[party.kind], party.name))
    present = {party.kind for party in rows if party.is_active}
    missing = [kind for kind in PartyKind if kind not in present and kind not in (PartyKind.OWN, PartyKind.OTHER)]
    return _project_page(
        request, "party_list", project, "meetings:parties", parties=rows, missing=missing,
        may_manage=services.may_manage(request.user, project),
    )  # fmt: skip


@PAGE
def party_create(request, pk):
    """?kind=client fills in the client of the project."""
    project = _project_or_404(request, pk)
    services.require_may_manage(request.user, project)
    kind = request.GET.get("kind", "")
    form = forms.PartyCreateForm(request.POST or None, initial=_known(project, kind))

    def act():
        told = form.cleaned_data
        with transaction.atomic():
            party = services.create_party(actor=request.user, project=project, kind=told["kind"], name=told["name"])
            if told["contact_name"]:
                services.add_contact(actor=request.user, party=party, name=told["contact_name"],
                                     position=told["position"], phone=told["phone"], email=told["email"])  # fmt: skip

    if request.method == "POST" and accepted(form, act):
        messages.success(request, "参建单位已登记。")
        return redirect("meetings:parties", pk)
    return _form_page(request, form, project, "登记参建单位", "登记")


def _known(project: Project, kind: str) -> dict:
    found = {"kind": kind if kind in PartyKind.values else ""}
    if kind == PartyKind.CLIENT:
        client = project.client
        found |= {"name": client.name, "contact_name": client.contact, "phone": client.phone, "email": client.email}
    return found


def _party(request, pk: int) -> Party:
    """A unit of a project that the person sees (404), and whose units they may keep (403)."""
    seen = Project.objects.visible_to(request.user).order_by().values("pk")
    party = get_object_or_404(Party.objects.select_related("project__unit").filter(project__in=seen), pk=pk)
    services.require_may_manage(request.user, party.project)
    return party


@PAGE
def party_edit(request, pk):
    party = _party(request, pk)
    form = forms.PartyEditForm(request.POST or None, instance=party)
    if request.method == "POST" and accepted(
        form, lambda: services.update_party(actor=request.user, party=party, **form.cleaned_data)
    ):
        messages.success(request, "参建单位已修改。")
        return redirect("meetings:parties", party.project_id)
    return _form_page(request, form, party.project, "修改参建单位", "保存")


@PAGE
def contact_create(request, pk):
    party = _party(request, pk)
    form = forms.ContactForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.add_contact(actor=request.user, party=party, **form.cleaned_data)
    ):
        messages.success(request, "联系人已登记。")
        return redirect("meetings:parties", party.project_id)
    return _form_page(request, form, party.project, "登记联系人", "登记", note=party.name)


@PAGE
def contact_edit(request, pk, contact_pk):
    party = _party(request, pk)
    contact = get_object_or_404(party.contacts.select_related("party__project__unit"), pk=contact_pk)
    form = forms.ContactEditForm(request.POST or None, instance=contact)
    changed = []

    def act():
        changed.append(services.update_contact(actor=request.user, contact=contact, **form.cleaned_data))

    if request.method == "POST" and accepted(form, act):
        messages.success(request, "联系人已修改。" + _readdressed(changed[0]))
        return redirect("meetings:parties", party.project_id)
    return _form_page(request, form, party.project, "修改联系人", "保存", note=party.name)


def _readdressed(contact: Contact) -> str:
    """What became of what had been sent to the former address."""
    told = contact.readdressed or {}
    words = [f"原邮箱的 {len(told['revoked'])} 个链接已撤销"] if told.get("revoked") else []
    if contact.email and (again := len(told.get("invited", [])) + len(told.get("sent", []))):
        words.append(f"{again} 项会议邀请和纪要已发往新邮箱")
    return "，".join(words) + ("。" if words else "")


def _form_page(request, form, project: Project, heading: str, submit: str, note: str = ""):
    back = reverse("meetings:parties", args=[project.pk])
    way = [{"title": "项目", "url": reverse("projects:list")},
           {"title": project.number, "url": reverse("projects:detail", args=[project.pk])},
           {"title": "参建单位", "url": back}]  # fmt: skip
    context = {"form": form, "heading": heading, "submit": submit, "back": back, "crumbs": way,
               "note": note or project.name}  # fmt: skip
    return render(request, "meetings/party_form.html", context)
