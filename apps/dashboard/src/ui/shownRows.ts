/** Rows of a long table that are there: from one up to, but without, another. */
export interface Shown {
  readonly from: number;
  readonly to: number;
}

/** Rows beyond both ends of what can be seen: they are there before they are scrolled to. Each costs a step of the bar of time as much as one that is seen. */
const BEYOND = 5;
/** They change by so many at once, and not with every row that is scrolled by. */
const STEP = 5;

/** @param top how far the beginning of the rows is scrolled out above, in pixels; below zero where it is not */
export function shownOf({
  count,
  top,
  view,
  height,
}: {
  readonly count: number;
  readonly top: number;
  readonly view: number;
  readonly height: number;
}): Shown {
  const first = Math.floor(Math.max(0, top) / height / STEP) * STEP;
  // What stands above the table takes its part of what can be seen.
  const seen = Math.ceil(Math.max(0, view + Math.min(0, top)) / height) + STEP;
  const last = Math.max(0, Math.min(count, first + seen + BEYOND));
  return { from: Math.max(0, Math.min(first, count - seen) - BEYOND), to: last };
}
