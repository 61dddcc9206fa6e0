from functools import cached_property

from django.conf import settings

from dashboards import menu
from dashboards.queries.inbox import todo_count
from notices.queries import unread_count


class Shell:
    """What base.html draws around every page. Asked for piece by piece: a page without the shell costs no query,
    a page with it three (posts, 待办, 消息)."""

    def __init__(self, request):
        self._request = request
        self._user = getattr(request, "user", None)

    @property
    def demo(self) -> bool:
        return settings.DEMO

    @property
    def _is_somebody(self) -> bool:
        return self._user is not None and self._user.is_authenticated

    @cached_property
    def todo_count(self) -> int:
        return todo_count(self._user) if self._is_somebody else 0

    @cached_property
    def unread_notices(self) -> int:
        return unread_count(self._user) if self._is_somebody else 0

    @property
    def does_business(self) -> bool:
        return self._is_somebody and menu.does_business(self._user)

    @cached_property
    def menu(self) -> list[menu.Link]:
        return menu.links_for(self._user, self._request.path, self.todo_count) if self._is_somebody else []


def shell(request) -> dict:
    return {"shell": Shell(request)}
