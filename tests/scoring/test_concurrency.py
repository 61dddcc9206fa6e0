"""Two who keep one standard at the same instant: one is taken, the other is told. Real connections, PostgreSQL."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from scoring import queries, services
from scoring.choices import Purpose
from scoring.models import Standard
from tests.scoring import kit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="concurrency tests are PostgreSQL's"),
]


def at_once(*acts) -> list[str]:
    """Run the acts in threads of their own, started together; what each came to: done, or the refusal."""
    start, outcomes = threading.Barrier(len(acts)), []

    def run(act):
        try:
            start.wait()
            act()
            outcomes.append("done")
        except ValidationError as error:
            outcomes.append("".join(error.messages))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return outcomes


@pytest.fixture
def standard(db):
    return Standard.objects.current(Purpose.INSPECTION)


def test_of_ten_who_copy_one_gets_a_draft(cast, standard):
    outcomes = at_once(*[lambda: services.copy_standard(actor=cast.quality_office, standard=standard)] * 10)
    assert outcomes.count("done") == 1
    assert all("已有草稿" in each for each in outcomes if each != "done")
    assert Standard.objects.drafts().count() == 1


def test_of_ten_who_save_one_page_one_is_kept_whole(cast, standard):
    draft = kit.copied(cast.quality_office, standard)
    turn = draft.turn
    contents = [kit.content(kit.part(f"甲{n}", n), kit.part(f"乙{n}", 100 - n)) for n in range(1, 11)]

    def save(content):
        mine = Standard.objects.get(pk=draft.pk)
        services.save_draft(actor=cast.quality_office, standard=mine, turn=turn, content=content)

    outcomes = at_once(*[lambda content=content: save(content) for content in contents])
    assert outcomes.count("done") == 1
    assert all("修改" in each for each in outcomes if each != "done")
    assert queries.content_of(draft) in contents


@pytest.mark.parametrize("n", range(5))
def test_what_is_published_is_what_was_looked_at_even_while_somebody_saves(cast, standard, n):
    """The save or the publishing comes first, never a mixture of both."""
    draft = kit.copied(cast.quality_office, standard)
    seen, turn = queries.content_of(draft), draft.turn
    other = kit.content(kit.part(f"甲{n}", 30), kit.part(f"乙{n}", 70))
    mine, yours = Standard.objects.get(pk=draft.pk), Standard.objects.get(pk=draft.pk)
    outcomes = at_once(
        lambda: services.save_draft(actor=cast.quality_office, standard=mine, turn=turn, content=other),
        lambda: services.publish_standard(actor=cast.quality_office, standard=yours, turn=turn, against=1),
    )
    draft.refresh_from_db()
    assert outcomes.count("done") == 1
    assert queries.content_of(draft) == (other if draft.is_draft else seen)
