// The citizens' app on the front page. The form is the server's and works without any of this; where the
// browser has what it takes, drafts, photos made ready, offline sending and a preview are added to it.
import '../shell/index.js';
import {startForm} from './form.js';
import {keepSending} from './queue.js';
import {showMine} from './mine.js';

const form = document.querySelector('#report');
const isAble = self.isSecureContext && 'indexedDB' in self && crypto.subtle && 'createImageBitmap' in self;

if (form && isAble) {
  startForm(form)
    .then(() => {
      showMine(document.querySelector('#mine'));
      keepSending();
    })
    // no storage (private windows of old browsers): the plain form goes on working
    .catch((error) => {
      document.documentElement.classList.remove('app');
      console.error(error);
    })
    .finally(() => (document.documentElement.dataset.ready = 'yes'));
}
