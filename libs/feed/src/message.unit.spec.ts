import { describe, expect, it } from 'vitest';
import { identify, toMessage } from './message.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const headersOf = (event: object) =>
  toMessage({ ledger: 'nvidia', sequence: 7, bytes: Buffer.from(JSON.stringify(event)) }, 0).headers;

describe('an event as a message of Kafka', () => {
  const always = { 'content-type': 'application/cloudevents+json', ledger: 'nvidia', sequence: '7' };

  it('has its trace in headers, where tracers look for it', () => {
    expect(headersOf({ traceparent, tracestate: 'a=b,c=d', data: {} })).toEqual({
      ...always,
      traceparent,
      tracestate: 'a=b,c=d',
    });
    expect(headersOf({ traceparent })).toEqual({ ...always, traceparent });
  });

  it('has no headers of what is no trace: it stays in the event', () => {
    expect(headersOf({ traceparent: 'mine', tracestate: 'a=b' })).toEqual(always);
    expect(headersOf({ tracestate: 'a=b' })).toEqual(always);
    expect(headersOf({ traceparent, tracestate: 'ü'.repeat(10) })).toEqual({ ...always, traceparent });
    expect(headersOf({ data: { note: `"traceparent":"${traceparent}"` } })).toEqual(always);
  });

  it('says which event it is in its headers', () => {
    const { headers } = toMessage({ ledger: 'nvidia', sequence: 7, bytes: Buffer.from('{}') }, 0);
    expect(identify({ headers: headers! })).toEqual({ ledger: 'nvidia', sequence: 7 });
  });
});
