import type { Completed } from '#contracts/catalog';
import { type LedgerEvent, MAX_EVENT_BYTES, movesOf, turnedRound } from '#contracts/cloudEvent';
import type { Restored } from '#contracts/ledgerEvents';
import type { Move } from '#contracts/move';
import { exactMicroseconds } from '#contracts/scalars';
import { countDistinct, rangesOf } from '#contracts/serials';
import type { Rule } from '../command.ts';
import { accept, type Rejected, reject } from '../decision.ts';
import { entityOf, type Recorded, type View } from '../view.ts';
import { type Moved, movedBy } from './moved.ts';
import { inFewerBytes, restoredBy } from './restored.ts';
import { isTakenInTurn, type Standing, standingOn } from './standing.ts';

type Voided = Completed<'lading.event.voided.v1'>;

/**
 * Takes one fact back. Its moves are those of the fact turned round, and it happened when the fact did: so the two cancel each other at
 * every moment of the past, for whoever knows of both.
 */
export const takeBack: Rule<'lading.event.voided.v1'> = (data, { view, time, beside }) => {
  const { sequence } = data;
  const recorded = view.recorded(sequence);
  const again = view.entity(`event/${sequence}`);
  if (recorded === undefined) return unknownEvent(sequence);
  const { event } = recorded;
  const wrong = whyNever(event) ?? (again && alreadyVoided(event, again.version)) ?? wrongTime(event, time);
  if (wrong !== undefined) return wrong;
  const missing = 'corrections' in data ? data.corrections.filter((one) => beside?.has(one) !== true) : [];
  if (missing.length > 0) return notInTheBatch(missing);
  if (recorded.tooMany !== undefined) return tooMuch(event, recorded.tooMany);
  const isInTurn = beside !== undefined && isTakenInTurn(recorded, beside.takenBack, view);
  const standing = isInTurn ? [] : standingOn([recorded], view, recorded);
  if (standing === undefined) return unknownEvent(sequence); // more is loaded, and it is decided again
  if ('tooMany' in standing) return tooMuch(event, standing.tooMany);
  const without = withoutIt(recorded, view);
  if (without === undefined) return tooLarge(event, event);
  return whyNotAll(event, without, standing, view) ?? accept({ ...data, ...without.said });
};

/** What a void says besides what was submitted, and how much that is. */
interface Without {
  readonly said: Pick<Voided, 'voided' | 'restored' | 'unnamed' | 'moves'>;
  readonly bytes: number;
}

/**
 * How much one batch takes back, so that a ledger is not held for longer than it may be: some 1.5 s of its 5 s, measured on two cores. Pieces are moves,
 * and the ranges of serial numbers that they name.
 */
const MOST_IN_BATCH = { bytes: 8_000_000, pieces: 20_000 };

/** What stands on an event, if anything: whoever is told to take something back has to be able to, in one batch. */
function whyNotAll(event: LedgerEvent, own: Without, standing: readonly Standing[], view: View): Rejected | undefined {
  if (standing.length === 0) return undefined;
  const first: number[] = [];
  let [bytes, pieces] = [own.bytes, piecesIn(own)];
  for (const one of standing) {
    const without = withoutIt(one.recorded, view);
    if (without === undefined) return tooLarge(event, one.event);
    bytes += without.bytes;
    pieces += piecesIn(without);
    if (bytes > MOST_IN_BATCH.bytes || pieces > MOST_IN_BATCH.pieces)
      return moreThanABatch(event, standing.length, first);
    first.push(one.event.sequence);
  }
  return dependsOnIt(event, standing);
}

const piecesIn = ({ said: { moves = [] } }: Without): number =>
  moves.reduce((sum, { serials = [] }) => sum + 1 + rangesOf(serials).length, 0);

/** What a void says at most besides what was submitted; the rest of an event is for that. */
const MOST_BYTES = MAX_EVENT_BYTES - 1_000;

/** What a void says besides what was submitted; its moves are turned round, the last first. Undefined: that would be too large for an event. */
function withoutIt(recorded: Recorded, view: View): Without | undefined {
  const { source, id, type, subject, actor, recordedtime, data } = recorded.event;
  const { moves: _, ...said } = data as { moves?: unknown } & Record<string, unknown>;
  const restored = restoredBy(recorded);
  const own = movesOf(recorded.event);
  const hasNumbers = own.some(({ item }) => entityOf(view, 'item', item)?.data.tracking === 'serial');
  const { moves, unnamed } = hasNumbers ? movedBy(recorded) : { moves: own, unnamed: [] };
  const whole = (before: Restored | undefined, without: NonNullable<Voided['unnamed']>): Without['said'] => ({
    voided: { source, id, type, subject, actor, recordedtime, data: said },
    ...(before && { restored: before }),
    ...(without.length > 0 && { unnamed: without }),
    ...(moves.length > 0 && { moves: moves.map(turnedRound).reverse() }),
  });
  const all = measured(whole(restored, [...unnamed]));
  if (all.bytes <= MOST_BYTES) return all;
  // Only where it has to be: a reader of an older release knows the other form.
  const less = measured(
    whole(
      inFewerBytes(recorded.event, restored),
      unnamed.map((units) => (areAllNamed(units, moves) ? { item: units.item } : units)),
    ),
  );
  return less.bytes <= MOST_BYTES ? less : undefined;
}

