import { chromium, type Page } from 'playwright-core';
import { findChromium, NO_CHROMIUM } from '#scripts/test/findChromium.mjs';

/** Opens a page in a real browser. On a machine without one it prints a warning and runs no assertion. */
export async function withPage(look: (page: Page) => Promise<void>): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    if (process.env.CI === 'true') throw new Error(NO_CHROMIUM);
    process.stderr.write(`NOBODY LOOKED AT THE PAGE: ${NO_CHROMIUM}\n`);
    return;
  }
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  try {
    await look(await browser.newPage());
  } finally {
    await browser.close();
  }
}
