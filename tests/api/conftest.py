import base64
import json
from types import SimpleNamespace

import pytest
from django.test import Client

from tests.conftest import PASSWORD
from tests.deadlines.conftest import start, time  # noqa: F401 — fixtures


class Caller:
    """A program that calls the API as one person: 工号 and password in each request (HTTP Basic), JSON both ways."""

    def __init__(self, user, password: str = PASSWORD):
        credentials = base64.b64encode(f"{user.employee_number}:{password}".encode()).decode()
        self.http = Client(headers={"authorization": f"Basic {credentials}"})

    def get(self, path: str, **query):
        return self._answer(self.http.get(f"/api/v1/{path}", query))

    def post(self, path: str, **body):
        return self._answer(self.http.post(f"/api/v1/{path}", body, content_type="application/json"))

    def patch(self, path: str, **body):
        return self._answer(self.http.patch(f"/api/v1/{path}", body, content_type="application/json"))

    def delete(self, path: str):
        return self._answer(self.http.delete(f"/api/v1/{path}"))

    def upload(self, path: str, file):
        return self._answer(self.http.post(f"/api/v1/{path}", {"file": file}))

    def _answer(self, response) -> SimpleNamespace:
        is_json = response.headers.get("Content-Type") == "application/json"
        body = json.loads(response.content) if is_json and response.content else None
        return SimpleNamespace(status=response.status_code, body=body, response=response)


@pytest.fixture
def calling(db):
    """`calling(cast.preparer)`: the API as that person uses it."""
    return Caller
