// What should go elsewhere (an emergency, a complaint against a decision, a denunciation) is recognised
// by the server from the words; offline the standing line under the form says whom to call.
import {el, notice} from '../shell/dom.js';
import {language, t} from '../shell/words.js';

const WAIT_MS = 900;
const PATIENCE_MS = 4000;

let timer;
let asked = '';

/** While writing: what the words suggest, once the thumb rests; silent without a network. */
export function screenSoon(form, categories) {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const text = form.elements.text.value.trim();
    const category = form.elements.category.value || undefined;
    const unit = unitOf(form);
    const content = JSON.stringify({text, category, unit});
    if (text.length < 8 || content === asked || !navigator.onLine) return;
    asked = content;
    const said = await ask(content);
    // sent meanwhile, or written anew
    if (!said || form.elements.text.value.trim() !== text) return;
    categories?.propose(said.suggestions, {isUrgent: said.findings.some(({is_urgent}) => is_urgent)});
    const old = form.querySelector('.screening');
    const fresh = el('div', {class: 'screening'}, screeningNotice(said));
    if (old) old.replaceWith(fresh);
    else form.querySelector('.part-text').after(fresh);
  }, WAIT_MS);
}

/** At a refusal: whom to call at once, should the words tell of an emergency; undefined otherwise. */
export async function callFirst(form) {
  const said = await screenNow({text: form.elements.text.value.trim(), category: form.elements.category.value || undefined}, form);
  return screeningNotice({findings: said?.findings.filter(({is_urgent}) => is_urgent) ?? []});
}

/** Before sending: {findings, suggestions, must_confirm, is_refused}, or undefined without an answer. */
export const screenNow = ({text, category}, form) =>
  navigator.onLine ? ask(JSON.stringify({text, category, unit: unitOf(form)})) : undefined;

// which commune's offices are meant
const unitOf = (form) => form.elements.unit.value || form.dataset.unit;

/** The findings as a notice with office and number; undefined when there are none. */
export function screeningNotice(said) {
  if (!said?.findings?.length) return undefined;
  return notice(
    said.findings.some(({level}) => level !== 'advise') ? 'bad' : 'note',
    ...said.findings.map(({title, advice, offices}) =>
      el('div', {class: 'finding'},
        el('strong', {}, title),
        advice ? el('p', {}, advice) : null,
        el('ul', {class: 'plain'}, (offices ?? []).map((office) => el('li', {}, el('span', {}, office.role ? `${office.role}: ` : '', el('strong', {}, office.name), office.address ? el('span', {class: 'faint'}, ` – ${office.address}`) : null), ...reach(office)))),
      ),
    ),
  );
}

function reach({name, phone, url}) {
  return [
    phone ? el('a', {class: 'button', href: `tel:${phone.replace(/[^\d+]/g, '')}`}, t('Gọi {phone}', 'Call {phone}', {phone}), el('span', {class: 'sr'}, ` ${name}`)) : null,
    url ? el('a', {class: 'button quiet', href: url, rel: 'noopener'}, t('Mở trang', 'Open the site'), el('span', {class: 'sr'}, ` ${name}`)) : null,
  ];
}

async function ask(content) {
  const controller = new AbortController();
  const patience = setTimeout(() => controller.abort(), PATIENCE_MS);
  try {
    const answer = await fetch('/api/v1/reports/screen', {
      method: 'POST',
      headers: {'Content-Type': 'application/json', 'Accept-Language': language},
      body: content,
      signal: controller.signal,
    });
    return answer.ok ? readAnswer(await answer.json()) : undefined;
  } catch {
    return undefined;
  } finally {
    clearTimeout(patience);
  }
}

function readAnswer({findings = [], suggestions = []}) {
  return {
    findings,
    suggestions: suggestions.map((one) => one.category),
    must_confirm: findings.some(({level}) => level === 'must_confirm'),
    is_refused: findings.some(({level}) => level === 'not_taken'),
  };
}
