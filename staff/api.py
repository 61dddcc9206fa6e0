"""What every part of the API does the same way: who comes in, in what shape, and what is answered when it goes wrong.

The settings name these (REST_FRAMEWORK); nothing imports them.
"""

from axes.utils import reset as forget_failures
from django.conf import settings
from django.contrib.auth import authenticate, get_user_model
from django.core.exceptions import NON_FIELD_ERRORS, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions, status
from rest_framework.authentication import BasicAuthentication
from rest_framework.fields import get_error_detail
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.settings import api_settings

from staff.middleware import must_change_password


# ── Who comes in ────────────────────────────────────────────────────────────
class PasswordAuthentication(BasicAuthentication):
    """工号 and password in each request (HTTP Basic). Wrong ones count towards the lock-out of the login."""

    www_authenticate_realm = "zaojia"

    def authenticate_credentials(self, userid, password, request=None):
        user = None
        longest = get_user_model()._meta.get_field("employee_number").max_length
        # No database takes a NUL, and the lock-out keeps no name of any length; no number or password is like that.
        if "\x00" not in userid + password and len(userid) <= longest:
            # Django's own request, and the name that the login form uses: the lock-out looks there.
            user = authenticate(request=request._request, username=userid, password=password)
        if user is None:
            raise exceptions.AuthenticationFailed("工号或密码不正确，或账号已停用。")
        forget_failures(username=user.employee_number, ip=request._request.axes_ip_address)
        return user, None


class PasswordScheme(OpenApiAuthenticationExtension):
    """How the schema tells of it."""

    target_class = PasswordAuthentication
    name = "basicAuth"

    def get_security_definition(self, auto_schema) -> dict:
        return {"type": "http", "scheme": "basic", "description": "工号与登录密码。"}


class Admission(IsAuthenticated):
    """Logged in, and with no password that has to be changed first."""

    def has_permission(self, request, view) -> bool:
        if not super().has_permission(request, view):
            return False
        if must_change_password(request.user):
            raise exceptions.PermissionDenied("您的密码须先修改，请登录网页修改后再使用接口。")
        return True


# ── In what shape ───────────────────────────────────────────────────────────
class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "请求内容过大。"
    default_code = "too_large"


class BoundedJSONParser(JSONParser):
    """DRF's reads a body of any size and depth; this one keeps to the limit of the forms."""

    def parse(self, stream, media_type=None, parser_context=None):
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if int(parser_context["request"].META.get("CONTENT_LENGTH") or 0) > limit:
            raise TooLarge
        try:
            return super().parse(stream, media_type, parser_context)
        except (exceptions.ParseError, RecursionError) as error:
            raise exceptions.ParseError("请求内容不是有效的 JSON，或嵌套过深。") from error


class Pages(PageNumberPagination):
    page_size_query_param = "page_size"
    max_page_size = 100


class StableOrdering(OrderingFilter):
    """`?ordering=`, with the primary key to settle ties, so that pages never overlap."""

    def get_ordering(self, request, queryset, view):
        return [*(super().get_ordering(request, queryset, view) or []), "-pk"]


# ── What is answered when it goes wrong ─────────────────────────────────────
class LockedOut(exceptions.APIException):
    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_detail = "密码连续输错次数过多，账号已锁定，请稍后再试。"
    default_code = "locked_out"


class Late(exceptions.APIException):
    """Somebody was faster, or the caller's `turn` is old."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "already_handled"


def answer_error(error: Exception, context: dict):
    """DRF's handler, told of what our services raise: ValidationError is 400 by field, PermissionDenied 403, an error
    with a status of its own (409: somebody was faster) keeps it, and a lock-out is 429 whoever noticed it."""
    # Not above: the views of DRF load this module, by the settings, while they are being loaded themselves.
    from rest_framework.views import exception_handler

    request = context["request"]._request
    if getattr(request, "axes_locked_out", False):
        # It is told here, in JSON; left set, the middleware of axes would answer with the page for people.
        request.axes_locked_out = False
        error = LockedOut()
    elif isinstance(error, DjangoValidationError):
        error = exceptions.ValidationError(_by_field(error))
    elif isinstance(error, RequestDataTooBig):
        error = TooLarge()
    elif isinstance(error, SuspiciousOperation):
        error = exceptions.ParseError("请求不符合要求。")
    elif getattr(error, "status_code", None) == status.HTTP_409_CONFLICT:
        error = Late(str(error))
    return exception_handler(error, context)


def _by_field(error: DjangoValidationError) -> dict:
    """{field: [messages]}; what is about no field stands under DRF's name for it."""
    detail = get_error_detail(error)
    if not isinstance(detail, dict):
        return {api_settings.NON_FIELD_ERRORS_KEY: detail}
    return {
        api_settings.NON_FIELD_ERRORS_KEY if name == NON_FIELD_ERRORS else name: messages
        for name, messages in detail.items()
    }
