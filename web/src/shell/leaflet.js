// The map library, fetched when somebody opens a map: 42 KB that a report without one never costs.
let loading;

/** Leaflet, with its style sheet in place; rejects when neither network nor cache has it. */
export function loadLeaflet() {
  loading ??= Promise.all([import('leaflet/dist/leaflet-src.esm.js'), addStyle()]).then(
    ([leaflet]) => leaflet,
    (error) => {
      loading = undefined;
      throw error;
    },
  );
  return loading;
}

function addStyle() {
  return new Promise((done, failed) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = LEAFLET_CSS;
    link.onload = done;
    link.onerror = () => {
      link.remove();
      failed(new Error('leaflet.css'));
    };
    document.head.append(link);
  });
}
