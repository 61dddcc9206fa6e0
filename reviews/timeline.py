"""Ledger entries of a deliverable as lines of a timeline, in Chinese words."""

import json
from collections.abc import Iterable

from ledger.labels import action_label
from ledger.models import Entry
from reviews.choices import Act

KINDS = {
    f"review.{Act.SIGN}": "signed",
    f"review.{Act.SIGN_LAST}": "signed",
    f"review.{Act.JOIN_OPINION}": "signed",
    f"review.{Act.ISSUE}": "signed",
    f"review.{Act.SUBMIT}": "signed",
    f"review.{Act.SEND_BACK}": "returned",
    f"review.{Act.RETURN_REMARKS}": "returned",
    f"review.{Act.REVISE}": "returned",
    f"review.{Act.WITHDRAW}": "returned",
    f"review.{Act.REVOKE}": "returned",
}


def timeline_entries(entries: Iterable[Entry]) -> list[dict]:
    """{time, actor, action, detail, kind} of each entry, for templates/components/timeline.html."""
    return [
        {
            "time": entry.at,
            "actor": entry.actor.name if entry.actor else entry.actor_name,
            "action": _action(entry),
            "detail": _detail(entry),
            "kind": KINDS.get(entry.action, ""),
        }
        for entry in entries
    ]


def _action(entry: Entry) -> str:
    facts = json.loads(entry.data)
    level = facts.get("level", "")
    if entry.action in (f"review.{Act.SIGN}", f"review.{Act.SIGN_LAST}"):
        return f"签署{level}"
    if entry.action in (f"review.{Act.SEND_BACK}", f"review.{Act.RETURN_REMARKS}"):
        return f"{level}{action_label(entry.action)}"
    return action_label(entry.action)


def _detail(entry: Entry) -> str:
    facts = json.loads(entry.data)
    parts = [f"第 {facts['round']} 轮 · 第 {facts['version']} 版"] if "round" in facts and "version" in facts else []
    if "name" in facts:
        parts.append(str(facts["name"]))
    if "score" in facts:
        parts.append(f"评分 {facts['score']}，{facts['grade']}")
    if isinstance(facts.get("remarks"), list):
        parts.append(f"意见 {len(facts['remarks'])} 条")
    if facts.get("answers"):
        parts.append(f"回复意见 {len(facts['answers'])} 条")
    if "remark" in facts:
        parts.append(f"意见 {facts['remark']}{'通过' if facts.get('passed') else '未通过'}")
    if "number" in facts and entry.action == f"review.{Act.ISSUE}":
        parts.append(f"编号 {facts['number']}")
    if facts.get("prompts_overridden"):
        parts.append("系统提示下声明“无”")
    if facts.get("reason"):
        parts.append(str(facts["reason"]))
    return "；".join(parts)
