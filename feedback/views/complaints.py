"""The pages for who handles complaints: the list, one complaint, what is done about it."""

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from feedback import forms, queries, services
from feedback.chain import possible_acts
from feedback.choices import ComplaintAct
from feedback.filters import ComplaintFilter
from feedback.models import ComplaintFile
from feedback.services.naming import may_view_sender
from feedback.views.loading import load, tells_lost_race
from staff import permissions
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted, page_of, sort_order
from staff.once import give_back, take_once

SORTS = {"number": "number", "received": "received_at", "state": "state"}
A = ComplaintAct


@require_safe
@needs(Action.HANDLE_COMPLAINTS)
def complaint_list(request):
    rows = queries.complaint_rows(request.user)
    asked = request.GET if set(request.GET) - {"page", "sort"} else {"state": "live"}
    filterset = ComplaintFilter(asked, queryset=rows, request=request)
    page = page_of(request, filterset.qs.order_by(*sort_order(request, SORTS, "-received")))
    clocks = queries.clocks_of(page.object_list)
    for each in page.object_list:
        each.clock = next((clock for clock in clocks.get(each.pk, []) if clock.is_open), None)
    context = {
        "filter": filterset,
        "page": page,
        "sort": "-received",
        "counts": queries.counts(rows),
        "base": reverse("feedback:list"),
        "public_url": settings.SITE_URL + reverse("feedback:new"),
        "query_url": settings.SITE_URL + reverse("feedback:query"),
    }
    return render(request, "feedback/complaint_list.html", context)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Action.HANDLE_COMPLAINTS)
def complaint_register(request):
    """A letter, a call, a visit: written down by 质量办, who hands number and code to the sender."""
    form = forms.RegisterForm(request.POST or None, request.FILES or None)
    made = []

    def receive():
        told = form.cleaned_data
        made.append(services.receive(content=form.content(), sender=form.sender(), files=told["files"], actor=request.user,
                                     channel=told["channel"], received_at=told["received_at"]))  # fmt: skip

    if request.method == "POST" and form.is_valid():
        token = form.cleaned_data["once"]
        if not take_once(token):
            messages.warning(request, "该内容已经登记，没有重复登记。")
            return redirect("feedback:list")
        if accepted(form, receive):
            complaint, code = made[0]
            return render(request, "feedback/complaint_registered.html", {"complaint": complaint, "code": code})
        give_back(token)
    crumbs = [{"title": "投诉举报", "url": reverse("feedback:list")}]
    context = {"form": form, "heading": "登记投诉举报", "submit": "登记", "back": reverse("feedback:list"), "crumbs": crumbs,
               "lead": "登记后显示编号和查询码，请转交投诉举报人；查询码只显示一次。"}  # fmt: skip
    return render(request, "feedback/form_page.html", context)


@require_safe
def complaint_detail(request, pk):
    complaint = load(request, pk)
    may_handle, may_name = request.user.may(Action.HANDLE_COMPLAINTS), request.user.may(Action.SEE_REPORTER)
    # The page for 专项稽查 stands on a floor above: only its name is known here.
    context = {
        "complaint": complaint,
        "steps": complaint.steps.select_related("actor"),
        "files": complaint.files.all(),
        "clocks": queries.clocks_of([complaint]).get(complaint.pk, []),
        "about": complaint.about_people.in_force().select_related("user__unit"),
        "named": complaint.named.in_force().select_related("user__unit"),
        "acts": {act.value for act in possible_acts(complaint)} if may_handle else set(),
        "may_handle": may_handle,
        "may_name": may_name,
        "may_view_sender": may_view_sender(request.user, complaint),
        "audits": complaint.special_audits.visible_to(request.user),
        "may_audit": request.user.may(Action.PLAN_INSPECTIONS) and complaint.is_on_file,
        "crumbs": [{"title": "投诉举报", "url": reverse("feedback:list") if may_handle else ""}],
    }
    return render(request, "feedback/complaint_detail.html", context)


