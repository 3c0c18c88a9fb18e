// Puts the phone's position into the form; without JavaScript the commune list does.
const button = document.querySelector('#locate');
const said = document.querySelector('#located');
const unit = document.querySelector('[name=unit]');
const words = button?.dataset ?? {};

function put(name, value) {
  document.querySelector(`[name=${name}]`).value = value;
}

if (button && navigator.geolocation) {
  button.hidden = false;
  unit.addEventListener('change', () => {
    if (!unit.value || !document.querySelector('[name=lon]').value) return;
    for (const name of ['lon', 'lat', 'accuracy']) put(name, '');
    said.textContent = words.dropped;
  });
  button.addEventListener('click', () => {
    button.disabled = true;
    said.textContent = words.busy;
    navigator.geolocation.getCurrentPosition(
      ({coords}) => {
        put('lon', coords.longitude.toFixed(6));
        put('lat', coords.latitude.toFixed(6));
        put('accuracy', Math.round(coords.accuracy));
        said.textContent = words.done.replace('{m}', Math.round(coords.accuracy));
        button.disabled = false;
        unit.required = false;
        unit.value = '';
      },
      () => {
        said.textContent = words.failed;
        button.disabled = false;
      },
      {enableHighAccuracy: true, timeout: 15000, maximumAge: 60000},
    );
  });
}
