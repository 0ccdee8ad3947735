import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { typesOf } from '#contracts/catalog';
import { parseSubmission } from '../parseSubmission.ts';
import { intakeDatabase, startWritingApp, type WritingApp } from '#test/intake/writingApp';

const SERVICES = ['shipments', 'reallocations', 'swaps'] as const;
const PLAIN = [
  '/v1/ledgers/{ledger}/reallocations',
  '/v1/ledgers/{ledger}/holds',
  '/v1/ledgers/{ledger}/holds/{hold}/release',
  '/v1/ledgers/{ledger}/swaps',
  ...['acceptance', 'rejection', 'withdrawal', 'execution'].map((step) => `/v1/ledgers/{ledger}/swaps/{swap}/${step}`),
  '/v1/ledgers/{ledger}/voids',
];

interface Operation {
  requestBody: {
    content: Record<
      string,
      { schema: Record<string, unknown>; example?: unknown; examples?: Record<string, { value: unknown }> }
    >;
  };
  responses: Record<string, { content: Record<string, unknown> }>;
  parameters: { name: string; required?: boolean }[];
}

describe('the OpenAPI document about submitting', () => {
  let app: WritingApp;
  let document: OpenAPIObject;
  const operation = (path: string, method: 'post' | 'put' = 'post') =>
    document.paths[path]?.[method] as unknown as Operation;
  const events = () => operation('/v1/ledgers/{ledger}/events');

  beforeAll(async () => {
    app = await startWritingApp(await intakeDatabase());
    document = SwaggerModule.createDocument(app.app, new DocumentBuilder().setOpenAPIVersion('3.1.0').build());
  });
  afterAll(() => app.close());

  it('the OpenAPI document has every route that takes events or opens a ledger', () => {
    const writing = Object.keys(document.paths).filter((path) => path.startsWith('/v1/'));
    expect(writing.toSorted()).toEqual(['/v1/ledgers/{ledger}', '/v1/ledgers/{ledger}/events', ...PLAIN].toSorted());
  });

  it('the OpenAPI document says with which problem documents each route may answer', () => {
    for (const [path, methods] of Object.entries(document.paths).filter(([path]) => path.startsWith('/v1/'))) {
      const { responses } = (methods.post ?? methods.put) as unknown as Operation;
      for (const status of ['400', '401', '403', '413', '415', '429', '503']) {
        expect([path, Object.keys(responses[status]?.content ?? {})]).toEqual([path, ['application/problem+json']]);
      }
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '201', '409']));
    }
  });

  it('the OpenAPI document shows an example of every event type, and each example is a valid event', () => {
    const { content } = events().requestBody;
    expect(Object.keys(content)).toEqual([
      'application/cloudevents+json',
      'application/cloudevents-batch+json',
      'application/x-ndjson',
      'application/json',
    ]);
    const binary = content['application/json']?.examples ?? {};
    expect(Object.keys(binary)).toEqual(Object.keys(content['application/cloudevents+json']?.examples ?? {}));
    const shown = content['application/cloudevents+json']?.examples ?? {};
    expect(Object.keys(shown).toSorted()).toEqual(SERVICES.flatMap(typesOf).toSorted());
    const lines = String(content['application/x-ndjson']?.example)
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const all = [
      ...Object.values(shown).map(({ value }) => value),
      ...(content['application/cloudevents-batch+json']!.example as unknown[]),
      ...lines,
    ];
    for (const example of all) expect(parseSubmission(example)).toMatchObject({ ok: true });
  });

  it('the OpenAPI document shows for every plain route a body that the route reads, and asks for an Idempotency-Key', async () => {
    await app.open();
    for (const path of PLAIN) {
      const { requestBody, parameters } = operation(path);
      expect(parameters).toContainEqual(expect.objectContaining({ name: 'Idempotency-Key', required: true }));
      const example = Object.values(requestBody.content['application/json']?.examples ?? {})[0]?.value;
      const answer = await app.send('POST', path.replace('{ledger}', 'nvidia').replace('{swap}', 'SW-1'), example, {
        'idempotency-key': path,
      });
      expect([path, answer.body.errors]).toEqual([path, undefined]); // refused by the ledger, which knows none of it; not as a body
      expect([404, 422]).toContain(answer.status);
    }
  });

  it('the OpenAPI document describes what a ledger is opened with', () => {
    expect(operation('/v1/ledgers/{ledger}', 'put').requestBody.content['application/json']?.schema).toMatchObject({
      required: ['name', 'keeper'],
    });
  });
});
