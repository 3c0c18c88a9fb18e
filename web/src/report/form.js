// The form as an app: drafts that outlive everything, a preview, and one tap that always ends well.
import {el, notice} from '../shell/dom.js';
import {language, moment, t} from '../shell/words.js';
import {begin, draft, dropDraft, queueDraft, readFieldsWith, resume, save, saveSoon, take} from './draft.js';
import {startCategories} from './categories.js';
import {startConsents} from './consents.js';
import {installHint} from './installing.js';
import {onWrite} from './mine.js';
import {startPhotos} from './photos.js';
import {startPlace} from './place.js';
import {announce, askForBackgroundSync, flush} from './queue.js';
import {startReview} from './review.js';
import {callFirst, screenSoon} from './screening.js';
import {putReport} from './store.js';

const WORDS = ['category', 'text', 'address', 'unit', 'lon', 'lat', 'accuracy', 'name', 'phone'];
// a photo from the album may be years old; one of these days is what the report is about
const RECENT_DAYS = 30;

/** Make the server's form an app; rejects when this browser keeps nothing. */
export async function startForm(form) {
  const top = document.querySelector('#app-top');
  const faults = document.querySelector('#form-faults');
  const saved = el('p', {class: 'saved', role: 'status'});
  const reviewing = document.querySelector('#review');
  let categories;
  let happened_at;

  const place = startPlace(form, {onChange: changed});
  const photos = startPhotos(form, {
    onPlace: (position) => place.offer(position),
    onTime: (at) => (happened_at = isRecent(at) ? at : happened_at),
  });
  categories = await startCategories(form, {onChange: changed});
  const consents = startConsents(form);
  const review = startReview(reviewing, {back, send, supported});
  readFieldsWith(fields);
  form.noValidate = true;
  form.querySelector('[type=submit]').textContent = t('Xem trước và gửi', 'Preview and send');
  form.querySelector('[type=submit]').before(saved);

  // on a slow line people have begun in the plain form before this runs: that is the draft then
  const isBegun = ['text', 'category', 'unit', 'address', 'name', 'phone'].some((name) => form.elements[name].value);
  if (form.dataset.returned !== undefined || isBegun || photos.chosen.length) {
    await begin();
    categories.restore({});
    place.restore();
    await photos.add(photos.chosen);
    saveSoon();
  } else if (await resume()) fill(t('Đã mở lại bản nháp lúc {at}.', 'Your draft of {at} is open again.', {at: moment(draft.changed_at)}));
  else await begin();
  document.documentElement.classList.add('app');
  place.askIfAllowed();
  navigator.storage?.persist?.().catch(() => {});
  showNetwork();
  installHint(top);

  form.addEventListener('input', changed);
  form.addEventListener('change', changed);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    preview();
  });
  addEventListener('pagehide', () => void save().catch(() => {}));
  document.addEventListener('visibilitychange', () => document.hidden && save().catch(() => {}));
  for (const event of ['online', 'offline']) addEventListener(event, showNetwork);
  onWrite(async (report) => {
    if (!(await keepNow())) return;
    if (await take(report)) {
      fill(t('Đã mở bản nháp.', 'The draft is open.'));
      announce({id: draft.id});
      form.scrollIntoView({block: 'start'});
      form.elements.text.focus({preventScroll: true});
    } else top.replaceChildren(notice('note', t('Bản nháp này đang mở ở cửa sổ khác.', 'This draft is open in another window.')));
  });

  function changed(event) {
    if (event?.target?.type === 'file' || event?.target?.type === 'search') return;
    event?.target?.closest?.('.has-fault')?.classList.remove('has-fault');
    dropMended();
    saved.textContent = '';
    saveSoon();
    screenSoon(form, categories);
    clearTimeout(changed.timer);
    changed.timer = setTimeout(sayKept, 700);
  }

  // the list under the form names what is still missing, nothing that has been mended
  function dropMended() {
    for (const item of faults.querySelectorAll('li')) if (!item.about.classList.contains('has-fault')) item.remove();
    if (!faults.querySelector('li')) faults.replaceChildren();
  }

  async function sayKept() {
    try {
      await save();
      saved.textContent = t('Bản nháp đã lưu trên máy.', 'The draft is kept on this phone.');
      return true;
    } catch {
      saved.textContent = t('Máy không còn chỗ để lưu bản nháp.', 'The phone has no room left to keep the draft.');
      return false;
    }
  }

  function showNetwork() {
    const offline = top.querySelector('.offline');
    if (navigator.onLine) offline?.remove();
    else if (!offline) {
      const said = notice('note', t('Không có mạng. Bạn vẫn viết và gửi được: máy lưu lại và tự gửi khi có mạng.', 'No connection. You can still write and send: the phone keeps it and sends it by itself later.'));
      said.classList.add('offline');
      top.append(said);
    }
  }

  function fields() {
    const read = Object.fromEntries(WORDS.map((name) => [name, form.elements[name].value]));
    // shown beside a position it is found again from that
    if (read.lon && read.lat) delete read.unit;
    const answers = categories?.answers() ?? {};
    return {
      ...Object.fromEntries(Object.entries(read).filter(([, value]) => value)),
      ...(Object.keys(answers).length ? {answers} : {}),
      ...(place.source() ? {place_from: place.source()} : {}),
      ...(happened_at ? {happened_at} : {}),
      ...(Object.keys(consents.given()).length ? {consent: consents.given()} : {}),
    };
  }

  function fill(said) {
    const {fields: kept} = draft;
    for (const name of WORDS) form.elements[name].value = kept[name] ?? '';
    happened_at = kept.happened_at;
    categories.restore(kept.answers ?? {});
    consents.restore(kept.consent ?? {});
    place.restore(kept.place_from);
    form.querySelector('.part-contact').open = Boolean(kept.name || kept.phone);
    photos.paint();
    clearTimeout(changed.timer);
    saved.textContent = '';
    form.querySelector('.screening')?.remove();
    faults.replaceChildren();
    for (const marked of form.querySelectorAll('.has-fault')) marked.classList.remove('has-fault');
    back({isQuiet: true});
    const anew = el('button', {type: 'button', class: 'button quiet', onclick: startAnew}, t('Viết phản ánh khác', 'Write another report'));
    const old = top.querySelector('.resumed');
    if (old) old.remove();
    if (!said) return;
    const shown = notice('note', said, ' ', anew);
    shown.classList.add('resumed');
    top.prepend(shown);
  }

  /** Before another draft takes its place: whether this one is kept, photos under way and all. */
  async function keepNow() {
    await photos.settled();
    return sayKept();
  }

  async function startAnew() {
    if (!(await keepNow())) return;
    await begin();
    fill();
    announce({id: draft.id});
    form.elements.text.focus();
  }

  function check() {
    const wrong = [];
    for (const old of form.querySelectorAll('.said-fault')) old.remove();
    // the words stand at the field: on a telephone the list under the form is far away
    const mark = (selector, words, at) => {
      const part = form.querySelector(selector);
      const line = el('p', {class: 'fault said-fault'}, el('span', {'aria-hidden': 'true'}, '⚠ '), words);
      part.classList.add('has-fault');
      const before = at ?? part.querySelector(':scope > legend')?.nextElementSibling ?? part.firstElementChild;
      before.before(line);
      wrong.push({words, part, line, at});
    };
    if (!place.place()) mark('.part-place', t('Chưa có vị trí: lấy vị trí, ghim trên bản đồ, hoặc chọn xã, phường.', 'No place yet: use your position, the map, or choose the commune.'));
    if (!form.elements.text.value.trim()) mark('.part-text', t('Hãy mô tả sự việc.', 'Say what is wrong.'));
    if (!form.elements.category.value) mark('.part-category', t('Hãy chọn lĩnh vực.', 'Choose a field.'));
    const contact = form.elements.name.value.trim() || form.elements.phone.value.trim();
    if (contact && !consents.given().handle_report) {
      form.querySelector('.part-contact').open = true;
      mark('.part-contact', t('Hãy đánh dấu đồng ý dùng thông tin liên hệ, hoặc xóa thông tin đó.', 'Tick that your contact may be used, or take it out.'), form.querySelector('#consents'));
    }
    faults.replaceChildren();
    if (wrong.length) {
      faults.append(notice('bad', el('ul', {}, wrong.map(({words, part}) => Object.assign(el('li', {}, words), {about: part})))));
      const {part, line, at} = wrong[0];
      const target = (at ?? part).querySelector('button:not([hidden]), textarea, select, input:not([type=hidden])');
      target.focus({preventScroll: true});
      line.scrollIntoView({block: 'start'});
      sayCall(part, line);
    }
    return !wrong.length;
  }

  /** Numbers to call do not wait until a form is complete. */
  async function sayCall(part, line) {
    if (form.elements.text.value.trim().length < 4) return;
    const call = await callFirst(form);
    if (!call || !line.isConnected) return;
    call.classList.add('said-fault');
    form.querySelector('.screening')?.replaceChildren();
    line.before(call);
    call.scrollIntoView({block: 'start'});
  }

  async function preview() {
    // a photo that is still being prepared belongs to this report, and may know the place
    await photos.settled();
    if (form.hidden || !check()) return;
    await save().catch(() => {});
    form.hidden = true;
    document.querySelector('#mine').hidden = true;
    reviewing.hidden = false;
    review.show({draft, body: body(), place: place.place(), category: categories.chosen(), form});
  }

  function back({isQuiet = false} = {}) {
    reviewing.hidden = true;
    reviewing.replaceChildren();
    form.hidden = false;
    document.querySelector('#mine').hidden = false;
    if (!isQuiet) form.querySelector('[type=submit]').focus();
  }

  /** What is sent: the contract's POST /api/v1/reports. */
  function body() {
    const {category, text, address, name, phone, answers, consent} = fields();
    const {lon, lat, accuracy_metres} = place.place();
    const hasContact = Boolean(name?.trim() || phone?.trim());
    return {
      category,
      text: text.trim(),
      location: {lon, lat, accuracy_metres},
      ...(address?.trim() ? {address: address.trim()} : {}),
      ...(answers ? {answers} : {}),
      ...(happened_at && draft.photos.length ? {happened_at} : {}),
      anonymous: !hasContact,
      ...(hasContact ? {contact: {...(name?.trim() ? {name: name.trim()} : {}), ...(phone?.trim() ? {phone: phone.trim()} : {})}, consent} : {}),
      photos: draft.photos.map(({sha256, bytes, content_type}) => ({sha256, bytes, content_type})),
    };
  }

  async function send(content, findings) {
    const id = draft.id;
    const isFirst = await queueDraft(content, language, findings.filter(({offices}) => offices?.some(({phone}) => phone)));
    announce({id, is_new: isFirst});
    // it is safe: what fails from here on must not look as if it were not
    if (isFirst) await categories.count(content.category).catch(() => {});
    await begin();
    happened_at = undefined;
    fill();
    // this page first: only a page can tell how far a photo is; the worker is for when it is closed
    flush(true).catch(() => {});
    await askForBackgroundSync();
    const mine = document.querySelector('#mine');
    mine.hidden = false;
    mine.querySelector('h2')?.focus({preventScroll: true});
    mine.scrollIntoView({block: 'start'});
  }

  /** The same thing has been reported: this one is followed, the draft is not needed. */
  async function supported(item) {
    await putReport({id: `support-${item.code}`, state: 'followed', created_at: Date.now(), code: item.code, photos: [], fields: {text: item.text, category: item.category.code}, seen: {status: item.status, label: item.status_label, at: Date.now()}});
    await dropDraft();
    await begin();
    fill();
    announce({id: item.code});
    const mine = document.querySelector('#mine');
    mine.querySelector('h2')?.focus({preventScroll: true});
    mine.scrollIntoView({block: 'start'});
  }
}

function isRecent(at) {
  const age = Date.now() - Date.parse(at);
  return age > -3600_000 && age < RECENT_DAYS * 86_400_000;
}
