// First: a view that comes with the page says what is different in it after what all views share.
import './ui/tokens.css';
import './ui/base.css';
import './ui/components.css';
import './shell.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { isWorthAgain } from './api/client.ts';
import { HOLDINGS, isAsked } from './api/early.ts';
import { standAt } from './api/live.ts';
import { askOf, momentOf } from './api/useAsk.ts';
import { App, LEDGERS } from './App.tsx';
import { Boundary } from './ui/Boundary.tsx';
import { startTheme } from './ui/theme.ts';
import { placeNow } from './url/usePlace.ts';
import { MOST_HOLDINGS } from './views/holdings/Holdings.tsx';

/** Whoever waits for longer than this sees that something is being waited for. */
const PATIENCE_MS = 500;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failed, error) => isWorthAgain(error) && failed < 3,
      refetchOnWindowFocus: false,
      gcTime: 60_000,
    },
  },
});

/**
 * The first view is drawn once, with its answers: they were asked for before this script was read, and to draw the page without them, with
 * the ledgers alone and with its table took as long as all else that the page does.
 */
async function answersAsked(): Promise<void> {
  const { rows } = await queries.query(LEDGERS);
  const place = placeNow();
  const found = rows.find(({ ledger }) => ledger === place.ledger);
  if (found === undefined) return;
  standAt(found.ledger, found.sequence);
  if (place.view !== 'holdings') return;
  const about = JSON.stringify(HOLDINGS);
  const moment = momentOf(place, found.sequence);
  await queries.query(askOf({ ledger: found.ledger, question: 'holdings', about, moment, most: MOST_HOLDINGS }));
}

const patience = () => new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));

async function start(root: Element): Promise<void> {
  // What is refused is asked again by the page, which says what is wrong.
  if (isAsked()) await Promise.race([answersAsked().catch(() => undefined), patience()]);
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Boundary>
          <App />
        </Boundary>
      </QueryClientProvider>
    </StrictMode>,
  );
}

startTheme();
const root = document.getElementById('root');
// Not awaited here: other scripts could not share this one then, and the page would come in many pieces.
if (root !== null) void start(root);
