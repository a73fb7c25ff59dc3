// A desk that checks delegates in, with the network and without: what it sees is kept on
// the device at once, shown, and sent when that is possible. Each scan has a number of its
// own, so that one sent twice is one.

const desk = document.querySelector('[data-desk]');
const say = (name, ...values) => values.reduce((s, v) => s.replace('%s', () => v), desk.dataset[name] || '%s');
const prefix = 'desk:' + desk.dataset.id;
let people = [], asOf = 0, sending = false;

const fold = (s) => s.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/gi, 'd').toLowerCase();
const hm = (ms) => new Date(ms + 7 * 3600000).toISOString().slice(11, 16);
const uid = () => [...crypto.getRandomValues(new Uint8Array(15))].map((b) => b.toString(36).padStart(2, '0')).join('');

// What is kept on the device: the people, and each scan that is not sent under a key of its
// own, so that two pages of one desk keep one queue. Where nothing can be kept, this page
// remembers.
const memory = new Map();
function keep(key, v) {
  memory.set(key, v);
  try { localStorage.setItem(key, JSON.stringify(v)); } catch { /* full or forbidden */ }
}
function drop(key) {
  memory.delete(key);
  try { localStorage.removeItem(key); } catch { /* it was never there */ }
}
function kept(key) {
  try { const text = localStorage.getItem(key); if (text) return JSON.parse(text); } catch { /* forbidden, or not ours */ }
  return memory.get(key);
}
function all(kind) {
  const keys = new Set([...memory.keys()].filter((k) => k.startsWith(prefix + kind)));
  try { for (let i = 0; i < localStorage.length; i++) if (localStorage.key(i).startsWith(prefix + kind)) keys.add(localStorage.key(i)); } catch { /* forbidden */ }
  return [...keys].map(kept).filter(Boolean).sort((a, b) => a.at - b.at);
}
const queue = () => all(':scan:');
const refusals = () => all(':refused:');

// forget leaves nothing on a helper's phone: the desk is closed, and all was sent.
async function forget() {
  for (const s of refusals()) drop(prefix + ':refused:' + s.id);
  drop(prefix);
  memory.clear();
  try {
    await caches.delete('desk ' + desk.dataset.desk);
    for (const r of await navigator.serviceWorker.getRegistrations()) if (new URL(r.scope).pathname === desk.dataset.desk) await r.unregister();
  } catch { /* there were none */ }
}

// take shows who is on the list, unless something newer is known.
function take(data) {
  if (data.now < asOf) return;
  asOf = data.now;
  people = data.delegates;
  for (const s of queue()) mark(s); // what this desk has seen and not sent is present too
  if (data.state === 'closed' && !queue().length) forget();
  else keep(prefix, { now: asOf, delegates: data.delegates, state: data.state });
  draw();
}

function find(s) { return people.find((p) => (s.delegate ? p.id === s.delegate : s.how === 'walkin' ? p.id === s.id : s.mark && p.mark === s.mark.slice(0, 6))); }

function mark(s) {
  const p = find(s);
  if (!p && s.how === 'walkin') people.push({ id: s.id, mark: '', who: s.name, office: s.office, where: s.body || unitName(s.unit), seat: '', answer: 'confirmed', present: hm(s.at) + ', ' + desk.dataset.name, walkin: true, local: true });
  else if (p && s.how === 'out') p.out = true;
  else if (p && (!p.present || p.out)) { p.present = hm(s.at) + ', ' + desk.dataset.name; p.out = false; }
}

// see takes one scan. It says at once what is known here, and whether it was taken.
function see(s) {
  s.id = uid();
  s.at = Date.now();
  const p = find(s);
  s.news = !p?.present || !!p.out; // as far as this desk knows
  if (s.how === 'walkin') {
    if (!s.office.trim() || !s.unit && !s.body.trim()) { tell('bad', say('walkinMissing')); return false; }
    tell('ok', s.office + ', ' + (s.body || unitName(s.unit)));
  } else if (!p) { tell('bad', say('unknown')); return false; } else if (p.local) {
    // A walk-in whom the server has given no number yet: seen already, and nothing to send.
    tell('wait', who(p) + ': ' + say('again', p.present));
    return true;
  } else if (s.how === 'out') tell('wait', say('went', who(p)));
  else if (p.present && !p.out) tell('wait', who(p) + ': ' + say('again', p.present));
  else tell('ok', who(p) + (p.answer === 'declined' ? ' (' + say('declined') + ')' : ''));
  mark(s);
  keep(prefix + ':scan:' + s.id, s);
  draw();
  send();
  return true;
}

const unitName = (id) => [...desk.querySelectorAll('#f-unit option')].find((o) => o.value === id)?.textContent || '';
const who = (p) => (p.who ? p.who + ', ' : '') + p.office + ', ' + p.where;

