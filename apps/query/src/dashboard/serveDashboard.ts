import { CommandBus } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { refusalOfError } from '#intake/answers';
import { OpenLedger } from '#intake/openLedger.handler';
import { readLedgers } from '#journal/reader';
import { heldKeyOf } from '#platform/keys/actor';
import { ACCESS } from '#platform/keys/requires';
import { errorOf, ProblemError } from '#platform/http/problemError';
import { readyMade, sendDocument } from '#platform/http/readyMade';
import { POOL } from '#platform/service/tokens';
import { isOfLink, SignIn } from './signIn.ts';

/** Where the build puts the page: seen from the build of this file, and from its source. */
const PAGES = ['../../../dashboard/page', '../../../../dist/apps/dashboard/page'];

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const PAGE_TYPE = 'text/html; charset=utf-8';
/** The name of an asset has its hash: another content is another name. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/** Nothing from elsewhere, nothing inside of the page, and nobody puts the page into another. */
const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'", "img-src 'self' blob:"],
  ...["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "object-src 'none'"],
  "require-trusted-types-for 'script'",
].join('; ');

const USED_UP =
  'this link was used already, or is older than 15 minutes, or Lading was started again: "npm run -s lading -- dashboard" prints a new one, where Lading runs; or sign in with a key';

/**
 * Adds the dashboard under `/app/`, for `createApp`'s `prepare`. Its files are served from memory: no path of a request reaches the disk.
 * Every other address under `/app/` is a place in the page, which the page itself reads. Where no page was built there is none.
 */
export function serveDashboard(app: NestFastifyApplication): void {
  const folder = PAGES.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path));
  if (folder === undefined) return;
  const fastify = app.getHttpAdapter().getInstance();
  const assets = readdirSync(join(folder, 'assets'));
  for (const name of assets) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const file = readyMade(type, () => readFile(join(folder, 'assets', name)));
    fastify.get(`/app/assets/${name}`, { config: { produces: [type] } }, async (request, reply) =>
      sendDocument(await file(), request, reply, FOR_EVER),
    );
  }
  const page = readyMade(PAGE_TYPE, () => readFile(join(folder, 'index.html')));
  for (const path of ['/app', '/app/', '/app/*']) {
    fastify.get(path, { config: { produces: [PAGE_TYPE] } }, async (request, reply) => {
      if (request.url.startsWith('/app/assets/')) throw gone();
      void reply.headers({ 'content-security-policy': POLICY, 'cross-origin-opener-policy': 'same-origin' });
      return sendDocument(await page(), request, reply);
    });
  }
  // A body is read only when its sender is known (keys/requires.ts), so the code comes in a header, and the method is one without a body.
  fastify.get('/app/session', async (request, reply) => {
    const { 'lading-code': code } = request.headers;
    const signIn = app.get(SignIn, { strict: false });
    const signedIn = typeof code === 'string' ? await signIn.exchange(code) : undefined;
    if (signedIn === undefined) throw new ProblemError(403, 'forbidden', USED_UP);
    return reply.header('cache-control', 'no-store').send(signedIn);
  });
  // Who may do everything may let somebody else in. Its key is asked for before anything else (http/admission.ts).
  fastify.get('/app/link', { config: { [ACCESS]: ['admin'] } }, (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ code: app.get(SignIn, { strict: false }).newCode() }),
  );
  fastify.put('/app/memo', { config: { [ACCESS]: ['admin', 'swaps:write'] } }, async (request, reply) => {
    await openMemo(app, request);
    return reply.header('cache-control', 'no-store').send({ ledger: MEMO });
  });
}

const MEMO = 'nvidia';
/** As `lading demo` opens it, so that either may go on with what the other began. */
const MEMO_TERMS = { name: 'Nvidia allocations', keeper: 'nvidia' };

/**
 * Opens the ledger of the memo for whoever was let in by a link, so that a first visit has something to play. Any other ledger is an
 * admin's to open, and so is this one where there is another.
 */
async function openMemo(app: NestFastifyApplication, request: object): Promise<void> {
  const key = heldKeyOf(request);
  await key.check();
  const { actor } = key;
  if (!actor.roles.includes('admin') && !isOfLink(actor)) throw new ProblemError(403, 'forbidden', NOT_BY_LINK);
  const ledgers = await readLedgers(app.get<pg.Pool>(POOL, { strict: false }));
  const isOther = ledgers.some(({ ledger }) => ledger !== MEMO);
  const opened = isOther
    ? 'different'
    : await app
        .get(CommandBus, { strict: false })
        .execute(new OpenLedger(MEMO, MEMO_TERMS, actor.name))
        .catch(refusalOfError);
  if (typeof opened === 'object') throw errorOf(opened);
  if (opened === 'different') throw new ProblemError(409, 'ledger-exists', NOT_EMPTY);
}

const NOT_BY_LINK =
  'ledgers are opened by an admin key, and the one of the memo also by who was signed in by a link: open the dashboard by the link that "npm run -s lading -- dashboard" prints';
const NOT_EMPTY =
  'the memo is played here while there is no other ledger: with an admin key, "npm run -s lading -- demo" plays it beside others';

const gone = (): ProblemError =>
  new ProblemError(404, 'not-found', 'there is no such file: load the page again, it may be of an earlier version');
