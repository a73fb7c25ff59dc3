// What is live in a conference: the screen, the phones, the pages of those who run it;
// and the programme that is put in order with the mouse or by keys. All of it is there
// without scripts too, by loading a page again.

const live = document.querySelector('[data-stream]');
const words = (name, ...values) => values.reduce((s, v) => s.replace('%s', () => v), live.dataset[name] || '%s');
let skew = 0; // of this device's clock, against the server's
let hall = null;
const clock = () => Date.now() + skew;

function put(name, text) {
  for (const el of live.querySelectorAll(`[data-hall="${name}"]`)) if (el.textContent !== text) el.textContent = text;
}
const show = (el, is) => { if (el && el.hidden === is) el.hidden = !is; };

// lines changes a list line by line, so that what stands under a finger stays.
function lines(name, texts) {
  for (const list of live.querySelectorAll(`[data-hall="${name}"]`)) {
    texts.forEach((text, i) => {
      const li = list.children[i] || list.appendChild(document.createElement('li'));
      if (li.textContent !== text) li.textContent = text;
    });
    while (list.children.length > texts.length) list.lastChild.remove();
  }
}

// span writes a length of time: 3:05.
function span(ms) {
  const s = Math.floor(Math.abs(ms) / 1000);
  return Math.floor(s / 60) + ':' + String(s % 60).padStart(2, '0');
}

// count shows what is left, amber in the last minute, and counts what is over.
function count(el, until) {
  const left = until - clock();
  el.textContent = words(left >= 0 ? 'left' : 'over', span(left >= 0 ? left + 999 : left));
  el.classList.toggle('soon', left >= 0 && left <= 60000);
  el.classList.toggle('over', left < 0);
}

// behind says how late the hall is: the item began late, or lasts too long.
function behind(since, minutes, plannedEnd) {
  const ms = Math.max(since + minutes * 60000, clock()) - plannedEnd;
  const n = Math.round(ms / 60000);
  if (Math.abs(n) >= 720) return ''; // another day: a rehearsal
  return n > 0 ? words('behind', n) : n < 0 ? words('ahead', -n) : words('ontime');
}

function tick() {
  for (const el of document.querySelectorAll('[data-until-of]')) count(el, Number(el.dataset.untilOf) + Number(el.dataset.minutes) * 60000);
  for (const el of document.querySelectorAll('[data-behind-at]')) {
    const text = behind(Number(el.dataset.since), Number(el.dataset.minutes), Number(el.dataset.behindAt));
    if (el.textContent !== text) el.textContent = text;
  }
  for (const el of document.querySelectorAll('[data-clock]')) el.textContent = new Date(clock() + 7 * 3600000).toISOString().slice(11, 16);
  if (!hall) return;
  if (hall.vote && !hall.vote.open) drawVote(hall.vote); // its result leaves the screen by itself
  const timer = live.querySelector('[data-hall="timer"]');
  const turn = hall.speaker || hall.item;
  if (timer) {
    if (turn?.until) count(timer, turn.until);
    else timer.textContent = '';
  }
  put('late', hall.item ? behind(hall.item.since, (hall.item.until - hall.item.since) / 60000, hall.item.planned + hall.item.until - hall.item.since) : '');
}

const kinds = (s) => (s.kind === 'reply' ? words('reply') : s.kind === 'paper' ? words('paper') : '');

// draw shows a state of the hall on the screen and on phones.
function draw() {
  const h = hall, item = h.item;
  if (h.state !== live.dataset.state) return reload(true); // it began, or is over
  if (item) put('item', item.title);
  put('number', item ? words('of', item.n, live.dataset.slots) : '');
  put('presenter', item?.presenter || '');
  put('speaker', h.speaker?.label || '');
  put('subject', h.speaker?.subject || '');
  put('kind', h.speaker ? kinds(h.speaker) : '');
  show(live.querySelector('[data-hall="box"]'), !!h.speaker);
  put('waiting', '(' + h.waiting + ')');
  put('present', words('inHall', h.present, h.invited));
  lines('queue', h.queue.map((q) => q.label + (kinds(q) ? ' · ' + kinds(q) : '')));
  lines('three', h.queue.slice(0, 3).map((q) => q.label + (kinds(q) ? ' · ' + kinds(q) : '')));
  lines('next', h.next.map((n) => n.title));
  for (const li of live.querySelectorAll('[data-item]')) {
    li.classList.toggle('now', item?.id === li.dataset.item);
    li.classList.toggle('past', h.done.includes(li.dataset.item));
  }
  drawVote(h.vote);
  if ('phone' in live.dataset) drawPhone();
  tick();
}