function tell(kind, text) {
  const el = desk.querySelector('[data-say]');
  el.className = 'desk-say ' + kind;
  el.textContent = (kind === 'ok' ? '✓ ' : kind === 'wait' ? '↺ ' : '✕ ') + text;
  if (kind !== 'ok' && navigator.vibrate) navigator.vibrate(200);
}

function draw() {
  const asked = people.filter((p) => !p.walkin).length;
  const here = people.filter((p) => p.present), extra = here.filter((p) => p.walkin).length;
  desk.querySelector('[data-count-at]').textContent = here.length - extra + '/' + asked + (extra ? ' +' + extra : '');
  const left = queue().length;
  desk.querySelector('[data-sync]').textContent = left ? say('queue', left) : say('synced');
  drawRefused();
  const list = desk.querySelector('[data-list]'), text = fold(desk.querySelector('[data-find]').value.trim());
  const some = people.filter((p) => !text || fold(p.who + ' ' + p.office + ' ' + p.where + ' ' + p.seat + ' ' + p.mark).includes(text));
  list.replaceChildren(...some.slice(0, text ? 30 : 400).map(line));
}

// drawRefused lists what the server did not take, and whom another desk had seen before this
// one that could not know, until somebody has looked at it.
function drawRefused() {
  const box = desk.querySelector('[data-refused]'), some = refusals();
  box.hidden = !some.length;
  box.querySelector('ul').replaceChildren(...some.map((s) => {
    const li = document.createElement('li'), text = document.createElement('div');
    text.textContent = [s.office || who(find(s) || { office: s.mark || '', where: '' }), s.body || (s.unit ? unitName(s.unit) : ''), hm(s.at)].filter(Boolean).join(' · ') + ': ' + s.words;
    li.append(text);
    const done = () => { drop(prefix + ':refused:' + s.id); draw(); };
    if (s.how === 'walkin') li.append(button(say('correct'), () => {
      const f = desk.querySelector('[data-walkin-form]');
      for (const name of ['unit', 'body', 'office', 'name']) f.elements[name].value = s[name] || '';
      f.closest('details').open = true;
      f.elements.office.focus();
      done();
    }));
    li.append(button(say('forget'), done, 'quiet'));
    return li;
  }));
}

function line(p) {
  const li = document.createElement('li'), name = document.createElement('div'), strong = document.createElement('strong'), small = document.createElement('span');
  strong.textContent = p.office;
  small.className = 'small soft';
  small.textContent = p.where + (p.seat ? ' · ' + p.seat : '') + (p.walkin ? ' · ' + say('walkin') : '') + (p.answer === 'declined' ? ' · ' + say('declined') : '');
  name.append(strong, p.who ? ' · ' + p.who : '', document.createElement('br'), small);
  li.append(name);
  if (p.present && !p.out) {
    const at = document.createElement('span');
    at.className = 'small here';
    at.textContent = '✓ ' + p.present;
    name.append(document.createElement('br'), at);
    if (!p.local) li.append(button(say('out'), () => see({ delegate: p.id, how: 'out' }), 'quiet'));
  } else {
    if (p.out) li.append(say('left'));
    li.append(button(say('in'), () => see({ delegate: p.id, how: 'list' })));
  }
  return li;
}

function button(text, act, more = '') {
  const b = document.createElement('button');
  b.type = 'button';
  b.className = 'btn small ' + more;
  b.textContent = text;
  b.addEventListener('click', act);
  return b;
}

// --- Sending.

async function send() {
  const batch = queue().slice(0, 200);
  if (sending || !batch.length) return;
  sending = true;
  let ok = false;
  try {
    const r = await fetch(desk.dataset.desk, { method: 'POST', headers: { Accept: 'application/json' }, signal: AbortSignal.timeout?.(15000),
      body: new URLSearchParams({ scans: JSON.stringify(batch), now: Date.now() }) });
    const answer = await r.json();
    if (r.ok) {
      ok = true;
      for (const done of answer.scans) {
        const s = batch.find((x) => x.id === done.id);
        const twice = s?.news && done.kind === 'again';
        if (s && (twice || done.kind === 'refused' || done.kind === 'unknown')) {
          const words = twice ? say('again', done.words) : done.words;
          keep(prefix + ':refused:' + s.id, { ...s, words });
          if (twice) tell('wait', who(find(s) || { office: '', where: '' }) + ': ' + words);
          else tell('bad', words);
        }
        drop(prefix + ':scan:' + done.id);
      }
    } else tell('bad', answer.problem);
  } catch { /* no network: it stays in the queue */ }
  sending = false;
  draw();
  if (ok && queue().length) send();
  else if (ok) load();
}

