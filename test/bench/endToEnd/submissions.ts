import { type Agent, request } from 'node:http';
import { AUTHORIZATION, cloudEvent, PATH } from '#test/topology/startTopology';

/** The sequence that an event was given, and when the answer was here (`performance.now()`). */
export interface Answered {
  readonly sequence: number;
  readonly at: number;
}

/** Submits one event. @throws when it is not recorded */
export function submit(url: string, agent: Agent, body: string): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${PATH}/events`, {
      method: 'POST',
      agent,
      headers: {
        ...AUTHORIZATION,
        'content-type': 'application/cloudevents+json',
        'content-length': Buffer.byteLength(body),
      },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.once('end', () => {
        if (response.statusCode === 201)
          resolve({ at: performance.now(), ...(JSON.parse(text) as { sequence: number }) });
        else reject(new Error(`an event of the bench was answered ${response.statusCode ?? 0}: ${text}`));
      });
    });
    outgoing.end(body);
  });
}

/**
 * Event `n` of the load: orders, of which each is dispatched `delay` orders later and received after as many more, so that a
 * third of the events is of each type and none comes before the one that it rests on.
 */
export function eventText(n: number, delay: number): string {
  const turn = Math.floor(n / 3);
  if (n % 3 === 1 && turn >= delay) return dispatched(turn - delay);
  if (n % 3 === 2 && turn >= 2 * delay) return received(turn - 2 * delay);
  return n % 3 === 0 ? placed(`${turn}`) : placed(`extra-${n}`);
}

const LINE = { line: '1', item: 'H100', quantity: 8, window: { from: '2023-12-01', to: '2023-12-31' } };

const placed = (order: string): string =>
  text(`placed-${order}`, 'lading.order.placed.v1', {
    order: `PO-${order}`,
    buyer: 'tesla',
    supplier: 'nvidia',
    lines: [LINE],
  });

const dispatched = (n: number): string =>
  text(`sent-${n}`, 'lading.shipment.dispatched.v1', {
    ...{ shipment: `S-${n}`, consignee: 'tesla', carrier: 'dhl', destination: 'Austin', eta: '2023-12-28' },
    lines: [{ order: `PO-${n}`, line: '1', owner: 'tesla', quantity: LINE.quantity }],
  });

const received = (n: number): string =>
  text(`there-${n}`, 'lading.shipment.received.v1', {
    ...{ shipment: `S-${n}`, by: 'tesla', final: true },
    lines: [{ order: `PO-${n}`, line: '1', owner: 'tesla', received: LINE.quantity, damaged: 0, surplus: 0 }],
  });

const text = (id: string, type: string, data: unknown): string => JSON.stringify(cloudEvent(id, type, data));
