import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { JsonSchema } from '#contracts/jsonSchema';

/** JSON Schema as zod writes it, where @nestjs/swagger's types know OpenAPI 3.0's only. */
export const asSchema = (schema: JsonSchema) => schema as Record<string, never>;

const PROBLEM = { $ref: '#/components/schemas/Problem' };

/** Answers with a problem document. */
export const problems = (described: Readonly<Record<number, string>>): MethodDecorator =>
  applyDecorators(
    ...Object.entries(described).map(([status, description]) =>
      ApiResponse({
        status: Number(status),
        description,
        content: { 'application/problem+json': { schema: PROBLEM } },
      }),
    ),
  );

/** What any of these routes may answer. */
export const always = (role: string): MethodDecorator =>
  problems({
    401: 'No key, or one that is not in force.',
    403: `The key lacks the role ${role}, or may not touch this ledger or submit as this source, or its party is not entitled to say this: \`entitled\` names who is.`,
    413: 'More than a request here may hold.',
    415: 'Another content type than the ones listed, compressed, or not in UTF-8.',
    429: 'Too many requests: wait as long as `Retry-After` says. Nothing was recorded.',
    503: 'Send the same again after `Retry-After` seconds; it is taken once. `recorded` says whether it is known that nothing was.',
  });

export const ledgerParameter = (): MethodDecorator =>
  ApiParam({
    name: 'ledger',
    description: 'A ledger',
    schema: { type: 'string', example: 'nvidia' },
  });

export const ifMatchHeader = (): MethodDecorator =>
  ApiHeader({
    name: 'If-Match',
    required: false,
    description:
      "The version of the stream of the event's subject, as the `ETag` of its GET gives it: 412 when it has moved on.",
    example: '"17"',
    schema: { type: 'string' },
  });

export const dryRunParameter = (): MethodDecorator =>
  ApiQuery({
    name: 'dry-run',
    required: false,
    description:
      'Try it only: the same checks and answers, with the events that the ledger would keep, and nothing is kept, published or used up. Several events are tried in order, each on what those before it would leave.',
    schema: { type: 'boolean', default: false },
  });

const WOULD_KEEP: JsonSchema = {
  type: 'object',
  description:
    'Of a dry run: the event as the ledger would keep it, with its moves. Left out where the answer to a batch would get too long: a stream has no such end.',
};

export const RECEIPT: JsonSchema = {
  type: 'object',
  properties: {
    ledger: { type: 'string', examples: ['nvidia'] },
    sequence: { type: 'integer', minimum: 1, description: 'Its place in its ledger', examples: [17] },
    id: { type: 'string', description: "The event's id", examples: ['asn-77'] },
    recordedtime: { type: 'string', format: 'date-time', description: 'When the ledger took it in' },
    event: WOULD_KEEP,
  },
  required: ['ledger', 'sequence', 'id', 'recordedtime'],
};

export const ITEM: JsonSchema = {
  type: 'object',
  properties: {
    status: { type: 'integer', description: 'What the event would have been answered alone', examples: [201] },
    sequence: { type: 'integer', minimum: 1, description: 'Of an event that the ledger keeps' },
    event: WOULD_KEEP,
    problem: { ...PROBLEM, description: 'Of one that it does not keep' },
  },
  required: ['status'],
};

const REPLAY = {
  'Idempotent-Replay': {
    description: '`true`: nothing was done, this is the answer again.',
    schema: { type: 'string' as const },
  },
};

/** 201 and 200 of a single event. */
export const receipts = (): MethodDecorator =>
  applyDecorators(
    ApiResponse({
      status: 201,
      description: 'The ledger took it in, and it is committed.',
      content: { 'application/json': { schema: asSchema(RECEIPT) } },
    }),
    ApiResponse({
      status: 200,
      description: 'The ledger had it already: the same source, id and body.',
      headers: REPLAY,
      content: { 'application/json': { schema: asSchema(RECEIPT) } },
    }),
  );
