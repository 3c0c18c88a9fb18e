// The list beside the map: the server's own, for the map's frame. One way of writing it serves readers
// without scripts, screen readers and this.
import {addressOf} from './address.js';

/** Keep the list in step; `onPoint(at or null)` when somebody points at a report. */
export function listSide(onPoint) {
  const list = document.getElementById('list');
  const state = document.getElementById('list-state');
  let asking;

  async function put(address) {
    asking?.abort();
    asking = new AbortController();
    list.setAttribute('aria-busy', 'true');
    try {
      const answer = await fetch(address, {signal: asking.signal, headers: {Accept: 'text/html'}});
      // a filter that cannot be: the server's page says what is wrong with it
      if (!answer.ok && answer.status !== 400) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      replace('active-filters', page);
      replace('filter-count', page);
      list.replaceChildren(...page.getElementById('list').childNodes);
      state.textContent = answer.status === 400 ? '' : new URL(address, location.href).searchParams.has('bbox') ? state.dataset.inView : state.dataset.all;
    } catch (error) {
      if (error.name === 'AbortError') return;
      state.textContent = state.dataset.failed;
    }
    list.removeAttribute('aria-busy');
  }

  // further pages of the frame, in place
  list.addEventListener('click', (event) => {
    const link = event.target.closest('.pager a');
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const url = new URL(link.href);
    url.searchParams.set('phan', 'danh-sach');
    put(url.pathname + url.search).then(() => {
      const title = document.getElementById('list-title');
      title.focus();
      title.scrollIntoView({block: 'nearest'});
    });
  });
  const point = (event) => onPoint(event.target.closest('[data-at]')?.dataset.at.split(',').map(Number) ?? null);
  for (const name of ['pointerover', 'focusin']) list.addEventListener(name, point);
  for (const name of ['pointerleave', 'focusout']) list.addEventListener(name, () => onPoint(null));

  return {
    show: (filters, bbox) => put(addressOf(filters, {...(bbox && {bbox}), phan: 'danh-sach'})),
  };
}

function replace(id, page) {
  const fresh = page.getElementById(id);
  if (fresh) document.getElementById(id).replaceWith(document.adoptNode(fresh));
}
