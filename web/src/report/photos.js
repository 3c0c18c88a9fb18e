// The photos of the draft: chosen or taken, made ready at once, shown small, taken out again.
import {el} from '../shell/dom.js';
import {number, t} from '../shell/words.js';
import {draft, save} from './draft.js';
import {prepare} from './photo.js';
import {dropPhoto, findPhoto, putPhoto} from './store.js';

/**
 * Take over the form's file field; `onPlace({lon, lat})` is told of a place found in a photo. `settled()`
 * is there once every chosen photo is: before that the draft must not be sent or changed for another.
 */
export function startPhotos(form, {onPlace, onTime}) {
  const input = form.querySelector('[name=photos]');
  const part = input.closest('.field');
  const most = Number(form.dataset.photosMost);
  // chosen in the plain field before this ran
  const chosen = [...input.files];
  input.value = '';
  const said = el('p', {class: 'hint', role: 'status'});
  const shown = el('div', {class: 'thumbs'});
  const camera = el('input', {type: 'file', accept: 'image/*', capture: 'environment', class: 'sr', tabindex: '-1', 'aria-hidden': 'true'});
  const take = el('button', {type: 'button', class: 'button quiet', onclick: () => camera.click()}, t('Chụp ảnh', 'Take a photo'));
  const choose = el('button', {type: 'button', class: 'button quiet', onclick: () => input.click()}, t('Chọn ảnh', 'Choose photos'));
  input.classList.add('sr');
  input.tabIndex = -1;
  input.removeAttribute('name'); // the photos go by themselves, not with the form
  part.append(el('div', {class: 'two-buttons'}, take, choose), shown, said, camera);
  for (const source of [input, camera]) {
    source.addEventListener('change', async () => {
      const files = [...source.files];
      source.value = '';
      await add(files);
    });
  }

  // one choice after the other: each counts what is there already
  let working = Promise.resolve();
  const add = (files) => (working = working.then(() => addAll(files)).catch(console.error));

  async function addAll(files) {
    const refused = [];
    for (const [n, file] of files.entries()) {
      if (draft.photos.length >= most) {
        refused.push(t('Đã đủ {n} ảnh.', '{n} photos are the most.', {n: most}));
        break;
      }
      said.className = 'hint';
      said.textContent = t('Đang chuẩn bị ảnh {n}/{all}…', 'Preparing photo {n} of {all}…', {n: n + 1, all: files.length});
      const photo = await prepare(file).catch(() => undefined);
      const limit = Number(form.dataset.photoMegabytes) * 1024 * 1024;
      if (!photo || photo.bytes > limit) {
        refused.push(photo
          ? t('Ảnh {name} quá lớn.', '{name} is too large.', {name: file.name})
          : t('{name} không phải ảnh, hoặc bị hỏng. Hãy chọn ảnh khác.', '{name} is no photo, or is damaged. Choose another.', {name: file.name}));
        continue;
      }
      if (draft.photos.some((known) => known.sha256 === photo.sha256)) {
        said.textContent = t('Ảnh này đã có.', 'This photo is there already.');
        continue;
      }
      if (!(await keep(photo))) {
        refused.push(t('Máy không còn chỗ để lưu ảnh {name}.', 'The phone has no room left for {name}.', {name: file.name}));
        continue;
      }
      if (photo.lon !== undefined) onPlace({lon: photo.lon, lat: photo.lat});
      if (photo.taken_at) onTime(photo.taken_at);
      said.textContent = t('Đã thêm ảnh ({kb} KB), đã xóa vị trí và thông tin máy.', 'Photo added ({kb} KB), without place and device details.', {kb: number(Math.ceil(photo.bytes / 1000))});
    }
    // one of several that was refused is still named when the others are there
    if (refused.length) {
      said.className = 'fault';
      said.textContent = refused.join(' ');
    }
    await paint();
  }

  async function keep({sha256, bytes, content_type, buffer}) {
    const photo = {sha256, bytes, content_type, state: 'kept'};
    try {
      await putPhoto(draft.id, sha256, buffer);
      draft.photos.push(photo);
      await save();
      return true;
    } catch {
      draft.photos = draft.photos.filter((one) => one !== photo);
      await dropPhoto(draft.id, sha256).catch(() => {});
      return false;
    }
  }

  async function paint() {
    const id = draft.id;
    const figures = await Promise.all(draft.photos.map((photo, n) => thumb(id, photo, n, remove)));
    if (id !== draft.id) return;
    shown.replaceChildren(...figures);
    take.disabled = choose.disabled = draft.photos.length >= most;
  }

  async function remove(photo, n) {
    draft.photos.splice(draft.photos.indexOf(photo), 1);
    await dropPhoto(draft.id, photo.sha256);
    await save();
    said.className = 'hint';
    said.textContent = t('Đã bỏ ảnh {n}.', 'Photo {n} taken out.', {n: n + 1});
    await paint();
    choose.focus();
  }

  return {chosen, add, settled: () => working, paint: () => ((said.textContent = ''), paint())};
}

async function thumb(id, photo, n, remove) {
  return el(
    'figure',
    {},
    await picture(id, photo, n),
    el('button', {type: 'button', class: 'thumb-out', onclick: () => remove(photo, n), 'aria-label': t('Bỏ ảnh {n}', 'Take photo {n} out', {n: n + 1})}, '✕'),
  );
}

/** The photo as an element: the picture, or words for one that this browser cannot show. */
export async function picture(id, photo, n) {
  const name = t('Ảnh {n}', 'Photo {n}', {n: n + 1});
  const buffer = await findPhoto(id, photo.sha256);
  const isHeic = /hei[cf]/.test(photo.content_type);
  if (!buffer || isHeic) return el('span', {class: 'no-picture'}, isHeic ? `${name} (HEIC)` : name);
  const url = URL.createObjectURL(new Blob([buffer], {type: photo.content_type}));
  const image = el('img', {src: url, alt: name, width: 120, height: 90});
  image.addEventListener('load', () => URL.revokeObjectURL(url), {once: true});
  return image;
}
