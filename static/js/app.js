// Small comforts on top of pages that work without them. No dependencies; htmx is optional.
(function () {
  "use strict";
  document.documentElement.classList.add("js");

  function toast(text) {
    document.querySelectorAll(".app-toast").forEach(function (old) { old.remove(); });
    const box = document.createElement("div");
    box.className = "alert alert-danger app-toast";
    box.setAttribute("role", "alert");
    box.textContent = text;
    document.body.append(box);
    setTimeout(function () { box.remove(); }, 8000);
  }

  // ── Buttons are disabled while the request is on its way ─────────────────
  function buttonsOf(form) {
    const outside = form.id ? document.querySelectorAll('button[form="' + CSS.escape(form.id) + '"]') : [];
    return [...form.querySelectorAll("button"), ...outside].filter(function (button) { return button.type === "submit"; });
  }

  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (form.dataset.sending) { event.preventDefault(); return; }
    if (form.method !== "post" || form.hasAttribute("data-download")) return;
    form.dataset.sending = "1";
    // After this turn of the loop: a disabled button would not send its own name and value.
    setTimeout(function () {
      buttonsOf(form).forEach(function (button) { button.disabled = true; });
      if (event.submitter) event.submitter.classList.add("is-busy");
    }, 0);
  });

  function release(root) {
    root.querySelectorAll("form[data-sending]").forEach(function (form) {
      delete form.dataset.sending;
      buttonsOf(form).forEach(function (button) { button.disabled = false; button.classList.remove("is-busy"); });
    });
  }
  window.addEventListener("pageshow", function () { release(document); });  // back from the browser's cache

  // ── Unsaved changes ──────────────────────────────────────────────────────
  const changed = new Set();
  document.addEventListener("input", function (event) {
    const form = event.target.closest && event.target.closest("form[data-guard]");
    if (form) changed.add(form);
  });
  document.addEventListener("submit", function (event) { changed.delete(event.target); });
  window.addEventListener("beforeunload", function (event) {
    if ([...changed].some(function (form) { return form.isConnected && !form.dataset.sending; })) event.preventDefault();
  });

  // ── Keyboard: / searches, j k walk through a list, Enter opens ───────────
  function isTyping(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  function walk(step) {
    const rows = [...document.querySelectorAll("[data-list] tbody tr")].filter(function (row) { return row.querySelector("a[href]"); });
    if (!rows.length) return;
    const now = rows.findIndex(function (row) { return row.classList.contains("is-current"); });
    const next = rows[Math.min(Math.max(now + step, 0), rows.length - 1)];
    if (now >= 0) rows[now].classList.remove("is-current");
    next.classList.add("is-current");
    next.querySelector("a[href]").focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", function (event) {
    // Keys that an input method is still composing with belong to it.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") { closePopups(null); closeMenu(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "/") {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "j") { walk(1); }
    else if (event.key === "k") { walk(-1); }
    else if (event.key === "Enter" && event.target === document.body) {
      const link = document.querySelector("[data-list] tr.is-current a[href]");
      if (link) link.click();
    }
  });

  // ── Menus that are <details>, the off-canvas menu, messages ──────────────
  function closePopups(except) {
    document.querySelectorAll("details[data-popup][open]").forEach(function (box) { if (box !== except) box.open = false; });
  }
  // A long menu scrolls in its own frame: the entry one is on is brought into it.
  const marked = document.querySelector("#menu .is-active");
  if (marked) {
    const frame = marked.closest(".menu-inner");
    const below = marked.getBoundingClientRect().bottom - frame.getBoundingClientRect().bottom;
    if (below > -8) frame.scrollTop = below + frame.clientHeight / 3;
  }

  function closeMenu() { document.body.classList.remove("menu-is-open"); }

  document.addEventListener("click", function (event) {
    closePopups(event.target.closest("details[data-popup]"));
    if (event.target.closest("[data-menu-open]")) {
      event.preventDefault();
      document.body.classList.add("menu-is-open");
      const first = document.querySelector("#menu a");
      if (first) first.focus();
    } else if (event.target.closest("[data-menu-close]")) {
      event.preventDefault();
      closeMenu();
      if (location.hash === "#menu") history.replaceState(null, "", location.pathname + location.search);
    }
    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) dismiss.closest(".alert").remove();
  });

  // ── Rows of a formset: data-formset=prefix, <template data-formset-row>, [data-formset-add], [data-formset-remove]
  function addRow(box) {
    const total = box.querySelector('[name="' + box.dataset.formset + '-TOTAL_FORMS"]');
    const html = box.querySelector("template[data-formset-row]").innerHTML.replaceAll("__prefix__", total.value);
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const row = holder.content.firstElementChild;
    box.querySelector("[data-formset-rows]").append(row);
    total.value = Number(total.value) + 1;
    if (window.htmx) window.htmx.process(row);
    const first = row.querySelector("input:not([type=hidden]), select, textarea");
    if (first) first.focus();
  }

  function removeRow(row) {
    // The form stays in the count; Django drops it by its DELETE box.
    const mark = row.querySelector('[name$="-DELETE"]');
    if (mark) { mark.checked = true; if (mark.type === "hidden") mark.value = "on"; }
    row.querySelectorAll("[required]").forEach(function (input) { input.required = false; });
    row.classList.add("is-removed");
  }

  document.addEventListener("click", function (event) {
    const add = event.target.closest("[data-formset-add]");
    if (add) addRow(add.closest("[data-formset]"));
    const remove = event.target.closest("[data-formset-remove]");
    if (remove) removeRow(remove.closest("[data-formset-item]"));
  });

  // ── Files: what was chosen, with size; drop onto the frame ───────────────
  function fileSize(bytes) {
    return bytes < 1048576 ? (bytes / 1024).toFixed(1) + " KB" : (bytes / 1048576).toFixed(1) + " MB";
  }

  function listFiles(box) {
    const input = box.querySelector("input[type=file]");
    const list = box.querySelector("[data-file-list]");
    list.replaceChildren(...[...input.files].map(function (file) {
      const item = document.createElement("li");
      const name = document.createElement("span");
      const size = document.createElement("span");
      name.className = "file-name";
      size.className = "file-size";
      name.textContent = file.name;
      size.textContent = fileSize(file.size);
      item.append(name, size);
      return item;
    }));
    list.hidden = !input.files.length;
  }

  document.addEventListener("change", function (event) {
    const box = event.target.closest("[data-file-drop]");
    if (box && event.target.type === "file") listFiles(box);
  });
  ["dragover", "dragleave", "drop"].forEach(function (kind) {
    document.addEventListener(kind, function (event) {
      const box = event.target.closest && event.target.closest("[data-file-drop]");
      if (!box) return;
      event.preventDefault();
      box.classList.toggle("is-over", kind === "dragover");
      const input = box.querySelector("input[type=file]");
      if (kind === "drop" && event.dataTransfer.files.length) {
        const chosen = new DataTransfer();
        [...event.dataTransfer.files].slice(0, input.multiple ? undefined : 1).forEach(function (file) { chosen.items.add(file); });
        input.files = chosen.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
  });

  // ── A row of tabs that is wider than the screen shows the one that is open ─
  document.querySelectorAll(".tabs").forEach(function (row) {
    const open = row.querySelector(".is-active");
    if (open && row.scrollWidth > row.clientWidth) row.scrollLeft = open.offsetLeft - row.offsetLeft - (row.clientWidth - open.offsetWidth) / 2;
  });

  // ── One click fills the login form (demo mode) ───────────────────────────
  document.addEventListener("click", function (event) {
    const fill = event.target.closest("[data-fill-username]");
    if (!fill) return;
    document.querySelector('[name="username"]').value = fill.dataset.fillUsername;
    document.querySelector('[name="password"]').value = fill.dataset.fillPassword;
    document.querySelector('[data-login] button[type="submit"]').focus();
  });

  // ── htmx: an answer that failed is told in words ─────────────────────────
  const reasons = { 403: "没有权限，或页面已过期。请刷新页面后再试。", 404: "内容不存在，或您无权查看。", 409: "已由他人处理，请刷新页面。", 413: "文件太大，未能上传。", 429: "操作太频繁，请稍后再试。" };
  document.addEventListener("htmx:responseError", function (event) {
    toast(reasons[event.detail.xhr.status] || "没有成功（" + event.detail.xhr.status + "）。填写的内容还在，请稍后再试。");
    release(document);
  });
  document.addEventListener("htmx:sendError", function () { toast("连不上服务器。填写的内容还在，请检查网络后再试。"); release(document); });
  document.addEventListener("htmx:afterRequest", function () { release(document); });
})();
