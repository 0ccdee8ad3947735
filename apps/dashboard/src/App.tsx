import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { LedgerRow } from '#contracts/statusRows';
import { askRows, isWorthAgain } from './api/client.ts';
import { follow, useLive } from './api/live.ts';
import { useSession } from './api/session.ts';
import { Shell } from './Shell.tsx';
import { MemoSteps, OfferMemo } from './memo/PlayMemo.tsx';
import { SignIn } from './SignIn.tsx';
import { Empty, Loading, Trouble } from './ui/parts.tsx';
import { adjust, usePlace } from './url/usePlace.ts';
import { Views } from './views/Views.tsx';

const AGAIN_MS = 2_000;

/** The ledgers that the key may see. */
export const LEDGERS = queryOptions({
  queryKey: ['ledgers'],
  queryFn: ({ signal }) => askRows<LedgerRow>('/v1/ledgers', {}, signal),
  // Whoever asked just before the page was drawn need not ask again.
  staleTime: 5_000,
  // Without them there is nothing else to look at, and no stream that says that Lading answers again.
  retry: (_, error) => isWorthAgain(error),
  retryDelay: AGAIN_MS,
});

/** Signs in, finds the ledger, follows it, and shows the view that the address names. */
export function App() {
  const session = useSession();
  if (session.state === 'signed-out') return <SignIn why={session.why} />;
  if (session.state === 'signing-in') return <Loading what="the dashboard" />;
  return <Ledgers key={session.key} />;
}

const NONE: readonly LedgerRow[] = [];

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
  const { data, failureReason, refetch } = useQuery({
    ...LEDGERS,
    refetchInterval: (query) => (query.state.data?.rows.length === 0 ? 2_000 : false),
  });
  const first = data?.rows.find(({ ledger }) => ledger === 'nvidia') ?? data?.rows[0];
  const unnamed = place.ledger === undefined;
  useEffect(() => {
    if (unnamed && first !== undefined) adjust({ ...place, ledger: first.ledger });
  });
  if (data === undefined) {
    if (failureReason === null) return <Loading what="the ledgers" />;
    // With the way out: another key may see more.
    return (
      <Shell ledgers={NONE}>
        <Trouble error={failureReason} again={() => void refetch()} />
      </Shell>
    );
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
  const queries = useQueryClient();
  useEffect(() => follow(ledger, sequence), [ledger, sequence]);
  const isLive = live.state === 'live';
  // What nobody answered while the connection was lost, and was given up, is asked again with it.
  useEffect(() => {
    if (isLive) void queries.refetchQueries({ type: 'active', predicate: ({ state }) => isWorthAgain(state.error) });
  }, [isLive, queries]);
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
