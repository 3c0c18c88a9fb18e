// Where the names of communes stand: each in the middle of what is seen of it, so that somebody who has
// zoomed into a street still reads where that is, and beside a pin rather than under it. A name that would
// lie on another one is left out.
const LETTER_PIXELS = 7.6;
const LINE_PIXELS = 20;
const EDGE_PIXELS = 14;
// so much of a commune must be seen: less is an edge, and its name would lie on its neighbour
const LEAST_PIXELS = 2500;
// half a pin, and how far a name may be moved up or down to stand beside one
const PIN_PIXELS = 20;
const ASIDE_PIXELS = [0, -32, 32, -52, 52];
// the buttons that zoom
const CORNERS = [{x: 36, y: 56, half: 30, tall: 56}];

/** [{name, at: [lat, lon]}] for the map's frame, the widest first; `first` is a code that comes before. */
export function placeNames(leaflet, map, shapes, {known, tilePixels, first, pins}) {
  const size = map.getSize();
  const {min} = map.getPixelBounds();
  const seen = new Map();
  for (const tile of tilesOf(shapes, Math.round(map.getZoom()))) {
    const scale = map.getZoomScale(map.getZoom(), tile.z);
    for (const {rings, extent, properties} of tile.communes) {
      for (const ring of rings) {
        const toFrame = ({x, y}) => ({
          x: (tile.x + x / extent) * tilePixels * scale - min.x,
          y: (tile.y + y / extent) * tilePixels * scale - min.y,
        });
        const piece = middleOf(clipped(ring.map(toFrame), size));
        if (piece.area < LEAST_PIXELS || piece.area < (seen.get(properties.code)?.area ?? 0)) continue;
        seen.set(properties.code, {...piece, code: properties.code, name: properties.name});
      }
    }
  }
  if (!seen.size) {
    for (const [code, name, lon, lat] of known) {
      const {x, y} = map.latLngToContainerPoint([lat, lon]);
      if (x > 0 && y > 0 && x < size.x && y < size.y) seen.set(code, {code, name, x, y, area: 1});
    }
  }
  const wanted = [...seen.values()].sort((a, b) => (b.code === first) - (a.code === first) || b.area - a.area);
  const taken = [...CORNERS, ...pins.map((at) => ({...pick(map.latLngToContainerPoint(at)), half: PIN_PIXELS, tall: PIN_PIXELS}))];
  return apart(wanted, size, taken).map(({name, x, y}) => ({name, at: map.containerPointToLatLng([x, y])}));
}

const pick = ({x, y}) => ({x, y});

function tilesOf(shapes, zoom) {
  return [...shapes.values()].filter(({z}) => z === zoom);
}

// Sutherland and Hodgman: what of a ring lies in the frame
function clipped(ring, {x: width, y: height}) {
  const edges = [
    ['x', 0, 1],
    ['x', width, -1],
    ['y', 0, 1],
    ['y', height, -1],
  ];
  return edges.reduce((points, [axis, edge, side]) => {
    const isIn = (point) => (point[axis] - edge) * side >= 0;
    const cut = (a, b) => {
      const share = (edge - a[axis]) / (b[axis] - a[axis]);
      return {x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share};
    };
    return points.flatMap((point, number) => {
      const before = points[(number || points.length) - 1];
      if (isIn(point)) return isIn(before) ? [point] : [cut(before, point), point];
      return isIn(before) ? [cut(before, point)] : [];
    });
  }, ring);
}

// the centre of gravity, and the area in square pixels
function middleOf(points) {
  let [twice, sumX, sumY] = [0, 0, 0];
  points.forEach((point, number) => {
    const before = points[(number || points.length) - 1];
    const cross = before.x * point.y - point.x * before.y;
    twice += cross;
    sumX += (before.x + point.x) * cross;
    sumY += (before.y + point.y) * cross;
  });
  return {area: Math.abs(twice) / 2, x: twice ? sumX / (3 * twice) : 0, y: twice ? sumY / (3 * twice) : 0};
}

// as many as find room, and whole: nothing is cut off by the frame; one in any case, pins or not
function apart(wanted, size, taken) {
  const placed = [];
  for (const one of wanted) {
    const half = (one.name.length * LETTER_PIXELS) / 2;
    const x = Math.min(Math.max(one.x, half + EDGE_PIXELS), size.x - half - EDGE_PIXELS);
    // a name that had to be moved that far would lie on another commune
    if (Math.abs(x - one.x) > half + EDGE_PIXELS) continue;
    const isFree = (others) => (y) => others.every((other) => Math.abs(other.x - x) > other.half + half || Math.abs(other.y - y) > other.tall + LINE_PIXELS / 2);
    const within = (y) => Math.min(Math.max(y, LINE_PIXELS), size.y - LINE_PIXELS);
    const y = ASIDE_PIXELS.map((aside) => within(one.y + aside)).find(isFree([...placed, ...taken])) ?? (placed.length ? undefined : within(one.y));
    if (y !== undefined) placed.push({...one, x, y, half, tall: LINE_PIXELS / 2});
  }
  return placed;
}
