import { expandRange, type SerialRange } from '#contracts/serials';

/** Units that are kept as ranges, one by one. */
export const eachUnit = <R extends SerialRange & { readonly item: string; readonly account: string }>(
  ranges: Iterable<R>,
): { item: string; serial: string; account: string }[] =>
  [...ranges].flatMap(({ item, account, ...range }) => expandRange(range).map((serial) => ({ item, serial, account })));
