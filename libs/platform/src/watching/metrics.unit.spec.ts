import { afterAll, describe, expect, it } from 'vitest';
import { counter, gauge, metricsText, registry } from './metrics.ts';

const events = counter('lading_test_events_total', 'Events', ['ledger', 'kind']);
const lag = gauge('lading_test_lag_seconds', 'Lag', ['ledger']);
const plain = counter('lading_test_plain_total', 'Something about no ledger');
events.inc({ ledger: 'secret', kind: 'a' }, 2);
events.inc({ ledger: 'open', kind: 'a' }, 3);
events.inc({ ledger: 'open', kind: 'b' }, 1);
lag.set({ ledger: 'secret' }, 7);
lag.set({ ledger: 'open' }, 4);
plain.inc(5);
afterAll(() => {
  for (const name of ['lading_test_events_total', 'lading_test_lag_seconds', 'lading_test_plain_total']) {
    registry.removeSingleMetric(name);
  }
});

const lines = async (mayName: (ledger: string) => boolean) =>
  (await metricsText(mayName)).split('\n').filter((line) => line.startsWith('lading_test_'));

describe('the metrics name ledgers', () => {
  it('to nobody who may not know their names: values are added up, and of seconds the largest is shown', async () => {
    expect(await lines(() => false)).toEqual([
      'lading_test_events_total{kind="a"} 5',
      'lading_test_events_total{kind="b"} 1',
      'lading_test_lag_seconds 7',
      'lading_test_plain_total 5',
    ]);
  });

  it('that a key may touch, and add up the others', async () => {
    expect((await lines((ledger) => ledger === 'open')).toSorted()).toEqual([
      'lading_test_events_total{kind="a",ledger="open"} 3',
      'lading_test_events_total{kind="a"} 2',
      'lading_test_events_total{kind="b",ledger="open"} 1',
      'lading_test_lag_seconds 7',
      'lading_test_lag_seconds{ledger="open"} 4',
      'lading_test_plain_total 5',
    ]);
  });

  it('in the text that the registry itself writes, when all may be named', async () => {
    const sorted = (text: string) =>
      text
        .split('\n')
        .filter((line) => line !== '' && !line.includes('{'))
        .toSorted();
    expect(sorted(await metricsText(() => true))).toEqual(sorted(await registry.metrics()));
  });
});
