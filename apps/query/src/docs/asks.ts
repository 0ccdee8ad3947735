import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { RouteSettings } from '#platform/http/routeSettings';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { AskingInterceptor, PARAMETERS, ROWS } from '../asking/asking.interceptor.ts';
import { CSV } from '../asking/csv.ts';
import { type ComponentName, inlineSchema, refTo } from '#platform/docs/components';

interface Route {
  readonly summary: string;
  readonly description?: string;
  /** Of the query string. */
  readonly parameters: z.ZodObject;
  /** Of the path: what each is, with an example. */
  readonly path?: Readonly<Record<string, readonly [what: string, example: string]>>;
  /** A page of these rows … */
  readonly listOf?: ComponentName;
  /** … or one of them. */
  readonly answer?: ComponentName;
  /** Whether the answer has the version of an entity's stream as its ETag. */
  readonly versioned?: boolean;
  /** A media type other than application/json. */
  readonly type?: string;
  /** Whether the answer never changes, so that it may be kept. */
  readonly immutable?: boolean;
  /** Whether the answer is also had as plain application/json. */
  readonly alsoJson?: boolean;
  /** Another text that the answer is also had as. */
  readonly alsoType?: string;
}

/** A route that asks: its query string is parsed by `parameters`, its Answer is written, and the OpenAPI document describes it. */
export function Asks(route: Route): MethodDecorator {
  const { summary, description = howItIsAnswered(route), parameters, path = {}, type = JSON_TYPE } = route;
  const of = route.path !== undefined && 'ledger' in route.path ? 'the path names' : 'the parameters name';
  return applyDecorators(
    SetMetadata(PARAMETERS, parameters),
    RouteSettings({
      produces: [
        type,
        ...(route.listOf ? [CSV] : []),
        ...(route.alsoJson ? [JSON_TYPE] : []),
        ...(route.alsoType ? [route.alsoType] : []),
      ],
    }),
    ...(route.listOf ? [SetMetadata(ROWS, route.listOf)] : []),
    UseInterceptors(AskingInterceptor),
    ApiOperation({ summary, description }),
    ...Object.entries(path).map(([name, [what, example]]) =>
      ApiParam({ name, description: what, schema: { type: 'string', example } }),
    ),
    ...Object.entries(parameters.shape)
      .filter(([, schema]) => !refused(schema as z.ZodType))
      .map(([name, schema]) => queryParameter(name, schema as z.ZodType)),
    ApiResponse({
      status: 200,
      description: route.listOf ? 'A page of the list.' : 'The answer.',
      headers: headersOf(route),
      content: {
        [type]: { schema: answerOf(route) },
        ...(route.listOf && { 'text/csv': { schema: { type: 'string', description: AS_CSV } } }),
        ...(route.alsoJson && { [JSON_TYPE]: { schema: answerOf(route) } }),
        ...(route.alsoType && { [route.alsoType]: { schema: answerOf(route) } }),
      },
    }),
    problem(400, 'A parameter is unknown, or not as it should be: each is named by its pointer.'),
    ...('ledger' in path ? [problem(404, `There is no such ledger, or not what ${of} in it.`)] : []),
    problem(503, 'Not yet (see min-sequence), or not now: ask again after `Retry-After` seconds.'),
  );
}

const JSON_TYPE = 'application/json';
const AS_CSV =
  'RFC 4180, with a line of names. A list in a row is JSON in one cell, an empty cell is null, and a text that a spreadsheet would ' +
  "run begins with `'`. `Link` has the address of the next page.";

/** For a route that needs no more explanation than its summary. */
function howItIsAnswered({ listOf, path, versioned }: Route): string {
  const ofLedger = path !== undefined && 'ledger' in path;
  if (listOf !== undefined) {
    const rows = ofLedger ? 'Rows as they were after the event that `sequence` names' : 'Rows';
    return `${rows}, a page at a time: \`next\` is the \`cursor\` of the page after this one, and null on the last.`;
  }
  const etag = 'Send the `ETag` as `If-Match` with an event that must not meet a newer version.';
  return `As it was after the event that \`Lading-Sequence\` names.${versioned === true ? ` ${etag}` : ''}`;
}

