// The report being written on this page: kept on the phone with every change, and found again.
import {changeReport, dropReport, findReport, listReports, newId} from './store.js';
import {announce} from './queue.js';
import {noticeSignIn} from './sign_in.js';

const SAVE_AFTER_MS = 250;

/** The draft of this page; replaced as a whole by `begin` and `take`. */
export let draft = empty();

let release = () => {};
let timer;
let reader = () => ({});
let is_stored = false;
// thrown away or to be sent: a timer that comes late must not put it back
let is_gone = false;

function empty() {
  const at = Date.now();
  return {id: newId(), state: 'draft', created_at: at, changed_at: at, fields: {}, photos: []};
}

/** Say how the fields of the form are read when the draft is kept. */
export function readFieldsWith(read) {
  reader = read;
}

/** A new, empty draft for this page. */
export async function begin() {
  release();
  draft = empty();
  is_stored = is_gone = false;
  await claim(draft.id);
}

/** Go on with the newest draft that no other tab is writing; false when there is none. */
export async function resume() {
  for (const found of await listReports()) {
    if (found.state === 'draft' && (await take(found))) return true;
  }
  return false;
}

/** Make this the page's draft; false while another tab has it open, or once it is none any more. */
export async function take({id}) {
  if (id !== draft.id && !(await claim(id))) return false;
  // as it lies there now: another tab may have written on since it was listed
  const found = await findReport(id);
  if (found?.state !== 'draft') {
    await claim(draft.id);
    return false;
  }
  draft = found;
  is_stored = true;
  is_gone = false;
  return true;
}

// a lock that lasts as long as the page: the browser lets go of it even when the page crashes
function claim(id) {
  if (!navigator.locks) return true;
  return new Promise((answer) => {
    navigator.locks.request(`caunoi-draft-${id}`, {ifAvailable: true}, (lock) => {
      answer(Boolean(lock));
      if (!lock) return undefined;
      release();
      return new Promise((done) => (release = done));
    });
  });
}

/** Keep the draft soon; several changes in a row are one. */
export function saveSoon() {
  clearTimeout(timer);
  timer = setTimeout(() => save().catch(() => {}), SAVE_AFTER_MS);
}

/** Keep the draft now; nothing is kept of a form that nobody has touched. */
export async function save() {
  clearTimeout(timer);
  if (is_gone) return;
  const fields = reader();
  if (!is_stored && !draft.photos.length && !hasContent(fields)) return;
  const now = {...draft, fields, changed_at: Date.now()};
  draft = now;
  await changeReport(now.id, (stored) => (stored.state === 'draft' ? now : undefined), now);
  if (draft.id === now.id) is_stored = true;
  announce({id: now.id, saved: true});
}

// a position that the page looked up by itself is nothing that anybody wrote
const LOOKED_UP = new Set(['lon', 'lat', 'accuracy', 'place_from']);

function hasContent(fields) {
  return Object.entries(fields).some(([name, value]) => value && !(fields.place_from === 'gps' && LOOKED_UP.has(name)));
}

/**
 * Queue the draft with what is to be sent; false when it has been queued already, by a second tap or
 * another tab. From here on it is safe on the phone, whatever the network does; `urgent` are findings
 * of offices to call, which the card goes on showing.
 */
export async function queueDraft(body, language, urgent = []) {
  clearTimeout(timer);
  is_gone = true;
  const kept = {...draft, fields: reader(), changed_at: Date.now()};
  const queue = (sent_as) => (now) => now.state === 'draft'
    ? {...kept, state: 'queued', body, language, sent_as, ...(urgent.length ? {urgent} : {}), created_at: Date.now(), tries: 0, next_at: 0}
    : undefined;
  try {
    return Boolean(await changeReport(kept.id, queue(await noticeSignIn()), kept));
  } catch (error) {
    is_gone = false;
    throw error;
  }
}

/** Throw the page's draft away. */
export async function dropDraft() {
  clearTimeout(timer);
  is_gone = true;
  await dropReport(draft.id);
  announce({id: draft.id});
}
