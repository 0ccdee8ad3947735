import { fileURLToPath } from 'node:url';
import { defaultClientConditions, defineConfig } from 'vite';

/** The page of the dashboard: static files, which apps/query serves under /app/. */
export default defineConfig({
  plugins: [first('src/api/early.ts', 'ibm-plex-sans-latin-wght-normal')],
  base: '/app/',
  cacheDir: '../../.cache/vite',
  // The contracts are read from their sources, as everywhere in this checkout.
  resolve: { conditions: ['source', ...defaultClientConditions] },
  // `npx vite apps/dashboard` beside a running Lading: changes are seen as they are saved. Sign in with a key.
  server: { proxy: { '/v1': process.env.LADING_URL ?? 'http://127.0.0.1:7400' } },
  build: {
    target: 'baseline-widely-available',
    // Nothing is a data: URL, and no script stands inside the page: its policy allows neither.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    emptyOutDir: true,
    rolldownOptions: {
      input: ['index.html', 'src/api/early.ts'].map((name) => fileURLToPath(new URL(name, import.meta.url))),
    },
  },
});

/**
 * A script of its own before the page's, which runs while that is still being read. (Vite makes one of all scripts of a page.) And the face of most texts: a
 * browser asks for it when it has laid out the page without it, and lays it out again.
 *
 * @param {string} source
 * @param {string} face
 * @returns {import('vite').Plugin}
 */
function first(source, face) {
  return {
    name: 'first',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_, { bundle = {} }) {
        const made = Object.values(bundle).find((one) => one.type === 'chunk' && one.facadeModuleId?.endsWith(source));
        if (made === undefined) throw new Error(`there is no ${source}`);
        const font = Object.values(bundle).find((one) => one.type === 'asset' && one.names.includes(`${face}.woff2`));
        if (font === undefined) throw new Error(`there is no face ${face}`);
        const attrs = { type: 'module', crossorigin: true, src: `/app/${made.fileName}` };
        const preload = {
          rel: 'preload',
          as: 'font',
          type: 'font/woff2',
          crossorigin: true,
          href: `/app/${font.fileName}`,
        };
        return [
          { tag: 'script', attrs, injectTo: 'head-prepend' },
          { tag: 'link', attrs: preload, injectTo: 'head' },
        ];
      },
    },
  };
}
