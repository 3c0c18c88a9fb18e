// Boundaries and names of communes: our own base map, drawn from our own tiles.
import {el} from '../shell/dom.js';
import {readTile} from './tiles.js';

const TILE_PIXELS = 512;
const NAMES_FROM_ZOOM = 11;
const LINE = '#5d7482';
const LAND = '#fbfcfa';

/** Add the boundaries, and the names where there is room for them; a chosen commune stands out. */
export function addUnits(leaflet, map, units) {
  const boundaries = new (boundaryLayer(leaflet))({tileSize: TILE_PIXELS, pane: 'tilePane', minZoom: 1, maxZoom: 22});
  boundaries.addTo(map);
  let names;
  const update = () => {
    if (map.getZoom() >= NAMES_FROM_ZOOM) (names ??= namesOf(leaflet, units)).addTo(map);
    else names?.remove();
  };
  map.on('zoomend', update);
  update();
  return {
    choose(code) {
      if (boundaries.chosen === code) return;
      boundaries.chosen = code;
      boundaries.redraw();
    },
  };
}

function namesOf(leaflet, units) {
  const names = units.map(([, name, lon, lat]) => {
    const icon = leaflet.divIcon({className: 'unit-name', html: el('span', {}, name), iconSize: [0, 0]});
    return leaflet.marker([lat, lon], {icon, interactive: false, keyboard: false, zIndexOffset: -10_000});
  });
  return leaflet.layerGroup(names);
}

function boundaryLayer(leaflet) {
  return leaflet.GridLayer.extend({
    createTile(coords, done) {
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      const canvas = el('canvas', {width: TILE_PIXELS * ratio, height: TILE_PIXELS * ratio});
      const url = `/api/v1/tiles/units/${coords.z - 1}/${coords.x}/${coords.y}.pbf`;
      readTile(url, 'units', {hasShapes: true}).then(
        (features) => {
          draw(canvas, features, ratio, this.chosen);
          done(null, canvas);
        },
        (error) => done(error, canvas),
      );
      return canvas;
    },
  });
}

function draw(canvas, features, ratio, chosen) {
  const context = canvas.getContext('2d');
  const communes = features.filter(({properties}) => !properties.level || properties.level === 'commune');
  for (const {rings, extent, properties} of communes.length ? communes : features) {
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
