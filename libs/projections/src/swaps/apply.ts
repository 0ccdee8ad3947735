import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Batch } from '../engine/batch.ts';
import { arrayLiteral, columns, overRows } from '../engine/columns.ts';
import { microseconds, momentOf } from '../engine/moment.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';
import { attributeUnits } from './attributeUnits.ts';
import { swapsTables } from './table.ts';

const PROPOSE = `
  INSERT INTO swaps
  SELECT $1, swap, by, parties::text[], '{}', 'open', authorised_by, reason, evidence, ${momentOf('expires')}, ${momentOf('proposed')}, sequence
  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[], $9::float8[], $10::bigint[])
    AS t (swap, by, parties, authorised_by, reason, evidence, expires, proposed, sequence)`;

const MOVE_ON = `
  UPDATE swaps s SET accepted = s.accepted || t.accepted::text[], status = coalesce(t.status, s.status),
    executed = coalesce(${momentOf('t.executed')}, s.executed), executed_sequence = coalesce(t.executed_sequence, s.executed_sequence)
  FROM unnest($2::text[], $3::text[], $4::text[], $5::float8[], $6::bigint[]) AS t (swap, accepted, status, executed, executed_sequence)
  WHERE s.ledger = $1 AND s.swap = ANY($2::text[]) AND s.swap = t.swap`;

// At execution the windows are the lines' as they stand then.
const LEGS = `
  INSERT INTO swap_legs (ledger, swap, leg, giver, receiver, "order", line, item, quantity, window_from, window_to)
  SELECT $1, * FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[], $10::date[], $11::date[])
  ON CONFLICT (ledger, swap, leg) DO UPDATE SET window_from = excluded.window_from, window_to = excluded.window_to`;

export const swapsModel: Model = { name: 'swaps', tables: swapsTables, apply };

type Proposed = LedgerEvent<'lading.swap.proposed.v1'>;
type Executed = LedgerEvent<'lading.swap.executed.v1'>;

async function apply(batch: Batch, db: Db): Promise<void> {
  const own = batch.events.filter(({ type }) => type.startsWith('lading.swap.'));
  if (own.length > 0) {
    await propose(
      batch.ledger,
      own.filter((event): event is Proposed => event.type === 'lading.swap.proposed.v1'),
      db,
    );
    await moveOn(batch.ledger, own, db);
    await putLegs(batch.ledger, own, db);
  }
  await attributeUnits(batch, db);
}

const partiesOf = ({ data }: Proposed): string[] =>
  [...new Set(data.legs.flatMap(({ from, to }) => [from, to]))].sort();

async function propose(ledger: string, proposed: readonly Proposed[], db: Db): Promise<void> {
  await overRows(
    db,
    PROPOSE,
    ledger,
    columns(
      proposed,
      ({ data }) => data.swap,
      ({ data }) => data.by,
      (event) => arrayLiteral(partiesOf(event)),
      ({ data }) => data.authorisedBy ?? null,
      ({ data }) => data.reason ?? null,
      ({ data }) => JSON.stringify(data.evidence ?? []),
      ({ data }) => (data.expires === undefined ? null : microseconds(data.expires)),
      ({ time }) => microseconds(time),
      ({ sequence }) => sequence,
    ),
  );
}

interface Step {
  readonly accepted: string[];
  status: string | null;
  executed: Executed | undefined;
}

async function moveOn(ledger: string, events: readonly LedgerEvent[], db: Db): Promise<void> {
  const steps = new Map<string, Step>();
  const stepOf = (swap: string): Step => {
    const step = steps.get(swap) ?? { accepted: [], status: null, executed: undefined };
    steps.set(swap, step);
    return step;
  };
  for (const event of events) {
    switch (event.type) {
      case 'lading.swap.proposed.v1':
        // A party that proposes has accepted; the supplier has no say in the legs.
        if (partiesOf(event).includes(event.data.by)) stepOf(event.data.swap).accepted.push(event.data.by);
        break;
      case 'lading.swap.accepted.v1':
        stepOf(event.data.swap).accepted.push(event.data.by);
        break;
      case 'lading.swap.rejected.v1':
        stepOf(event.data.swap).status = 'rejected';
        break;
      case 'lading.swap.withdrawn.v1':
        stepOf(event.data.swap).status = 'withdrawn';
        break;
      case 'lading.swap.executed.v1':
        stepOf(event.data.swap).status = 'executed';
        stepOf(event.data.swap).executed = event;
    }
  }
  await overRows(
    db,
    MOVE_ON,
    ledger,
    columns(
      [...steps],
      ([swap]) => swap,
      ([, { accepted }]) => arrayLiteral(accepted),
      ([, { status }]) => status,
      ([, { executed }]) => (executed === undefined ? null : microseconds(executed.time)),
      ([, { executed }]) => executed?.sequence ?? null,
    ),
  );
}

async function putLegs(ledger: string, events: readonly LedgerEvent[], db: Db): Promise<void> {
  const legs = new Map(
    events.flatMap((event) =>
      event.type === 'lading.swap.proposed.v1' || event.type === 'lading.swap.executed.v1'
        ? event.data.legs.map((leg, n) => [`${event.data.swap}|${n}`, { ...leg, swap: event.data.swap, n }] as const)
        : [],
    ),
  );
  await overRows(
    db,
    LEGS,
    ledger,
    columns(
      [...legs.values()],
      ({ swap }) => swap,
      ({ n }) => n,
      ({ from }) => from,
      ({ to }) => to,
      ({ order }) => order,
      ({ line }) => line,
      ({ item }) => item,
      ({ quantity }) => quantity,
      ({ window }) => window.from,
      ({ window }) => window.to,
    ),
  );
}
