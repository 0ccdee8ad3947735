/** A JSON pointer (RFC 6901): `pointer(['data', 'lines', 0])` is `/data/lines/0`. */
export const pointer = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
