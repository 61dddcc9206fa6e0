"""What the tests of accountability share: an issued deliverable with a chosen history, a case, sheets on their way."""

from datetime import timedelta

from django.utils import timezone

from inspections.choices import Origin, SheetState, State
from inspections.models import Finding, LiabilityCase, LiabilitySheet
from inspections.queries import liability as queries
from inspections.services import liability, liability_sheets
from inspections.services.liability import Proposed
from reviews.choices import RemarkCategory
from staff.choices import Role
from staff.models import Post, User
from tests.conftest import LONG_AGO
from tests.inspections import kit, records
from tests.reviews import flow

QUANTITY = RemarkCategory.QUANTITY
PROPOSAL = "批评教育，扣减当月绩效；金额按公司制度执行。"


def signed(cast, project, **fields):
    """A deliverable that everybody up to the third level signed with 无 and all lines 是. It waits for its issue, which
    renders two papers that most tests do not read."""
    deliverable = flow.open_deliverable(cast, project, **fields)
    flow.submit(deliverable)
    flow.sign_all(deliverable)
    return deliverable


def issued(cast, project, **fields):
    """As `signed`, and issued."""
    deliverable = signed(cast, project, **fields)
    flow.issue(deliverable)
    return deliverable


def finding(cast, project, deliverable, *, state=State.CLOSED, **fields) -> Finding:
    """A problem of the deliverable found by an inspection whose written opinion is out."""
    inspection = records.inspection(cast, project, state=State.DISCUSSING)
    row = kit.finding(inspection, deliverable=deliverable, problem="垫层工程量多计 12.5 m³", **fields)
    type(inspection).objects.filter(pk=inspection.pk).update(state=state)
    return Finding.objects.get(pk=row.pk)


def opened(cast, deliverable, **more) -> LiabilityCase:
    """A case from a letter of the client, on the newest round of the deliverable."""
    told = {
        "actor": cast.quality_office, "deliverable": deliverable, "origin": Origin.CLIENT, "document": "滨江函〔2026〕18 号",
        "problem": "垫层工程量多计 12.5 m³", "category": QUANTITY, "found_on": timezone.localdate(),
        "round": deliverable and deliverable.rounds.last(),
    } | more  # fmt: skip
    return liability.open_case(**told)


def step_of(case: LiabilityCase, user) -> dict:
    return next(step for step in case.walk if step["person"] == user.pk)


def proposed(case: LiabilityCase, *people, **more) -> list[Proposed]:
    """What the walk proposes for these people, with a proposal."""
    found = []
    for person in people:
        step = step_of(case, person)
        told = {"share": step["share"] or "other", "grounds": step["grounds"], "clause": step["clause"] or "由复核人员承担责任。",
                "proposal": PROPOSAL} | more  # fmt: skip
        signature = case.round.signatures.get(pk=step["signature"])
        found.append(Proposed(person=person, level_title=step["title"], signature=signature, **told))
    return found


def served(cast, case: LiabilityCase, *people, **more) -> list[LiabilitySheet]:
    actor = more.pop("actor", cast.quality_office)
    return liability.propose_sheets(
        actor=actor, case=case, turn=case.turn, sheets=proposed(case, *people, **more),
        confirmation=flow.confirmed(actor),
    )  # fmt: skip


def fresh(sheet: LiabilitySheet) -> LiabilitySheet:
    return LiabilitySheet.objects.select_related("case", "person").get(pk=sheet.pk)


def answered(sheet: LiabilitySheet, text: str = "", **more) -> LiabilitySheet:
    """The person appeals with `text`, or accepts."""
    sheet = fresh(sheet)
    told = {"actor": sheet.person, "sheet": sheet, "turn": sheet.turn, "accepts": not text, "text": text,
            "confirmation": flow.confirmed(sheet.person)} | more  # fmt: skip
    return liability_sheets.answer_sheet(**told)


def decided(cast, sheet: LiabilitySheet, **more) -> LiabilitySheet:
    sheet, actor = fresh(sheet), more.pop("actor", cast.executive)
    told = {"sheet": sheet, "turn": sheet.turn, "outcome": "upheld", "decision": "维持处理意见。",
            "hearing": "已核查底稿，听取本人陈述。" if sheet.state == SheetState.APPEALED else "",
            "confirmation": flow.confirmed(actor)} | more  # fmt: skip
    return liability_sheets.decide_sheet(actor=actor, **told)


def after_window(sheet: LiabilitySheet):
    """An instant at which the time for an answer is over."""
    return queries.window_ends(sheet) + timedelta(minutes=1)


def one_more(cast, name: str, role: Role) -> User:
    """One more person with a post of the firm."""
    number = f"B{User.objects.count():03}"
    user = User.objects.create(employee_number=number, name=name, unit=cast.hq, password=cast.quality_office.password)
    Post.objects.create(user=user, role=role, unit=None, starts_on=LONG_AGO)
    return user
