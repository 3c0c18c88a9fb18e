// Sends what waits on this phone. Pages and the service worker run the same code.
//
// A report goes in two steps: its words and place first, which gives the code, then each photo by
// itself under its hash. Both are idempotent on the server, so after a lost answer they are simply
// sent again. Locks see to it that one of all tabs and the worker sends at a time; where there are
// none, the server's idempotency still makes each report one.
import {isOurs} from '../shell/answers.js';
import {isDone, lastSignIn} from './sign_in.js';
import {changeReport, dropPhoto, dropReport, findPhoto, listReports} from './store.js';

const TEXT_TIMEOUT_MS = 20_000;
// 15 MB at 48 kbps; a connection that brings nothing at all is cut far sooner (sendBytes)
const PHOTO_TIMEOUT_MS = 45 * 60_000;
const STALL_MS = 60_000;
const LONGEST_WAIT_MS = 5 * 60_000;
const LET_GO_MS = 50;
// what may yet go well: not the content's fault (409: the same key is just being worked on)
const PASSING = new Set([401, 408, 409, 423, 425, 429]);

const channel = 'BroadcastChannel' in self ? new BroadcastChannel('caunoi') : undefined;
const listeners = new Set();
channel?.addEventListener('message', (event) => listeners.forEach((listen) => listen(event.data)));

/** Be told of every change: {id} for a report, {id, sha256, share} for a photo under way (1: all handed to
 the network, which still has it on its way), {id, sha256, settled} once the server has answered. */
export function onChange(listen) {
  listeners.add(listen);
}

/** Tell this page, the other tabs and the worker. */
export function announce(change) {
  listeners.forEach((listen) => listen(change));
  channel?.postMessage(change);
}

/** Send what is due, or with `force` all that waits; how much is left, 0 only when nothing can be. */
export async function flush(force = false) {
  const [reports, photos] = await Promise.all([
    alone('caunoi-reports', () => sendReports(force)),
    alone('caunoi-photos', () => sendPhotos(force)),
  ]);
  if (!reports.sent) return reports.left + photos.left;
  // a report that has just got its code may have photos
  const follow = () => alone('caunoi-photos', () => sendPhotos(force));
  let following = await follow();
  if (following === UNKNOWN) {
    // a lock let go of is free a moment later
    await new Promise((done) => setTimeout(done, LET_GO_MS));
    following = await follow();
  }
  return reports.left + following.left;
}

// another tab is at it, and may be closed before it is done
const UNKNOWN = {sent: 0, left: 1};

const busy = new Set();

async function alone(name, work) {
  if (!navigator.locks) {
    if (busy.has(name)) return UNKNOWN;
    busy.add(name);
    return work().finally(() => busy.delete(name));
  }
  return navigator.locks.request(name, {ifAvailable: true}, (lock) => (lock ? work() : UNKNOWN));
}

async function sendReports(force) {
  let sent = 0;
  const tried = new Set();
  for (;;) {
    const queued = (await listReports()).filter((report) => report.state === 'queued');
    const due = queued.filter((report) => !tried.has(report.id) && (force || isDue(report)));
    if (!due.length) return {sent, left: queued.length};
    const report = due.reduce((a, b) => (a.created_at <= b.created_at ? a : b));
    tried.add(report.id);
    try {
      if (await sendReport(report)) sent += 1;
    } catch (error) {
      await postpone(report.id, error);
      // no network at all: the others would only wait for the same
      if (!(error instanceof Refusal)) return {sent, left: queued.length};
    }
  }
}

async function sendReport(report) {
  const answer = await withTimeout(TEXT_TIMEOUT_MS, (signal) =>
    fetch('/api/v1/reports', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Idempotency-Key': report.id,
        'Accept-Language': report.language ?? 'vi',
        // under another sign-in than the writer's it becomes nobody's, never somebody else's
        'X-Sign-In': report.sent_as ?? '',
      },
      body: JSON.stringify(report.body),
      signal,
    }),
  );
  if (!isForUs(answer)) throw new NoNetwork();
  if (!answer.ok) {
    const problem = await readProblem(answer);
    if (isPassing(answer.status)) throw new Refusal(answer);
    await changeReport(report.id, (now) => ({...now, state: 'refused', problem}));
    announce({id: report.id});
    return false;
  }
  const given = await answer.json();
  const owned = Boolean(given.owned);
  // signed out while it was under way
  const left = owned && (report.sent_as ?? '') !== (await lastSignIn());
  const sent = await changeReport(report.id, (now) => ({
    ...now,
    state: 'sent',
    code: given.code,
    secret: given.tracking_secret,
    report_id: given.id,
    owned,
    ...(left ? {left} : {}),
    sent_at: Date.now(),
    tries: 0,
    next_at: 0,
    seen: {
      status: given.status,
      at: Date.now(),
      unit: given.unit?.name,
      agency: given.agency?.name,
      resolve_by: given.promises?.resolve_by,
    },
  }));
  if (sent) await dropLeft(sent);
  announce({id: report.id, code: given.code});
  return true;
}

