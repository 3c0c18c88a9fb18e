// The last state of reports that were looked at on this phone, for when there is no network. It is
// what the page showed, its reporter's own part included: it stays on the phone, like drafts do.
import {recall, remember} from '../report/store.js';

const NAME = 'followed';
const MOST = 30;

/** Keep what the page shows now; the oldest make room. */
export async function keepState(report) {
  if (!('indexedDB' in self)) return;
  const copy = report.cloneNode(true);
  // forms need the network, and notices are of their moment
  for (const part of copy.querySelectorAll('form, #notices, #stale, #live, .part-more, script')) part.remove();
  const {code, seen, status} = report.dataset;
  try {
    const kept = (await recall(NAME)) ?? {};
    kept[code] = {code, seen, status, title: document.title, html: copy.innerHTML, mine: 'mine' in report.dataset};
    const newest = Object.values(kept).sort((a, b) => Date.parse(b.seen) - Date.parse(a.seen));
    await remember(NAME, Object.fromEntries(newest.slice(0, MOST).map((state) => [state.code, state])));
  } catch {
    // a browser in private mode keeps nothing; the page works without
  }
}

/** The kept state of a report; undefined when it was never looked at here. */
export async function findState(code) {
  return ((await recall(NAME).catch(() => undefined)) ?? {})[code];
}

/** Every kept state, the newest first: {code, seen, status, title, mine}. */
export async function listStates() {
  const kept = (await recall(NAME).catch(() => undefined)) ?? {};
  return Object.values(kept).sort((a, b) => Date.parse(b.seen) - Date.parse(a.seen));
}

/** The kept state as elements, fit to be put on a page; scripts in it, if any, do not run. */
export function asElements(state) {
  const made = new DOMParser().parseFromString(state.html, 'text/html');
  const box = document.createElement('div');
  box.id = 'report';
  box.dataset.code = state.code;
  box.dataset.seen = state.seen;
  box.append(...[...made.body.childNodes].map((node) => document.adoptNode(node)));
  return box;
}
