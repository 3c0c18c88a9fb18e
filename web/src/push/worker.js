// The service worker's part of notices: shows what is pushed, opens what is tapped, and registers anew
// when the browser changes its address. What arrives was encrypted for this browser and names a stage,
// never words, place or people of a report (backend/messages/webpush.py).
import {recall} from '../report/store.js';
import {register, subscribeAgain} from './registration.js';

const ICON = '/static/icons/icon-192.png';

addEventListener('push', (event) => event.waitUntil(show(event.data)));
addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.link));
});
addEventListener('pushsubscriptionchange', (event) => event.waitUntil(renew(event)));

async function show(data) {
  let notice = {};
  try {
    notice = data.json();
  } catch {
    // the browser demands that something is shown for every push
  }
  const language = await recall('language').catch(() => 'vi');
  const fallback = language === 'en' ? 'You have a new notice.' : 'Bạn có thông báo mới.';
  // the tag makes a repeat replace what is shown, without a sound
  await self.registration.showNotification(notice.title ?? 'Cầu Nối', {
    body: notice.body ?? fallback,
    tag: notice.tag ?? 'caunoi',
    data: {link: notice.link},
    lang: language,
    icon: ICON,
    badge: ICON,
    requireInteraction: notice.urgent === true,
  });
}

/** Only a path of our own is opened, in a window that shows it already if there is one. */
export function ownUrl(link) {
  const path = typeof link === 'string' && /^\/(?![/\\])/.test(link) ? link : '/';
  const url = new URL(path, location.origin);
  return url.origin === location.origin ? url : new URL('/', location.origin);
}

async function open(link) {
  const url = ownUrl(link);
  const windows = await self.clients.matchAll({type: 'window', includeUncontrolled: true});
  for (const one of windows) {
    if (new URL(one.url).pathname === url.pathname && 'focus' in one) return one.focus();
  }
  return self.clients.openWindow(url.href);
}

async function renew(event) {
  const known = await recall('push').catch(() => undefined);
  if (!known) return;
  const subscription = event.newSubscription ?? (await subscribeAgain(self.registration));
  await register(subscription, known.follow);
}
