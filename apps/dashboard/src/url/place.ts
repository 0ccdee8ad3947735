/** Where somebody is in the dashboard: all that they chose, so that a link shows its receiver exactly the same. */
export interface Place {
  /** Undefined: the first ledger that there is. */
  readonly ledger: string | undefined;
  readonly view: View;
  /** When it was true: a day, which is its end in UTC, or a moment. Undefined: now. */
  readonly at: string | undefined;
  /** What the ledger had been told: up to this sequence. Undefined: all. */
  readonly known: number | undefined;
  /** The choices of the view: filters, sort, what is open. */
  readonly choices: Choices;
}
type Choices = Readonly<Record<string, string | undefined>>;

export const views = ['holdings', 'delivery', 'swaps', 'shipments', 'events', 'flags', 'status', 'desk'] as const;
export type View = (typeof views)[number];

const BASE = '/app';

/** Reads an address. What it does not understand is left out: an old link still leads somewhere. */
export function placeOf({ pathname, search }: { readonly pathname: string; readonly search: string }): Place {
  const [, , ledger = '', view = ''] = pathname.split('/').map(decoded);
  const asked = new URLSearchParams(search);
  const { at, known, ...choices } = Object.fromEntries(asked) as Record<string, string | undefined>;
  return {
    ledger: ledger === '' ? undefined : ledger,
    view: views.find((name) => name === view) ?? 'holdings',
    at: at !== undefined && isMoment(at) ? at : undefined,
    known: known !== undefined && /^\d{1,15}$/.test(known) ? Number(known) : undefined,
    choices,
  };
}

/** The address of a place: the same place has always the same address. */
export function addressOf({ ledger, view, at, known, choices }: Place): string {
  if (ledger === undefined) return `${BASE}/`;
  const chosen = { at, known: known?.toString(), ...choices };
  const search = new URLSearchParams(
    Object.entries(chosen)
      .filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ).toString();
  return `${BASE}/${encodeURIComponent(ledger)}/${view}${search === '' ? '' : `?${search}`}`;
}

/** Another view of the same moment: the choices of a view are its own. */
export const viewed = (place: Place, view: View, choices: Choices = {}): Place => ({ ...place, view, choices });

/** The same view with some of its choices changed; an undefined one is taken back. */
export const chosen = (place: Place, choices: Choices): Place => ({
  ...place,
  choices: { ...place.choices, ...choices },
});

const isMoment = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?Z)?$/.test(text) && !Number.isNaN(Date.parse(text));

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
