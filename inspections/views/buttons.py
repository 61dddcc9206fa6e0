"""Which buttons an inspection's page offers to whom: what the chain leaves open, the one that is due now as the primary."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.urls import reverse

from inspections import chain
from inspections.choices import CONCLUDED, Act, Side, State
from inspections.models import Inspection
from inspections.queries import inspections as queries
from inspections.queries import rectifying
from staff import permissions
from staff.choices import Action


@dataclass(frozen=True)
class Button:
    """A link at the bottom of the page. `kind`: primary, left (what ends or turns back), or none."""

    title: str
    url_name: str
    pk: int
    kind: str = ""

    @property
    def url(self) -> str:
        return reverse(self.url_name, args=[self.pk])


def inspects(user, inspection: Inspection) -> bool:
    """Whether `user` is one of the inspectors and may act as such."""
    try:
        chain.require_inspector(inspection, user)
    except PermissionDenied:
        return False
    return True


def buttons(user, inspection: Inspection, acts: set[Act], *, is_inspector: bool, roles: set[str]) -> list[Button]:
    """In the order of the page. `acts` are those of `chain.possible_acts`, `roles` those of `chain.roles_for`."""
    found = {
        State.SCORING: _scoring,
        State.DISCUSSING: _discussing,
        State.ISSUED: _issued,
        State.RECTIFYING: _rectifying,
        State.RECHECKING: _rechecking,
    }
    draw = found.get(State(inspection.state))
    rows = draw(inspection, acts, is_inspector, roles) if draw else []
    return [Button(title, name, inspection.pk, kind) for title, name, kind in rows]


Rows = list[tuple[str, str, str]]


def _scoring(inspection: Inspection, acts: set[Act], is_inspector: bool, roles: set[str]) -> Rows:
    rows: Rows = []
    if Act.CANCEL in acts:
        rows.append(("撤销检查", "inspections:cancel", "left"))
    if Act.APPOINT in acts:
        rows.append(("调整检查人员", "inspections:appoint", ""))
    is_ready = Act.FINISH_SCORING in acts and not inspection.sections.filter(is_done=False).exists()
    if is_inspector:
        rows.append(("检查评分", "inspections:score", "" if is_ready else "primary"))
    if is_ready:
        rows.append(("评分定稿", "inspections:finish_scoring", "primary"))
    return rows


def _discussing(inspection: Inspection, acts: set[Act], is_inspector: bool, roles: set[str]) -> Rows:
    rows: Rows = []
    silent = queries.sides_to_speak(inspection)
    is_ready = Act.ISSUE in acts and not silent
    if Act.CANCEL in acts:
        rows.append(("撤销检查", "inspections:cancel", "left"))
    if Act.SCORE_AGAIN in acts:
        rows.append(("退回重新评分", "inspections:score_again", ""))
    if Act.TALK in acts and (is_inspector or permissions.allows(Action.ANSWER_INSPECTION, roles)):
        own = Side.OFFICE if is_inspector else Side.PROJECT
        rows.append(("登记沟通意见", "inspections:talk", "primary" if own in silent else ""))
    if is_ready:
        rows.append(("出具书面意见", "inspections:issue", "primary"))
    return rows


def _issued(inspection: Inspection, acts: set[Act], is_inspector: bool, roles: set[str]) -> Rows:
    if not {Act.RECEIVE, Act.RECEIVE_CLEAN} & acts:
        return []
    own = permissions.allows(Action.ANSWER_INSPECTION, roles)
    return [("确认收到书面意见" if own else "登记送达", "inspections:receive", "primary")]


def _rectifying(inspection: Inspection, acts: set[Act], is_inspector: bool, roles: set[str]) -> Rows:
    is_ready = Act.REPLY in acts and not rectifying.reply_gaps(inspection)
    rows: Rows = []
    if any(permissions.allows(action, roles) for action in (Action.RECTIFY, Action.ANSWER_INSPECTION)):
        rows.append(("填写整改情况", "inspections:rectification", "" if is_ready else "primary"))
    if is_ready:
        rows.append(("提交整改回复", "inspections:reply", "primary"))
    return rows


def _rechecking(inspection: Inspection, acts: set[Act], is_inspector: bool, roles: set[str]) -> Rows:
    return [("复查整改", "inspections:recheck", "primary")] if {Act.SEND_BACK, Act.CLOSE} & acts else []


def may_open_again(user, inspection: Inspection) -> bool:
    """Whether the re-inspection that the result asks for can be opened by `user` from here."""
    if inspection.state not in CONCLUDED or not user.may(Action.PLAN_INSPECTIONS):
        return False
    return queries.to_inspect_again(user).filter(pk=inspection.pk).exists()
