import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { schemaOfVersion } from '#projections/versions/versions';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { LEDGER } from '#test/projections/manyEvents';
import { ADMIN_KEY, startQuery } from '#test/setup/startQuery';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { withPage } from '#test/setup/withPage';
import { below, type Figure } from './figure.ts';
import { AT_ONCE, fillPostings, POSTINGS } from './manyPostings.ts';
import { percentile } from './percentile.ts';

export const name = 'bar';

/** Each with nothing in its cache. */
const BROWSERS = 9;
const MOVES = 200;
/** So often a hand that drags is heard of. */
const FRAME_MS = 16;
const DRAG_MS = 5_000;

/**
 * The bar of time in a real browser, over a ledger of a million postings: how long after the handle moved the table shows that moment; and how
 * far behind the handle the table is while it is dragged without a rest. Without a browser there are no figures.
 */
export async function run(): Promise<Figure[]> {
  const folder = await temporaryFolder('bench-bar');
  const cluster = await startCluster({ dataDir: join(folder, 'postgres') });
  process.env.LADING_TEST_DATABASE_URL = cluster.url;
  const figures: Figure[] = [];
  try {
    const query = await startQuery({ project: false, open: false });
    try {
      await query.journal.open(LEDGER, { name: 'Bench', keeper: 'owner-0' }, 'bench');
      await fillPostings(query.pool);
      await tellOfEvents(query.pool);
      await settled(cluster.url);
      const firsts: number[] = [];
      for (let n = 0; n < BROWSERS; n++)
        await withPage(async (page) => {
          firsts.push(await firstView(page, query.url));
        });
      await withPage(async (page) => {
        await firstView(page, query.url);
        await page.waitForSelector('.track .tick', { state: 'attached' });
        figures.push(...figuresOf(firsts, await rested(page), await dragged(page)));
      });
    } finally {
      await query.stop();
    }
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return figures;
}

/** How long a browser that has seen nothing yet takes from the address to the table, in milliseconds. */
async function firstView(page: Page, url: string): Promise<number> {
  await page.addInitScript(`sessionStorage.setItem('lading.key', '${ADMIN_KEY}'); ${WATCHED}`);
  const began = performance.timeOrigin + performance.now();
  await page.goto(`${url}/app/${LEDGER}/holdings`);
  return (await page.evaluate<number>('firstTable')) - began;
}

/** When the first table was drawn, by the clock: what a frame asks to be done later is done behind its drawing. The page says it: to ask the page again and again would keep it from its work. */
const WATCHED = `globalThis.firstTable = new Promise((resolve) => {
  const look = () => {
    if (document.querySelector('table.holdings tfoot') === null) requestAnimationFrame(look);
    else setTimeout(() => resolve(performance.timeOrigin + performance.now()));
  };
  look();
})`;

function figuresOf(firsts: readonly number[], rests: readonly number[], drags: readonly number[]): Figure[] {
  const what = `the bar of time, ${POSTINGS.toLocaleString('en')} postings`;
  const at = (times: readonly number[], share: number): number => Math.round(percentile(times, share));
  return [
    below(
      `${what}: the first view, from its address, median of ${firsts.length} browsers`,
      'ms',
      at(firsts, 0.5),
      1_000,
    ),
    below(`${what}: from a step of the handle to its table, p50`, 'ms', at(rests, 0.5), 100),
    below(`${what}: the same, p99`, 'ms', at(rests, 0.99), 100),
    below(`${what}: from one table to the next while it is dragged, p50`, 'ms', at(drags, 0.5), 100),
    below(`${what}: the same, p99`, 'ms', at(drags, 0.99), 200),
  ];
}

/** What the page's bar of time is drawn from: an event to each posting. */
async function tellOfEvents(pool: pg.Pool): Promise<void> {
  const schema = schemaOfVersion(1);
  const client = await pool.connect();
  // What fails is told: a pool that waits for a connection in use would never end.
  try {
    await client.query(`SET search_path TO ${schema}; SET synchronous_commit TO off; SET statement_timeout TO 0`);
    for (let from = 1; from <= POSTINGS; from += AT_ONCE)
      await client.query(
        `INSERT INTO activity (ledger, sequence, type, id, source, subject, actor, occurred, recorded, parties, items, quantity)
       SELECT ledger, sequence, 'lading.order.placed.v1', 'e-' || sequence, 'urn:bench', 'order/PO-' || account, 'bench', occurred, occurred,
         'owner-' || total % 25, 'item-' || total / 25 % 5, abs(quantity) FROM postings WHERE ledger = $1 AND sequence >= $2 AND sequence < $3`,
        [LEDGER, from, from + AT_ONCE],
      );
    await client.query('VACUUM ANALYZE');
  } finally {
    client.release(true);
  }
}

/** Two million rows are written to the disk before anything is measured, and not beside it. */
async function settled(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}

/** The handle is put somewhere, and put elsewhere when the table shows that moment. */
async function rested(page: Page): Promise<number[]> {
  const times: number[] = [];
  const { at, y } = await placesOf(page);
  await page.mouse.move(at(0.5), y);
  await page.mouse.down();
  for (let n = 0; n < MOVES * 1.1; n++) {
    const shown = page.evaluate<number>(UNTIL_SHOWN);
    await page.mouse.move(at(((n * 7_919) % 9_973) / 9_973), y);
    times.push(await shown);
  }
  await page.mouse.up();
  return times.slice(MOVES * 0.1);
}

/** The handle goes to and fro without a rest. */
async function dragged(page: Page): Promise<number[]> {
  const { at, y } = await placesOf(page);
  await page.mouse.move(at(0.1), y);
  await page.mouse.down();
  const tables = page.evaluate<number[]>(tablesWithin(DRAG_MS));
  for (const began = performance.now(); performance.now() - began < DRAG_MS; ) {
    const swing = ((performance.now() - began) % 2_000) / 1_000;
    await page.mouse.move(at(0.1 + 0.8 * (swing < 1 ? swing : 2 - swing)), y);
    await page.waitForTimeout(FRAME_MS);
  }
  await page.mouse.up();
  return tables;
}

async function placesOf(page: Page) {
  const box = await page.getByRole('slider', { name: 'When it was true' }).boundingBox();
  if (box === null) throw new Error('The page shows no bar of time.');
  return { at: (fraction: number) => box.x + 1 + fraction * (box.width - 2), y: box.y + 20 };
}

/**
 * From when the pointer moved until a frame shows what is of the moment that the bar says: milliseconds. The address says it later, when the
 * handle has rested.
 */
const UNTIL_SHOWN = `new Promise((resolve) => {
  const said = document.querySelector('.time-bar .said strong');
  const before = said.textContent;
  let began;
  addEventListener('pointermove', () => { began = performance.now(); }, { capture: true, once: true });
  const look = () => {
    const isShown = began !== undefined && said.textContent !== before && document.querySelector('.view > [aria-busy="true"]') === null;
    if (isShown) setTimeout(() => resolve(performance.now() - began));
    else requestAnimationFrame(look);
  };
  look();
})`;

/** The times between two tables that were different, in milliseconds. */
const tablesWithin = (ms: number): string => `new Promise((resolve) => {
  const times = [];
  let [last, shown] = [performance.now(), ''];
  const look = () => {
    const now = document.querySelector('table.holdings tfoot').innerText;
    if (now !== shown) { times.push(performance.now() - last); last = performance.now(); shown = now; }
  };
  const timer = setInterval(look, 2);
  setTimeout(() => { clearInterval(timer); resolve(times.slice(1)); }, ${ms});
})`;
