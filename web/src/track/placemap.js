// The map of one place: a pin among the boundaries and names of communes.
import {addPictures} from '../map/pictures.js';
import {addUnits} from '../map/units.js';
import {loadLeaflet} from '../shell/leaflet.js';
import {t} from '../shell/words.js';

/** Draw the place that `box` names in its data; rejects without the library. */
export async function showPlace(box) {
  const leaflet = await loadLeaflet();
  const at = [Number(box.dataset.lat), Number(box.dataset.lon)];
  const map = leaflet.map(box, {minZoom: 7, maxZoom: 19, zoomControl: false, scrollWheelZoom: false});
  map.attributionControl.setPrefix('');
  leaflet.control.zoom({zoomInTitle: t('Phóng to', 'Zoom in'), zoomOutTitle: t('Thu nhỏ', 'Zoom out')}).addTo(map);
  leaflet.control.scale({imperial: false}).addTo(map);
  map.setView(at, 14, {animate: false});
  addPictures(leaflet, map, box);
  addUnits(leaflet, map).avoid([at]);
  const icon = leaflet.divIcon({className: 'pin', iconSize: [36, 48], iconAnchor: [18, 46]});
  leaflet.marker(at, {icon, keyboard: false, interactive: false}).addTo(map);
  box.dataset.ready = '';
}
