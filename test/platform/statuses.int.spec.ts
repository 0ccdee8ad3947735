import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { AllInOneModule } from '#apps/cli/src/up/allInOne.module';
import { contractDocument } from '#apps/cli/src/up/contractDocument';
import { SwapsModule } from '#apps/swaps/src/swaps.module';
import { Problem } from '#contracts/problem';
import { serveDocs } from '#platform/docs/serveDocs';
import { readConfig, type WithDatabase } from '#platform/service/config';
import { createApp } from '#platform/service/createApp';
import { listenOn } from '#platform/http/listenOn';
import { migrate } from '#platform/database/migrate';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { eventually } from '#test/feed/eventually';
import { freshDatabase } from '#test/setup/freshDatabase';
import { temporaryFolder } from '#test/setup/temporaryFolder';

const ADMIN = 'lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6';
const AUTHORIZATION = `Authorization: Bearer ${ADMIN}\r\n`;

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

const document = await contractDocument();
const methodsOf = (path: string) => Object.keys(document.paths[path] as object).map((method) => method.toUpperCase());
const paths = Object.keys(document.paths);
const routes = paths.flatMap((path) => methodsOf(path).map((method): [string, string] => [method, path]));
/** A path of the document with something in each place. */
const filled = (path: string): string => path.replace('{file}', 'envelope.json').replaceAll(/\{\w+\}/g, 'x');

const apps: NestFastifyApplication[] = [];
const ports: number[] = [];
let folder: string;
const SERVICES = ['the front door', 'a writing service'];

