"""What each level of the review chain does: pass at first try, catch rate, time. Of the deliverables issued in the year."""

from collections import Counter, defaultdict
from datetime import datetime

from django.db.models import Count, F, Q

from dashboards.board import links
from dashboards.board.rules import WorkingTime, days_summary, percent
from dashboards.board.signed import SECOND, Figures, Signed
from dashboards.board.values import Chart, Column, Form, Plot, Row, Series, Unit
from inspections.choices import CONCLUDED
from inspections.models import Finding
from reviews.choices import RemarkState
from reviews.models import Exemption, Level

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
            {3: url} if counts[title][1] else {},
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
    """Two queries of its own: findings, what concerns exempted levels."""
    # A deliverable has one round that was issued.
    found = Finding.objects.filter(
        deliverable__rounds__in=of.issued_rounds, inspection__state__in=CONCLUDED
    ).order_by()
    remarks, findings = Counter(), Counter()
    for (_, level), count in of.remarks.items():
        remarks[level] += count
    for route, count in found.values_list("deliverable__rounds__route").annotate(n=Count("pk")):
        findings[route] += count
    exempt = _of_exempted(of.issued_rounds.values("deliverable"))
    own, later, inspected, orders = Counter(), Counter(), Counter(), {}
    for level in _reviewing_levels(of):
        after = [each for each in of.levels.values() if each.route_id == level.route_id and each.order > level.order]
        orders[level.title] = min(orders.get(level.title, level.order), level.order)
        own[level.title] += remarks[level.pk]
        later[level.title] += sum(remarks[each.pk] for each in after) - exempt[level.pk][0]
        inspected[level.title] += findings[level.route_id] - exempt[level.pk][1]
    titles = _by_order(orders)
    rates = [percent(own[title], own[title] + later[title] + inspected[title]) for title in titles]
    lines = tuple(
        Row((title, own[title], later[title], inspected[title], rate))
        for title, rate in zip(titles, rates, strict=True)
    )
    columns = (
        Column("级别", Unit.TEXT),
        Column("本级意见"),
        Column("其后各级意见"),
        Column("检查发现"),
        Column("检出率（%）", Unit.PERCENT),
    )
    url = links.issued(of.filters)
    plot = Plot(
        Form.BARS, tuple(titles), (Series("检出率", tuple(rates), "todo", (url,) * len(titles)),), "%", most=100
    )
    return Chart("catch_rate", "各级问题检出率", CATCH, sum(own.values()) + sum(findings.values()), "个问题", columns, lines,
                 plot if titles else None, empty="各级提出意见、检查发现问题后计入。", url=url)  # fmt: skip


def _reviewing_levels(of: Figures) -> list[Level]:
    """Those by which something was signed."""
    signed = {each.level for each in of.issued_signatures}
    return [level for pk, level in of.reviewing.items() if pk in signed]


def _of_exempted(deliverables) -> dict[int, tuple[int, int]]:
    """Exempted level → (remarks of later levels, findings) of the deliverables that skipped it. One query."""
    is_sent = ~Q(deliverable__remarks__state=RemarkState.DRAFT)
    is_later = Q(deliverable__remarks__level__order__gt=F("level__order"))
    concluded = Q(deliverable__findings__inspection__state__in=CONCLUDED)
    rows = Exemption.objects.filter(deliverable__in=deliverables).order_by().values("level").annotate(
        remarks=Count("deliverable__remarks", filter=is_sent & is_later, distinct=True),
        findings=Count("deliverable__findings", filter=concluded, distinct=True),
    )  # fmt: skip
    found = defaultdict(lambda: (0, 0))
    found.update({row["level"]: (row["remarks"], row["findings"]) for row in rows})
    return found


def time_taken(of: Figures) -> Chart:
    rows = {
        level: [(each.since // SECOND, each.at // SECOND) for each in signed if each.since is not None]
        for level, signed in _of_levels(of).items()
    }
    every = [pair for pairs in rows.values() for pair in pairs]
    days: dict[str, list[float]] = defaultdict(list)
    orders: dict[str, int] = {}
    if every:
        zone = of.calendar.zone
        first, last = min(since for since, _ in every), max(at for _, at in every)
        begins, ends = (datetime.fromtimestamp(second, zone).date() for second in (first, last))
        time = WorkingTime(of.calendar, begins, ends)
        for level, pairs in rows.items():
            if pairs:
                days[level.title] += [time.days_between(since, at) for since, at in pairs]
                orders[level.title] = min(orders.get(level.title, level.order), level.order)
    titles = _by_order(orders)
    sums = {title: days_summary(days[title]) for title in titles}
    lines = tuple(Row((title, len(days[title]), *sums[title])) for title in titles)
    columns = (
        Column("级别", Unit.TEXT),
        Column("签署"),
        *(Column(f"{word}（工作日）", Unit.DAYS) for word in ("中位数", "平均", "最长")),
    )
    url = links.issued(of.filters)
    plot = Plot(
        Form.BARS, tuple(titles),
        (Series("中位数", tuple(sums[title][0] for title in titles), "todo", (url,) * len(titles)),
         Series("平均", tuple(sums[title][1] for title in titles), "draft", (url,) * len(titles))),
        "工作日",
    )  # fmt: skip
    return Chart(
        "days_per_level",
        "各级审签用时",
        TIME,
        len(every),
        "次签署",
        columns,
        lines,
        plot if titles else None,
        empty=EMPTY,
        url=url,
        is_wide=True,
    )
