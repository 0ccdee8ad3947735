import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { usePlace } from '../url/usePlace.ts';
import { askPage, type Page } from './client.ts';
import { type Asked, ledgerPath } from './paths.ts';
import { useLive } from './live.ts';
import { type Numbered, withNewest } from './newest.ts';
import { chosenIn, type Moment, useNext, useTurn } from './pace.ts';
import type { Answer } from './useAsk.ts';

const LIMIT = 200;
const AGAIN_MS = 2_000;

interface LongAnswer<T> extends Answer<T> {
  /** Asks for the next page, if there is one. */
  readonly onEnd: () => void;
}

type Pages<T> = InfiniteData<Page<T>, string | undefined>;

/**
 * A list of events, the newest first, page by page as it is scrolled. What is recorded meanwhile is put before it: what was read already is not
 * asked for again. Its further pages are of the moment of the first, so nothing is in it twice.
 */
export function useLongList<T extends Numbered>(question: string, asked: Asked): LongAnswer<T> {
  const { ledger = '', at, known } = usePlace();
  const { head } = useLive();
  const queries = useQueryClient();
  const path = `${ledgerPath(ledger)}/${question}`;
  const about = JSON.stringify(asked);
  const wanted: Moment = { at, ...(known !== undefined && { known }) };
  const turn = useTurn(ledger, wanted);
  const { moment } = turn;
  const key = JSON.stringify([ledger, question, about, moment]);
  const list = useInfiniteQuery({
    queryKey: ['list', ledger, question, about, key],
    queryFn: async ({ pageParam, signal }) =>
      askPage<T>(path, { ...asked, ...moment, limit: LIMIT, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    // Of another moment, but never of another question.
    placeholderData: (pages, query) =>
      JSON.stringify(query?.queryKey.slice(1, 4)) === JSON.stringify([ledger, question, about]) ? pages : undefined,
    staleTime: Infinity,
    // Whoever comes back begins with the newest.
    gcTime: 0,
  });
  const { data, hasNextPage, isFetching, fetchNextPage } = list;
  useNext(ledger, wanted, turn, isFetching, 0);
  const stands = data?.pages[0]?.sequence ?? head;
  const isBehind = moment.known === undefined && data !== undefined && !list.isPlaceholderData && stands < head;
  const ask = async (signal: AbortSignal) =>
    askPage<T>(path, { ...asked, at: moment.at, limit: LIMIT, 'min-sequence': head }, signal);
  useNewest(isBehind, `${key} ${stands}`, ask, (page) => {
    queries.setQueryData<Pages<T>>(
      ['list', ledger, question, about, key],
      (before) => before && withNewest(before, page, window.scrollY),
    );
  });
  const rows = useMemo(() => data?.pages.flatMap((page) => page.data), [data]);
  return {
    rows,
    sequence: data?.pages[0]?.sequence,
    received: list.dataUpdatedAt,
    more: hasNextPage,
    isStale: list.isPlaceholderData || chosenIn(moment) !== chosenIn(wanted),
    error: list.error ?? undefined,
    again: () => void list.refetch(),
    onEnd: () => {
      if (hasNextPage && !isFetching) void fetchNextPage();
    },
  };
}

/** Asks for what came meanwhile, once after each answer: fifty events a second make one question at a time. */
function useNewest<T>(
  isBehind: boolean,
  stands: string,
  ask: (signal: AbortSignal) => Promise<Page<T>>,
  take: (page: Page<T>) => void,
): void {
  const [failed, setFailed] = useState(0);
  const latest = useRef({ ask, take });
  useEffect(() => {
    latest.current = { ask, take };
  });
  useEffect(() => {
    if (!isBehind) return;
    const stop = new AbortController();
    let later: number | undefined;
    latest.current.ask(stop.signal).then(
      (page) => {
        if (!stop.signal.aborted) latest.current.take(page);
      },
      // That the connection is lost is said by the stream.
      () => {
        later = window.setTimeout(() => {
          setFailed((times) => times + 1);
        }, AGAIN_MS);
      },
    );
    return () => {
      window.clearTimeout(later);
      stop.abort();
    };
  }, [isBehind, stands, failed]);
}
