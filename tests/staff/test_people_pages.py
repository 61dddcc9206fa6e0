"""The administrator's pages of people and units, and everybody's own profile."""

import struct
import zlib
from datetime import timedelta
from io import BytesIO, StringIO

import openpyxl
import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image, PngImagePlugin

from ledger.models import Entry
from staff import duties, services
from staff.choices import Role
from staff.models import Certificate, Post, Unit, User
from staff.reference_admin import ReferenceAdmin
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return response.content.decode()


# ── Who may enter ───────────────────────────────────────────────────────────
def management_pages(cast) -> list[tuple[str, str]]:
    person, post = cast.approver, cast.approver.posts.get()
    certificate = person.certificates.get()
    base = f"/people/{person.pk}/"
    return [
        ("get", "/people/"),
        ("get", "/people/new/"),
        ("get", base),
        ("get", f"{base}edit/"),
        ("get", f"{base}deactivate/"),
        ("post", f"{base}deactivate/"),
        ("post", f"{base}reactivate/"),
        ("post", f"{base}reset-password/"),
        ("post", f"{base}posts/new/"),
        ("post", f"{base}posts/{post.pk}/end/"),
        ("post", f"{base}posts/{post.pk}/withdraw/"),
        ("post", f"{base}certificates/new/"),
        ("post", f"{base}certificates/{certificate.pk}/edit/"),
        ("post", f"{base}certificates/{certificate.pk}/remove/"),
        ("get", "/units/"),
        ("post", "/units/new/"),
        ("post", f"/units/{cast.zj1.pk}/edit/"),
    ]


@pytest.mark.parametrize("part", ["preparer", "approver", "quality_office", "executive", "chief_engineer", "auditor"])
def test_nobody_but_the_administrator_enters_the_management_of_people(cast, log_in, part):
    client = log_in(getattr(cast, part))
    for method, url in management_pages(cast):
        assert getattr(client, method)(url).status_code == 403, url
    assert not Entry.objects.exists()


def test_anonymous_is_sent_to_the_login(cast, client):
    for method, url in [*management_pages(cast), ("get", "/profile/"), ("get", "/profile/signature/")]:
        assert getattr(client, method)(url)["Location"].startswith("/login/"), url


def test_administrator_opens_every_page(cast, log_in):
    client = log_in(cast.administrator)
    for method, url in management_pages(cast):
        if method == "get":
            assert client.get(url).status_code == 200, url


def test_child_of_another_parent_is_not_found(cast, log_in):
    client = log_in(cast.administrator)
    post, certificate = cast.approver.posts.get(), cast.approver.certificates.get()
    other = f"/people/{cast.checker.pk}/"
    for url in (
        f"{other}posts/{post.pk}/end/",
        f"{other}posts/{post.pk}/withdraw/",
        f"{other}certificates/{certificate.pk}/edit/",
        f"{other}certificates/{certificate.pk}/remove/",
    ):
        assert client.post(url).status_code == 404


# ── The list ────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("", "编制人", "离职人"),
        ("active=no", "离职人", "编制人"),
        ("active=all", "离职人", "没有符合条件的人员"),
        ("q=T001", "编制人", "校核人"),
        ("q=局外", "局外人", "编制人"),
        ("role=auditor", "审计员", "编制人"),
        ("q=%27%22%3Cscript%3E", "没有符合条件的人员", "<script>'"),
    ],
)
def test_filters_live_in_the_url(cast, log_in, query, shown, hidden):
    page = text(log_in(cast.administrator).get(f"/people/?{query}"))
    rows = page[page.index("<main") :]
    assert shown in rows
    assert f">{hidden}</a>" not in rows


def test_unit_filter_includes_the_units_below(cast, log_in):
    client = log_in(cast.administrator)
    assert "共 13 人" in text(client.get(f"/people/?unit={cast.hq.pk}"))
    assert "共 1 人" in text(client.get(f"/people/?unit={cast.zj2.pk}"))


