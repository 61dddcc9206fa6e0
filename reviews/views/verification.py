"""The public verification page behind the QR code: hash match, signers and times, no content. No login."""

import hashlib

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from reviews.verification import cleaned_sha256, find, issue_by_code, public_seals, signatures_intact
from staff.limits import is_too_often

# One address, in a minute.
REQUESTS = (30, 60)


@login_not_required
@never_cache
@require_GET
def verify_start(request):
    """A form for a code that was typed off the paper."""
    code = "".join(request.GET.get("code", "").split())
    if code.isascii() and code.isalnum():
        return redirect("reviews:verify", code=code)
    error = "核验码由字母和数字组成，请按纸面上的核验码输入。" if code else ""
    return render(request, "reviews/verify_start.html", {"typed": code, "error": error}, status=400 if error else 200)


# The upload handler must be in place before anything reads the body, the CSRF check included: hence exempt here, and
# protected one step further in (as Django's documentation has it).
@login_not_required
@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request, code):
    """What was issued under this code, and whether a file is one of its documents."""
    if is_too_often(request, "verify", REQUESTS):
        return render(request, "reviews/verify_too_often.html", status=429)
    hasher = HashingHandler(request)
    request.upload_handlers = [hasher]
    return _verify(request, code, hasher)


@csrf_protect
def _verify(request, code, hasher):
    issue = issue_by_code(code)
    if issue is None:
        return render(request, "reviews/verify_unknown.html", {"typed": code}, status=404)
    typed = request.POST.get("sha256", "").strip()
    sha256, error = _hash_to_check(hasher, typed) if request.method == "POST" else (None, "")
    context = {
        "issue": issue,
        "seals": public_seals(issue.round),
        "is_intact": signatures_intact(issue.round),
        "finding": find(issue, sha256) if sha256 else None,
        "error": error,
        "typed": typed,
        "limit_mb": settings.UPLOAD_MAX_BYTES // (1024 * 1024),
    }
    return render(request, "reviews/verify.html", context, status=400 if error else 200)


def _hash_to_check(hasher, typed: str) -> tuple[str | None, str]:
    """(the hash to look for, what is wrong): an uploaded file before a typed hash."""
    if hasher.is_too_large:
        limit = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
        return None, f"文件超过 {limit} MB 的上限。请在本机计算文件的 SHA-256，再在下面输入。"
    if hasher.sha256:
        return hasher.sha256, ""
    if not typed:
        return None, "请选择要核对的文件，或输入它的 SHA-256。"
    sha256 = cleaned_sha256(typed)
    return sha256, "" if sha256 else "SHA-256 应为 64 位十六进制字符（0–9、a–f），请检查是否漏字或多字。"


class HashingHandler(FileUploadHandler):
    """Hashes an upload while it streams by; no byte of it is kept, in memory or on disk."""

    def __init__(self, request=None):
        super().__init__(request)
        self.sha256 = ""
        self.is_too_large = False
        self._digest = None
        self._size = 0

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self._digest, self._size = hashlib.sha256(), 0

    def receive_data_chunk(self, raw_data, start):
        self._size += len(raw_data)
        if self._size > settings.UPLOAD_MAX_BYTES:
            self.is_too_large = True
            raise StopUpload(connection_reset=False)
        self._digest.update(raw_data)

    def file_complete(self, file_size):
        self.sha256 = self._digest.hexdigest()
