"""The answer to one problem, the reply as a whole, the re-check of each answer."""

from django import forms

from inspections.forms.acting import ActForm, SignedForm, long_text
from inspections.models import Finding, Rectification
from uploads.fields import EvidenceField

RESULTS = [("pass", "通过"), ("fail", "不通过")]


class RectifyForm(ActForm):
    """整改意见, 整改情况 and new proofs. What lacks is told by the page; a draft may be saved half done."""

    plan = long_text("整改意见", rows=3, required=False, help_text="怎样整改：措施、责任人、完成时间。")
    result = long_text("整改情况", rows=3, required=False, help_text="已经做了什么，结果如何。")
    files = EvidenceField(label="整改证据")

    def __init__(self, data=None, files=None, *, finding: Finding, draft: Rectification | None = None, former=None):
        # Sent back: one goes on from what was handed in.
        source = draft or former
        first = {"turn": draft.turn if draft else 0}
        if source:
            first |= {"plan": source.plan, "result": source.result}
        super().__init__(data, files, initial=first, auto_id=f"f{finding.pk}-%s")
        self.finding = finding


class ReplyForm(SignedForm):
    """The whole reply goes out as it stands."""


class RecheckForm(SignedForm):
    """A result for each answer that was handed in, a reason for each refusal."""

    def __init__(self, *args, rows: list[Rectification], **kwargs):
        super().__init__(*args, **kwargs)
        self.rows = rows
        for row in rows:
            self.fields[f"result_{row.finding_id}"] = forms.ChoiceField(
                label=f"问题 {row.finding.number} 的复查结论", choices=RESULTS, widget=forms.RadioSelect,
                error_messages={"required": "请选择通过或不通过。"},
            )  # fmt: skip
            self.fields[f"note_{row.finding_id}"] = long_text(
                f"问题 {row.finding.number} 的复查意见", rows=2, required=False
            )

    def clean(self):
        told = super().clean()
        for row in self.rows:
            name = f"note_{row.finding_id}"
            if told.get(f"result_{row.finding_id}") == "fail" and not told.get(name, "").strip():
                self.add_error(name, "未通过的请说明原因。")
        return told

    def results(self) -> dict[int, tuple[bool, str]]:
        """Finding → (passed, note), for the service."""
        told = self.cleaned_data
        return {
            row.finding_id: (told[f"result_{row.finding_id}"] == "pass", told[f"note_{row.finding_id}"])
            for row in self.rows
        }

    def answer_rows(self) -> list[tuple]:
        """(answer, result field, note field) for the page."""
        return [(row, self[f"result_{row.finding_id}"], self[f"note_{row.finding_id}"]) for row in self.rows]
