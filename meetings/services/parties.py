"""Participating units (参建单位) of a project and their contacts: registered, kept up, taken off the list, never deleted."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ledger.services import record
from meetings import chain
from meetings.choices import State
from meetings.guests import Guests
from meetings.models import Contact, Meeting, Party
from meetings.services import distributing, inviting, links
from projects.models import Project
from projects.queries import roles_on
from staff import permissions
from staff.choices import Action


def may_manage(user, project: Project) -> bool:
    return user.is_active and permissions.allows(Action.MANAGE_PARTIES, roles_on(user, project))


def require_may_manage(user, project: Project) -> None:
    """Raise PermissionDenied unless `user` may keep the participating units of the project."""
    permissions.require(user, Action.MANAGE_PARTIES, roles_on(user, project))


def _held(project: Project) -> None:
    """One hand at a time at the list of a project: names are told apart while it is held."""
    list(Project.objects.select_for_update(no_key=True).filter(pk=project.pk).values_list("pk"))


def _one_line(text: str) -> str:
    return " ".join((text or "").split())


@transaction.atomic
def create_party(*, actor, project: Project, kind: str, name: str) -> Party:
    """Register a unit. Raises PermissionDenied, and ValidationError for a name that the project has already."""
    require_may_manage(actor, project)
    _held(project)
    party = Party(project=project, kind=kind, name=_one_line(name), created_by=actor)
    party.full_clean()
    party.save()
    record(actor=actor, action="party.create", subject=party, scope=project,
           data={"kind": party.kind, "name": party.name})  # fmt: skip
    return party


@transaction.atomic
def update_party(*, actor, party: Party, kind: str, name: str, is_active: bool) -> Party:
    """Change a unit, take it off the list or put it back. Raises PermissionDenied, ValidationError."""
    require_may_manage(actor, party.project)
    _held(party.project)
    party = Party.objects.select_related("project__unit").get(pk=party.pk)
    before = _facts(party, PARTY_FACTS)
    party.kind, party.name, party.is_active = kind, _one_line(name), is_active
    party.full_clean()
    if changes := _changes(before, party, PARTY_FACTS):
        party.save()
        if "is_active" in changes and not is_active:
            links.revoke_of(actor=actor, distributions=Q(distribution__party=party))
        record(actor=actor, action="party.update", subject=party, scope=party.project, data={"changes": changes})
    return party


@transaction.atomic
def add_contact(
    *, actor, party: Party, name: str, position: str = "", phone: str = "", email: str = "", is_main: bool = False
) -> Contact:
    """Register somebody of the unit; the first one is its main contact. Raises PermissionDenied, ValidationError."""
    require_may_manage(actor, party.project)
    _held(party.project)
    is_main = is_main or not party.contacts.filter(is_main=True, is_active=True).exists()
    contact = Contact(party=party, is_main=is_main, **_clean_words(name, position, phone, email))
    replaced = _write(contact)
    record(actor=actor, action="contact.create", subject=contact, scope=party.project,
           data={"party": party.name, **_facts(contact, CONTACT_FACTS), "replaces_main": replaced})  # fmt: skip
    return contact


@transaction.atomic
def update_contact(
    *, actor, contact: Contact, name: str, position: str, phone: str, email: str, is_main: bool, is_active: bool
) -> Contact:
    """Change a contact, take it off the list or put it back. A unit keeps one main contact: the last one stays so.
    Who is taken off the list keeps no link to minutes. At a corrected address everything that was sent to the former one is sent
    again, as far as it still matters: invitations to meetings to come (the same UID), links to minutes, of which the former
    are revoked; `contact.readdressed` tells what (None: nothing had to be). A link to sign in goes to nobody by letter: it hangs at the door. Raises PermissionDenied, ValidationError."""
    require_may_manage(actor, contact.party.project)
    _held(contact.party.project)
    contact = Contact.objects.select_related("party__project__unit").get(pk=contact.pk)
    contact.readdressed = None
    before, copies = _facts(contact, CONTACT_FACTS), distributing.copies_of(contact)
    for field, value in _clean_words(name, position, phone, email).items():
        setattr(contact, field, value)
    contact.is_main, contact.is_active = is_main and is_active, is_active
    replaced = _write(contact)
    if changes := _changes(before, contact, CONTACT_FACTS):
        facts = {"party": contact.party.name, "changes": changes, "replaces_main": replaced}
        if "is_active" in changes and not is_active:
            links.revoke_of(actor=actor, distributions=Q(distribution__contact=contact))
        elif "email" in changes and is_active:
            contact.readdressed = _readdress(actor, contact, copies, was_known=bool(before["email"]))
            facts |= contact.readdressed
        record(actor=actor, action="contact.update", subject=contact, scope=contact.party.project, data=facts)
    return contact


def _readdress(actor, contact: Contact, copies: list, *, was_known: bool) -> dict:
    """Letters to the new address of `contact`; what was done, for the ledger."""
    coming = Meeting.objects.filter(invitations__contact=contact, state=State.PLANNED, starts_at__gt=timezone.now())
    meetings = [row.minutes.meeting_id for row in copies] + list(coming.values_list("pk", flat=True))
    for pk in sorted(set(meetings)):
        chain.touch(meeting=Meeting(pk=pk))
    bundle = inviting.Bundle()
    invited = list(coming.select_related(*chain.ALONG).order_by("starts_at", "pk"))
    for meeting in invited:
        inviting.tell(meeting, Guests([], [contact]), word=inviting.CALLED, bundle=bundle)
    if bundle.send():
        invited = []  # no address, or no mail server
    told = distributing.readdress(actor=actor, copies=copies, was_known=was_known)
    return {"invited": [meeting.number for meeting in invited], **told}


PARTY_FACTS = ("kind", "name", "is_active")
CONTACT_FACTS = ("name", "position", "phone", "email", "is_main", "is_active")


def _clean_words(name: str, position: str, phone: str, email: str) -> dict[str, str]:
    return {"name": _one_line(name), "position": _one_line(position), "phone": _one_line(phone),
            "email": (email or "").strip()}  # fmt: skip


def _write(contact: Contact) -> str:
    """Save; returns the name of the main contact that it takes the place of."""
    same = Contact.objects.filter(party=contact.party_id, name=contact.name, phone=contact.phone)
    if same.exclude(pk=contact.pk).exists():
        raise ValidationError({"name": "该单位已有同名、同电话的联系人。"})
    others = Contact.objects.filter(party=contact.party_id, is_main=True, is_active=True).exclude(pk=contact.pk)
    replaced = ""
    if contact.is_main and contact.is_active:
        replaced = others.values_list("name", flat=True).first() or ""
        others.update(is_main=False)
    contact.full_clean(validate_constraints=False)
    contact.save()
    return replaced


def _facts(row, names) -> dict:
    return {name: getattr(row, name) for name in names}


def _changes(before: dict, row, names) -> dict:
    after = _facts(row, names)
    return {name: [before[name], after[name]] for name in names if before[name] != after[name]}
