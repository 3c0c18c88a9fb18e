// Where it is: the phone's position with its error, the place in a photo, a pin on a map, or a commune.
import {el} from '../shell/dom.js';
import {number, t} from '../shell/words.js';
import {saveSoon} from './draft.js';

const GPS = {enableHighAccuracy: true, timeout: 15_000, maximumAge: 0};

/** Add the tools to the form; `place()` gives {lon, lat, accuracy_metres, from} or undefined. */
export function startPlace(form, {onChange}) {
  const tools = form.querySelector('#place-tools');
  const unit = form.elements.unit;
  const said = el('p', {class: 'place-said', role: 'status'});
  const map = el('div', {class: 'pin-map', hidden: true});
  const locate = el('button', {type: 'button', class: 'button', onclick: askPhone}, t('Lấy vị trí', 'Use my position'));
  const pin = el('button', {type: 'button', class: 'button quiet', 'aria-expanded': 'false', onclick: openMap}, t('Ghim bản đồ', 'Pin on the map'));
  const offered = el('p', {hidden: true});
  let from = '';
  let pinned;
  if (!navigator.geolocation) locate.hidden = true;
  tools.replaceChildren(el('div', {class: 'two-buttons'}, locate, pin), offered, said, map);
  unit.required = false;
  unit.addEventListener('change', () => {
    if (!unit.value) return;
    const set = place();
    // the list names the commune of a point that is known; it is no wish for a rougher one
    if (set && set.from !== 'unit' && liesAround(set, middle(unit.selectedOptions[0]))) keepPoint(set);
    else put(undefined, 'unit');
  });
  addEventListener('online', () => {
    const set = place();
    if (set && set.from !== 'unit' && !form.dataset.unit) nameUnit(set);
  });

  function keepPoint(set) {
    const wished = unit.value;
    const name = unit.selectedOptions[0].text;
    say(set);
    // where the point is known to lie is where the report goes: the list must not say another
    if (form.dataset.unit && form.dataset.unit !== wished) unit.value = form.dataset.unit;
    said.textContent += ` ${unit.selectedOptions[0].text}.`;
    offered.hidden = false;
    offered.replaceChildren(
      el('button', {type: 'button', class: 'button quiet', onclick: () => ((offered.hidden = true), (unit.value = wished), put(undefined, 'unit'))},
        t('Bỏ điểm này, chỉ ghi {unit}', 'Drop this point, say {unit} only', {unit: name})),
    );
    form.querySelector('.part-place').classList.remove('has-fault');
    saveSoon();
    onChange();
  }

  function put(position, source, {isRestored = false} = {}) {
    const {lon, lat, accuracy_metres} = position ?? {};
    form.elements.lon.value = position ? lon.toFixed(6) : '';
    form.elements.lat.value = position ? lat.toFixed(6) : '';
    form.elements.accuracy.value = position ? Math.round(accuracy_metres) : '';
    from = source;
    delete form.dataset.unit;
    if (position) {
      unit.value = '';
      pinned?.show(position);
    }
    say(position);
    form.querySelector('.part-place').classList.remove('has-fault');
    if (isRestored) return;
    saveSoon();
    onChange();
    if (position) nameUnit(position);
  }

  function say(position) {
    const metres = position && number(Math.round(position.accuracy_metres));
    said.className = position || from === 'unit' ? 'place-said is-set' : 'place-said';
    said.textContent = {
      gps: t('Đã lấy vị trí của bạn, sai số ± {m} m.', 'Your position, within ± {m} m.', {m: metres}),
      photo: t('Dùng vị trí trong ảnh, sai số chừng ± {m} m.', 'The place in the photo, within about ± {m} m.', {m: metres}),
      pin: t('Dùng điểm đã ghim trên bản đồ (± {m} m).', 'The pin on the map (± {m} m).', {m: metres}),
      unit: unit.value ? t('Dùng {unit}; hãy ghi thêm địa chỉ hoặc mốc dễ nhận biết.', 'Using {unit}; add an address or landmark.', {unit: unit.selectedOptions[0].text}) : '',
    }[from] ?? '';
  }

  // which commune that is; without a network one does without it
  async function nameUnit({lon, lat}) {
    try {
      const answer = await fetch(`/api/v1/units/at?lon=${lon}&lat=${lat}`, {headers: {'Accept-Language': document.documentElement.lang}});
      const body = await answer.json();
      if (form.elements.lon.value !== lon.toFixed(6)) return;
      if (answer.ok) {
        form.dataset.unit = body.code;
        // the list shows what was found; the position stays what counts
        unit.value = body.code;
        said.textContent += ` ${body.name}.`;
      } else if (answer.status === 404) {
        put(undefined, '');
        said.textContent = t('Vị trí này ở ngoài tỉnh. Hãy chọn trên bản đồ hoặc chọn xã, phường.', 'This place is outside the province. Use the map or choose the commune.');
      }
    } catch {
      // offline
    }
  }

  function askPhone() {
    locate.disabled = true;
    said.className = 'place-said';
    said.textContent = t('Đang lấy vị trí…', 'Finding your position…');
    navigator.geolocation.getCurrentPosition(
      ({coords}) => {
        locate.disabled = false;
        put({lon: coords.longitude, lat: coords.latitude, accuracy_metres: coords.accuracy}, 'gps');
      },
      (error) => {
        locate.disabled = false;
        said.textContent =
          error.code === 1
            ? t('Máy chưa cho phép lấy vị trí. Hãy chọn trên bản đồ, hoặc chọn xã, phường.', 'The phone does not allow it. Use the map, or choose the commune.')
            : t('Chưa lấy được vị trí. Hãy thử lại, chọn trên bản đồ, hoặc chọn xã, phường.', 'No position yet. Try again, use the map, or choose the commune.');
      },
      GPS,
    );
  }

  async function openMap() {
    if (pinned) {
      map.hidden = !map.hidden;
      pin.setAttribute('aria-expanded', String(!map.hidden));
      return;
    }
    pin.disabled = true;
    try {
      const {openPinMap} = await import('./pinmap.js');
      map.hidden = false;
      pinned = await openPinMap(map, start(), (position) => put(position, 'pin'));
      pin.setAttribute('aria-expanded', 'true');
    } catch {
      map.hidden = true;
      said.textContent = t('Chưa mở được bản đồ (cần mạng ở lần đầu). Hãy chọn xã, phường.', 'The map cannot be opened (the first time needs a connection). Choose the commune.');
    }
    pin.disabled = false;
  }

  function start() {
    const set = place();
    if (set) return {...set, zoom: from === 'unit' ? 13 : 17, isExact: from !== 'unit'};
    // the middle of all communes, seen from where the province fits
    const all = [...unit.options].slice(1).map(middle);
    const mean = (name) => all.reduce((sum, one) => sum + one[name], 0) / (all.length || 1);
    return {lon: mean('lon'), lat: mean('lat'), zoom: 9, isExact: false};
  }

  // within the commune's reach, or within its own error of it
  function liesAround(position, centre) {
    const degree = 111_320;
    const x = (position.lon - centre.lon) * degree * Math.cos((centre.lat * Math.PI) / 180);
    const y = (position.lat - centre.lat) * degree;
    return Math.hypot(x, y) <= centre.accuracy_metres * 1.5 + position.accuracy_metres;
  }

  function middle(option) {
    const [lon, lat, accuracy_metres] = option.dataset.at.split(',').map(Number);
    return {lon, lat, accuracy_metres};
  }

  function place() {
    const {lon, lat, accuracy} = form.elements;
    if (lon.value && lat.value) {
      return {lon: Number(lon.value), lat: Number(lat.value), accuracy_metres: Number(accuracy.value || 0), from};
    }
    return unit.value ? {...middle(unit.selectedOptions[0]), from: 'unit'} : undefined;
  }

  return {
    place,
    source: () => from,
    /** A photo knows its place: taken if there is none yet, else offered. */
    offer(position) {
      const found = {...position, accuracy_metres: 20};
      if (!place()) {
        put(found, 'photo');
        return;
      }
      offered.hidden = false;
      offered.replaceChildren(
        el('button', {type: 'button', class: 'button quiet', onclick: () => ((offered.hidden = true), put(found, 'photo'))}, t('Dùng vị trí trong ảnh', 'Use the photo’s place')),
      );
    },
    /** Show what a draft has. */
    restore(source) {
      offered.hidden = true;
      delete form.dataset.unit;
      const set = place();
      from = source || (form.elements.lon.value ? 'pin' : unit.value ? 'unit' : '');
      say(set?.from === 'unit' ? undefined : set);
      if (set && set.from !== 'unit') {
        pinned?.show(set);
        nameUnit(set);
      }
    },
    /** Where people have allowed it before, nobody need tap. */
    async askIfAllowed() {
      const state = await navigator.permissions?.query({name: 'geolocation'}).catch(() => undefined);
      if (state?.state === 'granted' && !place()) askPhone();
    },
  };
}
