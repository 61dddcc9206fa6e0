"""Complaints as tests tell them."""

from feedback import services
from feedback.choices import ComplaintKind
from feedback.services import Content, SenderFacts

NAME, PHONE, EMAIL = "欧阳匿迹", "13911112222", "whistle@example.com"
BODY = "结算审核中无故拖延，并暗示送礼。"


def content(**more) -> Content:
    return Content(**{"kind": ComplaintKind.COMPLAINT, "subject": "拖延结算审核", "body": BODY} | more)


def sender() -> SenderFacts:
    return SenderFacts(name=NAME, phone=PHONE, email=EMAIL)


def receive(**more):
    """A complaint with its code, from the public, with a sender."""
    told = {"content": content(), "sender": sender()} | more
    return services.receive(**told)


def complaint(**more):
    return receive(**more)[0]


def form_data(**more) -> dict:
    """What a browser sends from the public form."""
    return {"kind": "complaint", "subject": "拖延结算审核", "body": BODY, "is_anonymous": "no", "name": NAME, "phone": PHONE,
            "email": EMAIL, "website": ""} | more  # fmt: skip


def to_handling(cast, found, **more):
    """Accepted and investigated by 质量办."""
    office = {"actor": cast.quality_office}
    found = services.accept(**office, complaint=found, turn=found.turn)
    told = {"finding": "已核实", "verdict": "confirmed", "cause": "人手不足"} | more
    return services.investigate(**office, complaint=found, turn=found.turn, **told)


def to_closed(cast, found):
    office = {"actor": cast.quality_office}
    found = to_handling(cast, found)
    found = services.handle(**office, complaint=found, turn=found.turn, disposition="已批评教育")
    found = services.answer(**office, complaint=found, turn=found.turn, feedback="已查实并处理，谢谢。")
    return services.close(**office, complaint=found, turn=found.turn)
