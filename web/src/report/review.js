// Before sending: what has been reported nearby already, where some things have to go instead, and
// exactly what the public will see.
import {el, notice} from '../shell/dom.js';
import {language, moment, number, t} from '../shell/words.js';
import {picture} from './photos.js';
import {screenNow, screeningNotice} from './screening.js';

const NEAR_METRES = 250;
const NEAR_SHOWN = 3;
const PATIENCE_MS = 6000;

/**
 * The step between writing and sending; `show({draft, body, place, category, form})` opens it, and `send`
 * gets that body: nothing goes that was not shown.
 */
export function startReview(holder, {back, send, supported}) {
  let shown = 0;

  async function show({draft, body, place, category, form}) {
    const mine = (shown += 1);
    let findings = [];
    const title = el('h2', {tabindex: '-1'}, t('Xem lại trước khi gửi', 'Look once more before sending'));
    const screening = el('div', {});
    const nearby = el('div', {});
    const button = el('button', {type: 'button', class: 'button wide', onclick: press}, t('Gửi phản ánh', 'Send the report'));
    const card = el('section', {class: 'card'});
    holder.replaceChildren(title, screening, nearby, card, el('div', {class: 'send-bar'},
      button,
      el('button', {type: 'button', class: 'button quiet wide', onclick: () => back()}, t('Sửa lại', 'Change something')),
    ));
    title.focus({preventScroll: true});
    holder.scrollIntoView({block: 'start'});

    async function press() {
      if (button.disabled) return;
      button.disabled = true;
      try {
        await send(body, findings);
      } catch {
        button.disabled = false;
        screening.replaceChildren(notice('bad', t('Máy không lưu được phản ánh (hết bộ nhớ?). Hãy bớt ảnh rồi thử lại.', 'The phone could not keep the report (no room left?). Take out photos and try again.')));
      }
    }

    fillPreview(card, {draft, body, place, category, form});
    const [near, said] = await Promise.all([findNear(place, body.category), screenNow(body, form)]);
    if (mine !== shown) return;
    findings = said?.findings ?? [];
    const isHeld = findings.some((found) => found.is_held || found.level === 'not_taken');
    const isUrgent = findings.some((found) => found.is_urgent);
    if (isHeld) fillPreview(card, {draft, body, place, category, form, isHeld, isUrgent});
    const warning = screeningNotice(said);
    if (warning) {
      screening.replaceChildren(warning);
      if (said.is_refused) button.hidden = true;
      else if (said.must_confirm) button.textContent = t('Tôi đã đọc, vẫn gửi', 'I have read this, send it all the same');
    }
    if (near.length) nearby.replaceChildren(nearbyCard(near, {supported}));
  }

  return {show};
}

async function findNear(place, category) {
  // a whole commune is not "near"
  if (place.from === 'unit' || !navigator.onLine) return [];
  const query = new URLSearchParams({lon: place.lon, lat: place.lat, radius_metres: NEAR_METRES, category, limit: NEAR_SHOWN});
  const answer = await ask(`/api/v1/reports/near?${query}`);
  return answer?.items ?? [];
}

function nearbyCard(items, {supported}) {
  const card = el('section', {class: 'card near'},
    el('h3', {}, t('Có phải một trong các phản ánh này?', 'Is it one of these?')),
    el('p', {class: 'hint'}, t('Nếu đúng, chạm “Tôi cũng gặp”: thêm một người cùng phản ánh thì dễ được ưu tiên, và bạn cũng theo dõi được kết quả.', 'If so, tap “Me too”: it counts for more, and you can follow what becomes of it.')),
  );
  for (const item of items) {
    const said = el('p', {role: 'status'});
    const button = el('button', {type: 'button', class: 'button quiet', onclick: support}, t('Tôi cũng gặp', 'Me too'), el('span', {class: 'sr'}, ` ${item.code}`));
    card.append(el('article', {class: 'near-item'},
      el('p', {}, el('strong', {}, item.category.name), ` · ${item.status_label}`),
      el('p', {class: 'pre clamp'}, item.text),
      el('p', {class: 'faint'}, [t('cách {m} m', '{m} m away', {m: number(item.distance_metres)}), moment(item.created_at), item.supporters ? t('{n} người cũng gặp', '{n} others too', {n: number(item.supporters)}) : ''].filter(Boolean).join(' · ')),
      el('div', {class: 'two-buttons'}, button, el('a', {class: 'button quiet', href: `/theo-doi/${item.code}`, target: '_blank', rel: 'noopener'}, t('Xem', 'Look'), el('span', {class: 'sr'}, ` ${item.code}`))),
      said,
    ));
    async function support() {
      button.disabled = true;
      const answer = await fetch(`/api/v1/reports/${item.code}/support`, {method: 'POST', headers: {'Accept-Language': language}}).catch(() => undefined);
      if (answer?.ok) {
        // noted there; without room on the phone it is not in its list
        await supported(item).catch(() => (said.textContent = t('Đã ghi nhận. Cảm ơn bạn!', 'Noted. Thank you!')));
        return;
      }
      button.disabled = false;
      said.textContent = t('Chưa ghi nhận được. Hãy thử lại khi có mạng.', 'Not noted yet. Try again with a connection.');
    }
  }
  return card;
}

