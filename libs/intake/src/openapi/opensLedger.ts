import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { jsonSchemaOf } from '#contracts/jsonSchema';
import { always, asSchema, ledgerParameter, problems } from './responses.ts';

/** What the OpenAPI document says about opening a ledger. */
export function OpensLedger(opening: z.ZodObject): MethodDecorator {
  const schema = jsonSchemaOf(opening) as { properties: Record<string, unknown>; required: string[] };
  const ledger = { type: 'string', examples: ['nvidia'] };
  const opened = { ...schema, properties: { ledger, ...schema.properties }, required: ['ledger', ...schema.required] };
  const answer = (status: number, description: string): MethodDecorator =>
    ApiResponse({ status, description, content: { 'application/json': { schema: asSchema(opened) } } });
  return applyDecorators(
    ApiOperation({
      summary: 'Open a ledger',
      tags: ['ledgers'],
      description: 'Writes `lading.ledger.opened.v1`, its first event. The same again changes nothing.',
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: asSchema(schema), example: { name: 'Nvidia allocations', keeper: 'nvidia' } },
        },
      },
    }),
    ledgerParameter(),
    answer(201, 'It is open.'),
    answer(200, 'It was open already, with the same name and keeper.'),
    always('admin'),
    problems({
      400: 'Not a name for a ledger, or fields that are not as they should be, or a parameter: this route takes none.',
      409: 'It is open, with another name or keeper.',
    }),
  );
}
