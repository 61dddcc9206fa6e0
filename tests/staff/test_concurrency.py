"""Two acts at once that exclude each other: one of them is refused."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from staff import services
from staff.choices import Role
from staff.models import Post, User

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts) -> int:
    """Runs the acts at the same time on connections of their own; returns how many were refused."""
    start = Barrier(len(acts))

    def run(act) -> bool:
        try:
            start.wait()
            act()
        except ValidationError:
            return True
        finally:
            connection.close()
        return False

    with ThreadPoolExecutor(len(acts)) as pool:
        return sum(pool.map(run, acts))


def test_auditor_and_executive_assigned_at_once(cast):
    def assign(role):
        return lambda: services.assign_post(actor=None, user=cast.preparer, role=role)

    assert at_once(assign(Role.AUDITOR), assign(Role.EXECUTIVE)) == 1
    assert cast.preparer.posts.count() == 1


def test_two_administrators_who_put_each_other_out_at_once(cast):
    second = cast.executive
    Post.objects.filter(user=second).update(role=Role.ADMINISTRATOR)

    def deactivate(user):
        return lambda: services.deactivate_user(actor=None, user=user)

    assert at_once(deactivate(cast.administrator), deactivate(second)) == 1
    assert User.objects.filter(pk__in=[cast.administrator.pk, second.pk], is_active=True).count() == 1
