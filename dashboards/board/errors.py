"""Error rates of what was issued in the year, against the 3 % line ([S] 咨询误差率不超过 3%)."""

from collections import Counter

from dashboards.board import links
from dashboards.board.rules import percent
from dashboards.board.signed import Figures
from dashboards.board.values import Chart, Column, Divide, Form, Plot, Row, Series, Unit
from inspections.rules import ERROR_TOLERANCE
from reviews import figures
from reviews.choices import ANY_ERROR

FORMULA = "误差率 = |首个复核级金额 − 末个复核级金额| ÷ 末个复核级金额；范围为本年度签发、各级填有金额的成果。各段含上限，3% 本身不为超出。"
COLUMNS = (Column("误差率", Unit.TEXT), Column("成果"), Column("占比（%）", Unit.PERCENT), Column("3% 线", Unit.TEXT))


def chart(of: Figures) -> Chart:
    rates = of.error_rates
    counts = Counter(figures.error_bin(rate) for rate in rates.values())
    lines, within, over = [], [], []
    for key, words, upper in figures.ERROR_BINS:
        is_over = upper is None or upper > ERROR_TOLERANCE
        url = links.issued(of.filters, error=key)
        lines.append(
            Row(
                (words, counts[key], percent(counts[key], len(rates)), "超出" if is_over else "以内"), {0: url, 1: url}
            )
        )
        within.append(None if is_over else counts[key])
        over.append(counts[key] if is_over else None)
    urls = tuple(row.urls[0] for row in lines)
    series = (Series("3% 以内", tuple(within), "signed", urls), Series("超出 3%", tuple(over), "overdue", urls))
    line = Divide(f"{ERROR_TOLERANCE}% 线", sum(value is not None for value in within))
    names = tuple(words for _, words, _ in figures.ERROR_BINS)
    plot = Plot(Form.COLUMNS, names, series, "件", divide=line) if rates else None
    return Chart("error_rates", "误差率分布", FORMULA, len(rates), "件填有金额的成果", COLUMNS, tuple(lines) if rates else (), plot,
                 empty="填有金额的成果签发后计入。", url=links.issued(of.filters, error=ANY_ERROR))  # fmt: skip
