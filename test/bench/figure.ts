/** One measured figure, with the limit measured in the same run beside it. */
export interface Figure {
  /** `journal append, 64 in flight`. */
  readonly name: string;
  readonly value: number;
  /** Of `value` and `limit`: `events/s`, `ms`, `MB`. */
  readonly unit: string;
  /** What the machine does without us, in the same run: plain inserts, a bare route. Null where there is none. */
  readonly limit: number | null;
  /** value / limit. */
  readonly ratio: number | null;
  /** In words: `≥ 0.6 × limit`, `< 50 ms`. */
  readonly target: string;
  readonly met: boolean;
}

/** A benchmark: one file of this folder. */
export interface Bench {
  /** What `npm run bench -- NAME` calls it. */
  readonly name: string;
  /** It runs only when it is named, because it installs something, or takes what not everybody has. */
  readonly optional?: boolean;
  run(): Promise<readonly Figure[]>;
}

/** A figure whose target is a share of the limit: `≥ 0.6 × limit`. */
export const shareOf = (name: string, unit: string, value: number, limit: number, share: number): Figure => ({
  name,
  value,
  unit,
  limit,
  ratio: value / limit,
  target: `≥ ${share} × limit`,
  met: value >= share * limit,
});

/** A figure that is not to be more than so many times the limit: `≤ 3 × limit`. */
export const atMost = (name: string, unit: string, value: number, limit: number, times: number): Figure => ({
  name,
  value,
  unit,
  limit,
  ratio: value / limit,
  target: `≤ ${times} × limit`,
  met: value <= times * limit,
});

/** A figure with a bound of its own: `below('p99', 'ms', 12, 50)`. The limit, where there is one, is for comparison. */
export const below = (name: string, unit: string, value: number, bound: number, limit: number | null = null): Figure =>
  bounded(name, unit, value, `< ${bound} ${unit}`, value < bound, limit);

export const atLeast = (
  name: string,
  unit: string,
  value: number,
  bound: number,
  limit: number | null = null,
): Figure => bounded(name, unit, value, `≥ ${bound} ${unit}`, value >= bound, limit);

const bounded = (
  name: string,
  unit: string,
  value: number,
  target: string,
  met: boolean,
  limit: number | null,
): Figure => ({
  name,
  value,
  unit,
  limit,
  ratio: limit === null ? null : value / limit,
  target,
  met,
});
