"""Pages of the year's settlement: what blocks, the acts with the password, what one sees of oneself, Excel, paper."""

from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from rankings.choices import Cause, Party
from rankings.models import Appeal, Award, AwardNotice, Settlement
from rankings.printouts.awards import build
from rankings.queries import settlements as queries
from rankings.services import award_notices
from tests.conftest import PASSWORD
from tests.rankings import awards_kit as kits

pytestmark = pytest.mark.django_db


@pytest.fixture
def later(monkeypatch):
    def go(instant):
        monkeypatch.setattr(timezone, "now", lambda: instant)

    return go


@pytest.fixture
def ranking(cast, project, other_project):
    return kits.frozen(cast, (project, 90), (other_project, 55))


@pytest.fixture
def settlement(cast, ranking):
    kits.policy()
    return kits.proposed(cast, ranking)


def url(name: str, *args) -> str:
    return reverse(f"rankings:{name}", args=args)


def book_of(response) -> list[tuple]:
    return list(openpyxl.load_workbook(BytesIO(response.content)).active.iter_rows(values_only=True))


def test_an_unset_amount_is_named_on_the_trial_with_the_way_to_set_it(cast, ranking, log_in):
    kits.policy({key: value for key, value in kits.AMOUNTS.items() if key[0] != Cause.SERIOUS})
    page = log_in(cast.quality_office).get(url("settlement_preview", ranking.year)).content.decode()
    assert "以下 3 项未设定" in page
    assert "<li>质量检查问题严重 · 项目经理（项目负责人）</li>" in page
    assert "未设定的各项未计" in page
    assert not [words for words in ("奖励合计", "按事由", "请注意", "没有奖惩") if words in page]
    assert url("policy_list") in page
    assert "提出结算并公示" not in page


def test_a_year_that_is_not_frozen_says_so_and_cannot_be_posted(cast, log_in):
    kits.policy()
    client = log_in(cast.quality_office)
    assert "尚未冻结" in client.get(url("settlement_preview", 2025)).content.decode()
    answer = client.post(url("settlement_preview", 2025), {"seen": "x"})
    assert "尚未冻结" in answer.content.decode()
    assert not Settlement.objects.exists()


def test_what_was_seen_is_posted_and_a_changed_trial_is_shown_anew(cast, ranking, log_in):
    kits.policy()
    client, page = log_in(cast.quality_office), url("settlement_preview", ranking.year)
    seen = client.get(page).context["form"].initial["seen"]
    kits.policy({**kits.AMOUNTS, (Cause.FIRST_PLACE, Party.TEAM): "20000"})
    answer = client.post(page, {"seen": seen})
    assert "试算依据已经变化" in answer.content.decode()
    assert client.post(page, {"seen": answer.context["form"]["seen"].value()}).status_code == 302
    assert Settlement.objects.get().awards.count() == 4


def test_the_executive_reads_the_trial_and_does_not_post_it(cast, ranking, log_in):
    kits.policy()
    client = log_in(cast.executive)
    answer = client.get(url("settlement_preview", ranking.year))
    assert "提出结算并公示" not in answer.content.decode()
    assert client.post(url("settlement_preview", ranking.year), {"seen": "x" * 64}).status_code == 403


def test_the_approval_wants_the_password_and_a_second_one_is_told_who_was_faster(cast, settlement, log_in, later):
    year = settlement.ranking.year
    later(kits.after_window(settlement))
    client, page = log_in(cast.executive), url("settlement_approve", year)
    shown = client.get(page).content.decode()
    assert all(each.text in shown for each in settlement.awards.all())
    answer = client.post(page, {"turn": 0, "password": "falsch"})
    assert "密码不正确" in answer.content.decode()
    assert client.post(page, {"turn": 0, "password": PASSWORD}).status_code == 302
    late = client.post(page, {"turn": 0, "password": PASSWORD})
    assert late.status_code == 409
    assert "管理层" in late.content.decode()


def test_the_detail_costs_the_same_queries_for_few_lines_and_for_many(
    cast, ranking, project, major_project, log_in, count_queries
):
    kits.policy()
    kits.proposed(cast, ranking)
    log_in(cast.executive)
    count_queries(url("settlement", ranking.year))  # what is read once a session
    few = count_queries(url("settlement", ranking.year))
    many = kits.frozen(cast, (project, 91), (major_project, 50), year=ranking.year - 1)
    kits.proposed(cast, many)
    assert count_queries(url("settlement", many.year)) == few


