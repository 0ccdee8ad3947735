import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam } from '@nestjs/swagger';
import { catalog, serviceOf } from '#contracts/catalog';
import { type JsonSchema, jsonSchemaOf } from '#contracts/jsonSchema';
import { plainExamples, SWAP_OF } from './workingExamples.ts';
import { always, asSchema, dryRunParameter, ifMatchHeader, ledgerParameter, problems, receipts } from './responses.ts';

type PlainType =
  | 'lading.reallocation.made.v1'
  | `lading.swap.${'proposed' | 'accepted' | 'rejected' | 'withdrawn' | 'executed'}.v1`;

/** What the OpenAPI document says about a plain route. */
export function SubmitsPlainly(type: PlainType, summary: string): MethodDecorator {
  const service = serviceOf(type);
  const ofSwap = service === 'swaps' && type !== 'lading.swap.proposed.v1';
  return applyDecorators(
    ApiOperation({
      summary,
      tags: [service],
      description: `Records \`${type}\`: the body is its data${service === 'swaps' ? '; `by` is the party of the key unless it is said' : ''}. \`time\` is when it happened, now unless it is said; a body without it, sent again with the same Idempotency-Key, is the same body.`,
      requestBody: {
        required: !ofSwap,
        content: { 'application/json': { schema: asSchema(bodyOf(type, ofSwap)), examples: plainExamples(type) } },
      },
    }),
    ledgerParameter(),
    ...(ofSwap
      ? [ApiParam({ name: 'swap', description: 'A swap', schema: { type: 'string', example: SWAP_OF[type] } })]
      : []),
    ApiHeader({
      name: 'Idempotency-Key',
      required: true,
      description: 'A new one for each thing that is done, the same one when it is tried again.',
      example: `example-${type.split('.')[2] ?? ''}`,
      schema: { type: 'string' },
    }),
    dryRunParameter(),
    ifMatchHeader(),
    receipts(),
    always(`${service}:write`),
    problems({
      400: 'No Idempotency-Key, or fields that are not as they should be, each named by its pointer, or a parameter that this route does not take.',
      404: ofSwap ? 'No such ledger, or no such swap in it.' : 'No such ledger.',
      409: 'The same Idempotency-Key was used for another body.',
      412: 'The stream has moved on since the version that If-Match names.',
      422: 'The ledger refuses it: `code` says why, and the facts beside it what there is.',
    }),
  );
}

function bodyOf(type: PlainType, ofSwap: boolean): JsonSchema {
  const { properties, required, ...rest } = jsonSchemaOf(catalog[type].submitted) as {
    properties: Record<string, unknown>;
    required: string[];
  };
  const time = {
    type: 'string',
    format: 'date-time',
    description: 'When it happened: RFC 3339 with an offset; now unless it is said',
  };
  const left = Object.entries(properties).filter(([name]) => !(ofSwap && name === 'swap'));
  return {
    ...rest,
    properties: { ...Object.fromEntries(left), time },
    required: required.filter((name) => name !== 'by' && !(ofSwap && name === 'swap')),
  };
}
