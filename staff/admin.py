"""The admin site itself: reference data, for the administrator, entered through our own login page.

People, posts and units are kept on the site's own pages (`staff.views`); evidence is read on the auditor's. Neither is
registered here, so the administrator's rights end where the permission table ends them.
"""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect

admin.site.unregister(Group)
admin.site.site_header = admin.site.site_title = f"{settings.FIRM_NAME} · 基础数据"
admin.site.index_title = "基础数据"
admin.site.site_url = "/"


@login_not_required
def login(request, extra_context=None):
    """One login page for the whole site, with its lock-out; who is logged in and no administrator gets 403."""
    if request.user.is_authenticated:
        raise PermissionDenied("基础数据由系统管理员维护。")
    return redirect_to_login(request.GET.get("next", request.get_full_path()), settings.LOGIN_URL)


def password_change(request, extra_context=None):
    return redirect("staff:password_change")


admin.site.login = login
admin.site.password_change = password_change
