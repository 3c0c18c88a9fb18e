// Pins and clusters on the map. A pin says its status by colour, by sign and in words; the words come
// from the page's legend, so that map, list and legend can never differ.
import {el} from '../shell/dom.js';
import {number, t} from '../shell/words.js';

const WORDS_FROM_ZOOM = 17;

/** The chip of a status, as the legend shows it. */
export function chipOf(status) {
  const chip = document.querySelector(`.legend [data-status="${CSS.escape(status)}"] .chip`);
  return chip ? chip.cloneNode(true) : el('span', {class: 'chip chip-note'}, status);
}

/** A layer that shows exactly the spots it is given; what stays keeps its element and its focus. */
export function pinLayer(leaflet, map, {categories, onChoose}) {
  const group = leaflet.layerGroup().addTo(map);
  const shown = new Map();
  const update = () =>
    map.getContainer().classList.toggle('pins-with-words', map.getZoom() >= WORDS_FROM_ZOOM);
  map.on('zoomend', update);
  update();

  return {
    show(spots) {
      const wanted = new Map(spots.map((spot) => [spot.key, spot]));
      for (const [key, marker] of shown) {
        if (wanted.has(key)) continue;
        group.removeLayer(marker);
        shown.delete(key);
      }
      for (const [key, spot] of wanted) {
        if (shown.has(key)) continue;
        const marker = spot.count > 1 || !spot.code ? cluster(leaflet, spot) : pin(leaflet, spot, categories);
        marker.on('click', () => onChoose(spot, marker));
        marker.on('keydown', ({originalEvent}) => {
          if (originalEvent.key !== 'Enter' && originalEvent.key !== ' ') return;
          originalEvent.preventDefault();
          onChoose(spot, marker);
        });
        group.addLayer(marker);
        shown.set(key, marker);
      }
    },
  };
}

function pin(leaflet, spot, categories) {
  const chip = chipOf(spot.status);
  const status = chip.lastChild.textContent.trim();
  const category = categories[spot.category] ?? spot.category;
  const sign = chip.querySelector('.chip-icon')?.cloneNode(true) ?? '';
  const html = el(
    'span',
    {class: `pin-spot ${[...chip.classList].filter((name) => name.startsWith('chip-')).join(' ')}`},
    sign,
    el('span', {class: 'pin-words'}, `${category} · ${status}`),
  );
  return marked(leaflet, spot, html, [48, 48], `${category}, ${status}`);
}

function cluster(leaflet, spot) {
  const size = spot.count < 10 ? 40 : spot.count < 100 ? 46 : spot.count < 1000 ? 54 : 64;
  const html = el('span', {class: `pin-many pin-many-${size}`}, short(spot.count));
  const words = t('{n} phản ánh ở đây, chạm để phóng to', '{n} reports here, tap to zoom in', {n: number(spot.count)});
  return marked(leaflet, spot, html, [Math.max(size, 48), Math.max(size, 48)], words);
}

function marked(leaflet, spot, html, size, words) {
  const icon = leaflet.divIcon({className: 'pin-box', html, iconSize: size});
  // biggest on top
  return leaflet.marker([spot.lat, spot.lon], {icon, alt: words, title: words, riseOnHover: true, zIndexOffset: Math.min(spot.count, 5000)});
}

// exact as far as it can be read at a glance
function short(count) {
  return count < 10_000 ? number(count) : t('{n} k', '{n}k', {n: number(Math.round(count / 1000))});
}