@require_safe
def file_download(request, pk, file_pk):
    """An attachment, for whoever handles the complaint; always as a download, never shown inside the page."""
    complaint = load(request, pk)
    permissions.require_post(request.user, Action.HANDLE_COMPLAINTS)
    found = get_object_or_404(ComplaintFile, pk=file_pk, complaint=complaint)
    try:
        content = found.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("文件不在存储中，请联系系统管理员。") from error
    response = FileResponse(content, as_attachment=True, filename=f"{complaint.number}-{found.name}",
                            content_type=found.content_type)  # fmt: skip
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


# ── Acts ────────────────────────────────────────────────────────────────────
def form_page(request, complaint, form, *, heading: str, submit: str, lead: str = ""):
    """A page with one form about a complaint."""
    back = reverse("feedback:detail", args=[complaint.pk])
    crumbs = [{"title": "投诉举报", "url": reverse("feedback:list")}, {"title": complaint.number, "url": back}]
    context = {"complaint": complaint, "form": form, "heading": heading, "submit": submit, "lead": lead, "back": back,
               "crumbs": crumbs}  # fmt: skip
    return render(request, "feedback/form_page.html", context)


def _act(request, pk, act: ComplaintAct, form_class, service, *, done: str, lead: str = "", initial=None, **form_args):
    """A page with one form that does one thing to a complaint."""
    complaint = load(request, pk)
    permissions.require_post(request.user, Action.HANDLE_COMPLAINTS)
    first = {"turn": complaint.turn} | (initial(complaint) if initial else {})
    form = form_class(request.POST or None, initial=first, **form_args)
    if request.method == "POST" and accepted(
        form, lambda: service(actor=request.user, complaint=complaint, **form.cleaned_data)
    ):
        messages.success(request, done)
        return redirect("feedback:detail", pk)
    return form_page(request, complaint, form, heading=act.label, submit=act.label, lead=lead)


@tells_lost_race
@require_POST
def complaint_accept(request, pk):
    return _act(request, pk, A.ACCEPT, forms.ActForm, services.accept, done="已受理，办结时限开始计时。")


@tells_lost_race
def complaint_refuse(request, pk):
    return _act(request, pk, A.REFUSE, forms.RefuseForm, services.refuse, done="已登记不予受理。")


@tells_lost_race
def complaint_place(request, pk):
    def initial(complaint):
        return {"project": complaint.project.number if complaint.project else "", "unit": complaint.unit_id}

    return _act(request, pk, A.PLACE, forms.PlaceForm, services.place, done="已登记。", initial=initial, user=request.user,
                lead="经查属实的投诉举报涉及项目的，该项目必列入抽查。")  # fmt: skip


@tells_lost_race
def complaint_investigate(request, pk):
    def initial(complaint):
        return {"finding": complaint.finding, "cause": complaint.cause}

    return _act(request, pk, A.INVESTIGATE, forms.InvestigateForm, services.investigate, done="调查情况已登记。",
                initial=initial)  # fmt: skip


@tells_lost_race
def complaint_reopen(request, pk):
    return _act(request, pk, A.REOPEN, forms.ReopenForm, services.reopen, done="已转为补充调查，原结论作废。")


@tells_lost_race
def complaint_handle(request, pk):
    return _act(request, pk, A.HANDLE, forms.HandleForm, services.handle, done="处理情况已登记。",
                initial=lambda complaint: {"disposition": complaint.disposition})  # fmt: skip


@tells_lost_race
def complaint_answer(request, pk):
    return _act(
        request, pk, A.ANSWER, forms.AnswerForm, services.answer, done="反馈已登记，投诉举报人可凭查询码查看。"
    )


@tells_lost_race
def complaint_close(request, pk):
    return _act(request, pk, A.CLOSE, forms.ActForm, services.close, done="已关闭。",
                lead="关闭后办结时限停止，此件不能再改，也不能重新打开。请核对调查结论、处理情况和反馈后确认。")  # fmt: skip
