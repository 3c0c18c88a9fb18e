// Builds what the citizens' pages run in the browser: src/ → backend/web/static/dist/.
//
// Every file there carries the hash of its content in its name; manifest.json says which name a
// page asks for ("report.js") is which file. backend/web/assets.py reads the manifest. The folder is
// replaced as a whole, so that a build that fails leaves the old one.
import {createHash} from 'node:crypto';
import {mkdir, readFile, readdir, rename, rm, writeFile} from 'node:fs/promises';
import {basename, dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const web = dirname(fileURLToPath(import.meta.url));
const target = join(web, '../backend/web/static/dist');
const fresh = join(web, `node_modules/.dist-${process.pid}`);
const manifest = {};

// Chrome 80, Safari 14 and Firefox 78: what five-year-old telephones have
const common = {
  absWorkingDir: web,
  bundle: true,
  minify: true,
  metafile: true,
  target: 'es2020',
  legalComments: 'none',
  outdir: fresh,
  logLevel: 'warning',
};

function note(result) {
  for (const [path, output] of Object.entries(result.metafile.outputs)) {
    const file = relative(fresh, join(web, path));
    const name = output.entryPoint ? `${entryName(output.entryPoint)}.${file.split('.').pop()}` : file;
    manifest[name] = file;
  }
}

// src/report/index.js is asked for as "report.js", leaflet.css as "leaflet.css"
function entryName(path) {
  const name = basename(path).replace(/\.[a-z]+$/, '');
  return name === 'index' ? basename(dirname(path)) : name;
}

async function keep(name, content) {
  const [, stem, ending] = name.match(/^(.*)\.([a-z0-9]+)$/);
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 8).toUpperCase();
  manifest[name] = `${stem}-${digest}.${ending}`;
  await writeFile(join(fresh, manifest[name]), content);
}

async function fonts() {
  const folder = join(web, 'node_modules/@fontsource-variable/noto-sans/files');
  for (const subset of ['latin', 'latin-ext', 'vietnamese']) {
    await keep(`noto-sans-${subset}.woff2`, await readFile(join(folder, `noto-sans-${subset}-wght-normal.woff2`)));
  }
}

await rm(fresh, {recursive: true, force: true});
await mkdir(fresh, {recursive: true});
try {
  await fonts();
  note(await build({
    ...common,
    entryPoints: ['node_modules/leaflet/dist/leaflet.css'],
    entryNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    loader: {'.png': 'file'},
  }));
  // the first load of a page is its entry and the chunks that it imports at once; the map library
  // comes when somebody opens a map
  note(await build({
    ...common,
    entryPoints: ['src/report/index.js', 'src/map/index.js', 'src/track/index.js', 'src/offline/index.js', 'src/shell/index.js'],
    entryNames: '[dir]-[hash]',
    chunkNames: '[name]-[hash]',
    outbase: 'src',
    format: 'esm',
    splitting: true,
    define: {LEAFLET_CSS: JSON.stringify(`/static/dist/${manifest['leaflet.css']}`)},
  }));
  // no module: the service workers of Firefox and old WebKit know none
  note(await build({
    ...common,
    entryPoints: [{in: 'src/worker/index.js', out: 'sw'}],
    entryNames: '[name]-[hash]',
    format: 'iife',
  }));
  manifest['sw.js'] = manifest['worker.js'];
  delete manifest['worker.js'];
  await writeFile(join(fresh, 'manifest.json'), `${JSON.stringify(manifest, Object.keys(manifest).sort(), 1)}\n`);
  await rm(target, {recursive: true, force: true});
  await rename(fresh, target);
} finally {
  await rm(fresh, {recursive: true, force: true});
}
if (process.stdout.isTTY) {
  for (const file of await readdir(target)) console.log(`dist/${file}`);
}