function drawVote(v) {
  const box = live.querySelector('[data-hall="vote"]');
  if (!box) return;
  show(box, !!v && (v.open || clock() - v.closed < 180000));
  if (!v) return;
  put('question', v.question);
  put('result', v.open ? words('presentN', v.present) : `${words('yes')} ${v.yes || 0} · ${words('no')} ${v.no || 0} · ${words('abstain')} ${v.abstain || 0} · ${v.way === 'phone' ? words('advisory') : words(v.passed ? 'passed' : 'failed')}`);
}

// reload loads the page again: not while a form of it is on its way, whose answer would be
// lost; and where all phones of a full hall do, not in the same moment.
let leaving = false;
addEventListener('submit', () => { leaving = true; });
function reload(all) {
  if (leaving) return;
  leaving = true;
  setTimeout(() => location.reload(), all ? Math.random() * Math.min(3000, hall.invited * 2) : 0);
}

function drawPhone() {
  const mine = live.dataset.phone, h = hall;
  if (mine) {
    const at = h.order.indexOf(mine.slice(0, 8));
    if (h.speaker?.id === mine) put('place', words('speaking'));
    else if (at >= 0) put('place', words('place', at + 1));
    else reload(false); // spoken, or taken off the list
  }
  show(live.querySelector('[data-ask]'), h.taking);
  show(live.querySelector('[data-noask]'), !h.taking);
  const v = h.vote?.open && h.vote.way === 'phone' ? h.vote : null;
  const form = live.querySelector('[data-vote-form]');
  if (v && form && form.elements.vote.value !== v.id) {
    form.elements.vote.value = v.id;
    put('question', v.question);
    show(form, true);
    show(live.querySelector('[data-voted]'), false);
  }
  show(live.querySelector('[data-vote-box]'), !!v && !('novote' in live.dataset));
}

// --- Pages of those who run it: their parts are fetched again.

let fetching = false, again = false, held = false;
async function refresh() {
  if (fetching) { again = true; return; }
  fetching = true;
  let pause = 400;
  try {
    const r = await fetch(location.pathname, { headers: { Accept: 'text/html' }, signal: AbortSignal.timeout?.(10000) });
    if (r.ok) replace(new DOMParser().parseFromString(await r.text(), 'text/html'));
  } catch { again = true; pause = 3000; }
  setTimeout(() => { fetching = false; if (again) { again = false; refresh(); } }, pause);
}

// A part is left alone while a finger is on it, while somebody types in it, and as long as
// what was typed is not sent or what was wrong with it stands there.
let pressed = null;
addEventListener('pointerdown', (e) => { pressed = e.target; }, true);
for (const end of ['pointerup', 'pointercancel']) addEventListener(end, () => setTimeout(() => { pressed = null; }, 300), true);

const typed = (el) => (el.matches('select') ? [...el.options].some((o) => o.defaultSelected) ? [...el.options].some((o) => o.selected !== o.defaultSelected) : el.selectedIndex > 0
  : el.matches('[type=radio], [type=checkbox]') ? el.checked !== el.defaultChecked : el.value !== el.defaultValue);
const busy = (part) => part.contains(pressed) || part.contains(document.activeElement) && document.activeElement.matches('input:not([type=hidden]), textarea, select')
  || part.querySelector('.dragging, .alert.bad, .field-bad:not(:empty), [data-kept]') || [...part.querySelectorAll('input:not([type=hidden]), textarea, select')].some(typed);
