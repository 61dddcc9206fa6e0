"""What goes wrong leaves its traceback, with its time, in the output of the web server: the page of an error 500 says so."""

import io
import logging

import pytest
from django.http import Http404
from django.urls import path


def fail(request):
    raise RuntimeError("一处没有料到的错误")


def miss(request):
    raise Http404


urlpatterns = [path("fail/", fail), path("miss/", miss)]


@pytest.fixture
def output(settings, monkeypatch):
    """What the web server prints meanwhile."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    [handler] = logging.getLogger("django.request").handlers
    stream = io.StringIO()
    monkeypatch.setattr(handler, "stream", stream)
    return stream


def test_an_error_is_recorded_with_its_time_and_place(client, output):
    client.raise_request_exception = False
    answer = client.get("/fail/")
    assert answer.status_code == 500
    assert "错误已记录" in answer.content.decode()
    first, *rest = output.getvalue().splitlines()
    assert first[:4].isdigit()
    assert "/fail/" in first
    assert any("in fail" in line for line in rest)
    assert rest[-1] == "RuntimeError: 一处没有料到的错误"


def test_what_is_not_there_is_no_error(client, output):
    assert client.get("/miss/").status_code == 404
    assert output.getvalue() == ""
