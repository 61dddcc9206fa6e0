import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.reviews import flow


@pytest.fixture
def many(cast, project):
    """`many(30, step)` opens so many deliverables and takes each through `step` (submitting it)."""

    def make(count: int, step=flow.submit):
        for number in range(count):
            step(flow.open_deliverable(cast, project, title=f"成果 {number:02}"))

    return make


@pytest.fixture
def queries_of(log_in):
    """`queries_of(user, url)`: how many queries the page costs on a session that is not new."""

    def count(user, url: str) -> int:
        client = log_in(user)
        client.get(url)  # the first page of a session writes its clock
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    return count
