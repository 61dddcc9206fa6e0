// The editor of a scoring standard: the sum of the maxima follows the typing. Everything else is the server's.
(function () {
  "use strict";
  const form = document.getElementById("standard-form");
  if (!form) return;

  // Whole cents, so that 0.1 + 0.2 is 0.3.
  function cents(typed) {
    const text = typed.trim();
    return /^\d{1,3}(\.\d{1,2})?$/.test(text) ? Math.round(Number(text) * 100) : 0;
  }

  function tell() {
    const box = document.querySelector("[data-sum]");
    if (!box) return;
    let sum = 0;
    form.querySelectorAll('input[name$="-maximum"]').forEach(function (input) { sum += cents(input.value); });
    const words = box.querySelector("[data-sum-words]");
    box.querySelector("[data-sum-figure]").textContent = String(sum / 100);
    const off = 10000 - sum;
    words.textContent = off === 0 ? "已满 100 分" : (off > 0 ? "还差 " : "多出 ") + Math.abs(off) / 100 + " 分";
    words.className = off === 0 ? "is-full" : "is-off";
  }

  form.addEventListener("input", tell);
  // A row was moved, added or removed: unsaved, like anything typed.
  document.body.addEventListener("htmx:afterSwap", function () {
    form.dispatchEvent(new Event("input", { bubbles: true }));
  });
  window.addEventListener("pageshow", tell);
  tell();
})();
