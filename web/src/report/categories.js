// What it is about: a search without accents, what is reported most, what the words suggest; the form's
// own list stays, and holds the choice. With a category come its questions.
import {el} from '../shell/dom.js';
import {language, t} from '../shell/words.js';
import {saveSoon} from './draft.js';
import {fold, suggest} from './folding.js';
import {recall, remember} from './store.js';

const SHOWN = 6;
const FOUND = 8;

/** Add the tools; `chosen()` gives the category as the API describes it, if it is known. */
export async function startCategories(form, {onChange}) {
  const select = form.elements.category;
  const tools = form.querySelector('#category-tools');
  const questions = form.querySelector('#questions');
  let categories = fromSelect(select);
  let most_used = [];
  let used = {};
  let suggested = [];
  let isUrgent = false;
  let timer;

  const search = el('input', {type: 'search', id: 'category-search', autocomplete: 'off', enterkeyhint: 'search', placeholder: t('Tìm, ví dụ: ổ gà, đèn, rác', 'Search: pothole, lamp, litter'), 'aria-label': t('Tìm lĩnh vực', 'Search the fields'), 'aria-controls': 'category-found'});
  const found = el('div', {id: 'category-found', class: 'choices', role: 'group', 'aria-label': t('Lĩnh vực gợi ý', 'Suggested fields')});
  const said = el('p', {class: 'hint', 'aria-live': 'polite'});
  tools.append(said, found);
  select.before(search, tools);
  search.addEventListener('input', paint);
  search.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    found.querySelector('button')?.click();
  });
  select.addEventListener('change', () => choose(select.value));
  form.elements.text.addEventListener('input', suggestSoon);

  // what was known at the last visit first; then what the server says now
  used = (await recall('used-categories').catch(() => undefined)) ?? {};
  const kept = await recall(`taxonomy.${language}`).catch(() => undefined);
  if (kept) ({categories, most_used} = kept);
  refresh();
  paint();

  async function refresh() {
    try {
      const answer = await fetch('/api/v1/categories', {headers: {'Accept-Language': language}});
      if (!answer.ok) return;
      const said = await answer.json();
      categories = said.items.flatMap((field) => field.children.map((child) => ({...child, field: field.name})));
      most_used = said.most_used ?? [];
      await remember(`taxonomy.${language}`, {categories, most_used});
      suggested = suggest(form.elements.text.value, categories);
      paint();
      if (select.value && !questions.childElementCount) ask(chosen());
    } catch {
      // offline: what is kept, or the names in the list
    }
  }

  function paint() {
    const typed = fold(search.value);
    const list = typed ? matching(typed) : proposed();
    said.textContent = typed
      ? list.length ? '' : t('Không tìm thấy; hãy chọn trong danh sách.', 'Nothing found; use the list.')
      : isUrgent ? t('Hãy gọi điện trước. Nếu vẫn gửi phản ánh, hãy tìm lĩnh vực gần nhất.', 'Call first. To report it too, search for the nearest field.')
      : suggested.length ? t('Gợi ý theo mô tả:', 'Suggested by your words:') : t('Thường được phản ánh:', 'Reported most:');
    found.replaceChildren(...list.map((category) =>
      el('button', {type: 'button', class: 'choice', 'aria-pressed': String(category.code === select.value), onclick: () => choose(category.code)}, category.name),
    ));
  }

  function matching(typed) {
    const words = typed.split(' ');
    return categories
      .map((category) => {
        const name = ` ${fold(category.name)}`;
        const all = `${name} ${fold(category.field)} ${Object.keys(category.keywords ?? {}).join(' ')}`;
        const isFound = words.every((word) => all.includes(` ${word}`)) || name.includes(typed);
        return {category, score: isFound ? (name.startsWith(` ${typed}`) ? 2 : name.includes(` ${typed}`) ? 1 : 0) : -1};
      })
      .filter(({score}) => score >= 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, FOUND)
      .map(({category}) => category);
  }

  function proposed() {
    const byUse = [...categories].sort((a, b) => usage(b) - usage(a));
    const now = categories.find(({code}) => code === select.value);
    // potholes and noise are no answer to a fire
    if (isUrgent) return now ? [now] : [];
    return [...new Set([now, ...suggested, ...byUse].filter(Boolean))].slice(0, SHOWN);
  }

  // what this phone reported counts more than what everybody does
  function usage({code}) {
    const place = most_used.indexOf(code);
    return (used[code] ?? 0) * 1000 + (place < 0 ? 0 : most_used.length - place);
  }

  function suggestSoon() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      suggested = suggest(form.elements.text.value, categories);
      if (!search.value) paint();
    }, 300);
  }

  function choose(code) {
    select.value = code;
    select.closest('.field').classList.remove('has-fault');
    search.value = '';
    ask(chosen());
    paint();
    saveSoon();
    onChange();
  }

  function chosen() {
    return categories.find(({code}) => code === select.value);
  }

  function ask(category, answers = {}) {
    questions.replaceChildren(...(category?.questions ?? []).map((question) => field(question, answers[question.code])));
  }

  return {
    chosen,
    /** What the server suggests for the words, its best first. */
    propose(codes, {isUrgent: urgently = false} = {}) {
      isUrgent = urgently;
      const server = codes.map((code) => categories.find((category) => category.code === code)).filter(Boolean);
      suggested = [...new Set([...server, ...suggested])].slice(0, 3);
      if (!search.value) paint();
    },
    restore(answers) {
      search.value = '';
      isUrgent = false;
      suggested = suggest(form.elements.text.value, categories);
      ask(chosen(), answers);
      paint();
    },
    /** The answers by question, typed as the API wants them; empty ones are left out. */
    answers() {
      const given = {};
      for (const question of chosen()?.questions ?? []) {
        const value = form.elements[`answer-${question.code}`]?.value.trim();
        if (!value) continue;
        if (question.kind === 'yes_no') given[question.code] = value === 'yes';
        else given[question.code] = question.kind === 'number' ? Number(value) : value;
      }
      return given;
    },
    /** Remember what was reported, for the next time. */
    async count(code) {
      used = {...used, [code]: (used[code] ?? 0) + 1};
      await remember('used-categories', used);
    },
  };
}

function fromSelect(select) {
  return [...select.querySelectorAll('optgroup')].flatMap((group) =>
    [...group.children].map((option) => ({code: option.value, name: option.text, field: group.label, questions: []})),
  );
}

function field(question, answer) {
  const id = `f-answer-${question.code}`;
  const name = `answer-${question.code}`;
  const label = el('label', {for: id}, t(question.vi, question.en), el('span', {class: 'optional'}, t(' (không bắt buộc)', ' (optional)')));
  return el('div', {class: 'field'}, label, input(question, id, name, answer));
}

function input(question, id, name, answer) {
  const options = {choice: () => question.options.map((one) => [one.code, t(one.vi, one.en)]), yes_no: () => [['yes', t('Có', 'Yes')], ['no', t('Không', 'No')]]}[question.kind];
  const onchange = saveSoon;
  if (!options) {
    const kind = question.kind === 'number' ? {type: 'number', min: 0, step: 'any', inputmode: 'decimal'} : {maxlength: 500};
    const made = el('input', {id, name, autocomplete: 'off', onchange, ...kind});
    made.value = answer ?? '';
    return made;
  }
  const value = answer === true ? 'yes' : answer === false ? 'no' : answer ?? '';
  const made = el('select', {id, name, onchange}, el('option', {value: ''}, t('Chưa rõ', 'Not sure')), options().map(([code, words]) => el('option', {value: code}, words)));
  made.value = value;
  return made;
}
