"""The in-app inbox of messages: one's own only, read and unread."""

import pytest

from notices.choices import Kind
from notices.models import Notice
from notices.services import mark_read, notify

pytestmark = pytest.mark.django_db


def tell(*people, title="成果被退回", url="/profile/"):
    notify(recipients=people, kind=Kind.SENT_BACK, title=title, url=url)


def test_notice_reaches_each_active_person_once(cast):
    tell(cast.preparer, cast.preparer, cast.checker, cast.disabled, None)
    assert sorted(Notice.objects.values_list("recipient__name", flat=True)) == ["校核人", "编制人"]


def test_mark_read_touches_only_ones_own(cast):
    tell(cast.preparer, cast.checker)
    assert mark_read(user=cast.preparer) == 1
    assert mark_read(user=cast.preparer) == 0
    assert Notice.objects.get(recipient=cast.checker).read_at is None


def test_list_shows_ones_own_with_filter(cast, log_in):
    tell(cast.preparer, title="给编制人")
    tell(cast.checker, title="给校核人")
    client = log_in(cast.preparer)
    page = client.get("/notices/").content.decode()
    assert "给编制人" in page
    assert "给校核人" not in page
    assert "给编制人" not in client.get("/notices/?state=read").content.decode()
    assert "给编制人" in client.get("/notices/?state=unread").content.decode()


def test_opening_marks_read_and_goes_to_the_place(cast, log_in):
    tell(cast.preparer)
    notice = Notice.objects.get()
    response = log_in(cast.preparer).get(f"/notices/{notice.pk}/open/")
    assert response["Location"] == "/profile/"
    notice.refresh_from_db()
    assert notice.read_at


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_opening_never_leaves_the_site(cast, log_in, url):
    tell(cast.preparer, url=url)
    response = log_in(cast.preparer).get(f"/notices/{Notice.objects.get().pk}/open/")
    assert response["Location"] == "/notices/"


@pytest.mark.parametrize(("method", "verb"), [("get", "open"), ("post", "read")])
def test_notice_of_another_is_not_found(cast, log_in, method, verb):
    tell(cast.checker)
    notice = Notice.objects.get()
    response = getattr(log_in(cast.preparer), method)(f"/notices/{notice.pk}/{verb}/")
    assert response.status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None


def test_read_all_returns_to_the_list_as_it_was(cast, log_in):
    tell(cast.preparer)
    response = log_in(cast.preparer).post("/notices/read-all/", {"back": "/notices/?state=unread"})
    assert response["Location"] == "/notices/?state=unread"
    assert not Notice.objects.unread().exists()


def test_back_to_another_site_is_refused(cast, log_in):
    response = log_in(cast.preparer).post("/notices/read-all/", {"back": "//evil.example/"})
    assert response["Location"] == "/notices/"


def test_list_costs_the_same_queries_for_1_and_for_30(cast, log_in, count_queries):
    log_in(cast.preparer)
    tell(cast.preparer)
    count_queries("/notices/")
    with_one = count_queries("/notices/")
    for number in range(29):
        tell(cast.preparer, title=f"消息 {number}")
    assert count_queries("/notices/") == with_one


def test_hostile_title_is_escaped(cast, log_in):
    tell(cast.preparer, title="<script>alert(1)</script>")
    assert "<script>alert" not in log_in(cast.preparer).get("/notices/").content.decode()