def test_list_is_sorted_and_paged_by_the_url(cast, log_in):
    for number in range(30):
        User.objects.create(employee_number=f"Z{number:03}", name="某人", unit=cast.zj1)
    client = log_in(cast.administrator)
    assert "Z029" in text(client.get("/people/?sort=-employee_number"))
    assert "Z029" not in text(client.get("/people/?sort=employee_number"))
    assert "Z029" in text(client.get("/people/?page=2"))
    assert client.get("/people/?page=x&sort=password&unit=x&active=x").status_code == 200


def test_list_costs_the_same_queries_for_1_and_for_30(cast, log_in, count_queries):
    log_in(cast.administrator)
    count_queries("/people/?q=T001")
    with_one = count_queries("/people/?q=T001")
    for number in range(29):
        user = User.objects.create(employee_number=f"T001{number:03}", name="某人", unit=cast.zj2)
        Post.objects.create(user=user, role=Role.TECHNICAL_DIRECTOR, unit=cast.zj2)
        Certificate.objects.create(user=user, kind="cost_clerk", number=f"C{number}", expires_on=timezone.localdate())
    assert count_queries("/people/?q=T001") == with_one


def sheet(response) -> list[list]:
    book = openpyxl.load_workbook(BytesIO(response.content))
    return [[cell.value for cell in row] for row in book.active.iter_rows()]


def test_export_has_the_filters_of_the_page(cast, log_in):
    response = log_in(cast.administrator).get("/people/?role=auditor&format=xlsx")
    rows = sheet(response)
    assert [row[1] for row in rows] == ["姓名", "审计员"]
    assert "attachment" in response["Content-Disposition"]


