// Signing out, and deleting the account, on a phone that others may use: what is kept of the account's
// reports goes with it. What this phone sent without an account belongs to the phone and stays; so do
// drafts and whatever still waits to be sent.
//
// Whose reports are whose is asked of the server first, while the session still says; when it cannot say,
// what is known here must do (sign_in.js), and errs towards forgetting.
import {dropDevice, endNotices, forgetAccount, noteSignOut} from '../report/sign_in.js';
import {recall} from '../report/store.js';

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
  if (push) await dropDevice(push);
  const answer = await fetch(request);
  if (answer.ok || answer.type === 'opaqueredirect') {
    // where this fails the next page does it again
    await forgetAccount(codes).then(async (stays) => {
      await noteSignOut();
      await endNotices(stays, {isTold: true});
    }).catch(() => {});
  }
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
