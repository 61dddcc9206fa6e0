"""会议纪要 and 补充纪要 on paper, in the usual form: 时间, 地点, 主持人, 参会单位及人员, 议题, 内容, 决定, 待办事项, 签发."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from meetings.models import Minutes
from printing import pdf
from printing.images import qr_data_uri
from reviews.printouts.parts import BLANK, Grid, Signed, date_words, signature_image, time_words

CSS = ("css/print_review.css", "css/print_minutes.css")


@dataclass(frozen=True)
class Unit:
    """One line of 参会单位及人员."""

    name: str
    present: str
    missing: str


@dataclass(frozen=True)
class MinutesPaper:
    firm: str
    title: str
    number: str
    at: str
    facts: Grid
    units: list[Unit]
    content: dict
    signed: Signed
    until: str
    head: str
    address: str
    qr: str

    @property
    def images(self) -> list[str]:
        return [each for each in (self.qr, self.signed.image) if each]


def minutes_paper(minutes: Minutes, *, chain_head: str = "", draft: bool = False) -> bytes:
    """The minutes as a PDF: number, content, signer, time and digest are set, the row need not be stored yet."""
    paper = build(minutes, chain_head, draft=draft)
    template = "supplement" if "supplement" in minutes.content else "minutes"
    return pdf.render(
        f"meetings/print/{template}.html", {"paper": paper, "content": minutes.content},
        title=f"{paper.title} {paper.number}", created_at=minutes.issued_at, draft=draft, stylesheets=CSS,
        images=paper.images,
    )  # fmt: skip


def build(minutes: Minutes, chain_head: str, *, draft: bool = False) -> MinutesPaper:
    content, signer = minutes.content, minutes.issued_by
    certificate = signer.certificates.valid(timezone.localdate(minutes.issued_at)).first()
    address = settings.SITE_URL + reverse("meetings:minutes", args=[minutes.meeting_id])
    signed = Signed(
        name=signer.name, certificate=str(certificate) if certificate else "", at=time_words(minutes.issued_at),
        image="" if draft else signature_image(signer.signature_image.name or ""), digest=minutes.digest,
    )  # fmt: skip
    return MinutesPaper(
        firm=settings.FIRM_NAME, title="补充会议纪要" if "supplement" in content else "会议纪要", number=minutes.number,
        at=date_words(timezone.localdate(minutes.issued_at)), facts=_facts(content),
        units=[_unit(row) for row in content["units"]], content=content, signed=signed,
        until=date_words(minutes.objections_until), head=chain_head, address=address, qr="" if draft else qr_data_uri(address),
    )  # fmt: skip


def _facts(content: dict) -> Grid:
    project = content["project"]
    kind = content["kind"] + (f"（{content['topic']}）" if content.get("topic") else "")
    rows: Grid = [[("会议名称", content["title"])]]
    if project:
        rows.append([("项　目", f"{project['name']}（{project['number']}）")])
    if "supplement" in content:
        return [*rows, [("会议编号", content["meeting"]), ("补充自", content["supplement_to"])],
                [("会议时间", content["time"]), ("地　点", content["place"])]]  # fmt: skip
    rows += [
        [("会议编号", content["meeting"]), ("会议种类", kind)],
        [("时　间", content["time"])],
        [("地　点", content["place"])],
        [("主持人", content["host"]), ("记录人", content["recorder"])],
    ]
    units = [("组织单位", content["called_by"]), ("编写单位", content.get("written_by", ""))]
    if told := [cell for cell in units if cell[1]]:
        rows.insert(2, told)
    return rows


def _unit(row: dict) -> Unit:
    def words(person: dict) -> str:
        told = [text for text in (person["position"], person["note"]) if text]
        return person["name"] + (f"（{'，'.join(told)}）" if told else "")

    present = [words(each) for each in row["people"] if each["is_present"]]
    missing = [f"{each['name']}（{each['attendance']}）" for each in row["people"] if not each["is_present"]]
    return Unit(row["unit"], "、".join(present) or BLANK, "、".join(missing))
