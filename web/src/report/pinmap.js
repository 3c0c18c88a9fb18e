// A map to put a pin on: drag the map under the pin, tap, or use the arrow keys.
import {addPictures} from '../map/pictures.js';
import {addUnits} from '../map/units.js';
import {el} from '../shell/dom.js';
import {loadLeaflet} from '../shell/leaflet.js';
import {t} from '../shell/words.js';

const EARTH_METRES_PER_PIXEL = 156_543;

/** A map in `holder`; `onPin({lon, lat, accuracy_metres})` after each choice. Rejects without Leaflet. */
export async function openPinMap(holder, start, onPin) {
  const leaflet = await loadLeaflet();
  const frame = el('div', {class: 'pin-frame', role: 'application', 'aria-label': t('Bản đồ: kéo để đưa ghim đến đúng chỗ', 'Map: drag until the pin is at the place')});
  const hint = el('p', {class: 'hint'}, t('Kéo bản đồ để ghim nằm đúng chỗ, hoặc chạm vào chỗ đó; phóng to để chính xác hơn.', 'Drag the map until the pin is at the place, or tap the place; zoom in to be more exact.'));
  holder.replaceChildren(hint, frame);
  const map = leaflet.map(frame, {attributionControl: true, zoomControl: true, minZoom: 7, maxZoom: 19});
  map.attributionControl.setPrefix('');
  map.setView([start.lat, start.lon], start.zoom);
  addBase(leaflet, map, frame);
  const icon = leaflet.divIcon({className: 'pin', iconSize: [36, 48], iconAnchor: [18, 46]});
  const marker = leaflet.marker([start.lat, start.lon], {icon, keyboard: false, interactive: false, opacity: start.isExact ? 1 : 0.6}).addTo(map);
  let isShowing = false;

  const choose = (at) => {
    marker.setLatLng(at).setOpacity(1);
    // a finger's width at this zoom
    const accuracy = (EARTH_METRES_PER_PIXEL * Math.cos((at.lat * Math.PI) / 180)) / 2 ** map.getZoom() * 12;
    onPin({lon: at.lng, lat: at.lat, accuracy_metres: Math.max(3, accuracy)});
  };
  const show = ({lon, lat}) => {
    marker.setLatLng([lat, lon]).setOpacity(1);
    if (map.getCenter().distanceTo([lat, lon]) < 1) return;
    isShowing = true;
    map.setView([lat, lon], Math.max(map.getZoom(), 16), {animate: false});
    isShowing = false;
  };
  map.on('move', () => isShowing || marker.setLatLng(map.getCenter()));
  map.on('moveend', () => isShowing || choose(map.getCenter()));
  map.on('click', ({latlng}) => map.panTo(latlng));
  return {show};
}

// boundaries and names from our own tiles, without a network the names alone, from the form; pictures
// where the installation names a server of them
function addBase(leaflet, map, frame) {
  const {tilesUrl, tilesCredit} = document.querySelector('#report').dataset;
  addPictures(leaflet, map, {dataset: {tilesUrl, tilesCredit}, classList: frame.classList});
  const options = [...document.querySelectorAll('option[data-at]')];
  const middle = ({dataset}) => dataset.at.split(',').slice(0, 2).map(Number);
  addUnits(leaflet, map, options.map((option) => [option.value, option.text, ...middle(option)]));
}
