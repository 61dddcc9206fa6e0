"""The gate before a view: who has no right to an action of the firm gets 403."""

from functools import wraps

from staff.choices import Action
from staff.permissions import require_post


def needs(action: Action):
    """Decorate a view that only holders of a post with `action` may enter."""

    def decorate(view):
        @wraps(view)
        def gated(request, *args, **kwargs):
            require_post(request.user, action)
            return view(request, *args, **kwargs)

        return gated

    return decorate
