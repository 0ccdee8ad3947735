import type { LineageRow } from '#contracts/lineageRows';
import type { QueueRow, SwapRow } from '#contracts/rows';
import { useAsk } from '../../api/useAsk.ts';
import { EventLink } from '../../event/EventLink.tsx';
import type { Told } from '../../event/told.ts';
import { eventName, plural, units } from '../../format.ts';
import { Agreed } from '../../why/Agreed.tsx';
import { type Takeover, takeoversIn, takeoversOf } from './takeovers.ts';

/** So many events are written out, the newest first. */
const WRITTEN = 3;

/** Whose place it was, and by which events and on whose authority it was taken. */
export function Taken({ row }: { readonly row: QueueRow }) {
  const { takeovers, error } = useTakeovers(row);
  const rest = (takeovers?.length ?? 0) - WRITTEN;
  return (
    <>
      {' '}
      <span className="tag">took the place of {row.buyer}</span>
      <ul className="taken small">
        {takeovers?.slice(0, WRITTEN).map(({ sequence, type, from, quantity, agreement }) => (
          <li key={sequence}>
            {units(quantity)} from {from}: <EventLink sequence={sequence}>{eventName(type)}</EventLink>
            {agreement !== null && <Agreed agreement={agreement} />}
          </li>
        ))}
        {rest > 0 && <li className="soft">and by {plural(rest, 'earlier event')}: click its units</li>}
        {takeovers?.length === 0 && <li className="soft">by events that this key may not see</li>}
        {takeovers === undefined && error !== undefined && <li className="soft">by which event: {error.message}</li>}
      </ul>
    </>
  );
}

/** By the lineage of the units. Whose place was taken may not see what others have, and sees the events that took it. */
function useTakeovers({ owner, order, line }: QueueRow): {
  readonly takeovers: readonly Takeover[] | undefined;
  readonly error: Error | undefined;
} {
  const lineage = useAsk<LineageRow>('holdings/lineage', { owner, order, line }, { most: 100 });
  const isUnseen = lineage.rows?.length === 0;
  const events = useAsk<Told>('events', { entity: `order/${order}` }, { enabled: isUnseen });
  const swaps = useAsk<SwapRow>('swaps', { party: owner }, { enabled: isUnseen });
  if (!isUnseen) return { takeovers: lineage.rows && takeoversOf(owner, lineage.rows), error: lineage.error };
  const { rows } = events;
  return {
    takeovers: rows && swaps.rows && takeoversIn({ owner, order, line }, rows, swaps.rows),
    error: events.error ?? swaps.error,
  };
}