beforeAll(async () => {
  const database = await freshDatabase({
    template: 'all in one',
    migrate: (url) => migrate(url, projectionMigrations),
  });
  folder = await temporaryFolder('statuses');
  const settings = { LADING_DATA: folder, LADING_ADMIN_KEY: ADMIN, LOG_LEVEL: 'silent', LADING_PORT: '0' };
  const env = { DATABASE_URL: database.url, ...settings };
  const config = readConfig({ env }) as WithDatabase;
  for (const [module, part] of [
    [AllInOneModule.with({ kafkaBrokers: [] }), undefined],
    [SwapsModule, 'swaps'],
  ] as const) {
    const app = await createApp(module, config, {
      prepare: (made) => {
        serveDocs(made, part);
      },
    });
    ports.push(Number(new URL(await listenOn(app, config)).port));
    apps.push(app);
  }
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends bytes as they are, and reads one answer. `{host}` stands for a right Host header. */
async function raw(bytes: string, service = 0): Promise<Answer> {
  const port = ports[service]!;
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  // The server may close while the client is still sending.
  socket.on('error', () => undefined);
  socket.write(bytes.replaceAll('{host}', `Host: 127.0.0.1:${port}\r\nConnection: close\r\n`), 'latin1');
  await once(socket, 'close');
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return { status: Number(first.split(' ')[1]), headers, body };
}

function problemOf({ status, headers, body }: Answer): Problem {
  expect([status, headers['content-type']]).toEqual([status, 'application/problem+json']);
  const problem = Problem.parse(JSON.parse(body));
  expect(problem.status).toBe(status);
  return problem;
}

describe('every refusal of HTTP is a problem document', () => {
  it.each(paths)(
    'a method that %s does not take is answered with 405, and Allow names those that it takes',
    async (path) => {
      const taken = methodsOf(path);
      const expected = [...new Set([...taken, ...(taken.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])].sort();
      // A path may stand in the document twice, with another name for its parameter.
      for (const method of ['DELETE', 'PATCH', 'TRACE', 'PUT', 'POST', 'GET'].filter(
        (one) => !expected.includes(one),
      )) {
        const answer = await raw(`${method} ${filled(path)} HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n`);
        if (answer.status !== 405) {
          expect(
            paths.filter((other) => filled(other) === filled(path) && methodsOf(other).includes(method)),
          ).not.toEqual([]);
          continue;
        }
        expect(problemOf(answer)).toMatchObject({ code: 'method-not-allowed', instance: filled(path) });
        expect(answer.headers.allow?.split(', ')).toEqual(expect.arrayContaining(expected));
        expect(answer.headers.allow).not.toContain(method);
      }
      const options = await raw(`OPTIONS ${filled(path)} HTTP/1.1\r\n{host}\r\n`);
      expect([options.status, options.body]).toEqual([204, '']);
      expect(options.headers.allow?.split(', ')).toEqual(expect.arrayContaining(expected));
    },
  );

  it.each(routes)('what cannot be had of %s %s is answered with 406, and what can be had', async (method, path) => {
    const type = method === 'GET' ? '' : 'Content-Type: application/json\r\nContent-Length: 2\r\n';
    const answer = await raw(
      `${method} ${filled(path)} HTTP/1.1\r\n{host}${AUTHORIZATION}Accept: video/mp4\r\n${type}\r\n${type && '{}'}`,
    );
    expect([method, path, answer.status]).toEqual([method, path, 406]);
    const { code, available } = problemOf(answer);
    expect([code, available]).toEqual(['not-acceptable', expect.any(Array)]);
    const { responses } = (document.paths[path] as Record<string, Operation>)[method.toLowerCase()]!;
    const described = Object.entries(responses).filter(([status]) => /^[23]/.test(status));
    const types = described.flatMap(([, { content = {} }]) => Object.keys(content).map((one) => one.split(';', 1)[0]));
    expect((available as string[]).toSorted()).toEqual([...new Set(types)].sort());
  });

  it.each(SERVICES)('what HTTP itself refuses is answered by %s with a problem document', async (name) => {
    const service = SERVICES.indexOf(name);
    const path = '/health/live';
    const cases: [what: string, bytes: string, status: number, code: string][] = [
      ['no HTTP', 'hello\r\n\r\n', 400, 'malformed'],
      ['no Host', `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`, 400, 'malformed'],
      ['two Hosts', `GET ${path} HTTP/1.1\r\n{host}Host: other\r\n\r\n`, 400, 'malformed'],
      [
        'two keys',
        `GET ${path} HTTP/1.1\r\n{host}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n`,
        400,
        'malformed',
      ],
      [
        'two ids',
        `POST ${path} HTTP/1.1\r\n{host}Idempotency-Key: a\r\nidempotency-key: b\r\nContent-Length: 0\r\n\r\n`,
        400,
        'malformed',
      ],
      ['the same Host twice', `GET ${path} HTTP/1.1\r\n{host}{host}\r\n`, 400, 'malformed'],
      [
        'two lengths',
        `POST ${path} HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\na`,
        400,
        'malformed',
      ],
      ['a header without a colon', `GET ${path} HTTP/1.1\r\n{host}nonsense\r\n\r\n`, 400, 'malformed'],
      ['a control character in a header', `GET ${path} HTTP/1.1\r\n{host}X: a\x01b\r\n\r\n`, 400, 'malformed'],
      ['a method that nobody knows', `FOO ${path} HTTP/1.1\r\n{host}\r\n`, 400, 'malformed'],
      ['a method of another protocol', `PROPFIND ${path} HTTP/1.1\r\n{host}\r\n`, 405, 'method-not-allowed'],
      ['a proxy request', `CONNECT example.com:443 HTTP/1.1\r\n{host}\r\n`, 405, 'method-not-allowed'],
      ['no such path', `GET /nowhere HTTP/1.1\r\n{host}\r\n`, 404, 'not-found'],
      [
        'no such path, with a body',
        `POST /nowhere HTTP/1.1\r\n{host}Content-Type: text/plain\r\nContent-Length: 1\r\n\r\na`,
        404,
        'not-found',
      ],
      ['a path that cannot be decoded', `GET /v1/ledgers/%zz HTTP/1.1\r\n{host}\r\n`, 400, 'malformed'],
      ['an address of 9,000 characters', `GET ${path}?a=${'a'.repeat(9_000)} HTTP/1.1\r\n{host}\r\n`, 414, 'too-large'],
      [
        'an address of 60,000 characters',
        `GET ${path}?a=${'a'.repeat(60_000)} HTTP/1.1\r\n{host}\r\n`,
        414,
        'too-large',
      ],
      [
        'a name of 2,000 characters',
        `GET /v1/ledgers/${'a'.repeat(2_000)}/holdings HTTP/1.1\r\n{host}\r\n`,
        service === 0 ? 414 : 404,
        service === 0 ? 'too-large' : 'not-found',
      ],
      [
        'headers of 60,000 characters',
        `GET ${path} HTTP/1.1\r\n{host}X: ${'a'.repeat(60_000)}\r\n\r\n`,
        431,
        'too-large',
      ],
      ['an expectation', `GET ${path} HTTP/1.1\r\n{host}Expect: a miracle\r\n\r\n`, 417, 'expectation-failed'],
    ]; // prettier-ignore
    for (const [what, bytes, status, code] of cases) {
      const answer = await raw(bytes, service);
      expect([what, answer.status]).toEqual([what, status]);
      expect([what, problemOf(answer)]).toEqual([what, expect.objectContaining({ code })]);
      // What was sent is not said again at length.
      expect([what, problemOf(answer).detail.length < 200]).toEqual([what, true]);
    }
  });

  it('a request of HTTP/1.0 needs no Host, and 100-continue is an expectation that is met', async () => {
    expect(await raw('GET /health/live HTTP/1.0\r\n\r\n')).toMatchObject({ status: 200 });
    const { status } = await raw(`GET /health/live HTTP/1.1\r\n{host}Expect: 100-continue\r\n\r\n`);
    expect([100, 200]).toContain(status);
  });

  it.each(paths)('HEAD of %s says what GET says, without the body', async (path) => {
    if (path.endsWith('/stream') || !methodsOf(path).includes('GET')) return;
    const ask = (method: string) => raw(`${method} ${filled(path)} HTTP/1.1\r\n{host}${AUTHORIZATION}\r\n`);
    // Whether it is ready may change from the one to the other.
    await eventually(async () => {
      const [get, head] = [await ask('GET'), await ask('HEAD')];
      const { 'content-type': type } = get.headers;
      expect([head.status, head.headers['content-type'], head.body]).toEqual([get.status, type, '']);
    });
  });

  it('OPTIONS * names what the server takes', async () => {
    const { status, headers } = await raw('OPTIONS * HTTP/1.1\r\n{host}\r\n');
    expect([status, headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS, POST, PUT']);
  });

  it.each(routes)('the document names the refusals of %s %s', (method, path) => {
    const { responses } = (document.paths[path] as Record<string, Operation>)[method.toLowerCase()]!;
    const everywhere = ['400', '405', '406', '408', '414', '417', '431', '500', '503'];
    const ofV1 = path.startsWith('/v1') ? ['401', '403', '429'] : [];
    const written = method === 'GET' ? [] : ['409', '413', '415'];
    expect(Object.keys(responses)).toEqual(expect.arrayContaining([...everywhere, ...ofV1, ...written]));
  });
});
