// The year page: arrow keys walk from day to day, Shift + click ticks a range, the panel counts. Ticking itself needs no script.
(function () {
  "use strict";
  const year = document.querySelector(".year");
  if (!year) return;
  const days = [...year.querySelectorAll("input[name=day]")];
  const words = document.querySelector("[data-picked]");
  const invitation = words.textContent;
  let last = null;

  function count() {
    const picked = days.filter(function (day) { return day.checked; });
    words.textContent = picked.length ? "已选 " + picked.length + " 天" : invitation;
  }

  // One stop for the Tab key in each month; the arrows reach the other days.
  function makeStop(day) {
    day.closest(".year-month").querySelectorAll("input[name=day]").forEach(function (each) { each.tabIndex = each === day ? 0 : -1; });
  }
  year.querySelectorAll(".year-month").forEach(function (month) {
    makeStop(month.querySelector("[aria-current] input[name=day]") || month.querySelector("input[name=day]"));
  });

  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  year.addEventListener("keydown", function (event) {
    const at = days.indexOf(event.target);
    if (at < 0 || !(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = days[Math.min(Math.max(at + steps[event.key], 0), days.length - 1)];
    makeStop(next);
    next.focus();
  });

  year.addEventListener("click", function (event) {
    const at = days.indexOf(event.target);
    if (at < 0) return;
    if (event.shiftKey && last !== null) {
      for (let i = Math.min(at, last); i <= Math.max(at, last); i++) days[i].checked = event.target.checked;
    }
    last = at;
    makeStop(event.target);
    count();
  });
  window.addEventListener("pageshow", count);
  count();
})();
