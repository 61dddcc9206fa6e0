"""Are the frozen rankings, their papers and corrections what the evidence chain says? Asked by `verify_ledger`."""

import json
from collections.abc import Iterator

from ledger.models import Entry
from ledger.rules import canonical_json
from printing.papers import stored_pdf
from rankings.models import Correction, Ranking
from rankings.ranking_digests import correction_digest, points, stored_digest

LABEL = Ranking._meta.label_lower


def rankings_match() -> Iterator[str]:
    """One sentence for each frozen ranking, published paper or correction that is not what is on record, or is gone."""
    frozen, published, corrected = _told()
    rankings = {row.pk: row for row in Ranking.objects.order_by("year")}
    for pk, row in rankings.items():
        name = f"{row.year} 年度排名"
        yield from (f"{name}{words}" for words in _problems(row, frozen.get(pk), published.get(pk)))
    yield from (f"证据链所记的年度排名 {pk} 已不存在" for pk in sorted(frozen.keys() - rankings.keys()))
    yield from _correction_problems(corrected, {pk: row.digest for pk, row in rankings.items()})


def _told() -> tuple[dict, dict, dict]:
    """What the chain says: ranking id → the row of its freezing and of its publication; correction id → its row."""
    frozen, published, corrected = {}, {}, {}
    rows = Entry.objects.filter(subject_type=LABEL, action__startswith="ranking.").order_by("number")
    for pk, action, by, text in rows.values_list("subject_id", "action", "actor_id", "data"):
        data = {**json.loads(text), "by": by}
        if action == "ranking.freeze":
            frozen[pk] = data
        elif action == "ranking.publish":
            published[pk] = data
        elif action == "ranking.correct":
            corrected[data["correction"]] = {**data, "ranking": pk}
    return frozen, published, corrected


def _problems(row: Ranking, frozen: dict | None, published: dict | None) -> Iterator[str]:
    if frozen is None:
        yield "没有冻结记录"
    elif (frozen["digest"], frozen["by"]) != (row.digest, row.frozen_by_id):
        yield "的冻结记录与证据链不符"
    if stored_digest(row) != row.digest:
        yield "的冻结内容与其摘要不符（内容被改动）"
    told = (published["pdf_sha256"], published["by"], published["at"]) if published else (None, None, None)
    if told != (row.pdf_sha256, row.published_by_id, _instant(row.published_at)):
        yield "的公布记录与证据链不符"
    if row.published_at is not None and stored_pdf(row.pdf, row.pdf_sha256) is None:
        yield "的公布文件缺失，或与公布时的哈希不符"


def _instant(at) -> str | None:
    """As it stands in the chain."""
    return json.loads(canonical_json({"at": at}))["at"]


def _correction_problems(told: dict, digests: dict) -> Iterator[str]:
    seen = set()
    for made in Correction.objects.select_related("entry").order_by("pk"):
        seen.add(made.pk)
        name = f"排名更正 {made.pk}"
        if correction_digest(made, digests[made.entry.ranking_id]) != made.digest:
            yield f"{name}的内容与其摘要不符（内容被改动）"
        known = told.get(made.pk)
        now = (made.digest, made.made_by_id, made.entry_id, points(made.score))
        if known is None or now != (known["digest"], known["by"], known["entry"], known["score"]):
            yield f"{name}与证据链所记不符，或未见于证据链"
    yield from (f"证据链所记的排名更正 {pk} 已不存在" for pk in sorted(told.keys() - seen))
