"""Who does what to an action item (会议待办), and when.

未完成 ──报完成──▶ 已完成，待确认 ──关闭──▶ 已关闭
  │  ▲                │                  │
  │  └──── 退回 ───────┴──────────────────┘
  ├─关闭（会上确认）─▶ 已关闭
  └─取消─▶ 已取消
"""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.utils import timezone

from ledger.models import Entry
from meetings import chain
from meetings.choices import ActionState, State
from meetings.models import ActionItem, CarriedItem, Meeting
from meetings.services.keeping import is_keeper, is_open_to

S = ActionState
# What leads where; changing leaves the state.
DONE, CLOSE, REOPEN, DROP, CHANGE = "done", "close", "reopen", "drop", "change"
WORDS = {DONE: "报完成", CLOSE: "关闭", REOPEN: "退回", DROP: "取消", CHANGE: "修改"}
TABLE: dict[tuple[str, str], str] = {
    (S.OPEN, CHANGE): S.OPEN,
    (S.OPEN, DONE): S.DONE,
    (S.OPEN, CLOSE): S.CLOSED,
    (S.DONE, CLOSE): S.CLOSED,
    (S.DONE, REOPEN): S.OPEN,
    (S.CLOSED, REOPEN): S.OPEN,
    (S.OPEN, DROP): S.DROPPED,
}


class AlreadyHandled(Exception):
    """Somebody was faster, or the page is stale. The message says who and when, in Chinese."""

    status_code = 409

    def __init__(self, item: ActionItem):
        self.item = item
        self.entry = Entry.objects.about(item).select_related("actor").order_by("-number").first()
        at = timezone.localtime(self.entry.at if self.entry else item.created_at)
        self.at, self.who = at, self.entry.actor.name if self.entry and self.entry.actor else "系统"
        super().__init__(
            f"已由（{self.who}）于 {at:%Y-%m-%d %H:%M} 处理，当前为“{item.get_state_display()}”。请查看最新状态。"
        )


ALONG = ("project", "meeting__project", "meeting__organiser", "meeting__kind", "agenda_item", "owner__unit",
         "owner_contact__party", "created_by", "done_by", "closed_by")  # fmt: skip


def held(item: ActionItem) -> ActionItem:
    """The item as it is now, held until the transaction ends."""
    list(ActionItem.objects.select_for_update(no_key=True).filter(pk=item.pk).values_list("pk"))
    return ActionItem.objects.select_related(*ALONG).get(pk=item.pk)


def is_underway(meeting: Meeting) -> bool:
    """Whether action items are decided on: from the meeting's beginning until its minutes are issued."""
    if meeting.state == State.PLANNED:
        return meeting.starts_at <= timezone.now()
    return meeting.state in (State.HELD, State.CHECKING)


def may_create(user, meeting: Meeting) -> bool:
    return is_underway(meeting) and is_open_to(user, meeting)


def tables_of(item: ActionItem) -> list[Meeting]:
    """The meetings on whose table the item lies or has lain: where it was set, and where it was carried; one query."""
    carried = CarriedItem.objects.filter(action_item=item).order_by().values("meeting")
    rows = Meeting.objects.filter(Q(pk=item.meeting_id) | Q(pk__in=carried)).exclude(state=State.CANCELLED)
    return list(rows.select_related("organiser", "project", "kind").order_by("starts_at", "pk"))


def is_organiser_of(user, tables: list[Meeting]) -> bool:
    """Whether `user` organised one of these meetings, or stands in for an organiser who has left."""
    return any(chain.is_organiser(user, each) or chain.stands_in(user, each) for each in tables)


def is_doer(user, item: ActionItem, tables: list[Meeting]) -> bool:
    """Whether `user` reports that it is done: the owner; for an owner outside, or one who has left, the organiser."""
    if item.owner_id and item.owner.is_active:
        return item.owner_id == user.pk and user.is_active
    return is_organiser_of(user, tables)


def is_issued(item: ActionItem) -> bool:
    return item.meeting.state in (State.ISSUED, State.CANCELLED)


def may(act: str, user, item: ActionItem, tables: list[Meeting]) -> bool:
    """Whether `act` is the place of `user`, whatever the state of the item."""
    if act == DONE:
        return is_doer(user, item, tables)
    if is_organiser_of(user, tables):
        return True
    return act in (CHANGE, DROP) and not is_issued(item) and is_keeper(user, item.meeting)


def acts_open_to(user, item: ActionItem, tables: list[Meeting]) -> set[str]:
    """The acts that state and place leave open to `user` now: which buttons a page offers."""
    return {act for state, act in TABLE if state == item.state and may(act, user, item, tables)}


def require_place(act: str, user, item: ActionItem, tables: list[Meeting]) -> None:
    """Raise PermissionDenied, with whose act it is, unless it is that of `user`."""
    if may(act, user, item, tables):
        return
    whose = "负责人（外单位负责的，由会议组织者）" if act == DONE else "会议组织者"
    raise PermissionDenied(f"“{WORDS[act]}”由{whose}办理。")


def require_words(name: str, text: str, words: str) -> str:
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise ValidationError({name: words})
    return text
