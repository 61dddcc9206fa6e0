"""The pages from the final score to the closed re-check: who sees and may what, what was typed stays, who is late is told."""

import re

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from deadlines.models import Deadline
from inspections.choices import Decision, State
from inspections.models import Consequence, Evidence, Finding, Inspection, Opinion, Receipt, Rectification, Talk
from inspections.services import consequences as consequence_services
from staff.choices import Role
from tests.conftest import LONG_AGO, PASSWORD
from tests.inspections import kit
from tests.reviews.papers import text_of

pytestmark = pytest.mark.django_db
XSS = "<script>alert(1)</script>"
YEAR = timezone.localdate().year


def at(name: str, *args) -> str:
    return reverse(f"inspections:{name}", args=args)


def words_of(response) -> str:
    body = response.content.decode().split("<main", 1)[-1]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def status_of(client, url: str, **data) -> int:
    return (client.post(url, data) if data else client.get(url)).status_code


# ── 评分定稿 ─────────────────────────────────────────────────────────────────
@pytest.fixture
def scored(cast, project):
    of = kit.inspection(cast, project)
    kit.hit(of, kit.deduction(of))
    of.sections.update(is_done=True)
    return of


def finish(client, of, **more):
    page = client.get(at("finish_scoring", of.pk))
    told = {
        "turn": of.turn,
        "seen": page.context["form"]["seen"].value(),
        "conclusion": "总体符合",
        "password": PASSWORD,
    }
    return client.post(at("finish_scoring", of.pk), told | more)


def test_lead_sees_what_is_signed_and_signs_it(cast, scored, log_in):
    client = log_in(cast.quality_office)
    text = words_of(client.get(at("finish_scoring", scored.pk)))
    for part in (
        "签署：评分定稿",
        scored.number,
        "98 分，优良",
        "1 条，须整改 1 条",
        "委托与准备 8 / 10",
        "复核签署缺失",
    ):
        assert part in text
    assert finish(client, scored, is_serious="on", causes_loss="on").url == at("detail", scored.pk)
    done = kit.now(scored)
    assert (done.state, done.is_serious, done.causes_loss, done.harms_reputation) == (
        State.DISCUSSING,
        True,
        True,
        False,
    )


def test_gaps_are_listed_with_the_way_there_and_nothing_is_to_be_signed_yet(cast, project, log_in):
    of = kit.inspection(cast, project)
    item = kit.deduction(of, is_veto=True)
    kit.hit(of, item)
    Evidence.objects.all().update(removed_at=timezone.now(), removed_by=cast.quality_office)
    client = log_in(cast.quality_office)
    page = client.get(at("finish_scoring", of.pk))
    score = at("score", of.pk)
    html = page.content.decode()
    assert f'href="{score}#c{kit.criteria(of)[0].pk}"' in html
    assert f'href="{score}#d{item.pk}"' in html
    assert 'type="password"' not in html
    answer = finish(client, of)
    assert answer.status_code == 200
    assert "尚未检查完" in words_of(answer)
    assert "总体符合" in answer.content.decode()


def test_wrong_password_signs_nothing_and_keeps_what_was_typed(cast, scored, log_in):
    answer = finish(log_in(cast.quality_office), scored, conclusion="已写三百字", password="错的")
    assert (answer.status_code, kit.now(scored).state) == (200, State.SCORING)
    assert "密码不正确" in words_of(answer)
    assert "已写三百字" in answer.content.decode()


def test_score_that_changed_under_the_page_is_shown_before_it_is_signed(cast, scored, log_in):
    client = log_in(cast.quality_office)
    seen = client.get(at("finish_scoring", scored.pk)).context["form"]["seen"].value()
    scored.sections.get(criterion=kit.criteria(scored)[0]).hits.update(count=2)
    answer = finish(client, scored, seen=seen)
    assert "在您打开本页后有变动" in words_of(answer)
    assert "96 分，优良" in words_of(answer)
    # The page as it was drawn again is the one that was seen.
    assert finish(client, scored, seen=answer.context["form"]["seen"].value()).status_code == 302


