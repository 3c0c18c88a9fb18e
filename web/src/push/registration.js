// This browser as an address of notices: subscribed at the browser's push service, registered with us.
//
// Remembered under 'push': {device, follow: [codes]}. The device's id is the right to change what it is
// told of; secrets of reports stay where reports are kept, and are sent along when they are needed.
import {listReports, recall, remember} from '../report/store.js';

const API = '/api/v1';

/** What stands in the way: 'unsupported', 'install' (iPhone: home screen first), 'denied'; or ''. */
export function obstacle() {
  if (!('serviceWorker' in navigator) || !('indexedDB' in self)) return 'unsupported';
  if (!('PushManager' in self) || !('Notification' in self)) {
    return /iPhone|iPad/.test(navigator.userAgent) ? 'install' : 'unsupported';
  }
  return Notification.permission === 'denied' ? 'denied' : '';
}

/** What is remembered of this browser, if it still is subscribed. */
export async function registered() {
  if (obstacle() || Notification.permission !== 'granted') return undefined;
  const known = await recall('push').catch(() => undefined);
  const registration = known && (await navigator.serviceWorker.getRegistration('/'));
  return (await registration?.pushManager.getSubscription()) ? known : undefined;
}

/**
 * Ask for leave, subscribe, and follow these reports besides those followed already. To be called when
 * somebody taps; the remembered state, or undefined if leave was not given. Throws when we or the
 * push service cannot be reached.
 */
export async function enable(codes) {
  if ((await Notification.requestPermission()) !== 'granted') return undefined;
  const registration = await navigator.serviceWorker.ready;
  const known = await recall('push').catch(() => undefined);
  const subscription = await subscribeAgain(registration);
  return register(subscription, [...new Set([...(known?.follow ?? []), ...codes])]);
}

/** A subscription that is bound to our present key. */
export async function subscribeAgain(registration) {
  const {key} = await ask('GET', '/push/key');
  const wanted = bytes(key);
  const found = await registration.pushManager.getSubscription();
  if (found) {
    const bound = new Uint8Array(found.options.applicationServerKey ?? new ArrayBuffer(0));
    if (bound.length === wanted.length && bound.every((byte, at) => byte === wanted[at])) return found;
    await found.unsubscribe();
  }
  return registration.pushManager.subscribe({userVisibleOnly: true, applicationServerKey: wanted});
}

/** Register a subscription with us; a report that may no longer be followed is left out. */
export async function register(subscription, codes) {
  const reports = await listReports().catch(() => []);
  const secrets = new Map(reports.filter((one) => one.code).map((one) => [one.code, one.secret]));
  const value = JSON.stringify(subscription);
  let {id} = await ask('POST', '/devices', {kind: 'webpush', value});
  const follow = [];
  for (const code of codes) {
    const one = secrets.has(code) ? {code, tracking_secret: secrets.get(code)} : {code};
    try {
      ({id} = await ask('POST', '/devices', {kind: 'webpush', value, follow: [one]}));
      follow.push(code);
    } catch (error) {
      if (error.status !== 404) throw error;
    }
  }
  const known = {device: id, follow};
  await remember('push', known);
  return known;
}

/** Hear of this report no more. */
export async function unfollow(code) {
  const known = await recall('push');
  if (!known) return;
  await ask('PATCH', `/devices/${known.device}`, {unfollow: [code]});
  await remember('push', {...known, follow: known.follow.filter((one) => one !== code)});
}

/** Areas this browser or its account follows; `followArea` takes {unit} or {circle}, and {category}. */
export const listAreas = (device) => ask('GET', '/alerts', undefined, device);
export const followArea = (device, place) => ask('POST', '/alerts', place, device);
export const unfollowArea = (device, id) => ask('DELETE', `/alerts/${id}`, undefined, device);

async function ask(method, path, body, device) {
  const headers = {Accept: 'application/json'};
  // no page's language here: the service worker asks too
  headers['Accept-Language'] = (await recall('language').catch(() => 'vi')) ?? 'vi';
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (device) headers['X-Device-Id'] = device;
  const answer = await fetch(API + path, {method, headers, body: body && JSON.stringify(body)});
  const said = answer.status === 204 ? undefined : await answer.json().catch(() => undefined);
  if (!answer.ok) throw Object.assign(new Error(said?.title ?? `${answer.status}`), {status: answer.status});
  return said;
}

function bytes(base64url) {
  const text = atob(base64url.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
