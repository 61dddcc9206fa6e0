"""What the pages of the acts share: who may, whether it is still time, the password, where they lead back to."""

from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse

from inspections import chain
from inspections.choices import Act, State
from inspections.models import Inspection
from inspections.views.loading import load
from staff.lists import accepted
from staff.services import confirm_password


def begin(request, pk: int, *acts: Act) -> Inspection:
    """An inspection of which the person may do one of `acts` now: 404 for who does not see it, 403 for whose act it is not,
    the page of a lost race (AlreadyHandled) where it is too late, or the form comes from a page of an earlier turn."""
    inspection = load(request, pk)
    chain.require_place(inspection, acts[0], request.user)
    refuse_late(request, inspection, *acts)
    return inspection


def refuse_late(request, inspection: Inspection, *acts: Act) -> None:
    """Raise AlreadyHandled where none of `acts` is open in this state, or the page was drawn for an earlier turn."""
    turn = request.POST.get("turn")
    is_stale = turn is not None and turn != str(inspection.turn)
    if is_stale or not any((State(inspection.state), act) in chain.TABLE for act in acts):
        raise chain.already_handled(inspection)


def signed(request, form, act) -> bool:
    """Whether the form was valid, the password right, and `act(confirmation)` took it. Nothing typed is lost."""
    if not form.is_valid():
        return False
    try:
        confirmation = confirm_password(request, request.user, form.cleaned_data["password"])
    except ValidationError as error:
        form.add_error("password", error)
        return False
    return accepted(form, lambda: act(confirmation))


def show_seen(form, seen: str) -> None:
    """The page that is drawn now shows what `seen` stands for: whoever sends it (again) has seen that."""
    form.initial["seen"] = seen
    if form.is_bound:
        form.data = form.data.copy()
        form.data["seen"] = seen


def back_to(inspection: Inspection, place: str = ""):
    return redirect(f"{reverse('inspections:detail', args=[inspection.pk])}{place}")


def crumbs(inspection: Inspection) -> list[dict]:
    """The way to a page of an inspection."""
    return [
        {"title": "检查", "url": reverse("inspections:list")},
        {"title": inspection.number, "url": reverse("inspections:detail", args=[inspection.pk])},
    ]


def page(request, template: str, inspection: Inspection, status: int = 200, **context):
    """A page of an inspection, with the way back."""
    context |= {
        "inspection": inspection,
        "crumbs": crumbs(inspection),
        "back": reverse("inspections:detail", args=[inspection.pk]),
    }
    return render(request, f"inspections/{template}.html", context, status=status)
