import { type Or, reject } from '../decision.ts';
import type { Shipment } from '../entity.ts';
import { find, type View } from '../view.ts';

/** Rejects with `unknown-shipment`. */
export const findShipment = (view: View, shipment: string): Or<Shipment> =>
  find(view, 'shipment', shipment) ??
  reject('unknown-shipment', `There is no shipment ${shipment} in this ledger. Dispatch it first, or correct its id.`, {
    shipment,
  });
