// "Theo dõi khu vực": on the map's page, be told of new reports in a commune or around oneself.
//
// `openAreas(place, read)` fills the element `place`; `read()` says what is looked at: {unit, unit_name,
// category, category_name}, each '' if nothing is chosen.
import {el, notice} from '../shell/dom.js';
import {t} from '../shell/words.js';
import {enable, followArea, listAreas, obstacle, registered, unfollowArea} from './registration.js';

const RADIUS_METRES = 1000;

/** Show what is followed, and offer to follow what is looked at. */
export async function openAreas(place, read) {
  if (obstacle()) {
    place.replaceChildren(notice('note', t('Trình duyệt này chưa nhận được thông báo.', 'This browser cannot get notices.')));
    return;
  }
  const known = await registered().catch(() => undefined);
  const areas = known ? (await listAreas(known.device).catch(() => ({items: []}))).items : [];
  draw(place, read, areas);
}

function draw(place, read, areas, said) {
  const asked = read();
  const act = (work) => async (event) => {
    event.currentTarget.disabled = true;
    try {
      const known = await enable([]);
      if (!known) return draw(place, read, areas, notice('bad', t('Bạn chưa cho phép thông báo.', 'Notices are not allowed.')));
      await work(known.device);
      const {items} = await listAreas(known.device);
      draw(place, read, items, notice('good', t('Đã lưu.', 'Saved.')));
    } catch (error) {
      draw(place, read, areas, notice('bad', error.status ? error.message : t('Chưa thực hiện được. Thử lại sau.', 'That did not work. Try again later.')));
    }
  };
  const category = asked.category || undefined;
  const unit = el('button', {class: 'button', type: 'button', onclick: act((device) => followArea(device, {unit: asked.unit, category}))},
    t('Theo dõi {name}', 'Follow {name}', {name: asked.unit_name}));
  const around = el('button', {class: 'button quiet', type: 'button', onclick: act(async (device) => followArea(device, {circle: await here(), category}))},
    t('Theo dõi quanh tôi 1 km', 'Follow 1 km around me'));
  place.replaceChildren(
    el('p', {class: 'faint'}, t(
      'Phản ánh mới được báo mỗi ngày một lần, việc khẩn cấp được báo ngay.',
      'New reports are told of once a day, urgent ones at once.',
    ), asked.category_name ? ` ${t('Chỉ lĩnh vực', 'Only')} ${asked.category_name}.` : ''),
    asked.unit ? unit : el('p', {class: 'faint'}, t('Chọn xã, phường trong bộ lọc để theo dõi cả xã, phường.', 'Choose a commune among the filters to follow all of it.')),
    around,
    areas.length ? el('ul', {class: 'plain'}, areas.map((area) => row(area, act))) : '',
    said ?? '',
  );
}

function row(area, act) {
  const where = area.unit
    ? t('Xã, phường {unit}', 'Commune {unit}', area)
    : t('Quanh {lat}, {lon} ({radius_metres} m)', 'Around {lat}, {lon} ({radius_metres} m)', area.circle);
  const words = area.category ? `${where} · ${area.category}` : where;
  const drop = el('button', {class: 'button quiet', type: 'button', 'aria-label': `${t('Bỏ theo dõi', 'Unfollow')} ${words}`, onclick: act((device) => unfollowArea(device, area.id))},
    t('Bỏ', 'Remove'));
  return el('li', {class: 'between'}, words, drop);
}

function here() {
  return new Promise((done, failed) => {
    const take = ({coords}) =>
      done({lon: rounded(coords.longitude), lat: rounded(coords.latitude), radius_metres: RADIUS_METRES});
    navigator.geolocation.getCurrentPosition(take, failed, {timeout: 15000, maximumAge: 60000});
  });
}

// a hundred metres are enough to know what is around, and less about who asks
const rounded = (degrees) => Math.round(degrees * 1000) / 1000;