async function sendPhotos(force) {
  let sent = 0;
  const tried = new Set();
  for (;;) {
    const waiting = (await listReports())
      .filter((report) => report.state === 'sent')
      .flatMap((report) =>
        report.photos.filter((photo) => photo.state === 'kept').map((photo) => ({report, photo})),
      );
    const due = waiting.filter(
      ({report, photo}) => !tried.has(`${report.id}${photo.sha256}`) && (force || isDue(report)),
    );
    if (!due.length) return {sent, left: waiting.length};
    const {report, photo} = due[due.length - 1];
    tried.add(`${report.id}${photo.sha256}`);
    try {
      await sendPhoto(report, photo);
      sent += 1;
    } catch (error) {
      await postpone(report.id, error);
      if (!(error instanceof Refusal)) return {sent, left: waiting.length};
    }
  }
}

async function sendPhoto(report, photo) {
  const buffer = await findPhoto(report.id, photo.sha256);
  if (!buffer) return settlePhoto(report.id, photo.sha256, {state: 'lost'});
  const {status, problem, answer} = await sendBytes(report, photo, buffer);
  if (!isForUs(answer)) throw new NoNetwork();
  if (status >= 200 && status < 300) return settlePhoto(report.id, photo.sha256, {state: 'sent'});
  if (isPassing(status)) throw new Refusal(answer);
  return settlePhoto(report.id, photo.sha256, {state: 'refused', problem});
}

// what was left behind by a sign-out stayed for its photos alone
const dropLeft = (report) => report.left && isDone(report) && dropReport(report.id);

async function settlePhoto(id, sha256, outcome) {
  const settled = await changeReport(id, (now) => ({
    ...now,
    tries: 0,
    next_at: 0,
    photos: now.photos.map((photo) => (photo.sha256 === sha256 ? {...photo, ...outcome} : photo)),
  }));
  await dropPhoto(id, sha256);
  if (settled) await dropLeft(settled);
  announce({id, sha256, settled: true});
}

function sendBytes(report, photo, buffer) {
  const url = `/api/v1/reports/${report.report_id}/photos/${photo.sha256}`;
  const headers = {'Content-Type': photo.content_type, 'X-Tracking-Secret': report.secret};
  const body = new Blob([buffer], {type: photo.content_type});
  // a worker has no XMLHttpRequest, and only that one tells how far an upload is
  if (!('XMLHttpRequest' in self)) {
    return withTimeout(PHOTO_TIMEOUT_MS, async (signal) => {
      const answer = await fetch(url, {method: 'PUT', headers, body, signal});
      return {status: answer.status, problem: answer.ok ? undefined : await readProblem(answer), answer};
    });
  }
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    let stalled;
    const alive = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), STALL_MS);
    };
    alive();
    request.upload.onprogress = ({loaded, total}) => {
      alive();
      announce({id: report.id, sha256: photo.sha256, share: total ? loaded / total : 0});
    };
    request.onerror = request.onabort = () => failed(new TypeError('photo not sent'));
    request.onload = () => {
      let problem;
      try {
        problem = problemOf(JSON.parse(request.responseText));
      } catch {
        problem = {};
      }
      const header = {get: (name) => request.getResponseHeader(name)};
      done({status: request.status, problem, answer: {status: request.status, headers: header}});
    };
    request.onloadend = () => clearTimeout(stalled);
    request.send(body);
  });
}

// a proxy before the server may well refuse what is too large; nothing else is believed of others
const isForUs = (answer) => answer.status === 413 || isOurs(answer);

class NoNetwork extends Error {}

class Refusal extends Error {
  constructor(answer) {
    super(`status ${answer.status}`);
    this.retry_after_ms = 1000 * Number(answer.headers?.get('retry-after') ?? 0) || 0;
  }
}

const isPassing = (status) => status >= 500 || status < 300 || PASSING.has(status);

// a clock that was put back must not make it wait for longer than was meant
function isDue({next_at = 0, wait_ms = LONGEST_WAIT_MS}) {
  const left = next_at - Date.now();
  return left <= 0 || left > wait_ms;
}

async function postpone(id, error) {
  await changeReport(id, (now) => {
    const tries = (now.tries ?? 0) + 1;
    const wait = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** tries) * (0.5 + Math.random() / 2);
    const wait_ms = Math.max(wait, error.retry_after_ms ?? 0);
    return {...now, tries, wait_ms, next_at: Date.now() + wait_ms};
  });
  announce({id});
}

async function readProblem(answer) {
  try {
    return problemOf(await answer.json());
  } catch {
    return {status: answer.status};
  }
}

const problemOf = ({status, type, title, errors}) => ({status, type, title, errors});

async function withTimeout(milliseconds, work) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), milliseconds);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Have what waits sent: now, when the network returns, and while the page lies in the background. */
export function keepSending() {
  const now = () => flush(true).catch(() => {});
  addEventListener('online', now);
  addEventListener('pageshow', now);
  addEventListener('focus', () => flush().catch(() => {}));
  document.addEventListener('visibilitychange', () => document.hidden || now());
  setInterval(() => flush().catch(() => {}), 3000);
  now();
}

/** Ask the browser to wake the worker once there is a network, where it can. */
export async function askForBackgroundSync() {
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    await registration?.sync?.register('caunoi-outbox');
  } catch {
    // refused or unknown: the page's own timers do it
  }
}
