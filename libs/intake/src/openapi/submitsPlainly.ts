import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam } from '@nestjs/swagger';
import { catalog, serviceOf } from '#contracts/catalog';
import { type JsonSchema, jsonSchemaOf } from '#contracts/jsonSchema';
import { plainExamples, TRIED_ON } from './workingExamples.ts';
import { always, asSchema, dryRunParameter, ifMatchHeader, ledgerParameter, problems, receipts } from './responses.ts';

type PlainType =
  | 'lading.event.voided.v1'
  | 'lading.reallocation.made.v1'
  | `lading.units.${'held' | 'released'}.v1`
  | `lading.swap.${'proposed' | 'accepted' | 'rejected' | 'withdrawn' | 'executed'}.v1`;

/** What the OpenAPI document says about a plain route. */
export function SubmitsPlainly(type: PlainType, summary: string): MethodDecorator {
  const service = serviceOf(type);
  const named = namedByPath(type);
  const party = partyOfKey(type);
  return applyDecorators(
    ApiOperation({
      summary,
      tags: [isVoiding(type) ? 'events' : service],
      description: `Records \`${type}\`: the body is its data${party === undefined ? '' : `; \`${party}\` is the party of the key unless it is said`}. ${TIME_IS[type] ?? '`time` is when it happened, now unless it is said'}; a body without it, sent again with the same Idempotency-Key, is the same body.`,
      requestBody: {
        required: named === undefined,
        get content() {
          return { 'application/json': { schema: asSchema(bodyOf(type, named)), examples: plainExamples(type) } };
        },
      },
    }),
    ledgerParameter(),
    ...(named === undefined
      ? []
      : [ApiParam({ name: named, description: `A ${named}`, schema: { type: 'string', example: TRIED_ON[type] } })]),
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
    always(
      isVoiding(type)
        ? 'the role that the type of the event needs, and of its submitter or an admin'
        : `${service}:write`,
    ),
    problems({
      400: 'No Idempotency-Key, or fields that are not as they should be, each named by its pointer, or a parameter that this route does not take.',
      404: named === undefined ? 'No such ledger.' : `No such ledger, or no such ${named} in it.`,
      409: 'The same Idempotency-Key was used for another body.',
      412: 'The stream has moved on since the version that If-Match names.',
      422: 'The ledger refuses it: `code` says why, and the facts beside it what there is.',
    }),
  );
}

const isVoiding = (type: PlainType): boolean => type === 'lading.event.voided.v1';

/** When it happened, where that is not now. */
const TIME_IS: Readonly<Partial<Record<PlainType, string>>> = {
  'lading.event.voided.v1':
    "`time` is the event's own, which the ledger fills in when it is left out. Its `corrections` are events of the same atomic batch, so they are sent to `…/events?atomic=true` with it",
};

/** What the path of a route says, and not the body. */
function namedByPath(type: PlainType): 'swap' | 'hold' | undefined {
  if (type === 'lading.units.released.v1') return 'hold';
  return serviceOf(type) === 'swaps' && type !== 'lading.swap.proposed.v1' ? 'swap' : undefined;
}

/** The field that is the key's party unless the body says it. */
function partyOfKey(type: PlainType): 'by' | 'owner' | undefined {
  if (type === 'lading.units.held.v1') return 'owner';
  return serviceOf(type) === 'swaps' ? 'by' : undefined;
}

function bodyOf(type: PlainType, named: string | undefined): JsonSchema {
  const schema = jsonSchemaOf(catalog[type].submitted) as Partial<Body> & { readonly oneOf?: readonly Body[] };
  if (schema.oneOf !== undefined)
    return { ...schema, oneOf: schema.oneOf.map((option) => withTime(option, type, named)) };
  return withTime(schema as Body, type, named);
}

type Body = JsonSchema & { readonly properties: Record<string, unknown>; readonly required: string[] };

function withTime({ properties, required, ...rest }: Body, type: PlainType, named: string | undefined): JsonSchema {
  const time = {
    type: 'string',
    format: 'date-time',
    description: isVoiding(type)
      ? 'When the event happened that it takes back: RFC 3339 with an offset; filled in unless it is said'
      : 'When it happened: RFC 3339 with an offset; now unless it is said',
  };
  const left = Object.entries(properties).filter(([name]) => name !== named);
  return {
    ...rest,
    properties: { ...Object.fromEntries(left), time },
    required: required.filter((name) => name !== partyOfKey(type) && name !== named),
  };
}
