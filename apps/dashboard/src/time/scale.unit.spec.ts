import { describe, expect, it } from 'vitest';
import { everyOf, fractionOf, gathered, labelsOf, lastBy, merged, momentAt, MOST_TICKS, neighbour } from './scale.ts';
import { scaleOf, stretchAt, ticksOf, type Told, withTold } from './scale.ts';

const tick = (sequence: number, occurred: string) => ({ sequence, occurred, type: 't', subject: 's' });
const ticks = ticksOf([
  tick(1, '2023-07-03T15:00:00Z'),
  tick(2, '2023-12-11T08:00:00Z'),
  tick(3, '2023-12-19T09:00:00Z'),
  // Told late.
  tick(4, '2023-12-12T10:00:00Z'),
]);
const scale = scaleOf(ticks)!;

describe('the bar of time', () => {
  it('reaches from before the first event to after the last', () => {
    expect([fractionOf(scale, ticks[0]!.occurred) > 0, fractionOf(scale, ticks.at(-1)!.occurred) < 1]).toEqual([
      true,
      true,
    ]);
    expect(scaleOf([])).toBeUndefined();
  });

  it('has a place for a ledger with one event', () => {
    expect(fractionOf(scaleOf([ticks[0]!])!, ticks[0]!.occurred)).toBe(0.5);
  });

  it('means a day, as its end, where it is long, and now at its right end', () => {
    const at = momentAt(scale, 0.5)!;
    expect(at).toMatch(/^2023-\d\d-\d\d$/);
    expect(momentAt(scale, fractionOf(scale, at))).toBe(at);
    expect(momentAt(scale, 1)).toBeUndefined();
  });

  it('means a second where it is short', () => {
    const short = scaleOf(ticksOf([tick(1, '2024-01-01T10:00:00Z'), tick(2, '2024-01-01T11:00:00Z')]))!;
    expect(momentAt(short, 0.5)).toBe('2024-01-01T10:30:00Z');
  });

  it('steps from event to event in the order in which they happened, then to now', () => {
    const steps: (string | undefined)[] = [];
    let at: string | undefined = '2023-12-11';
    do {
      at = neighbour(ticks, at, 1);
      steps.push(at);
    } while (at !== undefined);
    expect(steps).toEqual(['2023-12-12T10:00:00Z', '2023-12-19T09:00:00Z', undefined]);
  });

  it('steps back from now to the last event, and stays at the first', () => {
    expect(neighbour(ticks, undefined, -1)).toBe('2023-12-19T09:00:00Z');
    expect(neighbour(ticks, '2023-12-19T09:00:00Z', -1)).toBe('2023-12-12T10:00:00Z');
    expect(neighbour(ticks, '2023-07-03T15:00:00Z', -1)).toBe('2023-07-03T15:00:00Z');
  });

  it('names the last event that had happened, which a day has until its end', () => {
    expect(lastBy(ticks, '2023-12-12')?.sequence).toBe(4);
    expect(lastBy(ticks, '2023-12-11T07:59:59Z')?.sequence).toBe(1);
    expect(lastBy(ticks, '2023-01-01')).toBeUndefined();
  });

  it('draws events that stand on each other as one, and loses none', () => {
    const many = ticksOf(
      Array.from({ length: 1000 }, (_, i) => tick(i, new Date(1_700_000_000_000 + i * 1000).toISOString())),
    );
    const marks = gathered(many, scaleOf(many)!, 50);
    expect(marks.length).toBeLessThanOrEqual(51);
    expect(marks.reduce((sum, mark) => sum + mark.ticks.length, 0)).toBe(1000);
  });

  it.each([
    ['2023-07-01T00:00:00Z', '2024-07-01T00:00:00Z', 'Sep'],
    ['2024-01-01T00:00:00Z', '2024-01-09T00:00:00Z', '5 Jan'],
    ['1999-01-01T00:00:00Z', '2031-01-01T00:00:00Z', '2010'],
  ])('from %s to %s has no more labels than there is room for, one of them %s', (from, to, label) => {
    const labels = labelsOf({ from: Date.parse(from), to: Date.parse(to) }, 9);
    expect(labels.map(({ text }) => text)).toContain(label);
    expect(labels.length).toBeLessThanOrEqual(10);
    expect(labels.every(({ at }) => at >= 0 && at <= 1)).toBe(true);
  });

  it('has room for its labels, also where it is thousands of years long', () => {
    for (const year of ['2031', '2090', '2400', '9999']) {
      const labels = labelsOf({ from: Date.parse('1900-01-01'), to: Date.parse(`${year}-12-31`) }, 6);
      expect([year, labels.length <= 7 && labels.length >= 2, labels.at(-1)?.text]).toEqual([
        year,
        true,
        expect.stringMatching(/^\d{4,5}$/),
      ]);
    }
  });
});

describe('the bar of a long ledger', () => {
  const EVENTS = 123_456;
  /** A minute after each other; one in fifty is told late. */
  const all = Array.from({ length: EVENTS }, (_, i) =>
    tick(i + 1, new Date(1_700_000_000_000 + (i % 50 === 49 ? i * 30_000 : i * 60_000)).toISOString()),
  );
  const every = everyOf(EVENTS);
  const sampleOf = (rows: readonly ReturnType<typeof tick>[]) =>
    rows.filter(({ sequence }, i) => sequence % every === every - 1 || i === rows.length - 1 || i === 0);
  const told: Told = withTold({ rows: [], every }, sampleOf(all));

  it('reaches from its first event to its last with a thousand ticks', () => {
    expect([every, told.rows.length <= MOST_TICKS + 1]).toEqual([124, true]);
    expect([told.rows[0]?.sequence, told.rows.at(-1)?.sequence]).toEqual([1, EVENTS]);
  });

  it('goes on with each event that comes, once, and leaves some out when they are too many: never the first and the last', () => {
    let bar: Told = { rows: [], every: 1 };
    for (let from = 0; from < 20_000; from += 90) {
      bar = withTold(bar, all.slice(from, from + 100));
      expect(bar.rows.length).toBeLessThanOrEqual(2 * MOST_TICKS);
      expect([bar.rows[0]?.sequence, bar.rows.at(-1)?.sequence]).toEqual([1, from + 100]);
      expect(new Set(bar.rows.map(({ sequence }) => sequence)).size).toBe(bar.rows.length);
    }
    expect(bar.rows.length).toBeGreaterThan(MOST_TICKS / 2);
  });

  it('steps to each event that was told in time, with the events of one stretch: no further than its ends', () => {
    const ticks = ticksOf(told.rows);
    for (const start of [all[10]!, all[70_000]!, all[every * 500 - 1]!, all[EVENTS - 30]!]) {
      const upTo = stretchAt(ticks, start.occurred)!;
      const near = merged(ticks, ticksOf(all.slice(Math.max(0, upTo - every), upTo)));
      const inTime = all.filter(({ sequence }) => sequence % 50 !== 0);
      const after = inTime.find(({ occurred }) => occurred > start.occurred)!;
      expect(neighbour(near, start.occurred, 1)).toBe(after.occurred);
      const before = inTime.findLast(({ occurred }) => occurred < start.occurred)!;
      const stepped = neighbour(near, start.occurred, -1)!;
      expect([start.sequence, stepped >= before.occurred && stepped < start.occurred]).toEqual([start.sequence, true]);
    }
    expect([stretchAt(ticks, undefined), stretchAt(ticks, '2100-01-01')]).toEqual([undefined, undefined]);
  });
});
