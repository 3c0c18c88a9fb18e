// Boundaries and names of communes: our own base map, drawn from our own tiles. Where the installation
// names no pictures it is all there is to go by, so a name is always in sight.
import {el} from '../shell/dom.js';
import {placeNames} from './names.js';
import {readTile} from './tiles.js';

const TILE_PIXELS = 512;
const TILES_KEPT = 64;
const NAMES_FROM_ZOOM = 9;
const SETTLED_MS = 60;
const LINE = '#5d7482';
const LAND = '#fbfcfa';

/** Add boundaries and names; `known` are [code, name, lon, lat] for when no tile can be had. */
export function addUnits(leaflet, map, known = []) {
  const boundaries = new (boundaryLayer(leaflet))({tileSize: TILE_PIXELS, pane: 'tilePane', minZoom: 1, maxZoom: 22});
  boundaries.shapes = new Map();
  boundaries.addTo(map);
  const names = leaflet.layerGroup().addTo(map);
  let pins = [];
  let waiting;
  // several things happen at once: names are placed once after all of them
  const update = () => {
    clearTimeout(waiting);
    waiting = setTimeout(place, SETTLED_MS);
  };
  const place = () => {
    names.clearLayers();
    if (map.getZoom() < NAMES_FROM_ZOOM) return;
    for (const {name, at} of placeNames(leaflet, map, boundaries.shapes, {known, tilePixels: TILE_PIXELS, first: boundaries.chosen, pins})) {
      const icon = leaflet.divIcon({className: 'unit-name', html: el('span', {}, name), iconSize: [0, 0]});
      leaflet.marker(at, {icon, interactive: false, keyboard: false, zIndexOffset: -10_000}).addTo(names);
    }
  };
  map.on('moveend', update);
  boundaries.on('load', update);
  update();
  return {
    /** Where pins stand, [lat, lon] each: names stand beside them. */
    avoid(places) {
      pins = places;
      update();
    },
    choose(code) {
      if (boundaries.chosen === code) return;
      boundaries.chosen = code;
      boundaries.redraw();
    },
  };
}

function boundaryLayer(leaflet) {
  return leaflet.GridLayer.extend({
    createTile(coords, done) {
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      const canvas = el('canvas', {width: TILE_PIXELS * ratio, height: TILE_PIXELS * ratio});
      const url = `/api/v1/tiles/units/${coords.z - 1}/${coords.x}/${coords.y}.pbf`;
      readTile(url, 'units', {hasShapes: true}).then(
        (features) => {
          const communes = communesOf(features);
          keep(this.shapes, coords, communes);
          draw(canvas, communes, ratio, this.chosen);
          done(null, canvas);
        },
        (error) => done(error, canvas),
      );
      return canvas;
    },
  });
}

function keep(shapes, {z, x, y}, communes) {
  const key = `${z}:${x}:${y}`;
  shapes.delete(key);
  shapes.set(key, {z, x, y, communes});
  if (shapes.size > TILES_KEPT) shapes.delete(shapes.keys().next().value);
}

function communesOf(features) {
  const communes = features.filter(({properties}) => !properties.level || properties.level === 'commune');
  return communes.length ? communes : features;
}

function draw(canvas, communes, ratio, chosen) {
  const context = canvas.getContext('2d');
  for (const {rings, extent, properties} of communes) {
    const scale = (TILE_PIXELS * ratio) / extent;
    context.beginPath();
    for (const ring of rings) {
      ring.forEach(({x, y}, number) => (number ? context.lineTo(x * scale, y * scale) : context.moveTo(x * scale, y * scale)));
      context.closePath();
    }
    context.fillStyle = properties.code === chosen ? '#fff4d6' : LAND;
    context.fill('evenodd');
    context.lineWidth = (properties.code === chosen ? 2.5 : 1) * ratio;
    context.strokeStyle = properties.code === chosen ? '#7a4b00' : LINE;
    context.stroke();
  }
}
