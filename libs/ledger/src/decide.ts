import type { EventType } from '#contracts/catalog';
import { microseconds } from '#contracts/scalars';
import type { Command, Rule } from './command.ts';
import { transferCustody } from './custody/transferCustody.ts';
import { accept, type Decision, isRejected, reject } from './decision.ts';
import { registerItem, registerParty } from './masterData/register.ts';
import { findNamed } from './named.ts';
import { cancelLine } from './order/cancelLine.ts';
import { changeLine } from './order/changeLine.ts';
import { confirmOrder } from './order/confirmOrder.ts';
import { addLines, placeOrder } from './order/placeOrder.ts';
import { reallocate } from './reallocation/reallocate.ts';
import { dispatch } from './shipment/dispatch.ts';
import { receive } from './shipment/receive.ts';
import { reschedule } from './shipment/reschedule.ts';
import { commit } from './supply/commit.ts';
import { executeSwap } from './swap/execute.ts';
import { propose } from './swap/propose.ts';
import { acceptSwap, rejectSwap, withdrawSwap } from './swap/respond.ts';
import { adjustCount } from './units/adjustCount.ts';
import { changeCondition, lose, scrap } from './units/condition.ts';
import { holdUnits, releaseUnits } from './units/holdUnits.ts';
import { returnUnits } from './units/returnUnits.ts';
import type { View } from './view.ts';
import { takeBack } from './voiding/takeBack.ts';

/** A ledger is opened once, which is checked before any rule. */
const openLedger: Rule<'lading.ledger.opened.v1'> = (data) => accept(data);

/** One rule a type. A new type of event is a new line here. */
const rules: { readonly [T in EventType]: Rule<T> } = {
  'lading.ledger.opened.v1': openLedger,
  'lading.event.voided.v1': takeBack,
  'lading.party.registered.v1': registerParty,
  'lading.item.registered.v1': registerItem,
  'lading.order.placed.v1': placeOrder,
  'lading.order.lines_added.v1': addLines,
  'lading.order.confirmed.v1': confirmOrder,
  'lading.order.line_changed.v1': changeLine,
  'lading.order.line_cancelled.v1': cancelLine,
  'lading.supply.committed.v1': commit,
  'lading.shipment.dispatched.v1': dispatch,
  'lading.shipment.rescheduled.v1': reschedule,
  'lading.shipment.received.v1': receive,
  'lading.shipment.lost.v1': lose,
  'lading.units.returned.v1': returnUnits,
  'lading.units.scrapped.v1': scrap,
  'lading.units.condition_changed.v1': changeCondition,
  'lading.custody.transferred.v1': transferCustody,
  'lading.count.adjusted.v1': adjustCount,
  'lading.units.held.v1': holdUnits,
  'lading.units.released.v1': releaseUnits,
  'lading.reallocation.made.v1': reallocate,
  'lading.swap.proposed.v1': propose,
  'lading.swap.accepted.v1': acceptSwap,
  'lading.swap.rejected.v1': rejectSwap,
  'lading.swap.withdrawn.v1': withdrawSwap,
  'lading.swap.executed.v1': executeSwap,
};

/** How far ahead of the recorded time an event may say that it happened: clocks differ. */
const MAX_AHEAD_MS = 5 * 60_000;

/**
 * Decides whether a ledger takes an event in: the completed data that it keeps, or a rejection with a stable code and the
 * facts to act on. Pure: it looks at `view` and at nothing else, and never throws for data that the contract takes. `now`
 * is the recorded time that the event would get.
 */
export function decide<T extends EventType>(command: Command<T>, view: View, now: Date): Decision<T> {
  const { type, data, time, beside } = command;
  if (microseconds(time) > (now.getTime() + MAX_AHEAD_MS) * 1000) {
    return reject(
      'occurred-in-future',
      `It is ${now.toISOString()} now, and this happened at ${time}. Correct the time.`,
      { time, now: now.toISOString(), maxAheadSeconds: MAX_AHEAD_MS / 1000 },
    );
  }
  const lines = findNamed(command as Command, view);
  if (isRejected(lines)) return lines;
  // The table gives each type its own rule: the one that takes this data.
  const rule = rules[type] as unknown as Rule<EventType>;
  return rule(data, { view, now, time, lines, beside });
}
