import type { LedgerEvent } from '#contracts/cloudEvent';
import { id, Table, text, texts } from '../engine/table.ts';
import type { Model } from '../model.ts';

const parties = new Table('parties', {
  columns: { party: id, name: text, roles: texts, controlled_by: texts },
  key: ['party'],
});

const upsert = parties.upsert<LedgerEvent<'lading.party.registered.v1'>['data']>({
  party: ({ party }) => party,
  name: ({ name }) => name,
  roles: ({ roles }) => roles,
  controlled_by: ({ controlledBy }) => controlledBy ?? [],
});

const remove = parties.remove<{ readonly party: string }>({ party: ({ party }) => party });

export const partiesModel: Model = {
  tables: [parties],
  types: ['lading.party.registered.v1'],
  /** Registering again changes the master data: the last of a batch counts. */
  apply: ({ ledger, events }, db) => {
    const last = new Map(
      events.flatMap((event) => (event.type === 'lading.party.registered.v1' ? [[event.data.party, event.data]] : [])),
    );
    return upsert(db, ledger, [...last.values()]);
  },
  undo: async ({ event, restored }, { ledger }, db) => {
    if (event.type !== 'lading.party.registered.v1') return;
    const { registered } = restored;
    if (registered === undefined) await remove(db, ledger, [event.data]);
    else await upsert(db, ledger, [registered as (typeof event)['data']]);
  },
};
