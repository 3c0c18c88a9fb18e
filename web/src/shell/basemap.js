// What lies under a small map: the communes by name, from what the form holds already, so that it also
// works without a network; and pictures, where the installation names a server of them.
const NAMES_FROM_ZOOM = 11;

/** Add the base to a Leaflet map. */
export function addBase(leaflet, map) {
  const {tilesUrl, tilesCredit} = document.querySelector('[data-tiles-url]')?.dataset ?? {};
  if (tilesUrl) leaflet.tileLayer(tilesUrl, {maxZoom: 19, attribution: tilesCredit ?? ''}).addTo(map);
  const names = leaflet.layerGroup();
  for (const option of document.querySelectorAll('option[data-at]')) {
    const [lon, lat] = option.dataset.at.split(',').map(Number);
    const label = document.createElement('span');
    label.textContent = option.textContent;
    const icon = leaflet.divIcon({className: 'place-name', html: label, iconSize: null});
    names.addLayer(leaflet.marker([lat, lon], {icon, interactive: false, keyboard: false}));
  }
  const update = () => {
    if (map.getZoom() >= NAMES_FROM_ZOOM) names.addTo(map);
    else names.remove();
  };
  map.on('zoomend', update);
  update();
}
