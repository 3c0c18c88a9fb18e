// Thumbnails of reports that were looked at on this phone, for when there is no network. They lie in a
// cache of their own, under a name that says whose they may be: one call wipes all of them.
export const PHOTO_CACHE = 'own-photos';
const MOST = 60;

/** Keep the thumbnails the page shows; the oldest make room. */
export async function keepPhotos(report) {
  if (!('caches' in self)) return;
  try {
    const cache = await caches.open(PHOTO_CACHE);
    for (const url of urlsIn(report)) {
      if (await cache.match(url)) continue;
      const answer = await fetch(url);
      if (answer.ok) await cache.put(url, answer);
    }
    const kept = await cache.keys();
    for (const old of kept.slice(0, Math.max(0, kept.length - MOST))) await cache.delete(old);
  } catch {
    // no network, or no room: the page works without
  }
}

/** Put kept thumbnails into a kept page; a photo that is not kept leaves its description. */
export async function showPhotos(box) {
  for (const picture of box.querySelectorAll('img')) {
    picture.removeAttribute('srcset');
    // its large version would need the network
    picture.closest('a')?.removeAttribute('href');
    const found = 'caches' in self && (await caches.match(picture.getAttribute('src'), {cacheName: PHOTO_CACHE}));
    if (found) picture.src = URL.createObjectURL(await found.blob());
  }
}

/** Forget all of them. */
export const forgetPhotos = () => ('caches' in self ? caches.delete(PHOTO_CACHE) : Promise.resolve(false));

const urlsIn = (report) => [...new Set([...report.querySelectorAll('.photos img, .own-photos img')].map((one) => one.getAttribute('src')))];
