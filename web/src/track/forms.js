// Sends the page's forms in place: without a network nothing that was typed is lost, and the answer
// takes the page's place without a new load. What is sent is what a browser without scripts sends.
import {isOurs} from '../shell/answers.js';
import {notice} from '../shell/dom.js';
import {t} from '../shell/words.js';

/** Take over every form on the page, also of parts that come later. */
export function sendInPlace(dress) {
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method !== 'post' || !form.closest('#report') || event.defaultPrevented) return;
    event.preventDefault();
    send(form, event.submitter, dress);
  });
}

async function send(form, pressed, dress) {
  if (form.dataset.sending !== undefined) return;
  form.dataset.sending = '';
  form.classList.add('sending');
  form.setAttribute('aria-busy', 'true');
  const content = new FormData(form);
  if (pressed?.name) content.set(pressed.name, pressed.value);
  try {
    const isLong = form.enctype === 'multipart/form-data';
    if (isLong) await shrink(content, form.dataset.expected ?? '');
    const answer = await fetch(form.action, {
      method: 'POST',
      body: isLong ? content : new URLSearchParams(content),
      headers: {Accept: 'text/html'},
    });
    if (!isOurs(answer) || answer.status === 429 || answer.status >= 500) throw new Error(`${answer.status}`);
    show(await answer.text(), answer.url, dress);
    if (content.get('do') === 'support' && answer.redirected) await remember().catch(() => {});
  } catch {
    failed(form);
  } finally {
    delete form.dataset.sending;
    form.classList.remove('sending');
    form.removeAttribute('aria-busy');
  }
}

// As photos of a new report: upright, small, without anything hidden in them. One that was announced as
// it lies on the phone goes as it is, for the server knows it by its sum.
async function shrink(content, expected) {
  const {prepare} = await import('../report/photo.js');
  const files = content.getAll('photos').filter((file) => file.size);
  content.delete('photos');
  for (const file of files) {
    const isKnown = expected && expected.includes(await sumOf(file));
    const ready = isKnown ? undefined : await prepare(file);
    if (ready) content.append('photos', new Blob([ready.buffer], {type: ready.content_type}), 'anh');
    else content.append('photos', file);
  }
}

async function sumOf(file) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

// who has met it too follows it on this phone, beside the reports sent from it
async function remember() {
  const {code, status} = document.getElementById('report').dataset;
  const text = document.querySelector('#report .part-head .pre')?.textContent ?? '';
  const {findReport, putReport} = await import('../report/store.js');
  const id = `support-${code}`;
  if (await findReport(id)) return;
  const seen = {label: status, at: Date.now()};
  await putReport({id, state: 'followed', created_at: Date.now(), code, photos: [], fields: {text}, seen});
}

function show(text, url, dress) {
  const page = new DOMParser().parseFromString(text, 'text/html');
  const fresh = page.getElementById('report');
  if (!fresh) {
    // the report is gone, or the server had to refuse: its own page says so
    location.assign(url);
    return;
  }
  document.getElementById('report').replaceWith(document.adoptNode(fresh));
  document.title = page.title;
  history.replaceState(null, '', url);
  dress();
  const told = document.querySelector('#notices .notice') ?? document.querySelector('h1');
  told.tabIndex = -1;
  told.focus({preventScroll: true});
  told.scrollIntoView({block: 'center'});
}

function failed(form) {
  form.querySelector('.unsent')?.remove();
  const words = t(
    'Chưa gửi được: mạng yếu, mất mạng hoặc máy chủ đang bận. Nội dung vẫn còn đây, hãy gửi lại sau ít phút.',
    'Not sent: the network is weak or gone, or the server is busy. Your words are still here; send again in a few minutes.',
  );
  const said = notice('bad', words);
  said.classList.add('unsent');
  form.append(said);
}
