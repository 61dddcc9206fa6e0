"""Meetings, series and participating units in the addresses of their routes."""

from types import SimpleNamespace

from tests.meetings import kit


def build(cast, project) -> SimpleNamespace:
    party = kit.party(cast, project)
    return SimpleNamespace(
        project=project, party=party, contact=kit.main_contact(party), meeting=kit.meeting(cast, project),
        series=kit.series(cast, project, title="第一例会"),
    )  # fmt: skip


def subjects(built: SimpleNamespace) -> list[tuple[tuple, str]]:
    return [
        ((built.project.pk,), "project_meetings parties party_create"),
        ((built.party.pk,), "party_edit contact_create"),
        ((built.party.pk, built.contact.pk), "contact_edit"),
        ((built.meeting.pk,), "detail edit move cancel"),
        ((built.series.pk,), "series series_edit series_end series_follow"),
    ]
