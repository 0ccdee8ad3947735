import type pg from 'pg';
import type { Db, ReadModel } from '#projections/reading/readModel';

/** A step of a plan, as it ran. */
interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Node[];
}

/** The plan nodes of every statement of a question, as it ran. */
export async function plansOf(model: ReadModel, read: (model: ReadModel) => Promise<unknown>): Promise<Node[]> {
  const found: Node[] = [];
  const note = (node: Node): void => {
    found.push(node);
    for (const child of node.Plans ?? []) note(child);
  };
  const explaining: Db['query'] = (async (query: string | pg.QueryConfig, given: unknown[]) => {
    const { text, values = given } = typeof query === 'string' ? { text: query } : query;
    const { rows } = await model.db.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
      values,
    );
    note(rows[0]!['QUERY PLAN'][0].Plan);
    return model.db.query(text, values);
  }) as never;
  await read({ ...model, db: { query: explaining } });
  return found;
}

/** The most rows that any step of the plans looked at. */
export const rowsTouched = (nodes: readonly Node[]): number =>
  Math.max(
    0,
    ...nodes.map((node) => {
      const { 'Rows Removed by Filter': filtered = 0, 'Rows Removed by Index Recheck': rechecked = 0 } = node;
      return ((node['Actual Rows'] ?? 0) + filtered + rechecked) * (node['Actual Loops'] ?? 1);
    }),
  );
