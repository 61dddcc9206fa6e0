"""Where a request comes from: what the lock-out of the login counts by."""

from django.conf import settings


def client_address(request) -> str | None:
    """The client's address, behind as many proxies of ours as PROXY_COUNT says; each appends the one that it saw.

    Without a proxy the header is anybody's word and is not read."""
    proxies = settings.AXES_IPWARE_PROXY_COUNT
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies]
    return request.META.get("REMOTE_ADDR")
