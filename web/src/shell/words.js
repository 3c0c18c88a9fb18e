// Texts in the page's language: Vietnamese first, English second, as in the templates.
const isEnglish = document.documentElement.lang === 'en';

/** The words in the page's language; `{name}` is filled in from `values`. */
export function t(vi, en, values) {
  const words = isEnglish ? en : vi;
  return values ? words.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '') : words;
}

export const language = isEnglish ? 'en' : 'vi';

// made at the first number, once: on a cheap phone it takes a millisecond each time
let numbers;

/** A number as the language writes it. */
export const number = (value) => (numbers ??= new Intl.NumberFormat(isEnglish ? 'en' : 'vi')).format(value);

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
// Vietnam keeps one zone without daylight saving time
const AHEAD_MS = 7 * 3600_000;

/** A moment on Vietnamese clocks, from milliseconds or RFC 3339; as backend/web/moments.py writes it. */
export function moment(at) {
  const [day, time] = new Date(new Date(at).getTime() + AHEAD_MS).toISOString().split('T');
  const [year, month, date] = day.split('-');
  const written = isEnglish ? `${Number(date)} ${MONTHS[month - 1]} ${year}` : `${date}/${month}/${year}`;
  return `${time.slice(0, 5)}, ${written}`;
}
