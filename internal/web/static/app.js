// Small helps for pages that work without them: keys of the grid, drafts kept in
// the browser, sending that survives a lost connection. Words come from the page.
'use strict';

const lang = () => document.documentElement.lang;
const page = () => document.body.dataset;

// --- Numbers: the rules of internal/lang/number.go, tested with the same table.

// parseFigure reads a number in thousandths: 1.234,5 and 1234.5 alike. It is
// undefined for an empty text and NaN for what is not a number.
function parseFigure(text) {
  let s = text.normalize('NFC').replace(/(?![\u200c\u200d\n\t])[\p{Cc}\p{Cf}]/gu, '').replace(/\s/g, '');
  if (!s) return undefined;
  const sign = /^[-−]/.test(s) ? -1 : 1;
  s = s.replace(/^(-−?|−|\+)/, '');
  const marks = s.replace(/[^.,]/g, '');
  const last = Math.max(s.lastIndexOf('.'), s.lastIndexOf(','));
  let decimal = false;
  if (marks.includes('.') && marks.includes(',')) { // the later one is the decimal mark
    decimal = true;
    if (s.indexOf(s[last]) !== last) return NaN;
  } else if (marks.length === 1) { // three digits after it mean thousands
    decimal = !(s.length - last === 4 && last >= 1 && last <= 3 && s[0] !== '0');
  }
  let frac = '';
  if (decimal) {
    frac = s.slice(last + 1);
    s = s.slice(0, last);
    if (!/^\d+$/.test(frac)) return NaN;
  }
  const groups = s.split(/[.,]/);
  const whole = (g, i) => /^\d+$/.test(g) && (groups.length === 1 || (i ? g.length === 3 : g.length <= 3));
  if (!groups.every(whole)) return NaN;
  s = groups.join('').replace(/^0+/, '');
  frac = frac.replace(/0+$/, '');
  const n = Number(s + (frac + '000').slice(0, 3));
  return frac.length > 3 || s.length > 13 || n > 1e15 ? NaN : n && sign * n;
}

// writeFigure writes thousandths as the language does: 1.234,5 or 1,234.5.
function writeFigure(n, l) {
  const s = String(Math.abs(n)).padStart(4, '0');
  const [group, mark] = l === 'vi' ? ['.', ','] : [',', '.'];
  const whole = s.slice(0, -3);
  let frac = s.slice(-3).replace(/0+$/, '');
  if (frac.length === 3 && whole.length <= 3 && whole[0] !== '0') frac += '0'; // else read back as thousands
  return (n < 0 ? '−' : '') + whole.replace(/\B(?=(\d{3})+$)/g, group) + (frac && mark + frac);
}

// --- Fields: what stands in them now, and what the server sent.

const fields = (form) => [...form.elements].filter((el) => el.name && 'value' in el &&
  !/^(hidden|submit|button|reset|image|file|password)$/.test(el.type));
const ticked = (el) => el.type === 'checkbox' || el.type === 'radio';
const nameOf = (el) => (ticked(el) ? el.name + '=' + el.value : el.name);
const now = (el) => (ticked(el) ? el.checked : el.value);
const optionOf = (el) => [...el.options].find((o) => o.defaultSelected) || el.options[0];
const was = (el) => (ticked(el) ? el.defaultChecked : el.options ? optionOf(el)?.value : el.defaultValue);
const put = (el, v) => { if (ticked(el)) el.checked = v; else el.value = v; };
function settle(el, v) { // v is now what the server has
  if (ticked(el)) el.defaultChecked = v;
  else if (el.options) for (const o of el.options) o.defaultSelected = o.value === v;
  else el.defaultValue = v;
}
// The hidden field that says which version of a field its writer saw.
const guard = (el) => el.form.elements['v-' + el.name] || el.form.elements.seen;

function say(form, words) {
  const state = form.querySelector('.state');
  if (state) state.textContent = words;
}

// receipt shows where the proof of what was just saved is.
function receipt(form, code) {
  const state = form.querySelector('.state');
  if (!state) return;
  const a = document.createElement('a');
  a.href = '/r/' + code;
  a.className = 'mono nowrap';
  a.textContent = code;
  state.append(' · ', a);
}