/** `at` and `known` are parameters only so that they are refused with a reason. */
const refused = (schema: z.ZodType): boolean => schema.meta()?.deprecated === true;

function queryParameter(name: string, schema: z.ZodType): MethodDecorator {
  const { description, example, ...rest } = inlineSchema(schema);
  return ApiQuery({
    name,
    required: !schema.safeParse(undefined).success,
    ...(typeof description === 'string' && { description }),
    ...(rest.type === 'array' && { style: 'form', explode: false }),
    schema: { ...rest, ...(example !== undefined && { example }) } as never,
  });
}

function headersOf({ path, versioned, listOf, parameters, immutable }: Route) {
  const sequence = { description: 'The sequence at which the answer stands.', schema: { type: 'integer' as const } };
  const etag = {
    description: "The version of the entity's stream, for `If-Match` when an event about it is submitted.",
    schema: { type: 'string' as const },
    example: '"17"',
  };
  const next = {
    description: 'The address of the next page, with `rel="next"` (RFC 8288); none on the last page.',
    schema: { type: 'string' as const },
  };
  const bound = (what: string, type: 'string' | 'integer') => ({
    description: `${what}, resolved, where it was asked for.`,
    schema: { type },
  });
  return {
    ...(path !== undefined && 'ledger' in path && { 'Lading-Sequence': sequence }),
    ...('known' in parameters.shape &&
      !refused(parameters.shape.known as z.ZodType) && {
        'Lading-At': bound('`at`', 'string'),
        'Lading-Known': bound('`known`', 'integer'),
        ...('from-known' in parameters.shape && {
          'Lading-From-At': bound('`from-at`', 'string'),
          'Lading-From-Known': bound('`from-known`', 'integer'),
        }),
        'Cache-Control': {
          description:
            '`private, max-age=31536000, immutable` where both bounds of time were asked for, else `no-store`.',
          schema: { type: 'string' as const },
        },
      }),
    ...(versioned === true && { ETag: etag }),
    ...(immutable === true && {
      'Cache-Control': {
        description: '`private, max-age=31536000, immutable`: the answer never changes.',
        schema: { type: 'string' as const },
      },
    }),
    ...(listOf !== undefined && { Link: next }),
  };
}

function answerOf({ answer, listOf, path, parameters, type }: Route): Record<string, unknown> {
  if (answer !== undefined) return refTo(answer);
  if (type === 'application/octet-stream') return { type: 'string', format: 'binary' };
  if (listOf === undefined) return { type: 'string' };
  const data = { type: 'array', items: refTo(listOf) };
  const next = { type: ['string', 'null'], description: 'For `?cursor=`; null on the last page.' };
  if (path === undefined || !('ledger' in path)) {
    return { type: 'object', properties: { data, next }, required: ['data', 'next'] };
  }
  return {
    type: 'object',
    properties: {
      ledger: { type: 'string', examples: ['nvidia'] },
      sequence: { type: 'integer', description: 'Where the whole page stands.', examples: [17] },
      ...('known' in parameters.shape &&
        !refused(parameters.shape.known as z.ZodType) && {
          at: {
            type: 'string',
            description: '`at`, resolved, where it was asked for.',
            examples: ['2023-12-31T23:59:59.999999Z'],
          },
          known: { type: 'integer', description: '`known`, resolved, where it was asked for.', examples: [17] },
          ...('from-known' in parameters.shape && {
            'from-at': {
              type: 'string',
              description: '`from-at`, resolved, where it was asked for.',
              examples: ['2023-12-30T23:59:59.999999Z'],
            },
            'from-known': {
              type: 'integer',
              description: '`from-known`, resolved, where it was asked for.',
              examples: [5],
            },
          }),
        }),
      data,
      next,
    },
    required: ['ledger', 'sequence', 'data', 'next'],
  };
}

const problem = (status: number, description: string): MethodDecorator =>
  ApiResponse({ status, description, content: { 'application/problem+json': { schema: refTo('Problem') } } });

export const ledgerParameter = ['The ledger', 'nvidia'] as const;
