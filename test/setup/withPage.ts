import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium, NO_CHROMIUM } from '#scripts/test/findChromium.mjs';

/** For what never appears: a slow machine may take its time with a page. */
const PATIENCE_MS = 120_000;

/** A real browser, for several pages; to be closed. On a machine without one it prints a warning, and there is none. */
export async function openBrowser(): Promise<Browser | undefined> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    if (process.env.CI === 'true') throw new Error(NO_CHROMIUM);
    process.stderr.write(`NOBODY LOOKED AT THE PAGE: ${NO_CHROMIUM}\n`);
    return undefined;
  }
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

/**
 * Opens a page that shares nothing with other pages, neither what is stored nor what was loaded. Without a browser it runs no assertion.
 * @param given one that stays open: to start one takes a second of processor time. Unless it is given, the page gets one of its own
 */
export async function withPage(look: (page: Page) => Promise<void>, given?: Browser): Promise<void> {
  const browser = given ?? (await openBrowser());
  if (browser === undefined) return;
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await look(page);
  } finally {
    await context.close();
    if (given === undefined) await browser.close();
  }
}
