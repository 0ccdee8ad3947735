import type { LedgerEvent } from '#contracts/cloudEvent';
import { id, optional, Table, text } from '../engine/table.ts';
import type { Model } from '../model.ts';

const items = new Table('items', {
  columns: {
    item: id,
    name: text,
    maker: optional(id),
    tracking: text,
    eccn: optional(text),
    amount: optional(text),
    currency: optional(text),
  },
  key: ['item'],
});

const upsert = items.upsert<LedgerEvent<'lading.item.registered.v1'>['data']>({
  item: ({ item }) => item,
  name: ({ name }) => name,
  maker: ({ maker }) => maker ?? null,
  tracking: ({ tracking }) => tracking,
  eccn: ({ eccn }) => eccn ?? null,
  amount: ({ listPrice }) => listPrice?.amount ?? null,
  currency: ({ listPrice }) => listPrice?.currency ?? null,
});

const remove = items.remove<{ readonly item: string }>({ item: ({ item }) => item });

export const itemsModel: Model = {
  tables: [items],
  types: ['lading.item.registered.v1'],
  /** Registering again changes the master data: the last of a batch counts. */
  apply: ({ ledger, events }, db) => {
    const last = new Map(
      events.flatMap((event) => (event.type === 'lading.item.registered.v1' ? [[event.data.item, event.data]] : [])),
    );
    return upsert(db, ledger, [...last.values()]);
  },
  undo: async ({ event, restored }, { ledger }, db) => {
    if (event.type !== 'lading.item.registered.v1') return;
    const { registered } = restored;
    if (registered === undefined) await remove(db, ledger, [event.data]);
    else await upsert(db, ledger, [registered as (typeof event)['data']]);
  },
};
