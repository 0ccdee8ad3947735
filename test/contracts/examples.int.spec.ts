import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenAPIObject } from '@nestjs/swagger';
import { signLedger } from '#test/evidence/signLedger';
import { ADMIN_KEY, type QueryService, startQuery } from '#test/setup/startQuery';

let door: QueryService;
let document: OpenAPIObject;
/** As `npm start` leaves it: the ledger nvidia with the memo. */
beforeAll(async () => {
  door = await startQuery();
  for (const file of ['memo/1-up-to-the-memo', 'memo/2-the-memo', 'memo/3-what-if']) await door.play(file);
  await signLedger(door.pool, 'nvidia');
  document = (await door.get<OpenAPIObject>('/openapi.json', { key: null })).body;
});
afterAll(() => door.stop());

interface Shown {
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
interface Operation {
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Shown>> };
}

const operations = (): [method: string, path: string, operation: Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, of]): [string, string, Operation] => [
      method,
      path,
      of,
    ]),
  );

/** What the page sends when nobody changes anything: the example of what is required, and nothing of what may be left out. */
async function tryOut(
  method: string,
  path: string,
  { parameters = [] }: Operation,
  body?: { type: string; value: unknown },
  key = '',
) {
  const required = parameters.filter((parameter) => parameter.required === true);
  let url = path;
  for (const { name, example } of required) url = url.replace(`{${name}}`, encodeURIComponent(String(example)));
  const query = required.filter((parameter) => parameter.in === 'query');
  if (query.length > 0)
    url += `?${new URLSearchParams(query.map(({ name, example }): [string, string] => [name, String(example)])).toString()}`;
  const sent = required
    .filter((parameter) => parameter.in === 'header')
    .map(({ name, example }): [string, string] => [name, `${String(example)}${key}`]);
  const response = await fetch(`${door.url}${url}`, {
    method: method.toUpperCase(),
    redirect: 'manual',
    headers: {
      authorization: `Bearer ${ADMIN_KEY}`,
      ...(Object.fromEntries(sent) as Record<string, string>),
      ...(body && { 'content-type': body.type }),
    },
    ...(body && { body: typeof body.value === 'string' ? body.value : JSON.stringify(body.value) }),
  });
  const { status } = response;
  if (path.endsWith('/stream')) {
    await response.body?.cancel();
    return { status, text: '', url };
  }
  return { status, text: await response.text(), url };
}

const LAST = ['release', 'acceptance', 'execution', 'rejection', 'withdrawal'];
const place = ([, path]: [string, string, Operation]) => 1 + LAST.findIndex((step) => path.endsWith(step));

describe('the examples of the OpenAPI document, on what npm start has', () => {
  it('the first example of every writing route works, and works again', async () => {
    const writing = operations().filter(([, , { requestBody }]) => requestBody !== undefined);
    for (const [method, path, operation] of writing.toSorted((a, b) => place(a) - place(b))) {
      for (const [type, { example, examples = {} }] of Object.entries(operation.requestBody!.content)) {
        // The attributes of binary mode are in headers, which the page leaves to its user; the SDKs' own tests send them.
        if (path.endsWith('/events') && type === 'application/json') continue;
        // The alternatives of a plain route are each an own proposal; those of the events route are one of each type.
        const all = Object.entries(examples);
        const shown = path.endsWith('/swaps') ? all : all.slice(0, 1);
        const bodies =
          example === undefined
            ? shown.map(([name, { value }]) => ({ key: name, value }))
            : [{ key: '', value: example }];
        expect([path, type, bodies.length > 0]).toEqual([path, type, true]);
        for (const { key, value } of bodies) {
          for (const time of ['first', 'again']) {
            const { status, text } = await tryOut(method, path, operation, { type, value }, key);
            expect([path, type, time, text]).toEqual([path, type, time, expect.not.stringContaining('problem')]);
            expect([path, type, time, [200, 201].includes(status)]).toEqual([path, type, time, true]);
          }
        }
      }
    }
  });

  it('the example of every asking route finds something', async () => {
    await door.get(
      `/v1/ledgers/nvidia/holdings?min-sequence=${(await door.get('/v1/ledgers/nvidia/events')).body.sequence}`,
    );
    for (const [method, path, operation] of operations().filter(([one]) => one === 'get')) {
      const { status, text, url } = await tryOut(method, path, operation);
      expect([url, status, text.slice(0, 200)]).toEqual([url, path === '/' ? 302 : 200, expect.any(String)]);
      // Nothing changed between now and now: without a first moment, there is nothing to find.
      if (path.endsWith('/holdings/diff')) continue;
      if (text.includes('"data":[')) expect([url, text]).toEqual([url, expect.not.stringContaining('"data":[]')]);
    }
  });

  it('nothing that may be left out is filled in by the page', () => {
    for (const [method, path, { parameters = [] }] of operations()) {
      const optional = parameters.filter(({ required }) => required !== true);
      const filled = optional.filter((parameter) => /"(example|examples|default)":/.test(JSON.stringify(parameter)));
      expect([method, path, filled]).toEqual([method, path, []]);
    }
  });
});
