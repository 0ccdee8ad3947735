import { MAX_EVENT_BYTES } from '#contracts/cloudEvent';

/** How many events to read at a time, so that a page has about as many bytes as it may: events have 500 bytes or 65,535. */
export class PageSize {
  /** Bytes of an event, as the last page had them; the largest there may be before the first one is known. */
  #typical = MAX_EVENT_BYTES;

  /** @param overhead bytes that each event takes besides its own */
  constructor(private readonly overhead = 0) {}

  /** At least 1. */
  within(bytes: number, events: number): number {
    return Math.max(1, Math.min(events, Math.floor(bytes / (this.#typical + this.overhead))));
  }

  learn(page: readonly { readonly bytes: Buffer }[]): void {
    if (page.length === 0) return;
    this.#typical = page.reduce((sum, { bytes }) => sum + bytes.length, 0) / page.length;
  }
}
