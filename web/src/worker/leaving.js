// Signing out, and deleting the account, on a phone that others may use: what is kept of the account's
// reports goes with it. What this phone sent without an account belongs to the phone and stays; so do
// drafts and whatever still waits to be sent.
import {register} from '../push/registration.js';
import {dropReport, listReports, recall, remember} from '../report/store.js';
import {forgetPhotos} from '../track/kept_photos.js';

const PATIENCE_MS = 4000;
const PAGES_MOST = 20;

/** Whether this may be such a form, by its address alone. */
export const mayLeave = ({method, url}) => method === 'POST' && /^\/(dang-xuat|toi)$/.test(new URL(url).pathname);

/** Send the form on; when it leaves the account, clean up before the next page is shown. */
export async function leaving(request) {
  if (!(await isLeaving(request))) return fetch(request);
  // while the session still says whose they are
  const codes = await ownCodes().catch(() => undefined);
  const push = await recall('push').catch(() => undefined);
  if (push) await fetch(`/api/v1/devices/${push.device}`, {method: 'DELETE'}).catch(() => {});
  const answer = await fetch(request);
  if (answer.ok || answer.type === 'opaqueredirect') await forget(codes, push).catch(() => {});
  return answer;
}

async function isLeaving(request) {
  if (new URL(request.url).pathname === '/dang-xuat') return true;
  const form = await request.clone().formData();
  return form.get('do') === 'sign-out' || (form.get('do') === 'delete' && form.get('sure') === '1');
}

async function ownCodes() {
  const signal = timeout();
  const codes = new Set();
  let after = '';
  for (let page = 0; page < PAGES_MOST && after !== null; page += 1) {
    const answer = await fetch(`/api/v1/me/reports${after && `?after=${encodeURIComponent(after)}`}`, {signal});
    if (!answer.ok) throw new Error(`${answer.status}`);
    const {items, next} = await answer.json();
    for (const {code} of items) codes.add(code);
    after = next;
  }
  return codes;
}

// AbortSignal.timeout is younger than the browsers we serve
function timeout() {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), PATIENCE_MS);
  return controller.signal;
}

async function forget(codes, push) {
  const stays = new Set();
  for (const report of await listReports()) {
    if (codes?.has(report.code) && isDone(report)) await dropReport(report.id);
    else if (report.code) stays.add(report.code);
  }
  const seen = Object.entries((await recall('followed')) ?? {});
  await remember('followed', Object.fromEntries(seen.filter(([code]) => stays.has(code) && !codes?.has(code))));
  await forgetPhotos();
  if (!push) return;
  await remember('push', undefined);
  // notices of what stays go on, in nobody's name
  const follow = push.follow.filter((code) => stays.has(code));
  const subscription = await self.registration.pushManager.getSubscription();
  if (follow.length && subscription) await register(subscription, follow);
}

// a photo that is still on its way needs the secret
const isDone = ({photos}) => (photos ?? []).every(({state}) => ['sent', 'refused', 'lost'].includes(state));
