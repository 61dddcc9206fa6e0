"""Reads of meetings for their lists and forms: which projects and kinds a person may call for, who may be asked."""

from django.db.models import Case, Count, F, Q, When
from django.utils import timezone

from meetings import chain
from meetings.choices import State
from meetings.models import Contact, Invitation, Meeting, MeetingKind
from projects.models import Assignment, Project
from projects.queries import people_for_teams, people_of
from staff.choices import Action, Role
from staff.models import Post
from staff.permissions import allows, is_set_apart

_CALLERS = [role.value for role in Role if allows(Action.CALL_MEETING, {role})]


def meeting_rows(user):
    """The meetings that `user` sees, as a list shows them, with how many are invited (`invited`)."""
    rows = Meeting.objects.visible_to(user).select_related("project", "kind", "series", "room", "organiser__unit")
    return rows.annotate(invited=Count("invitations"))


def mine_condition(user) -> Q:
    """Meetings to which `user` is invited, or which `user` organises or records."""
    invited = Invitation.objects.filter(user=user).order_by().values("meeting")
    return Q(organiser=user) | Q(recorder=user) | Q(pk__in=invited)


def upcoming_condition() -> Q:
    """Still to come, today's included."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return Q(state=State.PLANNED, starts_at__gte=today)


def ahead_first() -> list:
    """What is to come first, the nearest on top; then what is past, the latest on top."""
    return [Case(When(starts_at__gte=timezone.now(), then=F("starts_at"))).asc(nulls_last=True), "-starts_at", "-pk"]


def owing_condition() -> Q:
    """Over by the clock or held, and the minutes not issued."""
    return Q(state__in=[State.HELD, State.CHECKING]) | Q(state=State.PLANNED, ends_at__lt=timezone.now())


def callable_projects(user):
    """The projects for which `user` may call some kind of meeting, the open ones."""
    found = Q(pk__in=[])
    if not is_set_apart(role for role, _ in user.posts_today):
        teams = Assignment.objects.in_force().filter(user=user, role__in=_CALLERS)
        found |= Q(pk__in=teams.order_by().values("project"))
    units = {unit for role, reach in user.reach if role in _CALLERS for unit in reach or ()}
    if units:
        found |= Q(unit__in=units)
    return Project.objects.visible_to(user).filter(found, actual_finish_on__isnull=True).order_by("-number")


def callable_kinds(user, project: Project | None) -> list[MeetingKind]:
    """The kinds of meetings that `user` may call on the project, or (None) for the firm."""
    return [kind for kind in MeetingKind.objects.filter(is_active=True) if chain.may_call(user, kind, project)]


def may_call_any(user) -> bool:
    """Whether the person finds a button to call a meeting at all."""
    return bool(callable_kinds(user, None)) or callable_projects(user).exists()


def people_to_ask(kind: MeetingKind, project: Project | None):
    """The insiders whom the form lists: the team and who stands above it; for the firm the holders of posts that its kind
    names. Others are named by their number."""
    if project is not None:
        return people_for_teams().filter(pk__in=people_of(project).values("pk")).order_by("employee_number")
    roles = {*kind.caller_roles, *kind.invited_roles}
    posts = Post.objects.in_force().filter(role__in=roles).values("user")
    return people_for_teams().filter(pk__in=posts).order_by("employee_number")


def organisers(kind: MeetingKind, project: Project | None):
    """Who may organise such a meeting: whoever may call it (`chain.may_call`), in one query."""
    roles = [role for role in kind.caller_roles if role in _CALLERS]
    posts = Post.objects.in_force().filter(role__in=roles)
    if project is None:
        return people_for_teams().filter(pk__in=posts.filter(unit=None).values("user")).order_by("employee_number")
    here = Q(unit=None) | Q(unit__in=project.unit.lineage_ids())
    assigned = project.assignments.in_force().filter(role__in=roles)
    found = Q(pk__in=posts.filter(here).values("user")) | Q(pk__in=assigned.values("user"))
    return people_for_teams().filter(found).order_by("employee_number")


def contacts_to_ask(project: Project | None):
    """The contacts on the list of a project, by unit."""
    if project is None:
        return Contact.objects.none()
    rows = Contact.objects.filter(party__project=project, party__is_active=True, is_active=True)
    return rows.select_related("party").order_by("party__kind", "party__name", "-is_main", "pk")
