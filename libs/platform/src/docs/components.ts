import { z } from 'zod';
import { Problem } from '#contracts/problem';
import { ActivityRow, ReasonRow } from '#contracts/activityRows';
import { AvailableRow, HoldRow } from '#contracts/holdRows';
import { ExchangeHistoryRow, HoldingDiffRow, HoldingHistoryRow } from '#contracts/changeRows';
import { FlagRow } from '#contracts/flagRows';
import { LineageRow } from '#contracts/lineageRows';
import { CheckpointRow, ConsistencyProof, InclusionProof } from '#contracts/proofRows';
import * as rows from '#contracts/rows';
import { LedgerRow, StatusRow } from '#contracts/statusRows';
import { SupplyRow } from '#contracts/supplyRows';
import { PartyTenureRow, UnitTenureRow } from '#contracts/tenureRows';
import { StoredEvent } from '#contracts/storedEvent';

/** The schemas that the document names: what the contract's rows are called in OpenAPI. */
const named = {
  Activity: ActivityRow,
  Available: AvailableRow,
  Checkpoint: CheckpointRow,
  ConsistencyProof,
  Event: StoredEvent,
  ExchangeHistory: ExchangeHistoryRow,
  Flag: FlagRow,
  Hold: HoldRow,
  Holding: rows.HoldingGroupRow,
  HoldingDiff: HoldingDiffRow,
  HoldingHistory: HoldingHistoryRow,
  InclusionProof,
  Item: rows.ItemRow,
  Ledger: LedgerRow,
  Lineage: LineageRow,
  Order: rows.OrderRow,
  Party: rows.PartyRow,
  PartyTenure: PartyTenureRow,
  Posting: rows.PostingRow,
  Problem,
  QueuePlace: rows.QueueRow,
  Reason: ReasonRow,
  Shipment: rows.ShipmentRow,
  Status: StatusRow,
  Supply: SupplyRow,
  Swap: rows.SwapRow,
  Unit: rows.UnitRow,
  UnitTenure: UnitTenureRow,
};
export type ComponentName = keyof typeof named;

export const rowSchema = (name: ComponentName): z.ZodType => named[name];

type Schema = Record<string, unknown>;
export const refTo = (name: ComponentName) => ({ $ref: `#/components/schemas/${name}` });

/** `components.schemas` of OpenAPI, from the same zod schemas that the types and the read models have. */
export function componentSchemas(): Record<string, Schema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    uri: (id) => `#/components/schemas/${id}`,
    override: withoutSafeBounds,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _, $id: __, id: ___, ...schema }]) => [
      name,
      { title: name, ...schema },
    ]),
  );
}

/** The schema of a value that has no name of its own. */
export function inlineSchema(schema: z.ZodType): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'output', override: withoutSafeBounds });
  return rest;
}

/** zod bounds every integer by what a double can hold, which says nothing to a reader of the document. */
function withoutSafeBounds({ jsonSchema }: { jsonSchema: { minimum?: unknown; maximum?: unknown } }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}
