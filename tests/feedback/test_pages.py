"""The pages: what senders see without logging in, and what who handles it sees."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from feedback import services
from feedback.models import Complaint, Sender
from feedback.views import public
from ledger.models import Entry
from tests.feedback import telling
from tests.reviews import flow

pytestmark = pytest.mark.django_db
NEW, QUERY, LIST = "/feedback/complaints/new/", "/feedback/complaints/query/", "/feedback/complaints/"
XSS = "<script>alert(1)</script>"


def words_of(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def send(client, **more):
    return client.post(NEW, telling.form_data(**more))


def code_of(response) -> str:
    return re.search(r"\b(?:[2-9A-HJ-NP-Z]{4}-){3}[2-9A-HJ-NP-Z]{4}\b", response.content.decode()).group()


# ── Sending ─────────────────────────────────────────────────────────────────
def test_anybody_sends_without_logging_in_and_gets_number_and_code_once(cast, client):
    assert client.get(NEW).status_code == 200
    response = send(client, files=[flow.pdf_file("证据.pdf")])
    found = Complaint.objects.get()
    assert response.status_code == 200
    assert found.number in words_of(response)
    assert "no-store" in response["Cache-Control"]
    answer = client.post(QUERY, {"number": found.number.lower(), "code": code_of(response)})
    assert "待受理" in words_of(answer)
    assert found.files.get().name == "附件1.pdf"
    assert found.registered_by is None


def test_a_logged_in_person_sends_without_being_known(cast, log_in):
    send(log_in(cast.preparer), is_anonymous="yes")
    found = Complaint.objects.get()
    assert (found.registered_by, found.last_actor) == (None, None)
    assert Entry.objects.get(action="complaint.receive").actor is None


def test_what_was_typed_beside_anonymous_is_not_kept(cast, client):
    send(client, is_anonymous="yes")
    assert Complaint.objects.get().is_anonymous
    assert not Sender.objects.exists()


def test_a_form_that_lacks_something_says_so_and_keeps_what_was_typed(cast, client):
    response = send(client, name="", phone="", email="", subject="")
    assert response.status_code == 400
    assert {"subject", "name", "phone"} == set(response.context["form"].errors)
    assert telling.BODY in words_of(response)
    assert not Complaint.objects.exists()


def test_a_hostile_file_is_refused_in_the_form(cast, client):
    response = send(client, files=[SimpleUploadedFile("图.pdf", b"<svg onload=alert(1)>")])
    assert response.status_code == 400
    assert "第 1 个附件" in words_of(response)
    assert not Complaint.objects.exists()


def test_more_bytes_than_five_files_are_not_read_at_all(cast, client):
    body = b'--x\r\nContent-Disposition: form-data; name="subject"\r\n\r\na\r\n--x--\r\n'
    response = client.generic("POST", NEW, body, content_type="multipart/form-data; boundary=x",
                              headers={"content-length": str(102 * 1024 * 1024)})  # fmt: skip
    assert response.status_code == 400
    assert not Complaint.objects.exists()


def test_the_trap_catches_what_fills_in_every_field(cast, client):
    assert send(client, website="http://spam.example").status_code == 400
    assert not Complaint.objects.exists()


def test_a_form_of_another_site_is_refused(cast):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(NEW, telling.form_data()).status_code == 403
    assert strict.post(QUERY, {"number": "TS-2026-0001", "code": "x"}).status_code == 403
    assert not Complaint.objects.exists()


def test_one_page_sent_twice_makes_one_complaint(cast, client):
    once = re.search(r'name="once" value="([^"]+)"', client.get(NEW).content.decode()).group(1)
    assert send(client, once=once).status_code == 200
    assert send(client, once=once).status_code == 409
    assert Complaint.objects.count() == 1


def test_a_refused_page_may_be_sent_again(cast, client):
    bad = {"files": [SimpleUploadedFile("a.exe", b"MZ")]}
    assert send(client, once="abc", **bad).status_code == 400
    assert send(client, once="abc").status_code == 200


def test_five_an_hour_from_one_address_and_the_others_are_not_held_up(cast, client):
    assert [send(client).status_code for _ in range(6)] == [200] * 5 + [429]
    assert client.get(NEW).status_code == 200
    elsewhere = client.post(NEW, telling.form_data(), REMOTE_ADDR="198.51.100.7")
    assert elsewhere.status_code == 200
    assert Complaint.objects.count() == 6


def test_forms_that_fail_are_limited_too(cast, client, monkeypatch):
    monkeypatch.setattr(public, "ATTEMPTS", (3, 3600))
    assert [send(client, subject="").status_code for _ in range(4)] == [400] * 3 + [429]


# ── Asking ──────────────────────────────────────────────────────────────────
def test_a_wrong_number_and_a_wrong_code_get_the_same_answer(cast, client):
    found, code = telling.receive()
    other, _ = telling.receive()
    wrong = [(found.number, "ABCD-EFGH-JKMN-PQRS"), ("TS-1999-0001", code), (other.number, code)]
    answers = [client.post(QUERY, {"number": number, "code": given}) for number, given in wrong]
    assert {answer.status_code for answer in answers} == {404}
    assert len({words_of(answer) for answer in answers}) == 1


def test_guessing_is_stopped_after_ten_tries(cast, client):
    found, code = telling.receive()
    tries = [client.post(QUERY, {"number": found.number, "code": f"{n:016}"}).status_code for n in range(11)]
    assert tries == [404] * 10 + [429]
    assert client.post(QUERY, {"number": found.number, "code": code}).status_code == 429
    assert client.post(QUERY, {"number": found.number, "code": code}, REMOTE_ADDR="198.51.100.7").status_code == 200


def test_the_sender_reads_state_and_feedback_and_nothing_else(cast, client):
    found, code = telling.receive()
    asked = {"number": found.number, "code": code}
    telling.to_handling(cast, found, finding="内部查证经过", cause="内部原因")
    words = words_of(client.post(QUERY, asked))
    assert "处理中" in words
    assert all(inner not in words for inner in ("内部查证经过", "内部原因", telling.BODY, telling.NAME, "质量办"))
    found = Complaint.objects.get()
    found = services.handle(actor=cast.quality_office, complaint=found, turn=found.turn, disposition="内部处分")
    services.answer(actor=cast.quality_office, complaint=found, turn=found.turn, feedback="已查实并改正。")
    words = words_of(client.post(QUERY, asked))
    assert "已查实并改正。" in words
    assert "内部处分" not in words


# ── Handling ────────────────────────────────────────────────────────────────
def test_the_whole_way_by_the_pages(cast, project, log_in):
    found = telling.complaint()
    office, page = log_in(cast.quality_office), f"{LIST}{found.pk}/"

    def press(act, **fields):
        turn = Complaint.objects.get(pk=found.pk).turn
        return office.post(f"{page}{act}/", {"turn": turn} | fields).status_code

    assert press("accept") == 302
    assert press("place", project=project.number) == 302
    assert press("investigate", finding="核实", verdict="confirmed", cause="人手不足") == 302
    # What was so is dealt with first: until then nobody is offered to answer.
    assert f"{page}answer/" not in office.get(page).text
    assert press("answer", feedback="已处理") == 200
    assert press("handle", disposition="整改") == 302
    assert f"{page}answer/" in office.get(page).text
    assert press("answer", feedback="已处理") == 302
    # Closing cannot be undone: the button leads to a page that says so, and only that page closes.
    assert f'<a class="btn btn-primary" href="{page}close/">' in office.get(page).text
    asked = office.get(f"{page}close/").text
    assert "不能再改" in asked
    assert Complaint.objects.get(pk=found.pk).state == "answered"
    assert press("close") == 302
    closed = Complaint.objects.get(pk=found.pk)
    assert (closed.state, closed.project, closed.unit) == ("closed", project, project.unit)
    assert press("close") == 409
    assert office.get(page).status_code == 200


def test_a_stale_page_says_who_was_faster(cast, log_in):
    found = telling.complaint()
    services.accept(actor=cast.executive, complaint=found, turn=0)
    response = log_in(cast.quality_office).post(f"{LIST}{found.pk}/refuse/", {"turn": 0, "reason": "不属本公司"})
    assert response.status_code == 409
    assert "管理层" in words_of(response)


def test_the_pages_of_the_handlers_never_tell_who_sent_it(cast, log_in):
    found = telling.complaint(files=[flow.pdf_file(f"{telling.NAME}.pdf")])
    services.add_named(actor=cast.executive, complaint=found, user=cast.verifier)
    services.view_sender(actor=cast.executive, complaint=found, reason="核实")
    page = f"{LIST}{found.pk}/"
    download = f"{page}files/{found.files.get().pk}/"
    visits = {
        "quality_office": (LIST, f"{LIST}?q=拖延", page, "/notices/", "/deadlines/", "/ledger/", "/search/?q=欧阳"),
        "executive": (page, f"{page}sender/", "/notices/", "/deadlines/"),
        "verifier": (page, f"{page}sender/"),
        "auditor": ("/ledger/",),
    }
    for part, urls in visits.items():
        browser = log_in(getattr(cast, part))
        for url in urls:
            response = browser.get(url)
            assert response.status_code == 200, (part, url)
            text = response.content.decode()
            assert all(secret not in text for secret in (telling.NAME, telling.PHONE, telling.EMAIL)), (part, url)
    response = log_in(cast.quality_office).get(download)
    assert b"".join(response.streaming_content).startswith(b"%PDF")
    response.close()
    assert telling.NAME not in str(response.headers)
    assert response["Content-Disposition"].startswith("attachment")


def test_a_named_person_sees_the_sender_after_giving_a_reason(cast, log_in):
    found = telling.complaint()
    services.add_named(actor=cast.executive, complaint=found, user=cast.verifier)
    browser, page = log_in(cast.verifier), f"{LIST}{found.pk}/sender/"
    assert telling.PHONE not in words_of(browser.post(page, {"reason": ""}))
    response = browser.post(page, {"reason": "联系核实"})
    assert telling.NAME in words_of(response)
    assert "no-store" in response["Cache-Control"]
    assert Entry.objects.filter(action="complaint.sender_viewed", actor=cast.verifier).count() == 1
    assert browser.get(f"{LIST}{found.pk}/files/1/").status_code == 403
    assert log_in(cast.quality_office).post(page, {"reason": "想看"}).status_code == 403


def test_whom_it_is_about_finds_nothing_at_any_address(cast, log_in):
    found = telling.complaint(files=[flow.pdf_file()])
    services.add_about(actor=cast.executive, complaint=found, user=cast.quality_office)
    browser, page = log_in(cast.quality_office), f"{LIST}{found.pk}/"
    for part in ("", "refuse/", "place/", "about/", "named/", "sender/", f"files/{found.files.get().pk}/"):
        assert browser.get(f"{page}{part}").status_code == 404, part
    assert found.number not in words_of(browser.get(f"{LIST}?state="))
    assert found.number not in words_of(browser.get("/deadlines/"))


def test_markup_of_a_sender_is_shown_as_text(cast, client, log_in):
    send(client, subject=f"标题{XSS}", body=f"内容{XSS}", concerns=XSS)
    found = Complaint.objects.get()
    browser = log_in(cast.quality_office)
    for url in (LIST, f"{LIST}{found.pk}/", f"{LIST}{found.pk}/refuse/"):
        text = browser.get(url).content.decode()
        assert XSS not in text
        assert "&lt;script&gt;" in text


def test_by_hand_a_letter_is_registered_and_its_code_shown(cast, log_in):
    browser = log_in(cast.quality_office)
    told = telling.form_data(channel="letter", received_at="", once="abc")
    response = browser.post(f"{LIST}register/", told)
    assert code_of(response)
    assert Complaint.objects.get().registered_by == cast.quality_office
    assert browser.post(f"{LIST}register/", told).status_code == 302
    assert Complaint.objects.count() == 1


def test_the_link_for_the_public_stands_on_the_list_of_the_office(cast, log_in, settings):
    settings.SITE_URL = "https://quality.example"
    assert f"https://quality.example{NEW}" in log_in(cast.quality_office).get(LIST).content.decode()
    assert LIST in log_in(cast.executive).get("/").content.decode()
    assert LIST not in log_in(cast.chief_engineer).get("/").content.decode()


def test_the_list_and_a_page_cost_the_same_queries_whatever_there_is(cast, log_in, count_queries):
    first = telling.complaint()
    log_in(cast.quality_office)
    count_queries(LIST)
    few = count_queries(LIST), count_queries(f"{LIST}{first.pk}/")
    for _ in range(6):
        telling.complaint(files=[flow.pdf_file(mark=str(_))])
    telling.to_handling(cast, first)
    assert (count_queries(LIST), count_queries(f"{LIST}{first.pk}/")) == few
