// The service worker: keeps the shell for use without a network, and sends what waits.
//
// The server puts `self.CAUNOI_SHELL` before this file (mobile_api/shell.py): the version, which
// changes with any file of the shell, and what belongs to it. Pages come from the network first; what
// is kept of them was asked for without cookies, so nobody's name or report is ever in it. Answers of
// the API are never kept here. The queue lies in IndexedDB: no version of the shell touches it.
import '../push/worker.js';
import {flush} from '../report/queue.js';
import {recall} from '../report/store.js';
import {isOurs} from '../shell/answers.js';
import {leaving, mayLeave} from './leaving.js';

const {version, pages, files, later} = self.CAUNOI_SHELL;
const CACHE = `shell-${version}`;
const PATIENCE_MS = 4000;
// what citizens open: all of it gets the clear page of the shell when there is no network
const CITIZEN_PAGES =
  /^\/(ban-do|theo-doi|offline|toi|du-lieu-mo|ogc|problems|dang-nhap\/(nguoi-dan|dinh-danh))?(\/|$)/;
const HASHED = /[-.]([0-9A-Z]{8}|[0-9a-f]{12})\.[a-z0-9]+$/;

addEventListener('install', (event) => event.waitUntil(install()));
addEventListener('activate', (event) => event.waitUntil(activate()));
addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== location.origin) return;
  if (mayLeave(event.request)) {
    event.respondWith(leaving(event.request).catch(() => kept('/offline')));
  } else if (event.request.mode === 'navigate') {
    if (CITIZEN_PAGES.test(url.pathname)) event.respondWith(page(event, url));
  } else if (event.request.method === 'GET' && url.pathname.startsWith('/static/')) {
    event.respondWith(file(event.request, url));
  }
});
addEventListener('sync', (event) => {
  if (event.tag === 'caunoi-outbox') event.waitUntil(sendAll());
});
addEventListener('message', (event) => {
  if (event.data?.do === 'keep-later') event.waitUntil(keepLater());
});

async function install() {
  const cache = await caches.open(CACHE);
  await cache.addAll(files);
  await Promise.all(pages.map((path) => keepPage(cache, path)));
  // the pages of the old version go on with their old files, which stay (activate)
  await self.skipWaiting();
}

async function activate() {
  const shells = (await caches.keys()).filter((name) => name.startsWith('shell-'));
  // the version before stays for tabs that are still open
  for (const name of shells.filter((name) => name !== CACHE).slice(0, -1)) await caches.delete(name);
  await self.clients.claim();
}

async function keepPage(cache, path) {
  const answer = await fetch(new Request(path, {credentials: 'omit', cache: 'reload'}));
  if (!answer.ok || !isOurs(answer)) throw new Error(`${path}: ${answer.status}`);
  await cache.put(path, answer);
}

// the map library: worth having without a network, not worth waiting for
async function keepLater() {
  const cache = await caches.open(CACHE);
  for (const path of later) {
    if (!(await cache.match(path))) await cache.add(path).catch(() => {});
  }
}

async function page(event, url) {
  const network = fetch(event.request);
  network.then((answer) => answer.ok && url.pathname === '/' && renew().catch(() => {}), () => {});
  if (url.pathname !== '/' || event.request.method !== 'GET') {
    return network.catch(() => kept('/offline'));
  }
  const patience = new Promise((done) => setTimeout(done, PATIENCE_MS)).then(() => kept('/'));
  return Promise.race([network.catch(() => kept('/')), patience.then((shell) => shell ?? network)]);
}

let renewed_at = 0;

// the categories and communes in the form may change without a new version
async function renew() {
  if (Date.now() - renewed_at < 6 * 3600_000) return;
  renewed_at = Date.now();
  const cache = await caches.open(CACHE);
  await Promise.all(['/', '/?lang=en'].map((path) => keepPage(cache, path).catch(() => {})));
}

async function kept(path) {
  const language = await recall('language').catch(() => 'vi');
  const wanted = language === 'en' ? `${path}?lang=en` : path;
  const cache = await caches.open(CACHE);
  return (await cache.match(wanted)) ?? (await cache.match(path)) ?? Response.error();
}

async function file(request, url) {
  const found = await caches.match(request, {ignoreVary: true});
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok && HASHED.test(url.pathname)) {
    const copy = answer.clone();
    caches.open(CACHE).then((cache) => cache.put(request, copy)).catch(() => {});
  }
  return answer;
}

async function sendAll() {
  // an error makes the browser try again later, with a delay of its own
  if ((await flush(true)) > 0) throw new Error('something still waits');
}
