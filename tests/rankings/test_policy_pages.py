"""Pages of the policy: who reads which version, the editor, publishing, the lost race."""

import pytest

from rankings.choices import Cause, Party
from rankings.models import Policy
from rankings.queries import policies as queries
from tests.rankings import policy_kit as kit

pytestmark = pytest.mark.django_db

LIST = "/rankings/policies/"


@pytest.fixture
def draft(cast):
    return kit.draft_of(cast.quality_office)


def url_of(policy: Policy, page: str = "") -> str:
    return f"{LIST}{policy.pk}/{page}"


def test_draft_that_waits_stands_on_the_first_screen_of_those_who_publish(cast, draft, log_in):
    assert "奖惩待处理" not in log_in(cast.executive).get("/").content.decode()
    kit.saved(cast.quality_office, draft, kit.with_amounts(queries.content_of(draft)))
    page = log_in(cast.executive).get("/").content.decode()
    assert "奖惩标准第 2 版草稿" in page
    assert url_of(draft, "publish/") in page
    assert "奖惩待处理" not in log_in(cast.quality_office).get("/").content.decode()


# ── Reading ─────────────────────────────────────────────────────────────────
def test_everybody_in_the_business_reads_what_is_in_force_but_no_draft(cast, draft, log_in):
    first = Policy.objects.get(version=1)
    for user in (cast.preparer, cast.chief_engineer, cast.archivist):
        client = log_in(user)
        assert [each.version for each in client.get(LIST).context["policies"]] == [1]
        page = client.get(url_of(first)).content.decode()
        assert "未设定" in page
        assert "①项目经理（或项目负责人）____元" in page
        assert "编制新版本" not in page
        assert client.get(url_of(draft)).status_code == 404
    for user in (cast.quality_office, cast.executive):
        assert [each.version for each in log_in(user).get(LIST).context["policies"]] == [2, 1]
        assert log_in(user).get(url_of(draft)).status_code == 200
    for user in (cast.auditor, cast.administrator):
        assert log_in(user).get(LIST).status_code == 403
        assert log_in(user).get(url_of(first)).status_code == 404


def test_page_of_a_version_tells_what_is_unset_and_what_changed(cast, log_in):
    first = log_in(cast.executive).get(url_of(queries.in_force())).content.decode()
    assert "年度奖惩不能结算" in first
    policy = kit.put_in_force(cast, "1234.5")
    second = log_in(cast.executive).get(url_of(policy)).content.decode()
    assert "年度奖惩不能结算" not in second
    assert "1,234.50" in second
    assert "未设定，不执行" in second
    assert "与第 1 版的差异" in second
    assert "<del>未设定</del>" in second


def test_menu_leads_everybody_in_the_business_to_the_policy(cast, log_in):
    assert "奖惩标准" in log_in(cast.preparer).get("/").content.decode()
    assert "奖惩标准" not in log_in(cast.auditor).get("/").content.decode()


def test_list_and_page_cost_the_same_for_few_and_for_many_versions(cast, log_in, count_queries):
    first = Policy.objects.get(version=1)
    log_in(cast.quality_office)
    count_queries(LIST)
    few = count_queries(LIST), count_queries(url_of(first))
    kit.put_in_force(cast)
    kit.put_in_force(cast, "600")
    assert (count_queries(LIST), count_queries(url_of(first))) == few


# ── Editing ─────────────────────────────────────────────────────────────────
def test_editor_keeps_what_is_typed_and_leaves_what_is_empty_unset(cast, draft, log_in):
    number = kit.number_of(draft, Cause.BELOW_PASS, Party.PROJECT_MANAGER)
    data = kit.typed(draft, **{f"amount_{number}": "1,500.00", "target_error_rate": "2.5", "target_conforming": ""})
    assert log_in(cast.quality_office).post(url_of(draft, "edit/"), data).status_code == 302
    content = queries.content_of(draft)
    assert [row.amount for row in content.lines if row.amount is not None] == [1500]
    assert dict(content.targets)["error_rate"] == 2.5
    assert "conforming" not in dict(content.targets)


def test_editor_opened_and_saved_changes_nothing(cast, draft, log_in):
    client, before = log_in(cast.quality_office), queries.content_of(draft)
    page = client.get(url_of(draft, "edit/"))
    assert "制度原文" in page.content.decode()
    client.post(url_of(draft, "edit/"), kit.typed(draft))
    assert queries.content_of(draft) == before


@pytest.mark.parametrize(
    ("value", "words"),
    [("-1", "不能为负数"), ("十元", "应为数字"), ("1.005", "至多两位小数"), ("12345678901", "数字过大")],
)
def test_editor_shows_a_wrong_amount_beside_its_field_and_loses_nothing(cast, draft, log_in, value, words):
    number = kit.number_of(draft, Cause.SERIOUS, Party.PROJECT_MANAGER)
    page = log_in(cast.quality_office).post(
        url_of(draft, "edit/"), kit.typed(draft, note="另写的说明", **{f"amount_{number}": value})
    )
    assert page.status_code == 200
    assert words in page.context["editor"].form.errors[f"amount_{number}"][0]
    text = page.content.decode()
    assert f'value="{value}"' in text
    assert "另写的说明" in text
    draft.refresh_from_db()
    assert draft.turn == 0


