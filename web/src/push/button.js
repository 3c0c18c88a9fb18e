// "Nhận thông báo": one button on a report's page that turns notices of it on and off.
//
// The page has an empty, hidden element with the id `push` and the report's code in data-code; without
// a script, or in a browser that cannot, it stays hidden.
import {el, notice} from '../shell/dom.js';
import {t} from '../shell/words.js';
import {enable, obstacle, registered, unfollow} from './registration.js';

/** Offer notices of the report on this page. */
export async function offerPush() {
  const place = document.getElementById('push');
  if (!place || obstacle() === 'unsupported') return;
  const code = place.dataset.code;
  const known = await registered().catch(() => undefined);
  draw(place, code, known?.follow.includes(code) ?? false);
  place.hidden = false;
}

function draw(place, code, isOn, problem) {
  const words = el('div', {}, el('h2', {}, t('Thông báo', 'Notices')), el('p', {class: 'faint'}, describe(isOn)));
  const parts = [words];
  if (!obstacle()) {
    const label = isOn ? t('Tắt thông báo', 'Turn notices off') : t('Nhận thông báo', 'Get notices');
    const press = (event) => change(place, code, isOn, event.currentTarget);
    parts.push(el('button', {class: 'button', type: 'button', 'aria-pressed': String(isOn), onclick: press}, label));
  }
  place.replaceChildren(...parts, problem ? notice('bad', problem) : '');
}

function describe(isOn) {
  if (obstacle() === 'denied') {
    return t(
      'Trình duyệt đang chặn thông báo của trang này. Hãy cho phép trong phần cài đặt của trình duyệt.',
      'The browser blocks notices of this site. Please allow them in its settings.',
    );
  }
  if (obstacle() === 'install') {
    return t(
      'Trên iPhone, hãy thêm trang vào màn hình chính rồi mở từ đó để nhận thông báo.',
      'On an iPhone, add this site to the home screen and open it from there to get notices.',
    );
  }
  return isOn
    ? t('Máy này nhận thông báo khi phản ánh có tiến triển.', 'This device is told when the report moves on.')
    : t(
        'Nhận thông báo trên máy này khi phản ánh có tiến triển. Thông báo không chứa nội dung phản ánh.',
        'Be told on this device when the report moves on. Notices hold no words of the report.',
      );
}

async function change(place, code, isOn, button) {
  button.disabled = true;
  try {
    if (isOn) await unfollow(code);
    const known = isOn ? undefined : await enable([code]);
    const isNowOn = known?.follow.includes(code) ?? false;
    const refused = known && !isNowOn;
    draw(place, code, isNowOn, refused && t(
      'Phản ánh chưa công khai. Hãy mở bằng máy đã gửi phản ánh để nhận thông báo.',
      'The report is not public yet. Open it on the device that sent it to get notices.',
    ));
  } catch {
    draw(place, code, isOn, t('Chưa thực hiện được. Kiểm tra mạng rồi thử lại.', 'That did not work. Check the network and try again.'));
  }
  place.querySelector('button')?.focus();
}
