import { join } from 'node:path';
import { ensure } from './ensure.mjs';
import { root } from './ensure/root.mjs';
import { say } from './ensure/say.mjs';
import { findChromium, NO_CHROMIUM } from './test/findChromium.mjs';

// Makes the pictures of the dashboard under docs/images, from a Lading that plays the memo: `npm start` in one terminal, and in another
// `LADING_URL=http://127.0.0.1:7400 LADING_KEY=$(cat .lading/admin.key) npm run screenshots`. Look at them before they are committed.
await ensure({ client: true });
const { chromium } = await import('playwright-core');

const { LADING_URL: url = 'http://127.0.0.1:7400', LADING_KEY: key = '' } = process.env;
const PICTURES = /** @type {const} */ ([
  ['holdings', 'holdings?at=2023-12-20', 'light'],
  ['flow', 'holdings?show=flow&at=2024-01-25', 'dark'],
  ['why', 'holdings?at=2023-12-31&by=lineage&why=owner:x~item:H100~stage:held', 'light'],
  ['delivery', 'delivery?item=H100', 'light'],
  ['swaps', 'swaps', 'light'],
]);

const executablePath = findChromium();
if (executablePath === undefined) throw new Error(NO_CHROMIUM);
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
try {
  for (const [name, place, colorScheme] of PICTURES) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 }, colorScheme });
    await page.addInitScript(`sessionStorage.setItem('lading.key', ${JSON.stringify(key)})`);
    await page.goto(`${url}/app/nvidia/${place}`);
    await page.waitForSelector(name === 'why' ? '.way' : '.view tbody tr, .view svg.flow');
    await page.waitForLoadState('networkidle', { timeout: 2_000 }).catch(() => undefined);
    const path = join(root, 'docs', 'images', `${name}.png`);
    await page.screenshot({ path });
    await page.close();
    say(`written: ${path}`);
  }
} finally {
  await browser.close();
}
