"""What each level of the review chain does: pass at first try, catch rate, time. Of the deliverables issued in the year."""

from collections import Counter, defaultdict

from django.db.models import Count

from dashboards.board import links
from dashboards.board.rules import days_summary, percent
from dashboards.board.signed import SECOND, Figures, Signed
from dashboards.board.values import Chart, Column, Form, Plot, Row, Series, Unit
from deadlines.rules import working_days
from inspections.choices import CONCLUDED
from inspections.models import Finding
from reviews.models import Level

EMPTY = "成果签发后计入。"
AT_FIRST_TRY = (
    "一次通过率 = 本级从未提出意见、也从未退回的成果 ÷ 经本级签署的成果；范围为本年度签发的成果，各轮次合并计算。"
)
CATCH = (
    "检出率 = 本级提出的意见 ÷（本级提出的意见 + 其后各级提出的意见 + 已出具书面意见的检查在这些成果中发现的问题）；"
    "范围为本年度签发的成果，免除某级的成果不计入该级。"
)
TIME = (
    "用时 = 上一级签署至本级签署之间的工作时间（按工作日历与作业时间，含编制人答复意见的时间），以工作日计；"
    "范围为本年度签发成果的签发轮次。"
)


def charts(of: Figures) -> list[Chart]:
    return [first_pass(of), caught(of), time_taken(of)]


def _by_order(titles: dict[str, int]) -> list[str]:
    return sorted(titles, key=lambda title: (titles[title], title))


def first_pass(of: Figures) -> Chart:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    orders: dict[str, int] = {}
    returned, rows = of.returned, _of_levels(of)
    for level, signed in rows.items():
        orders[level.title] = min(orders.get(level.title, level.order), level.order)
        counts[level.title][0] += len(signed)
        counts[level.title][1] += sum((each.deliverable, level.title) in returned for each in signed)
    titles = _by_order(orders)
    rates = [percent(counts[title][0] - counts[title][1], counts[title][0]) for title in titles]
    urls = [links.issued(of.filters, returned_at=title) for title in titles]
    lines = tuple(
        Row(
            (title, counts[title][0], counts[title][0] - counts[title][1], counts[title][1], rate),
            {1: links.issued(of.filters, passed=title), **({3: url} if counts[title][1] else {})},
        )
        for title, rate, url in zip(titles, rates, urls, strict=True)
    )
    columns = (
        Column("级别", Unit.TEXT),
        Column("经本级签署"),
        Column("一次通过"),
        Column("提出意见或退回"),
        Column("一次通过率（%）", Unit.PERCENT),
    )
    plot = Plot(Form.BARS, tuple(titles), (Series("一次通过率", tuple(rates), "signed", tuple(urls)),), "%", most=100)
    return Chart("first_pass", "各级一次通过率", AT_FIRST_TRY, of.issued_count, "件已签发成果", columns, lines,
                 plot if titles else None, empty=EMPTY, url=links.issued(of.filters))  # fmt: skip


def _of_levels(of: Figures) -> dict[Level, list[Signed]]:
    """The signatures of the reviewing levels themselves, without those of a panel's experts."""
    found = defaultdict(list)
    for each in of.issued_signatures:
        if each.seat == 0:
            found[each.level].append(each)
    return {level: found[pk] for pk, level in of.reviewing.items() if pk in found}


def caught(of: Figures) -> Chart:
    """One query of its own: findings."""
    # A deliverable has one round that was issued.
    found = Finding.objects.filter(
        deliverable__rounds__in=of.issued_rounds, inspection__state__in=CONCLUDED
    ).order_by()
    passed, orders = defaultdict(list), {}
    for level, signed in _of_levels(of).items():
        orders[level.title] = min(orders.get(level.title, level.order), level.order)
        for each in signed:
            passed[each.deliverable].append(level)
    own, later, inspected, findings = Counter(), Counter(), Counter(), 0
    for (deliverable, level), count in of.remarks.items():
        raised = of.levels[level]
        own[raised.title] += count
        for before in passed[deliverable]:
            if before.route_id == raised.route_id and before.order < raised.order:
                later[before.title] += count
    for deliverable, count in found.values_list("deliverable").annotate(n=Count("pk")):
        findings += count
        for before in passed[deliverable]:
            inspected[before.title] += count
    titles = _by_order(orders)
    rates = [percent(own[title], own[title] + later[title] + inspected[title]) for title in titles]
    urls = [links.issued(of.filters, remarked_at=title) if own[title] else "" for title in titles]
    lines = tuple(
        Row(
            (title, own[title], later[title], inspected[title], rate),
            {
                1: url,
                2: links.issued(of.filters, remarked_after=title),
                3: links.inspections_of_issued(of.filters, title),
            },
        )
        for title, rate, url in zip(titles, rates, urls, strict=True)
    )
    columns = (
        Column("级别", Unit.TEXT),
        Column("本级意见"),
        Column("其后各级意见"),
        Column("检查发现"),
        Column("检出率（%）", Unit.PERCENT),
    )
    plot = Plot(Form.BARS, tuple(titles), (Series("检出率", tuple(rates), "todo", tuple(urls)),), "%", most=100)
    return Chart("catch_rate", "各级问题检出率", CATCH, sum(own[title] for title in titles) + findings, "个问题", columns, lines,
                 plot if titles else None, empty="各级提出意见、检查发现问题后计入。", url=links.issued(of.filters),
                 leads="意见数打开有这些意见的成果清单，检查发现数打开发现问题的检查清单；一件成果、一次检查可有多个问题。")  # fmt: skip


def time_taken(of: Figures) -> Chart:
    rows = {
        level: [(each.since // SECOND, each.at // SECOND) for each in signed if each.since is not None]
        for level, signed in _of_levels(of).items()
    }
    days: dict[str, list[float]] = defaultdict(list)
    orders: dict[str, int] = {}
    for level, pairs in rows.items():
        if pairs:
            days[level.title] += working_days(of.calendar, pairs)
            orders[level.title] = min(orders.get(level.title, level.order), level.order)
    titles = _by_order(orders)
    sums = {title: days_summary(days[title]) for title in titles}
    urls = {title: links.issued(of.filters, passed=title) for title in titles}
    lines = tuple(
        Row(
            (title, len(days[title]), *sums[title]),
            {1: urls[title], 4: links.issued(of.filters, passed=title, took=sums[title][2])},
        )
        for title in titles
    )
    columns = (
        Column("级别", Unit.TEXT),
        Column("签署"),
        *(Column(f"{word}（工作日）", Unit.DAYS) for word in ("中位数", "平均", "最长")),
    )
    plot = Plot(
        Form.BARS, tuple(titles),
        (Series("中位数", tuple(sums[title][0] for title in titles), "todo", tuple(urls.values())),
         Series("平均", tuple(sums[title][1] for title in titles), "draft", tuple(urls.values()))),
        "工作日",
    )  # fmt: skip
    return Chart(
        "days_per_level",
        "各级审签用时",
        TIME,
        sum(map(len, days.values())),
        "次签署",
        columns,
        lines,
        plot if titles else None,
        empty=EMPTY,
        url=links.issued(of.filters),
        is_wide=True,
        leads="签署次数打开经该级签署的成果清单，最长用时打开用时最长的成果。",
    )
