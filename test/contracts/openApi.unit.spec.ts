import { beforeAll, describe, expect, it } from 'vitest';
import type { OpenAPIObject } from '@nestjs/swagger';
import { readFileSync } from 'node:fs';
import { contractDocument } from '#apps/cli/src/up/contractDocument';

const FILE = new URL('../../libs/contracts/generated/openapi.json', import.meta.url);

let document: OpenAPIObject;
beforeAll(async () => {
  document = await contractDocument();
});

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, unknown>>;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

const operations = (): [route: string, path: string, operation: Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]): [string, string, Operation] => [
      `${method} ${path}`,
      path,
      operation,
    ]),
  );

describe('the OpenAPI document of the whole contract', () => {
  it('is generated/openapi.json (npm run generate)', () => {
    expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('is OpenAPI 3.1 with no reference to a schema that it does not have', () => {
    expect(document.openapi).toBe('3.1.0');
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? '');
    const there = ['schemas', 'responses'].flatMap((kind) =>
      Object.keys(document.components?.[kind as 'schemas'] ?? {}).map((name) => `#/components/${kind}/${name}`),
    );
    expect(references).not.toHaveLength(0);
    expect(references.filter((reference) => !there.includes(reference))).toEqual([]);
  });

  it('gives every operation a name of its own, every parameter of its path, and an answer', () => {
    const names = operations().map(([, , { operationId }]) => operationId);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    for (const [route, path, { parameters = [], responses }] of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      expect({ route, described: described.sort() }).toEqual({ route, described: inPath.sort() });
      expect(Object.keys(responses).filter((status) => status.startsWith('2'))).not.toHaveLength(0);
    }
  });

  it('has every route of the contract', () => {
    const L = '/v1/ledgers/{ledger}';
    const lists = ['parties', 'items', 'orders', 'shipments', 'swaps', 'units', 'flags'];
    expect(operations().map(([route]) => route)).toEqual(
      expect.arrayContaining([
        ...['get /v1/ledgers', `put ${L}`, 'get /v1/status', `post ${L}/events`, `post ${L}/reallocations`],
        ...['acceptance', 'rejection', 'withdrawal', 'execution'].map((step) => `post ${L}/swaps/{swap}/${step}`),
        ...[`post ${L}/holds`, `post ${L}/holds/{hold}/release`],
        ...[`post ${L}/swaps`, `get ${L}/holdings`, `get ${L}/holdings/postings`, `get ${L}/items/{id}/queue`],
        ...lists.flatMap((list) => [`get ${L}/${list}`, `get ${L}/${list}/{id}`]),
        ...[`get ${L}/events`, `get ${L}/events/{sequence}`, `get ${L}/events/stream`],
        ...['/health/live', '/health/ready', '/metrics', '/docs', '/openapi.json', '/asyncapi.json'].map(
          (p) => `get ${p}`,
        ),
      ]),
    );
  });

  it('only what is not under /v1 is answered without a key', () => {
    const open = operations().filter(([, , { security }]) => security?.length === 0);
    expect(open.map(([, path]) => path).filter((path) => path.startsWith('/v1'))).toEqual([]);
    expect(document.security).toEqual([{ key: [] }]);
  });
});
