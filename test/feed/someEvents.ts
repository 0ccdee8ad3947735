import { eventText, type LedgerEvent } from '#contracts/cloudEvent';
import type { EventBytes } from '#journal/reader';

/** Its place in an atomic batch. */
interface BatchPlace {
  readonly batchindex: number;
  readonly batchsize: number;
}

/** An event as a ledger keeps it: the first opens it, the others register parties. `note` makes it longer. */
export function anEvent(ledger: string, sequence: number, note?: string, batch?: BatchPlace): EventBytes {
  const event = {
    id: `E-${sequence}`,
    source: 'urn:test',
    type: sequence === 1 ? 'lading.ledger.opened.v1' : 'lading.party.registered.v1',
    subject: sequence === 1 ? 'ledger' : `party/p-${sequence}`,
    time: '2023-12-01T00:00:00Z',
    ledger,
    sequence,
    recordedtime: new Date(Date.UTC(2023, 11, 1) + sequence).toISOString(),
    actor: 'test',
    ...batch,
    data:
      sequence === 1
        ? { name: `Ledger ${ledger}`, keeper: 'nvidia' }
        : { party: `p-${sequence}`, name: 'Größe ✓', roles: ['customer'], ...(note !== undefined && { note }) },
  } as unknown as LedgerEvent;
  return { ledger, sequence, bytes: Buffer.from(eventText(event)) };
}

/** Events `from` to `to` of a ledger. */
export const someEvents = (ledger: string, from: number, to: number): EventBytes[] =>
  Array.from({ length: to - from + 1 }, (_, index) => anEvent(ledger, from + index));

/** The events `from` to `to` of a ledger, kept as one. */
export const anAtomicBatch = (ledger: string, from: number, to: number): EventBytes[] =>
  Array.from({ length: to - from + 1 }, (_, batchindex) =>
    anEvent(ledger, from + batchindex, undefined, { batchindex, batchsize: to - from + 1 }),
  );
