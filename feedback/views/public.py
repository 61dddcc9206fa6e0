"""The pages for senders: no login, no script, nothing kept of where they come from."""

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from feedback import queries, services
from feedback.choices import ComplaintState
from feedback.forms import PublicForm, QueryForm
from feedback.uploading import PublicUploadHandler
from staff.limits import is_too_often
from staff.lists import accepted
from staff.once import give_back, take_once

HOUR = 3600
# What one address may send in an hour; of forms that were not accepted, more.
COMPLAINTS = (5, HOUR)
ATTEMPTS = (40, HOUR)
# Number and query code: ten tries in ten minutes.
QUERIES = (10, 600)


# The upload handler must be in place before anything reads the body, the CSRF check included: hence exempt here, and
# protected one step further in (as Django's documentation has it).
@login_not_required
@never_cache
@sensitive_post_parameters()
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def complaint_new(request):
    """The form for complaints and reports, and after it the number and the query code, once."""
    if request.method == "POST":
        if is_too_often(request, "attempt", ATTEMPTS):
            return _too_often(request)
        request.upload_handlers.insert(0, PublicUploadHandler(request))
    return _complaint_new(request)


@csrf_protect
def _complaint_new(request):
    form = PublicForm(request.POST, request.FILES) if request.method == "POST" else PublicForm()
    if form.is_valid() and (answered := _received(request, form)):
        return answered
    context = {"form": form, "had_files": bool(request.FILES), "limits": queries.time_limits()}
    return render(request, "feedback/complaint_new.html", context, status=400 if form.is_bound else 200)


def _received(request, form):
    """The answer to a form that is complete; None where the service has found something wrong with it."""
    token = form.cleaned_data["once"]
    if not take_once(token):
        return render(request, "feedback/complaint_sent.html", status=409)
    if is_too_often(request, "complaint", COMPLAINTS):
        give_back(token)
        return _too_often(request)
    made = []

    def receive():
        made.append(services.receive(content=form.content(), sender=form.sender(), files=form.cleaned_data["files"]))

    if not accepted(form, receive):
        give_back(token)
        return None
    complaint, code = made[0]
    return render(
        request,
        "feedback/complaint_received.html",
        {"complaint": complaint, "code": code, "limits": queries.time_limits()},
    )


def _too_often(request):
    return render(request, "feedback/too_often.html", status=429)


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def complaint_query(request):
    """How far a complaint is, for whoever has its number and its code. Both go in the body: addresses end in log files."""
    if request.method != "POST":
        return render(request, "feedback/complaint_query.html", {"form": QueryForm()})
    form = QueryForm(request.POST)
    if not form.is_valid():
        return render(request, "feedback/complaint_query.html", {"form": form}, status=400)
    if is_too_often(request, "query", QUERIES):
        return _too_often(request)
    found = queries.by_number_and_code(**form.cleaned_data)
    if found is None:
        form.add_error(None, "没有找到，请核对编号和查询码。")
        return render(request, "feedback/complaint_query.html", {"form": form}, status=404)
    told = found.state in (ComplaintState.ANSWERED, ComplaintState.CLOSED, ComplaintState.REFUSED)
    return render(request, "feedback/complaint_status.html", {"complaint": found, "told": told})
