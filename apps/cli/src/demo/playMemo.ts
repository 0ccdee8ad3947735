import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LedgerRow } from '#contracts/statusRows';
import type { Client } from '../client.ts';
import { exitCodes, UserError } from '../exitCodes.ts';
import { readEvents } from '../readEvents.ts';
import { submitEvents } from '../submitEvents.ts';

export const MEMO_LEDGER = 'nvidia';

/** The three files of the scenario, in the order in which they are played. */
const steps = [
  { file: '1-up-to-the-memo.json', title: 'Up to the memo: who ordered what, and what has left' },
  { file: '2-the-memo.json', title: 'The memo: the swap is agreed and executed, X receives' },
  { file: '3-what-if.json', title: "What if (not in the source): January's 6,000 reach Tesla, June's are late" },
] as const;

/** The result of a step of the memo: the last sequence of the ledger, and how many events of the step were new. */
export interface Played {
  readonly title: string;
  readonly recorded: number;
  readonly sequence: number;
}

/** Plays the memo over HTTP, step by step. It may be played again: events that are recorded already change nothing. */
export async function* playMemo(client: Client): AsyncGenerator<Played> {
  await openLedger(client);
  for (const { file, title } of steps) {
    let recorded = 0;
    let sequence = 0;
    for await (const result of submitEvents(() => client, MEMO_LEDGER, readEvents(pathOf(file)))) {
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
    }
    yield { title, recorded, sequence };
  }
}

/** Whether the ledger is that of the memo, and its playing ended before the last event. */
export async function wasCutOff(
  client: Client,
  { name, sequence }: Pick<LedgerRow, 'name' | 'sequence'>,
): Promise<boolean> {
  if (name !== OPENING.name) return false;
  const files = await Promise.all(steps.map(({ file }) => readFile(pathOf(file), 'utf8')));
  const events = files.flatMap((text) => JSON.parse(text) as { source: string }[]);
  if (sequence > events.length) return false;
  if (sequence === 1) return true;
  const { source } = await client.get<{ source: string }>(`/v1/ledgers/${MEMO_LEDGER}/events/2`);
  return source === events[0]?.source;
}

const OPENING = { name: 'Nvidia allocations', keeper: 'nvidia' };

/** The scenarios stand beside this code in the sources and in the build, because an image has only the build. */
const pathOf = (file: string): string => fileURLToPath(new URL(`../scenarios/memo/${file}`, import.meta.url));

async function openLedger(client: Client): Promise<void> {
  const body = JSON.stringify(OPENING);
  await client.send('PUT', `/v1/ledgers/${MEMO_LEDGER}`, { type: 'application/json', body });
}
