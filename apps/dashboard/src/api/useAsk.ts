import { queryOptions, useQuery } from '@tanstack/react-query';
import type { Place } from '../url/place.ts';
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
  const place = usePlace();
  const { head } = useLive();
  return momentOf(place, head);
}

/** @param head the last event that the ledger is known to have */
export const momentOf = ({ at, known }: Place, head: number): Moment & Asked =>
  known === undefined ? { at, 'min-sequence': head } : { at, known };

interface Question {
  readonly ledger: string;
  readonly question: string;
  /** What is asked, as JSON: the same question has the same key. */
  readonly about: string;
  readonly moment: Moment;
  readonly most?: number | undefined;
}

/** A question as it is asked, and what its answer is kept under. What has an answer is never asked again. */
export const askOf = <T>({ ledger, question, about, moment, most }: Question) =>
  queryOptions<Rows<T> & { readonly of: string }>({
    queryKey: [ledger, question, about, moment],
    queryFn: async ({ signal }) => ({
      ...(await askRows<T>(
        `${ledgerPath(ledger)}/${question}`,
        { ...(JSON.parse(about) as Asked), ...moment },
        signal,
        most,
      )),
      of: chosenIn(moment),
    }),
    staleTime: Infinity,
  });

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
  const { data, error, isFetching, refetch } = useQuery({
    ...askOf<T>({ ledger, question, about, moment, most }),
    // Of another moment, but never of another question.
    placeholderData: (rows, query) =>
      JSON.stringify(query?.queryKey.slice(0, 3)) === JSON.stringify([ledger, question, about]) ? rows : undefined,
    enabled: enabled && ledger !== '',
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
