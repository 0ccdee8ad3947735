import { z } from 'zod';
import { eventTypes } from '#contracts/catalog';
import { line } from '#contracts/scalars';

/** What an id names and the id, as it is. */
const named = () => line(250).optional();

/** Which events. */
export const eventFilter = {
  type: z.enum(eventTypes).optional().describe('Of this type.'),
  subject: named().describe('About this, as the event says itself.').meta({ example: 'shipment/S-1' }),
  source: z
    .string()
    .regex(/^[\x21-\x7e]{1,1000}$/, 'a source, like urn:nvidia:erp')
    .optional()
    .describe('That this source submitted.')
    .meta({ example: 'urn:nvidia:erp' }),
};

/** Streams are the journal's: the read models do not know them. */
export const streamFilter = {
  entity: named().describe('That changed this entity.').meta({ example: 'order/PO-TSLA-1' }),
};
