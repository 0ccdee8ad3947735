import { useSyncExternalStore } from 'react';
import { Refused, request } from '../api/client.ts';
import { ledgerPath } from '../api/paths.ts';

// The memo: the story that Lading starts from, played by this page through the interface that everybody has.

export const MEMO_LEDGER = 'nvidia';

interface MemoEvent {
  readonly id: string;
  readonly causationid?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Step {
  readonly title: string;
  readonly events: () => Promise<{ readonly default: readonly MemoEvent[] }>;
}

/** In the order in which they are played, with the titles that `lading demo` has for them. */
export const steps: readonly [Step, ...Step[]] = [
  {
    title: 'Up to the memo: who ordered what, and what has left',
    events: () => import('../../../cli/src/scenarios/memo/1-up-to-the-memo.json'),
  },
  {
    title: 'The memo: the swap is agreed and executed, X receives',
    events: () => import('../../../cli/src/scenarios/memo/2-the-memo.json'),
  },
  {
    title: 'What if (not in the source): January’s 6,000 reach Tesla, June’s are late',
    events: () => import('../../../cli/src/scenarios/memo/3-what-if.json'),
  },
  {
    title: 'An assumption (not in the source): a fact is told late, and told wrong',
    events: () => import('../../../cli/src/scenarios/memo/4-told-late.json'),
  },
  {
    title: 'An assumption (not in the source): it is taken back and told right',
    events: () => import('../../../cli/src/scenarios/memo/5-put-right.json'),
  },
];

/** What this page has played. Undefined steps: nothing, so nothing is shown of it. */
interface Memo {
  /** So many steps are played. */
  readonly played: number | undefined;
  readonly isPlaying: boolean;
  readonly wrong: string | undefined;
}

const NOTHING: Memo = { played: undefined, isPlaying: false, wrong: undefined };
let current = NOTHING;
const listeners = new Set<() => void>();

export const usePlayed = (): Memo => useSyncExternalStore(subscribe, () => current);

/** Shows nothing of it any more; what is recorded stays. */
export function putAway(): void {
  become(NOTHING);
}

/**
 * Plays so many steps from the first one on. Those that were played before are sent again, which changes nothing: an event is recorded
 * once, and so a playing that was cut off goes on where it stood.
 */
export async function playMemo(upTo: number, onOpened: () => void): Promise<void> {
  if (current.isPlaying) return;
  become({ ...current, isPlaying: true, wrong: undefined });
  try {
    await request('/app/memo', { method: 'PUT' });
    onOpened();
    const sequences = new Map<string, number>();
    for (const [i, step] of steps.slice(0, upTo).entries()) {
      await submit((await step.events()).default, sequences);
      become({ ...current, played: Math.max(i + 1, current.played ?? 0) });
    }
    become({ ...current, isPlaying: false });
  } catch (error) {
    become({ ...current, isPlaying: false, wrong: error instanceof Refused ? error.problem.detail : AWAY });
  }
}

const AWAY = 'Lading does not answer. Play on when it does: what is recorded already is not recorded twice.';

/** Records the events of a step, all of them or none. What takes an event back names it by the sequence that it got here. */
async function submit(events: readonly MemoEvent[], sequences: Map<string, number>): Promise<void> {
  const whole = events.map((event) => {
    const sequence = sequences.get(event.causationid ?? '');
    return sequence === undefined ? event : { ...event, data: { ...event.data, sequence } };
  });
  const answer = await request(`${ledgerPath(MEMO_LEDGER)}/events?atomic=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(whole),
  });
  const { results } = (await answer.json()) as { readonly results: readonly { readonly sequence: number }[] };
  for (const [i, { id }] of events.entries()) sequences.set(id, results[i]?.sequence ?? 0);
}

function become(memo: Memo): void {
  current = memo;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
