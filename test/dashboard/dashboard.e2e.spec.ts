import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { storedCheckpoints } from '#apps/cli/src/auditSource';
import { SignIn } from '#apps/query/src/dashboard/signIn';
import { compressed, wholeArchive } from '#audit/bundle';
import { fromJournal } from '#audit/from/journal';
import { verifierKeysOf } from '#checkpoints/checkpoints';
import { readEvidenceFile } from '#evidence/readEvidenceFile';
import { scrollToEnd, soak } from '#test/dashboard/soak';
import { DAMAGES } from '#test/evidence/sampleEvidence';
import { signLedger } from '#test/evidence/signLedger';
import { party } from '#test/journal/submissions';
import { ADMIN_KEY, type QueryService, startQuery } from '#test/setup/startQuery';
import { openBrowser, withPage as withPageOf } from '#test/setup/withPage';

const ASSETS = join(packageRoot, 'dist/apps/dashboard/page/assets');
const FIRST_LOAD_KB = 200;
/** With the one that opened the ledger. */
const MEMO_EVENTS = 22;
const VIEWS = ['Holdings', 'Delivery', 'Swaps', 'Shipments', 'Events', 'Flags', 'Status', 'Desk'];
const AXE = join(packageRoot, 'node_modules/axe-core/axe.min.js');
const RUN_AXE = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)";

const CUT_OFF = `[...document.querySelectorAll('.scroll caption')].some((name) => name.offsetWidth > name.closest('.scroll').clientWidth)`;
const NARROWER = `document.querySelector('.view').offsetWidth < document.querySelector('.time-bar').offsetWidth`;

let query: QueryService;
let browser: Browser | undefined;
const withPage = (look: (page: Page) => Promise<void>): Promise<void> => withPageOf(look, browser);
const link = (): string => `${query.url}/app/#code=${query.app.get(SignIn, { strict: false }).newCode()}`;

beforeAll(async () => {
  browser = await openBrowser();
  query = await startQuery();
  await query.play('memo/1-up-to-the-memo');
  await query.play('memo/2-the-memo');
});
afterAll(async () => {
  await browser?.close();
  await query.stop();
});

/** What a table shows, its cells by rows. */
const cells = (page: Page, table: string): Promise<string[][]> =>
  page
    .locator(`${table} tbody tr`)
    .evaluateAll((rows) =>
      (rows as unknown as { cells: Iterable<{ innerText: string }> }[]).map((row) =>
        [...row.cells].map((cell) => cell.innerText.trim()),
      ),
    );

/** A script that drops a file on the bar of time: this content, and as many blanks as make it so large. */
const dropping = (name: string, content: Buffer, size: number): string => `{
  const bytes = new Uint8Array(${size}).fill(32);
  bytes.set(Uint8Array.from(atob('${content.toString('base64')}'), (one) => one.charCodeAt(0)));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], '${name}'));
  const taken = { bubbles: true, cancelable: true, dataTransfer };
  document.querySelector('.time-bar').dispatchEvent(new DragEvent('drop', taken));
}`;