def test_filters_narrow_the_lines_and_leave_the_sums(cast, settlement, log_in):
    client, page = log_in(cast.quality_office), url("settlement", settlement.ranking.year)
    answer = client.get(page, {"kind": "penalty"})
    assert [row.person for row in answer.context["page"]] == [cast.outsider]
    assert answer.context["whole"].count == 4
    assert len(client.get(page, {"unit": "造价一所"}).context["page"].object_list) == 3
    assert len(client.get(page, {"appeal": "any"}).context["page"].object_list) == 0


def test_the_workbook_for_payroll_adds_up_and_says_whether_it_is_final(cast, settlement, log_in, later):
    kits.decided(cast, kits.appealed(settlement, cast.outsider), "changed", "250.50")
    page = url("settlement_export", settlement.ranking.year)
    rows = book_of(log_in(cast.quality_office).get(page))
    assert "尚未批准" in rows[1][0]
    *lines, last = rows[3:]
    assert sum(Decimal(str(row[8])) for row in lines) == Decimal(str(last[8])) == Decimal("9749.50")
    assert sum(Decimal(str(row[6])) for row in lines) == Decimal(str(last[6])) == Decimal(9000)
    assert [row[0] for row in lines] == sorted(row[0] for row in lines)
    kits.approve(cast, settlement, later)
    assert "管理层" in book_of(log_in(cast.quality_office).get(page))[1][0]


def test_the_workbook_for_payroll_has_the_sum_of_each_person_once(cast, settlement, log_in):
    Award.objects.create(
        settlement=settlement, person=cast.outsider, kind="penalty", cause="attendance", cause_key="attendance:1",
        party="person", unit_name="造价二所", text="旷工一天", url="/", amount=Decimal("80.25"),
    )  # fmt: skip
    *lines, last = book_of(log_in(cast.quality_office).get(url("settlement_export", settlement.ranking.year)))[3:]
    mine = [row for row in lines if row[0] == cast.outsider.employee_number]
    assert [row[8] for row in mine] == [-1000, -80.25]
    assert [row[9] for row in mine] == [None, -1080.25]
    assert sum(row[9] is not None for row in lines) == len({row[0] for row in lines}) == len(lines) - 1
    assert sum(Decimal(str(row[9])) for row in lines if row[9] is not None) == Decimal(str(last[9]))


# ── One's own ───────────────────────────────────────────────────────────────
def test_a_person_sees_the_own_awards_appeals_and_reads_the_decision(cast, settlement, log_in):
    client = log_in(cast.outsider)
    page = client.get(url("awards_mine")).content.decode()
    assert "−1,000.00" in page
    assert "4,000.00" not in page
    award = kits.award_of(settlement, cast.outsider)
    assert client.post(url("award_appeal", award.pk), {"text": "<b>不服</b>"}).status_code == 302
    appeal = Appeal.objects.get()
    assert "&lt;b&gt;不服" in client.get(url("appeal", appeal.pk)).content.decode()
    assert client.post(url("award_appeal", award.pk), {"text": "再次"}).status_code == 409
    told = {"outcome": "changed", "decision": "减半", "password": PASSWORD}
    manager = log_in(cast.executive)
    assert "请填写变更后的金额" in manager.post(url("appeal_decide", appeal.pk), told).content.decode()
    assert manager.post(url("appeal_decide", appeal.pk), {**told, "amount": "500"}).status_code == 302
    assert manager.post(url("appeal_decide", appeal.pk), {**told, "amount": "400"}).status_code == 409
    assert "500.00" in log_in(cast.outsider).get(url("awards_mine")).content.decode()


def test_a_colleagues_award_appeal_and_notice_do_not_exist(cast, settlement, log_in, later, monkeypatch):
    monkeypatch.setattr(award_notices, "notice_paper", lambda notice: b"%PDF-1.7")
    award = kits.award_of(settlement, cast.outsider)
    appeal = kits.decided(cast, kits.appealed(settlement, cast.outsider), "upheld")
    kits.approve(cast, settlement, later)
    award_notices.issue_unfinished()
    notice = AwardNotice.objects.get(person=cast.outsider)
    for person, status in ((cast.verifier, 404), (cast.approver, 404), (cast.auditor, 404), (cast.outsider, 200)):
        client = log_in(person)
        assert client.get(url("appeal", appeal.pk)).status_code == status
        assert client.get(url("award_notice", notice.pk)).status_code == status
        if status == 404:
            assert client.get(url("award_appeal", award.pk)).status_code == 404
    for person in (cast.verifier, cast.chief_engineer, cast.auditor, cast.administrator):
        client = log_in(person)
        for name in ("settlement", "settlement_preview", "settlement_export"):
            assert client.get(url(name, settlement.ranking.year)).status_code == 403


