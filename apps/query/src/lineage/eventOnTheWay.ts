import type { LedgerEvent } from '#contracts/cloudEvent';
import type { LineageStep } from '#contracts/lineageRows';

/** What an answer keeps of an event: whose act it is, and on what agreement it gives units to another owner. */
export interface EventOnTheWay extends Pick<LineageStep, 'sequence' | 'type' | 'id' | 'occurred' | 'recorded' | 'by'> {
  /** Who is meant where the event says it by the order: its supplier or its buyer. */
  readonly side?: 'supplier' | 'buyer';
  /** Of a reallocation: it says all of it itself. */
  readonly agreement?: LineageStep['agreement'];
  /** The swap that it executes. */
  readonly swap?: string;
}

export function eventOnTheWay(event: LedgerEvent): EventOnTheWay {
  const { sequence, type, id, time, recordedtime } = event;
  return { sequence, type, id, occurred: time, recorded: recordedtime, by: null, ...actOf(event) };
}

function actOf({ type, data }: LedgerEvent): Partial<EventOnTheWay> {
  switch (type) {
    case 'lading.order.placed.v1':
      return { by: data.buyer };
    case 'lading.order.lines_added.v1':
      return { side: 'buyer' };
    case 'lading.order.confirmed.v1':
    case 'lading.shipment.dispatched.v1':
      return { side: 'supplier' };
    case 'lading.order.line_changed.v1':
    case 'lading.order.line_cancelled.v1':
      return { side: data.initiator === 'seller' ? 'supplier' : 'buyer' };
    case 'lading.shipment.received.v1':
      return { by: data.by };
    case 'lading.units.returned.v1':
    case 'lading.custody.transferred.v1':
      return { by: data.from };
    case 'lading.units.scrapped.v1':
    case 'lading.units.condition_changed.v1':
    case 'lading.count.adjusted.v1':
      return { by: data.custodian };
    case 'lading.swap.executed.v1':
      return { by: data.by, swap: data.swap };
    case 'lading.reallocation.made.v1': {
      const { reallocation, from, authorisedBy = null, reason = null, reasonCode = null, evidence = [] } = data;
      const agreement = {
        swap: null,
        reallocation,
        by: from,
        accepted: [],
        authorisedBy,
        reason,
        reasonCode,
        evidence,
      };
      return { by: from, agreement };
    }
    default:
      return {};
  }
}
