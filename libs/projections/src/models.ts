import { activityModel } from './activity/apply.ts';
import { flagsModel } from './flags/apply.ts';
import { pastBalancesModel } from './flags/pastBalances.ts';
import { holdingsModel } from './holdings/apply.ts';
import { itemsModel } from './items/apply.ts';
import type { Model } from './model.ts';
import { ordersModel } from './orders/apply.ts';
import { partiesModel } from './parties/apply.ts';
import { postingsModel } from './postings/apply.ts';
import { queueModel } from './queue/apply.ts';
import { shipmentsModel } from './shipments/apply.ts';
import { swapsModel } from './swaps/apply.ts';
import { unitsModel } from './units/apply.ts';

/**
 * Raise it when a rule changes what is written into a table that stays as it is: what was written by the old rule is then built
 * anew, as it is when a table changes.
 */
export const RULES = 2;

/** They look at nothing that others write. */
export const besideFlags: readonly Model[] = [
  activityModel,
  holdingsModel,
  postingsModel,
  ordersModel,
  queueModel,
  itemsModel,
  unitsModel,
];

/**
 * Flags look at parties, shipments and swaps as they were before the batch: so these are written after them. Past balances look at the
 * postings with those of the batch.
 */
export const afterFlags: readonly Model[] = [partiesModel, shipmentsModel, swapsModel, pastBalancesModel];

/** Every read model. */
export const models: readonly Model[] = [flagsModel, ...besideFlags, ...afterFlags];
