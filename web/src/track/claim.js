// On the account's page: what this phone sent without an account is added to it with one tap.
import {isOurs} from '../shell/answers.js';
import {el, notice} from '../shell/dom.js';
import {language, t} from '../shell/words.js';
import {noteOwned} from '../report/sign_in.js';
import {listReports} from '../report/store.js';

const MOST = 20;

/** Show in `holder` what may be added; nothing where there is none. */
export async function offerClaims(holder) {
  const found = (await listReports()).filter(({code, secret, owned, left}) => code && secret && !owned && !left);
  if (!found.length) return;
  holder.replaceChildren(
    el('h2', {}, t('Phản ánh đã gửi từ máy này', 'Reports sent from this phone')),
    el('p', {class: 'hint'}, t('Thêm vào tài khoản nếu là của bạn; không cần nhập mã bí mật.', 'Add them to your account if they are yours; no secret need be typed.')),
    ...found.slice(0, MOST).map(row),
  );
  holder.hidden = false;
}

function row(report) {
  const said = el('div', {});
  const words = report.body?.text ?? report.fields?.text ?? '';
  const button = el('button', {type: 'button', class: 'button quiet', onclick: () => claim(report, button, said)},
    t('Thêm vào tài khoản', 'Add to my account'), el('span', {class: 'sr'}, ` ${report.code}`));
  return el('article', {class: 'claim'},
    el('div', {class: 'between'}, el('a', {href: `/theo-doi/${report.code}`}, report.code), button),
    el('p', {}, words.length > 160 ? `${words.slice(0, 159)}…` : words),
    said);
}

async function claim(report, button, said) {
  button.disabled = true;
  try {
    const answer = await fetch('/api/v1/me/reports', {
      method: 'POST',
      headers: {'Content-Type': 'application/json', 'Accept-Language': language},
      body: JSON.stringify({code: report.code, tracking_secret: report.secret}),
    });
    if (!isOurs(answer)) throw new TypeError('not from the system');
    if (!answer.ok) throw new Error((await answer.json().catch(() => undefined))?.title ?? '');
    await noteOwned(report.code);
    location.assign('/toi?xong=claim');
  } catch (error) {
    button.disabled = false;
    const lost = t('Chưa thêm được vì mạng yếu hoặc mất mạng.', 'Not added: the network is weak or gone.');
    said.replaceChildren(notice('bad', error instanceof TypeError ? lost : error.message || lost));
  }
}
