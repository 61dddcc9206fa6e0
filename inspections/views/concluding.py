"""The score becomes final, both sides speak, the written opinion goes out: one page for each act."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from inspections import chain, printouts, rules
from inspections.choices import Act, ConsequenceKind
from inspections.forms import concluding as forms
from inspections.models import Inspection, Opinion
from inspections.queries import concluding as queries
from inspections.queries import score_sheets
from inspections.queries.rectifying import reply_limit
from inspections.services import concluding as services
from inspections.views.acting import back_to, begin, page, show_seen, signed
from inspections.views.loading import load, tells_lost_race
from printing.papers import stored_pdf
from scoring.content import figure
from staff import permissions
from staff.choices import Action
from staff.lists import accepted

PAGE = require_http_methods(["GET", "HEAD", "POST"])


# ── 评分定稿 ─────────────────────────────────────────────────────────────────
@PAGE
@never_cache
@tells_lost_race
def finish_scoring(request, pk):
    """The lead signs the score as it stands, with the conclusion. What is missing is listed, with the way there."""
    inspection = begin(request, pk, Act.FINISH_SCORING)
    first = {"turn": inspection.turn, "conclusion": inspection.conclusion}
    first |= {name: getattr(inspection, name) for name in services.FLAGS}
    form = forms.FinishForm(request.POST or None, initial=first)

    def act(confirmation):
        told = form.cleaned_data
        services.finish_scoring(
            actor=request.user, inspection=inspection, turn=told["turn"], conclusion=told["conclusion"],
            flags=form.flags(), seen=told["seen"], confirmation=confirmation,
        )  # fmt: skip

    if request.method == "POST" and signed(request, form, act):
        messages.success(request, "评分已定稿，等待双方沟通确认。")
        return back_to(inspection)
    return _finish_page(request, inspection, form)


def _finish_page(request, inspection: Inspection, form):
    sections = score_sheets.sections_of(inspection)
    findings = list(score_sheets.findings_of(inspection))
    standing = score_sheets.standing(inspection, sections)
    seen = queries.seen_of(sections, findings)
    show_seen(form, seen)
    to_rectify = sum(1 for row in findings if row.needs_rectification)
    facts = [
        ("检查编号", inspection.number),
        ("评分标准", inspection.standard),
        (
            "得分与等级",
            f"{figure(standing.total)} 分，{standing.grade}" + ("（一票否决）" if standing.is_vetoed else ""),
        ),
        ("检查问题", f"{len(findings)} 条，须整改 {to_rectify} 条"),
        ("内容摘要", seen[:12]),
    ]
    return page(
        request, "finish_form", inspection, form=form, standing=standing, findings=findings,
        scores=[(section.criterion, standing.scores[section.criterion_id]) for section in sections],
        gaps=score_sheets.gap_rows(inspection, sections), to_rectify=to_rectify, facts=facts,
    )  # fmt: skip


@PAGE
@tells_lost_race
def score_again(request, pk):
    """退回重新评分, with the reason."""
    inspection = begin(request, pk, Act.SCORE_AGAIN)
    form = forms.ScoreAgainForm(request.POST or None, initial={"turn": inspection.turn})
    if request.method == "POST" and accepted(
        form, lambda: services.score_again(actor=request.user, inspection=inspection, **form.cleaned_data)
    ):
        messages.success(request, "已退回重新评分。")
        return back_to(inspection)
    return page(request, "score_again_form", inspection, form=form, talks=queries.talks_of(inspection))


# ── 沟通 ─────────────────────────────────────────────────────────────────────
@PAGE
@tells_lost_race
def talk(request, pk):
    """What either side says about the result."""
    inspection = begin(request, pk, Act.TALK)
    speaks_for_project = permissions.allows(Action.ANSWER_INSPECTION, chain.roles_for(request.user, inspection))
    if not speaks_for_project:
        chain.require_inspector(inspection, request.user)
    kind = forms.TalkForm if speaks_for_project else forms.OfficeTalkForm
    form = kind(request.POST or None, request.FILES or None, initial={"turn": inspection.turn})

    def act():
        services.talk(actor=request.user, inspection=inspection, turn=form.cleaned_data["turn"], **form.told())

    if request.method == "POST" and accepted(form, act):
        messages.success(request, "沟通意见已登记。")
        return back_to(inspection, "#talks")
    return page(request, "talk_form", inspection, form=form, talks=queries.talks_of(inspection),
                findings=score_sheets.findings_of(inspection), speaks_for_project=speaks_for_project)  # fmt: skip


# ── 出具书面意见 ──────────────────────────────────────────────────────────────
@PAGE
@tells_lost_race
def issue(request, pk):
    """What will be issued, what was said about it, what follows from it; signed."""
    inspection = begin(request, pk, Act.ISSUE)
    form = forms.SignedForm(request.POST or None, initial={"turn": inspection.turn})
    made = []

    def act(confirmation):
        made.append(services.issue_opinion(actor=request.user, inspection=inspection, turn=form.cleaned_data["turn"],
                                           confirmation=confirmation))  # fmt: skip

    if request.method == "POST" and signed(request, form, act):
        messages.success(request, f"书面意见已出具：{made[0].number}，等待被检方确认收到。")
        return back_to(inspection, "#opinion")
    return _issue_page(request, inspection, form)


def _issue_page(request, inspection: Inspection, form):
    findings, sheet = list(score_sheets.findings_of(inspection)), inspection.score_sheet
    to_rectify = sum(1 for row in findings if row.needs_rectification)
    facts = [
        ("检查编号", inspection.number),
        ("被检项目" if inspection.project_id else "被检单位", inspection.subject_words),
        ("检查结论", f"{figure(sheet.total)} 分，{sheet.grade}" + ("，问题严重" if inspection.is_serious else "")),
        ("检查问题", f"{len(findings)} 条，须整改 {to_rectify} 条"),
        ("评分摘要", services.sha256(sheet.snapshot)[:12]),
    ]
    return page(
        request, "issue_form", inspection, form=form, talks=queries.talks_of(inspection), findings=findings, facts=facts,
        gaps=services.talk_gaps(inspection), to_rectify=to_rectify, follows=_follows(inspection), limit=reply_limit(),
        sheet=sheet,
    )  # fmt: skip


def _follows(inspection: Inspection) -> list[tuple[str, str]]:
    """What the system will propose once the opinion is out: (what, why)."""
    flags = (inspection.touches_ethics, inspection.causes_loss, inspection.harms_reputation)
    again = rules.reinspection_reason(inspection.score_sheet.grade, inspection.is_serious)
    upward = rules.escalation_reason(*flags)
    found = [(f"{inspection.year + 1} 年度复查", again)] if again else []
    return found + ([(ConsequenceKind.ESCALATION.label, upward)] if upward else [])


# ── The paper ───────────────────────────────────────────────────────────────
@require_safe
@never_cache
def opinion_pdf(request, pk):
    """The written opinion as it was issued, or the page that says that it is not what it was. Before it is issued a draft,
    for whoever may issue it."""
    inspection = load(request, pk)
    opinion = queries.opinion_of(inspection)
    if opinion is None:
        return pdf_response(request, _draft(request, inspection), f"质量检查书面意见（草稿） {inspection.number}")
    stored = stored_pdf(opinion.pdf, opinion.pdf_sha256)
    if stored is None:
        return page(request, "print_damaged", inspection, status=500, opinion=opinion)
    return pdf_response(request, stored, f"质量检查书面意见 {opinion.number}")


def _draft(request, inspection: Inspection) -> bytes:
    if (inspection.state, Act.ISSUE) not in chain.TABLE:
        raise Http404("书面意见尚未出具。")
    chain.require_place(inspection, Act.ISSUE, request.user)
    now = timezone.now()
    opinion = Opinion(inspection=inspection, number="（未签发）", issued_by=request.user, issued_at=now)
    return printouts.opinion_paper(inspection, opinion, draft=True)


def pdf_response(request, content: bytes, name: str) -> HttpResponse:
    """A PDF as a download; with ?inline=1 in the browser."""
    response = HttpResponse(content, content_type="application/pdf")
    is_attachment = request.GET.get("inline") != "1"
    response["Content-Disposition"] = content_disposition_header(is_attachment, f"{name}.pdf")
    return response
