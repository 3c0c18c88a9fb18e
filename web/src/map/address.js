// What the address of the page says: the filters, and where the map looks. The back button restores
// both, and a copied address shows the same.
const FILTERS = ['q', 'category', 'status', 'unit', 'from', 'to'];

/** The filters in force, without empty ones. */
export function readFilters(search = location.search) {
  const query = new URLSearchParams(search);
  return Object.fromEntries(FILTERS.map((name) => [name, query.get(name)]).filter(([, value]) => value));
}

/** Where the map looks: {lat, lon, zoom}; null when the address does not say. */
export function readPlace(search = location.search) {
  const query = new URLSearchParams(search);
  const [lat, lon, zoom] = ['lat', 'lon', 'z'].map((name) => parseFloat(query.get(name)));
  return Math.abs(lat) <= 85 && Math.abs(lon) <= 180 && zoom >= 0 && zoom <= 22 ? {lat, lon, zoom} : null;
}

/** An address of the map, or of another path, with these filters and more. */
export function addressOf(filters, more = {}, path = '/ban-do') {
  const query = new URLSearchParams({...filters, ...more}).toString();
  return query ? `${path}?${query}` : path;
}

/** The place as the address says it: no finer than a metre. */
export function placeOf(map) {
  const {lat, lng} = map.getCenter();
  return {z: String(map.getZoom()), lat: lat.toFixed(5), lon: lng.toFixed(5)};
}
