// Says when what is shown is not of now, and tells a screen reader what has changed.
import {moment, t} from '../shell/words.js';

/** Tell it quietly; a screen reader reads it out. */
export function say(words) {
  const live = document.getElementById('live');
  if (live) live.textContent = words;
}

/** Say above the report from when it is. */
export function showStale() {
  const report = document.getElementById('report');
  const line = document.getElementById('stale');
  const words = t('Không có mạng – bản lưu lúc {at}.', 'No connection – as kept at {at}.', {
    at: moment(report.dataset.seen),
  });
  if (line.hidden || line.textContent !== words) line.textContent = words;
  line.hidden = false;
}

/** What is shown is of now. */
export function showFresh() {
  document.getElementById('stale').hidden = true;
}
