from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from staff import forms, queries, services
from staff.choices import Action
from staff.demo import demo_logins
from staff.duties import open_duties
from staff.gates import needs
from staff.lists import accepted, page_of, sort_order
from staff.middleware import must_change_password, start_clock
from staff.models import Certificate, Post, Unit, User
from staff.spreadsheets import spreadsheet_response


# ── Login and one's own page ────────────────────────────────────────────────
class Login(LoginView):
    template_name = "staff/login.html"
    authentication_form = forms.LoginForm
    redirect_authenticated_user = True

    def form_valid(self, form):
        response = super().form_valid(form)
        start_clock(self.request.session)
        return response

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs, demo_logins=demo_logins())


@sensitive_post_parameters()
@never_cache
def password_change(request):
    form = forms.PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.confirm_password(request, request.user, form.cleaned_data["old_password"])
        except ValidationError as error:
            form.add_error("old_password", error)
        else:
            new = form.cleaned_data["new_password"]
            if accepted(form, lambda: services.change_password(user=request.user, new_password=new)):
                update_session_auth_hash(request, request.user)
                messages.success(request, "密码已修改。")
                return redirect(settings.LOGIN_REDIRECT_URL)
    context = {"form": form, "is_required": must_change_password(request.user), "days": settings.PASSWORD_MAX_AGE_DAYS}
    return render(request, "staff/password_change.html", context)


def _with_states(certificates) -> list[Certificate]:
    today = timezone.localdate()
    rows = list(certificates)
    for certificate in rows:
        certificate.state_kind, certificate.state_word = queries.certificate_state(certificate, today)
    return rows


def profile(request):
    contact = forms.ContactForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and accepted(
        contact, lambda: services.update_own_contact(user=request.user, **contact.cleaned_data)
    ):
        messages.success(request, "联系方式已保存。")
        return redirect("staff:profile")
    return _profile_page(request, contact, forms.SignatureForm())


def _profile_page(request, contact, signature):
    context = {
        "person": request.user,
        "posts": request.user.posts.in_force().select_related("unit"),
        "certificates": _with_states(request.user.certificates.all()),
        "contact": contact,
        "signature": signature,
    }
    return render(request, "staff/profile.html", context)


@require_POST
def signature_upload(request):
    form = forms.SignatureForm(request.POST, request.FILES)
    if accepted(form, lambda: services.set_signature_image(user=request.user, upload=form.cleaned_data["image"])):
        messages.success(request, "签名图片已更新，此后签署使用新图片。")
        return redirect("staff:profile")
    return _profile_page(request, forms.ContactForm(instance=request.user), form)


@require_GET
@never_cache
def signature_image(request):
    """One's own; nobody else's picture is shown here."""
    if not request.user.signature_image:
        raise Http404
    return FileResponse(request.user.signature_image.open("rb"), content_type="image/png", filename="signature.png")


# ── People ──────────────────────────────────────────────────────────────────
PEOPLE_SORTS = {"employee_number": "employee_number", "name": "name", "unit": "unit__code"}
PEOPLE_COLUMNS = [
    ("工号", 12), ("姓名", 12), ("单位", 20), ("职称", 16), ("岗位", 30), ("执业证书", 40), ("手机", 16), ("邮箱", 24),
    ("状态", 8),
]  # fmt: skip


def _people_rows(people):
    for person in people:
        yield [
            person.employee_number,
            person.name,
            person.unit.name,
            person.job_title,
            "、".join(post.title for post in person.posts_in_force),
            "；".join(f"{item}（至 {item.expires_on}）" for item in person.certificates.all()),
            person.phone,
            person.email,
            "在职" if person.is_active else "已停用",
        ]


@require_GET
@needs(Action.MANAGE_PEOPLE)
def people_list(request):
    form = forms.PeopleFilter(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    chosen["active"] = chosen.get("active") or "yes"
    found = queries.people(**chosen).order_by(*sort_order(request, PEOPLE_SORTS, default="employee_number"))
    if request.GET.get("format") == "xlsx":
        return spreadsheet_response("人员名册", PEOPLE_COLUMNS, _people_rows(found))
    context = {"form": form, "page": page_of(request, found), "sort": "employee_number"}
    return render(request, "staff/people_list.html", context)


@needs(Action.MANAGE_PEOPLE)
def person_create(request):
    form = forms.PersonForm(request.POST or None)
    made = []
    if request.method == "POST" and accepted(
        form, lambda: made.append(services.create_user(actor=request.user, **form.cleaned_data))
    ):
        messages.success(request, "已建档。请设置岗位，并生成一次性密码交给本人。")
        return redirect("staff:person_detail", made[0].pk)
    return render(request, "staff/person_form.html", {"form": form, "heading": "新建人员"})


@require_GET
@needs(Action.MANAGE_PEOPLE)
def person_detail(request, pk):
    person = get_object_or_404(User.objects.select_related("unit"), pk=pk)
    today = timezone.localdate()
    posts = list(person.posts.select_related("unit"))
    for post in posts:
        post.is_over = post.ends_on is not None and post.ends_on < today
        post.is_ahead = post.starts_on > today
        post.is_withdrawable = post.starts_on >= today
    context = {"person": person, "posts": posts, "certificates": _with_states(person.certificates.all())}
    return render(request, "staff/person_detail.html", context)


@needs(Action.MANAGE_PEOPLE)
def person_edit(request, pk):
    person = get_object_or_404(User, pk=pk)
    # A form of its own copy: what the form sets on its instance must not look like what is stored.
    form = forms.PersonForm(request.POST or None, instance=get_object_or_404(User, pk=pk))
    if request.method == "POST" and accepted(
        form, lambda: services.update_user(actor=request.user, user=person, **form.cleaned_data)
    ):
        messages.success(request, "已保存。")
        return redirect("staff:person_detail", pk)
    context = {"form": form, "heading": f"编辑：{person.name}", "person": person}
    return render(request, "staff/person_form.html", context)


@needs(Action.MANAGE_PEOPLE)
def person_deactivate(request, pk):
    person = get_object_or_404(User, pk=pk)
    errors = []
    if request.method == "POST":
        try:
            services.deactivate_user(actor=request.user, user=person)
        except ValidationError as error:
            errors = error.messages
        else:
            messages.success(request, f"已停用 {person.name}，其登录会话即刻失效。")
            return redirect("staff:person_detail", pk)
    context = {"person": person, "errors": errors, "duties": open_duties(person)}
    return render(request, "staff/person_deactivate.html", context)


@require_POST
@needs(Action.MANAGE_PEOPLE)
def person_reactivate(request, pk):
    person = services.reactivate_user(actor=request.user, user=get_object_or_404(User, pk=pk))
    messages.success(request, f"已恢复 {person.name} 的账号。")
    return redirect("staff:person_detail", pk)


@require_POST
@needs(Action.MANAGE_PEOPLE)
@never_cache
def person_reset_password(request, pk):
    """The one-time password stands on this answer alone: no redirect, no session, no message carries it."""
    person = get_object_or_404(User, pk=pk)
    password = services.reset_password(actor=request.user, user=person)
    return render(request, "staff/person_password.html", {"person": person, "password": password})


# ── Posts ───────────────────────────────────────────────────────────────────
@needs(Action.MANAGE_PEOPLE)
def post_assign(request, pk):
    person = get_object_or_404(User, pk=pk)
    form = forms.PostForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.assign_post(actor=request.user, user=person, **form.cleaned_data)
    ):
        messages.success(request, "已任命。")
        return redirect("staff:person_detail", pk)
    return render(request, "staff/post_form.html", {"form": form, "person": person, "heading": "任命岗位"})


