// A word about installing the app, once somebody has reason to: never twice, never in the way.
import {el} from '../shell/dom.js';
import {t} from '../shell/words.js';
import {listReports, recall, remember} from './store.js';

/** Offer to install when the browser can and the app has been used. */
export function installHint(holder) {
  addEventListener('beforeinstallprompt', async (event) => {
    event.preventDefault();
    const isUsed = (await listReports()).some((report) => report.state === 'sent');
    if (!isUsed || (await recall('install-hint'))) return;
    const hint = el('div', {class: 'notice notice-note install'}, el('div', {},
      el('p', {}, t('Thêm Cầu Nối vào màn hình chính để gửi phản ánh nhanh hơn, cả khi không có mạng.', 'Add Cầu Nối to your home screen to report faster, even without a connection.')),
      el('div', {class: 'two-buttons'},
        el('button', {type: 'button', class: 'button', onclick: () => done(() => event.prompt())}, t('Thêm vào màn hình chính', 'Add to the home screen')),
        el('button', {type: 'button', class: 'button quiet', onclick: () => done()}, t('Để sau', 'Not now'))),
    ));
    function done(work) {
      hint.remove();
      remember('install-hint', Date.now());
      work?.();
    }
    holder.append(hint);
  });
}
