"""What happened to an inspection, told from the evidence chain: the steps on top of its page and the timeline below."""

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from inspections.choices import Act, ConsequenceKind, Decision, Side, State
from ledger.labels import action_label
from ledger.models import Entry
from scoring.content import figure

PREFIX = "inspection."

# The acts that are steps, in short words; what is not here does not move the inspection.
STEPS = {
    Act.OPEN: "立项",
    Act.FINISH_SCORING: "评分定稿",
    Act.SCORE_AGAIN: "退回重新评分",
    Act.TALK: "沟通确认",
    Act.ISSUE: "书面意见",
    Act.RECEIVE: "确认收到",
    Act.RECEIVE_CLEAN: "确认收到，无需整改",
    Act.REPLY: "整改回复",
    Act.SEND_BACK: "退回整改",
    Act.CLOSE: "复查通过",
    Act.CANCEL: "撤销",
}
BACKWARD = (Act.SCORE_AGAIN, Act.SEND_BACK, Act.CANCEL)
# What still lies ahead of a state when all goes well.
AHEAD = {
    State.SCORING: ("沟通确认", "书面意见", "确认收到", "整改与复查"),
    State.DISCUSSING: ("书面意见", "确认收到", "整改与复查"),
    State.ISSUED: ("整改与复查",),
    State.RECTIFYING: ("复查",),
}
KINDS = {
    Act.FINISH_SCORING: "signed", Act.ISSUE: "signed", Act.REPLY: "signed", Act.CLOSE: "signed",
    Act.SCORE_AGAIN: "returned", Act.SEND_BACK: "returned", Act.CANCEL: "returned",
}  # fmt: skip
# What the inspected side reads of the timeline; the rest is the office's own business.
SHOWN = {
    Act.FINISH_SCORING, Act.SCORE_AGAIN, Act.TALK, Act.ISSUE, Act.RECEIVE, Act.RECEIVE_CLEAN, Act.REPLY, Act.SEND_BACK,
    Act.CLOSE, Act.CANCEL, "consequence",
}  # fmt: skip


UPWARD = "escalation"


def _act(entry: Entry) -> str:
    return entry.action.removeprefix(PREFIX)


def _who(entry: Entry) -> str:
    return entry.actor.name if entry.actor else entry.actor_name


# ── Steps ───────────────────────────────────────────────────────────────────
def steps(entries: Iterable[Entry], state: State) -> list[dict]:
    """{title, state, note} for templates/components/stage_bar.html: what happened, in order; what is under way; what lies
    ahead. Several talks in a row are one step."""
    done: list[dict] = []
    for entry in entries:
        act = _act(entry)
        if act not in STEPS:
            continue
        if act == Act.TALK and done and done[-1]["act"] == Act.TALK:
            done.pop()
        kind = "returned" if act in BACKWARD else "done"
        done.append(
            {
                "act": act,
                "title": STEPS[Act(act)],
                "state": kind,
                "note": f"{timezone.localtime(entry.at):%Y-%m-%d} {_who(entry)}",
            }
        )
    if state in (State.CLOSED, State.CANCELLED):
        return done
    if done and done[-1]["act"] == Act.TALK:
        done.pop()
    now = {"title": state.label, "state": "current", "note": ""}
    return [*done, now, *({"title": title, "state": "", "note": ""} for title in AHEAD.get(state, ()))]


# ── Timeline ────────────────────────────────────────────────────────────────
def timeline(entries: Iterable[Entry], *, is_office: bool, sees_upward: bool) -> list[dict]:
    """{time, actor, action, detail, kind} of each entry, for templates/components/timeline.html. The inspected side is
    shown what was done in front of it; what was reported upward those who read inspections by post (`sees_upward`)."""
    return [
        {
            "time": entry.at,
            "actor": _who(entry),
            "action": action_label(entry.action).removeprefix("检查："),
            "detail": _detail(_act(entry), json.loads(entry.data)),
            "kind": KINDS.get(_act(entry), ""),
        }
        for entry in entries
        if (is_office or _act(entry) in SHOWN) and (sees_upward or _act(entry) != UPWARD)
    ]


def _detail(act: str, facts: dict) -> str:
    match act:
        case Act.OPEN:
            return f"计划检查日期 {facts['planned_on']}"
        case Act.APPOINT:
            before, after = facts["planned_on"]
            day = f"计划检查日期 {before} 改为 {after}；" if before != after else ""
            return f"{day}理由：{facts['reason']}"
        case Act.FINISH_SCORING:
            veto = "，一票否决" if facts["vetoed"] else ""
            return f"{figure(Decimal(facts['total']))} 分，{facts['grade']}{veto}"
        case Act.TALK:
            return _talk(facts)
        case Act.ISSUE:
            return f"意见编号 {facts['opinion']}"
        case Act.RECEIVE | Act.RECEIVE_CLEAN:
            return _receipt(facts)
        case Act.REPLY:
            return f"回复 {len(facts['answers'])} 条问题"
        case Act.CLOSE:
            return f"{len(facts['results'])} 条整改回复全部通过"
        case Act.SEND_BACK:
            return "\n".join(_result(row) for row in facts["results"])
        case "consequence" | "escalation":
            return _consequence(facts)
        case _:
            return str(facts.get("reason", ""))


def _talk(facts: dict) -> str:
    agrees = {True: "，无异议", False: "，有异议"}.get(facts["agrees"], "")
    by = "（检查方代为记录）" if facts["by_office"] else ""
    return f"{Side(facts['side']).label}{agrees}{by}：{facts['text']}"


def _receipt(facts: dict) -> str:
    at = timezone.localtime(datetime.fromisoformat(facts["received_at"]))
    words = f"收到时间 {at:%Y-%m-%d %H:%M}"
    return f"{words}；质量办登记送达：{facts['note']}" if facts["by_office"] else words


def _result(row: dict) -> str:
    if row["passed"]:
        return f"问题 {row['finding']} 通过"
    return f"问题 {row['finding']} 未通过：{row['reason']}"


def _consequence(facts: dict) -> str:
    kind, decision = ConsequenceKind(facts["kind"]).label, Decision(facts["decision"]).label
    year = f"（{facts['target_year']} 年度）" if facts.get("target_year") else ""
    words = facts.get("disposition") or facts.get("reason")
    return f"{kind}{year}{decision}" + (f"：{words}" if words else "")
