/**
 * The name of a prepared statement for a ledger of this size. PostgreSQL plans a prepared statement once; a plan that it made
 * while the tables were almost empty scans a whole ledger where an index lookup was meant (seen: 150 ms a batch instead of
 * 0.1 ms, until autovacuum came by). So each doubling of the ledger is a new name, and is planned anew.
 */
export const sized = (name: string, sequence: number): string => `${name}-${Math.ceil(Math.log2(sequence + 1))}`;
