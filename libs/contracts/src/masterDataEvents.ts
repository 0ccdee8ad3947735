import { z } from 'zod';
import { define } from './define.ts';
import { Id, Money, Note } from './scalars.ts';

const Party = z.strictObject({
  party: Id,
  name: z.string().min(1).max(200),
  roles: z
    .array(z.enum(['supplier', 'customer', 'carrier']))
    .min(1)
    .max(3),
  controlledBy: z.array(Id).max(20).optional(),
  note: Note.optional(),
});

const Item = z.strictObject({
  item: Id,
  name: z.string().min(1).max(200),
  maker: Id.optional(),
  tracking: z.enum(['quantity', 'serial']),
  eccn: z.string().min(1).max(20).optional(),
  listPrice: Money.optional(),
  note: Note.optional(),
});

export const masterDataEvents = {
  'lading.party.registered.v1': define({
    service: 'shipments',
    submitted: Party,
    completed: Party,
    subject: ({ party }) => `party/${party}`,
  }),
  'lading.item.registered.v1': define({
    service: 'shipments',
    submitted: Item,
    completed: Item,
    subject: ({ item }) => `item/${item}`,
  }),
};
