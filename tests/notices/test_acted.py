"""What told a person about a record is read once the person has acted on it; nobody else's is, nor what tells of another."""

import pytest

from notices.choices import Kind
from notices.middleware import record_of
from notices.models import Notice
from notices.services import notify
from tests.meetings.test_action_items import held, item

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("location", "record"),
    [
        ("/meetings/45/receipts/#objections", "/meetings/45/"),
        ("/meetings/actions/94/", "/meetings/actions/94/"),
        ("/deliverables/7/?tab=1", "/deliverables/7/"),
        ("/projects/13/inquiries/", "/projects/13/inquiries/"),
        ("/projects/13/", ""),
        ("/meetings/", ""),
        ("/notices/4/", ""),
        ("/", ""),
    ],
)
def test_record_is_that_of_the_page_where_the_act_ends(location, record):
    assert record_of(location) == record


def test_what_asked_for_an_act_is_read_after_it(cast, log_in, project):
    row = item(cast, held(cast, project))
    Notice.objects.all().delete()
    about, other = f"/meetings/actions/{row.pk}/", f"/meetings/actions/{row.pk + 1}/"
    for url in (about, other):
        notify(recipients=[cast.preparer, cast.checker], kind=Kind.MEETING, title=f"请报完成 {url}", url=url)
    done = {"turn": row.turn, "note": ""}
    assert log_in(cast.preparer).post(f"{about}done/", done).status_code != 302  # refused: still unread
    assert Notice.objects.unread().count() == 4
    assert log_in(cast.preparer).post(f"{about}done/", done | {"note": "已完成"}).status_code == 302
    left = Notice.objects.unread().values_list("recipient", "url")
    assert set(left) >= {(cast.checker.pk, about), (cast.checker.pk, other), (cast.preparer.pk, other)}
    assert (cast.preparer.pk, about) not in left
