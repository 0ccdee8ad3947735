import { z } from 'zod';
import { define } from './define.ts';
import { Id, ItemId, line, Money, Name, Note, PartyId } from './scalars.ts';

const Party = z.strictObject({
  party: PartyId,
  name: Name,
  roles: z
    .array(z.enum(['supplier', 'customer', 'carrier']))
    .min(1)
    .max(3),
  controlledBy: z.array(Id).max(20).optional(),
  note: Note.optional(),
});

const Item = z.strictObject({
  item: ItemId,
  name: Name,
  maker: Id.optional(),
  tracking: z.enum(['quantity', 'serial']),
  eccn: line(20).optional(),
  listPrice: Money.optional(),
  note: Note.optional(),
});

export const masterDataEvents = {
  'lading.party.registered.v1': define({
    service: 'shipments',
    submitted: Party,
    completed: Party,
    subject: ({ party }) => `party/${party}`,
    stream: 'either',
    entitled: ['party'],
  }),
  'lading.item.registered.v1': define({
    service: 'shipments',
    submitted: Item,
    completed: Item,
    subject: ({ item }) => `item/${item}`,
    stream: 'either',
    entitled: ['maker'],
  }),
};
