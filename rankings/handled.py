"""Somebody was faster, or the figures are not those that the page showed."""

from django.utils import timezone


class AlreadyHandled(Exception):
    """Who did what, and when; or what has changed. The message is in Chinese; `url` leads to how it is now."""

    status_code = 409

    def __init__(self, message: str, url: str = "", *, who: str = "", at=None, what: str = ""):
        self.url, self.who, self.at, self.what = url, who, at, what
        super().__init__(message)


def done_by(who: str, at, what: str, url: str) -> AlreadyHandled:
    """已由（姓名）于 10:31 处理：…"""
    return AlreadyHandled(
        f"已由（{who}）于 {timezone.localtime(at):%Y-%m-%d %H:%M} 处理：{what}。", url, who=who, at=at, what=what
    )
