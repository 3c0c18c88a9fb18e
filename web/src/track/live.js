// Asks every half minute, while the page is looked at, whether anything has changed; the answer is
// "304, no" of a few bytes until something has.
import {isOurs} from '../shell/answers.js';
import {t} from '../shell/words.js';
import {say, showStale, showFresh} from './stale.js';

const EVERY_MS = 30_000;

/** Look now and then; `dress` is called once new parts are in place. */
export function keepFresh(dress) {
  let looking = false;
  const look = async () => {
    if (looking || document.hidden) return;
    looking = true;
    try {
      await lookOnce(dress);
    } finally {
      looking = false;
    }
  };
  setInterval(look, EVERY_MS);
  document.addEventListener('visibilitychange', look);
  document.addEventListener('caunoi:look', look);
  addEventListener('online', look);
  addEventListener('offline', showStale);
  // opened again from what the browser keeps: of another time
  addEventListener('pageshow', (event) => event.persisted && look());
  if (!navigator.onLine) showStale();
}

async function lookOnce(dress) {
  const report = document.getElementById('report');
  let answer;
  let page;
  try {
    answer = await fetch(`/theo-doi/${report.dataset.code}`, {
      headers: {'If-None-Match': report.dataset.etag, Accept: 'text/html'},
      cache: 'no-store',
    });
    // a proxy may take the trace from an answer without content
    if (answer.status >= 500 || (answer.status !== 304 && !isOurs(answer))) throw new Error(`${answer.status}`);
    page = await answer.text();
  } catch {
    showStale();
    return;
  }
  if (answer.status === 304) showFresh();
  if (answer.status === 404) say(t('Phản ánh này không còn được hiển thị.', 'This report is no longer shown.'));
  if (answer.status !== 200) return;
  const fresh = new DOMParser().parseFromString(page, 'text/html').getElementById('report');
  if (!fresh) return;
  const before = report.dataset.status;
  if (replaceParts(report, fresh)) report.dataset.etag = fresh.dataset.etag;
  for (const name of ['status', 'seen']) report.dataset[name] = fresh.dataset[name];
  showFresh();
  dress();
  if (before !== fresh.dataset.status) {
    say(`${t('Tình trạng mới', 'New status')}: ${fresh.dataset.status}`);
    document.title = document.title.replace(before, fresh.dataset.status);
  }
}

/** Put new parts where they differ; false when one that is being written in had to wait. */
export function replaceParts(report, fresh) {
  let all = true;
  for (const column of report.querySelectorAll('.case-main, .case-side')) {
    // what has no name here belongs to other scripts, and stays
    const parts = new Map([...column.querySelectorAll(':scope > [data-live]')].map((part) => [part.dataset.live, part]));
    let last = null;
    for (const part of fresh.querySelectorAll(`.${column.className} > [data-live]`)) {
      const shown = parts.get(part.dataset.live);
      parts.delete(part.dataset.live);
      let placed = shown;
      if (!shown || !shown.isEqualNode(part)) {
        if (shown && isBusy(shown)) {
          all = false;
        } else {
          placed = document.adoptNode(part);
          if (shown) shown.replaceWith(placed);
          else if (last) last.after(placed);
          else column.prepend(placed);
        }
      }
      last = placed;
    }
    for (const gone of parts.values()) {
      if (isBusy(gone)) all = false;
      else gone.remove();
    }
  }
  return all;
}

// somebody writes here, or has chosen something
function isBusy(part) {
  if (part.contains(document.activeElement)) return true;
  return [...part.querySelectorAll('textarea, input')].some((field) =>
    field.type === 'file' ? field.files.length : field.value !== field.defaultValue,
  );
}
