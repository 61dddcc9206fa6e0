"""奖惩通知书: what one person gets and owes by the approved settlement of a year, with the outcome of appeals."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from inspections.printouts.parts import CSS
from ledger.services import head
from printing import pdf
from rankings.awards import total
from rankings.choices import Cause
from rankings.models import Award, AwardNotice, PromotionNote
from rankings.queries.settlements import awards_of
from reviews.printouts.parts import Grid, Signed, date_words, signature_image, time_words

TITLE = "奖惩通知书"


@dataclass(frozen=True)
class PaperLine:
    kind: str
    cause: str
    text: str
    posted: str
    outcome: str
    final: str


@dataclass(frozen=True)
class NoticePaper:
    firm: str
    title: str
    number: str
    right: str
    year: int
    person: Grid
    lines: list[PaperLine]
    sum_words: str
    net: str
    promotion: str
    policy: str
    approved: Signed
    digests: Grid
    chain_number: int
    chain_hash: str


def notice_paper(notice: AwardNotice) -> bytes:
    """The notice as a PDF; it need not be stored yet. Raises nothing but what rendering raises."""
    paper = build(notice)
    return pdf.render(
        "rankings/print/award_notice.html",
        {"paper": paper},
        title=f"{TITLE} {paper.number}",
        created_at=notice.issued_at,
        stylesheets=(*CSS, "css/print_award.css"),
        images=[paper.approved.image] if paper.approved.image else [],
    )


def build(notice: AwardNotice) -> NoticePaper:
    """Everything that the paper says."""
    settlement, person = notice.settlement, notice.person
    awards = list(awards_of(settlement).counting().filter(person=person))
    whole = total(awards, lambda award: award.final_amount)
    note = PromotionNote.objects.filter(person=person, ranking=settlement.ranking).first()
    chain_number, chain_hash = head()
    return NoticePaper(
        firm=settings.FIRM_NAME,
        title=TITLE,
        number=notice.number,
        right=f"签发日期：{date_words(timezone.localdate(notice.issued_at))}",
        year=settlement.ranking.year,
        person=[
            [("姓　名", person.name), ("工　号", person.employee_number)],
            [("所在单位", awards[0].unit_name), ("所属年度", f"{settlement.ranking.year} 年度")],
        ],
        lines=[_line(award) for award in awards],
        sum_words=whole.words,
        net=signed_words(whole.net),
        promotion=note.text if note else "",
        policy=str(settlement.policy),
        approved=Signed(
            name=settlement.approved_by.name,
            certificate="",
            image=signature_image(settlement.approved_by.signature_image.name or ""),
            at=time_words(settlement.approved_at),
            digest=settlement.approval_digest,
        ),
        digests=[
            [("年度排名", settlement.ranking.digest)],
            [("奖惩结算", settlement.digest)],
            [("结算批准", settlement.approval_digest)],
        ],
        chain_number=chain_number,
        chain_hash=chain_hash,
    )


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def signed_words(amount: Decimal) -> str:
    """+1,200.00, −350.00, 0.00."""
    sign = "" if amount == 0 else "+" if amount > 0 else "−"
    return f"{sign}{abs(amount):,.2f}"


def _line(award: Award) -> PaperLine:
    appeal = award.standing_appeal
    return PaperLine(
        kind=award.get_kind_display(),
        cause=Cause(award.cause).label,
        text=award.text,
        posted=_money(award.amount),
        outcome=f"申诉：{appeal.get_outcome_display()}" if appeal and appeal.outcome else "",
        final=signed_words(award.signed),
    )
