import { setTimeout as sleep } from 'node:timers/promises';
import { counted } from './table.ts';
import { type EventType, isEventType, serviceOf } from '#contracts/catalog';
import type { Client, Problem } from './client.ts';
import { exitCodes, UserError } from './exitCodes.ts';
import type { FileEvent } from './readEvents.ts';

/** What the ledger answered about one event. */
export interface SubmitResult {
  readonly where: string;
  readonly status: number;
  readonly sequence?: number;
  /** Of a dry run: the event that the ledger would keep. */
  readonly event?: unknown;
  readonly problem?: Problem;
}

/** Chooses the client for an event: in the full topology each writing service has its own address. */
export type Route = (type: EventType | undefined) => Client;

/** Events in one request: enough to fill the ledger's group commit, few enough to send again. */
const EVENTS_A_REQUEST = 1000;
const TRIES = 10;

/** Tries events in their order, each on what those before it would leave: so all of them go in one request, to one address. */
export async function* tryEvents(
  route: Route,
  ledger: string,
  events: AsyncIterable<FileEvent>,
): AsyncGenerator<SubmitResult> {
  const run: FileEvent[] = [];
  let to: Client | undefined;
  for await (const event of events) {
    const client = route(typeOf(event.text));
    if (to !== undefined && client.url !== to.url)
      throw new UserError('A dry run is tried at one address: give the one of the whole interface with --url.');
    to = client;
    run.push(event);
  }
  if (to === undefined) return;
  const answers = await sendOnce(to, ledger, run, '?dry-run=true');
  for (const [index, answer] of answers.entries()) {
    if (run.length > 1 && answers.length === 1 && answer.status === 503)
      throw new UserError(`${to.url} is too busy for a dry run: try again in a moment`, exitCodes.unavailable);
    yield { ...answer, where: run[index]?.where ?? '' };
  }
  if (answers.length < run.length)
    throw new UserError(`${to.url} tried ${counted(answers.length, 'event')} and then no more`, exitCodes.unavailable);
}

/** Submits events in their order and yields the answers in the same order. Sending an event again changes nothing. */
export async function* submitEvents(
  route: Route,
  ledger: string,
  events: AsyncIterable<FileEvent> | Iterable<FileEvent>,
  pause: (ms: number) => Promise<unknown> = sleep,
): AsyncGenerator<SubmitResult> {
  let run: FileEvent[] = [];
  let to: Client | undefined;
  const sent = { taken: 0, pause };
  for await (const event of events) {
    const client = route(typeOf(event.text));
    if (to !== undefined && (client.url !== to.url || run.length === EVENTS_A_REQUEST)) {
      yield* sendRun(to, ledger, run, sent);
      run = [];
    }
    to = client;
    run.push(event);
  }
  if (to !== undefined && run.length > 0) yield* sendRun(to, ledger, run, sent);
}

/** Submits events together: all of them are recorded, or none; then the problem says why. Sending them again changes nothing. */
export async function submitTogether(
  client: Client,
  ledger: string,
  events: readonly FileEvent[],
  dryRun = false,
): Promise<SubmitResult[] | Problem> {
  const { body } = await client.send<{ results: Omit<SubmitResult, 'where'>[] } | Problem>(
    'POST',
    `/v1/ledgers/${encodeURIComponent(ledger)}/events?atomic=true${dryRun ? '&dry-run=true' : ''}`,
    { type: 'application/cloudevents-batch+json', body: `[${events.map(({ text }) => text).join(',')}]` },
    [200, 201, 422],
  );
  if (!('results' in body)) return body;
  return body.results.map((result, index) => ({ ...result, where: events[index]?.where ?? '' }));
}

/** Sends the events of one request. Events that the service was too busy for are sent again; the other answers are final. */
async function* sendRun(
  client: Client,
  ledger: string,
  run: readonly FileEvent[],
  sent: { taken: number; readonly pause: (ms: number) => Promise<unknown> },
): AsyncGenerator<SubmitResult> {
  let left = run;
  for (let attempt = 1; left.length > 0; attempt += 1) {
    const answers = await sendOnce(client, ledger, left);
    const busy = answers.findIndex(({ status }) => status === 503 || status === 429);
    const settled = busy === -1 ? answers.length : busy;
    for (const [index, answer] of answers.slice(0, settled).entries())
      yield { ...answer, where: left[index]?.where ?? '' };
    sent.taken += answers.slice(0, settled).filter(({ status }) => status < 300).length;
    left = left.slice(settled);
    if (left.length === 0) return;
    if (attempt === TRIES) {
      const why = answers[settled]?.problem?.detail ?? 'it is too busy';
      throw new UserError(
        `${client.url} took ${counted(sent.taken, 'event')} and then no more: ${why}. Submit the same again: what is recorded already is not recorded twice`,
        exitCodes.unavailable,
      );
    }
    await sent.pause(Math.min(200 * attempt, 2000));
  }
}

type LineAnswer = Omit<SubmitResult, 'where'>;

async function sendOnce(client: Client, ledger: string, run: readonly FileEvent[], query = ''): Promise<LineAnswer[]> {
  const { status, body } = await client.send<string | LineAnswer>(
    'POST',
    `/v1/ledgers/${encodeURIComponent(ledger)}/events${query}`,
    { type: 'application/x-ndjson', body: run.map(({ text }) => `${text}\n`).join('') },
    [200, 429, 503],
  );
  if (status !== 200) return [{ status, ...(typeof body === 'object' && { problem: body as unknown as Problem }) }];
  // The answer to a single line is parsed as JSON already.
  if (typeof body !== 'string') return [body];
  return body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LineAnswer);
}

/** The event's type, which determines its service. An event that cannot be read goes to the first service, which says why. */
function typeOf(text: string): EventType | undefined {
  try {
    const { type } = JSON.parse(text) as { type?: unknown };
    return typeof type === 'string' && isEventType(type) ? type : undefined;
  } catch {
    return undefined;
  }
}

/** A route over the addresses of the three writing services. */
export function routeOver(clients: Readonly<Record<'shipments' | 'reallocations' | 'swaps', Client>>): Route {
  return (type) => {
    const service = type === undefined ? 'shipments' : serviceOf(type);
    return service === 'ledger' ? clients.shipments : clients[service];
  };
}
