// Copies the value of an input: <button data-copy="id of the input" data-copied="words afterwards">.
(function () {
  "use strict";
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const input = document.getElementById(button.dataset.copy);
    input.focus();
    input.select();
    const done = function () { button.textContent = button.dataset.copied; };
    // Without https the browser offers no clipboard: the address stays selected for Ctrl+C.
    if (navigator.clipboard) navigator.clipboard.writeText(input.value).then(done, function () {});
    else if (document.execCommand("copy")) done();
  });
})();
