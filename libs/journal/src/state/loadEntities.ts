import type pg from 'pg';
import { parseEvent } from '#contracts/cloudEvent';
import type { EntityKey } from '#ledger/entity';
import { evolved } from './entities.ts';
import type { Known } from './known.ts';
import { fromSnapshot, SNAPSHOT_FORMAT } from './snapshot.ts';
import { loadStreams } from '../sql/loadStreams.ts';

/** Streams that one statement reads: a stream may have hundreds of events after its snapshot. */
const AT_ONCE = 100;

/** Reads entities from their snapshots and streams. Every key is in the answer, also one that has no stream. */
export async function loadEntities(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  keys: readonly EntityKey[],
): Promise<Map<EntityKey, Known>> {
  const loaded = new Map<EntityKey, Known>(keys.map((key) => [key, { entity: undefined, sinceSnapshot: 0 }]));
  for (let from = 0; from < keys.length; from += AT_ONCE) {
    for (const row of await loadStreams(client, ledger, head, keys.slice(from, from + AT_ONCE), SNAPSHOT_FORMAT)) {
      const before = loaded.get(row.entity) ?? { entity: undefined, sinceSnapshot: 0 };
      loaded.set(
        row.entity,
        row.snapshot ? fromSnapshot(row.bytes) : evolved(row.entity, before, parseEvent(row.bytes)),
      );
    }
  }
  return loaded;
}
