import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Batch } from '../engine/batch.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';
import { loadConsignees, loadControls, loadProposals } from './before.ts';
import { insertFlags } from './insertFlags.ts';
import { OnTheWay, type Sent } from './onTheWay.ts';
import type { Raised } from './raised.ts';
import { diversion, type Receipt, receiptDiscrepancy, redirected } from './receipts.ts';
import { relatedParty } from './relatedParty.ts';
import { flagsTables } from './table.ts';
import { Transfers } from './transfers.ts';

export const flagsModel: Model = { name: 'flags', tables: flagsTables, apply };

/**
 * Judges each event by what was known when it came: the tables have the parties, shipments and swaps from before the batch, and the
 * batch's own events are followed on top of them.
 */
async function apply(batch: Batch, db: Db): Promise<void> {
  const raised: Raised[] = [];
  const transfers = new Transfers(batch);
  const [judge] = await Promise.all([judgeOf(batch, db), transfers.load(db)]);
  for (const event of batch.events) {
    judge.learn(event);
    if (event.type === 'lading.reallocation.made.v1' || event.type === 'lading.swap.executed.v1') {
      transfers.add(event);
      raised.push(...relatedParty(event, judge.controls, judge.proposed(event)));
    } else if (event.type === 'lading.shipment.received.v1') raised.push(...ofReceipt(event, batch, judge, transfers));
  }
  await transfers.write(db);
  await insertFlags(db, batch.ledger, raised);
}

function ofReceipt(event: Receipt, { orders }: Batch, judge: Judge, transfers: Transfers): Raised[] {
  return [
    ...redirected(
      event,
      (order) => orders.get(order)?.buyer,
      (order, line, owner) => transfers.to(order, line, owner),
    ),
    ...diversion(event, judge.consignee(event.data.shipment)),
    // The receipt's own moves are learnt: what it leaves on the way, of lines that it names or not, is missing once it is final.
    ...receiptDiscrepancy(event, judge.onTheWay(event.data.shipment)),
  ];
}

/** What is known at an event, as far as a rule asks for it. */
interface Judge {
  readonly controls: ReadonlyMap<string, readonly string[]>;
  consignee(shipment: string): string | undefined;
  onTheWay(shipment: string): readonly Sent[];
  proposed(event: LedgerEvent): number | undefined;
  learn(event: LedgerEvent): void;
}

async function judgeOf(batch: Batch, db: Db): Promise<Judge> {
  const onTheWay = new OnTheWay(batch);
  const [controls, consignees, proposals] = await Promise.all([
    loadControls(batch, db),
    loadConsignees(batch, db),
    loadProposals(batch, db),
    onTheWay.load(batch.ledger, db),
  ]);
  return {
    controls,
    consignee: (shipment) => consignees.get(shipment),
    onTheWay: (shipment) => onTheWay.on(shipment),
    proposed: ({ type, data }) =>
      type === 'lading.swap.executed.v1' && 'swap' in data ? proposals.get(data.swap) : undefined,
    learn(event) {
      const { type, data, sequence } = event;
      onTheWay.learn(event);
      if (type === 'lading.party.registered.v1') controls.set(data.party, data.controlledBy ?? []);
      else if (type === 'lading.swap.proposed.v1') proposals.set(data.swap, sequence);
      else if (type === 'lading.shipment.dispatched.v1') {
        if (!consignees.has(data.shipment)) consignees.set(data.shipment, data.consignee);
      } else if ('consignees' in data) {
        for (const { shipment, consignee } of data.consignees ?? []) consignees.set(shipment, consignee);
      }
    },
  };
}
