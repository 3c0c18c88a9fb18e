// Under which sign-in this phone is used, and what goes from it when one has ended (decision 0014).
//
// A cookie that opens nothing tells one sign-in from another. A worker sees no cookies: what pages saw
// last is remembered under 'signed_in', and every page compares. So what a sign-out could not clear
// (no worker yet, a server too busy to say whose reports are whose) goes with the next page.
import {forgetPhotos} from '../track/kept_photos.js';
import {changeKept, changeReport, dropReport, listReports, recall, remember} from './store.js';

const NAME = 'signed_in';

/** The mark of the present sign-in; '' without one. For pages only. */
const mark = () => /(?:^|; )caunoi-lan-dang-nhap=([0-9a-f]+)/.exec(document.cookie)?.[1] ?? '';

/** Clear the phone when another sign-in has ended since; the mark of the present one, '' without one. */
export async function noticeSignIn() {
  const now = mark();
  const before = await lastSignIn();
  if (before === now) return now;
  const stays = before && (await forgetAccount());
  await remember(NAME, now);
  if (stays) endNotices(stays).catch(() => {});
  return now;
}

/** A page left open under a sign-in shows nothing of it to whoever returns to it after that has ended. */
export function leaveWithSignIn() {
  const shown = mark();
  const look = () => shown && !document.hidden && mark() !== shown && location.reload();
  document.addEventListener('visibilitychange', look);
  for (const event of ['focus', 'pageshow']) addEventListener(event, look);
}

/** The mark that pages saw last. */
export const lastSignIn = async () => (await recall(NAME)) ?? '';

/** Remember that nobody is signed in. */
export const noteSignOut = () => remember(NAME, '');

/** Have this browser told of nothing any more. */
export const dropDevice = (push) => fetch(`/api/v1/devices/${push.device}`, {method: 'DELETE'}).catch(() => {});

/** Note that the report with this code belongs to an account. */
export async function noteOwned(code) {
  for (const report of await listReports()) {
    if (report.code === code && !report.owned) await changeReport(report.id, (now) => ({...now, owned: true}));
  }
}

/**
 * Forget what the phone keeps of accounts: reports with these codes and those known to belong to one.
 * Where the codes could not be asked (undefined), those of which nothing is known go as well. The codes
 * of what stays.
 */
export async function forgetAccount(codes) {
  const stays = new Set();
  for (const report of await listReports()) {
    if (!report.code) continue;
    if (!isOfAccount(report, codes)) stays.add(report.code);
    else if (isDone(report)) await dropReport(report.id);
    // a photo on its way needs the secret: nobody is shown it any more, and it goes with the last photo
    else await changeReport(report.id, ({seen, fields, body, ...now}) => ({...now, left: true}));
  }
  const isNobodys = ([code]) => stays.has(code) && !codes?.has(code);
  await changeKept('followed', (kept) => Object.fromEntries(Object.entries(kept ?? {}).filter(isNobodys)));
  await forgetPhotos();
  return stays;
}

/** End the notices of an account; those of what stays go on, in nobody's name. */
export async function endNotices(stays, {isTold} = {}) {
  const push = await recall('push');
  if (!push) return;
  if (!isTold) await dropDevice(push);
  await remember('push', undefined);
  const follow = push.follow.filter((code) => stays.has(code));
  const registration = self.registration ?? (await navigator.serviceWorker?.getRegistration('/'));
  const subscription = follow.length ? await registration?.pushManager?.getSubscription() : undefined;
  if (!subscription) return;
  const {register} = await import('../push/registration.js');
  await register(subscription, follow).catch(() => {});
}

function isOfAccount({code, owned, state}, codes) {
  if (codes?.has(code) || owned) return true;
  // whom one only follows was never in an account
  return !codes && owned === undefined && state === 'sent';
}

/** Whether every photo of the report has come to its end. */
export const isDone = ({photos}) => (photos ?? []).every(({state}) => ['sent', 'refused', 'lost'].includes(state));