def test_who_comes_late_is_told_who_was_faster(cast, scored, log_in):
    client = log_in(cast.quality_office)
    assert finish(client, scored).status_code == 302
    for answer in (client.get(at("finish_scoring", scored.pk)),
                   client.post(at("finish_scoring", scored.pk), {"turn": 0, "conclusion": ""})):  # fmt: skip
        assert answer.status_code == 409
        assert "已由（质量办）于" in words_of(answer)


# ── Who may, who sees ───────────────────────────────────────────────────────
PAGES = {  # page: (state, who may)
    "finish_scoring": ("scoring", {"quality_office"}),
    "score_again": ("discussing", {"quality_office"}),
    "talk": ("discussing", {"quality_office", "verifier", "approver"}),
    "issue": ("discussing", {"quality_office"}),
    "receive": ("issued", {"quality_office", "verifier", "approver"}),
    "reply": ("rectifying", {"verifier", "approver"}),
    "recheck": ("rechecking", {"quality_office"}),
}
SEES = {"quality_office", "verifier", "approver", "executive", "chief_engineer", "preparer"}
PARTS = [*sorted(SEES), "outsider", "administrator", "auditor", "expert1"]


def brought_to(cast, project, state: str) -> Inspection:
    of = kit.inspection(cast, project)
    if state == "scoring":
        return of
    of = kit.discussing(cast, project)
    if state == "discussing":
        return of
    of = kit.issue(cast, kit.discuss(cast, of))
    if state == "issued":
        return of
    of = kit.rectifying.receive(actor=cast.verifier, inspection=of, turn=of.turn)
    return of if state == "rectifying" else kit.reply(cast, of)


@pytest.mark.parametrize("name", PAGES)
def test_page_of_an_act_is_for_whose_act_it_is(cast, project, log_in, name):
    state, may = PAGES[name]
    of = brought_to(cast, project, state)
    sees = SEES - {"verifier", "approver", "preparer"} if state == "scoring" else SEES
    for part in PARTS:
        expected = 200 if part in may else 403 if part in sees else 404
        client = log_in(getattr(cast, part))
        assert (part, status_of(client, at(name, of.pk))) == (part, expected)
        if expected != 200:
            assert (part, status_of(client, at(name, of.pk), turn=of.turn)) == (part, expected)
    assert kit.now(of).turn == of.turn


def test_pages_to_read_are_for_who_sees_the_inspection(cast, project, log_in):
    of = kit.rectifying_one(cast, project)
    for part in PARTS:
        client = log_in(getattr(cast, part))
        for name in ("rectification", "rectification_pdf", "opinion_pdf"):
            assert (part, name, status_of(client, at(name, of.pk))) == (part, name, 200 if part in SEES else 404)


def test_anonymous_is_sent_to_the_login(cast, project, client):
    of = kit.rectifying_one(cast, project)
    for name in (*PAGES, "rectification", "opinion_pdf", "rectification_pdf"):
        assert client.get(at(name, of.pk)).url.startswith("/login/")
    assert client.get(at("consequence_list")).url.startswith("/login/")


# ── 沟通 ─────────────────────────────────────────────────────────────────────
def test_project_says_what_it_thinks(cast, project, log_in):
    of = kit.discussing(cast, project)
    client = log_in(cast.verifier)
    page = client.get(at("talk", of.pk))
    assert "代为记录" not in words_of(page)
    answer = client.post(at("talk", of.pk), {"turn": of.turn, "text": "第 2 条有出入"})
    assert answer.status_code == 200
    assert "第 2 条有出入" in answer.content.decode()
    assert (
        client.post(at("talk", of.pk), {"turn": of.turn, "text": "第 2 条有出入", "agrees": "no"}).status_code == 302
    )
    row = Talk.objects.get()
    assert (row.side, row.agrees, row.said_by) == ("project", False, cast.verifier)
    assert client.post(at("talk", of.pk), {"turn": of.turn, "text": "再说", "agrees": "no"}).status_code == 409


