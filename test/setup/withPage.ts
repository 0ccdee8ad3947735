import { chromium, type Page } from 'playwright-core';
import { findChromium, NO_CHROMIUM } from '#scripts/test/findChromium.mjs';

/** For what never appears: a slow machine may take its time with a page. */
const PATIENCE_MS = 120_000;

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
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await look(page);
  } finally {
    await browser.close();
  }
}
