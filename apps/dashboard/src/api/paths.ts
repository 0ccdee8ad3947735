/** What is sent with a question: an undefined one is left out. */
export type Asked = Readonly<Record<string, string | number | undefined>>;

/** So many rows a page of a list. */
export const PAGE = 1000;

export function searchOf(asked: Asked): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(asked))
    if (value !== undefined && value !== '') search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

export const ledgerPath = (ledger: string): string => `/v1/ledgers/${encodeURIComponent(ledger)}`;

/** The name of the key in the storage of this tab. */
export const STORED = 'lading.key';
