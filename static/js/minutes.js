// The record of a meeting: saving by itself that survives a lost connection. Each item is a form of its own and works
// without this file. What is typed is first kept in the browser (localStorage, by meeting and person), then sent; it is
// forgotten there once the server has it. Two versions of one item are shown side by side, and nothing is lost.
(function () {
  "use strict";
  const board = document.querySelector("[data-record][data-state-url]");
  if (!board) return;
  const all = function (selector) { return [...board.querySelectorAll(selector)]; };
  const WAIT = 800;            // after the last key, in ms
  const PATIENCE = 15000;      // for an answer
  const POLL = 20000;          // for what the other one saves
  const SLOWEST = 60000;       // between two attempts
  const STORE = "minutes:" + board.dataset.meeting + ":" + board.dataset.user;
  const BROKEN = "连接中断，已保存在本机，恢复后自动提交。";
  const FIELDS = ["record", "decision"];
  const NAMES = { record: "会议内容", decision: "会议决定" };
  const STATES = { saved: "", waiting: "待保存", sending: "正在保存", offline: "已存本机，待提交", wrong: "未保存", conflict: "与他人冲突" };

  const items = all("form[data-item]").map(function (form) {
    return {
      pk: form.dataset.item, title: form.dataset.title, form: form, turn: Number(form.elements.turn.value),
      stored: null, sent: null, state: "saved", timer: 0, busy: false, theirs: null,
    };
  });
  const byPk = new Map(items.map(function (item) { return [item.pk, item]; }));
  if (!items.length) return;

  function tidy(text) { return text.replace(/\r\n/g, "\n").trim(); }

  function typed(item) {
    return { record: tidy(item.form.elements.record.value), decision: tidy(item.form.elements.decision.value) };
  }

  function same(one, other) { return Boolean(one && other) && FIELDS.every(function (name) { return one[name] === other[name]; }); }
  function write(item, content) { FIELDS.forEach(function (name) { item.form.elements[name].value = content[name]; }); }
  function isDirty(item) { return item.sent !== null || !same(typed(item), item.stored); }

  // ── Kept in the browser ──────────────────────────────────────────────────
  let canKeep = true;

  function kept() {
    try { return JSON.parse(localStorage.getItem(STORE)) || {}; } catch (error) { return {}; }
  }

  function keep(item) {
    const rest = kept();
    if (isDirty(item)) rest[item.pk] = Object.assign({ turn: item.turn, sent: item.sent }, typed(item));
    else delete rest[item.pk];
    try {
      if (Object.keys(rest).length) localStorage.setItem(STORE, JSON.stringify(rest));
      else localStorage.removeItem(STORE);
      canKeep = true;
    } catch (error) { canKeep = false; }
  }

  window.addEventListener("beforeunload", function (event) {
    if (!canKeep && items.some(isDirty)) event.preventDefault();
  });

  // ── Drawing ──────────────────────────────────────────────────────────────
  function draw(item) {
    const box = board.querySelector('[data-state-of="' + item.pk + '"]');
    box.className = "record-state needs-js is-" + item.state;
    box.replaceChildren();
    if (item.state === "conflict") box.append(button("比对后选择", function () { openConflict(item); }));
    else box.textContent = STATES[item.state];
    const count = function (state) { return items.filter(function (each) { return each.state === state; }).length; };
    const bad = count("wrong") + count("conflict");
    const waiting = count("waiting") + count("sending");
    board.querySelector("[data-saved]").textContent = bad ? bad + " 项须处理"
      : count("offline") ? count("offline") + " 项待提交" : waiting ? "正在保存…" : "已全部保存";
  }

  function setState(item, state) { item.state = state; draw(item); }

  function banner(text, link) {
    const box = document.querySelector("[data-banner]");
    box.dataset.words = text || "";
    box.hidden = !text;
    box.replaceChildren(text || "");
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link.url;
      anchor.textContent = link.words;
      box.append(anchor);
    }
  }

  // ── Sending ──────────────────────────────────────────────────────────────
  let failures = 0;
  let retry = 0;
  let renewals = 0;
  let isOver = false;

  function changed(item) {
    keep(item);
    if (item.state === "conflict" || isOver) return;
    clearTimeout(item.timer);
    if (!isDirty(item)) { setState(item, "saved"); return; }
    if (failures) { setState(item, "offline"); return; }
    setState(item, "waiting");
    item.timer = setTimeout(function () { send(item); }, WAIT);
  }

  function body(item, content) {
    const data = new FormData();
    data.set("csrfmiddlewaretoken", item.form.elements.csrfmiddlewaretoken.value);
    data.set("as", board.dataset.user);
    data.set("turn", content.turn);
    FIELDS.forEach(function (name) { data.set(name, content[name]); });
    return data;
  }

  async function ask(url, options) {
    const answer = await fetch(url, Object.assign({
      headers: { Accept: "application/json" }, credentials: "same-origin", redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE),
    }, options));
    const isJson = (answer.headers.get("Content-Type") || "").startsWith("application/json");
    return { status: answer.status, isLogin: answer.type === "opaqueredirect", json: isJson ? await answer.json() : null };
  }

  // What was sent without an answer goes first, exactly as it was: should the server have it, it says so.
  async function send(item, isLeaving) {
    if (item.busy || isOver || item.state === "conflict" || !isDirty(item)) return;
    clearTimeout(item.timer);
    item.busy = true;
    item.sent = item.sent || Object.assign({ turn: item.turn }, typed(item));
    keep(item);
    setState(item, failures ? "offline" : "sending");
    let answer = null;
    // Browsers refuse to keep more than 64 KB alive behind a page that goes.
    const survives = Boolean(isLeaving) && item.sent.record.length + item.sent.decision.length < 15000;
    try {
      answer = await ask(item.form.action, { method: "POST", body: body(item, item.sent), keepalive: survives });
    } catch (error) { answer = null; }
    item.busy = false;
    if (answer === null) lost(item, BROKEN);
    else if (answer.isLogin) loggedOut(item);
    else if (answer.status === 200 && answer.json) arrived(item, answer.json);
    else if (answer.status === 409 && answer.json) refused(item, answer.json);
    else if (answer.status === 400 && answer.json) wrong(item, answer.json);
    else if (answer.status === 403 && !answer.json) renew(item);
    else if (answer.status === 403 || answer.status === 404) over((answer.json && answer.json.message) || "您已不能编写本次纪要。");
    else lost(item, "服务器暂时没有响应，已保存在本机，恢复后自动提交。");
  }

  function lost(item, text, link) {
    items.forEach(function (each) { if (["waiting", "sending"].includes(each.state)) setState(each, "offline"); });
    if (item) setState(item, "offline");
    banner(canKeep ? text : "连接中断，本机无法保存，请不要关闭页面。", link);
    if (retry) return;
    failures += 1;
    retry = setTimeout(resend, Math.min(2000 * 2 ** (failures - 1), SLOWEST));
  }

  function resend() {
    clearTimeout(retry);
    retry = 0;
    const waiting = items.filter(function (item) { return isDirty(item) && item.state !== "conflict"; });
    if (waiting.length) waiting.forEach(function (item) { send(item); });
    else if (failures) poll();
  }

  function recovered() {
    if (!failures) return;
    failures = 0;
    clearTimeout(retry);
    retry = 0;
    banner("");
    items.forEach(function (item) { if (item.state === "offline" && !item.busy) send(item); });
  }

  function arrived(item, state) {
    item.stored = { record: item.sent.record, decision: item.sent.decision };
    item.sent = null;
    item.turn = state.turn;
    item.form.elements.turn.value = state.turn;
    renewals = 0;
    banner("");
    recovered();
    take(state);
    keep(item);
    if (isDirty(item)) { setState(item, "waiting"); item.timer = setTimeout(function () { send(item); }, WAIT / 2); }
    else setState(item, "saved");
  }

  function refused(item, told) {
    item.sent = null;
    keep(item);
    if (told.is_over) { over(told.message); return; }
    item.theirs = told.conflict;
    item.theirs.message = told.message;
    setState(item, "conflict");
    recovered();  // after the state, or it would be sent once more
    openConflict(item);
  }

  function wrong(item, told) {
    item.sent = null;
    keep(item);
    setState(item, "wrong");
    recovered();
    banner("“" + item.title + "”没有保存：" + told.message);
  }

  function loggedOut(item) {
    lost(item, "登录已失效，填写的内容已保存在本机。", {
      url: board.dataset.loginUrl + "?next=" + encodeURIComponent(location.pathname), words: "重新登录后自动提交",
    });
  }

  // The form's token is that of an earlier login: ask for the present one, and send again.
  async function renew(item) {
    setState(item, "offline");
    if (!await poll()) { if (!failures) lost(item, BROKEN); return; }
    renewals += 1;
    if (renewals > 3) over("页面已过期，填写的内容已保存在本机，刷新页面后自动恢复。");
    else send(item);
  }

  function over(text) {
    isOver = true;
    items.forEach(keep);
    all("form[data-item] textarea, form[data-item] button").forEach(function (box) { box.readOnly = true; box.disabled = box.tagName === "BUTTON"; });
    banner(text, { url: location.pathname, words: "刷新页面" });
  }

  // ── What the other one saved ─────────────────────────────────────────────
  function take(state) {
    all("input[name=csrfmiddlewaretoken]").forEach(function (input) { input.value = state.csrf; });
    if (state.is_over) { over("纪要已提交或签发，不能再修改；未提交的内容仍保存在本机。"); return; }
    state.items.forEach(function (told) {
      const item = byPk.get(String(told.item));
      if (!item) return;
      const who = board.querySelector('[data-who-of="' + item.pk + '"]');
      who.textContent = told.saved_by ? told.saved_by + " " + told.saved_at + " 保存" : "";
      if (told.turn <= item.turn || item.busy || isDirty(item)) return;
      item.turn = told.turn;
      item.form.elements.turn.value = told.turn;
      item.stored = { record: told.record, decision: told.decision };
      write(item, item.stored);
    });
  }

  async function poll() {
    if (isOver) return false;
    let answer = null;
    try { answer = await ask(board.dataset.stateUrl, {}); } catch (error) { answer = null; }
    if (answer && answer.status === 200 && answer.json) { recovered(); take(answer.json); return true; }
    if (answer && answer.isLogin) { if (items.some(isDirty)) loggedOut(null); }
    else if (answer && [403, 404].includes(answer.status)) over("您已不能编写本次纪要。");
    else if (failures) lost(null, BROKEN);
    return false;
  }

  setInterval(function () { if (document.visibilityState === "visible" && !failures) poll(); }, POLL);
  window.addEventListener("online", resend);
  window.addEventListener("offline", function () { lost(null, BROKEN); });
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "hidden") items.forEach(function (item) { send(item, true); });
    else if (failures) resend();
    else poll();
  });

  // ── Two versions of one item ─────────────────────────────────────────────
  const dialog = document.getElementById("record-conflict");

  function button(text, act, isPrimary) {
    const box = document.createElement("button");
    box.type = "button";
    box.className = isPrimary ? "btn btn-primary" : "btn btn-sm";
    box.textContent = text;
    box.addEventListener("click", act);
    return box;
  }

  function element(tag, text) {
    const box = document.createElement(tag);
    box.textContent = text;
    return box;
  }

  function side(heading, content) {
    const box = document.createElement("div");
    box.append(element("h3", heading));
    FIELDS.forEach(function (name) { box.append(element("div", NAMES[name]), element("pre", content[name] || "（空）")); });
    return box;
  }

  function openConflict(item) {
    if (dialog.open) return;
    const title = element("h2", "比对：" + item.title);
    title.id = "conflict-title";
    const sides = document.createElement("div");
    sides.className = "record-dialog-sides";
    sides.append(side("我的", typed(item)), side(item.theirs.saved_by + " " + item.theirs.saved_at, item.theirs));
    const acts = document.createElement("div");
    acts.className = "record-dialog-acts";
    const all = [
      button("稍后处理", function () { dialog.close(); }),
      button("采用" + item.theirs.saved_by + "的", function () { settle(item, false); }),
      button("保留我的", function () { settle(item, true); }, true),
    ];
    all.forEach(function (each) { each.classList.remove("btn-sm"); });
    acts.append(...all);
    dialog.replaceChildren(title, element("p", item.theirs.message), sides, acts);
    dialog.showModal();
  }

  function settle(item, isMine) {
    dialog.close();
    item.turn = item.theirs.turn;
    item.stored = { record: item.theirs.record, decision: item.theirs.decision };
    item.theirs = null;
    item.form.elements.turn.value = item.turn;
    if (!isMine) write(item, item.stored);
    item.state = "saved";
    changed(item);
    if (isMine) send(item);
    const next = items.find(function (each) { return each.state === "conflict"; });
    if (next) openConflict(next);
  }

  // ── Hands ────────────────────────────────────────────────────────────────
  board.addEventListener("input", function (event) {
    const form = event.target.closest("form[data-item]");
    if (form) changed(byPk.get(form.dataset.item));
  });

  board.addEventListener("submit", function (event) {
    const form = event.target.closest("form[data-item]");
    if (!form) return;
    event.preventDefault();
    send(byPk.get(form.dataset.item));
  });

  // ── The start: what this browser still holds comes back ──────────────────
  const held = kept();
  items.forEach(function (item) {
    item.stored = typed(item);
    const mine = held[item.pk];
    if (!mine) return;
    const content = { record: mine.record || "", decision: mine.decision || "" };
    if (same(content, item.stored)) { keep(item); return; }
    item.turn = mine.turn;
    item.sent = mine.sent || null;
    write(item, content);
  });
  const restored = items.filter(isDirty);
  if (restored.length) banner("已恢复本机未提交的内容，正在提交。");
  restored.forEach(function (item) {
    send(item).then(function () { if (!failures && !items.some(isDirty)) banner(""); });
  });
  items.forEach(draw);
})();