for (const end of ['focusout', 'pointerup', 'input']) addEventListener(end, () => setTimeout(() => { if (held) { held = false; refresh(); } }, 400), true);

const plain = (part) => part.innerHTML.replace(/name="_key" value="[^"]*"/g, '');

// replace changes the parts that differ. What somebody types in is left alone, and a
// button that was about to be pressed has the focus again.
function replace(page) {
  for (const part of document.querySelectorAll('[data-live-part]')) {
    const fresh = page.querySelector(`[data-live-part="${part.dataset.livePart}"]`);
    if (!fresh || plain(fresh) === part.dataset.was) continue;
    if (busy(part)) { held = true; continue; }
    part.dataset.was = plain(fresh);
    const open = [...part.querySelectorAll('details')].map((d) => d.open);
    const focus = part.contains(document.activeElement) && [...part.querySelectorAll('button, a, summary')].indexOf(document.activeElement);
    part.replaceChildren(...fresh.childNodes);
    part.querySelectorAll('details').forEach((d, i) => { if (open[i] !== undefined) d.open = open[i]; });
    if (focus !== false && focus >= 0) part.querySelectorAll('button, a, summary')[focus]?.focus();
    enhance(part);
  }
  notes(page);
  tick();
}

// notes shows what the other secretary has saved in an item that nothing was typed in.
function notes(page) {
  for (const el of document.querySelectorAll('textarea[data-note]')) {
    const fresh = page.getElementById(el.id), form = el.form;
    if (!fresh || el.value !== el.defaultValue || document.activeElement === el || fresh.value === el.value) continue;
    el.value = el.defaultValue = fresh.value;
    form.elements['v-' + el.name].value = fresh.form.elements['v-' + el.name].value;
    form.dataset.version = fresh.form.dataset.version;
    const state = form.querySelector('.state');
    if (state) state.textContent = fresh.form.querySelector('.state')?.textContent || '';
  }
}

// --- Order by mouse, by touch and by keys.

// sortable lets the children of a list be dragged by their grip; moved is called with the
// list when one was let go elsewhere.
function sortable(list, row, moved) {
  for (const el of list.querySelectorAll(row)) {
    const grip = el.querySelector('.grip');
    if (!grip || grip.dataset.sortable) continue;
    grip.dataset.sortable = '1';
    grip.addEventListener('pointerdown', (e) => {
      e.preventDefault();
      grip.setPointerCapture(e.pointerId);
      el.classList.add('dragging');
      let some = false;
      const move = (m) => {
        const rows = [...list.querySelectorAll(row)];
        const before = rows.find((r) => r !== el && m.clientY < r.getBoundingClientRect().top + r.offsetHeight / 2);
        if (before ? before !== el.nextElementSibling && before !== el : list.lastElementChild !== el) {
          list.insertBefore(el, before || null);
          some = true;
        }
      };
      const drop = () => {
        grip.removeEventListener('pointermove', move);
        el.classList.remove('dragging');
        if (some) moved(list);
      };
      grip.addEventListener('pointermove', move);
      grip.addEventListener('pointerup', drop, { once: true });
      grip.addEventListener('pointercancel', drop, { once: true });
    });
  }
}

async function sendOrder(list) {
  const body = new URLSearchParams({ act: 'order', order: [...list.querySelectorAll('[data-speech]')].map((li) => li.dataset.speech).join(',') });
  try { await fetch(list.dataset.queue, { method: 'POST', body, headers: { Accept: 'application/json' } }); } catch { /* shown as it is by the next refresh */ }
  const part = list.closest('[data-live-part]');
  if (part) part.dataset.was = ''; // whatever came of it, the server's order is shown
  refresh();
}

function enhance(root) {
  for (const list of root.querySelectorAll('[data-queue]')) sortable(list, '[data-speech]', sendOrder);
}

