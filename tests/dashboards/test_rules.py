from datetime import date
from decimal import Decimal

import pytest

from dashboards.rules import LiveWork, chain_state, project_light, share, version_change
from reviews.choices import State

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("state", "previous", "is_mine", "expected"),
    [
        (State.PREPARING, None, True, ("draft", "编制中")),
        (State.PREPARING, State.SENT_BACK, True, ("returned", "被退回")),
        (State.PREPARING, State.WITHDRAWN, True, ("draft", "已撤回，编制中")),
        (State.PREPARING, State.VOIDED, True, ("draft", "编制中")),
        (State.REVIEWING, None, True, ("todo", "待校核")),
        (State.REVIEWING, State.SENT_BACK, False, ("waiting", "待校核")),
        (State.ANSWERING, None, True, ("returned", "待回复意见")),
        (State.ANSWERING, None, False, ("waiting", "待回复意见")),
        (State.ISSUED, None, False, ("issued", "已签发")),
        (State.SENT_BACK, None, False, ("returned", "已退回")),
        (State.VOIDED, None, False, ("void", "已作废")),
    ],
)
def test_state_in_words(state, previous, is_mine, expected):
    assert chain_state(state, "校核", previous, is_mine) == expected


@pytest.mark.parametrize(
    ("works", "finish", "expected"),
    [
        ([], None, "无在办"),
        ([LiveWork(date(2026, 11, 21), 0)], None, "逾期"),
        ([LiveWork(date(2026, 11, 22), 0)], None, "预警"),
        ([LiveWork(date(2026, 11, 25), 0)], None, "预警"),
        ([LiveWork(date(2026, 11, 26), 0)], None, "正常"),
        ([LiveWork(None, 0)], None, "正常"),
        ([LiveWork(date(2026, 12, 31), 1)], None, "预警"),
        ([LiveWork(date(2026, 12, 31), 0)], date(2026, 11, 21), "逾期"),
        ([], date(2026, 11, 21), "无在办"),
    ],
)
def test_light_of_a_project(works, finish, expected):
    assert project_light(works, finish, TODAY).word == expected


def test_change_between_versions():
    change = version_change({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "9", "d": "4"}, Decimal(100), Decimal(90))
    assert (change.files, change.difference) == ("修改 1 个、新增 1 个、删除 1 个文件", Decimal(-10))
    assert version_change({"a": "1"}, {"a": "1"}, None, Decimal(90)).files == "文件未变"
    assert version_change({}, {}, None, Decimal(90)).difference is None


def test_share_of_nothing_is_no_data():
    assert share(0, 0) is None
    assert share(1, 4) == Decimal("0.25")
