// The public map. The list and its filters need no script; the map and its library come once the page is
// there, nothing else is to do, and somebody can see their place.
import '../shell/index.js';
import {watchPeriod} from './period.js';

const PATIENCE_MS = 1500;
const side = document.getElementById('map-side');

if (side) {
  if (matchMedia('(min-width: 60rem)').matches) document.getElementById('filter-box').open = true;
  side.hidden = false;
  const form = document.getElementById('filters');
  watchPeriod(form);
  form.addEventListener('input', () => (form.dataset.touched = ''), {once: true});
  onceSeen(side).then(onceIdle).then(open, open);
}

async function open() {
  try {
    const {openMap} = await import('./view.js');
    await openMap(side);
  } catch {
    // without the library (no network, an old browser) the list remains
    for (const part of [side, ...document.querySelectorAll('[data-map-tool]')]) {
      part.hidden = true;
      part.dataset.failed = '';
    }
  }
}

function onceSeen(box) {
  return new Promise((done) => {
    if (!('IntersectionObserver' in self)) {
      done();
      return;
    }
    const watch = new IntersectionObserver((entries) => {
      if (!entries.some(({isIntersecting}) => isIntersecting)) return;
      watch.disconnect();
      done();
    }, {rootMargin: '300px'});
    watch.observe(box);
  });
}

function onceIdle() {
  const loaded = document.readyState === 'complete' ? Promise.resolve() : new Promise((done) => addEventListener('load', done, {once: true}));
  const idle = self.requestIdleCallback ?? ((work) => setTimeout(work, 200));
  return loaded.then(() => new Promise((done) => idle(done, {timeout: PATIENCE_MS})));
}

const areas = document.getElementById('areas');

if (areas && 'PushManager' in self) {
  areas.hidden = false;
  areas.addEventListener('toggle', () => {
    if (areas.open) import('../push/area.js').then(({openAreas}) => openAreas(areas.querySelector('div'), looked)).catch(() => {});
  });
}

/** What the filters say is looked at. */
function looked() {
  const chosen = (name) => document.querySelector(`#filters [name=${name}]`)?.selectedOptions?.[0];
  const [unit, category] = [chosen('unit'), chosen('category')];
  return {
    unit: unit?.value ?? '',
    unit_name: unit?.textContent.trim() ?? '',
    category: category?.value ?? '',
    category_name: category?.value ? category.textContent.trim() : '',
  };
}
