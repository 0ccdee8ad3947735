import { afterAll, beforeAll, expect, it } from 'vitest';
import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { DAMAGES, sampleEvidence } from '#test/evidence/sampleEvidence';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { withPage } from '#test/setup/withPage';
import { evidencePage } from '../evidenceFile.ts';

const GOLDEN = new URL('../../../contracts/golden/lading.swap.executed.v1.fields.json', import.meta.url);
const said = JSON.parse(readFileSync(GOLDEN, 'utf8')) as { data: object };
/** What somebody may write into an event: HTML, a text that turns round what stands after it, and one without a blank. */
const note = `<img src=x onerror="document.title='run'"></pre><script>document.title='run'</script> \u202egnorts ${'W'.repeat(400)}`;
const event = JSON.stringify({ ...said, data: { ...said.data, note } });

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder('evidence');
});
afterAll(() => rm(folder, { recursive: true }));

/** Opens it as a double click does. */
async function open(page: Page, html: string): Promise<void> {
  const file = join(folder, 'evidence.html');
  writeFileSync(file, html);
  await page.goto(pathToFileURL(file).href);
}

const verdictOf = (page: Page) => page.locator('#verdict').textContent();

it('the page of evidence verifies itself in a browser without a network, and shows a failure for each kind of damage', async () => {
  const sample = await sampleEvidence({ event, witness: 'witness.example/w1' });
  const html = evidencePage('Evidence', sample);
  await withPage(async (page) => {
    await page.context().setOffline(true);
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => requests.push(error.message));
    await page.setViewportSize({ width: 320, height: 600 });

    await open(page, html);
    await page.waitForSelector('#verdict.held');
    expect(await page.locator('#checks .held').count()).toBe(4);
    expect(await page.title()).toBe('Evidence: event 20 of nvidia');
    const body = await page.locator('main').textContent();
    for (const text of [
      '<img src=x',
      '⟨U+202E⟩gnorts',
      'witness.example/w1',
      'tesla: in transit, at dhl, shipment S-1',
    ])
      expect(body).toContain(text);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    expect(requests).toHaveLength(1);

    const ownKey = page.locator('#own-key');
    for (const [key, answer] of [
      [sample.keys[0]!, 'This key signed'],
      [(await sampleEvidence({ event })).keys[0]!, 'did NOT sign'],
      ['lading.example', 'not a whole verifier key'],
    ] as const) {
      await ownKey.fill(key);
      await page.locator('#own-key-said', { hasText: answer }).waitFor();
    }

    for (const [what, finds, damage] of DAMAGES) {
      await open(page, evidencePage('Evidence', damage(sample)));
      await page.waitForSelector('#checks li');
      const found = await page.locator(`#checks .broken[data-check=${finds}]`).count();
      expect([what, found, await verdictOf(page)]).toEqual([what, 1, expect.stringContaining('NOT verified')]);
    }

    await open(page, html.replace(/(?<=<pre id="keys"[^>]*>)[^<]+/, ''));
    await page.locator('#verdict.broken', { hasText: 'There is no verifier key' }).waitFor();
    // A program that was cut off, left out or changed is not run.
    for (const cut of [
      html.slice(0, html.indexOf('</script>')),
      html.slice(0, html.indexOf('id="proof"')),
      html.replace("outcome: 'broken'", "outcome: 'held'"),
    ]) {
      await open(page, cut);
      expect(await verdictOf(page)).toContain('As it is, it proves nothing');
    }
  });
});
