import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env.LADING_TEST_CHROMIUM ?? '/usr/bin/chromium';

/** Opens a page in a real browser. On a machine without one it prints a warning and runs no assertion. */
export async function withPage(look: (page: Page) => Promise<void>): Promise<void> {
  if (!existsSync(CHROMIUM)) {
    if (process.env.CI === 'true') throw new Error(`there is no browser at ${CHROMIUM}: set LADING_TEST_CHROMIUM`);
    process.stderr.write(`NO BROWSER at ${CHROMIUM}: nobody looked at the page (apt-get install chromium)\n`);
    return;
  }
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  try {
    await look(await browser.newPage());
  } finally {
    await browser.close();
  }
}
