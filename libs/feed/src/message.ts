import type { EventBytes } from '#journal/reader';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';

/** A CloudEvent in structured mode: the value is the event, byte for byte as it is stored. */
export function toMessage({ ledger, sequence, bytes }: EventBytes, partition: number): Message {
  return {
    key: ledger,
    value: bytes,
    partition,
    headers: { 'content-type': 'application/cloudevents+json', ledger, sequence: String(sequence), ...tracing(bytes) },
  };
}

const TRACEPARENT = Buffer.from('"traceparent":"');
/** As W3C Trace Context writes them; anything else would confuse who reads the headers, and stays in the event alone. */
const TRACING = {
  traceparent: /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/,
  tracestate: /^[\x20-\x7e]{1,512}$/,
};

/** What the distributed tracing extension says about an event, where a tracer looks for it: in headers of the same names. */
function tracing(bytes: Buffer): IHeaders {
  if (!bytes.includes(TRACEPARENT)) return {};
  const { traceparent, tracestate } = JSON.parse(bytes.toString()) as Readonly<Record<string, unknown>>;
  if (typeof traceparent !== 'string' || !TRACING.traceparent.test(traceparent)) return {};
  return typeof tracestate === 'string' && TRACING.tracestate.test(tracestate)
    ? { traceparent, tracestate }
    : { traceparent };
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
