/** What a number counts: the filter of holdings that it is the sum of. It stands in the address, so that a link opens it again. */
export type Subject = Readonly<Partial<Record<Key, string>>>;

const keys = ['owner', 'custodian', 'item', 'order', 'line', 'stage', 'shipment'] as const;
type Key = (typeof keys)[number];

/** `owner:x~item:H100`; the marks are escaped where an id has them. */
export const subjectText = (subject: Subject): string =>
  keys
    .flatMap((key) => (subject[key] === undefined ? [] : [`${key}:${subject[key].replaceAll(/[~%]/g, encoded)}`]))
    .join('~');

/** @returns undefined when the text names nothing */
export function subjectOf(text: string | undefined): Subject | undefined {
  const named = (text ?? '').split('~').flatMap((part) => {
    const [key = '', ...rest] = part.split(':');
    return keys.some((known) => known === key) && rest.length > 0
      ? [[key, rest.join(':').replaceAll(/%7E|%25/g, decoded)]]
      : [];
  });
  return named.length === 0 ? undefined : (Object.fromEntries(named) as Subject);
}

const encoded = (mark: string): string => (mark === '~' ? '%7E' : '%25');
const decoded = (mark: string): string => (mark === '%7E' ? '~' : '%');
