"""Files of a version."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from projects import forms, services
from projects.models import Attachment, DeliverableVersion
from staff.lists import accepted
from uploads.names import shown_name


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
