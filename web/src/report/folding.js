// Words without accents, and which category words are about, without asking anybody.
// as backend/reports/suggesting.py has them
const LEAST_SCORE = 20;
const SHARE_OF_BEST = 0.35;
const MOST = 3;

/** "Ổ gà" → "o ga": the letters a hurried thumb types. */
export function fold(words) {
  return words
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[đĐ]/g, 'd')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

/** The categories that the text speaks of, the likeliest first, by the server's weighted keywords. */
export function suggest(text, categories) {
  const said = ` ${fold(text)} `;
  const scored = categories
    .map((category) => ({category, score: weight(said, category.keywords ?? {})}))
    .sort((a, b) => b.score - a.score);
  const least = Math.max(LEAST_SCORE, SHARE_OF_BEST * (scored[0]?.score ?? 0));
  return scored
    .filter(({score}) => score >= least)
    .slice(0, MOST)
    .map(({category}) => category);
}

function weight(said, keywords) {
  return Object.entries(keywords).reduce((sum, [words, each]) => sum + (said.includes(` ${words} `) ? each : 0), 0);
}
