import { useQuery } from '@tanstack/react-query';
import { usePlace } from '../url/usePlace.ts';
import { askRows, type Rows } from './client.ts';
import { type Asked, ledgerPath } from './paths.ts';
import { useLive } from './live.ts';
import { chosenIn, type Moment, useNext, useTurn } from './pace.ts';

/** What is known of an answer: the rows of before stand until the new ones come, so nothing flickers. */
export interface Answer<T> {
  readonly rows: readonly T[] | undefined;
  readonly sequence: number | undefined;
  readonly received: number | undefined;
  readonly more: boolean;
  /** Another answer is being waited for: these rows are of another moment than the one that is chosen. */
  readonly isStale: boolean;
  readonly error: Error | undefined;
  readonly again: () => void;
}

interface Options {
  /** Whether to ask at all. */
  readonly enabled?: boolean;
  readonly most?: number;
  /** Another moment than the one that is chosen. */
  readonly moment?: Asked;
}

/** The moment that is chosen, as questions are asked about it: now is after the last event that the page knows of. */
export function useMoment(): Asked {
  const { at, known } = usePlace();
  const { head } = useLive();
  return known === undefined ? { at, 'min-sequence': head } : { at, known };
}

/**
 * Asks the ledger that is open, about the moment that is chosen. What is about now is asked again after every event; what is known up to a
 * sequence never changes.
 */
export function useAsk<T>(
  question: string,
  asked: Asked = {},
  { enabled = true, most, moment: other }: Options = {},
): Answer<T> {
  const { ledger = '' } = usePlace();
  const chosen = useMoment();
  const about = JSON.stringify(asked);
  const wanted: Moment = other ?? chosen;
  const turn = useTurn(ledger, wanted);
  const { moment } = turn;
  const { data, error, isFetching, refetch } = useQuery<Rows<T> & { readonly of: string }>({
    queryKey: [ledger, question, about, moment],
    queryFn: async ({ signal }) => ({
      ...(await askRows<T>(`${ledgerPath(ledger)}/${question}`, { ...asked, ...moment }, signal, most)),
      of: chosenIn(moment),
    }),
    // Of another moment, but never of another question.
    placeholderData: (rows, query) =>
      JSON.stringify(query?.queryKey.slice(0, 3)) === JSON.stringify([ledger, question, about]) ? rows : undefined,
    enabled: enabled && ledger !== '',
    staleTime: Infinity,
    // Nobody asks about the same "now" again.
    ...(wanted.known === undefined && { gcTime: 5_000 }),
  });
  useNext(ledger, wanted, turn, isFetching, (data?.received ?? 0) + (data?.took ?? 0));
  return {
    rows: data?.rows,
    sequence: data?.sequence,
    received: data?.received,
    more: data?.more ?? false,
    isStale: data !== undefined && data.of !== chosenIn(wanted),
    error: error ?? undefined,
    again: () => void refetch(),
  };
}
