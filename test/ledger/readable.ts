import { eachName, namingIn } from '#contracts/names';
import type { Command } from '#ledger/command';
import type { Sandbox } from '#ledger/sandbox';

/** Every name that somebody in the ledger gave to something. `1` and the like are lines of orders, which say nothing by themselves. */
function allNames(ledger: Sandbox): Set<string> {
  return new Set(
    [...ledger.entities.keys()].flatMap((key) => {
      const slash = key.indexOf('/');
      const isOne = ['party', 'order', 'shipment', 'swap', 'hold', 'reallocation', 'return'].includes(
        key.slice(0, slash),
      );
      return isOne ? [key.slice(slash + 1)] : [];
    }),
  );
}

/** What a party may know the name of, as docs/events.md says who may read what; naively, sharing nothing with the ledger's own rules. */
function readable(party: string, ledger: Sandbox): Set<string> {
  const names = new Set([party]);
  const all = [...ledger.entities.values()];
  const orders = all.flatMap((entity) => (entity.kind === 'order' ? [entity] : []));
  const accounts = orders.flatMap((order) =>
    order.lines.flatMap(({ accounts: there }) => [...there.values()].map((account) => ({ ...account, of: order }))),
  );
  const may = (...more: (string | null | undefined)[]) => {
    for (const name of more) if (typeof name === 'string') names.add(name);
  };
  for (const { order, buyer, supplier } of orders) if ([buyer, supplier].includes(party)) may(order, buyer, supplier);
  const its = ({ owner, custodian }: { owner: string; custodian: string }) => owner === party || custodian === party;
  for (const one of accounts) {
    const isWhole = one.of.buyer === party || one.of.supplier === party;
    if (isWhole || its(one)) may(one.order, one.owner, one.custodian, one.shipment);
  }
  for (const entity of all) {
    if (entity.kind === 'shipment') {
      const { shipment, carrier, consignee, orders: on } = entity;
      const there = accounts.filter((one) => one.shipment === shipment);
      const isWhole = carrier === party || consignee === party;
      const sends = orders.some(({ order, supplier }) => on.includes(order) && supplier === party);
      const had = [...entity.lines.values()].some((owners) => owners.includes(party));
      const bought = orders.some(({ order, buyer }) => on.includes(order) && buyer === party);
      if (isWhole || sends || had || bought || there.some(its)) may(shipment, carrier, consignee);
      if (isWhole) for (const one of there) may(one.order, one.owner, one.custodian);
    }
    if (entity.kind === 'swap') {
      const { swap, by, legs } = entity.terms;
      const suppliers = legs.map(({ order }) => orders.find((one) => one.order === order)!.supplier);
      if (![by, ...suppliers, ...legs.flatMap(({ from, to }) => [from, to])].includes(party)) continue;
      may(swap, by);
      for (const { from, to, order, shipment, custodian } of legs) may(from, to, order, shipment, custodian);
    }
    if (entity.kind === 'hold' && entity.owner === party) may(entity.hold);
  }
  return names;
}

/** The names in an answer to a party that neither its own event says nor the party may read. */
export function strangeNames(party: string, answer: unknown, { type, data }: Command, ledger: Sandbox): string[] {
  const known = readable(party, ledger);
  eachName(namingIn(type).submitted, data, (id) => known.add(id));
  const text = JSON.stringify(answer);
  return [...allNames(ledger)].filter(
    (name) => !known.has(name) && new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text),
  );
}
