import type { EventType, Submitted } from '#contracts/catalog';
import { parseSubmission } from '#intake/parseSubmission';
import type { Submission } from '#journal/submission';

interface Extra {
  readonly id?: string;
  readonly source?: string;
  readonly time?: string;
  readonly actor?: string;
  readonly ifMatch?: number;
}

let made = 0;

/** A submission as intake would make it: checked by the contract, with the identity of its body. */
export function submission<T extends EventType>(type: T, data: Submitted<T>, extra: Extra = {}): Submission {
  const { id = `e-${process.pid}-${++made}`, source = 'urn:test', time = '2023-12-01T00:00:00Z' } = extra;
  const parsed = parseSubmission({ specversion: '1.0', id, source, type, time, data });
  if (!parsed.ok) throw new Error(`${parsed.refusal.detail} ${JSON.stringify(parsed.refusal.errors)}`);
  return { event: parsed.event, hash: parsed.hash, actor: extra.actor ?? 'tester', ifMatch: extra.ifMatch };
}

export const party = (id: string, roles: ('customer' | 'supplier' | 'carrier')[] = ['customer'], extra?: Extra) =>
  submission('lading.party.registered.v1', { party: id, name: `The ${id}`, roles }, extra);

export const item = (id: string, tracking: 'quantity' | 'serial' = 'quantity', extra?: Extra) =>
  submission('lading.item.registered.v1', { item: id, name: id, maker: 'nvidia', tracking }, extra);

export const order = (id: string, buyer: string, quantity: number, extra?: Extra, what = 'H100') =>
  submission(
    'lading.order.placed.v1',
    {
      order: id,
      buyer,
      supplier: 'nvidia',
      lines: [{ line: '1', item: what, quantity, window: { from: '2023-12-01', to: '2023-12-31' } }],
    },
    extra,
  );

export const reassign = (id: string, of: string, from: string, to: string, quantity: number, extra?: Extra) =>
  submission(
    'lading.reallocation.made.v1',
    { reallocation: id, kind: 'reassigned', from, to, lines: [{ order: of, line: '1', quantity }] },
    extra,
  );

/** The parties and items of the stories told here. */
export const cast = (): Submission[] => [
  party('nvidia', ['supplier']),
  party('dhl', ['carrier']),
  party('tesla'),
  party('x'),
  party('xai'),
  item('H100'),
  item('DGX', 'serial'),
];
