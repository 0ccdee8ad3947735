import type { Page } from 'playwright-core';
import type { Submission } from '#journal/submission';
import { record } from '#test/journal/testJournal';
import { LEDGER, type QueryService } from '#test/setup/startQuery';

/** What a page holds after the events of a part, with what is garbage collected. */
export interface Look {
  readonly head: number;
  /** Of script, in MB. */
  readonly heap: number;
  /** Elements and texts of the page. */
  readonly nodes: number;
  readonly rows: number;
  /** Questions that it has asked since it was opened. */
  readonly asked: number;
}

/** Makes the time of a page run so many times as fast: what it does after 250 ms it does after 4. For before it is opened. */
export async function compressTime(page: Page, times: number): Promise<void> {
  await page.addInitScript(`{
    const { setTimeout } = window;
    window.setTimeout = (work, ms, ...rest) => setTimeout(work, (ms ?? 0) / ${times}, ...rest);
  }`);
}

const ROWS = '.view .table tbody tr';

/** Records events while a page follows them, so many at once, and looks at what it holds after each part of them. */
export async function soak(
  page: Page,
  query: QueryService,
  parts: Iterable<readonly Submission[]>,
  atOnce: number,
): Promise<readonly Look[]> {
  const cdp = await page.context().newCDPSession(page);
  const looks: Look[] = [];
  let asked = 0;
  page.on('request', () => (asked += 1));
  for (const part of parts) {
    let head = 0;
    for (let at = 0; at < part.length; at += atOnce)
      head = (await record(query.journal, LEDGER, part.slice(at, at + atOnce))).at(-1) ?? head;
    // The view stands on the last event: the stream has told of all of them, and the list has asked for them.
    await page
      .locator('.standing.live strong', { hasText: new RegExp(`^${head.toLocaleString('en')}$`) })
      .waitFor({ timeout: 300_000 });
    await cdp.send('HeapProfiler.collectGarbage');
    const { usedSize } = await cdp.send('Runtime.getHeapUsage');
    const { nodes } = await cdp.send('Memory.getDOMCounters');
    looks.push({ head, heap: usedSize / 1e6, nodes, rows: await page.locator(ROWS).count(), asked });
  }
  return looks;
}

/** Scrolls a long table to its last row, page by page. @param last what stands in it @returns the most rows that were in the page at once */
export function scrollToEnd(page: Page, last: string): Promise<number> {
  return page.evaluate<number>(`(async () => {
    let most = 0;
    for (;;) {
      window.scrollTo(0, document.documentElement.scrollHeight);
      await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
      const rows = [...document.querySelectorAll(${JSON.stringify(ROWS)})];
      most = Math.max(most, rows.length);
      if (rows.some((row) => row.textContent.includes(${JSON.stringify(last)}))) return most;
    }
  })()`);
}
