import { z } from 'zod';
import { eventTypes } from '#contracts/catalog';

const named = (what: string) =>
  z
    .string()
    .regex(/^[\x21-\x7e]{1,250}$/, what)
    .optional();

/** Which events. */
export const eventFilter = {
  type: z.enum(eventTypes).optional().describe('Of this type.'),
  subject: named('a subject, like shipment/S-1')
    .describe('About this, as the event says itself.')
    .meta({ example: 'shipment/S-1' }),
};

/** Streams are the journal's: the read models do not know them. */
export const streamFilter = {
  entity: named('an entity, like order/PO-1')
    .describe('That changed this entity.')
    .meta({ example: 'order/PO-TSLA-1' }),
};
