// Words without accents, and which category words are about, without asking anybody.
// as backend/reports/{folding,suggesting}.py have them (tests/citizen_app/test_same_folding.py)
const LEAST_SCORE = 20;
const SHARE_OF_BEST = 0.35;
const MOST = 3;

/** "Ổ gà" → "o ga": the letters a hurried thumb types. */
export function fold(words) {
  return words
    .replace(/[đĐ]/g, 'd')
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, (mark) => (isCombining(mark) ? '' : ' '))
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

// A mark that stands over or under a letter is put in order before U+0345, which has the last place;
// others (selectors of a form, enclosing ones) never are, and part words as on the server.
const LAST = '\u0345';
const isCombining = (mark) => mark === LAST || (LAST + mark).normalize('NFD') !== LAST + mark;

/** The categories that the text speaks of, the likeliest first, by the server's weighted keywords. */
export function suggest(text, categories) {
  const said = ` ${fold(text)} `;
  const scored = categories
    .map((category) => ({category, score: weight(said, category.keywords ?? {})}))
    .sort((a, b) => b.score - a.score || (a.category.code < b.category.code ? -1 : 1));
  const least = Math.max(LEAST_SCORE, SHARE_OF_BEST * (scored[0]?.score ?? 0));
  return scored
    .filter(({score}) => score >= least)
    .slice(0, MOST)
    .map(({category}) => category);
}

function weight(said, keywords) {
  return Object.entries(keywords).reduce((sum, [words, each]) => sum + (said.includes(` ${words} `) ? each : 0), 0);
}
