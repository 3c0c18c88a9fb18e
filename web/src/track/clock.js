// Counts the promise on between two answers of the server. Only the server knows the calendar: it says
// what is left, whether the clock runs now, and when that changes; the time that has passed since is
// measured here, so that a phone whose own clock is wrong shows the same.
import {t} from '../shell/words.js';

let ticking;

/** Count on from what the page says now; whoever called before is stopped. */
export function startClock() {
  clearInterval(ticking);
  const clock = document.getElementById('clock');
  if (!clock || clock.dataset.runs === undefined) return;
  const {left, day, now, until} = clock.dataset;
  const started = performance.now();
  const longest = (Date.parse(until) - Date.parse(now)) / 60000;
  ticking = setInterval(() => {
    const passed = Math.min((performance.now() - started) / 60000, longest);
    clock.querySelector('.clock-left').textContent = minutesText(Number(left) - passed, Number(day));
    if (passed >= longest || (Number(left) > 0 && Number(left) - passed <= 0)) {
      clearInterval(ticking);
      document.dispatchEvent(new Event('caunoi:look'));
    }
  }, 1000);
}

/** Working time in days, hours and minutes, two parts at most; as mobile_api/promise_clock.py says it. */
export function minutesText(minutes, day) {
  const whole = Math.floor(Math.abs(minutes));
  const parts = [
    [Math.floor(whole / day), 'ngày', 'day'],
    [Math.floor((whole % day) / 60), 'giờ', 'hour'],
    [(whole % day) % 60, 'phút', 'minute'],
  ];
  const named = parts.filter(([amount]) => amount).slice(0, 2);
  return (named.length ? named : parts.slice(-1))
    .map(([amount, vi, en]) => `${amount} ${t(vi, amount === 1 ? en : `${en}s`)}`)
    .join(' ');
}