/** Whether the moves name no other units of an item than these, which are among those that they name. */
function areAllNamed({ item, serials }: Moved['unnamed'][number], moves: readonly Move[]): boolean {
  const named = moves.flatMap((move) => (move.item === item ? rangesOf(move.serials ?? []) : []));
  return countDistinct(named) === countDistinct(rangesOf(serials));
}

const utf8 = new TextEncoder();
const measured = (said: Without['said']): Without => ({ said, bytes: utf8.encode(JSON.stringify(said)).length });

const unknownEvent = (sequence: number): Rejected =>
  reject('unknown-event', `The ledger has no event ${sequence} yet. Correct the sequence.`, { sequence });

/** What is never taken back, whatever else is. */
function whyNever({ type, sequence, data }: LedgerEvent): Rejected | undefined {
  if (type === 'lading.ledger.opened.v1')
    return reject('not-supported', 'The opening of a ledger is not taken back: all its events stand on it.', {
      sequence,
      eventType: type,
    });
  if (type !== 'lading.event.voided.v1') return undefined;
  return reject(
    'not-supported',
    `Event ${sequence} takes event ${data.sequence} back, and that is final. Record what happened again, as a new event.`,
    { sequence, eventType: type, voids: data.sequence },
  );
}

const alreadyVoided = ({ sequence, type }: LedgerEvent, by: number): Rejected =>
  reject('already-voided', `Event ${sequence} is taken back already, by event ${by}. Send nothing more.`, {
    sequence,
    eventType: type,
    voidedBy: by,
  });

const wrongTime = ({ sequence, time: occurred }: LedgerEvent, time: string): Rejected | undefined =>
  exactMicroseconds(occurred) === exactMicroseconds(time)
    ? undefined
    : reject(
        'wrong-time',
        `What takes an event back has its time: event ${sequence} happened at ${occurred}. Send it with that time, or to …/voids without one.`,
        { sequence, time, occurred },
      );

const notInTheBatch = (corrections: readonly { source: string; id: string }[]): Rejected =>
  reject(
    'not-in-the-batch',
    'What corrects an event is recorded with what takes it back, all or nothing: send both in one atomic batch, or take it back as did_not_occur.',
    { corrections },
  );

const moreThanABatch = ({ sequence, type }: LedgerEvent, events: number, first: readonly number[]): Rejected =>
  reject(
    'not-supported',
    `Event ${sequence} is not taken back at once: the ${events} events that stand on it are more than one batch takes back. Take back the ${first.length} that first names, in that order, in one atomic batch, and then send this again.`,
    { sequence, eventType: type, events, first },
  );

const INSTEAD = 'Record what corrects it: a count, a reallocation, a change of the line.';

const tooMuch = ({ sequence, type }: LedgerEvent, events: number): Rejected =>
  reject(
    'not-supported',
    `Event ${sequence} is not taken back as it stands: ${events} events would have to be looked at. Take back the last of those that stand on it first, or record what corrects it.`,
    { sequence, eventType: type, events },
  );

const tooLarge = ({ sequence, type }: LedgerEvent, never: LedgerEvent): Rejected =>
  reject(
    'not-supported',
    `Event ${sequence} is not taken back: ${never.sequence === sequence ? 'it' : `event ${never.sequence}, which stands on it,`} says so much that what takes it back would be too large for an event. ${INSTEAD}`,
    { sequence, eventType: type, tooLarge: never.sequence },
  );

function dependsOnIt({ sequence, type, subject }: LedgerEvent, standing: readonly Standing[]): Rejected {
  const dependants = standing.map(({ event, needs }) => ({ sequence: event.sequence, type: event.type, needs }));
  const first = dependants[0];
  const executed = standing.find(({ event }) => event.type === 'lading.swap.executed.v1' && event.subject === subject);
  const detail =
    executed !== undefined && type !== 'lading.swap.executed.v1'
      ? `Event ${sequence} is an answer of a swap that was executed, by event ${executed.event.sequence}: it stands as long as the execution does.`
      : `${dependants.length === 1 ? 'An event stands' : `${dependants.length} events stand`} on event ${sequence}, the last of them event ${first?.sequence ?? 0} (${first?.type ?? ''}).`;
  return reject(
    'depends-on-it',
    `${detail} Take back what dependants names before it, in that order, in one atomic batch.`,
    { sequence, eventType: type, dependants },
  );
}
