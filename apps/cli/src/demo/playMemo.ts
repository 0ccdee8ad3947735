import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LedgerRow } from '#contracts/statusRows';
import type { Client } from '../client.ts';
import { exitCodes, UserError } from '../exitCodes.ts';
import type { FileEvent } from '../readEvents.ts';
import { submitEvents, type SubmitResult, submitTogether } from '../submitEvents.ts';

export const MEMO_LEDGER = 'nvidia';

interface Step {
  readonly file: string;
  readonly title: string;
  /** Whether its events are recorded together, or none of them. */
  readonly together?: true;
}

/** The files of the scenario, in the order in which they are played. */
const steps: readonly Step[] = [
  { file: '1-up-to-the-memo.json', title: 'Up to the memo: who ordered what, and what has left' },
  { file: '2-the-memo.json', title: 'The memo: the swap is agreed and executed, X receives' },
  { file: '3-what-if.json', title: "What if (not in the source): January's 6,000 reach Tesla, June's are late" },
  { file: '4-told-late.json', title: 'An assumption (not in the source): a fact is told late, and told wrong' },
  {
    file: '5-put-right.json',
    title: 'An assumption (not in the source): it is taken back and told right',
    together: true,
  },
];

/** The result of a step of the memo: the last sequence of the ledger, and how many events of the step were new. */
export interface Played {
  readonly title: string;
  readonly recorded: number;
  readonly sequence: number;
}

/** Plays the memo over HTTP, step by step. It may be played again: events that are recorded already change nothing. */
export async function* playMemo(client: Client): AsyncGenerator<Played> {
  await openLedger(client);
  const sequences = new Map<string, number>();
  for (const { file, title, together } of steps) {
    let recorded = 0;
    let sequence = 0;
    const events = (await eventsOf(file)).map((event) => whole(event, sequences));
    const given = events.map((event, at) => ({ text: JSON.stringify(event), where: `${file}:${at + 1}` }));
    const results = together ? playTogether(client, given) : submitEvents(() => client, MEMO_LEDGER, given);
    let at = 0;
    for await (const result of await results) {
      if (result.sequence === undefined) {
        const {
          code,
          detail,
          title: what,
        } = result.problem ?? { code: undefined, detail: undefined, title: 'no answer' };
        throw new UserError(
          `The memo cannot be played here: ${result.where} was refused (${code ?? what}): ${detail ?? ''}`,
          exitCodes.rejected,
        );
      }
      if (result.status === 201) recorded += 1;
      sequence = result.sequence;
      sequences.set(events[at++]?.id ?? '', sequence);
    }
    yield { title, recorded, sequence };
  }
}

async function playTogether(client: Client, events: readonly FileEvent[]): Promise<SubmitResult[]> {
  const answer = await submitTogether(client, MEMO_LEDGER, events);
  return Array.isArray(answer) ? answer : [{ where: events[0]?.where ?? '', status: 422, problem: answer }];
}

/** Whether the ledger is that of the memo, and its playing ended before the last event. */
export async function wasCutOff(
  client: Client,
  { name, sequence }: Pick<LedgerRow, 'name' | 'sequence'>,
): Promise<boolean> {
  if (name !== OPENING.name) return false;
  const events = (await Promise.all(steps.map(({ file }) => eventsOf(file)))).flat();
  if (sequence > events.length) return false;
  if (sequence === 1) return true;
  const { source } = await client.get<{ source: string }>(`/v1/ledgers/${MEMO_LEDGER}/events/2`);
  return source === events[0]?.source;
}

const OPENING = { name: 'Nvidia allocations', keeper: 'nvidia' };

interface MemoEvent {
  readonly id: string;
  readonly source: string;
  readonly causationid?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const eventsOf = async (file: string): Promise<MemoEvent[]> =>
  JSON.parse(await readFile(pathOf(file), 'utf8')) as MemoEvent[];

/** What takes an event back names it by the sequence that it got here, which is another one in a ledger that had more events before. */
const whole = (event: MemoEvent, sequences: ReadonlyMap<string, number>): MemoEvent => {
  const sequence = sequences.get(event.causationid ?? '');
  return sequence === undefined ? event : { ...event, data: { ...event.data, sequence } };
};

/** The scenarios stand beside this code in the sources and in the build, because an image has only the build. */
const pathOf = (file: string): string => fileURLToPath(new URL(`../scenarios/memo/${file}`, import.meta.url));

async function openLedger(client: Client): Promise<void> {
  const body = JSON.stringify(OPENING);
  await client.send('PUT', `/v1/ledgers/${MEMO_LEDGER}`, { type: 'application/json', body });
}
