// Vector tiles (MVT) as plain features: fetched once, decoded, kept for a while.
import {VectorTile} from '@mapbox/vector-tile';
import {PbfReader} from 'pbf';

const KEPT_MOST = 160;
const kept = new Map();

/** The features of one layer of a tile: [{at: [x, y] in 0..1 of the tile, properties, rings?}]. */
export async function readTile(url, layerName, {signal, hasShapes = false} = {}) {
  const found = kept.get(url);
  if (found) return found;
  const answer = await fetch(url, {signal});
  if (!answer.ok && answer.status !== 204) throw new Error(`${url}: ${answer.status}`);
  const features = answer.status === 204 ? [] : decode(await answer.arrayBuffer(), layerName, hasShapes);
  kept.set(url, features);
  if (kept.size > KEPT_MOST) kept.delete(kept.keys().next().value);
  return features;
}

/** Forget what was read: the next look asks the server again. */
export const forgetTiles = () => kept.clear();

function decode(buffer, layerName, hasShapes) {
  const layer = buffer.byteLength ? new VectorTile(new PbfReader(buffer)).layers[layerName] : undefined;
  if (!layer) return [];
  const features = [];
  for (let number = 0; number < layer.length; number += 1) {
    const feature = layer.feature(number);
    const rings = feature.loadGeometry();
    if (hasShapes) {
      features.push({properties: feature.properties, rings, extent: layer.extent});
      continue;
    }
    const {x, y} = rings[0][0];
    // what lies in the margin belongs to the neighbour
    if (x < 0 || y < 0 || x >= layer.extent || y >= layer.extent) continue;
    features.push({properties: feature.properties, at: [x / layer.extent, y / layer.extent]});
  }
  return features;
}
