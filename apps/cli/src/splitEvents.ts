import { MAX_LINES } from '#contracts/bounded';
import { type EventType, isEventType } from '#contracts/catalog';
import { MAX_EVENT_BYTES } from '#contracts/cloudEvent';
import type { FileEvent } from './readEvents.ts';

/** What goes on with more lines of the same: the type of the events after the first, and how many moves a line makes at most. */
const divisible: Readonly<
  Partial<Record<EventType, { readonly then: EventType; readonly moves: (line: Line) => number }>>
> = {
  'lading.order.placed.v1': { then: 'lading.order.lines_added.v1', moves: () => 1 },
  'lading.order.lines_added.v1': { then: 'lading.order.lines_added.v1', moves: () => 1 },
  'lading.order.confirmed.v1': { then: 'lading.order.confirmed.v1', moves: () => 0 },
  'lading.shipment.dispatched.v1': { then: 'lading.shipment.dispatched.v1', moves: () => 1 },
  'lading.shipment.received.v1': {
    then: 'lading.shipment.received.v1',
    moves: ({ received, damaged, surplus }) => [received, damaged, surplus].filter(Boolean).length,
  },
};

type Line = Readonly<Record<string, unknown>>;
interface Sent {
  readonly id: string;
  readonly type: EventType;
  readonly data: Readonly<Record<string, unknown>> & { readonly lines: readonly Line[] };
}

/** Some room is left for the attributes around the data. */
const ROOM = MAX_EVENT_BYTES - 5_000;
/** The fixed names of a move, and what the ledger adds to a line: ids that are not in the file are taken to be short. */
const MOVE = 140;
const LINE = 60;

/**
 * An order, a confirmation, a dispatch or a receipt that would be too large, as several events; anything else as it is. It depends on nothing but what
 * is sent: so sending it again gives the same events with the same ids, which the ledger has already. The first keeps its id.
 */
export function splitEvent(event: FileEvent): readonly FileEvent[] {
  const sent = readSent(event.text);
  const how = sent === undefined ? undefined : divisible[sent.type];
  if (sent === undefined || how === undefined) return [event];
  const { lines, note, final, document, ...header } = sent.data;
  const around = sizeOf(header);
  const parts: Line[][] = [[]];
  let size = around + sizeOf(note ?? '');
  for (const line of lines) {
    const own = sizeOf(line);
    const more = own + LINE + how.moves(line) * (own + MOVE + around);
    const part = parts.at(-1)?.length ?? 0;
    if (part >= MAX_LINES || (size + more > ROOM && part > 0)) {
      parts.push([]);
      size = around;
    }
    parts.at(-1)?.push(line);
    size += more;
  }
  if (parts.length === 1) return [event];
  return parts.map((part, at) => {
    const first = at === 0;
    const data = {
      ...(first || how.then === sent.type ? header : { order: header.order }),
      lines: part,
      ...(first && note !== undefined && { note }),
      // A document is one event's. What is missing is known with the last part.
      ...(document !== undefined && { document: first ? document : `${document as string}/${at + 1}` }),
      ...(final !== undefined && { final: final === true && at === parts.length - 1 }),
    };
    const id = first ? sent.id : `${sent.id}/${at + 1}`;
    const where = `${event.where}, part ${at + 1} of ${parts.length}`;
    return { where, text: JSON.stringify({ ...sent, id, type: first ? sent.type : how.then, data }) };
  });
}

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** The event of a text, where it has what is looked at here; whatever is wrong with others is said by the ledger. */
function readSent(text: string): Sent | undefined {
  try {
    const sent = JSON.parse(text) as Partial<Sent> | null;
    const isSent = typeof sent?.id === 'string' && typeof sent.type === 'string' && isEventType(sent.type);
    const lines: unknown = sent?.data?.lines;
    return isSent && Array.isArray(lines) && lines.every((line) => typeof line === 'object' && line !== null)
      ? (sent as Sent)
      : undefined;
  } catch {
    return undefined;
  }
}
