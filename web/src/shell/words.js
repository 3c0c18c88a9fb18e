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

/** A moment on Vietnamese clocks, from milliseconds or RFC 3339. */
export const moment = (at) =>
  new Intl.DateTimeFormat(isEnglish ? 'en-GB' : 'vi', {
    timeZone: 'Asia/Ho_Chi_Minh',
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  }).format(new Date(at));
