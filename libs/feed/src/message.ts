import type { EventBytes } from '#journal/reader';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';

/** A CloudEvent in structured mode: the value is the event, byte for byte as it is stored. */
export function toMessage({ ledger, sequence, bytes }: EventBytes, partition: number): Message {
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

function header(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  return value === undefined || Array.isArray(value) ? undefined : value.toString();
}
