"""What the tests of scoring share: a standard in few words, and the page of the editor as a browser would send it."""

from decimal import Decimal

from scoring import queries, services
from scoring.content import Content, Item, Part
from scoring.models import Standard


def item(text: str, points="1", cap=None, evidence: str = "", is_veto: bool = False) -> Item:
    return Item(text, Decimal(points), None if cap is None else Decimal(cap), evidence, is_veto)


def part(title: str, maximum, *items: Item) -> Part:
    return Part(title, Decimal(maximum), items or (item(f"{title}有误"),))


def content(*parts: Part, **head) -> Content:
    head = {"title": "标准", "pass_mark": Decimal(60), "good_mark": Decimal(80), "good_inclusive": False,
            "veto_cap": Decimal(59), "is_sample": False} | head  # fmt: skip
    return Content(**head, criteria=parts or (part("依据", 40), part("成果", 60)))


def copied(actor, standard: Standard) -> Standard:
    return services.copy_standard(actor=actor, standard=standard)


def saved(actor, draft: Standard, what: Content) -> Standard:
    return services.save_draft(actor=actor, standard=draft, turn=draft.turn, content=what)


def published(actor, draft: Standard) -> Standard:
    current = Standard.objects.current(draft.purpose)
    return services.publish_standard(actor=actor, standard=draft, turn=draft.turn, against=current.version)


def typed(draft: Standard, **changes) -> dict[str, str]:
    """The fields of the editor's page as they stand after it was opened, with `changes` (`c0i1_text` for “c0i1-text”);
    None leaves a field out, as a browser does with an empty checkbox."""
    what = queries.content_of(draft)
    data = {"turn": str(draft.turn), "do": "save", "criteria": str(len(what.criteria)), "title": what.title}
    data |= {name: str(getattr(what, name)) for name in ("pass_mark", "good_mark", "veto_cap")}
    data |= {name: "on" for name in ("good_inclusive", "is_sample") if getattr(what, name)}
    for n, each in enumerate(what.criteria):
        data |= {f"c{n}-title": each.title, f"c{n}-maximum": str(each.maximum), f"c{n}-items": str(len(each.items))}
        for m, row in enumerate(each.items):
            cap = "" if row.cap is None else str(row.cap)
            prefix = f"c{n}i{m}-"
            data |= {prefix + "text": row.text, prefix + "points": str(row.points), prefix + "cap": cap}
            data |= {prefix + "evidence": row.evidence} | ({prefix + "is_veto": "on"} if row.is_veto else {})
    data |= {name.replace("_", "-", 1) if name[1:2].isdecimal() else name: value for name, value in changes.items()}
    return {name: value for name, value in data.items() if value is not None}
