// The last state of reports that were looked at on this phone, for when there is no network. It is
// what the page showed, its reporter's own part included: it stays on the phone, like drafts do.
import {notice} from '../shell/dom.js';
import {changeKept, recall} from '../report/store.js';
import {moment, t} from '../shell/words.js';
import {keepPhotos, showPhotos} from './kept_photos.js';

const NAME = 'followed';
const MOST = 30;

/** Keep what the page shows now; the oldest make room. */
export async function keepState(report) {
  if (!('indexedDB' in self)) return;
  const copy = report.cloneNode(true);
  // forms need the network, and notices are of their moment
  for (const part of copy.querySelectorAll('form, #notices, #stale, #live, #place, .part-more, script')) part.remove();
  const {code, seen, status} = report.dataset;
  try {
    const shown = {code, seen, status, title: document.title, html: copy.innerHTML};
    keepPhotos(report);
    await changeKept(NAME, (kept) => {
      const newest = Object.values({...kept, [code]: shown}).sort((a, b) => Date.parse(b.seen) - Date.parse(a.seen));
      return Object.fromEntries(newest.slice(0, MOST).map((state) => [state.code, state]));
    });
  } catch {
    // a browser in private mode keeps nothing; the page works without
  }
}

/** Show the kept state of a report on a page that could not be reached; false when there is none. */
export async function showKept(code, main) {
  const kept = (await recall(NAME).catch(() => undefined)) ?? {};
  const state = kept[code.toUpperCase()];
  if (!state) return false;
  // what the server wrote, put back as it was; scripts in such a document do not run
  const {body} = new DOMParser().parseFromString(state.html, 'text/html');
  const box = document.createElement('div');
  box.id = 'report';
  const words = t('Không có mạng – bản lưu lúc {at}.', 'No connection – as kept at {at}.', {
    at: moment(state.seen),
  });
  box.append(notice('note', words), ...[...body.childNodes].map((node) => document.adoptNode(node)));
  await showPhotos(box);
  main.classList.remove('narrow');
  main.prepend(box);
  document.title = state.title;
  // one heading says what the page is
  const unreachable = [...main.children].find((part) => part !== box && part.matches('.card'));
  unreachable?.querySelectorAll('h1, h1 + p').forEach((part) => part.remove());
  document.documentElement.dataset.kept = code;
  return true;
}
