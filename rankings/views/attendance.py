"""Attendance and discipline (考勤与纪律): the list with its export, recording, withdrawing."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from rankings.attendance_filters import AttendanceFilter
from rankings.forms.attendance import AttendanceForm, WithdrawForm
from rankings.models import Attendance
from rankings.queries import attendance as queries
from rankings.queries.policies import attendance_rules, in_force
from rankings.services import attendance as services
from staff.choices import Action
from staff.gates import needs
from staff.lists import accepted, filter_words, page_of, sort_order
from staff.spreadsheets import spreadsheet_response

SORTS = {"date": "happened_on", "person": "person__employee_number", "unit": "person__unit__code"}
DEFAULT = "-date"
PAGE = require_http_methods(["GET", "HEAD", "POST"])
COLUMNS = [
    ("日期", 12), ("工号", 12), ("姓名", 12), ("单位", 20), ("条款", 44), ("次（天）数", 12), ("说明", 40), ("登记人", 12),
    ("登记日期", 12), ("状态", 10), ("撤销人", 12), ("撤销理由", 40),
]  # fmt: skip


def _crumbs() -> list[dict]:
    return [{"title": "考勤与纪律", "url": reverse("rankings:attendance_list")}]


def _filtered(request):
    """(the filters, the rows that pass them in the order asked for); 403 for who reads only the own."""
    if not queries.reads_all(request.user):
        raise PermissionDenied("您只能查看本人的考勤与纪律记录。")
    filterset = AttendanceFilter(request.GET, queryset=queries.attendance_rows(), request=request)
    return filterset, filterset.qs.order_by(*sort_order(request, SORTS, DEFAULT))


@require_safe
def attendance_list(request):
    filterset, rows = _filtered(request)
    context = {
        "filter": filterset,
        "page": page_of(request, rows),
        "sort": DEFAULT,
        "closed": queries.settled_years(),
        "export_query": request.GET.urlencode(),
        "can_record": request.user.may(Action.RECORD_ATTENDANCE),
    }
    return render(request, "rankings/attendance_list.html", context)


@require_safe
def attendance_export(request):
    """The same rows as a workbook."""
    filterset, rows = _filtered(request)
    note = "筛选条件：" + ("；".join(filter_words(filterset.form)) or "无")
    return spreadsheet_response("考勤与纪律", COLUMNS, map(_line, rows), notes=["考勤与纪律记录", note])


def _line(row: Attendance) -> list:
    return [
        row.happened_on, row.person.employee_number, row.person.name, row.person.unit.name, row.rule.text, row.count,
        row.note, row.recorded_by.name, timezone.localdate(row.recorded_at), "已撤销" if row.withdrawn_at else "有效",
        row.withdrawn_by.name if row.withdrawn_by else "", row.withdrawal or "",
    ]  # fmt: skip


@PAGE
@needs(Action.RECORD_ATTENDANCE)
def attendance_record(request):
    policy = in_force()
    form = AttendanceForm(request.POST or None, user=request.user, rules=attendance_rules(policy))
    if request.method == "POST" and accepted(form, lambda: services.record(actor=request.user, **form.cleaned_data)):
        messages.success(request, f"已登记：{form.cleaned_data['person'].name}，{form.cleaned_data['rule'].text}")
        return redirect("rankings:attendance_list")
    return render(request, "rankings/attendance_form.html", {"form": form, "policy": policy, "crumbs": _crumbs()})


@PAGE
@needs(Action.RECORD_ATTENDANCE)
def attendance_withdraw(request, pk):
    found = get_object_or_404(queries.attendance_rows(), pk=pk)
    if found.person_id == request.user.pk:
        raise PermissionDenied("不能撤销本人的考勤与纪律记录。")
    form, status = WithdrawForm(request.POST or None), 200
    if request.method == "POST":
        if accepted(form, lambda: services.withdraw(actor=request.user, attendance=found, **form.cleaned_data)):
            messages.success(request, "已撤销该记录，原记录保留并注明撤销。")
            return redirect("rankings:attendance_list")
        if form.has_error("__all__", code="overtaken"):
            status = 409
            found.refresh_from_db()
    context = {
        "record": found,
        "form": form,
        "crumbs": _crumbs(),
        "is_settled": queries.is_settled(found.happened_on.year),
    }
    return render(request, "rankings/attendance_withdraw.html", context, status=status)
