import { createHash } from 'node:crypto';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { movesOf } from '#contracts/cloudEvent';
import { eachName, namingIn } from '#contracts/names';
import { repeatable, saidIn } from '#contracts/said';
import { exactMicroseconds } from '#contracts/scalars';
import { Turns } from '#platform/service/turns';
import { bigint, id, Table, text } from '../engine/table.ts';
import { arrayLiteral } from '../engine/values.ts';
import type { Model } from '../model.ts';
import { insertFlags } from './model.ts';
import { distinct, type RaisedFlag } from './rules.ts';

// What was said, as a digest of type, time and data, by each event that said it and was not taken back.
const digests = new Table('digests', {
  columns: { digest: id, sequence: bigint, source: text, event: text },
  key: ['digest', 'sequence'],
});

interface Saying {
  readonly digest: string;
  readonly sequence: number;
  readonly source: string;
  /** The event's id. */
  readonly event: string;
}

const keep = digests.insert<Saying>({
  digest: ({ digest }) => digest,
  sequence: ({ sequence }) => sequence,
  source: ({ source }) => source,
  event: ({ event }) => event,
});

/**
 * `possible-duplicate`: an event says what an earlier one said, of the same type and moment, and no document tells the two apart. It was
 * taken, because it may be another fact. One flag an event; it names the first that said it.
 */
export const duplicatesModel: Model = {
  tables: [digests],
  types: repeatable,
  apply: async ({ ledger, events }, db) => {
    const turns = new Turns();
    const sayings: { readonly said: Saying; readonly by: LedgerEvent }[] = [];
    for (const event of events) {
      if (!repeatable.includes(event.type)) continue;
      if (turns.over) await turns.next();
      const { sequence, source, id: name } = event;
      sayings.push({ said: { digest: digestOf(event), sequence, source, event: name }, by: event });
    }
    const { rows } = await db.query<Saying>(
      `SELECT DISTINCT ON (digest) digest, sequence::float8 AS sequence, source, event FROM digests
       WHERE ledger = $1 AND digest = ANY($2::text[]) ORDER BY digest, sequence`,
      [ledger, arrayLiteral(sayings.map(({ said }) => said.digest))],
    );
    const first = new Map(rows.map((row) => [row.digest, row]));
    const raised = sayings.flatMap(({ said, by }): RaisedFlag[] => {
      const earlier = first.get(said.digest);
      if (earlier !== undefined) return [flagOf(by, said, earlier)];
      first.set(said.digest, said);
      return [];
    });
    await keep(
      db,
      ledger,
      sayings.map(({ said }) => said),
    );
    await insertFlags(db, ledger, raised);
  },
  // Its own flag goes. Where others say that it was the first, the first of them is now.
  undo: async ({ event }, { ledger }, db) => {
    if (!repeatable.includes(event.type)) return;
    const { sequence } = event;
    await db.query('DELETE FROM digests WHERE ledger = $1 AND digest = $2 AND sequence = $3', [
      ...[ledger, digestOf(event), sequence],
    ]);
    const { rows } = await db.query<Kept>(
      `DELETE FROM flags WHERE ledger = $1 AND rule = 'possible-duplicate' AND $2 = ANY(events)
       RETURNING sequence::float8 AS sequence, parties, item, facts, events[1]::float8 AS first`,
      [ledger, sequence],
    );
    const [next, ...others] = rows
      .filter(({ first }) => first === sequence)
      .map(({ facts, ...kept }) => ({ ...kept, facts: JSON.parse(facts) as Facts }))
      .sort((a, b) => a.sequence - b.sequence);
    if (next === undefined) return;
    const first = next.facts.again;
    await insertFlags(
      db,
      ledger,
      others.map(({ facts, ...kept }) => ({
        ...{ ...kept, rule: 'possible-duplicate', facts: { ...facts, first } },
        events: [next.sequence, kept.sequence],
      })),
    );
  },
};

interface Facts {
  readonly again: ReturnType<typeof factsOf>;
}

/** A flag as it is kept. */
interface Kept {
  readonly sequence: number;
  readonly parties: readonly string[];
  readonly item: string | null;
  readonly facts: string;
  readonly first: number;
}

/** 128 bits: nobody meets the same by chance. */
function digestOf(event: LedgerEvent): string {
  const hash = createHash('sha256').update(`${event.type} ${exactMicroseconds(event.time)} ${saidIn(event)}`);
  return hash.digest().subarray(0, 16).toString('base64url');
}

function flagOf(event: LedgerEvent, again: Saying, first: Saying): RaisedFlag {
  const { type, subject, sequence, data, time } = event;
  const parties: string[] = [];
  eachName(namingIn(type).completed, data, (name, { what }) => {
    if (what === 'party') parties.push(name);
  });
  const items = distinct(...movesOf(event).map(({ item }) => item));
  return {
    sequence,
    rule: 'possible-duplicate',
    parties: distinct(...parties),
    item: items.length === 1 ? (items[0] ?? null) : null,
    facts: { type, subject, time, first: factsOf(first), again: factsOf(again) },
    events: [first.sequence, sequence],
  };
}

const factsOf = ({ sequence, source, event }: Saying) => ({ sequence, source, id: event });
