import { platformMigrations } from '#platform/database/platformMigrations';
import { AskedWitnesses1764000001100 } from './askedWitnesses.ts';
import { CreateCheckpoints1764000001000 } from './createCheckpoints.ts';
import { CreateJournal1764000000100 } from './createJournal.ts';
import { EventsThatMayName1764000001200 } from './eventsThatMayName.ts';
import { GrowTrees1764000000900 } from './growTrees.ts';
import { StockStreams1764000000800 } from './stockStreams.ts';
import { UnitsAsRanges1764000000600 } from './unitsAsRanges.ts';
import { UnitsByHashedAccount1764000000700 } from './unitsByHashedAccount.ts';

/** The tables of the event store, and those below it. */
export const journalMigrations = [
  ...platformMigrations,
  CreateJournal1764000000100,
  UnitsAsRanges1764000000600,
  UnitsByHashedAccount1764000000700,
  StockStreams1764000000800,
  GrowTrees1764000000900,
  CreateCheckpoints1764000001000,
  AskedWitnesses1764000001100,
  EventsThatMayName1764000001200,
];