def test_office_cannot_choose_a_side_that_the_project_form_does_not_have(cast, project, log_in):
    of = kit.discussing(cast, project)
    log_in(cast.verifier).post(at("talk", of.pk), {"turn": of.turn, "text": "冒充", "agrees": "yes", "side": "office"})
    assert Talk.objects.get().side == "project"


def test_office_writes_down_what_the_project_said_with_a_record(cast, project, log_in):
    of = kit.discussing(cast, project)
    client, told = (
        log_in(cast.quality_office),
        {"turn": of.turn, "side": "project", "text": "电话认可", "agrees": "yes"},
    )
    assert "须上传沟通记录" in words_of(client.post(at("talk", of.pk), told))
    assert client.post(at("talk", of.pk), told | {"evidence": kit.photo("纪要.png")}).status_code == 302
    assert "检查方代为记录" in words_of(client.get(at("detail", of.pk)))


def test_scored_again_with_a_reason(cast, project, log_in):
    of = kit.discussing(cast, project)
    client = log_in(cast.quality_office)
    assert client.post(at("score_again", of.pk), {"turn": of.turn, "reason": ""}).status_code == 200
    assert client.post(at("score_again", of.pk), {"turn": of.turn, "reason": "核对有误"}).status_code == 302
    page = client.get(at("finish_scoring", of.pk))
    assert kit.now(of).conclusion in page.content.decode()


# ── 书面意见 ─────────────────────────────────────────────────────────────────
def test_issue_shows_both_sides_and_what_follows_and_issues(cast, project, log_in):
    of = kit.discussing(cast, project, veto=True, flags={"harms_reputation": True})
    client = log_in(cast.quality_office)
    page = client.get(at("issue", of.pk))
    assert "检查方尚未就本次评分登记沟通意见" in words_of(page)
    assert 'type="password"' not in page.content.decode()
    of = kit.discuss(cast, of, agrees=False)
    text = words_of(client.get(at("issue", of.pk)))
    for part in (
        "已逐条说明扣分依据",
        "有异议",
        "59 分，不合格",
        f"{YEAR + 1} 年度复查",
        "名誉损失",
        "10 日历天",
        "3 条，须整改 3 条",
    ):
        assert part in text
    assert client.post(at("issue", of.pk), {"turn": of.turn, "password": "错"}).status_code == 200
    assert not Opinion.objects.exists()
    assert client.post(at("issue", of.pk), {"turn": of.turn, "password": PASSWORD}).url.endswith("#opinion")
    assert kit.now(of).state == State.ISSUED
    assert client.post(at("issue", of.pk), {"turn": of.turn, "password": PASSWORD}).status_code == 409


def test_draft_of_the_opinion_is_for_who_issues_it(cast, project, log_in):
    of = kit.discussing(cast, project)
    draft = log_in(cast.quality_office).get(at("opinion_pdf", of.pk) + "?inline=1")
    assert "草稿" in text_of(draft.content)
    assert draft["Content-Disposition"].startswith("inline")
    assert status_of(log_in(cast.verifier), at("opinion_pdf", of.pk)) == 403
    other = kit.inspection(cast, project)
    assert status_of(log_in(cast.quality_office), at("opinion_pdf", other.pk)) == 404


