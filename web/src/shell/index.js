// What every citizens' page does: keeps the app on the phone and remembers the language.
import {leaveWithSignIn, noticeSignIn} from '../report/sign_in.js';
import {remember} from '../report/store.js';

leaveWithSignIn();

if (navigator.serviceWorker && 'indexedDB' in self) {
  noticeSignIn().catch(() => {});
  addEventListener('pageshow', ({persisted}) => persisted && noticeSignIn().catch(() => {}));
  remember('language', document.documentElement.lang).catch(() => {});
  // after the page itself: on a slow line they would get in each other's way
  if (document.readyState === 'complete') keepApp();
  else addEventListener('load', keepApp);
}

function keepApp() {
  navigator.serviceWorker.register('/sw.js', {scope: '/'}).then(keepLater).catch(() => {});
}

async function keepLater() {
  const {active} = await navigator.serviceWorker.ready;
  const connection = navigator.connection ?? {};
  if (connection.saveData || /2g/.test(connection.effectiveType ?? '')) return;
  const idle = self.requestIdleCallback ?? ((work) => setTimeout(work, 5000));
  idle(() => active.postMessage({do: 'keep-later'}));
}