@pytest.mark.parametrize("name", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_export_writes_what_looks_like_a_formula_as_text(cast, log_in, name):
    User.objects.filter(pk=cast.preparer.pk).update(name=name)
    response = log_in(cast.administrator).get("/people/?q=T001&format=xlsx")
    cell = openpyxl.load_workbook(BytesIO(response.content)).active["B2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (name, "s", None)


# ── A person ────────────────────────────────────────────────────────────────
def person_data(cast, **fields) -> dict:
    return {"employee_number": "N100", "name": "𠮷䶮㛃", "unit": cast.zj1.pk, **fields}


def test_person_is_created_with_rare_characters(cast, log_in):
    response = log_in(cast.administrator).post("/people/new/", person_data(cast))
    user = User.objects.get(employee_number="N100")
    assert response["Location"] == f"/people/{user.pk}/"
    assert user.name == "𠮷䶮㛃"


def test_refused_person_form_keeps_what_was_typed(cast, log_in):
    page = text(log_in(cast.administrator).post("/people/new/", person_data(cast, employee_number="T001")))
    assert "没有保存" in page
    assert "𠮷䶮㛃" in page


def test_person_is_edited(cast, log_in):
    log_in(cast.administrator).post(
        f"/people/{cast.preparer.pk}/edit/", person_data(cast, employee_number="T001", name="新名")
    )
    cast.preparer.refresh_from_db()
    assert cast.preparer.name == "新名"
    assert Entry.objects.get().action == "user.update"


def test_hostile_name_is_escaped(cast, log_in):
    User.objects.filter(pk=cast.preparer.pk).update(name="<img src=x onerror=alert(1)>")
    client = log_in(cast.administrator)
    for url in ("/people/", f"/people/{cast.preparer.pk}/"):
        assert "<img src=x" not in text(client.get(url))


def test_one_time_password_stands_on_its_answer_alone(cast, log_in):
    client = log_in(cast.administrator)
    response = client.post(f"/people/{cast.preparer.pk}/reset-password/")
    cast.preparer.refresh_from_db()
    assert cast.preparer.must_change_password
    assert "一次性密码" in text(response)
    assert "no-store" in response["Cache-Control"]


def test_post_is_assigned_and_conflict_is_told_in_the_form(cast, log_in):
    client = log_in(cast.administrator)
    url = f"/people/{cast.preparer.pk}/posts/new/"
    today = timezone.localdate().isoformat()
    assert client.post(url, {"role": "quality_office", "starts_on": today}).status_code == 302
    page = text(client.post(url, {"role": "auditor", "starts_on": today}))
    assert "三员分立" in page


def test_administrator_cannot_be_given_a_business_post_by_hand_made_request(cast, log_in):
    client = log_in(cast.administrator)
    client.post(f"/people/{cast.administrator.pk}/posts/new/", {"role": "executive", "starts_on": "2026-01-01"})
    assert cast.administrator.posts.count() == 1


def test_post_is_ended_and_mistake_withdrawn(cast, log_in):
    client = log_in(cast.administrator)
    base = f"/people/{cast.approver.pk}/"
    client.post(f"{base}posts/{cast.approver.posts.get().pk}/end/", {"ends_on": timezone.localdate().isoformat()})
    assert cast.approver.posts.get().ends_on == timezone.localdate()
    mistake = services.assign_post(actor=None, user=cast.approver, role=Role.EXECUTIVE)
    client.post(f"{base}posts/{mistake.pk}/withdraw/")
    assert cast.approver.posts.count() == 1


def test_deactivation_page_lists_what_must_be_handed_over(cast, log_in):
    def source(user):
        yield duties.Duty("成果 CG-1 待校核", "/deliverables/1/")

    duties.register(source)
    try:
        client = log_in(cast.administrator)
        url = f"/people/{cast.checker.pk}/deactivate/"
        for response in (client.get(url), client.post(url)):
            assert "成果 CG-1 待校核" in text(response)
            # The administrator sees no business (三员分立): a link would lead to 404.
            assert 'href="/deliverables/1/"' not in text(response)
            assert "移交后再来停用" in text(response)
    finally:
        duties._sources.remove(source)
    client.post(url)
    cast.checker.refresh_from_db()
    assert not cast.checker.is_active


# ── Units ───────────────────────────────────────────────────────────────────
def test_unit_is_created_below_another_and_shown_as_a_tree(cast, log_in):
    client = log_in(cast.administrator)
    client.post("/units/new/", {"code": "ZJ11", "name": "一所安装组", "parent": cast.zj1.pk})
    assert Unit.objects.get(code="ZJ11").parent == cast.zj1
    page = text(client.get("/units/"))
    assert page.index("造价一所") < page.index("一所安装组") < page.index("造价二所")


def test_unit_edited_to_stand_below_itself_is_told(cast, log_in):
    page = text(
        log_in(cast.administrator).post(
            f"/units/{cast.hq.pk}/edit/", {"code": "HQ", "name": "公司本部", "parent": cast.zj1.pk, "is_active": "on"}
        )
    )
    assert "上级单位不能是本单位或其下级单位" in page


# ── One's own page ──────────────────────────────────────────────────────────
def test_profile_warns_of_certificates_that_end(cast, log_in):
    certificate = cast.preparer.certificates.get()
    client = log_in(cast.preparer)
    for days, words in ((-1, "已过期"), (30, "剩 30 天到期"), (365, "有效")):
        Certificate.objects.filter(pk=certificate.pk).update(expires_on=timezone.localdate() + timedelta(days=days))
        assert words in text(client.get("/profile/"))


def test_contact_is_saved_and_nothing_else(cast, log_in):
    log_in(cast.preparer).post("/profile/", {"phone": "13900000000", "email": "a@b.cn", "name": "新名", "unit": "1"})
    cast.preparer.refresh_from_db()
    assert (cast.preparer.phone, cast.preparer.name, cast.preparer.unit) == ("13900000000", "编制人", cast.zj1)


def picture(size=(300, 120), kind="PNG", **options) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, "white").save(buffer, kind, **options)
    return buffer.getvalue()


def upload(client, data: bytes, name="签名.png"):
    return client.post("/profile/signature/upload/", {"image": SimpleUploadedFile(name, data)})


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_signature_picture_is_drawn_anew_as_png_under_a_random_name(cast, log_in, kind):
    client = log_in(cast.preparer)
    assert upload(client, picture(kind=kind), "../../etc/签名.php").status_code == 302
    cast.preparer.refresh_from_db()
    assert cast.preparer.signature_image.name.startswith("signatures/")
    assert len(cast.preparer.signature_image.name) == len("signatures/") + 32 + 4
    response = client.get("/profile/signature/")
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"".join(response.streaming_content).startswith(b"\x89PNG")
    response.close()


def test_nothing_of_the_uploaded_file_but_the_picture_survives(cast, log_in):
    hidden = PngImagePlugin.PngInfo()
    hidden.add_text("Comment", "<script>alert(1)</script>")
    upload(log_in(cast.preparer), picture(pnginfo=hidden) + b"<?php evil();")
    cast.preparer.refresh_from_db()
    with cast.preparer.signature_image.open() as file:
        stored = file.read()
    assert b"script" not in stored
    assert b"php" not in stored


def test_earlier_signature_picture_stays_for_what_was_signed_with_it(cast, log_in):
    client = log_in(cast.preparer)
    upload(client, picture())
    cast.preparer.refresh_from_db()
    storage, earlier = cast.preparer.signature_image.storage, cast.preparer.signature_image.name
    upload(client, picture(size=(200, 100)))
    cast.preparer.refresh_from_db()
    assert cast.preparer.signature_image.name != earlier
    assert storage.exists(earlier)


def png_of_declared_size(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "空"),
        (b"not a picture", "不是可读的"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "不是可读的"),
        (picture(kind="GIF"), "不是可读的"),
        (picture(kind="BMP"), "不是可读的"),
        (picture()[:200], "不是可读的"),
        (png_of_declared_size(300, 120), "不是可读的"),
        (png_of_declared_size(50_000, 50_000), "不是可读的|过大"),
        (png_of_declared_size(8_000, 8_000), "过大"),
        (picture(size=(5, 5)), "过小"),
        (picture() + b"\0" * (2 * 1024 * 1024), "不能超过 2 MB"),
    ],
)  # fmt: skip
def test_refused_picture_says_why_and_leaves_no_file(cast, log_in, settings, data, words):
    response = upload(log_in(cast.preparer), data)
    assert response.status_code == 200
    assert any(word in text(response) for word in words.split("|"))
    assert not list(settings.MEDIA_ROOT.rglob("*.png"))


