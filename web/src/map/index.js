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
      side.hidden = true;
      for (const tool of document.querySelectorAll('[data-map-tool]')) tool.hidden = true;
    });
}
