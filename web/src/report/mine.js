// The reports of this phone: drafts, what waits, what was sent, with code, secret and last known state.
import {el, notice} from '../shell/dom.js';
import {language, moment, t} from '../shell/words.js';
import {draft} from './draft.js';
import {announce, flush, onChange} from './queue.js';
import {screeningNotice} from './screening.js';
import {noticeSignIn} from './sign_in.js';
import {changeReport, copyPhotos, dropReport, listReports, newId, putReport} from './store.js';

const ASK_AGAIN_MS = 5 * 60_000;
const ASKED_AT_ONCE = 10;
const SHOWN_FIRST = 10;
// what was just sent comes first, then what still has to arrive
const RANKS = {queued: 1, refused: 1, draft: 2};
const FINAL = new Set(['closed', 'declined', 'redirected', 'withdrawn', 'merged']);
const CHIPS = {
  received: 'new', classifying: 'new', assigned: 'new', in_progress: 'work', awaiting_citizen: 'wait', resolved: 'good',
  awaiting_confirmation: 'good', closed: 'done', declined: 'bad', redirected: 'note', withdrawn: 'done', merged: 'note',
};

// on the offline page: the form resumes the draft that was touched last
let write = async (report) => {
  await changeReport(report.id, (now) => ({...now, created_at: Date.now()}));
  location.assign('/');
};
const shares = new Map();

/** Say what opens a draft on this page. */
export function onWrite(open) {
  write = open;
}

/** Show the list in `holder` and keep it up to date; `only` shows the reports with this code first. */
export function showMine(holder, {first} = {}) {
  let all = false;
  let isNew;
  const paint = coalesced(async () => {
    const reports = (await listReports()).filter((report) => !report.left && (report.state !== 'draft' || report.id !== draft.id));
    const rank = (report) => (report.id === isNew || (first && report.code === first) ? 0 : RANKS[report.state] ?? 3);
    const order = [...reports].sort((a, b) => rank(a) - rank(b));
    const shown = all ? order : order.slice(0, SHOWN_FIRST);
    const focused = document.activeElement?.dataset?.focus;
    const open = new Set([...holder.querySelectorAll('details[open]')].map((details) => details.dataset.focus));
    holder.replaceChildren(
      ...(reports.length
        ? [
            el('h2', {tabindex: '-1', data: {focus: 'mine'}}, t('Phản ánh trên máy này', 'Reports on this phone')),
            ...shown.map((report) => card(report, report.id === isNew)),
            order.length > shown.length
              ? el('button', {type: 'button', class: 'button quiet wide', onclick: () => ((all = true), paint())}, t('Xem tất cả ({n})', 'Show all ({n})', {n: order.length}))
              : null,
          ].filter(Boolean)
        : []),
    );
    for (const details of holder.querySelectorAll('details')) details.open = open.has(details.dataset.focus);
    if (focused) holder.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({preventScroll: true});
  });
  onChange((change) => {
    if (change.saved && change.id === draft.id) return;
    if (change.is_new) isNew = change.id;
    if (change.share !== undefined) {
      shares.set(change.sha256, change.share);
      const bar = holder.querySelector(`progress[data-photo="${change.sha256}"]`);
      if (bar) showShare(bar, change.share);
      return;
    }
    shares.delete(change.sha256);
    paint();
  });
  // nothing of somebody who has signed out, not even for a moment
  const repaint = () => noticeSignIn().catch(() => {}).then(paint);
  const renew = () => ask(paint).catch(() => {});
  repaint().then(renew);
  for (const event of ['online', 'pageshow']) addEventListener(event, renew);
  // another tab may have forgotten some meanwhile
  document.addEventListener('visibilitychange', () => document.hidden || repaint());
  addEventListener('focus', repaint);
}

// many changes at once are one repaint, and never two at the same time
function coalesced(work) {
  let running;
  let again = false;
  return function run() {
    if (running) {
      again = true;
      return running;
    }
    running = work().catch(() => {}).finally(() => {
      running = undefined;
      if (again) {
        again = false;
        run();
      }
    });
    return running;
  };
}

// what has become of them, for reading when there is no network
async function ask(paint) {
  if (!navigator.onLine) return;
  const due = (await listReports()).filter(
    ({code, seen, left}) => code && !left && !FINAL.has(seen?.status) && Math.abs(Date.now() - (seen?.asked_at ?? 0)) > ASK_AGAIN_MS,
  );
  for (const report of due.slice(0, ASKED_AT_ONCE)) {
    const own = report.secret ? '/mine' : '';
    const headers = {'Accept-Language': language, ...(report.secret ? {'X-Tracking-Secret': report.secret} : {})};
    const answer = await fetch(`/api/v1/reports/${report.code}${own}`, {headers}).catch(() => undefined);
    if (!answer) return;
    const view = answer.ok ? await answer.json().catch(() => undefined) : undefined;
    await changeReport(report.id, (now) => ({...now, seen: {...now.seen, ...(view ? seenOf(view) : {}), asked_at: Date.now()}, ...(view?.mine ? {owned: view.mine.in_account} : {})}));
  }
  if (due.length) paint();
}

