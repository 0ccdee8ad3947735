import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN_KEY, type QueryService, startQuery } from '#test/setup/startQuery';
import { withPage } from '#test/setup/withPage';

let query: QueryService;
beforeAll(async () => {
  query = await startQuery();
});
afterAll(() => query.stop());

describe('the documents', () => {
  it.each(['/openapi.json', '/asyncapi.json', '/docs', '/docs/'])('%s is answered without a key', async (path) => {
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
      await route.locator('tr[data-param-name="ledger"] input').fill('nvidia');
      await route.locator('button.execute').click();
      const status = route.locator('table.live-responses-table tbody .response-col_status').first();
      expect(await status.textContent()).toContain('200');
      expect(errors).toEqual([]);
      expect(elsewhere).toEqual([]);
    });
  });
});
