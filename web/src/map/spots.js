// What the map shows of reports in its frame: single ones, and clusters with their counts.
//
// Tiles answer for category, status and period at any size. They know neither words nor communes: for
// those the list is read, up to a limit that is said, and clustered here.
import {language} from '../shell/words.js';
import {addressOf} from './address.js';
import {readTile} from './tiles.js';

const TILE_PIXELS = 512;
const LIST_PAGES_MOST = 5;
const CELL_PIXELS = 72;
const TOUCHING_PIXELS = 42;
// in the streets every report is wanted by itself
const APART_FROM_ZOOM = 16;

/** {spots: [{key, lat, lon, count, code?, category?, status?}], isPartial, isCut}. */
export function findSpots(map, filters, signal) {
  return filters.q || filters.unit ? fromList(map, filters, signal) : fromTiles(map, filters, signal);
}

async function fromTiles(map, filters, signal) {
  const zoom = Math.max(0, Math.round(map.getZoom()) - 1);
  const tiles = tilesInView(map, zoom);
  const read = await Promise.all(
    tiles.map(([x, y]) =>
      readTile(addressOf(filters, {}, `/api/v1/tiles/reports/${zoom}/${x}/${y}.pbf`), 'reports', {signal}).catch(
        (error) => {
          if (error.name === 'AbortError') throw error;
          return null;
        },
      ),
    ),
  );
  const spots = [];
  read.forEach((features, number) => {
    const [x, y] = tiles[number];
    for (const {at, properties} of features ?? []) {
      const {lat, lon} = positionOf((x + at[0]) / 2 ** zoom, (y + at[1]) / 2 ** zoom);
      const count = Number(properties.count ?? 1);
      const key = properties.code ? `${properties.code}:${properties.status}` : `${zoom}:${lat}:${lon}:${count}`;
      spots.push({key, lat, lon, count, ...properties});
    }
  });
  return {spots: map.getZoom() < APART_FROM_ZOOM ? merged(map, spots) : spots, isPartial: read.includes(null), isCut: false};
}

// Clusters of the server end at the edges of its cells: two that would lie on each other are one here.
// Counts are added, never estimated.
function merged(map, spots) {
  const groups = [];
  for (const spot of [...spots].sort((a, b) => b.count - a.count)) {
    const point = map.project([spot.lat, spot.lon]);
    const near = groups.find((group) => group.point.distanceTo(point) < TOUCHING_PIXELS);
    if (near) near.inside.push(spot);
    else groups.push({point, inside: [spot]});
  }
  return groups.map(({inside}) => {
    if (inside.length === 1) return inside[0];
    const count = inside.reduce((sum, spot) => sum + spot.count, 0);
    const mean = (name) => inside.reduce((sum, spot) => sum + spot[name] * spot.count, 0) / count;
    const [lat, lon] = [mean('lat'), mean('lon')];
    return {key: `${map.getZoom()}:${lat}:${lon}:${count}`, lat, lon, count};
  });
}

function tilesInView(map, zoom) {
  const bounds = map.getPixelBounds();
  const scale = 2 ** (zoom + 1 - map.getZoom()) / TILE_PIXELS;
  const last = 2 ** zoom - 1;
  const clamp = (value) => Math.min(Math.max(Math.floor(value * scale), 0), last);
  const tiles = [];
  for (let x = clamp(bounds.min.x); x <= clamp(bounds.max.x); x += 1) {
    for (let y = clamp(bounds.min.y); y <= clamp(bounds.max.y); y += 1) tiles.push([x, y]);
  }
  return tiles;
}

// from the share of the Mercator square to degrees
function positionOf(x, y) {
  return {lon: x * 360 - 180, lat: (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI};
}

async function fromList(map, filters, signal) {
  const items = [];
  let after;
  for (let page = 0; page < LIST_PAGES_MOST; page += 1) {
    const more = {bbox: boxOf(map), limit: '200', ...(after && {after})};
    const answer = await fetch(addressOf(filters, more, '/api/v1/reports'), {
      signal,
      headers: {Accept: 'application/json', 'Accept-Language': language},
    });
    if (!answer.ok) throw new Error(`list: ${answer.status}`);
    const read = await answer.json();
    items.push(...read.items);
    after = read.next;
    if (!after) break;
  }
  return {spots: clustered(map, items), isPartial: false, isCut: Boolean(after)};
}

function clustered(map, items) {
  const cells = new Map();
  for (const item of items) {
    const point = map.project([item.location.lat, item.location.lon]);
    const cell = `${Math.floor(point.x / CELL_PIXELS)}:${Math.floor(point.y / CELL_PIXELS)}`;
    if (!cells.has(cell)) cells.set(cell, []);
    cells.get(cell).push(item);
  }
  return [...cells.values()].map((inside) => {
    const mean = (name) => inside.reduce((sum, item) => sum + item.location[name], 0) / inside.length;
    const place = {lat: mean('lat'), lon: mean('lon'), count: inside.length};
    if (inside.length > 1) return {...place, key: `${map.getZoom()}:${place.lat}:${place.lon}:${place.count}`};
    const {code, category, status} = inside[0];
    return {...place, key: `${code}:${status}`, code, category: category.code, status};
  });
}

/** The map's frame as `bbox` of the list. */
export function boxOf(map) {
  const bounds = map.getBounds();
  const clamp = (value, most) => Math.min(Math.max(value, -most), most).toFixed(5);
  return [
    clamp(bounds.getWest(), 180),
    clamp(bounds.getSouth(), 90),
    clamp(bounds.getEast(), 180),
    clamp(bounds.getNorth(), 90),
  ].join(',');
}