def test_opinion_is_served_as_it_was_issued_or_not_at_all(cast, project, log_in):
    of = kit.concluded(cast, project)
    client, url = log_in(cast.verifier), at("opinion_pdf", of.pk)
    with default_storage.open(of.opinion.pdf) as file:
        content = file.read()
    answer = client.get(url)
    assert (answer.content, answer["Content-Type"]) == (content, "application/pdf")
    assert answer["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer["Cache-Control"]
    assert client.get(url + "?inline=1")["Content-Disposition"].startswith("inline")
    with open(default_storage.path(of.opinion.pdf), "ab") as file:
        file.write(b" ")
    answer = client.get(url)
    assert answer.status_code == 500
    assert "书面意见不能提供" in answer.content.decode()
    default_storage.delete(of.opinion.pdf)
    assert status_of(client, url) == 500


# ── 确认收到 ─────────────────────────────────────────────────────────────────
def test_project_confirms_with_one_button(cast, project, log_in):
    of = kit.concluded(cast, project)
    client = log_in(cast.verifier)
    text = words_of(client.get(at("receive", of.pk)))
    assert "确认后，系统以现在的时间为收到时间" in text
    assert "10 日历天内" in text
    assert client.post(at("receive", of.pk), {"turn": of.turn}).url.endswith("#rectification")
    assert Receipt.objects.get().confirmed_by == cast.verifier
    late = log_in(cast.approver).post(at("receive", of.pk), {"turn": of.turn})
    assert late.status_code == 409
    assert "已由（复核人）于" in words_of(late)
    assert (Receipt.objects.count(), Deadline.objects.count()) == (1, 1)


def test_office_registers_the_delivery(cast, project, log_in):
    of = kit.concluded(cast, project)
    client, url = log_in(cast.quality_office), at("receive", of.pk)
    at_ = timezone.localtime(of.opinion.issued_at)
    told = {"turn": of.turn, "received_at": f"{at_:%Y-%m-%dT%H:%M}", "note": "项目经理签收", "evidence": kit.photo()}
    for name, words in (("received_at", "送达时间"), ("note", "送达方式"), ("evidence", "送达证据")):
        answer = client.post(url, {key: value for key, value in told.items() if key != name})
        assert answer.status_code == 200
        assert set(answer.context["form"].errors) == {name}
        assert words in words_of(answer)
    answer = client.post(url, told | {"received_at": "2020-01-01T10:00", "evidence": kit.photo()})
    assert "送达时间不能早于书面意见签发时间" in words_of(answer)
    assert client.post(url, told | {"evidence": kit.photo()}).status_code == 302
    assert "项目经理签收" in words_of(client.get(at("detail", of.pk)))


# ── 整改 ─────────────────────────────────────────────────────────────────────
def test_each_answer_is_saved_by_itself(cast, project, log_in):
    of = kit.rectifying_one(cast, project)
    one = of.findings.first()
    client = log_in(cast.preparer)
    page = client.get(at("rectification", of.pk))
    assert "0/2 已填写" in words_of(page)
    assert "提交整改回复" not in words_of(page)  # a cost engineer fills in, the project manager submits
    told = {"turn": 0, "plan": "补签", "result": "已补签", "files": [kit.photo(shade=1), kit.photo(shade=2)]}
    answer = client.post(at("rectify", of.pk, one.pk), told)
    assert answer.url == f"{at('rectification', of.pk)}#f{one.pk}"
    page = client.get(at("rectification", of.pk))
    assert "1/2 已填写" in words_of(page)
    assert "还缺整改意见、整改情况、整改证据" in words_of(page)
    assert Rectification.objects.get().evidence.count() == 2
    assert "提交整改回复" in words_of(log_in(cast.verifier).get(at("rectification", of.pk)))


def test_refused_file_keeps_the_words_and_names_the_file(cast, project, log_in):
    of = kit.rectifying_one(cast, project)
    one = of.findings.first()
    bad = kit.photo("脚本.svg")
    answer = log_in(cast.preparer).post(
        at("rectify", of.pk, one.pk), {"turn": 0, "plan": "写了很久", "result": "也写了", "files": [bad]}
    )
    assert answer.status_code == 200
    assert "写了很久" in answer.content.decode()
    assert "不能上传" in words_of(answer)
    assert not Rectification.objects.exists()


def test_conflict_shows_what_is_stored_and_keeps_what_was_typed(cast, project, log_in):
    of = kit.rectifying_one(cast, project)
    one = of.findings.first()
    url = at("rectify", of.pk, one.pk)
    log_in(cast.checker).post(url, {"turn": 0, "plan": "校核人写的", "result": "甲"})
    client = log_in(cast.preparer)
    answer = client.post(url, {"turn": 0, "plan": "编制人写的", "result": "乙"})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "已由（校核人）于" in words_of(answer)
    assert "校核人写的" in text
    assert "编制人写的" in text
    assert Rectification.objects.get().plan == "校核人写的"
    form = answer.context["bound"]
    assert client.post(url, {"turn": form["turn"].value(), "plan": "编制人写的", "result": "乙"}).status_code == 302
    assert Rectification.objects.get().plan == "编制人写的"


def test_draft_is_its_writers(cast, project, log_in):
    of = kit.rectifying_one(cast, project)
    kit.fill(cast, of)
    for part in ("quality_office", "executive"):
        client = log_in(getattr(cast, part))
        for page in (client.get(at("rectification", of.pk)), client.get(at("detail", of.pk))):
            assert "补签问题 1" not in words_of(page)
            assert "已填写" not in words_of(page)
            assert 'name="plan"' not in page.content.decode()
    assert "补签问题 1" in log_in(cast.preparer).get(at("rectification", of.pk)).content.decode()


def test_who_may_not_answer_saves_nothing(cast, project, log_in):
    of = kit.rectifying_one(cast, project)
    one = of.findings.first()
    for part, expected in (("quality_office", 403), ("executive", 403), ("outsider", 404), ("administrator", 404)):
        client = log_in(getattr(cast, part))
        assert status_of(client, at("rectify", of.pk, one.pk), turn=0, plan="x") == expected
    other = kit.rectifying_one(cast, project)
    client = log_in(cast.preparer)
    assert status_of(client, at("rectify", other.pk, one.pk), turn=0, plan="x") == 404
    assert client.get(at("rectify", of.pk, one.pk)).status_code == 405
    kit.reply(cast, of)
    assert status_of(client, at("rectify", of.pk, one.pk), turn=1, plan="x") == 409


def test_proof_is_taken_back_until_the_reply_is_out(cast, project, log_in):
    of = kit.rectifying_one(cast, project)
    kit.fill(cast, of)
    one, two = Evidence.objects.filter(rectification__isnull=False).order_by("pk")
    found = Evidence.objects.filter(rectification__isnull=True).first()
    assert status_of(log_in(cast.quality_office), at("proof_remove", of.pk, one.pk), x=1) == 403
    assert status_of(log_in(cast.outsider), at("proof_remove", of.pk, one.pk), x=1) == 404
    client = log_in(cast.preparer)
    assert status_of(client, at("proof_remove", of.pk, found.pk), x=1) == 404
    assert client.post(at("proof_remove", of.pk, one.pk)).url.endswith(f"#f{one.finding_id}")
    assert "1/2 已填写" in words_of(client.get(at("rectification", of.pk)))
    kit.reply(cast, of, shade=120)
    assert status_of(client, at("proof_remove", of.pk, two.pk), x=1) == 409


def test_reply_lists_what_is_sent_and_sends_it(cast, project, log_in):
    of = kit.rectifying_one(cast, project)
    client, url = log_in(cast.verifier), at("reply", of.pk)
    page = client.get(url)
    assert "问题 1 缺整改意见、整改情况、整改证据" in words_of(page)
    assert 'type="password"' not in page.content.decode()
    kit.fill(cast, of)
    page = client.get(url)
    seen = page.context["form"]["seen"].value()
    assert "补签问题 2" in words_of(page)
    one = of.findings.first()
    kit.rectifying.save_rectification(actor=cast.preparer, finding=one, turn=1, plan="改过", result="改过")
    answer = client.post(url, {"turn": of.turn, "seen": seen, "password": PASSWORD})
    assert "在您打开本页后有改动" in words_of(answer)
    assert "改过" in words_of(answer)
    seen = answer.context["form"]["seen"].value()
    assert client.post(url, {"turn": of.turn, "seen": seen, "password": PASSWORD}).status_code == 302
    assert kit.now(of).state == State.RECHECKING
    assert client.get(url).status_code == 409


def test_recheck_asks_for_each_result_and_closes(cast, project, log_in):
    of = kit.reply(cast, kit.rectifying_one(cast, project))
    one, two = of.findings.all()
    client, url = log_in(cast.quality_office), at("recheck", of.pk)
    text = words_of(client.get(url))
    for part in ("补签问题 1", "问题 2 已补齐", "整改.png", "补齐后回复"):
        assert part in text
    told = {"turn": of.turn, "password": PASSWORD, f"result_{one.pk}": "pass", f"note_{one.pk}": "已核对原件"}
    answer = client.post(url, told)
    assert "请选择通过或不通过" in words_of(answer)
    assert "已核对原件" in answer.content.decode()
    answer = client.post(url, told | {f"result_{two.pk}": "fail"})
    assert "未通过的请说明原因" in words_of(answer)
    assert kit.now(of).state == State.RECHECKING
    assert client.post(url, told | {f"result_{two.pk}": "pass"}).status_code == 302
    assert kit.now(of).state == State.CLOSED
    assert client.get(url).status_code == 409


def test_recheck_that_fails_goes_back_and_the_page_says_why(cast, project, log_in):
    of = kit.reply(cast, kit.rectifying_one(cast, project))
    one, two = of.findings.all()
    told = {"turn": of.turn, "password": PASSWORD, f"result_{one.pk}": "pass", f"result_{two.pk}": "fail",
            f"note_{two.pk}": "签署日期不符"}  # fmt: skip
    assert log_in(cast.quality_office).post(at("recheck", of.pk), told).status_code == 302
    client = log_in(cast.verifier)
    text = words_of(client.get(at("rectification", of.pk)))
    assert "签署日期不符" in text
    assert "0/1 已填写" in text
    # One goes on from what was handed in.
    assert client.get(at("rectification", of.pk)).content.decode().count("补签问题 2") == 2


# ── 后续事项 ─────────────────────────────────────────────────────────────────
def test_consequences_are_listed_undecided_first_with_the_way_to_the_next_inspection(cast, project, log_in):
    of = kit.concluded(cast, project, veto=True, flags={"causes_loss": True})
    again, upward = of.consequences.order_by("kind").reverse()
    client = log_in(cast.quality_office)
    page = client.get(at("consequence_list"))
    text = words_of(page)
    assert f"{YEAR + 1} 年度复查" in text
    link = f"{at('inspection_open')}?reinspection={of.pk}"
    assert link not in page.content.decode()  # whoever may decide about it does so first
    assert at("consequence_decide", again.pk) in page.content.decode()
    assert at("consequence_decide", upward.pk) not in page.content.decode()  # the executives dispose of it
    consequence_services.decide(actor=cast.executive, consequence=again, decision=Decision.CONFIRMED)
    assert link in log_in(cast.quality_office).get(at("consequence_list")).content.decode()
    rows = log_in(cast.executive).get(at("consequence_list")).context["page"].object_list
    assert [row.pk for row in rows] == [upward.pk, again.pk]
    for query, found in (("?kind=escalation", [upward.pk]), ("?decision=confirmed", [again.pk]), ("?decision=none", [upward.pk]),
                         (f"?year={YEAR}", [upward.pk, again.pk]), ("?year=1999", [upward.pk, again.pk])):  # fmt: skip
        rows = log_in(cast.quality_office).get(at("consequence_list") + query).context["page"].object_list
        assert [row.pk for row in rows] == found
    opened = kit.inspection(cast, project, reinspection_of=of)
    page = log_in(cast.quality_office).get(at("consequence_list"))
    assert opened.number in words_of(page)
    assert link not in page.content.decode()


def test_consequences_are_for_who_reads_inspections(cast, project, log_in):
    of = kit.concluded(cast, project, veto=True, flags={"causes_loss": True})
    upward, again = of.consequences.get(kind="escalation"), of.consequences.get(kind="reinspection")
    for part in ("verifier", "approver", "outsider", "administrator"):
        assert status_of(log_in(getattr(cast, part)), at("consequence_list")) == 403
    expected = {"verifier": (404, 403), "approver": (404, 403), "outsider": (404, 404), "chief_engineer": (403, 403),
                "quality_office": (403, 200), "executive": (200, 200), "administrator": (404, 404)}  # fmt: skip
    for part, status in expected.items():
        client = log_in(getattr(cast, part))
        urls = (at("consequence_decide", upward.pk), at("consequence_decide", again.pk))
        assert (part, tuple(status_of(client, url) for url in urls)) == (part, status)
    text = words_of(log_in(cast.verifier).get(at("detail", of.pk)))
    assert f"{YEAR + 1} 年度复查" in text
    for word in ("上报", "经济损失"):
        assert word not in text


def test_executive_of_the_team_does_not_see_what_is_reported_upward_about_it(cast, project, log_in):
    of = kit.concluded(cast, project, veto=True, flags={"causes_loss": True})
    project.assignments.create(user=cast.executive, role=Role.EXPERT, starts_on=LONG_AGO)
    client = log_in(cast.executive)
    assert [row.kind for row in client.get(at("consequence_list")).context["page"].object_list] == ["reinspection"]
    assert status_of(client, at("consequence_decide", of.consequences.get(kind="escalation").pk)) == 404
    assert status_of(client, at("consequence_decide", of.consequences.get(kind="reinspection").pk)) == 403
    assert "处理</a>" not in client.get(at("consequence_list")).content.decode()


def test_decision_is_taken_once_with_its_words(cast, project, log_in):
    of = kit.concluded(cast, project, veto=True, flags={"causes_loss": True})
    upward = of.consequences.get(kind="escalation")
    client, url = log_in(cast.executive), at("consequence_decide", upward.pk)
    assert client.post(url, {"decision": "confirmed", "note": ""}).status_code == 200
    assert client.post(url, {"decision": "nonsense", "note": "x"}).status_code == 200
    assert client.post(url, {"decision": "confirmed", "note": "已上报并停职"}).url.endswith("#consequences")
    late = client.post(url, {"decision": "dismissed", "note": "不必"})
    assert late.status_code == 409
    assert "已由（管理层）于" in words_of(late)
    assert Consequence.objects.get(pk=upward.pk).note == "已上报并停职"
    again = at("consequence_decide", of.consequences.get(kind="reinspection").pk)
    answer = client.post(again, {"decision": "dismissed", "note": ""})
    assert "请填写处置意见" in words_of(answer)


# ── The parts of the inspection's page ──────────────────────────────────────
def test_parts_tell_talks_opinion_receipt_and_who_extends(cast, project, log_in):
    of = kit.discussing(cast, project)
    client = log_in(cast.verifier)
    assert "检查方、被检方尚未说明意见" in words_of(client.get(at("detail", of.pk)))
    of = kit.issue(cast, kit.discuss(cast, of, agrees=False))
    text = words_of(client.get(at("detail", of.pk)))
    for part in ("有异议", of.opinion.number, "待确认收到", "确认收到后填写"):
        assert part in text
    of = kit.rectifying.receive(actor=cast.verifier, inspection=of, turn=of.turn)
    page = client.get(at("detail", of.pk))
    assert "申请延期 ，由审核人审批。" in words_of(page)
    assert f"/deadlines/{Deadline.objects.get().pk}/" in page.content.decode()
    assert "0/2 已填写" in words_of(page)
    assert "已填写" not in words_of(log_in(cast.quality_office).get(at("detail", of.pk)))


def test_pages_cost_the_same_for_one_problem_and_for_many(cast, project, log_in, count_queries):
    def grow(findings: int) -> dict[str, Inspection]:
        states = {}
        of = kit.discuss(
            cast, kit.discussing(cast, project, findings=findings, veto=True, flags={"causes_loss": True})
        )
        states["discussing"] = of
        of = kit.rectifying_one(cast, project, findings=findings)
        kit.fill(cast, of)
        states["rectifying"] = of
        of = kit.recheck(cast, kit.reply(cast, kit.rectifying_one(cast, project, findings=findings)), failed=[1])
        states["rechecking"] = kit.reply(cast, of, shade=150)
        return states

    asked = [("quality_office", "issue", "discussing"), ("quality_office", "talk", "discussing"),
             ("verifier", "rectification", "rectifying"), ("verifier", "reply", "rectifying"),
             ("verifier", "detail", "rectifying"), ("quality_office", "recheck", "rechecking"),
             ("quality_office", "rectification", "rechecking"), ("quality_office", "detail", "rechecking")]  # fmt: skip

    def costs(states) -> list[tuple]:
        found = []
        for part, name, state in asked:
            log_in(getattr(cast, part)).get(at(name, states[state].pk))
            found.append((part, name, count_queries(at(name, states[state].pk))))
        return found

    assert costs(grow(1)) == costs(grow(7))


def test_list_of_consequences_costs_the_same_for_one_and_for_many(cast, project, log_in, count_queries):
    kit.concluded(cast, project, veto=True, flags={"causes_loss": True})
    log_in(cast.executive).get(at("consequence_list"))
    first = count_queries(at("consequence_list"))
    for _ in range(3):
        kit.concluded(cast, project, veto=True, flags={"causes_loss": True})
    assert count_queries(at("consequence_list")) == first


def test_hostile_words_are_words_on_every_page(cast, project, log_in):
    of = kit.inspection(cast, project)
    kit.hit(of, kit.deduction(of), problem=XSS, requirement=XSS, place=XSS)
    of.sections.update(is_done=True)
    pages = [log_in(cast.quality_office).get(at("finish_scoring", of.pk))]
    of = kit.finish(of, conclusion=XSS, is_serious=True, causes_loss=True)
    client = log_in(cast.verifier)
    client.post(at("talk", of.pk), {"turn": of.turn, "text": XSS, "agrees": "no"})
    pages.append(client.get(at("talk", of.pk)))
    client = log_in(cast.quality_office)
    client.post(at("talk", of.pk), {"turn": of.turn + 1, "side": "office", "text": XSS})
    pages += [client.get(at(name, of.pk)) for name in ("issue", "score_again", "detail")]
    of = kit.issue(cast, kit.now(of))
    client.post(at("receive", of.pk), {"turn": of.turn, "received_at": f"{timezone.localtime():%Y-%m-%dT%H:%M}", "note": XSS,
                                       "evidence": kit.photo(f"{XSS}.png")})  # fmt: skip
    client = log_in(cast.verifier)
    one = Finding.objects.get()
    client.post(
        at("rectify", of.pk, one.pk),
        {"turn": 0, "plan": XSS, "result": XSS, "files": [kit.photo("'><b>.png", shade=9)]},
    )
    pages += [client.get(at(name, of.pk)) for name in ("rectification", "reply", "detail")]
    of = kit.reply(cast, kit.now(of), shade=160)
    client = log_in(cast.quality_office)
    pages.append(client.get(at("recheck", of.pk)))
    told = {"turn": of.turn, "password": PASSWORD, f"result_{one.pk}": "fail", f"note_{one.pk}": XSS}
    assert client.post(at("recheck", of.pk), told).status_code == 302
    client = log_in(cast.executive)
    for row in Consequence.objects.all():
        pages.append(client.get(at("consequence_decide", row.pk)))
        client.post(at("consequence_decide", row.pk), {"decision": "confirmed", "note": XSS})
    pages += [client.get(url) for url in (at("consequence_list"), at("detail", of.pk), at("rectification", of.pk))]
    for page in pages:
        assert page.status_code == 200
        assert XSS not in page.content.decode()
    assert sum("&lt;script&gt;" in page.content.decode() for page in pages) >= len(pages) - 2
