"""What each level of the review chain does: pass at first try, catch rate, time. Of the deliverables issued in the year."""

from collections import Counter, defaultdict

from django.db.models import Count, F, Q

from dashboards.board import links
from dashboards.board.rules import WorkingTime, days_summary, percent
from dashboards.board.signed import Figures, Signed, is_reviewing
from dashboards.board.values import Chart, Column, Form, Plot, Row, Series, Unit
from inspections.choices import CONCLUDED
from inspections.models import Finding
from reviews import figures
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
    for each in _of_levels(of):
        title = each.level.title
        orders[title] = min(orders.get(title, each.level.order), each.level.order)
        counts[title][0] += 1
        counts[title][1] += (each.deliverable, title) in of.returned
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


def _of_levels(of: Figures) -> list[Signed]:
    """The signatures of the levels themselves, without those of a panel's experts."""
    return [each for each in of.issued_signatures if is_reviewing(each) and each.seat == 0]


def caught(of: Figures) -> Chart:
    """Two queries of its own: findings, what concerns exempted levels."""
    deliverables = of.issued_rounds.values("deliverable")
    route_of = {each.deliverable: each.level.route_id for each in of.issued_signatures}
    found = Finding.objects.filter(deliverable__in=deliverables, inspection__state__in=CONCLUDED).order_by()
    remarks, findings = Counter(), Counter()
    for (_, level), count in of.remarks.items():
        remarks[level] += count
    for deliverable, count in found.values_list("deliverable").annotate(n=Count("pk")):
        findings[route_of.get(deliverable)] += count
    exempt = _of_exempted(deliverables)
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
    signed = {each.level.pk for each in of.issued_signatures}
    return [level for level in of.levels.values() if level.kind in figures.REVIEWING and level.pk in signed]


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
    rows = [each for each in _of_levels(of) if each.since]
    days: dict[str, list[float]] = defaultdict(list)
    orders: dict[str, int] = {}
    if rows:
        zone = of.calendar.zone
        first = min(each.since for each in rows).astimezone(zone).date()
        time = WorkingTime(of.calendar, first, max(each.at for each in rows).astimezone(zone).date())
        for each in rows:
            days[each.level.title].append(time.days(each.since, each.at))
            orders[each.level.title] = min(orders.get(each.level.title, each.level.order), each.level.order)
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
        len(rows),
        "次签署",
        columns,
        lines,
        plot if titles else None,
        empty=EMPTY,
        url=url,
        is_wide=True,
    )
