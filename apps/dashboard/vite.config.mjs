import { defaultClientConditions, defineConfig } from 'vite';

/** The page of the dashboard: static files, which apps/query serves under /app/. */
export default defineConfig({
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
  },
});