// movable gives a row that is not saved yet its buttons, for the keyboard.
function movable(form, row) {
  const cell = row.cells[0];
  if (cell.querySelector('[data-move]')) return;
  for (const [way, sign, label] of [[-1, '↑', form.dataset.up], [1, '↓', form.dataset.down]]) {
    const b = document.createElement('button');
    b.type = 'button';
    b.className = 'btn small';
    b.dataset.move = way;
    b.textContent = sign;
    b.setAttribute('aria-label', `${label} ${row.rowIndex}`);
    cell.append(b);
  }
}

// The programme: times follow as rows move and lengths change.
function programme(form) {
  const body = form.querySelector('tbody');
  const [h, m] = (form.dataset.starts.split('T')[1] || '00:00').split(':').map(Number);
  const field = (row, name) => row.querySelector(`[name^="${name}-"]`);
  const times = () => {
    let at = h * 60 + m;
    [...body.rows].forEach((row, i) => {
      field(row, 'ord').value = i;
      const pin = /^(\d{1,2})[:h]?(\d{2})?\s*(h[oô]m sau|next day)?$/i.exec(field(row, 'at').value.trim());
      if (pin) {
        const p = Number(pin[1]) * 60 + Number(pin[2] || 0), day = at - at % 1440;
        at = pin[3] && (at % 1440 || !i) || at % 1440 - p > 720 ? day + 1440 + p : day + p;
      }
      const some = field(row, 'title').value.trim() !== '';
      row.querySelector('[data-time]').textContent = some ? String(Math.floor(at / 60) % 24).padStart(2, '0') + ':' + String(at % 60).padStart(2, '0') : '';
      at += Number(field(row, 'minutes').value) || 0;
    });
  };
  form.addEventListener('input', times);
  form.addEventListener('click', (e) => {
    const b = e.target.closest('[data-move]');
    if (!b) return;
    e.preventDefault(); // put in order here, saved with all else
    const row = b.closest('tr');
    const other = b.dataset.move < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (b.dataset.move < 0) other.before(row); else other.after(row);
    times();
    b.focus();
  });
  sortable(body, 'tr', times);
  for (const row of body.rows) movable(form, row);
  const add = form.querySelector('[data-add-row]');
  add.hidden = false;
  add.addEventListener('click', () => {
    const n = form.elements.n, row = body.lastElementChild.cloneNode(true);
    for (const el of row.querySelectorAll('[name]')) { el.name = el.name.replace(/\d+$/, n.value); el.value = el.matches('select') ? el.value : ''; }
    for (const el of row.querySelectorAll('[aria-label]')) el.setAttribute('aria-label', el.getAttribute('aria-label').replace(/\d+$/, Number(n.value) + 1));
    n.value = Number(n.value) + 1;
    body.append(row);
    delete row.querySelector('.grip').dataset.sortable;
    sortable(body, 'tr', times);
    times();
    field(row, 'title').focus();
  });
}

// --- Start.

function listen() {
  let lost = 0;
  const bar = document.createElement('p');
  bar.className = 'alert wait lost';
  bar.setAttribute('role', 'status');
  bar.hidden = true;
  bar.textContent = live.dataset.lost || '';
  (live.closest('main') || live).prepend(bar);
  const open = () => {
    const source = new EventSource(live.dataset.stream);
    source.onmessage = (e) => {
      const { now, state } = JSON.parse(e.data);
      skew = now - Date.now();
      lost = 0;
      bar.hidden = true;
      const first = !hall;
      hall = state;
      if ('phone' in live.dataset || 'screen' in live.dataset) draw();
      else if (!first || document.querySelector('[data-live-part]')) refresh();
    };
    source.onerror = () => {
      if (++lost > 1) bar.hidden = !live.dataset.lost;
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 1000 + Math.random() * 4000); // refused, not dropped
    };
    return source;
  };
  open();
  setInterval(tick, 1000);
  tick();
}

for (const part of document.querySelectorAll('[data-live-part]')) part.dataset.was = plain(part);
for (const form of document.querySelectorAll('[data-programme]')) programme(form);
enhance(document);
if (live && window.EventSource) listen();
