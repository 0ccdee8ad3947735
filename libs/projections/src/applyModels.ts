import { setImmediate } from 'node:timers/promises';
import type { Batch } from './engine/batch.ts';
import { PipelinedConnection } from './engine/pipelinedConnection.ts';
import { flagsModel } from './flags/apply.ts';
import type { Model } from './model.ts';
import { afterFlags, besideFlags } from './models.ts';
import type { Db } from './reading/readModel.ts';

/** So many models are begun before the flags: the database has work while the flags wait for what they look at. */
const AHEAD = 3;

/**
 * Applies a batch to every read model, over one connection. The statements of one model run in its order; what several models do
 * stands in the order in which they begin. Rejects with the first failure, when none of them runs any more.
 */
export async function applyModels(batch: Batch, db: Db): Promise<void> {
  const connection = new PipelinedConnection(db);
  const begun: Promise<void>[] = [];
  const begin = async (models: readonly Model[]): Promise<void> => {
    for (const model of models) {
      const applying = model.apply(batch, connection);
      // Looked at below, when all are done.
      applying.catch(() => undefined);
      begun.push(applying);
      // Its statements go out before the next model's are put together.
      await setImmediate();
    }
  };
  await begin([...besideFlags.slice(0, AHEAD), flagsModel]);
  const flags = begun.at(-1);
  await begin(besideFlags.slice(AHEAD));
  await flags?.catch(() => undefined);
  await begin(afterFlags);
  const failed = (await Promise.allSettled(begun)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
