import { useQuery } from '@tanstack/react-query';
import type { PostingRow } from '#contracts/rows';
import { askRows } from '../api/client.ts';
import { ledgerPath } from '../api/paths.ts';
import { useLive } from '../api/live.ts';
import { eventName } from '../format.ts';
import { usePlace } from '../url/usePlace.ts';
import { EventLink } from './EventLink.tsx';
import { besideIn, type Move } from './moves.ts';

const MOST = 500;

interface Props {
  readonly move: Move;
  readonly sequence: number;
  readonly side: 'before' | 'after';
}

/** Which event brought units to where a move takes them from, or moved them on from where it takes them to. */
export function Beside({ move, sequence, side }: Props) {
  const { ledger = '' } = usePlace();
  const { head } = useLive();
  const { item, order, line } = move;
  const { owner, custodian, stage, shipment } = side === 'before' ? move.from : move.to;
  const asked = { item, order, line, owner, custodian, stage, shipment: shipment ?? undefined };
  const { data } = useQuery({
    queryKey: [ledger, 'beside', asked, head],
    queryFn: ({ signal }) =>
      askRows<PostingRow>(`${ledgerPath(ledger)}/holdings/postings`, { ...asked, 'min-sequence': head }, signal, MOST),
    placeholderData: (before) => before,
    staleTime: Infinity,
  });
  if (data === undefined) return null;
  const found = besideIn(data.rows, sequence, side, shipment ?? null);
  if (found === undefined)
    return (
      <span className="soft small">
        {data.more ? 'more than can be shown here' : side === 'before' ? 'they begin here' : 'they are there still'}
      </span>
    );
  return (
    <span className="small">
      <EventLink sequence={found.sequence}>
        {side === 'before' ? 'came by' : 'went on by'} {eventName(found.type).toLowerCase()}
      </EventLink>
    </span>
  );
}
