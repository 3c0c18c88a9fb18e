// What this phone keeps: reports (drafts, waiting, sent), their photos, and small remembered things.
//
// Pages and the service worker share it, also across versions: stores are only ever added, never
// changed, and a field that an older version does not know is left alone. Photos are kept as buffers,
// because old WebKit loses blobs, and apart from their report, so that a list costs no pictures.
//
// A report: {id, state, created_at, changed_at, fields, photos, …}; the id is also its Idempotency-Key.
//   draft    being written                          queued   to be sent: `body` is fixed
//   sent     has a code; photos may be on their way  refused  the server said no: `problem` says why
// `sent_as` is the mark of the sign-in it was queued under ('': none), `owned` whether it went into an
// account, `left` that its owner signed out while photos were on their way (sign_in.js).
const NAME = 'caunoi';
const VERSION = 1;

let opening;

function open() {
  opening ??= connect(VERSION)
    .catch((error) => {
      // a newer version of the app has added a store since this page was loaded: ours are there still
      if (error?.name === 'VersionError') return connect();
      throw error;
    })
    .catch((error) => {
      opening = undefined;
      throw error;
    });
  return opening;
}

function connect(version) {
  return new Promise((done, failed) => {
    const request = indexedDB.open(NAME, version);
    request.onupgradeneeded = () => {
      const stores = request.result.objectStoreNames;
      for (const name of ['reports', 'photos', 'kept']) {
        if (!stores.contains(name)) request.result.createObjectStore(name);
      }
    };
    request.onsuccess = () => {
      // a newer version of the app wants to add a store: let it, and open again when needed
      request.result.onversionchange = () => {
        request.result.close();
        opening = undefined;
      };
      request.result.onclose = () => (opening = undefined);
      done(request.result);
    };
    request.onerror = () => failed(request.error);
  });
}

/** Run `work(stores…)` in one transaction; what it returns (a request's result, if it is one). */
async function transact(mode, names, work) {
  const database = await open();
  return new Promise((done, failed) => {
    // "strict": the answer comes once it is on the disk, not once it is in memory
    const transaction = database.transaction(names, mode, {durability: 'strict'});
    const result = work(...names.map((name) => transaction.objectStore(name)));
    transaction.oncomplete = () => done(result instanceof IDBRequest ? result.result : result);
    // an error aborts; only then the transaction knows which
    transaction.onabort = () => failed(transaction.error ?? new Error('nothing was kept'));
  });
}

/** A new id; crypto.randomUUID is younger than the browsers we serve. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Every report, the newest first. */
export async function listReports() {
  const found = await transact('readonly', ['reports'], (reports) => reports.getAll());
  return found.sort((a, b) => b.created_at - a.created_at);
}

/** One report; undefined when there is none. */
export const findReport = (id) => transact('readonly', ['reports'], (reports) => reports.get(id));

/** Store a new report, or one that only this page writes. */
export const putReport = (report) =>
  transact('readwrite', ['reports'], (reports) => void reports.put(report, report.id));

/**
 * Change a report as it is stored now: `change(report)` returns the new one, or undefined to leave it.
 * Two pages and the worker may do so at once; each change sees the one before. `absent` is what is
 * changed where there is none. The result, or undefined.
 */
export async function changeReport(id, change, absent) {
  let changed;
  await transact('readwrite', ['reports'], (reports) => {
    const request = reports.get(id);
    request.onsuccess = () => {
      const found = request.result ?? absent;
      changed = found && change(found);
      if (changed) reports.put(changed, id);
    };
  });
  return changed;
}

/** Forget a report and its photos. */
export const dropReport = (id) =>
  transact('readwrite', ['reports', 'photos'], (reports, photos) => {
    reports.delete(id);
    photos.delete(IDBKeyRange.bound(`${id}/`, `${id}/~`));
  });

/** Keep a photo's bytes beside its report. */
export const putPhoto = (id, sha256, buffer) =>
  transact('readwrite', ['photos'], (photos) => void photos.put(buffer, `${id}/${sha256}`));

/** A photo's bytes; undefined once it has been sent. */
export const findPhoto = (id, sha256) =>
  transact('readonly', ['photos'], (photos) => photos.get(`${id}/${sha256}`));

/** Forget one photo's bytes. */
export const dropPhoto = (id, sha256) =>
  transact('readwrite', ['photos'], (photos) => void photos.delete(`${id}/${sha256}`));

/** Copy a report's photos to another report, for a second try under a new key. */
export const copyPhotos = (from, to) =>
  transact('readwrite', ['photos'], (photos) => {
    const request = photos.openCursor(IDBKeyRange.bound(`${from}/`, `${from}/~`));
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return;
      photos.put(cursor.value, to + cursor.key.slice(from.length));
      cursor.continue();
    };
  });

/** Something remembered under a name: the language, the categories, what was chosen often. */
export const recall = (name) => transact('readonly', ['kept'], (kept) => kept.get(name));
export const remember = (name, value) =>
  transact('readwrite', ['kept'], (kept) => void kept.put(value, name));

/** Change what is remembered: `change(value)` returns the new one; each change sees the one before. */
export const changeKept = (name, change) =>
  transact('readwrite', ['kept'], (kept) => {
    const request = kept.get(name);
    request.onsuccess = () => kept.put(change(request.result), name);
  });
