"""What the views of the chain share: loading what may be seen, and telling a lost race."""

from functools import wraps

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from projects.models import Deliverable
from reviews.chain import AlreadyHandled
from reviews.models import Remark, Round, Waiting


def load_deliverable(request, pk: int) -> Deliverable:
    """A deliverable that the person may see; otherwise 404."""
    query = Deliverable.objects.visible_to(request.user)
    return get_object_or_404(query.select_related("project__unit", "project__client", "discipline", "preparer"), pk=pk)


def refuse_stale(request, round: Round) -> None:
    """Raise AlreadyHandled when a form comes from a page drawn for an earlier turn: its fields may be another level's."""
    turn = request.POST.get("turn")
    if turn is not None and turn != str(round.turn):
        raise AlreadyHandled(round)


def load_round(request, pk: int) -> Round:
    """A round that the person may see; otherwise 404. A form of an earlier turn is refused here (AlreadyHandled)."""
    query = Round.objects.visible_to(request.user).select_related(
        "deliverable__project__unit", "deliverable__project__client", "deliverable__discipline",
        "deliverable__preparer", "level", "route", "version", "last_actor",
    )  # fmt: skip
    round = get_object_or_404(query, pk=pk)
    refuse_stale(request, round)
    return round


def load_remark(request, pk: int) -> Remark:
    """A remark of a deliverable that the person may see; otherwise 404. Drafts are their writer's level's alone."""
    query = Remark.objects.filter(deliverable__in=Deliverable.objects.visible_to(request.user))
    return get_object_or_404(query.select_related("deliverable__project__unit", "deliverable__discipline",
                                                  "round", "level"), pk=pk)  # fmt: skip


def current_round(deliverable: Deliverable) -> Round:
    """The live round of a deliverable, or the issued one."""
    waitings = Prefetch("waitings", Waiting.objects.select_related("user__unit"))
    rounds = Round.objects.current().select_related("level", "route", "version").prefetch_related(waitings)
    round = rounds.get(deliverable=deliverable)
    round.deliverable = deliverable  # as it was loaded, with project, unit and people
    return round


def files_of(round: Round) -> list[dict]:
    """The files of a round's version, as templates/components/file_table.html shows them."""
    return [
        {"name": row.name, "version": round.version.number, "sha256": row.sha256, "size": row.size,
         "url": reverse("projects:attachment_download", args=[row.pk])}
        for row in round.version.attachments.all()
    ]  # fmt: skip


def tells_lost_race(view):
    """Whoever was too late gets a page that says who was faster and when, with the way back. Status 409."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except AlreadyHandled as late:
            return render(request, "reviews/already_handled.html", {"late": late}, status=409)

    return wrapped