def test_editor_adds_and_removes_attendance_rules_on_the_page_alone(cast, draft, log_in):
    client, url = log_in(cast.quality_office), url_of(draft, "edit/")
    added = client.post(url, kit.typed(draft, do="add", note="未保存"))
    rows = added.context["editor"].attendance_keys
    assert rows.endswith(",n1")
    assert "未保存" in added.content.decode()
    assert queries.content_of(draft).note != "未保存"
    first = rows.split(",")[0]
    removed = client.post(url, kit.typed(draft, do=f"remove:{first}", rows=rows, text_n1="早退"))
    assert first not in removed.context["editor"].attendance_keys.split(",")
    assert "早退" in removed.content.decode()
    data = kit.typed(
        draft,
        rows=removed.context["editor"].attendance_keys,
        text_n1="早退一次扣款。",
        amount_n1="20",
        optional_n1="on",
    )
    assert client.post(url, data).status_code == 302
    texts = list(queries.attendance_rules(draft).values_list("text", flat=True))
    assert "早退一次扣款。" in texts
    assert not any(text.startswith("请假") for text in texts)


def test_editor_removes_no_rule_of_the_source_and_takes_no_forged_rows(cast, draft, log_in):
    client, url = log_in(cast.quality_office), url_of(draft, "edit/")
    number = kit.number_of(draft, Cause.SERIOUS, Party.PROJECT_MANAGER)
    page = client.post(url, kit.typed(draft, do=f"remove:{number}", rows=f"{number},x,,9999999,-1,<b>"))
    assert str(number) in page.context["editor"].keys
    assert page.context["editor"].attendance_keys == ""


def test_editor_shows_both_when_another_saved_first_and_saves_knowingly(cast, draft, log_in):
    mine = kit.typed(draft, note="我写的")
    kit.saved(cast.executive, draft, kit.with_amounts(queries.content_of(draft), "100"))
    client = log_in(cast.quality_office)
    page = client.post(url_of(draft, "edit/"), mine)
    text = page.content.decode()
    assert page.status_code == 409
    assert "该草稿已由（管理层）于" in text
    assert "我写的" in text
    assert "100.00 元" in text
    again = mine | {"turn": str(page.context["turn"])}
    assert client.post(url_of(draft, "edit/"), again).status_code == 302
    assert queries.content_of(draft).note == "我写的"


def test_editor_of_a_published_version_leads_to_its_page(cast, log_in):
    first = queries.in_force()
    found = log_in(cast.quality_office).get(url_of(first, "edit/"))
    assert found.url == url_of(first)
    refused = log_in(cast.quality_office).post(url_of(first, "edit/"), kit.typed(first))
    assert refused.status_code == 409


# ── Publishing, discarding ──────────────────────────────────────────────────
def test_publish_page_shows_what_changes_and_what_stays_unset(cast, draft, log_in):
    content = kit.changed(
        kit.with_amounts(queries.content_of(draft)), Cause.SERIOUS, Party.TECHNICAL_DIRECTOR, amount=None
    )
    kit.saved(cast.quality_office, draft, content)
    page = log_in(cast.executive).get(url_of(draft, "publish/")).content.decode()
    assert "以下各项仍未设定，可以发布" in page
    assert "质量检查问题严重 · 单位技术负责人" in page
    assert "<ins>500.00 元</ins>" in page
    assert "签署含义" in page


def test_publish_page_offers_no_signature_while_something_is_wrong(cast, draft, log_in):
    kit.saved(
        cast.quality_office, draft, kit.with_amounts(queries.content_of(draft), shares={"project_manager": "90"})
    )
    client = log_in(cast.executive)
    page = client.get(url_of(draft, "publish/")).content.decode()
    assert "还不能发布" in page
    assert 'type="password"' not in page
    refused = client.post(url_of(draft, "publish/"), kit.signing(draft))
    assert "合计为 90%" in refused.content.decode()
    assert queries.in_force().version == 1


def test_publishing_asks_for_the_password(cast, draft, log_in):
    client = log_in(cast.executive)
    wrong = client.post(url_of(draft, "publish/"), kit.signing(draft, password="x"))
    assert wrong.context["form"].errors["password"]
    assert client.post(url_of(draft, "publish/"), kit.signing(draft)).url == url_of(draft)
    assert queries.in_force() == draft
    late = client.post(url_of(draft, "publish/"), kit.signing(draft))
    assert late.status_code == 409


def test_publishing_a_draft_saved_in_between_shows_the_newest(cast, draft, log_in):
    shown = kit.signing(draft)
    kit.saved(cast.quality_office, draft, kit.with_amounts(queries.content_of(draft), "321"))
    page = log_in(cast.executive).post(url_of(draft, "publish/"), shown)
    assert page.status_code == 409
    text = page.content.decode()
    assert "321.00 元" in text
    assert 'name="turn" value="1"' in text
    assert "下面是最新内容" in text


def test_discarding_asks_once_more_and_refuses_a_stale_page(cast, draft, log_in):
    client = log_in(cast.quality_office)
    assert "删除后不能恢复" in client.get(url_of(draft, "discard/")).content.decode()
    kit.saved(cast.executive, draft, queries.content_of(draft))
    assert client.post(url_of(draft, "discard/"), {"turn": "0"}).status_code == 409
    assert client.post(url_of(draft, "discard/"), {"turn": "1"}).url == LIST
    assert not Policy.objects.filter(pk=draft.pk).exists()


def test_copying_twice_leads_back_with_words(cast, log_in):
    client = log_in(cast.quality_office)
    assert client.post(f"{LIST}copy/").url.endswith("/edit/")
    assert "已有草稿" in client.post(f"{LIST}copy/", follow=True).content.decode()


def test_quality_office_does_not_publish_and_others_do_not_keep(cast, draft, log_in):
    assert log_in(cast.quality_office).get(url_of(draft, "publish/")).status_code == 403
    assert "保存并核对发布" not in log_in(cast.quality_office).get(url_of(draft, "edit/")).content.decode()
    for user in (cast.chief_engineer, cast.preparer):
        assert log_in(user).get(url_of(draft, "edit/")).status_code == 403
        assert log_in(user).post(f"{LIST}copy/").status_code == 403
