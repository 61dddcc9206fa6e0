"""Serious quality accidents on file: registered by whom may, with their proofs, never changed; their numbers."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from inspections.choices import AccidentSource, Kind
from inspections.models import Accident, Counter, Evidence
from inspections.services import accidents as services
from inspections.services.numbers import next_number
from ledger.models import Entry
from notices.models import Notice
from projects.choices import Confidentiality
from projects.models import Project
from tests.inspections import records
from tests.inspections.kit import photo
from tests.reviews import flow
from tests.reviews.crowd import at_once

YEAR = timezone.localdate().year
LIST = "/accidents/"


def register(cast, project, **told) -> Accident:
    facts = {
        "title": "漏计地下室防水", "happened_on": timezone.localdate() - timedelta(days=9), "source": AccidentSource.COURT,
        "description": "法院委托鉴定认定漏计 320 万元，委托人索赔。", "amount_lost": Decimal("3200000.50"), "actor": cast.quality_office,
    }  # fmt: skip
    return services.register_accident(project=project, **facts | told)


# ── Service ─────────────────────────────────────────────────────────────────
@pytest.mark.django_db
def test_accident_is_kept_with_its_proofs_and_told(cast, project):
    accident = register(cast, project, files=[flow.pdf_file("判决书.pdf"), photo()])
    assert accident.number == f"SG-{YEAR}-0001"
    assert str(accident) == f"SG-{YEAR}-0001 漏计地下室防水"
    assert [(each.of, each.name) for each in accident.evidence.all()] == [
        ("accident", "判决书.pdf"), ("accident", "现场.png"),
    ]  # fmt: skip
    entry = Entry.objects.get(action="accident.register")
    assert (entry.scope_type, entry.scope_id, entry.subject_id) == ("projects.project", project.pk, accident.pk)
    data = json.loads(entry.data)
    assert data["amount_lost"] == "3200000.50"
    assert data["evidence"] == [[each.name, each.sha256] for each in accident.evidence.all()]
    notice = Notice.objects.get()
    assert (notice.recipient, notice.url) == (cast.executive, f"/accidents/{accident.pk}/")
    assert "重大质量事故" in notice.title


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["approver", "verifier", "chief_engineer", "auditor", "administrator", "expert1"])
def test_accident_is_registered_by_the_quality_office_and_the_executives_alone(cast, project, part):
    with pytest.raises(PermissionDenied):
        register(cast, project, actor=getattr(cast, part))
    assert register(cast, project, actor=cast.executive).registered_by == cast.executive
    assert list(Notice.objects.values_list("recipient", flat=True)) == [cast.quality_office.pk]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"happened_on": timezone.localdate() + timedelta(days=1)}, "happened_on"),
        ({"title": "  "}, "title"),
        ({"description": " "}, "description"),
        ({"source": "rumour"}, "source"),
        ({"amount_lost": Decimal(-1)}, "amount_lost"),
        ({"files": ["empty"]}, "files"),
    ],
)
def test_what_is_wrong_is_refused_and_gives_its_number_back(cast, project, told, field):
    if told.get("files"):
        told = {"files": [photo(), flow.SimpleUploadedFile("合同.pdf", b"not a pdf at all")]}
    with pytest.raises(ValidationError) as refused:
        register(cast, project, **told)
    assert field in refused.value.error_dict
    assert not Accident.objects.exists()
    assert not Evidence.objects.exists()
    assert not Entry.objects.filter(action="accident.register").exists()
    assert register(cast, project).number == f"SG-{YEAR}-0001"


@pytest.mark.django_db
def test_accident_that_happened_today_is_registered(cast, project):
    assert register(cast, project, happened_on=timezone.localdate(), amount_lost=None).amount_lost is None


@pytest.mark.django_db
def test_message_about_a_secret_project_tells_nothing_outside(cast, project):
    Project.objects.filter(pk=project.pk).update(confidentiality=Confidentiality.SECRET)
    project.refresh_from_db()
    register(cast, project)
    assert Notice.objects.get().is_confidential


@pytest.mark.django_db
def test_database_refuses_to_change_or_delete_an_accident(cast, project):
    accident = register(cast, project, files=[photo()])
    for act in (
        lambda: Accident.objects.filter(pk=accident.pk).update(title="小事"),
        lambda: Evidence.objects.filter(accident=accident).update(name="别的.pdf"),
        lambda: accident.delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


# ── Numbers ─────────────────────────────────────────────────────────────────
@pytest.mark.django_db
def test_each_series_counts_by_itself_and_anew_each_year():
    assert [next_number("SG"), next_number("JC"), next_number("SG")] == [
        f"SG-{YEAR}-0001", f"JC-{YEAR}-0001", f"SG-{YEAR}-0002",
    ]  # fmt: skip
    Counter.objects.create(series=f"SG-{YEAR - 1}", last=41)
    assert next_number("SG") == f"SG-{YEAR}-0003"
    Counter.objects.filter(series=f"SG-{YEAR}").update(last=9999)
    assert next_number("SG") == f"SG-{YEAR}-10000"


@pytest.mark.django_db(transaction=True)
def test_accidents_registered_at_once_get_numbers_without_gaps(cast, project):
    def fails():
        with transaction.atomic():
            next_number(services.SERIES)
            raise ValidationError("undone")

    results = at_once([lambda: register(cast, project), fails] * 3)
    assert sorted(each.number for each in results if isinstance(each, Accident)) == [
        f"SG-{YEAR}-{serial:04}" for serial in (1, 2, 3)
    ]
    assert register(cast, project).number == f"SG-{YEAR}-0004"


# ── Pages ───────────────────────────────────────────────────────────────────
def form(of, **more) -> dict:
    return {"project": of.number, "source": "client", "title": "漏计防水", "happened_on": f"{YEAR}-01-05",
            "amount_lost": "1200.00", "description": "委托人函告", "once": "t1"} | more  # fmt: skip


@pytest.mark.django_db
def test_accident_is_registered_on_its_page_once_and_its_proofs_are_downloaded(cast, project, log_in):
    client, url = log_in(cast.quality_office), reverse("inspections:accident_create")
    assert project.number in client.get(f"{url}?project={project.number}").content.decode()
    response = client.post(url, form(project, files=[flow.pdf_file("函件.pdf"), photo()]))
    accident = Accident.objects.get()
    assert response.url == f"/accidents/{accident.pk}/"
    text = client.get(response.url).content.decode()
    assert "尚未立项" in text
    assert "函件.pdf" in text
    assert f"{reverse('inspections:inspection_open')}?accident={accident.pk}" in text
    proof = client.get(reverse("inspections:evidence", args=[accident.evidence.first().pk]))
    assert proof["Content-Disposition"].startswith("attachment")
    assert proof.getvalue().startswith(b"%PDF")
    again = client.post(url, form(project), follow=True)
    assert "没有重复登记" in again.content.decode()
    assert Accident.objects.count() == 1


@pytest.mark.django_db
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(cast, project, log_in):
    client, url = log_in(cast.executive), reverse("inspections:accident_create")
    told = form(project, happened_on=f"{YEAR + 1}-01-01", description="函告甲", files=[photo()])
    response = client.post(url, told)
    assert response.context["form"].errors["happened_on"] == ["发生日期不能晚于今天。"]
    assert "函告甲</textarea>" in response.content.decode()
    response = client.post(url, form(project, project="没有这个"))
    assert response.context["form"].errors["project"] == ["没有该编号或名称的项目。"]
    bad = flow.SimpleUploadedFile("合同.pdf", b"not a pdf at all")
    assert "files" in client.post(url, form(project, files=[bad])).context["form"].errors
    assert not Accident.objects.exists()
    assert client.post(url, form(project)).status_code == 302  # the token was given back each time


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("part", "on_list", "on_form", "on_page"),
    [
        ("quality_office", 200, 200, 200), ("executive", 200, 200, 200), ("chief_engineer", 200, 403, 200),
        ("approver", 403, 403, 404), ("verifier", 403, 403, 404), ("auditor", 403, 403, 404), ("outsider", 403, 403, 404),
    ],
)  # fmt: skip
def test_accidents_are_for_whom_reads_inspections(cast, project, log_in, part, on_list, on_form, on_page):
    accident = register(cast, project, files=[photo()])
    client = log_in(getattr(cast, part))
    assert client.get(LIST).status_code == on_list
    assert client.get(reverse("inspections:accident_create")).status_code == on_form
    assert client.get(reverse("inspections:accident", args=[accident.pk])).status_code == on_page
    proof = client.get(reverse("inspections:evidence", args=[accident.evidence.get().pk]))
    assert proof.status_code == on_page
    proof.close()


@pytest.mark.django_db
def test_button_of_the_special_audit_is_for_whom_plans_and_the_audit_stands_on_the_page(cast, project, log_in):
    accident = register(cast, project)
    url = reverse("inspections:accident", args=[accident.pk])
    assert "立项专项稽查" not in log_in(cast.executive).get(url).content.decode()
    client = log_in(cast.quality_office)
    assert "立项专项稽查" in client.get(url).content.decode()
    audit = records.inspection(cast, project, kind=Kind.SPECIAL_AUDIT, accident=accident, state="scoring")
    for page in (url, LIST):
        assert audit.number in client.get(page).content.decode()


@pytest.mark.django_db
def test_pages_cost_the_same_with_one_row_and_with_twenty(cast, project, log_in, count_queries):
    log_in(cast.quality_office)
    accident = register(cast, project, files=[photo()])
    page = reverse("inspections:accident", args=[accident.pk])
    records.inspection(cast, project, kind=Kind.SPECIAL_AUDIT, accident=accident)
    count_queries(LIST)  # the first page of a session writes it
    one = [count_queries(LIST), count_queries(page)]
    for serial in range(19):
        other = register(cast, project, title=f"第 {serial} 件")
        for each in (accident, other):
            records.inspection(cast, project, kind=Kind.SPECIAL_AUDIT, accident=each)
    assert [count_queries(LIST), count_queries(page)] == one
