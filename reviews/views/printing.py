"""Downloads of the two papers: the stored bytes once issued, a draft with 草稿 on every page before."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from printing.papers import stored_pdf
from reviews import printouts
from reviews.models import Issue
from reviews.views.loading import load_round


@require_safe
@never_cache
def flow_sheet_pdf(request, pk):
    """质量控制流程单 of a round."""
    round = load_round(request, pk)
    issue = Issue.objects.filter(round=round).first()
    if issue is None:
        return _pdf(request, printouts.flow_sheet(round), f"质量控制流程单（草稿） {round}")
    stored = stored_pdf(issue.flow_sheet, issue.flow_sheet_sha256)
    return _stored(request, stored, issue, "质量控制流程单")


@require_safe
@never_cache
def review_record_pdf(request, pk):
    """校审记录单 of a round."""
    round = load_round(request, pk)
    issue = Issue.objects.filter(round=round).first()
    if issue is None:
        return _pdf(request, printouts.review_record(round), f"校审记录单（草稿） {round}")
    stored = stored_pdf(issue.review_record, issue.review_record_sha256)
    return _stored(request, stored, issue, "校审记录单")


def _stored(request, content: bytes | None, issue: Issue, title: str) -> HttpResponse:
    """An issued paper as it was issued, or the page that says that it is not what it was."""
    if content is None:
        return render(request, "reviews/print_damaged.html", {"issue": issue, "document": title}, status=500)
    return _pdf(request, content, f"{title} {issue.number}")


def _pdf(request, content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    is_attachment = request.GET.get("inline") != "1"
    response["Content-Disposition"] = content_disposition_header(is_attachment, f"{name}.pdf")
    return response
