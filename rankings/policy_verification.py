"""Do the published policies and the attendance records say what the ledger says? Asked by `verify_ledger`."""

import json
from collections.abc import Iterator

from ledger.models import Entry
from ledger.rules import canonical_json
from rankings.models import Attendance, Policy
from rankings.queries.policies import content_of, with_rows
from rankings.services.attendance import facts

BATCH = 500
POLICY, ATTENDANCE = Policy._meta.label_lower, Attendance._meta.label_lower


def policies_match() -> Iterator[str]:
    """One sentence for each published version that is not what was signed, or that nobody published. What the migrations wrote
    (no `published_by`) has no entry."""
    rows = Entry.objects.filter(subject_type=POLICY, action="policy.publish").order_by("number")
    told = {pk: {**json.loads(data), "by": by} for pk, by, data in rows.values_list("subject_id", "actor_id", "data")}
    for policy in with_rows(Policy.objects.filter(published_at__isnull=False).order_by("version")):
        signed = told.pop(policy.pk, None)
        if signed is None:
            if policy.published_by_id is not None or policy.version > 1:
                yield f"奖惩标准第 {policy.version} 版没有发布记录"
            # The migrations leave blank what the 制度 leaves blank.
            elif any(row.amount is not None for row in policy.amounts.all()):
                yield f"奖惩标准第 {policy.version} 版未经发布即设定了金额"
        elif (policy.version, policy.published_by_id) != (signed["version"], signed["by"]):
            yield f"奖惩标准第 {policy.version} 版的版本号或发布人与证据链不符"
        elif content_of(policy, is_loaded=True).digest != signed["content_sha256"]:
            yield f"奖惩标准第 {policy.version} 版的内容与发布时的签署不符"
    for gone in told.values():
        yield f"奖惩标准第 {gone['version']} 版有发布记录，却不在数据库中"


def attendance_matches() -> Iterator[str]:
    """One sentence for each attendance record that is not what was recorded or withdrawn, and for each that is gone."""
    last = 0
    while found := list(Attendance.objects.select_related("rule").filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = found[-1].pk
        ids = {row.pk for row in found}
        entries = Entry.objects.filter(subject_type=ATTENDANCE, subject_id__in=ids).order_by("number")
        told: dict[int, dict] = {}
        for pk, action, by, data in entries.values_list("subject_id", "action", "actor_id", "data"):
            told.setdefault(pk, {})[action] = {**json.loads(data), "by": by}
        for row in found:
            if wrong := _wrong(row, told.get(row.pk, {})):
                yield f"考勤与纪律记录（{row.happened_on}，编号 {row.pk}）{wrong}"
    known = Entry.objects.filter(subject_type=ATTENDANCE, action="attendance.record").order_by("number")
    for gone in known.exclude(subject_id__in=Attendance.objects.values("pk")).values_list("subject_label", flat=True):
        yield f"考勤与纪律记录 {gone} 有登记记录，却不在数据库中"


def _wrong(row: Attendance, told: dict[str, dict]) -> str:
    recorded, withdrawn = told.get("attendance.record"), told.get("attendance.withdraw")
    if recorded is None:
        return "没有登记记录"
    if canonical_json({**facts(row), "by": row.recorded_by_id}) != canonical_json(recorded):
        return "的内容与证据链不符"
    if (row.withdrawal, row.withdrawn_by_id) != (
        (withdrawn["reason"], withdrawn["by"]) if withdrawn else (None, None)
    ):
        return "的撤销情况与证据链不符"
    return ""
