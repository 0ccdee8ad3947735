import { streamOf, subjectOf } from '#contracts/catalog';
import { eachName, namingIn } from '#contracts/names';
import type { Command } from './command.ts';
import { isRejected, type OrRejected, type Rejected, reject } from './decision.ts';
import { documentOf, type EntityKey, type Prefix } from './entity.ts';
import { findLine, type FoundLine } from './order/line.ts';
import {
  alreadyThere,
  unknownHold,
  unknownItem,
  unknownOrder,
  unknownParty,
  unknownShipment,
  unknownSubject,
} from './rejections.ts';
import { entityOf, type View } from './view.ts';

/**
 * The entities that a command names, each once: what to load before it is decided. What those lead to (the orders of a
 * swap, the items of an order's lines, the other orders of a shipment) the rules ask their view for; load it and decide
 * again, until nothing new is asked for.
 */
export function entitiesNamed(command: Command): EntityKey[] {
  const { type, data } = command;
  const keys = new Set<EntityKey>();
  const document = 'document' in data ? documentOf(command) : undefined;
  if (document !== undefined) keys.add(document);
  if (streamOf(type) !== 'none') keys.add(subjectOf(type, data) as EntityKey);
  eachName(namingIn(type).submitted, data, (id, { what, later }) => {
    if (what !== 'line' && !later) keys.add(`${what}/${id}`);
  });
  return [...keys];
}

/**
 * The order lines that a command names, in its order; or, of what it names, the first that is not as it must be, in the
 * order of refusals that holds for all types (docs/events.md): what the event is about, its document, its parties, then the rest in
 * the order in which it names them. Asks for everything before it answers, so that it is loaded at once.
 */
export function findNamed(command: Command, view: View): OrRejected<FoundLine[]> {
  const { type, data } = command;
  const again = 'document' in data ? reportedAlready(command, view) : undefined;
  const own = streamOf(type) === 'none' ? undefined : (subjectOf(type, data) as EntityKey);
  const lines: FoundLine[] = [];
  let stranger: Rejected | undefined;
  let missing: Rejected | undefined;
  eachName(namingIn(type).submitted, data, (id, field, { order }, depth) => {
    const { what } = field;
    // An order is named with a line of it beside it, or it is the one that the event places.
    if (what === 'order') return;
    if (what === 'line') {
      if (typeof order !== 'string') return;
      const line = findLine(view, { order, line: id });
      if (isRejected(line)) missing ??= line;
      // What a line says of other lines is in the line: the rule finds it.
      else if (depth < 2) lines.push(line);
    } else if (`${what}/${id}` !== own && !field.later && entityOf(view, what, id) === undefined) {
      if (what === 'party') stranger ??= unknownParty(id, field.field);
      else missing ??= what === 'item' ? unknownItem(id) : what === 'hold' ? unknownHold(id) : unknownShipment(id);
    }
  });
  return wrongSubject(command, own, view) ?? again ?? stranger ?? missing ?? lines;
}

/** The same paper twice is one fact, whatever else is wrong by now. */
function reportedAlready(command: Command, view: View): Rejected | undefined {
  const key = documentOf(command);
  const there = key === undefined ? undefined : view.entity(key);
  if (there?.kind !== 'document') return undefined;
  const { document } = command.data as { readonly document?: string };
  const { source } = command;
  const { version: sequence, id, time } = there;
  return reject(
    'already-exists',
    `What document ${document ?? ''} of ${source} says is recorded already: event ${sequence} (${id}) of ${time}. Send nothing more; what is another fact has a document of its own.`,
    { document, source, sequence, id, time },
  );
}

/** What an event begins is not there yet, and what it continues is. */
function wrongSubject({ type, data }: Command, own: EntityKey | undefined, view: View): Rejected | undefined {
  const place = streamOf(type);
  // Whether an event is taken back already is said after what it is.
  if (own === undefined || place === 'either' || own.startsWith('event/')) return undefined;
  const isThere = view.entity(own) !== undefined;
  if (isThere === (place === 'continues')) return undefined;
  if ('keeper' in data) {
    const { name, keeper } = data;
    return reject('already-exists', 'This ledger is open already.', { name, keeper });
  }
  const kind = own.slice(0, own.indexOf('/')) as Prefix;
  const id = own.slice(kind.length + 1);
  if (isThere) return alreadyThere(kind, id);
  return kind === 'order' && 'line' in data ? unknownOrder(id, data.line) : unknownSubject[kind]?.(id);
}
