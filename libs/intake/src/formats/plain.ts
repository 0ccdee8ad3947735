import type { EventType } from '#contracts/catalog';
import { ProblemError, type Refusal } from '#platform/http/problemError';
import { limits } from '../limits.ts';
import type { OneEventFormat } from './format.ts';

export interface PlainEvent {
  readonly type: EventType;
  /** The `Idempotency-Key`. */
  readonly id: string;
  /** The source that belongs to the API key. */
  readonly source: string;
  /** What the path names: it stands in the data, and the body may not say it again. */
  readonly named: Readonly<Record<string, string>>;
  /** What the body may leave out. */
  readonly defaults: Readonly<Record<string, string | undefined>>;
}

export const PLAIN = 'application/json';

/**
 * The data of one event, with an optional `time`, as the plain routes take it. The rest of the event is in the request's path
 * and headers.
 *
 * The identity of a body is made of what was sent, before `time` and what else may be left out is filled in. So a body
 * without a time, sent again later with the same key, is the same body and gets the same answer.
 */
export const plain = ({ type, id, source, named, defaults }: PlainEvent): OneEventFormat<unknown> => ({
  mediaType: PLAIN,
  holds: 'one',
  bodyLimit: limits.body,
  parse(body) {
    const { time, ...said } = objectIn(body);
    refuseNamed(said, named);
    const data = { ...named, ...said };
    const identity = { specversion: '1.0', id, source, type, ...(time !== undefined && { time }), data };
    const value = { time: new Date().toISOString(), ...identity, data: { ...withoutUndefined(defaults), ...data } };
    return { value, identity };
  },
  inBody(refusal) {
    const { swap } = named;
    return swap !== undefined && swapIsUnknown(refusal) ? unknownSwap(swap) : pointIntoData(refusal);
  },
});

/** The JSON object of a body; a request without one says nothing more than its path. */
function objectIn(body: unknown): Record<string, unknown> {
  if (body === undefined) return {};
  if (body !== null && typeof body === 'object' && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new ProblemError(400, 'malformed', 'the body is not a JSON object');
}

function refuseNamed(body: Record<string, unknown>, named: Readonly<Record<string, string>>): void {
  const again = Object.keys(named).filter((name) => Object.hasOwn(body, name));
  if (again.length === 0) return;
  const errors = again.map((name) => ({ pointer: `/${name}`, detail: 'named by the path: leave it out' }));
  throw new ProblemError(400, 'malformed', `the path names the ${again.join(' and the ')} already`, { errors });
}

const withoutUndefined = (defaults: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(defaults).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** Whether the swap that the path names does not exist, or never can: the path is wrong, not what was sent to it. */
const swapIsUnknown = ({ code, errors }: Refusal): boolean =>
  code === 'unknown-swap' || errors?.some(({ pointer }) => pointer === '/data/swap') === true;

const unknownSwap = (swap: string): Refusal => ({
  status: 404,
  code: 'unknown-swap',
  detail: `there is no swap ${swap} in this ledger`,
  facts: { swap },
});

/** The body is the event's data: pointers into the event are pointers into the body without their first part. */
export function pointIntoData(refusal: Refusal): Refusal {
  const { detail, errors = [] } = refusal;
  if (errors.length === 0) return refusal;
  return {
    ...refusal,
    detail: detail.replaceAll('/data/', '/'),
    errors: errors.map((error) => ({ ...error, pointer: error.pointer.replace(/^\/data(?=\/|$)/, '') })),
  };
}
