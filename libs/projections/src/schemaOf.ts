/** The PostgreSQL schema that a version of the read models has to itself. */
export function schemaOf(version: number): string {
  if (!Number.isSafeInteger(version) || version < 1)
    throw new RangeError(`${version} is not a version of the read models`);
  return `rm_${version}`;
}
