// Where and when a photo was taken, read from its Exif block before the photo is made anew without it.
// Works for JPEG, HEIC and WebP alike: each holds "Exif\0\0" and then a TIFF directory (Exif 2.32, 4.6).
const LOOK_AT_BYTES = 512 * 1024;
const GPS_DIRECTORY = 0x8825;
const EXIF_DIRECTORY = 0x8769;
const TAKEN_AT = 0x9003;
const TAKEN_OFFSET = 0x9011;
const SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8};

/** {lon, lat, taken_at} of a photo, each only where it is there and makes sense; never throws. */
export async function readExif(file) {
  try {
    const view = new DataView(await file.slice(0, LOOK_AT_BYTES).arrayBuffer());
    const start = findTiff(view);
    return start === undefined ? {} : read(view, start);
  } catch {
    return {}; // cut off or nonsense: then there is no place in it
  }
}

function findTiff(view) {
  for (let at = 0; at + 14 < view.byteLength; at += 1) {
    if (view.getUint32(at) !== 0x45786966 || view.getUint16(at + 4) !== 0) continue;
    const order = view.getUint16(at + 6);
    if (order === 0x4949 || order === 0x4d4d) return at + 6;
  }
  return undefined;
}

function read(view, start) {
  const little = view.getUint16(start) === 0x4949;
  const tiff = {view, start, little, u16: (at) => view.getUint16(start + at, little), u32: (at) => view.getUint32(start + at, little)};
  const root = directory(tiff, tiff.u32(4));
  const found = {};
  if (root[GPS_DIRECTORY]) Object.assign(found, position(tiff, directory(tiff, number(tiff, root[GPS_DIRECTORY]))));
  if (root[EXIF_DIRECTORY]) {
    const inner = directory(tiff, number(tiff, root[EXIF_DIRECTORY]));
    const taken_at = moment(text(tiff, inner[TAKEN_AT]), text(tiff, inner[TAKEN_OFFSET]));
    if (taken_at) found.taken_at = taken_at;
  }
  return found;
}

function directory(tiff, at) {
  const entries = {};
  const count = tiff.u16(at);
  for (let n = 0; n < count; n += 1) {
    const entry = at + 2 + 12 * n;
    const [type, length] = [tiff.u16(entry + 2), tiff.u32(entry + 4)];
    const bytes = (SIZES[type] ?? 1) * length;
    entries[tiff.u16(entry)] = {type, length, at: bytes > 4 ? tiff.u32(entry + 8) : entry + 8};
  }
  return entries;
}

const number = (tiff, entry) => (entry.type === 3 ? tiff.u16(entry.at) : tiff.u32(entry.at));

function text(tiff, entry) {
  if (!entry || entry.type !== 2) return '';
  let words = '';
  for (let n = 0; n < entry.length; n += 1) words += String.fromCharCode(tiff.view.getUint8(tiff.start + entry.at + n));
  return words.replace(/\0.*$/, '').trim();
}

function position(tiff, gps) {
  const lat = degrees(tiff, gps[2]) * (text(tiff, gps[1]) === 'S' ? -1 : 1);
  const lon = degrees(tiff, gps[4]) * (text(tiff, gps[3]) === 'W' ? -1 : 1);
  const sensible = Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && (lat !== 0 || lon !== 0);
  return sensible ? {lon, lat} : {};
}

function degrees(tiff, entry) {
  if (!entry || entry.length < 3) return NaN;
  const part = (n) => tiff.u32(entry.at + 8 * n) / (tiff.u32(entry.at + 8 * n + 4) || NaN);
  return part(0) + part(1) / 60 + part(2) / 3600;
}

function moment(words, offset) {
  const found = words.match(/^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)/);
  if (!found) return undefined;
  // cameras that name no zone show the clock of where they are
  const zone = /^[+-]\d\d:\d\d$/.test(offset) ? offset : '+07:00';
  const at = new Date(`${found[1]}-${found[2]}-${found[3]}T${found[4]}${zone}`);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
