// Where it is, on a map that comes when somebody asks for it: its library costs more than the page.

/** Open the map once its part of the page is unfolded; without a network the link beside it stays. */
export function offerMap() {
  const part = document.getElementById('place');
  const box = part?.querySelector('.place-map');
  part?.addEventListener('toggle', async () => {
    if (!part.open || box.dataset.drawn !== undefined) return;
    box.dataset.drawn = '';
    box.hidden = false;
    try {
      const {showPlace} = await import('./placemap.js');
      await showPlace(box);
    } catch {
      delete box.dataset.drawn;
      box.hidden = true;
    }
  });
}
