// Consent per purpose, none ticked beforehand; the words and their version come from the server.
import {el} from '../shell/dom.js';
import {language, t} from '../shell/words.js';
import {saveSoon} from './draft.js';
import {recall, remember} from './store.js';

/** Put a tick for each purpose under the contact; `given()` is what was agreed to. */
export function startConsents(form) {
  const holder = form.querySelector('#consents');
  let texts = [plainText()];
  // ticked in the plain form, while this was on its way: to the words that stood there
  let wanted = form.elements.consent?.checked ? {handle_report: true} : {};

  const key = `consents.${language}`;
  recall(key)
    .catch(() => undefined)
    .then((kept) => use(kept))
    .then(refresh);
  paint();

  async function refresh() {
    try {
      const answer = await fetch('/api/v1/consents', {headers: {'Accept-Language': language}});
      if (!answer.ok) return;
      const {items} = await answer.json();
      use(items);
      await remember(key, items);
    } catch {
      // offline: the words that were read last
    }
  }

  function use(items) {
    if (!items?.some((text) => text.purpose === 'handle_report')) return;
    wanted = given();
    texts = items;
    paint();
  }

  function paint() {
    holder.replaceChildren(
      ...texts.map((text) => {
        const id = `f-consent-${text.purpose}`;
        const box = el('input', {type: 'checkbox', id, onchange: saveSoon, data: {purpose: text.purpose, version: text.version}});
        box.checked = Boolean(wanted[text.purpose]);
        return el('div', {class: 'tick'}, box, el('label', {for: id}, text.title ?? '', el('span', {class: 'hint'}, text.text ?? '')));
      }),
    );
  }

  function given() {
    const ticked = [...holder.querySelectorAll('[data-purpose]')].filter((box) => box.checked);
    return Object.fromEntries(
      ticked.flatMap(({dataset: {purpose, version}}) => [[purpose, true], ...(Number(version) ? [[`${purpose}_version`, Number(version)]] : [])]),
    );
  }

  return {
    given,
    restore(kept) {
      wanted = kept;
      paint();
    },
  };
}

function plainText() {
  return {
    purpose: 'handle_report',
    title: t('Liên hệ về phản ánh này', 'Contact about this report'),
    text: t('Tôi đồng ý để cơ quan xử lý dùng thông tin này liên hệ về phản ánh.', 'I agree that the agency uses it to contact me about this report.'),
  };
}