function problem(form, name, words) {
  const el = form.elements[name];
  let at = document.getElementById('p-' + name);
  if (!at && words && el?.after) { // a field without a place for it yet
    at = document.createElement('span');
    at.id = 'p-' + name;
    at.className = 'field-bad';
    el.after(at);
    el.setAttribute('aria-describedby', ((el.getAttribute('aria-describedby') || '') + ' ' + at.id).trim());
  }
  if (at) at.textContent = words;
  if (el?.setAttribute && words) el.setAttribute('aria-invalid', 'true');
}

// look shows what is known of a field: changed or not, and the number understood.
function look(el) {
  const changed = now(el) !== was(el);
  if (!el.matches('input.cell')) return;
  el.classList.toggle('changed', changed);
  if (changed) el.classList.remove('kept');
  if (el.dataset.words !== undefined) return;
  const n = parseFigure(el.value);
  const bad = Number.isNaN(n);
  if (bad) el.setAttribute('aria-invalid', 'true');
  else el.removeAttribute('aria-invalid');
  const echo = el.parentElement.querySelector('.echo');
  if (echo) echo.textContent = n === undefined ? '' : bad ? el.closest('[data-bad]')?.dataset.bad || '' : writeFigure(n, lang());
}

// --- Drafts.

const pending = new WeakMap(); // form → key of a sending without an answer yet

function kept(key) {
  try { return JSON.parse(localStorage.getItem('draft:' + key)); } catch { return null; }
}
function keep(key, draft) { // storage may be full, or forbidden: the page goes on
  try {
    if (draft) localStorage.setItem('draft:' + key, JSON.stringify(draft));
    else localStorage.removeItem('draft:' + key);
  } catch { /* the text still stands in the page */ }
}

// keepDraft stores the fields that differ from the server's, or drops the draft
// where none does.
function keepDraft(form) {
  if (!form.dataset.draft) return;
  const draft = { version: form.dataset.version, fields: {}, seen: {}, sending: pending.get(form) };
  for (const el of fields(form)) {
    if (now(el) === was(el)) continue;
    draft.fields[nameOf(el)] = now(el);
    const g = guard(el);
    if (g) draft.seen[g.name] = g.value;
  }
  const any = Object.keys(draft.fields).length > 0;
  keep(form.dataset.draft, any && draft);
  const drop = form.querySelector('[data-draft-drop]');
  if (drop) drop.hidden = !any;
}

// restore puts a draft back. Where the page is newer than the draft, only fields
// that say which version was seen are put back: the server then shows both.
function restore(form) {
  const draft = kept(form.dataset.draft);
  if (!draft) return;
  let some = false, left = false;
  for (const el of fields(form)) {
    const v = draft.fields[nameOf(el)];
    if (v === undefined || v === now(el)) continue;
    const g = guard(el);
    if (draft.version !== form.dataset.version) {
      if (!g || draft.seen[g.name] === undefined) { left = true; continue; }
      g.dataset.now = g.dataset.now || g.value;
      g.value = draft.seen[g.name];
    }
    put(el, v);
    look(el);
    some = true;
  }
  if (some) {
    if (draft.sending) pending.set(form, draft.sending);
    say(form, page().restored);
    keepDraft(form);
  } else if (!left && !form.querySelector('[aria-invalid=true]')) keep(form.dataset.draft, null);
}

function dropDraft(form) {
  form.reset();
  for (const g of form.querySelectorAll('[data-now]')) { g.value = g.dataset.now; delete g.dataset.now; }
  pending.delete(form);
  fields(form).forEach(look);
  keepDraft(form);
  say(form, '');
}

// --- Sending.

const waiting = new Map(); // form → its button, to be sent when the network is back
const soon = new WeakMap(); // form that saves itself → its timer

// saveSoon sends a form that saves itself, once nothing is typed for a moment.
function saveSoon(form) {
  clearTimeout(soon.get(form));
  soon.set(form, setTimeout(() => send(form), 1500));
}

function uuid() { // crypto.randomUUID is not there on plain HTTP
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  return [...b].map((x, i) => ([4, 6, 8, 10].includes(i) ? '-' : '') + x.toString(16).padStart(2, '0')).join('');
}

