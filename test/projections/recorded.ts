import type pg from 'pg';
import { eventText, type LedgerEvent, parseEvent } from '#contracts/cloudEvent';
import { readAfter, readChosen, readEntities } from '#journal/past';
import { touched } from '#ledger/evolve';
import type { EventsOfThePast } from '#projections/past/scratch';

const AT_ONCE = 500;

/** Writes events into the tables of the journal, which a test of read models has not; as they are, without asking the ledger. */
export async function record(pool: pg.Pool, events: readonly LedgerEvent[]): Promise<void> {
  for (let at = 0; at < events.length; at += AT_ONCE) {
    const rows = events.slice(at, at + AT_ONCE).map((event) => ({
      ...{ ledger: event.ledger, sequence: event.sequence, occurred: event.time, recorded: event.recordedtime },
      ...{ source: event.source, id: event.id, type: event.type, subject: event.subject },
      ...{ bytes: eventText(event), entities: touched(event) },
    }));
    await pool.query(
      `WITH given AS (
         SELECT * FROM json_to_recordset($1) AS g (ledger text, sequence bigint, occurred timestamptz, recorded timestamptz,
           source text, id text, type text, subject text, bytes text, entities json)
       ), streams AS (
         INSERT INTO journal.event_entities (ledger, entity, sequence)
         SELECT ledger, json_array_elements_text(entities), sequence FROM given
       )
       INSERT INTO journal.events (ledger, sequence, occurred, recorded, source, id, type, subject, request_hash, leaf_hash, bytes)
       SELECT ledger, sequence, occurred, recorded, source, id, type, subject, $2, $2, convert_to(bytes, 'UTF8') FROM given`,
      [JSON.stringify(rows), Buffer.alloc(32)],
    );
  }
}

export const fromTheJournal: EventsOfThePast = {
  chosen: async (db, ...rest) => (await readChosen(db, ...rest))?.map(({ bytes }) => parseEvent(bytes)),
  after: async (db, ...rest) => {
    const { events, upTo } = await readAfter(db, ...rest);
    return { events: events.map(({ bytes }) => parseEvent(bytes)), upTo };
  },
  entities: readEntities,
};
