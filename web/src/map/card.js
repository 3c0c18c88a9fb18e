// The card of what was tapped: one report, or the reports of a place that no zoom takes apart.
import {el} from '../shell/dom.js';
import {language, moment, number, t} from '../shell/words.js';
import {chipOf} from './pins.js';

const TEXT_LONGEST = 180;

/** The card in the map's corner; `opener` gets the focus back when it closes. */
export function spotCard(box) {
  let opener;
  const close = () => {
    if (box.hidden) return;
    box.hidden = true;
    opener?.focus();
  };
  box.addEventListener('keydown', (event) => event.key === 'Escape' && close());

  function fill(...children) {
    box.replaceChildren(
      el('button', {class: 'spot-close', type: 'button', 'aria-label': t('Đóng', 'Close'), onclick: close}, '✕'),
      ...children,
    );
    box.hidden = false;
  }

  async function load(url, draw) {
    fill(el('p', {class: 'faint'}, t('Đang tải…', 'Loading…')));
    try {
      const answer = await fetch(url, {headers: {Accept: 'application/json', 'Accept-Language': language}});
      if (!answer.ok) throw new Error(String(answer.status));
      draw(await answer.json());
    } catch {
      fill(el('p', {}, t('Chưa tải được. Kiểm tra mạng rồi thử lại.', 'It could not be loaded. Check the network and try again.')));
    }
    box.querySelector('a, button').focus({preventScroll: true});
  }

  return {
    close,
    showReport(code, from) {
      opener = from;
      load(`/api/v1/reports/${encodeURIComponent(code)}`, (report) => fill(...summary(report)));
    },
    showPlace(bbox, filters, from) {
      opener = from;
      const query = new URLSearchParams({...filters, bbox, limit: '50'});
      load(`/api/v1/reports?${query}`, ({items, next}) =>
        fill(
          el('h3', {}, t('{n} phản ánh ở đây', '{n} reports here', {n: next ? `${number(items.length)}+` : number(items.length)})),
          el('ul', {class: 'plain spot-list'}, items.map((item) =>
            el('li', {}, el('a', {href: `/theo-doi/${item.code}`}, item.category.name), ' ', chipOf(item.status), el('span', {class: 'faint'}, `${item.unit.name} · ${moment(item.created_at)}`)),
          )),
        ),
      );
    },
  };
}

function summary(report) {
  const text = report.text ?? '';
  return [
    el('p', {class: 'between'}, el('strong', {}, report.category.name), chipOf(report.status)),
    el('p', {}, text.length > TEXT_LONGEST ? `${text.slice(0, TEXT_LONGEST).trimEnd()}…` : text),
    el(
      'p',
      {class: 'faint'},
      [report.unit.name, report.agency?.name, moment(report.created_at), report.is_coarse && t('vị trí gần đúng', 'place not exact')].filter(Boolean).join(' · '),
    ),
    el('a', {class: 'button', href: `/theo-doi/${report.code}`}, t('Xem tiến độ', 'Follow its progress')),
  ];
}
