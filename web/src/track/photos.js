// Photos in full size: one dialog, with the keyboard or a swipe from one to the next.
import {el} from '../shell/dom.js';
import {t} from '../shell/words.js';

let viewer;

/** Open photos in place; without dialogs (old Safari) their links simply lead to them. */
export function openPhotos() {
  if (!('HTMLDialogElement' in self)) return;
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-photo]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link);
  });
}

function open(link) {
  const links = [...document.querySelectorAll('a[data-photo]')];
  viewer?.remove();
  const picture = el('img', {alt: ''});
  const words = el('p', {'aria-live': 'polite'});
  const step = (by) => {
    const number = (links.indexOf(link) + by + links.length) % links.length;
    link = links[number];
    picture.src = link.href;
    picture.alt = link.dataset.photo;
    words.textContent = `${link.dataset.photo} (${number + 1}/${links.length})`;
  };
  const button = (label, sign, act) =>
    el('button', {class: 'button', type: 'button', 'aria-label': label, onclick: act}, sign);
  viewer = el(
    'dialog',
    {class: 'viewer', 'aria-label': t('Xem ảnh', 'Photo')},
    el(
      'div',
      {class: 'viewer-bar'},
      links.length > 1 && button(t('Ảnh trước', 'Previous photo'), '‹', () => step(-1)),
      words,
      links.length > 1 && button(t('Ảnh sau', 'Next photo'), '›', () => step(1)),
      button(t('Đóng', 'Close'), '✕', () => viewer.close()),
    ),
    picture,
  );
  viewer.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowLeft') step(-1);
    if (event.key === 'ArrowRight') step(1);
  });
  swipe(picture, step);
  viewer.addEventListener('close', () => {
    viewer.remove();
    link.focus();
  });
  document.body.append(viewer);
  step(0);
  viewer.showModal();
}

function swipe(picture, step) {
  let from;
  picture.addEventListener('pointerdown', (event) => (from = event.clientX));
  picture.addEventListener('pointerup', (event) => {
    const moved = event.clientX - from;
    if (Math.abs(moved) > 60) step(moved < 0 ? 1 : -1);
  });
  picture.addEventListener('dragstart', (event) => event.preventDefault());
}
