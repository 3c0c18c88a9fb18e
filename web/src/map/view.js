// The map itself: frame, filters and address in step with the list.
import {loadLeaflet} from '../shell/leaflet.js';
import {number, t} from '../shell/words.js';
import {addressOf, placeOf, readFilters, readPlace} from './address.js';
import {spotCard} from './card.js';
import {listSide} from './list.js';
import {isReversed} from './period.js';
import {addPictures} from './pictures.js';
import {pinLayer} from './pins.js';
import {boxOf, findSpots} from './spots.js';
import {forgetTiles} from './tiles.js';
import {addUnits} from './units.js';

const ZOOM_MOST = 19;
const SETTLED_MS = 250;
const FRESH_MS = 60_000;

// lets the browser paint, and answer a finger, between two pieces of work
const breath = () => new Promise((done) => setTimeout(done));

/** Open the map in its place on the page; rejects when the library cannot be had. */
export async function openMap(side) {
  const leaflet = await loadLeaflet();
  await breath();
  const drawn = JSON.parse(document.getElementById('drawn').textContent);
  const box = side.querySelector('#map');
  const map = leaflet.map(box, {zoomControl: false, minZoom: 6, maxZoom: ZOOM_MOST, zoomSnap: 0.5});
  map.attributionControl.setPrefix('');
  leaflet.control.zoom({zoomInTitle: t('Phóng to', 'Zoom in'), zoomOutTitle: t('Thu nhỏ', 'Zoom out')}).addTo(map);
  leaflet.control.scale({imperial: false}).addTo(map);
  addPictures(leaflet, map, box);
  await breath();
  for (const tool of document.querySelectorAll('[data-map-tool]')) tool.hidden = false;
  const form = document.getElementById('filters');
  let filters = readFilters();
  const home = leaflet.latLngBounds(drawn.units.map(([, , lon, lat]) => [lat, lon])).pad(0.05);
  await breath();
  goTo(readPlace());
  await breath();

  const card = spotCard(side.querySelector('#spot-card'));
  const units = addUnits(leaflet, map, drawn.units);
  await breath();
  const pins = pinLayer(leaflet, map, {categories: drawn.categories, onChoose: choose});
  const ring = leaflet.circleMarker([0, 0], {radius: 22, color: '#a3141f', weight: 4, fill: false, interactive: false});
  const list = listSide((at) => (at ? ring.setLatLng([at[1], at[0]]).addTo(map) : ring.remove()));
  let asking;
  let settling;

  function goTo(place) {
    const unit = drawn.units.find(([code]) => code === filters.unit);
    if (place) map.setView([place.lat, place.lon], place.zoom, {animate: false});
    else if (unit) map.fitBounds(leaflet.latLng(unit[3], unit[2]).toBounds(Math.sqrt(unit[4]) * 1300), {animate: false});
    else map.fitBounds(home, {animate: false});
  }

  async function draw() {
    asking?.abort();
    const mine = (asking = new AbortController());
    units.choose(filters.unit);
    box.setAttribute('aria-busy', 'true');
    let words;
    try {
      if (isReversed(filters)) throw new RangeError(form.dataset.order);
      const {spots, isPartial, isCut} = await findSpots(map, filters, mine.signal);
      pins.show(spots);
      units.avoid(spots.map(({lat, lon}) => [lat, lon]));
      const frame = map.getBounds();
      const count = spots.filter(({lat, lon}) => frame.contains([lat, lon])).reduce((sum, spot) => sum + spot.count, 0);
      box.dataset.shown = count;
      words = t('{n} phản ánh trong khung bản đồ.', '{n} reports in this part of the map.', {n: number(count)});
      if (isPartial) words = t('Một phần bản đồ chưa tải được.', 'Part of the map could not be loaded.');
      if (isCut) words = t('Bản đồ chỉ hiển thị {n} phản ánh mới nhất trong khung này; hãy phóng to hoặc lọc thêm để thấy đủ.', 'The map shows only the newest {n} reports of this part; zoom in or filter further to see them all.', {n: number(count)});
      side.querySelector('#map-state').classList.toggle('is-cut', isCut);
    } catch (error) {
      if (error.name === 'AbortError') return;
      pins.show([]);
      side.querySelector('#map-state').classList.toggle('is-cut', error instanceof RangeError);
      words = error instanceof RangeError ? error.message : t('Chưa tải được bản đồ. Kiểm tra mạng rồi thử lại.', 'The map could not be loaded. Check the network and try again.');
    }
    box.removeAttribute('aria-busy');
    box.dataset.drawn = '';
    side.querySelector('#map-state').textContent = words;
  }

  /** Everything follows the frame: the address, the pins, and the list once it has settled. */
  function follow() {
    delete box.dataset.drawn;
    history.replaceState(null, '', addressOf(filters, placeOf(map)));
    draw();
    clearTimeout(settling);
    settling = setTimeout(() => list.show(filters, boxOf(map)), SETTLED_MS);
  }

  function choose(spot, marker) {
    const opener = marker.getElement();
    if (spot.code && spot.count === 1) {
      card.showReport(spot.code, opener);
    } else if (map.getZoom() >= ZOOM_MOST - 1) {
      const [reach, {lat, lon}] = [0.0004, spot];
      card.showPlace([lon - reach, lat - reach, lon + reach, lat + reach].map((edge) => edge.toFixed(6)).join(','), filters, opener);
    } else {
      card.close();
      map.setView([spot.lat, spot.lon], Math.min(map.getZoom() + 2, ZOOM_MOST));
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const given = new URLSearchParams(new FormData(event.target)).toString();
    const before = filters.unit;
    filters = readFilters(given);
    history.pushState(null, '', addressOf(filters, placeOf(map)));
    if (filters.unit !== before) goTo(null);
    forgetTiles();
    follow();
  });
  document.addEventListener('click', (event) => {
    const chip = event.target.closest('.filter-chip');
    if (!chip || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    filters = readFilters(new URL(chip.href).search);
    history.pushState(null, '', addressOf(filters, placeOf(map)));
    fillForm(filters);
    document.querySelector('#filter-box summary').focus();
    follow();
  });
  addEventListener('popstate', () => {
    filters = readFilters();
    fillForm(filters);
    goTo(readPlace());
    follow();
  });
  document.getElementById('around-me').addEventListener('click', () => aroundMe(leaflet, map, side));
  document.addEventListener('visibilitychange', () => document.hidden || forgetTiles());
  setInterval(() => document.hidden || (forgetTiles(), draw()), FRESH_MS);
  addEventListener('online', draw);
  new ResizeObserver(() => map.invalidateSize({pan: false})).observe(box);

  // what was typed while the map was on its way stays
  if (form.dataset.touched === undefined) fillForm(filters);
  await breath();
  map.on('moveend', follow);
  follow();
  document.documentElement.dataset.ready = '';
}

function fillForm(filters) {
  for (const field of document.getElementById('filters').elements) {
    if (field.name) field.value = filters[field.name] ?? '';
  }
}

function aroundMe(leaflet, map, side) {
  const state = side.querySelector('#map-state');
  if (!navigator.geolocation) {
    state.textContent = t('Trình duyệt này không cho biết vị trí.', 'This browser cannot tell where you are.');
    return;
  }
  state.textContent = t('Đang lấy vị trí…', 'Finding your position…');
  navigator.geolocation.getCurrentPosition(
    ({coords}) => {
      const at = [coords.latitude, coords.longitude];
      side.myPlace?.remove();
      const look = {color: '#0b4f6c', weight: 2, interactive: false};
      side.myPlace = leaflet
        .layerGroup([
          leaflet.circle(at, {...look, radius: coords.accuracy, fillOpacity: 0.12}),
          leaflet.circleMarker(at, {...look, radius: 9, color: '#fff', fillColor: '#1a73e8', fillOpacity: 1, weight: 3}),
        ])
        .addTo(map);
      map.setView(at, coords.accuracy > 1500 ? 13 : 16);
    },
    () => {
      state.textContent = t('Không lấy được vị trí. Hãy cho phép định vị, hoặc chọn xã, phường.', 'No position. Allow it in the browser, or choose the commune.');
    },
    {enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000},
  );
}
