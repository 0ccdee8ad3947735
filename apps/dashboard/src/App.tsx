import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { LedgerRow } from '#contracts/statusRows';
import { askRows } from './api/client.ts';
import { follow, useLive } from './api/live.ts';
import { useSession } from './api/session.ts';
import { Shell } from './Shell.tsx';
import { MemoSteps, OfferMemo } from './memo/PlayMemo.tsx';
import { SignIn } from './SignIn.tsx';
import { Empty, Loading, Trouble } from './ui/parts.tsx';
import { adjust, usePlace } from './url/usePlace.ts';
import { Views } from './views/Views.tsx';

/** The ledgers that the key may see. */
export const LEDGERS = queryOptions({
  queryKey: ['ledgers'],
  queryFn: ({ signal }) => askRows<LedgerRow>('/v1/ledgers', {}, signal),
  // Whoever asked just before the page was drawn need not ask again.
  staleTime: 5_000,
});

/** Signs in, finds the ledger, follows it, and shows the view that the address names. */
export function App() {
  const session = useSession();
  if (session.state === 'signed-out') return <SignIn why={session.why} />;
  if (session.state === 'signing-in') return <Loading what="the dashboard" />;
  return <Ledgers key={session.key} />;
}

function Ledgers() {
  const place = usePlace();
  const queries = useQueryClient();
  // The next key may see less.
  useEffect(
    () => () => {
      queries.clear();
    },
    [queries],
  );
  const { data, error, refetch } = useQuery({
    ...LEDGERS,
    refetchInterval: (query) => (query.state.data?.rows.length === 0 ? 2_000 : false),
  });
  const first = data?.rows.find(({ ledger }) => ledger === 'nvidia') ?? data?.rows[0];
  const unnamed = place.ledger === undefined;
  useEffect(() => {
    if (unnamed && first !== undefined) adjust({ ...place, ledger: first.ledger });
  });
  if (data === undefined) {
    return error === null ? <Loading what="the ledgers" /> : <Trouble error={error} again={() => void refetch()} />;
  }
  const ledger = data.rows.find((row) => row.ledger === place.ledger);
  return (
    <Shell ledgers={data.rows}>
      {data.rows.length === 0 ? <OfferMemo /> : ledger === undefined ? <UnknownLedger /> : <Followed ledger={ledger} />}
    </Shell>
  );
}

function Followed({ ledger: { ledger, sequence } }: { readonly ledger: LedgerRow }) {
  const live = useLive();
  useEffect(() => follow(ledger, sequence), [ledger, sequence]);
  if (live.ledger !== ledger) return <Loading what={`the ledger ${ledger}`} />;
  return (
    <>
      <MemoSteps />
      <Views />
    </>
  );
}

function UnknownLedger() {
  const { ledger = '' } = usePlace();
  return (
    <Empty title={ledger === '' ? 'Choose a ledger' : `No ledger is called ${ledger}`}>
      <p>Choose one above. A key sees only the ledgers that it was made for.</p>
    </Empty>
  );
}