function seenOf(view) {
  const last = view.timeline?.[view.timeline.length - 1];
  const question = [...(view.messages ?? [])].reverse().find((message) => message.kind === 'question');
  return {
    status: view.status,
    label: view.status_label,
    unit: view.unit?.name,
    agency: view.agency?.name,
    resolve_by: view.promise?.resolve_by,
    next: view.next_step?.text ?? view.next?.text,
    last: last ? {label: last.label, at: last.at, note: Object.values(last.notes ?? {})[0]} : undefined,
    question: view.status === 'awaiting_citizen' ? question?.text : undefined,
    at: Date.now(),
  };
}

function card(report, isNew) {
  const states = {draft: draftCard, queued: queuedCard, refused: refusedCard};
  return el('article', {class: 'card mine-item', data: {state: report.state, id: report.id}}, ...(states[report.state] ?? sentCard)(report, isNew));
}

const chip = (kind, words) =>
  el('span', {class: `chip chip-${kind}`}, el('span', {class: 'chip-icon', 'aria-hidden': 'true'}, {new: '●', work: '▶', wait: 'Ⅱ', good: '✓', bad: '!', done: '■', note: 'i'}[kind]), words);

const words = (report) => report.body?.text ?? report.fields?.text ?? '';

function head(title, ...chips) {
  return el('div', {class: 'between'}, el('strong', {}, title), ...chips);
}

const excerpt = (report) => (words(report) ? el('p', {class: 'pre clamp'}, words(report)) : null);
const photoCount = (report) => (report.photos?.length ? t(' · {n} ảnh', ' · {n} photos', {n: report.photos.length}) : '');

function action(report, name, label, work, kind = 'quiet') {
  const press = async ({currentTarget}) => {
    try {
      await work();
    } catch {
      currentTarget.closest('article')?.append(notice('bad', t('Máy không còn chỗ để lưu. Hãy xóa bớt rồi thử lại.', 'The phone has no room left. Delete something and try again.')));
    }
  };
  return el('button', {type: 'button', class: `button ${kind}`, onclick: press, data: {focus: `${report.id} ${name}`}}, label);
}

function dropButton(report, label, question) {
  return action(report, 'drop', label, async () => {
    if (!confirm(question)) return;
    await dropReport(report.id);
    announce({id: report.id});
  });
}

function draftCard(report) {
  return [
    head(t('Bản nháp', 'Draft'), chip('note', t('Chưa gửi', 'Not sent'))),
    excerpt(report),
    el('p', {class: 'faint'}, moment(report.changed_at), photoCount(report)),
    el('div', {class: 'two-buttons'},
      action(report, 'write', t('Viết tiếp', 'Go on writing'), () => write(report), ''),
      dropButton(report, t('Xóa bản nháp', 'Delete the draft'), t('Xóa bản nháp này?', 'Delete this draft?'))),
  ];
}

function queuedCard(report) {
  return [
    head(t('Đã lưu trên máy', 'Kept on this phone'), chip('wait', t('Chờ gửi', 'Waiting'))),
    screeningNotice({findings: report.urgent}),
    excerpt(report),
    el('p', {role: 'status'}, navigator.onLine
      ? t('Đang gửi…', 'Being sent…')
      : t('Sẽ tự gửi khi có mạng; bạn có thể đóng ứng dụng.', 'It will be sent by itself once there is a connection; you may close the app.')),
    el('p', {class: 'faint'}, moment(report.created_at), photoCount(report)),
    report.tries ? action(report, 'now', t('Gửi ngay', 'Send now'), () => flush(true).catch(() => {})) : null,
  ];
}

function refusedCard(report) {
  const {problem = {}} = report;
  const reasons = (problem.errors ?? []).map((one) => one.message);
  return [
    head(t('Chưa gửi được', 'Not accepted'), chip('bad', t('Cần sửa', 'Needs a change'))),
    excerpt(report),
    notice('bad', problem.title ?? t('Máy chủ không nhận phản ánh này.', 'The server did not accept this report.'), reasons.length ? el('ul', {}, reasons.map((reason) => el('li', {}, reason))) : ''),
    el('div', {class: 'two-buttons'},
      action(report, 'mend', t('Sửa và gửi lại', 'Change and send again'), () => mend(report), ''),
      dropButton(report, t('Xóa', 'Delete'), t('Xóa phản ánh này khỏi máy?', 'Delete this report from the phone?'))),
  ];
}

