// A report's page: kept fresh while it is looked at, its last state kept for when there is no network.
// Everything on it works without this script; forms are the same requests, and keep what was typed.
import '../shell/index.js';
import {offerPush} from '../push/button.js';
import {noteOwned} from '../report/sign_in.js';
import {startClock} from './clock.js';
import {sendInPlace} from './forms.js';
import {keepState} from './last_state.js';
import {keepFresh} from './live.js';
import {openPhotos} from './photos.js';
import {offerMap} from './place.js';
import {offerSharing} from './share.js';

const report = document.getElementById('report');
const own = document.getElementById('own');
const claims = document.getElementById('claims');

/** Everything that has to be done again for parts that came from the server anew. */
function dress() {
  startClock();
  offerSharing();
  const shown = document.getElementById('report');
  keepState(shown);
  if ('owned' in shown.dataset) noteOwned(shown.dataset.code).catch(() => {});
  if (!('mine' in shown.dataset)) import('./own.js').then(({offerKey}) => offerKey(shown.dataset.code)).catch(() => {});
  if (!document.querySelector('#push *')) offerPush().catch(() => {});
}

if (report) {
  openPhotos();
  offerMap();
  sendInPlace(dress);
  keepFresh(dress);
  dress();
  document.documentElement.dataset.ready = '';
}

if (own) {
  // a browser that keeps nothing has the form all the same
  import('./own.js')
    .then(({showOwn}) => showOwn(own))
    .catch(() => {})
    .finally(() => (document.documentElement.dataset.ready = ''));
}

if (claims) import('./claim.js').then(({offerClaims}) => offerClaims(claims)).catch(() => {});
