import { z } from 'zod';
import { SubmittedEnvelope } from './cloudEvent.ts';
import { LedgerId, Moment } from './scalars.ts';

/**
 * The CloudEvent that the ledger keeps, publishes and answers with, every attribute of it. Loose: an attribute that a
 * later version adds does not make an event unreadable.
 */
export const StoredEvent = z.looseObject({
  ...SubmittedEnvelope.shape,
  time: Moment.describe('When it happened in the world, as submitted'),
  subject: z.string().describe('What it is about').meta({ example: 'shipment/S-1' }),
  datacontenttype: z.literal('application/json'),
  ledger: LedgerId,
  sequence: z
    .string()
    .regex(/^\d{16}$/)
    .describe('Its place in its ledger, 16 digits, so that it sorts as text')
    .meta({ example: '0000000000000017' }),
  recordedtime: Moment.describe('When the ledger took it in, UTC; never earlier than that of the event before it'),
  actor: z.string().describe('The name of the key that submitted it'),
  partitionkey: LedgerId.describe('The ledger: one ledger, one partition, one order'),
  batchindex: z.int().min(0).optional().describe('In an atomic batch: its place in it, from 0'),
  batchsize: z.int().min(1).optional().describe('In an atomic batch: how many events it has'),
  data: z.record(z.string(), z.unknown()),
});
