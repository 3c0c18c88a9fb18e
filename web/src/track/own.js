// Where a code is asked for: the reports sent from this phone, each opened with one tap.
import {el} from '../shell/dom.js';
import {moment, t} from '../shell/words.js';
import {listReports} from '../report/store.js';

const MOST = 20;

/** Show in `holder` what this phone has sent; nothing where it has sent nothing, or keeps nothing. */
export async function showOwn(holder) {
  const sent = (await listReports()).filter((report) => report.code && !report.left).slice(0, MOST);
  if (!sent.length) return;
  holder.replaceChildren(
    el('h2', {}, t('Phản ánh đã gửi từ máy này', 'Reports sent from this phone')),
    ...sent.map(card),
  );
  holder.hidden = false;
}

/** Where the reporter would type the secret that this phone keeps: one tap instead. */
export async function offerKey(code) {
  const [report] = (await listReports()).filter((one) => one.code === code && one.secret && !one.left);
  const typed = document.querySelector('#report:not([data-mine]) a[href="#f-secret"]');
  if (report && typed) typed.replaceWith(opener(report, t('Bạn gửi từ máy này: mở phần của bạn', 'Sent from this phone: open your part')));
}

function card(report) {
  const words = report.body?.text ?? report.fields?.text ?? '';
  return el('article', {class: 'card mine-item'},
    el('div', {class: 'between'}, el('strong', {}, report.code), el('span', {class: 'faint'}, report.seen?.label)),
    el('p', {class: 'clamp'}, words),
    report.sent_at ? el('p', {class: 'faint'}, t('gửi {at}', 'sent {at}', {at: moment(report.sent_at)})) : null,
    opener(report));
}

// in a form, so that the secret stays out of addresses and histories
function opener(report, look = t('Xem tiến độ', 'Show its progress')) {
  const code = el('span', {class: 'sr'}, ` ${report.code}`);
  if (!report.secret) return el('a', {class: 'button', href: `/theo-doi/${report.code}`}, look, code);
  return el('form', {method: 'post', action: `/theo-doi/${report.code}`},
    el('input', {type: 'hidden', name: 'secret', value: report.secret}),
    el('button', {class: 'button', type: 'submit'}, look, code));
}