describe('the dashboard', () => {
  it('is a page that allows nothing from elsewhere and nothing inside of it, whose files are kept for ever', async () => {
    const { headers, bytes } = await query.get('/app/nvidia/holdings?at=2023-12-20', { key: null });
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers.get('cache-control')).toBe('no-cache');
    const html = bytes.toString();
    expect(html).not.toMatch(/<style|style=|<script(?![^>]* src=)|(src|href)="(https?:)?\/\//);
    for (const [, path = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const asset = await query.get(path, { key: null });
      expect([path, asset.status, asset.headers.get('cache-control')]).toEqual([
        ...[path, 200, 'public, max-age=31536000, immutable'],
      ]);
    }
    expect((await query.get('/app/assets/none.js', { key: null })).status).toBe(404);
  });

  it(`loads at most ${FIRST_LOAD_KB} kB of script first, the first view with it`, async () => {
    const html = (await query.get('/app/', { key: null })).bytes.toString();
    const scripts = [...html.matchAll(/(?:src|href)="\/app\/assets\/([^"]+[.]js)"/g)].map(([, name = '']) => name);
    const bytes = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(join(ASSETS, name))).length, 0);
    expect(bytes).toBeLessThan(FIRST_LOAD_KB * 1000);
    await withPage(async (page) => {
      const loaded: string[] = [];
      page.on('request', (request) => {
        const name = /\/app\/assets\/(.+[.]js)$/.exec(request.url())?.[1];
        if (name !== undefined) loaded.push(name);
      });
      await page.goto(link());
      await page.waitForSelector('table.holdings tbody tr');
      expect(new Set(loaded)).toEqual(new Set(scripts));
    });
  });

  it('draws its first view once, with what it asked for before, and asks for nothing twice', async () => {
    await withPage(async (page) => {
      await page.addInitScript(`{
        sessionStorage.setItem('lading.key', '${ADMIN_KEY}');
        // Whoever waits for half a second is shown that. This machine may be slow, so here nobody has waited for so long.
        const later = setTimeout;
        globalThis.setTimeout = (work, ms, ...rest) => (ms === 500 ? 0 : later(work, ms, ...rest));
        globalThis.seen = [];
        new MutationObserver(() => {
          for (const kind of ['.skeleton', 'table.holdings'])
            if (document.querySelector(kind) !== null && !seen.includes(kind)) seen.push(kind);
        }).observe(document, { childList: true, subtree: true });
      }`);
      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      await page.goto(`${query.url}/app/nvidia/holdings?at=2023-12-20`);
      await page.waitForSelector('table.holdings tbody tr');
      await page.waitForSelector('.standing.live');
      expect(await page.evaluate('seen')).toEqual(['table.holdings']);
      for (const path of ['/v1/ledgers', '/v1/ledgers/nvidia/holdings', '/v1/ledgers/nvidia/events/stream'])
        expect([path, asked.filter((each) => each === path).length]).toEqual([path, 1]);
    });
  });

  it('whoever signs in after somebody else sees nothing that was answered to the other key', async () => {
    const keyOfX = await query.key({ name: 'x', roles: ['read'], party: 'x' });
    await withPage(async (page) => {
      await page.addInitScript(`sessionStorage.setItem('lading.key', '${ADMIN_KEY}')`);
      // What was known up to an event never changes, so it is never asked again.
      await page.goto(`${query.url}/app/nvidia/holdings?known=10`);
      // The names are an answer of their own, which may come later than the rows.
      await page.locator('table.holdings tbody', { hasText: 'Tesla, Inc.' }).waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByLabel('API key').fill(keyOfX);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForSelector('table.holdings tbody tr');
      expect(await page.locator('table.holdings').innerText()).not.toMatch(/tesla/i);
    });
  });

  it('says of a text that cannot be a key that it is none, and of a key that may not read lets go on with another', async () => {
    const writer = await query.key({ name: 'writer', roles: ['shipments:write'] });
    await withPage(async (page) => {
      const signIn = async (key: string) => {
        await page.getByLabel('API key').fill(key);
        await page.getByRole('button', { name: 'Sign in' }).click();
      };
      await page.goto(`${query.url}/app/nvidia/holdings?at=2023-12-20`);
      await signIn(`${ADMIN_KEY}\u200b…`);
      await page.getByRole('alert').getByText('This is no API key').waitFor();
      await signIn(writer);
      await page.getByRole('alert').getByText('needs the role read').waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await signIn(ADMIN_KEY);
      await page.waitForSelector('table.holdings tbody tr');
      expect(page.url()).toContain('at=2023-12-20');
    });
  });

  it('asks again by itself what nobody answered: the first question, and a view that was opened while the connection was lost', async () => {
    await withPage(async (page) => {
      await page.addInitScript(`sessionStorage.setItem('lading.key', '${ADMIN_KEY}')`);
      // Lading is not there: nothing reaches it.
      const leave = async () => {
        await page.route(/\/v1\//, (route) => route.abort());
        query.app.getHttpServer().closeAllConnections();
      };
      const back = () => page.unroute(/\/v1\//);
      const said = page.getByRole('alert').getByText('Lading does not answer');
      await leave();
      await page.goto(`${query.url}/app/nvidia/holdings`);
      await said.waitFor();
      expect(await page.getByRole('button', { name: 'Sign out' }).isVisible()).toBe(true);
      await back();
      await page.waitForSelector('table.holdings tbody tr');
      await page.waitForSelector('.standing.live');
      await leave();
      await page.waitForSelector('.standing.lost');
      await page.getByRole('link', { name: 'Shipments' }).click();
      await said.waitFor();
      await back();
      await page.waitForSelector('.standing.live');
      await page.waitForSelector('.view tbody tr');
    });
  });

  it('a link signs in once: its code is worth nothing the second time', async () => {
    const code = query.app.get(SignIn, { strict: false }).newCode();
    const exchange = () => fetch(`${query.url}/app/session`, { headers: { 'lading-code': code } });
    const first = await exchange();
    const { key, expires } = (await first.json()) as { key: string; expires: string };
    expect([first.status, first.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(Date.parse(expires)).toBeGreaterThan(Date.now());
    expect((await query.get('/v1/ledgers/nvidia/holdings', { key })).status).toBe(200);
    const second = await exchange();
    expect([second.status, await second.json()]).toMatchObject([
      403,
      { code: 'forbidden', detail: expect.stringContaining('lading -- dashboard') },
    ]);
    // Who holds the admin key gets another one without a restart, and nobody else does.
    const asked = async (as: string | null) => (await query.get('/app/link', { key: as })).status;
    expect([await asked(null), await asked(key)]).toEqual([401, 403]);
    const { body } = await query.get<{ code: string }>('/app/link');
    expect((await fetch(`${query.url}/app/session`, { headers: { 'lading-code': body.code } })).status).toBe(200);
  });

  it('offers the memo to play on a first visit, and plays it step by step, each event once', async () => {
    const empty = await startQuery({ open: false });
    try {
      // A ledger is an admin's to open, but for this one, by whoever was let in by a link.
      const writer = await empty.key({ name: 'machine', roles: ['swaps:write'] });
      const open = (key: string) =>
        fetch(`${empty.url}/app/memo`, { method: 'PUT', headers: { authorization: `Bearer ${key}` } });
      expect((await open(writer)).status).toBe(403);
      await withPage(async (page) => {
        await page.goto(`${empty.url}/app/#code=${empty.app.get(SignIn, { strict: false }).newCode()}`);
        await page.getByRole('button', { name: 'Play it step by step' }).click();
        await page.waitForSelector('[aria-label^="12,000: In transit, Tesla"]');
        await page.getByRole('button', { name: 'Play step 2' }).click();
        await page.waitForSelector('[aria-label^="12,000: Held, X"]');
        // Each playing begins with the first step: what is recorded already is not recorded twice.
        await page.getByRole('button', { name: 'Play the rest' }).click();
        await page.getByText('That is all of it.').waitFor();
        await page.getByRole('link', { name: 'Go to the days before the swap' }).click();
        await page.waitForSelector('[aria-label^="12,000: In transit, Tesla"]');
        const { body } = await empty.get('/v1/ledgers/nvidia/events?limit=100');
        const ids = body.data.map(({ id }) => id);
        expect([ids.length, new Set(ids).size]).toEqual([MEMO_EVENTS, MEMO_EVENTS]);
        expect(await empty.journal.open('nvidia', { name: 'Nvidia allocations', keeper: 'nvidia' }, 'x')).toBe('same');
      });
      await empty.journal.open('other', { name: 'Other', keeper: 'other' }, 'admin');
      const refused = await open(ADMIN_KEY);
      expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'ledger-exists' }]);
    } finally {
      await empty.stop();
    }
  });

  it("tells the memo's story: in December 12,000 units go from Tesla to X, and the page says why", async () => {
    await withPage(async (page) => {
      const errors: string[] = [];
      const addresses: string[] = [];
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('request', (request) => addresses.push(request.url()));

      await page.goto(link());
      await page.waitForSelector('table.holdings tbody tr');
      await page.waitForURL(`${query.url}/app/nvidia/holdings`);

      // To the days before the swap, by keyboard and then by hand.
      const bar = page.getByRole('slider', { name: 'When it was true' });
      await bar.focus();
      await page.keyboard.press('Home');
      await page.waitForURL(/at=2023-06-01/);
      const box = (await bar.boundingBox())!;
      const tick = page.locator('.track line.tick title', { hasText: 'Swap executed' });
      const at = Number((await tick.locator('..').getAttribute('x1'))?.replace('%', '')) / 100;
      await page.mouse.move(box.x + 5, box.y + 20);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * (at - 0.02), box.y + 20, { steps: 8 });
      await page.waitForURL(/at=2023-12-1[0-8]/);
      await page.waitForSelector('[aria-label^="12,000: In transit, Tesla"]');
      expect((await cells(page, 'table.holdings')).map((row) => row.slice(0, 5))).toEqual([
        ['Tesla, Inc. tesla', 'H100', '·', '12,000', '·'],
        ['X Corp. x', 'H100', '12,000', '·', '·'],
      ]);

      await page.mouse.move(box.x + box.width * (at + 0.02), box.y + 20, { steps: 4 });
      await page.mouse.up();
      await page.waitForSelector('[aria-label^="12,000: In transit, X"]');
      expect((await cells(page, 'table.holdings')).map((row) => row.slice(0, 5))).toEqual([
        ['Tesla, Inc. tesla', 'H100', '12,000', '·', '·'],
        ['X Corp. x', 'H100', '·', '12,000', '·'],
      ]);

      // The same numbers as a flow.
      await page.getByRole('button', { name: 'Flow' }).click();
      await page.waitForSelector('[aria-label="12,000 units, In transit to X Corp.. Why?"]');
      // Over time, with the same values as rows; the chart is saved as it is seen.
      await page.getByRole('button', { name: 'Over time' }).click();
      await page.getByRole('button', { name: 'In transit', exact: true }).click();
      await page.waitForSelector('svg.over-time path.line');
      await page.getByText('The same as a table').click();
      expect(
        (await cells(page, '.as-table .table'))
          .at(-1)
          ?.slice(1)
          .every((value) => /^[0-9,]+$/.test(value)),
      ).toBe(true);
      for (const format of ['SVG', 'PNG']) {
        const saved = page.waitForEvent('download');
        await page.getByRole('group', { name: 'Save the chart' }).getByRole('button', { name: format }).click();
        expect((await saved).suggestedFilename()).toMatch(
          new RegExp(`^nvidia-holdings-over-time-2023-12-[0-9]+[.]${format.toLowerCase()}$`),
        );
      }
      await page.getByRole('button', { name: 'Table' }).click();

      // Why?
      await page.locator('[aria-label^="12,000: In transit, X"]').click();
      await page.waitForSelector('.drawer .table tbody tr');
      expect(await page.locator('.drawer .table').innerText()).toContain('Swap executed #14');
      await page.getByRole('button', { name: 'Where they came from' }).click();
      await page.waitForSelector('.way');
      const way = await page.locator('.way').innerText();
      for (const part of ['Order placed #9', 'From tesla to x', 'Swap SW-1, authorised by elon-musk'])
        expect(way).toContain(part);

      // The proof of the event is checked by the page itself, and a file by the same checks.
      await signLedger(query.pool, 'nvidia');
      await page.locator('.way a', { hasText: '#14' }).first().click();
      await page.waitForSelector('.verdict.held');
      expect(await page.locator('.verdict .checks .held').count()).toBe(3);
      await page.locator('.moves a', { hasText: 'went on by shipment received' }).first().waitFor();
      await page.locator('.same strong', { hasText: '#14' }).waitFor();
      await page.goBack();
      await page.waitForSelector('.way');

      // Whoever gets the link sees the same in a browser of their own, after signing in.
      const other = await page.context().browser()!.newContext();
      const visitor = await other.newPage();
      await visitor.goto(page.url());
      await visitor.getByLabel('API key').waitFor();
      await visitor.goto(link());
      await visitor.waitForSelector('table.holdings');
      await visitor.goto(page.url());
      await visitor.waitForSelector('.way');
      expect(await visitor.locator('.way').innerText()).toBe(way);
      await other.close();

      // The connection is lost: the page says so, keeps what it shows, and catches up.
      await page.context().setOffline(true);
      query.app.getHttpServer().closeAllConnections();
      await page.waitForSelector('.standing.lost');
      expect(await page.locator('.way').innerText()).toBe(way);
      await page.context().setOffline(false);
      await page.waitForSelector('.standing.live');

      // What is committed appears by itself.
      await page.getByRole('button', { name: 'Close' }).click();
      await page.getByRole('button', { name: 'Now' }).click();
      await page.waitForSelector('[aria-label^="12,000: Held, X"]');
      await query.play('memo/3-what-if');
      await page.waitForSelector('[aria-label^="6,000: Held, Tesla"]');
      await page.waitForSelector('.standing.live strong:text-is("18")');

      // The desk tries a form while it is filled in, says beside the field what is wrong, and sends it once.
      await page.getByRole('link', { name: 'Desk' }).click();
      const values = {
        'Name of the reallocation': 'RA-1',
        From: 'tesla',
        To: 'x',
        Order: 'PO-X-1',
        Line: '2',
        Units: '7000',
      };
      await page.getByLabel('Kind').selectOption('reassigned');
      for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value);
      // What is wrong while the field is empty stands there first.
      const wrong = 'has 6000 units for tesla (ordered), 7000 asked for';
      await page.locator('#wrong-lines-0-quantity', { hasText: wrong }).waitFor();
      await page.getByLabel('Units', { exact: true }).fill('100');
      await page.locator('.impacts').waitFor();
      expect(await cells(page, '.impacts')).toMatchObject([
        [expect.stringMatching(/^tesla, ordered/), '6,000', '5,900', ''],
        [expect.stringMatching(/^x, ordered/), '0', '100', ''],
      ]);
      expect(await page.locator('.waits').innerText()).toContain('tesla gives 100 H100');
      await page.locator('form').getByRole('button', { name: 'Reallocate' }).dblclick();
      await page.locator('.recorded').waitFor();
      await page.getByRole('link', { name: 'Holdings' }).click();
      await page.waitForSelector('[aria-label^="5,900: Promised, Tesla"]');

      const kept = 'JSON.stringify([document.cookie, { ...localStorage }, location.href, history.state])';
      expect(await page.evaluate(kept)).not.toMatch(/lading_/);
      expect(
        addresses.filter(
          (address) => /lading_|code=/.test(address) || !address.replace('blob:', '').startsWith(query.url),
        ),
      ).toEqual([]);
      // A refused form is an answer 422, which the browser notes, as it does a lost connection.
      expect(errors.filter((text) => !/422|net::ERR_/.test(text))).toEqual([]);
    });
  });

  it('draws what was said of an order line and what happened to it on one axis, and says by which event and on whose authority a place in the queue was taken', async () => {
    await withPage(async (page) => {
      await page.goto(link());
      await page.waitForSelector('table.holdings tbody tr');
      await page.goto(`${query.url}/app/nvidia/delivery?item=H100&at=2023-12-30`);
      const first = page.locator('tr', { hasText: 'PO-TSLA-1' }).locator('.on-timeline');
      await first.waitFor();
      // What happened to it comes with another answer than the line does.
      await expect
        .poll(async () => (await first.innerText()).split('\n'), { timeout: 10_000 })
        .toEqual([
          '1 Dec 2023 to 31 Dec 2023',
          '12,000 sent on 11 Dec 2023, on S-1',
          '12,000 arrived by 28 Dec 2023, with S-1',
        ]);
      // From the left to the right: the window begins, the units leave and arrive, the window ends; all under the labels of one axis.
      const left = async (shape: string) => (await first.locator(shape).boundingBox())!.x;
      const window = (await first.locator('.ordered').boundingBox())!;
      const places = [window.x, await left('.sent'), await left('.arrived'), window.x + window.width];
      expect(places.toSorted((a, b) => a - b)).toEqual(places);
      const year = (await page.locator('.axis text', { hasText: '2024' }).boundingBox())!;
      expect(Math.abs(year.x + year.width / 2 - (window.x + window.width))).toBeLessThan(3);

      const taken = page.locator('.queue tr', { hasText: 'took the place of x' }).first();
      await taken.getByRole('link', { name: 'Swap executed #14' }).waitFor();
      expect(await taken.locator('th').innerText()).toMatch(
        /^tesla took the place of x\s+6,000 from x: Swap executed #14\s+Swap SW-1, authorised by elon-musk, accepted by tesla and x: .+ evidence\)$/,
      );
      await taken.getByRole('link').click();
      await page.waitForURL(/event=14/);
      // Before there was such an item, it had no queue, and nothing is wrong.
      await page.goto(`${query.url}/app/nvidia/delivery?item=H100&at=2020-01-01`);
      await page.getByText('Nobody waits for H100 at this moment').waitFor({ timeout: 10_000 });
    });
  });

  it('shows who has had a shipment, hand by hand, and that it goes to somebody else than who ordered it', async () => {
    await withPage(async (page) => {
      await page.goto(link());
      await page.waitForSelector('table.holdings tbody tr');
      await page.goto(`${query.url}/app/nvidia/shipments?at=2023-12-30`);
      const sent = page.locator('tr', { hasText: 'PO-TSLA-1' });
      await sent.getByText('ordered by tesla').waitFor();
      await sent.getByRole('link', { name: 'who has had it' }).click();
      await page.getByRole('heading', { name: 'Who has had S-1' }).waitFor();
      expect(await cells(page, '.custody table')).toEqual([
        ['11 Dec 2023, 08:00 UTC', 'Shipment dispatched #11', 'nvidia', 'carrier-1', '12,000 H100'],
        ['28 Dec 2023, 16:00 UTC', 'Shipment received #15', 'carrier-1', 'x', '12,000 H100'],
      ]);
      expect(page.url()).toContain('shipment=S-1');
    });
  });

  it('saves what is on the screen, with its filters and its moment, whatever the view counts it from', async () => {
    await withPage(async (page) => {
      await page.goto(link());
      await page.waitForSelector('table.holdings tbody tr');
      const saved = async (path: string): Promise<{ name: string; at: string; data: Record<string, unknown>[] }> => {
        await page.goto(`${query.url}/app/nvidia/${path}`);
        const coming = page.waitForEvent('download');
        await page.getByRole('button', { name: 'JSON', disabled: false }).click();
        const file = await coming;
        const text = readFileSync(await file.path(), 'utf8');
        return {
          ...(JSON.parse(text) as { at: string; data: Record<string, unknown>[] }),
          name: file.suggestedFilename(),
        };
      };
      const lines = await saved('delivery?order=PO-TSLA-1&at=2023-12-30');
      expect([lines.name, lines.at, lines.data.length]).toEqual([
        'nvidia-order-lines-2023-12-30.json',
        '2023-12-30',
        1,
      ]);
      expect(lines.data[0]).toMatchObject({
        ...{
          order: 'PO-TSLA-1',
          line: '1',
          buyer: 'tesla',
          due: '2023-12-31',
          arrived: 12_000,
          reasons: '12,000 went to x',
        },
        timeline: '12,000 sent on 11 Dec 2023, on S-1; 12,000 arrived by 28 Dec 2023, with S-1',
      });
      const supply = await saved('delivery?show=supply&at=2023-12-30');
      expect(supply.data[0]).toMatchObject({ item: 'H100', supplier: 'nvidia', promised: 12_000, delivered: 12_000 });
      const sent = await saved('shipments?shipment=S-1&at=2023-12-30');
      expect(sent.data).toMatchObject([{ shipment: 'S-1', consignee: 'x', buyer: 'tesla', received: 12_000 }]);
      expect((await saved('swaps?swap=SW-1')).data).toMatchObject([{ swap: 'SW-1' }]);
      const pairs = await saved('flags?show=pair&party=tesla&with=x&rule=related-party&at=2023-12-30');
      expect(pairs.data).toMatchObject([{ parties: ['tesla', 'x'], count: 1 }]);

      // Of events, those about the same thing.
      await page.goto(`${query.url}/app/nvidia/events?at=2023-12-30`);
      await page.getByRole('link', { name: 'shipment/S-1' }).first().click();
      await page.waitForURL(/subject=shipment%2FS-1/);
      await page.waitForFunction("document.querySelectorAll('.view tbody tr').length === 2");
      expect((await cells(page, '.view .table')).map(([event]) => event?.split('\n')[0])).toEqual([
        'Shipment received #15',
        'Shipment dispatched #11',
      ]);
    });
  });

  it('tells whose place was taken by which event and on whose authority, though a party may not see what others have', async () => {
    const keyOfX = await query.key({ name: 'place-of-x', roles: ['read'], party: 'x' });
    await withPage(async (page) => {
      await page.addInitScript(`sessionStorage.setItem('lading.key', '${keyOfX}')`);
      await page.goto(`${query.url}/app/nvidia/delivery?item=H100&at=2023-12-30`);
      const taken = page.locator('.queue tr', { hasText: 'took the place of x' }).first();
      await taken.locator('li').waitFor();
      expect(await taken.locator('th').innerText()).toMatch(
        /^tesla took the place of x\s+6,000 from x: Swap executed #14\s+Swap SW-1, authorised by elon-musk, accepted by tesla and x: .+ evidence\)$/,
      );
      // Its line has units to come, so it is not said that there are none.
      await page.goto(
        `${query.url}/app/nvidia/delivery?at=2023-12-30&why=order%3APO-X-1~line%3A2~stage%3Aordered&by=lineage`,
      );
      await page.getByText('None that this key may see are there at this moment.').waitFor();
    });
  });

  it('shows of the events those that a flag stands on, and what happened on some days; and where the units of the legs of a swap are', async () => {
    await withPage(async (page) => {
      await page.goto(link());
      await page.waitForSelector('table.holdings tbody tr');
      const moment = 'at=2023-12-30&known=15';
      await page.goto(`${query.url}/app/nvidia/events?${moment}`);
      const shows = (...names: string[]) =>
        expect
          .poll(async () => (await cells(page, '.table')).map(([name = '']) => name.split('\n')[0]), {
            timeout: 60_000,
          })
          .toEqual(names);
      const flag = page.locator('label.field', { hasText: /^Flag/ }).locator('select');
      await flag.selectOption('related-party');
      await page.waitForURL(/flag=related-party/);
      await shows('Swap executed #14', 'Swap proposed #12');
      await page.getByLabel('Happened from').fill('2023-12-19');
      await page.waitForURL(/from=2023-12-19/);
      await shows('Swap executed #14');
      await flag.selectOption('oversold');
      await page.getByText('Nothing that you ask for has happened').waitFor();
      await flag.selectOption('All');
      await page.getByLabel('To the end of').fill('2023-12-28');
      await shows('Shipment received #15', 'Swap executed #14');

      await page.goto(`${query.url}/app/nvidia/swaps?at=2023-12-20&known=15`);
      await page.getByRole('region', { name: 'Legs of SW-1' }).waitFor();
      await page.getByText('12,000 in transit').waitFor();
      expect(
        (await cells(page, '[aria-label="Legs of SW-1"] table')).map((row) => [row[0], ...row.slice(4, 7)]),
      ).toEqual([
        ['tesla → x', '0', '12,000', '12,000 in transit'],
        ['x → tesla', '0', '6,000', '6,000 ordered'],
        ['x → tesla', '0', '6,000', '6,000 ordered'],
      ]);
    });
  });

  it('checks files of evidence and bundles without a network, and says of a damaged one that it proves nothing', async () => {
    await withPage(async (page) => {
      await signLedger(query.pool, 'nvidia');
      const accept = { accept: 'text/html' };
      const { bytes } = await query.get('/v1/ledgers/nvidia/events/14/evidence', { headers: accept });
      const { proof, keys } = readEvidenceFile(bytes);
      await page.goto(link());
      await page.waitForSelector('table.holdings tbody tr');
      await page.getByRole('link', { name: 'Events' }).click();
      await page.getByRole('button', { name: 'Check a file' }).click();
      await page.waitForSelector('.drop');
      const stored = storedCheckpoints(query.pool, 'nvidia');
      const { log } = await verifierKeysOf(query.pool, 'nvidia');
      const header = { kind: 'whole' as const, ledger: 'nvidia', size: await stored.newest(), keys: log };
      const archive = wholeArchive(header, fromJournal(query.pool, 'nvidia', stored));
      const bundle = Buffer.concat((await compressed(archive).toArray()) as Buffer[]);
      const check = async (name: string, content: Buffer | string) => {
        await page.locator('.drop input').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(content) });
        await page.locator('section h3', { hasText: name }).waitFor();
        return page.locator('.verdict').getAttribute('class');
      };
      // From here on nothing is asked of anybody.
      await page.context().setOffline(true);
      expect(await check('event.html', bytes)).toBe('verdict held');
      expect(await page.locator('.drawer').innerText()).toContain('Swap executed #14');
      // A proof alone brings no key: only who has one from somewhere else can say.
      expect(await check('event.tlog-proof', proof)).toBe('verdict unknown');
      await page.getByLabel('Your own copy').fill(log.join('\n'));
      await page.waitForSelector('.verdict.held');
      expect([await check('nvidia.bundle', bundle), await page.locator('.verdict').innerText()]).toEqual([
        'verdict held',
        expect.stringContaining(`the first ${header.size} events of the ledger nvidia`),
      ]);
      expect(await cells(page, '.drawer .table')).toHaveLength(header.size);
      const changed = Buffer.from(bundle);
      changed[bundle.length >> 1]! ^= 1;
      expect(await check('changed.bundle', changed)).toBe('verdict broken');
      expect(await check('cut-off.bundle', bundle.subarray(0, -9))).toBe('verdict broken');
      for (const [what, , damage] of DAMAGES.filter(([what]) => /a bit of|cut off|the index$/.test(what))) {
        if (what.includes('witness')) continue;
        expect([what, await check(what, damage({ proof, keys }).proof)]).toEqual([what, 'verdict broken']);
      }
      // Nor does a browser open in the place of the page what is dropped anywhere on it.
      await page.getByRole('link', { name: 'Holdings' }).click();
      const drop = async (name: string, content: Buffer, size = content.length) => {
        await page.evaluate(dropping(name, content, size));
        await page.locator('section h3', { hasText: name }).waitFor();
        return page.locator('.verdict').getAttribute('class');
      };
      expect(await drop('dropped.bundle', bundle)).toBe('verdict held');
      await page.getByRole('link', { name: 'Holdings' }).click();
      expect(await drop('damaged.bundle', changed)).toBe('verdict broken');
      expect(await drop('large.gz', bundle.subarray(0, 10), 50_000_000)).toBe('verdict broken');
      expect(await drop('large.txt', Buffer.from('once'), 50_000_000)).toBe('verdict broken');
      await page.context().setOffline(false);
    });
  });

  it('says so where a view cannot be loaded, keeps what is around it, and shows it when the page is loaded again', async () => {
    await withPage(async (page) => {
      await page.goto(link());
      await page.waitForSelector('table.holdings tbody tr');
      await page.context().setOffline(true);
      await page.getByRole('link', { name: 'Flags' }).click();
      await page.getByRole('alert').getByText('This could not be shown').waitFor();
      await page.setViewportSize({ width: 320, height: 900 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
      await page.getByRole('link', { name: 'Holdings' }).click();
      await page.waitForSelector('table.holdings tbody tr');
      await page.getByRole('link', { name: 'Flags' }).click();
      await page.context().setOffline(false);
      await page.getByRole('button', { name: 'Load the page again' }).click();
      await page.getByRole('heading', { name: 'What needs a look' }).waitFor();
      await page.context().setOffline(true);
      await page.keyboard.press('/');
      await page.getByRole('alert').getByText('This could not be shown').waitFor();
      expect(await page.getByRole('heading', { name: 'What needs a look' }).isVisible()).toBe(true);
      await page.context().setOffline(false);
    });
  });

  it('has no barrier on any view, in both themes and at three widths, and never scrolls sideways', async () => {
    await withPage(async (page) => {
      await page.goto(link());
      await page.waitForSelector('table.holdings tbody tr');
      await page.evaluate(readFileSync(AXE, 'utf8'));
      const found: unknown[] = [];
      for (const [i, view] of VIEWS.entries()) {
        await page.getByRole('link', { name: view, exact: true }).click();
        await page.waitForSelector('.view tbody tr, .view .state, .view form');
        for (const [j, width] of [320, 1280, 2560].entries()) {
          const colorScheme = (i + j) % 2 === 0 ? 'light' : 'dark';
          await page.setViewportSize({ width, height: 900 });
          await page.emulateMedia({ colorScheme });
          const barriers = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(RUN_AXE);
          found.push(...barriers.map(({ id, nodes }) => [view, width, colorScheme, id, nodes.map(({ html }) => html)]));
          if (await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth'))
            found.push([view, width, 'scrolls sideways']);
          if (await page.evaluate<boolean>(CUT_OFF)) found.push([view, width, 'the name of a table is cut off']);
          if (await page.evaluate<boolean>(NARROWER)) found.push([view, width, 'is narrower than the bar of time']);
        }
      }
      // The statement of two parties, on the screen and as it is printed: the page of paper has nothing of the dashboard on it.
      await page.setViewportSize({ width: 320, height: 900 });
      await page.goto(`${query.url}/app/nvidia/swaps?show=statement&from=2023-12-01&to=2024-03-31`);
      await page.locator('.statement .signatures').waitFor();
      await page.evaluate(readFileSync(AXE, 'utf8'));
      for (const media of ['screen', 'print'] as const) {
        await page.emulateMedia({ media, colorScheme: 'dark' });
        const barriers = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(RUN_AXE);
        found.push(...barriers.map(({ id, nodes }) => ['statement', media, id, nodes.map(({ html }) => html)]));
      }
      // The balance of a swap over time is a line for each of the two, with the same values as rows.
      await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
      await page.goto(`${query.url}/app/nvidia/swaps?over=SW-1`);
      await page.locator('svg.over-time path.line.of-1').waitFor();
      await page.getByText('The same as a table').click();
      const [owed, owes] = (await cells(page, '.as-table .table')).at(-1)?.slice(1) ?? [];
      expect([owed, owes]).toEqual([expect.stringMatching(/^[1-9][0-9,]+$/), `−${owed ?? ''}`]);
      await page.evaluate(readFileSync(AXE, 'utf8'));
      const inChart = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(RUN_AXE);
      found.push(...inChart.map(({ id, nodes }) => ['balance over time', id, nodes.map(({ html }) => html)]));
      await page.goto(`${query.url}/app/nvidia/swaps?show=statement&from=2023-12-01&to=2024-03-31`);
      await page.locator('.statement .signatures').waitFor();
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      const printed = ['.band', '.time-bar', '.statement-tools', '.statement', '.signatures'];
      expect(await Promise.all(printed.map((part) => page.locator(part).first().isVisible()))).toEqual([
        ...[false, false, false, true, true],
      ]);
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
      // A view says on paper of which moment it is, which the bar says on the screen.
      await page.goto(`${query.url}/app/nvidia/holdings?at=2023-12-20`);
      await page.waitForSelector('table.holdings tbody tr');
      expect(await page.locator('.only-print').innerText()).toMatch(
        /^Ledger nvidia, as of the end of 20 Dec 2023, asked on /,
      );
      expect(await page.locator('.sort').first().isVisible()).toBe(false);
      expect(found).toEqual([]);
    });
  });

  it('has room for names as long as they may be, on a telephone and beside the names of all views', async () => {
    const owner = 'W'.repeat(128);
    await query.submit('lading.party.registered.v1', { party: owner, name: owner, roles: ['customer'] });
    await query.journal.open('long', { name: 'L'.repeat(200), keeper: 'x' }, 'tests');
    await withPage(async (page) => {
      await page.goto(link());
      await page.waitForSelector('table.holdings tbody tr');
      await page.getByRole('link', { name: 'Events' }).click();
      await page.locator('.view .tools option', { hasText: owner }).waitFor({ state: 'attached' });
      for (const width of [320, 768, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        expect([width, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([width, width]);
        const hidden = `(() => { const nav = document.querySelector('.band nav'); return nav.scrollWidth - nav.clientWidth; })()`;
        expect([width, await page.evaluate(hidden)]).toEqual([width, 0]);
      }
    });
  });

  it('says in words all that it draws of an order line, however many shipments that is, and that it came late', async () => {
    const of = { order: 'PO-PARTS', line: '1', owner: 'tesla' };
    await query.submit(
      'lading.order.placed.v1',
      {
        ...{ order: 'PO-PARTS', buyer: 'tesla', supplier: 'nvidia' },
        lines: [{ line: '1', item: 'H100', quantity: 30, window: { from: '2025-01-01', to: '2025-01-10' } }],
      },
      '2024-12-01T10:00:00Z',
    );
    for (const at of [1, 2, 3]) {
      const shipment = `S-PART-${at}`;
      const lines = [{ ...of, quantity: 10 }];
      await query.submit(
        'lading.shipment.dispatched.v1',
        { shipment, consignee: 'tesla', carrier: 'carrier-1', lines },
        `2025-01-0${at}T10:00:00Z`,
      );
      for (const day of [8, 9])
        await query.submit(
          'lading.shipment.received.v1',
          { shipment, by: 'tesla', lines: [{ ...of, received: 5 }] },
          `2025-01-${at === 3 ? day + 5 : `0${day}`}T10:00:00Z`,
        );
    }
    await withPage(async (page) => {
      await page.goto(link());
      await page.waitForSelector('table.holdings tbody tr');
      await page.goto(`${query.url}/app/nvidia/delivery?order=PO-PARTS&at=2025-02-01`);
      const row = page.locator('tr', { hasText: 'PO-PARTS' });
      await row.locator('details').waitFor();
      expect(await row.locator('.on-timeline li').allTextContents()).toEqual([
        ...['10 sent on 3 Jan 2025, on S-PART-3'],
        ...[
          '10 arrived by 9 Jan 2025, with S-PART-1',
          '10 arrived by 9 Jan 2025, with S-PART-2',
          '10 arrived by 14 Jan 2025, with S-PART-3',
        ],
        ...['10 sent on 1 Jan 2025, on S-PART-1', '10 sent on 2 Jan 2025, on S-PART-2'],
      ]);
      expect(await row.locator('.tag').innerText()).toBe('came late');
      expect(await row.locator('.reasons li').allTextContents()).toEqual([
        'S-PART-3 had not all arrived before 14 Jan 2025',
      ]);
    });
  });

  it('stays as small as it is while thousands of events come, and is scrolled through all of them', async () => {
    await withPage(async (page) => {
      await page.goto(link());
      await page.waitForSelector('table.holdings tbody tr');
      await page.getByRole('link', { name: 'Events' }).click();
      await page.waitForSelector('.view tbody tr');
      const parts = Array.from({ length: 4 }, (_, part) =>
        Array.from({ length: 750 }, (__, i) => party(`soak-${part}-${i}`)),
      );
      const looks = await soak(page, query, parts, 750);
      expect(looks.every(({ rows }) => rows > 10 && rows < 200)).toBe(true);
      // What is kept of an event that is not shown would be there 750 times: 2 MB is less than 3 kB of each.
      expect((looks[3]?.heap ?? 0) - (looks[2]?.heap ?? 0)).toBeLessThan(2);
      expect(await scrollToEnd(page, 'Ledger opened')).toBeLessThan(200);
    });
  });

  it('the bar of time of thousands of events reaches from the first to the last, and steps from each to the next', async () => {
    const moments = new Set<string>();
    for (let next: string | null = ''; next !== null; ) {
      const from: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
      const { body } = await query.get(`/v1/ledgers/nvidia/activity?limit=1000${from}`);
      for (const { sequence, occurred } of body.data) if (Number(sequence) > 1) moments.add(String(occurred));
      next = body.next;
    }
    const [first = '', ...others] = [...moments].sort().slice(0, 9);
    expect(others).toHaveLength(8);
    await withPage(async (page) => {
      await page.goto(link());
      await page.waitForSelector('.track .tick', { state: 'attached' });
      await page.getByRole('slider', { name: 'When it was true' }).focus();
      const at = async (moment: string) => {
        await page.waitForURL((url) => Date.parse(url.searchParams.get('at') ?? '') === Date.parse(moment));
      };
      await page.keyboard.press('Home');
      await at(first);
      const after = page.getByRole('button', { name: 'Event after' });
      for (const moment of others) {
        await after.click();
        await at(moment);
      }
      await page.getByRole('button', { name: 'Event before' }).click();
      await at(others.at(-2)!);
      expect(await page.locator('.track .tick title').first().textContent()).toContain('events');
    });
  });
});
