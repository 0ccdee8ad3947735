import { setImmediate } from 'node:timers/promises';
import type { Batch } from './engine/batch.ts';
import { Lane } from './engine/lane.ts';
import { models } from './models.ts';
import type { Db } from './reading/readModel.ts';

/**
 * Applies a batch to every read model, over one connection. Statements of one model run in its order, and models begin in theirs; the
 * first is finished before the others begin. Rejects with the first failure, when none of them runs any more.
 */
export async function applyModels(batch: Batch, db: Db): Promise<void> {
  const lane = new Lane(db);
  const [first, ...others] = models;
  await first?.apply(batch, lane);
  const applying: Promise<void>[] = [];
  for (const model of others) {
    const apply = model.apply(batch, lane);
    // Looked at below, when all are done.
    apply.catch(() => undefined);
    applying.push(apply);
    // Its statements go out before the next model's are put together.
    await setImmediate();
  }
  const failed = (await Promise.allSettled(applying)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
