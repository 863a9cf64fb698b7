// Bundles static/js, static/css and the catalogues into static/dist (git-ignored).
//
//   node setup/build.mjs            what `make` runs when a source has changed
//
// File names stay the same; static/dist/manifest.json holds a hash for each, for `?v=`. Pieces shared by two bundles,
// and those loaded late (the map), are chunks/ with their hash in the name.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const source = join(root, 'static')
const done = join(source, 'dist')
const out = join(source, `dist.${process.pid}`) // swapped in at the end: a running server never sees half a build
const served = '/static/dist/'

const pages = ['phone', 'desk', 'coverage', 'signin', 'alarm', 'codes', 'display', 'hotspots', 'playback'].filter((name) => existsSync(join(source, 'js', `${name}.js`)))
const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: ['chrome90', 'firefox90', 'safari15'],
  minify: true,
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
}

async function hashOf(file) {
  return createHash('sha256').update(await readFile(join(out, file))).digest('hex').slice(0, 16)
}

async function filesIn(folder) {
  if (!existsSync(folder)) return []
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((e) => e.isFile()).map((e) => join(e.parentPath ?? e.path, e.name)).sort()
}

// What opens late (a page, a map, the reader of codes) and the phone's first bundle share many small modules. Left alone,
// each way of sharing becomes a chunk of its own, twenty of them, which pack a fifth worse. So each late piece says that
// it needs the first bundle, as it does: then all of that is one chunk.
const latePieces = {
  name: 'late-pieces',
  async setup(build) {
    const late = new Set()
    for (const file of (await filesIn(join(source, 'js'))).filter((name) => name.endsWith('.js'))) {
      const text = await readFile(file, 'utf8')
      for (const [, piece] of text.matchAll(/\bimport\("(\.[^"]+\.js)"\)(?!\.[A-Z])/g)) late.add(resolve(dirname(file), piece))
    }
    build.onLoad({ filter: /[\\/]static[\\/]js[\\/].*\.js$/ }, async ({ path }) =>
      late.has(path) ? { contents: `${await readFile(path, 'utf8')}\nimport '${join(source, 'js/phone.js')}'\n`, loader: 'js' } : undefined,
    )
  },
}

async function scripts() {
  if (!pages.length) return {}
  // The phone by itself, so that what it shares with the desk does not cut its first load into pieces.
  const desks = pages.filter((name) => name !== 'phone')
  const built = [await bundles(pages.filter((name) => name === 'phone'), [latePieces]), await bundles(desks, [])]
  for (const file of ['maplibre-gl.js', 'maplibre-gl.js.map']) await rm(join(out, 'chunks', file)) // only re-exports
  return Object.assign({}, ...built)
}

async function bundles(names, plugins) {
  const result = await build({
    ...common,
    // The map library is an entry of its own, so that it lands in its own chunk: a change in our code next to it does
    // not make every phone fetch its megabyte again. Its name is its hash, the same in both builds.
    entryPoints: { ...Object.fromEntries(names.map((name) => [name, `static/js/${name}.js`])), 'chunks/maplibre-gl': 'maplibre-gl' },
    outdir: out,
    splitting: true, // import('maplibre-gl') becomes a chunk, fetched only where a map is shown
    chunkNames: 'chunks/[name]-[hash]',
    assetNames: 'chunks/[name]-[hash]', // the reader of codes: its wasm, of the same release as its script
    loader: { '.wasm': 'file' },
    plugins,
    metafile: true,
  })
  return result.metafile.outputs
}

async function styles() {
  const sheets = (await filesIn(join(source, 'css'))).filter((file) => file.endsWith('.css'))
  if (!sheets.length) return
  await build({
    ...common,
    entryPoints: sheets,
    outdir: out,
    outbase: join(source, 'css'),
    external: ['/static/*', '*.png', '*.svg', '*.woff2'],
    target: undefined, // keep modern CSS as written
    sourcemap: false,
  })
}

async function map() {
  const from = join(root, 'node_modules', 'maplibre-gl', 'dist')
  // A file of our own origin: the Content-Security-Policy needs neither blob: nor unsafe-eval for it.
  // The library looks for it beside its own chunk; map code says setWorkerUrl('/static/dist/maplibre-gl-worker.mjs').
  for (const name of ['maplibre-gl.css', 'maplibre-gl-worker.mjs']) await cp(join(from, name), join(out, name))
}

function catalogues() {
  const inside = join(root, '.venv', 'bin', 'python')
  execFileSync(existsSync(inside) ? inside : 'python3', [join(root, 'setup', 'i18n.py'), join(out, 'i18n')], { stdio: 'inherit' })
}

// What the phone needs with no signal: its bundle and all that it imports at once. What comes only with a map is kept apart,
// for a worker should not fetch a megabyte over a poor line before the first check-in can be made.
async function shell(outputs) {
  const name = (path) => relative(out, join(root, path))
  const now = new Set()
  const later = new Set(['maplibre-gl-worker.mjs', 'maplibre-gl.css'])
  // A page that opens late is kept at once all the same: it has to open without signal. Only the map's megabyte waits, and the code reader's.
  const isHeavy = (path) => outputs[path].bytes > 200_000 || /^static\/js\/(map|wasm)\//.test(outputs[path].entryPoint ?? '')
  const visit = (path, into) => {
    if (!outputs[path] || into.has(name(path)) || now.has(name(path))) return
    into.add(name(path))
    for (const { path: next, kind } of outputs[path].imports) {
      if (outputs[next]) visit(next, kind === 'dynamic-import' && isHeavy(next) ? later : into)
    }
  }
  const entry = Object.keys(outputs).find((path) => name(path) === 'phone.js')
  if (entry) visit(entry, now)
  for (const file of now) later.delete(file)
  const sheets = (await filesIn(out)).map((file) => relative(out, file)).filter((file) => file.endsWith('.css') && !later.has(file))
  const wanted = sheets.filter((file) => /^(phone|base|common|tokens|signin)\b/.test(file))
  const words = ['i18n/phone.zh.json', 'i18n/phone.en.json']
  const list = async (files) => Promise.all([...files].map(async (file) => ({ url: served + file, revision: await hashOf(file) })))
  const icons = await Promise.all(
    (await filesIn(join(source, 'icons'))).map(async (file) => ({
      url: `/static/${relative(source, file)}`,
      revision: createHash('sha256').update(await readFile(file)).digest('hex').slice(0, 16),
    })),
  )
  return { now: [...(await list([...now, ...wanted, ...words])), ...icons], later: await list(later) }
}

async function worker(outputs) {
  if (!existsSync(join(source, 'sw.js'))) return
  const { now, later } = await shell(outputs)
  // self.__SHELL: precache these. self.__MAP: fetch these when a map is first shown, keep them then.
  const banner = `self.__SHELL=${JSON.stringify(now)};self.__MAP=${JSON.stringify(later)};`
  await build({ ...common, entryPoints: ['static/sw.js'], outfile: join(out, 'sw.js'), format: 'iife', banner: { js: banner } })
  await build({ ...common, entryPoints: ['static/js/deskworker.js'], outfile: join(out, 'deskworker.js'), format: 'iife' })
}

// Beside each file the same packed as well as can be, once: a phone waits for bytes, and the server should not pack per visit.
async function pack() {
  for (const file of await filesIn(out)) {
    if (!/\.(js|mjs|css|json|wasm)$/.test(file)) continue
    const bytes = await readFile(file)
    if (bytes.length < 1000) continue
    await writeFile(`${file}.gz`, gzipSync(bytes, { level: 9 }))
    await writeFile(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }))
  }
}

async function swap() {
  const old = `${done}.old.${process.pid}`
  for (let tries = 0; ; tries++) {
    try {
      if (existsSync(done)) await rename(done, old)
      await rename(out, done)
      break
    } catch (error) {
      if (tries > 5) throw error // another build at the same moment; the last one stays
    } finally {
      await rm(old, { recursive: true, force: true })
    }
  }
}

try {
  await mkdir(out, { recursive: true })
  catalogues()
  const [outputs] = await Promise.all([scripts(), styles(), map()])
  await worker(outputs)
  const manifest = {}
  for (const file of await filesIn(out)) if (!file.endsWith('.map')) manifest[relative(out, file)] = await hashOf(relative(out, file))
  await writeFile(join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`)
  await pack()
  await swap()
  process.stdout.write(`static/dist: ${pages.join(', ') || 'no pages yet'} (${Object.keys(manifest).length} files)\n`)
} catch (error) {
  // esbuild has said what is wrong in the sources; anything else is ours.
  if (!error.errors) throw error
  process.exitCode = 1
} finally {
  await rm(out, { recursive: true, force: true })
}
