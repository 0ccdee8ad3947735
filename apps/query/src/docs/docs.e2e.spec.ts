import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { eventTypes } from '#contracts/catalog';
import { ADMIN_KEY, type QueryService, startQuery } from '#test/setup/startQuery';
import { withPage } from '#test/setup/withPage';

let query: QueryService;
beforeAll(async () => {
  query = await startQuery();
});
afterAll(() => query.stop());

describe('the documents', () => {
  it.each(['/openapi.json', '/asyncapi.json', '/docs', '/docs/', '/'])('%s is answered without a key', async (path) => {
    expect((await query.get(path, { key: null })).status).toBe(200);
  });

  it.each(['/openapi.json', '/asyncapi.json', '/docs', '/docs/swagger-ui-bundle.js'])(
    '%s is sent once to a client that keeps it',
    async (path) => {
      const { headers } = await query.get(path, { key: null });
      const again = await query.get(path, { key: null, headers: { 'if-none-match': headers.get('etag') ?? '' } });
      expect([again.status, again.bytes.length]).toEqual([304, 0]);
    },
  );

  it.each(['/docs/..%2f..%2fpackage.json', '/docs/%2e%2e/secret', '/docs/%00', '/docs/%ff', '/docs//', '/docs/none'])(
    '%s is no document: 400 or 404 as a problem document',
    async (path) => {
      const { status, headers } = await query.get(path, { key: null });
      expect([400, 404]).toContain(status);
      expect(headers.get('content-type')).toBe('application/problem+json');
    },
  );

  it('the address alone leads to the page, and names the documents for programs', async () => {
    const { status, headers } = await fetch(`${query.url}/`, { redirect: 'manual' });
    expect([status, headers.get('location')]).toEqual([302, '/docs']);
    expect(headers.get('link')).toBe('</openapi.json>; rel="service-desc", </docs>; rel="service-doc"');
  });

  it('the JSON Schema of each event type and of the envelope is served, and takes the examples', async () => {
    for (const file of ['envelope', ...eventTypes]) {
      const { status, headers, bytes } = await query.get(`/schemas/${file}.json`, { key: null });
      expect([file, status, headers.get('content-type')]).toEqual([file, 200, 'application/schema+json']);
      expect(headers.get('etag')).toMatch(/^W\/".+"$/);
      const schema = JSON.parse(bytes.toString()) as { $id: string; $defs: { submitted: { examples?: unknown[] } } };
      const ajv = formats.default(new Ajv2020({ strict: false }));
      ajv.addSchema(schema);
      const validate = ajv.getSchema(`${schema.$id}#/$defs/submitted`)!;
      for (const example of schema.$defs.submitted.examples ?? [])
        expect([file, validate(example)]).toEqual([file, true]);
      expect([file, validate('no object')]).toEqual([file, false]);
    }
    expect((await query.get('/schemas/lading.nothing.v1.json', { key: null })).status).toBe(404);
  });

  it('the page names nothing that is anywhere else', async () => {
    const { bytes } = await query.get('/docs', { key: null });
    expect(bytes.toString()).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  it('the page shows every route, and asks one with a key, without an error, and loads nothing from anywhere else', async () => {
    const { body } = await query.get<{ paths: Record<string, object> }>('/openapi.json');
    await withPage(async (page) => {
      const errors: string[] = [];
      const elsewhere: string[] = [];
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('request', (request) => {
        const url = request.url();
        if (!url.startsWith(query.url) && !/^(data|blob):/.test(url)) elsewhere.push(url);
      });

      await page.goto(`${query.url}/docs`);
      await page.waitForSelector('.opblock');
      const shown = await page.locator('.opblock-summary-path').allTextContents();
      // The page breaks long paths with zero-width spaces.
      const routes = Object.entries(body.paths).flatMap(([path, methods]) => Object.keys(methods).map(() => path));
      expect(shown.map((path) => path.replaceAll('\u200b', '')).sort()).toEqual(routes.sort());

      await page.locator('button.authorize').first().click();
      await page.locator('.auth-container input').fill(ADMIN_KEY);
      await page.locator('.auth-btn-wrapper button.authorize').click();
      await page.locator('.auth-btn-wrapper button.btn-done').click();
      const route = page.locator('.opblock', { hasText: 'The events of a ledger, in order' });
      await route.locator('.opblock-summary-control').click();
      const asked = page.waitForRequest((request) => request.url().includes('/v1/'));
      await route.locator('button.execute').click();
      // The example of what is required is filled in, and nothing that may be left out.
      expect((await asked).url()).toBe(`${query.url}/v1/ledgers/nvidia/events`);
      const status = route.locator('table.live-responses-table tbody .response-col_status').first();
      expect(await status.textContent()).toContain('200');
      const kept = 'JSON.stringify([Object.values(localStorage), Object.values(sessionStorage), document.cookie])';
      expect(await page.evaluate(kept)).not.toContain(ADMIN_KEY);
      await page.reload();
      await page.waitForSelector('.opblock');
      expect(await page.locator('button.authorize.unlocked').count()).toBeGreaterThan(0);
      expect(await page.locator('button.authorize.locked').count()).toBe(0);
      expect(errors).toEqual([]);
      expect(elsewhere).toEqual([]);
    });
  });
});
