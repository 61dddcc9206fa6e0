/* Draws the plots of the managers' dashboard from the JSON beside them (dashboards/board/values.py, Plot.as_json). Without
   this script the tables say it all. Tooltips are drawn, not HTML: the page allows no inline styles. */
(() => {
  "use strict";
  const echarts = window.echarts;
  if (!echarts) return;
  const tokens = getComputedStyle(document.documentElement);
  const token = (name) => tokens.getPropertyValue(name).trim();
  const ink = token("--ink"), faint = token("--ink-3"), line = token("--line"), fine = token("--line-2");
  const font = getComputedStyle(document.body).fontFamily;
  const COLOURS = {
    signed: token("--green"), info: "#7fa3c7", overdue: token("--red"), returned: "#cf7a1d", todo: token("--accent"),
    draft: "#a9b6c2",
  };
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const drawn = [];

  const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const figure = (value, unit) => (value === null || value === undefined ? "无数据"
    : value.toLocaleString("zh-CN", unit === "分" ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : undefined));

  const axisOfNames = (names, lies, room) => ({
    type: "category", data: names, inverse: lies, axisTick: { show: false }, axisLine: { lineStyle: { color: line } },
    axisLabel: { color: ink, fontSize: 12, interval: 0, hideOverlap: !lies, formatter: (text) => short(text, lies ? room : 8) },
  });
  const axisOfFigures = (plot) => ({
    type: "value", min: 0, max: plot.most === null ? undefined : plot.most, minInterval: ["件", "项", "份"].includes(plot.unit) ? 1 : 0,
    splitNumber: 4, interval: plot.most === 100 ? 20 : undefined, axisLine: { show: false }, axisTick: { show: false }, splitLine: { lineStyle: { color: fine } }, axisLabel: { color: faint, fontSize: 11 },
  });

  const series = (plot, lies, isStacked, alone, isNarrow) => plot.series.map((each, index) => ({
    type: "bar", name: each.name, data: isStacked ? each.values.map((value) => value || null) : each.values, barMaxWidth: isStacked || alone || plot.series.length === 1 ? 16 : 11,
    barGap: alone ? "-100%" : "12%", stack: isStacked || alone ? "all" : undefined, cursor: "pointer",
    itemStyle: {
      color: COLOURS[each.kind] || COLOURS.todo,
      decal: each.kind === "overdue" ? { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4, color: "rgba(255,255,255,.35)" } : undefined,
      borderColor: "#fff", borderWidth: isStacked ? 1 : 0,
    },
    emphasis: { focus: "none" },
    label: {
      show: !isStacked, position: lies ? "right" : "top", color: faint, fontSize: 11, textBorderColor: "#fff", textBorderWidth: 3, formatter: ({ value }) => (value === null || value === undefined || Number.isNaN(value) ? "" : figure(value, plot.unit) + (plot.unit === "%" ? "%" : "")),
    },
    markLine: index === 0 && plot.marks.length ? {
      silent: true, symbol: "none", z: 1, // beneath the figures
      lineStyle: { color: faint, type: [4, 3], width: 1 },
      label: { position: lies ? "start" : "end", distance: 2, color: faint, fontSize: 11, formatter: ({ name, value }) => (isNarrow ? value : name) },
      data: plot.marks.map((mark) => ({ name: mark.name, [lies ? "xAxis" : "yAxis"]: mark.value })),
    } : undefined,
  }));

  /* A line between two columns: on an axis of its own, for that of the names knows no place between two of them. */
  const divider = ({ name, after }) => ({
    type: "line", data: [], xAxisIndex: 1,
    markLine: {
      silent: true, symbol: "none", lineStyle: { color: ink, type: [4, 3], width: 1 },
      label: { position: "end", distance: 2, color: ink, fontSize: 11, formatter: name }, data: [{ xAxis: after }],
    },
  });

  const liesDown = (plot) => plot.form === "bars" || plot.form === "stacked";
  /* Several series of which each category has one: they share the place. */
  const sharesPlace = (plot) => plot.series.length > 1 && !plot.form.startsWith("stacked")
    && plot.categories.every((_, at) => plot.series.filter((each) => each.values[at] !== null).length <= 1);

  const option = (plot, width) => {
    const lies = liesDown(plot), isStacked = plot.form.startsWith("stacked"), alone = sharesPlace(plot);
    const isNarrow = width < 420;
    const names = axisOfNames(plot.categories, lies, isNarrow ? 8 : 13), figures = axisOfFigures(plot);
    return {
      animation: !still.matches, animationDuration: 250,
      textStyle: { fontFamily: font, color: ink },
      grid: { left: lies ? 16 : 8, right: lies ? 44 : 16, top: plot.series.length > 1 ? (lies ? 36 : 46) : 20, bottom: plot.marks.length && lies ? 18 : 4, outerBoundsMode: "same" },
      legend: plot.series.length > 1 ? { top: 4, left: 4, itemWidth: 12, itemHeight: 10, itemGap: 14, textStyle: { color: ink, fontSize: 12 }, selectedMode: false } : undefined,
      tooltip: {
        trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: "shadow", shadowStyle: { color: "rgba(31,74,124,.06)" } },
        borderColor: line, borderWidth: 1, textStyle: { color: ink, fontSize: 12 },
        formatter: (rows) => [rows[0].name, ...rows
          .map((row) => [row.seriesName, plot.series[row.seriesIndex].values[row.dataIndex]])
          .filter(([, value]) => !alone || value !== null)
          .map(([name, value]) => `${name}  ${figure(value, plot.unit)}${value === null ? "" : ` ${plot.unit}`}`)].join("\n"),
      },
      xAxis: lies ? figures : [names, ...(plot.divide ? [{ type: "value", min: 0, max: plot.categories.length, show: false, axisPointer: { show: false } }] : [])],
      yAxis: lies ? names : figures,
      series: [...series(plot, lies, isStacked, alone, isNarrow), ...(plot.divide ? [divider(plot.divide)] : [])],
    };
  };

  const height = (plot) => {
    if (!liesDown(plot)) return 220;
    const beside = plot.form === "bars" && plot.series.length > 1 && !sharesPlace(plot);
    const each = beside ? 17 * plot.series.length + 10 : 28;
    return Math.max(plot.categories.length * each + (plot.series.length > 1 ? 64 : 52) + (plot.marks.length ? 14 : 0), 150);
  };

  for (const place of document.querySelectorAll("[data-chart]")) {
    const plot = JSON.parse(document.getElementById(place.dataset.chart).textContent);
    place.style.height = `${height(plot)}px`;
    const chart = echarts.init(place, null, { renderer: "svg" });
    chart.setOption(option(plot, place.clientWidth));
    chart.on("click", ({ seriesIndex, dataIndex }) => {
      const url = plot.series[seriesIndex]?.urls[dataIndex];
      if (url) location.assign(url);
    });
    drawn.push({ place, plot, chart });
  }
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const one = drawn.find(({ place }) => place === target);
      one.chart.resize();
      one.chart.setOption(option(one.plot, target.clientWidth));
    }
  });
  for (const { place } of drawn) watch.observe(place);
})();
