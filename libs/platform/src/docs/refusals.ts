import type { OpenAPIObject } from '@nestjs/swagger';
import { refTo } from './components.ts';

const seconds = { description: 'When to send it again, in seconds.', schema: { type: 'integer' as const, minimum: 1 } };

interface Refusal {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: object }>>;
}

/** What any route may answer, before it is asked anything. */
const EVERYWHERE: Readonly<Record<number, Refusal>> = {
  400: { description: 'This is not HTTP/1.1, names no Host or two, or has a path that cannot be decoded.' },
  405: {
    description: 'The path does not take this method: `Allow` names those that it takes.',
    headers: { Allow: { description: 'The methods of the path.', schema: { type: 'string' } } },
  },
  406: { description: '`Accept` leaves out every media type that can be had here: `available` names them.' },
  408: { description: 'The request took too long to arrive.' },
  414: { description: 'The path with its query, or a name in it, is too long.' },
  417: { description: '`Expect` asks for something else than `100-continue`.' },
  431: { description: 'The headers are too large.' },
  500: { description: 'A fault of Lading. `request` is the id with which the log says more.' },
  503: { description: 'Not now: nothing is known to have been done.', headers: { 'Retry-After': seconds } },
};

/** What a route may answer besides, that needs a key. */
const WITH_KEY: Readonly<Record<number, Refusal>> = {
  401: {
    description: 'No key, or one that is not in force.',
    headers: { 'WWW-Authenticate': { description: 'How to send a key.', schema: { type: 'string' } } },
  },
  403: { description: 'The key lacks the role, or may not touch the ledger.' },
  429: {
    description: 'More requests than this key may make, or than can be dealt with now.',
    headers: { 'Retry-After': seconds },
  },
};

/** Names every refusal that a route may answer, beside those that it describes itself. */
export function describeRefusals(document: OpenAPIObject): void {
  const all = { ...EVERYWHERE, ...WITH_KEY };
  const content = { 'application/problem+json': { schema: refTo('Problem') } };
  document.components = {
    ...document.components,
    responses: Object.fromEntries(
      Object.entries(all).map(([status, { description, headers }]) => [
        nameOf(status),
        { description, ...(headers && { headers: { ...headers } as never }), content },
      ]),
    ),
  };
  for (const { get, put, post } of Object.values(document.paths)) {
    for (const operation of [get, put, post].filter((one) => one !== undefined)) {
      const isPublic = operation.security?.length === 0;
      for (const status of Object.keys(isPublic ? EVERYWHERE : all)) {
        operation.responses[status] ??= { $ref: `#/components/responses/${nameOf(status)}` };
      }
    }
  }
}

const nameOf = (status: string): string => `Refused${status}`;
