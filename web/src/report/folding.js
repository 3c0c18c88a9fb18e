// Words without accents, and which category words are about, without asking anybody.
const SMALL = new Set(['bi', 'co', 'cua', 'va', 'o', 'tai', 'khong', 'cac', 'nguoi', 'sai', 'hong', 'mat', 'cham', 'trom', 'cong', 'truong', 'nuoc', 'duong', 'the', 'and', 'of', 'or', 'not', 'in', 'no']);

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

/** The categories (at most 3) whose names the text speaks of, the likeliest first. */
export function suggest(text, categories) {
  const said = ` ${fold(text)} `;
  if (said.length < 4) return [];
  return categories
    .map((category) => ({category, score: likeness(said, fold(category.name).split(' '))}))
    .filter(({score}) => score >= 2)
    .sort((a, b) => b.score - a.score)
    .slice(0, 3)
    .map(({category}) => category);
}

// two words of the name side by side say much, one alone a little, and common ones nothing
function likeness(said, words) {
  let score = 0;
  words.forEach((word, n) => {
    if (n + 1 < words.length && said.includes(` ${word} ${words[n + 1]} `)) score += 2;
    if (word.length > 2 && !SMALL.has(word) && said.includes(` ${word} `)) score += 0.75;
  });
  return score;
}