def test_signature_picture_of_nobody_is_not_found(cast, log_in):
    assert log_in(cast.preparer).get("/profile/signature/").status_code == 404


# ── The admin site, set-up ──────────────────────────────────────────────────
def test_admin_is_entered_through_our_login(cast, client, log_in):
    assert (
        client.get("/admin/")["Location"].startswith("/login/") or "/admin/login/" in client.get("/admin/")["Location"]
    )
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/login/?next=/admin/"
    assert client.post("/admin/login/", {"username": "T008", "password": PASSWORD})["Location"].startswith("/login/")
    assert log_in(cast.administrator).get("/admin/").status_code == 200


@pytest.mark.parametrize("part", ["preparer", "approver", "quality_office", "executive", "auditor"])
def test_admin_is_closed_to_everybody_else(cast, log_in, part):
    assert log_in(getattr(cast, part)).get("/admin/", follow=True).status_code == 403


def test_admin_holds_neither_people_nor_evidence(cast, log_in):
    client = log_in(cast.administrator)
    for url in ("/admin/staff/user/", "/admin/auth/group/", "/admin/ledger/entry/", "/admin/scoring/scoresheet/"):
        assert client.get(url).status_code == 404


def test_every_page_of_the_admin_announces_its_changes_and_deletes_nothing():
    assert admin.site._registry
    assert all(isinstance(page, ReferenceAdmin) for page in admin.site._registry.values())


def test_first_administrator_is_made_from_the_shell():
    out = StringIO()
    call_command("create_administrator", "A001", "系统管理员", stdout=out)
    user = User.objects.get(employee_number="A001")
    assert user.check_password(out.getvalue().strip().rsplit("：", 1)[1])
    assert user.may("manage_people")
    assert set(Entry.objects.values_list("actor_name", flat=True)) == {"系统"}
    with pytest.raises(CommandError):
        call_command("create_administrator", "A001", "重号", stdout=out)
