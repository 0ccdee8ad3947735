import type { Entity, EntityKey } from '#ledger/entity';
import { fromJson, toJson } from '#ledger/serialisable';
import type { Known } from './known.ts';
import type { SnapshotRow } from '../sql/writeSnapshots.ts';

/**
 * The form of the states in `journal.snapshots`. Raise it when `toJson` changes, or when `evolve` makes another state of the
 * same events: snapshots of another form are not read, and the streams are folded from the start.
 */
export const SNAPSHOT_FORMAT = 1;

export const toSnapshotRow = ([key, entity]: readonly [EntityKey, Entity]): SnapshotRow => ({
  entity: key,
  sequence: entity.version,
  state: Buffer.from(JSON.stringify(toJson(entity))),
});

export const fromSnapshot = (state: Buffer): Known => ({
  entity: fromJson(JSON.parse(state.toString('utf8'))),
  sinceSnapshot: 0,
});
