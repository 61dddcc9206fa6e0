"""Is this paper the one that was issued? What the public verification page and `verify_ledger` ask of the record.

A hash is called 一致 only after the stored bytes were read and hashed again: the row alone is not believed."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.files.storage import Storage, default_storage

from ledger.models import Entry
from projects.services import manifest
from reviews.models import Issue, Round, Signature
from reviews.queries import signatures_of
from reviews.seals import seal_rounds
from reviews.services.signing import signature_digest
from uploads import stored_sha256

SHA256 = re.compile(r"[0-9a-f]{64}")
CODE = re.compile(r"[0-9A-Za-z]{1,24}")
BATCH = 500


# ── One issue, for the public page ──────────────────────────────────────────
@dataclass(frozen=True)
class Finding:
    """The answer for one hash: `kind` is match, mismatch or damaged; `document` says which one it is, by kind only."""

    kind: str
    document: str
    sha256: str


@dataclass(frozen=True)
class Stored:
    """A file by its path in a storage."""

    name: str
    storage: Storage = default_storage


def cleaned_sha256(text: str) -> str | None:
    """A SHA-256 as people type or paste it (spaces, capitals, line breaks) in its plain form; None for anything else."""
    digest = re.sub(r"[\s:\-]", "", text).lower()
    return digest if SHA256.fullmatch(digest) else None


def issue_by_code(code: str) -> Issue | None:
    """The issue with this verification code; anything that cannot be a code is not even looked for."""
    if not CODE.fullmatch(code):
        return None
    found = Issue.objects.select_related("round__version", "round__deliverable__preparer")
    return found.filter(verification_code=code).first()


def documents_of(issue: Issue) -> Iterator[tuple[str, str, object]]:
    """(what it is, recorded SHA-256, stored file) of every document of an issue. File names are content: not told."""
    yield "质量控制流程单", issue.flow_sheet_sha256, Stored(issue.flow_sheet)
    yield "校审记录单", issue.review_record_sha256, Stored(issue.review_record)
    for count, attachment in enumerate(issue.round.version.attachments.order_by("name"), start=1):
        yield f"成果文件第 {count} 个", attachment.sha256, attachment.file


def find(issue: Issue, sha256: str) -> Finding:
    """Which document of the issue has this hash, if any."""
    for document, recorded, file in documents_of(issue):
        if recorded == sha256:
            kind = "match" if stored_sha256(file) == recorded else "damaged"
            return Finding(kind, document, sha256)
    return Finding("mismatch", "", sha256)


def public_seals(round: Round) -> list[dict]:
    """The round's seals without what is nobody else's business: notes and certificates."""
    rows = [row for row in seal_rounds(round.deliverable) if row["number"] == round.number]
    return [{**row, "seals": [{**seal, "note": "", "certificate": ""} for seal in row["seals"]]} for row in rows]


def signatures_intact(round: Round) -> bool:
    """Whether every signature of the round still has the content that its digest was made from."""
    rows = signatures_of(round).prefetch_related("answers", "statements")
    return all(_computed_digest(signature) == signature.digest for signature in rows)


def _computed_digest(signature: Signature) -> str:
    return signature_digest(signature, signature.answers.all(), signature.statements.all())


# ── The whole record, for verify_ledger ─────────────────────────────────────
def evidence_problems() -> Iterator[str]:
    """One sentence for each signature or issue that no longer says what the evidence chain recorded."""
    signed, revoked, issued = _recorded()
    yield from _signature_problems(signed, revoked)
    yield from _issue_problems(issued)


def _recorded() -> tuple[dict, set, dict]:
    """What the chain says: signature id → (digest, actor, deliverable), revoked ids, issue number → (hashes, actor)."""
    signed, revoked, issued = {}, set(), {}
    rows = Entry.objects.filter(action__startswith="review.").order_by("number")
    for actor, subject, data in rows.values_list("actor_id", "subject_id", "data").iterator(chunk_size=BATCH):
        if '"digest"' not in data:
            continue
        facts = json.loads(data)
        if "revoked" in facts:
            revoked.add(facts["revoked"])
        elif "signature" in facts:
            signed[facts["signature"]] = (facts["digest"], actor, subject)
        if "flow_sheet_sha256" in facts:
            issued[facts["number"]] = (facts["flow_sheet_sha256"], facts["review_record_sha256"], actor, subject)
    return signed, revoked, issued


def _signature_problems(signed: dict, revoked: set) -> Iterator[str]:
    rows = Signature.objects.select_related("level", "signer", "score_sheet", "round").prefetch_related(
        "answers", "statements"
    )
    seen = set()
    for signature in rows.order_by("pk").iterator(chunk_size=BATCH):
        seen.add(signature.pk)
        name = f"签署 {signature.pk}（{signature}）"
        if _computed_digest(signature) != signature.digest:
            yield f"{name}的内容与其摘要不符（内容被改动）"
        if signed.get(signature.pk) != (signature.digest, signature.signer_id, signature.round.deliverable_id):
            yield f"{name}与证据链所记不符，或未见于证据链"
        if (signature.revoked_at is not None) != (signature.pk in revoked):
            yield f"{name}的撤回状态与证据链不符"
    for missing in sorted(signed.keys() - seen):
        yield f"证据链所记的签署 {missing} 已不存在"


def _issue_problems(issued: dict) -> Iterator[str]:
    seen = set()
    for issue in Issue.objects.select_related("round__version").order_by("pk").iterator(chunk_size=BATCH):
        seen.add(issue.number)
        name = f"签发 {issue.number}"
        recorded = (
            issue.flow_sheet_sha256,
            issue.review_record_sha256,
            issue.issued_by_id,
            issue.round.deliverable_id,
        )
        if issued.get(issue.number) != recorded:
            yield f"{name}与证据链所记不符，或未见于证据链"
        for document, sha256, file in (
            ("质量控制流程单", issue.flow_sheet_sha256, Stored(issue.flow_sheet)),
            ("校审记录单", issue.review_record_sha256, Stored(issue.review_record)),
        ):
            if stored_sha256(file) != sha256:
                yield f"{name}的{document}缺失，或与签发时的哈希不符"
        if manifest(issue.round.version) != issue.round.version.manifest_sha256:
            yield f"{name}的成果文件清单与封存时不符"
    for missing in sorted(issued.keys() - seen):
        yield f"证据链所记的签发 {missing} 已不存在"