@needs(Action.MANAGE_PEOPLE)
def post_end(request, pk, post_pk):
    post = get_object_or_404(Post.objects.select_related("user", "unit"), pk=post_pk, user=pk)
    form = forms.EndPostForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.end_post(actor=request.user, post=post, **form.cleaned_data)
    ):
        messages.success(request, "已填写任职结束日期。")
        return redirect("staff:person_detail", pk)
    context = {"form": form, "person": post.user, "heading": f"结束任职：{post.title}"}
    return render(request, "staff/post_form.html", context)


@require_POST
@needs(Action.MANAGE_PEOPLE)
def post_withdraw(request, pk, post_pk):
    post = get_object_or_404(Post.objects.select_related("user", "unit"), pk=post_pk, user=pk)
    try:
        services.withdraw_post(actor=request.user, post=post)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "已撤销误设的任职。")
    return redirect("staff:person_detail", pk)


# ── Certificates ────────────────────────────────────────────────────────────
@needs(Action.MANAGE_PEOPLE)
def certificate_add(request, pk):
    person = get_object_or_404(User, pk=pk)
    form = forms.CertificateForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.add_certificate(actor=request.user, user=person, **form.cleaned_data)
    ):
        messages.success(request, "证书已登记。")
        return redirect("staff:person_detail", pk)
    return render(request, "staff/post_form.html", {"form": form, "person": person, "heading": "登记执业证书"})


@needs(Action.MANAGE_PEOPLE)
def certificate_edit(request, pk, certificate_pk):
    certificate = get_object_or_404(Certificate.objects.select_related("user"), pk=certificate_pk, user=pk)
    copy = get_object_or_404(Certificate, pk=certificate_pk)
    form = forms.CertificateForm(request.POST or None, instance=copy)
    if request.method == "POST" and accepted(
        form,
        lambda: services.update_certificate(actor=request.user, certificate=certificate, **form.cleaned_data),
    ):
        messages.success(request, "证书已保存。")
        return redirect("staff:person_detail", pk)
    context = {"form": form, "person": certificate.user, "heading": "编辑执业证书"}
    return render(request, "staff/post_form.html", context)


@require_POST
@needs(Action.MANAGE_PEOPLE)
def certificate_remove(request, pk, certificate_pk):
    certificate = get_object_or_404(Certificate, pk=certificate_pk, user=pk)
    services.remove_certificate(actor=request.user, certificate=certificate)
    messages.success(request, "证书已移除；已签署的文件保留当时的证书编号。")
    return redirect("staff:person_detail", pk)


# ── Units ───────────────────────────────────────────────────────────────────
@require_GET
@needs(Action.MANAGE_PEOPLE)
def unit_list(request):
    return render(request, "staff/unit_list.html", {"units": queries.unit_tree()})


@needs(Action.MANAGE_PEOPLE)
def unit_create(request):
    form = forms.UnitForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: services.create_unit(actor=request.user, **form.cleaned_data)
    ):
        messages.success(request, "单位已新建。")
        return redirect("staff:unit_list")
    return render(request, "staff/unit_form.html", {"form": form, "heading": "新建单位"})


@needs(Action.MANAGE_PEOPLE)
def unit_edit(request, pk):
    unit = get_object_or_404(Unit, pk=pk)
    form = forms.UnitForm(request.POST or None, instance=get_object_or_404(Unit, pk=pk))
    if request.method == "POST" and accepted(
        form, lambda: services.update_unit(actor=request.user, unit=unit, **form.cleaned_data)
    ):
        messages.success(request, "单位已保存。")
        return redirect("staff:unit_list")
    return render(request, "staff/unit_form.html", {"form": form, "heading": f"编辑：{unit.name}"})