async function fillPreview(card, {draft, body, place, category, form, isHeld = false, isUrgent = false}) {
  // two may be under way: what a finding holds back is never painted over
  if (isHeld) card.dataset.held = '';
  const name = category?.name ?? form.elements.category.selectedOptions[0].text;
  const pictures = await Promise.all(draft.photos.map((photo, n) => picture(draft.id, photo, n)));
  const isHidden = isHeld || Boolean(category?.is_restricted);
  const isCoarse = Boolean(category?.is_sensitive);
  const unit = place.from === 'unit' ? form.elements.unit.selectedOptions[0].text : await unitName(place);
  const where = isCoarse
    ? t('Chỉ hiển thị xã, phường{unit}; không hiển thị vị trí và địa chỉ.', 'Only the commune{unit}; neither place nor address.', {unit: unit ? ` (${unit})` : ''})
    : [body.address, unit, place.from === 'unit' ? t('giữa xã, phường', 'middle of the commune') : `${body.location.lat.toFixed(5)}, ${body.location.lon.toFixed(5)} (± ${number(Math.round(body.location.accuracy_metres))} m)`].filter(Boolean).join(' · ');
  const facts = [
    [t('Vị trí', 'Place'), where],
    !isCoarse && body.happened_at ? [t('Thời điểm chụp ảnh', 'Photo taken'), moment(body.happened_at)] : undefined,
    category?.promise?.resolve && !isHeld ? [t('Cam kết trả lời', 'Answer promised'), category.promise.resolve] : undefined,
  ].filter(Boolean);
  const own = [
    body.contact ? t('họ tên, số điện thoại', 'your name and telephone number') : '',
    body.answers ? t('câu trả lời thêm', 'your further answers') : '',
  ].filter(Boolean);
  if (!isHeld && 'held' in card.dataset) return;
  card.replaceChildren(
    el('h3', {}, isHidden ? t('Không công khai', 'Not public') : t('Mọi người sẽ thấy', 'What everybody will see')),
    el('p', {class: 'hint'}, isUrgent
      ? t('Nội dung này không tự công khai. Cơ quan nhận được ngay và thấy trên cùng, nhưng gọi điện vẫn nhanh hơn.', 'This is not published by itself. The agency gets it at once and sees it first, but a call is quicker.')
      : isHeld
      ? t('Nội dung này không tự công khai: bộ phận tiếp nhận xem trước và hướng dẫn nơi giải quyết.', 'This is not published by itself: the reception office reads it first and says where to turn.')
      : isHidden
      ? t('Phản ánh về lĩnh vực này chỉ bạn và người có thẩm quyền đọc được.', 'Reports of this kind are read only by you and those entitled to.')
      : t('Hiển thị sau khi cơ quan đã xem và nhận xử lý.', 'Shown once the agency has looked at it and accepted it.')),
    el('div', {class: 'preview'},
      el('p', {}, el('strong', {}, name)),
      el('p', {class: 'pre'}, body.text),
      pictures.length ? el('div', {class: 'thumbs'}, pictures.map((one) => el('figure', {}, one))) : null,
      el('dl', {class: 'facts'}, facts.map(([key, value]) => el('div', {}, el('dt', {}, key), el('dd', {}, value)))),
    ),
    own.length
      ? el('p', {class: 'faint'}, t('Chỉ cơ quan xử lý thấy: {own}.', 'Only the agency sees {own}.', {own: own.join(', ')}))
      : el('p', {class: 'faint'}, 'account' in form.dataset
        ? t('Bạn đang đăng nhập: phản ánh được lưu trong tài khoản của bạn. Bạn không để lại liên hệ, nên người khác không thấy bạn là ai.', 'You are signed in: the report is kept in your account. You leave no contact, so others do not see who you are.')
        : t('Bạn gửi ẩn danh: không ai biết bạn là ai.', 'You report anonymously: nobody learns who you are.')),
  );
}

async function unitName({lon, lat}) {
  const answer = navigator.onLine ? await ask(`/api/v1/units/at?lon=${lon}&lat=${lat}`) : undefined;
  return answer?.name;
}

/** The answer's content; undefined when there is none in good time. */
async function ask(path) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(path, {headers: {'Accept-Language': language}, signal: controller.signal});
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
