import type { Completed } from '#contracts/catalog';

/** An event as the list of events has it. */
export interface Told {
  readonly sequence: string;
  readonly type: string;
  readonly time: string;
  readonly data: object;
}

const VOIDED = 'lading.event.voided.v1';

/** What stands of some events: without what was taken back, and without what took it back. */
export function standingOf(events: readonly Told[]): Told[] {
  const takenBack = new Set(
    events.flatMap(({ type, data }) => (type === VOIDED ? [(data as Completed<typeof VOIDED>).sequence] : [])),
  );
  return events.filter(({ sequence, type }) => type !== VOIDED && !takenBack.has(Number(sequence)));
}