def test_a_damaged_notice_is_not_served(cast, settlement, log_in, later, monkeypatch):
    monkeypatch.setattr(award_notices, "notice_paper", lambda notice: b"%PDF-1.7")
    kits.approve(cast, settlement, later)
    award_notices.issue_notices(settlement)
    notice = AwardNotice.objects.get(person=cast.outsider)
    answer = log_in(cast.outsider).get(url("award_notice", notice.pk))
    assert "no-store" in answer["Cache-Control"]
    default_storage.delete(notice.pdf)
    assert log_in(cast.outsider).get(url("award_notice", notice.pk)).status_code == 500


def test_the_first_screen_shows_ones_awards_while_an_appeal_is_in_time(cast, settlement, log_in, later):
    home = reverse("dashboards:home")
    assert "年度奖惩结算与您有关" in log_in(cast.outsider).get(home).content.decode()
    assert "年度奖惩结算与您有关" not in log_in(cast.archivist).get(home).content.decode()
    appeal = kits.appealed(settlement, cast.outsider)
    assert "年度奖惩结算与您有关" not in log_in(cast.outsider).get(home).content.decode()
    assert "局外人的申诉" in log_in(cast.executive).get(home).content.decode()
    kits.decided(cast, appeal, "upheld")
    later(kits.after_window(settlement))
    assert "待批准" in log_in(cast.executive).get(home).content.decode()


# ── Paper ───────────────────────────────────────────────────────────────────
def test_a_notice_tells_one_person_what_counts_and_is_a_real_paper(cast, settlement, log_in, later):
    kits.decided(cast, kits.appealed(settlement, cast.outsider), "changed", "400")
    kits.approve(cast, settlement, later)
    assert award_notices.issue_notices(settlement, most=1) == 1
    first = AwardNotice.objects.get()
    with default_storage.open(first.pdf) as file:
        assert file.read(5) == b"%PDF-"
    notice = AwardNotice(settlement=kits.fresh(settlement), person=cast.outsider, number="JCTZ-1")
    paper = build(notice)
    assert [line.final for line in paper.lines] == ["−400.00"]
    assert paper.lines[0].outcome == "申诉：变更金额"
    assert (paper.sum_words, paper.net, paper.promotion) == ("处罚合计", "−400.00", "")
    notice.person = cast.verifier
    assert "任项目经理" in build(notice).promotion


def test_a_reward_that_an_appeal_raised_stands_beside_what_was_posted_on_paper_and_in_the_workbook(
    cast, settlement, log_in, later
):
    kits.decided(cast, kits.appealed(settlement, cast.verifier), "changed", "12000")
    kits.approve(cast, settlement, later)
    notice = AwardNotice(
        settlement=kits.fresh(settlement), person=cast.verifier, number="JCTZ-1", issued_at=timezone.now()
    )
    (line,) = build(notice).lines
    assert (line.outcome, line.posted, line.final) == ("申诉：变更金额", "4,000.00", "+12,000.00")
    printed = render_to_string("rankings/print/award_notice.html", {"paper": build(notice)})
    assert "申诉：变更金额，公示金额 4,000.00 元" in printed
    rows = book_of(log_in(cast.quality_office).get(url("settlement_export", settlement.ranking.year)))
    assert rows[2][6:9] == ("公示金额（元）", "申诉处理", "最终金额（元）")
    (row,) = [row for row in rows[3:-1] if row[0] == cast.verifier.employee_number]
    assert row[6:9] == (4000, "变更金额", 12000)


def test_progress_shows_and_the_page_goes_on(cast, settlement, log_in, later, monkeypatch):
    monkeypatch.setattr(award_notices, "notice_paper", lambda notice: b"%PDF-1.7")
    kits.approve(cast, settlement, later)
    award_notices.issue_notices(settlement, most=1)
    client, year = log_in(cast.quality_office), settlement.ranking.year
    assert "已生成 1/4" in client.get(url("settlement", year)).content.decode()
    client.post(url("settlement_notices", year))
    assert "已生成 4/4" in client.get(url("settlement", year)).content.decode()
    assert queries.unfinished() == []


def test_promotion_notes_are_listed_and_exported(cast, settlement, log_in, later):
    kits.approve(cast, settlement, later)
    client = log_in(cast.quality_office)
    assert "全公司优良评价第一名" in client.get(url("promotion_notes")).content.decode()
    assert len(book_of(client.get(url("promotion_notes_export")))) == 2 + 3
    assert log_in(cast.verifier).get(url("promotion_notes")).status_code == 403
    assert "全公司优良评价第一名" in log_in(cast.verifier).get(url("awards_mine")).content.decode()
