"""Pages of projects: what one may not see is a 404, what one may see but not do a 403."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from projects import exports, forms, queries, rules, services
from projects.choices import Stage
from projects.filters import ClientFilter, ProjectFilter
from projects.models import Attachment, Client, DeliverableVersion
from projects.tabs import project_tabs
from projects.timeline import project_timeline, told
from staff import permissions
from staff.choices import Action
from staff.lists import accepted, filter_words, page_of, sort_order
from uploads.names import shown_name

PROJECT_SORTS = {
    "number": "number",
    "name": "name",
    "unit": "unit__code",
    "amount": "submitted_amount",
    "finish": "planned_finish_on",
    "created": "created_at",
}
CLIENT_SORTS = {"name": "name", "projects": "project_count"}
TIMELINE_SIZE = 50


# ── Parts ───────────────────────────────────────────────────────────────────
def _project(request, pk: int):
    return get_object_or_404(queries.projects_with_counts(request.user), pk=pk)


def _require(request, action: Action, project) -> None:
    permissions.require(request.user, action, queries.roles_on(request.user, project))


def _project_page(request, template: str, project, active: str, **context):
    """A page of one project, with its header, its tabs and what this person may do here."""
    roles = queries.roles_on(request.user, project)
    can = {action.value: permissions.allows(action, roles) for action in Action}
    crumbs = [{"title": "项目", "url": reverse("projects:list")}]
    open_due = None if project.actual_finish_on else project.planned_finish_on
    context |= {"project": project, "tabs": project_tabs(project, active), "can": can, "crumbs": crumbs}
    context["open_due"] = open_due
    return render(request, template, context)


def _form_page(request, form, *, heading: str, back: str, submit: str = "保存", **context):
    """A page that is one form. `back` is where 取消 leads."""
    context |= {"form": form, "heading": heading, "back": back, "submit": submit}
    return render(request, "projects/form_page.html", context)


def _project_form_page(request, form, project, heading: str, back: str, submit: str = "保存", **context):
    crumbs = [
        {"title": "项目", "url": reverse("projects:list")},
        {"title": project.number, "url": reverse("projects:detail", args=[project.pk])},
    ]
    back = reverse(back, args=[project.pk])
    return _form_page(
        request, form, heading=heading, back=back, submit=submit, crumbs=crumbs, note=project.name, **context
    )


# ── Projects ────────────────────────────────────────────────────────────────
def _filtered_projects(request):
    filterset = ProjectFilter(request.GET, queryset=queries.project_rows(request.user), request=request)
    return filterset, filterset.qs.order_by(
        *sort_order(request, PROJECT_SORTS, "-number", may_be_empty={"amount", "finish"})
    )


@require_safe
def project_list(request):
    filterset, rows = _filtered_projects(request)
    context = {
        "filter": filterset,
        "page": page_of(request, rows),
        "sort": "-number",
        "can_create": request.user.may(Action.CREATE_PROJECT),
    }
    return render(request, "projects/project_list.html", context)


@require_safe
def project_export(request):
    filterset, rows = _filtered_projects(request)
    return exports.projects_response(rows, filter_words(filterset.form))


def project_create(request):
    permissions.require_post(request.user, Action.CREATE_PROJECT)
    form = forms.ProjectCreateForm(request.POST or None, user=request.user)
    made = []
    if request.method == "POST" and accepted(
        form, lambda: made.append(services.create_project(actor=request.user, **form.cleaned_data))
    ):
        messages.success(request, f"项目 {made[0].number} 已建档。请设置项目组。")
        return redirect("projects:team", made[0].pk)
    crumbs = [{"title": "项目", "url": reverse("projects:list")}]
    context = {"form": form, "heading": "新建项目", "back": reverse("projects:list"), "crumbs": crumbs}
    return render(request, "projects/project_form.html", context)


@require_GET
def number_suggestion(request):
    """The input for the number, filled for the chosen unit (for htmx)."""
    permissions.require_post(request.user, Action.CREATE_PROJECT)
    form = forms.ProjectCreateForm(user=request.user)
    unit = form.fields["unit"].queryset.filter(pk=_number(request.GET.get("unit"))).first()
    form.initial["number"] = queries.suggested_number(unit) if unit else ""
    return render(request, "projects/_number_input.html", {"form": form})


def _number(text) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


@require_safe
def project_detail(request, pk):
    project = _project(request, pk)
    team = queries.by_rank(project.assignments.in_force())
    stages = [{"title": stage.label, "state": rules.stage_state(stage, project.stage)} for stage in Stage]
    return _project_page(request, "projects/project_detail.html", project, "projects:detail", team=team, stages=stages)


def project_edit(request, pk):
    project = _project(request, pk)
    _require(request, Action.EDIT_PROJECT, project)
    form = forms.ProjectForm(request.POST or None, instance=_project(request, pk), user=request.user)
    if request.method == "POST" and accepted(
        form, lambda: services.update_project(actor=request.user, project=project, **form.cleaned_data)
    ):
        messages.success(request, "已保存。")
        return redirect("projects:detail", pk)
    crumbs = [
        {"title": "项目", "url": reverse("projects:list")},
        {"title": form.instance.number, "url": reverse("projects:detail", args=[pk])},
    ]
    context = {
        "form": form, "heading": f"编辑：{form.instance.name}", "back": reverse("projects:detail", args=[pk]),
        "crumbs": crumbs,
    }  # fmt: skip
    return render(request, "projects/project_form.html", context)


# ── Team ────────────────────────────────────────────────────────────────────
def team(request, pk):
    project = _project(request, pk)
    form = None
    if request.method == "POST":
        _require(request, Action.SET_TEAM, project)
        form = forms.AssignmentForm(request.POST)
        if accepted(form, lambda: services.assign(actor=request.user, project=project, **form.cleaned_data)):
            messages.success(request, f"已将 {form.cleaned_data['user'].name} 加入项目组。")
            return redirect("projects:team", pk)
    members = queries.by_rank(project.assignments.all())
    today = timezone.localdate()
    context = {
        "form": form or forms.AssignmentForm(),
        "members": [each for each in members if each.ends_on is None or each.ends_on >= today],
        "former": [each for each in members if each.ends_on and each.ends_on < today],
        "today": today,
    }
    return _project_page(request, "projects/team.html", project, "projects:team", **context)


def assignment_end(request, pk, assignment_pk):
    project = _project(request, pk)
    assignment = get_object_or_404(project.assignments.select_related("user", "discipline"), pk=assignment_pk)
    _require(request, Action.SET_TEAM, project)
    form = forms.AssignmentEndForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.end_assignment(actor=request.user, assignment=assignment, **form.cleaned_data)
    ):
        messages.success(request, f"{assignment.user.name} 的任职已填写结束日期。")
        return redirect("projects:team", pk)
    heading = f"结束任职：{assignment}"
    return _project_form_page(request, form, project, heading, "projects:team", submit="结束任职")


# ── Risks ───────────────────────────────────────────────────────────────────
@require_safe
def risks(request, pk):
    project = _project(request, pk)
    page = page_of(request, project.risks.select_related("owner", "created_by").order_by(*queries.RISK_ORDER))
    return _project_page(request, "projects/risks.html", project, "projects:risks", page=page)


def risk_register(request, pk):
    project = _project(request, pk)
    _require(request, Action.MANAGE_RISKS, project)
    form = forms.RiskForm(request.POST or None, people=queries.people_of(project), initial={"owner": request.user.pk})
    if request.method == "POST" and accepted(
        form, lambda: services.register_risk(actor=request.user, project=project, **form.cleaned_data)
    ):
        messages.success(request, "风险已登记。")
        return redirect("projects:risks", pk)
    return _project_form_page(request, form, project, "登记风险", "projects:risks", submit="登记")


def _own_risk(request, pk, risk_pk):
    """The project and its risk; 403 for anybody but the owner."""
    project = _project(request, pk)
    risk = get_object_or_404(project.risks.select_related("project__unit"), pk=risk_pk)
    if risk.owner_id != request.user.pk:
        raise PermissionDenied("只有责任人可以处理或上报该风险。")
    return project, risk


def risk_escalate(request, pk, risk_pk):
    project, risk = _own_risk(request, pk, risk_pk)
    form = forms.RiskEscalateForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.escalate_risk(actor=request.user, risk=risk, **form.cleaned_data)
    ):
        messages.success(request, f"已上报给 {risk.owner.name}。")
        return redirect("projects:risks", pk)
    return _project_form_page(
        request, form, project, "上报风险", "projects:risks", submit="上报", quoted=risk.description
    )


def risk_settle(request, pk, risk_pk):
    project, risk = _own_risk(request, pk, risk_pk)
    _require(request, Action.MANAGE_RISKS, project)
    form = forms.RiskSettleForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.settle_risk(actor=request.user, risk=risk, **form.cleaned_data)
    ):
        messages.success(request, "风险处理结果已登记。")
        return redirect("projects:risks", pk)
    return _project_form_page(
        request, form, project, "处理风险", "projects:risks", submit="登记处理结果", quoted=risk.description
    )


# ── Inquiries ───────────────────────────────────────────────────────────────
@require_safe
def inquiries(request, pk):
    project = _project(request, pk)
    page = page_of(request, project.inquiries.select_related("answered_by").order_by(*queries.INQUIRY_ORDER))
    return _project_page(request, "projects/inquiries.html", project, "projects:inquiries", page=page)


def inquiry_register(request, pk):
    project = _project(request, pk)
    _require(request, Action.MANAGE_INQUIRIES, project)
    form = forms.InquiryForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.register_inquiry(actor=request.user, project=project, **form.cleaned_data)
    ):
        messages.success(request, "委托人询问已登记，请在一个工作小时内答复。")
        return redirect("projects:inquiries", pk)
    return _project_form_page(request, form, project, "登记委托人询问", "projects:inquiries", submit="登记")


def inquiry_answer(request, pk, inquiry_pk):
    project = _project(request, pk)
    inquiry = get_object_or_404(project.inquiries.select_related("project__unit"), pk=inquiry_pk)
    _require(request, Action.MANAGE_INQUIRIES, project)
    form = forms.InquiryAnswerForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.answer_inquiry(actor=request.user, inquiry=inquiry, **form.cleaned_data)
    ):
        messages.success(request, "答复已登记。")
        return redirect("projects:inquiries", pk)
    return _project_form_page(
        request, form, project, "答复委托人询问", "projects:inquiries", submit="登记答复", quoted=inquiry.question
    )


# ── Timeline ────────────────────────────────────────────────────────────────
@require_safe
def timeline(request, pk):
    project = _project(request, pk)
    page = page_of(request, project_timeline(project), TIMELINE_SIZE)
    entries = [told(entry) for entry in page]
    return _project_page(request, "projects/timeline.html", project, "projects:timeline", page=page, entries=entries)


# ── Clients ─────────────────────────────────────────────────────────────────
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
    page = page_of(request, queries.project_rows(request.user).filter(client=client).order_by("-number"))
    context = {
        "client": client,
        "page": page,
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
    return _form_page(request, form, heading="登记委托人", back=reverse("projects:clients"), crumbs=crumbs)


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
    return _form_page(request, form, heading=f"编辑：{name}", back=back, crumbs=crumbs)


# ── Files of a version ──────────────────────────────────────────────────────
def _own_version(request, pk):
    """A version whose files this person may change; 404 when they do not see it, 403 when another prepares it."""
    versions = DeliverableVersion.objects.visible_to(request.user).select_related("deliverable__project__unit")
    version = get_object_or_404(versions, pk=pk)
    if version.deliverable.preparer_id != request.user.pk:
        raise PermissionDenied("只有编制人可以修改本版本的文件。")
    return version


def _version_page(request, version, *, form=None, upload=None, refused=()):
    context = {
        "version": version,
        "deliverable": version.deliverable,
        "attachments": version.attachments.all(),
        "form": form or forms.VersionForm(instance=version),
        "upload": upload or forms.UploadForm(),
        "refused": refused,
        "crumbs": [
            {"title": "项目", "url": reverse("projects:list")},
            {
                "title": version.deliverable.project.number,
                "url": reverse("projects:detail", args=[version.deliverable.project_id]),
            },
            {"title": version.deliverable.title, "url": reverse("reviews:deliverable", args=[version.deliverable_id])},
        ],
    }
    return render(request, "projects/version_files.html", context)


def version_files(request, pk):
    """The files of a draft version; POST saves its note and amounts."""
    version = _own_version(request, pk)
    form = None
    if request.method == "POST":
        form = forms.VersionForm(request.POST, instance=version)
        if accepted(form, lambda: services.update_version(actor=request.user, version=version, **form.cleaned_data)):
            messages.success(request, "版本说明与金额已保存。")
            return redirect("projects:version_files", pk)
    return _version_page(request, version, form=form)


@require_POST
def version_upload(request, pk):
    """Takes several files at once: each good one is kept, each refused one comes back with its own reason."""
    version = _own_version(request, pk)
    form = forms.UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _version_page(request, version, upload=form)
    refused, kept = [], 0
    for upload in form.cleaned_data["files"]:
        try:
            services.add_attachment(actor=request.user, version=version, upload=upload)
            kept += 1
        except ValidationError as error:
            refused.append({"name": shown_name(upload.name), "reasons": error.messages})
    if kept:
        messages.success(request, f"已上传 {kept} 个文件。")
    if refused:
        return _version_page(request, version, refused=refused)
    return redirect("projects:version_files", pk)


@require_POST
def attachment_remove(request, pk):
    attachment = get_object_or_404(Attachment.objects.visible_to(request.user).select_related("version"), pk=pk)
    version = _own_version(request, attachment.version_id)
    try:
        services.remove_attachment(actor=request.user, attachment=attachment)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"已移除“{attachment.name}”。")
    return redirect("projects:version_files", version.pk)


@require_safe
def attachment_download(request, pk) -> HttpResponse:
    """The bytes as a download, never shown inside the page: no type that a browser would run."""
    attachment = get_object_or_404(Attachment.objects.visible_to(request.user), pk=pk)
    try:
        content = attachment.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("文件不在存储中，请联系系统管理员。") from error
    response = FileResponse(
        content, as_attachment=True, filename=attachment.name, content_type=attachment.content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
