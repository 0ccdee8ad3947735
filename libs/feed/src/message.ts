import { parseEvent } from '#contracts/cloudEvent';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import type { FeedEvent } from './feed.ts';

/** What is published of an event: its stored bytes, and beside them what a reader wants to know before it parses them. */
export interface Published {
  readonly ledger: string;
  readonly sequence: number;
  readonly bytes: Buffer;
}

/** A CloudEvent in structured mode: the value is the event, byte for byte as it is stored. */
export function toMessage({ ledger, sequence, bytes }: Published, partition: number): Message {
  return {
    key: ledger,
    value: bytes,
    partition,
    headers: { 'content-type': 'application/cloudevents+json', ledger, sequence: String(sequence) },
  };
}

/** Which event a record is; undefined when it is none of ours. */
export function identify(message: Pick<KafkaMessage, 'headers'>): { ledger: string; sequence: number } | undefined {
  const ledger = header(message.headers, 'ledger');
  const sequence = Number(header(message.headers, 'sequence'));
  return ledger !== undefined && Number.isSafeInteger(sequence) && sequence > 0 ? { ledger, sequence } : undefined;
}

/**
 * Reads an event from its bytes.
 * @throws Error when they are not an event, or another one than it was said to be
 */
export function toFeedEvent(bytes: Buffer, said?: { readonly ledger: string; readonly sequence: number }): FeedEvent {
  const event = parseEvent(bytes);
  const { ledger, sequence } = event;
  if (said !== undefined && (said.ledger !== ledger || said.sequence !== sequence))
    throw new Error(`event ${sequence} of ledger ${ledger} came as event ${said.sequence} of ledger ${said.ledger}`);
  return { ledger, sequence, bytes, event };
}

function header(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  return value === undefined || Array.isArray(value) ? undefined : value.toString();
}
