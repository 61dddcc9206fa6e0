"""Pages of clients."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from projects import forms, queries, services
from projects.filters import ClientFilter
from projects.models import Client
from projects.views.parts import form_page, with_clocks
from staff import permissions
from staff.choices import Action
from staff.lists import accepted, page_of, sort_order

CLIENT_SORTS = {"name": "name", "projects": "project_count"}


@require_safe
def clients(request):
    filterset = ClientFilter(request.GET, queryset=queries.client_rows(request.user), request=request)
    page = page_of(request, filterset.qs.order_by(*sort_order(request, CLIENT_SORTS, "name")))
    can_create = request.user.may(Action.CREATE_PROJECT)
    context = {"filter": filterset, "page": page, "sort": "name", "can_create": can_create}
    return render(request, "projects/client_list.html", context)


@require_safe
def client_detail(request, pk):
    client = get_object_or_404(Client.objects.visible_to(request.user), pk=pk)
    rows = queries.project_rows(request.user).filter(client=client).order_by("-number")
    context = {
        "client": client,
        "page": with_clocks(page_of(request, rows)),
        "crumbs": [{"title": "委托人", "url": reverse("projects:clients")}],
        "can_edit": request.user.may(Action.CREATE_PROJECT),
    }
    return render(request, "projects/client_detail.html", context)


def client_create(request):
    permissions.require_post(request.user, Action.CREATE_PROJECT)
    form = forms.ClientForm(request.POST or None)
    made = []
    if request.method == "POST" and accepted(
        form, lambda: made.append(services.create_client(actor=request.user, **form.cleaned_data))
    ):
        messages.success(request, "委托人已登记。")
        return redirect("projects:client_detail", made[0].pk)
    crumbs = [{"title": "委托人", "url": reverse("projects:clients")}]
    return form_page(request, form, heading="登记委托人", back=reverse("projects:clients"), crumbs=crumbs)


def client_edit(request, pk):
    client = get_object_or_404(Client.objects.visible_to(request.user), pk=pk)
    permissions.require_post(request.user, Action.CREATE_PROJECT)
    name = client.name
    form = forms.ClientForm(request.POST or None, instance=client)
    if request.method == "POST" and accepted(
        form, lambda: services.update_client(actor=request.user, client=client, **form.cleaned_data)
    ):
        messages.success(request, "已保存。")
        return redirect("projects:client_detail", pk)
    back = reverse("projects:client_detail", args=[pk])
    crumbs = [{"title": "委托人", "url": reverse("projects:clients")}, {"title": name, "url": back}]
    return form_page(request, form, heading=f"编辑：{name}", back=back, crumbs=crumbs)