async function send(form, button, again) {
  if (form.getAttribute('aria-busy') === 'true') return;
  waiting.delete(form);
  const sent = new Map(fields(form).map((el) => [el, now(el)]));
  const data = new FormData(form);
  if (button?.name) data.append(button.name, button.value);
  const key = pending.get(form) || uuid();
  pending.set(form, key);
  keepDraft(form);
  const focus = document.activeElement;
  const buttons = [...form.querySelectorAll('button:not([type=button])')];
  const busy = (is) => {
    form.setAttribute('aria-busy', is);
    for (const b of buttons) b.disabled = is;
  };
  busy(true);
  say(form, page().saving);
  let response, answer;
  try {
    response = await fetch(form.getAttribute('action') || location.href, {
      method: 'POST',
      body: form.enctype === 'multipart/form-data' ? data : new URLSearchParams(data),
      headers: { Accept: 'application/json', 'Idempotency-Key': key },
      signal: AbortSignal.timeout?.(30000),
    });
    if (response.headers.get('Content-Type')?.startsWith('application/json')) answer = await response.json();
  } catch { response = null; }
  busy(false);
  if (buttons.includes(focus)) focus.focus();
  if (!response || (!answer && response.status >= 500)) {
    say(form, page().waiting);
    if (!again) waiting.set(form, button);
    return;
  }
  pending.delete(form);
  if (answer?.to || response.redirected) {
    if (form.dataset.draft) keep(form.dataset.draft, null);
    location.assign(answer?.to || response.url);
  } else if (!answer) {
    HTMLFormElement.prototype.submit.call(form); // answered by a page: let the browser show it
  } else {
    if (answer.saved) {
      saved(form, answer, sent);
      if (form.matches('[data-auto]') && fields(form).some((el) => now(el) !== was(el))) saveSoon(form);
    }
    else refused(form, answer);
    keepDraft(form);
  }
}

// saved takes over what the server has now. What was typed meanwhile stays.
function saved(form, answer, sent) {
  for (const [el, v] of sent) {
    if (el.classList.contains('changed')) el.classList.add('kept');
    settle(el, v);
    problem(form, el.name, '');
    document.getElementById('c-' + el.name)?.replaceChildren();
  }
  for (const c of answer.cells || []) {
    const el = form.elements[c.name], g = form.elements['v-' + c.name];
    if (g) g.value = c.version;
    if (!el) continue;
    settle(el, c.text);
    if (el.value === sent.get(el)) el.value = c.text;
  }
  if (answer.version !== undefined) form.dataset.version = answer.version;
  for (const el of sent.keys()) look(el);
  say(form, page().saved.replace('%s', answer.time));
  if (answer.receipt) receipt(form, answer.receipt);
}

function refused(form, answer) {
  for (const el of fields(form)) problem(form, el.name, '');
  const named = Object.entries(answer.fields || {}).filter(([name]) => name);
  for (const [name, words] of named) problem(form, name, words);
  for (const c of answer.conflicts || []) both(form, c);
  say(form, answer.problem || answer.fields?.[''] || '');
  const first = form.elements[(answer.conflicts || [])[0]?.name || named[0]?.[0]];
  first?.focus?.();
}

// both shows the two versions of a cell, and lets its writer choose.
function both(form, c) {
  const at = document.getElementById('c-' + c.name), el = form.elements[c.name];
  if (!at || !el) return;
  el.setAttribute('aria-invalid', 'true');
  const choice = (kind, v) => {
    const b = document.createElement('button');
    b.type = 'button';
    b.className = 'btn small';
    b.textContent = (el.closest('[data-' + kind + ']')?.dataset[kind] || '%s').replace('%s', () => v || '–');
    b.addEventListener('click', () => {
      const g = form.elements['v-' + c.name];
      if (g) g.value = c.version;
      el.value = v;
      at.replaceChildren();
      el.dispatchEvent(new Event('input', { bubbles: true }));
      el.focus();
    });
    return b;
  };
  at.replaceChildren(c.words || c.office + ': ' + c.theirs, ' ', choice('mine', c.mine), ' ', choice('theirs', c.theirs));
}

// --- Grid.

// beside is the cell so many rows down or columns right; a form's tables are one grid.
function beside(cell, down, right) {
  const line = right ? 'row' : 'col';
  const cells = [...(cell.form || cell.closest('table')).querySelectorAll('input.cell')]
    .filter((c) => c.dataset[line] === cell.dataset[line]);
  return cells[cells.indexOf(cell) + down + right];
}

