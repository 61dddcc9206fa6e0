// The score sheet: counts by tap and by key, the running total, and saving by itself that survives a lost connection.
// Each criterion is a form of its own and works without this file. What is typed is first kept in the browser
// (localStorage, by inspection and person), then sent; it is forgotten there once the server has it.
(function () {
  "use strict";
  const board = document.querySelector("[data-score][data-state-url]");
  if (!board) return;
  const maths = window.scoreMaths;
  const all = function (root, selector) { return [...root.querySelectorAll(selector)]; };
  const one = function (selector) { return board.querySelector(selector); };
  const WAIT = 700;            // after the last key, in ms
  const PATIENCE = 15000;      // for an answer
  const POLL = 20000;          // for what the others save
  const SLOWEST = 60000;       // between two attempts
  const STORE = "score:" + board.dataset.inspection + ":" + board.dataset.user;
  const BROKEN = "连接中断，已保存在本机，恢复后自动提交。";
  const WRONG = "请填写 0 至 999 的数，最多两位小数。";

  // ── What is typed ────────────────────────────────────────────────────────
  function tidy(text) {
    return text.normalize("NFKC").trim().replace(/,/g, ".");
  }

  // "" and "0" are not at all; null is no count.
  function countOf(text) {
    const typed = tidy(text);
    if (typed === "") return "";
    if (!/^\d{1,3}(\.\d{0,2})?$/.test(typed)) return null;
    return Number(typed) === 0 ? "" : String(Number(typed));
  }

  const sections = all(board, "form[data-section]").map(function (form) {
    const rows = all(form, "[data-row]").map(function (box) {
      return {
        box: box, pk: box.dataset.row, input: box.querySelector("input.score-input"),
        item: { points: box.dataset.points, cap: box.dataset.cap, veto: box.dataset.veto === "1" },
      };
    });
    return {
      pk: form.dataset.section, title: form.dataset.title, form: form, rows: rows,
      turn: Number(form.elements.turn.value), note: form.elements.note, done: form.elements.is_done,
      stored: null,      // what the server has, as far as this page knows
      sent: null,        // what is on its way, or was sent without an answer
      state: "saved",    // saved, waiting, sending, offline, wrong, conflict
      timer: 0, busy: false, theirs: null,
    };
  });
  const byPk = new Map(sections.map(function (section) { return [section.pk, section]; }));

  // The whole of a section as typed; counts that are none stay as they are, so that they survive a reload too.
  function typed(section) {
    const counts = {};
    section.rows.forEach(function (row) {
      const count = countOf(row.input.value);
      if (count !== "") counts[row.pk] = count === null ? row.input.value : count;
    });
    return { counts: counts, note: section.note.value.trim(), done: section.done.checked };
  }

  function same(one, other) {
    if (!one || !other || one.note !== other.note || one.done !== other.done) return false;
    const keys = Object.keys(one.counts);
    return keys.length === Object.keys(other.counts).length
      && keys.every(function (key) { return one.counts[key] === other.counts[key]; });
  }

  function write(section, content) {
    section.rows.forEach(function (row) { row.input.value = content.counts[row.pk] || ""; });
    section.note.value = content.note;
    section.done.checked = content.done;
  }

  function isDirty(section) { return section.sent !== null || !same(typed(section), section.stored); }
  function isWrong(section) { return section.rows.some(function (row) { return countOf(row.input.value) === null; }); }

  // ── Kept in the browser ──────────────────────────────────────────────────
  let canKeep = true;

  function kept() {
    try { return JSON.parse(localStorage.getItem(STORE)) || {}; } catch (error) { return {}; }
  }

  function keep(section) {
    const rest = kept();
    if (isDirty(section)) rest[section.pk] = Object.assign({ turn: section.turn, sent: section.sent }, typed(section));
    else delete rest[section.pk];
    try {
      if (Object.keys(rest).length) localStorage.setItem(STORE, JSON.stringify(rest));
      else localStorage.removeItem(STORE);
      canKeep = true;
    } catch (error) { canKeep = false; }
  }

  window.addEventListener("beforeunload", function (event) {
    if (!canKeep && sections.some(isDirty)) event.preventDefault();
  });

  // ── Drawing ──────────────────────────────────────────────────────────────
  function words(selector, text) { all(board, selector).forEach(function (box) { box.textContent = text; }); }

  function drawRow(row) {
    const count = countOf(row.input.value);
    const taken = count ? maths.lost(row.item, count) : 0;
    const isCapped = count && row.item.cap !== "" && taken === maths.hundredths(row.item.cap) * 100;
    row.box.classList.toggle("is-hit", Boolean(count));
    row.box.classList.toggle("is-wrong", count === null);
    const lost = row.box.querySelector("[data-lost]");
    lost.textContent = count && taken ? "扣 " + taken / 10000 + " 分" : "—";
    if (isCapped) {
      const limit = document.createElement("small");
      limit.textContent = "已达上限";
      lost.append(limit);
    }
    const wrong = row.box.querySelector("[data-wrong]");
    wrong.hidden = count !== null;
    wrong.textContent = count === null ? WRONG : "";
    row.input.classList.toggle("is-invalid", count === null);
    const missing = row.box.querySelector("[data-missing]");
    missing.hidden = !count || row.box.querySelector('.score-links a[href^="#f"]') !== null;
    row.box.querySelector('[data-change="-1"]').disabled = !count;
  }

  function drawTotal() {
    const data = board.dataset;
    const result = maths.score({
      pass: data.pass, good: data.good, goodInclusive: data.goodInclusive === "1", vetoCap: data.vetoCap,
      criteria: sections.map(function (section) {
        return {
          maximum: section.form.dataset.maximum,
          items: section.rows.map(function (row) { return Object.assign({ hits: countOf(row.input.value) || "0" }, row.item); }),
        };
      }),
    });
    sections.forEach(function (section, index) { words('[data-score-of="' + section.pk + '"]', maths.figure(result.scores[index])); });
    const vetoes = sections.flatMap(function (section) {
      return section.rows.filter(function (row) { return row.item.veto && countOf(row.input.value); });
    }).map(function (row) { return row.box.querySelector("[id^=t]").textContent; });
    const cap = maths.hundredths(data.vetoCap);
    let reason = vetoes.length ? "一票否决：" + vetoes.join("；") + "。" : "";
    if (vetoes.length && result.beforeVeto > cap) {
      reason += "得分 " + maths.figure(result.beforeVeto) + "，按否决上限 " + maths.figure(cap) + " 分计。";
    }
    drawGrade(result, reason);
    return result;
  }

  function drawGrade(result, reason) {
    const box = one(".grade");
    box.className = "grade grade-" + { 不合格: "low", 合格: "middle", 优良: "high" }[result.grade];
    box.querySelector(".grade-total").textContent = maths.figure(result.total);
    box.querySelector(".grade-word").textContent = result.grade;
    box.querySelector(".grade-fill").setAttribute("width", String(result.total / 50));
    const scale = box.querySelector(".grade-scale");
    scale.setAttribute("aria-label", scale.getAttribute("aria-label").replace(/^[\d.]+/, maths.figure(result.total)));
    let why = box.querySelector(".grade-reason");
    if (!why && reason) {
      why = document.createElement("div");
      why.className = "grade-reason";
      box.append(why);
    }
    if (why) why.textContent = reason;
  }

  const STATES = {
    saved: "", waiting: "待保存", sending: "正在保存", offline: "已存本机，待提交", wrong: "有误，未保存", conflict: "与他人冲突",
  };

  function drawState(section) {
    const box = section.form.querySelector("[data-state]");
    box.className = "score-state needs-js is-" + section.state;
    box.replaceChildren();
    if (section.state === "conflict") {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm";
      button.textContent = "比对后选择";
      button.addEventListener("click", function () { openConflict(section); });
      box.append(button);
    } else box.textContent = STATES[section.state];
    drawSaved();
  }

  let checked = "";

  function drawSaved() {
    const box = one("[data-saved]");
    const count = function (state) { return sections.filter(function (section) { return section.state === state; }).length; };
    const bad = count("wrong") + count("conflict");
    const waiting = count("waiting") + count("sending") + count("offline");
    box.className = "score-saved needs-js " + (bad ? "is-wrong" : count("offline") ? "is-offline" : waiting ? "is-waiting" : "is-saved");
    box.textContent = bad ? bad + " 项须处理" : count("offline") ? count("offline") + " 项待提交" : waiting ? "正在保存…" : "已全部保存";
    if (bad || waiting || !checked) return;
    const note = document.createElement("span");
    note.className = "score-checked";
    note.textContent = "，服务器已核对 " + checked;
    box.append(note);
  }

  function drawSection(section) {
    section.rows.forEach(drawRow);
    words('[data-done-of="' + section.pk + '"]', section.done.checked ? "已查完" : "未查完");
    all(board, '[data-step-of="' + section.pk + '"]').forEach(function (step) { step.classList.toggle("is-done", section.done.checked); });
  }

  function banner(text, link) {
    const box = one("[data-banner]");
    if (box.dataset.words === (text || "")) return;
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
  let isOver = false;

  function setState(section, state) {
    section.state = state;
    drawState(section);
  }

  function changed(section) {
    section.rows.forEach(drawRow);
    drawSection(section);
    drawTotal();
    keep(section);
    if (section.state === "conflict" || isOver) return;
    clearTimeout(section.timer);
    if (isWrong(section)) { setState(section, "wrong"); return; }
    if (!isDirty(section)) { setState(section, "saved"); return; }
    if (failures) { setState(section, "offline"); return; }
    setState(section, "waiting");
    section.timer = setTimeout(function () { send(section); }, WAIT);
  }

  function body(section, content) {
    const data = new FormData();
    data.set("csrfmiddlewaretoken", section.form.elements.csrfmiddlewaretoken.value);
    data.set("as", board.dataset.user);
    data.set("turn", content.turn);
    Object.entries(content.counts).forEach(function (entry) { data.set("hit-" + entry[0], entry[1]); });
    data.set("note", content.note);
    if (content.done) data.set("is_done", "on");
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

  // What was sent without an answer goes first, exactly as it was: should the server have it, it says so, and the turn
  // for what was typed since is known.
  async function send(section, isLeaving) {
    if (section.busy || isOver || section.state === "conflict" || isWrong(section) || !isDirty(section)) return;
    clearTimeout(section.timer);
    section.busy = true;
    section.sent = section.sent || Object.assign({ turn: section.turn }, typed(section));
    keep(section);
    setState(section, failures ? "offline" : "sending");
    let answer = null;
    try {
      answer = await ask(section.form.action, { method: "POST", body: body(section, section.sent), keepalive: Boolean(isLeaving) });
    } catch (error) { answer = null; }
    section.busy = false;
    if (answer === null) lost(section, BROKEN);
    else if (answer.isLogin) loggedOut(section);
    else if (answer.status === 200 && answer.json) arrived(section, answer.json);
    else if (answer.status === 409 && answer.json) refused(section, answer.json);
    else if (answer.status === 400 && answer.json) wrong(section, answer.json);
    else if (answer.status === 403 && !answer.json) renew(section);
    else if (answer.status === 403 || answer.status === 404) over((answer.json && answer.json.message) || "您已不能填写本次检查。");
    else lost(section, "服务器暂时没有响应，已保存在本机，恢复后自动提交。");
  }

  function lost(section, text, link) {
    sections.forEach(function (each) { if (["waiting", "sending"].includes(each.state)) setState(each, "offline"); });
    if (section) setState(section, "offline");
    banner(canKeep ? text : "连接中断，本机无法保存，请不要关闭页面。", link);
    if (retry) return;  // of several that fail together one sets the clock
    failures += 1;
    retry = setTimeout(resend, Math.min(2000 * 2 ** (failures - 1), SLOWEST));
  }

  function resend() {
    clearTimeout(retry);
    retry = 0;
    const waiting = sections.filter(function (section) { return isDirty(section) && !["conflict", "wrong"].includes(section.state); });
    if (waiting.length) waiting.forEach(function (section) { send(section); });
    else if (failures) poll();
  }

  function recovered() {
    if (!failures) return;
    failures = 0;
    clearTimeout(retry);
    retry = 0;
    banner("");
    sections.forEach(function (section) { if (section.state === "offline" && !section.busy) send(section); });
  }

  function arrived(section, state) {
    section.stored = { counts: section.sent.counts, note: section.sent.note, done: section.sent.done };
    section.sent = null;
    section.turn = state.turn;
    section.form.elements.turn.value = state.turn;
    renewals = 0;
    banner("");
    recovered();
    take(state);
    keep(section);
    if (isWrong(section)) setState(section, "wrong");
    else if (isDirty(section)) { setState(section, "waiting"); section.timer = setTimeout(function () { send(section); }, WAIT / 2); }
    else setState(section, "saved");
  }

  function refused(section, told) {
    section.sent = null;
    recovered();
    if (told.is_over) { over(told.message); return; }
    section.theirs = told.conflict;
    section.theirs.message = told.message;
    keep(section);
    setState(section, "conflict");
    openConflict(section);
  }

  function wrong(section, told) {
    section.sent = null;
    recovered();
    keep(section);
    setState(section, "wrong");
    banner("“" + section.title + "”没有保存：" + told.message);
  }

  function loggedOut(section) {
    lost(section, "登录已失效，填写的内容已保存在本机。", {
      url: board.dataset.loginUrl + "?next=" + encodeURIComponent(location.pathname), words: "重新登录后自动提交",
    });
  }

  // The form's token is that of an earlier login: ask for the present one, and send again.
  let renewals = 0;

  async function renew(section) {
    setState(section, "offline");
    if (!await poll()) { if (!failures) lost(section, BROKEN); return; }
    renewals += 1;
    if (renewals > 3) over("页面已过期，填写的内容已保存在本机，刷新页面后自动恢复。");
    else send(section);
  }

  function over(text) {
    isOver = true;
    sections.forEach(function (section) { keep(section); });
    all(board, "form[data-section] input, form[data-section] textarea, form[data-section] button").forEach(function (box) { box.disabled = true; });
    banner(text, { url: location.pathname, words: "刷新页面" });
  }

  // ── What the others saved ────────────────────────────────────────────────
  function asContent(told) {
    return { counts: told.counts, note: told.note, done: told.is_done };
  }

  function take(state) {
    all(board, "input[name=csrfmiddlewaretoken]").forEach(function (input) { input.value = state.csrf; });
    if (state.is_over) { over("本次检查已不在评分中。"); return; }
    state.sections.forEach(function (told) {
      const section = byPk.get(String(told.criterion));
      const who = told.saved_by ? told.saved_by + " " + told.saved_at : "";
      words('.score-step-note [data-who-of="' + section.pk + '"]', who && " · " + who);
      words('.score-who[data-who-of="' + section.pk + '"]', who && who + " 保存");
      if (told.turn <= section.turn || section.busy || isDirty(section)) return;
      section.turn = told.turn;
      section.form.elements.turn.value = told.turn;
      section.stored = asContent(told);
      write(section, section.stored);
      drawSection(section);
    });
    const result = drawTotal();
    // Of answers that overtake one another the older one knows less than this page: what it says of the whole is over.
    const isOld = state.sections.some(function (told) { return told.turn < byPk.get(String(told.criterion)).turn; });
    if (!isOld) drawGaps(state.gaps);
    if (!isOld && !sections.some(isDirty)) {
      const agrees = maths.hundredths(state.total) === result.total && state.grade === result.grade;
      checked = agrees ? new Date().toTimeString().slice(0, 5) : "";
      if (!agrees) drawGrade({ total: maths.hundredths(state.total), grade: state.grade }, "以服务器核对的得分为准，请刷新页面。");
    }
    drawSaved();
  }

  function drawGaps(gaps) {
    one("[data-gaps]").hidden = !gaps.length;
    one("[data-ready]").hidden = gaps.length > 0;
    one("[data-gap-count]").textContent = gaps.length;
    one("[data-gap-list]").replaceChildren(...gaps.map(function (gap) {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = gap.deduction ? "#d" + gap.deduction : "#c" + gap.criterion;
      link.textContent = gap.words;
      item.append(link);
      return item;
    }));
  }

  async function poll() {
    if (isOver) return false;
    let answer = null;
    try { answer = await ask(board.dataset.stateUrl, {}); } catch (error) { answer = null; }
    if (answer && answer.status === 200 && answer.json) { recovered(); take(answer.json); return true; }
    if (answer && answer.isLogin) { if (sections.some(isDirty)) loggedOut(null); }
    else if (answer && [403, 404].includes(answer.status)) over("您已不能填写本次检查。");
    else if (failures) lost(null, one("[data-banner]").dataset.words);
    return false;
  }

  setInterval(function () { if (document.visibilityState === "visible" && !failures) poll(); }, POLL);
  window.addEventListener("online", resend);
  window.addEventListener("offline", function () { lost(null, BROKEN); });
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "hidden") sections.forEach(function (section) { send(section, true); });
    else if (failures) resend();
    else poll();
  });

  // ── Two versions of one criterion ────────────────────────────────────────
  const dialog = document.getElementById("score-conflict");

  function cell(text, tag) {
    const box = document.createElement(tag || "td");
    box.textContent = text;
    return box;
  }

  function differences(section) {
    const mine = typed(section), theirs = asContent(section.theirs);
    const rows = section.rows.filter(function (row) { return (mine.counts[row.pk] || "") !== (theirs.counts[row.pk] || ""); })
      .map(function (row) { return [row.box.querySelector("[id^=t]").textContent, (mine.counts[row.pk] || "0") + " 处", (theirs.counts[row.pk] || "0") + " 处"]; });
    if (mine.note !== theirs.note) rows.push(["检查记录", mine.note || "（空）", theirs.note || "（空）"]);
    if (mine.done !== theirs.done) rows.push(["已检查完", mine.done ? "是" : "否", theirs.done ? "是" : "否"]);
    return rows;
  }

  function button(text, act, isPrimary) {
    const box = document.createElement("button");
    box.type = "button";
    box.className = isPrimary ? "btn btn-primary" : "btn";
    box.textContent = text;
    box.addEventListener("click", act);
    return box;
  }

  function openConflict(section) {
    if (dialog.open) return;
    const title = cell("比对：" + section.title, "h2");
    title.id = "conflict-title";
    const table = document.createElement("table");
    table.className = "table";
    const head = table.createTHead().insertRow();
    head.append(cell("内容", "th"), cell("我的", "th"), cell(section.theirs.saved_by + " " + section.theirs.saved_at, "th"));
    const rows = table.createTBody();
    differences(section).forEach(function (texts) { rows.insertRow().append(...texts.map(function (text) { return cell(text); })); });
    const holder = document.createElement("div");
    holder.className = "score-dialog-table";
    holder.append(table);
    const acts = document.createElement("div");
    acts.className = "score-dialog-acts";
    acts.append(
      button("稍后处理", function () { dialog.close(); }),
      button("采用" + section.theirs.saved_by + "的", function () { settle(section, false); }),
      button("保留我的", function () { settle(section, true); }, true),
    );
    dialog.replaceChildren(title, cell(section.theirs.message, "p"), holder, acts);
    dialog.showModal();
  }

  function settle(section, isMine) {
    dialog.close();
    section.turn = section.theirs.turn;
    section.stored = asContent(section.theirs);
    section.theirs = null;
    section.form.elements.turn.value = section.turn;
    if (!isMine) write(section, section.stored);
    section.state = "saved";
    changed(section);
    if (isMine) send(section);
    const next = sections.find(function (each) { return each.state === "conflict"; });
    if (next) openConflict(next);
  }

  // ── Hands ────────────────────────────────────────────────────────────────
  function rowOf(target) {
    const box = target.closest && target.closest("[data-row]");
    if (!box) return null;
    const section = byPk.get(box.closest("[data-section]").dataset.section);
    return { section: section, row: section.rows.find(function (row) { return row.box === box; }) };
  }

  function change(found, step) {
    const now = Number(countOf(found.row.input.value) || 0);
    const next = Math.min(Math.max(Math.round((now + step) * 100) / 100, 0), 999);
    found.row.input.value = next ? String(next) : "";
    changed(found.section);
  }

  board.addEventListener("click", function (event) {
    const stepper = event.target.closest("[data-change]");
    if (!stepper) return;
    const found = rowOf(stepper);
    change(found, Number(stepper.dataset.change));
    mark(found.row.box);
  });

  board.addEventListener("input", function (event) {
    const form = event.target.closest("form[data-section]");
    if (form) changed(byPk.get(form.dataset.section));
  });

  board.addEventListener("submit", function (event) {
    event.preventDefault();
    const section = byPk.get(event.target.dataset.section);
    if (section) send(section);
  });

  // ── Keys ─────────────────────────────────────────────────────────────────
  const boxes = all(board, "[data-row]");
  let current = null;
  let digits = { text: "", box: null, at: 0 };

  function mark(box) {
    if (current && current !== box) current.classList.remove("is-current");
    current = box;
    box.classList.add("is-current");
  }

  function go(step) {
    const at = boxes.indexOf(current);
    const next = boxes[Math.min(Math.max(at + step, 0), boxes.length - 1)];
    mark(next);
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  board.addEventListener("focusin", function (event) {
    const box = event.target.closest("[data-row]");
    if (box) mark(box);
    if (event.target.matches("input.score-input")) event.target.select();
  });

  // Digits typed on a row, not in its field: “1”, “2” in quick succession are 12.
  function digit(found, key) {
    const now = Date.now();
    const goesOn = digits.box === found.row.box && now - digits.at < 1200;
    const text = (goesOn ? digits.text : "") + (key === "." && !goesOn ? "0." : key);
    if (!/^\d{1,3}(\.\d{0,2})?$/.test(text)) return;
    digits = { text: text, box: found.row.box, at: now };
    const count = text.replace(/\.$/, "");
    found.row.input.value = Number(count) ? count : "";
    changed(found.section);
  }

  function addFinding(box) {
    const link = box.querySelector("[data-finding]");
    if (navigator.onLine) link.click();
    else banner("连接中断，恢复后才能登记问题；扣分已保存在本机。");
  }

  document.addEventListener("keydown", function (event) {
    // Keys that an input method is still composing with belong to it.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open || isOver) return;
    const inField = event.target.matches("input.score-input");
    const isOnRow = Boolean(event.target.closest("[data-row]"));
    const tag = event.target.tagName;
    if (!inField && (/^(INPUT|TEXTAREA|SELECT)$/.test(tag) || (!isOnRow && /^(BUTTON|A|SUMMARY)$/.test(tag)))) return;
    const found = current && (isOnRow || tag === "BODY" || tag === "MAIN") ? rowOf(current) : null;
    const key = event.key;
    if (key === "j" || (key === "ArrowDown" && isOnRow)) go(1);
    else if (key === "k" || (key === "ArrowUp" && isOnRow)) go(-1);
    else if (!found) return;
    else if (key === "+" || key === "=") change(found, 1);
    else if (key === "-") change(found, -1);
    else if (key === "f") addFinding(found.row.box);
    else if (key === "Enter" && inField) go(1);
    else if (!inField && /^[0-9.]$/.test(key)) digit(found, key);
    else if (!inField && (key === "Backspace" || key === "Delete")) { found.row.input.value = ""; changed(found.section); }
    else return;
    event.preventDefault();
  });

  // ── The start: what this browser still holds comes back ──────────────────
  const held = kept();
  sections.forEach(function (section) {
    section.stored = typed(section);
    const mine = held[section.pk];
    if (mine) {
      const content = { counts: mine.counts || {}, note: mine.note || "", done: Boolean(mine.done) };
      if (same(content, section.stored)) keep(section);
      else {
        section.turn = mine.turn;
        section.sent = mine.sent || null;
        write(section, content);
      }
    }
    drawSection(section);
  });
  drawTotal();
  const restored = sections.filter(isDirty);
  if (restored.length) banner("已恢复本机未提交的内容，正在提交。");
  restored.forEach(function (section) {
    if (isWrong(section)) setState(section, "wrong");
    else send(section).then(function () { if (!failures && !sections.some(isDirty)) banner(""); });
  });
  drawSaved();
  const place = location.hash.startsWith("#d") && document.getElementById(location.hash.slice(1));
  if (place) { mark(place); place.focus({ preventScroll: true }); }
})();
