import type { Move } from '#contracts/move';
import { standingOf, type Told } from '../../event/told.ts';

/** Units of a shipment that went from one hand to another. */
interface Handover {
  readonly sequence: number;
  readonly type: string;
  readonly time: string;
  readonly from: string;
  readonly to: string;
  /** By item. */
  readonly quantities: ReadonlyMap<string, number>;
}

/** Who has had what is on a shipment, in the order of the events; what was taken back never was. */
export function handoversOf(shipment: string, events: readonly Told[]): Handover[] {
  return standingOf(events).flatMap(({ sequence, type, time, data }) => {
    const found = new Map<string, Map<string, number>>();
    for (const { item, quantity, from, to } of (data as { readonly moves?: readonly Move[] }).moves ?? []) {
      if (from.shipment !== shipment && to.shipment !== shipment) continue;
      if (from.custodian === to.custodian) continue;
      const hands = JSON.stringify([from.custodian, to.custodian]);
      const quantities = found.get(hands) ?? new Map<string, number>();
      found.set(hands, quantities.set(item, (quantities.get(item) ?? 0) + quantity));
    }
    return [...found].map(([hands, quantities]) => {
      const [from, to] = JSON.parse(hands) as [string, string];
      return { sequence: Number(sequence), type, time, from, to, quantities };
    });
  });
}
