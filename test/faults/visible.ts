import { expect } from 'vitest';
import { eventually } from '../feed/eventually.ts';
import { AUTHORIZATION, LEDGER, pathOf } from '../topology/startTopology.ts';

/** Resolves when the read models have this sequence. */
export async function visible(url: string, sequence: number, milliseconds = 180_000, ledger = LEDGER): Promise<void> {
  await eventually(async () => {
    const response = await fetch(`${url}${pathOf(ledger)}/holdings?limit=1&min-sequence=${sequence}`, {
      headers: AUTHORIZATION,
    });
    expect(`${response.status} ${await response.text()}`).toMatch(/^200 /);
  }, milliseconds);
}
