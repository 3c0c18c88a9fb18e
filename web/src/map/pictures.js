// Pictures under a map, where the installation names a server of them; boundaries then step back.

/** Add the pictures that `box` names in its data, if any. */
export function addPictures(leaflet, map, {dataset, classList}) {
  if (!dataset.tilesUrl) return;
  leaflet.tileLayer(dataset.tilesUrl, {maxZoom: 19, attribution: escaped(dataset.tilesCredit)}).addTo(map);
  classList.add('has-pictures');
}

// Leaflet puts the credit in as markup
function escaped(words) {
  const box = document.createElement('span');
  box.textContent = words ?? '';
  return box.innerHTML;
}
