import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import type { LedgerRow } from '#contracts/statusRows';
import { signOut } from './api/session.ts';
import { asksForPalette } from './palette/find.ts';
import { Boundary } from './ui/Boundary.tsx';
import { chooseTheme, type Theme, useTheme } from './ui/theme.ts';
import { Link } from './url/Link.tsx';
import { type View, viewed, views } from './url/place.ts';
import { go, usePlace } from './url/usePlace.ts';
import { useDrop } from './verify/dropped.ts';

const viewName: Readonly<Record<View, string>> = {
  holdings: 'Holdings',
  delivery: 'Delivery',
  swaps: 'Swaps',
  shipments: 'Shipments',
  events: 'Events',
  flags: 'Flags',
  status: 'Status',
  desk: 'Desk',
};

const Palette = lazy(() => import('./palette/Palette.tsx').then(({ Palette }) => ({ default: Palette })));

/** What stands around every view: which ledger, which view, how it looks. */
export function Shell({ ledgers, children }: { readonly ledgers: readonly LedgerRow[]; readonly children: ReactNode }) {
  const place = usePlace();
  const [isFinding, setFinding] = useState(false);
  useDrop();
  return (
    <>
      <a className="skip" href="#view">
        To the view
      </a>
      <header className="band no-print">
        <p className="wordmark">Lading</p>
        <nav aria-label="Views">
          {views.map((view) => (
            <Link key={view} to={viewed(place, view)} current={view === place.view}>
              {viewName[view]}
            </Link>
          ))}
        </nav>
        {ledgers.length > 0 && (
          <Find
            onOpen={() => {
              setFinding(true);
            }}
          />
        )}
        <LedgerChoice ledgers={ledgers} />
        <ThemeChoice />
        <button
          type="button"
          className="button on-band"
          onClick={() => {
            signOut();
          }}
        >
          Sign out
        </button>
      </header>
      {isFinding && (
        <Boundary>
          <Suspense fallback={null}>
            <Palette
              onClose={() => {
                setFinding(false);
              }}
            />
          </Suspense>
        </Boundary>
      )}
      <main id="view" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

/** Opens the palette, as `/` does from anywhere. */
function Find({ onOpen }: { readonly onOpen: () => void }) {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!asksForPalette(event)) return;
      event.preventDefault();
      onOpen();
    };
    window.addEventListener('keydown', pressed);
    return () => {
      window.removeEventListener('keydown', pressed);
    };
  }, [onOpen]);
  return (
    <button
      type="button"
      className="button on-band"
      aria-keyshortcuts="/ Control+K"
      title="Find anything by its name: press /"
      onClick={onOpen}
    >
      Find
    </button>
  );
}

function LedgerChoice({ ledgers }: { readonly ledgers: readonly LedgerRow[] }) {
  const place = usePlace();
  if (ledgers.length === 0) return null;
  return (
    <label className="on-band">
      <span className="unseen">Ledger</span>
      <select
        value={place.ledger ?? ''}
        onChange={(event) => {
          go({ ledger: event.target.value, view: place.view, at: undefined, known: undefined, choices: {} });
        }}
      >
        {ledgers.map(({ ledger, name }) => (
          <option key={ledger} value={ledger}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

const themes: readonly (readonly [Theme, string])[] = [
  ['system', 'Auto'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

function ThemeChoice() {
  const theme = useTheme();
  return (
    <label className="on-band">
      <span className="unseen">Theme</span>
      <select
        value={theme}
        onChange={(event) => {
          chooseTheme(themes.find(([name]) => name === event.target.value)?.[0] ?? 'system');
        }}
      >
        {themes.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
