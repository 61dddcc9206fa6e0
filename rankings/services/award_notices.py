"""奖惩通知书: a paper for each person of an approved settlement, issued one by one. What is done stands in the database, so it
goes on wherever it stopped: by the worker at its next bell, or by hand on the page."""

import logging

from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from inspections.services.numbers import next_number
from ledger.services import record
from printing.papers import keep_paper
from rankings.models import AwardNotice, Settlement
from rankings.printouts.awards import notice_paper
from rankings.queries import settlements as queries
from rankings.services.settling import held, tell
from rankings.settlement_digests import notice_digest
from staff import permissions
from staff.choices import Action
from staff.models import User

SERIES = "JCTZ"
# How many a page issues at one press: it answers within seconds.
AT_ONCE = 20
logger = logging.getLogger(__name__)


def issue_unfinished() -> int:
    """Issue what is still to be issued of every approved settlement; returns how many. Called by the worker."""
    return sum(issue_notices(settlement) for settlement in queries.unfinished())


def go_on(*, actor, settlement: Settlement) -> int:
    """The next AT_ONCE notices, by hand. Raises ValidationError unless the settlement is approved."""
    permissions.require_post(actor, Action.READ_SETTLEMENT)
    if not settlement.is_approved:
        raise ValidationError("结算批准后才生成通知书。")
    return issue_notices(settlement, most=AT_ONCE)


def issue_notices(settlement: Settlement, most: int | None = None) -> int:
    """Issue the notices that are missing, each in a transaction of its own; returns how many. One that fails does not keep
    the others from theirs, and comes again. Doing it twice issues nothing twice."""
    done = 0
    for person in queries.without_notice(settlement)[:most]:
        try:
            done += _issue(settlement, person)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("notice of settlement %s to %s", settlement.pk, person, exc_info=error)
    return done


@transaction.atomic
def _issue(settlement: Settlement, person_id: int) -> int:
    """One person's notice: numbered, rendered, kept, on record, told. 0 where another has just done it."""
    settlement = held(settlement)
    if not settlement.is_approved or settlement.notices.filter(person=person_id).exists():
        return 0
    person = User.objects.select_related("unit").get(pk=person_id)
    notice = AwardNotice(settlement=settlement, person=person, number=next_number(SERIES), issued_at=timezone.now())
    notice.pdf, notice.pdf_sha256 = keep_paper("rankings", notice_paper(notice))
    notice.save(force_insert=True)
    record(actor=None, action="award.notice", subject=notice, scope=settlement,
           data={"pdf_sha256": notice.pdf_sha256, "digest": notice_digest(notice)})  # fmt: skip
    tell([person], title=f"奖惩通知书 {notice.number} 已签发", body=f"{settlement}已批准，请查阅通知书。")
    return 1
