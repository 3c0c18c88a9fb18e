// A photo made ready on the phone: upright, at most 1600 pixels and 200 KB, without anything hidden in it.
// What this browser cannot read (HEIC outside of Safari) goes as it is; the server makes it harmless.
import {readExif} from './exif.js';

const LONGEST_PIXELS = 1600;
const MOST_BYTES = 200_000;
// 12 megapixels of a street scene give 130 KB at the first step
const STEPS = [[LONGEST_PIXELS, 0.75], [LONGEST_PIXELS, 0.6], [1280, 0.6], [1280, 0.45], [960, 0.45], [720, 0.4]];

/** {buffer, content_type, sha256, bytes, lon?, lat?, taken_at?}; undefined for what is no photo. */
export async function prepare(file) {
  const found = await readExif(file);
  const blob = (await redraw(file)) ?? (await original(file));
  if (!blob) return undefined;
  const buffer = await blob.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', buffer));
  const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return {...found, buffer, sha256, bytes: buffer.byteLength, content_type: blob.type};
}

async function redraw(file) {
  let picture;
  try {
    picture = await createImageBitmap(file, {imageOrientation: 'from-image'});
  } catch {
    picture = await decode(file);
  }
  if (!picture?.width) return undefined;
  let blob;
  for (const [longest, quality] of STEPS) {
    blob = await draw(picture, longest, quality);
    if (blob && blob.size <= MOST_BYTES) break;
  }
  picture.close?.();
  return blob;
}

// old Safari knows no options of createImageBitmap, but turns an <img> the right way up
async function decode(file) {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  } catch {
    return undefined;
  } finally {
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

async function draw(picture, longest, quality) {
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext('2d', {alpha: false});
  if (!context) return undefined;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, 'image/jpeg', quality));
}

async function original(file) {
  const type = /^image\/hei[cf]$/.test(file.type) ? file.type : await heicType(file);
  return type && new Blob([file], {type});
}

// a file manager may call a HEIC photo anything; its first bytes are "????ftypheic" (ISO 23008-12)
async function heicType(file) {
  const head = String.fromCharCode(...new Uint8Array(await file.slice(4, 12).arrayBuffer()));
  return /^ftyp(heic|heix|hevc|mif1|msf1|heim|heis)$/.test(head) ? 'image/heic' : undefined;
}
