// The page shown instead of one that cannot be reached: what this phone knows itself.
import {keepSending} from '../report/queue.js';
import {showMine} from '../report/mine.js';
import {showKept} from '../track/last_state.js';

const code = location.pathname.match(/^\/theo-doi\/([\w-]+)/)?.[1];
const again = document.querySelector('#again');
if (/^\/(toi|dang-nhap)(\/|$)/.test(location.pathname)) {
  document.querySelector('#account-words').hidden = false;
  document.querySelector('#page-words').hidden = true;
}
again.href = location.pathname === '/offline' ? '/' : location.href;
if (code) showKept(code, document.querySelector('#main'));
showMine(document.querySelector('#mine'), {first: code});
keepSending();
addEventListener('online', () => location.pathname === '/offline' || location.reload());
document.documentElement.dataset.ready = 'yes';
