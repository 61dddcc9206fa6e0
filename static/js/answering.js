// The answers to problems are saved one by one. What is typed in the others stays in the browser meanwhile, and stands in its
// place again afterwards. Chosen files cannot be kept: of those app.js warns before they are lost.
(function () {
  "use strict";
  const forms = [...document.querySelectorAll("form[data-answer]")];
  const NAMES = ["plan", "result"];
  const changed = new Set();

  function key(form) { return "answer:" + form.dataset.answer; }  // person and problem

  function change(form) {
    changed.add(form);
    form.querySelector("[data-unsaved]").hidden = false;
  }

  function kept(form) {
    try { return JSON.parse(sessionStorage.getItem(key(form))); } catch (error) { return null; }
  }

  function keep(form) {
    const typed = { turn: form.elements.turn.value };
    NAMES.forEach(function (name) { typed[name] = form.elements[name].value; });
    try {
      if (changed.has(form)) sessionStorage.setItem(key(form), JSON.stringify(typed));
      else sessionStorage.removeItem(key(form));
    } catch (error) { /* nothing can be kept here */ }
  }

  forms.forEach(function (form) {
    const typed = kept(form);
    if (!typed || NAMES.every(function (name) { return form.elements[name].value === typed[name]; })) return;
    // With the turn that it was typed for: should somebody have saved this answer since, the page says so.
    form.elements.turn.value = typed.turn;
    NAMES.forEach(function (name) { form.elements[name].value = typed[name]; });
    form.dispatchEvent(new Event("input", { bubbles: true }));
    change(form);
  });

  document.addEventListener("input", function (event) {
    const form = event.target.closest("form[data-answer]");
    if (form) change(form);
  });

  document.addEventListener("submit", function (event) {
    if (event.defaultPrevented) return;
    changed.delete(event.target);
    forms.forEach(function (form) {
      if (form !== event.target && !form.elements.files.files.length) form.dataset.sending = "1";
    });
  });

  window.addEventListener("pagehide", function () { forms.forEach(keep); });
})();
