"""What both documents show: words for dates, the grid of facts, a person's signature."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from printing.images import png_data_uri, qr_data_uri
from reviews.models import Issue, Round, Signature

BLANK = "—"
# A grid of facts: rows of one (label, value) over the full width, or of two.
Grid = list[list[tuple[str, str]]]


def date_words(day: date | None) -> str:
    """2026年11月22日; none: —."""
    return f"{day.year}年{day.month}月{day.day}日" if day else BLANK


def time_words(instant: datetime | None) -> str:
    """2026年11月22日 10:31; none: —."""
    if instant is None:
        return BLANK
    local = timezone.localtime(instant)
    return f"{date_words(local.date())} {local:%H:%M}"


def span_words(start: date | None, end: date | None) -> str:
    return BLANK if start is None and end is None else f"{date_words(start)} 至 {date_words(end)}"


@dataclass(frozen=True)
class Signed:
    """A signature as it stands on paper. `image` is a data: URI, or empty where the signer has no signature image."""

    name: str
    certificate: str
    image: str
    at: str
    digest: str


def signed(signature: Signature) -> Signed:
    """The signature's name, certificate, time and image."""
    return Signed(
        name=signature.signer.name,
        certificate=signature.certificate,
        image=signature_image(signature.signature_image),
        at=time_words(signature.signed_at),
        digest=signature.digest,
    )


def signature_image(path: str) -> str:
    """The stored picture as a data: URI; empty when there is none: the name is printed then."""
    if not path or not default_storage.exists(path):
        return ""
    with default_storage.open(path) as file:
        return png_data_uri(file.read()) or ""


@dataclass(frozen=True)
class Code:
    """Where an issued document can be verified."""

    address: str
    qr: str


def verification(issued: Issue | None) -> Code | None:
    if issued is None:
        return None
    address = settings.SITE_URL + reverse("reviews:verify", args=[issued.verification_code])
    return Code(address, qr_data_uri(address))


def project_facts(round: Round) -> Grid:
    """The head of both documents: whose work it is and what is reviewed."""
    deliverable, version = round.deliverable, round.version
    project = deliverable.project
    return [
        [("项目名称", project.name)],
        [("项目编号", project.number), ("承办单位", project.unit.name)],
        [("委托人", project.client.name), ("业务类型", project.get_business_line_display())],
        [("成果名称", deliverable.title)],
        [("成果编号", deliverable.number), ("成果类别", deliverable.get_kind_display())],
        [("专业", deliverable.discipline.name), ("编制人", deliverable.preparer.name)],
        [("成果版本", f"第 {version.number} 版"), ("审签轮次", f"第 {round.number} 轮")],
    ]


def printed_at(round: Round, issued: Issue | None) -> datetime:
    """The instant that the paper speaks of: the issue, or the last act of a draft. Not the clock: same record, same bytes."""
    return issued.issued_at if issued else round.last_acted_at
