// The public map. The list beside it needs no script; the map and its library come after the page.
import '../shell/index.js';

const side = document.getElementById('map-side');

if (side) {
  if (matchMedia('(min-width: 60rem)').matches) document.getElementById('filter-box').open = true;
  side.hidden = false;
  import('./view.js')
    .then(({openMap}) => openMap(side))
    .catch(() => {
      // without the library (no network, an old browser) the list remains
      for (const part of [side, ...document.querySelectorAll('[data-map-tool]')]) {
        part.hidden = true;
        part.dataset.failed = '';
      }
    });
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
