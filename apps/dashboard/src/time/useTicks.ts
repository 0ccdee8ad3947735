import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { ActivityRow } from '#contracts/activityRows';
import { askRows, ledgerPath, type Rows } from '../api/client.ts';
import { onEvents } from '../api/live.ts';
import { usePlace } from '../url/usePlace.ts';
import { type Tick, ticksOf } from './scale.ts';

/** So many events are ticks, the newest of them: more would stand on each other. */
const MOST_TICKS = 3000;

/** The events of the ledger as ticks: those that there were, and each that comes. */
export function useTicks(): readonly Tick[] {
  const { ledger = '' } = usePlace();
  const queries = useQueryClient();
  const { data } = useQuery({
    queryKey: [ledger, 'ticks'],
    queryFn: ({ signal }) => askRows<ActivityRow>(`${ledgerPath(ledger)}/activity`, {}, signal, MOST_TICKS),
    select: storyOf,
    staleTime: Infinity,
  });
  useEffect(
    () =>
      onEvents((events) => {
        queries.setQueryData<Rows<Omit<Tick, 'time'>>>([ledger, 'ticks'], (before) => {
          if (before === undefined) return undefined;
          const seen = new Set(before.rows.map(({ sequence }) => sequence));
          const come = events
            .map(({ sequence, type, subject, time }) => ({ sequence: Number(sequence), type, subject, occurred: time }))
            .filter(({ sequence }) => !seen.has(sequence));
          return { ...before, rows: [...come, ...before.rows].slice(0, MOST_TICKS) };
        });
      }),
    [ledger, queries],
  );
  return data ?? [];
}

/** When a ledger was opened is no part of its story: it may be years after what it is told. */
const storyOf = ({ rows }: Rows<Omit<Tick, 'time'>>): readonly Tick[] =>
  ticksOf(rows.filter(({ type }) => type !== 'lading.ledger.opened.v1'));