// another key: what the server refused under the old one was never stored
async function mend(report) {
  const {body, problem, tries, next_at, urgent, ...kept} = report;
  const anew = {...kept, id: newId(), state: 'draft', changed_at: Date.now(), photos: report.photos.map((photo) => ({...photo, state: 'kept'}))};
  await copyPhotos(report.id, anew.id);
  await putReport(anew);
  await dropReport(report.id);
  announce({id: anew.id});
  await write(anew);
}

function sentCard(report, isNew) {
  const seen = report.seen ?? {};
  const label = seen.label ?? t('Đã tiếp nhận', 'Received');
  const under_way = (report.photos ?? []).filter((photo) => photo.state !== 'sent');
  return [
    head(report.code, chip(CHIPS[seen.status] ?? 'new', label)),
    isNew ? notice('good', t('Đã gửi. Mã phản ánh của bạn là {code}.', 'Sent. Your code is {code}.', {code: report.code})) : null,
    isNew ? screeningNotice({findings: report.urgent}) : null,
    excerpt(report),
    report.state === 'followed' ? el('p', {class: 'faint'}, t('Bạn cũng gặp việc này và đang theo dõi.', 'You met this too and follow it.')) : null,
    el('p', {class: 'faint'}, [seen.unit, seen.agency, report.sent_at ? t('gửi {at}', 'sent {at}', {at: moment(report.sent_at)}) : ''].filter(Boolean).join(' · ')),
    seen.question ? notice('note', el('strong', {}, t('Cơ quan hỏi: ', 'The agency asks: ')), seen.question) : null,
    seen.last ? el('p', {}, el('strong', {}, seen.last.label), ` · ${moment(seen.last.at)}`, seen.last.note ? el('span', {class: 'pre'}, `\n${seen.last.note}`) : '') : null,
    seen.next ? el('p', {}, t('Bước tiếp theo: ', 'Next: '), seen.next) : null,
    seen.resolve_by && !FINAL.has(seen.status) ? el('p', {}, t('Cam kết trả lời trước {at}.', 'To be answered by {at}.', {at: moment(seen.resolve_by)})) : null,
    under_way.length ? el('ul', {class: 'plain uploads'}, under_way.map((photo) => upload(report, photo))) : sentPhotos(report),
    el('div', {class: 'two-buttons'}, openForm(report), report.secret ? secretOf(report) : null),
    seen.at ? el('p', {class: 'faint'}, t('Cập nhật lúc {at}', 'As of {at}', {at: moment(seen.at)})) : null,
    FINAL.has(seen.status) || report.state === 'followed'
      ? dropButton(report, t('Xóa khỏi máy', 'Remove from this phone'), t('Xóa khỏi máy này? Mã bí mật cũng mất.', 'Remove it from this phone? The secret goes too.'))
      : null,
  ];
}

function sentPhotos(report) {
  const count = (report.photos ?? []).length;
  return count ? el('p', {class: 'faint'}, t('Đã gửi đủ {n} ảnh.', 'All {n} photos are sent.', {n: count})) : null;
}

function upload(report, photo) {
  const n = report.photos.indexOf(photo) + 1;
  const name = t('Ảnh {n}', 'Photo {n}', {n});
  if (photo.state === 'refused' || photo.state === 'lost') {
    return el('li', {}, `${name}: `, photo.problem?.title ?? t('không gửi được', 'could not be sent'));
  }
  const id = `upload-${photo.sha256.slice(0, 12)}`;
  const bar = el('progress', {id, max: 1, data: {photo: photo.sha256}});
  showShare(bar, shares.get(photo.sha256) ?? 0);
  return el('li', {}, el('label', {for: id}, navigator.onLine ? t('{name}: đang gửi', '{name}: being sent', {name}) : t('{name}: chờ mạng', '{name}: waiting', {name})), bar);
}

// what the network has taken over is not there yet: then the bar moves without saying how far
function showShare(bar, share) {
  if (share < 1) bar.value = share;
  else bar.removeAttribute('value');
}

// the page gets the secret in a form, so that it stays out of addresses and histories
function openForm(report) {
  const look = t('Xem tiến độ', 'Show its progress');
  const code = el('span', {class: 'sr'}, ` ${report.code}`);
  if (!report.secret) return el('a', {class: 'button', href: `/theo-doi/${report.code}`}, look, code);
  return el('form', {method: 'post', action: `/theo-doi/${report.code}`},
    el('input', {type: 'hidden', name: 'secret', value: report.secret}),
    el('button', {class: 'button', type: 'submit', data: {focus: `${report.id} open`}}, look, code));
}

function secretOf(report) {
  return el('details', {data: {focus: `${report.id} secret`}},
    el('summary', {}, t('Mã bí mật', 'Secret'), el('span', {class: 'sr'}, ` ${report.code}`)),
    el('p', {}, el('code', {}, report.secret)),
    el('p', {class: 'hint'}, t('Dùng mã phản ánh và mã bí mật để trả lời, đánh giá trên máy khác.', 'With code and secret you answer and rate it from another device.')));
}