function gridKey(e) {
  const cell = e.target;
  if (e.isComposing || e.altKey) return;
  const ctrl = e.ctrlKey || e.metaKey;
  let to;
  if (e.key === 'Enter' && !ctrl) to = beside(cell, e.shiftKey ? -1 : 1, 0);
  else if (e.shiftKey) return;
  else if (e.key === 'ArrowDown' && !ctrl) to = beside(cell, 1, 0);
  else if (e.key === 'ArrowUp' && !ctrl) to = beside(cell, -1, 0);
  else if (e.key === 'ArrowRight' && ctrl && cell.selectionEnd === cell.value.length) to = beside(cell, 0, 1);
  else if (e.key === 'ArrowLeft' && ctrl && cell.selectionStart === 0) to = beside(cell, 0, -1);
  else return;
  e.preventDefault();
  to?.focus();
  to?.select?.();
}

// gridPaste fills a block copied from a spreadsheet, down and right.
function gridPaste(e) {
  const text = e.clipboardData.getData('text/plain').replace(/\r\n?/g, '\n').replace(/\n$/, '');
  if (!/[\t\n]/.test(text)) return;
  e.preventDefault();
  let first = e.target;
  for (const line of text.split('\n')) {
    let cell = first;
    for (const v of line.split('\t')) {
      if (cell && !cell.readOnly && !cell.disabled) {
        cell.value = v.trim();
        cell.dispatchEvent(new Event('input', { bubbles: true }));
      }
      cell = cell && beside(cell, 0, 1);
    }
    first = first && beside(first, 1, 0);
  }
}

// --- The rest.

async function copy(button) {
  const source = button.dataset.copy;
  const text = source[0] === '#' ? document.querySelector(source)?.textContent.trim() : source;
  try { await navigator.clipboard.writeText(text); } catch { return; }
  if (!button.dataset.copied) return;
  const words = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = words; }, 2000);
}

function start() {
  const inGrid = (e) => e.target.matches?.('table[data-grid] input.cell');
  document.addEventListener('keydown', (e) => { if (inGrid(e)) gridKey(e); });
  document.addEventListener('keypress', (e) => { if (inGrid(e) && e.key === 'Enter') e.preventDefault(); }); // never submits
  document.addEventListener('paste', (e) => { if (inGrid(e)) gridPaste(e); });
  document.addEventListener('input', (e) => {
    const el = e.target, form = el.form;
    if (!form) return;
    look(el);
    if (form.matches('[data-send]')) problem(form, el.name, '');
    pending.delete(form); // other words are another sending
    keepDraft(form);
    if (form.matches('[data-auto]')) saveSoon(form);
  });
  document.addEventListener('click', (e) => {
    const b = e.target.closest('[data-confirm], [data-print], [data-copy], [data-draft-drop]');
    if (!b) return;
    if (b.dataset.confirm && !confirm(b.dataset.confirm)) e.preventDefault();
    if ('print' in b.dataset) print();
    if ('copy' in b.dataset) copy(b);
    if ('draftDrop' in b.dataset) dropDraft(b.form);
  });
  document.addEventListener('submit', (e) => {
    if (!e.target.matches('form[data-send]')) return;
    e.preventDefault();
    send(e.target, e.submitter);
  });

  for (const el of document.querySelectorAll('[data-draft-done]')) keep(el.dataset.draftDone, null);
  for (const form of document.querySelectorAll('form[data-draft]')) restore(form);
  for (const b of document.querySelectorAll('[data-print]')) b.hidden = false;
  if (navigator.clipboard) for (const b of document.querySelectorAll('[data-copy]')) b.hidden = false;

  const banner = document.createElement('div');
  banner.setAttribute('role', 'status');
  document.querySelector('main')?.prepend(banner);
  const tell = (kind, words) => {
    banner.className = words ? 'alert ' + kind : '';
    banner.textContent = words;
  };
  const offline = () => tell('wait', page().offline);
  addEventListener('offline', offline);
  addEventListener('online', () => {
    tell('done', page().reconnected);
    setTimeout(() => { if (navigator.onLine) tell('', ''); }, 6000);
    for (const [form, button] of [...waiting]) send(form, button, true);
  });
  if (!navigator.onLine) offline();
}

if (typeof document !== 'undefined') start();
