/** The partition with the fewest ledgers, the first of them where several have as few. */
export function choosePartition(partitions: readonly number[], taken: Iterable<number>): number {
  const load = new Map(partitions.map((partition) => [partition, 0]));
  for (const partition of taken) {
    const ledgers = load.get(partition);
    if (ledgers !== undefined) load.set(partition, ledgers + 1);
  }
  const [first, ...rest] = [...load];
  if (first === undefined) throw new Error('a topic has at least one partition');
  return rest.reduce((least, one) => (one[1] < least[1] ? one : least), first)[0];
}
