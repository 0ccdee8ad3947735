import { isVoid } from '#contracts/cloudEvent';
import { setImmediate } from 'node:timers/promises';
import { activityModel } from './activity/model.ts';
import type { Batch } from './engine/batch.ts';
import { duplicatesModel } from './flags/duplicates.ts';
import { flagsModel } from './flags/model.ts';
import { pastBalancesModel } from './flags/pastBalances.ts';
import { holdingsModel } from './holdings/model.ts';
import { holdsModel } from './holds/model.ts';
import { itemsModel } from './items/model.ts';
import { undoneBy } from './engine/undone.ts';
import type { Model } from './model.ts';
import { ordersModel } from './orders/model.ts';
import { substitutesModel } from './orders/substitutes.ts';
import { partiesModel } from './parties/model.ts';
import { queueModel } from './queue/model.ts';
import type { Db } from './reading/readModel.ts';
import { commitmentsModel } from './supply/model.ts';
import { shipmentsModel } from './shipments/model.ts';
import { swapsModel } from './swaps/model.ts';
import { unitsModel } from './units/model.ts';

/**
 * Raise it when a rule changes what is written into a table that stays as it is: what was written by the old rule is then built
 * anew, as it is when a table changes.
 */
export const RULES = 9;

/** They look at nothing that others write. The first of them give the database work while the flags wait for what they look at. */
const beforeFlags: readonly Model[] = [activityModel, holdingsModel, duplicatesModel];
const besideFlags: readonly Model[] = [
  ordersModel,
  substitutesModel,
  holdsModel,
  queueModel,
  commitmentsModel,
  itemsModel,
  unitsModel,
];

/**
 * Flags look at parties, shipments and swaps as they were before the batch: so these are written after them. Past balances look at the
 * postings with those of the batch.
 */
const afterFlags: readonly Model[] = [partiesModel, shipmentsModel, swapsModel, pastBalancesModel];

const all: readonly Model[] = [flagsModel, ...beforeFlags, ...besideFlags, ...afterFlags];

/** Makes the tables of all read models; the search path is the schema of the version that they are for. */
export const tables = all.flatMap((model) => model.tables.map(({ ddl }) => ddl)).join('\n');

/** The same for a version that nobody asks yet: `indexesForQuestions` are missing in it. */
export const tablesToFill = all.flatMap((model) => model.tables.map(({ toFill }) => toFill)).join('\n');

/** By their names, what makes the indexes that no batch needs. Made of all rows at once, they cost far less. */
export const indexesForQuestions: ReadonlyMap<string, string> = new Map(
  all.flatMap((model) => model.tables.flatMap(({ forQuestions }) => [...forQuestions])),
);

/** Events and moves whose statements are put together in one turn. */
const AT_ONCE = 100;

/**
 * Applies a batch to every read model, over one connection that is pipelined. The statements of one model run in its order; the statements of several
 * models run in the order in which the models begin. Rejects with the first failure, when none of them runs any more.
 *
 * @param instead of all models these, each of which finds what it looks at
 */
export async function applyModels(batch: Batch, db: Db, instead?: ReadonlySet<Model>): Promise<void> {
  // A void is applied by itself.
  const [first] = batch.events;
  if (first !== undefined && isVoid(first)) {
    const undone = undoneBy(first);
    for (const model of all) await (model.undo?.(undone, batch, db) ?? model.apply(batch, db));
    return;
  }
  const isSmall = batch.events.length + batch.moves.length <= AT_ONCE;
  const occurring = new Set(batch.events.map(({ type }) => type));
  const begun = new Map<Model, Promise<unknown>>();
  const begin = async (models: readonly Model[]): Promise<void> => {
    for (const model of models) {
      if (model.types?.some((type) => occurring.has(type)) === false) continue;
      // The statements of the models before it go out, and others have their turn, before its own are put together. Those of a few
      // events are put together soon: they go out in one write, which wakes the database once.
      if (!isSmall) await setImmediate();
      const applying = model.apply(batch, db);
      // Its failure is looked at below, when all are done.
      applying.catch(() => undefined);
      begun.set(model, applying);
    }
  };
  const last = instead === undefined ? afterFlags : afterFlags.filter((model) => instead.has(model));
  await begin(
    [...(instead ?? [...beforeFlags, flagsModel, ...besideFlags])].filter((model) => !afterFlags.includes(model)),
  );
  await begun.get(flagsModel)?.catch(() => undefined);
  await begin(last);
  const failed = (await Promise.allSettled(begun.values())).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
