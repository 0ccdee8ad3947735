import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Submission } from '#journal/submission';
import { SignIn } from '#apps/query/src/dashboard/signIn';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { item, order, party } from '#test/journal/submissions';
import { record } from '#test/journal/testJournal';
import { LEDGER, type QueryService, startQuery } from '#test/setup/startQuery';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { withPage } from '#test/setup/withPage';
import { below, type Figure } from '#test/bench/figure';
import { compressTime, type Look, scrollToEnd, soak } from './soak.ts';

// `npm run soak`: what a page holds that is open for an hour of fifty events a second, told as quickly as they can be recorded.

const EVENTS = Number(process.argv[2] ?? 180_000);
const PART = Math.ceil(EVENTS / 9);
const A_SECOND = 50;
/** So many lines of holdings, each of a party and an item. */
const [PARTIES, ITEMS] = [400, 250];

/**
 * A page in a browser that follows an hour's events, and then is scrolled through all of them, and through a hundred thousand lines of
 * holdings. What is asked for is that its memory stays flat while it follows, and that few rows are in the page whatever is scrolled.
 */
async function run(): Promise<Figure[]> {
  const folder = await temporaryFolder('bench-dashboard');
  const cluster = await startCluster({ dataDir: join(folder, 'postgres') });
  process.env.LADING_TEST_DATABASE_URL = cluster.url;
  const figures: Figure[] = [];
  try {
    const query = await startQuery();
    try {
      const ids = { parties: names('P', PARTIES), items: names('I', ITEMS) };
      await record(query.journal, LEDGER, [
        party('nvidia', ['supplier']),
        ...ids.parties.map((id) => party(id)),
        ...ids.items.map((id) => item(id)),
      ]);
      await withPage(async (page) => {
        figures.push(...(await followed(page, query, ids)), ...(await scrolled(page, query)));
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

const names = (letter: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${letter}${i}`);

interface Ids {
  readonly parties: readonly string[];
  readonly items: readonly string[];
}

function* orders({ parties, items }: Ids): Generator<Submission[]> {
  for (let first = 0; first < EVENTS; first += PART)
    yield Array.from({ length: PART }, (_, i) => {
      const n = first + i;
      const [buyer, what] = [parties[n % PARTIES] ?? '', items[Math.floor(n / PARTIES) % ITEMS] ?? ''];
      return order(`PO-${n}`, buyer, 1 + (n % 9), {}, what);
    });
}

async function followed(page: Page, query: QueryService, ids: Ids): Promise<Figure[]> {
  await compressTime(page, 60);
  await page.goto(`${query.url}/app/#code=${query.app.get(SignIn, { strict: false }).newCode()}`);
  await page.waitForSelector('.view');
  await page.getByRole('link', { name: 'Events' }).click();
  await page.waitForSelector('.view tbody tr');
  const looks = await soak(page, query, orders(ids), A_SECOND);
  for (const look of looks) console.error(told(look));
  // The first part fills what is bounded: the ticks of the bar, and the newest events of the list.
  const [, first, ...rest] = looks;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return [];
  const title = `dashboard, ${EVENTS.toLocaleString('en')} events followed live`;
  return [
    below(`${title}: memory more than after ${first.head.toLocaleString('en')}`, 'MB', mega(last.heap - first.heap), 5),
    below(`${title}: memory`, 'MB', mega(last.heap), 50),
    below(`${title}: rows in the page`, 'rows', Math.max(...looks.map(({ rows }) => rows)), 200),
  ];
}

async function scrolled(page: Page, query: QueryService): Promise<Figure[]> {
  const many = (count: number) => count.toLocaleString('en');
  const events = await scrollToEnd(page, 'Ledger opened');
  await page.goto(`${query.url}/app/${LEDGER}/holdings?sort=name.up`);
  await page.waitForSelector('table.holdings tfoot', { timeout: 300_000 });
  const lines = await scrollToEnd(page, 'P99');
  return [
    below(`dashboard, all ${many(EVENTS)} events scrolled: rows in the page`, 'rows', events, 200),
    below(
      `dashboard, ${many(Math.min(EVENTS, PARTIES * ITEMS))} lines of holdings scrolled: rows in the page`,
      'rows',
      lines,
      200,
    ),
  ];
}

const mega = (value: number): number => Math.round(value * 10) / 10;
const told = ({ head, heap, nodes, rows, asked }: Look): string =>
  `  event ${head.toLocaleString('en')}: ${mega(heap)} MB of script, ${nodes} nodes, ${rows} rows, ${asked.toLocaleString('en')} questions`;

for (const { name, value, unit, target, met } of await run()) {
  console.log(`${met ? 'met   ' : 'MISSED'}  ${name}: ${value} ${unit} (${target})`);
  if (!met) process.exitCode = 1;
}
process.exit();
