import type pg from 'pg';
import type { StatusRow } from '#contracts/statusRows';
import { consumerStatus, LIVE_SECONDS } from '#feed/status';

/** How far each ledger is signed; of one that is not signed any more, why and what to do. Empty when no signer has ever run. */
export async function signerStatus(db: Pick<pg.ClientBase, 'query'>): Promise<StatusRow[]> {
  const { rows } = await db.query<{ ledger: string; advice: string | null }>(
    'SELECT ledger, advice FROM journal.signer_positions',
  );
  if (rows.length === 0) return [];
  const advice = new Map(rows.map((row) => [row.ledger, row.advice]));
  const status = await consumerStatus(db, {
    ...{ consumer: 'signer', version: null, positions: 'journal.signer_positions', parks: true },
  });
  return status.map(({ event: _, advice: __, ...row }) => ({
    ...row,
    ...(row.state === 'parked' && { advice: advice.get(row.ledger) ?? undefined }),
  }));
}

/** So many of the newest checkpoints are looked at for what a witness cosigned last. */
const LOOKED_AT = 100;

// A cosignature stands in the note as a line that begins with the name of its witness.
const WITNESSES = `
  SELECT k.ledger, k.name, l.sequence::float8 AS head, coalesce(c.size, 0)::float8 AS sequence,
         extract(epoch FROM now() - e.recorded)::float8 AS waiting
    FROM (SELECT DISTINCT ledger, split_part(key, '+', 1) AS name FROM journal.verifier_keys
           WHERE kind = 'witness' AND asked) AS k
    JOIN journal.ledgers AS l ON l.ledger = k.ledger
    LEFT JOIN LATERAL (
      SELECT newest.size
        FROM (SELECT size, note FROM journal.checkpoints
               WHERE ledger = k.ledger AND published IS NOT NULL ORDER BY size DESC LIMIT ${LOOKED_AT}) AS newest
       WHERE position(convert_to(E'\n\u2014 ' || k.name || ' ', 'UTF8') IN newest.note) > 0
       ORDER BY newest.size DESC LIMIT 1) AS c ON true
    LEFT JOIN journal.events AS e ON e.ledger = k.ledger AND e.sequence = coalesce(c.size, 0) + 1
   ORDER BY k.ledger, k.name`;

interface WitnessRow {
  readonly ledger: string;
  readonly name: string;
  readonly head: number;
  readonly sequence: number;
  readonly waiting: number | null;
}

/** How far each witness that is asked, and has ever cosigned a ledger, has cosigned it. */
export async function witnessStatus(db: Pick<pg.ClientBase, 'query'>): Promise<StatusRow[]> {
  const { rows } = await db.query<WitnessRow>(WITNESSES);
  return rows.map(({ ledger, name, head, sequence, waiting }) => {
    const lagSeconds = sequence < head ? Math.max(0, waiting ?? 0) : 0;
    return {
      ...{ consumer: `witness ${name}`, ledger, version: null, sequence, head },
      ...{ lagEvents: Math.max(0, head - sequence), lagSeconds },
      state: lagSeconds < LIVE_SECONDS ? ('live' as const) : ('catching-up' as const),
      ...(sequence === 0 && { advice: NOT_LATELY }),
    };
  });
}

const NOT_LATELY = `It cosigned none of the newest ${LOOKED_AT} checkpoints. Look into the log of the signer, which says what it answers; one that is gone for good is taken out of LADING_WITNESSES.`;
