import { describe, expect, it } from 'vitest';
import { Histogram, Registry } from 'prom-client';
import { observe } from '../http/createAdapter.ts';
import { Durations } from './durations.ts';
import { FAST, registry } from './metrics.ts';

describe('durations', () => {
  it('are shown as a histogram of prom-client shows them, series by series, on a bound and beyond the last one, too', async () => {
    const ours = new Durations('lading_test_seconds', 'For a test', FAST);
    const own = new Registry();
    const labelNames = ['method', 'status'];
    const theirs = new Histogram({
      name: 'lading_test_seconds',
      help: 'For a test',
      buckets: FAST,
      labelNames,
      registers: [own],
    });
    const series = [
      { method: 'GET', status: '200' },
      { method: 'POST', status: '201' },
    ];
    for (const labels of series) {
      for (const seconds of [0, 0.0005, 0.0006, 0.3, 5, 7]) {
        observe(ours.of(labels), seconds);
        theirs.observe(labels, seconds);
      }
    }
    const lines = (text: string): string[] =>
      text.replaceAll(/\{([^}]*)\}/g, (_, all: string) => `{${all.split(',').sort().join()}}`).split('\n');
    expect(lines(await registry.getSingleMetricAsString('lading_test_seconds'))).toEqual(
      lines(await own.metrics()).filter((line) => line !== ''),
    );
    registry.removeSingleMetric('lading_test_seconds');
  });
});
