"""Participating units of a project and their contacts: kept by whom, once, switched off and never deleted."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from ledger.models import Entry
from meetings.choices import PartyKind
from meetings.models import Contact, Party
from meetings.services import parties
from tests.meetings import kit

pytestmark = pytest.mark.django_db


def update(cast, contact, **told):
    usual = {name: getattr(contact, name) for name in parties.CONTACT_FACTS}
    return parties.update_contact(actor=cast.verifier, contact=contact, **(usual | told))


@pytest.mark.parametrize("part", ["verifier", "approver", "checker"])
def test_the_leaders_of_a_project_keep_its_units(cast, project, part):
    found = parties.create_party(actor=getattr(cast, part), project=project, kind="client", name="  滨江  城投 ")
    assert found.name == "滨江 城投"
    row = Entry.objects.get(action="party.create")
    assert (row.scope_id, row.actor) == (project.pk, getattr(cast, part))


@pytest.mark.parametrize("part", ["preparer", "quality_office", "outsider", "administrator", "disabled"])
def test_nobody_else_does(cast, project, part):
    with pytest.raises(PermissionDenied):
        parties.create_party(actor=getattr(cast, part), project=project, kind="client", name="滨江城投")


def test_a_unit_stands_once_on_the_list_of_a_project(cast, project):
    kit.party(cast, project)
    with pytest.raises(ValidationError, match="已登记在本项目中"):
        kit.party(cast, project)


@pytest.mark.parametrize("kind", ["own", "nonsense"])
def test_our_own_firm_is_no_outside_unit(cast, project, kind):
    with pytest.raises(ValidationError):
        parties.create_party(actor=cast.verifier, project=project, kind=kind, name="本公司")


def test_the_first_contact_is_the_main_one_and_another_takes_its_place(cast, project):
    party = kit.party(cast, project)
    first = kit.main_contact(party)
    second = parties.add_contact(actor=cast.verifier, party=party, name="李工", is_main=True)
    assert kit.main_contact(party) == second
    assert not kit.now(first).is_main
    assert '"replaces_main":"周建国"' in Entry.objects.filter(action="contact.create").latest("number").data


def test_a_contact_that_is_switched_off_stays_and_is_main_no_more(cast, project):
    party = kit.party(cast, project)
    contact = update(cast, kit.main_contact(party), is_active=False)
    assert (contact.is_active, contact.is_main) == (False, False)
    third = parties.add_contact(actor=cast.verifier, party=party, name="新联系人")
    assert third.is_main
    update(cast, contact, is_active=True)
    assert party.contacts.filter(is_active=True).count() == 2


def test_the_same_person_is_not_registered_twice(cast, project):
    party = kit.party(cast, project)
    with pytest.raises(ValidationError, match="同名、同电话"):
        parties.add_contact(actor=cast.verifier, party=party, name="周建国", phone="13800000000")
    other = parties.add_contact(actor=cast.verifier, party=party, name="周建国", phone="13900000000")
    with pytest.raises(ValidationError, match="同名、同电话"):
        update(cast, other, phone="13800000000")


def test_a_change_leaves_what_was_and_what_is_and_none_leaves_no_row(cast, project):
    party = kit.party(cast, project)
    told = {"kind": party.kind, "name": party.name, "is_active": True}
    parties.update_party(actor=cast.verifier, party=party, **told)
    assert not Entry.objects.filter(action="party.update").exists()
    parties.update_party(actor=cast.verifier, party=party, **told | {"is_active": False})
    assert '"is_active":[true,false]' in Entry.objects.get(action="party.update").data


def test_a_unit_off_the_list_is_not_invited(cast, project):
    party = kit.party(cast, project)
    parties.update_party(actor=cast.verifier, party=party, kind=party.kind, name=party.name, is_active=False)
    with pytest.raises(ValidationError, match="不是本项目在册"):
        kit.meeting(cast, project, contacts=[kit.main_contact(party)])


# ── Pages ───────────────────────────────────────────────────────────────────
def test_a_unit_is_registered_with_its_contact_and_corrected_through_the_pages(cast, project, log_in):
    browser = log_in(cast.verifier)
    page = browser.get(f"/projects/{project.pk}/parties/new/?kind=client").content.decode()
    assert project.client.name in page
    browser.post(f"/projects/{project.pk}/parties/new/", {"kind": "supervisor", "name": "江北监理", "contact_name": "钱工",
                                                           "email": "q@example.cn"})  # fmt: skip
    party = Party.objects.get()
    contact = party.contacts.get()
    browser.post(f"/meetings/parties/{party.pk}/contacts/{contact.pk}/edit/",
                 {"name": "钱监理", "phone": "1", "is_main": "on", "is_active": "on"})  # fmt: skip
    browser.post(f"/meetings/parties/{party.pk}/contacts/new/", {"name": "<b>孙</b>"})
    browser.post(
        f"/meetings/parties/{party.pk}/edit/", {"kind": "supervisor", "name": "江北监理公司", "is_active": "on"}
    )
    page = browser.get(f"/projects/{project.pk}/parties/").content.decode()
    assert "江北监理公司" in page
    assert "钱监理" in page
    assert "&lt;b&gt;孙&lt;/b&gt;" in page
    assert "尚未登记" in page


def test_what_the_service_refuses_stands_beside_its_field(cast, project, log_in):
    kit.party(cast, project)
    answer = log_in(cast.verifier).post(f"/projects/{project.pk}/parties/new/",
                                        {"kind": "client", "name": kit.NAMES[PartyKind.CLIENT][0]})  # fmt: skip
    assert "该单位已登记在本项目中。" in answer.content.decode()
    nameless = log_in(cast.verifier).post(f"/projects/{project.pk}/parties/new/",
                                          {"kind": "client", "name": "另一单位", "phone": "1"})  # fmt: skip
    assert "请填写联系人姓名" in nameless.content.decode()
    assert Contact.objects.count() == 1


def test_the_units_of_a_secret_project_do_not_exist_for_others(cast, project, log_in):
    project.confidentiality = "secret"
    project.save()
    party = kit.party(cast, project)
    browser = log_in(cast.outsider)
    for address in (
        f"/projects/{project.pk}/parties/",
        f"/projects/{project.pk}/meetings/",
        f"/meetings/parties/{party.pk}/edit/",
    ):
        assert browser.get(address).status_code == 404


def test_the_list_costs_the_same_whatever_its_length(cast, project, log_in, count_queries):
    log_in(cast.verifier)
    kit.party(cast, project)
    address = f"/projects/{project.pk}/parties/"
    count_queries(address)
    one = count_queries(address)
    kit.all_parties(cast, project, [PartyKind.SUPERVISOR, PartyKind.DESIGNER, PartyKind.SUPPLIER])
    assert count_queries(address) == one