async function load() {
  try {
    const r = await fetch(desk.dataset.desk + '/du-lieu');
    if (r.ok) take(await r.json());
    else if (r.status === 404 && !queue().length) forget(); // closed
  } catch { /* what is here is shown */ }
}

// --- Codes: the camera where the browser gives it, else a photograph of the code.

// scanned takes the text of a code: the address in the letter, or the code alone.
let last = '', lastAt = 0;
function scanned(text) {
  if (text === last && Date.now() - lastAt < 3000) return; // the camera still sees it
  last = text;
  lastAt = Date.now();
  const m = /\/giay-moi\/([A-Z0-9-]{16,20})/.exec(text) || /^([A-Z0-9-]{6,20})$/.exec(text.trim().toUpperCase());
  if (!m) return tell('bad', say('unknown'));
  see({ mark: m[1].replace(/-/g, '').slice(0, 6), how: 'scan' });
}

const canvas = document.createElement('canvas'), pen = canvas.getContext('2d', { willReadFrequently: true });

function read(source, width, height) {
  const scale = Math.min(1, 1000 / Math.max(width, height));
  canvas.width = width * scale;
  canvas.height = height * scale;
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  const img = pen.getImageData(0, 0, canvas.width, canvas.height);
  return jsQR(img.data, img.width, img.height)?.data;
}

async function camera() {
  const video = desk.querySelector('[data-video]');
  if (!video.hidden) { // a second press ends it
    video.srcObject?.getTracks().forEach((t) => t.stop());
    video.srcObject = null;
    video.hidden = true;
    return;
  }
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  } catch { return tell('wait', say('nocamera')); }
  video.hidden = false;
  await video.play();
  const look = () => {
    if (video.hidden) return;
    if (video.videoWidth) {
      const text = read(video, video.videoWidth, video.videoHeight);
      if (text) scanned(text);
    }
    setTimeout(look, 150);
  };
  look();
}

async function photo(input) {
  const file = input.files[0];
  input.value = '';
  if (!file) return;
  try {
    const img = await createImageBitmap(file);
    const text = read(img, img.width, img.height);
    if (text) scanned(text);
    else tell('wait', say('nocode'));
  } catch { tell('wait', say('nocode')); }
}

// keepPage has the device keep this page and what it loads, for the worker to open it again
// without a network: the worker was not there yet when they came.
async function keepPage() {
  const parts = [...document.querySelectorAll('link[rel=stylesheet], link[rel=icon], script[src]')].map((el) => el.href || el.src);
  await (await caches.open('desk ' + desk.dataset.desk)).addAll([location.pathname, ...parts]);
}

function begin() {
  // The page may be one that the device kept: what was heard since is newer.
  const last = kept(prefix);
  take(JSON.parse(desk.dataset.delegates));
  if (last?.delegates) take(last);
  for (const el of desk.querySelectorAll('[data-scripts]')) el.hidden = false;
  desk.querySelector('[data-find]').addEventListener('input', draw);
  desk.querySelector('[data-find]').addEventListener('keydown', (e) => {
    if (e.key !== 'Enter') return;
    const code = e.target.value.trim().toUpperCase().replace(/-/g, '');
    const p = people.find((x) => x.mark && code.startsWith(x.mark));
    const text = fold(e.target.value.trim());
    const shown = people.filter((x) => text && fold(x.who + ' ' + x.office + ' ' + x.where + ' ' + x.seat).includes(text));
    if (p) see({ mark: p.mark, how: 'scan' });
    else if (shown.length === 1) see({ delegate: shown[0].id, how: 'list' }); // never out: that is a button
    else return;
    e.target.value = '';
    draw();
  });
  desk.querySelector('[data-camera]').addEventListener('click', camera);
  desk.querySelector('[data-photo]').addEventListener('change', (e) => photo(e.target));
  desk.querySelector('[data-walkin-form]').addEventListener('submit', (e) => {
    e.preventDefault();
    const f = new FormData(e.target);
    if (see({ how: 'walkin', unit: f.get('unit'), body: f.get('body'), office: f.get('office'), name: f.get('name') })) e.target.reset();
  });
  addEventListener('online', send);
  addEventListener('storage', (e) => { if (e.key?.startsWith(prefix + ':')) draw(); });
  setInterval(() => (queue().length ? send() : document.visibilityState === 'visible' && load()), 10000);
  addEventListener('beforeunload', (e) => { if (queue().length) e.preventDefault(); });
  if ('serviceWorker' in navigator) navigator.serviceWorker.register(desk.dataset.desk + '/sw.js', { scope: desk.dataset.desk }).then(() => navigator.serviceWorker.ready).then(keepPage).catch(() => {});
  send();
}

begin();
