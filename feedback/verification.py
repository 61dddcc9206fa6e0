"""Do the complaints say what the ledger says? Asked by `verify_ledger`."""

import json
from collections.abc import Iterator

from feedback.models import Complaint
from feedback.rules import content_digest
from ledger.models import Entry

LABEL = Complaint._meta.label_lower
BATCH = 500


def complaints_match() -> Iterator[str]:
    """One sentence for each complaint whose words, files, verdict or state are not what is on record, and for each that is gone."""
    last = 0
    while rows := list(Complaint.objects.filter(pk__gt=last).prefetch_related("files").order_by("pk")[:BATCH]):
        last = rows[-1].pk
        told = _told({row.pk for row in rows})
        for row in rows:
            if wrong := _difference(row, told.get(row.pk)):
                yield f"投诉举报 {row.number}：{wrong}"
    received = Entry.objects.filter(subject_type=LABEL, action="complaint.receive").order_by("number")
    gone = received.exclude(subject_id__in=Complaint.objects.values("pk"))
    for label in gone.values_list("subject_label", flat=True):
        yield f"投诉举报 {label} 有收到记录，却不在数据库中"


def _told(ids: set[int]) -> dict[int, dict]:
    found: dict[int, dict] = {}
    for entry in Entry.objects.filter(subject_type=LABEL, subject_id__in=ids).order_by("number"):
        data = json.loads(entry.data)
        known = found.setdefault(entry.subject_id, {"number": entry.subject_label})
        known |= {name: data[name] for name in ("content_sha256", "files", "state") if name in data}
        if entry.action in ("complaint.receive", "complaint.reopen"):
            known["verdict"] = ""
        elif entry.action == "complaint.investigate":
            known["verdict"] = data["verdict"]
    return found


def _difference(row: Complaint, told: dict | None) -> str:
    if told is None or "content_sha256" not in told:
        return "没有收到记录"
    now = {
        "number": row.number,
        "content_sha256": content_digest(row.subject, row.body),
        "files": [each.sha256 for each in row.files.all()],
        "state": row.state,
        "verdict": row.verdict,
    }
    words = {"number": "编号", "content_sha256": "内容", "files": "附件", "state": "状态", "verdict": "调查结论"}
    wrong = [words[name] for name, value in now.items() if told[name] != value]
    return f"{'、'.join(wrong)}与证据链不符" if wrong else ""
