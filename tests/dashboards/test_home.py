"""The first screen of each role, and the shell around every page."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from dashboards.menu import links_for
from notices.services import notify
from projects.choices import Degree, RiskStatus
from projects.models import Assignment
from projects.services import register_risk, settle_risk
from reviews.models import Seat
from staff.choices import Role
from staff.models import Certificate
from tests.reviews import flow

HOME = reverse("dashboards:home")


def blocks(client) -> dict:
    response = client.get(HOME)
    assert response.status_code == 200
    return {block.name: block for block in response.context["blocks"]}


def titles(block) -> list[str]:
    return [row.deliverable.title for row in block.data["rows"]]


@pytest.fixture
def deliverable(cast, project):
    return flow.open_deliverable(cast, project, due_on=timezone.localdate() + timedelta(days=10))


# ── Which blocks ────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("preparer", ["preparing", "submitted"]),
        ("checker", ["signing"]),
        ("verifier", ["signing", "my_clocks", "managed_projects"]),
        ("approver", ["signing", "clocks_of_firm", "overdue"]),
        ("chief_engineer", ["signing", "units"]),
        ("executive", ["ranking_of_year", "key_figures", "clocks_of_firm", "units", "overdue", "issued"]),
        ("quality_office", ["inspecting", "clocks_of_firm", "units", "overdue", "issued"]),
        ("archivist", ["issued"]),
        ("administrator", ["machine", "health"]),
        ("auditor", ["evidence"]),
        ("expert1", []),
    ],
)
def test_first_screen_of_each_role(cast, project, log_in, part, expected):
    assert list(blocks(log_in(getattr(cast, part)))) == expected


def test_several_roles_see_several_blocks_what_waits_first(cast, project, deliverable, log_in):
    Assignment.objects.create(
        project=project, user=cast.quality_office, role=Role.PROJECT_MANAGER, starts_on=date(2024, 1, 1)
    )
    expected = [
        "signing",
        "my_clocks",
        "managed_projects",
        "inspecting",
        "clocks_of_firm",
        "units",
        "overdue",
        "issued",
    ]
    assert list(blocks(log_in(cast.quality_office))) == expected


def test_person_without_role_is_told_where_roles_come_from(cast, log_in):
    assert "还没有任职，也没有项目指派" in log_in(cast.expert1).get(HOME).content.decode()


# ── What they show ──────────────────────────────────────────────────────────
def test_preparer_sees_returned_first_then_drafts_and_who_has_the_rest(cast, project, log_in):
    draft, returned, submitted, answering = (
        flow.open_deliverable(cast, project, title=title) for title in ("草稿", "被退", "已交", "有意见")
    )
    for each in (returned, submitted, answering):
        flow.submit(each)
    flow.send_back(returned, reason="漏项")
    flow.draft_remark(answering)
    flow.return_remarks(answering)
    found = blocks(log_in(cast.preparer))
    assert titles(found["preparing"])[0] == "被退"
    assert sorted(titles(found["preparing"])) == sorted(["被退", "有意见", "草稿"])
    assert found["preparing"].data["rows"][0].reason == "漏项"
    assert {row.open_remarks for row in found["preparing"].data["rows"]} == {0, 1}
    assert titles(found["submitted"]) == ["已交"]
    assert found["submitted"].data["rows"][0].holders == "校核人"
    assert draft.title in log_in(cast.preparer).get(HOME).content.decode()


def test_checker_sees_what_changed_since_the_last_version(cast, deliverable, log_in):
    flow.submit(deliverable)
    assert blocks(log_in(cast.checker))["signing"].data["rows"][0].change is None
    flow.send_back(deliverable)
    flow.start_version(deliverable)
    flow.upload(deliverable, mark="改过")
    flow.upload(deliverable, name="计算底稿.pdf")
    version = deliverable.versions.get(number=2)
    version.submitted_amount, version.draft_amount = Decimal("1000000"), Decimal("948000")
    version.save()
    flow.submit(deliverable)
    (row,) = blocks(log_in(cast.checker))["signing"].data["rows"]
    assert row.change.files == "修改 1 个、新增 1 个文件"
    assert row.change.difference == Decimal("-12000.00")
    assert "−12,000.00" in log_in(cast.checker).get(HOME).content.decode()


def test_approver_sees_earlier_opinions_statements_and_amounts(cast, deliverable, log_in):
    flow.submit(deliverable)
    flow.sign(deliverable, opinion="校核同意", unresolved=["甲供材价差未定"], declares_no_unresolved=False)
    flow.sign(deliverable, opinion="复核同意", amount=Decimal("955000.00"))
    (row,) = blocks(log_in(cast.approver))["signing"].data["rows"]
    assert [signature.level.title for signature in row.standing] == ["自校", "校核", "复核"]
    assert [step.title for step in row.steps] == ["送审", "初稿", "校核", "复核"]
    page = log_in(cast.approver).get(HOME).content.decode()
    for text in ("校核同意", "复核同意", "未决事项：甲供材价差未定", "955,000.00", "待审核 1 件"):
        assert text in page


def test_manager_sees_light_and_who_holds_it_up(cast, project, deliverable, log_in):
    (shown,) = blocks(log_in(cast.verifier))["managed_projects"].data["projects"]
    assert (shown.light.word, shown.live, shown.issued) == ("正常", 1, 0)
    flow.submit(deliverable)
    flow.send_back(deliverable)
    (shown,) = blocks(log_in(cast.verifier))["managed_projects"].data["projects"]
    assert (shown.light.word, shown.light.reason) == ("预警", "1 件曾被退回")
    deliverable.due_on = timezone.localdate() - timedelta(days=1)
    deliverable.save()
    (shown,) = blocks(log_in(cast.verifier))["managed_projects"].data["projects"]
    assert (shown.light.word, shown.light.reason) == ("逾期", "1 件成果逾期")
    assert [row.holders for row in shown.blockers] == ["编制人"]
    assert shown.next_due_on == deliverable.due_on


def test_quality_office_counts_units_overdue_and_issued(cast, project, deliverable, log_in):
    late = flow.open_deliverable(cast, project, title="逾期件", due_on="2026-01-05")
    flow.submit(late)
    issued = flow.open_deliverable(cast, project, title="已签发件")
    flow.submit(issued)
    flow.sign_all(issued)
    flow.issue(issued)
    found = blocks(log_in(cast.quality_office))
    (row,) = found["units"].data["rows"]
    assert (row["name"], row["total"], row["preparing"], row["reviewing"], row["overdue"]) == ("造价一所", 2, 1, 1, 1)
    assert titles(found["overdue"]) == ["逾期件"]
    assert found["overdue"].data["rows"][0].holders == "校核人"
    (shown,) = found["issued"].data["rows"]
    assert shown.sheet.total == 100
    figures = blocks(log_in(cast.executive))["key_figures"].data
    assert (figures["month"], figures["year"], figures["overdue"], figures["live"]) == (1, 1, 1, 2)
    assert [(row["grade"], row["count"]) for row in figures["grades"]] == [("优良", 1), ("合格", 0), ("不合格", 0)]


def test_no_data_is_said_to_be_none(cast, project, log_in):
    assert "无数据" in log_in(cast.executive).get(HOME).content.decode()


def test_secret_projects_do_not_count_for_who_may_not_see_them(cast, project, deliverable, log_in):
    project.confidentiality = "secret"
    project.save()
    assert blocks(log_in(cast.approver))["overdue"].total == 0
    deliverable.due_on = "2026-01-05"
    deliverable.save()
    assert blocks(log_in(cast.approver))["overdue"].total == 1
    cast.approver.posts.update(role=Role.ARCHIVIST)
    assert blocks(log_in(cast.approver))["issued"].data["rows"] == []


def test_administrator_sees_what_would_stop_a_chain(cast, project, deliverable, log_in):
    Certificate.objects.filter(user=cast.checker).update(expires_on="2026-01-01")
    Certificate.objects.filter(user=cast.verifier).update(expires_on=timezone.localdate() + timedelta(days=20))
    cast.approver.is_active = False
    cast.approver.save()
    Seat.objects.filter(deliverable=deliverable, holder=cast.chief_engineer).delete()
    data = blocks(log_in(cast.administrator))["health"].data
    without, expiring, disabled, _ = data["findings"]
    assert without["people"] == [cast.checker]
    assert expiring["people"] == [cast.verifier]
    assert disabled["people"] == [cast.approver]
    assert data["vacant_seats"] == 1
    assert data["head"]["problem"] == "从未导出"


def test_auditor_sees_the_chain_and_its_exported_head(cast, deliverable, log_in):
    from ledger.services import export_head

    export_head()
    block = blocks(log_in(cast.auditor))["evidence"]
    assert block.data["head"]["is_stale"] is False
    assert block.data["entries"][0].number == block.total
    assert "立即核验" in log_in(cast.auditor).get(HOME).content.decode()


def test_home_costs_the_same_queries_with_one_row_and_with_thirty(cast, many, queries_of):
    people = [cast.preparer, cast.checker, cast.verifier, cast.quality_office, cast.executive, cast.administrator]
    many(1)
    few = [queries_of(person, HOME) for person in people]
    many(29)
    assert [queries_of(person, HOME) for person in people] == few
    # 管理层 has the year's ranking and settlement besides.
    assert max(few[:4]) <= 35
    assert few[4] <= 45
    assert few[-1] <= 38  # the administrator's: one question for each thing that may stop


def test_open_risks_wait_for_their_owner(cast, project, log_in):
    def register(description, impact):
        return register_risk(actor=cast.verifier, project=project, description=description, probability=Degree.HIGH,
                             impact=impact, owner=cast.checker)  # fmt: skip

    light, heavy = register("轻的", Degree.LOW), register("重的", Degree.HIGH)
    assert "my_risks" not in blocks(log_in(cast.preparer))
    assert blocks(log_in(cast.checker))["my_risks"].data["rows"] == [heavy, light]
    settle_risk(actor=cast.checker, risk=heavy, status=RiskStatus.REMOVED, resolution="已补图")
    assert blocks(log_in(cast.checker))["my_risks"].total == 1
    page = log_in(cast.checker).get(HOME).content.decode()
    assert reverse("projects:risk_settle", args=[project.pk, light.pk]) in page
    project.assignments.filter(user=cast.checker).delete()
    project.confidentiality = "secret"
    project.save()
    assert "my_risks" not in blocks(log_in(cast.checker))


# ── The shell ───────────────────────────────────────────────────────────────
def links(client) -> list[str]:
    return [link.title for link in client.get(HOME).context["shell"].menu]


def test_menu_links_only_to_what_one_may_open(cast, project, log_in):
    assert links(log_in(cast.preparer)) == [
        "工作台",
        "待办",
        "项目",
        "成果文件",
        "时限",
        "会议",
        "会议待办",
        "会议日历",
        "年度排名",
        "我的奖惩",
        "时限规则",
        "工作日历",
        "评分标准",
        "奖惩标准",
    ]
    assert "委托人" in links(log_in(cast.approver))
    assert links(log_in(cast.administrator)) == [
        "工作台", "工作日历", "评分标准", "人员", "单位", "未送达消息", "基础数据",
    ]  # fmt: skip
    assert links(log_in(cast.auditor)) == [
        "工作台", "项目", "成果文件", "时限", "时限规则", "工作日历", "评分标准", "证据链",
    ]  # fmt: skip
    for part in ("preparer", "approver", "administrator", "auditor", "quality_office", "executive"):
        client = log_in(getattr(cast, part))
        for link in client.get(HOME).context["shell"].menu:
            assert client.get(link.url, follow=True).status_code == 200, (part, link.url)


def test_menu_marks_the_page_one_is_on(cast, project, log_in):
    menu = log_in(cast.preparer).get(reverse("dashboards:inbox_handled")).context["shell"].menu
    assert [link.title for link in menu if link.is_active] == ["待办"]
    menu = log_in(cast.preparer).get(HOME).context["shell"].menu
    assert [link.title for link in menu if link.is_active] == ["工作台"]


def test_menu_marks_the_page_whose_acts_have_other_addresses(cast, project):
    def marked(person, path):
        return [link.title for link in links_for(person, path, 0) if link.is_active]

    assert marked(cast.preparer, "/rounds/1/sign/") == ["成果文件"]
    assert marked(cast.preparer, "/appeals/1/") == ["我的奖惩"]
    assert marked(cast.executive, "/appeals/1/") == ["奖惩结算"]
    assert marked(cast.preparer, "/projects/1/meetings/") == ["项目"]
    assert marked(cast.administrator, "/profile/") == []


def test_who_prepares_and_signs_nothing_finds_no_link_to_the_inbox(cast, log_in):
    for person, finds in ((cast.preparer, True), (cast.administrator, False), (cast.auditor, False)):
        assert (f'href="{reverse("dashboards:inbox")}"' in log_in(person).get(HOME).content.decode()) is finds


def test_shell_counts_what_waits_and_what_is_unread(cast, deliverable, log_in):
    shell = log_in(cast.preparer).get(HOME).context["shell"]
    assert (shell.todo_count, shell.unread_notices) == (1, 0)
    notify(recipients=[cast.preparer], kind="to_do", title="请处理")
    assert log_in(cast.preparer).get(HOME).context["shell"].unread_notices == 1


def test_pages_outside_the_shell_cost_nothing(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        assert client.get(reverse("staff:login")).status_code == 200


@pytest.mark.parametrize("name", ["home", "inbox", "inbox_handled", "inbox_started", "search", "help"])
def test_anonymous_is_sent_to_the_login(client, db, name):
    response = client.get(reverse(f"dashboards:{name}"))
    assert response.status_code == 302
    assert response.url.startswith(reverse("staff:login"))


def test_help_explains_the_chain(cast, log_in):
    page = log_in(cast.preparer).get(reverse("dashboards:help")).content.decode()
    for text in ("编制与自校 → 校核 → 复核 → 审核 → 签发", "应说明而未说明的，视同对其已认同", "待办"):
        assert text in page
