"""A proof is opened as a download, never inside a page of ours."""

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from inspections.queries.evidence import visible_evidence


@require_safe
def evidence_download(request, pk):
    """For whoever may see the inspection, accident or liability case that it belongs to; for others it does not exist."""
    evidence = get_object_or_404(visible_evidence(request.user), pk=pk)
    try:
        content = evidence.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("文件不在存储中，请联系系统管理员。") from error
    response = FileResponse(content, as_attachment=True, filename=evidence.name, content_type=evidence.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
