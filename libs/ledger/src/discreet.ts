import { type Rejected, reject } from './decision.ts';
import { concernsSwap } from './entitled.ts';
import { heldDetail, type HeldFacts, serialElsewhere } from './rejections.ts';
import { entityOf, type View } from './view.ts';

/**
 * What a key that speaks for a party is told of a rejection. A rejection names what is in the way, and rivals share a ledger: how many
 * and until when is told to whoever has to act on it, what others call their swaps, holds and orders, and who has them, is not. Asks
 * for all that it looks at, so that it is loaded at once.
 */
export function toldTo(party: string, rejected: Rejected, view: View): Rejected {
  if (rejected.code === 'held-for') return withoutHolders(party, rejected, view);
  if (rejected.code === 'serial-elsewhere') return withoutPlace(party, rejected, view);
  return rejected;
}

function withoutHolders(party: string, { code, facts: all }: Rejected, view: View): Rejected {
  const facts = all as unknown as HeldFacts;
  const held = facts.held.map(({ swap, hold, ...rest }) => ({
    ...(swap !== undefined && concernsSwap(party, entityOf(view, 'swap', swap), view) && { swap }),
    ...(hold !== undefined && entityOf(view, 'hold', hold)?.owner === party && { hold }),
    ...rest,
  }));
  const told = { ...facts, held };
  return reject(code, heldDetail(told), told);
}

interface Elsewhere {
  readonly order: string;
  readonly line: string;
  readonly item: string;
  readonly serial: string;
  readonly account: { readonly order: string; readonly owner: string; readonly custodian: string } | null;
}

function withoutPlace(party: string, rejected: Rejected, view: View): Rejected {
  const { account, serial, ...goods } = rejected.facts as unknown as Elsewhere;
  if (account === null) return rejected;
  const order = entityOf(view, 'order', account.order);
  const isTheirs = [account.owner, account.custodian, order?.supplier, order?.buyer].includes(party);
  return isTheirs ? rejected : serialElsewhere(goods, serial, 'others');
}
